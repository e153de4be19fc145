"""The fingerprints of the answer cells, from the tables that are written: see `form.answer_fingerprints`."""

from collections.abc import Iterable, Iterator, Mapping

from xlflow.consolidated.summary_model import ID_COLUMN, UNIT_COLUMN
from xlflow.form.answer_fingerprints import (
    ANSWER_TABLES,
    cell_to_text,
    encode_table_fingerprints,
    fingerprint_text,
)
from xlflow.model.manual_correction import ROLLED_UP_KEY
from xlflow.model.merged import Merged
from xlflow.model.table import Table, TableCell

Address = tuple[str, str, str]
"""(unit, item id, field key) of an answer cell; the unit is "" in the table `activities`."""


def list_answer_fingerprints(tables: Mapping[str, Table], merged: Merged) -> Iterator[tuple[str, ...]]:
    """Yield the records of the tables with answers. A cell that shows a correction has the fingerprint of the
    answer below it."""
    fields = [field.key for field in merged.round.template.answer_fields() if not field.computed]
    answers_below = {
        (entry.unit, entry.item_id, entry.field): fingerprint_text(entry.answer_text)
        for entry in merged.corrections
        if entry.state != "conflict"
    }
    for name in ANSWER_TABLES:
        table = tables[name]
        keys = [column.key for column in table.columns]
        wanted = [*fields, ROLLED_UP_KEY] if name == "activities" else fields
        present = [key for key in wanted if key in keys]
        units: Iterable[TableCell] = (
            table.column(keys.index(UNIT_COLUMN)) if name == "answers" else [""] * len(table.rows)
        )
        id_cells = table.column(keys.index(ID_COLUMN))
        columns = [map(_fingerprint_cell, table.column(keys.index(key))) for key in present]
        rows = (
            (
                unit := cell_to_text(unit_cell),
                item_id := cell_to_text(id_cell),
                [
                    answers_below.get((unit, item_id, key), fingerprint)
                    for key, fingerprint in zip(present, fingerprints, strict=True)
                ],
            )
            for unit_cell, id_cell, *fingerprints in zip(units, id_cells, *columns, strict=True)
        )
        headings = [column.heading for column in table.columns]
        yield from encode_table_fingerprints(name, headings, present, rows)


def _fingerprint_cell(cell: TableCell) -> str:
    return "" if cell is None else fingerprint_text(cell_to_text(cell))

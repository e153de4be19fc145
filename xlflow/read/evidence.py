"""What shows how the answers of a form came about: worked out by a formula, hidden, pasted over a list.

Notes only. The answers count as they stand; whoever doubts one knows where to look.
"""

from collections.abc import Iterable, Iterator

from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import list_key
from xlflow.core.model import Answer, Row
from xlflow.core.model.returned import LETTERS
from xlflow.excel.incoming import cell_name
from xlflow.read.shape import Asked, Shape
from xlflow.read.table import Table


def report_evidence(table: Table, shape: Shape, rows: Iterable[Row]) -> Iterator[Finding]:
    """Return what is worth a note about the answers in the rows of a table."""
    at, evidence = Place(table.file, table.sheet.name), table.sheet.evidence
    columns = {place: asked for asked in shape.answers if (place := table.places[asked.index]) is not None}
    if not table.sheet.visible:
        yield find("sheet-hidden", at)
    if evidence.guarded == () and any(list_key(asked.field) for asked in shape.answers):
        yield find("lists-gone", at)
    calculated = {cell_name(*place) for place in evidence.formulas or () if place[1] in columns}
    hidden = {f"A{row + 1}" for row in evidence.hidden if row > table.heading}
    pasted = set(_find_holes(table, columns))
    doubtful = {cell.lstrip(LETTERS) for cell in (*calculated, *hidden, *pasted)}
    for row in rows if doubtful else ():
        if (row.place.cell or "").lstrip(LETTERS) not in doubtful:
            continue
        given = [answer for answer in row.answers if not answer.is_blank]
        if given and row.place.cell in hidden:
            yield find("row-hidden", row.place, unit=row.unit, row_id=row.line.id)
        for answer in given:
            cell = row.place_of(answer).cell
            if cell in calculated and answer.fault not in ("cell-error", "cell-formula"):
                yield _note("cell-calculated", answer, row, shape)
            if cell in pasted:
                yield _note("list-pasted-over", answer, row, shape)


def _note(code: str, answer: Answer, row: Row, shape: Shape) -> Finding:
    return find(
        code,
        row.place_of(answer),
        unit=row.unit,
        row_id=row.line.id,
        field=answer.field,
        value=answer.written,
        words={"field": shape.template.field(answer.field).label},
    )


def _find_holes(table: Table, columns: dict[int, Asked]) -> Iterator[str]:
    """Yield the cells that offer no list although cells above and below them in the column do: what is pasted
    brings its own validation, or none."""
    last = len(table.sheet.rows)
    for column, asked in columns.items():
        areas = [area for area in table.sheet.evidence.guarded or () if area[1] <= column <= area[3]]
        if list_key(asked.field) and areas:
            watched = {row for top, _, bottom, _ in areas for row in range(top, min(bottom + 1, last))}
            between = range(max(min(watched, default=last), table.heading + 1), max(watched, default=0))
            yield from (cell_name(row, column) for row in between if row not in watched)

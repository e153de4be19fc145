"""What a person has done to a consolidated workbook: answers corrected, and additions that a merge cannot keep.

Compares the cells with the fingerprints in the hidden sheet. Without them (in a workbook of an earlier version,
or whose hidden sheet is damaged) no correction can be seen; see `has_fingerprints`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xlflow.consolidated.reader.table_reader import (
    TableRecord,
    decode_workbook_round,
    find_round_sheet,
    is_sheet_of_table,
    read_records,
    read_text_records,
)
from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.fingerprints import (
    ANSWER_TABLES,
    MAX_KEY_LENGTH,
    TableFingerprints,
    cell_to_text,
    decode_sheet_names,
    decode_table_fingerprints,
    fingerprint_text,
)
from xlflow.form.layout import ROUND_SHEET
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.merged import ROLLED_UP_KEY, ChangedCell
from xlflow.model.plan import Round
from xlflow.model.template_elements import Field
from xlflow.model.text import normalize_key
from xlflow.values.field_values import make_parser


def read_changed_cells(workbook: WorkbookData) -> tuple[ChangedCell, ...]:
    """Return the answer cells that hold a correction by hand, new or carried over by earlier merges, in the order
    of the tables (`answers`, then `activities`). A column that is gone counts as unchanged.

    Raises FatalError if the workbook is not a consolidated one.
    """
    round_ = decode_workbook_round(workbook)
    return tuple(
        cell
        for table in ANSWER_TABLES
        if (fingerprints := _read_fingerprints(workbook, table))
        for cell in _ChangedCellReader(workbook, round_, table).read(fingerprints)
    )


def has_fingerprints(workbook: WorkbookData) -> bool:
    """Return whether corrections by hand can be seen in both tables with answers; False also without a hidden
    sheet."""
    return all(_read_fingerprints(workbook, table) for table in ANSWER_TABLES)


def read_listed_conflicts(workbook: WorkbookData) -> tuple[ChangedCell, ...]:
    """Return the corrections that the sheet of corrections lists as conflicts: they stay listed until a person
    deletes their row or the answer says the same."""
    round_ = decode_workbook_round(workbook)
    language, template = round_.language, round_.template
    keys = ("column.unit", "column.id", "collected.field", "corrections.corrected", "corrections.state")
    headings = [translate(key, language) for key in keys]
    key_by_heading = {field.label.in_language(language): field.key for field in template.answer_fields()}
    key_by_heading[translate("consolidated.rolled_up", language)] = ROLLED_UP_KEY
    title, conflict = translate("consolidated.corrections", language), translate("corrections.conflict", language)
    return tuple(
        ChangedCell(unit, item_id, key, text, None, "", Location(workbook.name, record.sheet), is_listed=True)
        for record in read_records(workbook, title, *headings)
        for unit, item_id, heading, text, state in ([record.cell_text(name) for name in headings],)
        if state == conflict and (key := key_by_heading.get(heading))
    )


def check_added_content(workbook: WorkbookData) -> tuple[Finding, ...]:
    """Return a finding for each thing that a person added and the next merge would lose: sheets, rows and columns
    in the tables of answers, text beside these, comments on cells. Nothing for a workbook without fingerprints."""
    hidden_sheet = find_round_sheet(workbook)
    sheet_names = decode_sheet_names(read_text_records(hidden_sheet)) if hidden_sheet else ()
    if not sheet_names:
        return ()
    return tuple(
        make_finding("target-has-additions", Location(workbook.name, sheet, cell), value=text)
        for sheet, cell, text in (
            *_find_added_sheets(workbook, sheet_names),
            *_find_cell_comments(workbook),
            *_find_added_cells(workbook),
        )
    )


def _read_fingerprints(workbook: WorkbookData, table: str) -> TableFingerprints | None:
    hidden_sheet = find_round_sheet(workbook)
    return decode_table_fingerprints(read_text_records(hidden_sheet), table) if hidden_sheet else None


@dataclass(frozen=True)
class _ChangedCellReader:
    """Compares the rows of one table with its fingerprints."""

    workbook: WorkbookData
    round: Round
    table: str

    def read(self, fingerprints: TableFingerprints) -> Iterator[ChangedCell]:
        language = self.round.language
        id_heading, unit_heading = translate("column.id", language), translate("column.unit", language)
        columns = {
            key: (_field_heading(key, self.round), _parsed_field(key, self.round)) for key in fingerprints.fields
        }
        for record in _read_table_records(self.workbook, self.table, self.round):
            unit = record.cell_text(unit_heading) if self.table == "answers" else ""
            key = (unit, record.cell_text(id_heading))
            yield from self._read_row(record, key, fingerprints.rows.get(key, {}), columns)

    def _read_row(
        self,
        record: TableRecord,
        key: tuple[str, str],
        fingerprints: Mapping[str, str],
        columns: Mapping[str, tuple[str, Field | None]],
    ) -> Iterator[ChangedCell]:
        """Yield the changed cells of a row; `columns` is field key -> (heading, field)."""
        round_, (unit, item_id) = self.round, key
        for field_key, fingerprint in fingerprints.items():
            heading, field = columns[field_key]
            if field is None or normalize_key(heading) not in record.cell_by_heading:
                continue
            raw = record.cell_value(heading)
            text = cell_to_text(raw)
            if fingerprint_text(text) != fingerprint:
                parse = make_parser(field, round_.template, round_.plan.year, round_.language)
                value = parse(raw).value if text else None
                yield ChangedCell(unit, item_id, field_key, text, value, fingerprint, record.location(heading))


def _field_heading(field_key: str, round_: Round) -> str:
    if field_key == ROLLED_UP_KEY:
        return translate("consolidated.rolled_up", round_.language)
    field = _parsed_field(field_key, round_)
    return field.label.in_language(round_.language) if field else ""


def _parsed_field(field_key: str, round_: Round) -> Field | None:
    if field_key == ROLLED_UP_KEY:
        return round_.template.field_in_role("status")
    return round_.template.fields_by_key.get(field_key)


def _read_table_records(workbook: WorkbookData, table: str, round_: Round) -> Iterator[TableRecord]:
    id_heading, unit_heading = translate("column.id", round_.language), translate("column.unit", round_.language)
    return read_records(workbook, translate(f"consolidated.{table}", round_.language), id_heading, unit_heading)


# Additions ------------------------------------------------------------------------------------------------


def _find_added_sheets(workbook: WorkbookData, sheet_names: Sequence[str]) -> Iterator[tuple[str, None, str]]:
    known = {normalize_key(name) for name in (*sheet_names, ROUND_SHEET)}
    for sheet in workbook.sheets:
        if normalize_key(sheet.name) not in known and not sheet.is_blank:
            yield sheet.name, None, sheet.name


def _find_cell_comments(workbook: WorkbookData) -> Iterator[tuple[str, str, str]]:
    for sheet in workbook.sheets:
        for row, column, _, text in sheet.metadata.annotations:
            yield sheet.name, format_cell_address(row, column), text


def _find_added_cells(workbook: WorkbookData) -> Iterator[tuple[str, str, str]]:
    """Yield what was written in and around the tables of answers where they had no cell: rows, columns, texts."""
    round_ = decode_workbook_round(workbook)
    for table in ANSWER_TABLES:
        fingerprints = _read_fingerprints(workbook, table)
        if fingerprints is None or not fingerprints.rows:
            continue
        records = tuple(_read_table_records(workbook, table, round_))
        added_rows = {
            (record.sheet, record.row)
            for record in records
            if not _is_known_row(record, table, fingerprints, round_)
        }
        columns = dict(_known_columns(records, fingerprints))
        last_rows = {record.sheet: record.row for record in records}
        title = translate(f"consolidated.{table}", round_.language)
        for sheet in workbook.sheets:
            if is_sheet_of_table(sheet.name, title) and sheet.name in last_rows:
                yield from _find_cells_outside(sheet, columns[sheet.name], last_rows[sheet.name], added_rows)


def _is_known_row(record: TableRecord, table: str, fingerprints: TableFingerprints, round_: Round) -> bool:
    unit = record.cell_text(translate("column.unit", round_.language)) if table == "answers" else ""
    item_id = record.cell_text(translate("column.id", round_.language))
    return (unit, item_id) in fingerprints.rows or len(unit) + len(item_id) > MAX_KEY_LENGTH


def _known_columns(
    records: Sequence[TableRecord], fingerprints: TableFingerprints
) -> Iterator[tuple[str, frozenset[int]]]:
    known = {normalize_key(heading) for heading in fingerprints.headings}
    for record in {record.sheet: record for record in records}.values():
        yield (
            record.sheet,
            frozenset(column for heading, (_, column) in record.cell_by_heading.items() if heading in known),
        )


def _find_cells_outside(
    sheet: SheetData, columns: frozenset[int], last_row: int, added_rows: set[tuple[str, int]]
) -> Iterator[tuple[str, str, str]]:
    """Yield the first cell of each added row, and each text outside the table's columns and rows."""
    all_columns = range(len(sheet.rows[0]) if sheet.rows else 0)
    other_columns = [column for column in all_columns if column not in columns]
    for row_number, row in enumerate(sheet.rows):
        is_added = row_number > last_row or (sheet.name, row_number) in added_rows
        for column in all_columns if is_added else other_columns:
            if row[column] is not None and (text := cell_to_text(row[column])):
                yield sheet.name, format_cell_address(row_number, column), text
                break

"""The original order of the plan items in a consolidated workbook, and what its table lacks or has stale since.

People sort the table, delete rows, rename headings and correct answers. The order is restored; what is missing
becomes a finding, since a report would otherwise silently leave it out, and so does a rolled-up status that no
longer follows.
"""

from collections.abc import Iterable, Iterator

from xlflow.consolidated.reader.added_rows import check_left_out_rows
from xlflow.consolidated.reader.manual_changes import has_fingerprints
from xlflow.consolidated.reader.table_reader import (
    decode_workbook_round,
    find_round_sheet,
    is_sheet_of_table,
    read_records,
)
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.format_1 import rename_record_kind
from xlflow.form.layout import ITEM_ORDER
from xlflow.i18n.catalogue import LocalizedText, translate, translate_all
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import ItemStatus, RoundStatus
from xlflow.values.field_values import make_parser

ROWS_SEARCHED_FOR_HEADINGS = 50
"""Rows that are searched for headings; people may write something of their own above the table."""

MAX_IDS_IN_MESSAGE = 5
"""Ids of missing plan items that a message names."""


def sort_in_plan_order(item_statuses: Iterable[ItemStatus], hidden_sheet: SheetData) -> tuple[ItemStatus, ...]:
    """Return the statuses in plan order; those of plan items that a person has added to the table come last."""
    position_by_id = {item_id: position for position, item_id in enumerate(_read_plan_order(hidden_sheet))}
    return tuple(
        sorted(item_statuses, key=lambda item_status: position_by_id.get(item_status.item.id, len(position_by_id)))
    )


def check_missing_content(workbook: WorkbookData, round_status: RoundStatus) -> tuple[Finding, ...]:
    """Return findings on columns and plan items that are missing from the table of activities, and on rolled-up
    statuses that no longer follow from the answers; a warning where corrections by hand cannot be seen.

    Raises FatalError if the rolled-up status is missing, without which every status would be wrong.
    """
    return (
        *_check_missing_columns(workbook, round_status),
        *_check_missing_items(workbook, round_status),
        *_check_stale_statuses(workbook, round_status),
        *check_left_out_rows(workbook, decode_workbook_round(workbook)),
        *(
            ()
            if has_fingerprints(workbook)
            else (make_finding("report-corrections-unseen", Location(workbook.name)),)
        ),
    )


def _check_missing_columns(workbook: WorkbookData, round_status: RoundStatus) -> Iterator[Finding]:
    sheet_title, rolled_up = translate_all("consolidated.activities"), translate_all("consolidated.rolled_up")
    sheets = [
        sheet
        for sheet in workbook.sheets
        if any(is_sheet_of_table(sheet.name, title) for title in (sheet_title.sv, sheet_title.en))
    ]
    headings_present = {
        normalize_key(cell)
        for sheet in sheets
        for row in sheet.rows[:ROWS_SEARCHED_FOR_HEADINGS]
        for cell in row
        if isinstance(cell, str)
    }
    location = Location(workbook.name, sheets[0].name if sheets else "")
    if round_status.status_field and headings_present.isdisjoint(_normalized_variants(rolled_up)):
        raise FatalError(make_finding("report-status-gone", location, params={"heading": rolled_up}))
    template = round_status.template
    labels = (*(level.label for level in template.levels), *(field.label for field in template.form_fields()))
    for label in labels:
        if headings_present.isdisjoint(_normalized_variants(label)):
            yield make_finding("report-column-gone", location, params={"heading": label})


def _check_missing_items(workbook: WorkbookData, round_status: RoundStatus) -> Iterator[Finding]:
    hidden_sheet = find_round_sheet(workbook)
    present_ids = {item_status.item.id for item_status in round_status.item_statuses}
    missing_ids = (
        [item_id for item_id in _read_plan_order(hidden_sheet) if item_id not in present_ids]
        if hidden_sheet
        else []
    )
    if missing_ids:
        ids_text = ", ".join(missing_ids[:MAX_IDS_IN_MESSAGE]) + (
            " …" if len(missing_ids) > MAX_IDS_IN_MESSAGE else ""
        )
        yield make_finding(
            "report-items-gone", Location(workbook.name), params={"count": len(missing_ids), "ids": ids_text}
        )


def _read_plan_order(hidden_sheet: SheetData) -> list[str]:
    cells = [
        str(row[1]) for row in hidden_sheet.rows if len(row) > 1 and rename_record_kind(str(row[0])) == ITEM_ORDER
    ]
    return [item_id for cell in cells for item_id in cell.split("\n") if item_id]


def _normalized_variants(text: LocalizedText) -> tuple[str, ...]:
    return normalize_key(text.sv), normalize_key(text.en)


def _check_stale_statuses(workbook: WorkbookData, round_status: RoundStatus) -> Iterator[Finding]:
    """Yield a note per plan item whose rolled-up status in the sheet is not that of `round_status`."""
    round_, status_field = decode_workbook_round(workbook), round_status.status_field
    if status_field is None:
        return
    language, template = round_.language, round_.template
    parse = make_parser(status_field, template, round_.plan.year, language)
    rolled_up, id_heading = translate("consolidated.rolled_up", language), translate("column.id", language)
    follows_parent = normalize_key(follows_activity_text(template, language))
    title = translate("consolidated.activities", language)
    for record in read_records(workbook, title, id_heading, rolled_up):
        item_status, text = (
            round_status.status_by_id.get(record.cell_text(id_heading)),
            record.cell_text(rolled_up),
        )
        if item_status is None or not text or item_status.follows_parent:
            continue
        value = parse(text).value if normalize_key(text) != follows_parent else None
        code = value if isinstance(value, str) and value in template.status_choices else None
        if code != item_status.status_code and (code or item_status.status_code):
            unanswered = translate_all("consolidated.unanswered")
            choice = template.status_choices.get(item_status.status_code or "")
            now = choice.label if choice else unanswered
            yield make_finding(
                "report-status-recomputed",
                record.location(rolled_up),
                row_id=item_status.item.id,
                value=text,
                params={"now": now},
            )

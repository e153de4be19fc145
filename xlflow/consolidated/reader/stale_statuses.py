"""Finds rolled-up statuses in the sheet that no longer follow from the answers, which a person has corrected.

The rolled-up status is fixed text, and so are the figures that count it, until the next merge.
"""

from collections.abc import Iterator

from xlflow.consolidated.reader.table_reader import read_records
from xlflow.consolidated.reader.workbook_round import decode_workbook_round
from xlflow.excel.reader import WorkbookData
from xlflow.i18n.catalogue import translate, translate_all
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.findings import Finding, make_finding
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import RoundStatus
from xlflow.values.field_values import make_parser


def check_stale_statuses(workbook: WorkbookData, round_status: RoundStatus) -> Iterator[Finding]:
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

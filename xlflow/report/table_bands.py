"""Rows that name the rows below them: the groups of a table, each with its number."""

from collections.abc import Sequence

from xlflow.i18n.count_sentences import format_item_count, level_name_for_count
from xlflow.report.document import Paragraph, ReportCell, ReportRow, to_spans
from xlflow.report.phrasing import Phrasing
from xlflow.rounds.round_status import RoundStatus


def build_band(text: str, column_count: int) -> ReportRow:
    """Return the row that names the rows below it, across all columns."""
    cell = ReportCell(
        (Paragraph(to_spans(text, strong=True)),), column_span=column_count, is_header=True, heads_group=True
    )
    return ReportRow((cell,), is_group_heading=True)


def count_rows(parts: Sequence[bool], round_status: RoundStatus, phrasing: Phrasing) -> str:
    """Return "11 aktiviteter och 6 delaktiviteter": how many rows of each kind. `parts`: for each row, whether it
    is a sub-activity."""
    template, part_count = round_status.template, sum(parts)
    item_count, part_level, language = len(parts) - part_count, template.part_level, phrasing.language
    if not part_count or part_level is None:
        return format_item_count(item_count, template.item_level, language)
    if not item_count:
        return format_item_count(part_count, part_level, language)
    items = f"{item_count} {level_name_for_count(item_count, template.item_level, language)}"
    parts_text = f"{part_count} {level_name_for_count(part_count, part_level, language)}"
    return phrasing.translate("items_and_parts", items=items, parts=parts_text)

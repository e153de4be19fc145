"""Draws a whole round with its answers, merged and checked, for tests of what is made of it."""

from collections.abc import Mapping, Sequence

from support.draw_submission import draw_return
from xlflow.check.form_checks import check_merged
from xlflow.consolidated.summary_model import ConsolidatedContent
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import Finding
from xlflow.model.merged import Merged
from xlflow.model.plan import Round
from xlflow.model.submission import FileState, ReceivedFile, Unplaced
from xlflow.model.table import Table

IGNORED = ReceivedFile(".DS_Store", "0" * 64, 6148, None, FileState.IGNORED)


def draw_merged(
    round_: Round, answers: Mapping[str, str], unplaced: Sequence[Unplaced] = ()
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return the round merged: a drawn table of answers by unit, units that are not named did not answer."""
    forms = [draw_return(round_, unit, table) for unit, table in answers.items()]
    files = [*(form.file for form in forms), IGNORED]
    merged, findings = merge_submissions(forms, files, round_, unplaced)
    return merged, (*findings, *check_merged(merged))


def draw_summary(
    round_: Round, answers: Mapping[str, str], unplaced: Sequence[Unplaced] = ()
) -> ConsolidatedContent:
    """Return what the consolidated workbook shows of a drawn round."""
    return build_consolidated_content(*draw_merged(round_, answers, unplaced))


def column_by_id(table: Table, heading: str) -> dict[str, object]:
    """Return a column of a grid by the ids (or else the first cells) of its rows."""
    headings = [column.heading for column in table.columns]
    key = headings.index("Id") if "Id" in headings else 0
    return {str(row[key]): row[headings.index(heading)] for row in table.rows}


def figures_by_group(summary: ConsolidatedContent, key: str) -> dict[str, dict[str, object]]:
    """Return the figures of the section that groups by `key`: by label, then by heading, the zeros left out."""
    section = next(section for panel in summary.panels for section in panel.sections if section.key == key)
    return {
        group.label: {each.heading: figure for each, figure in zip(section.measures, row, strict=True) if figure}
        for group, row in zip(section.groups, section.values, strict=True)
    }

"""Merged answers -> the tables and figures of the consolidated workbook. Pure: no formula, no file, no clock.

`build_consolidated_content` is the entry point. The tables are built first and the figures counted in them, so
that a reader who counts the rows gets the same.
"""

from collections.abc import Iterator, Sequence

from xlflow.consolidated.summary_model import ConsolidatedContent
from xlflow.consolidated.tables.activity_tables import build_activity_table, build_answer_table
from xlflow.consolidated.tables.change_table import build_change_table, build_current_snapshot
from xlflow.consolidated.tables.collection_tables import (
    build_accounts_table,
    build_balance_equations,
    build_file_table,
    build_unit_table,
    build_unplaced_table,
)
from xlflow.consolidated.tables.deviation_table import build_deviation_table
from xlflow.consolidated.tables.figures import FigureCalculator
from xlflow.consolidated.tables.manual_corrections import build_correction_table
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.run_tables import (
    build_about_table,
    build_alias_table,
    build_finding_table,
    build_input_table,
    build_waiver_table,
)
from xlflow.consolidated.tables.stale_checks import build_stale_checks
from xlflow.consolidated.tables.status_sentences import (
    change_sentence,
    group_status_sentences,
    overall_status_sentences,
)
from xlflow.consolidated.tables.summary_panels import build_key_figures, build_panels
from xlflow.i18n.catalogue import format_long_date, translate
from xlflow.model.findings import Finding
from xlflow.model.merged import Merged
from xlflow.model.table import Table
from xlflow.rounds.round_changes import RoundSnapshot, find_changes


def build_consolidated_content(
    merged: Merged, findings: Sequence[Finding], previous: RoundSnapshot | None = None
) -> ConsolidatedContent:
    """Return what the consolidated workbook shows; the same whatever the order of the findings.

    `previous` is the round to compare with; without it there is no table of changes.
    """
    merged_index = MergedIndex(merged, findings, previous)
    changes = find_changes(build_current_snapshot(merged_index), previous) if previous else ()
    tables = (
        *_build_all_tables(merged_index),
        *([build_correction_table(merged_index)] if merged.corrections else ()),
        *([build_change_table(merged_index, changes, previous)] if previous else ()),
    )
    calculator = FigureCalculator(tables)
    language, as_of = merged.round.language, format_long_date(merged.round.as_of, merged.round.language)
    return ConsolidatedContent(
        title=merged.round.plan.title,
        subtitle=translate("consolidated.subject", language, as_of=as_of),
        missing_units=merged.missing_units,
        units_with_blank_form=merged_index.units_with_blank_form,
        key_figures=build_key_figures(merged_index, calculator),
        panels=build_panels(merged_index, {table.name: table for table in tables}, calculator),
        tables=tables,
        balance_equations=build_balance_equations(merged_index),
        status_sentences=(
            *overall_status_sentences(merged_index),
            *([change_sentence(changes, previous.as_of, merged_index)] if previous else ()),
        ),
        group_sentences=group_status_sentences(merged_index),
        compared_to=previous.as_of if previous else None,
        agreed_deadlines=merged_index.agreed_deadline_by_item,
        stale_checks=build_stale_checks(merged_index, tables),
    )


def _build_all_tables(merged_index: MergedIndex) -> Iterator[Table]:
    activity_table = build_activity_table(merged_index)
    yield from (activity_table, build_deviation_table(merged_index, activity_table))
    builders = (
        build_answer_table,
        build_accounts_table,
        build_unit_table,
        build_file_table,
        build_unplaced_table,
        build_finding_table,
        build_about_table,
    )
    plan_agreements = (
        (build_waiver_table, merged_index.merged.waivers),
        (build_alias_table, merged_index.merged.aliases),
    )
    yield from (
        build(merged_index)
        for build in (*builders, *(make for make, entries in plan_agreements if entries), build_input_table)
    )

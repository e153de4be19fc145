"""What a run has before it writes: returned files found, opened, read, selected, merged and checked.

Check and merge differ only in what they do with it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlflow.check.amount_doubts import find_amount_doubts
from xlflow.check.comment_hints import add_hints
from xlflow.check.form_checks import check_merged
from xlflow.check.learnt_aliases import find_learnt_aliases
from xlflow.check.waivers import ALIAS_LEARNT, apply_aliases, apply_waivers, count_alias_uses
from xlflow.collect.agree_on_template import agree_on_template
from xlflow.collect.discover import DiscoveredFile
from xlflow.collect.select import choose_round_key, select_submissions
from xlflow.i18n.catalogue import UNKNOWN_DATE
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import Finding, Location, Severity, make_finding, sort_findings
from xlflow.model.merged import ChangedCell, Merged
from xlflow.model.plan import Alias, Plan, Round, Waiver
from xlflow.model.submission import Submission
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.pipeline.overwrite_guard import ProgressCallback
from xlflow.pipeline.read_files import ReadOptions, list_submissions, read_returned_files, retry_with_known_rounds
from xlflow.pipeline.resolve_round import RequestedRound, requested_round_key, resolve_planned_round
from xlflow.pipeline.round_decisions import (
    DeliveredFiles,
    RoundDecisions,
    adjust_merged,
    adjust_round,
    adjust_submissions,
    as_delivered,
)
from xlflow.read.migrate_submissions import migrate_submissions
from xlflow.read.recognise_by_content import KnownRound
from xlflow.runtime.submission_encoder import ReadResult

EMPTY_PLAN = Plan("", (), (), 0)
"""A plan without waivers and aliases, where none was given."""


@dataclass(frozen=True, slots=True)
class GatheredRound:
    """The merged answers, their findings, the submissions that count (one per form), and all files found."""

    merged: Merged
    findings: tuple[Finding, ...]
    submissions: tuple[Submission, ...]
    discovered_files: tuple[DiscoveredFile, ...]


def gather_round(
    paths: Sequence[Path] | DeliveredFiles,
    plan: Path | None,
    read_options: ReadOptions,
    progress: ProgressCallback | None,
    excluded: Collection[Path] = (),
    requested: RequestedRound | None = None,
    changed_cells: Sequence[ChangedCell] = (),
) -> GatheredRound:
    """Find, open, read, select, merge and check the returned files under `paths`, or those of a project.

    `excluded` are files that are never returns, such as results. `requested` is the round that the caller
    named. `changed_cells` are corrections by hand in the consolidated workbook that is made anew."""
    requested = requested or RequestedRound()
    excluded_files = (*excluded, *requested.template_files, *([plan] if plan else ()))
    delivered = as_delivered(paths, excluded_files)
    discovered_files, findings = delivered.files, delivered.findings
    pending_files = [file for file in discovered_files if not file.settled_file]
    opened, submissions, planned_round, assumption_findings = _read_for_round(
        pending_files, plan, read_options, progress, requested, delivered.decisions
    )
    refusals = [outcome for _, outcome in opened if isinstance(outcome, Finding)]
    plan_in_force = planned_round.plan if planned_round else EMPTY_PLAN
    submissions, left_out_files, left_out_notes = adjust_submissions(
        _apply_all_aliases(submissions, plan_in_force), delivered
    )
    refused_files = [received_file for received_file, outcome in opened if isinstance(outcome, Finding)]
    settled_files = [file.settled_file for file in discovered_files if file.settled_file]
    selected = select_submissions(
        submissions,
        [*settled_files, *refused_files, *left_out_files],
        planned_round.key if planned_round else requested_round_key(submissions, requested),
        requested.as_of,
    )
    refusals = _weigh_possible_forms(refusals, selected.submissions)
    gather_findings = [*findings, *refusals, *assumption_findings, *selected.findings, *left_out_notes]
    if not (selected.submissions or planned_round):
        gather_findings += check_nothing_found(paths, gather_findings)
    merged, merge_findings = merge_submissions(
        selected.submissions, selected.files, planned_round or _empty_round(selected.submissions)
    )
    merged = adjust_merged(merged, delivered.decisions)
    if changed_cells:
        merged, merge_findings = _apply_corrections(merged, merge_findings, changed_cells)
    waivers = plan_in_force.waivers if selected.submissions else ()
    merged, all_findings = _check_merged(
        merged, (*gather_findings, *merge_findings), waivers, plan_in_force.aliases
    )
    return GatheredRound(merged, all_findings, selected.submissions, discovered_files)


def _read_for_round(
    files: Sequence[DiscoveredFile],
    plan: Path | None,
    read_options: ReadOptions,
    progress: ProgressCallback | None,
    requested: RequestedRound,
    decisions: RoundDecisions,
) -> tuple[Sequence[ReadResult], Sequence[Submission], Round | None, Sequence[Finding]]:
    """Return what was read of the files, the submissions among it, the plan's round (None without a plan), and
    what was assumed about it. Files that only the plan or the other forms explain are read again with these."""
    opened = read_returned_files(files, read_options, progress)
    submissions = _agree_on_template(list_submissions(opened), requested)
    first_refusals = [outcome for _, outcome in opened if isinstance(outcome, Finding)]
    planned_round, assumption_findings = (
        resolve_planned_round(plan, submissions, first_refusals, requested) if plan else (None, ())
    )
    planned_round = planned_round and adjust_round(planned_round, decisions)
    opened = retry_with_known_rounds(files, opened, _known_rounds(submissions, planned_round), read_options)
    return opened, _agree_on_template(list_submissions(opened), requested), planned_round, assumption_findings


def _check_merged(
    merged: Merged, findings: Sequence[Finding], waivers: Sequence[Waiver], aliases: Sequence[Alias]
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return the merged answers with what was used of the plan's waivers and aliases, and all findings that
    remain, sorted."""
    checked_findings = (*findings, *check_merged(merged), *find_amount_doubts(merged))
    findings_with_hints = add_hints(merged, checked_findings)
    remaining, waiver_uses = apply_waivers(findings_with_hints, waivers, merged.round.as_of)
    alias_uses = count_alias_uses(aliases, (merged_row.row for merged_row in merged.rows))
    return replace(merged, waivers=waiver_uses, aliases=alias_uses), sort_findings(remaining)


def _apply_corrections(
    merged: Merged, findings: tuple[Finding, ...], changed_cells: Sequence[ChangedCell]
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return the merged answers with the corrections by hand that still apply, and the findings in force."""
    from xlflow.consolidated.tables.manual_corrections import apply_changed_cells, drop_corrected_faults

    corrected, correction_findings = apply_changed_cells(merged, changed_cells)
    return corrected, (*drop_corrected_faults(corrected, findings), *correction_findings)


def _weigh_possible_forms(refusals: Iterable[Finding], submissions: Iterable[Submission]) -> list[Finding]:
    """Return the findings about files that do not count; that one passed over by its name is a form is a note only
    where its unit has a form that counts."""
    answered_units = {normalize_key(submission.unit) for submission in submissions}
    return [
        replace(finding, severity=Severity.NOTE)
        if finding.code == "ignored-possible-form" and normalize_key(finding.unit or "") in answered_units
        else finding
        for finding in refusals
    ]


def check_nothing_found(
    paths: Sequence[Path] | DeliveredFiles, findings: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Return the finding that says where nothing was found that anybody has answered; none where `findings` say
    that forms were found, but of another day."""
    if any(finding.code == "as-of-differs" for finding in findings):
        return ()
    places = paths.paths if isinstance(paths, DeliveredFiles) else paths
    return (make_finding("nothing-to-merge", Location(", ".join(map(str, places)))),)


def _agree_on_template(submissions: Sequence[Submission], requested: RequestedRound) -> Sequence[Submission]:
    """Return the forms as if all of the round had been made with the template that counts for it."""
    key = requested_round_key(submissions, requested) or choose_round_key(submissions)
    agreed = agree_on_template(submissions, key, requested.template, _find_shipped_template)
    if agreed is None:
        return submissions
    return migrate_submissions(submissions, agreed.template, agreed.common_definitions)


def _apply_all_aliases(submissions: Sequence[Submission], plan: Plan) -> tuple[Submission, ...]:
    """Return the submissions read with the aliases of the plan, then with those that a shipped template has learnt
    since the forms went out."""
    explained = apply_aliases(submissions, plan.aliases)
    if not any(finding.code == "choice-unknown" for each in explained for finding in each.findings):
        return explained
    shipped = {name: _find_shipped_template(name) for name in {each.round.template.name for each in explained}}
    learnt = {
        name: find_learnt_aliases(each.round.template, template)
        for each in explained
        if (template := shipped[name := each.round.template.name])
    }
    return tuple(
        entry
        for each in explained
        for entry in apply_aliases([each], learnt.get(each.round.template.name, ()), ALIAS_LEARNT)
    )


def _find_shipped_template(name: str) -> Template | None:
    from xlflow.definition.template_loader import load_template, shipped_template_names

    return load_template(name) if name in shipped_template_names() else None


def _known_rounds(submissions: Iterable[Submission], planned_round: Round | None) -> tuple[KnownRound, ...]:
    """Return the rounds that the plan and the forms tell of, one form of each unit and round, in a fixed order."""
    rounds = {
        (submission.round.key, normalize_key(submission.unit)): KnownRound(submission.round, submission.unit)
        for submission in submissions
    }
    plain_round = (
        replace(planned_round, plan=replace(planned_round.plan, waivers=(), aliases=())) if planned_round else None
    )
    return (*([KnownRound(plain_round)] if plain_round else ()), *(rounds[key] for key in sorted(rounds)))


def _empty_round(submissions: Sequence[Submission]) -> Round | None:
    """Return an empty round to count files against, where neither plan nor form says what was asked."""
    from xlflow.definition.template_loader import load_template

    if submissions:
        return None
    template = load_template("followup")
    return Round(template, Plan("", (), (), UNKNOWN_DATE.year), UNKNOWN_DATE, None, "sv")

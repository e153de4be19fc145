"""Resolves which round a run is about, and what it asks of which unit: from the plan, the forms and the caller.

Opens the workbooks that the caller has named, plan and consolidated workbook; unlike a returned form, one of
these that cannot be opened stops the run, since only the caller can repair it. A plan names neither as-of date
nor template. The caller may; else a form that still has its records does; else what is printed above the tables
of forms that have lost theirs, which is reported as an assumption.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xlflow.collect.select import choose_round_key
from xlflow.excel.reader import (
    DEFAULT_LIMITS,
    Limits,
    WorkbookData,
    open_plan_workbook,
    open_workbook,
    path_exists,
)
from xlflow.form.format_1 import ROUND_SHEET_NAME
from xlflow.form.layout import METADATA_SHEET, ROUND_SHEET, make_form_code
from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.model.findings import FatalError, Finding, Location, make_finding, message_in_all_languages
from xlflow.model.plan import Plan, Round
from xlflow.model.submission import Submission
from xlflow.model.template import Template
from xlflow.pipeline.bounded_reading import open_named_workbook

_TEMPORARY_CODES = ("file-not-readable", "file-still-being-saved")
"""Codes of refusals that last only as long as another program has the file open."""

_CODES_OF_OTHER_WORKBOOKS = (
    ("plan-is-consolidated", (ROUND_SHEET, ROUND_SHEET_NAME)),
    ("plan-is-form", (METADATA_SHEET,)),
)
"""What is said of a workbook of our own that is given as the plan, with the hidden sheets by which it is known."""


def open_plan(path: Path) -> WorkbookData:
    """Return the plan workbook as it was read. A form or a consolidated workbook in its place stops the run."""
    workbook = _open_or_stop(path, "plan-unreadable", DEFAULT_LIMITS, open_plan_workbook)
    for code, sheet_names in _CODES_OF_OTHER_WORKBOOKS:
        if any(workbook.find_sheet(name) for name in sheet_names):
            raise FatalError(make_finding(code, Location(str(path))))
    return workbook


def open_consolidated(path: Path) -> WorkbookData:
    """Return a consolidated workbook as it was read; it may be much larger than a form."""
    from xlflow.consolidated.reader import CONSOLIDATED_LIMITS  # checking forms does not wait for it
    from xlflow.runtime.file_transaction import undo_interrupted

    undo_interrupted(path)
    return _open_or_stop(path, "consolidated-unreadable", CONSOLIDATED_LIMITS, open_workbook)


def _open_or_stop(
    path: Path, code: str, limits: Limits, read_file: Callable[[Path, str, Limits], WorkbookData | Finding]
) -> WorkbookData:
    if not path_exists(path):
        raise FatalError(make_finding("path-not-found", Location(str(path))))
    if os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        raise FatalError(make_finding("file-is-folder", Location(str(path))))
    workbook = open_named_workbook(path, limits, read_file)
    if not isinstance(workbook, Finding):
        return workbook
    is_temporary = workbook.code in _TEMPORARY_CODES
    raise FatalError(
        workbook
        if is_temporary
        else make_finding(code, workbook.location, params={"reason": message_in_all_languages(workbook)})
    )


_ResolvedRound = tuple[Round | None, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class RequestedRound:
    """The round as the caller named it: as-of date and template, None where the forms decide.

    `template_files` are paths where that template may be, which are never returned forms.
    """

    as_of: date | None = None
    template: Template | None = None
    template_files: tuple[Path, ...] = ()

    def matches(self, round_: Round) -> bool:
        """Return whether a round is of the day and the template, as far as they are said."""
        return self.as_of in (None, round_.as_of) and (
            self.template is None or self.template.name == round_.template.name
        )


def resolve_planned_round(
    plan: Path, submissions: Sequence[Submission], refusals: Sequence[Finding], requested: RequestedRound
) -> _ResolvedRound:
    """Return the plan as asked in the round of the forms; where all forms have lost what was asked in them, of the
    round that one of them names or shows; else as far as the plan alone tells."""
    from xlflow.definition.plan_workbook import define_round, detect_language
    from xlflow.definition.template_loader import load_template, shipped_template_names

    workbook = open_plan(plan)
    key = _choose_matching_key(submissions, requested)
    known_round = next((submission.round for submission in submissions if submission.round.key == key), None)
    if known_round:
        return define_round(
            workbook, known_round.template, known_round.as_of, known_round.due_date, known_round.language
        )
    template_name, named_date = _latest_named_round(refusals, requested.template)
    if (
        named_date
        and requested.as_of in (None, named_date)
        and (requested.template or template_name in shipped_template_names())
    ):
        template = requested.template or load_template(template_name)
        return define_round(workbook, template, named_date, None, detect_language(workbook, template))
    round_, findings = _infer_round(workbook, refusals, requested)
    if named_date is None or requested.template:
        return round_, findings
    return round_, (*findings, make_finding("template-unnamed", Location(workbook.name), value=template_name))


def requested_round_key(submissions: Sequence[Submission], requested: RequestedRound) -> str | None:
    """Return the key of the requested round: that of matching forms, or one that no form has; None if the forms
    decide."""
    if requested == RequestedRound():
        return None
    template_name = requested.template.name if requested.template else ""
    return (
        _choose_matching_key(submissions, requested)
        or f"{template_name} {requested.as_of.isoformat() if requested.as_of else ''}"
    )


def _choose_matching_key(submissions: Sequence[Submission], requested: RequestedRound) -> str | None:
    """Return the key of the round that most units answered, of those that fit what is wanted."""
    return choose_round_key(submission for submission in submissions if requested.matches(submission.round))


def _infer_round(workbook: WorkbookData, refusals: Sequence[Finding], requested: RequestedRound) -> _ResolvedRound:
    """Return what a plan asks, by its headings, on the day that is given or that most of the forms show."""
    from xlflow.definition.plan_workbook import define_round, infer_round

    inferred = infer_round(workbook, requested.template)
    date_counts = Counter(
        round_date for refusal in refusals for round_date in _finding_param_words(refusal, "days")
    )
    commonest_date = max(date_counts, key=lambda day: (date_counts[day], day), default=None)
    day = requested.as_of or (date.fromisoformat(commonest_date) if commonest_date else None)
    if inferred is None or day is None:
        return inferred or (None, ())
    codes = {code for found in refusals for code in _finding_param_words(found, "codes")}
    template = requested.template or _template_from_form_codes(codes, inferred[0].plan, day)
    languages = {language for found in refusals for language in _finding_param_words(found, "spoken")}
    language = next((each for each in LANGUAGES if languages == {each}), inferred[0].language)
    round_, findings = define_round(workbook, template or inferred[0].template, day, None, language)
    params: dict[str, str | int | LocalizedText] = {
        "template": round_.template.name,
        "day": day.isoformat(),
        "count": date_counts[commonest_date or ""],
    }
    assumptions = (("template-assumed", codes and not template), ("as-of-assumed", not requested.as_of))
    assumption_findings = (
        make_finding(code, Location(round_.plan.file), params=params) for code, applies in assumptions if applies
    )
    return round_, (*findings, *assumption_findings)


def _template_from_form_codes(codes: Collection[str], plan: Plan, round_date: date) -> Template | None:
    """Return the shipped template that one of the form codes above the tables belongs to."""
    from xlflow.definition.template_loader import load_template, shipped_template_names

    for template_name in shipped_template_names() if codes else ():
        if any(
            make_form_code(f"{template_name} {round_date.isoformat()}", unit.name) in codes for unit in plan.units
        ):
            return load_template(template_name)
    return None


def _finding_param_words(finding: Finding, param_name: str) -> list[str]:
    return str(dict(finding.params).get(param_name, "")).split()


def _latest_named_round(refusals: Iterable[Finding], template: Template | None) -> tuple[str, date | None]:
    """Return (template name, as-of date) of the latest round that a refused form names, of `template` if given."""
    rounds: list[tuple[date, str]] = []
    for refusal in refusals:
        template_name, _, date_text = str(dict(refusal.params).get("round", "")).rpartition(" ")
        with suppress(ValueError):
            if template is None or template.name == template_name:
                rounds.append((date.fromisoformat(date_text), template_name))
    as_of, template_name = max(rounds, default=(None, ""))
    return template_name, as_of

"""What the terminal prints: the result of a run, and the templates.

Readable without colour and by a screen reader. Of a run first one line per unit, then what must be corrected,
each fault once with all its locations, then the verdict in a few lines, and last what to do next.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from xlflow.cli.finding_text import count_severities, format_finding_details
from xlflow.cli.terminal import PLAIN, Look, highlight
from xlflow.cli.text_layout import wrap_text
from xlflow.cli.unit_overview import format_unit_table
from xlflow.i18n.catalogue import UNKNOWN_DATE, Language, format_long_date, translate, translate_counted
from xlflow.model.findings import Finding, Severity, responsible_party
from xlflow.model.merged import Accounts, Merged, RunResult
from xlflow.model.submission import FileState
from xlflow.model.template import Template
from xlflow.model.text import safe_display_name
from xlflow.pipeline.finding_groups import FindingGroup, group_findings
from xlflow.values.field_values import format_amount

_REPORTED_ABOVE = "nothing-to-report"
"""The finding that is left out, since the table of units names the units."""


def format_result(
    result: RunResult, *, in_project: bool = False, notes_last: bool = False, look: Look = PLAIN
) -> str:
    """Return everything that a person needs to know of a run. `in_project`: next steps are those of a project.

    `notes_last`: the notes stand below the next steps, as for the demo, whose notes say where to look first.
    """
    findings = [finding for finding in result.findings if finding.code != _REPORTED_ABOVE]
    groups = group_findings(findings, result.language)
    notes = list(_note_texts(result))
    verdict = [
        *_verdict_lines(result, groups, look),
        *([] if notes_last else notes),
        *_outcome_lines(result),
    ]
    parts = [
        *(_format_overview(result.merged, findings, result.language, look) if result.merged else ()),
        format_finding_details(groups, result.language, look),
        "\n".join(wrap_text(line, look.width) for line in verdict),
        _highlight_next(
            [wrap_text(line, look.width) for line in _next_step_lines(result, in_project=in_project)], look
        ),
        "\n".join(wrap_text(note, look.width, indent="   ", first_indent="") for note in notes if notes_last),
    ]
    return "\n\n".join(filter(None, parts))


def _note_texts(result: RunResult) -> Iterator[str]:
    return (translate(note.word_key, result.language, **note.params) for note in result.notes)


def format_templates(templates: Sequence[Template], language: Language, look: Look = PLAIN) -> str:
    """Return the templates: name, what each is for, and what it asks of whom."""
    return "\n\n".join(_format_template(template, language, look) for template in templates)


def _format_template(template: Template, language: Language, look: Look) -> str:
    title = f"{highlight(template.name, 'strong', look)}  {template.title.in_language(language)}"
    levels = " > ".join(level.label.in_language(language) for level in template.levels)
    plan_labels, answer_labels = (
        ", ".join(field.label.in_language(language) for field in fields)
        for fields in (template.plan_fields(), template.answer_fields())
    )
    paragraphs = (
        template.description.in_language(language),
        translate("terminal.levels", language, levels=levels),
        *([translate("terminal.given", language, fields=plan_labels)] if plan_labels else []),
        translate("terminal.asked", language, fields=answer_labels),
    )
    return "\n".join((title, *(wrap_text(text, look.width, indent="    ") for text in paragraphs)))


# Overview and verdict -------------------------------------------------------------------------------------


def _format_overview(merged: Merged, findings: Sequence[Finding], language: Language, look: Look) -> Iterator[str]:
    """Yield the title of the round and the table of its units."""
    round_ = merged.round
    if not round_.plan.units:
        return
    title = round_.plan.title or round_.template.title.in_language(language)
    if round_.as_of != UNKNOWN_DATE:
        day = format_long_date(round_.as_of, language)
        title = translate("terminal.title", language, title=title, day=day)
    yield highlight(wrap_text(safe_display_name(title), look.width), "strong", look)
    yield format_unit_table(merged, findings, language, look)


def _verdict_lines(result: RunResult, groups: Sequence[FindingGroup], look: Look) -> Iterator[str]:
    """Yield who has answered, how many faults there are, how many rows are unanswered, and the accounts."""
    merged, language = result.merged, result.language
    if merged is None:
        counts = count_severities(groups, language)
        yield from [f"{', '.join(counts.values())}."] if counts else []
        yield from _written_forms_lines(result)
        return
    if merged.round.plan.units:
        yield from _response_lines(merged, language)
    severities = f"{_describe_severities(groups, language)}."
    has_errors = any(group.severity is Severity.ERROR for group in groups)
    yield highlight(severities, "error" if has_errors else "good", look)
    yield translate("terminal.unanswered", language, count=merged.accounts.rows_unanswered)
    yield from _format_accounts(merged.accounts, merged.round.template, language)


def _describe_severities(groups: Sequence[FindingGroup], language: Language) -> str:
    """Return "2 fel, 3 varningar", "Inga fel, 1 upplysning"."""
    counts = count_severities(groups, language)
    no_errors = [] if Severity.ERROR in counts else [translate("terminal.no_errors", language)]
    return ", ".join((*no_errors, *counts.values()))


def _response_lines(merged: Merged, language: Language) -> Iterator[str]:
    unit_count = len(merged.answered_units) + len(merged.missing_units)
    answered = len(merged.units_with_answers)
    answer = translate_counted("terminal.answered", unit_count, language, answered=answered, asked=unit_count)
    missing = translate("terminal.missing", language, units=_join_names(merged.missing_units))
    yield f"{answer} {missing}" if merged.missing_units else answer
    if merged.units_with_blank_form:
        yield translate("terminal.blank", language, units=_join_names(merged.units_with_blank_form))
    if merged.units_with_nothing_to_report:
        yield translate("terminal.nothing", language, units=_join_names(merged.units_with_nothing_to_report))


def _join_names(names: Iterable[str]) -> str:
    """Return names as a list on one line, whatever they hold."""
    return ", ".join(map(safe_display_name, names))


def _written_forms_lines(result: RunResult) -> Iterator[str]:
    if result.written_files:
        count, folder = len(result.written_files), safe_display_name(str(result.output_path or "."))
        yield translate_counted("terminal.forms_written", count, result.language, folder=folder)


def _format_accounts(accounts: Accounts, template: Template, language: Language) -> Iterator[str]:
    """Yield the equations in the words that the sheet `Insamling` has for them."""
    files = {str(state): accounts.files.get(state, 0) for state in FileState}
    equation = translate("collected.files_equation", language, found=accounts.files_found, **files)
    yield _format_account(translate("collected.files_account", language), equation, language)
    merged, unplaced = accounts.rows_merged, accounts.rows_set_aside
    equation = translate(
        "collected.rows_equation", language, found=accounts.rows_found, merged=merged, set_aside=unplaced
    )
    yield _format_account(translate("collected.rows_account", language), equation, language)
    for key, total in accounts.sums_in.items():
        unit = template.unit_of(template.field(key))
        sums = (total, accounts.sums_out.get(key, Decimal()), accounts.sums_replaced.get(key, Decimal()))
        amounts = dict(
            zip(
                ("found", "out", "replaced"),
                (format_amount(amount, unit, language) for amount in sums),
                strict=True,
            )
        )
        account = translate(
            "collected.sum_account", language, field=template.field(key).label.in_language(language)
        )
        yield _format_account(account, translate("collected.sum_equation", language, **amounts), language)


def _format_account(account: str, equation: str, language: Language) -> str:
    """Return an equation whose figures stay with their words where it is wrapped."""
    unbroken_equation = re.sub(r"(?<=\w) (?=\d)|(?<=\d) (?=[^\W\d])", "\u00a0", equation)
    return translate("terminal.account", language, account=account, equation=unbroken_equation)


# What next ------------------------------------------------------------------------------------------------


def _outcome_lines(result: RunResult) -> Iterator[str]:
    """Yield where the result of a check or merge is."""
    merged, language = result.merged, result.language
    if merged is None:
        return
    if result.written_files:
        count, folder = len(result.written_files), safe_display_name(str(result.output_path or "."))
        yield translate_counted("terminal.sent_back", count, language, folder=folder)
    elif result.output_path:
        yield translate("terminal.output", language, file=safe_display_name(str(result.output_path)))


def _next_step_lines(result: RunResult, *, in_project: bool) -> Iterator[str]:
    """Yield who has to act now: units with errors, the person who runs this, missing units."""
    if result.merged is None:
        yield from [translate("terminal.send_out", result.language)] if result.written_files else []
        return
    section = "project" if in_project else "terminal"
    errors = [finding for finding in result.findings if finding.effective_severity is Severity.ERROR]
    if result.written_files:
        yield translate("terminal.send_back", result.language)
    elif any(responsible_party(found.code) == "unit" for found in errors):
        yield translate(f"{section}.let_correct", result.language)
    elif errors:
        yield translate("terminal.mend", result.language)
    if result.merged.missing_units:
        yield translate(
            f"{section}.remind_too" if errors or result.written_files else f"{section}.remind", result.language
        )
    elif result.output_path is None and not errors:
        yield translate("terminal.go_on", result.language)


def _highlight_next(lines: Sequence[str], look: Look) -> str:
    """Return the next steps, each on lines of its own, with an arrow where the terminal shows symbols."""
    arrow = highlight("→ ", "strong", look) if look.symbols and lines else ""
    return arrow + "\n".join(lines)

"""What the terminal prints: the result of a run, and a history with one column per round.

Plain text for a console of 80 columns, readable without colour and by a screen reader. Of a run first what came
in and who is missing, then the accounts, then what must be corrected, each fault once with all its locations, and
last where the result is and what to do next.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from xlflow.cli.finding_groups import FindingGroup, format_group_locations, group_findings
from xlflow.i18n.catalogue import UNKNOWN_DATE, Language, format_long_date, translate, translate_counted
from xlflow.model.findings import Finding, Severity, responsible_party
from xlflow.model.merged import Accounts, Merged, RunResult
from xlflow.model.submission import FileState
from xlflow.model.template import Template
from xlflow.model.text import escape_invisible
from xlflow.rounds.history import ROUND_COLUMN_PREFIX, RoundHistory
from xlflow.values import format_number

MAX_NAME_LETTERS = 48
"""Letters of an activity's text that are shown."""


def format_history(history: RoundHistory) -> str:
    """Return the history as lines of text, its columns below each other."""
    template = history.templates[0]
    keys = [column.key for column in history.item_table.columns]
    round_indexes = [index for index, key in enumerate(keys) if key.startswith(ROUND_COLUMN_PREFIX)]
    text_indexes = [keys.index(level.key) for level in template.levels[template.item_level_index :]]
    round_headings = [history.item_table.columns[index].heading for index in round_indexes]
    header = (template.item_level.label.in_language(history.language), *round_headings)
    rows = [
        (
            _item_name([str(row[index] or "") for index in text_indexes]),
            *(str(row[index] or "–") for index in round_indexes),
        )
        for row in history.item_table.rows
    ]
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]
    table_rows = (header, tuple("-" * width for width in widths), *rows)
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table_rows)
    params = {"count": len(history.round_table.rows), "lines": len(rows)}
    return "\n".join((*lines, "", translate("history.rounds", history.language, **params)))


def _item_name(texts: Sequence[str]) -> str:
    """Return the name of an activity, or of a sub-activity with a dash before it, shortened."""
    nonblank_texts = [" ".join(text.split()) for text in texts if text]
    name = f"  – {nonblank_texts[-1]}" if len(nonblank_texts) > 1 else "".join(nonblank_texts)
    return name if len(name) <= MAX_NAME_LETTERS else f"{name[: MAX_NAME_LETTERS - 1].rstrip()}…"


CONSOLE_WIDTH = 80
_MAX_LOCATIONS = 8
_MAX_NOTES = 12
_REPORTED_ABOVE = "nothing-to-report"
"""The finding that is left out, since the responses above name the units."""


def format_result(result: RunResult, *, in_project: bool = False) -> str:
    """Return everything that a person needs to know of a run. `in_project`: next steps are those of a project."""
    parts = [
        _format_written_forms(result) if result.merged is None else _format_merged(result.merged, result.language),
        format_findings(
            (finding for finding in result.findings if finding.code != _REPORTED_ABOVE), result.language
        ),
        "\n".join(_wrap_text(translate(note.word_key, result.language, **note.params)) for note in result.notes),
        "\n".join(_wrap_text(line) for line in _closing_lines(result, in_project=in_project)),
    ]
    return "\n\n".join(filter(None, parts))


def format_findings(findings: Iterable[Finding], language: Language) -> str:
    """Return the findings, each fault and each advice once: how many there are, then errors, warnings, notes."""
    groups = group_findings(findings, language)
    if not groups:
        return ""
    notes = [group for group in groups if group.severity is Severity.NOTE and not group.is_personal_data]
    further_notes = notes[_MAX_NOTES:]
    groups_by_remedy: dict[tuple[Severity, str], list[FindingGroup]] = {}
    for group in groups:
        if group not in further_notes:
            groups_by_remedy.setdefault((group.severity, group.remedy), []).append(group)
    texts = [
        _format_severity_counts(groups, language),
        *(_format_remedy_groups(remedy_groups, language) for remedy_groups in groups_by_remedy.values()),
    ]
    if further_notes:
        texts.append("\n".join(_format_further_notes(further_notes, language)))
    return "\n\n".join(filter(None, texts))


def _format_further_notes(groups: Sequence[FindingGroup], language: Language) -> Iterator[str]:
    """Yield what is left of the notes, briefly: nothing is shown to programs alone."""
    yield translate("terminal.more_notes", language, count=len(groups))
    for group in groups:
        locations = format_group_locations(group, language)
        yield _wrap_text(
            f"- {group.message} {'; '.join(locations[:_MAX_LOCATIONS])}".rstrip(), indent="    ", first_indent="  "
        )


def format_templates(templates: Sequence[Template], language: Language) -> str:
    """Return the templates: name, what each is for, and what it asks of whom."""
    return "\n\n".join(_format_template(template, language) for template in templates)


def _format_template(template: Template, language: Language) -> str:
    title = f"{template.name}  {template.title.in_language(language)}"
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
    return "\n".join((title, *(_wrap_text(text, indent="    ") for text in paragraphs)))


# What came in ---------------------------------------------------------------------------------------------


def _format_written_forms(result: RunResult) -> str:
    if not result.written_files:
        return ""
    return _wrap_text(
        translate(
            "terminal.forms_written",
            result.language,
            count=len(result.written_files),
            folder=result.output_path or ".",
        )
    )


def _format_merged(merged: Merged, language: Language) -> str:
    accounts = merged.accounts
    lines = [
        *(_format_responses(merged, language) if merged.round.plan.units else ()),
        *_format_accounts(accounts, merged.round.template, language),
        translate("terminal.unanswered", language, count=accounts.rows_unanswered),
    ]
    return "\n".join(_wrap_text(line) for line in lines)


def _format_responses(merged: Merged, language: Language) -> Iterator[str]:
    round_, unit_count = merged.round, len(merged.answered_units) + len(merged.missing_units)
    title = round_.plan.title or round_.template.title.in_language(language)
    has_date = round_.as_of != UNKNOWN_DATE
    yield (
        translate("terminal.title", language, title=title, day=format_long_date(round_.as_of, language))
        if has_date
        else title
    )
    yield _translate_counted(
        "answered", unit_count, language, answered=len(merged.units_with_answers), asked=unit_count
    )
    if merged.missing_units:
        yield translate("terminal.missing", language, units=", ".join(merged.missing_units))
    if merged.units_with_blank_form:
        yield translate("terminal.blank", language, units=", ".join(merged.units_with_blank_form))
    if merged.units_with_nothing_to_report:
        yield translate("terminal.nothing", language, units=", ".join(merged.units_with_nothing_to_report))
    yield ""


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
        sums = (total, accounts.sums_out.get(key, Decimal()), accounts.sums_replaced.get(key, Decimal()))
        amounts = dict(
            zip(("found", "out", "replaced"), (format_number(amount, language) for amount in sums), strict=True)
        )
        account = translate(
            "collected.sum_account", language, field=template.field(key).label.in_language(language)
        )
        yield _format_account(account, translate("collected.sum_equation", language, **amounts), language)


def _format_account(account: str, equation: str, language: Language) -> str:
    """Return an equation whose figures stay with their words where it is wrapped."""
    unbroken_equation = re.sub(r"(?<=\w) (?=\d)|(?<=\d) (?=[^\W\d])", "\u00a0", equation)
    return translate("terminal.account", language, account=account, equation=unbroken_equation)


# What is to be corrected ----------------------------------------------------------------------------------


def _format_severity_counts(groups: Sequence[FindingGroup], language: Language) -> str:
    """Return "3 fel, 1 varning": how many findings of each severity, those on trial left out."""
    counts = [
        (
            severity,
            sum(len(group.findings) for group in groups if group.severity is severity and not group.is_on_trial),
        )
        for severity in Severity
    ]
    return ", ".join(_translate_counted(f"{severity}s", count, language) for severity, count in counts if count)


def _format_remedy_groups(groups: Sequence[FindingGroup], language: Language) -> str:
    """Return what is wrong and where, fault by fault, and then what to do about all of them."""
    finding_lines = [line for group in groups for line in _format_finding_group(group, language)]
    return "\n".join((*finding_lines, _wrap_text(groups[0].remedy, indent="    ")))


def _format_finding_group(group: FindingGroup, language: Language) -> Iterator[str]:
    severity_label = translate(f"collected.{group.severity}", language).upper()
    locations = format_group_locations(group, language)
    yield _wrap_text(f"{severity_label}  {group.message}", indent="    ", first_indent="")
    max_locations = len(locations) if group.is_personal_data else _MAX_LOCATIONS
    yield from (
        _wrap_text(location, indent="        ", first_indent="      ") for location in locations[:max_locations]
    )
    if len(locations) > max_locations:
        remaining = len(locations) - max_locations
        yield _wrap_text(_translate_counted("more_places", remaining, language), indent="      ")


# What next ------------------------------------------------------------------------------------------------


def _closing_lines(result: RunResult, *, in_project: bool) -> Iterator[str]:
    """Yield where the result is and what to do next."""
    if result.merged is None:
        yield from [translate("terminal.send_out", result.language)] if result.written_files else []
        return
    if result.written_files:
        yield translate(
            "terminal.sent_back",
            result.language,
            count=len(result.written_files),
            folder=result.output_path or ".",
        )
    elif result.output_path:
        yield translate("terminal.output", result.language, file=result.output_path)
    elif not result.findings and not result.merged.missing_units:
        yield translate("terminal.all_well", result.language)
    yield from _next_step_lines(result, result.merged, "project" if in_project else "terminal")


def _next_step_lines(result: RunResult, merged: Merged, section: str) -> Iterator[str]:
    """Yield who has to act now: units with errors, the person who runs this, missing units. `section` of the words
    says it."""
    errors = [finding for finding in result.findings if finding.effective_severity is Severity.ERROR]
    if result.written_files:
        pass
    elif any(responsible_party(found.code) == "unit" for found in errors):
        yield translate(f"{section}.let_correct", result.language)
    elif errors:
        yield translate("terminal.mend", result.language)
    if merged.missing_units:
        yield translate(
            f"{section}.remind_too" if errors or result.written_files else f"{section}.remind", result.language
        )
    elif result.output_path is None and not errors:
        yield translate("terminal.go_on", result.language)


def _translate_counted(key: str, count: int, language: Language, **params: object) -> str:
    """Return a word that differs between one and several."""
    return translate_counted(f"terminal.{key}", count, language, **params)


def _wrap_text(text: str, *, indent: str = "", first_indent: str | None = None) -> str:
    """Return the text in lines that fit, each paragraph by itself. Long names and what a no-break space joins are
    never broken. Consoles get plain spaces."""
    initial_indent = indent if first_indent is None else first_indent
    lines = "\n".join(
        textwrap.fill(
            paragraph,
            CONSOLE_WIDTH,
            initial_indent=indent if paragraph_index else initial_indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph_index, paragraph in enumerate(escape_invisible(text, allowed="\t\n\r\x85").splitlines())
    )
    return lines.replace("\u00a0", " ")

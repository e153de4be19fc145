"""A run as plain text for a console of 80 columns, readable without colour and read aloud.

First what came in and who is missing, then the accounts, then what is to be corrected, each fault once with all
its places, and last where the result is and what to do next.
"""

import locale
import os
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from xlflow.core.findings import Finding, Severity, who_mends
from xlflow.core.model import Accounts, Merged, Run, State
from xlflow.core.template import Template
from xlflow.core.text import show_unseen
from xlflow.core.values import show_number
from xlflow.core.words import NO_DAY, Language, format_day, say
from xlflow.report.groups import Group, group_findings, show_places

WIDTH = 80
_PLACES = 8
_NOTES = 12
_SAID_ABOVE = "nothing-to-report"
"""The finding that is told with who has answered."""


def show_run(run: Run) -> str:
    """Return everything that a person needs to know of a run."""
    parts = [
        _show_written(run) if run.merged is None else _show_returned(run.merged, run.language),
        show_findings((found for found in run.findings if found.code != _SAID_ABOVE), run.language),
        "\n".join(_wrap(note) for note in run.notes),
        "\n".join(_wrap(line) for line in _show_ending(run)),
    ]
    return "\n\n".join(filter(None, parts))


def show_findings(findings: Iterable[Finding], language: Language) -> str:
    """Return the findings, each fault and each advice once: how many there are, then errors, warnings, notes."""
    groups = group_findings(findings, language)
    if not groups:
        return ""
    notes = [group for group in groups if group.severity is Severity.NOTE]
    by_advice: dict[tuple[Severity, str], list[Group]] = {}
    for group in (*(group for group in groups if group.severity is not Severity.NOTE), *notes[:_NOTES]):
        by_advice.setdefault((group.severity, group.remedy), []).append(group)
    texts = [_count(groups, language), *(_show_advice(same, language) for same in by_advice.values())]
    if len(notes) > _NOTES:
        texts.append(say("terminal.more_notes", language, count=len(notes) - _NOTES))
    return "\n\n".join(filter(None, texts))


def show_templates(templates: Sequence[Template], language: Language) -> str:
    """Return the templates: name, what each is for, and what it asks of whom."""
    return "\n\n".join(_show_template(template, language) for template in templates)


def _show_template(template: Template, language: Language) -> str:
    title = f"{template.name}  {template.title.say(language)}"
    levels = " > ".join(level.label.say(language) for level in template.levels)
    given, asked = (
        ", ".join(field.label.say(language) for field in fields) for fields in (template.given(), template.asked())
    )
    told = (
        template.description.say(language),
        say("terminal.levels", language, levels=levels),
        *([say("terminal.given", language, fields=given)] if given else []),
        say("terminal.asked", language, fields=asked),
    )
    return "\n".join((title, *(_wrap(text, indent="    ") for text in told)))


def language_of_user() -> Language:
    """Return the language in which the user's computer speaks, if it is English; else Swedish."""
    names = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if not any(names) and sys.platform == "win32":
        names.append(locale.getlocale()[0])
    spoken = next(filter(None, names), "")
    return "en" if spoken.lower().startswith("en") else "sv"


# What came in ---------------------------------------------------------------------------------------------


def _show_written(run: Run) -> str:
    if not run.written:
        return ""
    return _wrap(say("terminal.forms_written", run.language, count=len(run.written), folder=run.output or "."))


def _show_returned(merged: Merged, language: Language) -> str:
    accounts = merged.accounts
    lines = [
        *(_show_answered(merged, language) if merged.round.plan.units else ()),
        *_show_accounts(accounts, merged.round.template, language),
        say("terminal.unanswered", language, count=accounts.rows_unanswered),
    ]
    return "\n".join(_wrap(line) for line in lines)


def _show_answered(merged: Merged, language: Language) -> Iterator[str]:
    round_, asked = merged.round, len(merged.answered) + len(merged.missing)
    title = round_.plan.title or round_.template.title.say(language)
    known = round_.as_of != NO_DAY
    yield say("terminal.title", language, title=title, day=format_day(round_.as_of, language)) if known else title
    yield _vary("answered", asked, language, answered=len(merged.answered), asked=asked)
    if merged.missing:
        yield say("terminal.missing", language, units=", ".join(merged.missing))
    if merged.blank:
        yield say("terminal.blank", language, units=", ".join(merged.blank))
    if merged.nothing_to_report:
        yield say("terminal.nothing", language, units=", ".join(merged.nothing_to_report))
    yield ""


def _show_accounts(accounts: Accounts, template: Template, language: Language) -> Iterator[str]:
    """Yield the equations in the words that the sheet `Insamling` has for them."""
    files = {str(state): accounts.files.get(state, 0) for state in State}
    equation = say("collected.files_equation", language, found=accounts.files_found, **files)
    yield _say_account(say("collected.files_account", language), equation, language)
    merged, aside = accounts.rows_merged, accounts.rows_set_aside
    equation = say("collected.rows_equation", language, found=accounts.rows_found, merged=merged, set_aside=aside)
    yield _say_account(say("collected.rows_account", language), equation, language)
    for key, total in accounts.sums_in.items():
        sums = (total, accounts.sums_out.get(key, Decimal()), accounts.sums_replaced.get(key, Decimal()))
        shown = dict(zip(("found", "out", "replaced"), (show_number(one, language) for one in sums), strict=True))
        account = say("collected.sum_account", language, field=template.field(key).label.say(language))
        yield _say_account(account, say("collected.sum_equation", language, **shown), language)


def _say_account(account: str, equation: str, language: Language) -> str:
    """Return an equation whose figures stay with their words where it is wrapped."""
    joined = re.sub(r"(?<=\w) (?=\d)|(?<=\d) (?=[^\W\d])", "\u00a0", equation)
    return say("terminal.account", language, account=account, equation=joined)


# What is to be corrected ----------------------------------------------------------------------------------


def _count(groups: Sequence[Group], language: Language) -> str:
    """Return "3 fel, 1 varning": how many findings of each severity, those on trial left out."""
    counted = [
        (
            severity,
            sum(len(group.findings) for group in groups if group.severity is severity and not group.on_trial),
        )
        for severity in Severity
    ]
    return ", ".join(_vary(f"{severity}s", count, language) for severity, count in counted if count)


def _show_advice(groups: Sequence[Group], language: Language) -> str:
    """Return what is wrong and where, fault by fault, and then what to do about all of them."""
    faults = [line for group in groups for line in _show_group(group, language)]
    return "\n".join((*faults, _wrap(groups[0].remedy, indent="    ")))


def _show_group(group: Group, language: Language) -> Iterator[str]:
    mark = say(f"collected.{group.severity}", language).upper()
    places = show_places(group, language)
    yield _wrap(f"{mark}  {group.message}", indent="    ", first="")
    yield from (_wrap(place, indent="        ", first="      ") for place in places[:_PLACES])
    if len(places) > _PLACES:
        more = len(places) - _PLACES
        yield _wrap(_vary("more_places", more, language), indent="      ")


# What next ------------------------------------------------------------------------------------------------


def _show_ending(run: Run) -> Iterator[str]:
    """Yield where the result is and what to do next."""
    if run.merged is None:
        yield from [say("terminal.send_out", run.language)] if run.written else []
        return
    if run.written:
        yield say("terminal.sent_back", run.language, count=len(run.written), folder=run.output or ".")
    elif run.output:
        yield say("terminal.output", run.language, file=run.output)
    elif not run.findings and not run.merged.missing:
        yield say("terminal.all_well", run.language)
    yield from _say_next(run, run.merged)


def _say_next(run: Run, merged: Merged) -> Iterator[str]:
    """Yield who is to do something now: units that have errors, whoever runs this, units that are missing."""
    errors = [found for found in run.findings if found.weight is Severity.ERROR]
    if run.written:
        pass
    elif any(who_mends(found.code) == "unit" for found in errors):
        yield say("terminal.let_correct", run.language)
    elif errors:
        yield say("terminal.mend", run.language)
    if merged.missing:
        yield say("terminal.remind_too" if errors or run.written else "terminal.remind", run.language)
    elif run.output is None and not errors:
        yield say("terminal.go_on", run.language)


def _vary(word: str, count: int, language: Language, **values: object) -> str:
    """Return a word that differs between one and several."""
    return say(f"terminal.{word}_{'one' if count == 1 else 'many'}", language, count=count, **values)


def _wrap(text: str, *, indent: str = "", first: str | None = None) -> str:
    """Return the text in lines that fit, each paragraph by itself. Long names and what a no-break space joins are
    never broken. Consoles get plain spaces."""
    start = indent if first is None else first
    lines = "\n".join(
        textwrap.fill(
            paragraph,
            WIDTH,
            initial_indent=indent if number else start,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, paragraph in enumerate(show_unseen(text, but="\t\n\r\x85").splitlines())
    )
    return lines.replace("\u00a0", " ")

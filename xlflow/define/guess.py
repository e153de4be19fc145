"""What a plan asks as long as no form tells which round it is for: who is asked, and nothing of when.

The template is the one that whoever runs it names, else the first of the shipped ones that the plan's headings
fit; the language is that of the headings. Says nothing of the plan that depends on the day of the round, for
nobody knows it.
"""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.core.findings import Finding, Stop
from xlflow.core.model import Round
from xlflow.core.template import Template
from xlflow.core.words import NO_DAY, Language, Text
from xlflow.define.headings import find_plan_table
from xlflow.define.plan import define_round
from xlflow.define.tables import key_of
from xlflow.define.templates import list_templates
from xlflow.excel.incoming import Book

USUAL = "followup"

_OF_THE_DAY = ("plan-year-differs", "plan-year-doubtful")
_OTHER_HEADINGS = ("plan-no-sheet", "plan-no-heading-row", "plan-heading-missing", "plan-heading-misspelt")


def guess_round(book: Book, named: Template | None = None) -> tuple[Round, tuple[Finding, ...]] | None:
    """Return what is asked of whom, what is doubtful in the plan; None if its headings fit no template of ours.

    `Stop` with every fault of a plan whose headings fit, and of any plan where a template is named.
    """
    if named:
        return _without_day(book, named)
    fitting: Stop | None = None
    for template in sorted(list_templates(), key=lambda template: template.name != USUAL):
        try:
            return _without_day(book, template)
        except Stop as stop:
            if not any(found.code in _OTHER_HEADINGS for found in stop.findings):
                fitting = fitting or stop
    if fitting:
        raise fitting
    return None


def _without_day(book: Book, template: Template) -> tuple[Round, tuple[Finding, ...]]:
    asked, findings = define_round(book, template, NO_DAY)
    told = tuple(found for found in findings if found.code not in _OF_THE_DAY)
    return replace(asked, language=find_language(book, template)), told


def find_language(book: Book, template: Template) -> Language:
    """Return the language of most of the headings, Swedish if there are as many of each."""
    table, _ = find_plan_table(book, template, "sv")
    if table is None:
        return "sv"
    said = {key: key_of(str(table.sheet.rows[table.heading_row][column])) for key, column in table.columns.items()}
    pairs = [(said[key], label) for key, label in _list_labels(template) if key in said]
    votes = [sum(text.startswith(key_of(label.say(each))) for text, label in pairs) for each in ("sv", "en")]
    return "en" if votes[1] > votes[0] else "sv"


def _list_labels(template: Template) -> Iterator[tuple[str, Text]]:
    yield from ((each.key, each.label) for each in (*template.levels, *template.given()))

"""How answers are shown in the tables: one unit's as it gave it, several units' put together.

What was not understood is shown as it was written. Shortens nothing that stands nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, count

from xlflow.core.computed import sum_exactly
from xlflow.core.model import Answer, Cell, Deadline, GridColumn, Value
from xlflow.core.template import Field
from xlflow.core.text import fold
from xlflow.core.values import quarter_of, show_deadline, show_value
from xlflow.core.words import say
from xlflow.summarise.material import Material, Standing

LONGEST_JOINED = 4000
"""Characters that the comments of several units may take in one cell; the rest stand in the answers table."""

LONGEST_HEADING = 200
"""Characters that a heading may have; Excel's tables allow 255."""

NUMBERS = ("number", "integer")

QUARTER_OF = "_quarter"
"""By which what is said of a time's quarter is kept; a field's key begins with a letter."""

CONTEXT = "context:"
"""What the keys of the plan's further columns begin with; a template's keys never do."""


def show_given(value: Value | None, field: Field, material: Material) -> Cell:
    """Return what the plan states, or what an answer means, as a cell: numbers and days as such, else words."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, Deadline) and field.type == "date" and value.kind == "day":
        return value.first
    if not isinstance(value, str | Deadline) or field.type == "text":
        return _say_value(value, field, material)
    shown = material.said.get((field.key, value), "")
    if shown == "":
        shown = material.said[field.key, value] = _say_value(value, field, material)
    return shown


def _say_value(value: Value | None, field: Field, material: Material) -> str | None:
    round_ = material.merged.round
    return show_value(value, field, round_.template, round_.language, round_.plan.year) or None


def show_answer(answer: Answer | None, field: Field, material: Material) -> Cell:
    """Return what one unit answered: a time in its own words, a status by its label, a fault as written."""
    if answer is None:
        return None
    if answer.value is None or (field.type in ("deadline", "quarter") and isinstance(answer.value, Deadline)):
        return answer.written or None
    return show_given(answer.value, field, material)


def show_together(field: Field, answers: Sequence[tuple[str, Answer]], material: Material, asked: int) -> Cell:
    """Return what all units answered to one field of a line that `asked` units were asked about.

    Numbers are added, and what is none of them stands in the answers table; an answer that all share, or that one
    unit alone was asked for, stands as it is; others stand one below the other, each with its unit's name.
    """
    if not answers:
        return None
    numbers = [answer.value for _, answer in answers if isinstance(answer.value, Decimal)]
    if field.type in NUMBERS and not field.percent and (numbers or asked > 1):
        return sum_exactly(numbers) if numbers else None
    shown = [(unit, _show_one(answer, field, material)) for unit, answer in answers]
    told = [(unit, cell) for unit, cell in shown if cell is not None]
    distinct = list(dict.fromkeys(cell for _, cell in told))
    if asked == 1 or (len(distinct) == 1 and field.type != "text"):
        return distinct[0] if distinct else None
    return _join([f"{unit}: {cell}" for unit, cell in told], material)


def show_standing(standing: Standing, material: Material) -> str:
    """Return the rolled-up status in words."""
    if standing.follows:
        item = material.template.levels[material.template.item].label.say(material.language)
        return say("consolidated.see_item", material.language, item=item.lower())
    if standing.code is None or material.status is None:
        return say("nothing.label" if standing.nothing else "consolidated.unanswered", material.language)
    return say_status(standing.code, material)


def say_status(code: str, material: Material) -> str:
    """Return a status in words."""
    status = material.status
    if status is None:
        return code
    shown = material.said.get((status.key, code))
    if shown is None:
        shown = material.said[status.key, code] = material.template.say_choice(status, code, material.language)
    return shown


def show_quarter(deadline: Value | None, material: Material) -> str:
    """Return the quarter in which a deadline lies, in words."""
    if not isinstance(deadline, Deadline):
        return say("consolidated.no_quarter", material.language)
    shown = material.said.get((QUARTER_OF, deadline))
    if shown is None:
        shown = material.said[QUARTER_OF, deadline] = _say_quarter(deadline, material)
    return shown


def _say_quarter(deadline: Deadline, material: Material) -> str:
    round_, quarter = material.merged.round, quarter_of(deadline)
    if quarter is None:
        return say("consolidated.no_quarter", round_.language)
    return show_deadline(quarter, round_.language, round_.plan.year)


def first_spellings(texts: Iterable[str]) -> Mapping[str, str]:
    """Return for each text the first one that reads the same, so that a table groups them under one."""
    first: dict[str, str] = {}
    return {text: first.setdefault(fold(text), text) for text in dict.fromkeys(texts)}


def name_columns(columns: Iterable[GridColumn]) -> tuple[GridColumn, ...]:
    """Return the columns with headings that a table accepts: none blank or too long, none twice.

    A heading of the program's own or of the template stands as it is; one of the plan's further columns yields.
    """
    taken, named = set[str](), []
    ordered = list(columns)
    for column in sorted(ordered, key=lambda column: column.key.startswith(CONTEXT)):
        heading = " ".join(column.heading.split())[:LONGEST_HEADING] or "-"
        number = next(n for n in count(1) if fold(_numbered(heading, n)) not in taken)
        taken.add(fold(_numbered(heading, number)))
        named.append(replace(column, heading=_numbered(heading, number)))
    by_key = {column.key: column for column in named}
    return tuple(by_key[column.key] for column in ordered)


def _numbered(heading: str, number: int) -> str:
    return heading if number == 1 else f"{heading} ({number})"


def _show_one(answer: Answer, field: Field, material: Material) -> Cell:
    return show_given(answer.value, field, material) if answer.value is not None else answer.written or None


def _join(texts: Sequence[str], material: Material) -> str | None:
    """Return the texts one below the other, as many whole ones as there is room for, and how many are left."""
    if not texts:
        return None
    ends = list(accumulate(len(text) + 1 for text in texts))
    room = max(1, sum(end <= LONGEST_JOINED for end in ends))
    left = len(texts) - room
    sheet = say("consolidated.answers", material.language)
    more = [say("consolidated.and_more", material.language, count=left, sheet=sheet)] if left else []
    return "\n".join((*texts[:room], *more))

"""Raw cell <-> typed value, for every type of field. The only door to dateutil.

Both languages are understood everywhere, whatever the form's language; what is shown keeps to one. Nothing
is guessed: what can be read in two ways is not read, and a code says so. `parse_value` reads back what
`show_value` shows. For whoever turns a code into a finding: its value is `written_text(raw)`, its severity
`Parsed.severity`, its words `field` (the field's label) and `accepted` (`accepted_answers`).
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial

from xlflow.core.model import Deadline, Value
from xlflow.core.same import Same
from xlflow.core.template import Field, Template
from xlflow.core.values.choices import choice_reader, parse_yes_no, show_yes_no
from xlflow.core.values.deadlines import (
    parse_date,
    parse_day,
    parse_deadline,
    parse_quarter,
    quarter_of,
    quarters_from,
    show_deadline,
)
from xlflow.core.values.numbers import is_percent, is_whole, parse_number, show_number
from xlflow.core.values.raw import BLANK, Parsed, Raw, written_text
from xlflow.core.words import Language, Text, say

__all__ = [
    "Parsed",
    "Raw",
    "accepted_answers",
    "parse_day",
    "parse_deadline",
    "parse_value",
    "quarter_of",
    "quarters_from",
    "show_deadline",
    "show_number",
    "show_value",
    "value_reader",
    "written_text",
]

Reader = Callable[[Raw], Parsed]


def parse_value(raw: Raw, field: Field, template: Template, year: int, language: Language = "sv") -> Parsed:
    """Return what a cell means in a field. `year` is the plan's; `language` is for the suggestion only."""
    return BLANK if raw is None else _reader(Same(field), Same(template), year, language)(raw)


def value_reader(field: Field, template: Template, year: int, language: Language = "sv") -> Reader:
    """Return `parse_value` for one field: what does not depend on the cell is done once."""
    return _reader(Same(field), Same(template), year, language)


def show_value(value: Value | None, field: Field, template: Template, language: Language, year: int) -> str:
    """Return a value in the words of a language, so that `parse_value` reads the same value back."""
    if value is None:
        return ""
    if isinstance(value, Deadline):
        return show_deadline(value, language, year)
    if isinstance(value, bool):
        return show_yes_no(value, language)
    if isinstance(value, Decimal):
        return f"{show_number(value * 100, language)}\u00a0%" if field.percent else show_number(value, language)
    return template.say_choice(field, value, language) if field.type == "choice" else value


def accepted_answers(field: Field, template: Template, year: int) -> Text:
    """Return what a field accepts, in words that go after "Godtas:" and the like."""
    return Text(sv=_accepted(field, template, year, "sv"), en=_accepted(field, template, year, "en"))


@lru_cache(maxsize=256)
def _reader(same: Same[Field], of: Same[Template], year: int, language: Language) -> Reader:
    field = same.value
    if field.type == "choice":
        return _remembering(choice_reader(of.value.choice_list(field), language))
    if field.type in ("number", "integer"):
        return partial(_parse_number, field=field, language=language)
    if field.type == "yes_no":
        return partial(parse_yes_no, language=language)
    if field.type == "quarter":
        return partial(parse_quarter, year=year, language=language)
    if field.type == "text":
        return partial(_parse_text, field=field, language=language)
    return partial(parse_date if field.type == "date" else parse_deadline, year=year)


def _remembering(read: Reader) -> Reader:
    """Return a reader that knows the texts it has read; 1, 1.0 and True are different answers to it."""
    return lru_cache(maxsize=4096, typed=True)(read)


def _parse_text(raw: Raw, field: Field, language: Language) -> Parsed:
    text = written_text(raw, language)
    too_long = field.max_length is not None and len(text) > field.max_length
    return Parsed(text or None, "text-too-long" if too_long else None)


def _parse_number(raw: Raw, field: Field, language: Language) -> Parsed:
    found = parse_number(raw, language)
    number = found.value
    if not isinstance(number, Decimal):
        return found
    if isinstance(raw, str) and not field.percent and is_percent(raw):
        return Parsed(None, "number-percent")
    if field.type == "integer":
        if not is_whole(number):
            return Parsed(None, "integer-not-whole")
        number = round(number, 0)
    least, most = field.minimum, field.maximum
    if (least is not None and number < _limit(least)) or (most is not None and number > _limit(most)):
        return Parsed(None, "number-out-of-limits")
    return Parsed(number)


def _limit(limit: float) -> Decimal:
    return Decimal(repr(limit))


def _accepted(field: Field, template: Template, year: int, language: Language) -> str:
    if field.type == "choice":
        choices = template.choice_list(field)
        labels = ", ".join(option.label.say(language) for option in choices.options)
        return say("values.accept_other", language, labels=labels) if choices.open else labels
    if field.type == "text" and field.max_length is not None:
        return say("values.accept_text_up_to", language, most=field.max_length)
    if field.type in ("number", "integer") and (field.minimum is not None or field.maximum is not None):
        return _accepted_within(field, language)
    return say(f"values.accept_{field.type}", language, year=year, next_year=year + 1)


def _accepted_within(field: Field, language: Language) -> str:
    limits = {"least": field.minimum, "most": field.maximum}
    shown = {name: show_number(_limit(x), language) for name, x in limits.items() if x is not None}
    bounds = "between" if len(shown) == 2 else next(iter(shown))
    return say(f"values.{bounds}", language, kind=say(f"values.{field.type}", language), **shown)

"""What each hidden record of a form may hold, checked as strictly as a template: types, sizes, and agreement.

The records come back from the units, so whoever can edit a workbook can write anything there. What does not fit
raises ValueError, and costs that one file. Knows the shapes only; `metadata` makes values of them.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from xlflow.excel.conventions import MAX_EXACT_NUMBER
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Deadline, FieldValue, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import DEADLINE_TYPES, NUMBER_TYPES, FieldType
from xlflow.model.text import normalize_key_cached
from xlflow.values import quarter_of

MAX_RECORD_CHARACTERS = 4_000_000
"""Characters of one record, and of the records of all plan items together; a large form has 200,000."""

MAX_TEMPLATE_CHARACTERS = 1_000_000
"""Characters of the template as JSON; the largest of those that are shipped has 15,000."""

_MAX_NUMBER_CHARACTERS = 420
"""A plan's cell may hold a number of 400 digits (see `values.numbers`)."""

# Texts have no constraints of their own: half a surrogate pair, which some programs leave, would not pass them.


class RoundRecord(BaseModel):
    """The record "round": dates of the round, language, and facts of the plan; `context` are the headings of the
    plan's further columns."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    as_of: str
    due: str | None
    language: Language
    year: Annotated[int, Field(ge=1, le=9999)]
    title: str
    digest: str
    context: Annotated[list[str], Field(max_length=500)]

    @model_validator(mode="after")
    def _check_dates_and_headings(self) -> Self:
        for text in filter(None, (self.as_of, self.due)):
            date.fromisoformat(text)
        if len({normalize_key_cached(heading) for heading in self.context}) != len(self.context):
            raise ValueError("two further columns have the same heading")
        return self


_NumberValue = dict[Literal["number"], str]
_DeadlineParts = tuple[Literal["day", "quarter", "text"], str, str | None, str | None]
_PlanValue = bool | str | _NumberValue | dict[Literal["deadline"], _DeadlineParts]
_ItemFacts = tuple[
    str,
    Annotated[list[str], Field(max_length=100)],
    list[str],
    Annotated[list[tuple[str, _PlanValue]], Field(max_length=500)],
    Annotated[list[str | tuple[str, str]], Field(max_length=500)],
    str,
    dict[str, str],
    Annotated[int, Field(ge=0, le=10_000_000, strict=True)],
]

_ITEMS = TypeAdapter(list[_ItemFacts], config=ConfigDict(strict=False))
_UNIT_NAMES = TypeAdapter(list[str])
_UNIT = TypeAdapter(tuple[str, str, str])
_ADDED_ANSWERS = TypeAdapter(tuple[str, dict[str, str]])
_PREVIOUS = TypeAdapter(tuple[str | None, dict[str, str]])


def check_round_facts(values: Any) -> Mapping[str, Any]:
    """Return the facts of a round as they are; ValueError where they do not have the shape of `RoundRecord`."""
    return RoundRecord.model_validate(values).model_dump()


def check_item_facts(values: Any) -> list[Any]:
    """Return the facts of all plan items as they are, each with eight values; ValueError where one has another
    shape. What a newer version may have added behind these is left out."""
    if not isinstance(values, list) or any(not isinstance(facts, list) for facts in values):
        raise ValueError("the items are no lists")
    return _ITEMS.validate_python([tuple(facts[:8]) for facts in values])


def check_unit_names(values: Any) -> list[str]:
    """Return the names of units as they are; ValueError where they are no texts or one is there twice."""
    names = _UNIT_NAMES.validate_python(values, strict=True)
    if len(set(names)) != len(names):
        raise ValueError("a unit is there twice")
    return names


def check_unit(values: Any) -> tuple[str, str, str]:
    """Return name, contact and e-mail of a unit; ValueError where they are not three texts."""
    return _UNIT.validate_python(values)


def check_added_answers(values: Any) -> tuple[str, dict[str, str]]:
    """Return (item id, texts by field key) of an activity that was added; ValueError on another shape."""
    return _ADDED_ANSWERS.validate_python(values)


def check_previous_answers(values: Any) -> tuple[str | None, dict[str, str]]:
    """Return (as-of date as ISO text, text by item id) of the previous round; ValueError on another shape."""
    return _PREVIOUS.validate_python(values)


def check_item_fits(item: PlanItem, template: Template) -> None:
    """Raise ValueError where a plan item has other levels than the template, or a value that its field cannot
    have."""
    if not item.id or len(item.level_texts) != len(template.levels):
        raise ValueError("an item has no id, or other levels than the template")
    types = {field.key: field.type for field in template.plan_fields()}
    keys = [key for key, _ in item.plan_values]
    if len(set(keys)) != len(keys) or not types.keys() >= set(keys):
        raise ValueError("an item has values that the plan does not fill in")
    for key, value in item.plan_values:
        if not _is_value_of(types[key], value):
            raise ValueError(f"the value of {key} is of another type")


def _is_value_of(field_type: FieldType, value: FieldValue) -> bool:
    if field_type in NUMBER_TYPES:
        return isinstance(value, Decimal) and _is_in_limits(value)
    if field_type in DEADLINE_TYPES:
        return isinstance(value, Deadline) and _is_consistent(value)
    return isinstance(value, bool if field_type == "yes_no" else str)


def _is_in_limits(number: Decimal) -> bool:
    """Return whether a number is one that a plan can hold, so that no sum of such numbers takes long."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > _MAX_NUMBER_CHARACTERS:
        return False
    return abs(exponent) <= _MAX_NUMBER_CHARACTERS and abs(number) < MAX_EXACT_NUMBER


def _is_consistent(deadline: Deadline) -> bool:
    """Return whether kind, text and dates of a deadline say the same, as those that are written do."""
    first, last = deadline.first, deadline.last
    if deadline.kind == "text":
        return (first is None) == (last is None) and (first is None or last is None or first <= last)
    if first is None or last is None:
        return False
    if deadline.kind == "day":
        return first == last and deadline.text == first.isoformat()
    return deadline == quarter_of(deadline)

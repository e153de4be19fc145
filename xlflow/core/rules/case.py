"""The rows of one form, looked at as a formula looks at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from xlflow.core.computed import compute
from xlflow.core.model import Deadline, Round, Value
from xlflow.core.rollup import Kin, find_missing, kin_of
from xlflow.core.rules.asks import Ask, Said
from xlflow.core.rules.shape import CHOOSING, NUMBERS, number_in, shape_of
from xlflow.core.template import Field, Rule
from xlflow.core.values import parse_value
from xlflow.core.values.spellings import (
    LONGEST,
    UNKNOWN,
    is_plain_number,
    recognise_choice,
    recognise_time,
    squeeze,
)

_LISTED_OR_COUNTED = (*CHOOSING, *NUMBERS)


class Form:
    """The rows of one form, with what judging one of them needs of the others."""

    def __init__(self, round_: Round, rows: Sequence[Said]):
        self.round = round_
        self.template = round_.template
        self.shape = shape_of(round_.template)
        self.status = self.shape.status
        self.kin: Mapping[str, Kin] = kin_of([row.line for row in rows], round_.template)
        self.by_id = {row.line.id: row for row in rows}
        told = [row.line.id for row in rows if self.status and row.texts.get(self.status.key)]
        self.lacking = frozenset(find_missing(self.kin, told) if self.status else ())


@dataclass(slots=True)
class Case:
    """One row of a form, to be judged."""

    form: Form
    row: Said
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, key: str) -> int:
        """Return the number of an answer, or of what the plan states; 0 if there is none."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = self.number_in(key, self.row)
        return found

    def number_in(self, key: str, row: Said) -> int:
        """Return the same of another row of the form."""
        asked = self.form.shape.fields[key]
        if asked.filled_by == "unit":
            found = recognise_choice(row.texts.get(key, ""), self.form.shape.tables[key])
            return found if found != UNKNOWN else self._number_by_agreement(asked, row)
        value = None if row.line.own else row.line.value(key)
        return number_in(self.form.template, asked, value) if isinstance(value, str) else 0

    def _number_by_agreement(self, asked: Field, row: Said) -> int:
        """Return the number of an answer that no reader knows by itself, but that was agreed to mean something."""
        value, template, year = row.values.get(asked.key), self.form.template, self.form.round.plan.year
        read = parse_value(row.texts[asked.key], asked, template, year).value if isinstance(value, str) else value
        return number_in(template, asked, value) if isinstance(value, str) and read is None else UNKNOWN

    def time(self, key: str) -> date | None:
        """Return the last day of a time as a formula reads it, or as the plan states it; never of a unit's own."""
        if self.form.shape.fields[key].filled_by == "unit":
            return recognise_time(self.row.texts.get(key, ""), self.form.round.plan.year)
        value = None if self.row.line.own else self.row.line.value(key)
        return value.last if isinstance(value, Deadline) else None

    def amount(self, key: str) -> Decimal | None:
        """Return a number as a formula reads it, as the plan states it, or as it follows from such."""
        asked = self.form.shape.fields[key]
        if asked.computed:
            return compute(asked.computed, self.amount)
        value = self.understood(key)
        if not isinstance(value, Decimal):
            return None
        if asked.filled_by == "plan":
            return None if self.row.line.own else value
        written = self.row.texts.get(key, "")
        seen = written == format(value, "f") or (is_plain_number(written) and not asked.percent)
        return value if seen else None

    def understood(self, key: str) -> Value | None:
        """Return what a reader of words makes of an answer, what stands in the line, or what follows from both."""
        asked = self.form.shape.fields[key]
        if asked.computed:
            return compute(asked.computed, self.understood_amount)
        return self.row.values.get(key) if asked.filled_by == "unit" else self.row.line.value(key)

    def understood_amount(self, key: str) -> Decimal | None:
        """Return a number as a reader of words understands it."""
        value = self.understood(key)
        return value if isinstance(value, Decimal) else None

    def is_filled(self, key: str) -> bool | None:
        """Return whether a field is filled; None if the form lost its column."""
        return is_filled(self.form.shape.fields[key], self.row.texts[key]) if key in self.row.texts else None

    def is_lacking(self) -> bool:
        """Return whether the row lacks a status that nothing near it makes up for."""
        return self.row.line.id in self.form.lacking

    def ask(self, rule: Rule, key: str, worse: Said | None = None) -> Ask:
        """Return what a rule of the template asks for in the cell of a field."""
        return Ask(rule.name, key, rule.severity, rule, worse=worse)


def is_filled(asked: Field, written: str) -> bool:
    """Return whether an answer says something; a dash alone does not, where words or a time are asked for."""
    if asked.type in _LISTED_OR_COUNTED or written[:1].isalnum():
        return bool(written)
    return bool(squeeze(written[:LONGEST]))

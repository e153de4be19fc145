"""When a rule still asks for something in a row, as formulas: the same conditions as in `core/rules`.

Each is a formula without its =, TRUE or FALSE for the row at hand, on the hidden sheet and over the helpers there.
"""

from collections.abc import Callable, Iterator

from xlflow.core.computed import beyond_formula, compute_formula
from xlflow.core.rules import CHOOSING, NUMBERS, is_closed, numbers_for
from xlflow.core.template import Compare, Field, Rule
from xlflow.core.values.spellings import UNKNOWN, serial_of
from xlflow.generate import spell
from xlflow.generate.frame import Frame
from xlflow.generate.live import DAY_WIDTH, ID, KIN_WIDTH, planned_times, table_name

_FAILS = {"later": "<=", "above": "<=", "earlier": ">=", "below": ">=", "equal": "<>"}
"""How two values stand where the relation asked for does not hold."""


def is_missing(frame: Frame, status: Field, row: int) -> str:
    """Return the condition that a row lacks a status which nothing near it makes up for (`rollup.is_missing`)."""
    blank = f"{_number(frame, status.key, row)}=0"
    if not frame.live.has("kin"):
        return blank
    kin = frame.live.cell("kin", row)
    above, beside = (count_kin(frame, status, key, '"<>0"') for key in (f"-{kin}", kin))
    return f"AND({blank},{above}=0,OR({kin}>0,{beside}>0))"


def has_parts(frame: Frame, row: int) -> str:
    """Return the condition that sub-activities stand below a row."""
    kin = frame.live.cell("kin", row)
    return f"AND({kin}>0,COUNTIF({frame.live.span('kin', frame.last_row)},-{kin})>0)"


def count_kin(frame: Frame, status: Field, kin: str, criterion: str) -> str:
    """Return a formula for how many rows of a kin number have a status whose number fits the criterion."""
    spans = frame.live.span("kin", frame.last_row), frame.live.span("number", frame.last_row, status.key)
    return f"COUNTIFS({spans[0]},{kin},{spans[1]},{criterion})"


def is_unlisted(frame: Frame, field: Field, row: int) -> str | None:
    """Return the condition that an answer is not in its list; None where every answer will do."""
    if field.type not in CHOOSING or not is_closed(frame.template, field):
        return None
    return f"{_number(frame, field.key, row)}={UNKNOWN}"


def is_filled(frame: Frame, field: Field, row: int) -> str:
    """Return the condition that an answer says something."""
    return _says(frame, field, row, "<>0", '<>""')


def is_empty(frame: Frame, field: Field, row: int) -> str:
    """Return the condition that an answer says nothing."""
    return _says(frame, field, row, "=0", '=""')


def _says(frame: Frame, field: Field, row: int, than_number: str, than_text: str) -> str:
    if field.type in CHOOSING:
        return f"{_number(frame, field.key, row)}{than_number}"
    copy = frame.live.cell("copy", row, field.key)
    if field.type in NUMBERS:
        return f"TRIM({copy}){than_text}"
    said = frame.live.cell("said", row, field.key) if frame.live.has("said", field.key) else spell.squeeze(copy)
    return f"{said}{than_text}"


def rule_holds(frame: Frame, rule: Rule, row: int) -> Iterator[str]:
    """Yield the conditions of a rule of the template, all of which must hold."""
    template = frame.template
    for key, numbers in numbers_for(template, rule):
        yield _any(f"{_number(frame, key, row)}={number}" for number in sorted(numbers))
    if rule.passed:
        last = _time(frame, rule.passed, row)
        yield f"IFERROR(AND(ISNUMBER({last}),{last}<{serial_of(frame.round.as_of)}),FALSE)"
    if rule.beyond:
        yield beyond_formula(rule.beyond, lambda key: _amount(frame, key, row))
    yield from (is_filled(frame, template.field(key), row) for key in rule.filled)
    yield from (is_empty(frame, template.field(key), row) for key in rule.blank)


def rule_asks(frame: Frame, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    """Yield what a rule of the template asks for where it holds: the field, and the condition that it is amiss."""
    for effect in _EFFECTS:
        yield from effect(frame, rule, row)


def _require(frame: Frame, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    for key in rule.require:
        field = frame.template.field(key)
        status = field.role == "status"
        yield field, is_missing(frame, field, row) if status else is_empty(frame, field, row)


def _forbid(frame: Frame, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    for key in rule.forbid:
        field = frame.template.field(key)
        yield field, is_filled(frame, field, row)


def _compare(frame: Frame, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    if rule.compare:
        fields = [frame.template.field(key) for key in (rule.compare.field, rule.compare.to)]
        asked = next((field for field in fields if field in frame.template.asked()), None)
        if asked:
            yield asked, _fails(frame, rule.compare, row)


def _fails(frame: Frame, wanted: Compare, row: int) -> str:
    keys = (wanted.field, wanted.to)
    numbers = any(frame.template.field(key).type in NUMBERS for key in keys)
    one, other = (_amount(frame, key, row) if numbers else _time(frame, key, row) for key in keys)
    return f"IFERROR(AND(ISNUMBER({one}),ISNUMBER({other}),{one}{_FAILS[wanted.relation]}{other}),FALSE)"


def _no_worse_part(frame: Frame, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    status = frame.template.field_in_role("status")
    if rule.no_worse_part and status and frame.live.has("kin"):
        kin, own = frame.live.cell("kin", row), _number(frame, status.key, row)
        worse = f'">="&(INT({own}/100)+1)*100'
        yield status, f"AND({kin}>0,{own}>0,{count_kin(frame, status, f'-{kin}', worse)}>0)"


_EFFECTS: tuple[Callable[[Frame, Rule, int], Iterator[tuple[Field, str]]], ...] = (
    _require,
    _forbid,
    _compare,
    _no_worse_part,
)


def _number(frame: Frame, key: str, row: int) -> str:
    return frame.live.cell("number", row, key)


def _time(frame: Frame, key: str, row: int) -> str:
    """Return a formula for the last day of a time; an error, or "", where it has none."""
    field = frame.template.field(key)
    if field.filled_by == "unit":
        return frame.live.cell("last", row, key)
    start = KIN_WIDTH + DAY_WIDTH * planned_times(frame.template).index(field)
    pieces = [table_name(name) for name in frame.live.pieces("lines")]
    line = frame.live.cell("copy", row, ID)
    return spell.look_up_line(line, pieces, start, DAY_WIDTH) if pieces else '""'


def _amount(frame: Frame, key: str, row: int) -> str:
    """Return a formula for a number; "" where there is none. What the plan states holds for its own lines only."""
    field = frame.template.field(key)
    if field.computed:
        return f"({compute_formula(field.computed, lambda other: _amount(frame, other, row))})"
    if field.filled_by == "unit":
        return frame.live.cell("amount", row, key)
    return f'IF({frame.live.cell("copy", row, ID)}="","",{frame.live.cell("copy", row, key)})'


def _any(conditions: Iterator[str]) -> str:
    found = list(conditions)
    return found[0] if len(found) == 1 else f"OR({','.join(found) or 'FALSE'})"


def join_all(conditions: Iterator[str]) -> str:
    """Return the condition that all of these hold."""
    found = list(conditions)
    return found[0] if len(found) == 1 else f"AND({','.join(found)})"

"""The rules, row by row: those that every template has, and last those that the template declares."""

from collections.abc import Callable, Iterator, Sequence

from xlflow.core.computed import is_beyond
from xlflow.core.model import Line, Round
from xlflow.core.rules.asks import Ask, Said
from xlflow.core.rules.case import Case, Form
from xlflow.core.rules.effects import EFFECTS, weaken
from xlflow.core.rules.shape import Declared, When
from xlflow.core.template import Rule, Template
from xlflow.core.values.spellings import UNKNOWN

ANSWER_LISTED, ANSWER_READABLE = "answer_listed", "answer_readable"
"""Names of rules by which reading reports what it finds itself: an answer not in its list, an error in a cell."""


def find_asks(round_: Round, rows: Sequence[Said], *, nothing: bool = False) -> tuple[tuple[Ask, ...], ...]:
    """Return what is still asked in each row, in the order in which the form says it.

    `nothing`: the unit says that it has nothing to report, so rows in which it wrote nothing are left alone.
    """
    form = Form(round_, rows)
    return tuple([() if nothing and row.is_blank else _judge(Case(form, row)) for row in rows])


def is_nameless(line: Line, template: Template) -> bool:
    """Return whether a row of the unit's own does not say for which activity it is."""
    return line.own and not line.levels[template.item].strip()


def _judge(case: Case) -> tuple[Ask, ...]:
    rules = RULES[:1] if is_nameless(case.row.line, case.form.template) else RULES[1:]
    return tuple([ask for rule in rules for ask in rule(case)])


def own_without_text(case: Case) -> Iterator[Ask]:
    """An answer in a free row says for which activity it is."""
    line, part = case.row.line, case.form.template.part
    named = part is not None and bool(line.levels[part].strip())
    if is_nameless(line, case.form.template) and (named or not case.row.is_blank):
        yield Ask("own_without_text")


def missing_status(case: Case) -> Iterator[Ask]:
    """A status stands on the activity or on every one of its sub-activities."""
    status = case.form.status
    if status and status.required and status.key in case.row.texts and case.is_lacking():
        yield Ask("missing_status", status.key, parts=bool(case.form.kin[case.row.line.id].below))


def missing_required(case: Case) -> Iterator[Ask]:
    """Every other required field is answered."""
    for asked in case.form.shape.required:
        if case.is_filled(asked.key) is False:
            yield Ask("missing_required", asked.key)


def answer_listed(case: Case) -> Iterator[Ask]:
    """An answer to a closed list is one of the list."""
    for asked in case.form.shape.closed:
        if case.number(asked.key) == UNKNOWN:
            yield Ask(ANSWER_LISTED, asked.key)


def declared_rules(case: Case) -> Iterator[Ask]:
    """The rules that the template declares: where their conditions hold, they require, forbid or compare."""
    for rule, when, effects in _rules_for(case):
        if _applies(case, rule, when):
            asked = [ask for effect in effects for ask in EFFECTS[effect](case, rule)]
            seen = rule.beyond is None or is_beyond(rule.beyond, case.amount)
            yield from asked if seen else map(weaken, asked)


RULES: tuple[Callable[[Case], Iterator[Ask]], ...] = (
    own_without_text,
    missing_status,
    missing_required,
    answer_listed,
    declared_rules,
)
"""The function's name is the `rule` of what it asks for, except that a rule of the template has its own. A row
that nobody can place is judged by the first alone."""


def _rules_for(case: Case) -> tuple[Declared, ...]:
    """Return the rules that may hold, by the answer that most of them wait for: in most rows one or two."""
    shape = case.form.shape
    return shape.by_number.get(case.number(shape.awaited), shape.others) if shape.awaited else shape.others


def _applies(case: Case, rule: Rule, when: When) -> bool:
    for key, numbers in when:
        if case.number(key) not in numbers:
            return False
    if rule.passed and not _has_passed(case, rule.passed):
        return False
    if rule.beyond and not is_beyond(rule.beyond, case.understood_amount):
        return False
    if not (rule.filled or rule.blank):
        return True
    return all(map(case.is_filled, rule.filled)) and all(case.is_filled(key) is False for key in rule.blank)


def _has_passed(case: Case, key: str) -> bool:
    last = case.time(key)
    return last is not None and last < case.form.round.as_of

"""`Kvar att göra`: what a row still lacks, in words, as a live formula and as the same words worked out here.

The rules stand in `core/rules` and their words in `core/asking`; `check` finds the same rows wanting. Formulas use
what Excel 2010, Excel on the web and LibreOffice know, and lean on the helpers of the hidden sheet (`live.py`).
"""

from collections.abc import Iterator

from xlflow.core.asking import say_level, say_listed, say_missing, say_rule
from xlflow.core.model import Line
from xlflow.core.template import Field
from xlflow.core.words import say
from xlflow.generate import spell
from xlflow.generate.alike import once_alike
from xlflow.generate.conditions import (
    has_parts,
    is_empty,
    is_missing,
    is_unlisted,
    join_all,
    rule_asks,
    rule_holds,
)
from xlflow.generate.frame import Frame, quote
from xlflow.generate.live import NOTHING, on_live, own_levels, table_name

REMAINING = "remaining"

Asked = tuple[str, str]
"""What is asked, as a formula for the words, and the condition under which it is."""


# The words, worked out here -------------------------------------------------------------------------------


def say_remaining(frame: Frame, line: Line) -> str:
    """Return what a row still lacks, as its formula says it; "" if nothing."""
    return frame.remaining[line.id]


def count_done(frame: Frame) -> tuple[int, int]:
    """Return how many rows are done, and how many there are, as the counter says it."""
    lines = [line for line in (*frame.lines, *frame.own) if _is_used(frame, line)]
    done = [line for line in lines if not say_remaining(frame, line) and not _waits_for_activity(frame, line)]
    return len(done), len(lines)


def say_counter(frame: Frame) -> str:
    """Return "14 av 24 klara", or that there is nothing to report."""
    if frame.nothing:
        return say("nothing.label", frame.language)
    done, total = count_done(frame)
    return say("form.counter_one" if done == 1 else "form.counter", frame.language, done=done, total=total)


@once_alike
def longest_remaining(frame: Frame) -> str:
    """Return the longest of the sentences that a row may say, for which it must have room."""
    template, language = frame.template, frame.language
    rules = [rule for rule in template.rules if rule.counts]
    asked = [(rule, field) for rule in rules for field, _ in rule_asks(frame, rule, frame.free_row)]
    texts = [say_rule(rule, field, template, language) for rule, field in asked]
    return max((say("form.look_over", language), *texts), key=len)


def _is_used(frame: Frame, line: Line) -> bool:
    return bool(line.levels[frame.template.item].strip()) or bool(frame.asks[line.id])


def _waits_for_activity(frame: Frame, line: Line) -> bool:
    """Whether a sub-activity lacks nothing only because its untouched activity is asked first: not yet done."""
    status, kin = frame.template.field_in_role("status"), frame.kin[line.id]
    if status is None or kin.above is None or not status.required:
        return False
    told = (frame.answers.get(key, {}).get(status.key, "") for key in (line.id, kin.above, *kin.beside))
    return not any(text.strip() for text in told)


# The same as formulas -------------------------------------------------------------------------------------


@once_alike
def remaining_formula(frame: Frame, row: int) -> str:
    """Return the formula of the live column in a row: what its helper says."""
    return f"={on_live(frame.live.cell('left', row))}"


@once_alike
def left_formula(frame: Frame, row: int, *, free: bool) -> str:
    """Return the formula (without its =) of the helper that says what is left to do in a row of the form."""
    asked = _join([_ask(*pair) for pair in _group(_list_asked(frame, row))])
    copies = [frame.live.cell("copy", row, field.key) for field in frame.template.asked()]
    if free:
        item, *part = (frame.live.cell("copy", row, key) for key in own_levels(frame.template))
        touched = f'IF({spell.is_blank("&".join((*part, *copies)))},"",{_quote_level(frame)})'
        asked = f"IF({spell.is_blank(item)},{touched},{asked})"
    broken = ",".join(f"ISERROR({copy})" for copy in copies)
    look_over = quote(say("form.look_over", frame.language))
    silent = f"AND({table_name(NOTHING)},{spell.is_blank('&'.join(copies))})"
    return f'IFERROR(IF(OR({broken}),{look_over},IF({silent},"",{asked})),{look_over})'


def _quote_level(frame: Frame) -> str:
    return quote(say_level(frame.template, frame.language))


@once_alike
def counter_formula(frame: Frame) -> str:
    """Return the formula of "14 av 24 klara". What is done is counted once, since that takes long, and put between
    strokes, so that one that is done can be given words of its own."""
    item = frame.span(frame.template.levels[frame.template.item].key)
    left = frame.span(REMAINING)
    used = f"(((LEN(TRIM({item}))>0)+(LEN({left})>0))>0)"
    done = f"SUMPRODUCT({used}*(LEN({left})=0){_not_waiting(frame)})"
    language, total = frame.language, f'"&SUMPRODUCT({used}*1)&"'
    many, single = (say("form.counter", language, done=f"|{each}|", total=total) for each in (f'"&{done}&"', 1))
    one = say("form.counter_one", language, done=1, total=total)
    words = f'SUBSTITUTE(SUBSTITUTE("{many}","{single}","{one}"),"|","")'
    nothing = quote(say("nothing.label", language))
    return f"=IFERROR(IF({table_name(NOTHING)},{nothing},{words}),{quote(say('form.look_over', language))})"


def count_left(frame: Frame, sheet: str) -> str:
    """Return a formula (without its =) for another sheet: on how many rows something is left to do."""
    return f"SUMPRODUCT((LEN({sheet}{frame.span(REMAINING)})>0)*1)"


def count_told(frame: Frame, sheet: str) -> str:
    """Return a formula (without its =) for another sheet: how many answer cells say something."""
    spans = [f"{sheet}{frame.span(field.key)}" for field in frame.template.asked()]
    return "+".join(f"SUMPRODUCT((LEN(TRIM({span}))>0)*1)" for span in spans) or "0"


def _list_asked(frame: Frame, row: int) -> Iterator[Asked]:
    """Yield everything that may be asked in a row, in the order in which it is said."""
    template, language = frame.template, frame.language
    for field in template.asked():
        if field.required and field.role == "status":
            yield _words_for_status(frame, field, row), is_missing(frame, field, row)
    for field in template.asked():
        if field.required and field.role != "status":
            yield quote(say_missing(field, template, language)), is_empty(frame, field, row)
    for field in template.asked():
        unlisted = is_unlisted(frame, field, row)
        if unlisted:
            yield quote(say_listed(field, language)), unlisted
    for rule in template.rules:
        holds = list(rule_holds(frame, rule, row)) if rule.counts else []
        for field, amiss in rule_asks(frame, rule, row) if rule.counts else ():
            yield quote(say_rule(rule, field, template, language)), join_all(iter((*holds, amiss)))


def _words_for_status(frame: Frame, status: Field, row: int) -> str:
    one, either = (
        quote(say_missing(status, frame.template, frame.language, parts=parts)) for parts in (False, True)
    )
    return f"IF({has_parts(frame, row)},{either},{one})" if frame.live.has("kin") else one


def _group(asked: Iterator[Asked]) -> Iterator[tuple[str, list[str]]]:
    """Put together what is asked for in the same words, so that nothing is said twice."""
    grouped: dict[str, list[str]] = {}
    for words, condition in asked:
        grouped.setdefault(words, []).append(condition)
    return iter(grouped.items())


def _ask(words: str, conditions: list[str]) -> str:
    wanted = conditions[0] if len(conditions) == 1 else f"OR({','.join(conditions)})"
    return f'IF({wanted},{words},"")'


def _join(asked: list[str]) -> str:
    if len(asked) < 2:
        return asked[0] if asked else '""'
    return "TRIM(" + '&" "&'.join(asked) + ")"


def _not_waiting(frame: Frame) -> str:
    """Leave out the sub-activities of untouched activities, for which the activity is asked first."""
    status = frame.template.field_in_role("status")
    if status is None or not status.required or not frame.live.has("kin"):
        return ""
    kin = on_live(frame.live.span("kin", frame.last_row))
    number = on_live(frame.live.span("number", frame.last_row, status.key))
    return f'*(1-({kin}<0)*({number}=0)*(COUNTIFS({kin},-{kin},{number},"<>0")=0))'

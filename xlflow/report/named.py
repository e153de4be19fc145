"""The lists of the summary: which lines are done, deviate, are late or beyond a limit, each with time and reason.

A list that would fill pages is cut short and says so; nothing else is left out.
"""

from collections.abc import Callable, Iterator, Sequence

from xlflow.core.followed import Entry, Followed, Values
from xlflow.core.template import Choice, Field
from xlflow.core.words import say
from xlflow.report.amounts import Amounts, value_of
from xlflow.report.document import Block, Heading, Span, spell
from xlflow.report.wording import Speech, label_of, list_lines, name_line, shorten


def deviates_by_status(entry: Entry, followed: Followed) -> bool:
    """Return whether a line stands in a status that the template calls a deviation."""
    choice = followed.choices.get(entry.code or "")
    return choice is not None and choice.deviation


def name_lines(followed: Followed, speech: Speech, *, lists: bool) -> Iterator[Block]:
    """Yield what is done and, with `lists`, what deviates and what is late, a list for each status."""
    for choice in followed.choices.values():
        if choice.settled and not choice.deviation:
            named = [
                (spell(name_line(entry.line, followed.template)))
                for entry in followed.items
                if entry.code == choice.code
            ]
            yield from _list_under(choice.label.say(speech.language), named, speech)
    if not lists:
        return
    for choice in followed.choices.values():
        if choice.deviation:
            named = list(_tell_deviations(choice, followed, speech))
            yield from _list_under(choice.label.say(speech.language), named, speech)
    late = [entry for entry in followed.items if entry.overdue and not deviates_by_status(entry, followed)]
    yield from _list_under(
        speech.say("late_heading"), [_tell_late(entry, followed, speech) for entry in late], speech
    )


def name_beyond(followed: Followed, speech: Speech) -> Iterator[Block]:
    """Yield the lines with an amount beyond a limit of the template, a list for each such amount."""
    for field in followed.limited:
        found = [entry for entry in followed.items if field in followed.find_beyond(entry)]
        title = say("consolidated.beyond", speech.language, field=label_of(field.label, speech.language))
        yield from _list_under(title, [_tell_amount(entry, field, followed, speech) for entry in found], speech)


def _tell_amount(entry: Entry, field: Field, followed: Followed, speech: Speech) -> tuple[Span, ...]:
    units = f" ({', '.join(entry.line.units)})" if len(followed.asked) > 1 and entry.line.units else ""
    amount = Amounts(followed).show(value_of(entry, field), field)
    reason = shorten(_answer_in_role(entry.answers, "comment", followed)) or speech.say("no_reason")
    name = Span(f"{name_line(entry.line, followed.template)}{units}", strong=True)
    return (name, *spell(f". {label_of(field.label, speech.language)}: {amount}. {reason}"))


def _list_under(title: str, items: Sequence[tuple[Span, ...]], speech: Speech) -> Iterator[Block]:
    if items:
        yield Heading(2, title, listed=False)
        yield from list_lines(items, speech)


def _tell_deviations(choice: Choice, followed: Followed, speech: Speech) -> Iterator[tuple[Span, ...]]:
    """Yield a sentence per line in a status: sub-activities for themselves, the activity if none of them is."""
    for item in followed.items:
        parts = [part for part in followed.parts[item.line.id] if part.code == choice.code and not part.follows]
        own = item.code == choice.code and (not parts or bool(item.replies) or _answered_itself(item, followed))
        if own:
            yield _tell_one(item, choice, followed, speech)
        for part in parts:
            yield _tell_one(part, choice, followed, speech)


def _answered_itself(item: Entry, followed: Followed) -> bool:
    return followed.status is not None and followed.status.key in item.answers


def _tell_one(entry: Entry, choice: Choice, followed: Followed, speech: Speech) -> tuple[Span, ...]:
    name = Span(name_line(entry.line, followed.template), strong=True)
    told = [(reply.unit, reply.answers) for reply in entry.replies if reply.code == choice.code]
    if not told:
        return (name, *spell(f". {_explain(entry.answers, entry, choice, followed, speech)}"))
    said = (f"{unit}: {_explain(answers, entry, choice, followed, speech)}" for unit, answers in told)
    return (name, *spell(f". {' '.join(said)}"))


def _explain(answers: Values, entry: Entry, choice: Choice, followed: Followed, speech: Speech) -> str:
    """Return to when and why, in words."""
    role: Callable[[str], str] = lambda name: _answer_in_role(answers, name, followed)  # noqa: E731
    new, reason = role("new_deadline"), shorten(role("comment"))
    old = _answer_in_role(entry.given, "deadline", followed)
    told = []
    if new:
        told.append(speech.say("moved", new=new, old=old) if old else speech.say("moved_only", new=new))
    elif _asks_new_time(choice, followed):
        told.append(speech.say("no_new_time"))
    told.append(reason or speech.say("no_reason"))
    return " ".join(told)


def _tell_late(entry: Entry, followed: Followed, speech: Speech) -> tuple[Span, ...]:
    mark = speech.mark(entry.code, entry.status)
    time = _answer_in_role(entry.answers, "new_deadline", followed) or _answer_in_role(
        entry.given, "deadline", followed
    )
    name = Span(name_line(entry.line, followed.template), strong=True)
    return (name, *spell(f". {speech.say('late_since', time=time, status=mark.word)}"))


def _asks_new_time(choice: Choice, followed: Followed) -> bool:
    """Return whether the template's rules require a new deadline for a status."""
    new, status = followed.template.field_in_role("new_deadline"), followed.status
    if new is None or status is None:
        return False
    rules = followed.template.rules
    return any(new.key in rule.require and choice.code in rule.when.get(status.key, ()) for rule in rules)


def _answer_in_role(values: Values, role: str, followed: Followed) -> str:
    field = followed.template.field_in_role(role)
    return str(values.get(field.key, "")) if field else ""

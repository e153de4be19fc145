"""The end of the report: what was asked of whom, who did not answer, and what the statuses mean."""

from collections.abc import Iterator

from xlflow.core.followed import Asked, Followed
from xlflow.core.words import say
from xlflow.report.document import Block, Bullets, Cell, Column, Heading, Paragraph, Row, Span, Table, spell
from xlflow.report.wording import Speech, first_line, first_sentence, join_words, list_lines


def make_end(followed: Followed, speech: Speech) -> Iterator[Block]:
    """Yield who was asked and answered, what nobody answered, and how to read the statuses."""
    if followed.asked:
        yield Heading(1, speech.say("asked"))
        yield Paragraph(spell(_tell_answered(followed, speech)))
        if len(followed.asked) > 1:
            yield _make_table(followed, speech)
        yield from _name_unanswered(followed, speech)
    yield from _explain_statuses(followed, speech)


def _tell_answered(followed: Followed, speech: Speech) -> str:
    missing = [each.unit for each in followed.asked if not each.answered]
    answered, whole = len(followed.asked) - len(missing), len(followed.asked)
    if whole == 1:
        return speech.say("unit_silent" if missing else "unit_answered", unit=followed.asked[0].unit)
    if not missing:
        return speech.say("all_answered", count=whole)
    names = join_words(missing, speech.language)
    return speech.say("some_answered", answered=answered, whole=whole, units=names)


def _make_table(followed: Followed, speech: Speech) -> Table:
    language = speech.language
    headings = (say("collected.answer", language), speech.items.capitalize(), say("overview.unanswered", language))
    return Table(
        caption=speech.say("asked_caption"),
        description=speech.say("asked_description", items=speech.items),
        columns=(
            Column(say("column.unit", language), 3.4),
            Column(headings[0], 1.2),
            Column(headings[1], 1.2, "end"),
            Column(headings[2], 1.4, "end"),
        ),
        groups=tuple((_make_row(each, speech),) for each in followed.asked),
    )


def _make_row(each: Asked, speech: Speech) -> Row:
    states = (
        ("nothing.label", each.nothing),
        ("collected.answered", each.answered),
        ("collected.blank", each.blank),
    )
    word = next((word for word, holds in states if holds), "collected.missing")
    state = Paragraph(spell(say(word, speech.language), strong=not each.answered))
    figures = (Cell((Paragraph(spell(str(count))),), side="end") for count in (each.items, each.unanswered))
    return Row((Cell((Paragraph(spell(each.unit)),), head=True), Cell((state,)), *figures))


def _name_unanswered(followed: Followed, speech: Speech) -> Iterator[Block]:
    """Yield the activities that have no status from anybody."""
    item = followed.template.item
    blank = [entry for entry in followed.items if not followed.is_answered(entry)]
    if not blank:
        return
    yield Heading(2, speech.say("unanswered", items=speech.items), listed=False)
    lines = []
    for entry in blank:
        units = f" ({', '.join(entry.line.units)})" if len(followed.asked) > 1 and entry.line.units else ""
        lines.append(spell(f"{first_line(entry.line.levels[item])}{units}"))
    yield from list_lines(lines, speech)


def _explain_statuses(followed: Followed, speech: Speech) -> Iterator[Block]:
    """Yield what each status means; what its help goes on to ask of whoever chooses it is left out."""
    told = [
        (
            Span(f"{choice.label.say(speech.language)}: ", strong=True),
            *spell(first_sentence(choice.help.say(speech.language))),
        )
        for choice in followed.choices.values()
        if choice.help
    ]
    if told:
        yield Heading(1, speech.say("meaning"))
        yield Bullets(tuple(told))

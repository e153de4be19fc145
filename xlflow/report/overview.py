"""The summary of the report: figures, charts, the tables behind them, and what is done, delayed and cancelled.

Counts activities by the status that the consolidated workbook shows, so that both come to the same.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from xlflow.core.followed import Entry, Followed
from xlflow.core.layout import in_sentence
from xlflow.core.sentences import count_lines, tell_overdue
from xlflow.core.words import say
from xlflow.report.amounts import Amounts
from xlflow.report.charts import Bar, Part, draw_bars
from xlflow.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Figures,
    Heading,
    Mark,
    Paragraph,
    Picture,
    Row,
    Table,
    spell,
)
from xlflow.report.lines import Group, group_entries
from xlflow.report.named import deviates_by_status, name_beyond, name_lines
from xlflow.report.since import make_since
from xlflow.report.wording import Speech, label_of

MOST_BARS = 20
"""Bars that one chart shows; more groups are left to the table below it."""


def make_overview(followed: Followed, speech: Speech, *, lists: bool) -> Iterator[Block]:
    """Yield the summary; `lists`: also name every line that is done or deviates, with its reason."""
    yield Heading(1, speech.say("summary"))
    yield Paragraph(spell(" ".join(filter(None, _tell_state(followed, speech)))), "lead")
    yield Figures(tuple(_pick_figures(followed, speech)))
    yield from _add_amounts(followed, speech)
    if lists:
        yield from name_beyond(followed, speech)
    if followed.status and followed.items:
        yield from _draw_charts(followed, speech)
        yield _count_table(followed, speech)
        yield from make_since(followed, speech, lists=lists)
        yield from name_lines(followed, speech, lists=lists)


# In one paragraph -----------------------------------------------------------------------------------------


def _tell_state(followed: Followed, speech: Speech) -> Iterator[str]:
    level, language = followed.template.levels[followed.template.item], speech.language
    if followed.status is None:
        yield speech.say("followed", items=count_lines(len(followed.items), level, language))
        return
    yield speech.tell_statuses(followed.items, level)
    yield tell_overdue(sum(entry.overdue for entry in followed.items), level, language)


def _pick_figures(followed: Followed, speech: Speech) -> Iterator[Figure]:
    items = followed.items
    yield Figure(str(len(items)), speech.vary("figure_followed", len(items), items=speech.items, item=speech.item))
    done = next((each for each in followed.choices.values() if each.settled and not each.deviation), None)
    if done:
        label = speech.say("figure_status", status=done.label.say(speech.language))
        yield Figure(str(sum(entry.code == done.code for entry in items)), label)
    if followed.status:
        yield Figure(
            str(sum(deviates_by_status(entry, followed) for entry in items)), speech.say("figure_deviating")
        )
    for field in followed.limited:
        count = sum(field in followed.find_beyond(entry) for entry in items)
        label = in_sentence(field.label, speech.language)
        yield Figure(
            str(count), speech.vary("figure_beyond", count, field=label, item=speech.item, items=speech.items)
        )
    if followed.template.field_in_role("deadline"):
        yield Figure(str(sum(entry.overdue for entry in items)), speech.say("figure_late"))
    if len(followed.asked) > 1:
        answered = sum(each.answered for each in followed.asked)
        value = speech.say("figure_of", part=answered, whole=len(followed.asked))
        yield Figure(value, speech.say("figure_units"))


def _add_amounts(followed: Followed, speech: Speech) -> Iterator[Block]:
    """Yield what the amounts of each group come to, where the template asks for any."""
    amounts, groups = Amounts(followed), _first_groups(followed)
    if not amounts.fields or not followed.items:
        return
    level = _level_name(followed, speech)
    fields = amounts.fields
    yield Table(
        caption=speech.say("sum_caption", level=level),
        description=speech.say("sum_description", level=level),
        columns=(
            Column(level[:1].upper() + level[1:], 1.7),
            *(Column(label_of(field.label, speech.language), 1, "end") for field in fields),
        ),
        groups=tuple((_sum_row(group.name, group.entries, amounts, strong=False),) for group in groups),
        total=(_sum_row(speech.say("total"), followed.items, amounts, strong=True),) if len(groups) > 1 else (),
        dense=True,
    )
    if amounts.lacks_amounts(followed.items):
        yield Paragraph(spell(say("overview.left_out", speech.language)), "quiet")


def _sum_row(label: str, entries: Sequence[Entry], amounts: Amounts, *, strong: bool) -> Row:
    name = Cell((Paragraph(spell(label, strong=strong)),), head=True)
    return Row((name, *amounts.total_cells(entries, strong=strong)))


# Charts and the table behind them -------------------------------------------------------------------------


def _draw_charts(followed: Followed, speech: Speech) -> Iterator[Picture]:
    counts = _count(followed.items, speech)
    caption = speech.say("chart_status", items=speech.items)
    bars = [Bar(mark.word, (Part(mark, count),)) for mark, count in counts]
    told = "; ".join(f"{mark.word} {count}" for mark, count in counts)
    yield draw_bars(bars, caption, f"{caption}. {told}.", legend=False)
    groups = _first_groups(followed)
    if 1 < len(groups) <= MOST_BARS:
        caption = speech.say("chart_group", items=speech.items, level=_level_name(followed, speech))
        bars = [Bar(group.name, _parts(group.entries, speech)) for group in groups]
        told = " ".join(_tell_bar(bar) for bar in bars)
        yield draw_bars(bars, caption, f"{caption}. {told}", legend=True)


def _parts(entries: Sequence[Entry], speech: Speech) -> tuple[Part, ...]:
    return tuple(Part(mark, count) for mark, count in _count(entries, speech))


def _tell_bar(bar: Bar) -> str:
    return f"{bar.label}: {', '.join(f'{part.mark.word} {part.count}' for part in bar.parts if part.count)}."


def _count_table(followed: Followed, speech: Speech) -> Table:
    """Return how many activities of each group stand in each status that occurs."""
    groups = _first_groups(followed)
    marks = [mark for mark, count in _count(followed.items, speech) if count]
    timed = followed.template.field_in_role("deadline") is not None
    headings = [
        *(mark.word for mark in marks),
        speech.say("total"),
        *([speech.say("late_heading")] if timed else []),
    ]
    level = _level_name(followed, speech)
    return Table(
        caption=speech.say("count_caption", items=speech.items, level=level),
        description=speech.say("count_description", level=level),
        columns=(Column(level[:1].upper() + level[1:], 1.7), *(Column(heading, 1, "end") for heading in headings)),
        groups=tuple((_count_row(group.name, group.entries, marks, speech, timed=timed),) for group in groups),
        total=(_count_row(speech.say("total"), followed.items, marks, speech, timed=timed),)
        if len(groups) > 1
        else (),
        dense=True,
    )


def _count_row(label: str, entries: Sequence[Entry], marks: Sequence[Mark], speech: Speech, *, timed: bool) -> Row:
    counts = dict(_count(entries, speech))
    late = [sum(entry.overdue for entry in entries)] if timed else []
    figures = [*(counts[mark] for mark in marks), len(entries), *late]
    cells = (Cell((Paragraph(spell(str(figure))),), side="end") for figure in figures)
    return Row((Cell((Paragraph(spell(label)),), head=True), *cells))


def _count(entries: Sequence[Entry], speech: Speech) -> list[tuple[Mark, int]]:
    """Return how many lines stand in each status; one that the template does not know comes last."""
    found = [speech.mark(entry.code, entry.status) for entry in entries]
    every = dict.fromkeys(chain(speech.marks, found))
    return [(mark, found.count(mark)) for mark in every]


def _first_groups(followed: Followed) -> tuple[Group, ...]:
    return group_entries(followed.items, followed, depth=0)


def _level_name(followed: Followed, speech: Speech) -> str:
    label = followed.template.levels[0].label.say(speech.language)
    return label[:1].lower() + label[1:]

"""The columns of the tables of activities and what stands in their cells, whatever fields the template declares.

Activity, deadline with the new one below it, status, amounts, comment. What else was asked stands in the cell of
the comment under its own label, so that a table never grows wider than its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from xlflow.core.followed import Entry, Followed, Reply, Values
from xlflow.core.template import Field
from xlflow.core.words import say
from xlflow.report.amounts import Amounts, value_of
from xlflow.report.document import Bullets, Cell, Column, Mark, Paragraph, Span, cell_texts, spell
from xlflow.report.wording import Speech, label_of, to_blocks

ITEM, TIME, STATUS, NUMBER, COMMENT = 4.0, 2.0, 2.2, 2.0, 4.3
"""Shares of the table's width."""

ITEM_BESIDE_AMOUNTS = 2.6

LETTERS, NARROW_LETTERS = 20, 11
"""Letters that a word may have and still fit a column, and a narrow one (a time, a goal)."""

MOST_AMOUNTS = 3
"""Columns of amounts that leave room for one with comments."""

MANY_PARTS = 4
"""Sub-activities from which on a sentence below their activity counts them."""

MOST_UNITS = 3
"""Units that are named below an activity; of more it is said how many."""

Content = tuple[Paragraph | Bullets | Mark, ...]


@dataclass(frozen=True)
class Layer:
    """What every row of a report's tables needs: the round, its words, and which field goes into which column."""

    followed: Followed
    speech: Speech

    @cached_property
    def time(self) -> Field | None:
        """The field for the deadline."""
        return self.followed.template.field_in_role("deadline")

    @cached_property
    def new_time(self) -> Field | None:
        """The field for the new deadline."""
        return self.followed.template.field_in_role("new_deadline")

    @cached_property
    def comment(self) -> Field | None:
        """The field for the comment."""
        return self.followed.template.field_in_role("comment")

    @cached_property
    def amounts(self) -> Amounts:
        """The amounts, if the template asks for any."""
        return Amounts(self.followed)

    @cached_property
    def remarks_below(self) -> bool:
        """Whether there are so many amounts that comments stand on rows of their own below them."""
        return len(self.amounts.fields) > MOST_AMOUNTS

    @cached_property
    def others(self) -> tuple[Field, ...]:
        """The fields that have no column of their own."""
        known = {self.time, self.new_time, self.comment, self.followed.status, *self.amounts.fields}
        return tuple(field for field in self.followed.template.fields if field not in known)

    def label(self, field: Field) -> str:
        """Return a field's heading."""
        return label_of(field.label, self.speech.language)

    def part_rows(self, item: Entry) -> tuple[Entry, ...]:
        """Return the sub-activities that get a row each: all of them, if any has something of its own to tell."""
        parts = self.followed.parts.get(item.line.id, ())
        return parts if any(_tells_itself(part) for part in parts) else ()

    def part_bullets(self, item: Entry) -> tuple[Entry, ...]:
        """Return the sub-activities that are only named below their activity."""
        return () if self.part_rows(item) else self.followed.parts.get(item.line.id, ())


def make_columns(layer: Layer) -> tuple[Column, ...]:
    """Return the columns from the activity on."""
    return tuple(_list_columns(layer))


def make_cells(entry: Entry, layer: Layer) -> tuple[Cell, ...]:
    """Return the cells of one line, in the order of the columns."""
    return tuple(_list_cells(entry, layer))


def break_words(cell: Cell, letters: int = LETTERS) -> Cell:
    """Return a cell that says whether it holds a word of more letters than its column may have room for."""
    words = (word for text in cell_texts(cell) if len(text) > letters for word in text.split())
    return replace(cell, broken=True) if any(len(word) > letters for word in words) else cell


def total_cells(entries: Sequence[Entry], layer: Layer) -> tuple[Cell, ...]:
    """Return the cells of a row of sums."""
    label = Cell((Paragraph(spell(layer.speech.say("total"), strong=True)),), head=True)
    blank = [Cell() for field in (layer.time, layer.followed.status) if field]
    rest = (Cell(),) if has_remarks(layer) and not layer.remarks_below else ()
    return (label, *blank, *layer.amounts.total_cells(entries), *rest)


def has_remarks(layer: Layer) -> bool:
    """Return whether there is anything that stands in the last column: comments, or what has no column."""
    return bool(layer.comment or layer.others)


# Columns --------------------------------------------------------------------------------------------------


def _list_columns(layer: Layer) -> Iterator[Column]:
    template = layer.followed.template
    share = ITEM_BESIDE_AMOUNTS if layer.remarks_below else ITEM
    yield Column(label_of(template.levels[template.item].label, layer.speech.language), share)
    if layer.time:
        yield Column(layer.label(layer.time), TIME)
    if layer.followed.status:
        yield Column(layer.label(layer.followed.status), STATUS)
    yield from (Column(layer.label(field), NUMBER, "end") for field in layer.amounts.fields)
    if has_remarks(layer) and not layer.remarks_below:
        yield Column(layer.label(layer.comment) if layer.comment else layer.speech.say("answers"), COMMENT)


def _list_cells(entry: Entry, layer: Layer) -> Iterator[Cell]:
    part = layer.followed.template.part
    deep = part is not None and bool(entry.line.levels[part])
    yield break_words(Cell(tuple(_tell_line(entry, layer, deep=deep)), head=True, deep=deep))
    if layer.time:
        yield break_words(Cell(tuple(_tell_time(entry, layer))), NARROW_LETTERS)
    if layer.followed.status:
        yield Cell(tuple(_tell_status(entry, layer)))
    for field in layer.amounts.fields:
        text = layer.amounts.show(value_of(entry, field), field)
        yield Cell((Paragraph(spell(text)),) if text else (), side="end")
    if has_remarks(layer):
        yield break_words(Cell(tuple(_tell_remarks(entry, layer))))


# Cells ----------------------------------------------------------------------------------------------------


def _tell_line(entry: Entry, layer: Layer, *, deep: bool) -> Iterator[Paragraph | Bullets]:
    template, levels = layer.followed.template, entry.line.levels
    if deep and template.part is not None:
        yield from to_blocks(levels[template.part])
        return
    yield from to_blocks(levels[template.item])
    parts = layer.part_bullets(entry)
    if parts and template.part is not None:
        yield Bullets(tuple(spell(" ".join(part.line.levels[template.part].split())) for part in parts))
    rows = layer.part_rows(entry)
    if len(rows) >= MANY_PARTS and template.part is not None and layer.followed.status:
        told = layer.speech.tell_statuses(rows, template.levels[template.part])
        yield Paragraph(spell(told), "quiet")
    below = " · ".join(_tell_below(entry, layer))
    if below:
        yield Paragraph(spell(below), "quiet")


def _tell_below(entry: Entry, layer: Layer) -> Iterator[str]:
    """Yield what stands in small letters below an activity: who is asked, what it continues from."""
    units = entry.line.units
    if len(layer.followed.asked) > 1 and units:
        yield ", ".join(units) if len(units) <= MOST_UNITS else layer.speech.say("units", count=len(units))
    if entry.line.own:
        yield say("consolidated.from_unit", layer.speech.language)
    if entry.line.continues_from:
        yield layer.speech.say("continues", origin=entry.line.continues_from)


def _tell_time(entry: Entry, layer: Layer) -> Iterator[Paragraph]:
    if layer.time:
        yield from (Paragraph(spell(line)) for line in _lines(str(value_of(entry, layer.time))))
    new = str(value_of(entry, layer.new_time)) if layer.new_time and not entry.replies else ""
    if new and layer.new_time:
        yield Paragraph(spell(f"{layer.label(layer.new_time)}:"), "quiet")
        yield Paragraph(spell(" ".join(new.split()), strong=True))
    if entry.overdue:
        yield Paragraph(spell(layer.speech.say("late_here")), "quiet")


def _tell_status(entry: Entry, layer: Layer) -> Iterator[Paragraph | Mark]:
    mark = layer.speech.mark_of(entry)
    yield mark or Paragraph(spell(layer.speech.see_item()), "quiet")


def _tell_remarks(entry: Entry, layer: Layer) -> Iterator[Paragraph | Bullets]:
    if not entry.replies:
        yield from _tell_answers(entry.answers, layer)
        return
    for reply in entry.replies:
        yield from _tell_reply(reply, entry, layer)


def _tell_reply(reply: Reply, entry: Entry, layer: Layer) -> Iterator[Paragraph | Bullets]:
    """Yield what one of several units said: its name, its status where that differs, its new time, its comment."""
    new = str(reply.answers.get(layer.new_time.key, "")) if layer.new_time else ""
    differs = reply.status and not reply.follows and reply.code != entry.code
    lead = [
        *([reply.status] if differs else []),
        *([f"{layer.label(layer.new_time)}: {new}"] if new and layer.new_time else []),
    ]
    told = list(_tell_answers(reply.answers, layer))
    if not lead and not told:
        return
    head = (Span(f"{reply.unit}: ", strong=True), *spell(f"{', '.join(lead)}. " if lead else ""))
    if told and isinstance(told[0], Paragraph):
        yield Paragraph((*head, *told[0].spans))
        yield from told[1:]
    else:
        yield Paragraph(head)
        yield from told


def _tell_answers(answers: Values, layer: Layer) -> Iterator[Paragraph | Bullets]:
    if layer.comment:
        yield from to_blocks(str(answers.get(layer.comment.key, "")))
    for field in layer.others:
        text = str(answers.get(field.key, ""))
        if text:
            yield Paragraph((Span(f"{layer.label(field)}: "), Span(" ".join(text.split()))))


# Values ---------------------------------------------------------------------------------------------------


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _tells_itself(part: Entry) -> bool:
    return bool(part.code or part.status or part.given or part.answers or part.replies) and not (
        part.follows and not part.given and not part.answers
    )

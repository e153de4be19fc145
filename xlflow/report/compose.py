"""Puts the report together: what the consolidated workbook says -> one document, the same for every format.

Also numbers the captions and gives every heading its address, so that no writer has to.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xlflow.core.followed import Followed, only_deviations, only_unit
from xlflow.core.layout import in_sentence
from xlflow.core.words import format_day
from xlflow.report.asked import make_end
from xlflow.report.document import Block, Document, Heading, Mark, Paragraph, Picture, Row, Table, spell
from xlflow.report.follow_up import Layout, make_body
from xlflow.report.overview import make_overview
from xlflow.report.wording import Speech, join_words, to_blocks

LONG_ENOUGH = 12
"""Activities from which on a report has a table of contents."""

FRESH_ROWS = 60
"""Rows that the chapters of a report have on average for each to begin on a page of its own."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a report is to show: the layout, only what deviates, one unit's part, an introduction of one's own."""

    layout: Layout = "heading"
    only: Literal["deviations"] | None = None
    unit: str = ""
    introduction: tuple[Block, ...] = ()


def compose_report(followed: Followed, wish: Wish) -> Document:
    """Return the whole report. Whoever asks for a unit has made sure that the plan knows it."""
    told = only_unit(followed, wish.unit) if wish.unit else followed
    speech = Speech(told)
    shown = only_deviations(told) if wish.only else told
    blocks = tuple(_finish(tuple(_make_blocks(told, shown, wish, speech)), speech))
    headings = [block for block in blocks if isinstance(block, Heading)]
    long = len(shown.items) >= LONG_ENOUGH
    return Document(
        title=_title(told, speech),
        subtitle=_subtitle(told, wish),
        language=speech.language,
        day=told.as_of,
        blocks=blocks,
        items=speech.items,
        contents=tuple(heading for heading in headings if heading.listed and heading.level <= 2) if long else (),
        body=_find_body(blocks),
        filters=tuple(_count_filters(blocks, speech)),
    )


def _make_blocks(told: Followed, shown: Followed, wish: Wish, speech: Speech) -> Iterator[Block]:
    yield from wish.introduction or _introduce(told, speech)
    yield from make_overview(told, speech, lists=not wish.only)
    if wish.only:
        yield Heading(1, speech.say("deviations"))
        yield Paragraph(spell(_tell_share(told, len(shown.items), speech)))
    yield from make_body(shown, speech, wish.layout, whole=not wish.only)
    yield from make_end(told, speech)


def _tell_share(told: Followed, count: int, speech: Speech) -> str:
    """Return what is shown where only that is which deviates, and how much of the whole it is."""
    counts = {"count": count, "whole": len(told.items), "items": speech.items}
    if told.status or not told.limited:
        return speech.say("only_deviations", **counts)
    fields = join_words([in_sentence(field.label, speech.language) for field in told.limited], speech.language)
    return speech.say("only_beyond", field=fields, **counts)


def _introduce(followed: Followed, speech: Speech) -> Iterator[Block]:
    template = followed.template
    text = template.introduction.say(speech.language) if template.introduction else ""
    yield from to_blocks(text.replace("{day}", format_day(followed.as_of, speech.language)))


def _title(followed: Followed, speech: Speech) -> str:
    title, day = followed.template.title.say(speech.language), format_day(followed.as_of, speech.language)
    return speech.say("title", title=title, day=day.replace(" ", "\u00a0"))


def _subtitle(followed: Followed, wish: Wish) -> str:
    return " – ".join(part for part in (followed.title, wish.unit) if part)


# What no writer has to do ---------------------------------------------------------------------------------


def _finish(blocks: Sequence[Block], speech: Speech) -> Iterator[Block]:
    tables, pictures, anchors = 0, 0, set[str]()
    fresh = _has_long_chapters(blocks)
    for block in blocks:
        if isinstance(block, Heading):
            anchor = _name_anchor(block.text, anchors)
            anchors.add(anchor)
            yield replace(block, anchor=anchor, fresh=fresh and block.level == 1)
        elif isinstance(block, Table):
            tables += 1
            yield replace(block, caption=speech.say("table", number=tables, caption=block.caption))
        elif isinstance(block, Picture):
            pictures += 1
            yield replace(block, caption=speech.say("chart", number=pictures, caption=block.caption))
        else:
            yield block


def _has_long_chapters(blocks: Sequence[Block]) -> bool:
    rows = sum(1 for block in blocks if isinstance(block, Table) for _ in block.rows)
    return rows > FRESH_ROWS * sum(isinstance(block, Heading) and block.level == 1 for block in blocks)


def _name_anchor(text: str, taken: set[str]) -> str:
    """Return an address made of the heading's letters, none twice."""
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    base = "-".join(words)[:60].strip("-") or "del"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name


def _find_body(blocks: Sequence[Block]) -> str:
    """Return the address of the widest heading above the first table whose rows can be filtered."""
    anchor = ""
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            anchor = block.anchor
        elif isinstance(block, Table) and any(row.code for row in block.rows):
            return anchor
    return ""


def _count_filters(blocks: Sequence[Block], speech: Speech) -> Iterator[tuple[Mark, int]]:
    rows: list[Row] = [
        row for block in blocks if isinstance(block, Table) for row in block.rows if row.code and not row.more
    ]
    for mark in speech.marks:
        count = sum(row.code == mark.code for row in rows)
        if count:
            yield mark, count

"""The body of the report: under each perspective and overall goal the board goals with their activities.

Two layouts. `heading`: the board goal is a heading with its definition, and a simple table below it. `merged`: one
table per overall goal, in which the board goal is a cell beside all of its activities, as in reports made by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xlflow.core.followed import Entry, Followed
from xlflow.report.columns import Layer, make_columns, total_cells
from xlflow.report.document import Block, Cell, Column, Heading, Paragraph, Row, Table, spell
from xlflow.report.lines import Group, goal_depth, group_entries
from xlflow.report.rows import make_rows
from xlflow.report.wording import Speech, first_line, label_of, to_blocks

Layout = Literal["heading", "merged"]

GOAL_SHARE, NARROW_GOAL = 2.8, 1.7
"""The share of the table's width that a board goal's cell takes; less beside many amounts."""


@dataclass(frozen=True)
class _Plan:
    """What the body is made from and how; `whole`: nothing is left out, so that groups may be counted."""

    followed: Followed
    speech: Speech
    layout: Layout
    whole: bool


def make_body(followed: Followed, speech: Speech, layout: Layout, *, whole: bool) -> Iterator[Block]:
    """Yield everything under the perspectives, in the plan's order; `whole`: no activity has been left out."""
    goal = goal_depth(followed)
    if goal is not None:
        yield from _walk_levels(followed.items, 0, goal, _Plan(followed, speech, layout, whole))
    elif followed.items:
        yield Heading(1, _capital(speech.items))
        yield _make_table("", [(None, followed.items)], followed, speech)


def _walk_levels(entries: Sequence[Entry], depth: int, goal: int, plan: _Plan) -> Iterator[Block]:
    """Yield the headings above the goals, and under the last of them its goals."""
    groups = group_entries(entries, plan.followed, depth)
    if depth < goal:
        for group in groups:
            yield from _head(group, plan)
            yield from _walk_levels(group.entries, depth + 1, goal, plan)
    elif plan.layout == "heading":
        yield from _make_headed(groups, plan)
    elif groups:
        yield from () if depth else (Heading(1, _capital(plan.speech.items)),)
        name, parts = _table_name(groups[0], depth), [(group, group.entries) for group in groups]
        yield _make_table(name, parts, plan.followed, plan.speech)


def _head(group: Group, plan: _Plan) -> Iterator[Block]:
    """Yield a group's heading, below the first level after the level's name, and its definition; a blank text of a
    narrower level has none, since that above it stands for it."""
    if group.blank and group.depth:
        return
    speech, template = plan.speech, plan.followed.template
    label = label_of(template.levels[group.depth].label, speech.language)
    text = speech.say("group_heading", level=label, name=group.name) if group.depth else group.name
    yield Heading(group.depth + 1, text)
    for block in to_blocks(group.definition, "definition"):
        yield replace(block, close=True)
    if not group.depth and plan.followed.status and plan.whole:
        told = speech.tell_statuses(group.entries, template.levels[template.item])
        yield Paragraph(spell(told), close=True)


def _make_headed(groups: Sequence[Group], plan: _Plan) -> Iterator[Block]:
    for group in groups:
        yield from _head(group, plan)
        yield _make_table(_table_name(group), [(None, group.entries)], plan.followed, plan.speech)


def _table_name(group: Group, above: int | None = None) -> str:
    """Return the narrowest text that stands above a group's lines (of the `above` widest levels, if given)."""
    levels = group.entries[0].line.levels[: group.depth + 1 if above is None else above]
    return first_line(next(filter(None, reversed(levels)), ""))


def _make_table(
    name: str, parts: Sequence[tuple[Group | None, Sequence[Entry]]], followed: Followed, speech: Speech
) -> Table:
    layer = Layer(followed, speech)
    merged = parts[0][0] is not None
    entries = [entry for _, found in parts for entry in found]
    goal = followed.template.levels[followed.template.item - 1].label if merged else None
    first = (
        (Column(label_of(goal, speech.language), NARROW_GOAL if layer.remarks_below else GOAL_SHARE),)
        if goal
        else ()
    )
    caption = (
        speech.say("table_caption", items=_capital(speech.items), name=name) if name else _capital(speech.items)
    )
    return Table(
        caption=caption,
        description=speech.say(
            "merged_description" if merged else "table_description", item=speech.item, items=speech.items
        ),
        columns=(*first, *make_columns(layer)),
        groups=tuple(make_rows(group, found, layer) for group, found in parts),
        total=_make_total(entries, layer, merged=merged),
        dense=layer.remarks_below,
        parted=merged,
    )


def _make_total(entries: Sequence[Entry], layer: Layer, *, merged: bool) -> tuple[Row, ...]:
    if not layer.amounts.fields or len(entries) < 2:
        return ()
    cells = total_cells(entries, layer)
    return (Row(((Cell(),) if merged else ()) + cells),)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

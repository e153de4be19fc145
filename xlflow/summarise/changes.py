"""What has changed since the previous round: one row per line, then and now side by side.

Only what has changed is listed. What counts as a change is decided by `core.changes`; here it is put into words.
"""

from collections.abc import Iterator, Mapping, Sequence

from xlflow.core.changes import Change, Snapshot, State
from xlflow.core.model import Cell, Deadline, Grid, GridColumn, Line
from xlflow.core.template import Level
from xlflow.core.words import say
from xlflow.summarise.material import Material, Standing
from xlflow.summarise.wording import first_spellings, name_columns, show_given, show_standing, show_together

KIND = "_change"
FLAGS = ("status", "time", "comment")
"""What the last columns tell with a Yes: that there is another status, time or comment than then."""

_WIDTHS: Mapping[str, int] = {"_id": 11, "_unit": 18, KIND: 18, "_how": 12, "_id_before": 11}
_TIME, _COMMENT, _FLAG = 14, 30, 9


def stand_now(material: Material) -> Snapshot:
    """Return where all lines stand in this round."""
    states = [_state_of(line, material) for line in material.lines]
    return Snapshot(states, material.template, material.merged.round.as_of)


def make_changes(material: Material, changes: Sequence[Change], before: Snapshot) -> Grid:
    """Return one row per line in which anything has changed, the most important kinds first."""
    spelt = first_spellings(text for line in material.lines for text in line.levels)
    rows = tuple(tuple(_show_change(change, before, spelt, material)) for change in changes)
    return Grid("changes", name_columns(_columns(material)), rows)


def flag_key(flag: str) -> str:
    """Return the key of the column that says whether there is another status, time or comment."""
    return f"_any_{flag}"


# States ---------------------------------------------------------------------------------------------------


def _state_of(line: Line, material: Material) -> State:
    standing = material.standings[line.id]
    return State(
        line=line,
        code=standing.code,
        status=show_standing(Standing(standing.code), material) if standing.code else "",
        follows=standing.follows,
        overdue=standing.overdue,
        planned=_show_planned(line, material),
        moved=_show_answers(line, "new_deadline", material),
        time=_time_of(line, material),
        comment=_show_answers(line, "comment", material),
    )


def _show_planned(line: Line, material: Material) -> str:
    field = material.deadline
    shown = show_given(line.value(field.key), field, material) if field else None
    return "" if shown is None else str(shown)


def _show_answers(line: Line, role: str, material: Material) -> str:
    """Return what all units answered in the field that plays a role."""
    field = material.template.field_in_role(role)
    if field is None:
        return ""
    rows = (merged.row for merged in material.rows_of.get(line.id, ()))
    told = [(row.unit, answer) for row in rows if (answer := row.answer(field.key)) and not answer.is_blank]
    shown = show_together(field, told, material, len(material.units_of[line.id]))
    return "" if shown is None else str(shown)


def _time_of(line: Line, material: Material) -> Deadline | None:
    """Return the latest new time that any unit answered, else the deadline of the plan."""
    field = material.new_deadline
    rows = (merged.row for merged in material.rows_of.get(line.id, ()))
    answered = (row.value(field.key) for row in rows) if field else ()
    times = [time for time in answered if isinstance(time, Deadline) and time.last]
    planned = line.value(material.deadline.key) if material.deadline else None
    return max(times, key=lambda time: time.sort_key, default=planned if isinstance(planned, Deadline) else None)


# Rows -----------------------------------------------------------------------------------------------------


def _show_change(
    change: Change, earlier: Snapshot, spelt: Mapping[str, str], material: Material
) -> Iterator[Cell]:
    before, now, line = change.before, change.now, change.line
    yield say(f"changed.{change.kind}", material.language)
    yield line.id
    levels = dict(_show_levels(line, material if now else earlier, spelt, material))
    shown, rest = _part_levels(material)
    yield from (levels[level.key] for level in shown)
    yield "; ".join(material.units_of.get(line.id, line.units)) or None
    if material.status:
        yield from (_show_status(before, material), _show_status(now, material))
    if material.deadline or material.new_deadline:
        yield from (before.shown_time or None if before else None, change.time_now or None)
    yield before.comment or None if before and (change.new_comment or not now) else None
    yield now.comment or None if now else None
    flags = (change.new_status, change.new_time, change.new_comment)
    yield from (say("values.yes", material.language) if flag else None for flag in flags)
    yield say(f"changed.by_{change.how}", material.language) if change.how else None
    yield before.line.id if before and now and before.line.id != now.line.id else None
    yield from (levels[level.key] for level in rest)


def _show_levels(
    line: Line, asked: Material | Snapshot, spelt: Mapping[str, str], material: Material
) -> Iterator[tuple[str, Cell]]:
    """Yield the texts of a line by today's levels; of a group its name without what is explained below it."""
    texts = {level.key: text for level, text in zip(asked.template.levels, line.levels, strict=True)}
    for level in material.template.levels:
        text = texts.get(level.key, "")
        shown = spelt.get(text, text).partition("\n")[0] if level.kind == "group" else text
        yield level.key, shown or None


def _part_levels(material: Material) -> tuple[Sequence[Level], Sequence[Level]]:
    """Return the levels that are printed, the widest group and the line's own, and those that stand last."""
    levels, item = material.template.levels, material.template.item
    return (*levels[: min(1, item)], *levels[item:]), levels[1:item]


def _show_status(state: State | None, material: Material) -> str | None:
    if state is None:
        return None
    if state.status and not state.follows:
        return state.status
    return show_standing(Standing(follows=state.follows), material)


def _columns(material: Material) -> Iterator[GridColumn]:
    language = material.language
    yield _own(KIND, "changed.kind", material)
    yield _own("_id", "column.id", material)
    shown, rest = _part_levels(material)
    yield from (GridColumn(each.key, each.label.say(language), each.width) for each in shown)
    yield _own("_unit", "column.unit", material)
    if material.status:
        width = material.status.width
        yield from (
            GridColumn(f"_{key}", say(f"changed.{key}", language), width, "status")
            for key in ("status_before", "status_now")
        )
    pairs = [("time", _TIME)] if material.deadline or material.new_deadline else []
    for key, width in (*pairs, ("comment", _COMMENT)):
        yield from (
            GridColumn(f"_{key}_{when}", say(f"changed.{key}_{when}", language), width)
            for when in ("before", "now")
        )
    yield from (GridColumn(flag_key(flag), say(f"changed.any_{flag}", language), _FLAG) for flag in FLAGS)
    yield _own("_how", "changed.how", material)
    yield _own("_id_before", "changed.id_before", material)
    yield from (GridColumn(each.key, each.label.say(language), each.width) for each in rest)


def _own(key: str, word: str, material: Material) -> GridColumn:
    return GridColumn(key, say(word, material.language), _WIDTHS[key])

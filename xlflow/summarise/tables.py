"""The three tables that people work in: one row per answer, one per line of the plan, and what deviates.

Their columns are those of the form, then what is ours. Group texts that read the same get one spelling, since
a spreadsheet would tell them apart by a blank; answers stand as they were given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from xlflow.core.computed import number_in
from xlflow.core.findings import Place, Severity
from xlflow.core.model import Cell, Grid, GridColumn, Line, MergedRow, Row, hold_rows
from xlflow.core.rollup import worst
from xlflow.core.template import Field
from xlflow.core.text import show_name
from xlflow.core.words import say
from xlflow.summarise.material import Material
from xlflow.summarise.sentences import tell_parts
from xlflow.summarise.wording import (
    CONTEXT,
    NUMBERS,
    first_spellings,
    name_columns,
    say_status,
    show_answer,
    show_given,
    show_quarter,
    show_standing,
    show_together,
)

ID, UNIT, ROLLED_UP, QUARTER, OVERDUE = "_id", "_unit", "_rolled_up", "_quarter", "_overdue"
ORIGIN, CONTINUES, REMARK, SOURCE, REASON = "_origin", "_continues_from", "_remark", "_source", "_reason"
PARTS, FORM_ROWS = "_parts", "_form_rows"
"""Keys of our own columns; a template's keys begin with a letter."""

Groups = tuple[Mapping[str, str], ...]

NOT_RESPELT: Mapping[str, str] = MappingProxyType({})

_WIDTHS = MappingProxyType(
    {
        ID: 11,
        UNIT: 18,
        ROLLED_UP: 16,
        QUARTER: 13,
        OVERDUE: 11,
        ORIGIN: 11,
        CONTINUES: 14,
        REMARK: 13,
        SOURCE: 34,
        REASON: 18,
        PARTS: 26,
        FORM_ROWS: 9,
    }
)
Kind = Literal["text", "number", "integer", "date", "signed", "share"]

_KINDS: Mapping[str, Kind] = MappingProxyType({"number": "number", "integer": "integer", "date": "date"})


def make_answers(material: Material) -> Grid:
    """Return one row per answered row of a form, with the file, sheet and row that it came from."""
    context = material.merged.round.plan.context
    fields, groups = _fields(material), _spell_groups(material)
    form = say("consolidated.place", material.language)
    columns = (
        _own(UNIT, material),
        *_form_columns(material),
        *([_own(ROLLED_UP, material)] if material.status else ()),
        _own(REMARK, material),
        _own(SOURCE, material),
        replace(_own(FORM_ROWS, material), kind="integer"),
        *_context_columns(material),
    )
    remarks = _worst_remarks(material)
    rows = (
        (
            row.unit,
            row.line.id,
            *_show_levels(row.line, groups),
            *[_show_field(row, field, material) for field in fields],
            *([show_standing(material.stand_of(row.line, row.unit), material)] if material.status else ()),
            remarks.get((row.unit, row.line.id)),
            _show_sources(merged, form, material),
            len(merged.sources),
            *_show_context(row.line, context),
        )
        for merged in material.merged.rows
        for row in (merged.row,)
    )
    return Grid("answers", name_columns(columns), hold_rows(rows, len(columns)))


def make_activities(material: Material) -> Grid:
    """Return one row per line of the plan, then of the units' own, put together over units and sub-activities."""
    columns = (
        *_form_columns(material),
        *([_own(ROLLED_UP, material)] if material.status else ()),
        *([_parts_column(material)] if material.has_told_parts else ()),
        _own(UNIT, material),
        *([_own(QUARTER, material), _own(OVERDUE, material)] if material.deadline else ()),
        _own(ORIGIN, material),
        *([_own(CONTINUES, material)] if material.has_links else ()),
        *_context_columns(material),
    )
    groups = _spell_groups(material)
    fields = _fields(material)
    rows = (_show_activity(line, groups, fields, material) for line in material.lines)
    return Grid("activities", name_columns(columns), hold_rows(rows, len(columns)))


def make_deviations(material: Material, activities: Grid) -> Grid:
    """Return the rows of the activities that stand in a deviating status or whose time has passed, and why."""
    keys = [column.key for column in activities.columns]
    places = [keys.index(key) for key in _deviation_keys(material) if key in keys]
    columns = (_own(REASON, material), *(_stand_alone(activities.columns[place]) for place in places))
    rows = (
        (why, *(_show_briefly(row[place], activities.columns[place]) for place in places))
        for line, row in zip(material.lines, activities.rows, strict=True)
        if (why := _tell_why(line, material))
    )
    return Grid("deviations", name_columns(columns), hold_rows(rows, len(columns)))


# One row --------------------------------------------------------------------------------------------------


def _show_activity(line: Line, groups: Groups, fields: Sequence[Field], material: Material) -> tuple[Cell, ...]:
    standing = material.standings[line.id]
    timed = material.deadline is not None and (
        show_quarter(line.value(material.deadline.key), material),
        say("values.yes" if standing.overdue else "values.no", material.language),
    )
    return (
        line.id,
        *_show_levels(line, groups),
        *[_show_over_units(line, field, material) for field in fields],
        *([show_standing(standing, material)] if material.status else ()),
        *([tell_parts(line, material)] if material.has_told_parts else ()),
        "; ".join(material.units_of[line.id]) or None,
        *(timed or ()),
        say("consolidated.from_unit" if line.own else "consolidated.from_plan", material.language),
        *([line.continues_from or None] if material.has_links else ()),
        *_show_context(line, material.merged.round.plan.context),
    )


def _show_over_units(line: Line, field: Field, material: Material) -> Cell:
    if field.computed:
        return material.number_of(line, field.key)
    if field.filled_by == "plan":
        return show_given(line.value(field.key), field, material)
    key = field.key
    told = [
        (merged.row.unit, answer)
        for merged in material.rows_of.get(line.id, ())
        if (answer := merged.row.answer(key)) and answer.written
    ]
    if not told:
        return None
    if field is material.status:
        code = worst([material.own_code(line.id, unit) for unit, _ in told], material.template.choice_list(field))
        if code:
            return say_status(code, material)
    return show_together(field, told, material, len(material.units_of[line.id]))


def _show_field(row: Row, field: Field, material: Material) -> Cell:
    if field.computed:
        return number_in(row, field.key, material.template)
    if field.filled_by == "plan":
        return show_given(row.line.value(field.key), field, material)
    return show_answer(row.answer(field.key), field, material)


def _show_sources(merged: MergedRow, form: str, material: Material) -> str:
    return "; ".join([_show_source(place, form, material) for place in merged.sources or (merged.row.place,)])


def _show_source(place: Place, form: str, material: Material) -> str:
    row = (place.cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ$")
    if not place.sheet or not row:
        return place.show(material.language)
    return form.format(file=show_name(place.file), sheet=show_name(place.sheet), row=row)


def _show_levels(line: Line, groups: Groups) -> list[Cell]:
    return [spell.get(text, text) or None for spell, text in zip(groups, line.levels, strict=True)]


def _show_context(line: Line, context: Iterable[str]) -> list[Cell]:
    known = dict(line.context)
    return [known.get(heading) or None for heading in context]


def _tell_why(line: Line, material: Material) -> str | None:
    standing = material.standings[line.id]
    deviates = material.is_deviation(standing.code) and not standing.follows
    late = [say("consolidated.overdue", material.language)] if standing.overdue else []
    beyond = [
        say("consolidated.beyond", material.language, field=field.label.say(material.language))
        for field in material.find_beyond(line)
    ]
    return "; ".join([*([show_standing(standing, material)] if deviates else []), *late, *beyond]) or None


def _stand_alone(column: GridColumn) -> GridColumn:
    """Return a column whose group texts are shown on every row, since deviations are read one by one."""
    return replace(column, kind="text") if column.kind == "group" else column


def _show_briefly(cell: Cell, column: GridColumn) -> Cell:
    """Return the first line of a group's text; what is explained below it stands among the activities."""
    return cell.split("\n")[0] if column.kind == "group" and isinstance(cell, str) else cell


def _worst_remarks(material: Material) -> Mapping[tuple[str | None, str | None], str]:
    """Return, for each unit and row that something was found about, how much that matters at most."""
    worst_first = sorted(material.findings, key=lambda finding: list(Severity).index(finding.weight), reverse=True)
    weights = {(finding.unit, finding.row_id): finding.weight for finding in worst_first if finding.row_id}
    return {key: say(f"collected.{weight}", material.language) for key, weight in weights.items()}


# Columns --------------------------------------------------------------------------------------------------


def _form_columns(material: Material) -> Iterator[GridColumn]:
    template, language = material.template, material.language
    yield _own(ID, material)
    for level in template.levels:
        kind: Literal["group", "text"] = "group" if level.kind == "group" else "text"
        yield GridColumn(level.key, level.label.say(language), level.width, kind)
    for field in _fields(material):
        if field is material.status:
            yield GridColumn(field.key, field.label.say(language), field.width, "status")
        else:
            yield GridColumn(field.key, field.label.say(language), field.width, _kind_of(field))


def _kind_of(field: Field) -> Kind:
    if field.percent:
        return "share"
    return "signed" if field.computed else _KINDS.get(field.type, "text")


def _own(key: str, material: Material) -> GridColumn:
    word = {ID: "column.id", UNIT: "column.unit"}.get(key, f"consolidated.{key.removeprefix('_')}")
    heading = say(word, material.language)
    return GridColumn(key, heading, _WIDTHS[key], "status" if key == ROLLED_UP else "text")


def _parts_column(material: Material) -> GridColumn:
    parts = material.template.levels[material.template.part or 0].many(material.language)
    return GridColumn(PARTS, say("consolidated.parts", material.language, parts=parts), _WIDTHS[PARTS])


def _context_columns(material: Material) -> Iterator[GridColumn]:
    return (GridColumn(f"{CONTEXT}{heading}", heading, 20) for heading in material.merged.round.plan.context)


def _fields(material: Material) -> tuple[Field, ...]:
    return material.template.shown()


def _deviation_keys(material: Material) -> Iterator[str]:
    template = material.template
    yield ID
    yield from (level.key for level in template.levels)
    yield UNIT
    yield from (field.key for field in (material.deadline, material.new_deadline) if field)
    yield from (field.key for field in template.shown() if material.limits and field.type in NUMBERS)
    yield ROLLED_UP
    yield from (field.key for field in template.asked() if field.role == "comment")


def _spell_groups(material: Material) -> Groups:
    """Return for each level how its texts are spelt; only those of groups are changed."""
    levels = zip(
        material.template.levels, zip(*(line.levels for line in material.lines), strict=True), strict=False
    )
    spelt = [first_spellings(texts) if level.kind == "group" else NOT_RESPELT for level, texts in levels]
    return tuple(spelt) or (NOT_RESPELT,) * len(material.template.levels)

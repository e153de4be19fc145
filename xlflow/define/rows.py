"""Reads the rows of the sheet `Plan`: what "as above" means, and what each cell says.

A row is a line, or it only opens a group ("Samhälle" alone on its row). Whatever cannot stand is a finding with
its cell; the row is usable all the same, so that one run tells everything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.core.findings import Finding, find
from xlflow.core.model import Line, Value
from xlflow.core.template import Level, Template
from xlflow.core.text import tidy
from xlflow.core.values import accepted_answers, parse_value, written_text
from xlflow.core.words import Language, Text
from xlflow.define.tables import Table, key_of
from xlflow.define.units import Register
from xlflow.excel.incoming import ErrorValue, UncountedFormula

_BULLET = re.compile(r"\s*(?:[-–—*]\s+|[•·▪◦‣●○■□]\s*)(?=\S)")


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """What is needed to read the rows. `context` are the further columns that are carried along."""

    table: Table
    template: Template
    register: Register
    year: int
    language: Language
    context: tuple[tuple[int, str], ...]

    def level_of(self, levels: Sequence[str]) -> Level:
        """Return the level that a line belongs to: the part if that is filled, else the item."""
        part = self.template.part
        return self.template.levels[part if part is not None and levels[part] else self.template.item]


@dataclass(frozen=True, slots=True)
class Draft:
    """One row on its way to a line: no id yet unless the plan states one, no units unless its cell names them."""

    row: int
    line: Line
    opens_group: bool = False


def read_rows(sheet: PlanSheet) -> tuple[list[Draft], list[Finding]]:
    """Return one draft per line, and what is wrong in the rows; a row without an activity is only reported."""
    findings: list[Finding] = []
    filled = _unify(sheet, list(_fill_down(sheet)), findings)
    drafts = [_read_row(sheet, row, levels, findings) for row, levels in filled]
    findings += _find_idle_groups(sheet, drafts)
    item = sheet.template.item
    return [draft for draft in drafts if not draft.opens_group and draft.line.levels[item]], findings


# What stands in the levels --------------------------------------------------------------------------------


def _fill_down(sheet: PlanSheet) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield every row with its levels: a blank one is as above, until a wider one changes; a part never is."""
    part = sheet.template.part
    current = [""] * len(sheet.template.levels)
    for row in sheet.table.rows():
        if part is not None:
            current[part] = ""
        for index, level in enumerate(sheet.template.levels):
            text = sheet.table.text(row, level.key)
            text = _BULLET.sub("", text, count=1) if level.kind == "part" and _BULLET.match(text) else text
            if text and key_of(text) != key_of(current[index]):
                current[index + 1 :] = [""] * (len(current) - index - 1)
            current[index] = text or current[index]
        yield row, tuple(current)


def _unify(
    sheet: PlanSheet, filled: list[tuple[int, tuple[str, ...]]], findings: list[Finding]
) -> list[tuple[int, tuple[str, ...]]]:
    """Write the same text in the same place the same way, as it was written first, so that it is one group."""
    first: dict[tuple[str, ...], str] = {}
    told = set[tuple[str, ...]]()
    unified = []
    for row, levels in filled:
        keys = tuple(map(key_of, levels))
        chosen = tuple(first.setdefault(keys[: index + 1], text) for index, text in enumerate(levels))
        unified.append((row, (*chosen[: sheet.template.item + 1], *levels[sheet.template.item + 1 :])))
        for index in range(sheet.template.item + 1):
            written, kept = tidy(levels[index]), tidy(chosen[index])
            if written != kept and (*keys[:index], written) not in told:
                told.add((*keys[:index], written))
                place = sheet.table.place(row, sheet.template.levels[index].key)
                findings.append(find("plan-two-spellings", place, value=written, words={"kept": kept}))
    return unified


def _find_idle_groups(sheet: PlanSheet, drafts: Sequence[Draft]) -> Iterator[Finding]:
    """Yield the rows that open a group to which no line belongs."""
    used = {
        draft.line.levels[:depth]
        for draft in drafts
        if not draft.opens_group
        for depth in range(len(draft.line.levels) + 1)
    }
    for draft in drafts:
        levels = draft.line.levels
        depth = max((index for index, text in enumerate(levels) if text), default=-1) + 1
        if draft.opens_group and depth and levels[:depth] not in used:
            place = sheet.table.place(draft.row, sheet.template.levels[depth - 1].key)
            words = {"activity": sheet.template.levels[sheet.template.item].label}
            yield find("plan-group-without-lines", place, value=shorten(levels[depth - 1]), words=words)


# What a row says ------------------------------------------------------------------------------------------


def _read_row(sheet: PlanSheet, row: int, levels: tuple[str, ...], findings: list[Finding]) -> Draft:
    table, template = sheet.table, sheet.template
    findings += _find_errors(sheet, row)
    units = _read_units(sheet, row, findings)
    line = Line(
        id=_read_id(table, row, findings),
        levels=levels,
        units=units,
        given=tuple(_read_given(sheet, row, findings)),
        context=tuple((heading, written_text(table.raw_at(row, at)).strip()) for at, heading in sheet.context),
        continues_from=table.text(row, "continues_from"),
        place=table.place(row, sheet.level_of(levels).key),
    )
    own = any(table.text(row, level.key) for level in template.levels[template.item :])
    opens_group = not (own or line.id or line.given or table.text(row, "unit"))
    if not opens_group and not levels[template.item]:
        activity = template.levels[template.item]
        place = table.place(row, activity.key)
        findings.append(find("plan-no-activity", place, words={"activity": activity.label}))
    return Draft(row, line, opens_group)


def _read_units(sheet: PlanSheet, row: int, findings: list[Finding]) -> tuple[str, ...]:
    units: dict[str, None] = {}
    for name in sheet.register.split(sheet.table.text(row, "unit")):
        unit = sheet.register.find(name)
        if unit is None:
            near = sheet.register.nearest(name)
            place = sheet.table.place(row, "unit")
            findings.append(find("plan-unit-unknown", place, value=name, suggestion=near))
        units[unit.name if unit else name] = None
    return tuple(units)


def _read_given(sheet: PlanSheet, row: int, findings: list[Finding]) -> Iterator[tuple[str, Value]]:
    for field in sheet.template.given():
        raw = sheet.table.raw(row, field.key)
        parsed = parse_value(raw, field, sheet.template, sheet.year, sheet.language)
        if parsed.value is not None:
            yield field.key, parsed.value
        if parsed.code:
            accepted = accepted_answers(field, sheet.template, sheet.year)
            words: dict[str, str | int | Text] = {"field": field.label, "accepted": accepted}
            findings.append(
                find(
                    parsed.code,
                    sheet.table.place(row, field.key),
                    severity=parsed.severity,
                    field=field.key,
                    value=written_text(raw, sheet.language),
                    suggestion=parsed.suggestion,
                    words=words,
                )
            )


def _read_id(table: Table, row: int, findings: list[Finding]) -> str:
    """Return the id as written; merged cells are not followed, for an id is one line's own."""
    column = table.columns.get("id")
    raw = None if column is None else table.sheet.rows[row][column]
    text = written_text(raw).strip()
    if isinstance(raw, date):
        findings.append(find("plan-id-is-date", table.place(row, "id"), value=text))
    return text


def _find_errors(sheet: PlanSheet, row: int) -> Iterator[Finding]:
    """Yield the cells whose formula gives nothing that can be read, in the columns that are read."""
    for column in sorted({*sheet.table.columns.values(), *(column for column, _ in sheet.context)}):
        cell = sheet.table.sheet.rows[row][column]
        if isinstance(cell, ErrorValue | UncountedFormula):
            yield find("plan-cell-error", sheet.table.place_at(row, column), value=str(cell))


def shorten(text: str) -> str:
    """Return a text short enough for a message: its first line, at most 60 characters."""
    line = tidy(text.strip().partition("\n")[0])
    return line if len(line) <= 60 else f"{line[:59].rstrip()}…"

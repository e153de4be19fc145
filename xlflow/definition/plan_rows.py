"""Reads the rows of the sheet `Plan`: what "as above" means, and the value of each cell.

A row is a plan item, or it only opens a group ("Samhälle" alone on its row). What is wrong is a finding with its
cell; the row is used all the same, so that one run reports everything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.definition.units import UnitRegister
from xlflow.excel.header_detection import DetectedTable
from xlflow.excel.reader import ErrorValue, UncachedFormula
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding, MessageParam, make_finding
from xlflow.model.plan import FieldValue, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Level
from xlflow.model.text import collapse_whitespace, normalize_key_cached
from xlflow.values import cell_text
from xlflow.values.field_values import describe_accepted, parse_value

_BULLET_PREFIX = re.compile(r"\s{0,20}(?:[-–—*]\s{1,20}|[•·▪◦‣●○■□]\s{0,20})(?=\S)")


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """What is needed to read the rows.

    `year` is that of a quarter that names none; `extra_columns` are the further columns that the forms show
    (0-based column, heading).
    """

    table: DetectedTable
    template: Template
    register: UnitRegister
    year: int
    language: Language
    extra_columns: tuple[tuple[int, str], ...]

    def level_of(self, levels: Sequence[str]) -> Level:
        """Return the level of an item with these texts (one per level): the part if filled, else the activity."""
        part_level_index = self.template.part_level_index
        return self.template.levels[
            part_level_index
            if part_level_index is not None and levels[part_level_index]
            else self.template.item_level_index
        ]


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One row (0-based) on its way to a plan item: id and units only as far as its own cells state them.

    `opens_group`: the row only has texts of levels above the activity, and is no item.
    """

    row: int
    item: PlanItem
    opens_group: bool = False


def read_draft_items(plan_sheet: PlanSheet) -> tuple[list[DraftItem], list[Finding]]:
    """Return one draft per plan item, in the order of the rows, and what is wrong in them.

    A row without an activity is only reported, and one that opens a group is left out.
    """
    findings: list[Finding] = []
    filled_rows = _unify_spellings(plan_sheet, list(_fill_levels_down(plan_sheet)), findings)
    drafts = [_read_draft_item(plan_sheet, row, levels, findings) for row, levels in filled_rows]
    findings += _check_empty_groups(plan_sheet, drafts)
    item_level_index = plan_sheet.template.item_level_index
    return [
        draft for draft in drafts if not draft.opens_group and draft.item.level_texts[item_level_index]
    ], findings


# The levels ------------------------------------------------------------------------------------------------


def _fill_levels_down(plan_sheet: PlanSheet) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield every row with its level texts.

    A blank level is as above until a level above it changes; a blank part stays blank.
    """
    part_level_index = plan_sheet.template.part_level_index
    current = [""] * len(plan_sheet.template.levels)
    for row in plan_sheet.table.data_rows():
        if part_level_index is not None:
            current[part_level_index] = ""
        for index, level in enumerate(plan_sheet.template.levels):
            text = plan_sheet.table.cell_text(row, level.key)
            text = (
                _BULLET_PREFIX.sub("", text, count=1)
                if level.kind == "part" and _BULLET_PREFIX.match(text)
                else text
            )
            if text and normalize_key_cached(text) != normalize_key_cached(current[index]):
                current[index + 1 :] = [""] * (len(current) - index - 1)
            current[index] = text or current[index]
        yield row, tuple(current)


def _unify_spellings(
    plan_sheet: PlanSheet, filled_rows: list[tuple[int, tuple[str, ...]]], findings: list[Finding]
) -> list[tuple[int, tuple[str, ...]]]:
    """Spell each text of a group as it was spelt first, so that it is one group; report other spellings."""
    first_spellings: dict[tuple[str, ...], str] = {}
    reported = set[tuple[str, ...]]()
    unified = []
    for row, levels in filled_rows:
        keys = tuple(map(normalize_key_cached, levels))
        chosen_texts = tuple(
            first_spellings.setdefault(keys[: index + 1], text) for index, text in enumerate(levels)
        )
        unified.append(
            (
                row,
                (
                    *chosen_texts[: plan_sheet.template.item_level_index + 1],
                    *levels[plan_sheet.template.item_level_index + 1 :],
                ),
            )
        )
        for index in range(plan_sheet.template.item_level_index + 1):
            spelling, kept_spelling = collapse_whitespace(levels[index]), collapse_whitespace(chosen_texts[index])
            if spelling != kept_spelling and (*keys[:index], spelling) not in reported:
                reported.add((*keys[:index], spelling))
                location = plan_sheet.table.location(row, plan_sheet.template.levels[index].key)
                findings.append(
                    make_finding("plan-two-spellings", location, value=spelling, params={"kept": kept_spelling})
                )
    return unified


def _check_empty_groups(plan_sheet: PlanSheet, drafts: Sequence[DraftItem]) -> Iterator[Finding]:
    """Yield the rows that open a group to which no item belongs."""
    used_groups = {
        draft.item.level_texts[:depth]
        for draft in drafts
        if not draft.opens_group
        for depth in range(len(draft.item.level_texts) + 1)
    }
    for draft in drafts:
        levels = draft.item.level_texts
        depth = max((index for index, text in enumerate(levels) if text), default=-1) + 1
        if draft.opens_group and depth and levels[:depth] not in used_groups:
            location = plan_sheet.table.location(draft.row, plan_sheet.template.levels[depth - 1].key)
            params = {"activity": plan_sheet.template.levels[plan_sheet.template.item_level_index].label}
            yield make_finding(
                "plan-group-without-items", location, value=shorten_for_message(levels[depth - 1]), params=params
            )


# The cells of a row ---------------------------------------------------------------------------------------


def _read_draft_item(
    plan_sheet: PlanSheet, row: int, levels: tuple[str, ...], findings: list[Finding]
) -> DraftItem:
    table, template = plan_sheet.table, plan_sheet.template
    findings += _check_cell_errors(plan_sheet, row)
    units = _read_row_units(plan_sheet, row, findings)
    item = PlanItem(
        id=_read_item_id(table, row, findings),
        level_texts=levels,
        units=units,
        plan_values=tuple(_read_plan_values(plan_sheet, row, findings)),
        extra_columns=tuple(
            (heading, cell_text(table.cell_value_at(row, column)).strip())
            for column, heading in plan_sheet.extra_columns
        ),
        continues_from=table.cell_text(row, "continues_from"),
        location=table.location(row, plan_sheet.level_of(levels).key),
    )
    has_own_text = any(table.cell_text(row, level.key) for level in template.levels[template.item_level_index :])
    opens_group = not (has_own_text or item.id or item.plan_values or table.cell_text(row, "unit"))
    if not opens_group and not levels[template.item_level_index]:
        activity_level = template.levels[template.item_level_index]
        location = table.location(row, activity_level.key)
        findings.append(make_finding("plan-no-activity", location, params={"activity": activity_level.label}))
    return DraftItem(row, item, opens_group)


def _read_row_units(plan_sheet: PlanSheet, row: int, findings: list[Finding]) -> tuple[str, ...]:
    units: dict[str, None] = {}
    for name in plan_sheet.register.split_names(plan_sheet.table.cell_text(row, "unit")):
        unit = plan_sheet.register.find_unit(name)
        if unit is None:
            suggestion = plan_sheet.register.most_similar_name(name)
            location = plan_sheet.table.location(row, "unit")
            findings.append(make_finding("plan-unit-unknown", location, value=name, suggestion=suggestion))
        units[unit.name if unit else name] = None
    return tuple(units)


def _read_plan_values(
    plan_sheet: PlanSheet, row: int, findings: list[Finding]
) -> Iterator[tuple[str, FieldValue]]:
    for field in plan_sheet.template.plan_fields():
        raw = plan_sheet.table.cell_value(row, field.key)
        parsed = parse_value(raw, field, plan_sheet.template, plan_sheet.year, plan_sheet.language)
        if parsed.value is not None:
            yield field.key, parsed.value
        if parsed.code:
            accepted = describe_accepted(field, plan_sheet.template, plan_sheet.year)
            params: dict[str, MessageParam] = {"field": field.label, "accepted": accepted}
            findings.append(
                make_finding(
                    parsed.code,
                    plan_sheet.table.location(row, field.key),
                    severity=parsed.severity,
                    field=field.key,
                    value=cell_text(raw, plan_sheet.language),
                    suggestion=parsed.suggestion,
                    params=params,
                )
            )


def _read_item_id(table: DetectedTable, row: int, findings: list[Finding]) -> str:
    """Return the id as written; merged cells are not followed, since an id belongs to one item only."""
    column = table.column_by_key.get("id")
    raw = None if column is None else table.sheet.rows[row][column]
    text = cell_text(raw).strip()
    if isinstance(raw, date):
        findings.append(make_finding("plan-id-is-date", table.location(row, "id"), value=text))
    return text


def _check_cell_errors(plan_sheet: PlanSheet, row: int) -> Iterator[Finding]:
    """Yield the cells that hold an error or a formula without a value, in the columns that are read."""
    for column in sorted(
        {*plan_sheet.table.column_by_key.values(), *(column for column, _ in plan_sheet.extra_columns)}
    ):
        cell = plan_sheet.table.sheet.rows[row][column]
        if isinstance(cell, ErrorValue | UncachedFormula):
            yield make_finding("plan-cell-error", plan_sheet.table.location_at(row, column), value=str(cell))


def shorten_for_message(text: str) -> str:
    """Return a text short enough for a message: its first line, at most 60 characters."""
    first_line = collapse_whitespace(text.strip().partition("\n")[0])
    return first_line if len(first_line) <= 60 else f"{first_line[:59].rstrip()}…"

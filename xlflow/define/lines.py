"""Rows of a plan -> its lines: who is asked, which activity a sub-activity belongs to, and every line's id."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.core.findings import Finding, Place, find
from xlflow.core.model import Line
from xlflow.define.ids import derive_ids
from xlflow.define.rows import Draft, PlanSheet, shorten
from xlflow.define.tables import key_of

Family = tuple[str, ...]
"""An activity and its sub-activities: the folded texts of every level but the sub-activity's own."""


def settle_lines(sheet: PlanSheet, drafts: Sequence[Draft]) -> tuple[tuple[Line, ...], list[Finding]]:
    """Return the lines in plan order, sub-activities below their activity, and what is wrong among them."""
    findings: list[Finding] = []
    whole = _add_implied(sheet, drafts, findings)
    settled = _gather_families(sheet, _settle_units(sheet, whole, findings))
    ids = derive_ids([draft.line for draft in settled], sheet.template.item)
    findings += _find_same_ids(sheet, settled)
    findings += _find_same_lines(sheet, settled)
    findings += _find_shared_amounts(sheet, settled)
    return tuple(replace(draft.line, id=id_) for draft, id_ in zip(settled, ids, strict=True)), findings


def _family(sheet: PlanSheet, draft: Draft) -> Family:
    return tuple(map(key_of, draft.line.levels[: sheet.template.item + 1]))


def _is_part(sheet: PlanSheet, draft: Draft) -> bool:
    part = sheet.template.part
    return part is not None and bool(draft.line.levels[part])


def _add_implied(sheet: PlanSheet, drafts: Sequence[Draft], findings: list[Finding]) -> list[Draft]:
    """Give an activity that is only named beside its sub-activities a line of its own, above the first of them."""
    present = {_family(sheet, draft) for draft in drafts if not _is_part(sheet, draft)}
    whole = []
    for draft in drafts:
        family = _family(sheet, draft)
        if family not in present:
            present.add(family)
            implied = _imply(sheet, draft)
            text = shorten(implied.line.levels[sheet.template.item])
            findings.append(find("plan-activity-implied", _place_of(implied), value=text))
            whole.append(implied)
        whole.append(draft)
    return whole


def _imply(sheet: PlanSheet, draft: Draft) -> Draft:
    """Return the activity of a sub-activity; its units are settled like those of any activity without."""
    item = sheet.template.item
    levels = (*draft.line.levels[: item + 1], *("" for _ in draft.line.levels[item + 1 :]))
    context = tuple((heading, "") for heading, _ in draft.line.context)
    place = sheet.table.place(draft.row, sheet.template.levels[item].key)
    return Draft(draft.row, Line("", levels, (), context=context, place=place))


# Who is asked ---------------------------------------------------------------------------------------------


def _settle_units(sheet: PlanSheet, drafts: Sequence[Draft], findings: list[Finding]) -> list[Draft]:
    """Fill in units where the cell is blank: those of the activity for its parts, of its parts for an activity."""
    of_parts: dict[Family, dict[str, None]] = defaultdict(dict)
    of_item: dict[Family, tuple[str, ...]] = {}
    for draft in drafts:
        if _is_part(sheet, draft):
            of_parts[_family(sheet, draft)].update(dict.fromkeys(draft.line.units))
        elif draft.line.units:
            of_item.setdefault(_family(sheet, draft), draft.line.units)
    settled = []
    for draft in drafts:
        family = _family(sheet, draft)
        if draft.line.units and not _is_part(sheet, draft):
            of_item[family] = draft.line.units
        inherited = of_item.get(family, ()) if _is_part(sheet, draft) else tuple(of_parts[family])
        units = draft.line.units or inherited
        if not units:
            findings.append(_say_unitless(sheet, draft))
        settled.append(replace(draft, line=replace(draft.line, units=units)))
    return settled


def _say_unitless(sheet: PlanSheet, draft: Draft) -> Finding:
    text = shorten(draft.line.levels[sheet.template.levels.index(sheet.level_of(draft.line.levels))])
    return find("plan-no-unit", sheet.table.place(draft.row, "unit"), value=text)


def _gather_families(sheet: PlanSheet, drafts: Sequence[Draft]) -> list[Draft]:
    """Bring the rows of an activity together where its first one stands, its own before its sub-activities'."""
    families: dict[Family, list[Draft]] = {}
    for draft in drafts:
        families.setdefault(_family(sheet, draft), []).append(draft)
    return [draft for rows in families.values() for draft in _own_first(sheet, rows)]


def _own_first(sheet: PlanSheet, rows: list[Draft]) -> list[Draft]:
    return sorted(rows, key=lambda draft: _is_part(sheet, draft)) if _is_part(sheet, rows[0]) else rows


# What is there twice --------------------------------------------------------------------------------------


def _find_same_ids(sheet: PlanSheet, drafts: Sequence[Draft]) -> Iterator[Finding]:
    first: dict[str, Place] = {}
    for draft in drafts:
        place = sheet.table.place(draft.row, "id")
        other = first.setdefault(key_of(draft.line.id), place)
        if draft.line.id and other != place:
            yield find("plan-id-twice", place, value=draft.line.id, words={"other": other.cell or ""})


def _find_same_lines(sheet: PlanSheet, drafts: Sequence[Draft]) -> Iterator[Finding]:
    """Yield the lines that ask a unit the same thing as another does, each with the first of them.

    Two lines that the plan gives different ids may be alike; that is doubtful, but somebody meant it.
    """
    first: dict[tuple[tuple[str, ...], str], Draft] = {}
    told = set[tuple[int, int]]()
    for draft in drafts:
        texts = tuple(map(key_of, draft.line.levels))
        for unit in draft.line.units:
            other = first.setdefault((texts, unit), draft)
            if other is draft or (other.row, draft.row) in told:
                continue
            told.add((other.row, draft.row))
            ids = {key_of(each.line.id) for each in (draft, other)}
            code = "plan-lines-alike" if len(ids) == 2 and "" not in ids else "plan-line-twice"
            text = shorten(draft.line.levels[sheet.template.levels.index(sheet.level_of(draft.line.levels))])
            words = {"other": _place_of(other).cell or ""}
            yield find(code, _place_of(draft), unit=unit, value=text, words=words)


def _find_shared_amounts(sheet: PlanSheet, drafts: Sequence[Draft]) -> Iterator[Finding]:
    """Yield the amounts of several units together, from which something is computed for each of them."""
    ways = [field.computed for field in sheet.template.fields if field.computed]
    used = {key for how in ways for key in (*how.subtract, *how.share)}
    for field in sheet.template.given() if used else ():
        for draft in drafts:
            if field.key in used and len(draft.line.units) > 1 and draft.line.value(field.key) is not None:
                place, units = sheet.table.place(draft.row, field.key), "; ".join(draft.line.units)
                yield find("plan-amount-shared", place, words={"field": field.label, "units": units})


def _place_of(draft: Draft) -> Place:
    assert draft.line.place is not None  # noqa: S101  (a line read from a plan always has its place)
    return draft.line.place

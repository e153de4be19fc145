"""To which unit and which plan item every row belongs, and the round that all rows answer.

A plan that is given says both; without one the forms do, since each carries its own items and their positions in
the plan. What the plan does not know is kept and reported, never dropped.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.merge.agree_on_round import agree_on_round, most_common_value, plan_facts
from xlflow.model.findings import FatalError, Finding, Location, MessageParam, make_finding
from xlflow.model.plan import Plan, PlanItem, PlanItemIndex, Round, Unit
from xlflow.model.submission import AnswerRow, Submission
from xlflow.model.template import Template
from xlflow.model.text import normalize_key_cached, short_code
from xlflow.rounds.lineage import find_rewordings

NO_ISSUED_TEXTS: Mapping[str, str] = MappingProxyType({})
"""Shared by all rows that were issued blank: most are."""


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """One row with the unit and plan item of the round. `issued_texts`: what its answer cells held when the form
    was issued, by field key. `position`: index of the row among those of its form (0-based). `is_dated`: whether
    its file says when it was saved."""

    row: AnswerRow
    issued_texts: Mapping[str, str]
    position: int
    is_dated: bool = True


def sort_newest_first(submissions: Iterable[Submission]) -> tuple[Submission, ...]:
    """Return the submissions by when they were saved, newest first. Of the same time, or where it is unknown, the
    shortest file name comes first, as in `collect.select`: a copy has the longer name."""
    by_name = sorted(
        submissions,
        key=lambda submission: (
            len(submission.file.name),
            submission.file.name,
            submission.file.digest,
            submission.unit,
        ),
    )
    return tuple(sorted(by_name, key=lambda submission: submission.file.recency, reverse=True))


def restore_round(submissions: Sequence[Submission], planned: Round | None) -> Round:
    """Return the round that all submissions belong to, with the units and items asked, in plan order.

    `planned` is the round of the plan, None if no plan was given: then the forms say it, each fact as most of them
    do (`agree_on_round`; `submissions` are sorted newest first). All forms have the same template by now. Raises
    `FatalError` if there is neither.
    """
    if not submissions and planned is None:
        raise FatalError(make_finding("nothing-to-merge", Location("")))
    round_ = planned or agree_on_round([submission.round for submission in submissions])
    plan = round_.plan if planned else replace(round_.plan, items=_issued_items_in_order(submissions))
    units = _asked_units_by_key(plan) if planned else _form_units_by_key(plan, submissions)
    for submission in submissions:
        units.setdefault(normalize_key_cached(submission.unit), Unit(submission.unit))
    template = submissions[0].round.template if submissions else round_.template
    return replace(round_, template=template, plan=replace(plan, units=tuple(units.values())))


def unit_names_in_round(round_: Round, submissions: Sequence[Submission]) -> tuple[str, ...]:
    """Return the unit of each submission, spelt as in the round; raises KeyError for a unit that it does not
    have."""
    name_by_key = {normalize_key_cached(unit.name): unit.name for unit in round_.plan.units}
    return tuple(name_by_key[normalize_key_cached(submission.unit)] for submission in submissions)


def assign_rows(
    submissions: Sequence[Submission], round_: Round, *, from_plan: bool
) -> tuple[tuple[AssignedRow, ...], tuple[Finding, ...]]:
    """Return every row of every submission with its unit and item, in the order given; and the findings. Where the
    round is `from_plan` they say what the plan does not know, else whether the forms are of different plans."""
    assigner = _ItemAssigner(round_)
    assigned = tuple(
        assigned_row
        for submission, unit in zip(submissions, unit_names_in_round(round_, submissions), strict=True)
        for assigned_row in _assign_form_rows(submission, unit, assigner)
    )
    if from_plan:
        return assigned, (
            *_check_unexpected_units(submissions, round_),
            *_check_unexpected_items(submissions, assigned, round_, assigner.item_index),
        )
    return assigned, tuple(_check_different_plans(submissions))


class _ItemAssigner:
    """Decides which plan item a row answers. `item_index` has the items of the round; items that units added get
    ids of their own here, so that no two units share one."""

    def __init__(self, round_: Round):
        self.item_index = PlanItemIndex(round_.plan.items, round_.template.item_level_index)
        self.added_items: dict[tuple[object, ...], PlanItem] = {}
        self.used_ids = set(self.item_index.by_id)

    def find_item(self, row: AnswerRow, unit: str) -> PlanItem:
        """Return the item with the row's id; else one with its texts, of several the first that this unit was
        asked about; the row's own item where the plan knows neither."""
        if row.item.id in self.item_index.by_id:
            return self.item_index.by_id[row.item.id]
        same_text_items = self.item_index.find_by_levels(row.item.level_texts) or (row.item,)
        return next((item for item in same_text_items if unit in item.units), same_text_items[0])

    def find_added_item(self, row: AnswerRow, unit: str, occurrences: dict[tuple[object, ...], int]) -> PlanItem:
        """Return the item of an activity that a unit added. The same text in two forms of the unit is one
        activity, twice in one form it is two: `occurrences` counts the texts of the form so far and is updated."""
        text_key: tuple[object, ...] = (unit, *self.item_index.levels_key(row.item.level_texts))
        if not row.item.level_texts[self.item_index.item_level_index].strip():
            text_key += tuple(normalize_key_cached(answer.raw_text) for answer in row.answers)
        occurrences[text_key] = occurrences.get(text_key, 0) + 1
        key = (*text_key, occurrences[text_key])
        if key not in self.added_items:
            item_id = (
                row.item.id if row.item.id not in self.used_ids else short_code(map(str, (row.item.id, *key)))
            )
            self.used_ids.add(item_id)
            self.added_items[key] = replace(row.item, id=item_id, units=(unit,))
        return self.added_items[key]


def _assign_form_rows(submission: Submission, unit: str, assigner: _ItemAssigner) -> Iterator[AssignedRow]:
    issued_by_item: dict[str, dict[str, str]] = {}
    for item_id, field, text in submission.issued:
        issued_by_item.setdefault(item_id, {})[field] = text
    occurrences: dict[tuple[object, ...], int] = {}
    for position, row in enumerate(submission.rows):
        item = (
            assigner.find_added_item(row, unit, occurrences)
            if row.item.added_by_unit
            else assigner.find_item(row, unit)
        )
        is_unchanged = item is row.item and unit == row.unit
        assigned = row if is_unchanged else AnswerRow(item, unit, row.location, row.answers)
        yield AssignedRow(
            assigned, issued_by_item.get(row.item.id, NO_ISSUED_TEXTS), position, submission.file.is_dated
        )


def _issued_items_in_order(submissions: Sequence[Submission]) -> tuple[PlanItem, ...]:
    """Return all issued items in plan order, each as most forms have it, of equally many as the newest has it."""
    versions_by_id: dict[str, list[PlanItem]] = {}
    for submission in submissions:
        for item in submission.round.plan.items:
            versions_by_id.setdefault(item.id, []).append(item)
    items = (most_common_value(versions) for versions in versions_by_id.values())
    return tuple(sorted(items, key=lambda item: (item.plan_position, item.id)))


def _asked_units_by_key(plan: Plan) -> dict[str, Unit]:
    """Return the units that the plan asks something, by normalized name."""
    asked_names = {name for item in plan.items for name in item.units}
    return {normalize_key_cached(unit.name): unit for unit in plan.units if unit.name in asked_names}


def _form_units_by_key(plan: Plan, submissions: Sequence[Submission]) -> dict[str, Unit]:
    """Return the units of the plan that the forms agree on, by normalized name; each form knows the contact of its
    own unit only."""
    units = {normalize_key_cached(unit.name): Unit(unit.name) for unit in plan.units}
    for submission in reversed(submissions):
        units.update(
            (normalize_key_cached(unit.name), unit)
            for unit in submission.round.plan.units
            if unit.name == submission.unit
        )
    return units


def _check_unexpected_units(submissions: Sequence[Submission], round_: Round) -> Iterator[Finding]:
    asked_unit_keys = _unit_keys_with_items(round_)
    for submission in submissions:
        if normalize_key_cached(submission.unit) not in asked_unit_keys:
            yield make_finding("unit-not-in-plan", Location(submission.file.name), unit=submission.unit)


def _check_unexpected_items(
    submissions: Sequence[Submission], assigned: Sequence[AssignedRow], round_: Round, item_index: PlanItemIndex
) -> Iterator[Finding]:
    """Yield one finding for each row whose id, text or unit is not the plan's."""
    asked_unit_keys = _unit_keys_with_items(round_)
    rows = [row for submission in submissions for row in submission.rows]
    rewordings = _find_reworded_items(assigned, item_index)
    for row, assigned_row in zip(rows, assigned, strict=True):
        finding_code = (
            None if row.item.added_by_unit else _plan_mismatch_code(row, assigned_row, item_index, asked_unit_keys)
        )
        if finding_code:
            level, reworded = item_index.item_level_index, rewordings.get((assigned_row.row.unit, row.item.id))
            planned = reworded or assigned_row.row.item
            params: dict[str, MessageParam] = {
                "text": row.item.title(level),
                "planned": planned.title(level),
            }
            if reworded:
                cell = reworded.location and reworded.location.cell
                finding_code, params = "plan-item-reworded", params | {"id": row.item.id, "cell": cell or "–"}
            elif finding_code == "plan-item-text-differs":
                params = _describe_differences(row.item, planned, round_.template)
            yield make_finding(
                finding_code,
                row.location,
                unit=assigned_row.row.unit,
                row_id=assigned_row.row.item.id,
                params=params,
            )


def _describe_differences(in_form: PlanItem, planned: PlanItem, template: Template) -> dict[str, MessageParam]:
    """Return the params that name the levels in which an item of a form differs from the plan's, and the texts."""
    differing = [
        (level.label, text, planned_text)
        for level, text, planned_text in zip(
            template.levels, in_form.level_texts, planned.level_texts, strict=False
        )
        if normalize_key_cached(text) != normalize_key_cached(planned_text)
    ]
    labels = {each: ", ".join(label.in_language(each) for label, _, _ in differing) for each in LANGUAGES}
    texts = " / ".join(text or "–" for _, text, _ in differing)
    planned_texts = " / ".join(text or "–" for _, _, text in differing)
    return {"levels": LocalizedText(**labels), "text": texts, "planned": planned_texts}


def _find_reworded_items(
    assigned: Sequence[AssignedRow], item_index: PlanItemIndex
) -> Mapping[tuple[str, str], PlanItem]:
    """Return the plan item that a row likely answers, by unit and the row's item id, for rows that the plan does
    not know: one that the unit was asked about and has not answered."""
    items_by_unit: dict[str, dict[str, PlanItem]] = {}
    for each in assigned:
        items_by_unit.setdefault(each.row.unit, {})[each.row.item.id] = each.row.item
    found: dict[tuple[str, str], PlanItem] = {}
    for unit, items in items_by_unit.items():
        unknown = [each for each in items.values() if each.id not in item_index.by_id and not each.added_by_unit]
        if unknown:
            unanswered = [each for each in item_index.items if unit in each.units and each.id not in items]
            rewordings = find_rewordings(unknown, unanswered, item_index.item_level_index)
            found |= {(unit, item_id): planned for item_id, planned in rewordings.items()}
    return found


def _plan_mismatch_code(
    row: AnswerRow, assigned_row: AssignedRow, item_index: PlanItemIndex, asked_unit_keys: Collection[str]
) -> str | None:
    item, unit = assigned_row.row.item, assigned_row.row.unit
    if item.id not in item_index.by_id:
        return "plan-item-unknown"
    if unit not in item.units and normalize_key_cached(unit) in asked_unit_keys:
        return "plan-item-not-asked-of-unit"
    if item.id != row.item.id:
        return "plan-item-found-by-text"
    return (
        None
        if item.level_texts == row.item.level_texts
        or item_index.levels_key(item.level_texts) == item_index.levels_key(row.item.level_texts)
        else "plan-item-text-differs"
    )


def _check_different_plans(submissions: Sequence[Submission]) -> Iterator[Finding]:
    """Yield a finding for each form that was made from another plan than most, or says something else of it; for
    the newest one where there are as many forms of another plan."""
    facts = [plan_facts(submission.round) for submission in submissions]
    (common, count), *others = Counter(facts).most_common(2)
    is_tied = bool(others) and others[0][1] == count
    differing = [one for one, each in zip(submissions, facts, strict=True) if each != common]
    for submission in submissions[:1] if is_tied else differing:
        yield make_finding("forms-of-different-plans", Location(submission.file.name), unit=submission.unit)


def _unit_keys_with_items(round_: Round) -> frozenset[str]:
    return frozenset(normalize_key_cached(name) for item in round_.plan.items for name in item.units)

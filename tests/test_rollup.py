"""How plan items are related, when a status is missing, and which status represents several."""

import itertools
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import ChoiceList
from xlflow.rules import choice_number
from xlflow.rules.engine import has_worse_rank
from xlflow.rules.rollup import (
    Relatives,
    StatusByUnit,
    StatusOverUnits,
    find_items_missing_status,
    find_unanswered_items,
    parent_ids_by_child,
    relatives_by_id,
    roll_up_activity,
    roll_up_part,
    worst_status,
)
from xlflow.runtime.resources import load_resource_toml

TEMPLATE = Template.model_validate(load_resource_toml("followup.toml"))
STATUS = TEMPLATE.choice_list(TEMPLATE.field("status"))
CODES = [option.code for option in STATUS.options]
OPEN = ChoiceList(key="status", open=True, options=STATUS.options)


def draw_items(text: str) -> tuple[PlanItem, ...]:
    """One item per row: id, goal, activity, sub-activity, units, and "egen" for a unit's own."""
    items = []
    for drawn in filter(str.strip, text.splitlines()):
        item_id, goal, activity, part, units, *own = (cell.strip() for cell in drawn.split("|"))
        levels = ("Samhälle", "Mål", goal, activity, part)
        items.append(PlanItem(item_id, levels, tuple(units.split(";")), added_by_unit=own == ["egen"]))
    return tuple(items)


ITEMS = draw_items("""
    a  | Kultur  | Öppna scenen  |              | Norr;Söder
    a1 | Kultur  | Öppna scenen  | Bygg golv    | Norr
    a2 | Kultur  | Öppna  SCENEN | Måla väggar  | Norr;Söder
    b  | Kultur  | Ny hemsida    |              | Norr
    c1 | Kultur  | Utan moder    | Ensam del    | Norr
    d  | Kultur  | Samma text    |              | Norr
    e  | Kultur  | Samma text    |              | Söder
    e1 | Kultur  | Samma text    | Del hos söder| Söder
    f  | Fritid  | Öppna scenen  |              | Norr
""")
RELATIVES = relatives_by_id(ITEMS, TEMPLATE)


def test_a_sub_activity_belongs_to_the_activity_with_the_same_texts_above_it() -> None:
    assert parent_ids_by_child(ITEMS, TEMPLATE) == {"a1": "a", "a2": "a", "e1": "e"}


def test_an_activity_of_the_units_own_takes_only_the_units_own_parts() -> None:
    items = draw_items("""
        x  | Kultur | Egen idé |        | Norr  | egen
        x1 | Kultur | Egen idé | Steg 1 | Norr  | egen
        y1 | Kultur | Egen idé | Steg 1 | Söder | egen
    """)
    assert parent_ids_by_child(items, TEMPLATE) == {"x1": "x"}


def test_a_template_without_sub_activities_has_no_parents() -> None:
    budget = Template.model_validate(load_resource_toml("budget.toml"))
    items = (PlanItem("a", ("Drift", "Hyror"), ("Norr",)), PlanItem("b", ("Drift", "Löner"), ("Norr",)))
    assert parent_ids_by_child(items, budget) == {}
    assert find_items_missing_status(relatives_by_id(items, budget), {"a"}) == ("b",)


def test_relatives_names_those_above_below_and_beside() -> None:
    assert RELATIVES["a"] == Relatives(children=("a1", "a2"))
    assert RELATIVES["a1"] == Relatives(parent="a", siblings=("a2",))
    assert RELATIVES["b"] == RELATIVES["c1"] == Relatives()
    assert tuple(RELATIVES) == tuple(item.id for item in ITEMS)


@pytest.mark.parametrize(
    ("answered", "missing"),
    [
        ("", "a b c1 d e f"),
        ("a", "b c1 d e f"),
        ("a1", "a2 b c1 d e f"),
        ("a1 a2", "b c1 d e f"),
        ("a a1", "b c1 d e f"),
        ("b c1 d e1 f", "a"),
        ("a b c1 d e f", ""),
    ],
)
def test_a_status_is_missing_on_the_activity_or_on_the_parts_left_over(answered: str, missing: str) -> None:
    assert find_items_missing_status(RELATIVES, answered.split()) == tuple(missing.split())


@pytest.mark.parametrize(
    ("answered", "unanswered"),
    [
        ("", "a a1 a2 b c1 d e e1 f"),
        ("a", "b c1 d e e1 f"),
        ("a1", "a a2 b c1 d e e1 f"),
        ("a1 a2", "b c1 d e e1 f"),
        ("e1 f", "a a1 a2 b c1 d"),
    ],
)
def test_a_line_is_answered_by_its_activity_or_by_all_its_parts(answered: str, unanswered: str) -> None:
    assert find_unanswered_items(ITEMS, TEMPLATE, answered.split()) == tuple(unanswered.split())


@given(st.sets(st.sampled_from([item.id for item in ITEMS])))
def test_nothing_is_missing_exactly_when_nothing_is_unanswered(answered: Collection[str]) -> None:
    missing = set(find_items_missing_status(RELATIVES, answered))
    unanswered = set(find_unanswered_items(ITEMS, TEMPLATE, answered))
    assert missing <= unanswered
    assert bool(missing) == bool(unanswered)


def test_the_worst_goes_by_rank_and_leaves_the_cancelled_out() -> None:
    assert worst_status(["done", "ongoing", "remains"], STATUS) == "remains"
    assert worst_status(["may_be_delayed", "postponed", None, "cancelled"], STATUS) == "postponed"
    assert worst_status(["cancelled", "done"], STATUS) == "done"
    assert worst_status(["cancelled", "cancelled", None], STATUS) == "cancelled"
    assert worst_status([None, ""], STATUS) is None
    assert worst_status([], STATUS) is None


def test_what_an_open_list_met_counts_below_every_rank() -> None:
    assert worst_status(["Vilande", "done"], OPEN) == "done"
    assert worst_status(["Vilande", "cancelled"], OPEN) == "Vilande"
    assert worst_status(["Vilande", "Annat"], OPEN) == worst_status(["Annat", "Vilande"], OPEN)


@given(st.lists(st.sampled_from([*CODES, None, "Vilande"]), max_size=6), st.randoms(use_true_random=False))
def test_the_worst_does_not_depend_on_the_order(codes: list[str | None], rng: object) -> None:
    found = worst_status(codes, OPEN)
    rng.shuffle(codes)
    assert worst_status(codes, OPEN) == found
    assert found in [*codes, None]
    assert worst_status([found, *codes], OPEN) == found


def roll_up_one(own: str | None, parts: list[str | None]) -> str | None:
    """The status of an activity of one unit, by its own status and those of its sub-activities."""
    return roll_up_activity({"Norr": own}, [{"Norr": part} for part in parts], TEMPLATE).status_code


def test_an_activity_s_own_status_stands_whatever_its_parts_say() -> None:
    assert roll_up_one("done", ["postponed"]) == "done"
    assert roll_up_one(None, ["ongoing", "done", None]) == "ongoing"
    assert roll_up_one("", []) is None
    assert roll_up_one(None, [None, None]) is None


def _is_worse(part: str, own: str) -> bool:
    """Return whether a part has a worse status than its activity, as the rules judge it."""
    field = TEMPLATE.field("status")
    return has_worse_rank(choice_number(TEMPLATE, field, part), choice_number(TEMPLATE, field, own))


def test_worse_is_a_higher_rank_where_both_have_one() -> None:
    worse = {(part, own) for part, own in itertools.product(CODES, CODES) if _is_worse(part, own)}
    ranked = ["done", "ongoing", "remains", "may_be_delayed", "postponed"]
    assert worse == {(part, own) for own, part in itertools.combinations(ranked, 2)}
    assert not _is_worse("Vilande", "done")
    assert not _is_worse("postponed", "Vilande")


# Over units and parts -------------------------------------------------------------------------------------


def over_units(text: str) -> StatusOverUnits:
    """Roll up an activity drawn as "unit: own status | part 1 | part 2": "-" is silent, "" was not asked."""
    own: dict[str, str | None] = {}
    parts: list[dict[str, str | None]] = []
    for drawn in filter(str.strip, text.splitlines()):
        unit, _, rest = drawn.strip().partition(":")
        first, *others = (cell.strip() for cell in rest.split("|"))
        parts += [{} for _ in range(len(others) - len(parts))]
        for cell, answers in zip((first, *others), (own, *parts), strict=False):
            if cell:
                answers[unit] = None if cell == "-" else cell
    return roll_up_activity(own, parts, TEMPLATE)


@pytest.mark.parametrize(
    ("drawn", "code", "answered", "asked", "counts_parts"),
    [
        ("Norr: done", "done", 1, 1, False),
        ("Norr: -", None, 0, 1, False),
        ("Norr: done\nSöder: -\nÖster: -", None, 1, 3, False),
        ("Norr: postponed\nSöder: -\nÖster: done", "postponed", 2, 3, False),
        ("Norr: done\nSöder: cancelled\nÖster: done", "done", 3, 3, False),
        ("Norr: cancelled\nSöder: -", None, 1, 2, False),
        ("Norr: - | done | done | -", None, 2, 3, True),
        ("Norr: - | done | ongoing | -", "ongoing", 2, 3, True),
        ("Norr: - | done | done | done", "done", 3, 3, True),
        ("Norr: done | - | -", "done", 1, 1, False),
        ("Norr: - | done\nSöder: | -", None, 1, 2, False),
        ("Norr: done\nSöder: | -", "done", 1, 1, False),
        ("Norr: - | postponed | -\nSöder: - | - | -", "postponed", 0, 2, False),
        ("Norr: - | cancelled | done | -", None, 2, 3, True),
    ],
)
def test_an_activity_is_no_better_than_what_is_known(
    drawn: str, code: str | None, answered: int, asked: int, counts_parts: bool
) -> None:
    status = over_units(drawn)
    assert (status.status_code, status.answered_count, status.asked_count) == (code, answered, asked)
    assert status.counts_parts is counts_parts
    assert status.is_incomplete is (status.has_any_status and answered < asked)


@pytest.mark.parametrize(
    ("own", "parent", "code", "follows", "answered"),
    [
        ({"Norr": None}, {"Norr": "ongoing"}, "ongoing", True, 1),
        ({"Norr": "done"}, {"Norr": "ongoing"}, "done", False, 1),
        ({"Norr": None, "Söder": "done"}, {"Norr": "ongoing"}, "ongoing", False, 2),
        ({"Norr": None, "Söder": "done"}, {"Norr": None, "Söder": "done"}, None, False, 1),
        ({"Söder": None}, {"Norr": "done"}, "done", True, 1),
        ({"Söder": None}, {"Norr": "done", "Öster": None}, None, False, 0),
        ({"Norr": None}, {}, None, False, 0),
    ],
)
def test_a_sub_activity_takes_the_status_of_its_activity_where_that_has_one(
    own: StatusByUnit, parent: StatusByUnit, code: str | None, follows: bool, answered: int
) -> None:
    status = roll_up_part(own, parent, TEMPLATE)
    assert (status.status_code, status.follows_parent, status.answered_count) == (code, follows, answered)


RANKS = {option.code: option.rank for option in STATUS.options}
FINAL = {option.code for option in STATUS.options if option.final}
UNIT_STATUSES = st.dictionaries(st.sampled_from("NSÖV"), st.none() | st.sampled_from(CODES), max_size=4)


@given(UNIT_STATUSES, st.lists(UNIT_STATUSES, max_size=4))
def test_never_better_than_the_worst_known_and_never_final_where_something_is_unknown(
    own: dict[str, str | None], parts: list[dict[str, str | None]]
) -> None:
    status = roll_up_activity(own, parts, TEMPLATE)
    counted = [own] if own and all(own.values()) else [own, *parts]
    known = [
        code
        for by_unit in counted
        for unit, code in by_unit.items()
        if code and (by_unit is own or not own.get(unit))
    ]
    assert status.has_any_status is bool(known)
    if status.status_code:
        ranked = [code for code in known if code != "cancelled"] or known
        assert status.status_code == max(ranked, key=RANKS.__getitem__)
    if status.status_code in FINAL:
        assert status.answered_count == status.asked_count
        waiting = [unit for unit, code in own.items() if not code]
        assert all(any(unit in part for part in parts) for unit in waiting)  # may be empty: any plan
        if waiting or not own:
            codes = [code or own.get(unit) for part in parts for unit, code in part.items()]
            assert all(codes)
    if not status.status_code and known:
        assert status.is_incomplete


def test_of_two_statuses_of_one_rank_the_first_in_the_list_is_the_worst() -> None:
    ranks = {"done": 1, "ongoing": 2, "remains": 2, "postponed": 2}
    options = tuple(
        option.model_copy(update={"rank": ranks[option.code]}) for option in STATUS.options if option.code in ranks
    )
    choices = ChoiceList(key="status", options=options)
    order = [option.code for option in options if ranks[option.code] == 2]
    assert len(order) == 3
    for codes in itertools.permutations(order):
        assert worst_status(["done", *codes], choices) == order[0]
        assert worst_status(codes[:2], choices) == min(codes[:2], key=order.index)
    mirrored = ChoiceList(key="status", options=options[::-1])
    assert worst_status(order, mirrored) == order[-1]


def test_what_an_open_list_met_gives_way_to_an_unranked_choice_of_its_own() -> None:
    changes = {"rank": None, "excluded_from_rollup": False}
    unranked = tuple(option.model_copy(update=changes) for option in STATUS.options)
    choices = ChoiceList(key="status", open=True, options=unranked)
    assert worst_status(["Annat", unranked[-1].code, unranked[0].code], choices) == unranked[0].code
    assert worst_status(["Annat", unranked[-1].code], choices) == unranked[-1].code

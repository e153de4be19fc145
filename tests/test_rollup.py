"""How lines belong together, when a status is missing, and which status stands for several."""

import itertools
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.core import rollup
from xlflow.core.model import PlanItem
from xlflow.core.shipped import load_resource_toml
from xlflow.core.template import ChoiceList, Template

TEMPLATE = Template.model_validate(load_resource_toml("followup.toml"))
STATUS = TEMPLATE.choice_list(TEMPLATE.field("status"))
CODES = [option.code for option in STATUS.options]
OPEN = ChoiceList(key="status", open=True, options=STATUS.options)


def draw_lines(text: str) -> tuple[PlanItem, ...]:
    """One line per row: id, goal, activity, sub-activity, units, and "egen" for a unit's own."""
    lines = []
    for drawn in filter(str.strip, text.splitlines()):
        line_id, goal, activity, part, units, *own = (cell.strip() for cell in drawn.split("|"))
        levels = ("Samhälle", "Mål", goal, activity, part)
        lines.append(PlanItem(line_id, levels, tuple(units.split(";")), added_by_unit=own == ["egen"]))
    return tuple(lines)


LINES = draw_lines("""
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
KIN = rollup.relatives_by_id(LINES, TEMPLATE)


def test_a_sub_activity_belongs_to_the_activity_with_the_same_texts_above_it() -> None:
    assert rollup.parent_ids_by_child(LINES, TEMPLATE) == {"a1": "a", "a2": "a", "e1": "e"}


def test_an_activity_of_the_units_own_takes_only_the_units_own_parts() -> None:
    lines = draw_lines("""
        x  | Kultur | Egen idé |        | Norr  | egen
        x1 | Kultur | Egen idé | Steg 1 | Norr  | egen
        y1 | Kultur | Egen idé | Steg 1 | Söder | egen
    """)
    assert rollup.parent_ids_by_child(lines, TEMPLATE) == {"x1": "x"}


def test_a_template_without_sub_activities_has_no_parents() -> None:
    budget = Template.model_validate(load_resource_toml("budget.toml"))
    lines = (PlanItem("a", ("Drift", "Hyror"), ("Norr",)), PlanItem("b", ("Drift", "Löner"), ("Norr",)))
    assert rollup.parent_ids_by_child(lines, budget) == {}
    assert rollup.find_items_missing_status(rollup.relatives_by_id(lines, budget), {"a"}) == ("b",)


def test_kin_names_those_above_below_and_beside() -> None:
    assert KIN["a"] == rollup.Relatives(children=("a1", "a2"))
    assert KIN["a1"] == rollup.Relatives(parent="a", siblings=("a2",))
    assert KIN["b"] == KIN["c1"] == rollup.Relatives()
    assert tuple(KIN) == tuple(line.id for line in LINES)


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
    assert rollup.find_items_missing_status(KIN, answered.split()) == tuple(missing.split())


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
    assert rollup.find_unanswered_items(LINES, TEMPLATE, answered.split()) == tuple(unanswered.split())


@given(st.sets(st.sampled_from([line.id for line in LINES])))
def test_nothing_is_missing_exactly_when_nothing_is_unanswered(answered: Collection[str]) -> None:
    missing = set(rollup.find_items_missing_status(KIN, answered))
    unanswered = set(rollup.find_unanswered_items(LINES, TEMPLATE, answered))
    assert missing <= unanswered
    assert bool(missing) == bool(unanswered)


def test_the_worst_goes_by_rank_and_leaves_the_cancelled_out() -> None:
    assert rollup.worst_status(["done", "ongoing", "remains"], STATUS) == "remains"
    assert rollup.worst_status(["may_be_delayed", "postponed", None, "cancelled"], STATUS) == "postponed"
    assert rollup.worst_status(["cancelled", "done"], STATUS) == "done"
    assert rollup.worst_status(["cancelled", "cancelled", None], STATUS) == "cancelled"
    assert rollup.worst_status([None, ""], STATUS) is None
    assert rollup.worst_status([], STATUS) is None


def test_what_an_open_list_met_counts_below_every_rank() -> None:
    assert rollup.worst_status(["Vilande", "done"], OPEN) == "done"
    assert rollup.worst_status(["Vilande", "cancelled"], OPEN) == "Vilande"
    assert rollup.worst_status(["Vilande", "Annat"], OPEN) == rollup.worst_status(["Annat", "Vilande"], OPEN)


@given(st.lists(st.sampled_from([*CODES, None, "Vilande"]), max_size=6), st.randoms(use_true_random=False))
def test_the_worst_does_not_depend_on_the_order(codes: list[str | None], chance: object) -> None:
    found = rollup.worst_status(codes, OPEN)
    chance.shuffle(codes)
    assert rollup.worst_status(codes, OPEN) == found
    assert found in [*codes, None]
    assert rollup.worst_status([found, *codes], OPEN) == found


def test_an_activity_s_own_status_stands_whatever_its_parts_say() -> None:
    assert rollup.roll_up_status("done", ["postponed"], TEMPLATE) == "done"
    assert rollup.roll_up_status(None, ["ongoing", "done", None], TEMPLATE) == "ongoing"
    assert rollup.roll_up_status("", [], TEMPLATE) is None
    assert rollup.roll_up_status(None, [None, None], TEMPLATE) is None


def test_worse_is_a_higher_rank_where_both_have_one() -> None:
    worse = {(part, own) for part, own in itertools.product(CODES, CODES) if rollup.is_worse(part, own, STATUS)}
    ranked = ["done", "ongoing", "remains", "may_be_delayed", "postponed"]
    assert worse == {(part, own) for own, part in itertools.combinations(ranked, 2)}
    assert not rollup.is_worse("Vilande", "done", OPEN)
    assert not rollup.is_worse("postponed", "Vilande", OPEN)

"""Ids live from round to round, and however a plan is laid out, the same items come out of it."""

import os
import random
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_plan import read_drawn_plan
from support.external_tools import PROJECT
from support.sampling import sample_size

from xlflow.definition.plan_items import derive_ids
from xlflow.model.plan import PlanItem

ITEM_LEVEL = 1

LEVELS = st.tuples(
    st.sampled_from("AB"), st.sampled_from(["Öppna", "öppna ", "Stänga", "Måla"]), st.sampled_from(["", "x"])
)
UNITS = st.lists(st.sampled_from(["Museet", "Badet", "Skolan"]), min_size=1, max_size=2, unique=True).map(tuple)
PLAN_ITEMS = st.lists(
    st.builds(PlanItem, id=st.sampled_from(["", "", "1.1", "1.10"]), level_texts=LEVELS, units=UNITS), max_size=12
)

TREES = st.lists(
    st.tuples(
        st.sampled_from(["Samhälle", "Ekonomi"]),
        st.sampled_from(["Möten", "Ordning"]),
        st.lists(st.sampled_from(["Öppna", "Stänga", "Följa upp"]), min_size=1, max_size=3, unique=True),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda group: group[:2],
)


def _derived_ids(items: list[PlanItem]) -> dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]]:
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for item, id_ in zip(items, derive_ids(items, ITEM_LEVEL), strict=True):
        if not item.id:
            found.setdefault((item.level_texts, item.units), set()).add(id_)
    return found


class TestIds:
    @given(PLAN_ITEMS, st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_the_items(self, items: list[PlanItem], rng: random.Random):
        shuffled = items.copy()
        rng.shuffle(shuffled)
        assert _derived_ids(items) == _derived_ids(shuffled)

    @given(PLAN_ITEMS)
    def test_differ_for_all_items_that_differ(self, items: list[PlanItem]):
        ids = derive_ids(items, ITEM_LEVEL)
        derived = {id_: item for item, id_ in zip(items, ids, strict=True) if not item.id}
        for item, id_ in zip(items, ids, strict=True):  # may be empty: any list
            assert item.id in ("", id_)
            other = derived.get(id_, item)
            assert [text.strip().casefold() for text in other.level_texts] == [
                text.strip().casefold() for text in item.level_texts
            ]

    def test_come_from_the_own_text_alone(self):
        short = [PlanItem("", ("A", "Öppna kvarnen", ""), ("Museet",))]
        longer = [
            *short,
            PlanItem("", ("B", "Stänga", ""), ("Badet",)),
            PlanItem("7", ("B", "Öppna", ""), ("Badet",)),
        ]
        assert derive_ids(short, ITEM_LEVEL)[0] == derive_ids(longer, ITEM_LEVEL)[0]
        moved = [PlanItem("", ("B", "ÖPPNA  kvarnen", ""), ("Badet",))]
        assert derive_ids(moved, ITEM_LEVEL) == derive_ids(short, ITEM_LEVEL)

    def test_are_those_that_earlier_releases_gave(self):
        assert derive_ids([PlanItem("", ("A", "Öppna kvarnen", ""), ("Museet",))], ITEM_LEVEL) == ("mnqjpw7x",)

    def test_are_the_same_in_every_process(self):
        program = (
            "from support.draw_plan import read_drawn_plan;"
            "plan, _ = read_drawn_plan('Aktivitet | Enhet\\nA | X; Y\\nB | X\\nB | Z\\nC | Y; Z');"
            "print([(item.id, item.units) for item in plan.items], [unit.name for unit in plan.units])"
        )
        outputs = {_run_program(program, seed) for seed in ("0", "1", "4711")}
        assert len(outputs) == 1

    def test_of_the_plan_stay_as_they_are_written(self):
        plan, _ = read_drawn_plan(
            "Id | Aktivitet | Enhet\n1.10 | A | X\n=1.1 | B | X\n=7 | C | X\n Ä-3  | D | X\n | E | X"
        )
        assert [item.id for item in plan.items][:4] == ["1.10", "1.1", "7", "Ä-3"]
        assert len(plan.items[4].id) == 8


class TestLayout:
    @given(TREES, st.lists(st.booleans(), min_size=40, max_size=40))
    @settings(max_examples=sample_size(100))
    def test_as_above_and_written_out_are_the_same_plan(self, tree, blanks: list[bool]):
        heading = "Perspektiv | Nämndmål | Aktivitet | Enhet"
        whole, short, merged = [heading], [heading], [heading]
        above = ("", "")
        for perspective, goal, activities in tree:
            for activity in activities:
                same = perspective == above[0], (perspective, goal) == above
                blank = blanks.pop()
                whole.append(f"{perspective} | {goal} | {activity} | Museet")
                short.append(
                    f"{'' if same[0] and blank else perspective} | {'' if same[1] else goal} | {activity} | Museet"
                )
                merged.append(
                    f"{'^' if same[0] else perspective} | {'^' if same[1] else goal} | {activity} | Museet"
                )
                above = (perspective, goal)
        plans = [read_drawn_plan("\n".join(rows))[0] for rows in (whole, short, merged)]
        assert plans[0].items == plans[1].items == plans[2].items
        assert [item.level_texts[0::3] for item in plans[0].items] == [
            (perspective, activity) for perspective, _, activities in tree for activity in activities
        ]


def _run_program(program: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT / "tests")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    )
    return done.stdout


def test_a_sub_activity_without_a_unit_has_that_of_its_activity() -> None:
    plan, _ = read_drawn_plan("""
        Perspektiv | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
        Samhälle   | Möten    | Rusta torget | Beläggning   | Kvartal 2 | Gata
                   |          |              | Belysning    | Kvartal 3 |
                   |          |              | Träd         |           | Park
                   |          | Spara        |              |           | Gata; Park
                   |          |              | Köp mindre   |           |
    """)
    units = {item.level_texts[-1] or item.level_texts[-2]: item.units for item in plan.items}
    assert units == {
        "Rusta torget": ("Gata", "Park"),
        "Beläggning": ("Gata",),
        "Belysning": ("Gata",),
        "Träd": ("Park",),
        "Spara": ("Gata", "Park"),
        "Köp mindre": ("Gata", "Park"),
    }

"""A line of the plan in other words is said to be likely the same, with the cure; what is not found is named."""

from datetime import date
from pathlib import Path
from time import process_time

import pytest
from test_carried_items import fill_form

from xlflow.model.findings import Finding, remedy_of
from xlflow.model.plan import PlanItem
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.rounds.lineage import find_rewordings

SAVE, PATH = "Minska matsvinnet med 5 procent", "Anlägga en cykelväg till Norrbadet"
SAVE_NOW = "Minska matsvinnet med 5 %"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([SAVE], [SAVE_NOW], {"0": SAVE_NOW}),
        (
            [SAVE, PATH],
            ["Anlägga cykelväg till Norrbadet", SAVE_NOW],
            {"0": SAVE_NOW, "1": "Anlägga cykelväg till Norrbadet"},
        ),
        ([SAVE], [PATH], {}),
        ([SAVE], ["Minska matsvinnet i förskolan"], {}),
        (["Bygga scen 1 i parken"], ["Bygga scen 2 i parken", "Bygga scen 3 i parken"], {}),  # equally near
        (["Rusta lekplatsen"], ["Rusta parken"], {}),
        (["Öppna sommarscen"], ["Öppna sommarscenen"], {"0": "Öppna sommarscenen"}),  # one ending
        (["Öppna sommarscen"], ["Öppna sommarskolan"], {}),
        (["Rustning av lekplats"], ["Rustningen av lekplatserna"], {"0": "Rustningen av lekplatserna"}),
        ([""], [""], {}),
        ([], [SAVE], {}),
    ],
)
def test_the_nearest_is_found_and_none_of_equally_near_ones(
    before: list[str], now: list[str], expected: dict[str, str]
) -> None:
    items, candidates = (
        [PlanItem(str(number), (text, ""), ("Norr",)) for number, text in enumerate(side)]
        for side in (before, now)
    )
    found = find_rewordings(items, candidates, 0)
    assert {item_id: item.level_texts[0] for item_id, item in found.items()} == expected


def test_many_items_that_are_all_alike_take_no_long_time() -> None:
    items, candidates = (
        [
            PlanItem(str(number), (f"Följa upp mål {start + number} i planen", ""), ("Norr",))
            for number in range(2000)
        ]
        for start in (0, 5000)
    )
    started = process_time()
    assert find_rewordings(items, candidates, 0) == {}
    assert process_time() - started < 20


def _write_plan(path: Path, *rows: str, heading: str = "Aktivitet;Slutdatum;Enhet") -> Path:
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path


def _warnings(findings: tuple[Finding, ...], *codes: str) -> list[tuple[str, str | None, object]]:
    return [(found.code, found.location.cell, found.value) for found in findings if found.code in codes]


@pytest.fixture(scope="module")
def round_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    round_folder = tmp_path_factory.mktemp("desk")
    plan = _write_plan(
        round_folder / "plan.csv", f"{SAVE};Kvartal 2;Norr", f"{PATH};Kvartal 2;Norr", "Laga taket;;Norr"
    )
    generate_forms(plan, round_folder / "ut", as_of=date(2021, 3, 31))
    answers = {SAVE: {"Status": "Pågående"}, PATH: {"Status": "Pågående"}, "Laga taket": {"Status": "Kvarstår"}}
    fill_form(round_folder / "ut" / "Norr.xlsx", round_folder / "in" / "Norr.xlsx", answers)
    merge_forms([round_folder / "in"], round_folder / "mars.xlsx", plan=plan)
    return round_folder


def test_the_merge_says_which_line_it_likely_is_and_the_cure_cures(round_folder: Path) -> None:
    changed = _write_plan(
        round_folder / "ändrad.csv", f"{SAVE_NOW};Kvartal 2;Norr", f"{PATH};Kvartal 2;Norr", "Laga taket;;Norr"
    )
    run = merge_forms([round_folder / "in"], round_folder / "a.xlsx", plan=changed)
    (finding,) = [found for found in run.findings if found.code.startswith("plan-item-")]
    assert finding.code == "plan-item-reworded"
    params = dict(finding.params)
    assert (params["text"], params["planned"], params["cell"]) == (SAVE, SAVE_NOW, "A2")
    item_id = str(params["id"])
    assert item_id in remedy_of(finding, "sv")
    cured = _write_plan(
        round_folder / "botad.csv",
        f"{item_id};{SAVE_NOW};Kvartal 2;Norr",
        f";{PATH};Kvartal 2;Norr",
        ";Laga taket;;Norr",
        heading="Id;Aktivitet;Slutdatum;Enhet",
    )
    cured_run = merge_forms([round_folder / "in"], round_folder / "b.xlsx", plan=cured)
    assert [found.code for found in cured_run.findings if found.code.startswith("plan-item-")] == [
        "plan-item-text-differs"
    ]
    assert cured_run.merged is not None
    assert cured_run.merged.accounts.rows_unanswered == 0


def test_generate_names_what_is_reworded_and_what_is_not_found(round_folder: Path) -> None:
    plan = _write_plan(
        round_folder / "nästa.csv", f"{SAVE_NOW};Kvartal 2;Norr", "Rensa bäcken;Kvartal 2;Norr", "Laga taket;;Norr"
    )
    run = generate_forms(plan, round_folder / "ut 2", as_of=date(2021, 8, 31), previous=round_folder / "mars.xlsx")
    assert _warnings(run.findings, "previous-item-reworded", "previous-item-not-found") == [
        ("previous-item-not-found", None, PATH),
        ("previous-item-reworded", "A2", SAVE),
    ]

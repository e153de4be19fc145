"""An item has the same predecessor wherever rounds are compared: in the form, `Förändringar`, history and
report."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pytest
from support.draw_merged import column_by_id, draw_merged
from support.draw_round import draw_round

from xlflow.consolidated.reader import read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.change_table import build_current_snapshot
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.plan import Round
from xlflow.rounds.history import ConsolidatedRound, build_round_history
from xlflow.rounds.lineage import RoundItems, find_unknown_references, match_plan_items
from xlflow.rounds.previous_answers import build_previous_answers, check_continued_items, index_predecessors
from xlflow.rounds.round_changes import RoundSnapshot
from xlflow.rounds.round_status import RoundStatus

MARCH, AUGUST = date(2021, 3, 31), date(2021, 8, 31)
HEADINGS = "Id | Aktivitet | Delaktivitet | Enhet | Fortsätter från"

MARCH_PLAN = """
    a  | Laga taket    |      | Norr  |
    b  | Byta pumpen   |      | Norr  |
    c  | Måla huset    |      | Söder |
    d  | Bygga scenen  |      | Norr  |
    d1 |               | Golv | Norr  |
"""
MARCH_ANSWERS = {
    "Norr": "a | Pågående |\nb | Förskjuts |\nd | Kvarstår |\nd1 | Pågående | Gjutet",
    "Söder": "c | Genomfört |",
}


@dataclass(frozen=True)
class Comparison:
    """What each part of the program says of an item's previous round, by the id of today's item."""

    form: Mapping[str, str]
    changes: Mapping[str, object]
    history: Mapping[str, object]
    report: Mapping[str, str]
    unknown: tuple[str, ...]


def compare(now: str, before: str = MARCH_PLAN, answers: Mapping[str, str] | None = None) -> Comparison:
    """Return what is said of the plan `now` after a round with the plan `before`; every item gets a new
    comment."""
    march = draw_round(f"{HEADINGS}\n{before.strip()}", as_of=MARCH)
    august = draw_round(f"{HEADINGS}\n{now.strip()}", as_of=AUGUST)
    march_merged = draw_merged(march, _answer_tables(answers or MARCH_ANSWERS))
    march_workbook = _render(
        render_consolidated(build_consolidated_content(*march_merged), march_merged[0]), "mars"
    )
    march_status = read_round_status(march_workbook)

    predecessors = index_predecessors(march_status, august)
    shown: dict[str, str] = {}
    for unit in august.plan.units:
        shown |= build_previous_answers(predecessors, august, unit.name).text_by_item_id

    august_merged = draw_merged(august, _answer_every_item(august))
    content = build_consolidated_content(*august_merged, _snapshot(march, march_merged))
    august_workbook = _render(render_consolidated(content, august_merged[0]), "augusti")
    august_status = read_round_status(august_workbook)
    history = build_round_history(
        [_consolidated_round(march_status, march_workbook), _consolidated_round(august_status, august_workbook)]
    )
    was_there = {str(row[0]): row[-2] for row in history.item_table.rows if row[-1] is not None}
    changes = content.tables_by_name["changes"]
    kinds = column_by_id(changes, "Förändring")
    return Comparison(
        form=shown,
        changes={
            key: status
            for key, status in column_by_id(changes, "Status förut").items()
            if kinds[key] not in ("Ny", "Borttagen")
        },
        history={key: status for key, status in was_there.items() if status is not None},
        report={
            change.item.id: change.previous.status
            for change in august_status.changes
            if change.previous and change.current
        },
        unknown=tuple(str(found.value) for found in check_continued_items(predecessors, august)),
    )


def _answer_tables(rows_by_unit: Mapping[str, str]) -> dict[str, str]:
    return {unit: f"Id | Status | Kommentar/avvikelse\n{rows}" for unit, rows in rows_by_unit.items()}


def _answer_every_item(asked: Round) -> dict[str, str]:
    return {
        unit.name: "Id | Kommentar/avvikelse\n"
        + "\n".join(f"{item.id} | Nytt nu" for item in asked.items_for_unit(unit.name))
        for unit in asked.plan.units
    }


def _snapshot(asked: Round, merged: tuple[object, ...]) -> RoundSnapshot:
    snapshot = build_current_snapshot(MergedIndex(*merged))  # type: ignore[arg-type]
    return replace(snapshot, file="mars.xlsx", digest="0" * 64)


def _render(content: bytes, name: str) -> WorkbookData:
    workbook = open_workbook(content, f"{name}.xlsx")
    assert isinstance(workbook, WorkbookData)
    return workbook


def _consolidated_round(status: RoundStatus, workbook: WorkbookData) -> ConsolidatedRound:
    return ConsolidatedRound(status, workbook.name, workbook.digest)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a | Laga taket | | Norr |", "Pågående"),  # id and text
        ("a | Lägga nytt tak | | Norr |", "Pågående"),  # the id alone
        ("x | Laga taket | | Norr |", "Pågående"),  # the text alone
        ("a | Lägga nytt tak | | Norr | b", "Förskjuts"),  # the planner's word goes before the id
        ("a | Laga taket | | Norr | Byta pumpen", "Förskjuts"),  # and before id and text together
        ("a | Laga taket | | Norr | BYTA  PUMPEN ", "Förskjuts"),
        ("a | Byta pumpen | | Norr |", "Förskjuts"),  # the id was given to another activity
        ("a | Laga taket | | Norr | finns inte", "Pågående"),  # an unknown name: the id counts
        ("x | Något helt annat | | Norr | finns inte", None),
        ("x | Något helt annat | | Norr |", None),
    ],
)
def test_all_parts_find_the_same_predecessor(row: str, expected: str | None) -> None:
    found = compare(row)
    key = row.partition("|")[0].strip()
    assert found.form == ({key: expected} if expected else {})
    assert found.changes == found.history == found.report == found.form


def test_an_id_that_was_given_to_another_activity_leads_nowhere_wrong() -> None:
    found = compare("a | Byta pumpen | | Norr |\nb | Laga taket | | Norr |\nc | Måla huset | | Söder |")
    assert found.form == {"a": "Förskjuts", "b": "Pågående", "c": "Genomfört"}
    assert found.changes == found.history == found.report == found.form


def test_a_form_shows_the_units_answers_on_all_joined_items_and_the_others_compare_with_the_first() -> None:
    found = compare("x | Hålla huset helt | | Norr | b; a; c")
    assert found.form == {
        "x": "Byta pumpen: Förskjuts\nLaga taket: Pågående",  # what Söder answered on c is its own
    }
    assert found.changes == found.history == found.report == {"x": "Förskjuts"}
    assert found.unknown == ()


def test_of_joined_items_only_those_that_had_an_answer_are_shown() -> None:
    answers = {"Norr": "b | Förskjuts | Frost"}
    assert compare("x | Hålla huset helt | | Norr | a; b", answers=answers).form == {
        "x": "Byta pumpen: Förskjuts\nFrost"
    }


def test_unknown_names_are_listed_one_by_one_and_the_known_ones_count() -> None:
    found = compare("x | Hålla huset helt | | Norr | 2019-77; b;; Byta pumpan")
    assert found.form == found.changes == found.history == found.report == {"x": "Förskjuts"}
    assert found.unknown == ("2019-77", "Byta pumpan")


def test_a_name_that_two_items_have_is_unknown() -> None:
    before = "a | Utbilda | Ledare | Norr |\nb | Träna | Ledare | Norr |"
    found = compare("x | Leda | | Norr | Ledare", before, {"Norr": "a | Pågående |"})
    assert (found.form, found.unknown) == ({}, ("Ledare",))


def test_a_text_with_a_semicolon_in_it_is_one_name() -> None:
    before = "a | Köpa båtar; hyra ut dem | | Norr |\nb | Köpa båtar | | Norr |"
    found = compare("x | Låna ut båtar | | Norr | Köpa båtar; hyra ut dem", before, {"Norr": "a | Pågående |"})
    assert found.form == found.changes == found.history == found.report == {"x": "Pågående"}


def test_a_part_is_named_with_its_activity_where_several_are_joined() -> None:
    found = compare("x | Hålla huset helt | | Norr | d1; Laga taket")
    assert found.form == {"x": "Bygga scenen – Golv: Pågående\nGjutet\nLaga taket: Pågående"}
    assert found.changes == found.history == found.report == {"x": "Pågående"}


def test_a_note_that_the_previous_round_carried_too_speaks_of_an_older_round() -> None:
    """The plan of a year is used for several rounds, and ids of the year before may be in use again."""
    before = "a | Laga taket | | Norr |\nb | Byta alla pumpar | | Norr | a"
    answers = {"Norr": "a | Pågående |\nb | Förskjuts |"}
    found = compare("a | Laga taket | | Norr |\nb | Byta alla pumpar | | Norr | a", before, answers)
    assert found.form == {"a": "Pågående", "b": "Förskjuts"}
    assert found.changes == found.history == found.report == found.form
    assert found.unknown == ()


def test_what_a_unit_adds_takes_no_predecessor_from_the_plans_own_items() -> None:
    """The form cannot know what a unit will add, and must find the same predecessor as the merge."""
    before = draw_round(f"{HEADINGS}\na | Laga taket | | Norr |")
    planned = draw_round(f"{HEADINGS}\nx | Laga taket | | Norr |", as_of=AUGUST)
    added = replace(planned.plan.items[0], id="own-1", added_by_unit=True)
    previous = RoundItems(before.plan.items, before.template)
    in_form = match_plan_items(RoundItems(planned.plan.items, planned.template), previous)
    in_merge = match_plan_items(RoundItems((added, *planned.plan.items), planned.template), previous)
    assert dict(in_form) == dict(in_merge)
    assert in_form["x"].previous_id == "a"


def test_of_two_previous_items_with_one_text_the_plans_own_counts() -> None:
    planned = draw_round(f"{HEADINGS}\na | Laga taket | | Norr |")
    added = replace(planned.plan.items[0], id="own-1", added_by_unit=True)
    now = draw_round(f"{HEADINGS}\nx | Laga taket | | Norr |", as_of=AUGUST)
    links = match_plan_items(
        RoundItems((*now.plan.items, added), now.template),
        RoundItems((added, *planned.plan.items), planned.template),
    )
    assert {key: link.previous_id for key, link in links.items()} == {"x": "a", "own-1": "own-1"}


def test_what_a_unit_added_may_be_in_the_plan_of_the_next_round() -> None:
    planned = draw_round(f"{HEADINGS}\na | Laga taket | | Norr |")
    added = replace(planned.plan.items[0], id="own-1", level_texts=("", "", "", "Dela ut böcker", ""))
    previous = RoundItems((*planned.plan.items, replace(added, added_by_unit=True)), planned.template)
    now = draw_round(f"{HEADINGS}\na | Dela ut böcker | | Norr |\nb | Laga taket | | Norr |", as_of=AUGUST)
    current = RoundItems(now.plan.items, now.template)
    links = match_plan_items(current, previous)
    assert {key: link.previous_id for key, link in links.items()} == {"a": "own-1", "b": "a"}
    assert list(find_unknown_references(current, previous, links)) == []

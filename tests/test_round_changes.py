"""What has become of each line since the round before: known again, compared, counted, and told in a table."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_merged import column_by_id, draw_merged, figures_by_group
from support.draw_round import draw_round
from support.sampling import sample_size

from xlflow.consolidated.summary_model import ConsolidatedContent
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.change_table import build_current_snapshot
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Round
from xlflow.rounds.lineage import RoundItems, find_removed_items, match_plan_items
from xlflow.rounds.round_changes import (
    CHANGE_KINDS,
    ItemChange,
    RoundSnapshot,
    count_changes_by_kind,
    find_changes,
)

AUGUST = date(2021, 8, 31)
HEADINGS = "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet"


def snap(asked: Round, answers: Mapping[str, str]) -> RoundSnapshot:
    return build_current_snapshot(MergedIndex(*draw_merged(asked, answers)))


def compare(before: str, now: str, *, deadline: str = "Kvartal 4") -> list[ItemChange]:
    """Return the changes of one line that a unit answers twice: status, new time, comment."""
    plan = f"{HEADINGS}\na | P | M | N | Laga taket | | {deadline} | Norr"
    asked, later = draw_round(plan), draw_round(plan, as_of=AUGUST)
    tables = [
        {"Norr": f"Id | Status | Ny tidpunkt | Kommentar/avvikelse\na | {reported}"} for reported in (before, now)
    ]
    return list(find_changes(snap(later, tables[1]), snap(asked, tables[0])))


# One line, twice ------------------------------------------------------------------------------------------

TOLD_TWICE = [
    ("Pågående | | Bra", "Pågående | | Bra", None),
    ("Pågående | | Bra", "Pågående | | bra ", None),
    ("Pågående | | Bra", "Pågående | |", None),  # that nothing more is said changes nothing
    ("Pågående | |", "Genomfört | |", "done status"),
    ("Förskjuts | Kvartal 1 2022 | Snö", "Genomfört | | Klart", "done status comment"),
    ("Pågående | |", "Utgår | | Slås ihop", "cancelled status comment"),
    ("Pågående | |", "Förskjuts | Kvartal 2 2022 |", "delayed status time"),
    ("Pågående | |", "Förskjuts | |", "delayed status"),
    ("| |", "Förskjuts | under 2022 |", "delayed status time"),
    ("Förskjuts | Kvartal 1 2022 |", "Förskjuts | Kvartal 2 2022 |", "delayed time"),
    ("Förskjuts | Kvartal 2 2022 |", "Förskjuts | Kvartal 1 2022 |", "time time"),
    ("Förskjuts | Kvartal 2 2022 |", "Förskjuts | 2022-06-30 |", "time time"),  # ends alike, but is no quarter
    ("Förskjuts | Kvartal 2 2022 |", "Förskjuts | kv 2 2022 |", None),
    ("Förskjuts | Kvartal 2 2022 |", "Förskjuts | |", None),  # a new time that nobody repeats still holds
    ("Förskjuts | Kvartal 2 2022 |", "Pågående | |", "status status"),
    ("Förskjuts | hösten |", "Förskjuts | vintern |", "time time"),
    ("Pågående | |", "Kan komma att försenas | | Risk", "status status comment"),
    ("Pågående | |", "Pågående | | Halvvägs", "comment comment"),
    ("Pågående | | Bra", "Pågående | | Halvvägs", "comment comment"),
    ("Pågående | |", "| |", "unanswered"),
    ("| |", "Pågående | |", "status status"),
    ("| |", "| |", None),
    ("Pågående | |", "nästan klart | |", "unanswered"),  # which is no status
]


def test_a_new_time_that_nobody_repeats_is_shown_unless_the_line_is_overdue_without_it() -> None:
    [ahead] = compare("Förskjuts | Kvartal 1 2022 |", "Pågående | |")
    assert (ahead.kind, ahead.current_deadline_text) == ("status", "Kvartal 1 2022")
    [late] = compare("Förskjuts | Kvartal 1 2022 |", "Pågående | |", deadline="Kvartal 2")
    assert (late.kind, late.current_deadline_text) == ("overdue_since", "Kvartal 2")


def test_what_was_done_and_is_not_answered_now_lacks_an_answer_and_is_not_called_late() -> None:
    assert [each.kind for each in compare("Genomfört | |", "| |", deadline="Kvartal 1")] == ["unanswered"]
    assert [each.kind for each in compare("Pågående | |", "| |", deadline="Kvartal 2")] == ["overdue_since"]


@pytest.mark.parametrize(("before", "now", "reported"), TOLD_TWICE)
def test_a_line_has_changed_in_the_way_that_says_most(before: str, now: str, reported: str | None) -> None:
    changes = compare(before, now)
    kind, *flags = reported.split() if reported else [""]
    assert [change.kind for change in changes] == ([kind] if kind else [])
    for change in changes:
        assert [change.has_new_status, change.has_new_deadline, change.has_new_comment] == [
            name in flags for name in ("status", "time", "comment")
        ]


def test_a_deadline_that_has_passed_since_is_reported_once() -> None:
    assert [c.kind for c in compare("Pågående | |", "Pågående | |", deadline="Kvartal 2")] == ["overdue_since"]
    assert [c.kind for c in compare("Pågående | |", "Pågående | |", deadline="2021-02-01")] == []
    assert [c.kind for c in compare("Pågående | |", "Genomfört | |", deadline="Kvartal 2")] == ["done"]
    assert [c.kind for c in compare("Pågående | |", "Förskjuts | |", deadline="Kvartal 2")] == ["delayed"]


def test_a_deadline_that_the_plan_moves_is_another_time() -> None:
    rounds = [
        f"{HEADINGS}\na | P | M | N | Laga taket | | {deadline} | Norr" for deadline in ("Kvartal 3", "Kvartal 4")
    ]
    reported = {"Norr": "Id | Status\na | Pågående"}
    march, august = snap(draw_round(rounds[0]), reported), snap(draw_round(rounds[1], as_of=AUGUST), reported)
    assert [(c.kind, c.has_new_deadline) for c in find_changes(august, march)] == [("delayed", True)]
    assert [(c.kind, c.has_new_deadline) for c in find_changes(march, august)] == [("time", True)]


statuses = st.sampled_from(
    ["", "Genomfört", "Pågående", "Kvarstår", "Kan komma att försenas", "Förskjuts", "Utgår", "vet ej"]
)
times = st.sampled_from(["", "Kvartal 3", "Kvartal 1 2022", "2021-12-01", "senare"])
comments = st.sampled_from(["", "Snö", "Is"])


@given(st.tuples(statuses, times, comments), st.tuples(statuses, times, comments))
@settings(max_examples=sample_size(60), deadline=None)
def test_nothing_has_changed_if_and_only_if_the_same_is_said(
    before: tuple[str, str, str], now: tuple[str, str, str]
) -> None:
    assert compare(" | ".join(before), " | ".join(before), deadline="Kvartal 1 2022") == []
    changes = compare(" | ".join(before), " | ".join(now), deadline="Kvartal 1 2022")
    assert len(changes) <= 1
    known = now[0] not in ("", "vet ej")
    new = known and before[0] != now[0]
    assert any(change.has_new_status for change in changes) is new
    assert any(change.has_new_comment for change in changes) is (bool(now[2]) and now[2] != before[2])
    if known and new:
        assert changes


# Known again ----------------------------------------------------------------------------------------------

OLD = f"""
    {HEADINGS} | Fortsätter från
    1  | Samhälle | Levande | Möten  | Bygga scenen      |                | Kvartal 2 | Norr  |
    1a |          |         |        |                   | Lägga golvet   |           | Norr  |
    1b |          |         |        |                   | Måla väggarna  |           | Norr  |
    2  |          |         | Badet  | Laga taket        |                |           | Norr  |
    3  |          |         |        | Byta pumpen       |                |           | Söder |
    4  | Ekonomi  | Ordning | Budget | Spara el          |                |           | Söder |
    5  |          |         |        | Köpa in bättre    |                |           | Söder |
"""
NEW = f"""
    {HEADINGS} | Fortsätter från
    1  | Samhälle | Levande | Möten  | Bygga en scen ute |                | Kvartal 2 | Norr  |
    7a |          |         |        |                   | Lägga golvet   |           | Norr  |
    1b |          |         |        |                   | Måla allt vitt |           | Norr  |
    3  |          |         | Badet  | Laga taket        |                |           | Norr  |
    8  |          |         |        | Byta alla pumpar  |                |           | Söder | 3
    4  |          |         |        | Spara el          |                |           | Söder |
    9  | Ekonomi  | Ordning | Budget | Sälja inventarier |                |           | Söder |
"""


def test_lines_are_known_again_by_what_they_continue_by_id_and_by_text() -> None:
    now, before = draw_round(NEW), draw_round(OLD)
    traces = match_plan_items(
        RoundItems(now.plan.items, now.template), RoundItems(before.plan.items, before.template)
    )
    assert {key: (trace.previous_id, trace.matched_by) for key, trace in traces.items()} == {
        "1": ("1", "id"),  # reworded
        "7a": ("1a", "text"),  # below the same activity
        "1b": ("1b", "id"),  # reworded
        "3": ("2", "text"),  # the number was given to another line, whose text tells
        "8": ("3", "continues"),
        "4": ("4", "id"),  # moved below another goal
    }
    assert [line.id for line in find_removed_items(before.plan.items, traces)] == ["5"]


def test_lines_may_part_and_join() -> None:
    before = draw_round("Id | Aktivitet | Enhet\na | A | Norr\nb | B | Norr\nc | C | Norr")
    now = draw_round("""
        Id | Aktivitet | Enhet | Fortsätter från
        x  | A ute     | Norr  | a
        y  | A inne    | Norr  | A
        z  | B och C   | Norr  | b; c
    """)
    traces = match_plan_items(
        RoundItems(now.plan.items, now.template), RoundItems(before.plan.items, before.template)
    )
    assert [(key, trace.previous_id, trace.other_previous_ids) for key, trace in traces.items()] == [
        ("x", "a", ()),
        ("y", "a", ()),
        ("z", "b", ("c",)),
    ]
    assert find_removed_items(before.plan.items, traces) == ()


def test_two_lines_of_the_same_text_are_not_mixed_up() -> None:
    before = draw_round("Id | Nämndmål | Aktivitet | Enhet\na | X | Utbilda | Norr\nb | Y | Utbilda | Norr")
    now = draw_round("Id | Nämndmål | Aktivitet | Enhet\nq | Y | Utbilda | Norr\nr | Z | Utbilda | Norr")
    traces = match_plan_items(
        RoundItems(now.plan.items, now.template), RoundItems(before.plan.items, before.template)
    )
    assert {key: trace.previous_id for key, trace in traces.items()} == {"q": "b", "r": "a"}
    more = draw_round("Id | Nämndmål | Aktivitet | Enhet\nr | Z | Utbilda | Norr\ns | V | Utbilda | Norr")
    assert (
        match_plan_items(
            RoundItems(more.plan.items, more.template), RoundItems(before.plan.items, before.template)
        )
        == {}
    )


texts = st.sampled_from(["A", "B", "C", "D"])


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), texts, texts), min_size=1, max_size=6, unique_by=lambda x: x[0])
)
@settings(max_examples=sample_size(80), deadline=None)
def test_every_line_is_found_again_in_its_own_round(lines: list[tuple[str, str, str]]) -> None:
    rows = "\n".join(f"{key} | {goal} | {text} | Norr" for key, goal, text in lines)
    asked = draw_round(f"Id | Nämndmål | Aktivitet | Enhet\n{rows}")
    side = RoundItems(asked.plan.items, asked.template)
    assert {key: trace.previous_id for key, trace in match_plan_items(side, side).items()} == {
        key: key for key, _, _ in lines
    }


def test_a_new_year_with_another_template_is_compared_too() -> None:
    before = draw_round(
        "Id | Aktivitet | Slutdatum | Enhet\nold | Bygga | 2020-10-01 | Norr\ngone | Sluta | | Norr"
    )
    now = draw_round(
        "Id | Aktivitet | Slutdatum | Enhet | Fortsätter från\nnew | Bygga ut | Kvartal 2 | Norr | old"
    )
    reported = snap(before, {"Norr": "Id | Status\nold | Kvarstår"})
    levels = reported.template.levels[-2:]
    short = reported.template.model_copy(update={"levels": levels, "summaries": ()})
    states = [
        type(state)(
            item=type(state.item)(state.item.id, state.item.level_texts[-2:], state.item.units),
            status_code=state.status_code,
            status=state.status,
            planned_deadline=state.planned_deadline,
            effective_deadline=state.effective_deadline,
        )
        for state in reported.item_snapshots
    ]
    earlier = RoundSnapshot(states, short, date(2020, 12, 31), "2020.xlsx", "0" * 64)
    merged = draw_merged(now, {"Norr": "Id | Status\nnew | Pågående"})
    changes = build_consolidated_content(*merged, earlier).tables_by_name["changes"]
    assert column_by_id(changes, "Förändring") == {"new": "Försenad", "gone": "Borttagen"}
    assert column_by_id(changes, "Återfunnen genom")["new"] == "Fortsätter från"
    assert column_by_id(changes, "Id förut")["new"] == "old"
    assert column_by_id(changes, "Aktivitet")["gone"] == "Sluta"
    assert column_by_id(changes, "Status förut")["gone"] == "Ej besvarad"


# Told and counted -----------------------------------------------------------------------------------------

NORR = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    1  | Förskjuts | Kvartal 3   | Ritningen dröjer
    1a | Genomfört |             |
    1b | Kvarstår  |             |
    2  | Pågående  |             | Hälften är lagd
"""
SODER = "Id | Status\n3 | Pågående\n4 | Pågående\n5 | Utgår"
NORR_LATER = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    1  | Förskjuts | Kvartal 4   | Ritningen dröjer
    7a | Genomfört |             |
    1b | Genomfört |             |
    3  | Genomfört |             | Hela taket
"""
SODER_LATER = "Id | Status\n8 | Förskjuts\n4 | Pågående\n9 | Kvarstår"


def tell(language: Language = "sv") -> ConsolidatedContent:
    before = snap(draw_round(OLD, language=language), {"Norr": NORR, "Söder": SODER})
    now = draw_merged(draw_round(NEW, as_of=AUGUST, language=language), {"Norr": NORR_LATER, "Söder": SODER_LATER})
    return build_consolidated_content(*now, before)


def test_the_table_says_what_was_and_what_is() -> None:
    changes = tell().tables_by_name["changes"]
    assert [column.heading for column in changes.columns] == [
        *("Förändring", "Id", "Perspektiv", "Aktivitet", "Delaktivitet"),
        *("Enhet", "Status förut", "Status nu", "Tid förut", "Tid nu", "Kommentar förut", "Kommentar nu"),
        *("Ändrad status", "Ändrad tid", "Ny kommentar", "Återfunnen genom", "Id förut"),
        *("Kommunövergripande mål", "Nämndmål"),
    ]
    assert column_by_id(changes, "Förändring") == {
        "1": "Försenad",  # from quarter 3 to 4
        "8": "Försenad",
        "1b": "Genomförd",
        "3": "Genomförd",
        "9": "Ny",
        "5": "Borttagen",
        "7a": "Ändrad i planen",  # another id
        "4": "Ändrad i planen",  # below another goal
    }
    assert column_by_id(changes, "Tid förut")["1"] == "Kvartal 3"
    assert column_by_id(changes, "Tid nu")["1"] == "Kvartal 4"
    assert column_by_id(changes, "Kommentar förut") == {
        **dict.fromkeys(("1", "8", "1b", "9", "5", "7a", "4")),
        "3": "Hälften är lagd",
    }  # one that has not changed stands once
    assert column_by_id(changes, "Kommentar nu")["1"] == "Ritningen dröjer"
    assert column_by_id(changes, "Status förut")["5"] == "Utgår"
    assert column_by_id(changes, "Status nu")["5"] is None
    assert column_by_id(changes, "Återfunnen genom") == {
        "1": "Id",
        "8": "Fortsätter från",
        "1b": "Id",
        "3": "Texten",
        "9": None,
        "5": None,
        "7a": "Texten",
        "4": "Id",
    }


def test_the_changes_are_counted_apart_for_activities_and_their_parts() -> None:
    summary = tell()
    (panel,) = [panel for panel in summary.panels if panel.title == "Förändringar sedan 31 mars 2021"]
    (section,) = panel.sections
    counted = {
        group.label: dict(zip(panel.headings, row, strict=True))
        for group, row in zip(section.groups, section.values, strict=True)
    }
    assert counted == {
        "Aktiviteter": {
            "Försenad": 2,
            "Passerat slutdatum": 0,
            "Utgår": 0,
            "Genomförd": 1,
            "Ny": 1,
            "Borttagen": 1,
            "Ändrad status": 2,
            "Ändrad tid": 1,
            "Ny kommentar": 1,
        },
        "Delaktiviteter": {
            "Försenad": 0,
            "Passerat slutdatum": 0,
            "Utgår": 0,
            "Genomförd": 1,
            "Ny": 0,
            "Borttagen": 0,
            "Ändrad status": 1,
            "Ändrad tid": 0,
            "Ny kommentar": 0,
        },
    }
    assert {fact.label: fact.value for fact in summary.key_figures}[
        "Rader som har ändrats sedan 31 mars 2021"
    ] == 8


def test_the_changes_are_reported_in_a_sentence() -> None:
    assert tell().status_sentences[-1] == (
        "Sedan förra uppföljningen (31 mars 2021) har en aktivitet genomförts, två har försenats, en har "
        "tillkommit och en finns inte längre med."
    )
    assert tell("en").status_sentences[-1] == (
        "Since the previous follow-up (31 March 2021), one activity has been finished, two have been delayed, one "
        "has been added and one is no longer there."
    )


def test_without_a_previous_round_there_is_nothing_of_it() -> None:
    merged = draw_merged(draw_round(NEW), {"Norr": "Id | Status\n1 | Pågående"})
    summary = build_consolidated_content(*merged)
    assert "changes" not in summary.tables_by_name
    assert not any("örändring" in panel.title for panel in summary.panels)
    assert figures_by_group(summary, "unit")  # and all else is there


def test_a_round_that_says_the_same_has_no_changes() -> None:
    asked = draw_round(OLD)
    merged = draw_merged(asked, {"Norr": NORR, "Söder": SODER})
    summary = build_consolidated_content(*merged, build_current_snapshot(MergedIndex(*merged)))
    assert summary.tables_by_name["changes"].rows == ()
    assert summary.status_sentences[-1] == "Inga aktiviteter har ändrats sedan förra uppföljningen (31 mars 2021)."


def test_every_kind_is_counted_and_named() -> None:
    changes = find_changes(
        snap(draw_round(NEW, as_of=AUGUST), {"Norr": NORR_LATER, "Söder": SODER_LATER}),
        snap(draw_round(OLD), {"Norr": NORR, "Söder": SODER}),
    )
    counts = count_changes_by_kind(changes)
    assert list(counts) == list(CHANGE_KINDS)
    assert sum(counts.values()) == len(changes) == 8

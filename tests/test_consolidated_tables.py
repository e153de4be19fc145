"""Merged answers become tables and figures: one row per line and per answer, and sums that anybody can count."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_merged import column_by_id, draw_merged, draw_summary, figures_by_group
from support.draw_round import draw_round, shipped_template
from support.not_empty import not_empty
from support.sampling import sample_size

from xlflow.consolidated.summary_model import Measure, RowFilter, RowGroup, Section
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.figures import FigureCalculator
from xlflow.consolidated.tables.summary_sections import MAX_GROUPS
from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Location
from xlflow.model.merged import MergedRow
from xlflow.model.submission import FileState, ReceivedFile, Unplaced
from xlflow.model.template import Template
from xlflow.model.template_elements import SummaryTable as Declared

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum  | Enhet | Diarienr
    a  | Samhälle   | Levande kommun         | Möten    | Scenen    |              | Kvartal 2  | Norr; Söder | 17
    a1 |            |                        |          |           | Bygg golvet  | Kvartal 1  | Söder        |
    a2 |            |                        |          |           | Måla väggar  |            | Norr         |
    b  |            |                        | Badet    | Laga tak  |              | 2021-02-28 | Norr         | 18
    c  | Ekonomi    | Ordning                | Budget   | Spara     |              | Se planen  | Söder; Öster |
    d  |            |                        |          | Köp in    |              |            | Norr         |
""")
NORR = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    a  | Pågående  |             | Halva scenen är klar
    b  | Förskjuts | Kvartal 3   | Snön låg kvar
    d  |           |             |
    + Ny idé | Genomfört |       |
"""
SODER = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    a1 | Kvarstår  |             |
    c  | Utgår     |             | =1+1
"""
ANSWERS = {"Norr": NORR, "Söder": SODER}


# One row per line -----------------------------------------------------------------------------------------


def test_one_row_per_line_of_the_plan_then_the_units_own() -> None:
    activities = draw_summary(ASKED, ANSWERS).tables_by_name["activities"]
    assert list(column_by_id(activities, "Ursprung").values()) == [*["Plan"] * 6, "Enhetens egen"]
    assert [column.heading for column in activities.columns] == [
        *("Id", "Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet"),
        *("Slutdatum", "Status", "Ny tidpunkt", "Kommentar/avvikelse", "Sammanvägd status", "Svarsläge"),
        *("Delaktiviteter i ord", "Enhet", "Kvartal", "Passerat slutdatum", "Ursprung", "Diarienr"),
    ]


def test_the_status_of_an_activity_is_rolled_up_over_units_and_sub_activities() -> None:
    rolled = column_by_id(draw_summary(ASKED, ANSWERS).tables_by_name["activities"], "Sammanvägd status")
    assert rolled["a"] == "Kvarstår"  # Pågående in Norr; in Söder the worst of its sub-activities
    assert rolled["a1"] == "Kvarstår"
    assert rolled["a2"] == "Se aktivitet"  # no status of its own, but its activity has one
    assert rolled["b"] == "Förskjuts"
    assert rolled["c"] == "Ej besvarad"  # Utgår in Söder, but Öster has not answered
    assert rolled["d"] == "Ej besvarad"


def test_an_activity_without_a_status_of_its_own_gets_the_worst_of_all_its_sub_activities() -> None:
    reported = {
        "Norr": "Id | Status\na2 | Genomfört",
        "Söder": "Id | Status\na1 | Kan komma att försenas",
    }
    activities = draw_summary(ASKED, reported).tables_by_name["activities"]
    assert column_by_id(activities, "Sammanvägd status")["a"] == "Kan komma att försenas"
    assert column_by_id(activities, "Status")["a"] is None


def test_a_status_of_the_activity_stands_over_those_of_units_that_were_asked_about_a_part_only() -> None:
    asked = draw_round("""
        Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet
        a  | P          | M                      | N        | A         |              |           | Norr
        a1 |            |                        |          |           | D            |           | Söder
    """)
    reported = {"Norr": "Id | Status\na | Pågående", "Söder": "Id | Status\na1 | Förskjuts"}
    rolled = column_by_id(draw_summary(asked, reported).tables_by_name["activities"], "Sammanvägd status")
    assert rolled == {"a": "Pågående", "a1": "Förskjuts"}


def test_comments_of_several_units_stand_under_their_names_and_of_one_unit_as_they_are() -> None:
    reported = {"Norr": NORR, "Söder": "Id | Kommentar/avvikelse\na | Golvet först"}
    comments = column_by_id(draw_summary(ASKED, reported).tables_by_name["activities"], "Kommentar/avvikelse")
    assert comments["a"] == "Norr: Halva scenen är klar\nSöder: Golvet först"
    assert comments["b"] == "Snön låg kvar"


def test_many_comments_leave_out_whole_ones_and_say_how_many() -> None:
    units = [f"Enhet {number}" for number in range(60)]
    asked = draw_round(f"Id | Aktivitet | Enhet\na | A | {'; '.join(units)}")
    reported = dict.fromkeys(units, f"Id | Kommentar/avvikelse\na | {'ord ' * 60}slut")
    summary = draw_summary(asked, reported)
    cell = str(column_by_id(summary.tables_by_name["activities"], "Kommentar/avvikelse")["a"])
    *whole, last = cell.split("\n")
    assert all(line.endswith("slut") for line in whole)
    assert last == f"… och {60 - len(whole)} till: se bladet Svar"
    assert len(cell) < 4100
    assert len(summary.tables_by_name["answers"].rows) == 60


def test_one_new_deadline_stands_alone_and_different_ones_under_their_units_names() -> None:
    def new_time(soder: str) -> object:
        reported = {
            unit: f"Id | Ny tidpunkt\na | {time}" for unit, time in (("Norr", "Kvartal 3"), ("Söder", soder))
        }
        return column_by_id(draw_summary(ASKED, reported).tables_by_name["activities"], "Ny tidpunkt")["a"]

    assert new_time("Kvartal 3") == "Kvartal 3"
    assert new_time("2021-11-01") == "Norr: Kvartal 3\nSöder: 2021-11-01"


def test_what_was_not_understood_stands_as_it_was_written_and_counts_as_not_answered() -> None:
    summary = draw_summary(ASKED, {"Norr": "Id | Status\nb | snart klart"})
    activities, answers = summary.tables_by_name["activities"], summary.tables_by_name["answers"]
    assert column_by_id(activities, "Status")["b"] == column_by_id(answers, "Status")["b"] == "snart klart"
    assert column_by_id(activities, "Sammanvägd status")["b"] == "Ej besvarad"


QUARTERS = {"a": "Kvartal 2", "a1": "Kvartal 1", "a2": "Utan kvartal", "b": "Kvartal 1", "c": "Utan kvartal"}


def test_the_quarter_of_a_deadline_is_that_of_its_last_day() -> None:
    shown = column_by_id(draw_summary(ASKED, ANSWERS).tables_by_name["activities"], "Kvartal")
    assert shown.items() >= QUARTERS.items()


@pytest.mark.parametrize(
    ("answer", "overdue"),
    [
        ("", "Ja"),  # nobody has answered, and the day has passed
        ("b | Pågående |", "Ja"),
        ("b | Genomfört |", "Nej"),
        ("b | Utgår |", "Nej"),
        ("b | Förskjuts |", "Ja"),
        ("b | Förskjuts | Kvartal 3", "Nej"),  # a new time has been set
        ("b | Förskjuts | 2021-03-15", "Ja"),  # and has passed as well
        ("b | Förskjuts | Ej fastställd", "Ja"),  # which is no time
    ],
)
def test_overdue_is_what_is_not_settled_when_its_time_has_passed(answer: str, overdue: str) -> None:
    summary = draw_summary(ASKED, {"Norr": f"Id | Status | Ny tidpunkt\n{answer}"})
    assert column_by_id(summary.tables_by_name["activities"], "Passerat slutdatum")["b"] == overdue
    units = column_by_id(summary.tables_by_name["units"], "Passerat slutdatum")
    assert units == {"Norr": int(overdue == "Ja"), "Söder": 0, "Öster": 0}


def test_the_as_of_day_itself_has_not_passed() -> None:
    asked = replace(ASKED, as_of=date(2021, 2, 28))
    assert column_by_id(draw_summary(asked, {}).tables_by_name["activities"], "Passerat slutdatum")["b"] == "Nej"


def test_group_texts_that_read_the_same_get_one_spelling() -> None:
    asked = draw_round("""
        Id | Perspektiv        | Aktivitet | Enhet
        a  | Hållbar – framtid | A         | Norr
        b  | hållbar - Framtid | B         | Norr
    """)
    summary = draw_summary(asked, {})
    assert set(column_by_id(summary.tables_by_name["activities"], "Perspektiv").values()) == {"Hållbar – framtid"}
    assert list(figures_by_group(summary, "perspective")) == ["Hållbar – framtid"]


# What deviates --------------------------------------------------------------------------------------------


def test_deviations_tell_why_they_are_listed() -> None:
    deviations = draw_summary(
        ASKED, {**ANSWERS, "Norr": "Id | Status\nb | Kan komma att försenas"}
    ).tables_by_name["deviations"]
    assert column_by_id(deviations, "Varför") == {"b": "Kan komma att försenas; Passerat slutdatum"}


def test_a_deviation_of_one_unit_is_listed_with_how_many_have_answered() -> None:
    reported = {**ANSWERS, "Söder": "Id | Status | Kommentar/avvikelse\nc | Förskjuts | =1+1"}
    deviations = draw_summary(ASKED, reported).tables_by_name["deviations"]
    assert column_by_id(deviations, "Varför")["c"] == "Förskjuts"
    assert column_by_id(deviations, "Svarsläge")["c"] == "1 av 2 har svarat"
    assert column_by_id(deviations, "Kommentar/avvikelse")["c"] == "Söder: =1+1"


def test_what_one_unit_wrote_stands_under_its_name_where_others_are_silent() -> None:
    activities = draw_summary(ASKED, {**ANSWERS, "Öster": "Id | Status\nc | ungefär klart"})
    table = activities.tables_by_name["activities"]
    assert column_by_id(table, "Status")["c"] == "Söder: Utgår\nÖster: ungefär klart"
    assert column_by_id(table, "Sammanvägd status")["c"] == "Ej besvarad"
    assert column_by_id(table, "Svarsläge")["c"] == "1 av 2 har svarat"
    assert column_by_id(table, "Svarsläge")["d"] is None


def test_deviations_name_a_goal_without_what_is_explained_below_it() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    plan = merged.round.plan
    goal = "Möten\nMed möten menas allt som inte är ett mejl."
    lines = tuple(
        replace(line, level_texts=(*line.level_texts[:2], goal, *line.level_texts[3:])) for line in plan.items
    )
    summary = build_consolidated_content(
        replace(merged, round=replace(merged.round, plan=replace(plan, items=lines))), findings
    )
    assert set(column_by_id(summary.tables_by_name["deviations"], "Nämndmål").values()) == {"Möten"}
    assert set(column_by_id(summary.tables_by_name["activities"], "Nämndmål").values()) == {goal}
    assert list(figures_by_group(summary, "board_goal")) == ["Möten"]


# One row per answer ---------------------------------------------------------------------------------------


def test_answers_tell_the_file_sheet_and_row_that_they_came_from() -> None:
    answers = draw_summary(ASKED, ANSWERS).tables_by_name["answers"]
    assert column_by_id(answers, "Källa")["d"] == "Norr.xlsx, blad Uppföljning, rad 8"
    assert column_by_id(answers, "Diarienr")["b"] == "18"


def test_answers_of_two_returns_name_both() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    first = merged.rows[0]
    twice = replace(first, other_sources=(Location("Norr (2).xlsx", "Uppföljning", "A9"),))
    answers = build_consolidated_content(replace(merged, rows=(twice, *merged.rows[1:])), findings).tables_by_name[
        "answers"
    ]
    assert answers.rows[0][13] == "Norr.xlsx, blad Uppföljning, rad 5; Norr (2).xlsx, blad Uppföljning, rad 9"


def test_answers_are_marked_with_the_worst_that_was_found() -> None:
    marks = column_by_id(draw_summary(ASKED, ANSWERS).tables_by_name["answers"], "Anmärkning")
    assert marks["d"] == "Fel"  # the status is missing
    assert marks["b"] is None


def test_statuses_are_shown_by_their_labels_and_times_as_they_were_written() -> None:
    reported = {"Norr": "Id | Status | Ny tidpunkt\nb | pågår | kv 3"}
    answers = draw_summary(ASKED, reported).tables_by_name["answers"]
    assert (column_by_id(answers, "Status")["b"], column_by_id(answers, "Ny tidpunkt")["b"]) == (
        "Pågående",
        "kv 3",
    )


def test_a_long_text_is_shown_whole() -> None:
    long = "".join(f"{number:06}" for number in range(12_000))
    summary = draw_summary(ASKED, {"Norr": f"Id | Kommentar/avvikelse\nb | {long}"})
    assert column_by_id(summary.tables_by_name["answers"], "Kommentar/avvikelse")["b"] == long


def test_headings_of_the_plan_yield_to_those_of_the_program() -> None:
    asked = draw_round("""
        Id | Aktivitet | Enhet | Källa | källa | Status
        a  | A         | Norr  | x     | y     | z
    """)
    headings = [
        column.heading for column in draw_summary(asked, {"Norr": "Id\na"}).tables_by_name["answers"].columns
    ]
    assert headings[-5:] == ["Källa", "Formulärrader", "Källa (2)", "källa (3)", "Status (2)"]


# The collection -------------------------------------------------------------------------------------------


def test_units_that_have_not_answered_are_listed_with_what_they_were_asked() -> None:
    summary = draw_summary(ASKED, ANSWERS)
    units = summary.tables_by_name["units"]
    assert column_by_id(units, "Svar") == {"Norr": "Svarat", "Söder": "Svarat", "Öster": "Saknas"}
    assert column_by_id(units, "Aktiviteter") == {"Norr": 4, "Söder": 2, "Öster": 1}
    assert column_by_id(units, "Rader att svara på") == {"Norr": 4, "Söder": 3, "Öster": 1}
    assert column_by_id(units, "Fil") == {"Norr": "Norr.xlsx", "Söder": "Söder.xlsx", "Öster": None}
    assert summary.missing_units == ("Öster",)


def test_the_unanswered_rows_of_the_units_are_those_of_the_accounts() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    units = build_consolidated_content(merged, findings).tables_by_name["units"]
    assert (
        sum(map(int, map(str, column_by_id(units, "Obesvarade rader").values())))
        == merged.accounts.rows_unanswered
    )


def test_every_file_and_account_is_reported() -> None:
    summary = draw_summary(ASKED, ANSWERS)
    assert [(row[1], row[2]) for row in summary.tables_by_name["files"].rows] == [
        ("Överhoppad", ".DS_Store"),
        ("Inläst", "Norr.xlsx"),
        ("Inläst", "Söder.xlsx"),
    ]
    files, rows = summary.tables_by_name["accounts"].rows
    assert files[1:] == ("Ja", "funna 3 = inlästa 2 + avvisade 0 + ersatta 0 + dubbletter 0 + överhoppade 1", 3, 3)
    assert rows[1:] == ("Ja", "funna 8 = sammanställda 8 + avsatta 0", 8, 8)


def test_what_was_set_aside_stands_word_for_word_with_its_address() -> None:
    aside = Unplaced(
        "Norr", Location("Norr.xlsx", "Uppföljning", "K3"), ("Ring mig", "=2+2"), "okänd rad", is_row=False
    )
    rows = draw_summary(ASKED, ANSWERS, [aside]).tables_by_name["set_aside"].rows
    place = "Norr.xlsx, blad Uppföljning, cell K3"
    assert rows == (("Norr", "Text vid sidan av", place, "Ring mig | =2+2", "okänd rad"),)


def test_the_record_names_the_template_the_day_and_every_input() -> None:
    summary = draw_summary(ASKED, ANSWERS)
    reported = column_by_id(summary.tables_by_name["about"], "Värde")
    assert reported["Uppföljningsdag"] == "2021-03-31"
    assert reported["Mall"] == "Uppföljning av verksamhetsplanen (followup, version 1)"
    assert [row[0] for row in summary.tables_by_name["inputs"].rows] == [
        *("followup", "Verksamhetsplan 2021", ".DS_Store", "Norr.xlsx", "Söder.xlsx"),
    ]


def test_refused_files_say_why_in_the_words_of_their_finding() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    reason = findings[0]
    refused = ReceivedFile(reason.location.file, "", 10, None, FileState.REFUSED, reason=reason.code)
    files = build_consolidated_content(replace(merged, files=(refused,)), findings).tables_by_name["files"]
    assert files.rows[0][3] not in (None, reason.code)


# Figures --------------------------------------------------------------------------------------------------


def test_activities_are_counted_by_status_and_sub_activities_apart_from_them() -> None:
    whole = figures_by_group(draw_summary(ASKED, ANSWERS), "")
    assert whole["Aktiviteter"] == {
        **dict.fromkeys(["Genomfört", "Kvarstår", "Förskjuts"], 1),
        "Ej besvarad": 2,
        "Summa": 5,
    }
    assert whole["Andel"]["Summa"] == 1
    assert whole["Andel"]["Ej besvarad"] == Decimal("0.4")
    assert whole["Delaktiviteter som följs upp för sig"] == {"Kvarstår": 1, "Summa": 1}


def test_units_count_what_they_answered_and_what_they_were_asked() -> None:
    assert figures_by_group(draw_summary(ASKED, ANSWERS), "unit") == {
        "Norr": {"Genomfört": 1, "Pågående": 1, "Förskjuts": 1, "Ej besvarad": 1, "Summa": 4},
        "Söder": {"Kvarstår": 1, "Utgår": 1, "Summa": 2},
        "Öster": {"Ej besvarad": 1, "Summa": 1},
    }


def test_quarters_come_in_the_order_of_time_and_what_has_none_comes_last() -> None:
    figures = figures_by_group(draw_summary(ASKED, ANSWERS), "deadline")
    assert {label: row["Summa"] for label, row in figures.items()} == {
        "Kvartal 1": 1,
        "Kvartal 2": 1,
        "Utan kvartal": 3,
    }


def test_what_states_no_group_is_a_group_of_its_own() -> None:
    figures = figures_by_group(draw_summary(ASKED, ANSWERS), "perspective")
    assert {label: row["Summa"] for label, row in figures.items()} == {
        "Samhälle": 2,
        "Ekonomi": 2,
        "(inte angivet)": 1,
    }


def test_single_figures_tell_who_answered_and_what_is_left() -> None:
    facts = {fact.label: fact.value for fact in draw_summary(ASKED, ANSWERS).key_figures}
    assert facts == {
        "Enheter som tillfrågats": 3,
        "– har svarat": 2,
        "– saknas": 1,
        "Obesvarade rader": 2,
        "Fel att rätta": 1,
        "Varningar att bedöma": 0,
        "Rader att läsa bland avvikelserna": 1,
        "Ofullständigt besvarade aktiviteter": 1,
        "Enheternas egna aktiviteter": 1,
        "Delaktiviteter utan egen status (se aktivitet)": 1,
    }


def test_groups_beyond_what_a_page_shows_go_together_in_one_row() -> None:
    lines = "\n".join(f"a{n} | A{n} | Enhet {n:03}" for n in range(MAX_GROUPS + 20))
    asked = draw_round(f"Id | Aktivitet | Enhet\n{lines}")
    figures = figures_by_group(draw_summary(asked, {"Enhet 075": "Id | Status\na75 | Utgår"}), "unit")
    assert len(figures) == MAX_GROUPS + 1
    assert figures["Övriga (20)"] == {"Utgår": 1, "Ej besvarad": 19, "Summa": 20}


STATUSES = st.sampled_from(["", "Genomfört", "Pågående", "Kvarstår", "Förskjuts", "Utgår", "vet ej"])


@settings(max_examples=sample_size(40))
@given(st.lists(STATUSES, min_size=4, max_size=4), st.lists(STATUSES, min_size=3, max_size=3), st.booleans())
def test_every_section_counts_every_activity(norr: list[str], soder: list[str], silent: bool) -> None:
    reported = {
        "Norr": "Id | Status\n" + "\n".join(f"{i} | {s}" for i, s in zip(["a", "a2", "b", "d"], norr, strict=True))
    }
    if not silent:
        reported["Söder"] = "Id | Status\n" + "\n".join(
            f"{i} | {s}" for i, s in zip(["a", "a1", "c"], soder, strict=True)
        )
    summary = draw_summary(ASKED, reported)
    headings = [column.heading for column in summary.tables_by_name["activities"].columns]
    items = [
        row for row in summary.tables_by_name["activities"].rows if row[headings.index("Delaktivitet")] is None
    ]
    by_hand = Counter(str(row[headings.index("Sammanvägd status")]) for row in items)
    for section in not_empty(summary.panels[0].sections):
        if section.key in ("perspective", "overall_goal", "board_goal", "deadline"):
            counted = Counter[str]()
            for figures in section.values:
                counted.update({m.heading: f for m, f in zip(section.measures, figures, strict=True)})  # type: ignore[misc]
            assert {label: counted[label] for label in by_hand} == by_hand
            assert counted["Summa"] == len(items)
    units = figures_by_group(summary, "unit")
    assert {unit: row["Summa"] for unit, row in units.items()} == {"Norr": 3, "Söder": 2, "Öster": 1}


def test_upper_and_lower_case_are_one_to_a_tally_as_to_a_spreadsheet() -> None:
    grid = draw_summary(ASKED, {}).tables_by_name["activities"]
    match = RowFilter("perspective", "SAMHÄLLE")
    section = Section("", "", (RowGroup("x", (match,)),), (Measure("n", "count", "activities"),))
    assert FigureCalculator([grid]).fill_section(section).values == ((4,),)
    others = replace(section, groups=(RowGroup("x", (replace(match, equals=False),)),))
    assert FigureCalculator([grid]).fill_section(others).values == ((2,),)


# Other templates, languages and sizes ---------------------------------------------------------------------

BUDGET = draw_round(
    """
    Id | Område | Post  | Budget  | Enhet
    h  | Drift  | Hyror | 1000.10 | Norr; Söder
    l  | Drift  | Löner | 900     | Norr
    b  | Bygg   | Bänk  | 5       | Söder
    """,
    template=shipped_template("budget"),
)
SUMS = {
    "Norr": "Id | Utfall | Prognos | Kommentar\nh | 0.10 | 7 |\nl | 0.20 | x |",
    "Söder": "Id | Utfall | Prognos | Kommentar\nh | 0.70 | 3 | dyrt",
}


def test_amounts_are_added_up_to_the_last_digit_and_what_is_no_amount_counts_as_nothing() -> None:
    summary = draw_summary(BUDGET, SUMS)
    assert column_by_id(summary.tables_by_name["activities"], "Utfall") == {
        "h": Decimal("0.80"),
        "l": Decimal("0.20"),
        "b": None,
    }
    assert column_by_id(summary.tables_by_name["answers"], "Prognos")["l"] == "x"
    assert figures_by_group(summary, "area") == {
        "Drift": {
            "Budget": Decimal("1000.10"),
            "Utfall": Decimal("0.80"),
            "Prognos": 10,
            "Avvikelse": Decimal("990.1"),
        },
        "Bygg": {},
    }
    panel = next(panel for panel in summary.panels if panel.title == "Belopp")
    missing = "saknar belopp eller går inte att läsa"
    assert {
        section.title: {
            group.label: [str(figure) for figure in row]
            for group, row in zip(section.groups, section.values, strict=True)
        }
        for section in panel.sections
        if not section.title or missing in section.title
    } == {
        "": {
            "Summa": ["1000.10", "0.80", "10", "990.10"],
            "Saknar belopp eller går inte att läsa: 2 poster": ["905", "0.20", "0", "0"],
            "Alla poster": ["1905.10", "1", "10", "990.10"],
        },
        f"Per område: {missing}": {
            "Drift: 1 post": ["900", "0.20", "0", "0"],
            "Bygg: 1 post": ["5", "0", "0", "0"],
        },
        f"Per enhet: {missing}": {
            "Norr: 1 post": ["900", "0.20", "0", "0"],
            "Söder: 1 post": ["5", "0", "0", "0"],
        },
    }
    assert figures_by_group(summary, "unit")["Söder"]["Utfall"] == Decimal("0.70")
    assert [row[0] for row in summary.tables_by_name["accounts"].rows][2:] == ["Summa Utfall", "Summa Prognos"]


def test_a_template_without_a_status_has_no_columns_for_it() -> None:
    headings = {column.heading for column in draw_summary(BUDGET, SUMS).tables_by_name["activities"].columns}
    assert not headings & {"Sammanvägd status", "Kvartal", "Passerat slutdatum"}
    assert draw_summary(BUDGET, {}).tables_by_name["deviations"].rows == ()


def _ask_further() -> Template:
    """Return the follow-up with a further question: can it be done in spite of the pandemic?"""
    template = shipped_template()
    question = template.field("comment").model_copy(
        update={
            "key": "possible",
            "type": "yes_no",
            "role": None,
            "label": LocalizedText(sv="Går det?", en="Possible?"),
        }
    )
    asks = Declared(by="unit", of="possible", title=LocalizedText(sv="Går det per enhet", en="Possible by unit"))
    update = {"fields": (*template.fields, question), "summaries": (*template.summaries, asks)}
    return template.model_copy(update=update)


def test_a_further_question_gets_a_table_of_its_own_where_the_template_asks_for_it() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    rows = []
    for one in merged.rows:
        answer = replace(one.row.answers[0], field="possible", value=one.row.unit == "Norr", raw_text="x")
        rows.append(MergedRow(replace(one.row, answers=(*one.row.answers, answer)), one.other_sources))
    round_ = replace(merged.round, template=_ask_further())
    summary = build_consolidated_content(replace(merged, round=round_, rows=tuple(rows)), findings)
    panel = summary.panels[-1]
    assert (panel.title, panel.headings) == ("Går det?", ("Ja", "Nej", "Annat eller tomt", "Summa"))
    assert panel.sections[0].values == ((5, 3, 0, 8),)
    assert panel.sections[1].values == ((5, 0, 0, 5), (0, 3, 0, 3), (0, 0, 0, 0))


def test_it_speaks_the_language_of_the_round() -> None:
    summary = draw_summary(replace(ASKED, language="en"), {"Norr": "Id | Status\na | Pågående"})
    assert summary.subtitle == "Consolidated as of 31 March 2021"
    assert column_by_id(summary.tables_by_name["activities"], "Rolled-up status")["a"] == "Ongoing"
    assert list(figures_by_group(summary, "unit")) == ["Norr", "Söder", "Öster"]
    assert summary.panels[0].headings[-3:] == ("Not answered", "Total", "Overdue")


def test_a_round_that_nobody_answered_and_one_without_lines_are_reported_too() -> None:
    summary = draw_summary(ASKED, {})
    assert figures_by_group(summary, "")["Aktiviteter"] == {"Ej besvarad": 4, "Summa": 4, "Passerat slutdatum": 1}
    nothing = replace(ASKED, plan=replace(ASKED.plan, items=(), units=()))
    assert build_consolidated_content(*draw_merged(nothing, {})).panels[0].sections[0].values[0][-2] == 0


def test_the_order_of_findings_and_files_changes_nothing() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    shuffled, files = list(findings), list(merged.files)
    random.Random(4).shuffle(shuffled)
    files.reverse()
    assert build_consolidated_content(replace(merged, files=tuple(files)), shuffled) == build_consolidated_content(
        merged, findings
    )

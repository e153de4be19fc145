"""A plan is read as people write it, and refused with every fault at once, each in its cell."""

from datetime import date
from decimal import Decimal
from time import process_time

import pytest
from support.draw_plan import AS_OF, draw_workbook, finding_cells, format_items, read_drawn_plan, refuse_drawn_plan

from xlflow.definition.plan_workbook import define_round, read_plan
from xlflow.definition.template_loader import load_template
from xlflow.model.findings import FatalError, Location, Severity, make_finding, message_of, remedy_of
from xlflow.model.plan import Deadline

UNITS = """
    == Enheter
    Enhet         | Kontakt     | E-post
    Museet        | Museichef   | museet@kommunen.example
    Badet         | Badchef     | badet@kommunen.example
    Konst, dans   |             |
"""

PLAN = f"""
    == Plan
    Verksamhetsplan 2021
    Kulturförvaltningen
    .
    Perspektiv | Kommunövergripande mål | Nämndmål  | Aktivitet | Delaktivitet | Slutdatum   | Enhet         | Typ | Fortsätter från
    Samhälle   | Levande kommun         | Möten     | Öppna     |              | Kvartal 2   | Museet        | Ny  | 2020-04
    .
               |                        |           |           | Hyra båt     | @2021-06-30 | Badet         |     |
               |                        | Trygghet  | Belysa    |              | Se planen   | Museet; Badet |     |
    Ekonomi    | God ekonomi            | Ordning   | Följa upp |              |             | Badet         |     |
    {UNITS}
"""  # noqa: E501


class TestReadPlan:
    def test_levels_below_a_title_are_filled_down(self):
        plan, findings = read_drawn_plan(PLAN)
        assert format_items(plan.items) == [
            "Samhälle / Levande kommun / Möten / Öppna: Museet",
            "Samhälle / Levande kommun / Möten / Öppna / Hyra båt: Badet",
            "Samhälle / Levande kommun / Trygghet / Belysa: Museet; Badet",
            "Ekonomi / God ekonomi / Ordning / Följa upp: Badet",
        ]
        assert findings == ["units-without-items A4"]

    def test_everything_else_that_the_plan_says_is_there(self):
        plan, _ = read_drawn_plan(PLAN)
        first, second, third, last = plan.items
        assert (plan.title, plan.year, plan.file, plan.digest) == (
            "Verksamhetsplan 2021",
            2021,
            "plan.xlsx",
            "d" * 64,
        )
        assert [(unit.name, unit.contact, unit.email) for unit in plan.units] == [
            ("Museet", "Museichef", "museet@kommunen.example"),
            ("Badet", "Badchef", "badet@kommunen.example"),
        ]
        assert plan.extra_headings == ("Typ",)
        assert first.extra_columns == (("Typ", "Ny"),)
        assert last.extra_columns == (("Typ", ""),)
        assert first.continues_from == "2020-04"
        assert first.location == Location("plan.xlsx", "Plan", "D5")
        assert second.location == Location("plan.xlsx", "Plan", "E7")
        assert isinstance(quarter := first.plan_value("deadline"), Deadline)
        assert (quarter.kind, quarter.last) == ("quarter", date(2021, 6, 30))
        assert isinstance(day := second.plan_value("deadline"), Deadline)
        assert (day.kind, day.last) == ("day", date(2021, 6, 30))
        assert isinstance(words := third.plan_value("deadline"), Deadline)
        assert (words.kind, words.text) == ("text", "Se planen")
        assert last.plan_value("deadline") is None

    def test_headings_in_english_in_any_order_and_broken_over_lines(self):
        plan, _ = read_drawn_plan(
            """
            == Plan
            UNIT   | Sub-⏎activity | Activity      | Board  goal | Overall goal | Perspective | Deadline⏎2022 | Id
            Museum |               | Open the mill | Places      | Lively town  | Community   | Quarter 2     | A1
            == Units
            Unit
            Museum
            """
        )
        assert format_items(plan.items) == ["Community / Lively town / Places / Open the mill: Museum"]
        assert plan.items[0].id == "A1"
        assert plan.year == 2022
        assert isinstance(deadline := plan.items[0].plan_value("deadline"), Deadline)
        assert deadline.last == date(2022, 6, 30)

    def test_a_sheet_of_another_name_is_taken_if_it_is_the_only_one(self):
        plan, findings = read_drawn_plan("Aktivitet | Enhet\nÖppna kvarnen | Museet", name="mål 2021.csv")
        assert plan.title == "mål 2021"
        assert "plan-sheet-assumed -" not in findings
        plan, findings = read_drawn_plan(
            "== Mål\nAktivitet | Enhet\nÖppna kvarnen | Museet\n== Enheter\nEnhet\nMuseet"
        )
        assert len(plan.items) == 1
        assert "plan-sheet-assumed -" in findings

    def test_a_sheet_of_units_is_known_by_its_headings_too(self):
        plan, _ = read_drawn_plan(
            "== Plan\nAktivitet | Enhet\nÖppna | museet\n== Vilka\nEnhet | E-post\nMuseet | a@b.example"
        )
        assert plan.units[0].name == "Museet"
        assert plan.items[0].units == ("Museet",)

    def test_headings_that_return_on_every_page_are_no_items(self):
        plan, _ = read_drawn_plan(
            "Aktivitet | Enhet\nÖppna kvarnen | Museet\nAktivitet | Enhet\nHyra båt | Museet"
        )
        assert format_items(plan.items) == ["Öppna kvarnen: Museet", "Hyra båt: Museet"]

    def test_a_column_named_as_one_of_the_form_comes_along_under_another_name(self):
        plan, findings = read_drawn_plan(
            "Aktivitet | Enhet | Status | Källa | Status\nÖppna | Museet | Ny | A | B"
        )
        assert plan.extra_headings == ("Status (planen)", "Källa", "Status (planen) 2")
        assert plan.items[0].extra_columns[2] == ("Status (planen) 2", "B")
        assert findings.count("plan-column-renamed C1") == 1

    def test_a_heading_that_merely_resembles_a_short_one_is_a_column_of_its_own(self):
        assert read_drawn_plan("Aktivitet | Enhet | Idé\nÖppna | Museet | Kvarn")[0].extra_headings == ("Idé",)

    def test_text_in_a_column_without_a_heading_is_reported(self):
        assert (
            "plan-column-unnamed C3"
            in read_drawn_plan("Aktivitet | Enhet |\nÖppna | Museet\nHyra | Museet | obs!")[1]
        )

    def test_numbers_of_the_plan_are_read(self):
        plan, _ = read_drawn_plan(
            "Område | Post | Enhet | Budget\nA | Lön | Museet | =1250.5\nA | Lön | Badet | 1 000,25", "budget"
        )
        assert [item.plan_value("budget") for item in plan.items] == [Decimal("1250.5"), Decimal("1000.25")]
        assert len({item.id for item in plan.items}) == 2

    @pytest.mark.parametrize(
        ("title", "heading", "year", "finding"),
        [
            ("Plan", "Slutdatum", 2021, None),
            ("Plan 2021", "Slutdatum", 2021, None),
            ("Plan 2020", "Slutdatum", 2021, "plan-year-doubtful A1"),
            ("Plan 2020-2023", "Slutdatum", 2021, None),
            ("Plan 2020", "Slutdatum 2020", 2020, "plan-year-differs A2"),
            ("Plan", "Slutdatum (2022)", 2022, "plan-year-differs A2"),
        ],
    )
    def test_the_year_is_that_of_the_heading_else_of_the_round(
        self, title: str, heading: str, year: int, finding: str | None
    ):
        plan, findings = read_drawn_plan(f"{title}\nAktivitet | {heading} | Enhet\nÖppna | Kvartal 2 | Museet")
        assert plan.year == year
        assert [each for each in findings if "year" in each] == ([finding] if finding else [])

    def test_a_due_day_before_the_as_of_day_is_doubtful(self):
        asked, findings = define_round(
            draw_workbook(PLAN), load_template("followup"), AS_OF, date(2021, 3, 1), "en"
        )
        assert "due-before-as-of -" in list(finding_cells(findings))
        assert (asked.as_of, asked.due_date, asked.language) == (AS_OF, date(2021, 3, 1), "en")
        assert asked.items_for_unit("Museet") == (asked.plan.items[0], asked.plan.items[2])

    def test_a_plan_of_3000_rows_is_read_in_a_moment(self):
        rows = "\n".join(
            f"Mål {n // 30} | Aktivitet {n // 3} | Del {n} | Kvartal {n % 4 + 1} | Enhet {n % 60}"
            for n in range(3000)
        )
        workbook = draw_workbook(f"Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet\n{rows}")
        template = load_template("followup")
        start = process_time()
        plan, _ = read_plan(workbook, template, AS_OF)
        assert process_time() - start < 3  # about 0.2 s on an idle machine
        assert len(plan.items) == 4000


class TestAsAbove:
    def test_a_new_goal_does_not_inherit_the_activity_of_the_goal_before(self):
        assert refuse_drawn_plan("Nämndmål | Aktivitet | Enhet\nMöten | Öppna | Museet\nTrygghet | | Badet") == [
            "plan-no-activity B3"
        ]

    def test_a_goal_written_again_is_no_new_goal(self):
        plan, _ = read_drawn_plan(
            "Nämndmål | Aktivitet | Delaktivitet | Enhet\nMöten | Öppna |  | Museet\nMÖTEN  | | Måla | Badet"
        )
        assert format_items(plan.items) == ["Möten / Öppna: Museet", "Möten / Öppna / Måla: Badet"]

    def test_two_spellings_of_a_goal_are_one_and_reported_once(self):
        plan, findings = read_drawn_plan(
            "Nämndmål | Aktivitet | Enhet\nMöten | A | Museet\nmöten | B | Museet\nmöten | C | Museet"
        )
        assert {item.level_texts[2] for item in plan.items} == {"Möten"}
        assert [each for each in findings if each.startswith("plan-two")] == ["plan-two-spellings A3"]

    def test_merged_cells_hold_for_all_their_rows(self):
        plan, _ = read_drawn_plan(
            """
            Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet | Uppdragstyp
            Möten    | Öppna     |              | Kvartal 3 | Badet | Uppdrag
            ^        | ^         | Måla         | ^         | ^     | ^
            ^        | Stänga    |              | ^         | ^     |
            """
        )
        assert format_items(plan.items) == [
            "Möten / Öppna: Badet",
            "Möten / Öppna / Måla: Badet",
            "Möten / Stänga: Badet",
        ]
        assert all(item.plan_value("deadline") for item in plan.items)
        assert [item.extra_columns[0][1] for item in plan.items] == ["Uppdrag", "Uppdrag", ""]

    def test_an_activity_goes_on_below_with_another_unit(self):
        plan, _ = read_drawn_plan(
            "Aktivitet | Slutdatum | Enhet\nÖppna | Kvartal 1 | Museet\n | Kvartal 2 | Badet"
        )
        assert format_items(plan.items) == ["Öppna: Museet", "Öppna: Badet"]
        assert plan.items[0].id != plan.items[1].id

    def test_a_row_may_only_open_a_group(self):
        plan, findings = read_drawn_plan(
            "Perspektiv | Aktivitet | Enhet\nSamhälle\n | Öppna | Museet\nEkonomi\nAnsvarig: staben"
        )
        assert format_items(plan.items) == ["Samhälle / Öppna: Museet"]
        assert [each for each in findings if "group" in each] == [
            "plan-group-without-items A4",
            "plan-group-without-items A5",
        ]

    @pytest.mark.parametrize("mark", ["- ", "– ", "•", "* ", "▪ "])
    def test_bullets_of_sub_activities_are_left_out(self, mark: str):
        plan, _ = read_drawn_plan(f"Aktivitet | Delaktivitet | Enhet\nÖppna | | Museet\n | {mark}Måla -1 dörr | ")
        assert plan.items[1].level_texts[4] == "Måla -1 dörr"


class TestWhoIsAsked:
    def test_a_sub_activity_without_unit_is_asked_of_those_of_its_activity(self):
        plan, _ = read_drawn_plan(
            "Aktivitet | Delaktivitet | Enhet\nÖppna | | Museet; Badet\n | Måla |\n | Olja | Badet"
        )
        assert format_items(plan.items)[1:] == ["Öppna / Måla: Museet; Badet", "Öppna / Olja: Badet"]

    def test_an_activity_without_unit_is_asked_of_those_of_its_sub_activities(self):
        plan, _ = read_drawn_plan(
            "Aktivitet | Delaktivitet | Enhet\nÖppna | |\n | Måla | Museet\n | Olja | Badet; Museet"
        )
        assert format_items(plan.items)[0] == "Öppna: Museet; Badet"

    def test_an_activity_that_only_its_sub_activities_name_gets_an_item(self):
        plan, findings = read_drawn_plan(
            "Aktivitet | Delaktivitet | Enhet\nÖppna | Måla | Museet\n | Olja | Badet"
        )
        assert format_items(plan.items) == ["Öppna: Museet; Badet", "Öppna / Måla: Museet", "Öppna / Olja: Badet"]
        assert "plan-activity-implied A2" in findings

    def test_sub_activities_come_below_their_activity(self):
        plan, _ = read_drawn_plan(
            """
            Aktivitet | Delaktivitet | Enhet
            Öppna     | Måla         | Museet
            Stänga    |              | Museet
            Öppna     |              | Museet
            Öppna     | Olja         | Museet
            """
        )
        assert format_items(plan.items) == [
            "Öppna: Museet",
            "Öppna / Måla: Museet",
            "Öppna / Olja: Museet",
            "Stänga: Museet",
        ]

    def test_units_are_parted_and_written_as_in_their_sheet(self):
        plan, _ = read_drawn_plan(
            "== Plan\nAktivitet | Enhet\nA | museet ;BADET;\nB | Museet⏎Badet\nC | Konst, dans\nD | Badet, museet"
            + UNITS
        )
        assert [item.units for item in plan.items] == [
            ("Museet", "Badet"),
            ("Museet", "Badet"),
            ("Konst, dans",),
            ("Badet", "Museet"),
        ]

    @pytest.mark.parametrize(
        ("cell", "units"),
        [
            ("Badet/museet", ("Badet", "Museet")),
            ("Badet och Museet", ("Badet", "Museet")),
            ("Museet and badet", ("Museet", "Badet")),
            ("Konst, dans och Badet", ("Konst, dans", "Badet")),
            ("Badet, Konst, dans, Museet,", ("Badet", "Konst, dans", "Museet")),
            ("Alla enheter", ("Museet", "Badet", "Konst, dans")),
            ("all units", ("Museet", "Badet", "Konst, dans")),
        ],
    )
    def test_a_cell_names_several_units_as_people_do(self, cell, units):
        plan, _ = read_drawn_plan(f"== Plan\nAktivitet | Enhet\nA | {cell}{UNITS}")
        assert plan.items[0].units == units

    @pytest.mark.parametrize("cell", ["Badet och Okänd", "Museet/Badets", "Badet, " * 201 + "Museet"])
    def test_a_list_in_which_any_part_is_no_unit_is_refused_whole(self, cell):
        assert refuse_drawn_plan(f"== Plan\nAktivitet | Enhet\nA | {cell}{UNITS}") == ["plan-unit-unknown B2"]

    def test_all_units_are_those_that_the_plan_names_where_it_lists_none(self):
        plan, _ = read_drawn_plan("Aktivitet | Enhet\nA | Museet\nB | Alla enheter\nC | Badet")
        assert plan.items[1].units == ("Museet", "Badet")

    def test_without_a_sheet_of_units_they_are_those_of_the_plan(self):
        plan, findings = read_drawn_plan("Aktivitet | Enhet\nA | Museet; Badet\nB | museet")
        assert [unit.name for unit in plan.units] == ["Museet", "Badet"]
        assert plan.items[1].units == ("Museet",)
        assert "plan-units-assumed -" in findings


class TestFaults:
    def test_all_of_them_at_once(self):
        assert refuse_drawn_plan(
            f"""
            == Plan
            Perspektiv | Aktivitet | Slutdatum | Enhet        | Id
            Samhälle   |           |           | Museet       |
                       | Öppna     | #REF!     | Musset       | A1
                       | Stänga    |           |              | a1
                       | Måla      |           | Badet        | @2021-10-01
                       | Olja      |           | Badet        |
                       | OLJA      |           | Museet;Badet |
            {UNITS}
            museet     | Chefen    | chefen (a) kommunen
                       | Vem?      |
            """
        ) == [
            "units-twice A5",
            "units-no-name A6",
            "plan-no-activity B2",
            "plan-cell-error C3",
            "plan-unit-unknown D3",
            "plan-no-unit D4",
            "plan-id-twice E4",
            "plan-id-is-date E5",
            "plan-item-twice B7",
        ]

    def test_the_nearest_unit_and_the_other_cell_are_named(self):
        with pytest.raises(FatalError) as stop:
            read_drawn_plan(f"== Plan\nAktivitet | Enhet\nA | Musset\nB | Badet\nB | Badet {UNITS}")
        unknown, twice = stop.value.findings
        assert "Menade du ”Museet”?" in remedy_of(unknown, "sv")
        assert message_of(twice, "sv") == "”B” för Badet står redan i cell A3."
        assert "Did you mean “Museet”?" in remedy_of(unknown, "en")

    def test_an_error_in_a_column_that_nobody_reads_is_left_alone(self):
        assert refuse_drawn_plan("Aktivitet | Enhet | Typ\nA | B | #N/A") == ["plan-cell-error C2"]
        assert "plan-column-unnamed C2" in read_drawn_plan("Aktivitet | Enhet |\nA | B | #N/A")[1]

    def test_items_alike_with_ids_of_their_own_are_a_warning(self):
        plan, findings = read_drawn_plan("Id | Aktivitet | Enhet\n1 | Öppna | Museet\n2 | Öppna | Museet")
        assert [item.id for item in plan.items] == ["1", "2"]
        assert "plan-items-alike B3" in findings

    def test_the_address_of_a_unit_may_be_doubtful(self):
        findings = read_drawn_plan(
            "== Plan\nAktivitet | Enhet\nA | Museet\n== Enheter\nEnhet | E-post\nMuseet | a@b"
        )[1]
        assert "units-wrong-email B2" in findings

    @pytest.mark.parametrize(
        ("drawn", "faults"),
        [
            ("Hej\nhopp", ["plan-no-heading-row -"]),
            ("Aktivitte\nÖppna", ["plan-no-heading-row A1"]),
            ("Perspektiv | Aktiviteet | Enhet\nA | B | C", ["plan-heading-misspelt B1"]),
            ("Perspektiv | Enhet\nA | B", ["plan-heading-missing -"]),
            ("Perspektiv | Aktivitet\nA | B", ["plan-heading-missing -"]),
            ("Aktivitet | Enehet\nA | B", ["plan-heading-misspelt B1"]),
            ("Perspektiv | Aktivitet | Enehet\nA | B | C", ["plan-heading-misspelt C1"]),
            ("Nämdmål | Aktivitet | Enhet\nA | B | C", ["plan-heading-misspelt A1"]),
            ("Aktivitet | Enhet | Enhet\nA | B | B", ["plan-heading-twice C1"]),
            ("Aktivitet | Enhet", ["plan-empty A1"]),
            ("== Enheter\nEnhet\nMuseet", ["plan-no-sheet -"]),
            ("== Plan\nAktivitet | Enhet\nA | B\n== Enheter\nNamn\nB", ["units-no-heading -"]),
            ("== Ett\nAktivitet | Enhet\nA | B\n== Två\nAktivitet | Enhet\nA | B", ["plan-sheet-unclear -"]),
        ],
    )
    def test_headings_and_sheets(self, drawn: str, faults: list[str]):
        assert refuse_drawn_plan(drawn) == faults

    def test_a_number_that_cannot_be_read(self):
        assert refuse_drawn_plan("Område | Post | Enhet | Budget\nA | Lön | Museet | mycket", "budget") == [
            "number-unreadable D2"
        ]

    def test_a_workbook_that_could_not_be_opened(self):
        fault = make_finding("plan-empty", Location("plan.xlsx"))
        with pytest.raises(FatalError) as stop:
            read_plan(fault, load_template("followup"), AS_OF)
        assert stop.value.findings == (fault,)

    def test_what_is_only_doubtful_does_not_stop(self):
        _, findings = read_plan(draw_workbook(PLAN), load_template("followup"), AS_OF)
        assert {finding.effective_severity for finding in findings} <= {Severity.WARNING, Severity.NOTE}

"""Waivers and aliases are read from the plan workbook, refused where they name nothing that exists, applied at
check and merge, and listed with their use."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from support.draw_plan import draw_workbook, finding_cells

from xlflow.check.waivers import apply_waivers
from xlflow.definition.plan_workbook import read_plan
from xlflow.definition.template_loader import load_template
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.merged import RunResult
from xlflow.model.plan import Plan, Waiver
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms

AS_OF = date(2021, 3, 31)
PLAN = """
== Plan
Id | Perspektiv | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum | Enhet
a  | Samhälle   | Möten    | Öppna kvarnen |              | Kvartal 2 | Norr; Söder
b  |            |          | Laga taket    |              | Kvartal 3 | Norr
b1 |            |          | Laga taket    | Köpa tegel   |           | Norr
== Enheter
Enhet | Kontakt
Norr  | Växeln
Söder | Växeln
"""
WAIVERS = """
== Undantag
Regel                | Enhet | Rad        | Skäl                 | Vem        | Till och med
reason_for_deviation | Norr  | Laga taket | Beskrivs i ett PM    | Stabschef  | @2021-06-30
missing-status       | söder |            | Ny chef sedan i mars | Direktören | Kvartal 2
"""
ALIASES = """
== Alias
Text  | Betyder   | Kolumn
I hamn | Genomfört |
Typ på gång | pågår | Status
"""


def read(text: str) -> tuple[Plan, list[str]]:
    plan, findings = read_plan(draw_workbook(text), load_template("followup"), AS_OF)
    return plan, [text for text in finding_cells(findings) if "plan" not in text]


def refuse(text: str) -> list[tuple[str, str | None]]:
    with pytest.raises(FatalError) as stop:
        read(text)
    assert list(finding_cells(stop.value.findings))
    return [(f"{found.code} {found.location.cell}", found.suggestion) for found in stop.value.findings]


# Reading ------------------------------------------------------------------------------------------------------


def test_waivers_are_read_as_people_write_them() -> None:
    plan, findings = read(PLAN + WAIVERS)
    assert findings == []
    assert [
        (waiver.rule, waiver.unit, waiver.item_ids, waiver.approved_by, waiver.valid_until)
        for waiver in plan.waivers
    ] == [
        ("reason_for_deviation", "Norr", ("b",), "Stabschef", date(2021, 6, 30)),
        ("missing_status", "Söder", (), "Direktören", date(2021, 6, 30)),
    ]


def test_an_alias_that_the_template_has_learnt_meanwhile_is_no_fault() -> None:
    plan, findings = read(PLAN + "== Alias\nText | Betyder\nKlart | Genomfört\n")
    assert [(alias.text, alias.choice_code) for alias in plan.aliases] == [("Klart", "done")]
    assert findings == []


def test_aliases_are_read_and_are_for_the_status_where_no_column_is_named() -> None:
    plan, findings = read(PLAN + ALIASES)
    assert findings == []
    assert [(alias.text, alias.choice_code, alias.field) for alias in plan.aliases] == [
        ("I hamn", "done", "status"),
        ("Typ på gång", "ongoing", "status"),
    ]


def test_a_plan_without_these_sheets_has_neither() -> None:
    plan, _ = read(PLAN)
    assert plan.waivers == plan.aliases == ()


def test_headings_come_in_any_order_below_a_title_and_in_english() -> None:
    text = """
== Exceptions
Agreed on after the forms had gone out
Until       | Rule         | Reason | Who  | Line
2021-12-31  | worse part   | Known  | Head | b1
"""
    plan, findings = read(PLAN + text)
    assert findings == []
    assert [(waiver.rule, waiver.unit, waiver.item_ids) for waiver in plan.waivers] == [
        ("worse_part", "", ("b1",))
    ]


def test_every_fault_is_reported_with_its_cell_and_the_nearest_right_word() -> None:
    text = """
== Undantag
Regel                 | Enhet | Rad          | Skäl | Vem | Till och med
reason_for_deviations | Nor   | Laga takets  | x    | y   | längre fram
worse_part            |       |              |      | y   | 2021-06-30
== Alias
Text  | Betyder    | Kolumn
I hamn | Genomfördt | Status
Pågår | Genomfört  |
I hamn | Genomfört  | Statusen
Ute   | Utgår      |
ute   | Utgår      |
Nytt  |            |
"""
    assert refuse(PLAN + text) == [
        ("alias-means-unknown B2", "Genomfört"),
        ("alias-known A3", None),
        ("alias-field-unknown C4", "Status"),
        ("alias-twice A6", None),
        ("alias-incomplete A7", None),
        ("waiver-rule-unknown A2", "reason_for_deviation"),
        ("waiver-unit-unknown B2", "Norr"),
        ("waiver-plan-item-unknown C2", "Laga taket"),
        ("waiver-until-unreadable F2", None),
        ("waiver-incomplete A3", None),
    ]


@pytest.mark.parametrize("rule", ["rule-broken", "rule on trial"])
def test_no_waiver_is_for_all_rules_of_a_template_at_once(rule: str) -> None:
    text = f"\n== Undantag\nRegel | Skäl | Vem | Till och med\n{rule} | x | y | 2021-06-30"
    assert refuse(PLAN + text)[0][0] == "waiver-rule-unknown A2"


def test_a_sheet_without_headings_is_a_fault() -> None:
    assert refuse(PLAN + "\n== Undantag\nKulturskolan får vänta | till hösten\n== Alias\nI hamn | är klart") == [
        ("alias-no-heading None", None),
        ("waiver-no-heading None", None),
    ]


def test_an_expired_waiver_is_an_error_that_names_it() -> None:
    plan, findings = read(PLAN + WAIVERS.replace("@2021-06-30", "2021-03-30"))
    assert findings == ["waiver-expired A2"]
    assert len(plan.waivers) == 2


# In force -----------------------------------------------------------------------------------------------------


class Loop:
    """One round whose plan gets sheets of waivers and aliases after the forms have come back."""

    def __init__(self, folder: Path):
        self.plan, self.out, self.back = folder / "plan.xlsx", folder / "out", folder / "back"
        self.save(PLAN)
        generate_forms(self.plan, self.out, as_of=AS_OF)
        self.back.mkdir()
        self.type_in("Norr", H5="I hamn", H6="Utgår", I6="klart", H7="Kvarstår", J7="ja")
        self.type_in("Söder")

    def save(self, text: str) -> None:
        workbook = Workbook()
        workbook.remove(workbook.worksheets[0])
        for sheet in draw_workbook(text).sheets:
            worksheet = workbook.create_sheet(sheet.name)
            for row in sheet.rows:
                worksheet.append(row)
        workbook.save(self.plan)

    def type_in(self, unit: str, **cells: str) -> None:
        workbook = load_workbook(self.out / f"{unit}.xlsx")
        for cell, text in cells.items():
            workbook["Uppföljning"][cell] = text
        workbook.save(self.back / f"{unit}.xlsx")

    def check(self) -> list[str]:
        run = check_forms([self.back], plan=self.plan)
        return [
            f"{found.effective_severity} {found.code} {found.location.cell}"
            for found in run.findings
            if found.location.cell
        ]

    def merge(self) -> RunResult:
        return merge_forms([self.back], self.plan.parent / "all.xlsx", plan=self.plan, force=True)


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return Loop(tmp_path)


def test_without_them_everything_is_reported(loop: Loop) -> None:
    assert loop.check() == [
        "error choice-unknown H5",
        "error rule-broken J6",
        "error missing-status H5",
    ]


def test_both_are_in_force_at_the_check_and_listed_with_their_use(loop: Loop) -> None:
    loop.save(PLAN + WAIVERS + ALIASES)
    assert loop.check() == [
        "note alias-used H5",
        "note waiver-used A2",
        "note waiver-used A3",
    ]
    run = loop.merge()
    assert run.exit_code == 0
    about = load_workbook(loop.plan.parent / "all.xlsx")["Om"]
    rows = [[str(cell) for cell in row if cell is not None] for row in about.iter_rows(values_only=True)]
    assert [
        "reason_for_deviation",
        "Beskrivs i ett PM",
        "Norr",
        "Laga taket",
        "Stabschef",
        "2021-06-30",
        "1",
    ] in rows
    assert ["missing_status", "Ny chef sedan i mars", "Söder", "Direktören", "2021-06-30", "1"] in rows
    assert ["I hamn", "Genomfört", "Status", "1"] in rows
    assert ["Typ på gång", "Pågående", "Status", "0"] in rows


def test_an_alias_is_understood_and_what_was_written_is_kept(loop: Loop) -> None:
    loop.save(PLAN + ALIASES)
    merged = loop.merge().merged
    assert merged is not None
    answer = next(one.row.answers[0] for one in merged.rows if one.row.item.id == "a" and one.row.unit == "Norr")
    assert (answer.value, answer.raw_text) == ("done", "I hamn")
    activities = load_workbook(loop.plan.parent / "all.xlsx")["Aktiviteter"]
    assert "Norr: Genomfört" in [cell.value for cell in activities[2]], "Söder is silent"


def test_an_expired_waiver_lets_nothing_pass(loop: Loop) -> None:
    loop.save(PLAN + WAIVERS.replace("@2021-06-30", "@2021-03-01"))
    assert loop.check() == [
        "error choice-unknown H5",
        "error rule-broken J6",
        "error waiver-expired A2",
        "note waiver-used A3",
    ]


def test_a_waiver_that_nobody_needs_is_reported(loop: Loop) -> None:
    loop.save(PLAN + WAIVERS.replace("Laga taket", "Köpa tegel"))
    assert "note waiver-unused A2" in loop.check()


def missing(unit: str, row_id: str = "a") -> Finding:
    return make_finding(
        "missing-status", Location(f"{unit}.xlsx"), rule="missing_status", unit=unit, row_id=row_id
    )


def waiver(unit: str = "", *item_ids: str, until: date = AS_OF) -> Waiver:
    return Waiver("missing_status", unit, item_ids, "", "Ny chef", "Direktören", until, Location("plan.xlsx"))


def remaining(waivers: list[Waiver], *findings: Finding) -> list[tuple[str | None, str | None]]:
    """Apply the waivers and return (unit, row id) of the findings that are left."""
    left, _ = apply_waivers(findings, waivers, AS_OF)
    return [(one.unit, one.row_id) for one in left if one.code == "missing-status"]


def test_a_waiver_for_one_unit_applies_to_that_unit_alone() -> None:
    norr, soder, nobody = missing("Norr"), missing("Söder"), replace(missing("Norr"), unit=None)
    assert remaining([waiver("Söder")], norr, soder, nobody) == [("Norr", "a"), (None, "a")]
    assert remaining([waiver(" söder ")], norr, soder) == [("Norr", "a")]
    assert remaining([waiver()], norr, soder, nobody) == []


def test_a_waiver_for_some_activities_applies_to_those_alone() -> None:
    findings = missing("Norr", "a"), missing("Norr", "b"), missing("Söder", "a")
    assert remaining([waiver("", "a")], *findings) == [("Norr", "b")]
    assert remaining([waiver("Norr", "a")], *findings) == [("Norr", "b"), ("Söder", "a")]


def test_a_waiver_applies_to_its_last_day_and_no_longer() -> None:
    for days, left in ((-1, [("Norr", "a")]), (0, []), (1, [])):
        assert remaining([waiver(until=AS_OF + timedelta(days))], missing("Norr")) == left


def test_only_the_first_waiver_that_applies_counts_a_finding() -> None:
    _, uses = apply_waivers([missing("Norr"), missing("Söder")], [waiver("Norr"), waiver()], AS_OF)
    assert [count for _, count in uses] == [1, 1]
    _, uses = apply_waivers([missing("Norr"), missing("Söder")], [waiver(), waiver("Norr")], AS_OF)
    assert [count for _, count in uses] == [2, 0]

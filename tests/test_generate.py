"""The form that a unit gets: what stands in it, what may be written into it, and what it says by itself."""

import hashlib
import io
import random
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import LEVELS, draw_round, shipped_template
from support.external_tools import PROJECT
from support.libreoffice import recalculate_all
from support.not_empty import not_empty
from support.sampling import sample_size

from xlflow.definition.template_loader import load_template
from xlflow.excel.writer import count_lines
from xlflow.form.identity import build_identity, decode_identity_properties
from xlflow.form.layout import FREE_ROW_COUNT
from xlflow.form.metadata import AnswerTexts, decode_form_records
from xlflow.generate import write_form
from xlflow.generate.batch import list_form_files
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import PlanItem, Round, Unit

ASKED = draw_round(
    """
    Perspektiv | Overall goal | Nämndmål    | Aktivitet     | Delaktivitet | Slutdatum      | Enhet  | Uppdragstyp
    Samhälle   | Livet        | Fler möten  | Öppna kvarnen |              | Kvartal 2      | Museet | Gemensamt
               |              |             |               | Hyra båt     | 2021-06-30     | Museet |
               |              |             |               | Sälja kaffe  |                | Museet |
               |              |             | Laga taket    |              | Kvartal 1 2022 | Museet | Eget
    Ekonomi    | Hållbar      | Kontroll    | Gå igenom hyror |            | Se objektsplan | Museet; Badet |
    """,
    contacts=(Unit("Museet", "Växeln", "museet@exempel.se"), Unit("Badet", "Kassan", "badet@exempel.se")),
)
MILL, BOAT, COFFEE, ROOF, RENTS = (line.id for line in ASKED.plan.items)
FORM, GUIDE = "Uppföljning", "Läs mig"
PANDEMIC = PROJECT / "examples" / "extra-question" / "pandemi.toml"


def open_form(
    answers: AnswerTexts | None = None, asked: Round = ASKED, unit: str = "Museet", *, values: bool = False
) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(write_form(asked, unit, answers or {})), data_only=values)


def draw(sheet: Worksheet, headings: Sequence[str], rows: Iterable[int]) -> str:
    """Return cells of a sheet as a text table, a column for each heading."""
    places = {sheet.cell(4, column).value: column for column in range(1, sheet.max_column + 1)}
    table = [[str(sheet.cell(row, places[name]).value or "") for name in headings] for row in rows]
    return "\n".join(" | ".join(row).rstrip() for row in table)


def remaining(answers: AnswerTexts, asked: Round = ASKED) -> list[str]:
    sheet = open_form(answers, asked, values=True)[asked_sheet(asked)]
    column = next(cell.column for cell in sheet[4] if cell.value in ("Kvar att göra", "Left to do"))
    return [sheet.cell(row, column).value or "" for row in range(5, 5 + len(asked.items_for_unit("Museet")))]


def asked_sheet(asked: Round) -> str:
    return FORM if asked.language == "sv" else "Follow-up"


def validations(sheet: Worksheet) -> dict[str, DataValidation]:
    """Return the validation that the first line has, by the heading of its column."""
    found = {}
    for cell in sheet[5]:
        for validation in sheet.data_validations.dataValidation:
            if cell.coordinate in validation.sqref:
                found[str(sheet.cell(4, cell.column).value)] = validation
    return found


# What stands in the form ----------------------------------------------------------------------------------


def test_the_form_shows_the_plan_in_its_order() -> None:
    sheet = open_form()[FORM]
    shown = draw(
        sheet, ["Perspektiv", "Aktivitet", "Delaktivitet", "Slutdatum", "Status", "Uppdragstyp"], range(4, 10)
    )
    assert shown == (
        "Perspektiv | Aktivitet | Delaktivitet | Slutdatum | Status | Uppdragstyp\n"
        "Samhälle | Öppna kvarnen |  | Kvartal 2 |  | Gemensamt\n"
        "Samhälle | Öppna kvarnen | Hyra båt | 2021-06-30 |  |\n"
        "Samhälle | Öppna kvarnen | Sälja kaffe |  |  |\n"
        "Samhälle | Laga taket |  | Kvartal 1 2022 |  | Eget\n"
        "Ekonomi | Gå igenom hyror |  | Se objektsplan |  |"
    )


def test_the_heading_row_is_as_agreed() -> None:
    sheet = open_form()[FORM]
    assert [cell.value for cell in sheet[4]] == [
        *["Id", "Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet"],
        *["Slutdatum", "Status", "Ny tidpunkt", "Kommentar/avvikelse", "Kvar att göra", "Uppdragstyp"],
    ]
    assert [cell.value for cell in sheet[3]][:3] == ["#id", "#perspective", "#overall_goal"]
    assert sheet.row_dimensions[3].hidden


def test_the_head_names_unit_day_and_code() -> None:
    sheet = open_form(values=True)[FORM]
    assert sheet["A1"].value == "Uppföljning av verksamhetsplanen – Museet, per 31 mars 2021"
    assert sheet["A2"].value == "0 av 5 klara"
    code = build_identity(ASKED, "Museet").form_code
    assert f"Svara senast 16 april 2021   ·   Formulärkod {code}" in {cell.value for cell in sheet[2]}


def test_free_rows_follow_and_are_headed() -> None:
    sheet = open_form()[FORM]
    assert str(sheet["A10"].value).startswith("Egna tillägg: skriv här")
    assert not any(cell.value for cell in sheet[10][1:])
    free = range(11, 11 + FREE_ROW_COUNT)
    assert not any(sheet.cell(row, column).value for row in free for column in range(1, 11))
    assert sheet.max_row == free[-1]


def test_sub_activities_stand_below_their_activity_also_when_the_plan_parts_them() -> None:
    mill, boat, coffee, roof, rents = ASKED.plan.items
    torn = replace(ASKED, plan=replace(ASKED.plan, items=(boat, roof, mill, rents, coffee)))
    shown = draw(open_form(asked=torn)[FORM], ["Aktivitet", "Delaktivitet"], range(5, 10))
    assert shown.splitlines() == [
        "Laga taket |",
        "Öppna kvarnen |",
        "Öppna kvarnen | Hyra båt",
        "Öppna kvarnen | Sälja kaffe",
        "Gå igenom hyror |",
    ]


def test_what_was_answered_stands_there_and_what_was_issued_is_remembered() -> None:
    answers = {BOAT: {"status": "Pågående", "comment": "- ett\n- två"}}
    workbook = open_form(answers)
    assert draw(workbook[FORM], ["Status", "Kommentar/avvikelse"], [6]) == "Pågående | - ett\n- två"
    for issued, remembered in ((None, answers), ({}, {})):
        content = io.BytesIO(write_form(ASKED, "Museet", answers, issued=issued))
        rows = openpyxl.load_workbook(content)["xlflow"].iter_rows(values_only=True)
        found = decode_form_records([[cell or "" for cell in row] for row in rows])
        assert found is not None
        assert found.issued_answers == remembered


def test_own_activities_stand_in_the_free_rows() -> None:
    own = PlanItem("egen", ("Samhälle", "", "", "Måla båten", ""), ("Museet",), added_by_unit=True)
    asked = replace(ASKED, plan=replace(ASKED.plan, items=(*ASKED.plan.items, own)))
    sheet = open_form({"egen": {"status": "Genomfört"}}, asked)[FORM]
    assert draw(sheet, ["Id", "Perspektiv", "Aktivitet", "Status"], [11]) == " | Samhälle | Måla båten | Genomfört"
    assert sheet.max_row == 10 + FREE_ROW_COUNT + 1
    assert open_form({}, asked, values=True)[FORM]["A2"].value == "0 av 6 klara"


def test_a_repeated_text_is_there_but_quiet() -> None:
    sheet = open_form()[FORM]
    assert sheet["E6"].value == "Öppna kvarnen"
    assert sheet["E6"].font.color.rgb != sheet["E5"].font.color.rgb
    assert sheet["B9"].font.color.rgb == sheet["B5"].font.color.rgb


def test_the_guide_says_what_when_and_how() -> None:
    guide = open_form(values=True)[GUIDE]
    words = "\n".join(str(cell.value) for row in guide.iter_rows() for cell in row if cell.value)
    for expected in (
        "Uppföljning av verksamhetsplanen per 31 mars 2021",
        "Här svarar Museet på hur det går med det som står i Verksamhetsplan 2021.",
        "16 april 2021",
        "Växeln, museet@exempel.se",
        "0 av 5 klara",
        "Fyll i de gula rutorna på varje rad: Status.",
        "Fyll i där det behövs: Ny tidpunkt, Kommentar/avvikelse.",
        "Aktiviteten genomförs inte.",
    ):
        assert expected in words
    for option in ASKED.template.choices[0].options:
        assert option.label.sv in words
    assert guide["A1"].value
    assert not guide.merged_cells.ranges


def test_an_english_form_is_english_throughout() -> None:
    workbook = open_form({BOAT: {"status": "Done"}}, replace(ASKED, language="en", due_date=None), values=True)
    assert workbook.sheetnames == ["Read me", "Follow-up", "xlflow", "xlflow_calc"]
    sheet = workbook["Follow-up"]
    assert draw(sheet, ["Deadline", "Left to do"], range(5, 8)) == "Quarter 2 |\n2021-06-30 |\n | Choose status."
    assert sheet["A2"].value == "2 of 5 done"
    assert workbook.properties.language == "en-GB"
    plain = "\n".join(
        str(cell.value) for sheet in workbook.worksheets[:2] for row in sheet.iter_rows() for cell in row
    )
    assert not re.search(r"\b(och|eller|som|ska|rad|svar)\b", plain)


# What may be written --------------------------------------------------------------------------------------


def test_lists_are_offered_by_name() -> None:
    workbook = open_form()
    status, time = (validations(workbook[FORM])[name] for name in ("Status", "Ny tidpunkt"))
    assert (status.type, status.formula1, status.errorStyle) == ("list", "xlflow_status", None)
    assert status.errorTitle == "Svaret finns inte i listan"
    assert "Godtas: Genomfört, Pågående, Kvarstår" in status.error
    assert (time.type, time.formula1, time.errorStyle) == ("list", "xlflow_quarters", "warning")
    assert list(labels(workbook, "xlflow_status")) == [o.label.sv for o in ASKED.template.choices[0].options]
    quarters = list(labels(workbook, "xlflow_quarters"))
    assert quarters[:4] == ["Kvartal 2", "Kvartal 3", "Kvartal 4", "Kvartal 1 2022"]
    assert quarters[8:] == ["Ej fastställd"]


def labels(workbook: Workbook, name: str) -> Iterator[str]:
    for sheet, area in workbook.defined_names[name].destinations:
        for row in workbook[sheet][area]:
            yield from (str(cell.value) for cell in row)


def test_validations_cover_the_lines_and_the_free_rows() -> None:
    found = validations(open_form()[FORM])
    assert str(found["Status"].sqref) == "H5:H9 H11:H20"
    assert found.keys() == {"Status", "Ny tidpunkt", "Kommentar/avvikelse"}
    assert found["Kommentar/avvikelse"].promptTitle == "Kommentera avvikelser"


def test_the_free_rows_say_what_they_are_for() -> None:
    found = {str(one.sqref): one for one in open_form()[FORM].data_validations.dataValidation}
    assert found["E11:E20"].prompt.startswith("Skriv vad det gäller, en per rad")
    assert (found["G11:G20"].formula1, found["G11:G20"].errorStyle) == ("xlflow_quarters", "warning")


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", ["followup", "budget"])
def test_excel_can_show_every_note_and_error(name: str, language: Language) -> None:
    asked = replace(ASKED, template=shipped_template(name), language=language)
    for validation in not_empty(
        open_form(asked=replace(asked, plan=replace(asked.plan, items=())))[
            asked_sheet(asked)
        ].data_validations.dataValidation
    ):
        assert len(validation.promptTitle or "") <= 32
        assert len(validation.prompt or "") <= 255
        assert len(validation.errorTitle or "") <= 32
        assert len(validation.error or "") <= 255


def test_every_list_that_a_cell_offers_is_there() -> None:
    """Also where only the plan states times, and the unit says yes or no."""
    template = shipped_template()
    fields = (
        *template.plan_fields(),
        template.field("status").model_copy(update={"type": "yes_no", "choices": None, "role": None}),
        template.field("comment").model_copy(update={"max_length": 200}),
    )
    asked = replace(ASKED, template=template.model_copy(update={"fields": fields, "rules": ()}))
    workbook = open_form({ROOF: {"status": "ja"}, RENTS: {"status": "kanske"}}, asked, values=True)
    found = {one.type: one for one in workbook[FORM].data_validations.dataValidation if one.type != "list"}
    offered = {one.formula1 for one in workbook[FORM].data_validations.dataValidation if one.type == "list"}
    assert offered == {"xlflow_quarters", "xlflow_yes_no"}
    assert list(labels(workbook, "xlflow_yes_no")) == ["Ja", "Nej"]
    assert len(list(labels(workbook, "xlflow_quarters"))) == 9
    assert (found["textLength"].operator, found["textLength"].formula1) == ("lessThanOrEqual", "200")
    assert remaining({ROOF: {"status": "ja"}}, asked) == [*["Välj status."] * 3, "", "Välj status."]
    assert any(str(cell.value).startswith("Röda rutor att rätta: 1. ") for cell in workbook[GUIDE]["B"])


def test_issued_cells_are_locked_and_answers_are_not() -> None:
    workbook = open_form()
    sheet = workbook[FORM]
    headings = {cell.column: str(cell.value) for cell in sheet[4]}
    unlocked = {headings[cell.column] for cell in sheet[5] if not cell.protection.locked}
    assert unlocked == {"Status", "Ny tidpunkt", "Kommentar/avvikelse"}
    free = {headings[cell.column] for cell in sheet[11] if not cell.protection.locked}
    assert free == {*headings.values()} - {"Id", "Kvar att göra", "Uppdragstyp"}
    protection = sheet.protection
    assert protection.sheet
    assert not protection.password
    assert (protection.autoFilter, protection.formatColumns, protection.formatRows) == (False, False, False)
    assert protection.sort
    assert workbook.security.lockStructure
    assert all(sheet.protection.sheet for sheet in not_empty(workbook.worksheets))


def test_numbers_are_asked_for_as_numbers() -> None:
    asked = draw_round(
        """
        Område | Post  | Budget     | Enhet
        Drift  | Löner | 4250000    | Museet
               | Hyror | 1200000.50 | Museet
        """,
        template=shipped_template("budget"),
    )
    first = asked.plan.items[0].id
    answers = {first: {"outcome": "1 062 500,25", "forecast": "ca fyra miljoner", "comment": "=se bilaga"}}
    workbook = open_form(answers, asked, values=True)
    sheet = workbook[FORM]
    assert [sheet.cell(5, column).value for column in (4, 5, 6, 9)] == [
        4250000,
        1062500.25,
        "ca fyra miljoner",
        "=se bilaga",
    ]
    assert sheet["D6"].value == 1200000.5
    assert validations(sheet)["Utfall"].type == "decimal"
    assert validations(sheet)["Utfall"].errorStyle is None
    assert remaining(answers, asked) == ["Skriv prognos med siffror.", "Fyll i utfall. Fyll i prognos."]
    assert any(str(cell.value).startswith("Röda rutor att rätta: 1. ") for cell in workbook[GUIDE]["B"])


def test_what_cannot_stand_turns_red_and_statuses_have_their_colours() -> None:
    sheet = open_form()[FORM]
    formulas = {
        str(area.sqref): [(rule.formula[0], rule.dxf.fill.bgColor.rgb) for rule in rules]
        for area, rules in sheet.conditional_formatting._cf_rules.items()
    }
    red, *others = formulas["H5:H20"]
    assert red == ("IF(ISERROR($H5),TRUE,INDEX(xlflow__number_status,ROW($H5)-4)=-999)", "FFFDE8E8")
    assert ('TRIM($H5)="Genomfört"', "FFBFE5C8") in others
    assert len(others) == 6


# What the form says by itself -----------------------------------------------------------------------------


EITHER, CHOOSE = "Välj status här eller på varje delaktivitet.", "Välj status."


@pytest.mark.parametrize(
    ("answered", "left", "counter"),
    [
        ([], [EITHER, "", "", CHOOSE, CHOOSE], "0 av 5 klara"),
        ([MILL], ["", "", "", CHOOSE, CHOOSE], "3 av 5 klara"),
        ([BOAT], ["", "", CHOOSE, CHOOSE, CHOOSE], "2 av 5 klara"),
        ([BOAT, COFFEE], ["", "", "", CHOOSE, CHOOSE], "3 av 5 klara"),
        ([MILL, BOAT], ["", "", "", CHOOSE, CHOOSE], "3 av 5 klara"),
        ([MILL, ROOF, RENTS], ["", "", "", "", ""], "5 av 5 klara"),
    ],
)
def test_the_form_says_what_is_left(answered: list[str], left: list[str], counter: str) -> None:
    answers = {key: {"status": "Pågående"} for key in answered}
    assert remaining(answers) == left
    assert open_form(answers, values=True)[FORM]["A2"].value == counter


def test_a_sub_activity_whose_activity_is_asked_elsewhere_stands_for_itself() -> None:
    lines = tuple(line for line in ASKED.plan.items if line.id != MILL)
    assert remaining({}, replace(ASKED, plan=replace(ASKED.plan, items=lines))) == [CHOOSE] * 4


def test_the_guide_says_when_the_form_can_be_sent() -> None:
    done = {key: {"status": "Pågående"} for key in (MILL, ROOF, RENTS)}
    assert "Allt är ifyllt. Skicka tillbaka filen." in guide_words(done)
    reported = "Röda rutor att rätta: 1. Rader med något kvar: 1, se kolumnen Kvar att göra."
    assert reported in guide_words({**done, ROOF: {"status": "på gång"}})
    assert reported not in guide_words({**done, ROOF: {"status": " pågående "}})


def test_answers_that_need_no_explanation_are_not_listed_in_the_guide() -> None:
    asked = draw_round(f"{LEVELS} | Enhet\nP | Ö | M | A | | Museet", template=load_template(str(PANDEMIC)))
    words = {cell.value for cell in open_form(asked=asked, values=True)[GUIDE]["A"]}
    assert "Vad svaren i kolumnen Status betyder" in words
    assert "Vad svaren i kolumnen Trots pandemin betyder" not in words


def guide_words(answers: AnswerTexts) -> set[object]:
    return {cell.value for cell in open_form(answers, values=True)[GUIDE]["B"]}


def random_round(seed: int) -> tuple[Round, dict[str, dict[str, str]]]:
    """Return a round of one unit with many shapes of families, own activities, and answers of many kinds."""
    rng = random.Random(seed)
    rows = []
    for number in range(25):
        goal = "Mål " + "lång " * 60 * (number % 5 == 0) + str(number // 4)
        activity = f"Aktivitet {number} *?~ " + "ord " * 80 * (number % 7 == 0)
        if rng.random() < 0.85:
            rows.append(f"P{number // 9} | Över | {goal} | {activity} | | | Museet")
        for part in range(rng.choice([0, 0, 1, 2, 4])):
            rows.append(f"P{number // 9} | Över | {goal} | {activity} | Del {part} | | Museet")
    asked = draw_round(f"{LEVELS} | Slutdatum | Enhet\n" + "\n".join(rows))
    own = (
        PlanItem("egen1", ("", "", "", "Egen", ""), ("Museet",), added_by_unit=True),
        PlanItem("egen2", ("", "", "", "Egen", "del"), ("Museet",), added_by_unit=True),
        PlanItem("egen3", ("P0", "", "", "", ""), ("Museet",), added_by_unit=True),
        PlanItem("egen4", ("P0", "", "", "Egen", ""), ("Museet",), added_by_unit=True),
        PlanItem("egen5", ("P0", "", "", "", "del"), ("Museet",), added_by_unit=True),
    )
    asked = replace(asked, plan=replace(asked.plan, items=(*asked.plan.items, *own)))
    statuses = ["", "", "", "Genomfört", "Pågående", "pågående", " ", "på gång", "x" * 300, "=1+1", "Geno*"]
    answers = {line.id: {"status": rng.choice(statuses)} for line in asked.plan.items}
    return asked, {key: texts for key, texts in answers.items() if texts["status"]}


def test_libreoffice_works_out_what_the_form_says(tmp_path: Path) -> None:
    budget = draw_round(
        "Område | Post | Budget | Enhet\nDrift | Löner | 1 | Museet", template=shipped_template("budget")
    )
    paths = []
    for seed in range(6):
        asked, answers = random_round(seed)
        paths.append(tmp_path / f"{seed}.xlsx")
        paths[-1].write_bytes(write_form(replace(asked, language="en" if seed % 2 else "sv"), "Museet", answers))
    for name, content in (
        ("empty", write_form(replace(ASKED, plan=replace(ASKED.plan, items=())), "Museet")),
        ("budget", write_form(budget, "Museet", {budget.plan.items[0].id: {"outcome": "5", "forecast": "fem"}})),
    ):
        paths.append(tmp_path / f"{name}.xlsx")
        paths[-1].write_bytes(content)
    compared = sum(compare_formulas(*pair) for pair in zip(paths, recalculate_all(paths), strict=True))
    assert compared > 300


def test_libreoffice_really_recalculates(tmp_path: Path) -> None:
    path, opened = tmp_path / "fel.xlsx", open_form()
    opened[FORM]["H8"] = "Pågående"
    opened.save(path)
    again = openpyxl.load_workbook(recalculate_all([path])[0], data_only=True)
    assert again[FORM]["A2"].value == "1 av 5 klar"


def compare_formulas(ours: Path, theirs: Path) -> int:
    formulas = openpyxl.load_workbook(ours)
    cached, worked_out = (openpyxl.load_workbook(path, data_only=True) for path in (ours, theirs))
    compared = 0
    for sheet in not_empty(formulas.worksheets):
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            one, other = (opened[sheet.title][cell.coordinate].value or "" for opened in (cached, worked_out))
            assert one == other, f"{ours.name} {sheet.title} {cell.coordinate}"
            compared += 1
    return compared


def test_formulas_are_of_a_kind_and_length_that_every_program_takes() -> None:
    asked, answers = random_round(1)
    for sheet in not_empty(open_form(answers, asked).worksheets):
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            formula = getattr(cell.value, "text", cell.value)
            assert len(formula) < 8_000
            assert not re.search(r"\b(UNIQUE|FILTER|XLOOKUP|LET|TEXTJOIN|CONCAT|IFS|MATCH|VLOOKUP)\(", formula)
            assert all(len(text) <= 255 for text in re.findall(r'"([^"]*)"', formula))


# Nothing that came in does anything -----------------------------------------------------------------------


def test_nothing_from_the_plan_or_the_unit_becomes_a_formula_or_a_link() -> None:
    evil = '=HYPERLINK("https://exempel.se")'
    asked = draw_round(
        f"""
        {LEVELS} | Slutdatum | Enhet | Övrigt
        {evil} | +1 | @x | -2 | https://exempel.se | =1 | {evil} | =2
        """,
        title=evil,
        contacts=(Unit(evil, evil, evil),),
    )
    answers = {asked.plan.items[0].id: {"status": evil, "new_deadline": "=3", "comment": "- minskar"}}
    workbook = open_form(answers, asked, evil)
    form, guide = workbook[FORM], workbook[GUIDE]
    formulas = {cell.coordinate for row in form.iter_rows() for cell in row if cell.data_type == "f"}
    assert formulas == {"A2", "K5", *(f"K{row}" for row in range(7, 7 + FREE_ROW_COUNT))}
    assert [form.cell(5, column).value for column in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12)] == [
        *(evil, "+1", "@x", "-2", "https://exempel.se", "=1", evil, "=3", "- minskar", "=2")
    ]
    assert all(form.cell(5, column).quotePrefix for column in (2, 3, 4, 5, 7, 8, 9, 10, 12))
    links = {
        cell.hyperlink.location
        for sheet in (form, guide)
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert links == {f"'{FORM}'!A1"}
    assert len([cell for row in guide.iter_rows() for cell in row if cell.data_type == "f"]) == 2


def test_a_text_longer_than_a_cell_travels_whole_all_the_same() -> None:
    line = replace(ASKED.plan.items[0], level_texts=("P", "Ö", "M", "å" * 40_000, ""))
    workbook = open_form(asked=replace(ASKED, plan=replace(ASKED.plan, items=(line,))))
    begun = str(workbook[FORM]["E5"].value)
    assert begun.startswith("å" * 29_000)
    assert begun.endswith("[fortsätter på bladet Fortsättning, nummer 1]")
    found = decode_form_records(
        [[cell or "" for cell in row] for row in workbook["xlflow"].iter_rows(values_only=True)]
    )
    assert found is not None
    assert found.round.plan.items[0].level_texts == line.level_texts


# The workbook as a whole ----------------------------------------------------------------------------------


def test_the_workbook_opens_on_the_guide_and_hides_what_is_ours() -> None:
    workbook = open_form()
    assert workbook.sheetnames == [GUIDE, FORM, "xlflow", "xlflow_calc"]
    assert [sheet.sheet_state for sheet in workbook.worksheets] == [
        "visible",
        "visible",
        "veryHidden",
        "veryHidden",
    ]
    assert workbook.active.title == GUIDE
    view = workbook[FORM].sheet_view
    assert view.pane.topLeftCell == "G5"
    assert {selection.activeCell for selection in view.selection if selection.pane == "bottomRight"} == {"A1"}
    assert workbook[FORM].auto_filter.ref == "A4:L20"


def test_the_workbook_prints_on_a4_with_its_headings() -> None:
    sheet = open_form()[FORM]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.print_area == f"'{FORM}'!$A$1:$K$20"
    assert build_identity(ASKED, "Museet").form_code in sheet.oddFooter.right.text
    assert "&P" in sheet.oddFooter.right.text


def test_the_workbook_says_who_it_is_in_two_carriers() -> None:
    workbook = open_form()
    properties = {prop.name: prop.value for prop in workbook.custom_doc_props.props}
    identity = build_identity(ASKED, "Museet")
    assert decode_identity_properties(properties) == identity
    found = decode_form_records(
        [[cell or "" for cell in row] for row in workbook["xlflow"].iter_rows(values_only=True)]
    )
    assert found is not None
    assert found.identity == identity
    assert workbook.properties.title == "Uppföljning av verksamhetsplanen – Museet"
    assert workbook.properties.language == "sv-SE"


@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.integers(0, 1500))
@settings(max_examples=sample_size(20))
def test_rows_show_their_texts(lengths: list[int], comment: int) -> None:
    lines = tuple(
        replace(
            ASKED.plan.items[3], id=f"r{at}", level_texts=("P", "Ö", "M", f"{at} " + "hembygd " * (size // 8), "")
        )
        for at, size in enumerate(lengths)
    )
    answers = {"r0": {"comment": "blåbär " * (comment // 7)}}
    sheet = open_form(answers, replace(ASKED, plan=replace(ASKED.plan, items=lines)))[FORM]
    for row in range(5, 5 + len(lines)):
        for letter in "EJ":
            lines_needed = count_lines(
                sheet[f"{letter}{row}"].value or "", sheet.column_dimensions[letter].width - 0.72
            )
            assert sheet.row_dimensions[row].height >= lines_needed * 15


def test_a_unit_that_is_asked_nothing_still_gets_a_form() -> None:
    lines = tuple(line for line in ASKED.plan.items if "Badet" not in line.units)
    sheet = open_form(asked=replace(ASKED, plan=replace(ASKED.plan, items=lines)), unit="Badet", values=True)[FORM]
    assert sheet["A2"].value == "0 av 0 klara"
    assert str(sheet["A5"].value).startswith("Egna tillägg")
    assert str(sheet.data_validations.dataValidation[0].sqref) == "H6:H15"


def test_the_same_form_has_the_same_bytes_whatever_the_hash_seed() -> None:
    script = (
        "import hashlib, test_generate as t\n"
        "asked, answers = t.random_round(3)\n"
        "print(hashlib.sha256(t.write_form(asked, 'Museet', answers)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=PROJECT / "tests",
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    asked, answers = random_round(3)
    assert digests == {hashlib.sha256(write_form(asked, "Museet", answers)).hexdigest()}


# File names -----------------------------------------------------------------------------------------------


RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789¹²³"),
}
ODD_NAMES = (
    "CON",
    "con.",
    "Lpt1.x",
    "aux .txt",
    "a/b",
    "a:b",
    "..",
    ".",
    "~$plan",
    " Badet ",
    "BADET",
    "badet",
    "badet 2",
)
ODDER_NAMES = (
    "e\u0301",
    "é",
    "\ud83e\udd94".encode("utf-16", "surrogatepass").decode("utf-16") * 90,
    "ﬁ",
    "fi",
    "ß",
    "SS",
    "å" * 300,
)
names = st.text(max_size=30) | st.sampled_from(ODD_NAMES + ODDER_NAMES)


def file_names(units: Sequence[str]) -> list[str]:
    asked = replace(ASKED, plan=replace(ASKED.plan, units=tuple(map(Unit, units))))
    forms = list_form_files(asked)
    assert [form.unit for form in forms] == list(units)
    return [form.file_name for form in forms]


@given(st.lists(names, max_size=12, unique=True))
@settings(max_examples=sample_size(300))
def test_file_names_are_legal_everywhere_and_never_alike(units: list[str]) -> None:
    found = file_names(units)
    for name in found:
        stem = name.removesuffix(".xlsx")
        assert stem
        assert name.endswith(".xlsx")
        assert stem.partition(".")[0].strip().upper() not in RESERVED
        assert not set(name) & set('<>:"/\\|?*')
        assert name.isprintable() or not any(unicodedata.category(letter) == "Cc" for letter in name)
        assert stem[0] not in " .~$"
        assert stem[-1] not in " ."
        assert len(name.encode()) <= 200
        assert name == unicodedata.normalize("NFC", name)
    for fold in (str.casefold, str.upper, str.lower):
        assert len({fold(unicodedata.normalize("NFC", name)) for name in found}) == len(found)
    assert len({unicodedata.normalize("NFD", name).casefold() for name in found}) == len(found)


def test_file_names_look_like_their_units() -> None:
    units = ["Kulturscener och ungdom", "A/B: C", "CON", "badet", "Badet", "Badet 2", "Förvaltning."]
    assert file_names(units) == [
        "Kulturscener och ungdom.xlsx",
        "A-B- C.xlsx",
        "_CON.xlsx",
        "badet.xlsx",
        "Badet 2.xlsx",
        "Badet 2 2.xlsx",
        "Förvaltning.xlsx",
    ]


@cache
def long_names() -> list[str]:
    return file_names([f"{'Enheten för samhällsbyggnad ' * 9}{number}" for number in range(1200)])


def test_long_names_are_cut_and_told_apart() -> None:
    assert len(set(long_names())) == 1200
    assert max(map(len, long_names())) <= 90

"""What a person sees of a form at once: widths that fit a laptop, texts in short, whom to send it to."""

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import draw_round, shipped_template
from support.form_cells import at, under
from support.not_empty import not_empty
from test_corrections import AS_OF, Loop
from test_read import RECEIVED

from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import open_workbook
from xlflow.excel.writer import text_width
from xlflow.form.metadata import AnswerTexts
from xlflow.generate import write_form
from xlflow.generate.column_widths import width_in_pixels
from xlflow.generate.shown_texts import MORE, fit_text, goal_name
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Round
from xlflow.model.submission import PreviousAnswers, Submission
from xlflow.pipeline.form_operations import generate_forms
from xlflow.read.build_submission import read_form

LEVELS = "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet"
FORM, GUIDE = "Uppföljning", "Läs mig"
DEFINED = "Mer kultur i hela kommunen. Med kultur menas allt som någon gör med andra på sin fritid."
LONG_GOAL = "Samtliga enheter ska utveckla samarbetet med föreningslivet " * 3 + "i hela kommunen"
LONG_ACTIVITY = (
    "Kartlägga hur verksamhetslokalerna används på kvällar och helger och föreslå hur fler får plats " * 3
)
ASKED = draw_round(f"""
    {LEVELS}
    a | Samhälle | Ett rikt liv | {LONG_GOAL} | {LONG_ACTIVITY} | | Enligt handlingsplanens tidplan | Museet
    b |          |              |             |  | Hyra båt   | 2021-06-30 | Museet
    c |          |              |             |  | Sälja kaffe |           | Museet
    d | Ekonomi  | Budget       | Sparande    | Sälja ladan |  | Kvartal 4  | Museet
""")
ASKED = replace(
    ASKED,
    plan=replace(
        ASKED.plan,
        items=tuple(
            replace(item, level_texts=(*item.level_texts[:2], DEFINED.replace(". ", "\n"), *item.level_texts[3:]))
            if item.id == "d"
            else item
            for item in ASKED.plan.items
        ),
    ),
)
BUDGET = draw_round(
    """
    Område | Post  | Budget     | Enhet
    Drift  | Löner | 4250000    | Museet
           | Hyror | 1200000.50 | Museet
    """,
    template=shipped_template("budget"),
)
LAST = PreviousAnswers(
    None, {"a": "Förskjuts\nNy tidpunkt: Kvartal 4\n" + "Skälet är utrett och vägt. " * 40, "d": "Klart"}
)


def open_form(
    asked: Round, answers: AnswerTexts | None = None, previous: PreviousAnswers | None = None
) -> openpyxl.Workbook:
    content = write_form(asked, "Museet", answers or {}, previous=previous)
    return openpyxl.load_workbook(io.BytesIO(content), data_only=True)


def pixels(sheet: Worksheet, first: str, last: str) -> int:
    """Return the width of the columns from one heading to another, in pixels of Excel."""
    headings = [str(cell.value) for cell in sheet[4]]
    letters = [cell.column_letter for cell in sheet[4]]
    shown = letters[headings.index(first) : headings.index(last) + 1]
    return sum(width_in_pixels(sheet.column_dimensions[letter].width - 5 / 7) for letter in shown)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", ["followup", "previous", "followup-2019", "budget"])
def test_all_that_is_to_be_answered_is_in_view_on_a_laptop(name: str, language: Language) -> None:
    asked = {"budget": BUDGET, "followup-2019": replace(ASKED, template=load_template("followup-2019"))}.get(
        name, ASKED
    )
    sheet = open_form(replace(asked, language=language), previous=LAST if name == "previous" else None).worksheets[
        1
    ]
    headings = [str(cell.value) for cell in sheet[4]]
    last_named = headings[headings.index("Id") + (1 if name == "budget" else 2)]
    assert pixels(sheet, "Id", {"sv": "Kvar att göra", "en": "Still to do"}[language]) <= 1_000
    assert pixels(sheet, "Id", last_named) <= 335
    assert sheet.sheet_view.pane.xSplit == headings.index(last_named) + 1
    assert (sheet.sheet_view.zoomScale or 100) == 100


def test_no_heading_is_broken_within_a_word() -> None:
    for asked, previous in ((ASKED, LAST), (replace(ASKED, language="en"), LAST), (BUDGET, None)):
        sheet = open_form(asked, previous=previous).worksheets[1]
        for cell in not_empty([cell for cell in sheet[4] if cell.value]):
            widest = max(map(text_width, str(cell.value).split()))
            assert widest * 1.08 <= sheet.column_dimensions[cell.column_letter].width, cell.value


def test_last_rounds_answer_is_printed() -> None:
    sheet = open_form(ASKED, previous=LAST)[FORM]
    headings = {str(cell.value): cell.column for cell in sheet[4]}
    last_printed = openpyxl.utils.cell.range_boundaries(sheet.print_area.partition("!")[2].replace("$", ""))[2]
    assert headings["Förra omgången"] < headings["Status"] < headings["Kvar att göra"] == last_printed
    assert not openpyxl.utils.cell.range_boundaries("A1")[0] > last_printed


def test_a_row_has_room_for_an_answer_of_three_lines() -> None:
    sheet = open_form(ASKED)[FORM]
    assert {row for row in range(5, 9) if sheet.row_dimensions[row].height >= 45} == {5, 6, 7, 8}


# Texts in short -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sparande", "Sparande"),
        ("Lika villkor\nMed lika villkor menas att alla får plats.", "Lika villkor …"),
        ("2.1 Fler besök. " + "Med besök menas alla som kommer in genom dörren. " * 3, "2.1 Fler besök …"),
        ("ord " * 40, " ".join(["ord"] * 20) + " …"),
        ("x" * 200, "x" * 80 + " …"),
    ],
)
def test_a_goal_has_a_name(text: str, name: str) -> None:
    assert goal_name(text) == name


def test_a_text_that_is_cut_is_cut_between_words_and_carries_a_mark() -> None:
    assert fit_text("en kort text", 20, 2) == "en kort text"
    shown = fit_text(LONG_ACTIVITY, 20, 3)
    assert shown.endswith(MORE)
    assert LONG_ACTIVITY.startswith(shown.removesuffix(MORE) + " ")
    assert len(fit_text("ord\nmed rad " * 90, 60, 30)) < 255


def shown_in(sheet: Worksheet, cell: str) -> str:
    """Return what a cell shows: the text of its number format, or what it holds."""
    number_format = sheet[cell].number_format
    return number_format.rpartition(';"')[2].rstrip('"') if ';"' in number_format else str(sheet[cell].value)


def test_a_cell_shows_a_name_and_holds_the_whole_text() -> None:
    sheet = open_form(ASKED, previous=LAST)[FORM]
    goal, activity, last = (under(sheet, heading, 5) for heading in ("Nämndmål", "Aktivitet", "Förra omgången"))
    assert shown_in(sheet, goal) == goal_name(LONG_GOAL) != LONG_GOAL
    assert " ".join(str(sheet[goal].value).split()) == LONG_GOAL
    assert shown_in(sheet, under(sheet, "Nämndmål", 6)) == goal_name(LONG_GOAL), "also where it is repeated"
    assert shown_in(sheet, under(sheet, "Nämndmål", 8)) == "Mer kultur i hela kommunen …"
    assert shown_in(sheet, activity) == LONG_ACTIVITY.strip()
    assert shown_in(sheet, under(sheet, "Aktivitet", 6)).endswith(MORE)
    assert shown_in(sheet, last).startswith("Förskjuts · Ny tidpunkt: Kvartal 4 · Skälet")
    assert shown_in(sheet, last).endswith(MORE)
    assert "\n" not in str(sheet[last].value), "a text with line breaks is shown as it is"
    notes = {str(each.sqref): each for each in sheet.data_validations.dataValidation if each.type is None}
    assert notes[f"{goal}:{under(sheet, 'Nämndmål', 7)}"].prompt == LONG_GOAL
    assert notes[last].prompt.endswith("…")
    assert notes[last].promptTitle == "Förra omgången"


def test_the_guide_has_the_whole_text_of_goals_that_are_shown_by_name() -> None:
    guide = {str(row[0].value): row[1].value for row in open_form(ASKED)[GUIDE].iter_rows()}
    assert guide["Mer kultur i hela kommunen"] == DEFINED.replace(". ", "\n")
    assert "Budget" not in guide
    assert "Nämndmål med hela texten" in guide


def test_a_form_with_texts_in_short_says_nothing_of_its_own() -> None:
    asked = replace(ASKED, contact="Planeringsstaben, Kim Åker")
    content = write_form(asked, "Museet", {"a": {"status": "Pågående"}}, previous=LAST)
    form = read_form(open_workbook(content, "Museet.xlsx"), RECEIVED)
    assert isinstance(form, Submission)
    assert (form.findings, form.unplaced) == ((), ())
    assert [row.item.level_texts for row in form.rows] == [item.level_texts for item in asked.plan.items]
    assert form.round.contact == asked.contact


# Counting and sending -------------------------------------------------------------------------------------


def test_a_red_date_is_left_to_do_and_counted_once() -> None:
    template = shipped_template()
    fields = tuple(
        field.model_copy(update={"type": "date", "role": None}) if field.key == "new_deadline" else field
        for field in template.fields
    )
    asked = replace(ASKED, template=template.model_copy(update={"fields": fields, "rules": ()}))
    answers = {"a": {"status": "Pågående"}, "d": {"status": "Pågående", "new_deadline": "efter sommaren"}}
    workbook = open_form(asked, answers)
    sheet = workbook[FORM]
    assert sheet["A2"].value == "1 rad kvar av 4"
    assert sheet[under(sheet, "Kvar att göra", 8)].value == "Skriv ny tidpunkt som ett datum."
    assert any(str(cell.value).startswith("Svar i röda rutor") for cell in workbook[GUIDE]["B"])


def test_yellow_is_for_what_is_to_be_filled_in() -> None:
    sheet = open_form(ASKED)[FORM]
    remaining = under(sheet, "Kvar att göra", 5)
    (rule,) = [
        rules[0]
        for area, rules in sheet.conditional_formatting._cf_rules.items()
        if str(area.sqref).startswith(remaining)
    ]
    assert rule.dxf.fill.bgColor.rgb == "FFEEF3F5"


@pytest.mark.parametrize(
    ("language", "due", "sentence"),
    [
        ("sv", True, "Spara filen och skicka den till staben@kommunen.example, senast 16 april 2021."),
        ("sv", False, "Spara filen och skicka den till staben@kommunen.example."),
        ("en", True, "Save the file and send it to staben@kommunen.example by 16 April 2021."),
    ],
)
def test_the_guide_says_whom_to_send_it_to(language: Language, due: bool, sentence: str) -> None:
    asked = replace(
        ASKED, language=language, contact="staben@kommunen.example", due_date=ASKED.due_date if due else None
    )
    said = [cell.value for row in open_form(asked).worksheets[0].iter_rows() for cell in row]
    assert sentence in said
    assert said.count("staben@kommunen.example") == 1
    without = [cell.value for row in open_form(ASKED).worksheets[0].iter_rows() for cell in row]
    assert not any("staben" in str(value) for value in without)
    assert any("skicka tillbaka den till den som skickade den till er" in str(value) for value in without)


def test_a_form_that_goes_back_says_so_too(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    contact = "Staben, staben@kommunen.example"
    generate_forms(loop.plan, loop.out, as_of=AS_OF, contact=contact, force=True)
    loop.answer("Norr", {at("status", 5): "Klart typ"})
    loop.send_back()
    guide = loop.opened()[GUIDE]
    assert f"Spara filen och skicka den till {contact}." in [row[1].value for row in guide.iter_rows()]

"""What an earlier version wrote is still read: headings of consolidated workbooks, words on issued forms."""

from datetime import date

import pytest
from support.draw_round import shipped_template

from xlflow.consolidated.reader.table_reader import read_records
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES, Language, translate
from xlflow.model.plan import Plan, Round
from xlflow.read.boilerplate import build_form_vocabulary, is_boilerplate, is_issued_text
from xlflow.values.field_values import describe_field

FORMER_SENTENCES = (
    "Kolumnen Kvar att göra säger vad som fattas. När den är tom på alla rader är ni klara.",
    "Ställ er i rutan för att se vad som gäller.",
    "The column Left to do says what is missing. When it is empty on every row you are done.",
    "Look over the answers of this row.",
    "Rows with something left: 4, see the column Left to do.",
)


def make_workbook(sheet: str, *rows: tuple[str, ...]) -> WorkbookData:
    return WorkbookData("s.xlsx", "xlsx", (SheetData(sheet, rows),), {}, None, "", 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_are_found_under_their_former_headings(language: Language) -> None:
    headings = (translate("former.severity", language), translate("former.what", language), "Kod")
    workbook = make_workbook("Anmärkningar", headings, ("Fel", "Status saknas.", "missing-status"))
    severity, what = translate("collected.severity", language), translate("collected.what", language)
    (record,) = read_records(workbook, "Anmärkningar", severity, what)
    assert (record.cell_text(severity), record.cell_text(what)) == ("Fel", "Status saknas.")
    assert record.location(what).cell == "B2"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["status_before", "time_now", "comment_now", "how", "id_before"])
def test_changes_are_found_under_their_former_headings(language: Language, name: str) -> None:
    workbook = make_workbook("Changes", ("Id", translate(f"former.{name}", language)), ("a", "x"))
    (record,) = read_records(workbook, "Changes", "Id", translate(f"changed.{name}", language))
    assert record.cell_text(translate(f"changed.{name}", language)) == "x"


def test_a_heading_of_today_comes_before_a_former_one() -> None:
    headings = ("Id", "Varför", translate("consolidated.reason", "sv"))
    (record,) = read_records(make_workbook("Avvikelser", headings, ("a", "eget", "Förskjuts")), "Avvikelser", "Id")
    assert record.cell_text(translate("consolidated.reason", "sv")) == "Förskjuts"
    assert record.cell_text("Varför") == "eget"


@pytest.mark.parametrize("sentence", FORMER_SENTENCES)
def test_what_an_issued_form_says_is_not_taken_for_a_remark(sentence: str) -> None:
    assert is_boilerplate(sentence.replace("4", ""), build_form_vocabulary(shipped_template()))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["followup", "followup-2019"])
def test_examples_in_a_form_speak_of_the_plan_s_year(name: str, language: Language) -> None:
    template = load_template(name)
    field = template.field("new_deadline")
    text = describe_field(field, 2026, language)
    assert "2026" in text
    assert "{" not in text
    round_ = Round(template, Plan("Plan", (), (), 2026), date(2026, 3, 31), None, language)
    assert is_issued_text(text, build_form_vocabulary(template), round_, "")

"""A plan is read in any shape that people save it in: text in any encoding, exported, of another program."""

import csv
import io
from datetime import date

import pytest
from openpyxl import Workbook
from support.draw_round import shipped_template
from support.make_xlsx import zip_parts

from xlflow.definition.plan_workbook import define_round
from xlflow.excel.reader import WorkbookData, open_plan_workbook
from xlflow.excel.reader.file_type import wide_encoding
from xlflow.model.findings import Finding
from xlflow.model.plan import Plan

HEADINGS = ("Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet", "Slutdatum", "Enhet")
ROWS = (
    ("Samhälle", "Levande stad", "Fler möten", "Öppna sommarscen", "", "Kvartal 2", "Biblioteket"),
    ("", "", "", "", "Hyra in ljud", "2021-05-31", "Biblioteket"),
    ("Ekonomi", "Budget i balans", "Rätt pris", "Byta pumpar; nu, snart", "", "Kvartal 4", "Badhuset"),
)
TEXTS = ["Öppna sommarscen", "Hyra in ljud", "Byta pumpar; nu, snart"]


def read_plan(content: bytes, name: str) -> tuple[Plan, list[str]]:
    opened = open_plan_workbook(content, name)
    assert isinstance(opened, WorkbookData), opened
    round_, findings = define_round(opened, shipped_template(), date(2021, 3, 31))
    return round_.plan, [finding.code for finding in findings]


def texts_of(plan: Plan) -> list[str]:
    return [item.level_texts[4] or item.level_texts[3] for item in plan.items]


def as_text(separator: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n").writerows((HEADINGS, *ROWS))
    return buffer.getvalue()


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman", "cp850")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_a_plan_saved_as_text_is_read_in_any_encoding(encoding: str, separator: str) -> None:
    plan, codes = read_plan(as_text(separator).encode(encoding), "plan.csv")
    assert texts_of(plan) == TEXTS
    assert [item.level_texts[0] for item in plan.items] == ["Samhälle", "Samhälle", "Ekonomi"]
    assert codes == ["plan-units-assumed"]


@pytest.mark.parametrize("name", ["plan.tsv", "plan.txt", "plan.CSV"])
def test_a_text_that_names_its_separator_and_has_a_title_is_read(name: str) -> None:
    text = f"sep=;\r\nVerksamhetsplan 2021;;;;;;\r\n;;;;;;\r\n{as_text(';')}"
    plan, _ = read_plan(text.encode("cp1252"), name)
    assert texts_of(plan) == TEXTS


@pytest.mark.parametrize("content", [b"", b"abc", bytes(100), bytes(range(256)) * 8, "a\0b" * 9, "åäö" * 99])
def test_what_is_no_wide_text_is_not_taken_for_one(content: bytes | str) -> None:
    assert wide_encoding(content.encode() if isinstance(content, str) else content) is None


def test_a_text_in_a_foreign_encoding_keeps_its_signs() -> None:
    for sign in ("–", "”", "é", "½", "€"):
        text = as_text(";").replace("Hyra in ljud", f"Hyra in {sign} ljud")
        plan, _ = read_plan(text.encode("cp1252"), "plan.csv")
        assert texts_of(plan)[1] == f"Hyra in {sign} ljud"


@pytest.mark.parametrize("table_name", ["Tabell 1", "Table 1"])
def test_a_plan_exported_from_numbers_is_read_with_its_units(table_name: str) -> None:
    workbook = Workbook()
    summary = workbook.worksheets[0]
    summary.title = "Exportsammanfattning"
    summary.append(["Numbers-arknamn", "Numbers-tabellnamn", "Excel-arbetsbladsnamn"])
    for name, rows in (("Plan", (HEADINGS, *ROWS)), ("Enheter", (("Enhet",), ("Badhuset",), ("Biblioteket",)))):
        summary.append([name, table_name, f"{name} - {table_name}"])
        sheet = workbook.create_sheet(f"{name} - {table_name}")
        for row in ((table_name,), *rows):
            sheet.append([text or None for text in row])
    buffer = io.BytesIO()
    workbook.save(buffer)
    plan, codes = read_plan(buffer.getvalue(), "Verksamhetsplan.xlsx")
    assert texts_of(plan) == TEXTS
    assert [unit.name for unit in plan.units] == ["Badhuset", "Biblioteket"]
    assert plan.title == "Verksamhetsplan"
    assert codes == []


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"<html><table><tr><td>Perspektiv</td></tr></table></html>", "plan.xls", "file-is-html"),
        (as_text(";").encode(), "plan.xlsx", "file-is-text"),
        (b'<?xml version="1.0"?><Workbook/>', "plan.xml", "file-is-xml"),
        (zip_parts({"Index/Document.iwa": b"a"}), "plan.numbers", "file-is-numbers"),
    ],
)
def test_a_plan_of_another_kind_is_named_as_what_it_is(content: bytes, name: str, code: str) -> None:
    opened = open_plan_workbook(content, name)
    assert isinstance(opened, Finding)
    assert opened.code == code

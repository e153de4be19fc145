"""Names of files and sheets that would break a line or turn it round: spelt out for people, true for programs."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.edited_forms import edit_workbook, make_form

from xlflow.cli.json_output import result_to_values
from xlflow.cli.text_output import format_findings, format_result
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.findings import Location, make_finding
from xlflow.model.merged import RunResult
from xlflow.model.text import safe_display_name
from xlflow.pipeline.form_operations import merge_forms

BREAK, TURN, BELL = "två\nrader.xlsx", "slut\N{RIGHT-TO-LEFT OVERRIDE}xslx.exe.xlsx", "ring\a\x1b[2J.xlsx"
LONG = "mapp/" * 60 + "lång.xlsx"
SPELT = ("två\\nrader.xlsx", "slut\\u202exslx.exe.xlsx", "ring\\x07\\x1b[2J.xlsx")


@pytest.mark.parametrize(("name", "shown"), [*zip((BREAK, TURN, BELL), SPELT, strict=True)])
def test_what_cannot_be_seen_is_spelt_out(name: str, shown: str) -> None:
    assert safe_display_name(name) == shown
    assert Location(name, name, "A1").describe("sv") == f"{shown}, blad {shown}, cell A1"
    assert shown in format_findings([make_finding("not-a-form", Location(name))], "sv")
    assert (
        result_to_values(RunResult("sv", (make_finding("not-a-form", Location(name)),)))["findings"][0]["file"]
        == name
    )


@pytest.mark.parametrize("name", ["Åbo (1).xlsx", "hårt\N{NO-BREAK SPACE}blank.xlsx", "👩‍👩‍👧.xlsx", "A & B.xlsx"])
def test_ordinary_names_are_shown_as_they_are(name: str) -> None:
    assert safe_display_name(name) == name


def test_of_an_extremely_long_name_both_ends_are_shown() -> None:
    shown = safe_display_name(LONG)
    assert len(shown) == 300
    assert shown.startswith("mapp/mapp/")
    assert shown.endswith("/lång.xlsx")
    assert safe_display_name("x" * 251 + ".xlsx") == "x" * 251 + ".xlsx"


def test_terminal_and_workbook_spell_names_out_and_json_does_not(tmp_path: Path) -> None:
    strange = {BREAK: make_form(), TURN: make_form(unit="Åbo"), BELL: b"%PDF-1.7", LONG: make_form()}
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        for name, content in strange.items():
            archive.writestr(name, content)
    (tmp_path / "svar.zip").write_bytes(box.getvalue())
    output = tmp_path / "samlat.xlsx"
    run = merge_forms([tmp_path / "svar.zip"], output, jobs=1)
    reported = format_result(replace(run, language="sv"))
    assert not set("\x07\x1b\u202e") & set(reported)
    assert all(spelt in reported for spelt in SPELT)
    files = {found["file"] for found in json.loads(json.dumps(result_to_values(run)))["findings"]}
    assert files >= {f"svar.zip/{BREAK}", f"svar.zip/{BELL}"}
    workbook = open_workbook(output, output.name)
    assert isinstance(workbook, WorkbookData)
    cells = {cell for sheet in workbook.sheets for row in sheet.rows for cell in row if isinstance(cell, str)}
    assert {f"svar.zip/{spelt}" for spelt in SPELT} <= cells
    assert not [cell for cell in cells if "två\nrader" in cell or set("\x07\x1b\u202e") & set(cell)]


def test_a_text_that_somebody_wrote_cannot_steer_the_terminal() -> None:
    value = "\x1b[31mröd\N{RIGHT-TO-LEFT OVERRIDE}"
    found = make_finding("row-unknown", Location("a.xlsx", "Blad1", "A7"), value=value)
    assert "\\x1b[31mröd\\u202e" in format_findings([found], "sv")


def test_a_sheet_may_be_called_so_too(tmp_path: Path) -> None:
    name = "Upp\N{RIGHT-TO-LEFT OVERRIDE}följning"
    (tmp_path / "Museet.xlsx").write_bytes(
        edit_workbook(lambda workbook: setattr(workbook["Uppföljning"], "title", name))
    )
    output = tmp_path / "samlat.xlsx"
    run = merge_forms([tmp_path / "Museet.xlsx"], output, jobs=1)
    assert run.merged
    assert {row.row.location.sheet for row in run.merged.rows} == {name}
    source = [cell.value for cell in load_workbook(output)["Svar"][2]]
    assert next(text for text in source if "Museet.xlsx" in str(text)).count("\\u202e") == 1

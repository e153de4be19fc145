"""The data package says what the workbook says, runs in no spreadsheet, and reads by its description alone."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyarrow import parquet
from support.draw_merged import draw_merged
from support.draw_round import LEVELS, draw_round, shipped_template
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.not_empty import not_empty

from xlflow.consolidated.summary_model import ConsolidatedContent
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.export import (
    DESCRIPTOR_FILE,
    build_export_files,
    refuse_foreign_files,
    save_package,
    unescape_formula_text,
)
from xlflow.export.table_files import escape_formula_text
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError
from xlflow.model.merged import Merged
from xlflow.model.submission import Answer
from xlflow.pipeline.form_operations import generate_forms, merge_forms

NASTY = [
    "=1+1",
    "+46 är landsnumret",
    "-3 grader",
    "@alla",
    "\t=1",
    " =1+1",
    "'citat'",
    "''=1",
    "klart;=1+1",
    "klart,+1",
    "- ett\n- två\n\n=tre",
    "a|=1|b",
    '"=1"',
    "\uff1d1+1",
    "rad ett\nrad två;tre,fyra",
    "1.5",
    "0012",
    "#REF!",
    "åäö 👩‍👩‍👧",
]
TRAP = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
LINES = "\n".join(
    f"l{n} | Ö | K | N | Öppna {n} | | Kvartal {n % 4 + 1} | Norr; Söder | =y" for n in range(len(NASTY))
)
ASKED = draw_round(f"Id | {LEVELS} | Slutdatum | Enhet | =Extra\n{LINES}")
IN_ENGLISH = draw_round(
    "Id | Perspective | Overall goal | Board goal | Activity | Sub-activity | Deadline | Enhet | =Extra\n"
    + LINES.replace("Kvartal", "Quarter"),
    language="en",
)
AMOUNTS = draw_round(
    """
    Id | Område | Post | Budget | Enhet
    h  | Drift | Hyror | 1000.10 | Norr
    l  | Drift | Löner | -900 | Söder
    """,
    template=shipped_template("budget"),
)


def draw(texts: Sequence[str] = (), language: Language = "sv") -> tuple[ConsolidatedContent, Merged]:
    """Return a round in which comments say the given texts, one unit answering and one not."""
    merged, findings = draw_merged(
        ASKED if language == "sv" else IN_ENGLISH, {"Norr": "Id | Status\nl0 | Pågående"}
    )
    reported = [*texts, *[""] * (len(merged.rows) - len(texts))]
    rows = tuple(
        replace(one, row=replace(one.row, answers=tuple(_say(answer, text) for answer in one.row.answers)))
        for one, text in zip(merged.rows, reported, strict=True)
    )
    merged = replace(merged, rows=rows)
    return build_consolidated_content(merged, findings), merged


def _say(answer: Answer, text: str) -> Answer:
    return replace(answer, value=text or None, raw_text=text) if answer.field == "comment" else answer


def save(folder: Path, summary: ConsolidatedContent, merged: Merged, *, columnar: bool = True) -> dict[str, Any]:
    """Put a package into a folder and return its description."""
    save_package(folder, summary, merged, build_export_files(summary, merged, parquet=columnar))
    return json.loads((folder / DESCRIPTOR_FILE).read_text(encoding="utf-8"))


def read_table(folder: Path, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table as its description says they are to be read, and nothing else knows."""
    types = {field["name"]: field for field in resource["schema"]["fields"]}
    with (folder / resource["path"]).open(encoding=f"{resource['encoding']}-sig", newline="") as stream:
        rows = csv.DictReader(stream, delimiter=resource["dialect"]["delimiter"], strict=True)
        assert rows.fieldnames == list(types)
        return [
            {unescape_formula_text(name): _take(text, types[name]) for name, text in row.items()} for row in rows
        ]


def _take(text: str, field: dict[str, Any]) -> Any:
    if text == "":
        return None
    if field["type"] in ("number", "integer"):
        return Decimal(text.replace(field.get("decimalChar", "."), "."))
    return date.fromisoformat(text) if field["type"] == "date" else unescape_formula_text(text)


def validate(folder: Path) -> dict[str, Any]:
    """Return what the program of those who made the format says of a package."""
    command = [sys.executable, "-W", "error", "-m", "frictionless", "validate", DESCRIPTOR_FILE, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return json.loads(done.stdout)


# The example --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["budget-2021", "followup-2021", "followup-en"])
def finished_round(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an example's consolidated workbook and its tables."""
    folder, example = tmp_path_factory.mktemp(request.param), PROJECT / "examples" / request.param
    days: dict[str, Any] = {"as_of": date(2021, 8, 31)}
    template = "budget" if request.param == "budget-2021" else "followup"
    language: Language = "en" if request.param.endswith("-en") else "sv"
    generate_forms(example / "plan.xlsx", folder / "ut", template=template, language=language, **days)
    fill_forms(folder / "ut", example / "answers.csv", folder / "in")
    run = merge_forms([folder / "in"], folder / "s.xlsx", plan=example / "plan.xlsx", export_dir=folder / "t")
    assert (run.notes[0].word_key, run.notes[0].params["folder"]) == ("interchange.written", folder / "t")
    return folder


def test_those_who_made_the_format_find_nothing_wrong(finished_round: Path) -> None:
    reported = validate(finished_round / "t")
    assert reported["valid"], reported["errors"] or [task["errors"][:2] for task in reported["tasks"]]
    assert reported["stats"]["tasks"] >= 10


LINKS = ("Gå till", "Go to")
"""Headings of a column of links, which lead nowhere out of another file."""


def test_every_table_reads_back_as_it_stands_in_the_workbook(finished_round: Path) -> None:
    workbook, folder = load_workbook(finished_round / "s.xlsx", data_only=True), finished_round / "t"
    described = json.loads((folder / DESCRIPTOR_FILE).read_text(encoding="utf-8"))
    tables = {name: (sheet, area) for sheet in workbook for name, area in sheet.tables.items()}
    compared = 0
    for resource in not_empty(described["resources"]):
        words = {
            field["name"] for field in resource["schema"]["fields"] if field["xlflow:key"].endswith(":written")
        }
        sheet, area = tables[_table_of(resource["title"], tables)]
        links = [column for column, cell in enumerate(sheet[area][0]) if cell.value in LINKS]
        heads, *rows = (
            [cell.value for column, cell in enumerate(row) if column not in links] for row in sheet[area]
        )
        reported = read_table(folder, resource)
        assert [head for head in reported[0] if head not in words] == heads if reported else True
        for row, mine in zip(rows if reported else [], reported, strict=True):
            for head, cell in zip(heads, row, strict=True):
                assert _same(mine, head, cell), (resource["name"], head, cell, mine)
                compared += 1
    assert compared > 300


def _table_of(title: str, tables: dict[str, Any]) -> str:
    wanted = re.sub(r"[^a-z]", "", _plain(title))
    return next(name for name in tables if re.sub(r"[^a-z]", "", _plain(name)) == wanted)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _same(mine: dict[str, Any], head: str, cell: object) -> bool:
    reported = mine[head]
    if isinstance(cell, datetime):
        return reported == cell.date()
    if isinstance(cell, int | float):
        return isinstance(reported, Decimal) and abs(reported - Decimal(repr(cell))) < Decimal("1e-9")
    if reported is None and cell is not None:
        return any(value == cell for key, value in mine.items() if key.startswith(f"{head} ("))
    return reported == cell


def test_parquet_holds_the_same_without_guards(finished_round: Path) -> None:
    folder = finished_round / "t"
    described = json.loads((folder / DESCRIPTOR_FILE).read_text(encoding="utf-8"))
    assert len(described["xlflow"]["parquet"]) == len(described["resources"])
    for file in described["xlflow"]["parquet"]:
        resource = next(each for each in described["resources"] if each["name"] == file["table"])
        assert parquet.read_table(folder / file["path"]).to_pylist() == read_table(folder, resource)


def test_the_description_knows_every_file_by_its_digest(finished_round: Path) -> None:
    folder = finished_round / "t"
    described = json.loads((folder / DESCRIPTOR_FILE).read_text(encoding="utf-8"))
    files = [*described["resources"], *described["xlflow"]["parquet"]]
    assert {file["path"] for file in files} | {DESCRIPTOR_FILE} == {path.name for path in folder.iterdir()}
    for file in files:
        content = (folder / file["path"]).read_bytes()
        assert file["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert file["bytes"] == len(content)


def test_answers_lead_to_their_activity_and_unit(finished_round: Path) -> None:
    described = json.loads((finished_round / "t" / DESCRIPTOR_FILE).read_text(encoding="utf-8"))
    by_key = {tuple(each["schema"].get("primaryKey", ())): each for each in described["resources"]}
    unit = "Unit" if finished_round.name.startswith("followup-en") else "Enhet"
    answers = by_key[unit, "Id"]
    leads = {each["fields"]: each["reference"]["fields"] for each in answers["schema"]["foreignKeys"]}
    assert leads == {"Id": "Id", unit: unit}
    for leading in not_empty(answers["schema"]["foreignKeys"]):
        other = next(each for each in described["resources"] if each["name"] == leading["reference"]["resource"])
        assert other["schema"]["primaryKey"] == [leading["reference"]["fields"]]


# Texts --------------------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("=+-@'\t\r\n ;,|a1\uff1d\N{NO-BREAK SPACE}") | st.characters(), max_size=30))
def test_a_guarded_text_comes_back_and_begins_no_formula_however_it_is_cut(text: str) -> None:
    guarded = escape_formula_text(text)
    assert unescape_formula_text(guarded) == text
    assert not any(TRAP.match(piece) for piece in re.split(r"[;,|\t\r\n]", guarded) if piece.strip())


@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_people_write_reads_back_and_is_no_formula(tmp_path: Path, language: Language) -> None:
    described = save(tmp_path, *draw(NASTY, language))
    resource = next(each for each in described["resources"] if each["name"] in ("svar", "answers"))
    column = "Comment/deviation" if language == "en" else "Kommentar/avvikelse"
    assert [row[column] for row in read_table(tmp_path, resource)] == NASTY
    for line in not_empty((tmp_path / resource["path"]).read_text(encoding="utf-8-sig").splitlines()):
        assert not any(TRAP.match(cell) for cell in re.split(r'[;,|\t]"?', line))
    assert validate(tmp_path)["valid"]


def test_a_heading_is_guarded_as_well(tmp_path: Path) -> None:
    described = save(tmp_path, *draw())
    headings = {field["name"] for each in described["resources"] for field in each["schema"]["fields"]}
    assert "'=Extra" in headings
    assert validate(tmp_path)["valid"]


def test_half_an_emoji_stops_nothing(tmp_path: Path) -> None:
    described = save(tmp_path, *draw(["\ud83d och mer"]))
    answers = next(each for each in described["resources"] if each["name"] == "svar")
    assert read_table(tmp_path, answers)[0]["Kommentar/avvikelse"] == "\ufffd och mer"


def test_a_language_has_the_separators_of_its_spreadsheets(tmp_path: Path) -> None:
    for language, dialect, decimal in (("sv", ";", ","), ("en", ",", ".")):
        table = "Id | Area | Line | Budget | Enhet\nh | Drift | Rent | 1000.10 | Norr"
        asked = draw_round(table, template=shipped_template("budget"), language=language)
        outcome = "Utfall" if language == "sv" else "Outcome"
        merged, findings = draw_merged(asked, {"Norr": f"Id | {outcome}\nh | 1250.5"})
        described = save(tmp_path / language, build_consolidated_content(merged, findings), merged)
        resource = next(each for each in described["resources"] if each["name"] in ("svar", "answers"))
        content = (tmp_path / language / resource["path"]).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert f"1250{decimal}5{dialect}" in content.decode("utf-8-sig")
        assert resource["dialect"]["delimiter"] == dialect
        assert validate(tmp_path / language)["valid"]


# Columns ------------------------------------------------------------------------------------------------------


def _columns(answers: dict[str, str]) -> dict[str, list[str]]:
    merged, findings = draw_merged(AMOUNTS, answers)
    parts = build_export_files(build_consolidated_content(merged, findings), merged, parquet=False)
    return {part.table.name: [column.heading for column in part.table.columns] for part in parts}


def test_the_columns_are_the_same_whatever_was_answered(tmp_path: Path) -> None:
    well = _columns({"Norr": "Id | Utfall | Prognos\nh | 5 | 7"})
    assert well == _columns({"Norr": "Id | Utfall | Prognos\nh | rätt mycket | 7"})
    assert well == _columns({"Norr": "Id | Utfall | Prognos | Kommentar\nh | | | väntar", "Söder": ""})
    assert well["answers"] == _columns({})["answers"]
    assert well["answers"][4:9] == [
        *("Budget", "Utfall", "Utfall (som det skrevs)", "Prognos", "Prognos (som det skrevs)")
    ]


def test_an_amount_that_is_none_stands_in_words_beside_a_blank(tmp_path: Path) -> None:
    merged, findings = draw_merged(AMOUNTS, {"Norr": "Id | Utfall | Prognos\nh | rätt mycket | 7"})
    described = save(tmp_path, build_consolidated_content(merged, findings), merged)
    resource = next(each for each in described["resources"] if each["name"] == "svar")
    (row,) = read_table(tmp_path, resource)
    assert (row["Utfall"], row["Utfall (som det skrevs)"]) == (None, "rätt mycket")
    assert (row["Prognos"], row["Prognos (som det skrevs)"], row["Avvikelse"]) == (7, None, Decimal("993.1"))
    assert validate(tmp_path)["valid"]


# Files --------------------------------------------------------------------------------------------------------


def test_the_same_round_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (build_export_files(*draw(NASTY)) for _ in range(2))
    assert [(part.file_name, part.content) for part in first] == [
        (part.file_name, part.content) for part in second
    ]


def test_without_pyarrow_there_is_csv_alone(tmp_path: Path) -> None:
    described = save(tmp_path, *draw(), columnar=False)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".json"}
    assert described["xlflow"]["parquet"] == []
    assert validate(tmp_path)["valid"]


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    summary, merged = draw()
    parts = build_export_files(summary, merged, parquet=False)
    (tmp_path / "svar.csv").write_text("mitt eget", encoding="utf-8")
    with pytest.raises(FatalError) as stop:
        refuse_foreign_files(tmp_path, parts)
    assert [each.code for each in stop.value.findings] == ["target-not-ours"]
    (tmp_path / "svar.csv").unlink()
    (tmp_path / DESCRIPTOR_FILE).write_text('{"name": "en annans", "resources": []}', encoding="utf-8")
    with pytest.raises(FatalError):
        refuse_foreign_files(tmp_path, parts)


def test_a_package_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "om.csv").mkdir()
    with pytest.raises(FatalError):
        save(tmp_path, *draw())
    assert [path.name for path in tmp_path.iterdir()] == ["om.csv"]


def test_what_a_run_that_was_cut_short_has_left_is_no_hindrance(tmp_path: Path) -> None:
    parts = build_export_files(*draw())
    for part in parts[:3]:
        (tmp_path / part.file_name).write_bytes(part.content)
    refuse_foreign_files(tmp_path, parts)
    with pytest.raises(FatalError):
        refuse_foreign_files(tmp_path, build_export_files(*draw(["annat"])))


def test_an_earlier_package_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    save(tmp_path, *draw())
    (tmp_path / "anteckningar.txt").write_text("mina", encoding="utf-8")
    (tmp_path / "filer.parquet").write_bytes(b"changed by somebody")
    summary, merged = draw(["nytt"])
    refuse_foreign_files(tmp_path, build_export_files(summary, merged))
    save(tmp_path, summary, merged, columnar=False)
    left = {path.name for path in tmp_path.iterdir() if path.suffix not in (".csv", ".json")}
    assert left == {"anteckningar.txt", "filer.parquet"}
    assert "nytt" in (tmp_path / "svar.csv").read_text(encoding="utf-8-sig")


def test_a_merge_does_not_take_its_own_tables_for_returns(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "budget-2021"
    generate_forms(example / "plan.xlsx", tmp_path / "ut", template="budget", as_of=date(2021, 8, 31))
    fill_forms(tmp_path / "ut", example / "answers.csv", tmp_path / "in")
    for _ in range(2):
        run = merge_forms([tmp_path / "in"], tmp_path / "in" / "s.xlsx", export_dir=tmp_path / "in")
        assert run.merged
        counted = {state.value: number for state, number in run.merged.accounts.files.items()}
        assert (counted["accepted"], counted["refused"]) == (4, 0)


def test_nothing_is_written_where_the_tables_may_not_go(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "budget-2021"
    generate_forms(example / "plan.xlsx", tmp_path / "ut", template="budget", as_of=date(2021, 8, 31))
    fill_forms(tmp_path / "ut", example / "answers.csv", tmp_path / "in")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "om.csv").write_text("mitt", encoding="utf-8")
    with pytest.raises(FatalError):
        merge_forms([tmp_path / "in"], tmp_path / "s.xlsx", export_dir=tmp_path / "t")
    assert not (tmp_path / "s.xlsx").exists()
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["om.csv"]
    merge_forms([tmp_path / "in"], tmp_path / "s.xlsx", export_dir=tmp_path / "t", force=True)
    assert validate(tmp_path / "t")["valid"]
    assert io.BytesIO((tmp_path / "t" / "om.csv").read_bytes()).read(3) == b"\xef\xbb\xbf"

"""Every workbook that we write can be used without seeing colours, without a mouse, and by ear.

Goes through all of them, in both languages and of every example: forms, forms that go back, what is consolidated.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.worksheet.worksheet import Worksheet
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.not_empty import not_empty
from support.sampling import is_long

from xlflow.excel.writer import COLOURS
from xlflow.i18n.catalogue import Language
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms
from xlflow.pipeline.report_operations import write_history

LEAST_CONTRAST = 4.5
WHITE, BLACK = "FFFFFF", "000000"
TITLE_ROWS = 2
LANGUAGE_OF = {"sv": "sv-SE", "en": "en-GB"}
SAMPLE = ("budget-2021", "followup-2021-august", "followup-en")
EXAMPLES = sorted(
    path.parent
    for path in (PROJECT / "examples").glob("*/commands.txt")
    if is_long() or path.parent.name in SAMPLE
)
"""All of them with `--long`, else one of each kind and language."""

NAMESPACES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "x": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "dc": "http://purl.org/dc/elements/1.1/",
}


@dataclass(frozen=True)
class Written:
    """One workbook of ours."""

    name: str
    path: Path
    language: Language
    workbook: openpyxl.Workbook

    @property
    def sheets(self) -> list[Worksheet]:
        """The sheets that people see."""
        return [sheet for sheet in self.workbook.worksheets if sheet.sheet_state == "visible"]

    def parts(self, pattern: str) -> Iterator[ElementTree.Element]:
        """Yield the parts of the file whose names match."""
        with zipfile.ZipFile(self.path) as archive:
            for name in archive.namelist():
                if re.fullmatch(pattern, name):
                    yield ElementTree.fromstring(archive.read(name))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    found = []
    for example in EXAMPLES:
        folder, (template, language) = tmp_path_factory.mktemp(example.name), _read_command(example)
        for path in _play(folder, example, template, language):
            workbook = openpyxl.load_workbook(path)
            found.append(Written(f"{example.name}/{path.relative_to(folder)}", path, language, workbook))
    return found


def _read_command(example: Path) -> tuple[str, Language]:
    """Return the template and the language in which an example is made."""
    command = (example / "commands.txt").read_text(encoding="utf-8").splitlines()[0].split()
    named = dict(pairwise(command))
    template = named.get("-t", "followup")
    own = example / template
    return str(own) if own.is_file() else template, "en" if named.get("--language") == "en" else "sv"


def _play(folder: Path, example: Path, template: str, language: Language) -> Iterator[Path]:
    """Carry an example out, let what is wrong go back, ask once more, and yield every workbook written."""
    plan, days = example / "plan.xlsx", {"as_of": date(2021, 3, 31), "due": date(2021, 4, 16)}
    generate_forms(plan, folder / "ut", template=template, language=language, **days)
    fill_forms(folder / "ut", example / "answers.csv", folder / "in")
    check_forms([folder / "in"], plan=plan, return_dir=folder / "åter")
    merge_forms([folder / "in"], folder / "s.xlsx", plan=plan)
    days = {"as_of": date(2021, 8, 31), "due": date(2021, 9, 15)}
    generate_forms(
        plan, folder / "nästa", template=template, language=language, previous=folder / "s.xlsx", **days
    )
    fill_forms(folder / "nästa", example / "answers.csv", folder / "in2")
    merge_forms([folder / "in2"], folder / "s2.xlsx", previous=folder / "s.xlsx")
    write_history([folder / "s.xlsx", folder / "s2.xlsx"], folder / "h.xlsx")
    yield from sorted(path for path in folder.rglob("*.xlsx") if path.parent.name not in ("in", "in2"))


def _find(written: list[Written], look: Callable[[Written], Iterator[str]]) -> list[str]:
    return [f"{one.name}: {fault}" for one in written for fault in look(one)]


def test_there_are_workbooks_of_every_kind(written: list[Written]) -> None:
    sheets = {sheet.title for one in written for sheet in one.sheets}
    assert {"Läs mig", "Uppföljning", "Att rätta", "Sammanfattning", "Svar", "Förändringar", "Om"} <= sheets
    assert {"Read me", "Follow-up", "To correct", "Summary", "Answers", "Changes", "About"} <= sheets
    assert len(written) > (80 if is_long() else 40)


# Structure ----------------------------------------------------------------------------------------------------


def test_the_document_has_a_title_and_a_language(written: list[Written]) -> None:
    def look(one: Written) -> Iterator[str]:
        (core,) = one.parts(r"docProps/core\.xml")
        title = core.findtext("dc:title", namespaces=NAMESPACES)
        if not (title or "").strip():
            yield "has no title"
        if core.findtext("dc:language", namespaces=NAMESPACES) != LANGUAGE_OF[one.language]:
            yield "does not say its language"

    assert _find(written, look) == []


def test_sheets_are_named_for_what_stands_on_them(written: list[Written]) -> None:
    def look(one: Written) -> Iterator[str]:
        names = [sheet.title for sheet in one.sheets]
        if len({name.casefold() for name in names}) < len(names):
            yield f"two sheets are named alike: {names}"
        yield from (name for name in names if not 2 <= len(name.strip()) <= 31)
        yield from (name for name in names if re.fullmatch(r"(?i)(sheet|blad|tabelle|data)\s*\d*", name))
        if any(sheet.sheet_state == "hidden" for sheet in one.workbook.worksheets):
            yield "a sheet is hidden that a person could show by chance"

    assert _find(written, look) == []


def test_tables_have_headings(written: list[Written]) -> None:
    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            areas = [table.ref for table in sheet.tables.values() if table.headerRowCount != 0]
            if len(areas) < len(sheet.tables):
                yield f"{sheet.title}: a table without headings"
            areas += [sheet.auto_filter.ref] if sheet.auto_filter.ref else []
            for area in areas:
                texts = [str(cell.value or "").strip() for cell in sheet[area][0]]
                if "" in texts or len({text.casefold() for text in texts}) < len(texts):
                    yield f"{sheet.title}!{area}: {texts}"

    assert _find(written, look) == []
    assert sum(len(sheet.tables) for one in written for sheet in one.sheets) > 50


def test_no_cells_are_merged_but_for_titles(written: list[Written]) -> None:
    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            merged = (area for area in sheet.merged_cells.ranges if area.max_row > TITLE_ROWS)
            yield from (f"{sheet.title}!{area}" for area in merged)

    assert _find(written, look) == []


def test_every_sheet_opens_with_the_cursor_in_a1(written: list[Written]) -> None:
    """Who listens begins at the top, with the title; links lead on to where there is something to do."""

    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            pane = sheet.sheet_view.pane.activePane if sheet.sheet_view.pane else "topLeft"
            chosen = (each for each in sheet.sheet_view.selection if (each.pane or "topLeft") == pane)
            cells = {each.activeCell or "A1" for each in chosen} - {"A1"}
            if cells or sheet.sheet_view.topLeftCell not in (None, "A1"):
                yield f"{sheet.title}: {cells}"
            if sheet["A1"].value is None and not sheet.tables:
                yield f"{sheet.title}: nothing in A1"
        first = one.workbook.active
        if first is None or first.title not in {sheet.title for sheet in one.sheets[:2]}:
            yield f"opens on {first.title if first else None}"

    assert _find(written, look) == []


def test_charts_and_pictures_are_reported_in_words(written: list[Written]) -> None:
    charts = 0
    for one in not_empty(written):
        for drawing in one.parts(r"xl/drawings/drawing\d+\.xml"):
            for shown in drawing.iter(f"{{{NAMESPACES['x']}}}cNvPr"):
                charts += 1
                assert len(shown.get("descr", "")) > 20, one.name
        for chart in one.parts(r"xl/charts/chart\d+\.xml"):
            title = "".join(text.text or "" for text in chart.iterfind("c:chart/c:title//a:t", NAMESPACES))
            axes = [*chart.iterfind(".//c:valAx", NAMESPACES)]
            assert title.strip(), one.name
            assert all(axis.find("c:title", NAMESPACES) is not None for axis in axes), one.name
    assert charts >= 6


# Colours ------------------------------------------------------------------------------------------------------


def test_every_text_can_be_read_on_its_ground(written: list[Written]) -> None:
    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            pairs = {
                (_ink(cell), _ground(cell)) for row in sheet.iter_rows() for cell in row if cell.value is not None
            }
            pairs |= set(_conditional_pairs(sheet))
            yield from (f"{sheet.title}: {pair}" for pair in pairs if _contrast(*pair) < LEAST_CONTRAST)

    assert sorted(set(_find(written, look))) == []


def test_every_text_in_a_chart_can_be_read_on_its_ground(written: list[Written]) -> None:
    looked_at = 0
    for one in not_empty(written):
        for chart in one.parts(r"xl/charts/chart\d+\.xml"):
            for series in chart.iter(f"{{{NAMESPACES['c']}}}ser"):
                fill = series.find("c:spPr/a:solidFill/a:srgbClr", NAMESPACES)
                inks = series.iterfind("c:dLbls//a:solidFill/a:srgbClr", NAMESPACES)
                for ink in inks:
                    looked_at += 1
                    assert fill is not None
                    assert _contrast(str(ink.get("val")), str(fill.get("val"))) >= LEAST_CONTRAST, one.name
            inks = {ink.get("val") for ink in chart.iterfind(".//c:txPr//a:solidFill/a:srgbClr", NAMESPACES)}
            assert all(_contrast(str(ink), WHITE) >= LEAST_CONTRAST for ink in inks), one.name
    assert looked_at > 20


def test_the_house_colours_that_carry_text_are_dark_enough() -> None:
    for ink in ("text", "muted", "faint", "heading", "wrong", "good"):
        assert _contrast(COLOURS[ink][1:], WHITE) >= LEAST_CONTRAST, ink


SIGNED = re.compile(r'"[^"]+ ?"')
"""A number format that puts a sign or a word before what stands in the cell."""

BY_ITS_WORDS = (
    r'TRIM\(\$?[A-Z]+\d+\)=".+',  # the answer itself is one of the list
    r"LEN\(\$?[A-Z]+\d+\)>0",  # the cell says in words what is left to do
    r'\$?[A-Z]+\d+=".+',
    r'".+"',
)


def test_nothing_is_told_by_colour_alone(written: list[Written]) -> None:
    """What lights up says so by a word, by a sign before it, or in a note on the cell."""

    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            for area in sheet.conditional_formatting:
                first = sheet[str(area.sqref).split()[0].split(":")[0]]
                for rule in area.rules:
                    if not _is_reported(rule, first):
                        yield f"{sheet.title}!{area.sqref}: {rule.formula}"

    assert sorted(set(_find(written, look))) == []


def _is_reported(rule: Rule, cell: Cell) -> bool:
    dxf, formula = rule.dxf, "".join(rule.formula)
    if dxf is None or cell.comment is not None:
        return True
    if dxf.numFmt is not None and SIGNED.search(dxf.numFmt.formatCode):
        return True
    if formula.endswith("<0") or (rule.operator == "lessThan" and formula == "0"):
        return "▼" in cell.number_format
    return any(re.fullmatch(words, formula, re.DOTALL) for words in BY_ITS_WORDS)


def test_a_coloured_cell_holds_words_or_waits_for_them(written: list[Written]) -> None:
    """Fills that are there from the start: headings and bands with their text, answers that are open."""

    def look(one: Written) -> Iterator[str]:
        for sheet in one.sheets:
            for row in sheet.iter_rows():
                said = any(cell.value not in (None, "") for cell in row)
                for cell in row:
                    if _ground(cell) != WHITE and not said and cell.protection.locked:
                        yield f"{sheet.title}!{cell.coordinate}: {_ground(cell)}"

    assert _find(written, look) == []


def test_what_is_to_be_filled_in_is_named_in_words_too(written: list[Written]) -> None:
    forms = [one for one in written if {"Läs mig", "Read me"} & {sheet.title for sheet in one.sheets}]
    assert len(forms) > 30
    for one in forms:
        guide = next(sheet for sheet in one.sheets if sheet.title in ("Läs mig", "Read me"))
        form = next(sheet for sheet in one.sheets if sheet.title in ("Uppföljning", "Follow-up"))
        reported = "\n".join(str(cell.value) for row in guide.iter_rows() for cell in row if cell.value)
        heading = next(row for row in form.iter_rows() if row[0].value == "Id")
        open_columns = [
            cell.value for cell in heading if not form.cell(cell.row + 1, cell.column).protection.locked
        ]
        assert open_columns
        assert all(str(name) in reported for name in open_columns), one.name


# How colours are read -----------------------------------------------------------------------------------------


def _ink(cell: Cell) -> str:
    return _rgb(cell.font.color) or BLACK


def _ground(cell: Cell) -> str:
    return (_rgb(cell.fill.fgColor) if cell.fill.fill_type == "solid" else None) or WHITE


def _conditional_pairs(sheet: Worksheet) -> Iterator[tuple[str, str]]:
    """Yield the ink and ground of every cell that a condition may colour."""
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if rule.dxf is None:
                continue
            ink = _rgb(rule.dxf.font.color) if rule.dxf.font else None
            fill = rule.dxf.fill and (_rgb(rule.dxf.fill.bgColor) or _rgb(rule.dxf.fill.fgColor))
            for part in str(area.sqref).split():
                cells = sheet[part] if ":" in part else ((sheet[part],),)
                for cell in (cell for row in cells for cell in row):
                    yield ink or _ink(cell), fill or _ground(cell)


def _rgb(colour: Any) -> str | None:
    """Return six digits of a colour that is given by its parts; None for one that is left to the program."""
    if colour is None or colour.type != "rgb" or not isinstance(colour.rgb, str):
        assert colour is None or colour.type != "theme" or colour.theme in (0, 1), "a colour of the theme"
        return None
    return colour.rgb[-6:] if colour.rgb != "00000000" else None


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

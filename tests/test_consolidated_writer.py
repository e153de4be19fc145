"""The consolidated workbook: real tables, live figures that come out as written, and nothing that can do harm."""

import io
import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ironcalc
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_merged import draw_merged
from support.draw_round import draw_round
from support.libreoffice import recalculate_all
from support.not_empty import not_empty
from test_consolidated_tables import ANSWERS, ASKED, BUDGET, SUMS

from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.consolidated.writer.sheet_plan import make_excel_name
from xlflow.excel.cell_address import column_letters
from xlflow.excel.writer import MAX_ROW_HEIGHT, count_lines, quote_formula_text
from xlflow.model.findings import Finding, Location
from xlflow.model.merged import Merged
from xlflow.model.plan import Round
from xlflow.model.submission import Unplaced

SHEETS = ["Sammanfattning", "Avvikelser", "Aktiviteter", "Svar", "Insamling", "Anmärkningar", "Om"]
TABLES = {
    "Avvikelser": ["Avvikelser"],
    "Aktiviteter": ["Aktiviteter"],
    "Svar": ["Svar"],
    "Insamling": ["Avsatt", "Avstamning", "Enheter", "Filer"],
    "Anmärkningar": ["Anmarkningar"],
    "Om": ["Indata", "Om"],
}
LONG = "Möten mellan människor, " * 15
NASTY = draw_round(f"""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål    | Aktivitet   | Delaktivitet | Slutdatum | Enhet
    a  | *          | ~?                     | {LONG}      | =HYPERLINK("http://x")|  | Kvartal 2 | No*rr; "S"
    b  | a*         | =1+1                   | {LONG}slut  | +46         |              | Kvartal 1 | "S"
    c  | A*         | <>x                    | "så" 'här'  | @x          |              |           | No*rr
    d  |            |                        |             | [#All]      |              | 2021-01-01 | 'x'!A1
    e  |            |                        |             |             | -            |           | 'x'!A1
""")
HARM = {
    "No*rr": """
        Id | Status | Ny tidpunkt | Kommentar/avvikelse
        a  | *      | =TODAY()    | =cmd|'/c calc'!A1
        c  | Utgår  | -1          | http://exempel.example/sida
    """.replace("=cmd|", "=cmd¦"),
    '"S"': "Id | Status | Kommentar/avvikelse\na | Ej besvarad | +1\n+ =A1 | Pågående | @SUM(1)",
}


def write(asked: Round, answers: dict[str, str], *set_aside: Unplaced) -> bytes:
    return _write(*draw_merged(asked, answers, set_aside))


def _write(merged: Merged, findings: tuple[Finding, ...]) -> bytes:
    return render_consolidated(build_consolidated_content(merged, findings), merged)


def read(content: bytes, *, values: bool = False) -> Workbook:
    return load_workbook(io.BytesIO(content), data_only=values)


def parts(content: bytes, folder: str) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name).decode() for name in package.namelist() if name.startswith(folder)}


def explain_goals(asked: Round) -> Round:
    """Return the round with a definition below every board goal."""
    lines = (
        replace(
            line,
            level_texts=(
                *line.level_texts[:2],
                f"{line.level_texts[2]}\nMed det menas: {LONG}",
                *line.level_texts[3:],
            ),
        )
        for line in asked.plan.items
    )
    return replace(asked, plan=replace(asked.plan, items=tuple(lines)))


ASIDE = Unplaced("Norr", Location("Norr.xlsx", "Uppföljning", "K3"), ("=2+2", "Ring"), "okänd rad")
BOOKS = {
    "usual": lambda: write(ASKED, ANSWERS, ASIDE),
    "nobody answered": lambda: write(ASKED, {}),
    "nothing asked": lambda: write(replace(ASKED, plan=replace(ASKED.plan, items=(), units=())), {}),
    "one unit, no sub-activities": lambda: write(
        draw_round("Id | Aktivitet | Enhet\na | A | Norr"), {"Norr": "Id | Status\na | Genomfört"}
    ),
    "nasty texts": lambda: write(NASTY, HARM),
    "goals with a definition": lambda: write(explain_goals(ASKED), ANSWERS),
    "amounts": lambda: write(BUDGET, SUMS),
    "English": lambda: write(replace(ASKED, language="en"), ANSWERS),
    "many units": lambda: write(
        draw_round(
            "Id | Perspektiv | Aktivitet | Enhet\n"
            + "\n".join(f"a{n} | P{n % 30} | A{n} | E{n}" for n in range(90))
        ),
        {f"E{n}": f"Id | Status\na{n} | Förskjuts" for n in range(70, 80)},
    ),
    "2019": lambda: write(
        draw_round("Id | Perspektiv | Aktivitet | Slutdatum | Enhet\na | P | A | 2019-01-31 | Norr"), {}
    ),
}


class Books(dict[str, bytes]):
    """The workbooks by name; a failing test need not show their bytes."""

    def __repr__(self) -> str:
        return ", ".join(self)


@pytest.fixture(scope="module")
def workbooks() -> Books:
    return Books((name, make()) for name, make in BOOKS.items())


# What stands where ----------------------------------------------------------------------------------------


def test_the_sheets_and_tables_have_their_agreed_names(workbooks: Books) -> None:
    workbook = read(workbooks["usual"])
    assert workbook.sheetnames == [*SHEETS, "xlflow_round"]
    assert [sheet.sheet_state for sheet in workbook.worksheets].count("visible") == len(SHEETS)
    assert {sheet.title: sorted(sheet.tables) for sheet in workbook if sheet.tables} == TABLES
    assert read(workbooks["English"]).sheetnames[:3] == ["Summary", "Deviations", "Activities"]


@pytest.mark.parametrize("name", BOOKS)
def test_headings_are_unique_and_those_of_the_cells(workbooks: Books, name: str) -> None:
    for sheet in not_empty(read(workbooks[name])):
        for table in sheet.tables.values():
            headings = [column.name for column in table.tableColumns]
            assert [cell.value for cell in sheet[table.ref][0]] == headings
            assert len({heading.casefold() for heading in headings}) == len(headings)


def test_tables_without_rows_say_so(workbooks: Books) -> None:
    workbook = read(workbooks["nothing asked"])
    assert workbook["Avvikelser"]["A2"].value == "Inga avvikelser"
    assert {row[0].value for row in workbook["Insamling"].iter_rows() if row[0].value} >= {
        *("Inga enheter", "Inget har ställts åt sidan"),
    }
    assert workbook["Svar"]["A2"].value == "Inga svar har kommit in"
    assert read(workbooks["amounts"])["Avvikelser"]["A2"].value == "Avvikelse över gränsen"


def test_units_that_are_missing_are_named_on_the_first_sheet(workbooks: Books) -> None:
    assert read(workbooks["usual"])["Sammanfattning"]["A3"].value == "Saknar svar från: Öster."
    first = read(workbooks["one unit, no sub-activities"])["Sammanfattning"]
    assert first["A3"].value == "Alla tillfrågade enheter har svarat."
    column = [cell.value for cell in read(workbooks["many units"])["Sammanfattning"]["A"][:20]]
    named = " ".join(str(text) for text in column if text).split(": ")[1].split(" Enheter")[0]
    assert named.count(",") == 79


# Figures --------------------------------------------------------------------------------------------------


def test_every_formula_comes_out_in_libreoffice_as_it_was_written(workbooks: Books, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xlsx" for number in range(len(workbooks))]
    for path, content in zip(paths, workbooks.values(), strict=True):
        path.write_bytes(content)
    for name, path, copy in not_empty(zip(workbooks, paths, recalculate_all(paths), strict=True)):
        formulas, written, worked_out = load_workbook(path), load_workbook(path, data_only=True), _values(copy)
        found = list(_formulas(formulas))
        assert len(found) > 20, name
        for sheet, cell, formula in found:
            mine, theirs = written[sheet][cell].value, worked_out[sheet][cell].value
            assert _says_the_same(theirs, mine), (name, sheet, cell, formula, mine, theirs)


def test_a_wrong_figure_would_be_found_out(workbooks: Books, tmp_path: Path) -> None:
    """LibreOffice does recalculate: a figure that is written wrong comes back right."""
    path = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(io.BytesIO(workbooks["usual"])) as package, zipfile.ZipFile(path, "w") as copy:
        for entry in package.infolist():
            content = package.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = re.sub(rb"</f><v>[^<]*</v>", b"</f><v>-77</v>", content)
            copy.writestr(entry, content)
    worked_out = _values(recalculate_all([path])[0])["Sammanfattning"]
    assert {cell.value for cell in worked_out["B"]} >= {3, 2, 1}
    assert -77 not in {cell.value for cell in worked_out["B"]}


def test_the_accounts_are_counted_again_whoever_changes_a_table(workbooks: Books, tmp_path: Path) -> None:
    """A row taken out of Svar, or a file out of the list of files, shows as an equation that does not hold."""
    path = tmp_path / "changed.xlsx"
    workbook = read(workbooks["usual"])
    rows = {cell.value: cell.row for cell in workbook["Insamling"]["A"]}
    answers = [cell.value for cell in workbook["Svar"][1]]
    workbook["Svar"].cell(2, answers.index("Formulärrader") + 1).value = 0
    collection = workbook["Insamling"]
    state = next(cell for row in collection.iter_rows() for cell in row if cell.value == "Överhoppad")
    state.value = "Inläst"
    workbook.save(path)
    reported = _values(recalculate_all([path])[0])["Insamling"]
    assert [reported.cell(rows[name], 2).value for name in ("Filer", "Rader i formulären")] == ["Ja", "Nej"]
    assert reported.cell(rows["Filer"], 3).value == (
        "funna 3 = inlästa 3 + avvisade 0 + ersatta 0 + dubbletter 0 + överhoppade 0"
    )
    assert reported.cell(rows["Rader i formulären"], 3).value == "funna 9 = sammanställda 7 + avsatta 1"


@pytest.mark.parametrize("name", [name for name in BOOKS if name != "goals with a definition"])
def test_every_formula_comes_out_in_ironcalc_too(workbooks: Books, name: str, tmp_path: Path) -> None:
    """Goals are left out: ironcalc does not work LEFT out for a whole column as Excel and LibreOffice do."""
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbooks[name])
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    written = load_workbook(path, data_only=True)
    found = list(_formulas(load_workbook(path)))
    assert len(found) > 15
    for sheet, cell, formula in found:
        mine = written[sheet][cell]
        theirs = model.get_cell_value(written.sheetnames.index(sheet), mine.row, mine.column)
        assert _says_the_same(theirs, mine.value), (sheet, cell, formula, mine.value, theirs)


def test_every_figure_of_the_first_sheet_is_a_formula_and_so_are_the_accounts_and_no_other_cell(
    workbooks: Books,
) -> None:
    for name, content in not_empty(workbooks.items()):
        workbook = read(content)
        for cell in (cell for row in workbook.worksheets[0].iter_rows() for cell in row):
            assert not isinstance(cell.value, int | float), (name, cell.coordinate)
        collection = next(sheet for sheet in workbook if len(sheet.tables) > 2)
        assert {sheet for sheet, _, _ in _formulas(workbook)} == {workbook.sheetnames[0], collection.title}
        accounts = next(iter(collection.tables.values()))
        inside = {cell.coordinate for row in collection[accounts.ref][1:] for cell in row if cell.column > 1}
        reported = {cell for sheet, cell, _ in _formulas(workbook) if sheet == collection.title}
        assert reported <= inside, name
        assert len(reported) >= len(inside) - (len(collection[accounts.ref]) - 3), (
            name
        )  # the words of sums are none


def test_formulas_use_nothing_that_other_programs_lack_or_that_reads_wildcards(workbooks: Books) -> None:
    used = {
        function
        for content in workbooks.values()
        for _, _, formula in _formulas(read(content))
        for function in re.findall(r"([A-Z.]+)\(", re.sub(r'"[^"]*"|\[[^\]]*\]', "", formula))
    }
    assert used == {"SUMPRODUCT", "SUM", "IF", "LEFT", "LEN", "ROUND"}


def test_literals_in_formulas_are_quoted_and_cut_where_excel_wants_it() -> None:
    assert quote_formula_text('sa "hej"') == '"sa ""hej"""'
    assert quote_formula_text("") == '""'
    assert [len(piece) for piece in quote_formula_text("x" * 600).split("&")] == [257, 257, 92]


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(column: int, letters: str) -> None:
    assert column_letters(column) == letters


def test_table_names_are_plain_letters() -> None:
    assert make_excel_name("Anmärkningar på åtgärder") == "Anmarkningar_pa_atgarder"


# Harm -----------------------------------------------------------------------------------------------------


def test_nothing_that_came_in_becomes_a_formula_or_a_link(workbooks: Books) -> None:
    sheets = parts(workbooks["nasty texts"], "xl/worksheets/")
    for name, text in not_empty(sheets.items()):
        if name.endswith(".xml"):
            ours = name in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet5.xml")  # the first, and Insamling
            assert ("<f>" in text) == ours, name
            assert not re.search(r"<hyperlink (?![^>]*location=)", text), name
        else:
            assert "hyperlink" not in text, name
    assert "http://exempel" not in "".join(sheets.values())


def test_texts_that_look_like_formulas_come_back_word_for_word(workbooks: Books) -> None:
    workbook = read(workbooks["nasty texts"], values=True)
    shown = {cell.value for row in workbook["Svar"].iter_rows() for cell in row if isinstance(cell.value, str)}
    assert shown >= {
        *("=cmd¦'/c calc'!A1", "=TODAY()", "-1", "http://exempel.example/sida", "+1", "@SUM(1)"),
        *('=HYPERLINK("http://x")', "+46", "@x", "*", "Ej besvarad"),
    }
    prefixed = [cell for row in workbook["Svar"].iter_rows() for cell in row if cell.quotePrefix]
    assert {str(cell.value)[0] for cell in prefixed} >= {"=", "+", "-", "@"}


# Looks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOOKS)
def test_it_prints_on_a4_with_headings_that_stay(workbooks: Books, name: str) -> None:
    first, *others = (sheet for sheet in read(workbooks[name]).worksheets if sheet.sheet_state == "visible")
    assert (first.page_setup.orientation, first.page_setup.paperSize) == ("portrait", 9)
    assert first.page_setup.fitToHeight == (0 if name == "many units" else None)  # none said: one page
    for sheet in not_empty(others):
        paper = 8 if _letters_on_a4(sheet) < 6 else 9
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", paper), sheet.title
        assert _letters_on_a4(sheet) * (1.41 if paper == 8 else 1) > 6, sheet.title
        assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
        assert len(sheet.tables) > 1 or (sheet.print_title_rows, sheet.freeze_panes) == ("$1:$1", "B2"), (
            sheet.title
        )


def _letters_on_a4(sheet: Worksheet) -> float:
    """Return how many points letters of 11 have where the columns that are printed fit an A4 page, landscape."""
    last = sheet.max_column
    if sheet.print_area:
        last = sheet[str(sheet.print_area).rpartition("!")[2]][0][-1].column
    widths = {
        column: each.width for each in sheet.column_dimensions.values() for column in range(each.min, each.max + 1)
    }
    return 11 * min(1, 784 / (sum(widths[column] for column in range(1, last + 1)) * 7 * 0.75))


def test_it_is_accessible_to_a_screen_reader(workbooks: Books) -> None:
    content = workbooks["usual"]
    core = parts(content, "docProps/")["docProps/core.xml"]
    assert "<dc:language>sv-SE</dc:language>" in core
    assert "<dc:title>Verksamhetsplan 2021 – Sammanställning per den 31 mars 2021</dc:title>" in core
    drawn = "".join(text for name, text in parts(content, "xl/drawings/").items() if "rels" not in name)
    assert len(re.findall(r'descr="Staplat liggande diagram: Status per', drawn)) == drawn.count(
        "<xdr:graphicFrame"
    )
    workbook = read(content)
    assert workbook.active.title == "Sammanfattning"
    for sheet in workbook:
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_view.selection[-1].activeCell == "A1"


def test_statuses_are_marked_by_word_sign_and_colour_with_enough_contrast(workbooks: Books) -> None:
    rules = [
        rule for sheet in read(workbooks["usual"]) for area in sheet.conditional_formatting for rule in area.rules
    ]
    assert {rule.formula[0] for rule in rules} >= {
        '"Genomfört"',
        '"Förskjuts"',
        '"Ej besvarad"',
        '"Fel"',
        '"Saknas"',
    }
    for rule in rules:
        assert rule.dxf.numFmt.formatCode.endswith(' "@'), rule.formula
        assert _contrast(rule.dxf.font.color.rgb, rule.dxf.fill.bgColor.rgb) >= 4.5, rule.formula


def test_rows_are_as_high_as_their_texts(workbooks: Books) -> None:
    sheet = read(workbooks["nasty texts"])["Svar"]
    headings = [cell.value for cell in sheet[1]]
    groups = {headings.index(name) for name in ("Perspektiv", "Kommunövergripande mål", "Nämndmål")}
    for row in not_empty(sheet.iter_rows(min_row=2)):
        for place, cell in enumerate(row):
            if isinstance(cell.value, str) and place not in groups:
                width = sheet.column_dimensions[cell.column_letter].width
                need = min(MAX_ROW_HEIGHT, 15 * count_lines(cell.value, width - 0.8))
                assert (sheet.row_dimensions[cell.row].height or 15) >= need, cell.coordinate


def test_single_figures_stand_side_by_side_where_there_is_room_and_each_has_its_link(workbooks: Books) -> None:
    sheet = read(workbooks["usual"])["Sammanfattning"]
    facts = {cell.value: cell for row in sheet["A5:E15"] for cell in row if isinstance(cell.value, str)}
    left, right = facts["Enheter som tillfrågats"], facts["Rader att läsa bland avvikelserna"]
    assert (left.column, right.column) == (1, 5)
    end = next(cell.column for row in sheet.iter_rows() for cell in row if cell.value == "Gå till")
    for cell, figure in ((left, 2), (right, end - 1)):
        assert str(sheet.cell(cell.row, figure).value).startswith("=")
        assert sheet.cell(cell.row, figure + 1).hyperlink is not None
    assert {
        cell.column for row in read(workbooks["amounts"]).worksheets[0]["A4:E12"] for cell in row if cell.value
    } == {
        *(1, 2, 3),
    }


def test_a_chart_says_what_it_counts(workbooks: Books) -> None:
    axes = [re.findall(r"<a:t>([^<]*)</a:t>", chart) for chart in parts(workbooks["usual"], "xl/charts/").values()]
    assert axes == [["Status per perspektiv", "Antal aktiviteter"], ["Status per enhet", "Antal aktiviteter"]]


def test_a_number_stands_in_a_bar_only_where_there_is_room_for_it() -> None:
    lines = "\n".join(f"a{n} | P | A{n} | Norr" for n in range(60))
    answers = "\n".join(f"a{n} | {'Genomfört' if n else 'Kvarstår'}" for n in range(60))
    asked = draw_round(f"Id | Perspektiv | Aktivitet | Enhet\n{lines}")
    drawn = "".join(parts(write(asked, {"Norr": f"Id | Status\n{answers}"}), "xl/charts/").values())
    assert {int(least) for least in re.findall(r"\[&gt;=(\d+)\]", drawn)} == {3}


def test_a_summary_that_is_long_takes_more_pages_rather_than_small_print(workbooks: Books) -> None:
    assert read(workbooks["many units"]).worksheets[0].max_row > 60


# The same -------------------------------------------------------------------------------------------------


def test_the_same_values_in_any_order_give_the_same_bytes() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    content = _write(merged, findings)
    shuffled, files = list(findings), list(merged.files)
    random.Random(7).shuffle(shuffled)
    files.reverse()
    assert _write(replace(merged, files=tuple(files)), tuple(shuffled)) == content


def test_the_seed_of_hashing_changes_nothing() -> None:
    script = (
        "import hashlib, test_consolidated_writer as t;"
        " print(hashlib.sha256(t.BOOKS['nasty texts']()).hexdigest(),"
        " hashlib.sha256(t.BOOKS['usual']()).hexdigest())"
    )
    folder = Path(__file__).parent
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def _formulas(workbook: Workbook) -> Iterator[tuple[str, str, str]]:
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate, str(cell.value)


def _says_the_same(theirs: object, mine: object) -> bool:
    if isinstance(mine, str) or not isinstance(theirs, int | float):
        return theirs == mine
    return theirs == pytest.approx(mine, rel=1e-12)


def _values(path: Path) -> Workbook:
    return load_workbook(path, data_only=True)


def _contrast(ink: str, fill: str) -> float:
    lights = sorted((_lightness(ink), _lightness(fill)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _lightness(colour: str) -> float:
    parts = [int(colour[-6:][place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

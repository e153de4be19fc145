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
from openpyxl.cell.cell import Cell
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
from xlflow.excel.writer import COLOURS, MAX_ROW_HEIGHT, count_lines, quote_formula_text
from xlflow.model.findings import Finding, Location
from xlflow.model.merged import Merged
from xlflow.model.plan import Round
from xlflow.model.submission import Unplaced

SHEETS = ["Sammanfattning", "Avvikelser", "Aktiviteter", "Svar", "Insamling", "Anmärkningar", "Om"]
TABLES = {
    "Avvikelser": ["Avvikelser"],
    "Aktiviteter": ["Aktiviteter"],
    "Svar": ["Svar"],
    "Insamling": ["Avstamning", "Ej_placerat", "Enheter", "Filer"],
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
    assert workbook["Avvikelser"]["A4"].value == "Inga avvikelser"
    assert {row[0].value for row in workbook["Insamling"].iter_rows() if row[0].value} >= {
        *("Inga enheter", "Allt kunde placeras"),
    }
    assert workbook["Svar"]["A4"].value == "Inga svar har kommit in"
    assert read(workbooks["amounts"])["Avvikelser"]["A4"].value == "Avvikelse över gränsen"


def test_units_that_are_missing_are_named_on_the_first_sheet(workbooks: Books) -> None:
    def top(name: str) -> list[str]:
        rows = read(workbooks[name], values=True)["Sammanfattning"].iter_rows(
            max_row=20, max_col=1, values_only=True
        )
        return [str(text) for (text,) in rows if text]

    assert "Svar saknas från Öster." in top("usual")
    assert "Alla tillfrågade enheter har svarat." in top("one unit, no sub-activities")
    named = " ".join(top("many units")).split("Svar saknas från ")[1].split(". ")[0]
    assert named.count(",") == 79


def test_the_first_sheet_begins_with_what_is_wrong_and_large_figures_that_lead_to_their_rows(
    workbooks: Books,
) -> None:
    formulas = read(workbooks["usual"])["Sammanfattning"]
    sheet = read(workbooks["usual"], values=True)["Sammanfattning"]
    assert sheet["A4"].value == "1 av 5 aktiviteter avviker från planen. "
    assert str(formulas["A4"].value).startswith("=IF(")
    figures = [cell for row in sheet.iter_rows(max_row=12) for cell in row if isinstance(cell.value, int)]
    assert [cell.value for cell in figures] == [1, 0, 2, 1, 2]
    for cell in figures:
        link = formulas.cell(cell.row + 1, cell.column)
        assert cell.font.size >= 24
        assert link.hyperlink is not None, link.value
        assert str(formulas.cell(cell.row + 2, cell.column).value).startswith("=IF(")
    assert sheet.sheet_view.showGridLines is False


def test_a_share_has_a_bar_as_long_as_it_is_of_the_whole(workbooks: Books) -> None:
    sheet = read(workbooks["many units"])["Sammanfattning"]
    (heading,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "Andel" and cell.column > 1]
    bars = [(area.sqref.ranges, area.rules[0]) for area in sheet.conditional_formatting]
    assert len(bars) >= 2
    for (area,), rule in bars:
        assert (area.min_col, area.max_col) == (heading.column, heading.column), area
        assert (rule.type, [point.val for point in rule.dataBar.cfvo]) == ("dataBar", [0, 1])
    assert max(area.size["rows"] for (area,), _ in bars) == 90, "one for each unit"


def test_a_chart_of_many_units_shows_the_worst_of_them(workbooks: Books) -> None:
    drawn = list(parts(workbooks["many units"], "xl/charts/").values())
    assert len(drawn) == 2
    assert "Status per enhet (de 20 första i tabellen)" in drawn[1]
    shown = re.findall(r"<c:cat>.*?\$A\$(\d+):\$A\$(\d+)", drawn[1])
    for first, last in not_empty(shown):
        assert int(last) - int(first) == 19


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
    answers = [cell.value for cell in workbook["Svar"][3]]
    workbook["Svar"].cell(4, answers.index("Formulärrader") + 1).value = 0
    collection = workbook["Insamling"]
    state = next(cell for row in collection.iter_rows() for cell in row if cell.value == "Överhoppad")
    state.value = "Inläst"
    workbook.save(path)
    reported = _values(recalculate_all([path])[0])["Insamling"]
    assert [reported.cell(rows[name], 2).value for name in ("Filer", "Rader i formulären")] == ["Ja", "Nej"]
    assert reported.cell(rows["Filer"], 3).value == (
        "funna 3 = inlästa 3 + avvisade 0 + ersatta 0 + dubbletter 0 + överhoppade 0"
    )
    assert reported.cell(rows["Rader i formulären"], 3).value == "funna 9 = sammanställda 7 + ej placerade 1"


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
        heads = {
            (sheet.title, f"A{sheet[table.ref][0][0].row - 1}")
            for sheet in workbook
            for table in sheet.tables.values()
        }
        assert heads <= {(sheet, cell) for sheet, cell, _ in _formulas(workbook)}
        formulas = [each for each in _formulas(workbook) if each[:2] not in heads]
        assert {sheet for sheet, _, _ in formulas} == {workbook.sheetnames[0], collection.title}
        accounts = next(iter(collection.tables.values()))
        inside = {cell.coordinate for row in collection[accounts.ref][1:] for cell in row if cell.column > 1}
        reported = {cell for sheet, cell, _ in formulas if sheet == collection.title}
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
    assert used == {"SUMPRODUCT", "SUM", "IF", "LEFT", "LEN", "ROUND", "SUBTOTAL"}


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
            assert ours or text.count("<f>") == text.count("<tablePart "), name  # how many rows each table has
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
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9), sheet.title
        pages_wide = sheet.page_setup.fitToWidth or 1
        assert _letters_on_a4(sheet) * pages_wide > 6.9, sheet.title
        assert pages_wide == 1 or len(sheet.tables) > 1 or sheet.print_title_cols == "$A:$A"
        assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
        assert len(sheet.tables) > 1 or (sheet.print_title_rows, sheet.freeze_panes) == ("$3:$3", "B4"), (
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
    assert "<dc:title>Verksamhetsplan 2021 – Sammanställning per 31 mars 2021</dc:title>" in core
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
    rules = [rule for rule in rules if rule.type != "dataBar"]
    assert {rule.formula[0] for rule in rules} >= {
        '"Genomfört"',
        '"Förskjuts"',
        '"Ej besvarad"',
        '"Fel"',
        '"Saknas"',
    }
    for rule in rules:
        assert rule.dxf.numFmt.formatCode.endswith(' "@'), rule.formula
        assert rule.dxf.fill is None, "a status is no coloured tower"
        assert _contrast(rule.dxf.font.color.rgb, "FFFFFF") >= 4.5, rule.formula
    inks = {rule.formula[0]: (rule.dxf.font.color.rgb[-6:], bool(rule.dxf.font.b)) for rule in rules}
    assert inks['"Genomfört"'] == inks['"Pågående"'] == (COLOURS["muted"][1:], False), "what is well is grey"
    assert inks['"Förskjuts"'][1]
    assert inks['"Förskjuts"'][0] != COLOURS["muted"][1:]


def test_rows_are_as_high_as_their_texts(workbooks: Books) -> None:
    sheet = read(workbooks["nasty texts"])["Svar"]
    headings = [cell.value for cell in sheet[3]]
    groups = {headings.index(name) for name in ("Perspektiv", "Kommunövergripande mål", "Nämndmål")}
    for row in not_empty(sheet.iter_rows(min_row=4)):
        for place, cell in enumerate(row):
            if isinstance(cell.value, str) and place not in groups:
                width = sheet.column_dimensions[cell.column_letter].width
                need = min(MAX_ROW_HEIGHT, 15 * count_lines(cell.value, width - 0.8))
                assert (sheet.row_dimensions[cell.row].height or 15) >= need, cell.coordinate


def test_a_table_says_what_it_is_and_how_many_rows_a_filter_shows(workbooks: Books, tmp_path: Path) -> None:
    workbook = read(workbooks["usual"], values=True)
    tables = [(sheet, table) for sheet in workbook for table in sheet.tables.values()]
    for sheet, table in not_empty(tables):
        heading = sheet[table.ref][0][0].row
        title, about = (sheet.cell(row, 1).value for row in (heading - 2, heading - 1))
        rows = len(sheet[table.ref]) - 1
        assert title, sheet.title
        assert str(about).startswith("1 rad." if rows == 1 else f"{rows} rader."), sheet.title
    filtered = read(workbooks["usual"])
    filtered["Aktiviteter"].auto_filter.ref = "A3:B10"
    for row in (5, 6):
        filtered["Aktiviteter"].row_dimensions[row].hidden = True
    filtered.save(path := tmp_path / "filtered.xlsx")
    shown = _values(recalculate_all([path])[0])["Aktiviteter"]["A2"].value
    assert str(shown).startswith("5 av 7 rader visas."), shown


def test_numbers_stand_below_their_headings_and_texts_below_theirs(workbooks: Books) -> None:
    sheet = read(workbooks["amounts"])["Aktiviteter"]
    aligned = {cell.value: cell.alignment.horizontal for cell in sheet[3]}
    assert (aligned["Budget"], aligned["Avvikelse"], aligned["Enhet"]) == ("right", "right", "left")


def test_what_is_read_first_stands_at_the_left_and_the_goals_at_the_right(workbooks: Books) -> None:
    workbook = read(workbooks["usual"])
    headings = [cell.value for cell in workbook["Aktiviteter"][3]]
    answers = ("Id", "Aktivitet", "Enhet", "Slutdatum", "Status", "Sammanvägd status", "Kommentar/avvikelse")
    order = [headings.index(name) for name in (*answers, "Perspektiv", "Nämndmål", "Ursprung")]
    assert order == sorted(order)
    assert [cell.value for cell in workbook["Svar"][3]][:3] == ["Enhet", "Id", "Aktivitet"]


def test_single_figures_stand_side_by_side_where_there_is_room_and_each_has_its_link(workbooks: Books) -> None:
    sheet = read(workbooks["usual"])["Sammanfattning"]
    facts = _facts_below_the_panels(sheet)
    left, right = facts["Tillfrågade enheter"], facts["Avvikande rader"]
    assert (left.column, right.column) == (1, 5)
    end = next(cell.column for row in sheet.iter_rows() for cell in row if cell.value == "Gå till")
    for cell, figure in ((left, 2), (right, end - 1)):
        assert str(sheet.cell(cell.row, figure).value).startswith("=")
        assert sheet.cell(cell.row, figure + 1).hyperlink is not None
    large = {unit: re.sub(r"(?<=\| )(\d+)", r"\g<1>000000", table) for unit, table in SUMS.items()}
    amounts = _facts_below_the_panels(read(write(BUDGET, large)).worksheets[0])
    assert {cell.column for cell in amounts.values()} == {1, 3}, "one below the other, each with its link"


def _facts_below_the_panels(sheet: Worksheet) -> dict[str, Cell]:
    """Return the texts of the last block of the first sheet, with their cells."""
    first = next(cell.row for cell in sheet["A"] if cell.value == "Fler siffror om svaren")
    rows = sheet.iter_rows(min_row=first + 1)
    return {cell.value: cell for row in rows for cell in row if cell.data_type == "s"}


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

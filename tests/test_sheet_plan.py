"""Where a sheet ends the table goes on on a further one, and every figure counts in all of them."""

import io
from dataclasses import replace
from pathlib import Path

import ironcalc
import pytest
from openpyxl import Workbook, load_workbook
from support.draw_merged import draw_merged
from support.draw_round import AS_OF, draw_round
from support.libreoffice import recalculate_all
from support.not_empty import not_empty
from test_consolidated_tables import ANSWERS, ASKED, BUDGET, SUMS

from xlflow.consolidated.reader import read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.change_table import build_current_snapshot
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.consolidated.writer.sheet_plan import MAX_SHEET_ROWS, plan_sheets
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.findings import Location
from xlflow.model.merged import Accounts, Merged, MergedRow
from xlflow.model.plan import Plan, PlanItem, Round, Unit
from xlflow.model.submission import Answer, AnswerRow, FileState, ReceivedFile

BEFORE = {"Norr": "Id | Status\na | Kvarstår\nb | Pågående", "Söder": "Id | Status\nc | Pågående"}
MANY = draw_round(
    "Id | Perspektiv | Aktivitet | Enhet\n" + "\n".join(f"a{n} | P{n % 3} | A{n} | E{n % 4}" for n in range(40))
)
TOLD = {
    f"E{unit}": "Id | Status\n"
    + "\n".join(f"a{n} | {'Genomfört' if n % 3 else 'Utgår'}" for n in range(unit, 40, 4))
    for unit in range(3)
}
CASES = {
    "statuses and changes": (ASKED, ANSWERS, 5),
    "amounts": (BUDGET, SUMS, 4),
    "many": (MANY, TOLD, 9),
    "hardly a row": (MANY, TOLD, 3),
}


def write(asked: Round, answers: dict[str, str], most_rows: int) -> bytes:
    merged, findings = draw_merged(asked, answers)
    earlier = build_current_snapshot(MergedIndex(*draw_merged(asked, BEFORE))) if asked is ASKED else None
    before = replace(earlier, as_of=asked.as_of.replace(month=1), file="jan.xlsx") if earlier else None
    return render_consolidated(build_consolidated_content(merged, findings, before), merged, most_rows)


@pytest.fixture(scope="module")
def workbooks() -> dict[str, bytes]:
    return {name: write(*case) for name, case in CASES.items()}


def rows_of(workbook: Workbook, name: str) -> list[tuple[object, ...]]:
    """Return the rows of a table over all the sheets that it goes on in."""
    sheets = [sheet for sheet in workbook if sheet.title.rstrip(" 0123456789") == name]
    return [row for sheet in sheets for row in list(sheet.iter_rows(values_only=True))[1:]]


def test_nothing_is_lost_and_nothing_reported_twice(workbooks: dict[str, bytes]) -> None:
    for name, (asked, answers, most_rows) in CASES.items():
        workbook, whole = (
            load_workbook(io.BytesIO(content))
            for content in (workbooks[name], write(asked, answers, MAX_SHEET_ROWS))
        )
        for sheet in ("Svar", "Aktiviteter", "Avvikelser", "Anmärkningar"):
            assert rows_of(workbook, sheet) == rows_of(whole, sheet), (name, sheet)
        for sheet in workbook.worksheets[1:-1]:
            assert sheet.max_row <= most_rows, (name, sheet.title)
    assert load_workbook(io.BytesIO(workbooks["many"])).sheetnames[:8] == [
        *("Sammanfattning", "Avvikelser", "Avvikelser 2", "Aktiviteter"),
        *("Aktiviteter 2", "Aktiviteter 3", "Aktiviteter 4", "Aktiviteter 5"),
    ]


def test_each_piece_is_a_table_of_its_own_with_the_same_headings(workbooks: dict[str, bytes]) -> None:
    workbook = load_workbook(io.BytesIO(workbooks["many"]))
    tables = [table for sheet in workbook for table in sheet.tables.values()]
    assert {"Svar", "Svar_2", "Svar_3", "Svar_4"} <= {table.name for table in tables}
    assert len({table.name for table in tables}) == len({table.id for table in tables}) == len(tables)
    first, second = ([cell.value for cell in workbook[name][1]] for name in ("Svar", "Svar 2"))
    assert first == second
    for sheet in not_empty(workbook.worksheets[1:-1]):
        assert (len(sheet.tables) > 1) or sheet.title.startswith(("Insamling", "Om")) or sheet.freeze_panes == "B2"


def test_every_figure_comes_out_as_it_was_written_in_two_programs(
    workbooks: dict[str, bytes], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.xlsx" for number in range(len(workbooks))]
    for path, content in zip(paths, workbooks.values(), strict=True):
        path.write_bytes(content)
    for path, copy in not_empty(zip(paths, recalculate_all(paths), strict=True)):
        formulas, written, theirs = (
            load_workbook(path),
            load_workbook(path, data_only=True),
            load_workbook(copy, data_only=True),
        )
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
        model.evaluate()
        cells = [cell for sheet in formulas for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert any("_2[" in cell.value for cell in cells)
        for cell in cells:
            mine = written[cell.parent.title][cell.coordinate].value
            place = formulas.sheetnames.index(cell.parent.title)
            for reported in (
                theirs[cell.parent.title][cell.coordinate].value,
                model.get_cell_value(place, cell.row, cell.column),
            ):
                assert reported == (mine if isinstance(mine, str) else pytest.approx(mine, rel=1e-12)), cell.value


def test_the_reader_of_the_workbook_goes_on_too(workbooks: dict[str, bytes]) -> None:
    for name, (asked, answers, _) in CASES.items():
        reported = [
            read_round_status(_open(content))
            for content in (workbooks[name], write(asked, answers, MAX_SHEET_ROWS))
        ]
        assert [entry.item.id for entry in reported[0].item_statuses] == [
            entry.item.id for entry in reported[1].item_statuses
        ], name
        assert [(e.status_code, e.status, e.plan_values, e.answers) for e in reported[0].item_statuses] == [
            (e.status_code, e.status, e.plan_values, e.answers) for e in reported[1].item_statuses
        ]
        assert [c.kind for c in reported[0].changes] == [c.kind for c in reported[1].changes]


def test_excels_own_limit_is_the_one_that_counts() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    grids = dict(build_consolidated_content(merged, findings).tables_by_name)
    row = grids["answers"].rows[0]
    grids["answers"] = replace(grids["answers"], rows=(row,) * 2_200_000)
    pieces = plan_sheets(grids, "sv").parts_by_table["answers"]
    assert [(piece.sheet, piece.excel_name, piece.first_table_row) for piece in pieces] == [
        ("Svar", "Svar", 0),
        ("Svar 2", "Svar_2", 1_048_575),
        ("Svar 3", "Svar_3", 2_097_150),
    ]
    assert [piece.row_below for piece in pieces] == [1_048_576, 1_048_576, 102_851]


def _open(content: bytes) -> WorkbookData:
    workbook = open_workbook(content, "x.xlsx")
    assert isinstance(workbook, WorkbookData)
    return workbook


# Large ----------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.with_tools
def test_a_hundred_and_twenty_thousand_rows_open_and_come_out_right(tmp_path: Path) -> None:
    path = tmp_path / "stor.xlsx"
    path.write_bytes(_write_large(units=2_000, rows=60))
    copy = recalculate_all([path])[0]
    reported = [_first_and_collection(each) for each in (path, copy)]
    assert sum(isinstance(value, int) for value in reported[0].values()) > 300
    assert reported[0].keys() <= reported[1].keys()
    for cell, mine in reported[0].items():
        assert reported[1][cell] == (pytest.approx(mine) if isinstance(mine, int | float) else mine), cell


def _write_large(units: int, rows: int) -> bytes:
    """Return the workbook of a round with as many answers as 2,000 units give."""
    shape = draw_round("Id | Aktivitet | Enhet\na | A | E").template
    status = shape.field("status")
    options = shape.choice_list(status).options
    merged_rows, lines = [], []
    for number in range(units * rows):
        unit, place = f"Enhet {number // rows}", number % rows
        groups = (f"Perspektiv {place // 12}", f"Mål {place // 6}", f"Nämndmål {place // 3}")
        own = (f"Aktivitet {place - place % 3}", f"Del {place}" if place % 3 else "")
        line = PlanItem(f"{number:06}", (*groups, *own), (unit,), plan_position=number + 1)
        option = options[(number * 7 + place) % len(options)]
        cell = Location(f"{unit}.xlsx", "Uppföljning", f"A{place + 5}")
        answers = (
            Answer("status", option.code, option.label.sv, cell),
            Answer("comment", text := f"Det här är vad enheten säger om rad {number}.", text, cell),
        )
        lines.append(line)
        merged_rows.append(MergedRow(AnswerRow(line, unit, cell, answers)))
    names = [f"Enhet {number}" for number in range(units)]
    plan = Plan("Stor plan", tuple(map(Unit, names)), tuple(lines), 2021, digest="0" * 64)
    files = tuple(ReceivedFile(f"{name}.xlsx", "1" * 64, 20_000, None, FileState.ACCEPTED, name) for name in names)
    accounts = Accounts(
        {FileState.ACCEPTED: units},
        *(len(lines), len(lines), 0, 0),
        files_found=units,
        rows_by_file={file.name: rows for file in files},
    )
    asked = Round(shape, plan, AS_OF, None, "sv")
    merged = Merged(asked, files, tuple(merged_rows), (), tuple(names), (), accounts)
    return render_consolidated(build_consolidated_content(merged, ()), merged)


def _first_and_collection(path: Path) -> dict[tuple[str, int, int], object]:
    """Return the values of the first sheet, and of the accounts."""
    workbook = load_workbook(path, read_only=True, data_only=True)
    sheets = {"Sammanfattning": 500, "Insamling": 6}
    return {
        (name, row, column): value
        for name, most in sheets.items()
        for row, values in enumerate(workbook[name].iter_rows(max_row=most, values_only=True))
        for column, value in enumerate(values)
        if value is not None
    }

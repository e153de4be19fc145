"""What a person corrects in the answers with LibreOffice: figures, notice, report and next merge follow or say so.

The first sheet counts the tables live. What only a merge works out anew, such as a sentence, is said to be stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from support.draw_merged import draw_merged
from support.draw_round import draw_round
from support.libreoffice import recalculate_all
from support.not_empty import not_empty

from xlflow.consolidated.reader import CONSOLIDATED_LIMITS, read_changed_cells, read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.manual_corrections import apply_changed_cells
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.findings import Finding

ROUND = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn |              | Kvartal 2 | Museet
    b  |            |                        |          | Byta lås    |              | Kvartal 4 | Museet; Åbo
    c  | Ekonomi    | Pengar                 | Inköp    | Måla om     |              | Kvartal 4 | Åbo
    c1 |            |                        |          |             | Köpa färg    |           | Åbo
    c2 |            |                        |          |             | Tvätta       |           | Åbo
""")
ANSWERS = {
    "Museet": """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    a  | Förskjuts | Kvartal 3   | Kvarnen är sönder
    b  | Pågående  |             | Lås beställda
""",
    "Åbo": """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    b  | Genomfört |             | Klart i maj
    c1 | Genomfört |             |
    c2 | Pågående  |             |
""",
}
CORRECTIONS: Mapping[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "untouched": (),
    "a comment": (("Svar", "b", "Museet", "Kommentar/avvikelse", "Lås på plats"),),
    "a status": (("Svar", "a", "Museet", "Status", "Genomfört"),),
    "two statuses that change places": (
        ("Svar", "b", "Museet", "Status", "Genomfört"),
        ("Svar", "b", "Åbo", "Status", "Pågående"),
    ),
    "a status that is emptied": (("Svar", "c2", "Åbo", "Status", ""),),
    "a status among the activities": (("Aktiviteter", "a", "", "Status", "Utgår"),),
    "a rolled-up status": (("Aktiviteter", "c", "", "Sammanvägd status", "Utgår"),),
    "a new deadline": (("Svar", "a", "Museet", "Ny tidpunkt", "Kvartal 4"),),
}
IS_STALE = {name: name not in ("untouched", "a comment") for name in CORRECTIONS}


@dataclass(frozen=True)
class Corrected:
    """The workbook as LibreOffice has saved it, and what it is read as."""

    book: Workbook
    workbook: WorkbookData


def opened(content: bytes) -> WorkbookData:
    workbook = open_workbook(content, "s.xlsx", CONSOLIDATED_LIMITS)
    assert not isinstance(workbook, Finding)
    return workbook


def render(existing: WorkbookData | None = None) -> bytes:
    merged, findings = draw_merged(ROUND, ANSWERS)
    if existing:
        merged, _ = apply_changed_cells(merged, read_changed_cells(existing))
    return render_consolidated(build_consolidated_content(merged, findings), merged)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Corrected]:
    """Correct each workbook and let LibreOffice work it out anew and save it, all with one start."""
    folder, paths = tmp_path_factory.mktemp("corrected"), []
    for number, cells in enumerate(CORRECTIONS.values()):
        path = folder / f"s{number}.xlsx"
        path.write_bytes(render())
        book = load_workbook(path)
        for sheet, item, unit, heading, text in cells:
            rows = list(book[sheet].iter_rows())
            heads = [cell.value for cell in rows[0]]
            (row,) = [
                row
                for row in rows[1:]
                if row[heads.index("Id")].value == item and unit in ("", row[heads.index("Enhet")].value)
            ]
            row[heads.index(heading)].value = text or None
        book.save(path)
        paths.append(path)
    results = recalculate_all(paths)
    return {
        name: Corrected(load_workbook(result, data_only=True), opened(result.read_bytes()))
        for name, result in zip(CORRECTIONS, results, strict=True)
    }


def statuses_in(book: Workbook) -> list[object]:
    rows = list(book["Aktiviteter"].iter_rows(values_only=True))
    heads = list(rows[0])
    return [
        row[heads.index("Sammanvägd status")]
        for row in rows[1:]
        if row[0] and not row[heads.index("Delaktivitet")]
    ]


def notice_in(book: Workbook) -> str:
    texts = [str(row[0] or "") for row in book["Sammanfattning"].iter_rows(values_only=True, max_row=20)]
    return next(text for text in texts if "efter xlflow merge" in text)


@pytest.mark.with_tools
@pytest.mark.parametrize("name", CORRECTIONS)
def test_the_first_sheet_follows_or_says_that_it_does_not(name: str, saved: dict[str, Corrected]) -> None:
    book = saved[name].book
    assert notice_in(book).startswith("OBS!") == IS_STALE[name]
    rows = list(book["Sammanfattning"].iter_rows(values_only=True))
    heads = next(row for row in rows if row[0] == "Aktiviteter efter status")
    figures = next(row for row in rows if row[0] == "Aktiviteter")
    statuses = statuses_in(book)
    assert len(statuses) == 3
    for head, figure in not_empty(zip(heads[1:8], figures[1:8], strict=True)):
        assert figure == statuses.count(head), head


@pytest.mark.with_tools
@pytest.mark.parametrize("name", CORRECTIONS)
def test_report_and_next_merge_read_the_correction_alike(name: str, saved: dict[str, Corrected]) -> None:
    followed = {entry.item.id: entry for entry in read_round_status(saved[name].workbook).item_statuses}
    merged = {
        entry.item.id: entry for entry in read_round_status(opened(render(saved[name].workbook))).item_statuses
    }
    assert len(followed) == 5
    for key, entry in followed.items():
        again = merged[key]
        assert (entry.status_code, entry.completeness, entry.is_overdue) == (
            again.status_code,
            again.completeness,
            again.is_overdue,
        ), key
    if name == "a status":
        assert followed["a"].status_code == "done"
    if name == "a status that is emptied":
        assert (followed["c"].status_code, followed["c"].completeness) == (None, "1 av 2 delaktiviteter har svar")


@pytest.mark.long
@pytest.mark.with_tools
def test_every_formula_comes_to_its_cached_value_after_the_next_merge_too(
    saved: dict[str, Corrected], tmp_path: Path
) -> None:
    paths = []
    for number, corrected in enumerate(saved.values()):
        paths.append(tmp_path / f"m{number}.xlsx")
        paths[-1].write_bytes(render(corrected.workbook))
    compared = 0
    for path, again in not_empty(zip(paths, recalculate_all(paths), strict=True)):
        ours, theirs, formulas = (
            load_workbook(path, data_only=True),
            load_workbook(again, data_only=True),
            load_workbook(path),
        )
        for sheet in formulas.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        left, right = (book[sheet.title][cell.coordinate].value or "" for book in (ours, theirs))
                        same = (
                            abs(left - right) < 1e-9
                            if isinstance(left, int | float) and isinstance(right, int | float)
                            else left == right
                        )
                        assert same, (sheet.title, cell.coordinate, left, right)
                        compared += 1
    assert compared > 500

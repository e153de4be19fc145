"""Several rounds together: one line per activity, one column per round, lines known again over all of them."""

import io
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.draw_merged import draw_merged
from support.draw_round import draw_round
from support.not_empty import not_empty

from xlflow.cli.text_output import format_history
from xlflow.consolidated.reader import read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError
from xlflow.model.table import Table
from xlflow.pipeline.report_operations import read_history, write_history
from xlflow.rounds.history import ConsolidatedRound, build_round_history, sort_rounds

HEADINGS = "Id | Perspektiv | Aktivitet | Delaktivitet | Enhet | Fortsätter från"
ROUNDS = {
    date(2020, 12, 31): (
        """
        a  | Samhälle | Scenen        |       | Norr  |
        a1 |          |               | Golv  | Norr  |
        b  |          | Laga taket    |       | Söder |
        c  |          | Byta pumpen   |       | Söder |
        """,
        {"Norr": "a | Pågående\na1 | Kvarstår", "Söder": "b | Förskjuts\nc | Genomfört"},
    ),
    date(2021, 3, 31): (
        """
        a  | Samhälle | Scenen        |       | Norr  |
        a1 |          |               | Golv  | Norr  |
        x  |          | Tak och rännor|       | Söder | Laga taket
        """,
        {"Norr": "a | Pågående", "Söder": ""},
    ),
    date(2021, 8, 31): (
        """
        d  | Ekonomi  | Spara el      |       | Norr  |
        a  |          | Scenen        |       | Norr  |
        a1 |          |               | Golv  | Norr  |
        q  |          | Byta pumpen   |       | Söder |
        """,
        {"Norr": "a | Genomfört\nd | Pågående\na1 | Genomfört", "Söder": "q | Utgår"},
    ),
}


def write_round(day: date, language: Language = "sv") -> bytes:
    table, reported = ROUNDS[day]
    asked = draw_round(f"{HEADINGS}\n{table.strip()}", as_of=day, language=language, title=f"Plan {day.year}")
    answers = {unit: f"Id | Status\n{rows}" for unit, rows in reported.items() if rows}
    merged, findings = draw_merged(asked, answers)
    return render_consolidated(build_consolidated_content(merged, findings), merged)


def read_round(day: date) -> ConsolidatedRound:
    workbook = open_workbook(write_round(day), f"{day}.xlsx")
    assert isinstance(workbook, WorkbookData)
    return ConsolidatedRound(read_round_status(workbook), workbook.name, workbook.digest)


@pytest.fixture(scope="module")
def sources() -> tuple[ConsolidatedRound, ...]:
    return tuple(map(read_round, ROUNDS))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{day}.xlsx" for day in ROUNDS]
    for path, day in zip(paths, ROUNDS, strict=True):
        path.write_bytes(write_round(day))
    return paths


def statuses(grid: Table) -> dict[str, tuple[object, ...]]:
    rounds = [place for place, column in enumerate(grid.columns) if column.key.startswith("round:")]
    return {str(row[0]): tuple(row[place] for place in rounds) for row in grid.rows}


def test_every_activity_has_one_line_through_all_rounds(sources: tuple[ConsolidatedRound, ...]) -> None:
    lines = build_round_history(sources).item_table
    assert [column.heading for column in lines.columns][-3:] == [
        "31 december 2020",
        "31 mars 2021",
        "31 augusti 2021",
    ]
    assert statuses(lines) == {
        "d": (None, None, "Pågående"),  # new
        "a": ("Pågående", "Pågående", "Genomfört"),
        "a1": ("Kvarstår", "Se aktivitet", "Genomfört"),
        "q": ("Genomfört", None, "Utgår"),  # away for a round, back under another id
        "x": ("Förskjuts", "Ej besvarad", None),  # worded anew, and gone at last
    }


def test_the_order_of_the_files_changes_nothing(sources: tuple[ConsolidatedRound, ...]) -> None:
    assert sort_rounds(sources[::-1]) == sources


def test_two_workbooks_of_one_day_are_told_apart(sources: tuple[ConsolidatedRound, ...]) -> None:
    twice = build_round_history(sort_rounds([sources[2], sources[2], sources[0]])).item_table
    assert [column.heading for column in twice.columns][-2:] == ["31 augusti 2021", "31 augusti 2021 (2)"]
    assert all(reported[1] == reported[2] for reported in not_empty(statuses(twice).values()))


def test_the_rounds_are_listed_with_their_files_and_digests(sources: tuple[ConsolidatedRound, ...]) -> None:
    rounds = build_round_history(sources).round_table
    assert [row[:3] for row in rounds.rows] == [
        ("2020-12-31", "Plan 2020", "2020-12-31.xlsx"),
        ("2021-03-31", "Plan 2021", "2021-03-31.xlsx"),
        ("2021-08-31", "Plan 2021", "2021-08-31.xlsx"),
    ]
    assert len({row[3] for row in rounds.rows}) == 3


def test_one_round_is_a_history_too(sources: tuple[ConsolidatedRound, ...]) -> None:
    assert len(build_round_history(sources[:1]).item_table.rows) == 4


def test_the_terminal_shows_columns_below_each_other(sources: tuple[ConsolidatedRound, ...]) -> None:
    shown = format_history(build_round_history(sources)).splitlines()
    assert shown[0].split("  ")[0] == "Aktivitet"
    second = shown[0].index("31 mars 2021")
    assert [line[second : second + 12].strip() for line in shown[2:7]] == [
        *("–", "Pågående", "Se aktivitet", "–", "Ej besvarad"),
    ]
    assert shown[4].startswith("  – Golv")
    assert shown[-1] == "Omgångar: 3. Rader: 5."


def test_the_workbook_has_the_table_marked_and_ready_for_paper(files: list[Path], tmp_path: Path) -> None:
    run = write_history(files[::-1], tmp_path / "historik.xlsx")
    assert run.exit_code == 0
    workbook = load_workbook(tmp_path / "historik.xlsx")
    assert workbook.sheetnames == ["Historik", "Omgångar"]
    sheet = workbook["Historik"]
    assert [list(each.tables) for each in workbook] == [["Historik"], ["Omgangar"]]
    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.page_setup.paperSize) == ("B2", "$1:$1", 9)
    rules = {rule.formula[0] for area in sheet.conditional_formatting for rule in area.rules}
    assert {'"Genomfört"', '"Förskjuts"', '"Ej besvarad"'} <= rules
    assert workbook.properties.title == "Plan 2021 – Historik över 3 omgångar"


def test_the_same_workbooks_give_the_same_bytes_in_any_order(files: list[Path], tmp_path: Path) -> None:
    for target, order in (("ett.xlsx", files), ("två.xlsx", files[::-1])):
        write_history(order, tmp_path / target)
    assert (tmp_path / "ett.xlsx").read_bytes() == (tmp_path / "två.xlsx").read_bytes()


def test_another_language_goes_for_all_rounds(files: list[Path]) -> None:
    reported = read_history(files, language="en")
    assert statuses(reported.item_table)["a"] == ("Ongoing", "Ongoing", "Done")
    assert [column.heading for column in reported.item_table.columns][:1] == ["Id"]
    assert reported.item_table.columns[-1].heading == "31 August 2021"


def test_rounds_in_two_languages_are_reported_in_that_of_the_last(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.xlsx", "a.xlsx")]
    for path, day, language in zip(paths, list(ROUNDS)[:2], ("sv", "en"), strict=True):
        path.write_bytes(write_round(day, "en" if language == "en" else "sv"))
    assert statuses(read_history(paths).item_table)["a"] == ("Ongoing", "Ongoing")


def test_only_a_history_is_replaced(files: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "historik.xlsx"
    write_history(files, target)
    write_history(files[:2], target)  # an earlier history goes
    for kept in (files[0], tmp_path / "eget.xlsx"):
        kept.write_bytes(kept.read_bytes() if kept.exists() else b"eget")
        before = kept.read_bytes()
        with pytest.raises(FatalError) as stop:
            write_history(files, kept)
        assert [found.code for found in stop.value.findings] == ["target-not-ours"]
        assert kept.read_bytes() == before
    write_history(files, files[0], force=True)
    assert load_workbook(io.BytesIO(files[0].read_bytes())).sheetnames[0] == "Historik"


@pytest.mark.parametrize("edit", ["A3", "Z40", "sheet"])
def test_a_history_that_somebody_worked_in_is_not_replaced(files: list[Path], tmp_path: Path, edit: str) -> None:
    target = tmp_path / "historik.xlsx"
    write_history(files, target)
    workbook = load_workbook(target)
    workbook.save(target)
    write_history(files, target)  # saved by another program, and nothing changed
    workbook = load_workbook(target)
    sheet = workbook.create_sheet("Eget") if edit == "sheet" else workbook.worksheets[0]
    sheet["A1" if edit == "sheet" else edit] = "Fråga Norr om detta"
    workbook.save(target)
    edited = target.read_bytes()
    with pytest.raises(FatalError) as stop:
        write_history(files, target)
    assert [found.code for found in stop.value.findings] == ["history-target-edited"]
    assert target.read_bytes() == edited
    write_history(files, target, force=True)


def test_what_is_no_consolidated_workbook_is_named(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "tomt.xlsx").touch()
    for name, code in (("fattas.xlsx", "path-not-found"), ("tomt.xlsx", "consolidated-unreadable")):
        with pytest.raises(FatalError) as stop:
            read_history([*files, tmp_path / name])
        assert [found.code for found in stop.value.findings] == [code]
    write_history(files, tmp_path / "historik.xlsx")
    with pytest.raises(FatalError) as stop:
        read_history([tmp_path / "historik.xlsx"])
    assert [found.code for found in stop.value.findings] == ["report-not-consolidated"]


def test_rounds_of_one_day_are_sorted_by_file_name_then_by_content(sources: tuple[ConsolidatedRound, ...]) -> None:
    first = replace(sources[0], file="a.xlsx", digest="2")
    others = [replace(sources[0], file=file, digest=digest) for file, digest in (("a.xlsx", "1"), ("b.xlsx", "0"))]
    expected = (others[0], first, others[1])
    for rounds in permutations((first, *others)):
        assert sort_rounds(rounds) == expected
    later = replace(sources[1], file="0.xlsx", digest="0")
    assert sort_rounds([later, *expected]) == (*expected, later)

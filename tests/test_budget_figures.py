"""The figures of a budget: of the same rows in every column, what is missing on a line of its own, each once."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from openpyxl import load_workbook
from support.draw_merged import column_by_id, draw_merged
from support.draw_round import draw_round, shipped_template
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.libreoffice import recalculate_all
from support.not_empty import not_empty

from xlflow.cli.json_output import result_to_values
from xlflow.consolidated.reader.round_reader import read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.merged import RunResult
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import Document, Paragraph, ReportTable, iter_cell_texts
from xlflow.rounds.round_status import RoundStatus

EXAMPLE = PROJECT / "examples" / "budget-2021"


def read_status(path: Path) -> RoundStatus:
    """Return what a report is made from."""
    opened = open_workbook(path.read_bytes(), path.name)
    assert isinstance(opened, WorkbookData), opened
    return read_round_status(opened)


def report_tables(report: Document) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield (caption, rows of texts) of every table of a report."""
    for block in report.blocks:
        if isinstance(block, ReportTable):
            yield (
                block.caption,
                [[" ".join(iter_cell_texts(cell)) for cell in row.cells] for row in block.all_rows],
            )


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The consolidated workbook of the example."""
    folder = tmp_path_factory.mktemp("budget")
    days = {"as_of": date(2021, 8, 31), "due": date(2021, 9, 15)}
    generate_forms(EXAMPLE / "plan.xlsx", folder / "ut", template="budget", **days)
    fill_forms(folder / "ut", EXAMPLE / "answers.csv", folder / "in")
    merge_forms([folder / "in"], folder / "s.xlsx", plan=EXAMPLE / "plan.xlsx", jobs=1)
    return folder / "s.xlsx"


@pytest.fixture(scope="module")
def sheets(example: Path) -> Any:
    """The same as openpyxl reads it."""
    return load_workbook(example, data_only=True)


@pytest.fixture(scope="module")
def report(example: Path) -> Document:
    """The report on it."""
    return compose_document(read_status(example), ReportOptions())


def test_the_report_counts_the_rows_of_every_unit(sheets: Any, report: Document) -> None:
    rows = list(sheets["Aktiviteter"].iter_rows(values_only=True))
    unit_column = rows[0].index("Enhet")
    units = [str(row[unit_column]) for row in rows[1:]]
    counts = {row[0]: row[2] for caption, table in report_tables(report) if "enheter" in caption for row in table}
    assert len(counts) == 5
    assert counts == {unit: str(units.count(unit)) for unit in counts}


def test_a_sentence_of_the_report_begins_with_a_capital_letter(report: Document) -> None:
    texts = ["".join(span.text for span in each.spans) for each in report.blocks if isinstance(each, Paragraph)]
    assert [text for text in texts if text.endswith("poster följs upp.")]
    assert not [text for text in texts if text[:1].islower()]


def test_a_round_without_statuses_offers_no_filter_by_status(report: Document) -> None:
    assert report.status_filters == ()


# Counted again, with nothing but the cells -------------------------------------------------------------------

AMOUNTS = ("Budget", "Utfall", "Prognos", "Avvikelse")
Amounts = tuple[Decimal | None, Decimal | None, Decimal | None]
"""Budget, outcome and forecast of a row, None where there is no number."""


def amounts_of(row: Sequence[object], headings: Sequence[object]) -> Amounts:
    """Return the amounts in a row of a sheet."""
    cells = [row[headings.index(heading)] for heading in AMOUNTS[:3]]
    budget, outcome, forecast = (
        Decimal(repr(cell)) if isinstance(cell, int | float) and not isinstance(cell, bool) else None
        for cell in cells
    )
    return budget, outcome, forecast


def add_up(rows: Sequence[Amounts]) -> list[Decimal]:
    """Return the sums of budget, outcome and forecast, and of the differences between the first and the last."""
    sums = [sum((row[index] or Decimal(0) for row in rows), Decimal(0)) for index in range(3)]
    differences = [row[0] - row[2] for row in rows if row[0] is not None and row[2] is not None]
    return [*sums, sum(differences, Decimal(0))]


def summary_figures(workbook: Any) -> dict[str, list[Decimal]]:
    """Return the amounts on the first sheet by label, as far as rows have four of them."""
    rows = workbook["Sammanfattning"].iter_rows(values_only=True)
    return {
        str(row[0]): [Decimal(repr(figure)) for figure in row[1:5]]
        for row in rows
        if row[0] and all(isinstance(figure, int | float) for figure in row[1:5])
    }


def report_figures(report: Document) -> dict[str, list[Decimal]]:
    """Return the amounts of the first table of a report by label; a blank is 0."""
    _, rows = next(iter(report_tables(report)))
    return {row[0]: [_number(text) for text in row[1:5]] for row in rows}


def _number(text: str) -> Decimal:
    return Decimal(text.replace("\N{NO-BREAK SPACE}", "").replace("\N{MINUS SIGN}", "-").replace(",", ".") or 0)


def test_a_finance_officer_gets_the_same_figures_from_the_rows(sheets: Any, report: Document) -> None:
    headings, *rows = list(sheets["Svar"].iter_rows(values_only=True))
    complete = [row for row in rows if None not in amounts_of(row, headings)]
    wanted = {"Summa": add_up([amounts_of(row, headings) for row in complete])}
    for column in ("Område", "Enhet"):
        position = headings.index(column)
        for name in {str(row[position]) for row in complete}:
            chosen = [amounts_of(row, headings) for row in complete if row[position] == name]
            wanted[name] = add_up(chosen)
    assert sum(map(len, wanted.values())) >= 36
    shown, reported = summary_figures(sheets), report_figures(report)
    assert {label: shown[label] for label in wanted} == wanted
    assert {label: reported[label] for label in reported if label in wanted} == {
        label: figures for label, figures in wanted.items() if label in reported
    }
    assert {"Summa", "Intäkter", "Personal"} <= reported.keys()
    for budget, _, forecast, deviation in wanted.values():
        assert budget - forecast == deviation
    headings, *rows = list(sheets["Aktiviteter"].iter_rows(values_only=True))
    every_row = [amounts_of(row, headings) for row in rows]
    missing = [row for row in every_row if None in row]
    label = f"Saknar belopp eller går inte att läsa: {len(missing)} poster"
    assert shown[label] == reported[label] == add_up(missing)
    assert shown["Alla poster"] == reported["Alla poster"] == add_up(every_row)


AREAS, UNITS = ("Drift", "Intäkter", "Lokaler"), ("Badet", "Parken", "Skolan")


def draw_budget(rng: Random) -> tuple[list[tuple[str, str, Amounts]], Any]:
    """Return (area, unit, amounts) of the rows of a budget by chance, and what came of it when it was merged.

    Amounts are missing, unreadable, zero, negative, with decimals; one unit may not answer at all.
    """

    def amount(share_missing: float) -> str:
        if rng.random() < share_missing:
            return rng.choice(["", "x"])
        drawn = Decimal(rng.randint(-(10**9), 10**9)).scaleb(-rng.choice([0, 1, 2]))
        return rng.choice(["0", *[format(drawn, "f")] * 5])

    lines: list[tuple[str, str, str, str, str]] = []
    for number in range(rng.randint(1, 25)):
        budget = amount(0.1).replace("x", "")
        lines.append((f"r{number}", rng.choice(AREAS), rng.choice(UNITS), budget, str(number)))
    silent = rng.choice([None, *UNITS])
    table = [f"{key} | {area} | Post {name} | {budget} | {unit}" for key, area, unit, budget, name in lines]
    drawn_plan = "\n".join(["Id | Område | Post | Budget | Enhet", *table])
    asked = draw_round(drawn_plan, template=shipped_template("budget"))
    answers: dict[str, list[str]] = {}
    rows: list[tuple[str, str, Amounts]] = []
    for key, area, unit, budget, _ in lines:
        outcome, forecast = ("", "") if unit == silent else (amount(0.2), amount(0.2))
        texts = [None if text in ("", "x") else Decimal(text) for text in (budget, outcome, forecast)]
        rows.append((area, unit, (texts[0], texts[1], texts[2])))
        if unit != silent:
            answers.setdefault(unit, ["Id | Utfall | Prognos"]).append(f"{key} | {outcome} | {forecast}")
    return rows, draw_merged(asked, {unit: "\n".join(table) for unit, table in answers.items()})


@pytest.mark.parametrize(
    ("answers", "shown", "complete"),
    [
        ({"Norr": "10", "Söder": "20"}, Decimal(30), True),
        ({"Norr": "10"}, "Norr: 10", False),
        ({"Norr": "10", "Söder": "tjugo"}, "Norr: 10\nSöder: tjugo", False),
    ],
)
def test_an_amount_of_several_units_is_known_only_when_all_have_given_it(
    answers: dict[str, str], shown: object, complete: bool
) -> None:
    asked = draw_round(
        """
        Id | Område | Post  | Budget | Enhet
        a  | Drift  | Löner |        | Norr; Söder
        """,
        template=shipped_template("budget"),
    )
    tables = {unit: f"Id | Utfall | Prognos\na | {text} | {text}" for unit, text in answers.items()}
    merged, findings = draw_merged(asked, tables)
    content = build_consolidated_content(merged, findings)
    activities = next(table for table in content.tables if table.name == "activities")
    assert list(column_by_id(activities, "Prognos").values()) == [shown]
    index = MergedIndex(merged, findings)
    assert (index.number_over_units(index.items[0], "forecast") == 30) is complete


def check_lines(figures: Mapping[str, list[Decimal]], rows: list[tuple[str, str, Amounts]], by: int | None) -> int:
    """Hold the lines of a summary against the rows; return how many there were. `by`: 0 for areas, 1 for units."""
    checked = 0
    names = {None} if by is None else {str(row[by]) for row in rows}
    for name in not_empty(names):
        chosen = [row[2] for row in rows if by is None or row[by] == name]
        complete, missing = [row for row in chosen if None not in row], [row for row in chosen if None in row]
        shown = figures["Summa" if name is None else name]
        assert shown == add_up(complete)
        assert shown[0] - shown[2] == shown[3]
        if missing:
            start = "Saknar belopp eller går inte att läsa" if name is None else name
            label = f"{start}: {len(missing)} {'post' if len(missing) == 1 else 'poster'}"
            assert figures[label] == add_up(missing)
            both = [sum(pair, Decimal(0)) for pair in zip(shown, figures[label], strict=True)]
            assert both == add_up(chosen)
        checked += 1
    return checked


@pytest.mark.parametrize("seed", range(8))
def test_all_sums_of_any_budget_reconcile(seed: int, request: pytest.FixtureRequest) -> None:
    for number in range(20 if request.config.getoption("--long") else 2):
        rows, (merged, findings) = draw_budget(Random(seed * 1000 + number))
        accounts = merged.accounts
        whole = add_up([row[2] for row in rows])
        assert accounts.sums_in == accounts.sums_out == {"outcome": whole[1], "forecast": whole[2]}
        content = render_consolidated(build_consolidated_content(merged, findings), merged)
        figures = summary_figures(load_workbook(io.BytesIO(content), data_only=True))
        assert figures["Alla poster"] == whole
        assert check_lines(figures, rows, None) == 1
        assert check_lines(figures, rows, 0) + check_lines(figures, rows, 1) >= 2
        opened = open_workbook(content, "s.xlsx")
        assert isinstance(opened, WorkbookData)
        reported = report_figures(compose_document(read_round_status(opened), ReportOptions()))
        if "Summa" in reported:
            assert {label: reported[label] for label in ("Summa",)} == {"Summa": figures["Summa"]}
            assert reported.get("Alla poster", figures["Summa"]) == whole
        values = result_to_values(RunResult("sv", findings, merged))
        unanswered = sum(outcome is None and forecast is None for _, _, (_, outcome, forecast) in rows)
        assert values["rows"]["unanswered"] == unanswered
        assert not [each for each in values["findings"] if each["code"] == "merge-unbalanced"]


@pytest.mark.long
@pytest.mark.with_tools
def test_libreoffice_gets_the_same_sums_also_after_a_correction_by_hand(tmp_path: Path) -> None:
    """An unreadable forecast that somebody corrects on the sheet moves its row from those that lack one."""
    paths, wanted = list[Path](), dict[str, list[tuple[str, str, Amounts]]]()
    for number in range(6):
        rows, (merged, findings) = draw_budget(Random(number + 70))
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(render_consolidated(build_consolidated_content(merged, findings), merged))
        opened = load_workbook(path)
        headings = [cell.value for cell in opened["Aktiviteter"][1]]
        column, identity = headings.index("Prognos") + 1, headings.index("Id") + 1
        for row in range(2, opened["Aktiviteter"].max_row + 1):
            if opened["Aktiviteter"].cell(row, column).value == "x":
                opened["Aktiviteter"].cell(row, column).value = 100
                index = int(str(opened["Aktiviteter"].cell(row, identity).value).removeprefix("r"))
                area, unit, (budget, outcome, _) = rows[index]
                rows[index] = (area, unit, (budget, outcome, Decimal(100)))
        opened.save(path)
        paths.append(path)
        wanted[path.name] = rows
    assert any(Decimal(100) == forecast for rows in wanted.values() for _, _, (_, _, forecast) in rows)
    for path in not_empty(recalculate_all(paths)):
        figures = summary_figures(load_workbook(path, data_only=True))
        shown = {label: [round(figure, 2) for figure in amounts] for label, amounts in figures.items()}
        amounts = [row[2] for row in wanted[path.name]]
        complete = [row for row in amounts if None not in row]
        assert shown["Summa"] == add_up(complete), path
        assert shown["Alla poster"] == add_up(amounts), path

"""The figures of a budget: of the same rows in every column, what is missing on a line of its own, each once."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support.external_tools import PROJECT
from support.fill_forms import fill_forms

from xlflow.consolidated.reader.round_reader import read_round_status
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import Document, Paragraph, ReportTable, iter_cell_texts
from xlflow.rounds.round_status import RoundStatus

EXAMPLE = PROJECT / "examples" / "budget-2021"


def read_status(path: Path) -> RoundStatus:
    """Return what a report is made from."""
    book = open_workbook(path.read_bytes(), path.name)
    assert isinstance(book, WorkbookData), book
    return read_round_status(book)


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

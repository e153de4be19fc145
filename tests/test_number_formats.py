"""What a cell shows counts where it is another amount than it holds: thousands, millions, percent."""

import io
import zipfile

import pytest
from openpyxl import load_workbook
from support.draw_round import draw_round, shipped_template

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.excel.reader.number_formats import is_telling_number_format, make_shown_number
from xlflow.excel.reader.xlsx_styles import has_telling_styles
from xlflow.generate import write_form
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.read.build_submission import read_form

SHOWN = {
    ('0 "tkr"', 50.0): "50 tkr",
    ('0.00" mkr"', 0.25): "0,25 mkr",
    ('#,##0.0\\ "mnkr";-#,##0.0\\ "mnkr"', -1250.5): "-1250,5 mnkr",
    ("0%", 0.98): "98%",
    ("#,##0,", 50000.0): "50",
    ('#,##0.0,,"M"', 9600000.0): "9,6M",
    ('[Red]0" tusen"', 7.0): "7 tusen",
}


@pytest.mark.parametrize(("code", "number"), SHOWN)
def test_a_format_with_a_unit_tells_what_it_shows(code: str, number: float) -> None:
    assert is_telling_number_format(code)
    shown = make_shown_number(number, code)
    assert (shown.shown, float(shown)) == (SHOWN[code, number], number)


@pytest.mark.parametrize(
    "code",
    [
        *(
            "General",
            "0",
            "#,##0.00",
            "# ##0",
            '#,##0.00\\ "kr"',
            "@",
            "yyyy-mm-dd",
            "d/m",
            "hh:mm",
            "mmm",
            "0.00E+00",
        ),
        *('"Summa "0', '#,##0.00;"▼ "-#,##0.00;0.00', '_-* #,##0.00\\ "kr"_-;-* #,##0.00\\ "kr"_-', '0" st"'),
    ],
)
def test_other_formats_say_nothing_that_the_number_does_not(code: str) -> None:
    assert not is_telling_number_format(code)


ASKED = draw_round(
    """
    Id | Område | Post  | Budget | Enhet
    a  | Drift  | Hyror | 100000 | Badet
    b  | Drift  | Löner | 500000 | Badet
    """,
    template=shipped_template("budget"),
)


def read(cells: dict[str, tuple[float, str]]) -> Submission:
    """Return a form in which amounts were pasted with their number formats."""
    workbook = load_workbook(io.BytesIO(write_form(ASKED, "Badet")))
    for address, (number, number_format) in cells.items():
        cell = workbook["Uppföljning"][address]
        cell.value, cell.number_format = number, number_format
    workbook.save(stream := io.BytesIO())
    content = stream.getvalue()
    opened = open_workbook(content, "Badet.xlsx")
    assert isinstance(opened, WorkbookData), opened
    form = read_form(opened, ReceivedFile("Badet.xlsx", "0" * 64, len(content), None, FileState.ACCEPTED, "Badet"))
    assert isinstance(form, Submission), form
    return form


def test_amounts_pasted_with_their_format_are_judged_as_they_are_shown() -> None:
    form = read(
        {
            "E5": (50.0, '0 "tkr"'),
            "F5": (0.98, "0%"),
            "E6": (0.25, '0.00" mkr"'),
            "F6": (500000.0, "#,##0,"),
        }
    )
    found = {
        each.location.cell: (each.code, each.value) for each in form.findings if each.code.startswith("number-")
    }
    assert found == {
        "E5": ("number-scaled", "50 tkr"),
        "F5": ("number-percent", "98%"),
        "E6": ("number-scaled", "0,25 mkr"),
        "F6": ("number-scaled", "500"),
    }
    assert [row.value(key) for row in form.rows for key in ("outcome", "forecast")] == [None] * 4


def test_amounts_with_a_currency_count() -> None:
    form = read({"E5": (50000.0, '#,##0.00\\ "kr"'), "F5": (98000.5, '#,##0 "SEK"')})
    assert [str(form.rows[0].value(key)) for key in ("outcome", "forecast")] == ["50000", "98000.5"]


def test_forms_as_issued_are_read_the_fast_way() -> None:
    with zipfile.ZipFile(io.BytesIO(write_form(ASKED, "Badet"))) as package:
        assert not has_telling_styles(package.read("xl/styles.xml"))

"""What people write around the sheets is kept: in headers and footers of pages, and among the file's properties.

What a form or a program puts there by itself is not. Pictures cannot be read, and that is said.
"""

import html
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.workbook import Workbook
from support.edited_forms import (
    answers_by_item,
    edit_workbook,
    finding_codes,
    make_form,
    read_form_bytes,
    with_blank_items,
)
from support.libreoffice import convert
from support.make_xls import make_xlsb_from_records, xlsb_record, xlsb_text
from support.make_xlsx import number_row, read_sheet, workbook_parts, zip_parts
from support.not_empty import not_empty

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.excel.reader.cell_annotations import parse_header_footer, read_ods_header_footer
from xlflow.model.findings import get_catalogue_entry
from xlflow.model.submission import Submission
from xlflow.pipeline.form_operations import check_forms, merge_forms

WAYS = ["", "xlsx", "ods", "xls"]
"""Kinds of file as which LibreOffice saves a form; "" is the form as openpyxl saves it."""


def margins(form: Submission) -> list[tuple[str | None, tuple[str, ...]]]:
    return [(one.location.sheet, one.texts) for one in form.unplaced if one.reason == "text-in-header-footer"]


def saved(content: bytes, kind: str, folder: Path) -> Submission:
    """Return what a form says after LibreOffice has saved it as another kind of file."""
    if not kind:
        return read_form_bytes(content)
    (folder / "Museet.xlsx").write_bytes(content)
    (file,) = convert([folder / "Museet.xlsx"], kind, folder / "saved")
    return read_form_bytes(file.read_bytes(), name=file.name)


def write_around(opened: Workbook) -> None:
    form, guide = opened["Uppföljning"], opened["Läs mig"]
    form.oddHeader.left.text, form.oddHeader.right.text = "Vi väntar på besked", "från nämnden"
    form.oddHeader.center.text, form.oddHeader.center.size = "Sida &P av &N", 14
    form.oddHeader.center.font, form.oddHeader.center.color = "Arial,Bold", "FF0000"
    guide.oddFooter.center.text = "Ring oss"
    opened.create_sheet("Blad7").oddFooter.left.text = "&A &D &F"
    opened.properties.description, opened.properties.keywords = "Bara ett utkast", "brådskande"


@pytest.mark.parametrize("kind", WAYS)
def test_what_stands_around_the_sheets_is_set_aside(tmp_path: Path, kind: str) -> None:
    form = saved(edit_workbook(write_around), kind, tmp_path)
    assert answers_by_item(form) == with_blank_items()
    header_footer = [
        ("Läs mig", ("Ring oss",)),
        ("Uppföljning", ("Vi väntar på besked", "från nämnden")),
    ]
    assert margins(form) == ([] if kind == "xls" else header_footer), "those of an .xls are not read"
    about = [
        (one.location.sheet, one.location.cell, one.texts)
        for one in form.unplaced
        if one.reason != "text-in-header-footer"
    ]
    assert sorted(about) == [(None, None, ("Bara ett utkast",)), (None, None, ("brådskande",))]
    assert finding_codes(form) == ["text-about-file"] * 2 + ["text-in-header-footer"] * len(margins(form))


@pytest.mark.parametrize("kind", WAYS)
def test_what_a_form_or_a_program_puts_there_is_nobodys_text(tmp_path: Path, kind: str) -> None:
    form = saved(edit_workbook(lambda opened: opened.create_sheet("Blad7")), kind, tmp_path)
    assert (form.unplaced, form.findings) == ((), ())


def test_what_stands_around_goes_along_into_the_result_and_back_to_the_unit(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    content = edit_workbook(write_around, make_form({"a": {"status": "Klar kanske"}}))
    (tmp_path / "in" / "Museet.xlsx").write_bytes(content)
    merged = merge_forms([tmp_path / "in"], tmp_path / "all.xlsx").merged
    assert merged is not None
    assert merged.accounts.is_balanced
    texts = "Vi väntar på besked", "Ring oss", "Bara ett utkast", "brådskande"
    shown = words_in(load_workbook(tmp_path / "all.xlsx"))
    assert all(text in shown for text in not_empty(texts))
    (back,) = check_forms([tmp_path / "in"], return_dir=tmp_path / "back").written_files
    again = words_in(load_workbook(back))
    assert all(text in again for text in not_empty(texts))
    assert margins(read_form_bytes(back.read_bytes())) == []


def words_in(opened: Workbook) -> str:
    return "\n".join(str(cell) for sheet in opened for row in sheet.iter_rows(values_only=True) for cell in row)


@pytest.mark.parametrize("row", ['<row r="1"><c r="A1"><v>1</v></c></row>', "<row><c><v>1</v></c></row>"])
def test_both_readers_see_the_same_headers(row: str) -> None:
    first = "&LFörsta\nsidan_x000A_här&R&K01+000Höger"
    pages = {"oddHeader": '&C&"Arial,Fet"&12Hej && hå', "oddFooter": "&P (&N)", "firstHeader": first}
    inner = "".join(f"<{name}>{html.escape(text)}</{name}>" for name, text in pages.items())
    tail = f'<headerFooter differentFirst="1">{inner}</headerFooter>'
    assert read_sheet(row, tail=tail).metadata.header_footer == ("Hej & hå", "( )", "Första\nsidan\nhär\nHöger")


def test_the_headers_of_an_xlsb_are_not_read_and_harm_nothing() -> None:
    header_footer = xlsb_record(479, struct.pack("<H", 0) + xlsb_text("&LVi väntar")) + xlsb_record(
        479, b"\xff" * 3
    )
    workbook = open_workbook(make_xlsb_from_records([header_footer], 1, 1), "f.xlsb")
    assert isinstance(workbook, WorkbookData), workbook
    assert (workbook.sheets[0].metadata.header_footer, workbook.findings) == ((), ())


def test_of_an_ods_only_headers_that_are_shown_count() -> None:
    header = "<text:p>Ett<text:s/>två <text:page-number>1</text:page-number></text:p><text:p/>"
    footer = "<style:region-left><text:p><text:span>Fyra</text:span></text:p></style:region-left>"
    unseen = '<style:header-left style:display="false"><text:p>Tre</text:p></style:header-left>'
    page = f"<style:header>{header}</style:header>{unseen}<style:footer>{footer}</style:footer>"
    master = f'<style:master-page style:name="A">{page}</style:master-page>'
    styles = f'<s xmlns:style="s" xmlns:text="t">{master}</s>'
    assert read_ods_header_footer(styles.encode()) == {"A": ("Ett två", "Fyra")}


@given(st.text(st.characters(exclude_characters="&", exclude_categories=["Cs", "Cc", "Z"]), min_size=1))
def test_every_text_of_a_header_comes_out_as_it_was_typed(text: str) -> None:
    typed = f"{text} x&y"
    assert parse_header_footer([f'&L&"Arial,Fet"&12 {typed.replace("&", "&&")}&R&P']) == (typed,)


# What cannot be read --------------------------------------------------------------------------------------


def draw_chart(opened: Workbook) -> None:
    sheet, chart = opened["Uppföljning"], BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=5, max_row=7))
    sheet.add_chart(chart, "N20")


@pytest.mark.parametrize("kind", WAYS)
def test_a_chart_is_noted(tmp_path: Path, kind: str) -> None:
    form = saved(edit_workbook(draw_chart), kind, tmp_path)
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["has-objects" if kind == "ods" else "has-pictures"]


@pytest.mark.parametrize("name", ["xl/media/image1.png", "xl/charts/chart1.xml", "xl/ink/ink1.xml"])
def test_pictures_are_noted(name: str) -> None:
    opened = open_workbook(zip_parts({**workbook_parts(number_row("A1")), name: b"<a/>"}), "f.xlsx")
    assert isinstance(opened, WorkbookData)
    assert [finding.code for finding in opened.findings] == ["has-pictures"]
    assert get_catalogue_entry("has-pictures").severity == "warning"


# Where cells lead to --------------------------------------------------------------------------------------

LINKS = {
    "H7": ("Se protokollet", "https://exempel.se/protokoll?nr=7&del=2"),
    "J5": ("https://exempel.se/å/", "https://exempel.se/%C3%A5"),
    "J6": ("Fråga oss", "mailto:oss@exempel.se"),
    "J7": ("Se bilagan", "bilagor/budget.xlsx"),
}


@pytest.mark.parametrize("kind", ["", "xlsx", "ods"])
def test_where_a_cell_leads_to_is_set_aside_unless_it_says_so_itself(tmp_path: Path, kind: str) -> None:
    def change(opened: Workbook) -> None:
        for cell, (text, target) in LINKS.items():
            opened["Uppföljning"][cell].value = text
            opened["Uppföljning"][cell].hyperlink = target
            opened["Uppföljning"][cell].value = text

    form = saved(edit_workbook(change), kind, tmp_path)
    links = [(one.location.cell, one.texts[0]) for one in form.unplaced if one.reason == "link-on-cell"]
    assert links[0] == ("H7", "https://exempel.se/protokoll?nr=7&del=2")
    assert [(cell, target.endswith("bilagor/budget.xlsx")) for cell, target in links[1:]] == [("J7", True)]
    assert form.rows[2].answers[0].raw_text == "Se protokollet"

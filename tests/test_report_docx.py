"""The report in Word: its structure as the file has it, an organisation's look, and in LibreOffice."""

import io
import re
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from time import process_time
from xml.etree import ElementTree

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_report import draw_amounts, draw_many, draw_round
from support.external_tools import require_tool
from support.not_empty import not_empty
from support.sampling import sample_size

from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.docx_styles import is_unedited_docx
from xlflow.report.docx_writer import write_docx
from xlflow.report.goal_sections import GoalLayout
from xlflow.report.inputs import parse_introduction
from xlflow.report.pdf_writer import render_chart_png
from xlflow.report.reference_look import find_reference_fault
from xlflow.report.svg_charts import Bar, draw_bar_chart
from xlflow.rounds.round_status import RoundStatus

LAYOUTS: tuple[GoalLayout, ...] = ("heading", "merged")


def write(followed: RoundStatus, layout: GoalLayout = "heading", reference: bytes | None = None) -> bytes:
    return write_docx(compose_document(followed, ReportOptions(layout)), reference)


def read(content: bytes):
    return docx.Document(io.BytesIO(content))


def part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name).decode()


def save(document) -> bytes:
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


# Structure ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_headings_have_real_styles_and_skip_no_level(layout: GoalLayout) -> None:
    document = read(write(draw_many(20), layout))
    assert document.paragraphs[0].style.name == "Title"
    levels = [int(one.style.name[-1]) for one in document.paragraphs if one.style.name.startswith("Heading ")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in not_empty(pairwise(levels)))
    assert len(levels) == (22 if layout == "heading" else 14)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_table_has_a_heading_row_caption_and_description(layout: GoalLayout) -> None:
    document = read(write(draw_many(20), layout))
    captions = [one.text for one in document.paragraphs if one.style.name == "Caption"]
    assert len(document.tables) > 4
    for table in document.tables:
        rows = table._tbl.tr_lst
        assert [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows] == [
            True,
            *[False] * (len(rows) - 1),
        ]
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)
        properties = table._tbl.tblPr
        assert properties.find(qn("w:tblCaption")).get(qn("w:val")) in captions
        assert properties.find(qn("w:tblDescription")).get(qn("w:val"))


def test_a_goal_spans_its_activities_and_every_row_is_as_wide_as_the_page() -> None:
    document = read(write(draw_many(120), "merged"))
    width = document.sections[0].page_width - document.sections[0].left_margin - document.sections[0].right_margin
    merged = set()
    for table in not_empty(document.tables):
        grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
        assert abs(sum(grid) * 635 - width) < 635 * 5
        for row in table._tbl.tr_lst:
            spans = [cell.grid_span for cell in row.tc_lst]
            assert sum(spans) == len(grid)
            merged |= {cell.vMerge for cell in row.tc_lst}
    assert merged == {None, "restart", "continue"}


@pytest.mark.parametrize(("language", "tag"), [("sv", "sv-SE"), ("en", "en-GB")])
def test_the_language_is_set_for_all_text_and_in_the_properties(language: Language, tag: str) -> None:
    content = write(draw_many(2, language=language))
    languages = re.findall(r'<w:lang w:val="([^"]+)"', part(content, "word/styles.xml"))
    assert languages == [tag]
    assert "w:lang" not in part(content, "word/document.xml")
    properties = read(content).core_properties
    assert (properties.language, properties.author) == (tag, "xlflow")
    assert properties.created == datetime(2021, 3, 31, 12, tzinfo=properties.created.tzinfo)
    assert properties.title.startswith({"sv": "Uppföljning", "en": "Follow-up"}[language])


def test_pictures_have_alternative_texts_and_numbers_of_their_own() -> None:
    content = write(draw_many(20))
    reported = re.findall(
        r'<wp:docPr id="(\d+)" name="[^"]*" descr="([^"]+)" title="([^"]+)"', part(content, "word/document.xml")
    )
    assert [number for number, _, _ in reported] == ["1", "2"]
    assert "Genomfört 4" in reported[0][1]
    assert reported[1][2].startswith("Diagram 2.")


def test_pages_are_numbered_and_sub_activities_are_list_items() -> None:
    content = write(draw_many(20))
    footer = next(name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if "footer" in name)
    assert re.findall(r"<w:instrText[^>]*> (\w+) </w:instrText>", part(content, footer)) == ["PAGE", "NUMPAGES"]
    assert "Sida\u00a0" in part(content, footer)
    cells = [cell for table in read(content).tables for row in table.rows for cell in row.cells]
    items = [one for cell in cells for one in cell.paragraphs if one.text.startswith("Delaktivitet ")]
    assert items
    assert all(one._p.pPr.numPr is not None and one.style.name == "Report Cell List" for one in items)


def test_the_table_of_contents_leads_to_its_headings() -> None:
    body = part(write(draw_many(20)), "word/document.xml")
    links = re.findall(r'<w:hyperlink w:anchor="(_Toc\d+)"', body)
    marks = re.findall(r'<w:bookmarkStart w:id="\d+" w:name="(_Toc\d+)"', body)
    assert links == marks
    assert len(links) > 5
    assert body.count('w:fldCharType="begin"') == body.count('w:fldCharType="end"') == 1


def test_an_introduction_keeps_its_links() -> None:
    blocks = parse_introduction("Se [planen](https://exempel.example/a?b=1&c=2) **nu**.")
    content = write_docx(compose_document(draw_many(1), ReportOptions(introduction=blocks)))
    document = read(content)
    link = next(relation for relation in document.part.rels.values() if relation.is_external)
    assert link.target_ref == "https://exempel.example/a?b=1&c=2"
    assert f'<w:hyperlink r:id="{link.rId}"' in part(content, "word/document.xml")


def test_the_same_report_gives_the_same_bytes() -> None:
    first, again = (write(draw_many(5)) for _ in range(2))
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(2021, 3, 31, 12, 0, 0)}
        assert package.testzip() is None


@given(st.text(max_size=60))
@settings(max_examples=sample_size(60))
def test_any_text_makes_a_document_that_opens(text: str) -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 1 | Pågående | Kvartal 2 | Bra")
    entry = followed.item_statuses[0]
    levels = (*entry.item.level_texts[:2], f"Mål {text}", f"Aktivitet {text}", "")
    entry = replace(entry, item=replace(entry.item, level_texts=levels), answers={"comment": f"x{text}\n- {text}"})
    content = write(replace(followed, title=text, item_statuses=(entry,)))
    names = [name for name in zipfile.ZipFile(io.BytesIO(content)).namelist() if name.endswith(".xml")]
    assert all(ElementTree.fromstring(part(content, name)).tag for name in names)
    assert "word/document.xml" in names


def test_amounts_stand_to_the_right() -> None:
    table = read(write(draw_amounts())).tables[0]
    cell = next(cell for cell in table.rows[1].cells if cell.text.replace("\xa0", "") == "1500")
    assert cell.paragraphs[0].alignment is not None


# An organisation's own look -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> bytes:
    """A document as an organisation has it: its own colours, a header with a logo, text that is to go."""
    document = docx.Document()
    document.styles["Heading 1"].font.color.rgb = RGBColor(0xAA, 0x11, 0x22)
    document.styles.add_style("Report Cell", WD_STYLE_TYPE.PARAGRAPH).font.size = Pt(8)
    header = document.sections[0].header.paragraphs[0]
    header.add_run("Exempelköpings kommun")
    header.add_run().add_picture(
        io.BytesIO(render_chart_png(draw_bar_chart([Bar("L", ())], "", "", with_legend=False))), Mm(20)
    )
    document.add_paragraph("Den här texten ska bort.")
    document.add_section()
    document.add_table(2, 2)
    return save(document)


def test_the_organisations_look_is_kept_and_its_text_is_not(reference: bytes) -> None:
    content = write(draw_many(5), reference=reference)
    document = read(content)
    assert document.styles["Heading 1"].font.color.rgb == RGBColor(0xAA, 0x11, 0x22)
    assert document.styles["Report Cell"].font.size == Pt(8)
    assert document.sections[0].header.paragraphs[0].text == "Exempelköpings kommun"
    assert "pic:pic" in part(content, "word/header1.xml")
    assert "Den här texten ska bort." not in part(content, "word/document.xml")
    assert document.paragraphs[0].text.startswith("Uppföljning")
    assert re.findall(r'<w:lang w:val="([^"]+)"', part(content, "word/styles.xml")) == ["sv-SE"]


def test_styles_that_the_organisations_document_lacks_speak_its_font_and_tables_stay_small() -> None:
    own = docx.Document()
    own.styles["Normal"].font.name, own.styles["Normal"].font.size = "Georgia", Pt(14)
    content = write(draw_many(5), reference=save(own))
    styles = read(content).styles
    assert {styles[name].font.name for name in ("Report Lead", "Report Cell", "Report Note")} == {None}
    assert styles["Report Lead"].font.size == Pt(15.5)
    assert styles["Report Cell"].font.size == read(write(draw_many(5))).styles["Report Cell"].font.size


def test_a_footer_that_numbers_pages_is_left_alone() -> None:
    own = docx.Document()
    own.sections[0].footer.paragraphs[0].add_run("Nämnden")
    once = write(draw_many(1), reference=save(own))
    twice = write(draw_many(1), reference=once)
    texts = [[one.text for one in read(content).sections[-1].footer.paragraphs] for content in (once, twice)]
    assert texts[0][0] == "Nämnden"
    assert texts[0] == texts[1]


def test_the_headings_of_tables_can_be_read_on_the_fill_that_they_stand_on() -> None:
    ours, table = read(write(draw_many(1))), docx.Document()
    assert ours.styles["Report Cell Heading"].font.color.rgb == RGBColor(0xFF, 0xFF, 0xFF)
    table.styles.add_style("Report Table", WD_STYLE_TYPE.TABLE)
    theirs = read(write(draw_many(1), reference=save(table)))
    assert theirs.styles["Report Cell Heading"].font.color.rgb is None, "their table may be a light one"


def test_a_reference_without_lists_or_many_styles_does_too() -> None:
    bare = docx.Document()
    for style in list(bare.styles):
        if style.name not in ("Normal", "Default Paragraph Font"):
            style.element.getparent().remove(style.element)
    numbering = next(key for key, relation in bare.part.rels.items() if relation.reltype.endswith("/numbering"))
    del bare.part.rels[numbering]
    content = write(draw_many(5), reference=save(bare))
    assert "numbering.xml" in " ".join(zipfile.ZipFile(io.BytesIO(content)).namelist())
    assert read(content).styles["Heading 1"] is not None


def test_what_can_be_a_reference_and_what_is_still_ours(reference: bytes) -> None:
    made = write(draw_many(1))
    assert find_reference_fault(reference) is None
    assert find_reference_fault(made) is None
    assert find_reference_fault(b"%PDF-1.7") == "not_word"
    assert find_reference_fault(made[:2000]) == "damaged"
    assert find_reference_fault(b"") == "not_word"
    assert is_unedited_docx(made)
    assert not is_unedited_docx(reference)
    edited = read(made)
    edited.core_properties.last_modified_by = "Nämndsekreteraren"
    assert not is_unedited_docx(save(edited))


# In another program ---------------------------------------------------------------------------------------


@pytest.mark.with_tools
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_libreoffice_opens_it_and_every_line_is_there(
    layout: GoalLayout, language: Language, tmp_path: Path
) -> None:
    followed = draw_many(48, language=language)
    (tmp_path / "report.docx").write_bytes(write(followed, layout))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [require_tool("soffice"), "--headless", profile, "--convert-to", "pdf", "--outdir", tmp_path]
    subprocess.run([*command, tmp_path / "report.docx"], check=True, capture_output=True, timeout=180)
    command = [require_tool("pdftotext"), "-raw", str(tmp_path / "report.pdf"), "-"]
    reported = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    letters = re.sub(r"[\W_]", "", reported)
    for entry in not_empty(followed.item_statuses):
        assert re.sub(r"[\W_]", "", entry.item.level_texts[-1] or entry.item.level_texts[-2]) in letters
    page = {"sv": r"Sida\s1\sav\s(\d+)", "en": r"Page\s1\sof\s(\d+)"}[language]
    found = re.search(page, reported)
    assert found
    assert reported.count("\f") == int(found[1])


def test_a_report_of_long_ago_can_be_written() -> None:
    content = write(replace(draw_many(1), as_of=date(1979, 12, 31)))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {entry.date_time[0] for entry in package.infolist()} == {1980}


# Growth ---------------------------------------------------------------------------------------------------


def _seconds_to_write(rows: int) -> float:
    document = compose_document(draw_many(rows, goals=1), ReportOptions())
    start = process_time()
    write_docx(document)
    return process_time() - start


def test_a_table_of_many_rows_takes_no_longer_for_each() -> None:
    few, many = (min(_seconds_to_write(rows) for _ in range(2)) for rows in (150, 1_200))
    assert many < few * 8 * 2, "the time grew faster than the rows"

"""What the fast reader hides is told: formulas, hidden rows, lists pasted over, notes, and cells typed over."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.comments import Comment
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import (
    COLUMNS,
    FIRST,
    answers_by_item,
    edit_sheet,
    edit_workbook,
    finding_codes,
    make_form,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)

from xlflow.excel.cell_address import column_letters
from xlflow.model.submission import Submission
from xlflow.pipeline.form_operations import check_forms

FORM = "xl/worksheets/sheet2.xml"


def rewrite(change: Callable[[str], str], content: bytes | None = None, parts: str = FORM) -> bytes:
    """Return a form after its parts (whose names match) were changed as text; everything else stays as it was."""
    source, target = zipfile.ZipFile(io.BytesIO(content or make_form())), io.BytesIO()
    with source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            part = source.read(entry)
            fits = re.fullmatch(parts, entry.filename)
            archive.writestr(entry, change(part.decode()).encode() if fits else part)
    return target.getvalue()


def reported(form: Submission, code: str) -> list[tuple[str | None, str | None]]:
    return [(found.location.cell, found.value) for found in form.findings if found.code == code]


# Formulas -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loosely", [False, True], ids=["read fast", "read closely"])
def test_an_answer_that_a_formula_worked_out_counts_and_is_noted(loosely: bool) -> None:
    def change(markup: str) -> str:
        cell = '<c r="H7" t="str"><f>H5</f><v>Pågående</v></c>'
        markup = re.sub(r'<c r="H7"[^>]*/>', cell, markup)
        return markup.replace('<c r="H7"', '<c  r="H7"') if loosely else markup

    form = read_form_bytes(rewrite(change))
    assert answers_by_item(form) == with_blank_items(c={"status": "Pågående"})
    assert reported(form, "cell-calculated") == [("H7", "Pågående")]
    assert finding_codes(form) == ["cell-calculated"]


def test_a_formula_without_a_value_is_no_answer_and_not_noted_twice() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST + 2, status="=H5")))
    assert finding_codes(form) == ["cell-formula"]


def test_an_error_that_a_formula_came_to_is_only_an_error() -> None:
    cell = '<c r="H7" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    form = read_form_bytes(rewrite(lambda markup: re.sub(r'<c r="H7"[^>]*/>', cell, markup)))
    assert finding_codes(form) == ["cell-error"]


# What nobody sees -----------------------------------------------------------------------------------------


def test_answers_on_hidden_rows_count_and_are_noted() -> None:
    def change(sheet: Worksheet) -> None:
        for row in (FIRST, FIRST + 2):
            sheet.row_dimensions[row].hidden = True

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert reported(form, "row-hidden") == [("A5", None)], "the row of codes and the unanswered one are no matter"
    assert finding_codes(form) == ["row-hidden"]


def test_answers_on_a_hidden_sheet_count_and_are_noted() -> None:
    def change(opened: Workbook) -> None:
        opened["Uppföljning"].sheet_state = "hidden"

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["sheet-hidden"]


# Validations ----------------------------------------------------------------------------------------------


def test_an_answer_pasted_over_its_list_is_noted() -> None:
    form = read_form_bytes(rewrite(lambda markup: markup.replace('sqref="H5:H9 ', 'sqref="H5 H7:H9 ')))
    assert answers_by_item(form) == with_blank_items()
    assert reported(form, "list-pasted-over") == [("H6", "Genomfört")]
    assert finding_codes(form) == ["list-pasted-over"]


def test_a_hole_without_an_answer_is_no_matter() -> None:
    form = read_form_bytes(rewrite(lambda markup: markup.replace('sqref="H5:H9 ', 'sqref="H5:H6 H8:H9 ')))
    assert form.findings == ()


def test_lists_that_excel_2010_keeps_elsewhere_are_lists() -> None:
    kept = (
        '<extLst><ext><x14:dataValidations xmlns:x14="x14" xmlns:xm="xm"><x14:dataValidation type="list">'
        "<xm:sqref>H5:H9 H11:H20</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst></worksheet>"
    )
    form = read_form_bytes(
        rewrite(lambda markup: markup.replace("</worksheet>", kept).replace('sqref="H5:H9 ', 'sqref="'))
    )
    assert form.findings == ()


@pytest.mark.parametrize("loosely", [False, True], ids=["read fast", "read closely"])
def test_lists_that_a_program_dropped_are_reported_once(loosely: bool) -> None:
    def change(markup: str) -> str:
        markup = re.sub(r"<dataValidations.*</dataValidations>", "", markup)
        return markup.replace("<c r=", "<c  r=", 1) if loosely else markup

    form = read_form_bytes(rewrite(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["lists-gone"]


def test_both_readers_see_the_same_evidence() -> None:
    plain = read_form_bytes(rewrite(lambda markup: markup.replace('sqref="H5:H9 ', 'sqref="H5 H7:H9 ')))
    loose = read_form_bytes(
        rewrite(lambda markup: markup.replace('sqref="H5:H9 ', 'sqref="H5 H7:H9 ').replace("<c r=", "<c  r=", 1))
    )
    assert loose.findings == plain.findings


# Texts in odd places --------------------------------------------------------------------------------------


def test_notes_pinned_to_cells_are_set_aside_with_their_address() -> None:
    def change(opened: Workbook) -> None:
        opened["Uppföljning"]["H7"].comment = Comment("Vi väntar på beslut", "Enheten")
        opened["Läs mig"]["A1"].comment = Comment("Vem frågar?", "Enheten")
        opened["Uppföljning"]["H5"].comment = Comment("Rätta det här", "xlflow")

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items()
    assert [(one.location.sheet, one.location.cell, one.texts) for one in form.unplaced] == [
        ("Läs mig", "A1", ("Vem frågar?",)),
        ("Uppföljning", "H7", ("Vi väntar på beslut",)),
    ]
    assert finding_codes(form) == ["note-on-cell"] * 2


THREAD = (
    '<ThreadedComments xmlns="t"><threadedComment ref="H7" id="1"><text>Är det klart?</text></threadedComment>'
    '<threadedComment ref="H7" id="2" parentId="1"><text>Nästan</text></threadedComment></ThreadedComments>'
)


def test_of_a_conversation_every_contribution_is_kept_once() -> None:
    def change(opened: Workbook) -> None:
        opened["Uppföljning"]["H7"].comment = Comment("[Threaded comment]\nComment:\n    Är det klart?", "Enheten")

    relation = (
        '<Relationship Id="t1" Type="x/threadedComment" Target="/xl/threadedComments/threadedComment1.xml"/>'
    )
    content = rewrite(
        lambda markup: markup.replace("</Relationships>", relation + "</Relationships>"),
        edit_workbook(change),
        r"xl/worksheets/_rels/sheet2.xml.rels",
    )
    with zipfile.ZipFile(buffer := io.BytesIO(content), "a") as archive:
        archive.writestr("xl/threadedComments/threadedComment1.xml", THREAD)
    form = read_form_bytes(buffer.getvalue())
    assert unplaced_texts(form) == [("H7", "Är det klart?", False), ("H7", "Nästan", False)]


def test_a_note_in_an_ods_is_kept_too(tmp_path) -> None:
    from xlflow.excel.reader import DEFAULT_LIMITS
    from xlflow.excel.reader.ods import read_ods

    content = (
        '<a xmlns:table="t" xmlns:office="o" xmlns:text="x" xmlns:dc="d"><table:table table:name="F">'
        '<table:table-row table:visibility="filter"><table:table-cell/><table:table-cell table:formula="of:=A1" '
        'office:value-type="float" office:value="1"><office:annotation><dc:creator>Enheten</dc:creator>'
        "<dc:date>2021-04-01</dc:date><text:p>Rad <text:span>ett</text:span></text:p><text:p>två</text:p>"
        "</office:annotation><text:p>1</text:p></table:table-cell></table:table-row></table:table></a>"
    )
    (sheet,) = read_ods(content.encode(), DEFAULT_LIMITS)
    assert sheet.rows == ((None, 1.0),)
    assert sheet.metadata.annotations == ((0, 1, "Enheten", "Rad ett\ntvå"),)
    assert (sheet.metadata.formula_cells, sheet.metadata.hidden_rows) == (frozenset({(0, 1)}), frozenset({0}))
    assert sheet.metadata.validated_ranges is None


def test_our_own_notes_say_nothing_new_even_where_a_program_drops_their_author(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(make_form({"a": {"status": "Klar kanske", "comment": "Ja"}}))
    check_forms([tmp_path / "in"], return_dir=tmp_path / "back")

    def change(opened: Workbook) -> None:
        cells = [cell for row in opened["Uppföljning"].iter_rows() for cell in row if cell.comment]
        assert len(cells) > 1
        for cell in cells:
            cell.comment = Comment(str(cell.comment and cell.comment.text), " ")
        opened["Uppföljning"]["C5"].comment = Comment("Vår egen", " ")

    form = read_form_bytes(edit_workbook(change, (tmp_path / "back" / "Museet.xlsx").read_bytes()))
    assert unplaced_texts(form) == [("C5", "Vår egen", False)]


def test_text_typed_over_the_live_column_is_set_aside() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST + 1, remaining="Vi hann inte")))
    place = f"{column_letters(COLUMNS['remaining'] - 1)}6"
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [(place, "Vi hann inte", False)]
    assert finding_codes(form) == ["text-over-formula"]


def test_where_a_program_dropped_the_formulas_only_what_the_form_does_not_say_is_set_aside() -> None:
    def change(sheet: Worksheet) -> None:
        for row in range(FIRST, FIRST + 16):
            set_cells(sheet, row, remaining=None)
        set_cells(sheet, FIRST, remaining="Välj status.")
        set_cells(sheet, FIRST + 1, remaining="Fyll i ny tidpunkt. Välj status här eller på varje delaktivitet.")
        set_cells(sheet, FIRST + 2, remaining="Båten läcker")

    form = read_form_bytes(edit_sheet(change))
    assert [text for _, text, _ in unplaced_texts(form)] == ["Båten läcker"]


def test_text_on_the_instruction_is_set_aside_but_not_the_instruction() -> None:
    def change(opened: Workbook) -> None:
        opened["Läs mig"]["B3"] = "Vi svarar i nästa vecka i stället, hälsningar från oss"
        opened["Läs mig"]["D2"] = "Kaffefläck"

    form = read_form_bytes(edit_workbook(change))
    found = [(one.location.sheet, one.location.cell, one.texts) for one in form.unplaced]
    assert ("Läs mig", "D2", ("Kaffefläck",)) in found
    assert len(found) == 2
    assert finding_codes(form) == ["text-on-other-sheet"] * 2


def test_what_the_plan_says_in_its_further_columns_stands() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, Ansvar="Någon annan")))
    assert [(finding.code, finding.location.cell, finding.value) for finding in form.findings] == [
        ("extra-column-changed", "L5", "Någon annan")
    ]
    assert form.rows[0].item.extra_columns == (("Ansvar", "Chef"),)


# Workbooks of other makes ---------------------------------------------------------------------------------


def test_a_strict_workbook_says_the_same() -> None:
    base = "http://schemas.openxmlformats.org/"
    pairs = (
        (f"{base}spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (f"{base}officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"),
        (f"{base}officeDocument/2006/custom", "http://purl.oclc.org/ooxml/officeDocument/custom"),
    )

    def change(markup: str) -> str:
        for transitional, strict in pairs:
            markup = markup.replace(transitional, strict)
        day = '<c r="I7" t="d"><v>2021-09-30</v></c>'
        return re.sub(r'<c r="I7"[^>]*/>', day, markup)

    form = read_form_bytes(rewrite(change, parts=r".*\.(xml|rels)"))
    assert answers_by_item(form) == with_blank_items(c={"new_deadline": "2021-09-30"})
    assert form.findings == ()


def test_days_that_count_from_1904_are_the_same_days() -> None:
    with zipfile.ZipFile(io.BytesIO(make_form())) as archive:
        styles = archive.read("xl/styles.xml").decode().partition("<cellXfs")[2].partition("</cellXfs>")[0]
    day = f'<c r="I7" s="{styles.count("<xf ")}"><v>42642</v></c>'
    changes = {
        FORM: lambda markup: re.sub(r'<c r="I7"[^>]*/>', day, markup),
        "xl/styles.xml": lambda markup: markup.replace("</cellXfs>", '<xf numFmtId="14"/></cellXfs>'),
        "xl/workbook.xml": lambda markup: markup.replace("<workbookPr ", '<workbookPr date1904="1" '),
    }
    content = make_form()
    for part, change in changes.items():
        content = rewrite(change, content, part)
    form = read_form_bytes(content)
    assert answers_by_item(form) == with_blank_items(c={"new_deadline": "2020-09-30"})
    closely = rewrite(lambda markup: markup.replace("<c r=", "<c  r=", 1), content)
    assert read_form_bytes(closely).rows == form.rows


@pytest.mark.parametrize("letters", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_form_written_in_wide_letters_says_the_same(letters: str) -> None:
    source, target = zipfile.ZipFile(io.BytesIO(make_form())), io.BytesIO()
    with source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            markup = source.read(entry).decode().replace("UTF-8", "UTF-16")
            archive.writestr(entry, markup.encode(letters))
    form = read_form_bytes(target.getvalue())
    assert (answers_by_item(form), form.findings) == (with_blank_items(), ())

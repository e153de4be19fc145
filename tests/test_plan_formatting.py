"""What a plan shows beside its text is reported with its cell: tables, hidden or struck-out text, comments."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table as ListObject
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_plan import AS_OF, finding_cells, format_items
from support.external_tools import PROJECT

from xlflow.definition.plan_tables import join_row_numbers
from xlflow.definition.plan_workbook import read_plan
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import UncachedFormula, WorkbookData, open_plan_workbook, open_workbook
from xlflow.model.findings import Finding, Severity, message_of
from xlflow.model.plan import Plan

PLAN_ROWS = (
    ("Nämndmål", "Aktivitet", "Delaktivitet", "Slutdatum", "Enhet"),
    ("Möten", "Öppna kvarnen", None, "Kvartal 2", "Museet"),
    (None, "Hyra ut båtar", None, "Kvartal 3", "Badet"),
    (None, None, "Måla båtarna", None, "Badet"),
)
FOLLOWUP = load_template("followup")
Change = Callable[[Worksheet], object]


def save_plan_workbook(*changes: Change) -> bytes:
    """Return the plan as a file after some changes to its sheet; no file is written."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Plan"
    for row in PLAN_ROWS:
        sheet.append(row)
    units = workbook.create_sheet("Enheter")
    for row in (("Enhet",), ("Museet",), ("Badet",)):
        units.append(row)
    for change in changes:
        change(sheet)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def open_plan_bytes(content: bytes) -> WorkbookData:
    opened = open_plan_workbook(content, "plan.xlsx")
    assert isinstance(opened, WorkbookData)
    return opened


def read_changed_plan(*changes: Change) -> tuple[Plan, tuple[Finding, ...]]:
    return read_plan(open_plan_bytes(save_plan_workbook(*changes)), FOLLOWUP, AS_OF)


def codes_after(*changes: Change) -> list[str]:
    """Return the findings as "code cell", but for those of headings that this small plan leaves out."""
    _, findings = read_changed_plan(*changes)
    return [text for text in finding_cells(findings) if not text.startswith("plan-heading-absent")]


def add_list_object(reference: str, total_rows: int = 0) -> Change:
    table = ListObject(displayName="Aktivitetsplan", ref=reference, totalsRowCount=total_rows or None)
    return lambda sheet: sheet.add_table(table)


def hide_rows(*rows: int) -> Change:
    def hide(sheet: Worksheet) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return hide


def strike(*addresses: str) -> Change:
    def change(sheet: Worksheet) -> None:
        for address in addresses:
            sheet[address].font = Font(strike=True)

    return change


def put(address: str, value: object) -> Change:
    return lambda sheet: sheet.__setitem__(address, value)


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.namelist():
            part = source.read(entry)
            target.writestr(entry, change(part) if entry == name else part)
    return buffer.getvalue()


class TestHiddenCells:
    def test_a_plain_plan_has_nothing_to_report(self):
        assert codes_after() == []

    def test_hidden_rows_count_and_are_named_as_people_count(self):
        plan, findings = read_changed_plan(hide_rows(3, 4))
        assert len(plan.items) == 3
        hidden = next(finding for finding in findings if finding.code == "plan-row-hidden")
        assert (hidden.location.sheet, hidden.location.cell) == ("Plan", "A3")
        assert dict(hidden.params)["rows"] == "3–4"
        assert hidden.effective_severity is Severity.NOTE

    def test_rows_that_a_filter_hides_count_too(self):
        def filter_rows(sheet: Worksheet) -> None:
            sheet.auto_filter.ref = "A1:E4"
            sheet.auto_filter.add_filter_column(4, ["Museet"])
            hide_rows(3, 4)(sheet)

        assert codes_after(filter_rows) == ["plan-row-hidden A3"]

    def test_a_hidden_row_without_text_is_not_reported(self):
        assert codes_after(hide_rows(9)) == []

    def test_a_hidden_column_counts(self):
        def hide_columns(sheet: Worksheet) -> None:
            sheet.column_dimensions.group("D", "H", hidden=True)

        plan, _ = read_changed_plan(hide_columns)
        assert plan.items[0].plan_value("deadline") is not None
        assert codes_after(hide_columns) == ["plan-column-hidden D1", "plan-column-hidden E1"]


class TestStruckOut:
    def test_a_struck_out_row_counts_with_a_warning(self):
        plan, findings = read_changed_plan(strike("A3", "B3", "D3", "E3"))
        assert len(plan.items) == 3
        assert codes_after(strike("A3", "B3", "D3", "E3")) == ["plan-row-struck-out B3"]
        struck = next(finding for finding in findings if finding.code == "plan-row-struck-out")
        assert struck.effective_severity is Severity.WARNING
        assert "Hyra ut båtar" in message_of(struck, "sv")

    def test_a_struck_out_sub_activity_is_its_row(self):
        assert codes_after(strike("C4")) == ["plan-row-struck-out C4"]

    def test_struck_out_words_within_a_cell_are_quoted(self):
        text = CellRichText(
            "Kvartal ", TextBlock(InlineFont(strike=True), "2"), TextBlock(InlineFont(b=True), "3")
        )
        _, findings = read_changed_plan(put("D2", text))
        struck = next(finding for finding in findings if finding.code == "plan-text-struck-out")
        assert (struck.location.cell, struck.value) == ("D2", "2")

    def test_an_activity_of_which_a_word_is_struck_out_is_no_struck_out_row(self):
        text = CellRichText("Öppna ", TextBlock(InlineFont(strike=True), "gamla "), "kvarnen")
        plan, _ = read_changed_plan(put("B2", text))
        assert plan.items[0].level_texts[-2] == "Öppna gamla kvarnen"
        assert codes_after(put("B2", text)) == ["plan-text-struck-out B2"]

    def test_runs_that_are_not_struck_out_in_a_struck_out_cell_are_left_out(self):
        text = CellRichText("gamla ", TextBlock(InlineFont(b=True), "kvarnen"))
        assert codes_after(put("B2", text), strike("B2")) == ["plan-text-struck-out B2"]


class TestMergedCells:
    def test_a_merged_level_is_as_above_and_not_reported(self):
        plan, _ = read_changed_plan(lambda sheet: sheet.merge_cells("A2:A4"))
        assert {item.level_texts[-3] for item in plan.items} == {"Möten"}
        assert codes_after(lambda sheet: sheet.merge_cells("A2:A4")) == []

    @pytest.mark.parametrize(("cells", "value"), [("D2:D3", "Kvartal 2"), ("E3:E4", "Badet")])
    def test_a_merged_deadline_or_unit_counts_for_all_its_rows(self, cells, value):
        plan, findings = read_changed_plan(lambda sheet: sheet.merge_cells(cells))
        merged = next(finding for finding in findings if finding.code == "plan-cells-merged")
        assert (merged.location.cell, merged.value, dict(merged.params)["cells"]) == (cells[:2], value, cells)
        deadlines = [item.plan_value("deadline") for item in plan.items]
        assert deadlines[0] == deadlines[1] or plan.items[1].units == plan.items[2].units == ("Badet",)


class TestComments:
    def test_a_comment_is_kept_out_of_the_forms(self):
        def comment(sheet: Worksheet) -> None:
            sheet["B2"].comment = Comment("Fråga Museet först", "planner")

        _, findings = read_changed_plan(comment)
        found = next(finding for finding in findings if finding.code == "plan-comment")
        assert (found.location.sheet, found.location.cell, found.value) == ("Plan", "B2", "Fråga Museet först")


class TestExcelTables:
    def test_a_table_ends_the_plan(self):
        def add_footnotes(sheet: Worksheet) -> None:
            sheet["A6"] = "Beslutad av nämnden"
            sheet["G3"] = "Att göra"

        plan, _ = read_changed_plan(add_list_object("A1:E4"), add_footnotes)
        assert format_items(plan.items) == [
            "Möten / Öppna kvarnen: Museet",
            "Möten / Hyra ut båtar: Badet",
            "Möten / Hyra ut båtar / Måla båtarna: Badet",
        ]
        assert codes_after(add_list_object("A1:E4"), add_footnotes) == []

    def test_rows_below_the_table_are_pointed_out(self):
        changes = (add_list_object("A1:E3"),)
        plan, findings = read_changed_plan(*changes)
        assert len(plan.items) == 2
        left_out = next(finding for finding in findings if finding.code == "plan-rows-outside-table")
        assert left_out.effective_severity is Severity.WARNING
        assert (left_out.location.cell, dict(left_out.params)["rows"]) == ("B4", "4")

    def test_a_row_of_totals_is_no_line(self):
        changes = (put("A5", "Summa"), put("B5", 2), add_list_object("A1:E5", total_rows=1))
        plan, _ = read_changed_plan(*changes)
        assert len(plan.items) == 3
        assert codes_after(*changes) == []

    def test_a_column_beside_the_table_is_pointed_out(self):
        changes = (add_list_object("A1:E4"), put("F1", "Källa"), put("F2", "KS"))
        plan, _ = read_changed_plan(*changes)
        assert plan.extra_headings == ()
        assert codes_after(*changes) == ["plan-column-outside-table F1"]

    def test_the_sheet_of_a_table_is_not_taken_for_the_sheet_of_units(self):
        def name_addresses(sheet: Worksheet) -> None:
            sheet["F1"], sheet["F2"] = "E-post", "museet@kommunen.example"
            sheet.parent.remove(sheet.parent["Enheter"])

        _, findings = read_changed_plan(add_list_object("A1:F4"), name_addresses)
        assert "plan-units-assumed" in {finding.code for finding in findings}

    def test_a_table_of_something_else_is_no_plan(self):
        other = ListObject(displayName="Färger", ref="H1:I2")

        def add_other(sheet: Worksheet) -> None:
            sheet["H1"], sheet["I1"], sheet["H2"] = "Färg", "Kod", "Röd"
            sheet.add_table(other)

        plan, _ = read_changed_plan(add_other)
        assert len(plan.items) == 3
        assert plan.extra_headings == ("Färg", "Kod")

    def test_a_second_table_with_the_headings_is_pointed_out(self):
        def add_second(sheet: Worksheet) -> None:
            for row, values in enumerate((PLAN_ROWS[0], ("Ro", "Låna ut böcker", None, None, "Badet")), 8):
                for column, value in enumerate(values, 1):
                    sheet.cell(row, column, value)
            sheet.add_table(ListObject(displayName="Fler", ref="A8:E9"))

        plan, _ = read_changed_plan(add_list_object("A1:E4"), add_second)
        assert len(plan.items) == 3
        assert codes_after(add_list_object("A1:E4"), add_second) == ["plan-table-left-out A8"]


class TestSeveralSheets:
    @pytest.mark.parametrize(("state", "severity"), [("visible", Severity.WARNING), ("hidden", Severity.NOTE)])
    def test_another_sheet_with_the_headings_is_pointed_out(self, state, severity):
        def add_sheet(sheet: Worksheet) -> None:
            other = sheet.parent.create_sheet("Ekonomi")
            other.sheet_state = state
            for row in (PLAN_ROWS[0], ("Ordning", "Följa upp", None, None, "Museet")):
                other.append(row)

        plan, findings = read_changed_plan(add_sheet)
        assert len(plan.items) == 3
        left_out = next(finding for finding in findings if finding.code == "plan-table-left-out")
        assert left_out.effective_severity is severity
        assert (left_out.location.sheet, left_out.location.cell) == ("Ekonomi", "A1")
        assert (left_out.value, dict(left_out.params)) == ("Ekonomi", {"rows": 1, "sheet": "Plan"})


def _break_styles(part: bytes) -> bytes:
    """Return styles as some programs write them, which openpyxl refuses."""
    broken = part.replace(b"<fill><patternFill/></fill>", b"<fill/>")
    assert broken != part
    return broken


EXAMPLE_PLANS = sorted((PROJECT / "examples").glob("*/plan.xlsx"))


class TestReadWithOpenpyxl:
    def test_there_are_examples_to_compare(self):
        assert len(EXAMPLE_PLANS) >= 6

    @pytest.mark.parametrize("path", EXAMPLE_PLANS, ids=lambda path: path.parent.name)
    def test_openpyxl_and_calamine_read_the_same_from_every_example(self, path: Path):
        by_openpyxl, by_calamine = open_plan_workbook(path, "plan.xlsx"), open_workbook(path, "plan.xlsx")
        assert isinstance(by_openpyxl, WorkbookData)
        assert isinstance(by_calamine, WorkbookData)
        assert len(by_openpyxl.sheets) >= 2
        for sheet, other in zip(by_openpyxl.sheets, by_calamine.sheets, strict=True):
            assert sheet is not other, "openpyxl has not read this plan"
            assert (sheet.name, sheet.visible, sheet.merged_ranges) == (
                other.name,
                other.visible,
                other.merged_ranges,
            )
            assert sheet.rows == other.rows
            assert [list(map(type, row)) for row in sheet.rows] == [list(map(type, row)) for row in other.rows]

    def test_every_kind_of_value_is_read_alike(self):
        values = ["text", "rad\nbruten", " blanksteg ", 3, 2.5, -1, True, date(2021, 6, 30), "=1+1", "#N/A"]
        values += [datetime(2021, 6, 30, 12, 30), "_x000D_", "a_x0041_b", "0123", "<&>"]
        content = save_plan_workbook(
            lambda sheet: [put(f"H{row}", value)(sheet) for row, value in enumerate(values, 2)]
        )
        by_openpyxl, by_calamine = open_plan_bytes(content), open_workbook(content, "plan.xlsx")
        assert isinstance(by_calamine, WorkbookData)
        assert by_openpyxl.sheets[0] is not by_calamine.sheets[0]
        assert by_openpyxl.sheets[0].rows == by_calamine.sheets[0].rows
        assert [type(row[7]) for row in by_openpyxl.sheets[0].rows] == [
            type(row[7]) for row in by_calamine.sheets[0].rows
        ]

    def test_a_formula_without_a_value_is_no_blank(self):
        formula = open_plan_bytes(save_plan_workbook(put("B2", "=UPPER(B3)"))).sheets[0].rows[1][1]
        assert isinstance(formula, UncachedFormula)

    def test_what_openpyxl_refuses_is_read_without_it_and_a_note_says_what_is_unseen(self):
        content = save_plan_workbook(strike("B2"), add_list_object("A1:E4"))
        plan, findings = read_plan(
            open_plan_bytes(with_part(content, "xl/styles.xml", _break_styles)), FOLLOWUP, AS_OF
        )
        assert len(plan.items) == 3
        assert {"plan-formatting-unseen", "plan-row-struck-out"} <= {finding.code for finding in findings}

    def test_there_is_no_note_where_nothing_is_unseen(self):
        broken = with_part(save_plan_workbook(), "xl/styles.xml", _break_styles)
        opened, other = open_plan_bytes(broken), open_workbook(broken, "plan.xlsx")
        assert opened == other

    def test_too_much_is_not_given_to_openpyxl(self, monkeypatch):
        monkeypatch.setattr("xlflow.excel.reader.plan_openpyxl.MAX_OPENPYXL_BYTES", 100)
        opened = open_plan_bytes(save_plan_workbook(strike("B2"), add_list_object("A1:E4")))
        assert [finding.code for finding in opened.findings] == ["plan-formatting-unseen"]
        assert [struck.text for struck in opened.sheets[0].metadata.struck_out] == ["Öppna kvarnen"]
        assert opened.sheets[0].metadata.excel_tables == ()

    def test_ranges_over_the_whole_sheet_cost_nothing(self):
        def spread(sheet: Worksheet) -> None:
            sheet["H1"].hyperlink = "https://example.com"

        content = with_part(
            save_plan_workbook(spread),
            "xl/worksheets/sheet1.xml",
            lambda part: part.replace(b'ref="H1"', b'ref="H1:XFD1048576"'),
        )
        assert open_plan_bytes(content).sheets[0].rows[1][1] == "Öppna kvarnen"

    def test_hidden_columns_end_with_the_sheet(self):
        content = with_part(
            save_plan_workbook(),
            "xl/worksheets/sheet1.xml",
            lambda part: part.replace(
                b"<sheetData>", b'<cols><col min="6" max="999999999999" hidden="1" width="9"/></cols><sheetData>'
            ),
        )
        assert open_plan_bytes(content).sheets[0].metadata.hidden_columns == frozenset(range(5, 16_384))

    def test_openpyxl_is_loaded_with_a_plan_only(self):
        script = "import sys, xlflow.pipeline.form_operations; sys.exit('openpyxl' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", script], check=False, cwd=PROJECT).returncode == 0


def test_rows_are_joined_as_people_write_them():
    assert join_row_numbers([4, 6, 7, 8]) == "5, 7–9"
    assert join_row_numbers([0]) == "1"
    assert join_row_numbers([]) == ""

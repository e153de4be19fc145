"""XlsxWriter with what it lacks: a locked structure, the document's language, rows that may grow, marked texts.

Overrides some of its inner methods; `tests/test_outgoing.py` shows in finished files that they still work.
"""

import io
from array import array
from collections.abc import Iterable
from typing import Any

import xlsxwriter.sharedstrings
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from xlflow.excel.writer.formula_cells import SharedFormula, formula_and_value_xml
from xlflow.excel.writer.row_xml import RowSpec, RowXmlBuilder, StyleChooser, WorkbookCallbacks, points_to_pixels
from xlflow.excel.writer.shared_strings import SharedStrings
from xlflow.excel.writer.xml_text import escape_xlsx_text
from xlflow.excel.writer.zip_stream import DeflatedSegment, TextCompressor, XmlPart

MAX_HEADER_LENGTH = 255
"""Characters of a printed page's header or footer."""


def check_return_code(return_code: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if return_code not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {return_code})")


def _escape_if_text(data: Any) -> Any:
    return escape_xlsx_text(data) if isinstance(data, str) else data


def assign_style_index(style: Format | None) -> None:
    """Give a style its number now, so that numbers follow the order in which styles are first used."""
    if style is not None:
        style._get_xf_index()


class PatchedWorkbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter's workbook with what it lacks: a locked structure and the document's language."""

    is_structure_locked = False

    def __init__(self, target: io.BytesIO, options: dict[str, Any]):
        super().__init__(target, options)
        self.str_table = SharedStrings()
        self.parts: list[XmlPart] = []
        self._quoted_styles: dict[int, Format] = {}

    def quoted_style(self, style: Format | None) -> Format:
        """Return the same style with the quote prefix that marks text as text."""
        key = id(style)
        if key not in self._quoted_styles:
            quoted = self.add_format()
            if style is not None:
                own_indices = {name: quoted.__dict__[name] for name in ("xf_format_indices", "dxf_format_indices")}
                quoted.__dict__.update(
                    {**style.__dict__, **own_indices, "xf_index": None, "dxf_index": None, "_format_key": None}
                )
            quoted.set_quote_prefix()
            assign_style_index(quoted)
            self._quoted_styles[key] = quoted
        return self._quoted_styles[key]

    def make_chart(self, chart_type: str, subtype: str) -> Any:
        """Return a chart that writes strange letters of its texts in code, as cells do."""
        chart = self.add_chart({"type": chart_type, "subtype": subtype})
        chart._escape_control_characters = _escape_if_text
        return chart

    def _write_book_views(self) -> None:
        if self.is_structure_locked:
            self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()

    def _get_packager(self) -> xlsxwriter.packager.Packager:
        return _InMemoryPackager()


class PatchedWorksheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter's sheet with what it lacks: rows whose height is a first guess that Excel may change."""

    _escape_control_characters = staticmethod(_escape_if_text)
    dim_rowmin: int
    dim_rowmax: int

    def __init__(self) -> None:
        super().__init__()
        self.auto_height_rows: set[int] = set()
        self.row_sizes = _RowSizes()
        self._shared_formula_count = 0
        self._row_blocks: dict[int, tuple[int, str | DeflatedSegment]] = {}
        self._table_ranges: list[tuple[int, int, int, int]] = []

    def write_rows_fast(
        self,
        first_row: int,
        rows: Iterable[RowSpec],
        choose_styles: StyleChooser,
        callbacks: WorkbookCallbacks,
        *,
        auto_height: bool,
    ) -> int:
        """Write whole rows from column 0 on, below each other; -1 if one lies outside the sheet."""
        compressor, row_builder = (
            TextCompressor(),
            RowXmlBuilder(callbacks, choose_styles, auto_height=auto_height),
        )
        row, column_count, heights = first_row - 1, 1, array("H")
        for row, row_spec in enumerate(rows, first_row):
            column_count = max(column_count, len(row_spec[0]))
            heights.append(points_to_pixels(row_spec[2]))
            compressor.write(row_builder.build_row(row, row_spec))
        rows_xml = compressor.close()
        if row < first_row:
            return 0
        self._row_blocks[first_row] = row, rows_xml
        self.row_sizes.height_blocks.append((first_row, heights))
        return int(self._check_dimensions(first_row, 0) or self._check_dimensions(row, column_count - 1))

    def add_table(self, *range_and_options: Any) -> int:
        """Add a table; unlike XlsxWriter, which looks at every cell of it, in no time."""
        *cell_range, options = range_and_options
        top, left, bottom, right = cell_range
        tables_on_same_rows = [other for other in self._table_ranges if top <= other[2] and bottom >= other[0]]
        if any(left <= each[3] and right >= each[1] for each in tables_on_same_rows):
            raise ValueError("two tables overlap")
        return_code = super().add_table(top, left, min(bottom, top + 1), right, options)
        if not return_code:
            self._table_ranges.append((top, left, bottom, right))
            full_range = xl_range(top, left, bottom, right)
            self.tables[-1].update(dict.fromkeys(("range", "a_range", "autofilter"), full_range))
        return int(return_code)

    def set_header_and_footer(self, header: str, footer: str) -> int:
        """Set what stands above and below every printed page; -2 if that is too long. (XlsxWriter itself takes
        the "&&G" of a title such as "R&G" for a picture, and then prints no header at all.)"""
        if max(len(header), len(footer)) > MAX_HEADER_LENGTH:
            return -2
        self.header, self.footer = header, footer
        self.header_footer_changed = True
        return 0

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        """Take a formula as it is: we use none of the newer functions that XlsxWriter looks for at length."""
        return formula.removeprefix("=")

    def link_cell_to_file(self, row: int, column: int, address: str) -> int:
        """Make a cell a link to a file and leave what stands in it; by an address that all programs take."""
        self.ignore_write_string = True
        return_code = int(self.write_url(row, column, address))
        self.ignore_write_string = False
        url = self.hyperlinks[row][column]
        url._relationship_link = url._relationship_link.replace("\\", "/")
        return return_code

    def next_shared_index(self) -> int:
        """Return the number of the next formula that several cells share."""
        self._shared_formula_count += 1
        return self._shared_formula_count - 1

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        if not isinstance(formula, SharedFormula):
            super()._xml_formula_element(formula, result, attributes)
            return
        cell_attributes = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{cell_attributes}>{formula_and_value_xml(formula, result)}</c>")

    def _calculate_spans(self) -> None:
        """Leave out what Excel may be told of the columns that a row uses; no program needs it."""
        self.row_spans: dict[int, str] = {}

    def _write_rows(self) -> None:
        """Write laid rows as they are and leave the stretches between them to XlsxWriter."""
        first, last = self.dim_rowmin, self.dim_rowmax
        start = first
        for block_start, (block_end, rows) in sorted(self._row_blocks.items(), key=lambda block: block[0]):
            conflicting_rows = [
                row
                for row in range(block_start, block_end + 1)
                if row < start or row in self.table or row in self.row_info
            ]
            if conflicting_rows:
                raise ValueError(f"row {conflicting_rows[0] + 1} was laid whole and written otherwise too")
            self._write_row_range(start, block_start - 1)
            self.fh.append(rows)
            start = block_end + 1
        self._row_blocks.clear()
        self._write_row_range(start, last)
        self.dim_rowmin, self.dim_rowmax = first, last

    def _write_row_range(self, first: int, last: int) -> None:
        if first <= last:
            self.dim_rowmin, self.dim_rowmax = first, last
            super()._write_rows()

    def _xml_start_tag_unencoded(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        if tag == "row" and attributes[0][1] - 1 in self.auto_height_rows:
            attributes = [pair for pair in attributes if pair[0] != "customHeight"]
        super()._xml_start_tag_unencoded(tag, attributes)


class _RowSizes(dict[int, list[int]]):
    """How high rows are (in pixels, and that they are not hidden), by which what is drawn on them is placed; those
    of rows that were laid take two bytes each."""

    def __init__(self) -> None:
        super().__init__()
        self.height_blocks: list[tuple[int, array[int]]] = []

    def __contains__(self, row: object) -> bool:
        return super().__contains__(row) or (isinstance(row, int) and self._find_block_height(row) > 0)

    def __missing__(self, row: int) -> list[int]:
        return [self._find_block_height(row), 0]

    def __bool__(self) -> bool:
        return bool(self.height_blocks or len(self))

    def _find_block_height(self, row: int) -> int:
        matching_heights = (
            heights[row - first] for first, heights in self.height_blocks if 0 <= row - first < len(heights)
        )
        return next(matching_heights, 0)


class _InMemoryPackager(xlsxwriter.packager.Packager):  # type: ignore[misc]
    def _create_package(self) -> list[object]:
        """Make all parts, and leave it to the book to put them together."""
        self.workbook.parts = [part for part, _, _ in super()._create_package()]
        return []

    def _filename(self, xml_filename: str) -> XmlPart:
        part = XmlPart(xml_filename)
        self.filenames.append((part, xml_filename, False))
        return part

    def _write_core_file(self) -> None:
        core = _CorePropertiesPart()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()

    def _write_shared_strings_file(self) -> None:
        if self.workbook.str_table.count:
            strings = _SharedStringsPart()
            strings.string_table = self.workbook.str_table
            strings._set_xml_writer(self._filename("xl/sharedStrings.xml"))
            strings._assemble_xml_file()


class _SharedStringsPart(xlsxwriter.sharedstrings.SharedStrings):  # type: ignore[misc]
    def _write_sst_strings(self) -> None:
        compressor = TextCompressor()
        for batch in self.string_table.iter_xml():
            compressor.write(batch)
        self.fh.append(compressor.close())


class _CorePropertiesPart(xlsxwriter.core.Core):  # type: ignore[misc]
    def _write_dc_description(self) -> None:
        super()._write_dc_description()
        self._xml_data_element("dc:language", self.properties["language"])

"""XlsxWriter 3.3 with what it lacks, by overriding methods that it does not promise to keep.

Checked against XlsxWriter 3.3.1; pyproject.toml allows 3.3.x only. Before another version is allowed, compare each
method below with its original; `tests/test_excel_writer.py` and `tests/test_same_as_xlsxwriter.py` show in
finished files that they still work together. What each override replaces, and why:

| class | method | XlsxWriter's own | here | |---|---|---|---| | PatchedWorkbook | `_write_book_views` | writes the
window's size | first `workbookProtection`, which it cannot write | | PatchedWorkbook | `_get_packager` | a
packager of files | one that keeps the parts in memory, compressed | | PatchedWorksheet | `add_table` | reads and
writes every cell of the range | takes the first two rows, sets the range later | | PatchedWorksheet |
`_prepare_formula` | some 150 regular expressions for new functions | removes the = only | | PatchedWorksheet |
`_xml_formula_element` | writes every formula in full | writes shared formulas once | | PatchedWorksheet |
`_calculate_spans` | looks at every cell for an optional attribute | nothing | | PatchedWorksheet | `_write_rows` |
writes rows from its table of cell objects | puts rows that are XML already between them | | PatchedWorksheet |
`_xml_start_tag_unencoded` | fixes every height that was set | leaves heights open that are a first guess | |
Patched… , charts | `_escape_control_characters` | escapes some control characters | all that XML cannot hold | |
_InMemoryPackager | `_create_package` | returns the parts for `Workbook` to zip | leaves them to `zip_stream` | |
_InMemoryPackager | `_filename` | a StringIO or a temporary file | an `XmlPart` | | _InMemoryPackager |
`_write_core_file` | document properties | with `dc:language`, which it does not know | | _InMemoryPackager |
`_write_shared_strings_file` | writes texts one by one | by `_SharedStringsPart`, in compressed batches | |
_SharedStringsPart | `_write_sst_strings` | reads `<r>` at the start of a text as markup | writes every text as
text | | _CorePropertiesPart | `_write_dc_description` | writes the description | and the language after it |

`SharedStrings` (its own module) and `_RowSizes` stand in for attributes of theirs, `str_table` and `row_sizes`.
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
from xlflow.excel.writer.shared_strings import SharedStrings, escape_xlsx_text
from xlflow.excel.writer.zip_stream import DeflatedSegment, TextCompressor, XmlPart

MAX_HEADER_LENGTH = 255
"""Characters that Excel takes in a printed page's header or footer, codes counted."""


def check_return_code(return_code: object) -> None:
    """Raise ValueError if XlsxWriter returned a negative code: it did not write, and would only warn."""
    if return_code not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {return_code})")


def _escape_if_text(data: Any) -> Any:
    """Stand in for `XMLwriter._escape_control_characters`, which leaves surrogates, U+FFFE and U+FFFF: not XML."""
    return escape_xlsx_text(data) if isinstance(data, str) else data


def assign_style_index(style: Format | None) -> None:
    """Give a style its index now. XlsxWriter does it when the file is made, in the order of rows; rows written
    fast need it earlier, and the same content must give the same bytes whichever way it was written."""
    if style is not None:
        style._get_xf_index()


class PatchedWorkbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter's workbook with a lockable structure, our table of shared strings, and the finished parts in
    `parts` after `close`."""

    is_structure_locked = False

    def __init__(self, target: io.BytesIO, options: dict[str, Any]):
        super().__init__(target, options)
        self.str_table = SharedStrings()
        self.parts: list[XmlPart] = []
        self._quoted_styles: dict[int, Format] = {}

    def quoted_style(self, style: Format | None) -> Format:
        """Return a copy of a style with the quote prefix, by which Excel shows that a text is no formula.

        XlsxWriter cannot copy a format. So all attributes are copied but those that are the workbook's (the shared
        tables of indexes) or must be found anew (its indexes and the key by which equal formats are one).
        """
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
        """Return a chart whose texts are escaped as those of cells are."""
        chart = self.add_chart({"type": chart_type, "subtype": subtype})
        chart._escape_control_characters = _escape_if_text
        return chart

    def _write_book_views(self) -> None:
        """Write the protection of the structure, whose place in the part is just before the views."""
        if self.is_structure_locked:
            self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()

    def _get_packager(self) -> xlsxwriter.packager.Packager:
        """Return ours; this method is there to be overridden."""
        return _InMemoryPackager()


class PatchedWorksheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter's sheet with rows that are written as XML at once, shared formulas, heights that Excel may
    change, and large tables. `auto_height_rows` are the rows whose height Excel may change."""

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
        """Write whole rows from column 0 on, below each other; return 0, or -1 if one is outside the sheet.

        They never enter XlsxWriter's table of cells: each row becomes XML (`RowXmlBuilder`) and is compressed.
        Only the heights are kept, two bytes a row, for charts that are placed below.
        """
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
        """Add a table; return XlsxWriter's code. Raises ValueError if it overlaps another one.

        XlsxWriter reads the headings from its table of cells and goes through every cell of the range, a million
        of them in a large table. So it is given the first two rows only (it refuses fewer), and the range is set
        after.
        """
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
        """Set the header and footer of every printed page, in Excel's codes; return 0, or -2 if one is too long.

        In place of `set_header` and `set_footer`: these take the "&&G" of a title such as "R&G" for a picture, and
        then write no header at all.
        """
        if max(len(header), len(footer)) > MAX_HEADER_LENGTH:
            return -2
        self.header, self.footer = header, footer
        self.header_footer_changed = True
        return 0

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        """Return a formula without its =. We use no function that needs the prefix `_xlfn.`; the some 150
        regular expressions by which XlsxWriter looks for these are left out."""
        return formula.removeprefix("=")

    def link_cell_to_file(self, row: int, column: int, address: str) -> int:
        """Make a cell a link to a file and leave its text; return XlsxWriter's code.

        XlsxWriter writes the address with backslashes, which LibreOffice and Excel on a Mac do not follow; slashes
        work everywhere.
        """
        self.ignore_write_string = True  # its own switch, by which `write_url` leaves the cell alone
        return_code = int(self.write_url(row, column, address))
        self.ignore_write_string = False
        url = self.hyperlinks[row][column]
        url._relationship_link = url._relationship_link.replace("\\", "/")
        return return_code

    def next_shared_index(self) -> int:
        """Return the index of the next formula that several cells share; they count from 0 on each sheet."""
        self._shared_formula_count += 1
        return self._shared_formula_count - 1

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        """Write a formula cell; a shared one in full in its first cell only."""
        if not isinstance(formula, SharedFormula):
            super()._xml_formula_element(formula, result, attributes)
            return
        cell_attributes = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{cell_attributes}>{formula_and_value_xml(formula, result)}</c>")

    def _calculate_spans(self) -> None:
        """Compute no spans (which columns a row uses): an optional hint, and rows written fast have none
        either."""
        self.row_spans: dict[int, str] = {}

    def _write_rows(self) -> None:
        """Write the rows between the finished blocks as XlsxWriter does, and the blocks in their places.

        Raises ValueError if a row is in two blocks or was written cell by cell too: XlsxWriter would write it
        twice.
        """
        first, last = self.dim_rowmin, self.dim_rowmax
        start = first
        for block_start, (block_end, rows) in sorted(self._row_blocks.items(), key=lambda block: block[0]):
            conflicting_rows = [
                row
                for row in range(block_start, block_end + 1)
                if row < start or row in self.table or row in self.row_info
            ]
            if conflicting_rows:
                raise ValueError(f"row {conflicting_rows[0] + 1} was written whole and cell by cell too")
            self._write_row_range(start, block_start - 1)
            self.fh.append(rows)
            start = block_end + 1
        self._row_blocks.clear()
        self._write_row_range(start, last)
        self.dim_rowmin, self.dim_rowmax = first, last

    def _write_row_range(self, first: int, last: int) -> None:
        """Let XlsxWriter write the rows of a range, which it takes from the dimensions of the sheet."""
        if first <= last:
            self.dim_rowmin, self.dim_rowmax = first, last
            super()._write_rows()

    def _xml_start_tag_unencoded(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        """Write a start tag; for a row that may grow without `customHeight`, so that its height is a first guess.
        The first attribute of a row is its number, from 1."""
        if tag == "row" and attributes[0][1] - 1 in self.auto_height_rows:
            attributes = [pair for pair in attributes if pair[0] != "customHeight"]
        super()._xml_start_tag_unencoded(tag, attributes)


class _RowSizes(dict[int, list[int]]):
    """Stands in for `Worksheet.row_sizes`: row -> [height in pixels, hidden], by which XlsxWriter places charts.

    `height_blocks` are (first row, heights) of the rows written fast, in arrays of two bytes a row; a dictionary
    of a million lists would take 100 MB. 0 stands for a row that is in no block.
    """

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
    """XlsxWriter's packager, whose parts are `XmlPart`: compressed as they are written."""

    def _create_package(self) -> list[object]:
        """Make all parts and put them into the workbook's `parts`; return none, so that XlsxWriter zips an empty
        archive into the buffer that nobody reads."""
        self.workbook.parts = [part for part, _, _ in super()._create_package()]
        return []

    def _filename(self, xml_filename: str) -> XmlPart:
        """Return what a part is written into; XlsxWriter takes a file-like object in place of a name."""
        part = XmlPart(xml_filename)
        self.filenames.append((part, xml_filename, False))
        return part

    def _write_core_file(self) -> None:
        """Write the document properties with our class; otherwise as the original does."""
        core = _CorePropertiesPart()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()

    def _write_shared_strings_file(self) -> None:
        """Write the shared strings with our class, if there are any; otherwise as the original does."""
        if self.workbook.str_table.count:
            strings = _SharedStringsPart()
            strings.string_table = self.workbook.str_table
            strings._set_xml_writer(self._filename("xl/sharedStrings.xml"))
            strings._assemble_xml_file()


class _SharedStringsPart(xlsxwriter.sharedstrings.SharedStrings):  # type: ignore[misc]
    """The part of the shared strings, compressed while it is written."""

    def _write_sst_strings(self) -> None:
        """Write all texts, many at a time (see `SharedStrings.iter_xml`)."""
        compressor = TextCompressor()
        for batch in self.string_table.iter_xml():
            compressor.write(batch)
        self.fh.append(compressor.close())


class _CorePropertiesPart(xlsxwriter.core.Core):  # type: ignore[misc]
    """The part of the document properties, with the language, by which screen readers choose their voice."""

    def _write_dc_description(self) -> None:
        """Write the description, and the language after it; `properties["language"]` is as in "sv-SE"."""
        super()._write_dc_description()
        self._xml_data_element("dc:language", self.properties["language"])

"""XlsxWriter with what it lacks: a locked structure, the document's language, rows that may grow, marked texts.

Overrides some of its inner methods; `tests/test_outgoing.py` shows in finished files that they still work.
"""

import io
from array import array
from collections.abc import Iterable
from typing import Any

import xlsxwriter
import xlsxwriter.core
import xlsxwriter.packager
import xlsxwriter.sharedstrings
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from xlflow.excel.outgoing.bulk import LaidRow, Look, Numbering, RowMaker, height_in_pixels
from xlflow.excel.outgoing.formula import SharedFormula, formula_xml
from xlflow.excel.outgoing.letters import code_letters
from xlflow.excel.outgoing.package import Part, Piece, Rows
from xlflow.excel.outgoing.texts import Texts

MOST_HEADER = 255
"""Characters of a printed page's header or footer."""


def must(answer: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if answer not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {answer})")


def _code_data(data: Any) -> Any:
    return code_letters(data) if isinstance(data, str) else data


def number_style(style: Format | None) -> None:
    """Give a style its number now, so that numbers follow the order in which styles are first used."""
    if style is not None:
        style._get_xf_index()


class RawBook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter's workbook with what it lacks: a locked structure and the document's language."""

    structure_locked = False

    def __init__(self, target: io.BytesIO, options: dict[str, Any]):
        super().__init__(target, options)
        self.str_table = Texts()
        self.parts: list[Part] = []
        self._twins: dict[int, Format] = {}

    def quoted_twin(self, style: Format | None) -> Format:
        """Return the same style with the quote prefix that marks text as text."""
        key = id(style)
        if key not in self._twins:
            twin = self.add_format()
            if style is not None:
                own = {name: twin.__dict__[name] for name in ("xf_format_indices", "dxf_format_indices")}
                twin.__dict__.update(
                    {**style.__dict__, **own, "xf_index": None, "dxf_index": None, "_format_key": None}
                )
            twin.set_quote_prefix()
            number_style(twin)
            self._twins[key] = twin
        return self._twins[key]

    def make_chart(self, kind: str, subtype: str) -> Any:
        """Return a chart that writes strange letters of its texts in code, as cells do."""
        chart = self.add_chart({"type": kind, "subtype": subtype})
        chart._escape_control_characters = _code_data
        return chart

    def _write_book_views(self) -> None:
        if self.structure_locked:
            self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()

    def _get_packager(self) -> xlsxwriter.packager.Packager:
        return _Packager()


class RawSheet(Worksheet):  # type: ignore[misc]
    """XlsxWriter's sheet with what it lacks: rows whose height is a first guess that Excel may change."""

    _escape_control_characters = staticmethod(_code_data)
    dim_rowmin: int
    dim_rowmax: int

    def __init__(self) -> None:
        super().__init__()
        self.growing: set[int] = set()
        self.row_sizes = _Sizes()
        self._shared = 0
        self._blocks: dict[int, tuple[int, str | Piece]] = {}
        self._tables: list[tuple[int, int, int, int]] = []

    def lay_rows(self, first: int, rows: Iterable[LaidRow], look: Look, number: Numbering, *, grows: bool) -> int:
        """Write whole rows from column 0 on, below each other; -1 if one lies outside the sheet."""
        made, maker = Rows(), RowMaker(number, look, grows=grows)
        row, wide, heights = first - 1, 1, array("H")
        for row, laid in enumerate(rows, first):
            wide = max(wide, len(laid[0]))
            heights.append(height_in_pixels(laid[2]))
            made.write(maker.make(row, laid))
        rows_as_xml = made.close()
        if row < first:
            return 0
        self._blocks[first] = row, rows_as_xml
        self.row_sizes.laid.append((first, heights))
        return int(self._check_dimensions(first, 0) or self._check_dimensions(row, wide - 1))

    def add_table(self, *area_and_options: Any) -> int:
        """Add a table; unlike XlsxWriter, which looks at every cell of it, in no time."""
        *area, options = area_and_options
        top, left, bottom, right = area
        taken = [each for each in self._tables if top <= each[2] and bottom >= each[0]]
        if any(left <= each[3] and right >= each[1] for each in taken):
            raise ValueError("two tables overlap")
        answer = super().add_table(top, left, min(bottom, top + 1), right, options)
        if not answer:
            self._tables.append((top, left, bottom, right))
            whole = xl_range(top, left, bottom, right)
            self.tables[-1].update(dict.fromkeys(("range", "a_range", "autofilter"), whole))
        return int(answer)

    def print_around(self, header: str, footer: str) -> int:
        """Set what stands above and below every printed page; -2 if that is too long. (XlsxWriter itself takes
        the "&&G" of a title such as "R&G" for a picture, and then prints no header at all.)"""
        if max(len(header), len(footer)) > MOST_HEADER:
            return -2
        self.header, self.footer = header, footer
        self.header_footer_changed = True
        return 0

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:  # noqa: ARG002
        """Take a formula as it is: we use none of the newer functions that XlsxWriter looks for at length."""
        return formula.removeprefix("=")

    def lead_to(self, row: int, column: int, place: str) -> int:
        """Make a cell a link to a file and leave what stands in it; by an address that all programs take."""
        self.ignore_write_string = True
        answer = int(self.write_url(row, column, place))
        self.ignore_write_string = False
        url = self.hyperlinks[row][column]
        url._relationship_link = url._relationship_link.replace("\\", "/")
        return answer

    def next_shared(self) -> int:
        """Return the number of the next formula that several cells share."""
        self._shared += 1
        return self._shared - 1

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        if not isinstance(formula, SharedFormula):
            super()._xml_formula_element(formula, result, attributes)
            return
        cell = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{cell}>{formula_xml(formula, result)}</c>")

    def _calculate_spans(self) -> None:
        """Leave out what Excel may be told of the columns that a row uses; no program needs it."""
        self.row_spans: dict[int, str] = {}

    def _write_rows(self) -> None:
        """Write laid rows as they are and leave the stretches between them to XlsxWriter."""
        first, last = self.dim_rowmin, self.dim_rowmax
        start = first
        for begin, (end, rows) in sorted(self._blocks.items(), key=lambda block: block[0]):
            twice = [
                row for row in range(begin, end + 1) if row < start or row in self.table or row in self.row_info
            ]
            if twice:
                raise ValueError(f"row {twice[0] + 1} was laid whole and written otherwise too")
            self._write_stretch(start, begin - 1)
            self.fh.insert(rows)
            start = end + 1
        self._blocks.clear()
        self._write_stretch(start, last)
        self.dim_rowmin, self.dim_rowmax = first, last

    def _write_stretch(self, first: int, last: int) -> None:
        if first <= last:
            self.dim_rowmin, self.dim_rowmax = first, last
            super()._write_rows()

    def _xml_start_tag_unencoded(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        if tag == "row" and attributes[0][1] - 1 in self.growing:
            attributes = [pair for pair in attributes if pair[0] != "customHeight"]
        super()._xml_start_tag_unencoded(tag, attributes)


class _Sizes(dict[int, list[int]]):
    """How high rows are (in pixels, and that they are not hidden), by which what is drawn on them is placed; those
    of rows that were laid take two bytes each."""

    def __init__(self) -> None:
        super().__init__()
        self.laid: list[tuple[int, array[int]]] = []

    def __contains__(self, row: object) -> bool:
        return super().__contains__(row) or (isinstance(row, int) and self._find(row) > 0)

    def __missing__(self, row: int) -> list[int]:
        return [self._find(row), 0]

    def __bool__(self) -> bool:
        return bool(self.laid or len(self))

    def _find(self, row: int) -> int:
        found = (heights[row - first] for first, heights in self.laid if 0 <= row - first < len(heights))
        return next(found, 0)


class _Packager(xlsxwriter.packager.Packager):  # type: ignore[misc]
    def _create_package(self) -> list[object]:
        """Make all parts, and leave it to the book to put them together."""
        self.workbook.parts = [part for part, _, _ in super()._create_package()]
        return []

    def _filename(self, xml_filename: str) -> Part:
        part = Part(xml_filename)
        self.filenames.append((part, xml_filename, False))
        return part

    def _write_core_file(self) -> None:
        core = _Core()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()

    def _write_shared_strings_file(self) -> None:
        if self.workbook.str_table.count:
            strings = _SharedStrings()
            strings.string_table = self.workbook.str_table
            strings._set_xml_writer(self._filename("xl/sharedStrings.xml"))
            strings._assemble_xml_file()


class _SharedStrings(xlsxwriter.sharedstrings.SharedStrings):  # type: ignore[misc]
    def _write_sst_strings(self) -> None:
        texts = Rows()
        for some in self.string_table.to_xml():
            texts.write(some)
        self.fh.insert(texts.close())


class _Core(xlsxwriter.core.Core):  # type: ignore[misc]
    def _write_dc_description(self) -> None:
        super()._write_dc_description()
        self._xml_data_element("dc:language", self.properties["language"])

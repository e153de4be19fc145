"""XlsxWriter with what it lacks: a locked structure, the document's language, rows that may grow, marked texts.

Overrides some of its inner methods; `tests/test_outgoing.py` shows in finished files that they still work.
"""

import io
from functools import cache
from typing import Any

import xlsxwriter
import xlsxwriter.core
import xlsxwriter.packager
import xlsxwriter.sharedstrings
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlflow.excel.outgoing.bulk import LaidRow, Numbering, row_to_xml
from xlflow.excel.outgoing.letters import code_letters

MOST_HEADER = 255
"""Characters of a printed page's header or footer."""


def must(answer: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if answer not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {answer})")


def _code_data(data: Any) -> Any:
    return code_letters(data) if isinstance(data, str) else data


class SharedFormula(str):
    """A formula that stands in several cells below each other, written out in the first of them only."""

    number: int
    area: str

    def again(self) -> "SharedFormula":
        """Return the same formula for a cell further down."""
        return share_formula("0", self.number, "")

    def removeprefix(self, prefix: str, /) -> "SharedFormula":  # noqa: ARG002
        """Stay what it is; it has no = before it."""
        return self


def share_formula(formula: str, number: int, area: str) -> SharedFormula:
    """Return a formula for the cells of an area; `number` tells it from others of its sheet."""
    shared = SharedFormula(formula)
    shared.number, shared.area = number, area
    return shared


class RawBook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter's workbook with what it lacks: a locked structure and the document's language."""

    structure_locked = False

    def __init__(self, target: io.BytesIO, options: dict[str, Any]):
        super().__init__(target, options)
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
            self._twins[key] = twin
        return self._twins[key]

    def make_chart(self, kind: str, subtype: str) -> Any:
        """Return a chart that writes strange letters of its texts in code, as cells do."""
        chart = self.add_chart({"type": kind, "subtype": subtype})
        chart._escape_control_characters = _code_data
        return chart

    def _prepare_sst_string_data(self) -> None:
        """Turn the rows that were laid whole into XML while the book still takes new texts."""
        number = Numbering(
            text=self.str_table._get_shared_string_index,
            style=cache(lambda style: style._get_xf_index()),
            marked=cache(lambda style: self.quoted_twin(style)._get_xf_index()),
        )
        for sheet in self.worksheets():
            sheet.serialise_rows(number)
        super()._prepare_sst_string_data()

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
        self._shared = 0
        self.laid: dict[int, LaidRow] = {}
        self._rows_as_xml: dict[int, str] = {}

    def lay_row(self, row: int, laid: LaidRow) -> int:
        """Take a whole row from column 0 on, to be written in one pass; -1 if it lies outside the sheet."""
        self.laid[row] = laid
        return int(self._check_dimensions(row, max(0, len(laid.values) - 1)))

    def serialise_rows(self, number: Numbering) -> None:
        """Turn the rows laid so far into XML; ValueError if a cell of such a row was written for itself too."""
        twice = [row for row in self.laid if self.table.get(row)]
        if twice:
            raise ValueError(f"row {twice[0] + 1} was laid whole and written cell by cell")
        for row, laid in self.laid.items():
            height = self.row_info[row].height if row in self.row_info else None
            points = None if height in (None, self.original_row_height) else height * 0.75
            self._rows_as_xml[row] = row_to_xml(row, laid, points, number)
        self.laid.clear()

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

    def next_shared(self) -> int:
        """Return the number of the next formula that several cells share."""
        self._shared += 1
        return self._shared - 1

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        if not isinstance(formula, SharedFormula):
            super()._xml_formula_element(formula, result, attributes)
            return
        cell = "".join(f' {key}="{value}"' for key, value in attributes)
        first = f' ref="{formula.area}" si="{formula.number}">{self._escape_data(str(formula))}</f>'
        rest = first if formula.area else f' si="{formula.number}"/>'
        self.fh.write(f'<c{cell}><f t="shared"{rest}<v>{self._escape_data(result)}</v></c>')

    def _write_rows(self) -> None:
        """Write laid rows as they are and leave the stretches between them to XlsxWriter."""
        first, last = self.dim_rowmin, self.dim_rowmax
        start = first
        for row in sorted(self._rows_as_xml):
            self._write_stretch(start, row - 1)
            self.fh.write(self._rows_as_xml.pop(row))
            start = row + 1
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


class _Packager(xlsxwriter.packager.Packager):  # type: ignore[misc]
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
    def _write_si(self, string: str) -> None:
        """Write a text as text, also one that begins with `<r>`, which XlsxWriter would take for markup."""
        kept = string[:1].isspace() or string[-1:].isspace()
        self._xml_si_element(code_letters(string), [("xml:space", "preserve")] if kept else [])


class _Core(xlsxwriter.core.Core):  # type: ignore[misc]
    def _write_dc_description(self) -> None:
        super()._write_dc_description()
        self._xml_data_element("dc:language", self.properties["language"])

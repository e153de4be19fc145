"""Links from each answer to the row of its source file, if that file is in or below the folder of the workbook.

A path that leads out of that folder would disclose a person's folders and fail on other computers. The links have
a column of their own with short texts: LibreOffice shows a link on one line only, and a file name may need more.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xlflow.consolidated.summary_model import SOURCE_COLUMN, SOURCE_LINK_COLUMN
from xlflow.consolidated.writer.sheet_plan import TablePart
from xlflow.consolidated.writer.write_context import WriteContext
from xlflow.excel.cell_address import split_cell_address
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import Location
from xlflow.model.merged import MergedRow
from xlflow.model.table import Table, TableColumn, encode_rows
from xlflow.model.text import ILLEGAL_XML_CHARACTERS, first_free_name, normalize_key, utf16_length

LINK_COLUMN_WIDTH = 9

MAX_LINKED_ROWS = 20_000
"""Rows beyond which none is linked: Excel takes 65,530 links on a sheet, and opens slowly with many."""

MAX_ADDRESS_LENGTH = 900
"""Characters of an address; Excel accepts 2,079."""

MAX_SHEET_NAME = 31
"""Characters of a sheet's name in Excel."""

_FORBIDDEN_IN_SHEET_NAMES = frozenset("[]:*?/\\")
_UNLINKABLE_CHARACTERS = re.compile(rf"[\x00-\x1f\x7f{ILLEGAL_XML_CHARACTERS}]|_x[0-9A-Fa-f]{{4}}_")
"""What XML cannot hold, what it takes for a blank, and what Excel takes for another character."""

FileAddresses = Mapping[str, str]
"""Relative addresses of source files, seen from the folder of the workbook, by their displayed name."""


def add_link_column(
    answers: Table, rows: Sequence[MergedRow], file_addresses: FileAddresses, language: Language
) -> Table:
    """Return the table `answers` with a column of link texts after the sources, if any source can be linked."""
    if len(rows) > MAX_LINKED_ROWS or not any(source_address(row, file_addresses) for row in rows):
        return answers
    column_index = [column.key for column in answers.columns].index(SOURCE_COLUMN) + 1
    used_headings = {normalize_key(column.heading) for column in answers.columns}
    column = TableColumn(
        SOURCE_LINK_COLUMN,
        first_free_name(translate("overview.go_to", language), lambda name: normalize_key(name) in used_headings),
        LINK_COLUMN_WIDTH,
        "link",
    )
    link_text = translate("consolidated.lead", language)
    link_cells = (
        link_text.format(row=_row_digits(_first_source(row))) if source_address(row, file_addresses) else None
        for row in rows
    )
    return replace(
        answers,
        columns=(*answers.columns[:column_index], column, *answers.columns[column_index:]),
        rows=encode_rows(answers.rows, len(answers.columns)).with_column(column_index, link_cells),
    )


def write_source_links(
    table_parts: Sequence[TablePart],
    rows: Sequence[MergedRow],
    file_addresses: FileAddresses,
    context: WriteContext,
) -> None:
    """Turn the texts of the link column, if these parts have it, into links to the first source row of each
    answer."""
    for table_part in table_parts:
        link_columns = [
            index for index, column in enumerate(table_part.table.columns) if column.key == SOURCE_LINK_COLUMN
        ]
        merged_rows = (
            rows[table_part.first_table_row : table_part.first_table_row + len(table_part.table.rows)]
            if link_columns
            else ()
        )
        for row_index, merged_row in enumerate(merged_rows, table_part.heading_row + 1):
            address = source_address(merged_row, file_addresses)
            if address:
                context.sheet.link_file(row_index, link_columns[0], address)


def source_address(merged_row: MergedRow, file_addresses: FileAddresses) -> str:
    """Return the external address of the cell that an answer came from, "" if it cannot be linked."""
    location = _first_source(merged_row)
    address = file_addresses.get(location.file, "")
    if not address or not location.sheet or not _row_digits(location) or len(address) >= MAX_ADDRESS_LENGTH:
        return ""
    if not (_is_linkable_path(address) and _is_linkable_sheet(location.sheet)):
        return ""
    sheet = location.sheet.replace("'", "''")
    return f"external:{address}#'{sheet}'!{location.cell}"


def _is_linkable_path(address: str) -> bool:
    """Return whether a relative path stays one in a link; a colon as in "C:" would lead elsewhere."""
    return len(address) > 1 and ":" not in address and not _UNLINKABLE_CHARACTERS.search(address)


def _is_linkable_sheet(name: str) -> bool:
    """Return whether Excel allows a sheet of this name, and a link can hold it as it is."""
    return utf16_length(name) <= MAX_SHEET_NAME and not (
        set(name) & _FORBIDDEN_IN_SHEET_NAMES or _UNLINKABLE_CHARACTERS.search(name)
    )


def _first_source(merged_row: MergedRow) -> Location:
    return merged_row.sources[0] if merged_row.sources else merged_row.row.location


def _row_digits(location: Location) -> str:
    return split_cell_address(location.cell or "")[1]

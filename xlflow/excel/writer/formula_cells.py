"""Writes formula cells: each with its computed value, and one formula shared by many cells below each other.

Formulas are ours only; nothing that came from a file is ever part of one but as a quoted text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from xlflow.excel.writer.shared_strings import escape_illegal_xml, escape_markup, escape_xlsx_text
from xlflow.model.table import TableCell

MAX_LITERAL_LENGTH = 255
"""Characters between the quotation marks of a text in a formula, counted as they are written there: a quotation
mark within it is written twice, and one outside the basic plane counts as two. Excel refuses longer ones."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula cell: the formula, with or without its =, and its computed value, which programs show until they
    compute it themselves. Never made of anything that came from a file."""

    text: str
    value: TableCell = None


class SharedFormula(str):
    """A formula that several cells below each other have, written out in the first of them only.

    `shared_index` numbers it within its sheet; `cell_range` is its range ("C5:C90") in the first cell, "" in
    others. A str, since XlsxWriter keeps formulas as such and hands them back when it writes the cell.
    """

    shared_index: int
    cell_range: str

    def for_next_cell(self) -> "SharedFormula":
        """Return the same formula for a cell further down."""
        return make_shared_formula("0", self.shared_index, "")

    def removeprefix(self, prefix: str, /) -> "SharedFormula":  # noqa: ARG002
        """Return itself: XlsxWriter removes a leading =, and `str.removeprefix` would return a plain str."""
        return self


def quote_formula_text(text: str) -> str:
    """Return a text as a string literal of a formula; a long one as several literals joined by &."""
    chunks, length = [""], 0
    for character in text:
        written = '""' if character == '"' else character
        units = 2 if character == '"' or character > "\uffff" else 1
        if length + units > MAX_LITERAL_LENGTH:
            chunks.append("")
            length = 0
        chunks[-1] += written
        length += units
    return "&".join(f'"{chunk}"' for chunk in chunks)


def make_shared_formula(formula: str, shared_index: int, cell_range: str) -> SharedFormula:
    """Return a formula (without =) shared by the cells of a range; see `SharedFormula` for the other two."""
    shared = SharedFormula(formula)
    shared.shared_index, shared.cell_range = shared_index, cell_range
    return shared


def repeat_shared_formula(formula: str, shared_index: int, cell_range: str) -> Iterator[SharedFormula]:
    """Yield the formula for the first cell of a range, and then for the other cells without end."""
    first_cell = make_shared_formula(formula, shared_index, cell_range)
    next_cell = first_cell.for_next_cell()
    yield first_cell
    while True:
        yield next_cell


def encode_cached_value(value: TableCell) -> TableCell:
    """Return a computed value as XlsxWriter takes it: text escaped, None as ""."""
    return escape_xlsx_text(value) if isinstance(value, str) else "" if value is None else value


def formula_cell_xml(formula: Formula) -> str:
    """Return the XML of a formula cell from the type of its value on, without the closing tag: its address and
    style are written by others."""
    value = encode_cached_value(formula.value)
    type_attribute = (
        ' t="b"' if isinstance(value, bool) else ' t="str"' if isinstance(value, str) and value else ""
    )
    encoded_value = int(value) if isinstance(value, bool) else value
    return f"{type_attribute}>{formula_and_value_xml(formula.text, encoded_value)}"


def formula_and_value_xml(formula: str, value: object) -> str:
    """Return the `f` and `v` elements of a formula cell; `value` is as `encode_cached_value` returns it."""
    escaped_value = escape_markup(value) if isinstance(value, str) else value
    if not isinstance(formula, SharedFormula):
        return f"{_unshared_formula_xml(formula)}<v>{escaped_value}</v>"
    defining_part = f' ref="{formula.cell_range}" si="{formula.shared_index}">{escape_markup(str(formula))}</f>'
    rest = defining_part if formula.cell_range else f' si="{formula.shared_index}"/>'
    return f'<f t="shared"{rest}<v>{escaped_value}</v>'


@lru_cache(maxsize=1 << 13)
def _unshared_formula_xml(formula: str) -> str:
    """Return the `f` element of a formula. Cached, since the forms of a round have the same formulas."""
    return f"<f>{escape_markup(escape_illegal_xml(formula.removeprefix('=')))}</f>"

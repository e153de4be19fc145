"""Formulas of ours as cells: each with the value that it has, and one for many cells below each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from xlflow.excel.writer.xml_text import escape_illegal_xml, escape_markup, escape_xlsx_text
from xlflow.model.table import TableCell

MAX_LITERAL_LENGTH = 255
"""Characters between the quotation marks of a text in a formula, counted as they are written there: a quotation
mark within it is written twice, and one outside the basic plane counts as two. Excel refuses longer ones."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that is worked out: the formula, and the value that it has. Never made of anything that came in."""

    text: str
    value: TableCell = None


class SharedFormula(str):
    """A formula that stands in several cells below each other, written out in the first of them only."""

    shared_index: int
    cell_range: str

    def for_next_cell(self) -> "SharedFormula":
        """Return the same formula for a cell further down."""
        return make_shared_formula("0", self.shared_index, "")

    def removeprefix(self, prefix: str, /) -> "SharedFormula":  # noqa: ARG002
        """Stay what it is; it has no = before it."""
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
    """Return a formula for the cells of an area; `number` tells it from others of its sheet."""
    shared = SharedFormula(formula)
    shared.shared_index, shared.cell_range = shared_index, cell_range
    return shared


def repeat_shared_formula(formula: str, shared_index: int, cell_range: str) -> Iterator[SharedFormula]:
    """Yield a formula for the first cell of an area, then for as many others as are asked for."""
    first_cell = make_shared_formula(formula, shared_index, cell_range)
    next_cell = first_cell.for_next_cell()
    yield first_cell
    while True:
        yield next_cell


def encode_cached_value(value: TableCell) -> TableCell:
    """Return what a formula came to as it is written beside it."""
    return escape_xlsx_text(value) if isinstance(value, str) else "" if value is None else value


def formula_cell_xml(formula: Formula) -> str:
    """Return what follows a cell's address and style: the kind of its value, and what stands in it."""
    value = encode_cached_value(formula.value)
    type_attribute = (
        ' t="b"' if isinstance(value, bool) else ' t="str"' if isinstance(value, str) and value else ""
    )
    encoded_value = int(value) if isinstance(value, bool) else value
    return f"{type_attribute}>{formula_and_value_xml(formula.text, encoded_value)}"


def formula_and_value_xml(formula: str, value: object) -> str:
    """Return a formula and its value as they stand in a cell."""
    escaped_value = escape_markup(value) if isinstance(value, str) else value
    if not isinstance(formula, SharedFormula):
        return f"{_unshared_formula_xml(formula)}<v>{escaped_value}</v>"
    defining_part = f' ref="{formula.cell_range}" si="{formula.shared_index}">{escape_markup(str(formula))}</f>'
    rest = defining_part if formula.cell_range else f' si="{formula.shared_index}"/>'
    return f'<f t="shared"{rest}<v>{escaped_value}</v>'


@lru_cache(maxsize=1 << 13)
def _unshared_formula_xml(formula: str) -> str:
    """Return a formula between its tags; kept, since the forms of a round have the same."""
    return f"<f>{escape_markup(escape_illegal_xml(formula.removeprefix('=')))}</f>"

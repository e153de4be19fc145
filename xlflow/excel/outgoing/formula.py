"""Formulas of ours as cells: each with the value that it has, and one for many cells below each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from xlflow.core.model import Cell
from xlflow.excel.outgoing.letters import code_illegal, code_letters


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that is worked out: the formula, and the value that it has. Never made of anything that came in."""

    text: str
    value: Cell = None


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


def repeat_formula(formula: str, number: int, area: str) -> Iterator[SharedFormula]:
    """Yield a formula for the first cell of an area, then for as many others as are asked for."""
    whole = share_formula(formula, number, area)
    again = whole.again()
    yield whole
    while True:
        yield again


def cached_value(value: Cell) -> Cell:
    """Return what a formula came to as it is written beside it."""
    return code_letters(value) if isinstance(value, str) else "" if value is None else value


def inner_xml(formula: Formula) -> str:
    """Return what follows a cell's address and style: the kind of its value, and what stands in it."""
    value = cached_value(formula.value)
    kind = ' t="b"' if isinstance(value, bool) else ' t="str"' if isinstance(value, str) and value else ""
    told = int(value) if isinstance(value, bool) else value
    return f"{kind}>{formula_xml(formula.text, told)}"


def formula_xml(formula: str, value: object) -> str:
    """Return a formula and its value as they stand in a cell."""
    shown = escape(value) if isinstance(value, str) else value
    if not isinstance(formula, SharedFormula):
        return f"{_plain_xml(formula)}<v>{shown}</v>"
    first = f' ref="{formula.area}" si="{formula.number}">{escape(str(formula))}</f>'
    rest = first if formula.area else f' si="{formula.number}"/>'
    return f'<f t="shared"{rest}<v>{shown}</v>'


@lru_cache(maxsize=1 << 13)
def _plain_xml(formula: str) -> str:
    """Return a formula between its tags; kept, since the forms of a round have the same."""
    return f"<f>{escape(code_illegal(formula.removeprefix('=')))}</f>"


def escape(text: str) -> str:
    """Return a text as it stands between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

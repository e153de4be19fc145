"""Numbers that follow from others of the same row: how they come about, and when one is beyond a limit.

Worked out here in Decimal; `compute_formula` and `beyond_formula` say the same for a spreadsheet, whose numbers
are rounded to `DECIMALS` so that both come to the same. Blank is never zero: what lacks a number has no result.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext

from xlflow.core.model import Row, Value
from xlflow.core.template import Beyond, Computed, Template

DECIMALS = 6
"""Decimals to which results are rounded: finer than any amount, coarser than the faults of binary numbers."""

_DIGITS, _MOST_DIGITS = 60, 400
"""Digits that a result may need, and a sum; no amount in a spreadsheet has more than 17 or so."""

_FINEST = Decimal(1).scaleb(-DECIMALS)

NumberOf = Callable[[str], Decimal | None]
"""Tells the number in a field of the row at hand, by the field's key."""

CellOf = Callable[[str], str]
"""Tells the address of a field's cell in the row at hand, by the field's key."""


def sum_exactly(numbers: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts as they are written, none of their digits lost."""
    with localcontext(prec=_MOST_DIGITS):
        return sum(numbers, Decimal(0))


def compute(how: Computed, number_of: NumberOf) -> Decimal | None:
    """Return the result, None where a number that it needs is lacking or a part has no whole."""
    numbers = [number for key in (*how.subtract, *how.share) if (number := number_of(key)) is not None]
    if len(numbers) < len(how.subtract) + len(how.share):
        return None
    with localcontext(prec=_DIGITS):
        if how.subtract:
            return _round(numbers[0] - sum(numbers[1:], Decimal(0)))
        return _round(numbers[0] / abs(numbers[1])) if numbers[1] else None


def value_in(row: Row, key: str, template: Template) -> Value | None:
    """Return what a row says in a field, whoever says it: the unit, the plan, or the other fields together."""
    how = template.field(key).computed
    if how:
        return compute(how, lambda name: number_in(row, name, template))
    return row.value(key) if row.answer(key) else row.line.value(key)


def number_in(row: Row, key: str, template: Template) -> Decimal | None:
    """Return the number that a row says in a field, None if it says none."""
    value = value_in(row, key, template)
    return value if isinstance(value, Decimal) else None


def is_beyond(limit: Beyond, number_of: NumberOf) -> bool:
    """Return whether a number is beyond its limit; never where it, or the whole it is held against, is blank."""
    number = number_of(limit.field)
    if number is None:
        return False
    with localcontext(prec=_DIGITS):
        passed = [] if limit.amount is None else [abs(number) > _exact(limit.amount)]
        if limit.share is not None and limit.of is not None:
            whole = number_of(limit.of)
            passed.append(whole is not None and abs(number) > _round(_exact(limit.share) * abs(whole)))
    return all(passed) if limit.both else any(passed)


def compute_formula(how: Computed, cell_of: CellOf) -> str:
    """Return the same as a formula (without its =): a number, or "" where a number that it needs is lacking."""
    cells = [cell_of(key) for key in (*how.subtract, *how.share)]
    known = f"COUNT({','.join(cells)})={len(cells)}"
    if how.subtract:
        return f'IF({known},ROUND({"-".join(cells)},{DECIMALS}),"")'
    part, whole = cells
    return f'IF({known},IF({whole}=0,"",ROUND({part}/ABS({whole}),{DECIMALS})),"")'


def beyond_formula(limit: Beyond, cell_of: CellOf) -> str:
    """Return a formula (without its =) that is TRUE where a number is beyond its limit; never an error."""
    size = f"ABS(N({cell_of(limit.field)}))"
    passed = [] if limit.amount is None else [f"{size}>{_exact(limit.amount)}"]
    if limit.share is not None and limit.of is not None:
        whole = cell_of(limit.of)
        part = f"{size}>ROUND({_exact(limit.share)}*ABS(N({whole})),{DECIMALS})"
        passed.append(f"AND(ISNUMBER({whole}),{part})")
    return f"AND(ISNUMBER({cell_of(limit.field)}),{'AND' if limit.both else 'OR'}({','.join(passed)}))"


def _round(number: Decimal) -> Decimal:
    """Return the number rounded as spreadsheets round, without zeros that say nothing."""
    rounded = number.quantize(_FINEST, ROUND_HALF_UP)
    whole = rounded.to_integral_value()
    return whole if rounded == whole else rounded.normalize()


def _exact(limit: float) -> Decimal:
    """Return a number of a template as people write it: without an exponent or decimals that say nothing."""
    number = Decimal(repr(limit))
    return Decimal(int(number)) if number == int(number) else Decimal(format(number, "f"))

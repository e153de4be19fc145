"""Numbers computed from others of the same row, and when a number is above a threshold.

Computed here in Decimal; `build_computed_formula` and `build_threshold_formula` do the same in a spreadsheet,
whose
numbers are rounded to `RESULT_DECIMALS` so that both agree. Blank is never zero: where an input is missing,
there is
no result.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

from xlflow.model.plan import FieldValue
from xlflow.model.submission import AnswerRow
from xlflow.model.template import Template
from xlflow.model.template_elements import Computation, Field, Threshold

RESULT_DECIMALS = 6
"""Decimals to which results are rounded: finer than any amount, coarser than the faults of binary numbers."""

_RESULT_PRECISION, _SUM_PRECISION = 60, 400
"""Digits that a result may need, and a sum; no amount in a spreadsheet has more than 17 or so."""

_ROUNDING_STEP = Decimal(1).scaleb(-RESULT_DECIMALS)

NumberLookup = Callable[[str], Decimal | None]
"""Field key -> the number in that field of the row, None if it holds none."""

CellAddressLookup = Callable[[str], str]
"""Field key -> the address of that field's cell in the row."""


def sum_exactly(numbers: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts, without rounding; 0 for none."""
    with localcontext(prec=_SUM_PRECISION):
        return sum(numbers, Decimal(0))


def compute_field(computation: Computation, number_of_field: NumberLookup) -> Decimal | None:
    """Return the computed number, None where an input is missing or a share is of zero."""
    numbers = [
        number
        for key in (*computation.subtract, *computation.share)
        if (number := number_of_field(key)) is not None
    ]
    if len(numbers) < len(computation.subtract) + len(computation.share):
        return None
    with localcontext(prec=_RESULT_PRECISION):
        if computation.subtract:
            return _round_half_up(numbers[0] - sum(numbers[1:], Decimal(0)))
        return _round_half_up(numbers[0] / abs(numbers[1])) if numbers[1] else None


def reconciled_fields(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the keys of the amounts that a row must have so that sums of `fields` can be compared: those that
    others are computed from, those that are required, and the plan's. () where no sum is compared with another."""
    computations = [field.computed for field in fields if field.computed]
    inputs = {key for computed in computations for key in (*computed.subtract, *computed.share)}
    keys = tuple(
        field.key
        for field in fields
        if not field.computed and (field.key in inputs or field.filled_by == "plan" or field.required)
    )
    return keys if len(keys) > 1 else ()


def field_value(row: AnswerRow, key: str, template: Template) -> FieldValue | None:
    """Return the value of a field in a row: the unit's answer, the plan's value, or the computed number."""
    computation = template.field(key).computed
    if computation:
        return compute_field(computation, lambda name: field_number(row, name, template))
    return row.value(key) if row.answer(key) else row.item.plan_value(key)


def field_number(row: AnswerRow, key: str, template: Template) -> Decimal | None:
    """Return the value of a field in a row if it is a number, else None."""
    value = field_value(row, key, template)
    return value if isinstance(value, Decimal) else None


def is_above_threshold(threshold: Threshold, number_of_field: NumberLookup) -> bool:
    """Return whether a number is above its threshold; False where it, or the number it is a share of, is blank."""
    number = number_of_field(threshold.field)
    if number is None:
        return False
    with localcontext(prec=_RESULT_PRECISION):
        exceeded = [] if threshold.amount is None else [abs(number) > _threshold_as_decimal(threshold.amount)]
        if threshold.share is not None and threshold.of is not None:
            whole = number_of_field(threshold.of)
            exceeded.append(
                whole is not None
                and abs(number) > _round_half_up(_threshold_as_decimal(threshold.share) * abs(whole))
            )
    return all(exceeded) if threshold.both else any(exceeded)


def fields_above_threshold(template: Template, number_of_field: NumberLookup) -> tuple[Field, ...]:
    """Return the number fields of one plan item that are above a threshold, in the order of the template's
    rules."""
    thresholds = [rule.threshold for rule in template.rules if rule.threshold]
    exceeded = {threshold.field for threshold in thresholds if is_above_threshold(threshold, number_of_field)}
    keys = dict.fromkeys(threshold.field for threshold in thresholds)
    return tuple(template.field(key) for key in keys if key in exceeded)


def build_computed_formula(computation: Computation, cell_of_field: CellAddressLookup) -> str:
    """Return the same as a formula (without its =): a number, or "" where a number that it needs is lacking."""
    cells = [cell_of_field(key) for key in (*computation.subtract, *computation.share)]
    all_numbers_present = f"COUNT({','.join(cells)})={len(cells)}"
    if computation.subtract:
        return f'IF({all_numbers_present},ROUND({"-".join(cells)},{RESULT_DECIMALS}),"")'
    part, whole = cells
    return f'IF({all_numbers_present},IF({whole}=0,"",ROUND({part}/ABS({whole}),{RESULT_DECIMALS})),"")'


def build_threshold_formula(threshold: Threshold, cell_of_field: CellAddressLookup) -> str:
    """Return a formula (without its =) that is TRUE where a number is above its threshold; never an error."""
    absolute = f"ABS(N({cell_of_field(threshold.field)}))"
    exceeded_tests = [] if threshold.amount is None else [f"{absolute}>{_threshold_as_decimal(threshold.amount)}"]
    if threshold.share is not None and threshold.of is not None:
        whole = cell_of_field(threshold.of)
        above_share = (
            f"{absolute}>ROUND({_threshold_as_decimal(threshold.share)}*ABS(N({whole})),{RESULT_DECIMALS})"
        )
        exceeded_tests.append(f"AND(ISNUMBER({whole}),{above_share})")
    return (
        f"AND(ISNUMBER({cell_of_field(threshold.field)}),{'AND' if threshold.both else 'OR'}"
        f"({','.join(exceeded_tests)}))"
    )


def _round_half_up(number: Decimal) -> Decimal:
    """Return the number rounded half up, as spreadsheets do, without trailing zeros."""
    rounded = number.quantize(_ROUNDING_STEP, ROUND_HALF_UP)
    whole = rounded.to_integral_value()
    return whole if rounded == whole else rounded.normalize()


def _threshold_as_decimal(threshold: float) -> Decimal:
    """Return a number of a template as Decimal, without an exponent or trailing zeros."""
    number = Decimal(repr(threshold))
    return Decimal(int(number)) if number == int(number) else Decimal(format(number, "f"))

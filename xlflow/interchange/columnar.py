"""Tables as Parquet, where pyarrow is installed (`pip install xlflow[parquet]`). The only door to pyarrow.

Amounts are decimals there, exact to the last digit. Texts are as they were written, since nothing in such a file
can become a formula.
"""

import io
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from importlib.util import find_spec
from typing import Any

from xlflow.interchange.typed import TypedColumn, TypedTable

DECIMAL_PRECISION = 38
"""Digits that a decimal of Parquet may have."""

MIN_DECIMALS, MAX_DECIMALS = 2, 14
"""Decimals of an amount: as many as one of its column has, within these."""


def can_write_parquet() -> bool:
    """Return whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def encode_parquet(table: TypedTable) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow  # noqa: PLC0415  (not everybody has it)
    from pyarrow import parquet  # noqa: PLC0415

    arrays = [_column_to_array(column, pyarrow) for column in table.columns]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays, names=[column.heading for column in table.columns]), stream)
    return stream.getvalue()


def _column_to_array(column: TypedColumn, arrow: Any) -> Any:
    if column.type == "number":
        decimals = min(MAX_DECIMALS, max([MIN_DECIMALS, *map(_count_decimals, column.values)]))
        step = Decimal(1).scaleb(-decimals)
        with localcontext(prec=DECIMAL_PRECISION):
            values = [
                value.quantize(step, ROUND_HALF_EVEN) if isinstance(value, Decimal) else None
                for value in column.values
            ]
        return arrow.array(values, arrow.decimal128(DECIMAL_PRECISION, decimals))
    if column.type == "integer":
        return arrow.array([int(v) if isinstance(v, Decimal) else None for v in column.values], arrow.int64())
    return arrow.array(column.values, arrow.date32() if column.type == "date" else arrow.string())


def _count_decimals(value: object) -> int:
    """Return how many decimals a number needs; zeros at its end say nothing."""
    return len(format(value, "f").partition(".")[2].rstrip("0")) if isinstance(value, Decimal) else 0

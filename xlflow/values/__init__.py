"""Raw cell <-> typed value, for every type of field. The only door to dateutil.

Both languages are understood everywhere, whatever the form's language; what is shown keeps to one. Nothing
is guessed: what can be read in two ways is not read, and a code says so. `parse_value` reads back what
`format_value` shows. A finding made of a code has `cell_text(raw)` as value, `ParseResult.severity` as severity
and
the params `field` (the field's label) and `accepted` (`describe_accepted`).
"""

from xlflow.values.cell_values import ParseResult, cell_text
from xlflow.values.deadlines import format_deadline, parse_deadline, parse_full_date, quarter_of, quarters_from
from xlflow.values.numbers import format_number

__all__ = [
    "ParseResult",
    "cell_text",
    "format_deadline",
    "format_number",
    "parse_deadline",
    "parse_full_date",
    "quarter_of",
    "quarters_from",
]

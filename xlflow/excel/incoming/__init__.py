"""Opens what somebody sent and trusts nothing; the one door to calamine.

A file ends here as a `Book` (plain values) or as a `Finding` that says what it is and what its sender should
do; never as an exception. Nothing in a file is run, followed or copied: macros, links and objects are not read.
"""

from xlflow.excel.incoming.book import (
    LIMITS,
    Book,
    ErrorValue,
    Evidence,
    Limits,
    Raw,
    Sheet,
    UncountedFormula,
    cell_name,
)
from xlflow.excel.incoming.bundle import Packed, open_bundle
from xlflow.excel.incoming.gate import digest_source, is_there, open_book, open_lightly, refuse

__all__ = [
    "LIMITS",
    "Book",
    "ErrorValue",
    "Evidence",
    "Limits",
    "Packed",
    "Raw",
    "Sheet",
    "UncountedFormula",
    "cell_name",
    "digest_source",
    "is_there",
    "open_book",
    "open_bundle",
    "open_lightly",
    "refuse",
]

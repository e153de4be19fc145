"""Opens what somebody sent and trusts nothing; the one door to calamine.

A file ends here as a `Book` (plain values) or as a `Finding` that says what it is and what its sender should
do; never as an exception. Nothing in a file is run, followed or copied: macros, links and objects are not read.
"""

from xlflow.excel.incoming.book import (
    DEFAULT_LIMITS,
    ErrorValue,
    Limits,
    RawCellValue,
    SheetData,
    SheetMetadata,
    UncachedFormula,
    WorkbookData,
    format_cell_address,
)
from xlflow.excel.incoming.bundle import ZippedFile, open_zip_archive
from xlflow.excel.incoming.gate import digest_source, open_in_process, open_workbook, path_exists, refusal_finding

__all__ = [
    "DEFAULT_LIMITS",
    "WorkbookData",
    "ErrorValue",
    "SheetMetadata",
    "Limits",
    "ZippedFile",
    "RawCellValue",
    "SheetData",
    "UncachedFormula",
    "format_cell_address",
    "digest_source",
    "path_exists",
    "open_workbook",
    "open_zip_archive",
    "open_in_process",
    "refusal_finding",
]

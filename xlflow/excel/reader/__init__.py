"""Opens what somebody sent and trusts nothing; the one door to calamine and openpyxl.

A file ends here as a `Book` (plain values) or as a `Finding` that says what it is and what its sender should
do; never as an exception. Nothing in a file is run, followed or copied: macros, links and objects are not read.
"""

from xlflow.excel.reader.open_file import (
    ZippedFile,
    digest_source,
    open_in_process,
    open_workbook,
    open_zip_archive,
    path_exists,
    refusal_finding,
)
from xlflow.excel.reader.plan_openpyxl import open_plan_workbook
from xlflow.excel.reader.workbook_data import (
    DEFAULT_LIMITS,
    CellRange,
    ErrorValue,
    ExcelTable,
    Limits,
    SheetData,
    SheetMetadata,
    StruckOutText,
    UncachedFormula,
    WorkbookData,
)

__all__ = [
    "DEFAULT_LIMITS",
    "CellRange",
    "ErrorValue",
    "ExcelTable",
    "Limits",
    "SheetData",
    "SheetMetadata",
    "StruckOutText",
    "UncachedFormula",
    "WorkbookData",
    "ZippedFile",
    "digest_source",
    "open_in_process",
    "open_plan_workbook",
    "open_workbook",
    "open_zip_archive",
    "path_exists",
    "refusal_finding",
]

"""Opens files that somebody sent and trusts nothing in them; the only package that imports calamine,
openpyxl and olefile.

A file becomes a `WorkbookData` (plain values) or a `Finding` that says what it is and what its sender should do;
never an exception. Nothing in a file is run, followed or copied: macros, links and objects are not read.

The way of a file: `open_file` (order of the checks, `limits`) -> `file_type` (kind by content) -> `safe_zip` and
`workbook_package` (parts of a zip package) or `ole_container` (streams of an .xls) -> `choose_reader` -> one of
calamine after `xlsx_prescan`, `xlsx_xml`, `ods`, `xls`, `xlsb`, `csv_table` -> `workbook_data`. The
plan goes through `plan_openpyxl`, which sees more of a sheet's formatting. `package_seal` tells a workbook of ours
that nobody has saved since, without reading it.
"""

from xlflow.excel.reader.limits import DEFAULT_LIMITS, Limits
from xlflow.excel.reader.open_file import (
    ZippedFile,
    digest_source,
    is_provably_small,
    open_in_process,
    open_workbook,
    open_zip_archive,
    path_exists,
    read_stable_bytes,
    refusal_finding,
)
from xlflow.excel.reader.package_seal import is_as_written
from xlflow.excel.reader.plan_openpyxl import open_plan_workbook
from xlflow.excel.reader.workbook_data import (
    ErrorValue,
    ExcelTable,
    PictureValue,
    SheetData,
    SheetMetadata,
    StruckOutText,
    UncachedFormula,
    WorkbookData,
)

__all__ = [
    "DEFAULT_LIMITS",
    "ErrorValue",
    "ExcelTable",
    "Limits",
    "PictureValue",
    "SheetData",
    "SheetMetadata",
    "StruckOutText",
    "UncachedFormula",
    "WorkbookData",
    "ZippedFile",
    "digest_source",
    "is_as_written",
    "is_provably_small",
    "open_in_process",
    "open_plan_workbook",
    "open_workbook",
    "open_zip_archive",
    "path_exists",
    "read_stable_bytes",
    "refusal_finding",
]

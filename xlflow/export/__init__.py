"""The tables of the consolidated workbook as a data package: for Power BI and whatever else reads no workbook.

One CSV file per table, one Parquet file beside it where that can be written, and `datapackage.json`, which says
what every column is. `build_export_files` works out the files, `save_package` writes them, `stage_package`
together with other files.
"""

from xlflow.export.datapackage import (
    DESCRIPTOR_FILE,
    ExportFile,
    build_export_files,
    list_package_files,
    refuse_foreign_files,
    save_package,
    stage_package,
)
from xlflow.export.table_files import unescape_formula_text

__all__ = [
    "DESCRIPTOR_FILE",
    "ExportFile",
    "build_export_files",
    "list_package_files",
    "refuse_foreign_files",
    "save_package",
    "stage_package",
    "unescape_formula_text",
]

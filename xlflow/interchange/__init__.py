"""The tables of the consolidated workbook as a data package: for Power BI and whatever else reads no workbook.

One CSV file per table, one Parquet file beside it where that can be written, and `datapackage.json`, which says
what every column is. `make_parts` works out the files, `save_package` writes them.
"""

from xlflow.interchange.describe import DESCRIPTOR_FILE
from xlflow.interchange.package import ExportFile, build_export_files
from xlflow.interchange.plain import unescape_formula_text
from xlflow.interchange.saving import list_package_files, refuse_foreign_files, save_package

__all__ = [
    "DESCRIPTOR_FILE",
    "ExportFile",
    "list_package_files",
    "build_export_files",
    "refuse_foreign_files",
    "save_package",
    "unescape_formula_text",
]

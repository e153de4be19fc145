"""The tables of the consolidated workbook as a data package: for Power BI and whatever else reads no workbook.

One CSV file per table, one Parquet file beside it where that can be written, and `datapackage.json`, which says
what every column is. `make_parts` works out the files, `save_package` writes them.
"""

from xlflow.interchange.describe import DESCRIPTOR
from xlflow.interchange.package import Part, make_parts
from xlflow.interchange.plain import unguard_text
from xlflow.interchange.saving import list_package, refuse_foreign, save_package

__all__ = ["DESCRIPTOR", "Part", "list_package", "make_parts", "refuse_foreign", "save_package", "unguard_text"]

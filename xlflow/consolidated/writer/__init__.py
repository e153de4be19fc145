"""The tables and figures of a round -> the consolidated workbook, as the bytes of one .xlsx file.

The order of the sheets, how each is set up and printed, and which words stand out. What stands in them was
decided by `build_consolidated_content`; here nothing is worked out, and no file is touched.
"""

from xlflow.consolidated.writer.consolidated_workbook import KIND_PROPERTY

__all__ = [
    "KIND_PROPERTY",
]

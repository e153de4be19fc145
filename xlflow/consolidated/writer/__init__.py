"""`ConsolidatedContent` -> the consolidated workbook as the bytes of one .xlsx file.

Decides the order of the sheets, layout, print set-up, formulas and highlights. Computes nothing: values come from
`consolidated.tables`. Touches no file.
"""

from xlflow.consolidated.writer.consolidated_workbook import CONTENT_PROPERTY, KIND_PROPERTY

__all__ = [
    "CONTENT_PROPERTY",
    "KIND_PROPERTY",
]

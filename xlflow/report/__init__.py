"""The report for the board: `RoundStatus` -> one document model -> .docx, .pdf or .html.

`compose` decides what the report says; the three writers only draw it. Reads no workbook and writes no file.
"""

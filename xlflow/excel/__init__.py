"""The two doors to spreadsheet files: `reader` opens what somebody sent, `writer` writes what xlflow makes.

`conventions` has what both agree on, `header_detection` finds a table by its headings on a sheet that people made.
"""

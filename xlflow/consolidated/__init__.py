"""The consolidated workbook: one contract in three rooms that change together.

`summary_model` holds the values they share: tables, the figures counted in them, and the keys of columns. `tables`
builds these values from the merged answers, `writer` writes them as a workbook, and `reader` reads that workbook
back for the report, the next round and the history. A column that one room adds, the others must know.
"""

"""The floor of plain XlsxWriter: as many rows of 20 columns as the forms have, texts only, no style. Prints the
seconds."""

import sys
import time
from pathlib import Path

import xlsxwriter
from material import COMMENTS, ROWS, STATUSES

rows = ROWS * len(list(Path(sys.argv[1]).glob("*.xlsx")))
start = time.perf_counter()
with xlsxwriter.Workbook(sys.argv[2], {"in_memory": True}) as workbook:
    sheet = workbook.add_worksheet("Svar")
    for row in range(rows):
        sheet.write_string(row, 0, f"Enhet {row // ROWS:04}")
        for column in range(1, 18):
            sheet.write_string(row, column, f"Uppgift {column} {row % 60}")
        sheet.write_string(row, 18, STATUSES[row % 7])
        sheet.write_string(row, 19, COMMENTS[row % 4])
print(time.perf_counter() - start)

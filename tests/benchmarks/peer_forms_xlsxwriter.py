"""What a user would write with XlsxWriter: a form per unit of the plan, with a list to choose the status from."""

import sys
from collections import defaultdict
from pathlib import Path

import xlsxwriter
from openpyxl import load_workbook

plan, folder = map(Path, sys.argv[1:])
heading, *rows = load_workbook(plan, read_only=True)["Plan"].iter_rows(values_only=True)
units = defaultdict(list)
for row in rows:
    units[row[heading.index("Enhet")]].append(row)
folder.mkdir(exist_ok=True)
for unit, lines in units.items():
    with xlsxwriter.Workbook(folder / f"{unit}.xlsx") as workbook:
        sheet = workbook.add_worksheet("Uppföljning")
        bold, wrapped = (
            workbook.add_format({"bold": True}),
            workbook.add_format({"text_wrap": True, "valign": "top"}),
        )
        sheet.write_row(0, 0, [*heading, "Status", "Ny tidpunkt", "Kommentar"], bold)
        for number, line in enumerate(lines, 1):
            sheet.write_row(number, 0, line, wrapped)
        column = len(heading)
        choices = {"validate": "list", "source": ["Genomfört", "Pågående", "Kvarstår", "Förskjuts", "Utgår"]}
        sheet.data_validation(1, column, len(lines), column, choices)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, column + 2, 20)

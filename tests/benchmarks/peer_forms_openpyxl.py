"""What a user would write with openpyxl: one form per unit of the plan, with a list to choose the status from."""

import sys
from collections import defaultdict
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

plan, folder = map(Path, sys.argv[1:])
heading, *rows = load_workbook(plan, read_only=True)["Plan"].iter_rows(values_only=True)
units = defaultdict(list)
for row in rows:
    units[row[heading.index("Enhet")]].append(row)
folder.mkdir(exist_ok=True)
for unit, lines in units.items():
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Uppföljning"
    for row in ([*heading, "Status", "Ny tidpunkt", "Kommentar"], *lines):
        sheet.append(row)
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    letter = get_column_letter(len(heading) + 1)
    choices = DataValidation("list", formula1='"Genomfört,Pågående,Kvarstår,Förskjuts,Utgår"')
    choices.add(f"{letter}2:{letter}{len(lines) + 1}")
    sheet.add_data_validation(choices)
    sheet.freeze_panes = "A2"
    workbook.save(folder / f"{unit}.xlsx")

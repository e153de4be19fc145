"""What a user would write with openpyxl: copy every row of every form into one sheet, count statuses."""

import sys
from collections import Counter
from pathlib import Path

from openpyxl import Workbook, load_workbook

folder, target = map(Path, sys.argv[1:])
workbook = Workbook(write_only=True)
answers, summary, counts = workbook.create_sheet("Svar"), workbook.create_sheet("Sammanfattning"), Counter()
for number, path in enumerate(sorted(folder.glob("*.xlsx"))):
    sheet = load_workbook(path, read_only=True, data_only=True)["Uppföljning"]
    rows = sheet.iter_rows(min_row=4, values_only=True)
    heading = next(rows)
    if number == 0:
        answers.append(["Enhet", *heading])
    status, activity = heading.index("Status"), heading.index("Aktivitet")
    for row in rows:
        if row[activity]:
            answers.append([path.stem, *row])
            counts[(row[1], row[status])] += 1
for (perspective, status_text), count in counts.items():
    summary.append([perspective, status_text, count])
workbook.save(target)

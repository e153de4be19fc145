"""The floor of reading: every sheet of every form through calamine, nothing done with it. Prints the seconds."""

import sys
import time
from pathlib import Path

from python_calamine import CalamineWorkbook

start = time.perf_counter()
for path in sorted(Path(sys.argv[1]).glob("*.xlsx")):
    workbook = CalamineWorkbook.from_path(str(path))
    for name in workbook.sheet_names:
        workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
print(time.perf_counter() - start)

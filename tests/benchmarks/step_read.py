"""Prints the seconds that gate, reading and checking take, form after form in one process, nothing kept.

As in a worker, garbage is looked for between batches only (`runtime/process_pool.py`), within the time that is
printed.
"""

import gc
import sys
import time
from pathlib import Path

from xlflow.check.form_checks import check_submission
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.read.build_submission import read_form

BATCH = 20
paths = sorted(Path(sys.argv[1]).glob("*.xlsx"))


def read_and_check(path: Path) -> None:
    workbook = open_workbook(path, path.name)
    assert isinstance(workbook, WorkbookData)
    form = read_form(
        workbook, ReceivedFile(path.name, workbook.digest, workbook.size, workbook.last_saved, FileState.ACCEPTED)
    )
    assert isinstance(form, Submission)
    check_submission(form)


read_and_check(paths[0])
gc.freeze()
gc.disable()
start = time.perf_counter()
for number, path in enumerate(paths):
    read_and_check(path)
    if number % BATCH == BATCH - 1:
        gc.collect()
print(time.perf_counter() - start)

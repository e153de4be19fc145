"""Prints the seconds from merged answers to the consolidated workbook on disk; read and checked before."""

import sys
import time
from pathlib import Path

from xlflow import check_forms
from xlflow.summarise import summarise
from xlflow.write import write_consolidated

folder, target = map(Path, sys.argv[1:])
run = check_forms([folder])
assert run.merged is not None
start = time.perf_counter()
target.write_bytes(write_consolidated(summarise(run.merged, run.findings), run.merged))
print(time.perf_counter() - start)

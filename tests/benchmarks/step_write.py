"""Prints the seconds from merged answers to the consolidated workbook on disk; read and checked before."""

import sys
import time
from pathlib import Path

from xlflow import check_forms
from xlflow.summarise import build_consolidated_content
from xlflow.write import render_consolidated

folder, target = map(Path, sys.argv[1:])
run = check_forms([folder])
assert run.merged is not None
start = time.perf_counter()
target.write_bytes(render_consolidated(build_consolidated_content(run.merged, run.findings), run.merged))
print(time.perf_counter() - start)

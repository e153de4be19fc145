"""Prints the seconds from merged answers to the consolidated workbook on disk; read and checked before."""

import sys
import time
from pathlib import Path

from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.pipeline.form_operations import check_forms

folder, target = map(Path, sys.argv[1:])
run = check_forms([folder])
assert run.merged is not None
start = time.perf_counter()
target.write_bytes(render_consolidated(build_consolidated_content(run.merged, run.findings), run.merged))
print(time.perf_counter() - start)

"""Consolidated workbook -> what it says: every line with its status, time and comment, who was asked and answered.

The one reader of what `write` has written, for the report, the next round and the history. Reads an opened
workbook; touches no disk.
"""

from xlflow.recall.order import check_missing_content
from xlflow.recall.snapshot import CONSOLIDATED_LIMITS, build_snapshot, check_round_order, read_snapshot
from xlflow.recall.source import read_round_status, resolve_unit_name

__all__ = [
    "CONSOLIDATED_LIMITS",
    "check_round_order",
    "check_missing_content",
    "resolve_unit_name",
    "read_round_status",
    "read_snapshot",
    "build_snapshot",
]

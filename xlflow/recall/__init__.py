"""Consolidated workbook -> what it says: every line with its status, time and comment, who was asked and answered.

The one reader of what `write` has written, for the report, the next round and the history. Reads an opened
workbook; touches no disk.
"""

from xlflow.recall.order import find_lost
from xlflow.recall.snapshot import LIMITS, doubt_order, recall_snapshot, take_snapshot
from xlflow.recall.source import find_unit, read_followed

__all__ = ["LIMITS", "doubt_order", "find_lost", "find_unit", "read_followed", "recall_snapshot", "take_snapshot"]

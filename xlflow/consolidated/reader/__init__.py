"""Consolidated workbook -> `RoundStatus`: every plan item with status, deadline and comment, and who has answered.

The only reader of what `consolidated.writer` wrote, for the report, the next round and the history. Takes an
opened workbook; touches no disk.
"""

from xlflow.consolidated.reader.manual_changes import (
    check_added_content,
    has_fingerprints,
    read_changed_cells,
    read_listed_conflicts,
)
from xlflow.consolidated.reader.round_reader import read_round_status, resolve_unit_name
from xlflow.consolidated.reader.snapshot import (
    CONSOLIDATED_LIMITS,
    build_snapshot,
    check_round_order,
    read_snapshot,
)
from xlflow.consolidated.reader.workbook_integrity import check_missing_content

__all__ = [
    "CONSOLIDATED_LIMITS",
    "build_snapshot",
    "check_added_content",
    "check_missing_content",
    "check_round_order",
    "has_fingerprints",
    "read_changed_cells",
    "read_listed_conflicts",
    "read_round_status",
    "read_snapshot",
    "resolve_unit_name",
]

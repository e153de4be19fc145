"""Work done in processes of their own, since it may crash, hang or take all memory: that costs one item, not all.

A worker that dies or is late is replaced, and only the item that it was at is lost. Knows nothing of workbooks.
"""

from xlflow.workers.team import (
    PoolUnavailableError,
    TaskFailure,
    TaskLimits,
    map_in_processes,
    max_items_without_pool,
)

__all__ = ["TaskLimits", "TaskFailure", "PoolUnavailableError", "map_in_processes", "max_items_without_pool"]

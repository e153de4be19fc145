"""xlflow: collect answers from many units in Excel, without losing one.

As a library the same as on the command line: `generate_forms`, `check_forms`, `merge_forms` and `write_report`
take paths and return a `RunResult`; `FatalError` is raised where there is no way on. They are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlflow.core.findings import FatalError, Finding
    from xlflow.core.model import RunResult
    from xlflow.pipeline import check_forms, generate_forms, merge_forms, write_report

__all__ = ["Finding", "RunResult", "FatalError", "check_forms", "generate_forms", "merge_forms", "write_report"]

_HOMES = {
    "Finding": "xlflow.core.findings",
    "FatalError": "xlflow.core.findings",
    "RunResult": "xlflow.core.model",
    "check_forms": "xlflow.pipeline",
    "generate_forms": "xlflow.pipeline",
    "merge_forms": "xlflow.pipeline",
    "write_report": "xlflow.pipeline",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'xlflow' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

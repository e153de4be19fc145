"""xlflow: collect answers from many units in Excel, without losing one.

As a library the same as on the command line: `generate_forms`, `check_forms`, `merge_forms` and `write_report`
take paths and return a `RunResult`; `FatalError` is raised where there is no way on. They are loaded when first
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlflow.model.findings import FatalError, Finding
    from xlflow.model.merged import RunResult
    from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms
    from xlflow.pipeline.report_operations import write_report

__all__ = ["FatalError", "Finding", "RunResult", "check_forms", "generate_forms", "merge_forms", "write_report"]

_MODULES = {
    "Finding": "xlflow.model.findings",
    "FatalError": "xlflow.model.findings",
    "RunResult": "xlflow.model.merged",
    "check_forms": "xlflow.pipeline.form_operations",
    "generate_forms": "xlflow.pipeline.form_operations",
    "merge_forms": "xlflow.pipeline.form_operations",
    "write_report": "xlflow.pipeline.report_operations",
}
"""Where each public name is defined."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'xlflow' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)

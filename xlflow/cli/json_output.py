"""A run as JSON of a fixed shape for other programs: one finding per cell, all keys always present, in fixed
order.
"""

import json
from collections.abc import Mapping
from typing import Any

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding, message_of, remedy_of, sort_findings
from xlflow.model.merged import RunResult
from xlflow.model.submission import FileState


def result_to_json(result: RunResult) -> str:
    """Return the run as JSON in plain ASCII, which no console on the way can damage."""
    return json.dumps(result_to_values(result), indent=2)


def result_to_values(result: RunResult) -> Mapping[str, Any]:
    """Return the contents of the JSON as plain values."""
    merged = result.merged
    accounts = merged.accounts if merged else None
    files = accounts.files if accounts else {}
    return {
        "units": {
            "asked": len(merged.answered_units) + len(merged.missing_units) if merged else len(result.units),
            "answered": len(merged.units_with_answers) if merged else 0,
            "missing": list(merged.units_without_answers) if merged else [],
        },
        "files": {
            "found": accounts.files_found if accounts else 0,
            **{state.value: files.get(state, 0) for state in FileState},
        },
        "rows": {
            "found": accounts.rows_found if accounts else 0,
            "merged": accounts.rows_merged if accounts else 0,
            "set_aside": accounts.rows_set_aside if accounts else 0,
            "unanswered": accounts.rows_unanswered if accounts else 0,
        },
        "findings": [finding_to_values(finding, result.language) for finding in sort_findings(result.findings)],
        "output": str(result.output_path) if result.output_path else None,
    }


def finding_to_values(finding: Finding, language: Language) -> Mapping[str, str | None]:
    """Return a finding as plain values, its message and remedy in the language asked for."""
    return {
        "code": finding.code,
        "severity": finding.effective_severity.value,
        "rule": finding.rule,
        "file": finding.location.file or None,
        "sheet": finding.location.sheet,
        "cell": finding.location.cell,
        "unit": finding.unit,
        "row_id": finding.row_id,
        "field": finding.field,
        "value": finding.value,
        "message": message_of(finding, language),
        "remedy": remedy_of(finding, language),
        "suggestion": finding.suggestion,
    }

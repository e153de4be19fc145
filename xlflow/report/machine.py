"""A run as JSON of a fixed shape, for other programs: one finding per cell, keys always the same and in order."""

import json
from collections.abc import Mapping
from typing import Any

from xlflow.core.findings import Finding, message_of, remedy_of, sort_findings
from xlflow.core.model import Run, State
from xlflow.core.words import Language


def run_to_json(run: Run) -> str:
    """Return the run as JSON in plain ASCII, which no console on the way can damage."""
    return json.dumps(run_to_values(run), indent=2)


def run_to_values(run: Run) -> Mapping[str, Any]:
    """Return what stands in the JSON, as plain values."""
    merged = run.merged
    accounts = merged.accounts if merged else None
    files = accounts.files if accounts else {}
    return {
        "units": {
            "asked": len(merged.answered) + len(merged.missing) if merged else len(run.units),
            "answered": len(merged.answered) if merged else 0,
            "missing": list(merged.missing) if merged else [],
        },
        "files": {
            "found": accounts.files_found if accounts else 0,
            **{state.value: files.get(state, 0) for state in State},
        },
        "rows": {
            "found": accounts.rows_found if accounts else 0,
            "merged": accounts.rows_merged if accounts else 0,
            "set_aside": accounts.rows_set_aside if accounts else 0,
            "unanswered": accounts.rows_unanswered if accounts else 0,
        },
        "findings": [finding_to_values(found, run.language) for found in sort_findings(run.findings)],
        "output": str(run.output) if run.output else None,
    }


def finding_to_values(found: Finding, language: Language) -> Mapping[str, str | None]:
    """Return a finding as plain values, its message and remedy in the language asked for."""
    return {
        "code": found.code,
        "severity": found.weight.value,
        "rule": found.rule,
        "file": found.place.file or None,
        "sheet": found.place.sheet,
        "cell": found.place.cell,
        "unit": found.unit,
        "row_id": found.row_id,
        "field": found.field,
        "value": found.value,
        "message": message_of(found, language),
        "remedy": remedy_of(found, language),
        "suggestion": found.suggestion,
    }

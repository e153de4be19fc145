"""Forms and consolidated workbooks written before version 0.2.0, whose hidden sheets use other names.

Only names differ, so that what is read is renamed and then read as usual; nothing is written this way. This is the
only module that knows the old names, but for the calculation sheet that reading skips (`excel.conventions`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

ROUND_SHEET_NAME = "xlflow-round"
"""Name of the consolidated workbook's very hidden sheet."""

CALC_ROW_KINDS = ("words", "live")
"""What the first row of a form's calculation sheet begins with."""

RECORD_KINDS: Mapping[str, str] = MappingProxyType(
    {"line": "item", "own": "added", "listed": "sheet_fingerprint", "since": "compared_to", "order": "item_order"}
)
"""Kinds of records, old -> new."""

_TEMPLATE_KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rules": MappingProxyType(
            {
                "passed": "date_passed",
                "beyond": "threshold",
                "no_worse_part": "children_not_worse",
                "filled": "when_filled",
                "blank": "when_blank",
            }
        ),
        "options": MappingProxyType({"settled": "final", "left_out": "excluded_from_rollup"}),
    }
)
"""Keys of a template's rules and of the options of its choices, old -> new."""


def rename_record_kind(kind: str) -> str:
    """Return what a record of this kind is called now; others keep their name."""
    return RECORD_KINDS.get(kind, kind)


def rename_template_keys(template: Any) -> Any:
    """Return the decoded definition of a template with today's keys; what is no table is returned as it is."""
    if not isinstance(template, dict):
        return template
    choices = [
        {**choice, "options": _rename_keys(choice.get("options"), "options")}
        if isinstance(choice, dict)
        else choice
        for choice in template.get("choices") or ()
    ]
    rules = _rename_keys(template.get("rules"), "rules")
    return {**template, **({"rules": rules} if rules else {}), **({"choices": choices} if choices else {})}


def _rename_keys(entries: Any, part: str) -> Any:
    if not isinstance(entries, list):
        return entries
    names = _TEMPLATE_KEYS[part]
    return [
        {names.get(key, key): value for key, value in entry.items()} if isinstance(entry, dict) else entry
        for entry in entries
    ]

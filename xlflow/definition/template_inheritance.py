"""How a template that `extends` another is merged into it, so that one round needs ten lines and no program.

Both are plain values as TOML gives them; neither is changed. The rule:

- Name, version and title are the template's own. Everything else is inherited unless it is given anew.
- Lists of tables go by key: levels, fields and choices by `key`, options by `code`, rules by `name`, summaries
  by `by` and `of`. An entry with a known key changes only the values it gives; one with a new key is added
  last, or where `after = "key"` or `before = "key"` says. A known entry with one of these is moved.
- `aliases` are added to those that are there. A text given in one language keeps the other.
- `drop = ["fields.comment", "choices.status.postponed"]` takes entries out before anything is added.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from xlflow.model.template_elements import KRONOR_IN_UNIT, dicts_in, threshold_amount
from xlflow.model.template_references import KeyPath, TemplateFault

TemplateData = Mapping[str, Any]
"""A template, or a table within one, as TOML gives it: any shape, not checked."""

ENTRY_KEYS: Mapping[str, tuple[str, ...]] = {
    "levels": ("key",),
    "fields": ("key",),
    "choices": ("key",),
    "options": ("code",),
    "rules": ("name",),
    "summaries": ("by", "of"),
}
"""The lists of tables in a template, and what names an entry in each."""

NOT_INHERITED_KEYS = ("name", "version", "title")
POSITION_KEYS = ("after", "before")


def extend_template(
    base: TemplateData, extension: TemplateData
) -> tuple[dict[str, Any], tuple[TemplateFault, ...]]:
    """Return `base` with the changes of `extension`, and what in `extension` refers to nothing in `base`.

    Both are plain TOML values; neither is changed.
    """
    inherited = {key: value for key, value in base.items() if key not in NOT_INHERITED_KEYS}
    drops = extension.get("drop", ())
    paths = [path for path in drops if isinstance(path, str)] if isinstance(drops, list) else []
    reduced_base, unknown_drops = _drop_entries(inherited, paths)
    additions = {key: value for key, value in extension.items() if key not in ("extends", "drop")}
    return _merge_table(reduced_base, additions), (*unknown_drops, *_check_positions(reduced_base, additions, ()))


def entry_name(entry: object, list_name: str) -> str | None:
    """Return what identifies an entry in a list such as "fields": its key ("status"), or "by.of" of a summary.

    None if the entry is no table or lacks that key.
    """
    if not isinstance(entry, dict) or list_name not in ENTRY_KEYS:
        return None
    parts = [entry.get(key) for key in ENTRY_KEYS[list_name]]
    return ".".join(parts) if all(isinstance(part, str) for part in parts) else None  # type: ignore[arg-type]


def strip_inheritance_keys(data: TemplateData) -> dict[str, Any]:
    """Return the data without the keys that only steer the merging: `extends`, `drop`, `after` and `before`."""
    stripped = {key: value for key, value in data.items() if key not in ("extends", "drop")}
    for list_name in _entry_list_names(stripped):
        stripped[list_name] = [_strip_position_keys(entry) for entry in stripped[list_name]]
    return stripped


def _entry_list_names(table: TemplateData) -> list[str]:
    """Return the names of the lists of named entries in a table."""
    return [list_name for list_name in ENTRY_KEYS if isinstance(table.get(list_name), list)]


def _strip_position_keys(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return strip_inheritance_keys({key: value for key, value in entry.items() if key not in POSITION_KEYS})


def _merge_table(base: TemplateData, extension: TemplateData) -> dict[str, Any]:
    merged = dict(base)
    for key, value in extension.items():
        base_value = base.get(key)
        if key in ENTRY_KEYS and isinstance(value, list):
            merged[key] = _merge_entries(base_value if isinstance(base_value, list) else [], value, key)
        elif key == "aliases" and isinstance(base_value, list) and isinstance(value, list):
            merged[key] = base_value + [alias for alias in value if alias not in base_value]
        elif isinstance(base_value, dict) and isinstance(value, dict):
            merged[key] = {**base_value, **value}
        else:
            merged[key] = value
    return merged


def _merge_entries(base: list[Any], extension: list[Any], list_name: str) -> list[Any]:
    """Merge entries into those of the same name; those without a name are left out and reported elsewhere."""
    entries = list(base)
    for entry in extension:
        name = entry_name(entry, list_name)
        if name is None:
            continue
        values = {key: value for key, value in entry.items() if key not in POSITION_KEYS}
        index = _find_entry_index(entries, name, list_name)
        merged = _merge_table(entries[index] if index is not None else {}, values)
        insert_at = _insertion_index(entries, entry, list_name)
        if index is None:
            entries.insert(len(entries) if insert_at is None else insert_at, merged)
        elif insert_at is None:
            entries[index] = merged
        else:
            del entries[index]
            entries.insert(insert_at - (index < insert_at), merged)
    return entries


def _insertion_index(entries: Sequence[object], entry: TemplateData, list_name: str) -> int | None:
    """Return the index before which an entry is to be inserted; None if it has no position, or an unknown one."""
    for position_key, shift in (("after", 1), ("before", 0)):
        index = _find_entry_index(entries, entry.get(position_key), list_name)
        if index is not None:
            return index + shift
    return None


def _find_entry_index(entries: Sequence[object], name: object, list_name: str) -> int | None:
    return next(
        (index for index, entry in enumerate(entries) if name and entry_name(entry, list_name) == name), None
    )


def _drop_entries(base: dict[str, Any], paths: list[str]) -> tuple[dict[str, Any], tuple[TemplateFault, ...]]:
    known_paths = set(_droppable_paths(base))
    unknown_drops = tuple(
        TemplateFault("template-unknown-reference", ("drop", index), path, tuple(sorted(known_paths)))
        for index, path in enumerate(paths)
        if path not in known_paths
    )
    return _remove_entries(base, "", frozenset(paths)), unknown_drops


def _droppable_paths(table: TemplateData, prefix: str = "") -> Iterator[str]:
    """Return "choices.status.postponed" and the like for everything that can be dropped."""
    for list_name in _entry_list_names(table):
        for entry in table[list_name]:
            path = f"{prefix}{'' if list_name == 'options' else list_name + '.'}{entry_name(entry, list_name)}"
            yield path
            yield from _droppable_paths(entry, f"{path}.")


def _remove_entries(table: TemplateData, prefix: str, paths: frozenset[str]) -> dict[str, Any]:
    remaining = dict(table)
    for list_name in _entry_list_names(remaining):
        path_prefix = f"{prefix}{'' if list_name == 'options' else list_name + '.'}"
        path_entries = [(f"{path_prefix}{entry_name(entry, list_name)}", entry) for entry in remaining[list_name]]
        remaining[list_name] = [
            _remove_entries(entry, f"{path}.", paths) for path, entry in path_entries if path not in paths
        ]
    return remaining


def _check_positions(base: TemplateData, extension: TemplateData, path: KeyPath) -> Iterator[TemplateFault]:
    """Return every `after` and `before` that names an entry which is not there."""
    for list_name in _entry_list_names(extension):
        base_value, extension_entries = base.get(list_name), extension[list_name]
        base_entries = base_value if isinstance(base_value, list) else []
        names = tuple(
            dict.fromkeys(
                name for entry in [*base_entries, *extension_entries] if (name := entry_name(entry, list_name))
            )
        )
        for index, entry in enumerate(extension_entries):
            if not isinstance(entry, dict):
                continue
            for position_key in POSITION_KEYS:
                if position_key in entry and entry[position_key] not in names:
                    yield TemplateFault(
                        "template-unknown-reference",
                        (*path, list_name, index, position_key),
                        str(entry[position_key]),
                        names,
                    )
            base_index = _find_entry_index(base_entries, entry_name(entry, list_name), list_name)
            yield from _check_positions(
                base_entries[base_index] if base_index is not None else {}, entry, (*path, list_name, index)
            )


# Amounts in another unit -----------------------------------------------------------------------------------


def convert_inherited_limits(merged: dict[str, Any], base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a template that extends `base`, with the thresholds that it does not state itself in
    `own` converted into its own unit of amounts."""
    base_unit, own_unit, rules = base.get("amount_unit"), merged.get("amount_unit"), merged.get("rules")
    if base_unit == own_unit or not isinstance(rules, list):
        return merged
    if not all(isinstance(unit, str) and unit in KRONOR_IN_UNIT for unit in (base_unit, own_unit)):
        return merged
    factor = Decimal(KRONOR_IN_UNIT[str(base_unit)]) / KRONOR_IN_UNIT[str(own_unit)]
    own_names = [rule.get("name") for rule in dicts_in(own.get("rules")) if "threshold" in rule]
    return merged | {
        "rules": [
            _convert_threshold(rule, factor)
            if isinstance(rule, dict) and rule.get("name") not in own_names
            else rule
            for rule in rules
        ]
    }


def _convert_threshold(rule: dict[str, Any], factor: Decimal) -> dict[str, Any]:
    amount = threshold_amount(rule)
    return rule if amount is None else rule | {"threshold": rule["threshold"] | {"amount": float(amount * factor)}}

"""How a template that `extends` another is laid over it, so that one round needs ten lines and no program.

Both are plain values as TOML gives them; neither is changed. The rule:

- Name, version and title are the template's own. Everything else is taken over unless it is given anew.
- Lists of tables go by key: levels, fields and choices by `key`, options by `code`, rules by `name`, summaries
  by `by` and `of`. An entry with a known key changes only the values it gives; one with a new key is added
  last, or where `after = "key"` or `before = "key"` says. A known entry that says so is moved.
- `aliases` are added to those that are there. A text given in one language keeps the other.
- `drop = ["fields.comment", "choices.status.postponed"]` takes entries out before anything is added.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlflow.core.loose_ends import Data, LooseEnd, Path

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "levels": ("key",),
    "fields": ("key",),
    "choices": ("key",),
    "options": ("code",),
    "rules": ("name",),
    "summaries": ("by", "of"),
}
"""The lists of tables in a template, and what names an entry in each."""

OWN = ("name", "version", "title")
PLACING = ("after", "before")


def lay_over(base: Data, own: Data) -> tuple[dict[str, Any], tuple[LooseEnd, ...]]:
    """Return `own` laid over `base`, and what in `own` refers to nothing in `base`."""
    kept = {key: value for key, value in base.items() if key not in OWN}
    drops = own.get("drop", ())
    paths = [path for path in drops if isinstance(path, str)] if isinstance(drops, list) else []
    wholes, dropped = _drop(kept, paths)
    rest = {key: value for key, value in own.items() if key not in ("extends", "drop")}
    return _merge_table(wholes, rest), (*dropped, *_misplaced(wholes, rest, ()))


def name_of(entry: object, kind: str) -> str | None:
    """Return what names an entry of the list `kind` ("status"), None if it lacks that."""
    if not isinstance(entry, dict) or kind not in NAMED_BY:
        return None
    parts = [entry.get(key) for key in NAMED_BY[kind]]
    return ".".join(parts) if all(isinstance(part, str) for part in parts) else None  # type: ignore[arg-type]


def strip_placing(data: Data) -> dict[str, Any]:
    """Return the same values without what only steers the laying over."""
    stripped = {key: value for key, value in data.items() if key not in ("extends", "drop")}
    for kind in _lists(stripped):
        stripped[kind] = [_strip_entry(entry) for entry in stripped[kind]]
    return stripped


def _lists(table: Data) -> list[str]:
    """Return the names of the lists of named entries in a table."""
    return [kind for kind in NAMED_BY if isinstance(table.get(kind), list)]


def _strip_entry(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return strip_placing({key: value for key, value in entry.items() if key not in PLACING})


def _merge_table(base: Data, own: Data) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        before = base.get(key)
        if key in NAMED_BY and isinstance(value, list):
            merged[key] = _merge_list(before if isinstance(before, list) else [], value, key)
        elif key == "aliases" and isinstance(before, list) and isinstance(value, list):
            merged[key] = before + [alias for alias in value if alias not in before]
        elif isinstance(before, dict) and isinstance(value, dict):
            merged[key] = {**before, **value}
        else:
            merged[key] = value
    return merged


def _merge_list(base: list[Any], own: list[Any], kind: str) -> list[Any]:
    """Lay entries over entries; those without a name are left out, for their shape is reported elsewhere."""
    entries = list(base)
    for entry in own:
        name = name_of(entry, kind)
        if name is None:
            continue
        values = {key: value for key, value in entry.items() if key not in PLACING}
        index = _index(entries, name, kind)
        merged = _merge_table(entries[index] if index is not None else {}, values)
        neighbour = _neighbour(entries, entry, kind)
        if index is None:
            entries.insert(len(entries) if neighbour is None else neighbour, merged)
        elif neighbour is None:
            entries[index] = merged
        else:
            del entries[index]
            entries.insert(neighbour - (index < neighbour), merged)
    return entries


def _neighbour(entries: Sequence[object], entry: Data, kind: str) -> int | None:
    """Return the index before which an entry wants to stand, None if it does not say or says it wrongly."""
    for word, shift in (("after", 1), ("before", 0)):
        index = _index(entries, entry.get(word), kind)
        if index is not None:
            return index + shift
    return None


def _index(entries: Sequence[object], name: object, kind: str) -> int | None:
    return next((index for index, entry in enumerate(entries) if name and name_of(entry, kind) == name), None)


def _drop(base: dict[str, Any], paths: list[str]) -> tuple[dict[str, Any], tuple[LooseEnd, ...]]:
    known = set(_named_paths(base))
    ends = tuple(
        LooseEnd("template-loose-end", ("drop", index), path, tuple(sorted(known)))
        for index, path in enumerate(paths)
        if path not in known
    )
    return _without(base, "", frozenset(paths)), ends


def _named_paths(table: Data, prefix: str = "") -> Iterator[str]:
    """Return "choices.status.postponed" and the like for everything that can be dropped."""
    for kind in _lists(table):
        for entry in table[kind]:
            path = f"{prefix}{'' if kind == 'options' else kind + '.'}{name_of(entry, kind)}"
            yield path
            yield from _named_paths(entry, f"{path}.")


def _without(table: Data, prefix: str, paths: frozenset[str]) -> dict[str, Any]:
    kept = dict(table)
    for kind in _lists(kept):
        start = f"{prefix}{'' if kind == 'options' else kind + '.'}"
        named = [(f"{start}{name_of(entry, kind)}", entry) for entry in kept[kind]]
        kept[kind] = [_without(entry, f"{path}.", paths) for path, entry in named if path not in paths]
    return kept


def _misplaced(base: Data, own: Data, path: Path) -> Iterator[LooseEnd]:
    """Return every `after` and `before` that names an entry which is not there."""
    for kind in _lists(own):
        before, given = base.get(kind), own[kind]
        there = before if isinstance(before, list) else []
        names = tuple(dict.fromkeys(name for entry in [*there, *given] if (name := name_of(entry, kind))))
        for index, entry in enumerate(given):
            if not isinstance(entry, dict):
                continue
            for word in PLACING:
                if word in entry and entry[word] not in names:
                    yield LooseEnd("template-loose-end", (*path, kind, index, word), str(entry[word]), names)
            same = _index(there, name_of(entry, kind), kind)
            yield from _misplaced(there[same] if same is not None else {}, entry, (*path, kind, index))

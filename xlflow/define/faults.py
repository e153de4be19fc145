"""Says what is wrong in a template in words that somebody who edits a TOML file can act on.

Takes what pydantic and `core.loose_ends` found and gives each its path ("fields[2].choices"), what is accepted
there and the nearest right word. Decides nothing about what is right.
"""

import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xlflow.core.findings import Finding, Place, find
from xlflow.core.loose_ends import Data, LooseEnd, Path, find_loose_ends
from xlflow.core.template import Template
from xlflow.core.words import Text, say_both
from xlflow.define.extends import NAMED_BY, OWN, name_of, strip_placing

WANTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "float_type": "number",
    "float_parsing": "number",
    "bool_type": "true_false",
    "bool_parsing": "true_false",
    "tuple_type": "list",
    "model_type": "table",
    "model_attributes_type": "table",
    "dict_type": "table",
}
"""What pydantic calls a fault of type -> the word in `words.toml` for what belongs there."""

PATTERNS: Mapping[str, str] = {
    "_]*$": "key_pattern",
    "-]*$": "name_pattern",
    "{6}$": "colour_pattern",
    "{}]*$": "count_pattern",
}
"""How the pattern that a text fails to match ends -> the word for it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a template comes from: its file, the whole of it, and what its own file says of the whole."""

    file: str
    whole: Data
    own: Data


def find_faults(data: Data, file: str) -> tuple[Finding, ...]:
    """Return every fault of a template that stands alone."""
    errors = _shape_errors(data)
    ends = _without_echoes(find_loose_ends(data), errors)
    source = Source(file, data, data)
    return (*_say_errors(errors, source), *(say_end(end, source) for end in ends))


def find_own_faults(own: Data, file: str) -> tuple[Finding, ...]:
    """Return what is wrong in a template that extends another, as far as it shows without the other."""
    stripped = strip_placing(own)
    errors = [error for error in _shape_errors(stripped) if error["type"] != "missing" or _is_own(error["loc"])]
    source = Source(file, stripped, stripped)
    return (*_say_errors(errors, source), *_find_wrong_steering(own, source))


def find_merged_faults(merged: Data, own: Data, file: str) -> tuple[Finding, ...]:
    """Return what is missing or loose once a template is laid over the other; paths are those of its own file."""
    errors = _shape_errors(merged)
    missing = [error for error in errors if error["type"] == "missing" and not _is_own(error["loc"])]
    ends = _without_echoes(find_loose_ends(merged), errors)
    source = Source(file, merged, own)
    return (*_say_errors(missing, source), *(say_end(end, source) for end in ends))


def say_end(end: LooseEnd, source: Source) -> Finding:
    """Return the finding for a loose end."""
    wanted = say_both(end.wanted) if end.wanted else _listed(end.accepted)
    return _tell(source, Fault(end.code, end.path, end.value, end.accepted, wanted))


def show_path(path: Path, source: Source) -> str:
    """Return "fields[2].choices"; an entry that only the extended template has goes by its key."""
    shown, here, there, kind = "", source.whole, source.own, ""
    for step in path:
        if isinstance(step, int):
            entry = _step(here, step)
            shown += f"[{_own_index(entry, there, kind, step, same=here is there)}]"
            there = _named_entry(there, name_of(entry, kind), kind) if here is not there else entry
            here = entry
        else:
            shown += f".{step}" if shown else step
            here, there, kind = _step(here, step), _step(there, step), step
    return shown


def nearest(word: str, accepted: Iterable[str]) -> str | None:
    """Return the accepted word that comes nearest, None if none is near."""
    by_fold = {each.casefold(): each for each in accepted}
    found = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def _shape_errors(data: Data) -> list[ErrorDetails]:
    try:
        Template.model_validate(data)
    except ValidationError as fault:
        return [error for error in fault.errors(include_url=False) if error["type"] != "value_error"]
    return []


def _is_own(path: Path) -> bool:
    """Whether a template that extends another must give this value itself: its name, or the key of an entry."""
    kind = path[-3] if len(path) > 2 and isinstance(path[-2], int) else None
    return path in [(key,) for key in OWN] or path[-1] in NAMED_BY.get(str(kind), ())


def _find_wrong_steering(own: Data, source: Source) -> Iterator[Finding]:
    """`drop` is a list of texts; anything else would pass unseen, for no model knows it."""
    drop = own.get("drop", [])
    if not isinstance(drop, list) or not all(isinstance(path, str) for path in drop):
        yield say_end(LooseEnd("template-wrong-value", ("drop",), str(drop), wanted="template.drop"), source)


def _without_echoes(ends: Sequence[LooseEnd], errors: Sequence[ErrorDetails]) -> list[LooseEnd]:
    """Leave out what is wrong in a place of which pydantic has already said so."""
    told = {error["loc"] for error in errors}
    return [end for end in ends if not any(end.path[: len(loc)] == loc for loc in told)]


def _say_errors(errors: Iterable[ErrorDetails], source: Source) -> Iterator[Finding]:
    told = [_tell(source, _explain(error)) for error in errors]
    misspelt = {_beside(finding) for finding in told if finding.code == "template-unknown-key"}
    return (each for each in told if each.code != "template-missing-key" or each.field not in misspelt)


def _beside(finding: Finding) -> str:
    """Return the path that an unknown key would have if it were written as suggested."""
    head, dot, _ = (finding.field or "").rpartition(".")
    return f"{head}{dot}{finding.suggestion}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a template, whoever found it."""

    code: str
    path: Path
    value: str
    choose_from: tuple[str, ...]
    wanted: Text


def _explain(error: ErrorDetails) -> Fault:
    kind, path, last = error["type"], error["loc"], str(error["loc"][-1])
    if kind == "extra_forbidden":
        accepted = (*_model_at(path[:-1]).model_fields, *(() if path[:-1] else ("extends", "drop")))
        return Fault("template-unknown-key", path, last, accepted, _listed(accepted))
    if kind == "missing":
        return Fault("template-missing-key", path, last, (), _listed(()))
    context = error.get("ctx", {})
    if kind == "literal_error":
        accepted = tuple(re.findall(r"'([^']*)'", str(context.get("expected"))))
        return Fault("template-wrong-value", path, str(error["input"]), accepted, _listed(accepted))
    word = WANTED.get(kind, "other")
    for ending, name in PATTERNS.items() if kind == "string_pattern_mismatch" else ():
        word = name if str(context.get("pattern")).endswith(ending) else word
    return Fault("template-wrong-value", path, str(error["input"]), (), say_both(f"template.{word}"))


def _tell(source: Source, fault: Fault) -> Finding:
    shown, name = show_path(fault.path, source), _entry_name(fault.path, source.whole)
    missing = fault.code in ("template-missing-key", "template-twice")
    near = None if missing else nearest(fault.value, fault.choose_from)
    where = f"{shown} ({name})" if name else shown
    words: dict[str, str | int | Text] = {"where": where, "accepted": fault.wanted}
    return find(fault.code, Place(source.file), field=shown, value=fault.value, suggestion=near, words=words)


def _listed(accepted: Iterable[str]) -> Text:
    listed = ", ".join(accepted)
    return Text(sv=listed, en=listed) if listed else say_both("template.nothing")


def _model_at(path: Path) -> type[BaseModel]:
    """Return the model that describes a place of a template."""
    model: Any = Template
    for step in path:
        if isinstance(step, str) and isinstance(model, type) and issubclass(model, BaseModel):
            model = _inner(model.model_fields[step].annotation)
    return typing.cast("type[BaseModel]", model)


def _inner(annotation: Any) -> Any:
    """Return the model inside `tuple[Model, ...]` or `Model | None`."""
    arguments = [argument for argument in typing.get_args(annotation) if argument not in (types.NoneType, ...)]
    return _inner(arguments[0]) if arguments else annotation


def _entry_name(path: Path, whole: Data) -> str | None:
    """Return the key of the innermost entry that a path goes through."""
    here: Any = whole
    name, kind = None, ""
    for step in path:
        here = _step(here, step)
        if isinstance(step, int):
            name = name_of(here, kind) or name
        else:
            kind = step
    return name


def _step(here: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return here[step] if isinstance(here, list | tuple) and step < len(here) else None
    return here.get(step) if isinstance(here, dict) else None


def _own_index(entry: Any, there: Any, kind: str, step: int, *, same: bool) -> str:
    name = name_of(entry, kind)
    if same or name is None:
        return str(step)
    found = [index for index, own in enumerate(there or ()) if name_of(own, kind) == name]
    return str(found[0]) if found else name


def _named_entry(entries: Any, name: str | None, kind: str) -> Any:
    return next((entry for entry in entries or () if name_of(entry, kind) == name), None)

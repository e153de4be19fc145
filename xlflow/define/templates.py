"""Finds a template by name or path, reads it, resolves `extends`, and refuses it with all its faults at once."""

import re
import tomllib
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.shipped import TEMPLATES, find_shipped, load_shipped_toml
from xlflow.core.template import Template
from xlflow.core.words import Text
from xlflow.define.extends import lay_over
from xlflow.define.faults import (
    Source,
    find_faults,
    find_merged_faults,
    find_own_faults,
    nearest,
    say_end,
)


def load_template(name_or_path: str) -> Template:
    """Return a shipped template by its name, or one's own by its path.

    Raises `Stop` with every fault of the file, each with its path and the nearest right word.
    """
    data, findings = _resolve(_locate(name_or_path, Path()), ())
    if findings:
        raise Stop(*findings)
    return Template.model_validate(data)


def list_templates() -> tuple[Template, ...]:
    """Return the shipped templates, by name."""
    return tuple(load_template(name) for name in shipped_names())


@cache
def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped templates; words and messages lie beside them and have no levels."""
    files = (file.name for file in find_shipped(TEMPLATES).iterdir() if file.name.endswith(".toml"))
    templates = (name for name in files if {"levels", "extends"} & load_shipped_toml(name).keys())
    return tuple(sorted(name.removesuffix(".toml") for name in templates))


File = Traversable | Path
Words = dict[str, str | int | Text]


def _locate(name_or_path: str, folder: Path) -> File:
    """Return the file meant by a shipped name, or by a path relative to a folder; `Stop` if there is none."""
    if name_or_path in shipped_names():
        return find_shipped(TEMPLATES) / f"{name_or_path}.toml"
    for path in (folder / name_or_path, folder / f"{name_or_path}.toml"):
        if path.is_file():
            return path
    beside = {path.name for path in (folder / name_or_path).parent.glob("*.toml")}
    stem = Path(name_or_path).name.removesuffix(".toml")
    near = nearest(stem, shipped_names()) or nearest(f"{stem}.toml", sorted(beside))
    words: Words = {"accepted": ", ".join(shipped_names())}
    raise Stop(find("template-not-found", Place(name_or_path), value=name_or_path, suggestion=near, words=words))


def _resolve(source: File, seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return a template as plain values with `extends` resolved, and every fault found on the way."""
    file = source.name if seen or not isinstance(source, Path) else str(source)
    own, findings = _read(source, file)
    if findings:
        return {}, findings
    if "extends" not in own:
        return own, find_faults(own, file)
    own_faults = find_own_faults(own, file)
    base, base_faults = _resolve_base(own["extends"], source, file, (*seen, _identify(source)))
    if base_faults:
        return {}, (*own_faults, *base_faults)
    merged, ends = lay_over(base, own)
    loose = tuple(say_end(end, Source(file, own, own)) for end in ends)
    return merged, (*own_faults, *loose, *find_merged_faults(merged, own, file))


def _resolve_base(
    name: object, source: File, file: str, seen: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    if not isinstance(name, str):
        words: Words = {"where": "extends", "accepted": ", ".join(shipped_names())}
        fault = find("template-wrong-value", Place(file), field="extends", value=str(name), words=words)
        return {}, (fault,)
    try:
        base = _locate(name, source.parent if isinstance(source, Path) else Path())
    except Stop as stop:
        return {}, stop.findings
    if _identify(base) in seen:
        way = " → ".join(Path(each).name for each in (*seen, _identify(base)))
        return {}, (find("template-circle", Place(file), field="extends", value=way),)
    return _resolve(base, seen)


def _identify(source: File) -> str:
    return str(source.resolve() if isinstance(source, Path) else source)


def _read(source: File, file: str) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    try:
        text = source.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text.replace("\r\n", "\n")), ()
    except tomllib.TOMLDecodeError as fault:
        return {}, (_say_syntax(text, str(fault), file),)
    except UnicodeDecodeError as fault:
        line = source.read_bytes()[: fault.start].count(b"\n") + 1
        return {}, (find("template-not-utf8", Place(file), words={"line": line}),)
    except OSError as fault:
        return {}, (find("template-unreadable", Place(file), value=fault.strerror or str(fault)),)


def _say_syntax(text: str, message: str, file: str) -> Finding:
    """Return the finding for a text that is no TOML, with the line where reading stopped."""
    number = re.search(r"at line (\d+)", message)
    lines = text.splitlines()
    line = int(number[1]) if number else len(lines)
    return find(
        "template-not-toml",
        Place(file),
        value=lines[line - 1].strip() if 0 < line <= len(lines) else "",
        words={"line": line, "reason": message},
    )

"""Finds a template by name or path, reads it, resolves `extends`, and refuses it with all its faults at once."""

import re
import tomllib
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from xlflow.definition.template_errors import (
    TemplateSource,
    check_extended_template,
    check_extension,
    check_template,
    make_fault_finding,
    most_similar_word,
)
from xlflow.definition.template_inheritance import convert_inherited_limits, extend_template
from xlflow.model.findings import FatalError, Finding, Location, MessageParam, make_finding
from xlflow.model.template import Template
from xlflow.model.template_elements import fill_in_amount_unit
from xlflow.runtime.resources import TEMPLATES_DIR, load_resource_toml, resource_dir

_MAX_SHOWN = 200
"""Characters of a line that a message shows."""

_MAX_FILE_BYTES, _MAX_KEY_DEPTH = 1_000_000, 50
"""Bytes of a template file, and parts of a dotted key, beyond which it is none; those that are shipped have 25,000
bytes and 3 parts."""


def load_template(name_or_path: str) -> Template:
    """Return a shipped template by its name ("followup"), or another by its path, with or without ".toml".

    Raises `FatalError` with every fault of the file, each with its path and the closest accepted word.
    """
    data, findings = _resolve_template(_find_template_file(name_or_path, Path()), ())
    if findings:
        raise FatalError(*findings)
    return Template.model_validate(data)


def load_shipped_templates() -> tuple[Template, ...]:
    """Return the shipped templates, in the order of their names."""
    return tuple(load_template(name) for name in shipped_template_names())


@cache
def shipped_template_names() -> tuple[str, ...]:
    """Return the names of the shipped templates; words and messages lie beside them and have no levels."""
    files = (file.name for file in resource_dir(TEMPLATES_DIR).iterdir() if file.name.endswith(".toml"))
    templates = (name for name in files if {"levels", "extends"} & load_resource_toml(name).keys())
    return tuple(sorted(name.removesuffix(".toml") for name in templates))


TemplateFile = Traversable | Path


def _find_template_file(name_or_path: str, folder: Path) -> TemplateFile:
    """Return the file meant by a shipped name, or by a path relative to a folder; `FatalError` if there is
    none."""
    if name_or_path in shipped_template_names():
        return resource_dir(TEMPLATES_DIR) / f"{name_or_path}.toml"
    for path in (folder / name_or_path, folder / f"{name_or_path}.toml"):
        if path.is_file():
            return path
    sibling_names = {path.name for path in (folder / name_or_path).parent.glob("*.toml")}
    stem = Path(name_or_path).name.removesuffix(".toml")
    suggestion = most_similar_word(stem, shipped_template_names()) or most_similar_word(
        f"{stem}.toml", sorted(sibling_names)
    )
    params: dict[str, MessageParam] = {"accepted": ", ".join(shipped_template_names())}
    raise FatalError(
        make_finding(
            "template-not-found", Location(name_or_path), value=name_or_path, suggestion=suggestion, params=params
        )
    )


def _resolve_template(source: TemplateFile, seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return a template as plain values with `extends` resolved, and every fault found on the way."""
    file = source.name if seen or not isinstance(source, Path) else str(source)
    own_data, findings = _read_toml(source, file)
    if findings:
        return {}, findings
    if "extends" not in own_data:
        return own_data, check_template(fill_in_amount_unit(own_data), file)
    own_findings = check_extension(own_data, file)
    base, base_findings = _resolve_base_template(
        own_data["extends"], source, file, (*seen, _file_identity(source))
    )
    if base_findings:
        return {}, (*own_findings, *base_findings)
    merged, template_faults = extend_template(base, own_data)
    merged = convert_inherited_limits(merged, base, own_data)
    fault_findings = tuple(
        make_fault_finding(template_fault, TemplateSource(file, own_data, own_data))
        for template_fault in template_faults
    )
    return merged, (
        *own_findings,
        *fault_findings,
        *check_extended_template(fill_in_amount_unit(merged), own_data, file),
    )


def _resolve_base_template(
    name: object, source: TemplateFile, file: str, seen: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    if not isinstance(name, str):
        params: dict[str, MessageParam] = {"where": "extends", "accepted": ", ".join(shipped_template_names())}
        finding = make_finding(
            "template-wrong-value", Location(file), field="extends", value=str(name), params=params
        )
        return {}, (finding,)
    try:
        base_file = _find_template_file(name, source.parent if isinstance(source, Path) else Path())
    except FatalError as error:
        return {}, error.findings
    if _file_identity(base_file) in seen:
        cycle = " → ".join(Path(each).name for each in (*seen, _file_identity(base_file)))
        return {}, (make_finding("template-circle", Location(file), field="extends", value=cycle),)
    return _resolve_template(base_file, seen)


def _file_identity(source: TemplateFile) -> str:
    return str(source.resolve() if isinstance(source, Path) else source)


def _read_toml(source: TemplateFile, file: str) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the values of a template file, or the finding that says why it cannot be read. Bounded in size, since
    whoever names a file may have named the wrong one."""
    try:
        content = _read_limited(source)
        if content is None:
            params: dict[str, MessageParam] = {"kilobytes": _MAX_FILE_BYTES // 1000}
            return {}, (make_finding("template-too-large", Location(file), params=params),)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line_number = content[: fault.start].count(b"\n") + 1 if content else 1
        return {}, (make_finding("template-not-utf8", Location(file), params={"line": line_number}),)
    except OSError as fault:
        return {}, (make_finding("template-unreadable", Location(file), value=fault.strerror or str(fault)),)
    return _parse_toml(text.replace("\r\n", "\n"), file)


def _read_limited(source: TemplateFile) -> bytes | None:
    """Return the bytes of a file, None if there are more than a template can have, or if it is no file."""
    if isinstance(source, Path) and not source.is_file():
        return None
    with source.open("rb") as stream:
        content = stream.read(_MAX_FILE_BYTES + 1)
    return content if len(content) <= _MAX_FILE_BYTES else None


def _parse_toml(text: str, file: str) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    if deep_line := _find_deep_key(text):
        message = f"a key of more than {_MAX_KEY_DEPTH} parts (at line {deep_line})"
        return {}, (_syntax_error_finding(text, message, file),)
    try:
        return tomllib.loads(text), ()
    except RecursionError:
        return {}, (_syntax_error_finding(text, "too many brackets within each other", file),)
    except (
        ValueError
    ) as fault:  # TOMLDecodeError, and what Python itself refuses, such as a number of 5,000 digits
        return {}, (_syntax_error_finding(text, str(fault), file),)


def _find_deep_key(text: str) -> int | None:
    """Return the number of the first line with a dotted key of more parts than any template has, None if there is
    none. The parser takes time and memory with the square of their number."""
    if text.count(".") <= _MAX_KEY_DEPTH:
        return None
    for number, line in enumerate(text.split("\n"), 1):
        depth = 0
        for part in line.split(".") if line.count(".") > _MAX_KEY_DEPTH else ():
            depth = depth + 1 if part.strip(" \t\"'[]{},").replace("-", "_").isidentifier() else 0
            if depth > _MAX_KEY_DEPTH:
                return number
    return None


def _syntax_error_finding(text: str, message: str, file: str) -> Finding:
    """Return the finding for a text that is no TOML, with the line where reading stopped."""
    line_match = re.search(r"at line ([0-9]{1,9})", message)
    lines = text.splitlines()
    line_number = int(line_match[1]) if line_match else len(lines)
    return make_finding(
        "template-not-toml",
        Location(file),
        value=lines[line_number - 1].strip()[:_MAX_SHOWN] if 0 < line_number <= len(lines) else "",
        params={"line": line_number, "reason": message},
    )

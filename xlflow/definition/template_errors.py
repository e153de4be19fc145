"""Describes what is wrong in a template in words that the author of a TOML file can act on.

Takes what pydantic and `model.template_checks` found and gives each its path ("fields[2].choices"), what is
accepted there and the closest accepted word. Decides nothing about what is right.
"""

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from xlflow.definition.template_inheritance import (
    ENTRY_KEYS,
    NOT_INHERITED_KEYS,
    TemplateData,
    entry_name,
    strip_inheritance_keys,
)
from xlflow.definition.template_shape import model_in, validate_template
from xlflow.i18n.catalogue import LocalizedText, translate_all
from xlflow.model.findings import Finding, Location, MessageParam, make_finding
from xlflow.model.template import Template
from xlflow.model.template_references import KeyPath, TemplateFault
from xlflow.model.text import find_closest_value

EXPECTED_TYPE_WORDS: Mapping[str, str] = {
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
    "too_long": "within_limits",
    "string_too_long": "within_limits",
    "greater_than_equal": "within_limits",
    "less_than_equal": "within_limits",
    "finite_number": "number",
}
"""Pydantic's type of an error -> the key in `words.toml` (below "template.") of what is expected there."""

PATTERN_WORDS: Mapping[str, str] = {
    "_]*$": "key_pattern",
    "-]*$": "name_pattern",
    "{6}$": "colour_pattern",
    "{}]*$": "count_pattern",
}
"""The end of the pattern that a text fails to match -> the key in `words.toml` of what the pattern asks for."""

KEY_SYNONYMS: Mapping[str, str] = {
    "beyond": "threshold",
    "passed": "date_passed",
    "filled": "when_filled",
    "blank": "when_blank",
    "no_worse_part": "children_not_worse",
    "left_out": "excluded_from_rollup",
    "settled": "final",
}
"""Words that authors of templates try for a key and that are not spelt like it -> the key."""


_MAX_VALUE_LENGTH = 1_000
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """Where a template comes from: its file, its data with `extends` resolved, and the data of its own file."""

    file: str
    merged_data: TemplateData
    own_data: TemplateData


def check_template(data: TemplateData, file: str) -> tuple[Finding, ...]:
    """Return every fault of a template that does not extend another. `file` is for locations."""
    errors, template_faults = validate_template(data)
    source = TemplateSource(file, data, data)
    return (
        *_make_error_findings(errors, source),
        *(make_fault_finding(template_fault, source) for template_fault in template_faults),
    )


def check_extension(own_data: TemplateData, file: str) -> tuple[Finding, ...]:
    """Return what is wrong in a template that extends another, as far as its own data show it."""
    stripped = strip_inheritance_keys(own_data)
    errors = [
        error
        for error in validate_template(stripped)[0]
        if error["type"] != "missing" or _is_required_in_extension(error["loc"])
    ]
    source = TemplateSource(file, stripped, stripped)
    return (*_make_error_findings(errors, source), *_check_drop_list(own_data, source))


def check_extended_template(merged_data: TemplateData, own_data: TemplateData, file: str) -> tuple[Finding, ...]:
    """Return what is missing, or refers to nothing, once a template has been merged into the other.

    Paths are those of its own file (see `format_key_path`).
    """
    errors, template_faults = validate_template(merged_data)
    missing_errors = [
        error for error in errors if error["type"] == "missing" and not _is_required_in_extension(error["loc"])
    ]
    source = TemplateSource(file, merged_data, own_data)
    return (
        *_make_error_findings(missing_errors, source),
        *(make_fault_finding(template_fault, source) for template_fault in template_faults),
    )


def make_fault_finding(template_fault: TemplateFault, source: TemplateSource) -> Finding:
    """Return the finding for a fault of `model.template_checks`, with its path and what is accepted."""
    expected = (
        translate_all(template_fault.expected)
        if template_fault.expected
        else _join_accepted(template_fault.accepted)
    )
    return _make_described_finding(
        source,
        DescribedFault(
            template_fault.code, template_fault.path, template_fault.value, template_fault.accepted, expected
        ),
    )


def format_key_path(path: KeyPath, source: TemplateSource) -> str:
    """Return a path as text: "fields[2].choices", the index (0-based) being that in the template's own file.

    An entry that only the extended template has gets its key instead: "fields[status].choices".
    """
    path_text, merged_value, own_value, list_name = "", source.merged_data, source.own_data, ""
    for step in path:
        if isinstance(step, int):
            entry = _value_at_step(merged_value, step)
            path_text += (
                f"[{_index_in_own_file(entry, own_value, list_name, step, is_own_data=merged_value is own_value)}]"
            )
            own_value = (
                _find_entry(own_value, entry_name(entry, list_name), list_name)
                if merged_value is not own_value
                else entry
            )
            merged_value = entry
        else:
            path_text += f".{step}" if path_text else step
            merged_value, own_value, list_name = (
                _value_at_step(merged_value, step),
                _value_at_step(own_value, step),
                step,
            )
    return path_text


def most_similar_word(word: str, accepted: Iterable[str]) -> str | None:
    """Return the accepted word that is most like a word, ignoring case; None if none is near."""
    word_by_casefold = {each.casefold(): each for each in accepted}
    return find_closest_value(word.casefold(), word_by_casefold)


def _is_required_in_extension(path: KeyPath) -> bool:
    """Whether a template that extends another must give this value itself: its name, or the key of an entry."""
    list_name = path[-3] if len(path) > 2 and isinstance(path[-2], int) else None
    return path in [(key,) for key in NOT_INHERITED_KEYS] or path[-1] in ENTRY_KEYS.get(str(list_name), ())


def _check_drop_list(own_data: TemplateData, source: TemplateSource) -> Iterator[Finding]:
    """Report a `drop` that is no list of texts; it belongs to no model, so pydantic does not check it."""
    drop = own_data.get("drop", [])
    if not isinstance(drop, list) or not all(isinstance(path, str) for path in drop):
        yield make_fault_finding(
            TemplateFault("template-wrong-value", ("drop",), str(drop), expected="template.drop"), source
        )


def _make_error_findings(errors: Iterable[ErrorDetails], source: TemplateSource) -> Iterator[Finding]:
    findings = [_make_described_finding(source, _fault_from_error(error)) for error in errors]
    misspelt_paths = {_suggested_path(finding) for finding in findings if finding.code == "template-unknown-key"}
    return (each for each in findings if each.code != "template-missing-key" or each.field not in misspelt_paths)


def _suggested_path(finding: Finding) -> str:
    """Return the path that an unknown key would have if it were written as suggested."""
    head, dot, _ = (finding.field or "").rpartition(".")
    return f"{head}{dot}{finding.suggestion}"


@dataclass(frozen=True, slots=True)
class DescribedFault:
    """One fault of a template, found by pydantic or by `model.template_checks`.

    `value` is what the file has; `accepted` the words to choose from, () if there are none; `expected` the same in
    words.
    """

    code: str
    path: KeyPath
    value: str
    accepted: tuple[str, ...]
    expected: LocalizedText


def _fault_from_error(error: ErrorDetails) -> DescribedFault:
    error_type, path, last = error["type"], error["loc"], str(error["loc"][-1])
    if error_type == "extra_forbidden":
        accepted = (*_model_for_path(path[:-1]).model_fields, *(() if path[:-1] else ("extends", "drop")))
        return DescribedFault("template-unknown-key", path, last, accepted, _join_accepted(accepted))
    if error_type == "missing":
        return DescribedFault("template-missing-key", path, last, (), _join_accepted(()))
    context = error.get("ctx", {})
    if error_type == "literal_error":
        accepted = tuple(re.findall(r"'([^']*)'", str(context.get("expected"))))
        return DescribedFault(
            "template-wrong-value", path, str(error["input"]), accepted, _join_accepted(accepted)
        )
    expected_word = EXPECTED_TYPE_WORDS.get(error_type, "other")
    for ending, pattern_word in PATTERN_WORDS.items() if error_type == "string_pattern_mismatch" else ():
        expected_word = pattern_word if str(context.get("pattern")).endswith(ending) else expected_word
    value = str(len(error["input"])) if error_type == "too_long" else str(error["input"])[:_MAX_VALUE_LENGTH]
    return DescribedFault("template-wrong-value", path, value, (), translate_all(f"template.{expected_word}"))


def _make_described_finding(source: TemplateSource, fault: DescribedFault) -> Finding:
    path_text, innermost_name = (
        format_key_path(fault.path, source),
        _innermost_entry_name(fault.path, source.merged_data),
    )
    has_no_suggestion = fault.code in ("template-missing-key", "template-twice")
    synonym = KEY_SYNONYMS.get(fault.value) if fault.code == "template-unknown-key" else None
    suggestion = synonym if synonym in fault.accepted else None
    if suggestion is None and not has_no_suggestion:
        suggestion = most_similar_word(fault.value, fault.accepted)
    where = f"{path_text} ({innermost_name})" if innermost_name else path_text
    params: dict[str, MessageParam] = {"where": where, "accepted": fault.expected}
    return make_finding(
        fault.code, Location(source.file), field=path_text, value=fault.value, suggestion=suggestion, params=params
    )


def _join_accepted(accepted: Iterable[str]) -> LocalizedText:
    joined = ", ".join(accepted)
    return LocalizedText(sv=joined, en=joined) if joined else translate_all("template.nothing")


def _model_for_path(path: KeyPath) -> type[BaseModel]:
    """Return the pydantic model that describes the table at a path of a template."""
    model: Any = Template
    for step in path:
        if isinstance(step, str) and isinstance(model, type) and issubclass(model, BaseModel):
            model = model_in(model.model_fields[step].annotation)
    return typing.cast("type[BaseModel]", model)


def _innermost_entry_name(path: KeyPath, data: TemplateData) -> str | None:
    """Return the key of the innermost entry that a path goes through."""
    value: Any = data
    name, list_name = None, ""
    for step in path:
        value = _value_at_step(value, step)
        if isinstance(step, int):
            name = entry_name(value, list_name) or name
        else:
            list_name = step
    return name


def _value_at_step(container: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return container[step] if isinstance(container, list | tuple) and step < len(container) else None
    return container.get(step) if isinstance(container, dict) else None


def _index_in_own_file(entry: Any, own_entries: Any, list_name: str, step: int, *, is_own_data: bool) -> str:
    name = entry_name(entry, list_name)
    if is_own_data or name is None:
        return str(step)
    indexes = [
        index for index, own_entry in enumerate(own_entries or ()) if entry_name(own_entry, list_name) == name
    ]
    return str(indexes[0]) if indexes else name


def _find_entry(entries: Any, name: str | None, list_name: str) -> Any:
    return next((entry for entry in entries or () if entry_name(entry, list_name) == name), None)

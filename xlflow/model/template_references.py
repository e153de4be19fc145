"""Whether what a template names exists: fields in rules, computations and summaries, codes, placeholders.

Works on typed values, of which some may be blank ("" or ()) where a template of the wrong shape is checked too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from xlflow.model.template_elements import (
    DEADLINE_TYPES,
    LISTED_TYPES,
    NUMBER_TYPES,
    RULE_EFFECTS,
    UNIT_SUMMARY_KEY,
    YES_NO_CODES,
    Field,
    FieldComparison,
    FieldType,
    Rule,
    TemplateShape,
    Threshold,
)

KeyPath = tuple[str | int, ...]
"""Where something is in a template: keys, and indexes (from 0) within lists."""

PART_PLACEHOLDERS = ("part", "part_status")
"""Placeholders of a `children_not_worse` rule: the text of the sub-activity that is worse, and its status."""

COMPUTATION_ARITY: Mapping[str, range] = {"subtract": range(2, 100), "share": range(2, 3)}
"""The ways to compute a number, and how many other fields each takes."""

KEYS_BARRED_IF_COMPUTED = ("filled_by", "role", "choices", "required", "minimum", "maximum", "max_length")
"""Keys that a computed field must not give."""


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault: the code of its message, its path, the value found there, and what would be accepted.

    `accepted`: the keys to choose from. `expected`: a key of `words.toml` that describes what belongs there.
    """

    code: str
    path: KeyPath
    value: str = ""
    accepted: tuple[str, ...] = ()
    expected: str = ""


def check_duplicates(named_paths: Iterable[tuple[KeyPath, str]]) -> Iterator[TemplateFault]:
    """Yield a fault for every name that another path before has too."""
    seen: set[str] = set()
    for path, name in named_paths:
        if name in seen:
            yield TemplateFault("template-twice", path, name)
        seen.add(name)


def _check_names(path: KeyPath, names: Iterable[str], accepted: tuple[str, ...]) -> Iterator[TemplateFault]:
    """Yield a fault for every item of the list at `path` that is not accepted."""
    for index, name in enumerate(names):
        if name not in accepted:
            yield TemplateFault("template-unknown-reference", (*path, index), name, accepted)


def _check_name(path: KeyPath, name: str | None, accepted: tuple[str, ...]) -> Iterator[TemplateFault]:
    if name is not None and name not in accepted:
        yield TemplateFault("template-unknown-reference", path, name, accepted)


def _keys_of_types(template: TemplateShape, types: Iterable[FieldType]) -> tuple[str, ...]:
    return tuple(field.key for field in template.fields if field.key and field.type in tuple(types))


def check_computed_fields(template: TemplateShape) -> Iterator[TemplateFault]:
    """A computed field follows from numbers of the row or computed before it; nobody fills it in."""
    plain_numbers = [field.key for field in template.fields if field.type in NUMBER_TYPES and not field.computed]
    numeric_keys = list(filter(None, plain_numbers))
    for index, field in enumerate(template.fields):
        path: KeyPath = ("fields", index)
        if field.percent and field.type not in NUMBER_TYPES:
            yield TemplateFault(
                "template-wrong-value", (*path, "percent"), "true", expected="template.only_number"
            )
        if field.computed:
            yield from _check_computation(path, field, tuple(numeric_keys))
            numeric_keys.append(field.key)


def _check_computation(path: KeyPath, field: Field, numeric_keys: tuple[str, ...]) -> Iterator[TemplateFault]:
    inputs = {name: keys for name in COMPUTATION_ARITY if (keys := getattr(field.computed, name))}
    if len(inputs) != 1 or any(len(keys) not in COMPUTATION_ARITY[name] for name, keys in inputs.items()):
        value = ", ".join(inputs)
        yield TemplateFault("template-wrong-value", (*path, "computed"), value, expected="template.computed")
    for name, keys in inputs.items():
        yield from _check_names((*path, "computed", name), keys, numeric_keys)
    for name in KEYS_BARRED_IF_COMPUTED:
        value = getattr(field, name)
        if not (value is None or value is False or value == "unit"):
            yield TemplateFault(
                "template-wrong-value", (*path, name), str(value), expected="template.not_computed"
            )
    if field.type != "number":
        yield TemplateFault("template-wrong-value", (*path, "type"), field.type, ("number",))


def check_rules(template: TemplateShape) -> Iterator[TemplateFault]:
    """A rule asks for something, of fields and answers that exist."""
    answer_fields = (field for field in template.fields if field.filled_by == "unit" and not field.computed)
    answer_keys = tuple(field.key for field in answer_fields if field.key)
    for index, rule in enumerate(template.rules):
        path: KeyPath = ("rules", index)
        if not any(getattr(rule, effect) for effect in RULE_EFFECTS):
            yield TemplateFault("template-missing-key", (*path, "require"), "require", RULE_EFFECTS)
        for name in ("require", "forbid", "when_filled", "when_blank"):
            yield from _check_names((*path, name), getattr(rule, name), answer_keys)
        yield from _check_name((*path, "date_passed"), rule.date_passed, _keys_of_types(template, DEADLINE_TYPES))
        if rule.children_not_worse and not _has_status_and_parts(template):
            expected = "template.statuses_and_parts"
            yield TemplateFault("template-wrong-value", (*path, "children_not_worse"), "true", expected=expected)
        yield from _check_when_condition(path, rule, template)
        if rule.compare:
            yield from _check_comparison((*path, "compare"), rule.compare, template)
        if rule.threshold:
            yield from _check_threshold((*path, "threshold"), rule.threshold, template)
        yield from _check_placeholders(path, rule, template)


def _check_when_condition(path: KeyPath, rule: Rule, template: TemplateShape) -> Iterator[TemplateFault]:
    codes_by_list = {
        choices.key: tuple(option.code for option in choices.options) for choices in reversed(template.choices)
    }
    fields = {field.key: field for field in template.fields}
    for key, codes in rule.when.items():
        field = fields.get(key)
        if field is None or field.type not in LISTED_TYPES:
            accepted = _keys_of_types(template, LISTED_TYPES)
            yield TemplateFault("template-unknown-reference", (*path, "when", key), key, accepted)
        elif field.type == "yes_no":
            yield from _check_names((*path, "when", key), codes, YES_NO_CODES)
        elif field.choices in codes_by_list:
            yield from _check_names((*path, "when", key), codes, codes_by_list[field.choices])


def _check_comparison(
    path: KeyPath, comparison: FieldComparison, template: TemplateShape
) -> Iterator[TemplateFault]:
    """Times are earlier or later, numbers above or below; a time may be compared as a number too."""
    are_times = comparison.relation in ("later", "earlier")
    accepted = _keys_of_types(template, DEADLINE_TYPES if are_times else (*NUMBER_TYPES, *DEADLINE_TYPES))
    yield from _check_name((*path, "field"), comparison.field, accepted)
    yield from _check_name((*path, "to"), comparison.to, accepted)


def _check_threshold(path: KeyPath, threshold: Threshold, template: TemplateShape) -> Iterator[TemplateFault]:
    numeric_keys = _keys_of_types(template, NUMBER_TYPES)
    yield from _check_name((*path, "field"), threshold.field, numeric_keys)
    yield from _check_name((*path, "of"), threshold.of, numeric_keys)
    if threshold.share is not None and threshold.of is None:
        yield TemplateFault("template-missing-key", (*path, "of"), "of", numeric_keys)
    if threshold.amount is None and threshold.share is None:
        yield TemplateFault("template-missing-key", (*path, "amount"), "amount", ("amount", "share"))


def _check_placeholders(path: KeyPath, rule: Rule, template: TemplateShape) -> Iterator[TemplateFault]:
    """A message may name fields of the row; a remedy, which the form shows on every row alike, names nothing."""
    field_keys = tuple(field.key for field in template.fields if field.key)
    accepted = (*field_keys, *PART_PLACEHOLDERS) if rule.children_not_worse else field_keys
    for name, text in (("message", rule.message), ("remedy", rule.remedy)):
        for language, content in (("sv", text.sv), ("en", text.en)) if text else ():
            key_path = (*path, name, language)
            placeholders = _placeholders_in(content)
            if placeholders is None or (placeholders and name == "remedy"):
                expected = "template.no_gaps" if name == "remedy" else "template.gaps"
                yield TemplateFault("template-wrong-value", key_path, content, expected=expected)
                continue
            for placeholder in placeholders:
                yield from _check_name(key_path, placeholder, accepted)


def _placeholders_in(text: str) -> list[str] | None:
    """Return the names within braces; None if the braces do not fit together, or hold more than a name: what
    Python reads as a format ("{comment:>900000000}") could make a text of any length."""
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return None
    if any(format_text or conversion for _, _, format_text, conversion in parts):
        return None
    return [name for _, name, _, _ in parts if name is not None]


def _has_status_and_parts(template: TemplateShape) -> bool:
    has_status = any(field.role == "status" for field in template.fields)
    return has_status and any(level.kind == "part" for level in template.levels)


def check_summaries(template: TemplateShape) -> Iterator[TemplateFault]:
    """A summary counts a field, by something that every answer has, and each pair of these once."""
    fields = tuple(field.key for field in template.fields if field.key)
    columns = (UNIT_SUMMARY_KEY, *(level.key for level in template.levels if level.key), *fields)
    for index, summary in enumerate(template.summaries):
        yield from _check_name(("summaries", index, "by"), summary.by, columns)
        yield from _check_name(("summaries", index, "of"), summary.of, fields)
    yield from check_duplicates(
        (("summaries", index, "by"), f"{summary.by} / {summary.of}")
        for index, summary in enumerate(template.summaries)
    )

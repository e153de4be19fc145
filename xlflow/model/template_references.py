"""Template references."""

from collections.abc import Iterator, Mapping
from string import Formatter

from xlflow.model.template_data import (
    DEADLINE_TYPES,
    LISTED_TYPES,
    NUMBER_TYPES,
    UNIT_SUMMARY_KEY,
    YES_NO_CODES,
    KeyPath,
    TemplateData,
    TemplateFault,
    check_duplicates,
    codes_by_choice_list,
    tables_in,
    texts_in,
)

RULE_EFFECTS = ("require", "forbid", "compare", "children_not_worse")
PART_PLACEHOLDERS = ("part", "part_status")
"""What a message may name of the part that is worse: its text and its status."""

COMPUTATION_ARITY: Mapping[str, range] = {"subtract": range(2, 100), "share": range(2, 3)}
"""The ways in which a number is computed, and how many others each takes."""

KEYS_BARRED_IF_COMPUTED = ("filled_by", "role", "choices", "required", "minimum", "maximum", "max_length")
"""What a computed field does not have."""


def check_computed_fields(data: TemplateData) -> Iterator[TemplateFault]:
    """A computed field follows from numbers that stand in the row already, and nobody fills it in."""
    entries = tables_in(data, "fields")
    input_fields = (entry for _, entry in entries if not entry.get("computed"))
    numeric_keys = [entry.get("key") for entry in input_fields if entry.get("type") in NUMBER_TYPES]
    for path, entry in entries:
        if entry.get("percent") and entry.get("type") not in NUMBER_TYPES:
            yield TemplateFault(
                "template-wrong-value", (*path, "percent"), "true", expected="template.only_number"
            )
        computation = entry.get("computed")
        if not isinstance(computation, dict):
            continue
        operations = [name for name in COMPUTATION_ARITY if computation.get(name)]
        if len(operations) != 1 or len(computation[operations[0]]) not in COMPUTATION_ARITY[operations[0]]:
            key_path = (*path, "computed")
            yield TemplateFault(
                "template-wrong-value", key_path, ", ".join(operations), expected="template.computed"
            )
        for name in operations:
            for key_path, key in texts_in(computation, name, (*path, "computed")):
                if key not in numeric_keys:
                    yield TemplateFault("template-unknown-reference", key_path, key, tuple(map(str, numeric_keys)))
        for name in KEYS_BARRED_IF_COMPUTED:
            if not (entry.get(name) is None or entry[name] is False or entry[name] == "unit"):
                expected = "template.not_computed"
                yield TemplateFault("template-wrong-value", (*path, name), str(entry[name]), expected=expected)
        if entry.get("type") != "number":
            yield TemplateFault("template-wrong-value", (*path, "type"), str(entry.get("type")), ("number",))
        numeric_keys.append(entry.get("key"))


def _check_threshold(path: KeyPath, threshold: object, fields: TemplateData) -> Iterator[TemplateFault]:
    if not isinstance(threshold, dict):
        return
    numeric_keys = tuple(key for key, field in fields.items() if field.get("type") in NUMBER_TYPES)
    for name in ("field", "of"):
        if isinstance(threshold.get(name), str) and threshold[name] not in numeric_keys:
            yield TemplateFault("template-unknown-reference", (*path, name), threshold[name], numeric_keys)
    if threshold.get("share") is not None and threshold.get("of") is None:
        yield TemplateFault("template-missing-key", (*path, "of"), "of", numeric_keys)
    if threshold.get("amount") is None and threshold.get("share") is None:
        yield TemplateFault("template-missing-key", (*path, "amount"), "amount", ("amount", "share"))


def check_rules(data: TemplateData) -> Iterator[TemplateFault]:
    """A rule asks for something, of fields and answers that exist."""
    fields = {str(entry.get("key")): entry for _, entry in tables_in(data, "fields")}
    unit_fields = (item for item in fields.items() if item[1].get("filled_by", "unit") == "unit")
    answer_keys = tuple(key for key, entry in unit_fields if not entry.get("computed"))
    date_keys = tuple(key for key, entry in fields.items() if entry.get("type") in DEADLINE_TYPES)
    codes_by_list = codes_by_choice_list(data)
    for path, rule in tables_in(data, "rules"):
        if not any(rule.get(effect) for effect in RULE_EFFECTS):
            yield TemplateFault("template-missing-key", (*path, "require"), "require", RULE_EFFECTS)
        for name, accepted in (
            ("require", answer_keys),
            ("forbid", answer_keys),
            ("when_filled", answer_keys),
            ("when_blank", answer_keys),
        ):
            for key_path, key in texts_in(rule, name, path):
                if key not in accepted:
                    yield TemplateFault("template-unknown-reference", key_path, key, accepted)
        if isinstance(rule.get("date_passed"), str) and rule["date_passed"] not in date_keys:
            yield TemplateFault(
                "template-unknown-reference", (*path, "date_passed"), rule["date_passed"], date_keys
            )
        if rule.get("children_not_worse") is True and not _has_status_and_part_level(data):
            expected = "template.statuses_and_parts"
            yield TemplateFault("template-wrong-value", (*path, "children_not_worse"), "true", expected=expected)
        yield from _check_when_condition(path, rule.get("when", {}), fields, codes_by_list)
        yield from _check_comparison((*path, "compare"), rule.get("compare"), fields)
        yield from _check_threshold((*path, "threshold"), rule.get("threshold"), fields)
        yield from _check_placeholders(path, rule, tuple(fields))


def _check_when_condition(
    path: KeyPath, condition: object, fields: TemplateData, codes_by_list: Mapping[str, tuple[str, ...]]
) -> Iterator[TemplateFault]:
    for key, values in condition.items() if isinstance(condition, dict) else ():
        field_type = fields.get(key, {}).get("type")
        if field_type not in LISTED_TYPES:
            choice_keys = tuple(name for name, field in fields.items() if field.get("type") in LISTED_TYPES)
            yield TemplateFault("template-unknown-reference", (*path, "when", key), key, choice_keys)
            continue
        accepted = YES_NO_CODES if field_type == "yes_no" else codes_by_list.get(str(fields[key].get("choices")))
        for key_path, code in texts_in({key: values}, key, (*path, "when")):
            if accepted is not None and code not in accepted:
                yield TemplateFault("template-unknown-reference", key_path, code, accepted)


def _check_comparison(path: KeyPath, comparison: object, fields: TemplateData) -> Iterator[TemplateFault]:
    if not isinstance(comparison, dict):
        return
    comparable_types = (
        DEADLINE_TYPES if comparison.get("relation") in ("later", "earlier") else (*NUMBER_TYPES, *DEADLINE_TYPES)
    )
    accepted = tuple(key for key, field in fields.items() if field.get("type") in comparable_types)
    for name in ("field", "to"):
        if isinstance(comparison.get(name), str) and comparison[name] not in accepted:
            yield TemplateFault("template-unknown-reference", (*path, name), comparison[name], accepted)


def _check_placeholders(path: KeyPath, rule: TemplateData, field_keys: tuple[str, ...]) -> Iterator[TemplateFault]:
    """A message names what stands in the row; what the form says live is the same on every row."""
    accepted = (*field_keys, *PART_PLACEHOLDERS) if rule.get("children_not_worse") is True else field_keys
    for name in ("message", "remedy"):
        texts = rule.get(name)
        for language, text in texts.items() if isinstance(texts, dict) else ():
            placeholders = _placeholders_in(text) if isinstance(text, str) else []
            key_path = (*path, name, language)
            if placeholders is None or (placeholders and name == "remedy"):
                expected = "template.no_gaps" if name == "remedy" else "template.gaps"
                yield TemplateFault("template-wrong-value", key_path, str(text), expected=expected)
            else:
                yield from (
                    TemplateFault("template-unknown-reference", key_path, placeholder, accepted)
                    for placeholder in placeholders
                    if placeholder not in accepted
                )


def _placeholders_in(text: str) -> list[str] | None:
    """Return the names within braces, None if the braces do not fit together."""
    try:
        return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return None


def _has_status_and_part_level(data: TemplateData) -> bool:
    has_status = any(entry.get("role") == "status" for _, entry in tables_in(data, "fields"))
    return has_status and any(entry.get("kind") == "part" for _, entry in tables_in(data, "levels"))


def check_summaries(data: TemplateData) -> Iterator[TemplateFault]:
    """A summary counts a field, by something that every answer has."""
    fields = tuple(str(entry.get("key")) for _, entry in tables_in(data, "fields"))
    columns = (UNIT_SUMMARY_KEY, *(str(entry.get("key")) for _, entry in tables_in(data, "levels")), *fields)
    summaries = tables_in(data, "summaries")
    for path, summary in summaries:
        for name, accepted in (("by", columns), ("of", fields)):
            if isinstance(summary.get(name), str) and summary[name] not in accepted:
                yield TemplateFault("template-unknown-reference", (*path, name), summary[name], accepted)
    yield from check_duplicates(
        [((*path, "by"), f"{entry.get('by')} / {entry.get('of')}") for path, entry in summaries]
    )

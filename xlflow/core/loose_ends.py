"""Whether the parts of a template hold together: keys once each, references that lead somewhere, limits that fit.

Works on plain values, as they stand in a TOML file or come out of a model, so that it can look at a template
whose shape is wrong elsewhere and every fault is told at once. Skips what the shape forbids anyway; words its
faults by codes of `messages.toml` and words of `words.toml`, section `template`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from xlflow.core.text import normalize_key
from xlflow.core.words import translate_all

TemplateData = Mapping[str, Any]
KeyPath = tuple[str | int, ...]

UNIT_SUMMARY_KEY = "unit"
"""The key by which a summary names the units."""

RESERVED_KEYS = ("id", "unit", "remaining", "source", "continues_from")
"""Columns that the program itself puts beside those of the template."""

ROLE_TYPES: Mapping[str, tuple[str, ...]] = {
    "status": ("choice",),
    "deadline": ("deadline", "date", "quarter"),
    "new_deadline": ("deadline", "date", "quarter"),
    "comment": ("text",),
}
NUMBER_TYPES = ("number", "integer")
DEADLINE_TYPES = ("deadline", "date", "quarter")
LISTED_TYPES = ("choice", "yes_no")
YES_NO_CODES = ("yes", "no")
"""The codes of a field that asks yes or no."""

RULE_EFFECTS = ("require", "forbid", "compare", "no_worse_part")
PART_PLACEHOLDERS = ("part", "part_status")
"""What a message may name of the part that is worse: its text and its status."""

COMPUTATION_ARITY: Mapping[str, range] = {"subtract": range(2, 100), "share": range(2, 3)}
"""The ways in which a number is computed, and how many others each takes."""

KEYS_BARRED_IF_COMPUTED = ("filled_by", "role", "choices", "required", "minimum", "maximum", "max_length")
"""What a computed field does not have."""

MAX_HEADING_LENGTH, MAX_HELP_LENGTH = 32, 255
"""What Excel shows in the note beside a cell."""
MIN_COLUMN_WIDTH, MAX_COLUMN_WIDTH = 4, 120


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault: the code of its message, its path, what stands there, and what would be accepted.

    `wanted` is a word of `words.toml` that says what belongs there; `accepted` are the keys to choose from.
    """

    code: str
    path: KeyPath
    value: str = ""
    accepted: tuple[str, ...] = ()
    expected: str = ""


def find_template_faults(data: TemplateData) -> tuple[TemplateFault, ...]:
    """Return every fault of a whole template (`extends` resolved) given as plain values."""
    return tuple(fault for check in TEMPLATE_CHECKS for fault in check(data))


def _check_keys(data: TemplateData) -> Iterator[TemplateFault]:
    """A key names one column, and none of those that are ours."""
    columns = tables_in(data, "levels") + tables_in(data, "fields")
    yield from check_duplicates([((*path, "key"), entry.get("key")) for path, entry in columns])
    for path, entry in columns:
        if entry.get("key") in RESERVED_KEYS:
            yield TemplateFault(
                "template-wrong-value", (*path, "key"), entry["key"], expected="template.not_own_key"
            )
    for name, key in (("choices", "key"), ("rules", "name")):
        yield from check_duplicates([((*path, key), entry.get(key)) for path, entry in tables_in(data, name)])


def _check_headings(data: TemplateData) -> Iterator[TemplateFault]:
    """No two columns may be recognised by the same heading."""
    taken_names = {
        name
        for key in RESERVED_KEYS[:3]
        for name in map(normalize_key, translate_all(f"column.{key}").model_dump().values())
    }
    for path, entry in tables_in(data, "levels") + tables_in(data, "fields"):
        names = dict(accepted_names(entry))
        for name, found_at in names.items():
            if name in taken_names:
                yield TemplateFault("template-twice", (*path, *found_at[0]), found_at[1])
        taken_names |= names.keys()


def _check_levels(data: TemplateData) -> Iterator[TemplateFault]:
    """Groups, then one item, then at most one part."""
    levels = tables_in(data, "levels")
    kinds = [entry.get("kind", "group") for _, entry in levels]
    if not set(kinds) <= {"group", "item", "part"}:
        return
    if kinds.count("item") != 1:
        yield TemplateFault(
            "template-wrong-value", ("levels",), ", ".join(map(str, kinds)), expected="template.one_item"
        )
        return
    item_index = kinds.index("item")
    for (path, _), kind, index in zip(levels, kinds, range(len(kinds)), strict=True):
        if (kind == "group" and index > item_index) or (kind == "part" and index != item_index + 1):
            yield TemplateFault(
                "template-wrong-value", (*path, "kind"), str(kind), expected="template.level_order"
            )


def _check_fields(data: TemplateData) -> Iterator[TemplateFault]:
    """A choice field names a list that exists; limits suit the type."""
    list_keys = tuple(entry["key"] for _, entry in tables_in(data, "choices") if isinstance(entry.get("key"), str))
    for path, entry in tables_in(data, "fields"):
        field_type, list_key = entry.get("type"), entry.get("choices")
        if field_type == "choice" and list_key is None:
            yield TemplateFault("template-missing-key", (*path, "choices"), "choices", list_keys)
        elif list_key is not None and field_type != "choice":
            yield TemplateFault(
                "template-wrong-value", (*path, "choices"), str(list_key), expected="template.only_choice"
            )
        elif isinstance(list_key, str) and list_key not in list_keys:
            yield TemplateFault("template-loose-end", (*path, "choices"), list_key, list_keys)
        yield from _check_field_limits(path, entry)


def _check_field_limits(path: KeyPath, field: TemplateData) -> Iterator[TemplateFault]:
    minimum, maximum, max_length = field.get("minimum"), field.get("maximum"), field.get("max_length")
    for name, limit in (("minimum", minimum), ("maximum", maximum)):
        if limit is not None and field.get("type") not in NUMBER_TYPES:
            yield TemplateFault("template-wrong-value", (*path, name), str(limit), expected="template.only_number")
    if isinstance(minimum, int | float) and isinstance(maximum, int | float) and minimum > maximum:
        yield TemplateFault("template-wrong-value", (*path, "maximum"), str(maximum), expected="template.maximum")
    if max_length is not None and (
        field.get("type") != "text" or (isinstance(max_length, int) and max_length < 1)
    ):
        yield TemplateFault(
            "template-wrong-value", (*path, "max_length"), str(max_length), expected="template.only_text"
        )


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
                    yield TemplateFault("template-loose-end", key_path, key, tuple(map(str, numeric_keys)))
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
            yield TemplateFault("template-loose-end", (*path, name), threshold[name], numeric_keys)
    if threshold.get("share") is not None and threshold.get("of") is None:
        yield TemplateFault("template-missing-key", (*path, "of"), "of", numeric_keys)
    if threshold.get("amount") is None and threshold.get("share") is None:
        yield TemplateFault("template-missing-key", (*path, "amount"), "amount", ("amount", "share"))


def _check_roles(data: TemplateData) -> Iterator[TemplateFault]:
    """A role is played by one field of a fitting type; the answers among them are the units' own."""
    fields = [(path, entry) for path, entry in tables_in(data, "fields") if entry.get("role") in ROLE_TYPES]
    yield from check_duplicates([((*path, "role"), entry["role"]) for path, entry in fields])
    for path, entry in fields:
        types = ROLE_TYPES[entry["role"]]
        if entry.get("type") not in types:
            yield TemplateFault(
                "template-wrong-value", (*path, "type"), str(entry.get("type")), types, "template.role"
            )
        if entry["role"] != "deadline" and entry.get("filled_by", "unit") != "unit":
            yield TemplateFault("template-wrong-value", (*path, "filled_by"), "plan", ("unit",), "template.role")


def _check_choice_lists(data: TemplateData) -> Iterator[TemplateFault]:
    """A list has options; each code, and each spelling of an answer, means one of them."""
    for path, choices in tables_in(data, "choices"):
        options = tables_in(choices, "options", path)
        if choices.get("options") in ([], ()):
            yield TemplateFault("template-wrong-value", (*path, "options"), "[]", expected="template.some_options")
        yield from check_duplicates([((*at, "code"), option.get("code")) for at, option in options])
        taken_names: set[str] = set()
        for option_path, option in options:
            names = dict(accepted_names(option))
            for name in names.keys() & taken_names:
                yield TemplateFault("template-twice", (*option_path, *names[name][0]), names[name][1])
            taken_names |= names.keys()


def _check_status_ranks(data: TemplateData) -> Iterator[TemplateFault]:
    """A status can be rolled up: it has a rank or is left out."""
    status_lists = [
        entry.get("choices") for _, entry in tables_in(data, "fields") if entry.get("role") == "status"
    ]
    for path, choices in tables_in(data, "choices"):
        for option_path, option in (
            tables_in(choices, "options", path) if choices.get("key") in status_lists else ()
        ):
            if option.get("rank") is None and not option.get("left_out"):
                yield TemplateFault("template-missing-key", (*option_path, "rank"), "rank")


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
            ("filled", answer_keys),
            ("blank", answer_keys),
        ):
            for key_path, key in texts_in(rule, name, path):
                if key not in accepted:
                    yield TemplateFault("template-loose-end", key_path, key, accepted)
        if isinstance(rule.get("passed"), str) and rule["passed"] not in date_keys:
            yield TemplateFault("template-loose-end", (*path, "passed"), rule["passed"], date_keys)
        if rule.get("no_worse_part") is True and not _has_status_and_part_level(data):
            expected = "template.statuses_and_parts"
            yield TemplateFault("template-wrong-value", (*path, "no_worse_part"), "true", expected=expected)
        yield from _check_when_condition(path, rule.get("when", {}), fields, codes_by_list)
        yield from _check_comparison((*path, "compare"), rule.get("compare"), fields)
        yield from _check_threshold((*path, "beyond"), rule.get("beyond"), fields)
        yield from _check_placeholders(path, rule, tuple(fields))


def _check_when_condition(
    path: KeyPath, condition: object, fields: TemplateData, codes_by_list: Mapping[str, tuple[str, ...]]
) -> Iterator[TemplateFault]:
    for key, values in condition.items() if isinstance(condition, dict) else ():
        field_type = fields.get(key, {}).get("type")
        if field_type not in LISTED_TYPES:
            choice_keys = tuple(name for name, field in fields.items() if field.get("type") in LISTED_TYPES)
            yield TemplateFault("template-loose-end", (*path, "when", key), key, choice_keys)
            continue
        accepted = YES_NO_CODES if field_type == "yes_no" else codes_by_list.get(str(fields[key].get("choices")))
        for key_path, code in texts_in({key: values}, key, (*path, "when")):
            if accepted is not None and code not in accepted:
                yield TemplateFault("template-loose-end", key_path, code, accepted)


def _check_comparison(path: KeyPath, comparison: object, fields: TemplateData) -> Iterator[TemplateFault]:
    if not isinstance(comparison, dict):
        return
    comparable_types = (
        DEADLINE_TYPES if comparison.get("relation") in ("later", "earlier") else (*NUMBER_TYPES, *DEADLINE_TYPES)
    )
    accepted = tuple(key for key, field in fields.items() if field.get("type") in comparable_types)
    for name in ("field", "to"):
        if isinstance(comparison.get(name), str) and comparison[name] not in accepted:
            yield TemplateFault("template-loose-end", (*path, name), comparison[name], accepted)


def _check_placeholders(path: KeyPath, rule: TemplateData, field_keys: tuple[str, ...]) -> Iterator[TemplateFault]:
    """A message names what stands in the row; what the form says live is the same on every row."""
    accepted = (*field_keys, *PART_PLACEHOLDERS) if rule.get("no_worse_part") is True else field_keys
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
                    TemplateFault("template-loose-end", key_path, placeholder, accepted)
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
                yield TemplateFault("template-loose-end", (*path, name), summary[name], accepted)
    yield from check_duplicates(
        [((*path, "by"), f"{entry.get('by')} / {entry.get('of')}") for path, entry in summaries]
    )


def _check_lengths_and_widths(data: TemplateData) -> Iterator[TemplateFault]:
    """Texts are not blank and fit where Excel shows them; widths are those of a column."""
    for path, entry in tables_in(data, "levels") + tables_in(data, "fields"):
        width = entry.get("width")
        if isinstance(width, int) and not MIN_COLUMN_WIDTH <= width <= MAX_COLUMN_WIDTH:
            yield TemplateFault("template-wrong-value", (*path, "width"), str(width), expected="template.width")
        for name, max_length in (
            ("label", MAX_HELP_LENGTH),
            ("heading", MAX_HEADING_LENGTH),
            ("help", MAX_HELP_LENGTH),
        ):
            yield from _check_text_length((*path, name), entry.get(name), max_length)
    for path, rule in tables_in(data, "rules"):
        for name in ("message", "remedy"):
            yield from _check_text_length((*path, name), rule.get(name), MAX_HELP_LENGTH)
    for path, choices in tables_in(data, "choices"):
        for option_path, option in tables_in(choices, "options", path):
            yield from _check_text_length((*option_path, "label"), option.get("label"), MAX_HELP_LENGTH)


def _check_text_length(path: KeyPath, text: object, max_length: int) -> Iterator[TemplateFault]:
    for language, content in text.items() if isinstance(text, dict) else ():
        if isinstance(content, str) and not 0 < len(content.strip()) <= max_length:
            yield TemplateFault("template-text-length", (*path, language), str(len(content)), (str(max_length),))


TEMPLATE_CHECKS: tuple[Callable[[TemplateData], Iterator[TemplateFault]], ...] = (
    _check_keys,
    _check_headings,
    _check_levels,
    _check_fields,
    check_computed_fields,
    _check_roles,
    _check_choice_lists,
    _check_status_ranks,
    check_rules,
    check_summaries,
    _check_lengths_and_widths,
)


def tables_in(data: TemplateData, name: str, path: KeyPath = ()) -> list[tuple[KeyPath, TemplateData]]:
    """Return the tables of a list with their paths; what is no table is the shape's fault, not ours."""
    value = data.get(name)
    tables = value if isinstance(value, list | tuple) else ()
    return [((*path, name, index), entry) for index, entry in enumerate(tables) if isinstance(entry, dict)]


def texts_in(data: TemplateData, name: str, path: KeyPath) -> list[tuple[KeyPath, str]]:
    value = data.get(name)
    texts = value if isinstance(value, list | tuple) else ()
    return [((*path, name, index), text) for index, text in enumerate(texts) if isinstance(text, str)]


def accepted_names(entry: TemplateData) -> Iterator[tuple[str, tuple[KeyPath, str]]]:
    """Return every spelling of a thing, folded, with the place and the text as written."""
    label = entry.get("label")
    for language, text in label.items() if isinstance(label, dict) else ():
        if isinstance(text, str):
            yield normalize_key(text), (("label", language), text)
    for path, text in texts_in(entry, "aliases", ()):
        yield normalize_key(text), (path, text)


def codes_by_choice_list(data: TemplateData) -> dict[str, tuple[str, ...]]:
    return {
        str(choices.get("key")): tuple(str(option.get("code")) for _, option in tables_in(choices, "options"))
        for _, choices in reversed(tables_in(data, "choices"))
    }


def check_duplicates(named_paths: list[tuple[KeyPath, Any]]) -> Iterator[TemplateFault]:
    seen: set[object] = set()
    for path, name in named_paths:
        if isinstance(name, str) and name in seen:
            yield TemplateFault("template-twice", path, name)
        seen.add(name if isinstance(name, str) else None)

"""Whether the parts of a template hold together: keys once each, references that lead somewhere, limits that fit.

Works on plain values, as they stand in a TOML file or come out of a model, so that it can look at a template
whose shape is wrong elsewhere and every fault is told at once. Skips what the shape forbids anyway; words its
faults by codes of `messages.toml` and words of `words.toml`, section `template`.
"""

from collections.abc import Callable, Iterator, Mapping

from xlflow.i18n.catalogue import translate_all
from xlflow.model.template_data import (
    NUMBER_TYPES,
    RESERVED_KEYS,
    KeyPath,
    TemplateData,
    TemplateFault,
    accepted_names,
    check_duplicates,
    tables_in,
)
from xlflow.model.template_references import check_computed_fields, check_rules, check_summaries
from xlflow.model.text import normalize_key

ROLE_TYPES: Mapping[str, tuple[str, ...]] = {
    "status": ("choice",),
    "deadline": ("deadline", "date", "quarter"),
    "new_deadline": ("deadline", "date", "quarter"),
    "comment": ("text",),
}

MAX_HEADING_LENGTH, MAX_HELP_LENGTH = 32, 255
"""What Excel shows in the note beside a cell."""
MIN_COLUMN_WIDTH, MAX_COLUMN_WIDTH = 4, 120


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
            yield TemplateFault("template-unknown-reference", (*path, "choices"), list_key, list_keys)
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
            if option.get("rank") is None and not option.get("excluded_from_rollup"):
                yield TemplateFault("template-missing-key", (*option_path, "rank"), "rank")


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

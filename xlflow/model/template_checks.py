"""Whether the parts of a template fit each other: each key once, levels, choices, roles, lengths that fit Excel.

Works on typed values, of which `template_references` checks what names other parts. A fault is described by a code
of `messages.toml` and words of section `template` in `words.toml`; never raised.
"""

from collections.abc import Callable, Iterable, Iterator

from xlflow.i18n.catalogue import LocalizedText, translate_all
from xlflow.model.template_elements import (
    NUMBER_TYPES,
    RESERVED_KEYS,
    ROLE_TYPES,
    Choice,
    Field,
    LabelledElement,
    TemplateShape,
)
from xlflow.model.template_references import (
    KeyPath,
    TemplateFault,
    check_computed_fields,
    check_duplicates,
    check_rules,
    check_summaries,
)
from xlflow.model.text import normalize_key

MAX_HEADING_LENGTH, MAX_HELP_LENGTH = 32, 255
"""Characters of the title and the text of an input message in Excel."""

OWN_COLUMNS = ("id", "unit", "remaining")
"""Those of `RESERVED_KEYS` whose columns have a heading in forms."""

MIN_COLUMN_WIDTH, MAX_COLUMN_WIDTH = 4, 120


def find_template_faults(template: TemplateShape) -> tuple[TemplateFault, ...]:
    """Return every fault of a whole template (`extends` resolved), in the order of `TEMPLATE_CHECKS`."""
    return tuple(fault for check in TEMPLATE_CHECKS for fault in check(template))


def _columns(template: TemplateShape) -> Iterator[tuple[KeyPath, LabelledElement]]:
    """Yield the levels, then the fields, each with its path."""
    yield from ((("levels", index), level) for index, level in enumerate(template.levels))
    yield from ((("fields", index), field) for index, field in enumerate(template.fields))


def _check_keys(template: TemplateShape) -> Iterator[TemplateFault]:
    """A key names one column, and none of those that the program adds."""
    yield from check_duplicates(((*path, "key"), column.key) for path, column in _columns(template))
    for path, column in _columns(template):
        if column.key in RESERVED_KEYS:
            yield TemplateFault(
                "template-wrong-value", (*path, "key"), column.key, expected="template.not_own_key"
            )
    yield from check_duplicates(
        (("choices", index, "key"), each.key) for index, each in enumerate(template.choices)
    )
    yield from check_duplicates((("rules", index, "name"), rule.name) for index, rule in enumerate(template.rules))


def _names_by_key(entry: LabelledElement | Choice) -> dict[str, tuple[KeyPath, str]]:
    """Return every spelling of a column or choice, normalized, with its path in the entry and its text."""
    names: list[tuple[KeyPath, str]] = [(("label", "sv"), entry.label.sv), (("label", "en"), entry.label.en)]
    names += [(("aliases", index), alias) for index, alias in enumerate(entry.aliases)]
    return {normalize_key(text): (path, text) for path, text in names}


def _check_unique_names(
    entries: Iterable[tuple[KeyPath, LabelledElement | Choice]], taken_names: set[str]
) -> Iterator[TemplateFault]:
    """Yield a fault for every spelling that an entry before, or the program (`taken_names`), has already."""
    for path, entry in entries:
        names = _names_by_key(entry)
        for name, (name_path, text) in names.items():
            if name in taken_names:
                yield TemplateFault("template-twice", (*path, *name_path), text)
        taken_names |= names.keys()


def _check_headings(template: TemplateShape) -> Iterator[TemplateFault]:
    """No two columns are recognised by the same heading."""
    own_headings = [translate_all(f"column.{key}") for key in OWN_COLUMNS]
    taken_names = {normalize_key(text) for heading in own_headings for text in (heading.sv, heading.en)}
    yield from _check_unique_names(_columns(template), taken_names)


def _check_levels(template: TemplateShape) -> Iterator[TemplateFault]:
    """Groups, then one item, then at most one part."""
    kinds = [level.kind for level in template.levels]
    if not set(kinds) <= {"group", "item", "part"}:
        return
    if kinds.count("item") != 1:
        yield TemplateFault("template-wrong-value", ("levels",), ", ".join(kinds), expected="template.one_item")
        return
    item_index = kinds.index("item")
    for index, kind in enumerate(kinds):
        if (kind == "group" and index > item_index) or (kind == "part" and index != item_index + 1):
            path = ("levels", index, "kind")
            yield TemplateFault("template-wrong-value", path, kind, expected="template.level_order")


def _check_fields(template: TemplateShape) -> Iterator[TemplateFault]:
    """A choice field names a list that exists; limits suit the type."""
    list_keys = tuple(choices.key for choices in template.choices if choices.key)
    for index, field in enumerate(template.fields):
        path = ("fields", index, "choices")
        if field.type == "choice" and field.choices is None:
            yield TemplateFault("template-missing-key", path, "choices", list_keys)
        elif field.choices is not None and field.type != "choice":
            yield TemplateFault("template-wrong-value", path, field.choices, expected="template.only_choice")
        elif field.choices is not None and field.choices not in list_keys:
            yield TemplateFault("template-unknown-reference", path, field.choices, list_keys)
        yield from _check_field_limits(("fields", index), field)


def _check_field_limits(path: KeyPath, field: Field) -> Iterator[TemplateFault]:
    def wrong_value(name: str, expected: str) -> TemplateFault:
        return TemplateFault("template-wrong-value", (*path, name), str(getattr(field, name)), expected=expected)

    for name in ("minimum", "maximum"):
        if getattr(field, name) is not None and field.type not in NUMBER_TYPES:
            yield wrong_value(name, "template.only_number")
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        yield wrong_value("maximum", "template.maximum")
    if field.max_length is not None and (field.type != "text" or field.max_length < 1):
        yield wrong_value("max_length", "template.only_text")


def _check_roles(template: TemplateShape) -> Iterator[TemplateFault]:
    """A role is played by one field of a fitting type; the answers among them are the units' own."""
    fields = [
        (("fields", index), field) for index, field in enumerate(template.fields) if field.role in ROLE_TYPES
    ]
    yield from check_duplicates(((*path, "role"), field.role or "") for path, field in fields)
    for path, field in fields:
        types = ROLE_TYPES[field.role or ""]
        if field.type not in types:
            yield TemplateFault("template-wrong-value", (*path, "type"), field.type, types, "template.role")
        if field.role != "deadline" and field.filled_by != "unit":
            yield TemplateFault("template-wrong-value", (*path, "filled_by"), "plan", ("unit",), "template.role")


def _check_choice_lists(template: TemplateShape) -> Iterator[TemplateFault]:
    """A list has options; each code and spelling means one of them; every status can be rolled up."""
    status_lists = [field.choices for field in template.fields if field.role == "status"]
    for index, choices in enumerate(template.choices):
        path = ("choices", index, "options")
        if not choices.options:
            yield TemplateFault("template-wrong-value", path, "[]", expected="template.some_options")
        options: list[tuple[KeyPath, Choice]] = [
            ((*path, at), option) for at, option in enumerate(choices.options)
        ]
        yield from check_duplicates(((*at, "code"), option.code) for at, option in options)
        yield from _check_unique_names(options, set())
        for at, option in options if choices.key in status_lists else ():
            if option.rank is None and not option.excluded_from_rollup:
                yield TemplateFault("template-missing-key", (*at, "rank"), "rank")


def _check_lengths_and_widths(template: TemplateShape) -> Iterator[TemplateFault]:
    """Texts are not blank and fit where Excel shows them; widths are those of a column."""
    for path, column in _columns(template):
        if not MIN_COLUMN_WIDTH <= column.width <= MAX_COLUMN_WIDTH:
            width = str(column.width)
            yield TemplateFault("template-wrong-value", (*path, "width"), width, expected="template.width")
        yield from _check_text_length((*path, "label"), column.label, MAX_HELP_LENGTH)
        if isinstance(column, Field):
            yield from _check_text_length((*path, "heading"), column.heading, MAX_HEADING_LENGTH)
        yield from _check_text_length((*path, "help"), column.help, MAX_HELP_LENGTH)
    for index, rule in enumerate(template.rules):
        yield from _check_text_length(("rules", index, "message"), rule.message, MAX_HELP_LENGTH)
        yield from _check_text_length(("rules", index, "remedy"), rule.remedy, MAX_HELP_LENGTH)
    for index, choices in enumerate(template.choices):
        for at, option in enumerate(choices.options):
            path = ("choices", index, "options", at, "label")
            yield from _check_text_length(path, option.label, MAX_HELP_LENGTH)


def _check_text_length(path: KeyPath, text: LocalizedText | None, max_length: int) -> Iterator[TemplateFault]:
    for language, content in (("sv", text.sv), ("en", text.en)) if text else ():
        if not 0 < len(content.strip()) <= max_length:
            yield TemplateFault("template-text-length", (*path, language), str(len(content)), (str(max_length),))


TEMPLATE_CHECKS: tuple[Callable[[TemplateShape], Iterator[TemplateFault]], ...] = (
    _check_keys,
    _check_headings,
    _check_levels,
    _check_fields,
    check_computed_fields,
    _check_roles,
    _check_choice_lists,
    check_rules,
    check_summaries,
    _check_lengths_and_widths,
)

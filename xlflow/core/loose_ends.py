"""Whether the parts of a template hold together: keys once each, references that lead somewhere, limits that fit.

Works on plain values, as they stand in a TOML file or come out of a model, so that it can look at a template
whose shape is wrong elsewhere and every fault is told at once. Skips what the shape forbids anyway; words its
faults by codes of `messages.toml` and words of `words.toml`, section `template`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from xlflow.core.text import fold
from xlflow.core.words import say_both

Data = Mapping[str, Any]
Path = tuple[str | int, ...]

UNIT = "unit"
"""The key by which a summary names the units."""

OWN_COLUMNS = ("id", "unit", "remaining", "source", "continues_from")
"""Columns that the program itself puts beside those of the template."""

ROLE_TYPES: Mapping[str, tuple[str, ...]] = {
    "status": ("choice",),
    "deadline": ("deadline", "date", "quarter"),
    "new_deadline": ("deadline", "date", "quarter"),
    "comment": ("text",),
}
NUMBERS = ("number", "integer")
TIMES = ("deadline", "date", "quarter")
CHOOSING = ("choice", "yes_no")
YES_NO = ("yes", "no")
"""The codes of a field that asks yes or no."""

EFFECTS = ("require", "forbid", "compare", "no_worse_part")
PART_GAPS = ("part", "part_status")
"""What a message may name of the part that is worse: its text and its status."""

WAYS: Mapping[str, range] = {"subtract": range(2, 100), "share": range(2, 3)}
"""The ways in which a number is computed, and how many others each takes."""

NOT_COMPUTED = ("filled_by", "role", "choices", "required", "minimum", "maximum", "max_length")
"""What a computed field does not have."""

LONGEST_HEADING, LONGEST_HELP = 32, 255
"""What Excel shows in the note beside a cell."""
NARROWEST, WIDEST = 4, 120


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """One fault: the code of its message, its path, what stands there, and what would be accepted.

    `wanted` is a word of `words.toml` that says what belongs there; `accepted` are the keys to choose from.
    """

    code: str
    path: Path
    value: str = ""
    accepted: tuple[str, ...] = ()
    wanted: str = ""


def find_loose_ends(data: Data) -> tuple[LooseEnd, ...]:
    """Return every fault of a whole template (`extends` resolved) given as plain values."""
    return tuple(end for check in CHECKS for end in check(data))


def _check_keys(data: Data) -> Iterator[LooseEnd]:
    """A key names one column, and none of those that are ours."""
    columns = _entries(data, "levels") + _entries(data, "fields")
    yield from _twice([((*path, "key"), entry.get("key")) for path, entry in columns])
    for path, entry in columns:
        if entry.get("key") in OWN_COLUMNS:
            yield LooseEnd("template-wrong-value", (*path, "key"), entry["key"], wanted="template.not_own_key")
    for name, key in (("choices", "key"), ("rules", "name")):
        yield from _twice([((*path, key), entry.get(key)) for path, entry in _entries(data, name)])


def _check_headings(data: Data) -> Iterator[LooseEnd]:
    """No two columns may be recognised by the same heading."""
    taken = {
        name for key in OWN_COLUMNS[:3] for name in map(fold, say_both(f"column.{key}").model_dump().values())
    }
    for path, entry in _entries(data, "levels") + _entries(data, "fields"):
        names = dict(_names(entry))
        for name, place in names.items():
            if name in taken:
                yield LooseEnd("template-twice", (*path, *place[0]), place[1])
        taken |= names.keys()


def _check_levels(data: Data) -> Iterator[LooseEnd]:
    """Groups, then one item, then at most one part."""
    levels = _entries(data, "levels")
    kinds = [entry.get("kind", "group") for _, entry in levels]
    if not set(kinds) <= {"group", "item", "part"}:
        return
    if kinds.count("item") != 1:
        yield LooseEnd("template-wrong-value", ("levels",), ", ".join(map(str, kinds)), wanted="template.one_item")
        return
    item = kinds.index("item")
    for (path, _), kind, index in zip(levels, kinds, range(len(kinds)), strict=True):
        if (kind == "group" and index > item) or (kind == "part" and index != item + 1):
            yield LooseEnd("template-wrong-value", (*path, "kind"), str(kind), wanted="template.level_order")


def _check_fields(data: Data) -> Iterator[LooseEnd]:
    """A choice field names a list that exists; limits suit the type."""
    lists = tuple(entry["key"] for _, entry in _entries(data, "choices") if isinstance(entry.get("key"), str))
    for path, entry in _entries(data, "fields"):
        kind, choices = entry.get("type"), entry.get("choices")
        if kind == "choice" and choices is None:
            yield LooseEnd("template-missing-key", (*path, "choices"), "choices", lists)
        elif choices is not None and kind != "choice":
            yield LooseEnd("template-wrong-value", (*path, "choices"), str(choices), wanted="template.only_choice")
        elif isinstance(choices, str) and choices not in lists:
            yield LooseEnd("template-loose-end", (*path, "choices"), choices, lists)
        yield from _check_limits(path, entry)


def _check_limits(path: Path, field: Data) -> Iterator[LooseEnd]:
    least, most, length = field.get("minimum"), field.get("maximum"), field.get("max_length")
    for name, limit in (("minimum", least), ("maximum", most)):
        if limit is not None and field.get("type") not in NUMBERS:
            yield LooseEnd("template-wrong-value", (*path, name), str(limit), wanted="template.only_number")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        yield LooseEnd("template-wrong-value", (*path, "maximum"), str(most), wanted="template.maximum")
    if length is not None and (field.get("type") != "text" or (isinstance(length, int) and length < 1)):
        yield LooseEnd("template-wrong-value", (*path, "max_length"), str(length), wanted="template.only_text")


def _check_computed(data: Data) -> Iterator[LooseEnd]:
    """A computed field follows from numbers that stand in the row already, and nobody fills it in."""
    entries = _entries(data, "fields")
    plain = (entry for _, entry in entries if not entry.get("computed"))
    known = [entry.get("key") for entry in plain if entry.get("type") in NUMBERS]
    for path, entry in entries:
        if entry.get("percent") and entry.get("type") not in NUMBERS:
            yield LooseEnd("template-wrong-value", (*path, "percent"), "true", wanted="template.only_number")
        how = entry.get("computed")
        if not isinstance(how, dict):
            continue
        ways = [name for name in WAYS if how.get(name)]
        if len(ways) != 1 or len(how[ways[0]]) not in WAYS[ways[0]]:
            at = (*path, "computed")
            yield LooseEnd("template-wrong-value", at, ", ".join(ways), wanted="template.computed")
        for name in ways:
            for at, key in _texts(how, name, (*path, "computed")):
                if key not in known:
                    yield LooseEnd("template-loose-end", at, key, tuple(map(str, known)))
        for name in NOT_COMPUTED:
            if not (entry.get(name) is None or entry[name] is False or entry[name] == "unit"):
                wanted = "template.not_computed"
                yield LooseEnd("template-wrong-value", (*path, name), str(entry[name]), wanted=wanted)
        if entry.get("type") != "number":
            yield LooseEnd("template-wrong-value", (*path, "type"), str(entry.get("type")), ("number",))
        known.append(entry.get("key"))


def _check_beyond(path: Path, limit: object, fields: Data) -> Iterator[LooseEnd]:
    if not isinstance(limit, dict):
        return
    numbers = tuple(key for key, field in fields.items() if field.get("type") in NUMBERS)
    for name in ("field", "of"):
        if isinstance(limit.get(name), str) and limit[name] not in numbers:
            yield LooseEnd("template-loose-end", (*path, name), limit[name], numbers)
    if limit.get("share") is not None and limit.get("of") is None:
        yield LooseEnd("template-missing-key", (*path, "of"), "of", numbers)
    if limit.get("amount") is None and limit.get("share") is None:
        yield LooseEnd("template-missing-key", (*path, "amount"), "amount", ("amount", "share"))


def _check_roles(data: Data) -> Iterator[LooseEnd]:
    """A role is played by one field of a fitting type; the answers among them are the units' own."""
    fields = [(path, entry) for path, entry in _entries(data, "fields") if entry.get("role") in ROLE_TYPES]
    yield from _twice([((*path, "role"), entry["role"]) for path, entry in fields])
    for path, entry in fields:
        types = ROLE_TYPES[entry["role"]]
        if entry.get("type") not in types:
            yield LooseEnd("template-wrong-value", (*path, "type"), str(entry.get("type")), types, "template.role")
        if entry["role"] != "deadline" and entry.get("filled_by", "unit") != "unit":
            yield LooseEnd("template-wrong-value", (*path, "filled_by"), "plan", ("unit",), "template.role")


def _check_choices(data: Data) -> Iterator[LooseEnd]:
    """A list has options; each code, and each spelling of an answer, means one of them."""
    for path, choices in _entries(data, "choices"):
        options = _entries(choices, "options", path)
        if choices.get("options") in ([], ()):
            yield LooseEnd("template-wrong-value", (*path, "options"), "[]", wanted="template.some_options")
        yield from _twice([((*at, "code"), option.get("code")) for at, option in options])
        taken: set[str] = set()
        for at, option in options:
            names = dict(_names(option))
            for name in names.keys() & taken:
                yield LooseEnd("template-twice", (*at, *names[name][0]), names[name][1])
            taken |= names.keys()


def _check_ranks(data: Data) -> Iterator[LooseEnd]:
    """A status can be rolled up: it has a rank or is left out."""
    status = [entry.get("choices") for _, entry in _entries(data, "fields") if entry.get("role") == "status"]
    for path, choices in _entries(data, "choices"):
        for at, option in _entries(choices, "options", path) if choices.get("key") in status else ():
            if option.get("rank") is None and not option.get("left_out"):
                yield LooseEnd("template-missing-key", (*at, "rank"), "rank")


def _check_rules(data: Data) -> Iterator[LooseEnd]:
    """A rule asks for something, of fields and answers that exist."""
    fields = {str(entry.get("key")): entry for _, entry in _entries(data, "fields")}
    unit = (item for item in fields.items() if item[1].get("filled_by", "unit") == "unit")
    asked = tuple(key for key, entry in unit if not entry.get("computed"))
    times = tuple(key for key, entry in fields.items() if entry.get("type") in TIMES)
    codes = _codes(data)
    for path, rule in _entries(data, "rules"):
        if not any(rule.get(effect) for effect in EFFECTS):
            yield LooseEnd("template-missing-key", (*path, "require"), "require", EFFECTS)
        for name, accepted in (("require", asked), ("forbid", asked), ("filled", asked), ("blank", asked)):
            for at, key in _texts(rule, name, path):
                if key not in accepted:
                    yield LooseEnd("template-loose-end", at, key, accepted)
        if isinstance(rule.get("passed"), str) and rule["passed"] not in times:
            yield LooseEnd("template-loose-end", (*path, "passed"), rule["passed"], times)
        if rule.get("no_worse_part") is True and not _has_statuses_and_parts(data):
            wanted = "template.statuses_and_parts"
            yield LooseEnd("template-wrong-value", (*path, "no_worse_part"), "true", wanted=wanted)
        yield from _check_when(path, rule.get("when", {}), fields, codes)
        yield from _check_compare((*path, "compare"), rule.get("compare"), fields)
        yield from _check_beyond((*path, "beyond"), rule.get("beyond"), fields)
        yield from _check_gaps(path, rule, tuple(fields))


def _check_when(
    path: Path, when: object, fields: Data, codes: Mapping[str, tuple[str, ...]]
) -> Iterator[LooseEnd]:
    for key, values in when.items() if isinstance(when, dict) else ():
        kind = fields.get(key, {}).get("type")
        if kind not in CHOOSING:
            choosing = tuple(name for name, field in fields.items() if field.get("type") in CHOOSING)
            yield LooseEnd("template-loose-end", (*path, "when", key), key, choosing)
            continue
        accepted = YES_NO if kind == "yes_no" else codes.get(str(fields[key].get("choices")))
        for at, code in _texts({key: values}, key, (*path, "when")):
            if accepted is not None and code not in accepted:
                yield LooseEnd("template-loose-end", at, code, accepted)


def _check_compare(path: Path, compare: object, fields: Data) -> Iterator[LooseEnd]:
    if not isinstance(compare, dict):
        return
    comparable = TIMES if compare.get("relation") in ("later", "earlier") else (*NUMBERS, *TIMES)
    accepted = tuple(key for key, field in fields.items() if field.get("type") in comparable)
    for name in ("field", "to"):
        if isinstance(compare.get(name), str) and compare[name] not in accepted:
            yield LooseEnd("template-loose-end", (*path, name), compare[name], accepted)


def _check_gaps(path: Path, rule: Data, fields: tuple[str, ...]) -> Iterator[LooseEnd]:
    """A message names what stands in the row; what the form says live is the same on every row."""
    accepted = (*fields, *PART_GAPS) if rule.get("no_worse_part") is True else fields
    for name in ("message", "remedy"):
        texts = rule.get(name)
        for language, text in texts.items() if isinstance(texts, dict) else ():
            gaps = _gaps_of(text) if isinstance(text, str) else []
            at = (*path, name, language)
            if gaps is None or (gaps and name == "remedy"):
                wanted = "template.no_gaps" if name == "remedy" else "template.gaps"
                yield LooseEnd("template-wrong-value", at, str(text), wanted=wanted)
            else:
                yield from (
                    LooseEnd("template-loose-end", at, gap, accepted) for gap in gaps if gap not in accepted
                )


def _gaps_of(text: str) -> list[str] | None:
    """Return the names within braces, None if the braces do not fit together."""
    try:
        return [gap for _, gap, _, _ in Formatter().parse(text) if gap is not None]
    except ValueError:
        return None


def _has_statuses_and_parts(data: Data) -> bool:
    has_status = any(entry.get("role") == "status" for _, entry in _entries(data, "fields"))
    return has_status and any(entry.get("kind") == "part" for _, entry in _entries(data, "levels"))


def _check_summaries(data: Data) -> Iterator[LooseEnd]:
    """A summary counts a field, by something that every answer has."""
    fields = tuple(str(entry.get("key")) for _, entry in _entries(data, "fields"))
    columns = (UNIT, *(str(entry.get("key")) for _, entry in _entries(data, "levels")), *fields)
    summaries = _entries(data, "summaries")
    for path, summary in summaries:
        for name, accepted in (("by", columns), ("of", fields)):
            if isinstance(summary.get(name), str) and summary[name] not in accepted:
                yield LooseEnd("template-loose-end", (*path, name), summary[name], accepted)
    yield from _twice([((*path, "by"), f"{entry.get('by')} / {entry.get('of')}") for path, entry in summaries])


def _check_looks(data: Data) -> Iterator[LooseEnd]:
    """Texts are not blank and fit where Excel shows them; widths are those of a column."""
    for path, entry in _entries(data, "levels") + _entries(data, "fields"):
        width = entry.get("width")
        if isinstance(width, int) and not NARROWEST <= width <= WIDEST:
            yield LooseEnd("template-wrong-value", (*path, "width"), str(width), wanted="template.width")
        for name, room in (("label", LONGEST_HELP), ("heading", LONGEST_HEADING), ("help", LONGEST_HELP)):
            yield from _check_text((*path, name), entry.get(name), room)
    for path, rule in _entries(data, "rules"):
        for name in ("message", "remedy"):
            yield from _check_text((*path, name), rule.get(name), LONGEST_HELP)
    for path, choices in _entries(data, "choices"):
        for at, option in _entries(choices, "options", path):
            yield from _check_text((*at, "label"), option.get("label"), LONGEST_HELP)


def _check_text(path: Path, text: object, room: int) -> Iterator[LooseEnd]:
    for language, words in text.items() if isinstance(text, dict) else ():
        if isinstance(words, str) and not 0 < len(words.strip()) <= room:
            yield LooseEnd("template-text-length", (*path, language), str(len(words)), (str(room),))


CHECKS: tuple[Callable[[Data], Iterator[LooseEnd]], ...] = (
    _check_keys,
    _check_headings,
    _check_levels,
    _check_fields,
    _check_computed,
    _check_roles,
    _check_choices,
    _check_ranks,
    _check_rules,
    _check_summaries,
    _check_looks,
)


def _entries(data: Data, name: str, path: Path = ()) -> list[tuple[Path, Data]]:
    """Return the tables of a list with their paths; what is no table is the shape's fault, not ours."""
    found = data.get(name)
    tables = found if isinstance(found, list | tuple) else ()
    return [((*path, name, index), entry) for index, entry in enumerate(tables) if isinstance(entry, dict)]


def _texts(data: Data, name: str, path: Path) -> list[tuple[Path, str]]:
    found = data.get(name)
    texts = found if isinstance(found, list | tuple) else ()
    return [((*path, name, index), text) for index, text in enumerate(texts) if isinstance(text, str)]


def _names(entry: Data) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Return every spelling of a thing, folded, with the place and the text as written."""
    label = entry.get("label")
    for language, text in label.items() if isinstance(label, dict) else ():
        if isinstance(text, str):
            yield fold(text), (("label", language), text)
    for path, text in _texts(entry, "aliases", ()):
        yield fold(text), (path, text)


def _codes(data: Data) -> dict[str, tuple[str, ...]]:
    return {
        str(choices.get("key")): tuple(str(option.get("code")) for _, option in _entries(choices, "options"))
        for _, choices in reversed(_entries(data, "choices"))
    }


def _twice(named: list[tuple[Path, Any]]) -> Iterator[LooseEnd]:
    seen: set[object] = set()
    for path, name in named:
        if isinstance(name, str) and name in seen:
            yield LooseEnd("template-twice", path, name)
        seen.add(name if isinstance(name, str) else None)

"""How lines belong together, when a status is missing, and which status stands for several.

One rule each, as pure functions, so that the form's live column, the check, the accounts and the summary say
the same. Statuses are codes of the template here; what a person wrote was understood before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.model import Line
from xlflow.core.template import Choice, ChoiceList, Template
from xlflow.core.text import fold


@dataclass(frozen=True, slots=True)
class Kin:
    """The lines around one line: the activity above a sub-activity, the sub-activities below an activity, and
    those beside a sub-activity. Ids, in the order of the lines."""

    above: str | None = None
    below: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


ALONE = Kin()
"""What stands near a line that stands alone."""


def parents_of(lines: Iterable[Line], template: Template) -> Mapping[str, str]:
    """Return for each sub-activity the id of its activity, where that is among the lines.

    The activity has the same texts in every level but the sub-activity's own. Where several have, one asked
    of a unit that the sub-activity is asked of comes first; an activity of a unit's own serves that unit only.
    """
    part = template.part
    if part is None:
        return MappingProxyType({})
    known = tuple(lines)
    if not any(line.levels[part] for line in known):
        return MappingProxyType({})
    items: dict[tuple[str, ...], list[Line]] = {}
    for line in known:
        if not line.levels[part]:
            items.setdefault(_family(line.levels, part), []).append(line)
    pairs = {
        line.id: _choose_parent(line, items.get(_family(line.levels, part), ()))
        for line in known
        if line.levels[part]
    }
    return MappingProxyType({child: parent for child, parent in pairs.items() if parent is not None})


def kin_of(lines: Sequence[Line], template: Template) -> Mapping[str, Kin]:
    """Return the kin of every line, by id; a line that stands alone has none."""
    parents = parents_of(lines, template)
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    kin = {line.id: Kin(below=tuple(children[line.id])) if line.id in children else ALONE for line in lines}
    for child, parent in parents.items():
        kin[child] = Kin(parent, (), tuple(other for other in children[parent] if other != child))
    return MappingProxyType(kin)


def is_missing(own: bool, above: bool | None, below: Iterable[bool], beside: Iterable[bool]) -> bool:
    """Return whether a row still lacks a status. Each argument says whether a status stands there.

    `above` is None where the row is no sub-activity, or its activity is not in the form. One status on the
    activity is enough, and so is one on each sub-activity; an untouched activity is missing once, not once per
    sub-activity.
    """
    return not own and not any(below) and (above is None or (not above and any(beside)))


def is_answered(own: bool, above: bool | None, below: Collection[bool]) -> bool:
    """Return whether a row counts as answered: by its own status, by its activity's, or by all below it."""
    return own or bool(above) or (bool(below) and all(below))


def find_missing(kin: Mapping[str, Kin], answered: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the lines of one form whose status is missing, given those where one stands."""
    has = frozenset(answered).__contains__
    return tuple(
        line_id
        for line_id, near in kin.items()
        if not has(line_id)
        and is_missing(
            False,
            None if near.above is None else has(near.above),
            map(has, near.below),
            map(has, near.beside),
        )
    )


def find_unanswered(lines: Sequence[Line], template: Template, answered: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the lines asked of one unit that nothing answers, given those where a status stands."""
    has = frozenset(answered).__contains__
    return tuple(
        line_id
        for line_id, kin in kin_of(lines, template).items()
        if not is_answered(
            has(line_id), kin.above is not None and has(kin.above), [has(part) for part in kin.below]
        )
    )


def telling_fields(template: Template) -> tuple[str, ...]:
    """Return the fields of which one, written in, makes a row answered: the status, else those that are required,
    else all that are asked."""
    status = template.field_in_role("status")
    required = [field for field in template.asked() if field.required]
    return tuple(field.key for field in ([status] if status else required or template.asked()))


def worst(codes: Iterable[str | None], choices: ChoiceList) -> str | None:
    """Return the code of the highest rank; None if there is none.

    A choice that is left out (Utgår) counts only if all are; what an open list met besides its own choices
    counts below every rank.
    """
    given = sorted({code for code in codes if code})
    if len(given) < 2:
        return given[0] if given else None
    options = {option.code: option for option in choices.options}
    places = {option.code: place for place, option in enumerate(choices.options)}

    def weigh(code: str) -> tuple[bool, int, int]:
        option = options.get(code)
        return (not _is_left_out(option), _rank(option), -places.get(code, len(places)))

    return max(given, key=weigh, default=None)


def roll_up(own: str | None, parts: Iterable[str | None], template: Template) -> str | None:
    """Return the status of an activity: its own if it has one, else the worst of its sub-activities."""
    if own:
        return own
    status = template.field_in_role("status")
    if status is None or status.choices is None:
        return None
    return worst(parts, template.choice_list(status))


def is_worse(part: str, own: str, choices: ChoiceList) -> bool:
    """Return whether a sub-activity stands worse than its activity says; never where one of them is left out."""
    options = {option.code: option for option in choices.options}
    one, other = options.get(part), options.get(own)
    left_out = _is_left_out(one) or _is_left_out(other)
    return not left_out and _rank(one) > _rank(other) >= 0


def _choose_parent(part: Line, items: Sequence[Line]) -> str | None:
    """Return the activity of a sub-activity; what a unit added itself never takes over a part that was planned."""
    known = [item for item in items if part.own or not item.own]
    if len(known) == 1 and not known[0].own:
        return known[0].id
    units = frozenset(part.units)
    shared = (item.id for item in known if not units.isdisjoint(item.units))
    return next(shared, next((item.id for item in known if not item.own), None))


@lru_cache(maxsize=1 << 16)
def _family(levels: tuple[str, ...], part: int) -> tuple[str, ...]:
    return tuple("" if place == part else fold(text) for place, text in enumerate(levels))


def _is_left_out(option: Choice | None) -> bool:
    return option is not None and option.left_out


def _rank(option: Choice | None) -> int:
    return -1 if option is None or option.rank is None else option.rank

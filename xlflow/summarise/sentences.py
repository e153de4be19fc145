"""What the figures say, in sentences: of the whole, of each group of the widest level, of an item's parts.

The same counts as in the tables of figures; how a sentence is built is decided by `core.sentences`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from xlflow.core.changes import Change, count_changes
from xlflow.core.model import Line
from xlflow.core.rollup import ALONE
from xlflow.core.sentences import FOLLOWS, UNANSWERED, tell_changes, tell_overdue, tell_statuses
from xlflow.core.template import Level
from xlflow.core.text import fold
from xlflow.core.words import say
from xlflow.summarise.material import Material

MOST_GROUPS = 8
"""Groups of the widest level that get a sentence each; of more, none does."""


def tell_whole(material: Material) -> Iterator[str]:
    """Yield how all items stand, and for how many the time has passed; nothing where there are no statuses."""
    items = _items(material)
    if material.status:
        yield _tell(items, _item_level(material), material)
    late = sum(material.standings[line.id].overdue for line in items)
    if late:
        yield tell_overdue(late, _item_level(material), material.language)


def tell_since(changes: Sequence[Change], since: date, material: Material) -> str:
    """Return what has become of the items since the previous round."""
    told = count_changes([change for change in changes if not change.is_part])
    return tell_changes(told, _item_level(material), since, material.language)


def tell_groups(material: Material) -> tuple[tuple[str, str], ...]:
    """Return each group of the widest level by its name, and how its items stand; nothing where they are many."""
    if material.status is None or material.template.item == 0:
        return ()
    groups: dict[str, list[Line]] = {}
    for line in _items(material):
        groups.setdefault(fold(line.levels[0]), []).append(line)
    if not 1 < len(groups) <= MOST_GROUPS:
        return ()
    level = _item_level(material)
    return tuple((_name_group(found, material), _tell(found, level, material)) for found in groups.values())


def tell_parts(line: Line, material: Material) -> str | None:
    """Return how the parts of an item stand; None if it has none, or if none of them has a status of its own."""
    parts = material.kin.get(line.id, ALONE).below
    if not parts or material.status is None or material.template.part is None:
        return None
    standings = [material.standings[part] for part in parts]
    if not any(standing.code and not standing.follows for standing in standings):
        return None
    level = material.template.levels[material.template.part]
    return _tell([material.by_id[part] for part in parts], level, material)


def _tell(lines: Iterable[Line], level: Level, material: Material) -> str:
    counts = Counter(_key_of(line, material) for line in lines)
    return tell_statuses(counts, level, material.template, material.language)


def _key_of(line: Line, material: Material) -> str:
    standing = material.standings[line.id]
    unanswered = say("nothing.label", material.language) if standing.nothing else UNANSWERED
    return FOLLOWS if standing.follows else standing.code or unanswered


def _items(material: Material) -> list[Line]:
    return [line for line in material.lines if material.is_item(line)]


def _item_level(material: Material) -> Level:
    return material.template.levels[material.template.item]


def _name_group(lines: Sequence[Line], material: Material) -> str:
    name = lines[0].levels[0].split("\n")[0].strip()
    return name or say("overview.not_stated", material.language)

"""Gives every line its id: the one that the plan states, or one derived from the line's own text.

A derived id is the same on every machine, in whatever order the lines stand, and in every round in which the
text stands. Nothing but texts goes into it: no row number, no year, no other line unless two look alike.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from xlflow.core.model import PlanItem
from xlflow.core.text import normalize_key, short_code


def derive_ids(items: Sequence[PlanItem], item_level_index: int) -> tuple[str, ...]:
    """Return the id of each line, in order. `item` is the place of the line's own level among the levels.

    Lines whose own texts are the same are told apart by the groups above them, then by their units; lines that
    are the same in all of that share an id, and are a fault of the plan.
    """
    ids = [item.id for item in items]
    used_counts = Counter(normalize_key(id_) for id_ in ids if id_)
    unresolved = [index for index, id_ in enumerate(ids) if not id_]
    for texts_of in _ID_SOURCES:
        codes = {index: short_code(texts_of(items[index], item_level_index)) for index in unresolved}
        counts = Counter(codes.values()) + used_counts
        for index in unresolved:
            if counts[codes[index]] == 1 or texts_of is _ID_SOURCES[-1]:
                ids[index] = codes[index]
        used_counts += Counter(code for index, code in codes.items() if ids[index])
        unresolved = [index for index in unresolved if not ids[index]]
    return tuple(ids)


def _texts_without_groups(item: PlanItem, item_level_index: int) -> tuple[str, ...]:
    return item.level_texts[item_level_index:]


def _texts_with_groups(item: PlanItem, _item_level_index: int) -> tuple[str, ...]:
    return item.level_texts


def _texts_with_groups_and_units(item: PlanItem, _item_level_index: int) -> tuple[str, ...]:
    return (*item.level_texts, *sorted(map(normalize_key, item.units)))


_ID_SOURCES: tuple[Callable[[PlanItem, int], tuple[str, ...]], ...] = (
    _texts_without_groups,
    _texts_with_groups,
    _texts_with_groups_and_units,
)

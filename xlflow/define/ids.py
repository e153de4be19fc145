"""Gives every line its id: the one that the plan states, or one derived from the line's own text.

A derived id is the same on every machine, in whatever order the lines stand, and in every round in which the
text stands. Nothing but texts goes into it: no row number, no year, no other line unless two look alike.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from xlflow.core.model import Line
from xlflow.core.text import fold, short_code


def derive_ids(lines: Sequence[Line], item: int) -> tuple[str, ...]:
    """Return the id of each line, in order. `item` is the place of the line's own level among the levels.

    Lines whose own texts are the same are told apart by the groups above them, then by their units; lines that
    are the same in all of that share an id, and are a fault of the plan.
    """
    ids = [line.id for line in lines]
    taken = Counter(fold(id_) for id_ in ids if id_)
    open_ = [index for index, id_ in enumerate(ids) if not id_]
    for texts in _TEXTS:
        codes = {index: short_code(texts(lines[index], item)) for index in open_}
        counts = Counter(codes.values()) + taken
        for index in open_:
            if counts[codes[index]] == 1 or texts is _TEXTS[-1]:
                ids[index] = codes[index]
        taken += Counter(code for index, code in codes.items() if ids[index])
        open_ = [index for index in open_ if not ids[index]]
    return tuple(ids)


def _own_texts(line: Line, item: int) -> tuple[str, ...]:
    return line.levels[item:]


def _all_texts(line: Line, _item: int) -> tuple[str, ...]:
    return line.levels


def _all_texts_and_units(line: Line, _item: int) -> tuple[str, ...]:
    return (*line.levels, *sorted(map(fold, line.units)))


_TEXTS: tuple[Callable[[Line, int], tuple[str, ...]], ...] = (_own_texts, _all_texts, _all_texts_and_units)

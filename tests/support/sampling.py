"""How much of a sweep is run: a fair sample always, the whole with `--long`.

The sample is the same in every run: the examples of hypothesis are derandomized, and what is kept of a list is
named.
"""

import os
from collections.abc import Collection, Iterable

import pytest
from _pytest.mark import ParameterSet

LONG = "XLFLOW_LONG_TESTS"
"""Variable that `--long` sets, since decorators are read before options can be asked for."""


def is_long() -> bool:
    """Return whether everything is run."""
    return os.environ.get(LONG) == "1"


def sample_size(count: int) -> int:
    """Return how many of so many examples, rows or seeds are tried: all with `--long`, else a quarter."""
    return count if is_long() else min(count, max(3, count // 4))


def mark_long(cases: Iterable[str], *, always: Collection[str]) -> list[ParameterSet]:
    """Return cases for `parametrize`, those marked that only `--long` runs. `always` names the others."""
    found = list(cases)
    assert set(always) <= set(found), "a case that is to run always does not exist"
    marks = {name: () if name in always else (pytest.mark.long,) for name in found}
    return [pytest.param(name, marks=marks[name]) for name in found]

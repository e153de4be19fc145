"""Every pattern that could meet a foreign text takes time in proportion to its length, whatever the text is."""

import re
import time
from collections.abc import Iterator

import pytest
from support.foreign_patterns import AnyPattern, cpu_time, is_slow, list_patterns, texts_for

from xlflow.read.recognise_by_content import parse_form_title

PATTERNS = list_patterns()
IDS = [place.removeprefix("xlflow.") for place in PATTERNS.values()]
SMALL, MEDIUM, LARGE = 500, 2_000, 8_000


def find_slow_texts(pattern: AnyPattern, step: int) -> Iterator[str]:
    """Yield the beginnings of texts on which a pattern takes much more than proportionally long; every text is
    tried if `step` is 1, else every so many."""
    for small, medium, large in zip(
        *(texts_for(pattern, size, step) for size in (SMALL, MEDIUM, LARGE)), strict=True
    ):
        if is_slow(pattern, small, medium, large):
            yield ascii(small[:40])


def test_the_patterns_of_the_package_are_found() -> None:
    assert len(PATTERNS) > 120
    places = " ".join(PATTERNS.values())
    assert all(
        module in places for module in ("check.pii", "excel.reader", "values.numbers", "read.", "definition")
    )


def test_slow_patterns_are_noticed() -> None:
    assert next(find_slow_texts(re.compile(r"[a-z]+1"), 1))
    assert next(find_slow_texts(re.compile(r".*? - (.+), per (.+)"), 1))
    assert list(find_slow_texts(re.compile(r"[a-z]{1,40} - [0-9]{1,9}"), 7)) == []


@pytest.mark.parametrize("pattern", PATTERNS, ids=IDS)
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern: AnyPattern) -> None:
    assert list(find_slow_texts(pattern, 151)) == []


@pytest.mark.long
@pytest.mark.parametrize("pattern", PATTERNS, ids=IDS)
def test_a_pattern_takes_time_in_proportion_to_every_text(pattern: AnyPattern) -> None:
    assert list(find_slow_texts(pattern, 1)) == []


@pytest.mark.parametrize("unit", ["x", " - ", " - , per ", "a - b, per ", "\n"])
def test_the_title_of_a_form_is_looked_for_quickly(unit: str) -> None:
    text = unit * 20_000
    start = time.process_time()
    assert parse_form_title(text) == ("", None)
    assert time.process_time() - start < 1


def test_times_are_those_of_the_processor() -> None:
    assert 0 <= cpu_time(re.compile("a"), "a" * 10_000) < 0.1

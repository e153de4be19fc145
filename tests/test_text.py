"""Texts that a reader would call the same are the same, and nothing else is."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.not_empty import not_empty

from xlflow.model import text as module
from xlflow.model.text import (
    collapse_whitespace,
    collapse_whitespace_keep_lines,
    fingerprint,
    normalize_for_parsing,
    normalize_key,
    short_code,
    split_utf16,
    utf16_length,
)

SAME = [
    ("Pågående", "PÅGÅENDE"),
    ("Pågående", " Pågående\u00a0"),
    ("Pågående", unicodedata.normalize("NFD", "Pågående")),
    ("Kan komma att försenas", "Kan \nkomma\tatt\u2009försenas"),
    ("2023-2025", "2023\u20132025"),
    ("på- och avstigning", "på\u2011 och avstigning"),
    ("”Ny väg”", '"Ny väg"'),
    ("nämndens arbete", "nämn\u00addens arbete"),
    ("mål", "m\u200bål"),
    ("Straße", "STRASSE"),
]
DIFFERENT = [("Bro", "Brö"), ("1.1", "1.10"), ("plan A", "planA"), ("-", "")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_looks_the_same_is_the_same(one: str, other: str) -> None:
    assert normalize_key(one) == normalize_key(other)
    assert fingerprint([one, "x"]) == fingerprint([other, "x"])
    assert short_code([one]) == short_code([other])


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_looks_different_is_different(one: str, other: str) -> None:
    assert normalize_key(one) != normalize_key(other)
    assert fingerprint([one]) != fingerprint([other])


@given(st.text(st.characters(codec="utf-8")))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert collapse_whitespace(collapse_whitespace(text)) == collapse_whitespace(text)
    assert collapse_whitespace_keep_lines(collapse_whitespace_keep_lines(text)) == collapse_whitespace_keep_lines(
        text
    )


@given(st.text(st.characters(codec="utf-8")))
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    assert collapse_whitespace(unicodedata.normalize("NFD", text)) == collapse_whitespace(text)
    assert normalize_key(unicodedata.normalize("NFD", text)) == normalize_key(text)


@pytest.mark.parametrize(
    "change", [collapse_whitespace, normalize_key, normalize_for_parsing, collapse_whitespace_keep_lines]
)
def test_the_quick_way_for_ordinary_texts_changes_nothing(
    change: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"{sign}Å{sign}ß {sign}\t " for sign in map(chr, range(0x600))]
    quick = list(map(change, texts))
    monkeypatch.setattr(module, "_SIMPLE_TEXT", re.compile("(?!)"))
    assert quick == list(map(change, texts))


def test_tidy_lines_keeps_paragraphs() -> None:
    assert (
        collapse_whitespace_keep_lines("\r\nFörst  detta.\r\n\r\nSedan\u00a0det. \r")
        == "Först detta.\n\nSedan det."
    )


def test_plain_does_not_lower_raised_digits() -> None:
    assert normalize_for_parsing(" Kvartal\u00a02\u00b9 \u2013 3") == "kvartal 2\u00b9 - 3"
    assert normalize_key("10\u00b2") == "102"


def test_texts_do_not_run_together_in_a_fingerprint() -> None:
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
    assert fingerprint(["ab"]) != fingerprint(["ab", ""])


def test_fingerprints_and_codes_are_the_same_in_every_round() -> None:
    assert fingerprint(["Nämndmål", "Ta fram en plan"]) == "7b4ac622b24a3341"
    assert short_code(["Nämndmål", "Ta fram en plan"]) == "xhjnpszt"


def test_a_short_code_is_easy_to_read_aloud() -> None:
    codes = {short_code([str(number)]) for number in range(2000)}
    assert len(codes) == 2000
    assert {len(code) for code in codes} == {8}
    assert not set("01ilo") & set("".join(codes))
    assert len(short_code(["x"], length=4)) == 4


def test_half_an_emoji_can_be_reported_from_another() -> None:
    assert fingerprint(["\ud83d"]) != fingerprint(["\ud83c"])
    assert len(short_code(["\ude00 och mer"])) == 8


@given(st.text(), st.integers(2, 40))
def test_a_long_text_is_cut_as_spreadsheets_count_and_no_letter_is_lost(text: str, room: int) -> None:
    pieces = list(split_utf16(text, room))
    assert "".join(pieces) == text
    assert max(map(utf16_length, pieces)) <= room
    assert len(pieces) == 1 or utf16_length(text) > room
    assert [utf16_length(piece) for piece in pieces] == [len(p.encode("utf-16-le")) // 2 for p in pieces]


def test_a_long_text_is_cut_between_words() -> None:
    text = "Öppna kvarnen för besök " * 20
    assert all(piece.endswith(" ") for piece in not_empty(split_utf16(text, 100)))
    assert [len(piece) for piece in split_utf16("x" * 250, 100)] == [100, 100, 50]
    assert [len(piece) for piece in split_utf16("😀" * 5, 3)] == [1] * 5

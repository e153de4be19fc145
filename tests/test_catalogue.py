"""The program's own words exist in both languages, with the same gaps."""

import string
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.i18n.catalogue import (
    LANGUAGES,
    Language,
    LocalizedText,
    format_long_date,
    join_words,
    translate,
    translate_all,
)
from xlflow.runtime.resources import load_resource_toml
from xlflow.values import parse_full_date


def _words() -> Iterator[str]:
    for section, words in load_resource_toml("words.toml").items():
        yield from (f"{section}.{name}" for name in words)


def _gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", list(_words()))
def test_every_word_is_there_in_both_languages(key: str) -> None:
    word = translate_all(key)
    assert word.sv
    assert word.en
    assert _gaps(word.sv) == _gaps(word.en)


@pytest.mark.parametrize("code", list(load_resource_toml("messages.toml")))
def test_every_message_is_there_in_both_languages(code: str) -> None:
    entry = load_resource_toml("messages.toml")[code]
    assert entry["severity"] in ("error", "warning", "note")
    assert set(entry) == {"severity", "place", "who", "sv", "en"}
    for part in ("what", "do"):
        assert entry["sv"][part].strip()
        assert _gaps(entry["sv"][part]) == _gaps(entry["en"][part])


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_twelve_months_and_seven_days(language: Language) -> None:
    assert len(translate("calendar.months", language).split()) == 12
    assert len(translate("calendar.weekdays", language).split()) == 7


def test_gaps_are_filled_with_what_is_given() -> None:
    assert translate("values.quarter_of_year", "sv", quarter=2, year=2022) == "Kvartal 2 2022"
    assert translate("values.quarter_of_year", "en", quarter=2, year=2022) == "Quarter 2 2022"


def test_a_word_that_is_missing_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        translate("sheet.no_such_word", "sv")


def test_a_text_speaks_the_language_asked_for() -> None:
    assert LocalizedText(sv="mål", en="goal").in_language("sv") == "mål"
    assert LocalizedText(sv="mål", en="goal").in_language("en") == "goal"


def test_days_are_written_as_people_write_them() -> None:
    assert format_long_date(date(2021, 3, 31), "sv") == "31 mars 2021"
    assert format_long_date(date(2021, 5, 1), "en") == "1 May 2021"


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(LANGUAGES))
def test_days_that_we_write_can_be_read(day: date, language: Language) -> None:
    assert parse_full_date(format_long_date(day, language)) == day


@pytest.mark.parametrize(
    ("words", "text"), [((), ""), (("a",), "a"), (("a", "b"), "a eller b"), (("a", "b", "c"), "a, b eller c")]
)
def test_words_are_joined_as_in_a_sentence(words: tuple[str, ...], text: str) -> None:
    assert join_words(words, "or", "sv") == text
    assert join_words(words, "and", "en") == text.replace("eller", "and")

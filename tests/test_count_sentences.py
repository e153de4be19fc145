"""Counts become sentences as a careful writer would put them, and say what was counted, in both languages."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_round import shipped_template
from support.sampling import sample_size

from xlflow.check.comment_hints import parse_counts
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText
from xlflow.i18n.count_sentences import (
    FOLLOWS_PARENT,
    REPORTED_CHANGES,
    UNANSWERED,
    describe_change_counts,
    describe_overdue_count,
    describe_status_counts,
    format_item_count,
    number_in_words,
)
from xlflow.model.template_elements import Level

TEMPLATE = shipped_template("followup")
ITEM, PART = TEMPLATE.levels[TEMPLATE.item_level_index], TEMPLATE.levels[TEMPLATE.item_level_index + 1]
TASK = Level(
    key="task",
    label=LocalizedText(sv="Uppdrag", en="Task"),
    plural=LocalizedText(sv="Uppdrag", en="Tasks"),
    kind="item",
    neuter=True,
)
STATUS = TEMPLATE.choice_list(TEMPLATE.field("status"))
CODES = [option.code for option in STATUS.options]
DAY = date(2021, 3, 31)

TOLD: list[tuple[Level, dict[str, int], str, str]] = [
    (
        PART,
        {"remains": 1, "may_be_delayed": 2, "ongoing": 3},
        "Av sex delaktiviteter är tre pågående, en kvarstår och två kan komma att försenas.",
        "Of six sub-activities, three are ongoing, one remains and two may be delayed.",
    ),
    (
        ITEM,
        {"done": 1, "postponed": 13, UNANSWERED: 4, "ongoing": 0},
        "Av 18 aktiviteter är en genomförd, 13 förskjuts och fyra är obesvarade.",
        "Of 18 activities, one is done, 13 are postponed and four are unanswered.",
    ),
    (
        ITEM,
        {"may_be_delayed": 1, "cancelled": 11},
        "Av tolv aktiviteter kan en komma att försenas och elva utgår.",
        "Of twelve activities, one may be delayed and eleven are cancelled.",
    ),
    (
        TASK,
        {"done": 1, UNANSWERED: 1},
        "Av två uppdrag är ett genomfört och ett är obesvarat.",
        "Of two tasks, one is done and one is unanswered.",
    ),
    (PART, {"done": 6}, "Alla sex delaktiviteter är genomförda.", "All six sub-activities are done."),
    (PART, {"done": 2}, "Av två delaktiviteter är båda genomförda.", "Of two sub-activities, both are done."),
    (
        ITEM,
        {"may_be_delayed": 2},
        "Av två aktiviteter kan båda komma att försenas.",
        "Of two activities, both may be delayed.",
    ),
    (ITEM, {"remains": 1}, "En aktivitet kvarstår.", "One activity remains."),
    (TASK, {"cancelled": 1}, "Ett uppdrag utgår.", "One task is cancelled."),
    (
        PART,
        {"ongoing": 2, FOLLOWS_PARENT: 4},
        "Av sex delaktiviteter är två pågående och fyra saknar egen status.",
        "Of six sub-activities, two are ongoing and four have no status of their own.",
    ),
    (ITEM, {"done": 0}, "Inga aktiviteter följs upp.", "No activities are followed up."),
    (
        ITEM,
        {"Vilande {x}": 2, "done": 1},
        "Av tre aktiviteter är en genomförd och två har status ”Vilande {x}”.",
        "Of three activities, one is done and two have the status “Vilande {x}”.",
    ),
]


@pytest.mark.parametrize(("level", "counts", "sv", "en"), TOLD)
def test_a_sentence_says_how_many_stand_where(level: Level, counts: dict[str, int], sv: str, en: str) -> None:
    assert describe_status_counts(counts, level, TEMPLATE, "sv") == sv
    assert describe_status_counts(counts, level, TEMPLATE, "en") == en


CHANGED: list[tuple[Level, dict[str, int], str, str]] = [
    (
        ITEM,
        {"delayed": 4},
        "Sedan förra uppföljningen (31 mars 2021) har fyra aktiviteter försenats.",
        "Since the previous follow-up (31 March 2021), four activities have been delayed.",
    ),
    (
        ITEM,
        {"gone": 1, "new": 2, "done": 14, "delayed": 1, "overdue_since": 2, "cancelled": 1, "status": 9},
        "Sedan förra uppföljningen (31 mars 2021) har 14 aktiviteter genomförts, en har utgått, en har "
        "försenats, två har passerat sina slutdatum, två har tillkommit och en finns inte längre med.",
        "Since the previous follow-up (31 March 2021), 14 activities have been finished, one has been cancelled, "
        "one has been delayed, two have passed their deadlines, two have been added and one is no longer there.",
    ),
    (
        TASK,
        {"gone": 1},
        "Sedan förra uppföljningen (31 mars 2021) finns ett uppdrag inte längre med.",
        "Since the previous follow-up (31 March 2021), one task is no longer there.",
    ),
    (
        ITEM,
        {},
        "Inga aktiviteter har ändrats sedan förra uppföljningen (31 mars 2021).",
        "No activities have changed since the previous follow-up (31 March 2021).",
    ),
]


@pytest.mark.parametrize(("level", "counts", "sv", "en"), CHANGED)
def test_a_sentence_says_what_has_become_of_them(level: Level, counts: dict[str, int], sv: str, en: str) -> None:
    assert describe_change_counts(counts, level, DAY, "sv") == sv
    assert describe_change_counts(counts, level, DAY, "en") == en


def test_what_is_late_is_told_apart_by_number_and_gender() -> None:
    assert describe_overdue_count(0, ITEM, "sv") == ""
    assert describe_overdue_count(1, ITEM, "sv") == "Slutdatumet har passerat för en aktivitet, som inte är klar."
    assert describe_overdue_count(1, TASK, "sv") == "Slutdatumet har passerat för ett uppdrag, som inte är klart."
    assert (
        describe_overdue_count(3, ITEM, "sv") == "Slutdatumet har passerat för tre aktiviteter som inte är klara."
    )
    assert (
        describe_overdue_count(3, ITEM, "en")
        == "The deadline has passed for three activities that are not finished."
    )


def test_numbers_are_words_up_to_twelve_and_agree_in_gender() -> None:
    shown = [number_in_words(number, ITEM, "sv") for number in range(14)]
    words = "noll en två tre fyra fem sex sju åtta nio tio elva tolv"
    assert shown == [*words.split(), "13"]
    assert (number_in_words(1, TASK, "sv"), number_in_words(1, TASK, "en")) == ("ett", "one")
    assert format_item_count(1, PART, "en") == "one sub-activity"


def test_a_status_of_which_the_template_has_nothing_to_say_is_named() -> None:
    options = [option.model_copy(update={"predicate": None}) for option in STATUS.options]
    bare = TEMPLATE.model_copy(update={"choices": (STATUS.model_copy(update={"options": tuple(options)}),)})
    sentences = describe_status_counts({"done": 1, "ongoing": 2}, ITEM, bare, "sv")
    assert sentences == "Av tre aktiviteter har en status ”Genomfört” och två har status ”Pågående”."


@given(
    st.dictionaries(st.sampled_from(CODES[1:]), st.integers(1, 60), min_size=1),
    st.integers(1, 60),
    st.sampled_from([ITEM, PART, TASK]),
    st.sampled_from(LANGUAGES),
)
@settings(max_examples=sample_size(150), deadline=None)
def test_what_a_sentence_says_can_be_read_back_from_it(
    others: dict[str, int], done: int, level: Level, language: Language
) -> None:
    """By the reader of the hints, which was written for people's sentences; it wants numbers before statuses."""
    counts = {"done": done, **others}
    sentence = describe_status_counts(counts, level, TEMPLATE, language)
    assert parse_counts(sentence, STATUS) == (sum(counts.values()), counts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", [ITEM, PART, TASK])
def test_no_sentence_has_a_gap_left(level: Level, language: Language) -> None:
    for number in (1, 2, 3, 20):
        sentences = [describe_change_counts({name: number}, level, DAY, language) for name in REPORTED_CHANGES]
        sentences += [
            describe_status_counts({code: number}, level, TEMPLATE, language)
            for code in (*CODES, UNANSWERED, FOLLOWS_PARENT)
        ]
        for sentence in sentences:
            assert not set("{}") & set(sentence)
            assert "  " not in sentence
            assert sentence[0].isupper()
            assert sentence.endswith(".")

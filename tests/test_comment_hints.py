"""What a comment says that the columns do not is hinted at, once; what it does not say is left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_merged import draw_merged
from support.draw_round import draw_round, shipped_template
from support.not_empty import not_empty

from xlflow.check.comment_dates import find_mentioned_deadlines
from xlflow.check.comment_hints import add_hints, find_hints, parse_counts, parse_opening_status
from xlflow.i18n.catalogue import LANGUAGES
from xlflow.model.findings import Finding, Severity, message_of, remedy_of

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr
    b  |            |                        |          | Sex åtgärder |              |           | Norr
    b1 |            |                        |          |              | Bygga golv   |           | Norr
    b2 |            |                        |          |              | Måla väggar  |           | Norr
    b3 |            |                        |          |              | Sy ridån     |           | Norr
    c  |            |                        |          | Ny hemsida   |              | Se planen | Norr
""")
CHOICES = shipped_template().choice_list(shipped_template().field("status"))
DONE = "b | Pågående | |\nb1 | Pågående | |\nb2 | Pågående | |\nb3 | Kvarstår | |\nc | Pågående | |\n"


def answer(table: str) -> tuple[Finding, ...]:
    """Return what check and hints say of these answers together, but for the worse parts that they do not mind."""
    merged, findings = draw_merged(ASKED, {"Norr": "Id | Status | Ny tidpunkt | Kommentar/avvikelse\n" + table})
    return tuple(found for found in add_hints(merged, findings) if found.rule != "worse_part")


def hints(table: str) -> list[str]:
    shown = (f"{each.code} {each.location.cell} {each.suggestion or ''}".strip() for each in answer(table))
    return [each for each in shown if "-in-" in each]


# Times ----------------------------------------------------------------------------------------------------


def test_a_time_is_reported_as_the_comment_spells_it() -> None:
    assert hints(f"{DONE}a | Kan komma att försenas | | Moved to November 2021") == [
        "time-only-in-comment I5 November 2021"
    ]


TIMES = {
    "Förskjuts till kvartal 4.": "kvartal 4",
    "Aktiviteten är pågående och beräknas vara genomförd under kvartal 1 2022": "kvartal 1 2022",
    "Aktiviteten för-skjuts till\nkvartal 3. För-skjuts till kvartal 3": "kvartal 3",
    "Skjuts upp till 1:a kvartalet 2022": "1:a kvartalet 2022",
    "Flyttas från kvartal 2 till kv. 4": "kv. 4",
    "Blir klart hösten 2021": "hösten 2021",
    "Insatsen föreslås flyttas till 2022.": "till 2022",
    "Väntas bli färdigt under 2022": "under 2022",
    "Vi räknar med att allt är på plats den 15 december": "den 15 december",
    "Planeras till slutet av november": "november",
    "Postponed to quarter 1 2022": "quarter 1 2022",
    "Expected to be finished by 2021-12-01.": "2021-12-01",
}
NO_TIMES = (
    "Inköpsanalysen för 2020 dröjer, så allt förskjuts.",
    "Detta är inte genomförbart under 2021.",
    "Vi hinner inte bli klara till hösten.",
    "Beslut väntas i februari nästa år",
    "Första mötet hölls i mars.",
    "Tolv föreningar har lämnat synpunkter. Remissen går ut vecka 17.",
    "Tas i bruk den 1 augusti.",
    "Avtal 2021/22 är klart",
)


@pytest.mark.parametrize("comment", TIMES)
def test_a_time_by_which_something_is_to_be_done_is_found(comment: str) -> None:
    assert {each.text for each in find_mentioned_deadlines(comment, 2021)} == {TIMES[comment]}


@pytest.mark.parametrize("comment", NO_TIMES)
def test_other_times_are_not(comment: str) -> None:
    assert find_mentioned_deadlines(comment, 2021) == ()


def test_a_time_that_the_field_lacks_is_suggested() -> None:
    assert hints(DONE + "a | Kan komma att försenas | | Beräknas vara klar under kvartal 1 2022") == [
        "time-only-in-comment I5 Kvartal 1 2022"
    ]


def test_a_time_that_the_field_contradicts_is_reported_only_where_something_is_moved_to_it() -> None:
    assert hints(DONE + "a | Förskjuts | Kvartal 3 | Förskjuts till kvartal 4.") == [
        "time-in-comment I5 Kvartal 4"
    ]
    assert hints(DONE + "a | Förskjuts | Kvartal 3 | En del är klart kvartal 4.") == []
    assert hints(DONE + "a | Förskjuts | i höst | Förskjuts till kvartal 4.") == []


@pytest.mark.parametrize(
    "row",
    [
        "Förskjuts | Kvartal 4 | Förskjuts till slutet av november",  # the quarter holds the month
        "Pågående | | Beräknas vara genomförd under kvartal 2",  # the plan says the same
        "Pågående | | Blev klart i januari",  # has been
        "Genomfört | | Klart kvartal 4",  # settled
        "Förskjuts | Kvartal 4 2022 | Flyttas till 2022. Klart kvartal 4 2022",
    ],
)
def test_a_time_that_says_nothing_new_is_no_hint(row: str) -> None:
    assert hints(f"{DONE}a | {row}") == []


def test_of_two_times_the_one_that_something_is_moved_to_counts_and_of_two_such_none() -> None:
    # The first sentence promises a part; only the second moves the whole.
    two = "Ritningen väntas vara klar i juli. Resten skjuts upp till kvartal 4."
    assert hints(f"{DONE}a | Kan komma att försenas | | {two}") == ["time-only-in-comment I5 Kvartal 4"]
    both = "Flyttas till kvartal 3. Senareläggs till kvartal 4."
    assert hints(f"{DONE}a | Kan komma att försenas | | {both}") == []


# Statuses -------------------------------------------------------------------------------------------------

STATUSES = {
    "Kan komma att försenas. Vi väntar på besked.": "may_be_delayed",
    "Förskjuts till kvartal 4": "postponed",
    "Genomfört i februari.": "done",
    "Aktiviteten är genomförd": "done",
    "Status: utgår, ingår i en annan aktivitet": "cancelled",
    "pågår enligt plan": "ongoing",
    "– Pågående": "ongoing",
    "Ej påbörjad.": "remains",
    "Genomfört distansundervisning med digitala verktyg": None,
    "Arbetet är påbörjat av en ny grupp": None,
    "Inte genomfört": None,
    "Klart.": "done",
    "Det är klart, se protokollet": "done",
    "Klart till hösten": None,
    "Färdigt i maj 2022": None,
    "Försenad på grund av vakans": "postponed",
    "Utgångsläget är gott": None,
    "": None,
}


@pytest.mark.parametrize("comment", STATUSES)
def test_the_status_that_a_comment_begins_with(comment: str) -> None:
    found = parse_opening_status(comment, CHOICES)
    assert (found.code if found else None) == STATUSES[comment]


@pytest.mark.parametrize(
    ("status", "comment", "hinted"),
    [
        ("Kvarstår", "Kan komma att försenas på grund av vakans", "Kan komma att försenas"),
        ("Pågående", "Genomfört i februari.", "Genomfört"),
        ("Genomfört", "Pågår enligt plan", "Pågående"),
        ("Pågående", "Utgår.", "Utgår"),
        ("Förskjuts", "Aktiviteten är pågående.", None),
        ("Pågående", "Pågår enligt plan.", None),
    ],
)
def test_a_status_contradicts_the_column_where_it_is_worse_or_settled(
    status: str, comment: str, hinted: str | None
) -> None:
    assert hints(f"{DONE}a | {status} | | {comment}") == ([f"status-in-comment H5 {hinted}"] if hinted else [])


def test_an_answer_in_the_comment_alone_becomes_the_suggestion_of_the_fault() -> None:
    (found,) = answer(DONE + "a | | | Genomfört i februari.")
    assert (found.code, found.suggestion, found.effective_severity) == (
        "missing-status",
        "Genomfört",
        Severity.ERROR,
    )
    assert "Menade du ”Genomfört”?" in remedy_of(found, "sv")


def test_where_no_status_is_missing_an_answer_in_the_comment_alone_is_a_hint() -> None:
    parts = DONE.replace("b1 | Pågående | |", "b1 | | | Pågår enligt plan")
    assert hints(parts + "a | Pågående | |") == ["status-only-in-comment H7 Pågående"]


# Counts ---------------------------------------------------------------------------------------------------

COUNTS = {
    "Av de sex åtgärderna är tre pågående, ett kvarstår och två bedöms kan komma att försenas.": (
        6,
        {"ongoing": 3, "remains": 1, "may_be_delayed": 2},
    ),
    "Vi arbetar på.\nAv våra 4 delaktiviteter är tre pågående och en kvarstår. De övriga två gör andra.": (
        4,
        {"ongoing": 3, "remains": 1},
    ),
    "Of the six measures three are ongoing, one remains and two may be delayed.": (
        6,
        {"ongoing": 3, "remains": 1, "may_be_delayed": 2},
    ),
    "31 av 54 anmärkningar är rättade.": None,
    "Av de fem förråden är två uppsagda.": None,
    "Två av fyra grupper har gått webbutbildningen.": None,
    "": None,
}


@pytest.mark.parametrize("comment", COUNTS)
def test_a_hand_written_count_is_read(comment: str) -> None:
    assert parse_counts(comment, CHOICES) == COUNTS[comment]


def test_a_count_that_the_rows_below_bear_out_is_no_hint_and_another_is() -> None:
    said = "a | Pågående | |\n" + DONE
    right = "b | Pågående | | Av de tre delarna är två pågående och en kvarstår."
    wrong = "b | Pågående | | Av de tre delarna är en pågående och två kvarstår."
    short = "b | Pågående | | Av de två delarna är två pågående."
    assert hints(said.replace("b | Pågående | |", right)) == []
    assert hints(said.replace("b | Pågående | |", wrong)) == ["count-in-comment J6"]
    (found,) = answer(said.replace("b | Pågående | |", short))
    assert message_of(found, "sv") == (
        "Kommentaren räknar till 2 Pågående (av 2), men raderna under säger 2 Pågående, 1 Kvarstår (av 3)."
    )


# Personal data --------------------------------------------------------------------------------------------


def test_personal_data_is_reported_wherever_it_stands_and_never_repeated() -> None:
    found = answer(
        DONE
        + "a | Pågående | | Ring 070-123 45 67 eller 013-20 60 00 om 811218-9876\n"
        + "+ Svara till kansliet@kommunen.example | Pågående | |"
    )
    assert [f"{each.code} {each.location.cell} {each.effective_severity}" for each in found] == [
        "phone-in-text J5 note",
        "personal-number-in-text J5 note",
        "email-in-text A11 note",
    ]
    said = " ".join(message_of(each, language) for each in found for language in LANGUAGES)
    assert not any(secret in said for secret in ("9876", "123 45", "kommunen"))


# All together ---------------------------------------------------------------------------------------------


def test_hints_change_nothing_and_never_count_as_errors() -> None:
    merged, findings = draw_merged(
        ASKED, {"Norr": "Id | Status | Kommentar/avvikelse\na | Kvarstår | Kan komma att försenas."}
    )
    reported = add_hints(merged, findings)
    assert len(reported) > len(findings)
    assert all(hint.effective_severity is Severity.NOTE for hint in not_empty(find_hints(merged)))
    for hint in not_empty(find_hints(merged)):
        for language in LANGUAGES:
            assert message_of(hint, language)
            assert remedy_of(hint, language)


@given(
    st.lists(
        st.sampled_from(
            (
                "förskjuts",
                "till",
                "kvartal",
                "4",
                "2022",
                "av de sex",
                "är",
                "tre pågående",
                ".",
                "klart",
                "inte",
                "\n",
                "i",
            )
        ),
        max_size=14,
    ).map(" ".join)
)
def test_any_comment_can_be_read(comment: str) -> None:
    assert all(each.deadline.last for each in find_mentioned_deadlines(comment, 2021))  # may be empty: any comment
    claim = parse_counts(comment, CHOICES)
    assert claim is None or sum(claim[1].values()) >= 0


@pytest.mark.parametrize("piece", ["förskjuts ", "klart i ", "av de ", "2 ", "a", "kvartal "])
def test_a_long_comment_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    comment = piece * (30_000 // len(piece))
    find_mentioned_deadlines(comment, 2021)
    parse_counts(comment, CHOICES)
    parse_opening_status(comment, CHOICES)
    assert time.process_time() - begun < 2


def test_of_very_many_times_each_has_the_words_right_before_it() -> None:
    found = find_mentioned_deadlines("skjuts till kvartal 4 och klart hösten 2022, " * 5_000, 2021)
    assert [(each.text, each.is_postponement) for each in found[:2]] == [
        ("kvartal 4", True),
        ("hösten 2022", True),
    ]
    assert len(found) == 10_000


@pytest.mark.parametrize(
    "comment",
    ["Se ovan", "se ovan.", "(Se ovan)", "Se kommentaren ovan", "See above", "Samma som ovan", "Ditto", "”"],
)
def test_a_comment_that_only_points_to_another_row_is_noted(comment: str) -> None:
    found = [each for each in answer(f"{DONE}a | Pågående | | {comment}") if each.field == "comment"]
    assert [(each.code, each.location.cell, each.value) for each in found] == [
        ("comment-points-elsewhere", "J5", comment)
    ]


@pytest.mark.parametrize(
    "comment", ["Se ovan om golvet, som väntar på virke", "Se bilaga 2", "Ovanligt många", "-"]
)
def test_a_comment_of_its_own_may_name_another_row(comment: str) -> None:
    assert [each.code for each in answer(f"{DONE}a | Pågående | | {comment}") if each.field == "comment"] == []

"""What people write in place of an answer of the list: what counts, what is suggested, and what neither."""

import time

import pytest
from support.draw_round import shipped_template

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.model.template_elements import Choice, ChoiceList
from xlflow.values.choices import ChoiceSuggester, make_choice_parser

CHOICES = shipped_template().choice_list(shipped_template().field("status"))

COUNTED = {
    "done": (
        "Klart | klar. | Klara | Färdig | Färdigt! | Avslutad | Avslutat | Uppnått | Uppfyllt | Uppfylld"
        " | Slutfört | UTFÖRT | Completed | Finished | achieved | Fulfilled | Complete"
    ),
    "ongoing": "Pågår | Påbörjad | Startat | Igång | In progress | Under way | Started",
    "remains": "Ej påbörjad | Inte påbörjad | Ej påbörjat | Inte startat | Not started | Not yet started",
    "postponed": (
        "Försenad | Försenat | Senarelagd | Senarelagt | Framflyttad | Framflyttat | Skjuts upp | Delayed"
        " | Deferred | Försenas"
    ),
    "may_be_delayed": "Kan försenas | Risk för försening | At risk of delay",
    "cancelled": "Struken | Struket | Avförd | Avfört | Utgått | Inställt | Canceled | Withdrawn | Dropped",
}
SUGGESTED = {
    "done": (
        "Genomföt | Genomförrt | Genomfört i mars | Genomfört, se kommentar | Completd | Slutförtt | Finnished"
    ),
    "ongoing": "Pågende | Pågåend | Onging | Ongoing, see the comment | Påbörad",
    "remains": "Kvarståår | Ej påbörjd | Inte påbörjatt | Remans | Not startd | Allt kvarstår",
    "postponed": "Försjuts | Forskjuts | Förskuten | Postpond | Delayd",
    "may_be_delayed": "Kan komma at försenas | Kan ev. försenas",
    "cancelled": "Utgåår | Utgar | Cancelld | Utgår, ingår i annan aktivitet",
}
NEITHER = (
    "Ej genomfört | Inte genomfört | Icke genomförd | Ogenomfört | ejgenomfört | Ej klart | Inte klart än"
    " | Oavslutad | Ofärdig | Utgår ej | Utgår inte | Ej uppnått | Stryks ej | Ställs inte in | Ostruken"
    " | Pågår ej | Ej pågående | Påbörjas inte | Ej försenad | Inget kvarstår | Genomfört utan avvikelse"
    " | Not done | Not completed | Undone | Incomplete | Uncompleted | Unfinished | Isn't done | Not cancelled"
    " | Uncancelled | Not ongoing | Not postponed | May not be delayed | No longer remains | Nothing remains"
    " | Genomförs | Genomföras | Genomför | Ska genomföras | Kommer att genomföras | Avslutas | Påbörjas"
    " | Delvis genomfört | Delvis | Nästan klart | Snart klart | Genomfört till 80 % | Genomfört utom i Norr"
    " | Done, except unit B | Partly done | Will be done | Genomfört eller pågående | Ongoing / Done"
    " | Klart 2027 | Kvar | Pausad | Vilande | Stoppat | OK | Grön | 100% | x | Kvartal 4 | Nej | Ej aktuell"
    " | Upphört | Flyttas till 2027 | Utgång | Oförändrat | Se ovan"
)


def phrases(text: str) -> list[str]:
    return text.split(" | ")


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(phrase, code) for code, text in table.items() for phrase in phrases(text)]


def test_the_list_is_long_enough_and_names_no_phrase_twice() -> None:
    written = [phrase for phrase, _ in (*cases(COUNTED), *cases(SUGGESTED))] + phrases(NEITHER)
    assert len(written) == len(set(written)) >= 120


@pytest.mark.parametrize(("phrase", "code"), cases(COUNTED))
def test_a_word_with_one_meaning_counts(phrase: str, code: str) -> None:
    result = make_choice_parser(CHOICES, "sv")(phrase)
    assert (result.value, result.code) == (code, "choice-alias")


@pytest.mark.parametrize(("phrase", "code"), cases(SUGGESTED))
def test_what_is_near_in_meaning_is_suggested_and_does_not_count(phrase: str, code: str) -> None:
    for language in LANGUAGES:
        label = next(each.label for each in CHOICES.options if each.code == code).in_language(language)
        result = make_choice_parser(CHOICES, language)(phrase)
        assert (result.value, result.code, result.suggestion) == (None, "choice-unknown", label)


@pytest.mark.parametrize("phrase", phrases(NEITHER))
def test_a_negation_an_opposite_or_half_an_answer_gets_no_suggestion(phrase: str) -> None:
    result = make_choice_parser(CHOICES, "sv")(phrase)
    assert (result.value, result.code, result.suggestion) == (None, "choice-unknown", None)


def test_nothing_is_suggested_where_two_answers_are_equally_near() -> None:
    def choice(label: str) -> Choice:
        return Choice(code=label.lower()[-1], label=LocalizedText(sv=label, en=label))

    suggester = ChoiceSuggester(ChoiceList(key="level", options=(choice("Nivåer A"), choice("Nivåer B"))))
    assert suggester.suggest("Nivåer C") is None
    assert suggester.suggest("Nivår A") == choice("Nivåer A")


def test_long_texts_take_no_time() -> None:
    suggester, begun = ChoiceSuggester(CHOICES), time.process_time()
    for text in ("genomfört " * 3_000, "o" * 30_000, "ej " * 10_000, "x" * 79):
        suggester.suggest(text)
    assert time.process_time() - begun < 1

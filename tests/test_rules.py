"""What the rules ask for: every rule of the shipped template, every condition and effect, in words of the form."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return

from xlflow.check.form_checks import check_submission
from xlflow.definition.template_loader import load_template
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import message_of, remedy_of
from xlflow.model.plan import Deadline, PlanItem, Round
from xlflow.model.template import Template
from xlflow.model.template_elements import FieldComparison
from xlflow.rules import RULES, RowAnswers, evaluate_rules, relation_holds
from xlflow.rules.engine import has_worse_rank, requirements_text
from xlflow.rules.formula_semantics import option_number

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum      | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2      | Norr
    a1 |            |                        |          |              | Bygg golvet  |                | Norr
    a2 |            |                        |          |              | Måla väggar  | 2021-03-30     | Norr
    b  |            |                        |          | Ny hemsida   |              | Kvartal 4 2020 | Norr
    c  |            |                        |          | Nya kurser   |              | Se planen      | Norr
    d  |            |                        |          | Bokbuss      |              | Hösten 2021    | Norr
""")
ITEMS = {item.id: item for item in ASKED.plan.items}
ANSWERED = {
    "a": {"status": "Pågående"},
    "b": {"status": "Genomfört"},
    "c": {"status": "Genomfört"},
    "d": {"status": "Genomfört"},
}

Texts = Mapping[str, Mapping[str, str]]


def left(
    texts: Texts, asked: Round = ASKED, language: Language = "sv", *, nothing: bool = False
) -> dict[str, str]:
    """Return what is left to do by line, where anything is."""
    blank = {field.key: "" for field in asked.template.answer_fields()}
    items = (*asked.plan.items, *(added_item(key) for key in texts if key.startswith("+")))
    rows = [RowAnswers(item, blank | dict(texts.get(item.id, {}))) for item in items]
    asks = evaluate_rules(asked, rows, nothing_to_report=nothing)
    said = {
        row.item.id: requirements_text(each, asked.template, language)
        for row, each in zip(rows, asks, strict=True)
    }
    return {key: text for key, text in said.items() if text}


def added_item(key: str) -> PlanItem:
    item, _, part = key[1:].partition("/")
    return PlanItem(key, ("", "", "", item.strip(), part.strip()), ("Norr",), added_by_unit=True)


def requirements_of(item_id: str, status: str, new_deadline: str = "", comment: str = "") -> str:
    """Return what is left to do in a row, all others being answered."""
    reported = {"status": status, "new_deadline": new_deadline, "comment": comment}
    return left({**ANSWERED, item_id: reported}).get(item_id, "")


def with_rule(**rule: Any) -> Round:
    """The round of `ASKED` with one rule, nothing being required but by it."""
    data = shipped_template().model_dump()
    fields = [field | {"required": False} for field in data["fields"]]
    whole = {"name": "r", "message": {"sv": "Fel.", "en": "Wrong."}, **rule}
    return replace(ASKED, template=Template.model_validate(data | {"rules": [whole], "fields": fields}))


# The rules of the shipped template ----------------------------------------------------------------------------


def test_an_untouched_form_asks_for_a_status_once_per_activity() -> None:
    assert left({}) == {
        "a": "Välj status här eller på varje delaktivitet.",
        **dict.fromkeys("bcd", "Välj status."),
    }
    assert left({"a1": {"status": "Pågående"}})["a2"] == "Välj status."
    assert left({}, language="en")["a"] == "Choose status here or on every sub-activity."


@pytest.mark.parametrize("status", ["Förskjuts", "Utgår", "Kan komma att försenas"])
@pytest.mark.parametrize(
    ("comment", "asked"), [("", True), (" - ", True), ("…", True), ("Vakans", False), ("7", False)]
)
def test_what_deviates_is_commented_on(status: str, comment: str, asked: bool) -> None:
    assert ("Kommentera varför." in requirements_of("a", status, "Kvartal 4", comment)) is asked


@pytest.mark.parametrize(
    ("item", "time", "asked"),
    [
        ("a", "", "Fyll i ny tidpunkt."),
        ("a", "-", "Fyll i ny tidpunkt."),
        ("a", "Kvartal 2", "Ange en senare tidpunkt eller ändra status."),
        ("a", "2021-06-30", "Ange en senare tidpunkt eller ändra status."),
        ("a", "30 juni", "Ange en senare tidpunkt eller ändra status."),
        ("a", "2021-07-01", ""),
        ("a", "kv. 3", ""),
        ("a", "Under 2022", ""),
        ("a", "Ej fastställd", ""),
        ("a1", "Kvartal 1", ""),
        ("c", "Kvartal 1 2020", ""),
        ("d", "Hösten 2021", "Ange en senare tidpunkt eller ändra status."),
        ("d", "Våren 2022", ""),
    ],
)
def test_what_is_postponed_goes_to_a_later_time_where_both_can_be_compared(
    item: str, time: str, asked: str
) -> None:
    assert requirements_of(item, "Förskjuts", time, "Vakans") == asked


def test_what_is_done_has_no_new_time() -> None:
    assert requirements_of("a1", "Genomfört", "Kvartal 4") == "Töm ny tidpunkt eller ändra status."
    assert requirements_of("a1", "Genomfört", "-") == ""


@pytest.mark.parametrize(
    ("item", "status", "comment", "asked"),
    [
        ("b", "Pågående", "", True),
        ("b", "Kvarstår", "", True),
        ("b", "Kvarstår", "Vakans", False),
        ("b", "Genomfört", "", False),
        ("a2", "Pågående", "", True),
        ("a", "Pågående", "", False),
        ("c", "Pågående", "", False),
    ],
)
def test_what_is_late_is_commented_on_or_has_another_status(
    item: str, status: str, comment: str, asked: bool
) -> None:
    expected = "Slutdatum passerat: kommentera eller ändra status."
    assert (requirements_of(item, status, comment=comment) == expected) is asked


def test_a_deadline_on_the_as_of_date_has_not_passed() -> None:
    day = ITEMS["a2"].plan_values[0][1]
    assert isinstance(day, Deadline)
    assert day.last is not None
    assert (replace(ASKED, as_of=day.last).as_of - day.last).days == 0
    reported = {**ANSWERED, "a2": {"status": "Pågående"}}
    assert "a2" not in left(reported, replace(ASKED, as_of=day.last))


def test_an_activity_is_no_better_than_its_parts() -> None:
    reported = {**ANSWERED, "a1": {"status": "Kvarstår"}}
    assert left(reported) == {"a": "Stämmer inte med raderna under: ändra eller töm status."}
    assert left({**reported, "a": {}}) == {"a2": "Välj status."}


def test_severities_are_as_agreed_and_every_finding_has_the_name_of_its_rule() -> None:
    found = check_submission(
        draw_return(
            ASKED,
            "Norr",
            """
            Id | Status    | Ny tidpunkt | Kommentar/avvikelse
            a  | Förskjuts | Kvartal 1   |
            a1 | Förskjuts |             | Vakans
            b  | Kvarstår  |             |
            c  | Genomfört | Kvartal 1   |
            + Egen idé |   |             | Vi prövar
            + |            |             | Vi prövar
            """,
        )
    )
    assert sorted(f"{one.effective_severity} {one.row_id} {one.rule}" for one in found) == [
        "error + Egen idé missing_status",
        "error + added_row_without_text",
        "error a postponed_to_later",
        "error a reason_for_deviation",
        "error a1 time_for_postponed",
        "error c done_without_new_time",
        "error d missing_status",
        "warning b late_without_reason",
    ]


def test_a_finding_says_what_stands_there_and_the_same_as_the_form_of_what_to_do() -> None:
    table = "Id | Status | Ny tidpunkt | Kommentar/avvikelse\na | Förskjuts | kv 1 | x"
    found = next(one for one in check_submission(draw_return(ASKED, "Norr", table)) if one.row_id == "a")
    assert message_of(found, "sv") == "Ny tidpunkt (kv 1) är inte senare än slutdatumet (Kvartal 2)."
    assert message_of(found, "en") == "The new deadline (kv 1) is not later than the deadline (Quarter 2)."
    assert remedy_of(found, "sv") == "Ange en senare tidpunkt eller ändra status."


def test_the_year_of_three_statuses_keeps_the_rules_that_fit() -> None:
    names = [rule.name for rule in load_template("followup-2019").rules]
    assert names == ["done_without_new_time", "late_without_reason", "worse_part"]


# Rows of the unit's own, and a unit with nothing to report ----------------------------------------------------


def test_a_row_of_ones_own_says_what_it_is_about_and_is_judged_like_others() -> None:
    assert left({**ANSWERED, "+": {"comment": "x"}}) == {"+": "Fyll i kolumnen Aktivitet."}
    assert left({**ANSWERED, "+": {}}) == {}
    assert left({**ANSWERED, "+/Steg": {}}) == {"+/Steg": "Fyll i kolumnen Aktivitet."}
    assert left({**ANSWERED, "+ Ny": {}, "+ ny/Steg": {"status": "Utgår"}}) == {"+ ny/Steg": "Kommentera varför."}


def test_who_has_nothing_to_report_is_asked_only_about_rows_that_say_something() -> None:
    assert left({}, nothing=True) == {}
    assert left({"b": {"comment": "x"}, "a1": {"status": "Utgår"}}, nothing=True) == {
        "a1": "Kommentera varför.",
        "b": "Välj status.",
    }


# Conditions and effects ---------------------------------------------------------------------------------------


def test_conditions_are_all_to_hold() -> None:
    asked = with_rule(when_filled=["comment"], when_blank=["new_deadline"], require=["status"])
    assert left({"c": {"comment": "x"}}, asked) == {"c": "Fyll i fältet Status."}
    assert left({"c": {"comment": "x", "new_deadline": "Kvartal 4"}}, asked) == {}
    assert left({"c": {"comment": "-"}}, asked) == {}


def test_a_rule_without_words_of_its_own_gets_ours() -> None:
    compared = with_rule(compare={"field": "new_deadline", "relation": "later", "to": "deadline"})
    assert left({"a": {"new_deadline": "Q1"}}, compared) == {
        "a": "Ändra så att Ny tidpunkt är senare än Slutdatum."
    }
    forbidden = with_rule(forbid=["comment"])
    assert left({"a": {"comment": "x"}}, forbidden)["a"].startswith("Töm fältet Kommentar/avvikelse")
    worse = with_rule(children_not_worse=True)
    assert left({"a": {"status": "Genomfört"}, "a1": {"status": "Pågående"}}, worse) == {
        "a": "Ändra Status så att det stämmer med raderna under."
    }


def test_a_rule_that_asks_for_two_fields_says_so_once_in_its_own_words() -> None:
    asked = with_rule(require=["comment", "new_deadline"], remedy={"sv": "Fyll i båda.", "en": "Both."})
    assert left({"c": {"comment": "x"}}, asked)["c"] == "Fyll i båda."


@pytest.mark.parametrize("severity", ["note", "trial"])
def test_what_does_not_count_is_not_asked_live(severity: str) -> None:
    asked = with_rule(severity=severity, require=["comment"])
    assert left({}, asked) == {}
    assert {one.effective_severity for one in check_submission(draw_return(asked, "Norr"))} == {"note"}


def test_a_question_of_yes_or_no_can_be_a_condition() -> None:
    data = shipped_template().model_dump()
    question = {"key": "sure", "type": "yes_no", "label": {"sv": "Säkert?", "en": "Sure?"}}
    rule = {"name": "r", "when": {"sure": ["no"]}, "require": ["comment"], "message": {"sv": "F", "en": "F"}}
    template = Template.model_validate(data | {"fields": [*data["fields"], question], "rules": [rule]})
    asked = replace(ASKED, template=template)
    reported = {key: {**texts, "sure": "Ja"} for key, texts in ANSWERED.items()}
    assert left({**reported, "b": {"status": "Genomfört", "sure": " nej."}}, asked) == {
        "b": "Fyll i fältet Kommentar/avvikelse."
    }
    assert left({**reported, "b": {"status": "Genomfört", "sure": "kanske"}}, asked) == {
        "b": "Välj säkert? i listan."
    }


def test_times_that_only_a_reader_understands_are_compared_with_a_note() -> None:
    table = "Id | Status | Ny tidpunkt | Kommentar/avvikelse\na | Förskjuts | 25/3 2021 | x"
    (found,) = (one for one in check_submission(draw_return(ASKED, "Norr", table)) if one.row_id == "a")
    assert (found.rule, found.effective_severity) == ("postponed_to_later", "note")


def test_every_rule_says_in_one_line_what_it_holds() -> None:
    assert all(each.__doc__ and "\n" not in each.__doc__ for each in RULES)
    assert len({each.__name__ for each in RULES}) == len(RULES)


def test_a_word_that_was_agreed_on_counts_as_what_it_means() -> None:
    """As the plan's aliases have it: the form does not know the word, the check does."""
    row = RowAnswers(
        ITEMS["c"], {"status": "Flyttad", "new_deadline": "", "comment": "x"}, {"status": "postponed"}
    )
    (asks,) = evaluate_rules(ASKED, [row])
    assert [ask.rule for ask in asks] == ["time_for_postponed"]
    (asks,) = evaluate_rules(ASKED, [replace(row, parsed_values={"status": None})])
    assert [ask.rule for ask in asks] == ["answer_listed"]


# Comparing ----------------------------------------------------------------------------------------------------

numbers = st.decimals(-100, 100, places=2)
RELATIONS = ("later", "earlier", "above", "below", "equal")


@given(st.tuples(numbers, numbers) | st.tuples(st.dates(), st.dates()))
def test_two_values_stand_in_exactly_one_order(pair: tuple[Any, Any]) -> None:
    relations = {name: FieldComparison(field="one", relation=name, to="other") for name in RELATIONS}
    held = {name: relation_holds(wanted, *pair) for name, wanted in relations.items()}
    assert held["later"] == held["above"]
    assert held["earlier"] == held["below"]
    assert [held["later"], held["earlier"], held["equal"]].count(True) == 1
    assert relation_holds(relations["later"], pair[0], None) is None


def test_numbers_of_answers_rank_them_as_codes_do() -> None:
    choices = shipped_template().choice_list(shipped_template().field("status"))
    ranks = {option.code: None if option.excluded_from_rollup else option.rank for option in choices.options}
    assert ranks
    for part, part_rank in ranks.items():
        for own, own_rank in ranks.items():
            by_number = has_worse_rank(option_number(choices.options, part), option_number(choices.options, own))
            assert by_number is (part_rank is not None and own_rank is not None and part_rank > own_rank)

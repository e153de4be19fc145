"""What the answers of a unit lack or contradict, rule by rule; one cause is told once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return

from xlflow.check.form_checks import check_merged, check_submission
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import Finding, message_of, remedy_of
from xlflow.model.plan import Round
from xlflow.model.template import Template
from xlflow.rules.rollup import find_items_missing_status, relatives_by_id

ASKED = """
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum  | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2  | Norr
    a1 |            |                        |          |              | Bygg golvet  |            | Norr
    a2 |            |                        |          |              | Måla väggar  | 2021-06-30 | Norr
    b  |            |                        |          | Ny hemsida   |              | Se planen  | Norr
"""
ROUND = draw_round(ASKED, template=shipped_template().model_copy(update={"rules": ()}))
IDS = [line.id for line in ROUND.plan.items]


def with_rules(*rules: dict[str, Any]) -> Round:
    """The round of `ASKED`, its template declaring these rules and nothing as required."""
    data = shipped_template().model_dump()
    fields = [field | {"required": False} for field in data["fields"]]
    return draw_round(ASKED, template=Template.model_validate(data | {"rules": rules, "fields": fields}))


def rule(name: str, **what: Any) -> dict[str, Any]:
    return {"name": name, "message": {"sv": f"Regel {name}.", "en": f"Rule {name}."}, **what}


def with_declared(*names: str) -> Round:
    """The round of `ASKED`, its template declaring only these of the rules that are shipped."""
    template = shipped_template()
    rules = tuple(rule for rule in template.rules if rule.name in names)
    return draw_round(ASKED, template=template.model_copy(update={"rules": rules}))


def show(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{found.effective_severity} {found.location.cell} {found.code} {found.rule}" for found in findings]


def check(table: str, asked: Round = ROUND) -> list[str]:
    heading = "Id | Status | Ny tidpunkt | Kommentar/avvikelse\n"
    return show(check_submission(draw_return(asked, "Norr", heading + table)))


def test_an_untouched_form_lacks_one_status_per_activity() -> None:
    assert check("") == [
        "error H5 missing-status-or-parts missing_status",
        "error H8 missing-status missing_status",
    ]


def test_a_status_on_the_activity_covers_its_parts_and_the_other_way_round() -> None:
    assert check("a | Pågående | | \nb | Genomfört | | ") == []
    assert check("a1 | Pågående | | \na2 | Genomfört | | \nb | Genomfört | | ") == []
    assert check("a2 | Pågående | | \nb | Genomfört | | ") == ["error H6 missing-status missing_status"]


def test_a_status_that_was_not_understood_is_not_also_missing() -> None:
    assert check("a | se ovan | | \nb | klart nästan | | ") == []


def test_the_finding_says_where_whose_and_what_to_do() -> None:
    found = check_submission(draw_return(ROUND, "Norr", "Id | Status\na | Genomfört"))[0]
    assert (found.unit, found.row_id, found.field, found.value) == ("Norr", "b", "status", None)
    assert found.location.describe("sv") == "Norr.xlsx, blad Uppföljning, cell H8"
    assert message_of(found, "sv") == "Status saknas."
    assert remedy_of(found, "sv").startswith("Välj status. Det här finns att välja på: Genomfört, Pågående,")
    assert remedy_of(found, "en").endswith("May be delayed, Postponed or Cancelled.")


def test_a_worse_part_is_a_warning_on_the_activity() -> None:
    table = "Id | Status\na | Genomfört\na1 | Pågår\na2 | Utgår\nb | Utgår"
    findings = check_submission(draw_return(with_declared("worse_part"), "Norr", table))
    assert show(findings) == ["warning H5 rule-broken worse_part"]
    assert message_of(findings[0], "sv") == "Här står Genomfört, men ”Bygg golvet” är Pågående."
    assert message_of(findings[0], "en") == "This says Done, but “Bygg golvet” is Ongoing."


def test_an_answer_in_a_free_row_needs_an_activity_and_nothing_else_is_said_of_it() -> None:
    answered = "a | Pågående | | \nb | Genomfört | | \n"
    assert check(answered + "+ Egen idé | Pågående | | ") == []
    assert check(answered + "+ Egen idé | | | Vi testar") == ["error H9 missing-status missing_status"]
    assert check(answered + "+ | | | Vi testar") == ["error A9 added-row-without-text added_row_without_text"]


def test_numbers_that_are_required_are_missed_cell_by_cell() -> None:
    asked = draw_round(
        "Id | Område | Post | Budget | Enhet\nh | Drift | Hyror | 100 | Norr\nl | Drift | Löner | 900 | Norr",
        template=shipped_template("budget"),
    )
    findings = check_submission(draw_return(asked, "Norr", "Id | Utfall | Prognos\nh | 50 | \nl | femtio | 900"))
    assert show(findings) == ["error F5 missing-answer missing_required"]
    assert message_of(findings[0], "sv") == "Prognos saknas."


def test_a_template_s_rule_requires_when_its_answers_stand() -> None:
    asked = with_rules(rule("why", when={"status": ("postponed", "cancelled")}, require=("comment",)))
    assert check("a | Förskjuts | | \na1 | Utgår | | Pengar saknas\nb | Pågående | | ", asked) == [
        "error J5 rule-broken why"
    ]


def test_a_rule_speaks_in_the_template_s_words_and_has_a_remedy_of_its_own_if_none_is_declared() -> None:
    plain = rule("why", when={"status": ("postponed",)}, require=("comment",))
    reported = plain | {"remedy": {"sv": "Skriv varför.", "en": "Say why."}}
    findings = [
        check_submission(draw_return(with_rules(one), "Norr", "Id | Status\nb | Förskjuts"))[0]
        for one in (plain, reported)
    ]
    assert [message_of(found, "sv") for found in findings] == ["Regel why.", "Regel why."]
    assert [remedy_of(found, "sv") for found in findings] == [
        "Fyll i fältet Kommentar/avvikelse.",
        "Skriv varför.",
    ]


def test_a_rule_that_requires_the_status_lets_the_activity_speak_for_its_parts() -> None:
    asked = with_rules(rule("answer", require=("status",)))
    assert check("a1 | Pågående | | ", asked) == ["error H7 rule-broken answer", "error H8 rule-broken answer"]


def test_a_rule_forbids() -> None:
    asked = with_rules(rule("over", when={"status": ("done",)}, forbid=("new_deadline",), severity="warning"))
    assert check("a | Genomfört | Kvartal 4 | \nb | Pågående | Kvartal 4 | ", asked) == [
        "warning I5 rule-broken over"
    ]


@pytest.mark.parametrize(
    ("deadline", "found"),
    [
        ("Kvartal 1", ["error I5 rule-broken later"]),
        ("2021-06-30", ["error I5 rule-broken later"]),
        ("Kvartal 3", []),
        ("Under hösten", []),
        ("", []),
    ],
)
def test_a_rule_compares_where_both_can_be_compared(deadline: str, found: list[str]) -> None:
    later = {"field": "new_deadline", "relation": "later", "to": "deadline"}
    asked = with_rules(rule("later", when={"status": ("postponed",)}, compare=later))
    assert check(f"a | Förskjuts | {deadline} | \nb | Förskjuts | Kvartal 1 | ", asked) == found


def test_a_rule_on_trial_is_a_note_and_hides_behind_one_that_counts() -> None:
    trial = rule("trial", when={"status": ("postponed",)}, require=("comment",), severity="trial")
    earnest = rule("earnest", when={"status": ("postponed",)}, require=("comment",), severity="warning")
    assert check("b | Förskjuts | | ", with_rules(trial)) == ["note J8 rule-on-trial trial"]
    assert check("b | Förskjuts | | ", with_rules(trial, earnest)) == ["warning J8 rule-broken earnest"]


def test_a_column_that_the_form_lost_is_not_missed_row_by_row() -> None:
    form = draw_return(ROUND, "Norr")
    rows = tuple(
        type(row)(row.item, row.unit, row.location, tuple(a for a in row.answers if a.field != "status"))
        for row in form.rows
    )
    assert check_submission(type(form)(form.file, form.identity, form.round, rows)) == ()


def test_two_returns_that_are_whole_together_lack_nothing() -> None:
    first = draw_return(ROUND, "Norr", "Id | Status\na1 | Pågående\nb | Utgår", name="ett.xlsx")
    second = draw_return(ROUND, "Norr", "Id | Status\na2 | Genomfört", name="två.xlsx")
    merged, _ = merge_submissions([first, second], [first.file, second.file])
    assert check_merged(merged) == ()
    assert check_submission(first) != ()


@given(st.lists(st.sampled_from(["", "Genomfört", "Förskjuts", "nja"]), min_size=4, max_size=4))
def test_one_return_lacks_the_same_before_and_after_the_merge(statuses: list[str]) -> None:
    form = draw_return(
        ROUND, "Norr", "Id | Status\n" + "\n".join(map(" | ".join, zip(IDS, statuses, strict=True)))
    )
    merged, _ = merge_submissions([form], [form.file])
    assert check_merged(merged) == check_submission(form)


@given(st.lists(st.sampled_from(["", "Genomfört", "Pågående", "Utgår", "nja"]), min_size=4, max_size=4))
def test_a_status_is_missed_exactly_where_the_one_rule_says(statuses: list[str]) -> None:
    table = "Id | Status\n" + "\n".join(f"{key} | {text}" for key, text in zip(IDS, statuses, strict=True))
    missed = [f.row_id for f in check_submission(draw_return(ROUND, "Norr", table)) if f.rule == "missing_status"]
    answered = [key for key, text in zip(IDS, statuses, strict=True) if text]
    assert missed == list(find_items_missing_status(relatives_by_id(ROUND.plan.items, ROUND.template), answered))

"""Many forms become one result: who answered, cell by cell, in the plan's order, and with nothing lost."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_round import draw_round, shipped_template
from support.draw_submission import NOT_UNDERSTOOD, SAVED, draw_return
from support.sampling import sample_size

from xlflow.collect.select import select_submissions
from xlflow.merge.accounts import explain_imbalance
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import FatalError, Finding, Location, make_finding, message_of, remedy_of
from xlflow.model.merged import Merged
from xlflow.model.plan import Round
from xlflow.model.submission import FileState, ReceivedFile, Submission, Unplaced
from xlflow.rules.rollup import find_unanswered_items

PLAN = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    a1 |            |                        |          |              | Bygg golvet  |           | Söder
    a2 |            |                        |          |              | Måla väggar  |           | Norr
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Öster
    c  | Ekonomi    | Ordning                | Budget   | Spara pengar |              |           | Söder; Öster
    d  |            |                        |          | Köp in       |              |           | Norr
""")
BUDGET = draw_round(
    "Id | Område | Post | Budget | Enhet\nh | Drift | Hyror | 100 | Norr; Söder\nl | Drift | Löner | 900 | Norr",
    template=shipped_template("budget"),
)
LATER = SAVED + timedelta(days=2)


def merge(*forms: Submission, planned: Round | None = None) -> tuple[Merged, tuple[Finding, ...]]:
    return merge_submissions(forms, [form.file for form in forms], planned)


def show(merged: Merged) -> list[str]:
    """Each row as "unit line: answers", the blank ones left out."""
    return [
        f"{one.row.unit} {one.row.item.id}: {' | '.join(answer.raw_text for answer in one.row.answers)}".rstrip(
            " |:"
        )
        for one in merged.rows
    ]


def tell(findings: Sequence[Finding]) -> list[str]:
    return [f"{found.location.file} {found.location.cell or ''} {found.code}" for found in findings]


# Who, what and in which order -----------------------------------------------------------------------------


def test_rows_come_in_the_plan_s_order_without_the_plan_too() -> None:
    forms = [draw_return(PLAN, unit) for unit in ("Öster", "Söder", "Norr")]
    merged, findings = merge(*forms)
    assert [line.id for line in merged.round.plan.items] == ["a", "a1", "a2", "b", "c", "d"]
    assert show(merged) == ["Norr a", "Söder a", "Söder a1", "Norr a2", "Öster b", "Söder c", "Öster c", "Norr d"]
    assert findings == ()


def test_who_is_missing_is_known_from_the_forms() -> None:
    merged, _ = merge(draw_return(PLAN, "Söder"))
    assert (merged.answered_units, merged.missing_units) == (("Söder",), ("Norr", "Öster"))
    assert [line.id for line in merged.round.plan.items] == ["a", "a1", "c"]


def test_each_form_knows_the_contact_of_its_own_unit() -> None:
    def known(name: str) -> Round:
        units = tuple(
            replace(unit, email=f"{name}@exempel.se") if unit.name == name else unit for unit in PLAN.plan.units
        )
        return replace(PLAN, plan=replace(PLAN.plan, units=units))

    merged, _ = merge(*(draw_return(known(name), name) for name in ("Söder", "Norr")))
    assert [(unit.name, unit.email) for unit in merged.round.plan.units] == [
        ("Norr", "Norr@exempel.se"),
        ("Söder", "Söder@exempel.se"),
        ("Öster", ""),
    ]


def test_with_the_plan_the_lines_of_those_who_did_not_answer_are_there_too() -> None:
    merged, findings = merge(draw_return(PLAN, "Söder"), planned=PLAN)
    assert merged.round.plan.items == PLAN.plan.items
    assert merged.missing_units == ("Norr", "Öster")
    assert findings == ()


def test_a_unit_that_no_line_asks_is_not_missing() -> None:
    listed = replace(
        PLAN, plan=replace(PLAN.plan, units=(*PLAN.plan.units, replace(PLAN.plan.units[0], name="Väster")))
    )
    merged, _ = merge(draw_return(PLAN, "Norr"), planned=listed)
    assert merged.missing_units == ("Söder", "Öster")


def test_every_row_knows_where_it_came_from() -> None:
    merged, _ = merge(draw_return(PLAN, "Söder", name="svar/soder.xlsx"))
    assert [one.sources for one in merged.rows] == [
        (Location("svar/soder.xlsx", "Uppföljning", f"A{row}"),) for row in (5, 6, 7)
    ]


def test_the_units_own_activities_come_last_and_never_run_together() -> None:
    norr = draw_return(PLAN, "Norr", "Id | Status\n+ Egen idé | Pågående\n+ Till | Utgår")
    soder = draw_return(PLAN, "Söder", "Id | Status\n+ Egen idé | Genomfört")
    merged, _ = merge(soder, norr)
    own = [one for one in merged.rows if one.row.item.added_by_unit]
    assert [(one.row.unit, one.row.item.level_texts[3]) for one in own] == [
        ("Norr", "Egen idé"),
        ("Norr", "Till"),
        ("Söder", "Egen idé"),
    ]
    assert [one.row.item for one in own] == list(merged.round.plan.items[-3:])
    assert len({line.id for line in merged.round.plan.items}) == len(merged.round.plan.items)


def test_the_same_text_twice_in_free_rows_stays_two_activities() -> None:
    form = draw_return(PLAN, "Norr", "Id | Status\n+ Kurs | Pågående")
    twice = replace(
        form, rows=(*form.rows, replace(form.rows[-1], location=Location("Norr.xlsx", "Uppföljning", "A9")))
    )
    merged, _ = merge(twice)
    assert [one.sources[0].cell for one in merged.rows if one.row.item.added_by_unit] == ["A8", "A9"]


# A plan that says otherwise -------------------------------------------------------------------------------


def test_a_unit_that_the_plan_does_not_know_is_kept_and_reported() -> None:
    other = draw_round(
        "Id | Perspektiv | Aktivitet | Enhet | Kommunövergripande mål | Nämndmål | Delaktivitet\n"
        "z | Samhälle | Odla | Väster | Levande | Möten | "
    )
    merged, findings = merge(draw_return(other, "Väster", "Id | Status\nz | Utgår"), planned=PLAN)
    assert tell(findings) == ["Väster.xlsx  unit-not-in-plan", "Väster.xlsx A5 plan-item-unknown"]
    assert show(merged) == ["Väster z: Utgår"]
    assert merged.answered_units == ("Väster",)
    assert [line.id for line in merged.round.plan.items] == ["a", "a1", "a2", "b", "c", "d", "z"]


def test_a_line_that_was_moved_in_the_plan_is_noted_with_what_differs() -> None:
    table = """
        Id  | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum | Enhet
        a   | Ekonomi    | Levande kommun         | Fler     | Öppna scenen  |              | Kvartal 2 | Norr
    """
    _, findings = merge(draw_return(PLAN, "Norr"), planned=draw_round(table))
    found = next(finding for finding in findings if finding.code == "plan-item-text-differs")
    sv, en = message_of(found, "sv"), message_of(found, "en")
    assert sv == "I formuläret är Perspektiv, Nämndmål ”Samhälle / Möten”, i planen ”Ekonomi / Fler”."
    assert en == "In the form, Perspective, Board goal is “Samhälle / Möten”; in the plan, “Ekonomi / Fler”."


def test_what_the_plan_words_differently_is_noted_and_the_plan_s_words_stand() -> None:
    table = """
        Id  | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum | Enhet
        a   | Samhälle   | Levande kommun         | Möten    | Stänga scenen |              | Kvartal 2 | Norr
        a2x | Samhälle   | Levande kommun         | Möten    | Öppna SCENEN  | Måla väggar  |           | Norr
        d   | Ekonomi    | Ordning                | Budget   | Köp in        |              |           | Öster
    """
    merged, findings = merge(draw_return(PLAN, "Norr"), planned=draw_round(table))
    assert tell(findings) == [
        "Norr.xlsx A5 plan-item-text-differs",
        "Norr.xlsx A6 plan-item-found-by-text",
        "Norr.xlsx A7 plan-item-not-asked-of-unit",
    ]
    assert message_of(findings[0], "sv") == "I formuläret är Aktivitet ”Öppna scenen”, i planen ”Stänga scenen”."
    assert [one.row.item.level_texts[3] for one in merged.rows] == ["Stänga scenen", "Öppna SCENEN", "Köp in"]


def test_the_name_of_a_unit_is_that_of_the_plan() -> None:
    form = draw_return(PLAN, "Norr")
    shouted = replace(form, identity=replace(form.identity, unit="NORR "))
    merged, findings = merge(shouted, planned=PLAN)
    assert merged.answered_units == ("Norr",)
    assert {one.row.unit for one in merged.rows} == {"Norr"}
    assert findings == ()


def test_forms_of_different_plans_are_noted() -> None:
    newer = replace(PLAN, plan=replace(PLAN.plan, digest="1" * 64))
    _, findings = merge(draw_return(PLAN, "Norr"), draw_return(newer, "Söder", saved=LATER))
    assert tell(findings) == ["Söder.xlsx  forms-of-different-plans"]


def test_without_any_form_the_plan_is_the_result_and_without_either_there_is_no_way_on() -> None:
    merged, _ = merge(planned=PLAN)
    assert (merged.answered_units, merged.missing_units) == ((), ("Norr", "Söder", "Öster"))
    assert merged.accounts.rows_unanswered == 8
    with pytest.raises(FatalError) as stop:
        merge()
    assert tell(stop.value.findings) == ["  nothing-to-merge"]


# Two returns from one unit --------------------------------------------------------------------------------


def two(first: str, second: str, *, issued: str = "", reissued: str = "") -> tuple[Merged, tuple[Finding, ...]]:
    heading = "Id | Status | Ny tidpunkt | Kommentar/avvikelse\n"
    issued, reissued = (heading + text if text else "" for text in (issued, reissued))
    older = draw_return(PLAN, "Norr", heading + first, name="ett.xlsx", state=FileState.SUPERSEDED, issued=issued)
    newer = draw_return(PLAN, "Norr", heading + second, name="två.xlsx", saved=LATER, issued=reissued)
    return merge(older, newer)


def test_two_who_filled_in_half_each_are_joined() -> None:
    merged, findings = two("a | Pågående | | Första halvan", "a | | Kvartal 4 | \nd | Utgår | | ")
    assert show(merged) == ["Norr a: Pågående | Kvartal 4 | Första halvan", "Norr a2", "Norr d: Utgår"]
    assert [place.file for place in merged.rows[0].sources] == ["två.xlsx", "ett.xlsx"]
    assert (merged.accounts.rows_found, merged.accounts.rows_merged) == (6, 6)
    assert findings == ()


def test_the_row_that_gave_the_answers_stands_first_among_the_sources() -> None:
    merged, _ = two("d | Utgår | | ", "a | Pågående | | ")
    assert [place.file for place in merged.rows[2].sources] == ["ett.xlsx", "två.xlsx"]
    assert merged.rows[2].row.location.file == "ett.xlsx"


def test_what_was_changed_differently_is_a_conflict_and_the_later_one_stands() -> None:
    merged, findings = two("a | Pågående | | Går bra", "a | Förskjuts | | Går  BRA")
    assert show(merged)[0] == "Norr a: Förskjuts |  | Går  BRA"
    assert tell(findings) == ["två.xlsx H5 conflict"]
    assert (findings[0].value, findings[0].field, findings[0].row_id) == ("Förskjuts", "status", "a")
    assert message_of(findings[0], "sv") == (
        "Norr har svarat olika på samma fråga: ”Förskjuts” här, "
        "men ”Pågående” i ett.xlsx, blad Uppföljning, cell H5."
    )
    assert remedy_of(findings[0], "en").startswith("What was saved last counts: “Förskjuts”.")


def test_a_conflict_is_undecided_where_a_file_does_not_say_when_it_was_saved() -> None:
    older = draw_return(PLAN, "Norr", "Id | Status\na | Pågående", name="ett.xlsx", state=FileState.SUPERSEDED)
    newer = draw_return(PLAN, "Norr", "Id | Status\na | Förskjuts", name="två.xlsx", saved=LATER)
    copied = replace(newer, file=replace(newer.file, is_dated=False))
    merged, findings = merge(older, copied)
    assert show(merged)[0] == "Norr a: Pågående"
    assert tell(findings) == ["ett.xlsx H5 conflict-undecided"]
    assert "”Pågående” här, men ”Förskjuts” i två.xlsx" in message_of(findings[0], "sv")


def test_of_returns_saved_at_the_same_time_the_one_that_is_said_to_count_does() -> None:
    forms = [
        draw_return(PLAN, "Norr", f"Id | Status\na | {status}", name=name)
        for name, status in (("Norr (1).xlsx", "Pågående"), ("Norr.xlsx", "Genomfört"))
    ]
    collected = select_submissions(forms)
    assert [(file.name, file.state) for file in collected.files] == [
        ("Norr (1).xlsx", FileState.SUPERSEDED),
        ("Norr.xlsx", FileState.ACCEPTED),
    ]
    merged, _ = merge(*collected.submissions)
    assert show(merged)[0] == "Norr a: Genomfört"


def test_two_spellings_of_one_answer_are_no_conflict() -> None:
    merged, findings = two("a | Pågår | kvartal 4 | ", "a | Pågående | Kvartal 4 | ")
    assert show(merged)[0] == "Norr a: Pågående | Kvartal 4"
    assert findings == ()


def test_a_return_made_from_an_earlier_one_corrects_it_without_conflict() -> None:
    first = "a | klart nästan | | Ja\nd | Utgår | | "
    merged, findings = two(first, "a | Genomfört | | Ja\nd | | | ", reissued=first)
    assert show(merged) == ["Norr a: Genomfört |  | Ja", "Norr a2", "Norr d"]
    assert findings == ()


def test_what_stood_there_when_the_form_went_out_is_no_answer_against_a_change() -> None:
    carried = "a | Pågående | | Sedan förra året\nd | Kvarstår | | "
    merged, findings = two(
        "a | Genomfört | | Sedan förra året\nd | Kvarstår | | ", carried, issued=carried, reissued=carried
    )
    assert show(merged) == ["Norr a: Genomfört |  | Sedan förra året", "Norr a2", "Norr d: Kvarstår"]
    assert findings == ()


def test_a_fault_in_an_answer_that_was_replaced_is_no_longer_reported() -> None:
    older = draw_return(PLAN, "Norr", "Id | Status\na | klart nästan\nd | kanske", name="ett.xlsx")
    reported = tuple(
        make_finding("rule-broken", row.location_of(answer), field=answer.field)
        for row in older.rows
        for answer in row.answers
        if answer.error_code == NOT_UNDERSTOOD
    )
    newer = draw_return(PLAN, "Norr", "Id | Status\na | Genomfört", name="två.xlsx", saved=LATER)
    merged, findings = merge(replace(older, findings=reported), newer)
    assert show(merged) == ["Norr a: Genomfört", "Norr a2", "Norr d: kanske"]
    assert tell(findings) == ["ett.xlsx H7 rule-broken", "två.xlsx H5 conflict"]


def test_a_row_that_stands_twice_in_one_form_is_joined_and_reported() -> None:
    form = draw_return(PLAN, "Norr", "Id | Status | Kommentar\na | Pågående | \nd | Utgår | Pengar")
    copied = replace(form.rows[2], item=form.rows[0].item)
    merged, findings = merge(replace(form, rows=(*form.rows, copied)))
    assert show(merged)[0] == "Norr a: Pågående |  | Pengar"
    assert [place.cell for place in merged.rows[0].sources] == ["A5", "A7"]
    assert tell(findings) == ["Norr.xlsx H5 conflict-in-form"]


# The accounts ---------------------------------------------------------------------------------------------


def test_files_rows_and_what_is_unanswered_are_counted() -> None:
    forms = [
        draw_return(PLAN, "Norr", "Id | Status\na | Pågående\nd | hittepå"),
        draw_return(PLAN, "Söder", "Id | Status\na1 | Utgår"),
    ]
    loose = Unplaced("Norr", Location("Norr.xlsx", "Uppföljning", "A40"), ("Obs!",), "text-outside")
    moved = replace(loose, is_row=True, reason="row-unknown")
    forms[0] = replace(forms[0], unplaced=(replace(loose, is_row=False), moved))
    others = [
        ReceivedFile(f"fil{number}.xlsx", "", 1, None, state)
        for number, state in enumerate(
            (FileState.REFUSED, FileState.DUPLICATE, FileState.IGNORED, FileState.IGNORED)
        )
    ]
    merged, _ = merge_submissions(forms, [*others, *(form.file for form in forms)], PLAN)
    accounts = merged.accounts
    assert accounts.files_found == 6
    assert [accounts.files[state] for state in FileState] == [2, 1, 0, 1, 2]
    assert (accounts.rows_found, accounts.rows_merged, accounts.rows_set_aside) == (7, 6, 1)
    assert accounts.rows_unanswered == len(["Norr d", "Söder c", "Öster b", "Öster c"])
    assert merged.files[0].name == "Norr.xlsx"


def test_sums_balance_with_what_another_return_replaced() -> None:
    older = draw_return(BUDGET, "Norr", "Id | Utfall | Prognos\nh | 10.10 | 100\nl | 5 | x", name="ett.xlsx")
    newer = draw_return(BUDGET, "Norr", "Id | Utfall\nh | 0.2", name="två.xlsx", saved=LATER)
    merged, _ = merge(older, newer, draw_return(BUDGET, "Söder", "Id | Utfall\nh | 0.1"))
    accounts = merged.accounts
    assert accounts.sums_in == {"outcome": Decimal("15.40"), "forecast": Decimal(100)}
    assert accounts.sums_out == {"outcome": Decimal("5.3"), "forecast": Decimal(100)}
    assert accounts.sums_replaced == {"outcome": Decimal("10.10"), "forecast": Decimal(0)}
    assert accounts.is_balanced


def test_a_form_that_got_lost_stops_everything() -> None:
    norr, soder = draw_return(PLAN, "Norr"), draw_return(PLAN, "Söder")
    with pytest.raises(FatalError) as stop:
        merge_submissions([norr], [norr.file, soder.file])
    assert message_of(stop.value.findings[0], "sv") == (
        "Räkenskapen går inte ihop: 2 filer hittades men 1 är redovisade."
    )


def test_an_account_that_does_not_balance_says_which() -> None:
    accounts = merge(draw_return(BUDGET, "Norr", "Id | Utfall\nh | 10"))[0].accounts
    wrong = replace(accounts, rows_found=3, sums_in={"outcome": Decimal(11), "forecast": Decimal(0)})
    assert not wrong.is_balanced
    assert explain_imbalance(wrong, BUDGET.template).in_language("sv") == (
        "3 rader hittades men 2 är redovisade; Utfall är 11 in men 10 ut"
    )


def test_what_was_set_aside_is_listed_as_it_stands_in_the_sheets() -> None:
    cells = ("B10", "B2", "AA2", None)
    aside = tuple(
        Unplaced("Norr", Location("a.xlsx", "Blad", cell), ("x",), "text-outside", False) for cell in cells
    )
    form = replace(draw_return(PLAN, "Norr"), unplaced=aside)
    assert [one.location.cell for one in merge(form)[0].unplaced] == [None, "B2", "AA2", "B10"]


# Laws -----------------------------------------------------------------------------------------------------

IDS = {unit: [line.id for line in PLAN.items_for_unit(unit)] for unit in ("Norr", "Söder", "Öster")}
cells = st.sampled_from(["", "Pågående", "Genomfört", "Utgår", "nja"])
comments = st.sampled_from(["", "Går bra", "=1+1"])


@st.composite
def forms(draw: st.DrawFn, unit: str, name: str) -> Submission:
    ids = [*IDS[unit], *draw(st.lists(st.sampled_from(["+ Egen", "+ Annan", "+"]), unique=True))]
    rows = [f"{key} | {draw(cells)} | {draw(comments)}" for key in ids]
    minutes = draw(st.integers(0, 2))
    table = "\n".join(("Id | Status | Kommentar", *rows))
    return draw_return(PLAN, unit, table, name=name, saved=SAVED + timedelta(minutes=minutes))


@st.composite
def collections(draw: st.DrawFn) -> list[Submission]:
    units = draw(st.lists(st.sampled_from(list(IDS)), min_size=1, max_size=4))
    return [draw(forms(unit, f"{unit} ({number}).xlsx")) for number, unit in enumerate(units)]


@settings(max_examples=sample_size(60))
@given(collections(), st.booleans(), st.integers(0, 99))
def test_merging_does_not_depend_on_the_order_of_the_files(
    came: list[Submission], with_plan: bool, seed: int
) -> None:
    planned = PLAN if with_plan else None
    merged, findings = merge(*came, planned=planned)
    random.Random(seed).shuffle(came)
    again, found = merge(*came, planned=planned)
    assert again == merged
    assert found == findings


@settings(max_examples=sample_size(60))
@given(collections())
def test_nothing_is_lost(came: list[Submission]) -> None:
    merged, findings = merge(*came)
    places = [place for one in merged.rows for place in one.sources]
    assert sorted(map(repr, places)) == sorted(repr(row.location) for form in came for row in form.rows)
    assert merged.accounts.is_balanced
    assert merged.accounts.rows_found == sum(len(form.rows) for form in came)
    kept = {(one.row.unit, answer.raw_text) for one in merged.rows for answer in one.row.answers}
    listed = {(found.unit, gap.sv) for found in findings for name, gap in found.params if name == "other"}
    for form in came:
        for answer in (answer for row in form.rows for answer in row.answers if not answer.is_blank):
            assert (form.unit, answer.raw_text) in kept or (form.unit, f"”{answer.raw_text}”") in listed


@settings(max_examples=sample_size(40))
@given(forms("Norr", "ett.xlsx"))
def test_a_return_joined_with_itself_is_itself(form: Submission) -> None:
    once, _ = merge(form)
    twice, findings = merge(form, replace(form, file=replace(form.file, name="två.xlsx")))
    assert show(twice) == show(once)
    assert not [found for found in findings if found.code == "conflict"]


@settings(max_examples=sample_size(40))
@given(st.lists(st.tuples(cells, st.booleans()), min_size=3, max_size=3))
def test_edits_in_different_cells_both_survive(edits: list[tuple[str, bool]]) -> None:
    def half(mine: bool) -> str:
        pairs = zip(IDS["Norr"], edits, strict=True)
        texts = [f"{key} | {text if owner is mine else ''}" for key, (text, owner) in pairs]
        return "\n".join(("Id | Status", *texts))

    merged, findings = merge(
        draw_return(PLAN, "Norr", half(True), name="ett.xlsx"),
        draw_return(PLAN, "Norr", half(False), name="två.xlsx"),
    )
    assert [one.row.answers[0].raw_text for one in merged.rows] == [text for text, _ in edits]
    assert findings == ()


@settings(max_examples=sample_size(40))
@given(collections())
def test_what_is_unanswered_is_counted_for_every_unit_that_was_asked(came: list[Submission]) -> None:
    merged, _ = merge(*came, planned=PLAN)
    answered: dict[str, set[str]] = {unit: set() for unit in IDS}
    for one in merged.rows:
        if one.row.answers[0].value:
            answered[one.row.unit].add(one.row.item.id)
    lacking = [find_unanswered_items(PLAN.items_for_unit(unit), PLAN.template, answered[unit]) for unit in IDS]
    assert merged.accounts.rows_unanswered == sum(map(len, lacking))


@pytest.mark.parametrize("resaved_after", [timedelta(days=-1), timedelta(0), timedelta(days=9)])
def test_a_correction_stands_whenever_the_old_file_was_saved_again(resaved_after: timedelta) -> None:
    heading = "Id | Status | Kommentar/avvikelse\n"
    answered = heading + "a | Pågående | Går bra"
    old = draw_return(PLAN, "Norr", answered, name="ett.xlsx", saved=LATER + resaved_after)
    corrected = draw_return(
        PLAN, "Norr", heading + "a | Genomfört | Går bra", name="två.xlsx", saved=LATER, issued=answered
    )
    for forms in ((old, corrected), (corrected, old)):
        merged, findings = merge(*forms)
        assert show(merged)[0].replace(" |  |", " |") == "Norr a: Genomfört | Går bra"
        assert findings == ()


def test_an_answer_that_was_not_issued_is_not_taken_for_corrected() -> None:
    heading = "Id | Status\n"
    old = draw_return(PLAN, "Norr", heading + "a | Pågående", name="ett.xlsx", saved=LATER + timedelta(days=9))
    other = draw_return(
        PLAN, "Norr", heading + "a | Genomfört", name="två.xlsx", saved=LATER, issued=heading + "a | Utgår"
    )
    merged, findings = merge(old, other)
    assert show(merged)[0] == "Norr a: Pågående"
    assert tell(findings) == ["ett.xlsx H5 conflict"]


def test_a_cleared_answer_is_a_change_like_any_other() -> None:
    heading = "Id | Status\n"
    cleared = draw_return(
        PLAN, "Norr", heading + "a | ", name="ett.xlsx", saved=LATER, issued=heading + "a | Pågående"
    )
    other = draw_return(PLAN, "Norr", heading + "a | Genomfört", name="två.xlsx", saved=SAVED)
    merged, findings = merge(cleared, other)
    assert show(merged)[0] == "Norr a"
    assert tell(findings) == ["ett.xlsx H5 conflict"]

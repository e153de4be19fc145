"""What goes into the hidden sheet comes out again, to the letter; what is not ours or not whole does not."""

import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_round import draw_round, shipped_template
from support.not_empty import not_empty

from xlflow.form.identity import build_identity, decode_identity_properties, encode_identity_properties
from xlflow.form.layout import row_fingerprint
from xlflow.form.metadata import AnswerTexts, IssuedForm, decode_form_records, encode_form_records, issued_items
from xlflow.model.plan import Deadline, FieldValue, Plan, PlanItem, Round, Unit
from xlflow.model.submission import PreviousAnswers

TWO_UNITS = draw_round(
    """
    Perspektiv | Overall goal   | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum  | Enhet         | Typ
    Samhälle   | Levande kommun | Möten    | Öppna kvarnen |              | Kvartal 2  | Museet        | Egen
               |                |          |               | Hyra båt     | 2021-06-30 | Museet; Badet |
               |                |          | Laga taket    |              | Se planen  | Badet         |
    """,
    contacts=(Unit("Museet", "Växeln", "museet@exempel.se"), Unit("Badet", "Kassan", "badet@exempel.se")),
)

ODD = (
    "=1+1",
    '"citat"',
    "rad ett\nrad två\r\n",
    "🦔 igelkott",
    "_x0041_",
    "  ",
    "a\u0308",
    "\x07",
    "-",
    "x" * 70_000,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(ODD)
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
deadlines = st.builds(
    Deadline, st.sampled_from(["day", "quarter", "text"]), texts, st.none() | days, st.none() | days
)
values: st.SearchStrategy[FieldValue] = texts | st.booleans() | st.decimals(allow_nan=False) | deadlines
LEVELS = len(shipped_template().levels)


@dataclass(frozen=True)
class Drawn:
    """A round without its template, whose text would bury the rest when a test fails."""

    plan: Plan
    as_of: date
    due: date | None

    @property
    def round(self) -> Round:
        return Round(shipped_template(), self.plan, self.as_of, self.due, "sv")

    @property
    def unit(self) -> str:
        return self.plan.units[0].name


@st.composite
def rounds(draw: st.DrawFn) -> Drawn:
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    some = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    pairs = st.lists(st.tuples(texts, values), max_size=2).map(tuple)
    context = st.lists(st.tuples(texts, texts), max_size=2).map(tuple) | st.tuples(
        st.tuples(st.just("Typ"), texts)
    )
    levels = st.tuples(*[texts] * LEVELS)
    ids = draw(st.lists(texts, max_size=4, unique=True))
    items = tuple(PlanItem(key, draw(levels), draw(some), draw(pairs), draw(context), draw(texts)) for key in ids)
    units = tuple(Unit(name, draw(texts), draw(texts)) for name in names)
    plan = Plan(draw(texts), units, items, 2021, ("Typ",), "d" * 64)
    return Drawn(plan, draw(days), draw(st.none() | days))


def as_issued(asked: Round, unit: str) -> Round:
    """What a form may know: the lines of its unit, and nobody else's contact."""
    units = tuple(each if each.name == unit else Unit(each.name) for each in asked.plan.units)
    return replace(asked, plan=replace(asked.plan, units=units, items=asked.items_for_unit(unit), file=""))


def read_back(asked: Round, unit: str, issued: AnswerTexts | None = None) -> IssuedForm:
    found = decode_form_records(encode_form_records(asked, unit, issued or {}))
    assert found is not None
    return found


@given(rounds(), st.dictionaries(st.sampled_from(["status", "comment"]), texts, min_size=1))
def test_a_round_comes_back_as_it_went(drawn: Drawn, answers: dict[str, str]) -> None:
    asked, unit = drawn.round, drawn.unit
    items = asked.items_for_unit(unit)
    issued = {item.id: answers for item in items[:1]}
    found = read_back(asked, unit, issued)
    assert found.round == as_issued(asked, unit)
    assert found.issued_answers == issued
    assert found.identity == build_identity(asked, unit)
    assert found.row_fingerprints == tuple(row_fingerprint(item.level_texts) for item in items)


@given(rounds())
def test_every_cell_is_one_that_spreadsheets_keep(drawn: Drawn) -> None:
    for record in not_empty(encode_form_records(drawn.round, drawn.unit)):
        for cell in record:
            assert len(cell) <= 30_000
            assert cell.isascii() or cell.isprintable()
            assert "_x" not in cell


@given(rounds())
def test_the_identity_comes_back_from_the_properties(drawn: Drawn) -> None:
    identity = build_identity(drawn.round, drawn.unit)
    properties = encode_identity_properties(identity)
    assert all(len(text) <= 255 for _, text in properties)
    assert decode_identity_properties({**dict(reversed(properties)), "Företag": "annat"}) == identity


def test_the_headings_of_further_columns_travel_once_and_not_with_every_line() -> None:
    item = PlanItem("a", ("",) * LEVELS, ("Badet",), (), (("Lokal", "Simhallen"), ("Nr", "7")))
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=(item,), extra_headings=("Lokal", "Nr")))
    records = encode_form_records(asked, "Badet")
    assert sum("Lokal" in cell for record in records for cell in record) == 1
    earlier = [
        (*record[:2], record[2].replace('["Simhallen","7"]', '[["Lokal","Simhallen"],["Nr","7"]]'))
        if record[0] == "item"
        else record
        for record in records
    ]
    assert earlier != list(records)
    for reported in (records, earlier):
        found = decode_form_records(reported)
        assert found is not None
        assert found.round.plan.items[0].extra_columns == item.extra_columns


def test_a_text_longer_than_a_cell_travels_in_pieces() -> None:
    item = PlanItem("a", ("å" * 70_000, *("",) * (LEVELS - 1)), ("Badet",))
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=(item,)))
    assert max(len(cell) for record in encode_form_records(asked, "Badet") for cell in record) == 30_000
    assert read_back(asked, "Badet").round.plan.items == (item,)


def test_decimals_keep_their_digits() -> None:
    item = PlanItem("a", ("",) * LEVELS, ("Badet",), (("budget", Decimal("1250.50")), ("share", Decimal("-0.10"))))
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=(item,)))
    found = read_back(asked, "Badet").round.plan.items[0]
    assert [str(value) for _, value in found.plan_values] == ["1250.50", "-0.10"]


def test_other_units_are_named_but_their_lines_and_contacts_stay_at_home() -> None:
    written = "\n".join("\t".join(record) for record in encode_form_records(TWO_UNITS, "Museet"))
    assert "Badet" in written
    assert "museet@exempel.se" in written
    assert "badet@exempel.se" not in written
    assert "Laga taket" not in written


def test_thousands_of_units_are_named_in_a_few_records_and_held_once() -> None:
    names = tuple(f"Enhet nummer {number}, norra området" for number in range(2_000))
    item = PlanItem("a", ("Lån", *("",) * (LEVELS - 1)), names)
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, units=tuple(map(Unit, names)), items=(item,)))
    assert sum(record[0] in ("units", "unit") for record in encode_form_records(asked, names[7])) == 1
    found, other = read_back(asked, names[7]), read_back(asked, names[8])
    assert found.round.plan.units == asked.plan.units
    assert found.round.plan.units is other.round.plan.units


def test_a_form_that_names_each_unit_in_a_record_of_its_own_is_read() -> None:
    named = [[unit.name, unit.contact, unit.email] for unit in TWO_UNITS.plan.units]
    records = [record for record in encode_form_records(TWO_UNITS, "Badet") if record[0] not in ("units", "unit")]
    found = decode_form_records([*records, *(("unit", json.dumps(each)) for each in named)])
    assert found is not None
    assert found.round.plan.units == TWO_UNITS.plan.units


def test_own_activities_are_not_issued() -> None:
    own = PlanItem("e1", ("", "", "", "Måla båten", ""), ("Museet",), added_by_unit=True)
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=(*TWO_UNITS.plan.items, own)))
    assert read_back(asked, "Museet").identity.row_count == 2


def test_blank_cells_to_the_right_do_no_harm() -> None:
    padded = [[*record, "", ""] for record in encode_form_records(TWO_UNITS, "Museet")]
    assert decode_form_records([["", ""], *padded]) == decode_form_records(
        encode_form_records(TWO_UNITS, "Museet")
    )


@pytest.mark.parametrize("kind", ["identity", "definition", "round", "item"])
def test_a_form_that_lost_a_record_is_not_read(kind: str) -> None:
    records = list(encode_form_records(TWO_UNITS, "Museet"))
    records.remove(next(record for record in records if record[0] == kind))
    assert decode_form_records(records) is None


@pytest.mark.parametrize("kind", ["definition", "round", "item"])
def test_a_form_with_a_damaged_record_is_not_read(kind: str) -> None:
    records = [(*r[:-1], r[-1][:-3]) if r[0] == kind else r for r in encode_form_records(TWO_UNITS, "Museet")]
    assert decode_form_records(records) is None


def test_what_is_not_ours_is_not_read() -> None:
    assert decode_form_records([]) is None
    assert decode_form_records([("identity", "format", "99"), ("item", "x")]) is None
    assert decode_form_records([(1.0, "budget"), ("", "")]) is None
    assert decode_identity_properties({"xlflow.template": "followup", "Ägare": 3}) is None
    assert (
        decode_identity_properties(
            {**dict(encode_identity_properties(build_identity(TWO_UNITS, "Badet"))), "xlflow.rows": "x"}
        )
        is None
    )


def test_forms_of_one_round_share_their_template() -> None:
    museum, bath = read_back(TWO_UNITS, "Museet"), read_back(TWO_UNITS, "Badet")
    assert museum.round.template is bath.round.template


def test_records_are_the_same_every_time() -> None:
    issued = {item.id: {"status": "Pågående", "comment": "Går bra"} for item in TWO_UNITS.plan.items}
    turned = {key: dict(reversed(texts.items())) for key, texts in reversed(issued.items())}
    assert encode_form_records(TWO_UNITS, "Museet", issued) == encode_form_records(TWO_UNITS, "Museet", turned)


# A form that goes back, and one that shows the previous round ------------------------------------------------


def test_a_form_that_goes_back_knows_what_it_replaces_and_what_stood_in_its_own_rows() -> None:
    own = PlanItem("own-x", ("", "", "", "Egen idé", ""), ("Museet",), added_by_unit=True)
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=(*TWO_UNITS.plan.items, own)))
    first, second = asked.plan.items[0].id, "own-x"
    issued = {first: {"status": "Pågående"}, second: {"comment": "Ny"}}
    found = decode_form_records(encode_form_records(asked, "Museet", issued, ("a" * 64, "b" * 64)))
    assert found is not None
    assert found.issued_answers == issued
    assert found.identity.replaced_digests == ("a" * 64, "b" * 64)
    assert own not in found.round.plan.items
    assert decode_identity_properties(dict(encode_identity_properties(found.identity))) == found.identity


def test_what_the_previous_round_said_travels_along() -> None:
    previous = PreviousAnswers(date(2020, 12, 31), {TWO_UNITS.plan.items[0].id: "Pågående\n=1+1"})
    found = decode_form_records(encode_form_records(TWO_UNITS, "Museet", previous=previous))
    assert found is not None
    assert found.previous_answers == previous


def test_a_line_that_came_back_keeps_its_place_in_the_plan() -> None:
    items = tuple(
        replace(item, plan_position=place) for item, place in zip(TWO_UNITS.plan.items, (7, 9, 3), strict=True)
    )
    asked = replace(TWO_UNITS, plan=replace(TWO_UNITS.plan, items=items))
    assert [item.plan_position for item in issued_items(asked, "Museet")] == [7, 9]
    assert [item.plan_position for item in issued_items(TWO_UNITS, "Badet")] == [2, 3]

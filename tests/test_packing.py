"""What a file said is the same after it travelled or was kept, to the last letter; and once in memory."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from edits import ASKED, made
from hypothesis import given, settings
from hypothesis import strategies as st

from xlflow.core.findings import Finding, Place, Severity
from xlflow.core.model import (
    Answer,
    Deadline,
    Filled,
    Identity,
    Line,
    Plan,
    Previous,
    Received,
    Round,
    Row,
    SetAside,
    State,
    Unit,
)
from xlflow.core.packing import DAMAGED, Packed, Unpacker, pack_opened
from xlflow.core.words import Text
from xlflow.excel.incoming import open_book
from xlflow.read import read_form

texts = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["🦔", "\ud83e", "a\u0308\r\n", "\0", "{}", "null"]
)
maybe = st.none() | texts
days = st.none() | st.dates()
deadlines = st.builds(Deadline, st.sampled_from(["day", "quarter", "text"]), texts, days, days)
values = texts | st.booleans() | st.decimals(allow_nan=False, allow_infinity=False) | deadlines
places = st.builds(
    Place, st.sampled_from(["a.xlsx", "b/ö.xlsx"]), st.none() | st.sampled_from(["Form", "Annat"]), maybe
)
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
given_values = st.lists(st.tuples(texts, values), max_size=2).map(tuple)
several = st.lists(texts, max_size=3).map(tuple)
lines = st.builds(
    Line, texts, several, several, given_values, pairs, texts, st.booleans(), st.none() | places, st.integers(0, 9)
)
words = st.lists(st.tuples(texts, texts | st.integers() | st.builds(Text, sv=texts, en=texts)), max_size=2).map(
    tuple
)
findings = st.builds(
    Finding, texts, places, st.none() | st.sampled_from(Severity), maybe, maybe, maybe, maybe, maybe, maybe, words
)
answers = st.builds(Answer, texts, st.none() | values, texts, places, maybe)
times = st.datetimes() | st.datetimes(timezones=st.just(UTC))
moments = st.none() | times.map(lambda time: time.replace(fold=0))
received = st.builds(Received, texts, texts, st.integers(0, 9), moments, st.sampled_from(State), maybe, maybe)


@st.composite
def forms(draw: st.DrawFn) -> tuple[Received, Filled]:
    planned = tuple(replace(line, own=False, place=None) for line in draw(st.lists(lines, max_size=3)))
    units = tuple(draw(st.lists(st.builds(Unit, texts, texts, texts), max_size=3)))
    plan = Plan(draw(texts), units, planned, 2021, draw(several), draw(texts), draw(texts))
    asked = Round(ASKED.template, plan, date(2021, 3, 31), draw(days), draw(st.sampled_from(["sv", "en"])))
    line = st.sampled_from(planned) | lines if planned else lines
    rows = st.builds(Row, line, texts, places, st.lists(answers, max_size=2).map(tuple))
    aside = st.builds(SetAside, texts, places, several, texts, st.booleans())
    about = draw(received)
    return about, Filled(
        draw(st.just(about) | received),
        draw(st.builds(Identity, texts, texts, texts, texts, st.integers(0, 9), texts, several)),
        asked,
        tuple(draw(st.lists(rows, max_size=3))),
        tuple(draw(st.lists(aside, max_size=2))),
        tuple(draw(st.lists(findings, max_size=2))),
        draw(texts),
        tuple(draw(st.lists(st.tuples(texts, texts, texts), max_size=2))),
        draw(
            st.none() | st.builds(Previous, days, st.dictionaries(texts, texts, max_size=2).map(MappingProxyType))
        ),
        draw(st.none() | places),
    )


def there_and_back(opened: tuple[Received, Filled | Finding], unpacker: Unpacker | None = None) -> object:
    packed, unpacker = pack_opened(opened), unpacker or Unpacker()
    if packed.frame:
        unpacker.learn_frame(packed.frame, packed.frame_content)
    return unpacker.unpack(packed)


@settings(max_examples=40)
@given(forms())
def test_a_form_arrives_as_it_left(opened: tuple[Received, Filled]) -> None:
    again = there_and_back(opened)
    same = again == opened and repr(again) == repr(opened)
    assert same, opened[1].rows


@given(received, findings)
def test_a_refusal_arrives_as_it_left(about: Received, refusal: Finding) -> None:
    assert there_and_back((about, refusal)) == (about, refusal)
    assert pack_opened((about, refusal)).frame == ""


KNOWN = {
    Answer: "field value written at fault",
    Deadline: "kind text first last",
    Filled: "received identity round rows set_aside findings answers_digest issued previous nothing others",
    Finding: "code place severity rule unit row_id field value suggestion words",
    Identity: "template version round unit rows form_code replaces",
    Line: "id levels units given context continues_from own place position",
    Place: "file sheet cell",
    Plan: "title units lines year context digest file exceptions aliases",
    Previous: "as_of texts",
    Received: "name digest size saved state unit reason also",
    Round: "template plan as_of due language",
    Row: "line unit place answers",
    SetAside: "unit place texts reason is_row",
    Unit: "name contact email",
}
"""What is packed of every value. Whoever gives one a field more packs that too, and then lists it here."""


@pytest.mark.parametrize("kind", KNOWN)
def test_nothing_that_a_value_holds_is_left_behind(kind: type) -> None:
    assert " ".join(field.name for field in fields(kind)) == KNOWN[kind]


def opened_form(name: str, content: bytes) -> tuple[Received, Filled]:
    book = open_book(content, name)
    assert not isinstance(book, Finding)
    about = Received(name, book.digest, book.size, datetime(2021, 4, 1, tzinfo=UTC), State.ACCEPTED)
    form = read_form(book, about)
    assert isinstance(form, Filled)
    return about, form


def test_what_several_forms_have_in_common_travels_once_and_is_held_once() -> None:
    one, other = (opened_form(name, made(unit=unit)) for name, unit in (("a.xlsx", "Museet"), ("b.xlsx", "Åbo")))
    first, second = pack_opened(one), pack_opened(other)
    assert first.frame == second.frame
    assert len(first.content) < 8_000 < len(first.frame_content)
    unpacker = Unpacker()
    unpacker.learn_frame(first.frame, first.frame_content)
    (_, here), (_, there) = unpacker.unpack(first), unpacker.unpack(second)
    assert (here, there) == (one[1], other[1])
    assert isinstance(here, Filled)
    assert isinstance(there, Filled)
    assert here.round.template is there.round.template
    assert here.rows[1].line.levels[0] is there.rows[0].line.levels[0]
    assert here.rows[0].line is here.round.plan.lines[0]


def test_amounts_keep_their_digits() -> None:
    about, form = opened_form("a.xlsx", made())
    row = replace(form.rows[0], answers=(Answer("status", Decimal("1.50"), "1,50", Place("a.xlsx")),))
    _, again = there_and_back((about, replace(form, rows=(row,))))  # type: ignore[misc]
    assert str(again.rows[0].answers[0].value) == "1.50"


def test_bytes_that_are_not_whole_are_told() -> None:
    packed = pack_opened(opened_form("a.xlsx", made()))
    unpacker = Unpacker()
    for cut in range(0, len(packed.content), 97):
        with pytest.raises(DAMAGED):
            unpacker.unpack(Packed(packed.content[:cut], packed.frame))
        with pytest.raises(DAMAGED):
            unpacker.learn_frame(packed.frame, packed.frame_content[:cut])
    with pytest.raises(DAMAGED):
        unpacker.unpack(packed)  # its frame was never learnt

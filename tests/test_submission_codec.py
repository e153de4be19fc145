"""What a file said is the same after it travelled or was kept, to the last letter; and once in memory."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.edited_forms import ASKED, make_form
from support.sampling import sample_size

from xlflow.excel.reader import open_workbook
from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Finding, Location, Severity
from xlflow.model.plan import Deadline, Plan, PlanItem, Round, Unit
from xlflow.model.submission import (
    Answer,
    AnswerRow,
    FileState,
    FormIdentity,
    PreviousAnswers,
    ReceivedFile,
    Submission,
    Unplaced,
)
from xlflow.read.build_submission import read_form
from xlflow.runtime.submission_decoder import DECODE_ERRORS, SubmissionDecoder
from xlflow.runtime.submission_encoder import EncodedSubmission, encode_submission

texts = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["🦔", "\ud83e", "a\u0308\r\n", "\0", "{}", "null"]
)
maybe = st.none() | texts
days = st.none() | st.dates()
deadlines = st.builds(Deadline, st.sampled_from(["day", "quarter", "text"]), texts, days, days)
values = texts | st.booleans() | st.decimals(allow_nan=False, allow_infinity=False) | deadlines
places = st.builds(
    Location, st.sampled_from(["a.xlsx", "b/ö.xlsx"]), st.none() | st.sampled_from(["Form", "Annat"]), maybe
)
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
given_values = st.lists(st.tuples(texts, values), max_size=2).map(tuple)
several = st.lists(texts, max_size=3).map(tuple)
items = st.builds(
    PlanItem,
    texts,
    several,
    several,
    given_values,
    pairs,
    texts,
    st.booleans(),
    st.none() | places,
    st.integers(0, 9),
)
words = st.lists(
    st.tuples(texts, texts | st.integers() | st.builds(LocalizedText, sv=texts, en=texts)), max_size=2
).map(tuple)
findings = st.builds(
    Finding, texts, places, st.none() | st.sampled_from(Severity), maybe, maybe, maybe, maybe, maybe, maybe, words
)
answers = st.builds(Answer, texts, st.none() | values, texts, places, maybe)
times = st.datetimes() | st.datetimes(timezones=st.just(UTC))
moments = st.none() | times.map(lambda time: time.replace(fold=0))
received = st.builds(
    ReceivedFile, texts, texts, st.integers(0, 9), moments, st.sampled_from(FileState), maybe, maybe
)


@st.composite
def forms(draw: st.DrawFn) -> tuple[ReceivedFile, Submission]:
    planned = tuple(
        replace(item, added_by_unit=False, location=None) for item in draw(st.lists(items, max_size=3))
    )
    units = tuple(draw(st.lists(st.builds(Unit, texts, texts, texts), max_size=3)))
    plan = Plan(draw(texts), units, planned, 2021, draw(several), draw(texts), draw(texts))
    asked = Round(ASKED.template, plan, date(2021, 3, 31), draw(days), draw(st.sampled_from(["sv", "en"])))
    item = st.sampled_from(planned) | items if planned else items
    rows = st.builds(AnswerRow, item, texts, places, st.lists(answers, max_size=2).map(tuple))
    aside = st.builds(Unplaced, texts, places, several, texts, st.booleans())
    about = draw(received)
    return about, Submission(
        draw(st.just(about) | received),
        draw(st.builds(FormIdentity, texts, texts, texts, texts, st.integers(0, 9), texts, several)),
        asked,
        tuple(draw(st.lists(rows, max_size=3))),
        tuple(draw(st.lists(aside, max_size=2))),
        tuple(draw(st.lists(findings, max_size=2))),
        draw(texts),
        tuple(draw(st.lists(st.tuples(texts, texts, texts), max_size=2))),
        draw(
            st.none()
            | st.builds(PreviousAnswers, days, st.dictionaries(texts, texts, max_size=2).map(MappingProxyType))
        ),
        draw(st.none() | places),
    )


def encode_and_decode(
    opened: tuple[ReceivedFile, Submission | Finding], unpacker: SubmissionDecoder | None = None
) -> object:
    packed, unpacker = encode_submission(opened), unpacker or SubmissionDecoder()
    if packed.shared_digest:
        unpacker.add_shared_round(packed.shared_digest, packed.shared_content)
    return unpacker.decode(packed)


@settings(max_examples=sample_size(40))
@given(forms())
def test_a_form_arrives_as_it_left(opened: tuple[ReceivedFile, Submission]) -> None:
    again = encode_and_decode(opened)
    same = again == opened and repr(again) == repr(opened)
    assert same, opened[1].rows


@given(received, findings)
def test_a_refusal_arrives_as_it_left(about: ReceivedFile, refusal: Finding) -> None:
    assert encode_and_decode((about, refusal)) == (about, refusal)
    assert encode_submission((about, refusal)).shared_digest == ""


KNOWN = {
    Answer: "field value raw_text column error_code",
    Deadline: "kind text first last",
    Submission: "file identity round rows unplaced findings answers_digest issued previous_answers "
    "nothing_to_report other_submissions",
    Finding: "code location severity rule unit row_id field value suggestion params",
    FormIdentity: "template version round_key unit row_count form_code replaced_digests",
    PlanItem: "id level_texts units plan_values extra_columns continues_from added_by_unit location plan_position",
    Location: "file sheet cell",
    Plan: "title units items year extra_headings digest file waivers aliases",
    PreviousAnswers: "as_of text_by_item_id",
    ReceivedFile: "name digest size saved_at state unit reason further_units is_dated",
    Round: "template plan as_of due_date language",
    AnswerRow: "item unit location answers",
    Unplaced: "unit location texts reason is_row",
    Unit: "name contact email previous_names",
}
"""What is packed of every value. Whoever gives one a field more packs that too, and then lists it here."""


@pytest.mark.parametrize("kind", KNOWN)
def test_nothing_that_a_value_holds_is_left_behind(kind: type) -> None:
    assert " ".join(field.name for field in fields(kind)) == KNOWN[kind]


def opened_form(name: str, content: bytes) -> tuple[ReceivedFile, Submission]:
    workbook = open_workbook(content, name)
    assert not isinstance(workbook, Finding)
    about = ReceivedFile(
        name, workbook.digest, workbook.size, datetime(2021, 4, 1, tzinfo=UTC), FileState.ACCEPTED
    )
    form = read_form(workbook, about)
    assert isinstance(form, Submission)
    return about, form


def test_what_several_forms_have_in_common_travels_once_and_is_held_once() -> None:
    one, other = (
        opened_form(name, make_form(unit=unit)) for name, unit in (("a.xlsx", "Museet"), ("b.xlsx", "Åbo"))
    )
    first, second = encode_submission(one), encode_submission(other)
    assert first.shared_digest == second.shared_digest
    assert len(first.content) < 8_000 < len(first.shared_content)
    unpacker = SubmissionDecoder()
    unpacker.add_shared_round(first.shared_digest, first.shared_content)
    (_, here), (_, there) = unpacker.decode(first), unpacker.decode(second)
    assert (here, there) == (one[1], other[1])
    assert isinstance(here, Submission)
    assert isinstance(there, Submission)
    assert here.round.template is there.round.template
    assert here.rows[1].item.level_texts[0] is there.rows[0].item.level_texts[0]
    assert here.rows[0].item is here.round.plan.items[0]


def test_amounts_keep_their_digits() -> None:
    about, form = opened_form("a.xlsx", make_form())
    row = replace(form.rows[0], answers=(Answer("status", Decimal("1.50"), "1,50", Location("a.xlsx")),))
    _, again = encode_and_decode((about, replace(form, rows=(row,))))  # type: ignore[misc]
    assert str(again.rows[0].answers[0].value) == "1.50"


def test_bytes_that_are_not_whole_are_reported() -> None:
    packed = encode_submission(opened_form("a.xlsx", make_form()))
    unpacker = SubmissionDecoder()
    for cut in range(0, len(packed.content), 97):
        with pytest.raises(DECODE_ERRORS):
            unpacker.decode(EncodedSubmission(packed.content[:cut], packed.shared_digest))
        with pytest.raises(DECODE_ERRORS):
            unpacker.add_shared_round(packed.shared_digest, packed.shared_content[:cut])
    with pytest.raises(DECODE_ERRORS):
        unpacker.decode(packed)  # its frame was never learnt

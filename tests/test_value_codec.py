"""Values come through bytes as they were; bytes that are none of ours make no function run and raise one error."""

import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import Ext
from support.edited_forms import FILLED, make_form

from xlflow.excel.conventions import ShownNumber
from xlflow.excel.reader import ErrorValue, PictureValue, UncachedFormula, WorkbookData, open_workbook
from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Location, Severity, make_finding
from xlflow.runtime import value_codec
from xlflow.runtime.process_pool import TaskFailure
from xlflow.runtime.value_codec import ValueDecodeError, decode_value_bytes, encode_value_bytes

TEXTS = st.text(st.characters(codec=None, categories=None), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    TEXTS,
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False),
    st.binary(max_size=8),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.timedeltas(),
    st.sampled_from(
        [*Severity, ErrorValue("#REF!"), PictureValue("#VALUE!"), UncachedFormula("=A1"), Path("å/b")]
    ),
    st.builds(LocalizedText, sv=st.text(max_size=5), en=st.text(max_size=5)),
    st.builds(Location, TEXTS, st.none() | TEXTS, st.none() | TEXTS),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.frozensets(SCALARS, max_size=3),
        st.dictionaries(TEXTS, inner, max_size=3).map(MappingProxyType),
    ),
    max_leaves=12,
)


def types_in(value: object) -> object:
    """Return the type of a value and of all in it, since a text equals an error value of the same letters."""
    if isinstance(value, list | tuple):
        return type(value), [types_in(part) for part in value]
    return type(value)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    found = decode_value_bytes(encode_value_bytes(value))
    assert found == value
    assert types_in(found) == types_in(value)


def test_a_workbook_and_a_finding_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "Museet.xlsx"
    path.write_bytes(make_form(FILLED))
    workbook = open_workbook(path, path.name)
    assert isinstance(workbook, WorkbookData)
    finding = make_finding("target-not-ours", Location("a.xlsx"), params={"a": LocalizedText(sv="ja", en="yes")})
    for value in (workbook, finding, TaskFailure("crashed")):
        assert decode_value_bytes(encode_value_bytes(value)) == value


def test_what_a_cell_shows_comes_with_its_value() -> None:
    shown = decode_value_bytes(encode_value_bytes((ShownNumber(0.98, "98%"), 1.5)))
    assert isinstance(shown, tuple)
    assert shown == (0.98, 1.5)
    assert (type(shown[0]), shown[0].shown) == (ShownNumber, "98%")


def test_equal_texts_become_one_object() -> None:
    first, second = (
        decode_value_bytes(encode_value_bytes(((word, 1), (word * 1, 2)))) for word in ("Pågående", "x")
    )
    assert isinstance(first, tuple)
    assert first[0][0] is first[1][0]
    assert second == (("x", 1), ("x", 2))


@pytest.mark.parametrize("value", [os.system, print, object(), Path.unlink, {1, 2}, sys, ValueDecodeError("x")])
def test_what_is_no_value_is_not_sent(value: object) -> None:
    with pytest.raises(TypeError, match="is no value"):
        encode_value_bytes(value)


def forge(code: int, parts: object) -> bytes:
    """Return a message with one value under a code, as a worker could send it that was taken over."""
    return msgspec.msgpack.encode([Ext(code, msgspec.msgpack.encode(parts))])


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "builtins:eval",
        "builtins:bytearray",
        "pathlib:Path",
        "xlflow.runtime.process_pool:map_in_processes",
        "xlflow.runtime.process_pool:os",
        "xlflow.runtime.value_codec:msgspec.msgpack",
        "xlflow.runtime.standing_pool:StandingPool",
        "xlflow:FatalError",
        "xlflow",
        "",
        7,
    ],
)
def test_only_classes_of_values_are_made(name: object) -> None:
    for code in (value_codec._OBJECT, value_codec._MODEL):
        for parts in ([name], [name, "true"], [name, "a", 1]):
            with pytest.raises(ValueDecodeError):
                decode_value_bytes(forge(code, parts))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x90",
        b"\x92\x01\x02",
        b"\xc1",
        forge(99, []),
        forge(value_codec._TUPLE, 7),
        forge(value_codec._SET, [[]]),
        forge(value_codec._MAPPING, ["a"]),
        forge(value_codec._DURATION, [10**18]),
        forge(value_codec._OBJECT, []),
        forge(value_codec._OBJECT, ["xlflow.model.findings:Location"]),
        forge(value_codec._OBJECT, ["xlflow.model.findings:Severity", "worst"]),
        forge(value_codec._MODEL, ["xlflow.i18n.catalogue:LocalizedText", "sv", 1]),
        forge(value_codec._DATE, "2021-02-31"),
        forge(value_codec._TEXT, 0xFF),
    ],
)
def test_bytes_that_are_none_of_ours_raise_one_error(content: bytes) -> None:
    with pytest.raises(ValueDecodeError):
        decode_value_bytes(content)


def test_values_that_are_nested_without_end_raise_the_same_error() -> None:
    content = msgspec.msgpack.encode([])
    for _ in range(3000):
        content = msgspec.msgpack.encode([Ext(value_codec._TUPLE, content)])
    for nested in (content, b"\x91" * 100_000):
        with pytest.raises(ValueDecodeError):
            decode_value_bytes(nested)


@given(VALUES, st.integers(0, 60), st.binary(max_size=3))
def test_damaged_bytes_raise_one_error_or_make_another_value(value: object, place: int, patch: bytes) -> None:
    content = encode_value_bytes(value)
    for damaged in (content[:place], content[:place] + patch + content[place + len(patch) :]):
        try:
            decode_value_bytes(damaged)
        except ValueDecodeError:
            continue


def test_days_and_times_are_exact() -> None:
    values = (date.min, datetime.max, time.max, timedelta.min, Decimal("1.50"), Decimal("-0"), 2**64, -(2**63) - 1)
    assert list(map(repr, decode_value_bytes(encode_value_bytes(values)))) == list(map(repr, values))  # type: ignore[call-overload]

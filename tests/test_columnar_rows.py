"""Rows held column by column read as the tuples that they were made from, each cell of the very same kind."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from xlflow.model.table import Table, TableCell, TableColumn, encode_rows

texts = st.sampled_from(["", "Pågående", "Genomfört", "1", "True", "2021-03-31"])
numbers = st.sampled_from([0, 1, Decimal(1), Decimal("1.0"), Decimal("1.50"), Decimal("1.5"), Decimal(-1)])
cells = st.one_of(st.none(), st.booleans(), texts, numbers, st.just(date(2021, 3, 31)), st.text(max_size=3))


def rows_of(width: int, most: int) -> st.SearchStrategy[list[tuple[TableCell, ...]]]:
    return st.lists(st.tuples(*[cells] * width), max_size=most)


@given(rows_of(4, 40))
def test_rows_read_as_they_were_given(rows: list[tuple[TableCell, ...]]) -> None:
    held = encode_rows(iter(rows), 4)
    assert repr(list(held)) == repr(rows)
    assert [repr(held[place]) for place in range(len(held))] == [repr(row) for row in rows]
    assert held == tuple(rows)


@given(rows_of(3, 30), st.integers(0, 30), st.integers(0, 30))
def test_some_rows_are_those_that_a_list_has_there(
    rows: list[tuple[TableCell, ...]], start: int, stop: int
) -> None:
    assert repr(list(encode_rows(rows, 3)[start:stop])) == repr(rows[start:stop])


@given(rows_of(3, 30))
def test_a_column_and_its_different_cells_are_those_of_the_rows(rows: list[tuple[TableCell, ...]]) -> None:
    columns = tuple(TableColumn(key, key) for key in "abc")
    plain, held = Table("t", columns, tuple(rows)), Table("t", columns, encode_rows(rows, 3))
    for place in range(3):
        assert repr(list(held.column(place))) == repr(list(plain.column(place)))
        assert held.distinct_values(place) == plain.distinct_values(place)


def test_many_rows_keep_their_order_whether_their_cells_differ_or_not() -> None:
    rows = [
        (f"a{number}", number % 7, "Ja" if number % 3 else None, f"b{number % 70_000}")
        for number in range(150_000)
    ]
    held = encode_rows(iter(rows), 4)
    assert (len(held), held[149_999], held[-1]) == (150_000, rows[149_999], rows[-1])
    assert all(one == other for one, other in zip(held, rows, strict=True))
    assert held.distinct_values(1) == set(range(7))
    assert list(held[70_000:70_003]) == rows[70_000:70_003]


def test_one_column_more_stands_where_it_is_asked_for() -> None:
    held = encode_rows([("a", 1), ("b", 2)], 2).with_column(1, iter(["x", None]))
    assert list(held) == [("a", "x", 1), ("b", None, 2)]

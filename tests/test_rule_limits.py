"""Where a rule's condition turns: equal values, the limit itself, the last rank, the last day."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from support.not_empty import not_empty

from xlflow.check.pii import is_personal_number
from xlflow.model.template_elements import FieldComparison
from xlflow.rules import relation_holds
from xlflow.rules.engine import has_worse_rank

VALUES = ((Decimal("1.5"), Decimal(2)), (date(2021, 3, 30), date(2021, 3, 31)))


@pytest.mark.parametrize(("low", "high"), VALUES)
@pytest.mark.parametrize(
    ("relation", "when_less", "when_equal", "when_greater"),
    [
        ("later", False, False, True),
        ("above", False, False, True),
        ("earlier", True, False, False),
        ("below", True, False, False),
        ("equal", False, True, False),
    ],
)
def test_equal_values_are_neither_before_nor_after_each_other(
    low: object, high: object, relation: str, when_less: bool, when_equal: bool, when_greater: bool
) -> None:
    comparison = FieldComparison(field="one", relation=relation, to="other")  # type: ignore[arg-type]
    assert relation_holds(comparison, low, high) is when_less  # type: ignore[arg-type]
    assert relation_holds(comparison, low, low) is when_equal  # type: ignore[arg-type]
    assert relation_holds(comparison, high, low) is when_greater  # type: ignore[arg-type]


def test_a_number_and_a_date_cannot_be_compared() -> None:
    for relation, pair in not_empty(
        product(("later", "equal"), ((Decimal(1), date(2021, 1, 1)), (None, Decimal(1))))
    ):
        comparison = FieldComparison(field="one", relation=relation, to="other")  # type: ignore[arg-type]
        assert relation_holds(comparison, *pair) is None
        assert relation_holds(comparison, *pair[::-1]) is None


@pytest.mark.parametrize(
    ("part", "item", "is_worse"),
    [(200, 199, True), (199, 100, False), (199, 101, False), (100, 99, True), (99, 1, False), (200, 200, False)],
)
def test_a_rank_is_worse_from_the_next_hundred_on(part: int, item: int, is_worse: bool) -> None:
    assert has_worse_rank(part, item) is is_worse


@pytest.mark.parametrize("item", [0, -1, -200])
def test_no_rank_is_worse_than_none(item: int) -> None:
    assert not has_worse_rank(300, item)


@pytest.mark.parametrize(
    ("digits", "is_number"),
    [
        ("0002299994", None),
        ("8112189876", True),
        ("8112189877", False),
        ("7010632391", True),
        ("8112319999", None),
        ("8113189876", False),
        ("8112009876", False),
        ("8112609876", False),
    ],
)
def test_a_personal_number_is_a_day_of_some_year_with_its_check_digit(digits: str, is_number: bool | None) -> None:
    right = [digit for digit in range(10) if is_personal_number(f"{digits[:9]}{digit}")]
    if is_number is None:
        assert len(right) == 1, "29 February and the last day of a month are days"
    else:
        assert is_personal_number(digits) is is_number

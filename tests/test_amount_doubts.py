"""Amounts that the plan's amount makes doubtful: a sign that is missing, thousands for kronor; and what is not."""

import pytest
from support.draw_merged import draw_merged
from support.draw_round import draw_round, shipped_template

from xlflow.check.amount_doubts import find_amount_doubts
from xlflow.model.findings import Severity, message_of


def doubts(budget: str, outcome: str, forecast: str) -> list[tuple[str, str]]:
    """Return (code, field) of what is doubted in a row with these amounts."""
    table = f"Id | Område | Post | Budget | Enhet\na | Drift | Avgifter | {budget} | Badet"
    asked = draw_round(table, template=shipped_template("budget"))
    merged, _ = draw_merged(asked, {"Badet": f"Id | Utfall | Prognos\na | {outcome} | {forecast}"})
    found = list(find_amount_doubts(merged))
    assert [
        each for each in found if each.effective_severity is not Severity.WARNING or not each.location.cell
    ] == []
    return [(each.code.removeprefix("amount-").removesuffix("-doubtful"), each.field or "") for each in found]


@pytest.mark.parametrize(
    ("amounts", "wanted"),
    [
        (("-2100", "1400", "2100"), [("sign", "outcome"), ("sign", "forecast")]),
        (("-2100", "-1400", "2000"), [("sign", "forecast")]),
        (("2100", "-1400", "2100"), [("sign", "outcome")]),
        (("2100", "1400", "-1500"), [("sign", "forecast")]),
        (("-2100", "-1400", "-2100"), []),
        (("-2100", "30", "100"), []),
        (("0", "30", "-100"), []),
        (("", "30", "-100"), []),
        (("-2100", "30", "x"), []),
        (("9200500", "4100", "9200"), [("scale", "forecast")]),
        (("9200", "4100000", "9200500"), [("scale", "outcome"), ("scale", "forecast")]),
        (("9.2", "4100000", "9200500"), [("scale", "outcome"), ("scale", "forecast")]),
        (("9200500", "4100000", "9.2"), [("scale", "forecast")]),
        (("-9200500", "-4100000", "-9200"), [("scale", "forecast")]),
        (("9200500", "9000", "9100000"), []),
        (("9200500", "0", "0"), []),
        (("100", "5000", "9000"), []),
    ],
)
def test_sign_and_size_are_doubted_where_the_plan_speaks_against_them(
    amounts: tuple[str, str, str], wanted: list[tuple[str, str]]
) -> None:
    assert doubts(*amounts) == wanted


def test_a_doubt_names_both_amounts_in_both_languages() -> None:
    table = "Id | Område | Post | Budget | Enhet\na | Drift | Avgifter | -2100 | Badet"
    asked = draw_round(table, template=shipped_template("budget"))
    merged, _ = draw_merged(asked, {"Badet": "Id | Utfall | Prognos\na | -5 | 2100"})
    (found,) = find_amount_doubts(merged)
    for language, sentence in (
        ("sv", "Prognos är 2100, men Budget på samma rad är -2 100. Är tecknet rätt?"),
        ("en", "Forecast is 2100, but Budget in the same row is -2 100. Is the sign right?"),
    ):
        assert message_of(found, language).replace("\N{NO-BREAK SPACE}", " ") == sentence

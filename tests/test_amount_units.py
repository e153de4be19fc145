"""Amounts in kronor, thousands or millions: declared once, seen wherever an amount is, and never mixed."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.draw_plan import save_plan
from support.fill_forms import fill_forms

from xlflow.definition.template_loader import load_template
from xlflow.model.findings import FatalError
from xlflow.model.template_elements import AmountUnit
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.values.field_values import amount_unit_sentence, parse_value
from xlflow.values.numbers import parse_number

READ: dict[AmountUnit, dict[str, str]] = {
    "kr": {"12 kr": "12", "kr 12": "12", "1 250,50 kronor": "1250.50", "(3 000) kr": "-3000", "5:-": "5"},
    "tkr": {
        "12": "12",
        "12 tkr": "12",
        "12tkr": "12",
        "12,5 tusen kronor": "12.5",
        "-3 kkr": "-3",
        "7 TSEK.": "7",
    },
    "mkr": {
        "9,6 mkr": "9.6",
        "9,6 milj. kr": "9.6",
        "9.6 miljoner": "9.6",
        "\N{MINUS SIGN}2 mnkr": "-2",
        "1 MSEK": "1",
    },
}
REFUSED: dict[AmountUnit, dict[str, str]] = {
    "kr": {"9,6 mkr": "9 600 000", "310 tkr": "310 000", "12 tusen": "12 000", "1,5 miljoner kronor": "1 500 000"},
    "tkr": {"310 kr": "0,31", "9,6 mkr": "9 600", "kr 310 000": "310", "310000 kronor": "310"},
    "mkr": {"310 tkr": "0,31", "2 500 000 kr": "2,5", "(500) tkr": "-0,5"},
}


@pytest.mark.parametrize(("unit", "text"), [(unit, text) for unit, texts in READ.items() for text in texts])
def test_an_amount_with_the_declared_unit_or_none_is_read(unit: AmountUnit, text: str) -> None:
    assert parse_number(text, "sv", unit).value == Decimal(READ[unit][text])


@pytest.mark.parametrize(("unit", "text"), [(unit, text) for unit, texts in REFUSED.items() for text in texts])
def test_an_amount_in_another_unit_is_refused_with_what_it_would_be(unit: AmountUnit, text: str) -> None:
    found = parse_number(text, "sv", unit)
    assert (found.value, found.code) == (None, "number-scaled")
    assert (found.suggestion or "").replace("\N{NO-BREAK SPACE}", " ") == REFUSED[unit][text]


def test_what_is_no_amount_is_none_in_any_unit() -> None:
    for text in ("tkr", "ca 5", "noll kr", "1.250", "x" * 1000 + " kr", "12 % tkr"):
        assert parse_number(text, "sv", "tkr").value is None, text


def budget_in(unit: str, folder: Path) -> str:
    """Write a template that is the shipped budget in another unit; return its path."""
    title = '{ sv = "Budget", en = "Budget" }'
    lines = ('extends = "budget"', f'name = "budget-{unit}"', 'version = "1"', f"title = {title}")
    (folder / f"{unit}.toml").write_text("\n".join((*lines, f'amount_unit = "{unit}"')), encoding="utf-8")
    return str(folder / f"{unit}.toml")


UNIT_WORDS = {
    "kr": ("", "kronor", "50 000 kronor", 50_000),
    "tkr": (" (tkr)", "tusental kronor (tkr)", "50 tkr", 50),
    "mkr": (" (mkr)", "miljoner kronor (mkr)", "0,05 mkr", 0.05),
}


@pytest.mark.parametrize("unit", UNIT_WORDS)
def test_a_budget_says_everywhere_what_its_amounts_are_in(unit: str, tmp_path: Path) -> None:
    in_heading, words, limit, amount = UNIT_WORDS[unit]
    template = load_template("budget" if unit == "kr" else budget_in(unit, tmp_path))
    labels = [field.label.sv for field in template.form_fields()]
    assert labels == [
        *(f"{label}{in_heading}" for label in ("Budget", "Utfall", "Prognos", "Avvikelse")),
        "Avvikelse i procent",
        "Kommentar",
    ]
    assert not in_heading or "Prognos" in template.field("forecast").aliases
    helps = {field.key: field.help.sv for field in template.fields if field.help}
    assert all(words in helps[key] for key in ("budget", "outcome", "forecast"))
    (rule,) = template.rules
    assert limit in helps["comment"]
    assert limit in rule.message.sv
    assert rule.threshold
    assert rule.threshold.amount == amount
    assert amount_unit_sentence(template, "sv") == f"Belopp i {words}."
    assert "{amount" not in template.model_dump_json()
    assert parse_value("1 500", template.field("forecast"), template, 2021).value == Decimal(1500)


def test_a_limit_that_a_template_states_itself_is_in_its_own_unit(tmp_path: Path) -> None:
    path = Path(budget_in("tkr", tmp_path))
    threshold = '{ field = "deviation", amount = 100, share = 0.1, of = "budget" }'
    rule = f'\n[[rules]]\nname = "comment_on_deviation"\nthreshold = {threshold}\n'
    path.write_text(path.read_text("utf-8") + rule, encoding="utf-8")
    template = load_template(str(path))
    assert template.rules[0].threshold
    assert (template.rules[0].threshold.amount, template.rules[0].threshold.share) == (100, 0.1)
    assert "100 tkr" in template.rules[0].message.sv


def test_a_unit_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError) as refused:
        load_template(budget_in("dollar", tmp_path))
    found = [(finding.code, finding.field) for finding in refused.value.findings]
    assert found == [("template-wrong-value", "amount_unit")]


def test_the_unit_is_seen_from_the_form_to_the_summary(tmp_path: Path) -> None:
    table = "Område | Post | Budget | Enhet\nDrift | Löner | 1200 | Badet\nDrift | El | 300 | Badet"
    plan = save_plan(tmp_path, table, ["Badet"])
    day = date(2021, 8, 31)
    generate_forms(plan, tmp_path / "ut", template=budget_in("tkr", tmp_path), as_of=day)
    answers = tmp_path / "svar.csv"
    answers.write_text(
        "Enhet;Post;Utfall (tkr);Prognos (tkr);Kommentar\nBadet;Löner;700;1200;\nBadet;El;200 tkr;0,3 mkr;\n",
        "utf-8",
    )
    fill_forms(tmp_path / "ut", answers, tmp_path / "in")
    run = merge_forms([tmp_path / "in"], tmp_path / "alla.xlsx", plan=plan, jobs=1)
    (scaled,) = (found for found in run.findings if found.code == "number-scaled")
    assert (scaled.value, scaled.suggestion) == ("0,3 mkr", "300")
    rows = list(
        load_workbook(tmp_path / "alla.xlsx", data_only=True)["Sammanfattning"].iter_rows(values_only=True)
    )
    (headings,) = (row[1:5] for row in rows if row[0] == "Belopp")
    assert headings == ("Budget (tkr)", "Utfall (tkr)", "Prognos (tkr)", "Avvikelse (tkr)")
    assert [row[1:5] for row in rows if row[0] == "Summa"] == [(1200, 700, 1200, 0)]
    assert [row[0] for row in rows if str(row[0]).startswith("Belopp i tusental kronor (tkr).")]

"""Amounts from plan to summary: worked out alike in the form and in the merge, exact, and never zero for words."""

import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from support.draw_plan import read_drawn_plan, refuse_drawn_plan
from support.draw_round import draw_round, shipped_template
from support.external_tools import PROJECT
from support.fill_forms import fill_forms, read_answers
from support.libreoffice import recalculate_all
from support.not_empty import not_empty

from xlflow.check.form_checks import check_submission
from xlflow.definition.template_shape import validate_template
from xlflow.excel.reader import open_workbook
from xlflow.generate import write_form
from xlflow.model.findings import Severity
from xlflow.model.merged import RunResult
from xlflow.model.plan import Round
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.model.template_elements import Computation, Threshold
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.read.build_submission import read_form
from xlflow.rules.computed_fields import (
    build_computed_formula,
    build_threshold_formula,
    compute_field,
    is_above_threshold,
)

if TYPE_CHECKING:
    from xlflow.model.template import Template

EXAMPLE = PROJECT / "examples" / "budget-2021"
BUDGET = shipped_template("budget")
FORM = "Uppföljning"
ASKED = draw_round(
    """
    Id | Område  | Post  | Budget     | Enhet
    a  | Drift   | Löner | 1000000    | Badet
    b  | Drift   | El    | 250000.50  | Badet
    c  | Intäkt  | Avgift| -300000    | Badet
    d  | Intäkt  | Gåva  | 0          | Badet
    e  | Drift   | Ränta |            | Badet
    """,
    template=BUDGET,
)

# What follows from other numbers ------------------------------------------------------------------------------


DIFFERENCE, SHARE = Computation(subtract=("budget", "forecast")), Computation(share=("deviation", "budget"))

RESULTS = [
    (DIFFERENCE, {"budget": "0.3", "forecast": "0.1"}, "0.2"),
    (DIFFERENCE, {"budget": "1000000000000.01", "forecast": "0.02"}, "999999999999.99"),
    (DIFFERENCE, {"budget": "-300000", "forecast": "-250000"}, "-50000"),
    (DIFFERENCE, {"budget": "5", "forecast": None}, None),
    (DIFFERENCE, {"budget": None, "forecast": "0"}, None),
    (DIFFERENCE, {"budget": "0.0000005", "forecast": "0"}, "0.000001"),
    (
        Computation(subtract=("budget", "forecast", "outcome")),
        {"budget": "9", "forecast": "2", "outcome": "3"},
        "4",
    ),
    (SHARE, {"deviation": "-35000", "budget": "-185000"}, "-0.189189"),
    (SHARE, {"deviation": "35000", "budget": "-185000"}, "0.189189"),
    (SHARE, {"deviation": "1", "budget": "0"}, None),
    (SHARE, {"deviation": None, "budget": "7"}, None),
]
LIMITS = [
    (Threshold(field="x", amount=50000), {"x": "50000"}, False),
    (Threshold(field="x", amount=50000), {"x": "50000.01"}, True),
    (Threshold(field="x", amount=50000), {"x": "-50000.01"}, True),
    (Threshold(field="x", amount=50000), {"x": None}, False),
    (Threshold(field="x", share=0.29, of="y"), {"x": "29", "y": "100"}, False),
    (Threshold(field="x", share=0.29, of="y"), {"x": "29.01", "y": "-100"}, True),
    (Threshold(field="x", share=0.05, of="y"), {"x": "1", "y": "0"}, True),
    (Threshold(field="x", share=0.05, of="y"), {"x": "0", "y": "0"}, False),
    (Threshold(field="x", share=0.05, of="y"), {"x": "1", "y": None}, False),
    (Threshold(field="x", amount=100, share=0.05, of="y"), {"x": "6", "y": "100"}, True),
    (Threshold(field="x", amount=100, share=0.05, of="y", both=True), {"x": "6", "y": "100"}, False),
    (Threshold(field="x", amount=100, share=0.05, of="y", both=True), {"x": "101", "y": "100"}, True),
]


def _numbers(reported: dict[str, str | None]) -> dict[str, Decimal | None]:
    return {key: None if text is None else Decimal(text) for key, text in reported.items()}


@pytest.mark.parametrize(("how", "reported", "wanted"), RESULTS)
def test_a_result_is_exact_and_blank_where_something_lacks(
    how: Computation, reported: dict[str, str | None], wanted: str | None
) -> None:
    found = compute_field(how, _numbers(reported).get)
    assert (None if found is None else str(found)) == wanted


@pytest.mark.parametrize(("limit", "reported", "wanted"), LIMITS)
def test_a_limit_is_passed_only_beyond_it(limit: Threshold, reported: dict[str, str | None], wanted: bool) -> None:
    assert is_above_threshold(limit, _numbers(reported).get) is wanted


def test_a_spreadsheet_comes_to_the_same(tmp_path: Path) -> None:
    """Every case above and many more, as formulas over cells, worked out anew by LibreOffice."""
    rng, workbook = Random(5), load_workbook(_blank_workbook())
    sheet, wanted = workbook.active, []
    cases: list[tuple[Computation | Threshold, dict[str, Decimal | None]]] = [
        *((how, _numbers(reported)) for how, reported, _ in (*RESULTS, *LIMITS)),
        *(pair for _ in range(400) for pair in _draw_cases(rng)),
    ]
    for row, (how, numbers) in enumerate(cases, 1):
        cells = {key: f"{letter}{row}" for key, letter in zip(numbers, "BCD", strict=False)}
        for key, cell in cells.items():
            sheet[cell] = numbers[key]
        if isinstance(how, Computation):
            sheet[f"A{row}"] = f"={build_computed_formula(how, cells.__getitem__)}"
            wanted.append(compute_field(how, numbers.get))
        else:
            sheet[f"A{row}"] = f"={build_threshold_formula(how, cells.__getitem__)}"
            wanted.append(is_above_threshold(how, numbers.get))
    path = tmp_path / "räknat.xlsx"
    workbook.save(path)
    (worked_out,) = recalculate_all([path])
    found = [row[0] for row in load_workbook(worked_out, data_only=True).active.iter_rows(values_only=True)]
    for shown, value, case in not_empty(zip(found, wanted, cases, strict=True)):
        if isinstance(value, Decimal):
            assert abs(Decimal(repr(shown)) - value) < Decimal("0.0000005"), case
        else:
            assert shown == value or (value is None and shown in (None, "")), case


def _draw_cases(rng: Random) -> Iterator[tuple[Computation | Threshold, dict[str, Decimal | None]]]:
    def amount() -> Decimal | None:
        return rng.choice([None, Decimal(0), *(Decimal(rng.randint(-(10**9), 10**9)).scaleb(-2),) * 6])

    yield DIFFERENCE, {"budget": amount(), "forecast": amount()}
    yield SHARE, {"deviation": amount(), "budget": amount()}
    whole, share = Decimal(rng.randint(0, 10_000)), Decimal(rng.randint(1, 99)).scaleb(-2)
    at_the_limit = whole * share + rng.choice([Decimal(0), Decimal("0.01"), Decimal("-0.01")])
    yield Threshold(field="x", share=float(share), of="y"), {"x": at_the_limit, "y": whole}


def _blank_workbook() -> io.BytesIO:
    stream = io.BytesIO()
    Workbook().save(stream)
    stream.seek(0)
    return stream


# The declaration ----------------------------------------------------------------------------------------------

FAULTS = [
    ({"computed": {"subtract": ["budget"]}}, "template-wrong-value computed"),
    (
        {"computed": {"subtract": ["budget", "outcome"], "share": ["budget", "outcome"]}},
        "template-wrong-value computed",
    ),
    ({"computed": {"subtract": ["budget", "nothing"]}}, "template-unknown-reference computed.subtract.1"),
    ({"computed": {"subtract": ["budget", "deviation_share"]}}, "template-unknown-reference computed.subtract.1"),
    ({"computed": {"subtract": ["budget", "comment"]}}, "template-unknown-reference computed.subtract.1"),
    ({"required": True}, "template-wrong-value required"),
    ({"filled_by": "plan"}, "template-wrong-value filled_by"),
    ({"minimum": 0}, "template-wrong-value minimum"),
    ({"type": "integer"}, "template-wrong-value type"),
]
RULE_FAULTS = [
    ({"field": "comment", "amount": 1}, "template-unknown-reference threshold.field"),
    ({"field": "deviation", "share": 0.1}, "template-missing-key threshold.of"),
    ({"field": "deviation", "share": 0.1, "of": "area"}, "template-unknown-reference threshold.of"),
    ({"field": "deviation"}, "template-missing-key threshold.amount"),
]


def _show_ends(whole: dict[str, Any]) -> list[str]:
    return [f"{end.code} {'.'.join(map(str, end.path[2:]))}" for end in validate_template(whole)[1]]


@pytest.mark.parametrize(("change", "wanted"), FAULTS)
def test_a_number_that_cannot_be_worked_out_is_a_fault_of_the_template(change: dict, wanted: str) -> None:
    whole = BUDGET.model_dump(mode="json", exclude_none=True)
    place = next(index for index, field in enumerate(whole["fields"]) if field["key"] == "deviation")
    whole["fields"][place] |= change
    assert wanted in _show_ends(whole)


@pytest.mark.parametrize(("threshold", "wanted"), RULE_FAULTS)
def test_a_limit_that_holds_nothing_is_a_fault_of_the_template(threshold: dict, wanted: str) -> None:
    whole = BUDGET.model_dump(mode="json", exclude_none=True)
    whole["rules"][0]["threshold"] = threshold
    assert wanted in _show_ends(whole)


def test_the_shipped_declaration_is_sound() -> None:
    assert [field.key for field in BUDGET.form_fields()] == [
        *("budget", "outcome", "forecast", "deviation", "deviation_share", "comment")
    ]
    assert not {"deviation", "deviation_share"} & {
        field.key for field in (*BUDGET.answer_fields(), *BUDGET.plan_fields())
    }


def test_one_amount_for_several_units_is_refused_with_its_cell() -> None:
    plan = """
        Område | Post  | Budget | Enhet
        Drift  | Löner | =100   | Norr; Söder
               | El    |        | Norr; Söder
               | Resor | =100   | Norr
               | Resor | =200   | Söder
        """
    assert refuse_drawn_plan(plan, template="budget") == ["plan-amount-shared C2"]
    asked, reported = read_drawn_plan(
        plan.replace("=100   | Norr; Söder", "       | Norr; Söder"), template="budget"
    )
    assert [line.units for line in asked.items] == [("Norr", "Söder"), ("Norr", "Söder"), ("Norr",), ("Söder",)]
    assert "plan-amount-shared" not in " ".join(reported)


# The form -----------------------------------------------------------------------------------------------------


def _fill(answers: dict[str, dict[str, str]], asked: Round = ASKED) -> bytes:
    return write_form(asked, "Badet", answers, issued={})


def _open(content: bytes, *, values: bool = True) -> Any:
    return load_workbook(io.BytesIO(content), data_only=values)[FORM]


def _read(content: bytes) -> Submission:
    workbook = open_workbook(content, "Badet.xlsx")
    filled = read_form(
        workbook, ReceivedFile("Badet.xlsx", "0" * 64, len(content), None, FileState.ACCEPTED, "Badet")
    )
    assert isinstance(filled, Submission), filled
    return filled


def test_the_deviation_is_a_locked_formula_with_its_value() -> None:
    content = _fill({"a": {"outcome": "1", "forecast": "1 080 000,50 kr"}, "c": {"forecast": "-250000"}})
    formulas, values = _open(content, values=False), _open(content)
    headings = {str(cell.value): cell.column_letter for cell in formulas[4]}
    deviation, share = headings["Avvikelse"], headings["Avvikelse i procent"]
    assert formulas[f"{deviation}5"].value == '=IF(COUNT($D5,$F5)=2,ROUND($D5-$F5,6),"")'
    assert [values[f"{deviation}{row}"].value for row in (5, 6, 7)] == [-80000.5, None, -50000]
    assert values[f"{share}5"].value == -0.080001
    assert formulas[f"{deviation}5"].protection.locked
    assert formulas[f"{share}16"].protection.locked


def test_less_than_nothing_is_told_by_sign_and_minus_before_colour() -> None:
    sheet = _open(_fill({}), values=False)
    formats = {str(cell.value): sheet.cell(5, cell.column).number_format for cell in sheet[4]}
    assert formats["Avvikelse"].split(";")[1] == '"▼ "-#,##0.00'
    assert formats["Avvikelse i procent"].split(";")[1] == '"▼ "-0.0 %'
    assert formats["Budget"] == formats["Utfall"] == "#,##0.00"
    coloured = [str(area.sqref) for area in sheet.conditional_formatting if "<0" in str(area.rules[0].formula)]
    assert [re.sub(r"\d", "", area) for area in coloured] == ["G:G", "H:H"]


CASES: list[dict[str, str | int | float]] = [
    {"outcome": 5, "forecast": 1050000},
    {"outcome": 5, "forecast": 1050000.01},
    {"outcome": 5, "forecast": 949999.99, "comment": "Vakanser"},
    {"outcome": 5, "forecast": 949999.99},
    {"outcome": 0, "forecast": 0},
    {"forecast": 1},
    {"outcome": -5},
    {"comment": "Vi återkommer"},
    {},
]


def test_the_form_asks_for_a_comment_in_exactly_the_rows_where_the_check_does(tmp_path: Path) -> None:
    rng, paths = Random(7), []
    for number in range(12):
        workbook = load_workbook(io.BytesIO(_fill({})))
        sheet = workbook[FORM]
        places = {"outcome": "E", "forecast": "F", "comment": "I"}
        for row in range(5, 10):
            reported = dict(rng.choice(CASES))
            if "forecast" in reported and rng.random() < 0.7:
                reported["forecast"] = rng.choice([250000.5, 262500.52, 262500.53, -300000, -284999.99, 0, 1, -1])
            for key, answer in reported.items():
                sheet[f"{places[key]}{row}"] = answer
        paths.append(tmp_path / f"{number}.xlsx")
        workbook.save(paths[-1])
    asked = 0
    for path in not_empty(recalculate_all(paths)):
        filled = _read(path.read_bytes())
        found = {each.row_id for each in check_submission(filled) if each.effective_severity is not Severity.NOTE}
        live = load_workbook(path, data_only=True)[FORM]
        shown = {str(live.cell(row, 1).value) for row in range(5, 10) if live.cell(row, 10).value}
        assert shown == found, path
        asked += len(shown)
    assert 12 <= asked < 60


def test_an_amount_that_cannot_be_read_is_still_to_be_done() -> None:
    whole = {"outcome": "1", "forecast": "1000000"}
    sheet = _open(
        _fill({"a": {**whole, "forecast": "9,6 mkr", "comment": "Vakanser"}, "b": whole | {"comment": "El"}})
    )
    assert [sheet[f"J{row}"].value for row in (5, 6)] == ["Skriv prognos med siffror.", None]
    assert sheet["A2"].value == "1 av 5 klar"


def test_an_amount_that_only_a_reader_of_words_understands_counts_and_is_asked_for_in_figures() -> None:
    workbook = load_workbook(io.BytesIO(_fill({"a": {"outcome": "1", "forecast": "1000000"}})))
    workbook[FORM]["F5"] = "1.000.000"
    workbook.save(stream := io.BytesIO())
    filled = _read(stream.getvalue())
    assert filled.rows[0].value("forecast") == Decimal(1000000)
    (reported,) = (each for each in check_submission(filled) if each.row_id == "a")
    assert (reported.code, reported.location.cell, reported.value) == ("amount-not-plain", "F5", "1.000.000")
    assert str(dict(reported.params)["understood"].sv) == "1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000"


def test_the_form_adds_up_its_rows_live_and_its_sums_are_no_answer() -> None:
    answers = {
        "a": {"outcome": "400000", "forecast": "1000000"},
        "b": {"outcome": "1", "forecast": "9,6 mkr"},
        "c": {"outcome": "-100000.5", "forecast": "-290000", "comment": "Färre besök"},
    }
    content = _fill(answers)
    rows = {str(row[0]): row[3:8] for row in _open(content).iter_rows(values_only=True) if row[0]}
    assert rows["Summa: rader med alla belopp"] == (700000, 299999.5, 710000, -10000, -0.014286)
    assert rows["Summa: alla rader"] == (950000.5, 300000.5, 710000, -10000, None)
    filled = _read(content)
    assert filled.unplaced == ()
    assert [each.code for each in filled.findings if "row" in each.code] == []
    assert [each.item.id for each in filled.rows] == ["a", "b", "c", "d", "e"]


def test_what_somebody_writes_over_a_sum_of_the_form_is_kept() -> None:
    workbook = load_workbook(io.BytesIO(_fill({"a": {"outcome": "1", "forecast": "900000"}})))
    sheet = workbook[FORM]
    (row,) = (cell.row for cell in sheet["A"] if cell.value == "Summa: alla rader")
    sheet[f"E{row}"] = 5
    workbook.save(stream := io.BytesIO())
    (aside,) = _read(stream.getvalue()).unplaced
    assert (aside.location.cell, aside.reason) == (f"A{row}", "row-unknown")


@pytest.mark.long
@pytest.mark.with_tools
def test_a_spreadsheet_adds_up_the_rows_of_a_form_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "Badet.xlsx"
    path.write_bytes(_fill({"a": {"outcome": "4", "forecast": "7.5"}, "c": {"outcome": "ca 3", "forecast": "1"}}))
    (again,) = recalculate_all([path])
    first, second = (
        [row[3:8] for row in _open(each.read_bytes()).iter_rows(values_only=True) if str(row[0])[:6] == "Summa:"]
        for each in (path, again)
    )
    assert first == second
    assert first[0][:4] == (1000000, 4, 7.5, 999992.5)


def test_what_somebody_writes_over_a_result_is_reported_and_what_follows_counts() -> None:
    workbook = load_workbook(
        io.BytesIO(_fill({"a": {"outcome": "1", "forecast": "900000"}, "b": {"outcome": "2"}}))
    )
    sheet = workbook[FORM]
    sheet["G5"], sheet["G6"], sheet["H6"] = 5, "dyr el", None
    stream = io.BytesIO()
    workbook.save(stream)
    filled = _read(stream.getvalue())
    (reported,) = (each for each in filled.findings if each.code == "computed-changed")
    assert (reported.location.cell, reported.value, dict(reported.params)["counted"]) == (
        "G5",
        "5",
        "100\N{NO-BREAK SPACE}000",
    )
    assert [(one.location.cell, one.texts) for one in filled.unplaced] == [("G6", ("dyr el",))]


def test_what_stands_where_the_plan_has_no_amount_is_reported() -> None:
    workbook = load_workbook(io.BytesIO(_fill({})))
    workbook[FORM]["D9"] = "Ingen budget än"
    stream = io.BytesIO()
    workbook.save(stream)
    found = [each for each in _read(stream.getvalue()).findings if each.code == "plan-value-changed"]
    assert [(each.location.cell, each.value) for each in found] == [("D9", "Ingen budget än")]


def test_what_stands_over_a_result_goes_along_with_a_row_that_is_set_aside() -> None:
    workbook = load_workbook(io.BytesIO(_fill({"a": {"outcome": "1"}})))
    sheet = workbook[FORM]
    for column in range(1, 4):
        sheet.cell(15, column).value = sheet.cell(5, column).value
    sheet["E15"], sheet["F15"], sheet["G15"], sheet["H15"] = 7, "=E15*2", 1234, "dyr el"
    stream = io.BytesIO()
    workbook.save(stream)
    (aside,) = _read(stream.getvalue()).unplaced
    assert (aside.location.cell, aside.texts[-4:]) == ("A15", ("7", "=E15*2", "1234", "dyr el"))
    assert {type(text) for text in aside.texts} == {str}


def test_percent_is_read_only_where_it_is_asked_for() -> None:
    field = BUDGET.field("forecast").model_copy(update={"percent": True})
    template: Template = BUDGET.model_copy(
        update={"fields": tuple(field if each.key == field.key else each for each in BUDGET.fields)}
    )
    for asked, wanted in ((BUDGET, (None, "number-percent")), (template, (Decimal("0.125"), None))):
        round_ = draw_round("Id | Område | Post | Budget | Enhet\na | D | L | 10 | Badet", template=asked)
        workbook = load_workbook(io.BytesIO(_fill({}, round_)))
        workbook[FORM]["F5"] = "12,5 %"
        stream = io.BytesIO()
        workbook.save(stream)
        answer = _read(stream.getvalue()).rows[0].answer("forecast")
        assert answer
        assert (answer.value, answer.error_code) == wanted


# From plan to summary -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished_round(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Any]:
    """The example, carried out."""
    folder = tmp_path_factory.mktemp("budget")
    days = {"as_of": date(2021, 8, 31), "due": date(2021, 9, 15)}
    generate_forms(EXAMPLE / "plan.xlsx", folder / "ut", template="budget", **days)
    fill_forms(folder / "ut", EXAMPLE / "answers.csv", folder / "in")
    run = merge_forms([folder / "in"], folder / "s.xlsx", plan=EXAMPLE / "plan.xlsx")
    return run, load_workbook(folder / "s.xlsx", data_only=True)


UNDERSTOOD = {
    "(640 000)": "-640000",
    "611 300,50 kr": "611300.50",
    "2.300.000": "2300000",
    "\N{MINUS SIGN}1 900 000": "-1900000",
    "\N{MINUS SIGN}3 000": "-3000",
    "(3 000)": "-3000",
    "1 250,50 kr": "1250.50",
    "86 000 kr": "86000",
}
"""Amounts of the example that are not written as a program would, and what a person takes them for."""

REPORTED = {
    "ca 85 000": "number-unreadable",
    "310 tkr": "number-scaled",
    "12,5 %": "number-percent",
    "1.250": "number-ambiguous",
}
"""What could be meant in two ways, and how that is told."""


def _amount(text: str) -> Decimal | None:
    if not text or text in REPORTED:
        return None
    return Decimal(UNDERSTOOD.get(text) or text.replace(" ", "").replace(",", "."))


def _rows_by_hand() -> Iterator[tuple[str, str, list[Decimal | None]]]:
    """Yield (area, unit, [budget, outcome, forecast]) of every line, from the example's own files."""
    reported = {
        (unit, line["Område"], line["Post"]): [_amount(line["Utfall"]), _amount(line["Prognos"])]
        for unit, lines in read_answers(EXAMPLE / "answers.csv").items()
        for line in lines
    }
    area = ""
    for row in load_workbook(EXAMPLE / "plan.xlsx")["Plan"].iter_rows(min_row=5, values_only=True):
        area = str(row[0] or area)
        yield (
            area,
            str(row[4]),
            [Decimal(repr(row[3])), *reported.pop((str(row[4]), area, str(row[1])), [None, None])],
        )
    yield from ((area, unit, [None, *amounts]) for (unit, area, _), amounts in reported.items())


def _sums_by_hand(by: int, *, complete: bool | None = None) -> dict[str, list[Decimal]]:
    """Return what the rows come to by area or unit: all of them, those that have all amounts, or the others."""
    sums: dict[str, list[Decimal]] = {}
    for row in _rows_by_hand():
        budget, outcome, forecast = row[2]
        if complete is not None and complete is (None in row[2]):
            continue
        deviation = None if budget is None or forecast is None else budget - forecast
        mine = sums.setdefault(str(row[by]), [Decimal(0)] * 4)
        for place, number in enumerate((budget, outcome, forecast, deviation)):
            mine[place] += number or 0
    return sums


def test_the_sums_per_area_per_unit_and_in_total_are_those_added_by_hand(
    finished_round: tuple[RunResult, Any],
) -> None:
    sheet = finished_round[1]["Sammanfattning"]
    rows = {str(row[0]): list(row[1:5]) for row in sheet.iter_rows(values_only=True) if row[0]}
    totals = []
    for complete, total_label in ((True, "Summa"), (False, "Saknar belopp eller går inte att läsa: 11 poster")):
        areas, units = _sums_by_hand(0, complete=complete), _sums_by_hand(1, complete=complete)
        totals.append([sum(column, Decimal(0)) for column in zip(*areas.values(), strict=True)])
        assert totals[-1] == [sum(column, Decimal(0)) for column in zip(*units.values(), strict=True)]
        for label, sums in {**areas, **units, total_label: totals[-1]}.items():
            counted = next((key for key in rows if re.fullmatch(rf"{label}: \d+ post(er)?", key)), label)
            shown = label if complete else counted
            assert [Decimal(repr(figure)) for figure in rows[shown]] == sums, label
            assert not complete or sums[0] - sums[2] == sums[3]
    whole = [sum(column, Decimal(0)) for column in zip(*_sums_by_hand(0).values(), strict=True)]
    assert [Decimal(repr(figure)) for figure in rows["Alla poster"]] == whole
    assert [sum(column, Decimal(0)) for column in zip(*totals, strict=True)] == whole
    assert rows["Belopp"] == ["Budget", "Utfall", "Prognos", "Avvikelse"]
    assert rows["Poster där Avvikelse inte kan räknas fram"][0] == 8


def test_sums_in_are_sums_out_and_each_amount_is_counted_once(finished_round: tuple[RunResult, Any]) -> None:
    merged = finished_round[0].merged
    assert merged
    by_hand = [sum(column, Decimal(0)) for column in zip(*_sums_by_hand(0).values(), strict=True)]
    assert dict(merged.accounts.sums_in) == {"outcome": by_hand[1], "forecast": by_hand[2]}
    assert merged.accounts.sums_in == merged.accounts.sums_out
    assert merged.accounts.is_balanced


def test_what_looks_like_a_number_is_understood_or_reported_with_its_cell(
    finished_round: tuple[RunResult, Any],
) -> None:
    run, workbook = finished_round
    found = {each.value: each for each in run.findings if each.code.startswith("number-")}
    assert {text: each.code for text, each in found.items()} == REPORTED
    assert all(
        each.location.cell and each.location.file and each.effective_severity is Severity.ERROR
        for each in found.values()
    )
    assert found["ca 85 000"].suggestion == "85\N{NO-BREAK SPACE}000"
    answers = list(workbook["Svar"].iter_rows(values_only=True))
    amounts = {cell for row in answers[1:] for cell in row[5:7]}
    assert amounts >= {float(number) for number in UNDERSTOOD.values()} | set(REPORTED)


def test_a_limit_passed_without_a_comment_is_reported_and_stands_among_the_deviations(
    finished_round: tuple[RunResult, Any],
) -> None:
    run, workbook = finished_round
    (broken,) = (each for each in run.findings if each.code == "rule-broken")
    assert (broken.rule, broken.location.cell, broken.unit) == ("comment_on_deviation", "I12", "Biblioteken")
    rows = list(workbook["Avvikelser"].iter_rows(min_row=2, values_only=True))
    assert {row[0] for row in rows} == {"Avvikelse över gränsen"}
    beyond = [(b, f) for _, _, (b, _, f) in _rows_by_hand() if b is not None and f is not None]
    assert len(rows) == sum(abs(b - f) > 50000 or abs(b - f) > abs(b) / 20 for b, f in beyond) == 13


# However the answers fall -------------------------------------------------------------------------------------

AMOUNTS = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)


@given(st.lists(st.tuples(AMOUNTS, st.none() | AMOUNTS), min_size=1, max_size=12))
def test_the_sum_of_the_deviations_is_the_deviation_of_the_sums(
    rows: list[tuple[Decimal, Decimal | None]],
) -> None:
    reported = [(budget, forecast) for budget, forecast in rows if forecast is not None]
    results = [compute_field(DIFFERENCE, {"budget": b, "forecast": f}.get) for b, f in rows]
    assert [found is None for found in results] == [forecast is None for _, forecast in rows]
    whole = sum((b for b, _ in reported), Decimal(0)) - sum((f for _, f in reported), Decimal(0))
    assert sum((found for found in results if found is not None), Decimal(0)) == whole

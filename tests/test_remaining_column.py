"""The live column says something in exactly those rows where the check finds a rule broken: LibreOffice judges.

Forms with many lines are filled as people fill them and as they should not, then every formula is worked out anew.
"""

import io
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import ironcalc
import openpyxl
import pytest
from support.draw_round import LEVELS, draw_round, shipped_template
from support.edited_forms import read_form_bytes
from support.external_tools import PROJECT, require_tool
from support.libreoffice import recalculate_all
from support.not_empty import not_empty
from support.sampling import sample_size

from xlflow.check.form_checks import check_submission
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import FIRST_ITEM_ROW
from xlflow.generate import write_form
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import Severity
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.model.template import Template
from xlflow.read.build_submission import read_form
from xlflow.rules import RowAnswers, evaluate_rules
from xlflow.rules.engine import requirements_text

PANDEMIC = PROJECT / "examples" / "extra-question" / "pandemi.toml"

Typed = str | float | bool | date | None

DEADLINES = (
    *("", "", "Kvartal 1", "Kvartal 2", "Kvartal 3", "Kvartal 4 2020", "Kvartal 1 2022"),
    *(
        "2021-03-30",
        "2021-03-31",
        "2021-04-01",
        "2020-12-31",
        "Hösten 2021",
        "våren 2021",
        "Under 2021",
        "juni 2021",
    ),
    *("Se objektsplan", "Ej angivet i verksamhetsplan", "senast 30 juni 2021", "2021"),
)

STATUSES = {
    "sv": ("Genomfört", "Pågående", "Kvarstår", "Kan komma att försenas", "Förskjuts", "Utgår"),
    "en": ("Done", "Ongoing", "Remains", "May be delayed", "Postponed", "Cancelled"),
}

MESSY_STATUSES: tuple[Typed, ...] = (
    *(" pågående ", "Pågående\u00a0", "PÅGÅENDE", "pågående.", "Genom-\nfört", "Förskjuts!", "Ut går", "Pågår"),
    *("Uppfyllt", "Skjuts upp", "Inställd", "in progress", "May be delayed", "postponed", "Kan försenas", "Klar"),
    *(unicodedata.normalize("NFD", "Pågående"), unicodedata.normalize("NFD", "Förskjuts"), "Pågående?", "(Utgår)"),
    *(
        "-",
        "?",
        "*",
        "P*",
        "Pågåend?",
        "~",
        "|",
        "x:y",
        "se ovan",
        "Kvartal 2",
        "=1+1",
        "'",
        '"',
        " ",
        "\u00a0",
        "\n",
    ),
    *("x" * 300, "Utgår " * 60, "pågående\u200b", "Pågående ✔", "på gång", 3, 2.5, True, date(2021, 4, 1)),
)

TIMES: tuple[Typed, ...] = (
    *(
        "",
        "",
        "",
        "Kvartal 1",
        "Kvartal 2",
        "Kvartal 3",
        "Kvartal 4",
        "Kvartal 1 2022",
        "Ej fastställd",
        "kvartal 4",
    ),
    *("kv 4", "Kv. 3 2021", "Q1 2022", "2022 Q1", "k4", "andra kvartalet", "3:e kvartalet", "Quarter 4"),
    *("2021-03-31", "2021-04-01", "20211031", "2021/09/01", "2021-13-01", "2021-02-29", "2024-02-29"),
    *("30 juni", "30 juni 2021", "den 1 maj 2021", "31 april", "1 jan 2022", "30 sept", "5 jul 2021", "0 juni"),
    *(
        "juni",
        "juni 2021",
        "December 2020",
        "hösten 2021",
        "Våren",
        "HT 2021",
        "Under hösten",
        "under 2022",
        "2022",
    ),
    *("första halvåret", "h2", "halvår 2 2021", "tertial 2", "2021", "Under året", "nästa år", "snarast", "31/12"),
    *(
        "31/12 2021",
        "11/12 2021",
        "1/4-21",
        "kvartal 5",
        "Q5",
        "kv 2-3",
        "2021-2022",
        "-",
        "?",
        "*",
        "  ",
        "\u00a0",
    ),
    *(
        "Förskjuts till kvartal 4",
        "44500",
        "12345",
        "99999",
        "1e5",
        "+3 juni",
        "2021-06-30 12:00",
        "x" * 200,
        "|",
        ":",
    ),
    *(44500, 44286, 2022, 20211031, 0.5, -1, True, date(2021, 3, 31), date(2022, 1, 31)),
    *(datetime(2021, 6, 30, 12, 0), unicodedata.normalize("NFD", "hösten 2021"), "kvartal\u00a04", "Kvartal\n4"),
)

COMMENTS: tuple[Typed, ...] = (
    *(
        "",
        "",
        "",
        "",
        "Försenas på grund av vakans",
        "x",
        "-",
        "–",
        "...",
        " ",
        "\u00a0",
        "\n",
        "\t",
        "?!",
        "*",
        "=1+1",
    ),
    *("Rad ett\nRad två", "”", "'", '"', "Lång text. " * 400, 0, 7, date(2021, 5, 1), "✔", "()", "~"),
)


AMOUNTS: tuple[Typed, ...] = (
    *("", 0, 1050000, 1050000.01, 949999.99, 250000.5, 262500.52, 262500.53, -300000, -284999.99, 1.125, 1e6),
    *(
        "1 250 000",
        "1\u00a0250\u00a0000 kr",
        "1250000,50",
        "1 100 000,5 kr",
        "-300000",
        "−20 000",
        "–20000",
        "1000000",
    ),
    *(
        "1.250",
        "12,500",
        "0,125",
        "950000.25",
        "1.250.000,50",
        "(500)",
        "12 %",
        "310 tkr",
        "1e6",
        "ca 5",
        "-",
        "noll",
    ),
    *("", " ", ".5", "5.", "+5", "1,2,3", "--5", "5-", "kr", "1050000 SEK", "x" * 200),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A round of one unit, and what is typed into the answer cells of its form: row (from 0), field, value."""

    asked: Round
    typed: tuple[tuple[int, str, Typed], ...]
    nothing: bool = False


def make_case(seed: int, size: int, template: Template, language: Language) -> Case:
    """Return a round with many shapes of families, own activities among them, and answers of every kind."""
    rng = random.Random(seed)
    rows: list[str] = []
    while len(rows) < size:
        number = len(rows)
        stem = f"P{number // 90} | Över | Mål {number // 9} | Aktivitet {number} *?~"
        if rng.random() < 0.85:
            rows.append(f"{stem} | | {rng.choice(DEADLINES)} | Museet")
        for part in range(rng.choice([0, 0, 0, 1, 2, 4])):
            rows.append(f"{stem} | Del {part} | {rng.choice(DEADLINES)} | Museet")
    table = f"{LEVELS} | Slutdatum | Enhet\n" + "\n".join(rows)
    drawn = draw_round(table, template=template, language=language)
    asked = replace(drawn, plan=replace(drawn.plan, items=(*drawn.plan.items, *own_lines(drawn, rng))))
    count, own = len(drawn.plan.items), len(asked.plan.items) - len(drawn.plan.items)
    places = [
        *range(FIRST_ITEM_ROW, FIRST_ITEM_ROW + count),
        *range(FIRST_ITEM_ROW + count + 1, FIRST_ITEM_ROW + count + 1 + own),
    ]
    return Case(asked, tuple(type_answers(places, rng, language)))


def make_budget(seed: int, size: int) -> Case:
    """Return a round about amounts, and amounts of every kind, numbers and words."""
    rng = random.Random(seed)
    budgets = ("1000000", "250000.50", "-300000", "0", "")
    rows = [f"Drift | Post {number} | {rng.choice(budgets)} | Museet" for number in range(size)]
    asked = draw_round("Område | Post | Budget | Enhet\n" + "\n".join(rows), template=shipped_template("budget"))
    places = range(FIRST_ITEM_ROW, FIRST_ITEM_ROW + size)
    typed = ((row, key, rng.choice(AMOUNTS)) for row in places for key in ("outcome", "forecast"))
    comments = ((row, "comment", rng.choice(COMMENTS)) for row in places)
    return Case(asked, (*typed, *comments))


def own_lines(drawn: Round, rng: random.Random) -> Iterator[PlanItem]:
    """Yield activities of the unit's own: alone, with parts, parts of planned ones, and rows without a name."""
    planned = [line.level_texts for line in drawn.plan.items if not line.level_texts[4]]
    for number in range(14):
        above = rng.choice(planned)
        levels = [("", "", "", f"Egen {number // 3}", ""), ("", "", "", f"egen {number // 3}", f"Del {number}")]
        levels += [(*above[:4], f"Ny del {number}"), ("", "", "", "", ""), ("", "", "", "", "Del utan namn")]
        yield PlanItem(f"egen{number}", rng.choice(levels[:4] + levels), ("Museet",), added_by_unit=True)


def type_answers(
    places: Sequence[int], rng: random.Random, language: Language
) -> Iterator[tuple[int, str, Typed]]:
    for row in places:
        if rng.random() < 0.7:
            known = rng.random() < 0.75
            yield row, "status", rng.choice(STATUSES[language] if known else MESSY_STATUSES)
        if rng.random() < 0.5:
            yield row, "new_deadline", rng.choice(TIMES)
        if rng.random() < 0.5:
            yield row, "comment", rng.choice(COMMENTS)


def fill(case: Case, path: Path) -> Path:
    """Write the form of a case, type in what is typed, each in its kind, and return the file."""
    workbook = openpyxl.load_workbook(io.BytesIO(write_form(case.asked, "Museet")))
    sheet = workbook["Uppföljning" if case.asked.language == "sv" else "Follow-up"]
    columns = {str(cell.value).removeprefix("#"): cell.column for cell in sheet[3]}
    for row, key, value in case.typed:
        cell = sheet.cell(row + 1, columns[key])
        cell.value = value
        plain = "0.00" if key in ("outcome", "forecast") else "@"
        cell.number_format = "yyyy-mm-dd" if isinstance(value, date) else plain
        if isinstance(value, str):
            cell.data_type = "s"
    if case.nothing:
        guide = workbook.worksheets[0]
        label = next(cell for cell in guide["A"] if cell.value in ("Inget att rapportera", "Nothing to report"))
        guide.cell(label.row, 2).value = "Ja"
    workbook.save(path)
    return path


def read(path: Path) -> Submission:
    workbook = open_workbook(path, path.name)
    assert isinstance(workbook, WorkbookData)
    form = read_form(workbook, ReceivedFile(path.name, "", 1, None, FileState.ACCEPTED))
    assert isinstance(form, Submission)
    return form


def live_texts(path: Path) -> dict[int, str]:
    """Return what the live column says, by row as people count."""
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[1]
    column = next(cell.column for cell in sheet[3] if cell.value == "#remaining")
    return {row: str(sheet.cell(row, column).value or "") for row in range(FIRST_ITEM_ROW + 1, sheet.max_row + 1)}


def found_rows(form: Submission) -> dict[int, list[str]]:
    """Return the rules that reading and check find broken, but for notes, by row."""
    rows: dict[int, list[str]] = {}
    for found in (*form.findings, *check_submission(form)):
        if found.rule and found.effective_severity is not Severity.NOTE:
            rows.setdefault(int((found.location.cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), []).append(
                found.rule
            )
    return rows


def compare_rows(form: Submission, live: dict[int, str]) -> int:
    """Hold the live column against the check, row for row and word for word; return how many rows there were."""
    broken = found_rows(form)
    said = [
        RowAnswers(
            row.item,
            {each.field: each.raw_text for each in row.answers},
            {each.field: each.value for each in row.answers},
        )
        for row in form.rows
    ]
    asks = evaluate_rules(form.round, said, nothing_to_report=form.nothing_to_report is not None)
    words = {
        int((row.location.cell or "")[1:]): requirements_text(asked, form.round.template, form.round.language)
        for row, asked in zip(form.rows, asks, strict=True)
    }
    for row, text in not_empty(live.items()):
        answers = next((each.answers for each in form.rows if each.location.cell == f"A{row}"), ())
        reported = [answer.raw_text for answer in answers]
        assert bool(text) is bool(broken.get(row)), f"row {row}: {text!r}, {broken.get(row)}, {reported}"
        assert text == words.get(row, ""), f"row {row}: {reported}"
    return len(live)


CASES = {
    "followup": lambda: make_case(1, sample_size(400), shipped_template(), "sv"),
    "followup-en": lambda: make_case(2, sample_size(400), shipped_template(), "en"),
    "followup-2019": lambda: make_case(3, sample_size(300), load_template("followup-2019"), "sv"),
    "budget": lambda: make_budget(4, sample_size(300)),
    "extra-question": lambda: make_case(5, sample_size(200), load_template(str(PANDEMIC)), "sv"),
}


@pytest.mark.with_tools
def test_row_for_row_the_live_column_speaks_where_the_check_finds_a_rule_broken(tmp_path: Path) -> None:
    require_tool("soffice")
    paths = [fill(make(), tmp_path / f"{name}.xlsx") for name, make in CASES.items()]
    nothing = replace(CASES["followup"](), nothing=True)
    paths.append(fill(replace(nothing, typed=nothing.typed[::7]), tmp_path / "nothing.xlsx"))
    pairs = zip(paths, recalculate_all(paths), strict=True)
    compared = sum(compare_rows(read(path), live_texts(again)) for path, again in pairs)
    assert compared > sample_size(1_700)


@pytest.mark.with_tools
def test_rows_that_were_sorted_are_judged_as_before(tmp_path: Path) -> None:
    """Values change rows, as a sort does it; the formulas stay, since those of a sorted row read as before."""
    require_tool("soffice")
    case = make_case(8, 120, shipped_template(), "sv")
    path = fill(case, tmp_path / "sorted.xlsx")
    workbook = openpyxl.load_workbook(path)
    sheet, last = (
        workbook["Uppföljning"],
        FIRST_ITEM_ROW + len([line for line in case.asked.plan.items if not line.added_by_unit]),
    )
    rows = [
        [sheet.cell(row, column).value for column in range(1, 11)] for row in range(FIRST_ITEM_ROW + 1, last + 1)
    ]
    random.Random(5).shuffle(rows)
    for number, values in enumerate(rows, FIRST_ITEM_ROW + 1):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value
            sheet.cell(number, column).data_type = (
                "s" if isinstance(value, str) else sheet.cell(number, column).data_type
            )
    workbook.save(path)
    assert compare_rows(read(path), live_texts(recalculate_all([path])[0])) > 120


@pytest.mark.parametrize("language", ["sv", "en"])
def test_another_program_comes_to_the_same(tmp_path: Path, language: Language) -> None:
    """ironcalc, for the rows of the plan; parts in free rows need arrays, which it does not work out."""
    case = make_case(9, 200, shipped_template(), language)
    lines = tuple(line for line in case.asked.plan.items if not line.added_by_unit)
    asked = replace(case.asked, plan=replace(case.asked.plan, items=lines))
    answers: dict[str, dict[str, str]] = {}
    for row, key, value in case.typed:
        if isinstance(value, str) and row < FIRST_ITEM_ROW + len(lines):
            answers.setdefault(lines[row - FIRST_ITEM_ROW].id, {})[key] = value
    path = tmp_path / "form.xlsx"
    path.write_bytes(write_form(asked, "Museet", answers))
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    texts = live_texts(path)
    found = {row: model.get_formatted_cell_value(1, row, 11) for row in texts}
    assert found == texts
    assert sum(map(bool, texts.values())) > 80


@pytest.mark.parametrize("name", ["followup", "followup-2019", "budget"])
def test_no_formula_is_longer_or_deeper_than_excel_takes(name: str) -> None:
    case = make_budget(1, 5) if name == "budget" else make_case(1, 5, load_template(name), "sv")
    workbook = openpyxl.load_workbook(io.BytesIO(write_form(case.asked, "Museet")))
    for cell in not_empty(
        cell for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ):
        formula = getattr(cell.value, "text", cell.value)
        assert len(formula) < 8_192, cell
        assert deepest(formula) <= 64, cell


def deepest(formula: str) -> int:
    """Return how many brackets are open at once, those within texts left out."""
    depth = most = 0
    for letter in "".join(formula.split('"')[::2]):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        most = max(most, depth)
    return most


def test_a_form_of_many_lines_keeps_them_in_several_tables() -> None:
    rows = [f"P | Över | Mål | Aktivitet {number} | | Kvartal 1 | Museet" for number in range(2_500)]
    asked = draw_round(f"{LEVELS} | Slutdatum | Enhet\n" + "\n".join(rows))
    workbook = openpyxl.load_workbook(
        io.BytesIO(write_form(asked, "Museet", {asked.plan.items[-1].id: {"status": "Kvarstår"}}))
    )
    assert {"xlflow__items.1", "xlflow__items.2"} <= set(workbook.defined_names)
    values = openpyxl.load_workbook(io.BytesIO(write_form(asked, "Museet")), data_only=True)["Uppföljning"]
    assert values["A2"].value == "0 av 2500 klara"


GUIDES: tuple[tuple[dict[str, str], bool, str, str], ...] = (
    ({}, False, "0 av 2 klara", "Rader med något kvar: 2, se kolumnen Kvar att göra."),
    (
        {"a": "Pågående"},
        False,
        "1 av 2 klar",
        "Rader med något kvar: 1, se kolumnen Kvar att göra.",
    ),
    (
        {"a": "Pågående", "b": "nja"},
        False,
        "1 av 2 klar",
        "Röda rutor att rätta: 1. Rader med något kvar: 1, se kolumnen Kvar att göra.",
    ),
    ({"a": "Pågående", "b": "Genomfört"}, False, "2 av 2 klara", "Allt är ifyllt. Skicka tillbaka filen."),
    ({}, True, "Inget att rapportera", "Ni har inget att rapportera. Skicka tillbaka filen."),
    (
        {"a": "Pågående"},
        True,
        "Inget att rapportera",
        "Ni har valt Inget att rapportera, men det finns svar i formuläret. Ta bort det ena.",
    ),
)
"""Answers by id, whether nothing is to be reported, the counter, and what the guide advises."""


@pytest.fixture(scope="module")
def guides(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """The form of each of `GUIDES`, as written and as LibreOffice works it out; one start serves all."""
    folder = tmp_path_factory.mktemp("guides")
    asked = draw_round(
        f"Id | {LEVELS} | Slutdatum | Enhet\na | P | Ö | M | A | | | Museet\nb | P | Ö | M | B | | | Museet"
    )
    paths = [folder / f"{number}.xlsx" for number in range(len(GUIDES))]
    for path, (answers, nothing, _, _) in zip(paths, GUIDES, strict=True):
        typed = {key: {"status": text} for key, text in answers.items()}
        path.write_bytes(write_form(asked, "Museet", typed, nothing_to_report=nothing))
    return list(zip(paths, recalculate_all(paths), strict=True))


@pytest.mark.parametrize("number", range(len(GUIDES)))
def test_the_guide_says_how_far_one_has_come(number: int, guides: list[tuple[Path, Path]]) -> None:
    _, _, counter, advice = GUIDES[number]
    for path in not_empty(guides[number]):
        guide = [cell.value for cell in openpyxl.load_workbook(path, data_only=True)["Läs mig"]["B"]]
        assert guide[guide.index(counter) + 1] == advice


@pytest.mark.parametrize(
    ("language", "status", "words"),
    [
        ("sv", "Genomfört", ["0 av 1 klara", "1 av 1 klar", "1 av 60 klar", "11 av 60 klara", "60 av 60 klara"]),
        ("en", "Done", ["0 of 1 done", "1 of 1 done", "1 of 60 done", "11 of 60 done", "60 of 60 done"]),
    ],
)
def test_the_counter_speaks_of_one_as_of_one(
    language: Language, status: str, words: list[str], tmp_path: Path
) -> None:
    paths = []
    for word in words:
        done, total = (int(each) for each in re.findall(r"\d+", word))
        rows = "\n".join(f"{number} | P | Ö | M | A{number} | | | Museet" for number in range(100, 100 + total))
        asked = draw_round(f"Id | {LEVELS} | Slutdatum | Enhet\n{rows}")
        answers = {line.id: {"status": status} for line in asked.plan.items[:done]}
        paths.append(tmp_path / f"{word}.xlsx")
        paths[-1].write_bytes(write_form(replace(asked, language=language), "Museet", answers))
    for path in (*paths, *recalculate_all(paths)):
        workbook = openpyxl.load_workbook(path, data_only=True)
        assert workbook[translate("sheet.form", language)]["A2"].value == path.stem
        assert path.stem in [cell.value for cell in workbook[translate("sheet.guide", language)]["B"]]
        form = read_form_bytes(path.read_bytes())
        assert (form.unplaced, len(form.rows)) == ((), int(path.stem.split()[2]))

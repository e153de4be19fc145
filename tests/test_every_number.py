"""Every number that any output prints, held against a plain count of the consolidated workbook's tables.

The counts are made with openpyxl and plain Python (`support.plain_counts`). A number that is neither such a count
nor a date, an id, a cell, a caption or a quotation fails. What amounts come to is added up in `test_budget`.
"""

import json
import re
import shutil
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import pytest
from openpyxl import Workbook, load_workbook
from support.external_tools import PROJECT, require_tool
from support.fill_forms import fill_form, fill_forms, unit_of
from support.not_empty import not_empty
from support.plain_counts import STATUSES, PlainCounts
from support.walk_report import Block, ReportWalk, blocks_of
from support.walk_sheets import SheetWalk, json_faults, terminal_faults

from xlflow.cli.finding_groups import format_group_locations, group_findings
from xlflow.cli.json_output import result_to_json
from xlflow.cli.text_output import format_history, format_result
from xlflow.model.findings import Finding, message_of, remedy_of
from xlflow.model.merged import RunResult
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms
from xlflow.pipeline.report_operations import read_history, write_report

EXAMPLES = PROJECT / "examples"
DAYS = {
    "budget-2021": date(2021, 8, 31),
    "extra-question": date(2021, 3, 31),
    "followup-2019": date(2019, 4, 30),
    "followup-2021": date(2021, 3, 31),
    "followup-2021-august": date(2021, 8, 31),
    "followup-en": date(2021, 3, 31),
}
TEMPLATES = {"budget-2021": "budget", "followup-2019": "followup-2019", "extra-question": "pandemi.toml"}
AFTER = {"followup-2021-august": "followup-2021"}


@dataclass(frozen=True)
class Made:
    """One round from the forms to the workbook."""

    folder: Path
    consolidated: Path
    checked: RunResult
    merged: RunResult
    counts: PlainCounts


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    return {}


@pytest.fixture(params=sorted(DAYS))
def made(
    request: pytest.FixtureRequest, rounds: dict[str, Made], tmp_path_factory: pytest.TempPathFactory
) -> Made:
    return play(request.param, rounds, tmp_path_factory)


def play(name: str, rounds: dict[str, Made], folders: pytest.TempPathFactory) -> Made:
    """Carry out an example in this process, after the round before it."""
    if name not in rounds:
        folder = folders.mktemp(name)
        previous = play(AFTER[name], rounds, folders).consolidated if name in AFTER else None
        for file in (EXAMPLES / name).glob("*.*"):
            shutil.copy(file, folder)
        template = TEMPLATES.get(name, "followup")
        template = str(folder / template) if template.endswith(".toml") else template
        generate_forms(
            folder / "plan.xlsx",
            folder / "forms",
            as_of=DAYS[name],
            template=template,
            previous=previous,
            language="en" if name == "followup-en" else "sv",
            jobs=1,
        )
        fill_forms(folder / "forms", folder / "answers.csv", folder / "returned")
        rounds[name] = merge(folder, previous)
    return rounds[name]


def merge(folder: Path, previous: Path | None = None) -> Made:
    plan, consolidated = folder / "plan.xlsx", folder / "consolidated.xlsx"
    checked = check_forms([folder / "returned"], plan=plan, jobs=1)
    merged = merge_forms([folder / "returned"], consolidated, plan=plan, previous=previous, jobs=1)
    return Made(folder, consolidated, checked, merged, PlainCounts(consolidated))


def report_faults(made: Made, unit: str = "", *, only: bool = False, least: int = 20) -> list[str]:
    """Return what one HTML report says otherwise than the tables that it was made from."""
    page = made.folder / f"{unit or 'alla'}{' kort' if only else ''}.html"
    write_report(made.consolidated, page, unit=unit, only="deviations" if only else None, redact=True, force=True)
    walk = ReportWalk(page, made.counts, made.counts.unit_scope(unit) if unit else made.counts.whole, unit, only)
    faults = walk.walk()
    walk.check_lists()
    assert walk.explained >= least, "the walk has met hardly any number"
    return faults


# The examples ------------------------------------------------------------------------------------------------


def test_every_number_of_the_sheets(made: Made) -> None:
    walk = SheetWalk(made.counts)
    assert walk.walk() == []
    assert walk.explained > 30


def test_every_number_of_the_report(made: Made) -> None:
    assert report_faults(made) == []


def test_every_number_of_the_short_report(made: Made) -> None:
    assert report_faults(made, only=True) == []


def test_every_number_of_the_report_on_a_unit(made: Made) -> None:
    units = [row[made.counts.words["unit"]] for row in made.counts.units]
    assert len(units) > 1
    chosen = max(units, key=lambda unit: len(made.counts.unit_scope(unit).lone_parts))
    assert report_faults(made, chosen) == []


@pytest.mark.long
def test_every_number_of_the_reports_on_all_units(made: Made) -> None:
    for row in not_empty(made.counts.units):
        assert report_faults(made, row[made.counts.words["unit"]], least=5) == []


def test_every_number_in_the_terminal_and_in_json(made: Made) -> None:
    for result in (made.checked, made.merged):
        assert list(said_otherwise(made, result, result)) == []
    values = json.loads(result_to_json(made.merged))
    assert values["findings"] or made.counts.findings == []
    assert list(json_faults(values, made.counts)) == []


def said_otherwise(made: Made, shown: RunResult, run: RunResult) -> list[str]:
    language = made.counts.language
    shown = RunResult(
        language, shown.findings, shown.merged, shown.output_path, shown.written_files, shown.units, ()
    )
    severities = Counter(str(finding.effective_severity) for finding in listed(run.findings))
    quotes = [text for finding in run.findings for text in texts_of(finding, language)]
    quotes += [
        place
        for group in group_findings(run.findings, language)
        for place in format_group_locations(group, language)
    ]
    title = run.merged.round.plan.title if run.merged else ""
    quotes += [title, str(shown.output_path or "")]
    return list(terminal_faults(format_result(shown), quotes, made.counts, severities))


def listed(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.code not in ("nothing-to-report", "rule-on-trial")]


def texts_of(finding: Finding, language: str) -> tuple[str, str]:
    return message_of(finding, language), remedy_of(finding, language)  # type: ignore[arg-type]


def test_the_terminal_says_of_a_report_how_many_errors_are_left(made: Made, tmp_path: Path) -> None:
    words = made.counts.words
    errors = sum(row[words["severity"]] == words["error"] for row in made.counts.findings)
    result = write_report(made.consolidated, tmp_path / "r.html", redact=True)
    texts = [
        message_of(finding, "sv") for finding in result.findings if finding.code == "report-errors-unresolved"
    ]
    assert texts or errors == 0
    assert all(str(errors) in text for text in not_empty(texts))


def test_every_number_of_a_history(rounds: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> None:
    after = play("followup-2021-august", rounds, tmp_path_factory)
    before = play("followup-2021", rounds, tmp_path_factory)
    text = format_history(read_history([before.consolidated, after.consolidated]))
    words = after.counts.words
    gone = [row for row in after.counts.changes if row[words["change"]] == "Borttagen"]
    new = [row for row in after.counts.changes if row[words["change"]] == "Ny"]
    assert gone
    last = text.splitlines()[-1]
    assert [int(number) for number in re.findall(r"\d+", last)] == [2, len(after.counts.items) + len(gone)]
    lines = text.splitlines()[2:-2]
    assert len(lines) == len(after.counts.items) + len(gone)
    shown = Counter(re.split(r" {2,}", line.strip())[-1] for line in lines)
    statuses = Counter(row[words["rolled_up"]] for row in after.counts.items)
    assert {label: shown[label] for label in statuses} == statuses
    assert sum(re.split(r" {2,}", line.strip())[-2] == "–" for line in lines) == len(new)


@pytest.mark.parametrize(
    "name",
    [
        *("followup-2021-august", "extra-question"),
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("budget-2021", "followup-2019", "followup-2021", "followup-en")
        ),
    ],
)
def test_word_and_pdf_say_what_the_page_says(
    name: str, rounds: dict[str, Made], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = play(name, rounds, tmp_path_factory)
    for kind in ("html", "docx", "pdf"):
        write_report(made.consolidated, tmp_path / f"r.{kind}", redact=True)
    blocks = [block for block in blocks_of(tmp_path / "r.html") if is_printed(block)]
    assert len(blocks) > 20
    word = "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", docx_xml(tmp_path / "r.docx")))
    missing = [block.text for block in blocks if not all(bare(cell) in bare(word) for cell in cells_of(block))]
    assert missing == []
    import subprocess

    subprocess.run([require_tool("pdftotext"), "-layout", tmp_path / "r.pdf", tmp_path / "r.txt"], check=True)
    printed = bare((tmp_path / "r.txt").read_text(encoding="utf-8"))
    plain = [block for block in blocks if block.tag in ("p", "h2", "h3") and any(map(str.isdigit, block.text))]
    assert plain
    assert [block.text for block in plain if bare(block.text[:60]) not in printed] == []


def is_printed(block: Block) -> bool:
    return block.tag in ("p", "li", "tr") and any(map(str.isdigit, block.text)) and "level" not in block.kind


def cells_of(block: Block) -> list[str]:
    pieces = block.element.itertext() if block.tag in ("tr", "li") else [block.text]
    return [piece for piece in pieces if piece.strip()]


def bare(text: str) -> str:
    """Return the letters and digits of a text, as blanks and hyphens are a matter of layout."""
    for name, letter in (("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"')):
        text = text.replace(name, letter)
    return "".join(letter for letter in text if letter.isalnum())


def docx_xml(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("word/document.xml").decode()


# The walk itself ---------------------------------------------------------------------------------------------


def test_a_wrong_number_is_found_wherever_it_stands(
    rounds: dict[str, Made], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = play("extra-question", rounds, tmp_path_factory)
    workbook = load_workbook(made.consolidated, data_only=True)
    summary, numeric = workbook["Sammanfattning"], []
    for row in summary.iter_rows():
        numeric += [cell for cell in row if isinstance(cell.value, int | float)]
    assert len(numeric) > 100
    for cell in numeric:
        right, cell.value = cell.value, cell.value + 1  # type: ignore[operator, assignment]
        walk = SheetWalk(made.counts)
        whole, made.counts.workbook = made.counts.workbook, workbook
        walk.walk_summary()
        made.counts.workbook = whole
        assert walk.faults, f"{cell.coordinate} can say anything"
        cell.value = right
    page = made.folder / "alla.html"
    write_report(made.consolidated, page, redact=True, force=True)
    text = page.read_text(encoding="utf-8")
    for said, wrong in (
        ("Av sju aktiviteter", "Av åtta aktiviteter"),
        ("är pågående", "och två är pågående"),
        ("<p>3</p>", "<p>4</p>"),
    ):
        assert said in text
        (tmp_path / "r.html").write_text(text.replace(said, wrong, 1), encoding="utf-8")
        assert ReportWalk(tmp_path / "r.html", made.counts, made.counts.whole).walk(), said


# Rounds as chance will have them -----------------------------------------------------------------------------

WORDS = ["kvarn", "bro", "park", "skola", "bibliotek", "hall", "spår", "museum", "ort", "plan"]
UNITS = ("Museet", "Badet", "Biblioteken", "Gatorna")


def draw_plan(random: Random, path: Path) -> None:
    """Write a plan of activities with parts, asked of one unit or several; some parts are asked of others."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Plan"
    sheet.append(
        ["Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet", "Slutdatum", "Enhet"]
    )
    deadlines = ["2021-02-28", "Kvartal 1", "Kvartal 4", "Enligt beslut", ""]
    for number in range(random.randint(4, 9)):
        levels = [f"Perspektiv {'AB'[number % 2]}", f"Mål {'ABC'[number % 3]}", f"Nämndmål {'ABCD'[number % 4]}"]
        name = f"Ordna {random.choice(WORDS)} {chr(65 + number)}"
        asked = random.sample(UNITS, random.randint(1, 3))
        sheet.append([*levels, name, "", random.choice(deadlines), "; ".join(asked)])
        for part in range(random.choice([0, 0, 2, 3])):
            units = asked if random.random() < 0.7 else random.sample(UNITS, 1)
            sheet.append(
                [
                    *levels,
                    name,
                    f"Del {'xyz'[part]} av {chr(65 + number)}",
                    random.choice(deadlines),
                    "; ".join(units),
                ]
            )
    units = workbook.create_sheet("Enheter")
    units.append(["Enhet", "Kontakt", "E-post"])
    for unit in UNITS:
        units.append([unit, "", ""])
    workbook.save(path)


def answer(random: Random, form: Path) -> list[dict[str, str]]:
    """Return the lines that a unit types: statuses, nothing, or what means none; now and then a row of its own."""
    sheet = next(sheet for sheet in load_workbook(form).worksheets if sheet.title == "Uppföljning")
    rows = list(sheet.iter_rows(values_only=True))
    first = next(index for index, row in enumerate(rows) if "Id" in row and "Status" in row)
    heads = [str(cell) for cell in rows[first]]
    lines = []
    for row in rows[first + 1 :]:
        cells = {head: "" if cell is None else str(cell) for head, cell in zip(heads, row, strict=True)}
        if cells["Aktivitet"] and cells["Id"]:
            lines.append(make_line(random, cells["Aktivitet"], cells["Delaktivitet"]))
    lines += [make_line(random, f"Egen {random.choice(WORDS)}", "") for _ in range(random.choice([0, 0, 1]))]
    return lines


def make_line(random: Random, activity: str, part: str) -> dict[str, str]:
    status = random.choice([*STATUSES["sv"], "Genomfört", "", "", "vet inte än"])
    later = {"Förskjuts": "2021-12-31"}.get(status, random.choice(["", "", "", "2021-12-31"]))
    comment = random.choice(["", "Väntar på besked om 12 platser", "Två av tre är klara."])
    return {
        "Aktivitet": activity,
        "Delaktivitet": part,
        "Status": status,
        "Ny tidpunkt": later if status else "",
        "Kommentar/avvikelse": comment,
    }


def make_round(seed: int, folder: Path) -> Made:
    """Make a random round: some units are silent, some send a blank form."""
    random = Random(seed)
    draw_plan(random, folder / "plan.xlsx")
    generate_forms(folder / "plan.xlsx", folder / "forms", as_of=date(2021, 3, 31), jobs=1)
    (folder / "returned").mkdir()
    forms = sorted((folder / "forms").glob("*.xlsx"))
    assert forms
    for number, form in enumerate(forms):
        fate = random.random() if number else 1.0
        if fate < 0.2:
            continue
        content = form.read_bytes() if fate < 0.35 else fill_form(form, answer(random, form))
        (folder / "returned" / form.name).write_bytes(content)
    return merge(folder)


def hold_round(seed: int, folder: Path) -> None:
    made = make_round(seed, folder)
    assert SheetWalk(made.counts).walk() == [], seed
    assert list(json_faults(json.loads(result_to_json(made.merged)), made.counts)) == [], seed
    assert said_otherwise(made, made.merged, made.merged) == [], seed
    assert report_faults(made) == [], seed
    assert report_faults(made, only=True) == [], seed
    for row in not_empty(made.counts.units):
        assert report_faults(made, row["Enhet"], least=3) == [], (seed, row["Enhet"])
    hold_rolled_up(made)


def hold_rolled_up(made: Made) -> None:
    """No activity is better than the worst known answer, and none is done where anything is unknown.

    From the answers alone: what each unit gave an activity, or else each of its sub-activities.
    """
    words, counts = made.counts.words, made.counts
    known = counts.known_statuses
    status = {
        (row[words["unit"]], row["Id"]): row[words["status"]] if row[words["status"]] in known else ""
        for row in counts.answers
    }
    rank = {
        label: position
        for position, label in enumerate(
            ("Genomfört", "Pågående", "Kvarstår", "Kan komma att försenas", "Förskjuts")
        )
    }
    final = {"Genomfört", "Utgår"}
    assert counts.whole.activities
    for row in counts.whole.activities:
        shown = row[words["rolled_up"]]
        parts = [part for part in counts.whole.parts if counts.key(part) == counts.key(row)]
        answers: list[str] = []
        for unit in counts.units_of(row):
            own = status.get((unit, row["Id"]), "")
            theirs = [status.get((unit, part["Id"]), "") for part in parts if unit in counts.units_of(part)]
            answers += [own] if own or not theirs else theirs
        if shown in final:
            assert "" not in answers, (row, answers)
        worst = max((rank[each] for each in answers if each in rank), default=None)
        if worst is not None and shown != words["unanswered"]:
            assert rank.get(shown, -1) >= worst, (row, answers)


@pytest.mark.parametrize("seed", range(2))
def test_random_rounds_are_reported_alike_by_every_output(seed: int, tmp_path: Path) -> None:
    hold_round(seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_random_rounds_are_reported_alike_by_every_output(seed: int, tmp_path: Path) -> None:
    hold_round(seed, tmp_path)


def test_the_forms_of_a_random_round_are_those_of_its_units(tmp_path: Path) -> None:
    made = make_round(3, tmp_path)
    forms = {unit_of(form) for form in (tmp_path / "forms").glob("*.xlsx")}
    assert forms == {
        row["Enhet"]
        for row in made.counts.units
        if made.counts.unit_scope(row["Enhet"]).activities or made.counts.unit_scope(row["Enhet"]).parts
    }

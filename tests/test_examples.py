"""The examples are the manual and the test at once: every command as typed gives what `expected/` shows.

After a change that is meant: `python -m pytest tests/test_examples.py --renew`, then read the difference.
"""

import re
import shlex
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.dump_workbook import dump_workbook, scrub
from support.external_tools import PROJECT, require_folder
from support.fill_forms import AnswerLine, fill_forms, read_answers, unit_of
from support.not_empty import not_empty
from support.run_cli import run

EXAMPLES = PROJECT / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/commands.txt"))
BUDGET = "budget-2021"
"""The example that asks about amounts; the others ask about activities and their statuses."""

AUGUST = "followup-2021-august"
PREVIOUS = {AUGUST: ("followup-2021", "sammanställning-mars.xlsx")}
"""The example that is the round after another: which one, and how that one's result is called in its folder."""

SHOWN_UNIT = {
    BUDGET: "Biblioteken",
    "extra-question": "Biblioteken",
    "followup-2019": "Fastighetsservice",
    "followup-2021": "Ungdom och mötesplatser",
    AUGUST: "Ungdom och mötesplatser",
    "followup-en": "Parks and Events",
}
VISIBLE = ("Läs mig", "Uppföljning", "Read me", "Follow-up")
SHEETS_IN_ENGLISH = {"Enheter": "Units", "Aktiviteter": "Activities", "Svar": "Answers"}
LEVELS = ("Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet")
AMOUNT_LEVELS = ("Område", "Post")
IN_ENGLISH = {
    "Perspective": "Perspektiv",
    "Overall goal": "Kommunövergripande mål",
    "Board goal": "Nämndmål",
    "Activity": "Aktivitet",
    "Sub-activity": "Delaktivitet",
    "Deadline": "Slutdatum",
    "Unit": "Enhet",
    "Contact": "Kontakt",
    "E-mail": "E-post",
    "New deadline": "Ny tidpunkt",
    "Comment/deviation": "Kommentar/avvikelse",
    "Type of task": "Uppdragstyp",
    "Continues from": "Fortsätter från",
    "Rolled-up status": "Sammanvägd status",
}

# The commands, and what must come out ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Played:
    """An example that was carried out in a folder of its own."""

    name: str
    folder: Path
    transcript: str

    @property
    def consolidated(self) -> Path:
        """The workbook that was merged."""
        return self.folder / _option(_merging(self.name), "-o")

    @property
    def forms(self) -> Path:
        """The folder that the first command wrote."""
        return self.folder / _option(_commands(self.name)[0], "-o")


@pytest.fixture(scope="module", params=NAMES)
def finished_round(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    return play_example(name, folder)


def play_example(name: str, folder: Path) -> Played:
    """Carry out the commands of an example in a folder, after those of the round before it."""
    if name in PREVIOUS:
        other, called = PREVIOUS[name]
        (folder / "before").mkdir()
        shutil.copy(play_example(other, folder / "before").consolidated, folder / called)
    for given in ("plan.xlsx", "answers.csv", "*.toml"):
        for file in (EXAMPLES / name).glob(given):
            shutil.copy(file, folder)
    return Played(name, folder, "".join(_play(name, folder)))


def test_the_commands_say_what_the_manual_shows(finished_round: Played, renew: bool) -> None:
    _compare(finished_round, "transcript.txt", finished_round.transcript, renew)


def test_the_plan_as_text(finished_round: Played, renew: bool) -> None:
    _compare(finished_round, "plan.txt", dump_workbook(finished_round.folder / "plan.xlsx"), renew)


def test_one_form_as_text(finished_round: Played, renew: bool) -> None:
    form = next(
        form for form in finished_round.forms.glob("*.xlsx") if unit_of(form) == SHOWN_UNIT[finished_round.name]
    )
    _compare(finished_round, "form.txt", dump_workbook(form, VISIBLE), renew)


def test_a_form_that_goes_back_as_text(finished_round: Played, renew: bool) -> None:
    command = next((command for command in _commands(finished_round.name) if "--return" in command), None)
    if command is None:
        assert not (EXAMPLES / finished_round.name / "expected" / "returned.txt").exists()
        return
    form = min((finished_round.folder / _option(command, "--return")).glob("*.xlsx"))
    _compare(finished_round, "returned.txt", dump_workbook(form, ("Att rätta", "To correct")), renew)


def test_the_consolidated_workbook_as_text(finished_round: Played, renew: bool) -> None:
    _compare(finished_round, "consolidated.txt", dump_workbook(finished_round.consolidated), renew)


def test_the_tables_for_other_programs_as_text(finished_round: Played, renew: bool) -> None:
    if "--export" not in _merging(finished_round.name):
        assert not list(finished_round.folder.rglob("datapackage.json"))
        return
    folder = finished_round.folder / _option(_merging(finished_round.name), "--export")
    texts = (f"== {path.name} ==\n{path.read_text(encoding='utf-8-sig')}" for path in sorted(folder.glob("*.csv")))
    _compare(finished_round, "tables.txt", scrub("\n".join(texts)), renew)


def _commands(name: str) -> list[list[str]]:
    lines = (EXAMPLES / name / "commands.txt").read_text(encoding="utf-8").splitlines()
    return [shlex.split(line) for line in lines if not line.startswith("#")]


def _merging(name: str) -> list[str]:
    return next(command for command in _commands(name) if command[1] == "merge")


def _play(name: str, folder: Path) -> Iterator[str]:
    """Carry out the commands in order, the units answering where the text says so; yield what is seen."""
    forms, returned = _option(_commands(name)[0], "-o"), _commands(name)[1][2]
    for line in not_empty((EXAMPLES / name / "commands.txt").read_text(encoding="utf-8").splitlines()):
        if line.startswith("#"):
            if (folder / forms).is_dir():
                fill_forms(folder / forms, folder / "answers.csv", folder / returned)
            yield f"{line}\n\n"
            continue
        seen = run(*shlex.split(line)[1:], cwd=folder)
        assert seen.code in (0, 1), f"{line}\n{seen.err}"
        printed = (seen.out + seen.err).replace(str(folder), "…").rstrip("\n")
        yield f"$ {line}\n{printed}\n[{seen.code}]\n\n"


def _option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def _compare(finished_round: Played, file: str, made: str, renew: bool) -> None:
    golden = EXAMPLES / finished_round.name / "expected" / file
    if renew:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(made, encoding="utf-8", newline="\n")
    assert golden.is_file(), f"{golden} is missing: python -m pytest tests/test_examples.py --renew"
    wanted = golden.read_text(encoding="utf-8")
    assert made.splitlines() == wanted.splitlines(), (
        f"{file} of {finished_round.name} is not what it was; if that is meant: "
        "python -m pytest tests/test_examples.py --renew"
    )


def test_one_more_question_in_one_round_takes_ten_lines() -> None:
    template = EXAMPLES / "extra-question" / "pandemi.toml"
    assert len(template.read_text(encoding="utf-8").splitlines()) == 10


SWEDISH = re.compile(r"[åäöÅÄÖ]|\b(?:och|inte|eller|fylls?|svar|rad|blad|enhet|utan|till|från)\b")
"""What no text of an English round holds."""


@pytest.mark.parametrize("file", ["transcript.txt", "form.txt", "consolidated.txt", "plan.txt"])
def test_an_english_round_is_english_from_end_to_end(file: str) -> None:
    shown = (EXAMPLES / "followup-en" / "expected" / file).read_text(encoding="utf-8")
    assert not [line for line in shown.splitlines() if SWEDISH.search(line)]


# What a reader could work out by hand ------------------------------------------------------------------------


TAKEN_AS = {
    "extra-question": {},
    "followup-2019": {"Uppfyllt": "Genomfört"},
    "followup-2021": {"Pågår": "Pågående"},
    AUGUST: {},
    "followup-en": {"In progress": "Ongoing"},
}
"""What stands in the column Status of `Svar` other than what was written, but for blanks and case."""


def test_every_answer_stands_word_for_word_in_the_consolidated_workbook(finished_round: Played) -> None:
    rows = {
        (row["Enhet"], *_where(finished_round.name, row)): row
        for row in _table(finished_round.consolidated, "Svar")
    }
    for unit, lines in not_empty(_answers(finished_round.name).items()):
        for line in lines:
            row = rows.pop((unit, *_where(finished_round.name, line)))
            for column in ("Ny tidpunkt", "Kommentar/avvikelse", "Kommentar"):
                assert row.get(column) == (_composed(line[column]) if column in line else None)
            written = " ".join(_composed(line.get("Status", "")).split())
            taken = TAKEN_AS[finished_round.name].get(written, written) if "Status" in line else ""
            assert row.get("Status", "").casefold() == taken.casefold()
    assert not rows


ROLLED_UP = {
    "extra-question": {
        "Hålla författarkvällar på alla fyra biblioteken": "Förskjuts",
        "Se över arbetsmiljön vid arbete hemifrån": "Kvarstår",  # in one of two units
        "Visa tre utställningar i stadshallen": "Pågående",  # its other answer is unknown
    },
    "followup-2019": {
        "Behålla nuvarande uppdrag och söka nya hos fler förvaltningar": "Pågående",  # one Pågående, two Uppfyllt
        "Stämma av budgeten varje månad och åtgärda avvikelser direkt": "Ej besvarad",  # the third is a remark
        "Ha egenkontroll enligt den nya handboken i alla kök": "Genomfört",  # written Uppfyllt
        "Hålla förbättringsmöten på varje arbetsplats": "Kvarstår",  # in one unit of three
        "Låta medarbetare pröva en annan arbetsplats i tre månader": "Ej besvarad",  # Förskjuts, unknown in 2019
    },
    "followup-2021": {
        "Genomföra nämndens del av kommunens program för jämlika uppväxtvillkor": "Pågående",  # said so itself
        "Arbeta enligt rörelseprogrammets åtgärdslista": "Kan komma att försenas",  # worst of six parts, two units
        "Bygga om Hamravallen till ett idrottsområde för alla årstider": "Kvarstår",  # worst of three parts
        "Bygga en ny basutställning om ortens industrihistoria": "Ej besvarad",  # the museum did not answer
        "Arbeta om kulturmiljöprogrammet så att det går att använda i detaljplanearbetet": "Kvarstår",  # staff
        "Förnya reglerna för föreningsbidrag": "Kvarstår",  # worst of three parts
        "Bestämma hur fritidsgårdarna ska synas i sociala medier": "Ej besvarad",  # answered in the comment
        "Öka andelen inköp som görs i e-handeln och mot gällande avtal": "Förskjuts",  # worst of three units
        "Höja den digitala vanan hos alla medarbetare": "Pågående",  # one of four units is done
        "Medverka i kommunledningens kartläggning av kommunikatörsresurser": "Ej besvarad",  # blank
        "Göra distanslektioner till en fast del av kulturskolans utbud": "Ej besvarad",  # Uppfylls is no status
        "Genomföra nämndens åtgärder i kommunens klimatplan": "Kan komma att försenas",  # one unit of seven
        "Ta emot fler personer i arbetsmarknadsanställning och feriejobb": "Kvarstår",  # Utgår in one of three
        "Pröva kontor utan fasta platser i förvaltningshuset": "Utgår",  # in the only one
    },
    AUGUST: {
        "Arbeta enligt rörelseprogrammets åtgärdslista": "Förskjuts",  # worst of six parts
        "Bygga om Hamravallen till ett idrottsområde för alla årstider": "Pågående",  # of three parts one Utgår
        "Göra museets fotosamling sökbar på nätet": "Ej besvarad",  # left blank
        "Ställa taxor och avgifter mot vad verksamheten kostar": "Genomfört",  # in all three units
        "Öka andelen inköp som görs i e-handeln och mot gällande avtal": "Förskjuts",  # worst of three units
        "Minska mängden farliga kemikalier i driften": "Pågående",  # done in one of two
        "Dela ut bokpåsar till hemtjänstens kunder": "Pågående",  # a unit's own in March, in the plan now
    },
    "followup-en": {
        "Open every library on Sunday afternoons": "Postponed",  # worst of two parts
        "Put all bookings in one place online": "Ongoing",  # one is cancelled, one wrote a remark
        "Cut the energy bill for the swimming pool by a tenth": "Remains",  # worst of two parts
        "Stop using single-use plastic at events": "Done",
        "Offer every new manager a mentor": "Ongoing",  # one blank, one done
    },
}
"""The rolled-up statuses of the activities where it takes some thought, worked out by hand, and why."""


def test_the_rolled_up_statuses_are_those_counted_by_hand(finished_round: Played) -> None:
    rows = _table(finished_round.consolidated, "Aktiviteter")
    if finished_round.name == BUDGET:
        assert not {"Status", "Sammanvägd status"} & rows[0].keys()
        return
    shown = {row["Aktivitet"]: row["Sammanvägd status"] for row in rows if not row["Delaktivitet"]}
    assert {activity: shown.get(activity) for activity in ROLLED_UP[finished_round.name]} == ROLLED_UP[
        finished_round.name
    ]


def _where(name: str, row: AnswerLine) -> tuple[str, ...]:
    if name == BUDGET:
        return tuple(row[level] for level in AMOUNT_LEVELS)
    return (row["Id"],) if name == "followup-2019" else (row["Aktivitet"], row["Delaktivitet"])


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# The material itself -----------------------------------------------------------------------------------------

SIZES = {
    BUDGET: {"activities": 33, "sub-activities": 0, "units": 5, "silent": 1, "own": 1},
    "extra-question": {"activities": 6, "sub-activities": 2, "units": 2, "silent": 0, "own": 1},
    "followup-2019": {"activities": 20, "sub-activities": 0, "units": 3, "silent": 0, "own": 0},
    "followup-2021": {"activities": 48, "sub-activities": 46, "units": 7, "silent": 1, "own": 3},
    AUGUST: {"activities": 49, "sub-activities": 47, "units": 7, "silent": 0, "own": 2},
    "followup-en": {"activities": 12, "sub-activities": 6, "units": 3, "silent": 0, "own": 1},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_example_has_the_size_of_a_real_one(name: str) -> None:
    lines, asked, answers = _plan(name), _units(name), _answers(name)
    assert {
        "activities": sum(not line["Delaktivitet"] for line in lines),
        "sub-activities": sum(bool(line["Delaktivitet"]) for line in lines),
        "units": len(asked),
        "silent": len([unit for unit in asked if unit not in answers]),
        "own": len(_own(name)),
    } == SIZES[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_unit_that_answers_has_a_line_for_each_row_it_was_asked_about(name: str) -> None:
    for unit, lines in not_empty(_answers(name).items()):
        asked = [_where(name, line) for line in _plan(name) if unit in line["Enhet"].split("; ")]
        reported = [_where(name, line) for line in lines]
        assert reported[: len(asked)] == asked, unit
        assert set(reported[len(asked) :]) <= {_where(name, line) for line in _own(name)}


def test_deadlines_of_all_three_kinds_and_none() -> None:
    kinds = Counter(_kind(line["Slutdatum"]) for line in _plan("followup-2021"))
    assert kinds == {"quarter": 51, "day": 6, "words": 13, "none": 24}
    assert Counter(_kind(line["Slutdatum"]) for line in _plan("followup-2019")) == {"day": 11, "none": 9}


def test_all_six_statuses_and_every_way_of_missing_the_column() -> None:
    written = [line["Status"] for lines in _answers("followup-2021").values() for line in lines]
    known = {"Genomfört", "Pågående", "Kvarstår", "Kan komma att försenas", "Förskjuts", "Utgår"}
    assert known <= set(written)
    strays = {text for text in written if text and text not in known and unicodedata.is_normalized("NFC", text)}
    assert strays == {
        " pågående ",
        "Pågående\N{NO-BREAK SPACE}",
        "Pågår",
        "Uppfylls",
        "Vi inväntar besked från fastighetskontoret",
        "Kvartal 2",
    }
    assert sum(not unicodedata.is_normalized("NFC", text) for text in written) == 7
    assert written.count("") == 14


def test_comments_as_long_and_as_odd_as_people_write_them() -> None:
    comments = [line["Kommentar/avvikelse"] for lines in _answers("followup-2021").values() for line in lines]
    long = [text for text in comments if 400 <= len(text) <= 900]
    assert len(long) == 6
    assert all("\n" in text for text in long)
    assert max(map(len, comments)) > 800
    assert {text[0] for text in comments if text[:1] in "=+-" and text} == {"=", "+", "-"}
    assert "Förskjuts till kvartal 4, eftersom inköpsanalysen för 2020 dröjer." in comments


def test_the_plan_is_as_varied_as_a_real_one() -> None:
    lines = _plan("followup-2021")
    assert len({line["Perspektiv"] for line in lines}) == 5
    assert sum("\n" in goal for goal in {line["Nämndmål"] for line in lines}) == 5
    assert sum("; " in line["Enhet"] for line in lines) == 21
    assert sum(bool(line["Fortsätter från"]) for line in lines) == 11
    assert {line["Uppdragstyp"] for line in lines if not line["Delaktivitet"]} == {
        "Verksamhetsplan",
        "Uppdrag i kommunens budget",
        "Nämndens särskilda uppdrag",
        "Lagkrav",
    }


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_copied_from_a_real_report(name: str) -> None:
    seeds = require_folder(PROJECT.parent / "shared" / "seeds")
    theirs = {run for path in seeds.glob("*.txt") for run in _runs(path.read_text(encoding="utf-8"))}
    assert len(theirs) > 1000
    assert not theirs & {run for text in _texts(name) for run in _runs(text)}


@pytest.mark.parametrize("name", NAMES)
def test_nobody_can_be_recognised(name: str) -> None:
    everything = "\n".join(_texts(name))
    addresses = re.findall(r"\S+@\S+", everything)
    assert len(addresses) == len(_units(name))
    assert all(address.endswith(".example") for address in addresses)
    assert not re.search(r"\b\d{6}[-+ ]?\d{4}\b|\+46|\b0\d{1,3}[- ]\d{2,3}[ \d]{4,}", everything)


def _kind(text: str) -> str:
    if re.match(r"Kv", text):
        return "quarter"
    if re.match(r"\d", text):
        return "day"
    return "words" if text else "none"


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())
    return zip(*(words[start:] for start in range(6)), strict=False)


def _texts(name: str) -> Iterator[str]:
    workbook = load_workbook(EXAMPLES / name / "plan.xlsx")
    yield from (
        str(text) for sheet in workbook for row in sheet.iter_rows(values_only=True) for text in row if text
    )
    yield from (text for lines in _answers(name).values() for line in lines for text in line.values())


def _own(name: str) -> list[AnswerLine]:
    planned = {_where(name, line) for line in _plan(name)}
    reported = [line for lines in _answers(name).values() for line in lines]
    return [line for line in reported if _where(name, line) not in planned]


@cache
def _answers(name: str) -> dict[str, list[AnswerLine]]:
    reported = read_answers(EXAMPLES / name / "answers.csv")
    return {unit: [_in_swedish(line) for line in lines] for unit, lines in reported.items()}


def _units(name: str) -> list[str]:
    return [row["Enhet"] for row in _table(EXAMPLES / name / "plan.xlsx", "Enheter")]


@cache
def _plan(name: str) -> list[AnswerLine]:
    """Return the lines of a plan, each level that is blank or merged filled with what stands above it."""
    lines: list[AnswerLine] = []
    levels = AMOUNT_LEVELS if name == BUDGET else LEVELS
    for row in _table(EXAMPLES / name / "plan.xlsx", "Plan"):
        above = lines[-1] if lines else {}
        filled = {level: row.get(level) or above.get(level, "") for level in levels[:-1]}
        lines.append({"Delaktivitet": "", **row, **filled})
    return lines


def _table(workbook: Path, sheet: str) -> list[AnswerLine]:
    """Return the rows below the heading row of a sheet, under Swedish headings."""
    found = load_workbook(workbook, data_only=True)
    rows = found[sheet if sheet in found.sheetnames else SHEETS_IN_ENGLISH[sheet]].iter_rows(values_only=True)
    headings: tuple[object, ...] = next(row for row in rows if {"Enhet", "Unit", "Aktivitet"} & set(row))
    return [
        _in_swedish({str(head): _show(cell) for head, cell in zip(headings, row, strict=True)}) for row in rows
    ]


def _in_swedish(row: AnswerLine) -> AnswerLine:
    return {IN_ENGLISH.get(heading, heading): text for heading, text in row.items()}


def _show(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell if cell is not None else "")

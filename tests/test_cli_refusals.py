"""What the commands refuse: it is said on stderr, ends with 2, shows no traceback and changes no file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.external_tools import PROJECT
from support.run_cli import GENERATE, UNITS, play_round, read_all, run

FAULTY = """Perspektiv;Nämndmål;Aktivitet;Slutdatum;Enhet
Verksamhet;Trygg mat;Laga från grunden;2019-12-31;Köket
;;Smaka av;;
;;Laga från grunden;;Köket
"""

REFUSALS = {
    "no plan": (("generate", "saknas.xlsx", *GENERATE[2:], "new"), ["saknas.xlsx finns inte"]),
    "plan cut off": (("generate", "cut.xlsx", *GENERATE[2:], "new"), ["cut.xlsx", "avklippt"]),
    "plan that is no plan": (("generate", "in/Måltid.xlsx", *GENERATE[2:], "new"), ["Måltid.xlsx"]),
    "plan with faults": (("generate", "faulty.csv", *GENERATE[2:], "new"), ["2 fel", "C2", "C4", "E3"]),
    "no such day": ((*GENERATE[:-2], "2019-04-31", "-o", "new"), ["--as-of", "2019-04-31"]),
    "no day": ((*GENERATE, "new", "--due", "i maj"), ["--due", "i maj"]),
    "no as-of date": (("generate", "plan.xlsx", "-o", "new"), ["--as-of"]),
    "no such template": (
        ("generate", "plan.xlsx", "-t", "folowup-2019", "--as-of", "2019-04-30", "-o", "new"),
        ["folowup-2019", "Menade du ”followup-2019”?"],
    ),
    "no such command": (("merg", "in"), ["merg"]),
    "no path": (("check",), ["PATH"]),
    "no such path": (("check", "in", "borta", "också borta"), ["borta finns inte", "också borta finns inte"]),
    "no such path to merge": (("merge", "borta", "-o", "new.xlsx"), ["borta finns inte"]),
    "nothing to merge": (("merge", "tom", "-o", "new.xlsx"), ["inget ifyllt formulär"]),
    "nothing to merge but a plan": (
        ("merge", "tom", "--plan", "plan.xlsx", "-o", "new.xlsx"),
        ["inget ifyllt formulär"],
    ),
    "merge with a faulty plan": (
        ("merge", "in", "--plan", "faulty.csv", "-o", "new.xlsx"),
        ["2 fel", "C4", "E3"],
    ),
    "plan that is a folder": (("check", "in", "--plan", "in"), ["in är en mapp"]),
    "previous that is a folder": (("merge", "in", "--previous", "in", "-o", "new.xlsx"), ["in är en mapp"]),
    "path too long": (("check", "in", "för lång" * 40), ["finns inte"]),
    "plan too long": (("check", "in", "--plan", "för lång" * 40), ["finns inte"]),
    "target too long": (("merge", "in", "-o", "för lång" * 40 + ".xlsx"), ["Det gick inte att komma åt"]),
    "forms too far": ((*GENERATE, "för lång" * 40), ["Det gick inte att komma åt"]),
    "target in a file": (("merge", "in", "-o", "plan.xlsx/new.xlsx"), ["gick inte att skriva"]),
    "forms into a file": ((*GENERATE, "plan.xlsx"), ["gick inte att skriva"]),
    "target is a folder": (("merge", "in", "-o", "tom"), ["tom"]),
    "target is a folder that ends in .xlsx": (("merge", "in", "-o", "mapp.xlsx"), ["mapp.xlsx är en mapp"]),
    "target is a folder by force": (("merge", "in", "-o", "mapp.xlsx", "--force"), ["mapp.xlsx är en mapp"]),
    "target is no workbook": (("merge", "in", "-o", "new.pdf"), ["new.pdf", ".xlsx"]),
    "target is somebody's": (("merge", "in", "-o", "mine.xlsx"), ["mine.xlsx finns redan", "--force"]),
    "target is the plan": (("merge", "in", "--plan", "plan.xlsx", "-o", "plan.xlsx"), ["plan.xlsx finns redan"]),
    "target is a blank form": (("merge", "in", "-o", "forms/Måltid.xlsx"), ["forms/Måltid.xlsx finns redan"]),
    "target is a filled form": (("merge", "in", "-o", "in/Måltid.xlsx"), ["in/Måltid.xlsx finns redan"]),
    "forms over filled forms": ((*GENERATE, "in"), ["ifyllt av Måltid", "ifyllt av Lokalvård", "--force"]),
    "demo among other files": (("demo", "."), ["inte tom"]),
}
"""What cannot be done: the command, and what stderr must name."""


@pytest.fixture(scope="module")
def finished_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, its forms, and the answers."""
    return play_round(tmp_path_factory.mktemp("round"))


@pytest.fixture
def round_folder(finished_round: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for tests that change something in it."""
    return Path(shutil.copytree(finished_round, tmp_path / "desk"))


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_said_on_stderr_and_changes_nothing(round_folder: Path, case: str) -> None:
    (round_folder / "tom").mkdir()
    (round_folder / "mapp.xlsx").mkdir()
    (round_folder / "mine.xlsx").write_text("mitt", encoding="utf-8")
    (round_folder / "faulty.csv").write_text(FAULTY, encoding="utf-8")
    (round_folder / "cut.xlsx").write_bytes((round_folder / "plan.xlsx").read_bytes()[:3000])
    words, wanted = REFUSALS[case]
    before = read_all(round_folder)
    seen = run(*words, cwd=round_folder)
    assert seen.code == 2
    assert seen.out == ""
    said = " ".join(seen.err.replace("\\", "/").split())
    assert [text for text in wanted if text not in said] == [], seen.err
    assert read_all(round_folder) == before
    assert not (round_folder / "new").exists()


def test_an_empty_folder_to_check_is_a_fault_of_the_material(round_folder: Path) -> None:
    (round_folder / "tom").mkdir()
    alone = run("check", "tom", "--json", cwd=round_folder)
    assert alone.code == 1
    assert [finding["code"] for finding in alone.json_output["findings"]] == ["nothing-to-merge"]
    planned = run("check", "tom", "--plan", "plan.xlsx", "--json", cwd=round_folder)
    assert sorted(planned.json_output["units"]["missing"]) == sorted(Path(name).stem for name in UNITS)


@pytest.mark.parametrize(
    ("example", "title", "missing"),
    [
        ("followup-2021", "Verksamhetsplan 2021", "Saknas: Förvaltningsstaben, "),
        ("budget-2021", "Budget 2021", "Saknas: Biblioteken, "),
        ("followup-en", "Annual plan 2021", "Missing: Libraries, "),
    ],
)
def test_as_long_as_nobody_has_answered_the_plan_alone_says_who_is_missing(
    tmp_path: Path, example: str, title: str, missing: str
) -> None:
    """Template and language by its headings, no day at all: no form has told which round it is."""
    shutil.copy(PROJECT / "examples" / example / "plan.xlsx", tmp_path)
    (tmp_path / "tom").mkdir()
    seen = run("check", "tom", "--plan", "plan.xlsx", cwd=tmp_path)
    assert (seen.code, seen.err) == (0, "")
    lines = seen.out.splitlines()
    assert lines[0] == title
    assert lines[2].startswith(missing)
    assert lines[-1] in (
        "Nästa steg: påminn dem som saknas, och kör igen när deras svar har kommit.",
        "Next: remind those who are missing, and run again when their answers are in.",
    )


def test_a_plan_of_a_template_of_ones_own_tells_nothing_before_a_form_does(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("Mål;Åtgärd;Enhet\nA;B;Norr\n", encoding="utf-8")
    (tmp_path / "tom").mkdir()
    seen = run("check", "tom", "--plan", "plan.csv", "--json", cwd=tmp_path)
    assert [found["code"] for found in seen.json_output["findings"]] == ["nothing-to-merge"]


def test_a_faulty_plan_is_reported_with_its_faults_before_anybody_has_answered(round_folder: Path) -> None:
    (round_folder / "tom").mkdir()
    (round_folder / "faulty.csv").write_text(FAULTY, encoding="utf-8")
    seen = run("check", "tom", "--plan", "faulty.csv", cwd=round_folder)
    assert seen.code == 2
    assert "C4" in seen.err


def test_a_damaged_plan_is_for_whoever_made_it_and_not_for_a_sender(round_folder: Path) -> None:
    (round_folder / "cut.xlsx").write_bytes((round_folder / "plan.xlsx").read_bytes()[:3000])
    for words in (("check", "in", "--plan", "cut.xlsx"), ("generate", "cut.xlsx", *GENERATE[2:], "new")):
        seen = run(*words, cwd=round_folder)
        said = " ".join(seen.err.split())
        assert (seen.code, seen.out) == (2, "")
        assert "Planen går inte att läsa. Filen cut.xlsx är avklippt" in said
        assert "avsändaren" not in said


def test_a_damaged_workbook_of_the_previous_round_is_to_be_made_again(round_folder: Path) -> None:
    (round_folder / "cut.xlsx").write_bytes((round_folder / "plan.xlsx").read_bytes()[:3000])
    for words in (
        (*GENERATE, "new", "--previous", "cut.xlsx"),
        ("merge", "in", "-o", "new.xlsx", "--previous", "cut.xlsx"),
        ("report", "cut.xlsx", "-o", "new.docx"),
    ):
        seen = run(*words, cwd=round_folder)
        assert seen.code == 2
        assert "Gör om den med xlflow merge" in " ".join(seen.err.split())
        assert "avsändaren" not in seen.err


MISUSED = {
    "check": ("PATH... saknas", "PATH... is missing"),
    "chek in": ("kommando som heter chek. Menade du ”check”?", "command called chek. Did you mean “check”?"),
    "check in --forse": ("heter --forse. Menade du ”--force”?", "called --forse. Did you mean “--force”?"),
    "check in --nonsense": ("heter --nonsense. xlflow", "called --nonsense. xlflow"),
    "check in --jobs många": ("”många” går inte att ange för --jobs", "“många” cannot be given for --jobs"),
    "check in --jobs 100": ("Godtas: ett heltal från 1 till 64.", "Accepted: a whole number from 1 to 64."),
    "templates --language de": ("Godtas: sv eller en.", "Accepted: sv or en."),
    "merge in": ("--output FILE.xlsx saknas", "--output FILE.xlsx is missing"),
    "merge in -o": ("-o behöver något efter sig", "-o needs something after it"),
    "generate a --as-of 2021-04-31 -o b": (  # its own language is Swedish unless --language says otherwise
        "Godtas: en dag, till exempel 2021-03-31.",
        "Godtas: en dag, till exempel 2021-03-31.",
    ),
    "generate a b --as-of 2021-04-30 -o c": ("Sätt citattecken runt namn", "in quotation marks"),
}


@pytest.mark.parametrize("typed", MISUSED)
@pytest.mark.parametrize(("locale", "language"), [("sv_SE.UTF-8", 0), ("C.UTF-8", 0), ("en_GB.UTF-8", 1)])
def test_what_is_typed_wrong_is_reported_in_the_language_of_the_user(
    tmp_path: Path, typed: str, locale: str, language: int
) -> None:
    seen = run(*typed.split(), cwd=tmp_path, LC_ALL=locale)
    assert (seen.code, seen.out) == (2, "")
    wanted = MISUSED[typed][language]
    assert wanted in " ".join(seen.err.replace("python -m xlflow", "xlflow").split())


def test_the_language_that_is_asked_for_goes_before_that_of_the_user(tmp_path: Path) -> None:
    assert "is missing" in run("generate", "--language=en", cwd=tmp_path, LC_ALL="sv_SE.UTF-8").err
    assert "saknas" in run("generate", "--language", "sv", cwd=tmp_path, LC_ALL="en_GB.UTF-8").err
    assert "does not exist" in run("check", "borta", cwd=tmp_path, LC_ALL="en_GB.UTF-8").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "borta"), "path-not-found"),
        (("merge", "tom", "-o", "new.xlsx"), "nothing-to-merge"),
        (("report", "borta.xlsx", "-o", "new.pdf"), "path-not-found"),
        (("check",), "usage-missing"),
    ],
)
def test_with_json_what_cannot_be_done_is_json_too(tmp_path: Path, words: tuple[str, ...], code: str) -> None:
    (tmp_path / "tom").mkdir()
    seen = run(*words, "--json", cwd=tmp_path)
    assert seen.code == 2
    assert seen.err
    assert list(seen.json_output) == ["units", "files", "rows", "findings", "output"]
    assert [found["code"] for found in seen.json_output["findings"]] == [code]


def test_with_json_what_was_found_is_counted_also_where_there_is_nothing_to_merge(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "svar.xlsx").write_text("inget formulär", encoding="utf-8")
    (tmp_path / "in" / "~$svar.xlsx").write_bytes(b"lock")
    seen = run("merge", "in", "-o", "new.xlsx", "--json", cwd=tmp_path)
    assert (seen.code, seen.json_output["output"]) == (2, None)
    counted = {"found": 2, "accepted": 0, "refused": 1, "superseded": 0, "duplicate": 0, "ignored": 1}
    assert seen.json_output["files"] == counted == run("check", "in", "--json", cwd=tmp_path).json_output["files"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
@pytest.mark.parametrize("words", [("templates",), ("explain",), ("check", "in"), ("check", "in", "--json")])
def test_a_result_that_cannot_be_printed_is_reported(round_folder: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "xlflow", *words]
        done = subprocess.run(
            command, cwd=round_folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("1 fel\n\nFEL  Resultatet gick inte att skriva ut: ")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written_in(round_folder: Path) -> None:
    closed = round_folder / "closed"
    closed.mkdir(mode=0o500)
    for words in (("merge", "in", "-o", "closed/new.xlsx"), (*GENERATE, "closed/new")):
        seen = run(*words, cwd=round_folder)
        assert (seen.code, seen.out) == (2, "")
        assert "gick inte att skriva" in " ".join(seen.err.split())


def test_force_overwrites_what_xlflow_did_not_write(round_folder: Path) -> None:
    (round_folder / "mine.xlsx").write_text("mitt", encoding="utf-8")
    assert run("merge", "in", "-o", "mine.xlsx", "--force", cwd=round_folder).code == 1
    assert load_workbook(round_folder / "mine.xlsx").sheetnames[0] == "Sammanfattning"
    blank = read_all(round_folder / "forms")
    assert run(*GENERATE, "in", "--force", cwd=round_folder).code == 0
    assert read_all(round_folder / "in") == blank


def test_what_xlflow_wrote_is_written_anew_without_asking(round_folder: Path) -> None:
    run("merge", "in", "-o", "all.xlsx", cwd=round_folder)
    first = (round_folder / "all.xlsx").read_bytes()
    again = run("merge", "in", "-o", "all.xlsx", cwd=round_folder)
    assert (again.code, again.err) == (1, "")
    assert (round_folder / "all.xlsx").read_bytes() == first
    assert run(*GENERATE, "forms", cwd=round_folder).code == 0


def test_the_result_may_lie_among_the_answers(round_folder: Path) -> None:
    run("merge", "in", "-o", "in/all.xlsx", cwd=round_folder)
    first = (round_folder / "in" / "all.xlsx").read_bytes()
    again = run("merge", "in", "-o", "in/all.xlsx", "--json", cwd=round_folder)
    assert again.json_output["files"] == {
        **again.json_output["files"],
        "found": 4,
        "accepted": 3,
        "refused": 0,
        "ignored": 1,
    }
    assert len(first) > 10_000

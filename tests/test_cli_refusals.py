"""What the commands refuse: it is said on stderr, ends with 2, shows no traceback and changes no file."""

import os
import shutil
from pathlib import Path

import pytest
from commands import GENERATE, UNITS, play_round, read_all, run
from openpyxl import load_workbook

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
    "target in a file": (("merge", "in", "-o", "plan.xlsx/new.xlsx"), ["gick inte att skriva"]),
    "forms into a file": ((*GENERATE, "plan.xlsx"), ["gick inte att skriva"]),
    "target is a folder": (("merge", "in", "-o", "tom"), ["tom"]),
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
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, its forms, and the answers."""
    return play_round(tmp_path_factory.mktemp("round"))


@pytest.fixture
def desk(played: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for tests that change something in it."""
    return Path(shutil.copytree(played, tmp_path / "desk"))


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_said_on_stderr_and_changes_nothing(desk: Path, case: str) -> None:
    (desk / "tom").mkdir()
    (desk / "mine.xlsx").write_text("mitt", encoding="utf-8")
    (desk / "faulty.csv").write_text(FAULTY, encoding="utf-8")
    (desk / "cut.xlsx").write_bytes((desk / "plan.xlsx").read_bytes()[:3000])
    words, wanted = REFUSALS[case]
    before = read_all(desk)
    seen = run(*words, cwd=desk)
    assert seen.code == 2
    assert seen.out == ""
    said = " ".join(seen.err.replace("\\", "/").split())
    assert [text for text in wanted if text not in said] == [], seen.err
    assert read_all(desk) == before
    assert not (desk / "new").exists()


def test_an_empty_folder_to_check_is_a_fault_of_the_material(desk: Path) -> None:
    (desk / "tom").mkdir()
    alone = run("check", "tom", "--json", cwd=desk)
    assert alone.code == 1
    assert [finding["code"] for finding in alone.told["findings"]] == ["nothing-to-merge"]
    planned = run("check", "tom", "--plan", "plan.xlsx", "--json", cwd=desk)
    assert sorted(planned.told["units"]["missing"]) == sorted(Path(name).stem for name in UNITS)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written_in(desk: Path) -> None:
    closed = desk / "closed"
    closed.mkdir(mode=0o500)
    for words in (("merge", "in", "-o", "closed/new.xlsx"), (*GENERATE, "closed/new")):
        seen = run(*words, cwd=desk)
        assert (seen.code, seen.out) == (2, "")
        assert "gick inte att skriva" in " ".join(seen.err.split())


def test_force_overwrites_what_xlflow_did_not_write(desk: Path) -> None:
    (desk / "mine.xlsx").write_text("mitt", encoding="utf-8")
    assert run("merge", "in", "-o", "mine.xlsx", "--force", cwd=desk).code == 1
    assert load_workbook(desk / "mine.xlsx").sheetnames[0] == "Sammanfattning"
    blank = read_all(desk / "forms")
    assert run(*GENERATE, "in", "--force", cwd=desk).code == 0
    assert read_all(desk / "in") == blank


def test_what_xlflow_wrote_is_written_anew_without_asking(desk: Path) -> None:
    run("merge", "in", "-o", "all.xlsx", cwd=desk)
    first = (desk / "all.xlsx").read_bytes()
    again = run("merge", "in", "-o", "all.xlsx", cwd=desk)
    assert (again.code, again.err) == (1, "")
    assert (desk / "all.xlsx").read_bytes() == first
    assert run(*GENERATE, "forms", cwd=desk).code == 0


def test_the_result_may_lie_among_the_answers(desk: Path) -> None:
    run("merge", "in", "-o", "in/all.xlsx", cwd=desk)
    first = (desk / "in" / "all.xlsx").read_bytes()
    again = run("merge", "in", "-o", "in/all.xlsx", "--json", cwd=desk)
    assert again.told["files"] == {**again.told["files"], "found": 4, "accepted": 3, "refused": 0, "ignored": 1}
    assert len(first) > 10_000

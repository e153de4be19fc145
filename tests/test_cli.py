"""The commands as people and programs call them: what comes out where, how they end, and what they refuse.

Every command runs as a process of its own. Nothing that goes wrong may show a traceback or leave a file behind.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from answers import fill_form, fill_forms
from openpyxl import load_workbook
from tools import PROJECT, miss

import xlflow
from xlflow.cli import main
from xlflow.report.machine import run_to_values

EXAMPLE = PROJECT / "examples" / "followup-2019"
GENERATE = ("generate", "plan.xlsx", "-t", "followup-2019", "--as-of", "2019-04-30", "-o")
UNITS = ("Fastighetsservice.xlsx", "Lokalvård.xlsx", "Måltid.xlsx")

COMMANDS = {
    "demo": {"[DIR]"},
    "templates": set(),
    "generate": {"PLAN", "-t", "--as-of", "--due", "--language", "-o"},
    "check": {"PATH...", "--plan", "--json"},
    "merge": {"PATH...", "-o", "--plan", "--jobs", "--json"},
}
"""What every command of the contract takes at least."""

SHAPE = {
    "units": ["asked", "answered", "missing"],
    "files": ["found", "accepted", "refused", "superseded", "duplicate", "ignored"],
    "rows": ["found", "merged", "set_aside", "unanswered"],
    "findings": None,
    "output": None,
}
FINDING = [
    "code",
    "severity",
    "rule",
    "file",
    "sheet",
    "cell",
    "unit",
    "row_id",
    "field",
    "value",
    "message",
    "remedy",
    "suggestion",
]
"""The keys of the JSON, in their order: other programs rely on them."""


@dataclass(frozen=True)
class Seen:
    """What somebody sees of a command, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The JSON on stdout."""
        values: dict[str, Any] = json.loads(self.out)
        return values


def run(*words: str | Path, cwd: Path, encoding: str = "utf-8", **env: str) -> Seen:
    """Run a command in a folder; a traceback is a failure whatever the test is about."""
    done = subprocess.run(
        [sys.executable, "-m", "xlflow", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "100", **env},
        check=False,
    )
    seen = Seen(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))
    assert "Traceback" not in seen.err, seen.err
    return seen


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan and its forms."""
    folder = tmp_path_factory.mktemp("round")
    shutil.copy(EXAMPLE / "plan.xlsx", folder)
    assert run(*GENERATE, "forms", cwd=folder) == Seen(0, _say_forms("forms"), "")
    return folder


@pytest.fixture(scope="module")
def returned(sent: Path) -> Path:
    """The same folder once the units have answered, the answers in `in`."""
    assert len(fill_forms(sent / "forms", EXAMPLE / "answers.csv", sent / "in")) == len(UNITS)
    return sent


@pytest.fixture
def desk(returned: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for tests that change something in it."""
    return Path(shutil.copytree(returned, tmp_path / "desk"))


def _say_forms(folder: str) -> str:
    after = "Nästa steg: skicka ut dem, lägg svaren i en mapp och kör xlflow check på mappen."
    return f"Formulär i {folder}: 3.{os.linesep}{os.linesep}{after}{os.linesep}"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Help, and what the commands take -----------------------------------------------------------------------------


def test_every_command_of_the_contract_is_there_with_its_words() -> None:
    for name, wanted in COMMANDS.items():
        params = main.commands[name].params  # type: ignore[attr-defined]
        taken = {word for param in params for word in (*param.opts, param.metavar or param.name.upper())}
        assert taken >= wanted, (name, taken)


@pytest.mark.parametrize("words", [("--help",), ("-h",), *((name, "--help") for name in COMMANDS)])
def test_help_is_help(words: Sequence[str], tmp_path: Path) -> None:
    seen = run(*words, cwd=tmp_path)
    assert (seen.code, seen.err) == (0, "")
    assert seen.out.startswith("Usage: ")


def test_help_imports_nothing_slow(tmp_path: Path) -> None:
    slow = [
        "pydantic",
        "openpyxl",
        "python_calamine",
        "xlsxwriter",
        "rich",
        "dateutil",
        "jinja2",
        "docx",
        "typst",
        "concurrent.futures",
    ]
    code = f"""
import sys
from xlflow.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print([name for name in {slow!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ")
    assert done.stderr.strip() == "[]"


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).out.split()[0] == "xlflow"


def test_the_templates_are_listed_in_both_languages(tmp_path: Path) -> None:
    swedish, english = run("templates", cwd=tmp_path), run("templates", "--language", "en", cwd=tmp_path)
    for seen in (swedish, english):
        assert (seen.code, seen.err) == (0, "")
        assert [line.split()[0] for line in seen.out.splitlines() if line[:1].isalpha()] == [
            "budget",
            "followup",
            "followup-2019",
        ]
    assert "Enheten svarar på" in swedish.out
    assert "Enheten svarar på" not in english.out


# The loop -----------------------------------------------------------------------------------------------------


def test_generate_writes_a_form_for_each_unit(sent: Path) -> None:
    assert sorted(path.name for path in (sent / "forms").iterdir()) == sorted(UNITS)


def test_check_tells_what_is_wrong_and_writes_nothing(desk: Path) -> None:
    before = _files(desk)
    seen = run("check", "in", "--plan", "plan.xlsx", cwd=desk)
    assert (seen.code, seen.err) == (1, "")
    assert "Svar från 3 av 3 enheter." in seen.out
    assert "FEL" in seen.out
    assert _files(desk) == before


def test_merge_says_where_the_result_is_and_ends_with_1_where_something_is_to_be_corrected(desk: Path) -> None:
    seen = run("merge", "in", "-o", "all.xlsx", cwd=desk)
    assert (seen.code, seen.err) == (1, "")
    assert "Sammanställningen ligger i all.xlsx." in seen.out
    assert load_workbook(desk / "all.xlsx").sheetnames[0] == "Sammanfattning"


def test_answers_without_fault_end_with_0(desk: Path) -> None:
    for form in (desk / "forms").iterdir():
        sheet = load_workbook(form)["Uppföljning"]
        ids = [str(row[0].value) for row in sheet.iter_rows(min_row=5, max_col=4) if row[0].value and row[3].value]
        told = [{"Id": each, "Status": "Genomfört"} for each in ids]
        (desk / "in" / form.name).write_bytes(fill_form(form, told))
    checked = run("check", "in", "--json", cwd=desk)
    assert checked.code == 0, checked.out
    assert checked.told["findings"] == []
    assert checked.told["rows"]["unanswered"] == 0
    assert run("merge", "in", "-o", "all.xlsx", cwd=desk).code == 0


def test_json_has_its_fixed_shape(desk: Path) -> None:
    checked = run("check", "in", "--json", cwd=desk)
    merged = run("merge", "in", "-o", "all.xlsx", "--plan", "plan.xlsx", "--json", cwd=desk)
    for seen in (checked, merged):
        assert (seen.code, seen.err) == (1, "")
        assert seen.out.isascii()
        assert list(seen.told) == list(SHAPE)
        assert all(list(seen.told[key]) == keys for key, keys in SHAPE.items() if keys)
        assert seen.told["findings"]
        assert all(list(finding) == FINDING for finding in seen.told["findings"])
    assert checked.told["output"] is None
    assert merged.told["output"] == "all.xlsx"
    assert merged.told["units"] == {"asked": 3, "answered": 3, "missing": []}
    files = {"found": 3, "accepted": 3, "refused": 0, "superseded": 0, "duplicate": 0, "ignored": 0}
    assert merged.told["files"] == files
    assert merged.told["rows"]["found"] == merged.told["rows"]["merged"] > 30


def test_one_finding_per_cell_and_the_same_in_text_and_json(desk: Path) -> None:
    findings = run("check", "in", "--json", cwd=desk).told["findings"]
    errors = [finding for finding in findings if finding["severity"] == "error"]
    assert len({(f["file"], f["sheet"], f["cell"]) for f in errors if f["cell"]}) == len(errors)
    text = " ".join(run("check", "in", cwd=desk).out.split())
    assert f"{len(errors)} fel" in text
    assert all(" ".join(finding["message"].split()) in text for finding in errors)


def test_the_library_gives_the_same_as_the_commands(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    made = xlflow.generate_forms(
        Path("plan.xlsx"), Path("again"), template="followup-2019", as_of=date(2019, 4, 30)
    )
    assert sorted(path.name for path in made.written) == sorted(UNITS)
    assert _files(desk / "again") == _files(desk / "forms")
    checked = xlflow.check_forms([Path("in")])
    assert json.loads(json.dumps(run_to_values(checked))) == run("check", "in", "--json", cwd=desk).told
    merged = xlflow.merge_forms([Path("in")], Path("one.xlsx"))
    seen = run("merge", "in", "-o", "two.xlsx", "--json", cwd=desk)
    assert {**run_to_values(merged), "output": "two.xlsx"} == seen.told
    assert Path("one.xlsx").read_bytes() == Path("two.xlsx").read_bytes()
    assert merged.exit_code == seen.code


def test_stop_is_what_the_library_raises(tmp_path: Path) -> None:
    with pytest.raises(xlflow.Stop) as stop:
        xlflow.check_forms([tmp_path / "nowhere"])
    assert [finding.code for finding in stop.value.findings] == ["path-not-found"]


def test_it_works_from_any_folder_and_in_any_order(desk: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder – elsewhere"
    elsewhere.mkdir()
    run("merge", "in", "-o", "here.xlsx", cwd=desk, PYTHONHASHSEED="0")
    files = sorted((desk / "in").iterdir(), reverse=True)
    seen = run("merge", *files, "-o", "there.xlsx", "--jobs", "1", cwd=elsewhere, PYTHONHASHSEED="4711")
    assert seen.code == 1
    assert (elsewhere / "there.xlsx").read_bytes() == (desk / "here.xlsx").read_bytes()
    run(*GENERATE, elsewhere / "forms", cwd=desk, PYTHONHASHSEED="4711")
    assert _files(elsewhere / "forms") == _files(desk / "forms")


def test_in_english(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "followup-en"
    shutil.copy(example / "plan.xlsx", tmp_path)
    words = ("--as-of", "2021-03-31", "--due", "16 April 2021", "--language", "en", "-o", "forms")
    made = run("generate", "plan.xlsx", *words, cwd=tmp_path)
    assert (made.code, made.err) == (0, "")
    assert "Formulär" not in made.out
    fill_forms(tmp_path / "forms", example / "answers.csv", tmp_path / "in")
    merged = run("merge", "in", "-o", "all.xlsx", cwd=tmp_path)
    assert "ERROR" in merged.out
    assert "FEL" not in merged.out
    assert load_workbook(tmp_path / "all.xlsx").sheetnames[0] == "Summary"


# What comes back is not all forms -----------------------------------------------------------------------------


def test_what_is_no_form_is_named_and_counted_and_the_rest_goes_through(desk: Path) -> None:
    back = desk / "in"
    (back / "halv.xlsx").write_bytes((back / UNITS[0]).read_bytes()[:9000])
    (back / f"~${UNITS[0]}").write_bytes(bytes(165))
    (back / "kopia.xlsx").write_bytes((back / UNITS[1]).read_bytes())
    (back / "anteckning.txt").write_text("hej", encoding="utf-8")
    told = run("merge", "in", "-o", "all.xlsx", "--json", cwd=desk).told
    files = {"found": 7, "accepted": 3, "refused": 2, "superseded": 0, "duplicate": 1, "ignored": 1}
    assert told["files"] == files
    assert told["units"]["answered"] == 3
    named = {finding["file"] for finding in told["findings"] if not finding["cell"]}
    assert {"halv.xlsx", "anteckning.txt", f"~${UNITS[0]}"} <= named


def test_forms_in_an_archive_count_as_those_in_a_folder(desk: Path) -> None:
    shutil.make_archive(str(desk / "svar"), "zip", desk / "in")
    one = run("check", "in", "--json", cwd=desk).told
    other = run("check", "svar.zip", "--json", cwd=desk).told
    for key in ("units", "files", "rows"):
        assert other[key] == one[key]
    inside = [{**finding, "file": f"svar.zip/{finding['file']}"} for finding in one["findings"]]
    assert [f["message"] for f in other["findings"]] == [f["message"] for f in inside]
    assert [f["file"] for f in other["findings"]] == [f["file"] for f in inside]


# What is refused ----------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_said_on_stderr_and_changes_nothing(desk: Path, case: str) -> None:
    (desk / "tom").mkdir()
    (desk / "mine.xlsx").write_text("mitt", encoding="utf-8")
    (desk / "faulty.csv").write_text(FAULTY, encoding="utf-8")
    (desk / "cut.xlsx").write_bytes((desk / "plan.xlsx").read_bytes()[:3000])
    words, wanted = REFUSALS[case]
    before = _files(desk)
    seen = run(*words, cwd=desk)
    assert seen.code == 2
    assert seen.out == ""
    said = " ".join(seen.err.replace("\\", "/").split())
    assert [text for text in wanted if text not in said] == [], seen.err
    assert _files(desk) == before
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
    blank = _files(desk / "forms")
    assert run(*GENERATE, "in", "--force", cwd=desk).code == 0
    assert _files(desk / "in") == blank


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


# Consoles -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_a_narrow_old_console_shows_what_it_can(desk: Path, encoding: str) -> None:
    (desk / "in" / "🎉.xlsx").write_bytes(b"")
    for words in (("check", "in"), ("check", "in/saknas 🎉.xlsx")):
        usual = run(*words, cwd=desk)
        seen = run(*words, cwd=desk, encoding=encoding, COLUMNS="40")
        assert seen.code == usual.code
        assert seen.out == usual.out.encode(encoding, errors="replace").decode(encoding)
        assert seen.err == usual.err.encode(encoding, errors="replace").decode(encoding)
    assert run("check", "in", "--json", cwd=desk, encoding=encoding).told["files"]["found"] == 4


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_progress_shows_on_a_terminal_and_never_in_the_result(desk: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "xlflow", "check", "in", "--json"]
    with subprocess.Popen(
        words, cwd=desk, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode(errors="replace")
    os.close(ours)
    assert json.loads(out)["units"]["answered"] == 3
    assert "%" in shown
    assert "Traceback" not in shown


# Demo and installation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "first"), [("sv", "Sammanfattning"), ("en", "Summary")])
def test_the_demo_plays_the_whole_loop_and_says_where_to_look(tmp_path: Path, language: str, first: str) -> None:
    seen = run("demo", "here", "--language", language, cwd=tmp_path)
    assert (seen.code, seen.err) == (0, "")
    made = sorted((tmp_path / "here").rglob("*.xlsx"))
    results = [path for path in made if "~" not in path.name and load_workbook(path).sheetnames[0] == first]
    assert len(results) == 1
    assert str(results[0].relative_to(tmp_path)) in " ".join(seen.out.split())
    assert run("demo", "here", "--language", language, cwd=tmp_path).code == 2
    assert run("demo", "here", "--language", language, "--force", cwd=tmp_path).code == 0


@pytest.mark.with_tools
def test_a_wheel_in_an_empty_environment_has_everything(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, PROJECT]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    if built.returncode:
        miss(f"no wheel could be built: {built.stderr}")
    subprocess.run([sys.executable, "-m", "venv", "empty"], check=True, cwd=tmp_path)
    python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheel = next(tmp_path.glob("xlflow-*.whl"))
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True, cwd=tmp_path)
    command = python.with_name("xlflow.exe" if os.name == "nt" else "xlflow")
    for words in (["templates"], ["demo", "here"], ["demo", "there", "--language", "en"]):
        done = subprocess.run([command, *words], cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert load_workbook(next((tmp_path / "here").glob("3*.xlsx"))).sheetnames[0] == "Sammanfattning"

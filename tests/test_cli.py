"""The commands as people and programs call them: what comes out where, how they end, and what they refuse.

What they refuse has a file of its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.external_tools import PROJECT, skip_or_fail
from support.fill_forms import fill_form, fill_forms
from support.run_cli import GENERATE, UNITS, play_round, read_all, run

import xlflow
from xlflow.cli.commands import main
from xlflow.cli.json_output import result_to_values

COMMANDS = {
    "demo": {"[DIR]"},
    "templates": set(),
    "generate": {"PLAN", "-t", "--as-of", "--due", "--previous", "--language", "-o"},
    "check": {"PATH...", "--plan", "--return", "--json"},
    "merge": {"PATH...", "-o", "--plan", "--previous", "--jobs", "--json"},
    "report": {"CONSOLIDATED.xlsx", "-o"},
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


@pytest.fixture(scope="module")
def finished_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, its forms, and the answers."""
    return play_round(tmp_path_factory.mktemp("round"))


@pytest.fixture
def round_folder(finished_round: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for tests that change something in it."""
    return Path(shutil.copytree(finished_round, tmp_path / "desk"))


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


def test_the_list_of_commands_is_cut_short_on_no_terminal_of_80_columns(tmp_path: Path) -> None:
    assert "..." not in run("--help", cwd=tmp_path, COLUMNS="80").out.partition("Commands:")[2]


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
from xlflow.cli.commands import main
try:
    main(["--help"])
except SystemExit:
    pass
print([name for name in {slow!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ")
    assert done.stderr.strip() == "[]"


def test_the_version_is_reported(tmp_path: Path) -> None:
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


def test_generate_writes_a_form_for_each_unit(finished_round: Path) -> None:
    assert sorted(path.name for path in (finished_round / "forms").iterdir()) == sorted(UNITS)


def test_check_tells_what_is_wrong_and_writes_nothing(round_folder: Path) -> None:
    before = read_all(round_folder)
    seen = run("check", "in", "--plan", "plan.xlsx", cwd=round_folder)
    assert (seen.code, seen.err) == (1, "")
    assert "Svar från 3 av 3 enheter." in seen.out
    assert "FEL" in seen.out
    assert read_all(round_folder) == before


def test_merge_says_where_the_result_is_and_ends_with_1_where_something_is_to_be_corrected(
    round_folder: Path,
) -> None:
    seen = run("merge", "in", "-o", "all.xlsx", cwd=round_folder)
    assert (seen.code, seen.err) == (1, "")
    assert "Sammanställningen ligger i all.xlsx." in seen.out
    assert load_workbook(round_folder / "all.xlsx").sheetnames[0] == "Sammanfattning"


def test_answers_without_fault_end_with_0(round_folder: Path) -> None:
    for form in (round_folder / "forms").iterdir():
        sheet = load_workbook(form)["Uppföljning"]
        ids = [str(row[0].value) for row in sheet.iter_rows(min_row=5, max_col=4) if row[0].value and row[3].value]
        reported = [{"Id": each, "Status": "Genomfört"} for each in ids]
        (round_folder / "in" / form.name).write_bytes(fill_form(form, reported))
    checked = run("check", "in", "--json", cwd=round_folder)
    assert checked.code == 0, checked.out
    assert checked.json_output["findings"] == []
    assert checked.json_output["rows"]["unanswered"] == 0
    assert run("merge", "in", "-o", "all.xlsx", cwd=round_folder).code == 0


def test_json_has_its_fixed_shape(round_folder: Path) -> None:
    checked = run("check", "in", "--json", cwd=round_folder)
    merged = run("merge", "in", "-o", "all.xlsx", "--plan", "plan.xlsx", "--json", cwd=round_folder)
    for seen in (checked, merged):
        assert (seen.code, seen.err) == (1, "")
        assert seen.out.isascii()
        assert list(seen.json_output) == list(SHAPE)
        assert all(list(seen.json_output[key]) == keys for key, keys in SHAPE.items() if keys)
        assert seen.json_output["findings"]
        assert all(list(finding) == FINDING for finding in seen.json_output["findings"])
    assert checked.json_output["output"] is None
    assert merged.json_output["output"] == "all.xlsx"
    assert merged.json_output["units"] == {"asked": 3, "answered": 3, "missing": []}
    files = {"found": 3, "accepted": 3, "refused": 0, "superseded": 0, "duplicate": 0, "ignored": 0}
    assert merged.json_output["files"] == files
    assert merged.json_output["rows"]["found"] == merged.json_output["rows"]["merged"] > 30


def test_one_finding_per_cell_and_the_same_in_text_and_json(round_folder: Path) -> None:
    findings = run("check", "in", "--json", cwd=round_folder).json_output["findings"]
    errors = [finding for finding in findings if finding["severity"] == "error"]
    assert len({(f["file"], f["sheet"], f["cell"]) for f in errors if f["cell"]}) == len(errors)
    text = " ".join(run("check", "in", cwd=round_folder).out.split())
    assert f"{len(errors)} fel" in text
    assert all(" ".join(finding["message"].split()) in text for finding in errors)


def test_the_library_gives_the_same_as_the_commands(round_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(round_folder)
    made = xlflow.generate_forms(
        Path("plan.xlsx"), Path("again"), template="followup-2019", as_of=date(2019, 4, 30)
    )
    assert sorted(path.name for path in made.written_files) == sorted(UNITS)
    assert read_all(round_folder / "again") == read_all(round_folder / "forms")
    checked = xlflow.check_forms([Path("in")])
    assert (
        json.loads(json.dumps(result_to_values(checked)))
        == run("check", "in", "--json", cwd=round_folder).json_output
    )
    merged = xlflow.merge_forms([Path("in")], Path("one.xlsx"))
    seen = run("merge", "in", "-o", "two.xlsx", "--json", cwd=round_folder)
    assert {**result_to_values(merged), "output": "two.xlsx"} == seen.json_output
    assert Path("one.xlsx").read_bytes() == Path("two.xlsx").read_bytes()
    assert merged.exit_code == seen.code


def test_stop_is_what_the_library_raises(tmp_path: Path) -> None:
    with pytest.raises(xlflow.FatalError) as stop:
        xlflow.check_forms([tmp_path / "nowhere"])
    assert [finding.code for finding in stop.value.findings] == ["path-not-found"]


def test_it_works_from_any_folder_and_in_any_order(round_folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder – elsewhere"
    elsewhere.mkdir()
    run("merge", "in", "-o", "here.xlsx", cwd=round_folder, PYTHONHASHSEED="0")
    files = sorted((round_folder / "in").iterdir(), reverse=True)
    seen = run(
        "merge", *files, "-o", round_folder / "there.xlsx", "--jobs", "1", cwd=elsewhere, PYTHONHASHSEED="4711"
    )
    assert seen.code == 1
    assert (round_folder / "there.xlsx").read_bytes() == (round_folder / "here.xlsx").read_bytes()
    run(*GENERATE, elsewhere / "forms", cwd=round_folder, PYTHONHASHSEED="4711")
    assert read_all(elsewhere / "forms") == read_all(round_folder / "forms")


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


def test_what_is_no_form_is_named_and_counted_and_the_rest_goes_through(round_folder: Path) -> None:
    back = round_folder / "in"
    (back / "halv.xlsx").write_bytes((back / UNITS[0]).read_bytes()[:9000])
    (back / f"~${UNITS[0]}").write_bytes(bytes(165))
    (back / "kopia.xlsx").write_bytes((back / UNITS[1]).read_bytes())
    (back / "anteckning.txt").write_text("hej", encoding="utf-8")
    reported = run("merge", "in", "-o", "all.xlsx", "--json", cwd=round_folder).json_output
    files = {"found": 7, "accepted": 3, "refused": 2, "superseded": 0, "duplicate": 1, "ignored": 1}
    assert reported["files"] == files
    assert reported["units"]["answered"] == 3
    named = {finding["file"] for finding in reported["findings"] if not finding["cell"]}
    assert {"halv.xlsx", "anteckning.txt", f"~${UNITS[0]}"} <= named


def test_forms_in_an_archive_count_as_those_in_a_folder(round_folder: Path) -> None:
    shutil.make_archive(str(round_folder / "svar"), "zip", round_folder / "in")
    one = run("check", "in", "--json", cwd=round_folder).json_output
    other = run("check", "svar.zip", "--json", cwd=round_folder).json_output
    for key in ("units", "files", "rows"):
        assert other[key] == one[key]
    inside = [{**finding, "file": f"svar.zip/{finding['file']}"} for finding in one["findings"]]
    assert [f["message"] for f in other["findings"]] == [f["message"] for f in inside]
    assert [f["file"] for f in other["findings"]] == [f["file"] for f in inside]


# Consoles -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_a_narrow_old_console_shows_what_it_can(round_folder: Path, encoding: str) -> None:
    (round_folder / "in" / "🎉.xlsx").write_bytes(b"")
    for words in (("check", "in"), ("check", "in/saknas 🎉.xlsx")):
        usual = run(*words, cwd=round_folder)
        seen = run(*words, cwd=round_folder, encoding=encoding, COLUMNS="40")
        assert seen.code == usual.code
        assert seen.out == usual.out.encode(encoding, errors="replace").decode(encoding)
        assert seen.err == usual.err.encode(encoding, errors="replace").decode(encoding)
    assert run("check", "in", "--json", cwd=round_folder, encoding=encoding).json_output["files"]["found"] == 4


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_progress_shows_on_a_terminal_and_never_in_the_result(round_folder: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "xlflow", "check", "in", "--json"]
    with subprocess.Popen(
        words, cwd=round_folder, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode(errors="replace")
    os.close(ours)
    assert json.loads(out)["units"]["answered"] == 3
    assert "100%" in shown
    assert re.search(r"read .*3/3\S* +[0-9]+ files/s", shown)
    assert "Traceback" not in shown


# Demo and installation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "first"), [("sv", "Sammanfattning"), ("en", "Summary")])
def test_the_demo_plays_the_whole_loop_and_says_where_to_look(tmp_path: Path, language: str, first: str) -> None:
    seen = run("demo", "here", "--language", language, cwd=tmp_path)
    assert (seen.code, seen.err) == (0, "")
    made = sorted((tmp_path / "here").rglob("*.xlsx"))
    results = [path for path in made if "~" not in path.name and load_workbook(path).sheetnames[0] == first]
    assert len(results) == 1
    reported = " ".join(seen.out.split())
    assert str(results[0].relative_to(tmp_path)) in reported
    reports = sorted((tmp_path / "here").glob("4 *"))
    assert [path.suffix for path in reports] == [".docx", ".html", ".pdf"]
    assert all(str(path.relative_to(tmp_path)) in reported for path in reports)
    starts = [path.read_bytes().lstrip()[:5] for path in reports]
    assert starts == [b"PK\x03\x04\x14", b"<!doc", b"%PDF-"]
    assert run("demo", "here", "--language", language, cwd=tmp_path).code == 2
    assert run("demo", "here", "--language", language, "--force", cwd=tmp_path).code == 0


@pytest.mark.long
@pytest.mark.with_tools
def test_a_wheel_in_an_empty_environment_has_everything(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, PROJECT]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    if built.returncode:
        skip_or_fail(f"no wheel could be built: {built.stderr}")
    subprocess.run([sys.executable, "-m", "venv", "empty"], check=True, cwd=tmp_path)
    python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheel = next(tmp_path.glob("xlflow-*.whl"))
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True, cwd=tmp_path)
    command = python.with_name("xlflow.exe" if os.name == "nt" else "xlflow")
    for words in (["templates"], ["demo", "here"], ["demo", "there", "--language", "en"]):
        done = subprocess.run([command, *words], cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert load_workbook(next((tmp_path / "here").glob("3*.xlsx"))).sheetnames[0] == "Sammanfattning"

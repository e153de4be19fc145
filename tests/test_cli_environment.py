"""Commands in surroundings they did not choose: folders with blanks and å, odd names of units, old settings."""

import os
from pathlib import Path

import pytest
from support.run_cli import play_round, run

PLAN = """\
Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Delaktivitet;Slutdatum;Enhet
Samhälle;Levande kommun;Möten;Öppna scenen;;Kvartal 2;Alfa
Samhälle;Levande kommun;Möten;Ny hemsida;;Kvartal 3;ALFA
Samhälle;Levande kommun;Möten;Ny skylt;;Kvartal 3;CON
Samhälle;Levande kommun;Möten;Ny stig;;Kvartal 3;COM1.xlsx
Samhälle;Levande kommun;Möten;Ny bänk;;Kvartal 4;Bad & <bibliotek>: "Väst"/Öst?*
Samhälle;Levande kommun;Möten;Ny kiosk;;Kvartal 4;Sista enheten. .
"""
"""Units that Windows takes for devices or for one another, with letters and ends that it lets in no name."""

NAMES = ("Alfa.xlsx", "Bad & -bibliotek- -Väst-Öst.xlsx", "Sista enheten.xlsx", "_COM1.xlsx.xlsx", "_CON.xlsx")


@pytest.fixture(scope="module")
def round_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a blank, å, ä and ö in its name, and a round in it."""
    folder = tmp_path_factory.mktemp("skrivbord") / "Enhet för å, ä och ö"
    folder.mkdir()
    return play_round(folder)


def test_units_may_be_called_what_no_file_may(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(PLAN, encoding="utf-8")
    run("generate", "plan.csv", "--as-of", "2021-03-31", "-o", "ut", cwd=tmp_path)
    assert tuple(sorted(path.name for path in (tmp_path / "ut").iterdir())) == NAMES
    reported = run("check", "ut", "--json", "--plan", "plan.csv", cwd=tmp_path).json_output
    blank = ["Alfa", "CON", "COM1.xlsx", 'Bad & <bibliotek>: "Väst"/Öst?*', "Sista enheten. ."]
    assert reported["units"] == {"asked": 5, "answered": 0, "missing": blank}, "a blank form is no answer"
    assert reported["files"]["accepted"] == 5
    assert reported["rows"]["found"] == 6


OLD = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
"""The settings of a system where names of files are plain ASCII to a program."""

ON_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="names of files are always Unicode on Windows")


@ON_WINDOWS
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_same_is_read_and_written_where_names_of_files_are_bytes_to_a_program(
    round_folder: Path, encoding: str
) -> None:
    target = f"alla {encoding}.xlsx"
    words = ("merge", "in", "-o", target, "--plan", "plan.xlsx", "--export", "tabeller", "--json", "--force")
    usual, seen = run(*words, cwd=round_folder), run(*words, cwd=round_folder, encoding=encoding, **OLD)
    assert (seen.code, seen.err) == (usual.code, "")
    assert [seen.json_output[key] for key in ("units", "files", "rows")] == [
        usual.json_output[key] for key in ("units", "files", "rows")
    ]
    report = run("report", target, "-o", f"{encoding}.html", cwd=round_folder, encoding=encoding, **OLD)
    assert (report.code, report.err) == (0, "")
    assert "Måltid" in (round_folder / f"{encoding}.html").read_text(encoding="utf-8")


@ON_WINDOWS
def test_a_name_that_cannot_be_written_there_stops_the_run_and_says_how_to_go_on(tmp_path: Path) -> None:
    stopped = run("demo", "prov", cwd=tmp_path, encoding="cp1252", **OLD)
    assert (stopped.code, stopped.out) == (2, "")
    assert "export PYTHONUTF8=1" in stopped.err
    assert [path.name for path in tmp_path.rglob("*.*")] == ["plan.xlsx"]

"""A year of a project as its coordinator lives it: three rounds, twelve units, no path typed but a new plan's."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.fill_forms import fill_form, fill_forms
from support.make_mails import make_eml
from support.make_project import put_in_inbox, write_plan
from support.run_cli import CommandResult, run

from xlflow.project.project_folder import open_project

UNITS = tuple(f"Enhet {number:02} å" for number in range(1, 13))


def _activities(units: tuple[str, ...], suffix: str = "") -> list[tuple[str, str]]:
    own = [(f"Eget arbete vid {unit}{suffix}", unit) for unit in units]
    return [("Gemensam utbildning för alla", "; ".join(units)), *own]


class _Coordinator:
    """Types commands in the project's folder."""

    def __init__(self, root: Path):
        self.root = root

    def type(self, *words: str, code: int = 0) -> CommandResult:
        seen = run(*words, cwd=self.root)
        assert seen.code == code, (words, seen.out, seen.err)
        return seen

    def fill(self, round_name: str, unit: str, status: str, own: str = "Pågående") -> bytes:
        form = self.root / "rounds" / round_name / "forms" / f"{unit}.xlsx"
        lines = [{"Enhet": unit, "Aktivitet": "Gemensam utbildning för alla", "Status": status}]
        lines.append({"Enhet": unit, "Aktivitet": f"Eget arbete vid {unit}", "Status": own})
        return fill_form(form, lines)

    def drop(self, round_name: str, name: str, content: bytes) -> None:
        put_in_inbox(open_project(self.root), name, content, round_name=round_name)

    def states(self) -> dict[str, str]:
        units = json.loads(self.type("status", "--json").out)["units"]
        return {unit["name"]: unit["state"] for unit in units}


@pytest.mark.long
def test_the_manual_plays_a_round_of_a_project(tmp_path: Path) -> None:
    """Its commands do what it promises, one after the other; the answers come in before `collect`."""
    example = PROJECT / "examples" / "followup-2021"
    shutil.copy(example / "plan.xlsx", tmp_path)
    text = (PROJECT / "examples" / "README.md").read_text(encoding="utf-8")
    commands = text.partition("<!-- project -->")[2].partition("<!-- /project -->")[0].strip("\n`").splitlines()
    assert len(commands) > 15
    folder, expected = tmp_path, {"check": 1, "merge": 1}
    for command in commands:
        program, name, *words = shlex.split(command)
        if program == "cd":
            folder = tmp_path / name
            continue
        if name == "collect":
            day = folder / "rounds" / "2021-03-31"
            assert fill_forms(day / "forms", example / "answers.csv", day / "inbox")
        seen = run(name, *words, cwd=folder)
        assert (seen.code, seen.err) == (expected.get(name, 0), ""), command
    assert (folder / "rounds" / "2021-03-31" / "Sammanställning 2021-03-31.xlsx").exists()


@pytest.mark.long
def test_a_year(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.xlsx", _activities(UNITS), UNITS)
    assert run("init", "Plan 2026", cwd=tmp_path).code == 0
    me = _Coordinator(tmp_path / "Plan 2026")
    _play_first_round(me)
    _play_second_round(me, tmp_path)
    _play_third_round(me)
    assert me.type("verify").out.startswith("Allt är som det skrevs")
    assert "Omgångar: 3." in me.type("history").out
    me.type("archive", "../arkiv.zip")
    longest = max(len(path.relative_to(me.root).as_posix()) for path in me.root.rglob("*"))
    assert longest < 140


def _play_first_round(me: _Coordinator) -> None:
    day = "2026-03-31"
    me.type("round", "open", "--as-of", day, "--due", "2026-04-16", "--plan", "../plan.xlsx")
    me.type("generate")
    assert "Utkast" in me.type("send", "--draft").out
    for unit in UNITS[:9]:
        me.drop(day, f"{unit}.xlsx", me.fill(day, unit, "Genomfört"))
    me.type("collect")
    assert sum(state == "complete" for state in me.states().values()) == 9
    reminded = me.type("send", "--draft", "--remind").out
    assert all(unit in reminded for unit in UNITS[9:])
    assert UNITS[0] not in reminded
    me.type("decide", UNITS[9], "due", "2026-05-01", "--because", "sjukdom")
    me.drop(day, "sent svar.eml", make_eml([("Svar.xlsx", me.fill(day, UNITS[9], "Pågående"))]))
    me.type("sign", UNITS[0], "--by", "Chefen")
    me.drop(day, "ändrat.xlsx", me.fill(day, UNITS[0], "Pågående"))
    me.type("collect")
    units = {unit["name"]: unit for unit in json.loads(me.type("status", "--json").out)["units"]}
    assert (units[UNITS[0]]["signed_by"], units[UNITS[0]]["sign_off_fell"]) == ("", True)
    assert len(units[UNITS[0]]["files"]) == 2
    me.type("decide", UNITS[0], "use", "ändrat.xlsx", "--because", "enheten rättade sig")
    me.type("sign", UNITS[0], "--by", "Chefen")
    me.type("decide", UNITS[10], "nothing", "--because", "enligt telefon")
    me.type("decide", UNITS[11], "not-asked", "--because", "stängd")
    me.type("merge")
    me.type("report")
    me.type("round", "close")
    assert set(me.states().values()) == {"complete", "nothing", "not-asked"}


def _play_second_round(me: _Coordinator, folder: Path) -> None:
    day = "2026-08-31"
    me.type("round", "open", "--as-of", day, "--due", "2026-09-15")
    me.type("generate")
    split = (*UNITS[:4], "Enhet 05 norr", "Enhet 05 söder", *UNITS[5:])
    changed = [*_activities(UNITS)[1:5], *[(f"Eget arbete vid {unit}", unit) for unit in split[4:]]]
    write_plan(folder / "plan2.xlsx", [("Gemensam utbildning för alla", "; ".join(split)), *changed], split)
    me.drop(day, "före delningen.xlsx", me.fill(day, UNITS[4], "Genomfört"))
    me.type("collect")
    opened = me.type("round", "open", "--as-of", day, "--plan", "../plan2.xlsx").out
    needing = " ".join(opened.split()).partition("(xlflow generate): ")[2]
    assert needing.startswith("Enhet 05 norr, Enhet 05 söder.")
    me.type("generate")
    me.type("decide", UNITS[4], "belongs-to", "Enhet 05 norr", "--because", "enheten delades")
    assert me.states()["Enhet 05 norr"] == "partly"
    for unit in split:
        if unit != "Enhet 05 norr":
            me.drop(day, f"{unit}.xlsx", me.fill(day, unit, "Genomfört"))
    me.type("collect")
    me.type("merge")
    me.type("report")
    me.type("round", "close")


def _play_third_round(me: _Coordinator) -> None:
    day = "2026-12-31"
    me.type("round", "open", "--as-of", day, "--due", "2027-01-15")
    me.type("generate")
    for unit in me.states():
        me.drop(day, f"{unit}.xlsx", me.fill(day, unit, "Genomfört", "Genomfört"))
    me.type("collect")
    me.type("merge")
    me.type("report")
    me.type("round", "close")
    assert set(me.states().values()) == {"complete"}

"""Nothing that others wrote reaches the terminal as a command to it: names, answers, mails, what is typed wrong.

Control characters (C0 and C1, so also escape sequences and carriage returns) and those that turn the direction of
text are spelt out wherever they stand.
"""

import re
import shutil
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.make_project import AS_OF, DUE, answer, make_project, put_in_inbox, write_plan
from support.run_cli import CommandResult, run

from xlflow.cli.terminal import Look, find_look, highlight, render_text

STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = "röd\x1b[31m\x1b]0;titel\x07\rFEL\u202eabc\u2066def\x9b2J\u061c"
"""In texts that may hold anything; names of files cannot hold it on every system."""

IN_SHEET = "röd\u202eabc\u2066def\x9b2J\u200f\x85"
"""What a cell of a workbook may hold as well: no C0."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names of files cannot hold these characters")


def assert_harmless(seen: CommandResult, *shown: str) -> None:
    """Assert that both streams hold nothing that steers a terminal, and that the texts are `shown` spelt out."""
    text = seen.out + seen.err
    assert not STEERING.findall(text), repr(text)
    flat = " ".join(text.split())
    assert [each for each in shown if each not in flat] == [], text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan, a unit's form, and files and answers that would steer a terminal."""
    folder = tmp_path_factory.mktemp("evil")
    write_plan(
        folder / "plan.xlsx",
        [(f"Öppna {IN_SHEET}", f"Museet {IN_SHEET}"), ("Måla", "Åbro skola")],
        [f"Museet {IN_SHEET}", "Åbro skola"],
    )
    (folder / "svar").mkdir()
    (folder / "svar" / f"{EVIL.replace('/', '')}.xlsx").write_bytes(b"%PDF-1.7")
    (folder / "svar" / f"~${EVIL}.xlsx").write_bytes(bytes(165))
    return folder


SPELT = ("\\x1b[31m", "\\u202e", "\\u2066", "\\x9b")
TURNED = ("\\u202e", "\\u2066")
"""What is left of the name of a file that a project has taken in."""


def test_forms_and_answers_that_would_steer(folder: Path, tmp_path: Path) -> None:
    work = Path(shutil.copytree(folder, tmp_path / "work"))
    generated = run("generate", "plan.xlsx", "--as-of", "2026-03-31", "-o", f"ut {EVIL}", cwd=work)
    assert_harmless(generated, *SPELT)
    checked = run("check", "svar", "--plan", "plan.xlsx", cwd=work)
    assert_harmless(checked, *SPELT)
    assert "\\u202eabc" in checked.out.splitlines()[2] + checked.out.splitlines()[4]
    merged = run("merge", "svar", "--plan", "plan.xlsx", "-o", f"ut {EVIL}.xlsx", cwd=work)
    assert_harmless(merged, *SPELT)
    history = run("history", f"ut {EVIL}.xlsx", cwd=work)
    assert_harmless(history)
    reported = run("report", f"ut {EVIL}.xlsx", "-o", f"r {EVIL}.html", cwd=work)
    assert_harmless(reported, *SPELT)


@pytest.mark.parametrize(
    "words",
    [
        (EVIL,),
        ("check", f"--{EVIL}", "svar"),
        ("check", EVIL),
        ("merge", EVIL, "-o", EVIL),
        ("generate", EVIL, "--as-of", EVIL, "-o", "ut"),
        ("generate", "plan.xlsx", "-t", EVIL, "--as-of", "2026-03-31", "-o", "ut"),
        ("generate", "plan.xlsx", "--as-of", "2026-03-31", "-o", "ut", "--unit", EVIL),
        ("check", "svar", "--jobs", EVIL),
        ("report", EVIL, "-o", "a.docx"),
        ("report", "plan.xlsx", "-o", EVIL),
        ("history", EVIL),
        ("explain", EVIL),
        ("templates", EVIL),
        ("init", f"inne/{EVIL}", "--name", EVIL),
        ("status", "--round", EVIL),
        ("archive", EVIL),
        ("verify", EVIL),
    ],
)
@pytest.mark.parametrize("locale_name", ["sv_SE.UTF-8", "en_GB.UTF-8"])
def test_what_is_typed_wrong(folder: Path, words: Sequence[str], locale_name: str, tmp_path: Path) -> None:
    shutil.copy(folder / "plan.xlsx", tmp_path)
    (tmp_path / "svar").mkdir()
    assert_harmless(run(*words, cwd=tmp_path, LC_ALL=locale_name))


def test_a_project_with_mails_and_decisions(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    mail = EmailMessage()
    mail["From"] = "Enheten \u202ebaklänges <enhet1@example.org>"
    mail["Subject"] = "Svar \u2066 \u202e"
    mail.set_content("Hej\x1b[2J\r\nvi har inget \u202e att rapportera\x9b\n")
    put_in_inbox(project, f"{EVIL}.eml", mail.as_bytes())
    put_in_inbox(project, f"{EVIL}.xlsx", answer(project, "Museet", {"Öppna kvarnen": f"Genomfört {IN_SHEET}"}))
    put_in_inbox(project, f"{EVIL}.pdf", b"%PDF-1.7")
    for words, shown in (
        (("collect",), TURNED),
        (("status",), ()),
        (("status", "--unit", "Museet"), TURNED),
        (("check",), TURNED),
        (("decide", "Museet", "nothing", "--because", EVIL), SPELT),
        (("decide", EVIL, "nothing", "--because", "x"), SPELT),
        (("decide", "Museet", "use", EVIL, "--because", "x"), SPELT),
        (("sign", "Museet", "--by", EVIL), ()),
        (("status",), ()),
        (("merge",), TURNED),
        (("verify",), ()),
        (("send", "--dry-run"), ()),
        (("round", "open", "--as-of", EVIL), SPELT),
        (("round", "close", "--round", EVIL), SPELT),
        (("discard", EVIL, "--because", EVIL), SPELT),
    ):
        seen = run(*words, cwd=project.root)
        assert_harmless(seen, *shown)
    assert (AS_OF.year, DUE.year) == (2026, 2026)


# The door ---------------------------------------------------------------------------------------------------


def test_colours_are_ours_alone() -> None:
    text = f"{highlight('FEL', 'error', Look(colours=True))} {EVIL}"
    assert "\x1b[31m\x1b[1mFEL\x1b[0m" in render_text(text, Look(colours=True))
    assert render_text(text, Look(colours=True)).count("\x1b") == 3
    assert "\x1b" not in render_text(text, Look())
    assert not STEERING.findall(render_text(text, Look()))


class _Screen:
    """A stream that says of itself that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("env", "symbols", "colours"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_a_terminal_shows_colours_and_symbols(
    env: dict[str, str], symbols: bool, colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "132")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert find_look(_Screen()) == Look(120, symbols, colours)  # type: ignore[arg-type]


def test_what_is_no_terminal_gets_words_in_80_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "132")
    with (tmp_path / "ut.txt").open("w", encoding="utf-8") as stream:
        assert find_look(stream) == Look(80)


def test_an_old_code_page_gets_no_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(_Screen, "encoding", "cp1252")
    assert not find_look(_Screen()).symbols  # type: ignore[arg-type]


def test_there_is_one_way_to_the_terminal() -> None:
    sources = [path for path in (PROJECT / "xlflow").rglob("*.py") if path.name != "terminal.py"]
    assert len(sources) > 100
    direct = re.compile(r"click\.s?echo|(?<![\w.])print\(|std(?:out|err)\.(?:buffer\.)?write\(")
    assert [path.name for path in sources if direct.search(path.read_text(encoding="utf-8"))] == []

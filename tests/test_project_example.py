"""The example of a project: each command as typed says what `examples/project/expected/transcript.txt` shows.

After a change that is meant: `pytest tests/test_project_example.py --long --renew`, then read the difference.
"""

import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.not_empty import not_empty
from support.run_cli import run

FOLDER = PROJECT / "examples" / "project"
GOLDEN = FOLDER / "expected" / "transcript.txt"
FRONT = PROJECT / "README.md"
EXAMPLE = PROJECT / "examples" / "followup-2021"
FIRST_STEPS = 4
"""Steps that are tried each time; the whole year takes too long for that."""


def _read_steps() -> list[str]:
    return (FOLDER / "steps.txt").read_text(encoding="utf-8").splitlines()


def _play(steps: list[str], folder: Path) -> str:
    """Carry out steps and return what is seen, without what differs from day to day."""
    shutil.copy(EXAMPLE / "plan.xlsx", folder)
    shown = []
    for step in not_empty(steps):
        if step.startswith("#"):
            rounds = folder / "rounds" / "2021-03-31"
            if not list((rounds / "received").iterdir()):
                assert fill_forms(rounds / "forms", EXAMPLE / "answers.csv", rounds / "inbox")
            shown.append(f"{step}\n")
            continue
        words = shlex.split(step)
        if words[0] == "cd":
            folder = folder / words[1]
            shown.append(f"$ {step}\n")
            continue
        seen = run(*words[1:], cwd=folder, XLFLOW_USER="Samordnaren")
        assert seen.code in (0, 1), (step, seen.err)
        shown.append(f"$ {step}\n{(seen.out + seen.err).rstrip()}\n[{seen.code}]\n")
    return _scrub("\n".join(shown), folder)


def _scrub(text: str, folder: Path) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\dT\d{4}Z-[0-9a-f]{8}", "DELIVERY", text.replace(str(folder.parent), "…"))
    return text.replace(f"{datetime.now(UTC):%Y-%m-%d}", "YYYY-MM-DD")


def test_the_first_steps_say_what_the_example_shows(tmp_path: Path) -> None:
    made = _play(_read_steps()[:FIRST_STEPS], tmp_path)
    assert GOLDEN.read_text(encoding="utf-8").startswith(made)


@pytest.mark.long
def test_the_example_says_what_it_shows(tmp_path: Path, renew: bool) -> None:
    made = _play(_read_steps(), tmp_path)
    if renew:
        GOLDEN.write_text(made, encoding="utf-8", newline="\n")
    assert made == GOLDEN.read_text(encoding="utf-8")


def test_the_loop_of_the_front_page_is_that_of_the_example() -> None:
    """In the same order; the example tries more."""
    loop = FRONT.read_text(encoding="utf-8").partition("<!-- loop -->")[2].partition("<!-- /loop -->")[0]
    commands = [line.partition(" --name")[0] for line in loop.strip("\n`").splitlines()]
    assert len(commands) == 10
    steps = iter(step.partition(" --name")[0] for step in _read_steps())
    for command in commands:
        assert command in steps, command

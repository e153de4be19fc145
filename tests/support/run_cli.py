"""Runs commands as processes of their own, and makes the small round that they are tried on."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.command_server import can_serve, run_forked
from support.external_tools import PROJECT
from support.fill_forms import fill_forms

EXAMPLE = PROJECT / "examples" / "followup-2019"
GENERATE = ("generate", "plan.xlsx", "-t", "followup-2019", "--as-of", "2019-04-30", "-o")
UNITS = ("Fastighetsservice.xlsx", "Lokalvård.xlsx", "Måltid.xlsx")


@dataclass(frozen=True)
class CommandResult:
    """What somebody sees of a command, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json_output(self) -> dict[str, Any]:
        """The JSON on stdout."""
        values: dict[str, Any] = json.loads(self.out)
        return values


def run(*arguments: str | Path, cwd: Path, encoding: str = "utf-8", **env: str) -> CommandResult:
    """Run a command in a folder; a traceback is a failure whatever the test is about.

    It is a process of its own. Where that makes no difference, Python is not started anew (`command_server.py`).
    """
    words = [str(argument) for argument in arguments]
    usual = {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": encoding, "COLUMNS": "100"}
    environment = {**os.environ, **usual, **env}
    if can_serve(env) and encoding == "utf-8":
        code, out, err = run_forked(words, cwd, environment)
    else:
        command = [sys.executable, "-m", "xlflow", *words]
        done = subprocess.run(command, cwd=cwd, capture_output=True, env=environment, check=False)
        code, out, err = done.returncode, done.stdout, done.stderr
    written = "utf-8" if encoding == "ascii" else encoding  # click takes plain ASCII for a wrong setting
    seen = CommandResult(code, out.decode(written), err.decode(written))
    assert "Traceback" not in seen.err, seen.err
    return seen


def play_round(folder: Path) -> Path:
    """Make a folder with a plan, its forms in `forms`, and what the units answered in `in`."""
    shutil.copy(EXAMPLE / "plan.xlsx", folder)
    after = "Nästa steg: skicka ut dem, lägg svaren i en mapp och kör xlflow check på mappen."
    said = os.linesep.join(("Formulär i forms: 3.", "", after, ""))
    assert run(*GENERATE, "forms", cwd=folder) == CommandResult(0, said, "")
    assert len(fill_forms(folder / "forms", EXAMPLE / "answers.csv", folder / "in")) == len(UNITS)
    return folder


def read_all(folder: Path) -> dict[str, bytes]:
    """Return every file in a folder by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

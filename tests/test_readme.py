"""The README keeps what it promises: its commands, the help texts it shows, the codes it lists."""

import re
import subprocess
import sys

import pytest

from tools import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def _after(mark: str) -> str:
    return README.split(f"<!-- {mark} -->")[1].split("```")[1].strip()


@pytest.mark.parametrize("mark", ["demo", "tests"])
def test_each_of_the_two_commands_is_one_line_that_makes_its_own_environment(mark: str) -> None:
    command = _after(mark)
    assert "\n" not in command
    assert re.match(r"python3 -m venv \S+ && \S+/bin/pip install ", command)


def test_ci_runs_the_commands_as_the_readme_gives_them() -> None:
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command demo" in script
    assert "readme_command tests" in script
    assert "XLFLOW_NO_SKIP=1" in script


@pytest.mark.parametrize("command", ["", "demo", "templates", "generate", "check", "merge"])
def test_the_help_of_every_command_stands_in_the_readme(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "xlflow", *command.split(), "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={"COLUMNS": "100", "PATH": "", "PYTHONUTF8": "1"},
    ).stdout.strip()
    assert shown.replace("python -m xlflow", "xlflow") in README


def test_the_architecture_names_every_module() -> None:
    section = README.split("## Architecture")[1]
    for path in sorted((PROJECT / "xlflow").rglob("*.py")):
        if path.stem not in ("__init__", "__main__"):
            assert path.name in section or f"{path.parent.name}/" in section, f"{path} is not in the picture"

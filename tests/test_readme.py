"""The README keeps what it promises: its commands, the help texts it shows, the modules it draws."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.run_cli import run

import xlflow

README = PROJECT / "README.md"
COMMANDS = ("", "demo", "templates", "generate", "check", "merge", "report", "history", "explain")


def _after(mark: str) -> str:
    return README.read_text(encoding="utf-8").split(f"<!-- {mark} -->")[1].split("```")[1].strip()


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


def _typed() -> list[str]:
    """Return every command line of the README's own text, in its order; those cut short with … left out."""
    text = re.sub(r"<!-- (help|codes) -->.*?<!-- /\1 -->", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = (" ".join(line.split()) for line in re.findall(r"`(xlflow [a-z][^`]+)`", text))
    return [line.replace("CODE", "choice-unknown") for line in lines if "…" not in line]


def test_every_command_line_does_what_it_says_one_after_the_other(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "followup-2021"
    shutil.copy(example / "plan.xlsx", tmp_path)
    for line in _typed():
        command, *words = shlex.split(line)[1:]
        seen = run(command, *words, cwd=tmp_path)
        assert (seen.code, seen.err) == (int(command in ("check", "merge")), ""), line
        assert "-o" not in words or (tmp_path / words[words.index("-o") + 1]).exists(), line
        if command == "generate" and not (tmp_path / "returned").exists():
            assert fill_forms(tmp_path / "forms", example / "answers.csv", tmp_path / "returned")
    assert {line.split()[1] for line in _typed()} >= {
        "generate",
        "check",
        "merge",
        "report",
        "explain",
        "templates",
    }


def test_the_lines_of_python_run_as_they_stand(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "followup-2021"
    shutil.copy(example / "plan.xlsx", tmp_path)
    run("generate", "plan.xlsx", "--as-of", "2021-03-31", "-o", "sent", cwd=tmp_path)
    fill_forms(tmp_path / "sent", example / "answers.csv", tmp_path / "returned")
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "('Museet och kulturarvet',) 1\n"


def test_every_option_that_is_named_exists() -> None:
    text = README.read_text(encoding="utf-8")
    known = {word for name in COMMANDS for word in re.findall(r"--[a-z][a-z-]+", _help(name))}
    own = set(re.findall(r"`[^`\n]*`", text.partition("<!-- help -->")[0] + text.partition("<!-- /help -->")[2]))
    named = {word for code in own for word in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)}
    of_others = {"--renew"}
    assert named - of_others <= known
    assert len(named) > 10


def _help(command: str) -> str:
    shown = subprocess.run(
        [sys.executable, "-m", "xlflow", *command.split(), "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={"COLUMNS": "100", "PATH": "", "PYTHONUTF8": "1"},
    ).stdout
    return shown.strip().replace("python -m xlflow", "xlflow")


def test_the_help_of_every_command_stands_in_the_readme(renew: bool) -> None:
    shown = "".join(f"\n```\n$ xlflow {f'{name} '.lstrip()}--help\n{_help(name)}\n```\n" for name in COMMANDS)
    text = README.read_text(encoding="utf-8")
    start, _, rest = text.partition("<!-- help -->\n")
    old, _, end = rest.partition("<!-- /help -->")
    if renew:
        README.write_text(f"{start}<!-- help -->\n{shown}<!-- /help -->{end}", encoding="utf-8")
        return
    assert old == shown, "renew with: python -m pytest tests/test_readme.py --renew"


def test_every_command_is_in_the_list_above() -> None:
    listed = re.findall(r"^  (\w+)  ", _help("").partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(filter(None, COMMANDS))


def test_the_architecture_draws_every_room() -> None:
    picture = README.read_text(encoding="utf-8").partition("## Architecture")[2]
    source = Path(xlflow.__file__).parent
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).parts
        rooms = {f"{parts[0]}/", "/".join(parts[:2]) + "/", "/".join(parts), parts[-1]}
        rooms -= {"excel/", "consolidated/"}
        assert path.stem in ("__init__", "__main__") or any(room in picture for room in rooms), path

"""The documents keep what they promise: commands, help texts, links, the house, the keys of a template."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from support.external_tools import PROJECT
from support.fill_forms import fill_forms
from support.not_empty import not_empty
from support.run_cli import run
from test_floors import DOORS

import xlflow
from xlflow.definition.template_inheritance import POSITION_KEYS
from xlflow.definition.template_loader import load_template
from xlflow.model import template, template_elements
from xlflow.model.findings import list_finding_codes

FRONT = PROJECT / "README.md"
MANUAL = PROJECT / "examples" / "README.md"
TEMPLATE_GUIDE = PROJECT / "workbook_templates" / "README.md"
ARCHITECTURE = PROJECT / "xlflow" / "README.md"
TEST_GUIDE = PROJECT / "tests" / "README.md"
CONTRIBUTING = PROJECT / ".github" / "CONTRIBUTING.md"
CHANGELOG = PROJECT / ".github" / "CHANGELOG.md"
DOCUMENTS = (FRONT, MANUAL, TEMPLATE_GUIDE, ARCHITECTURE, TEST_GUIDE, CONTRIBUTING, CHANGELOG)
COMMANDS = ("", "demo", "templates", "generate", "check", "merge", "report", "history", "explain")
PROJECT_COMMANDS = (
    "init", "round", "round open", "round close", "round reopen", "collect", "send", "status", "decide", "sign",
    "verify", "archive", "discard",
)  # fmt: skip
OPTIONS_OF_PYTEST = {"--renew", "--long", "--durations"}

KEYS_BY_SECTION: dict[str, tuple[type[BaseModel], set[str]]] = {
    "Top level": (template.Template, {"extends", "drop"}),
    "Levels": (template_elements.Level, set()),
    "Fields": (template_elements.Field, set()),
    "Computed numbers": (template_elements.Computation, set()),
    "Choices": (template_elements.ChoiceList, set()),
    "Options of a choice": (template_elements.Choice, set()),
    "Rules": (template_elements.Rule, set()),
    "Comparisons": (template_elements.FieldComparison, set()),
    "Thresholds": (template_elements.Threshold, set()),
    "Summaries": (template_elements.SummaryTable, set()),
}
"""Each section of the template guide: the model that it describes, and further keys that only files have."""


def _named(document: Path) -> str:
    return str(document.relative_to(PROJECT))


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _section(document: Path, heading: str) -> str:
    """Return what is below a heading, up to the next of the same level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", _text(document), re.DOTALL | re.MULTILINE)
    assert found, f"{_named(document)} lost its section {heading}"
    return found[1]


# The front page -------------------------------------------------------------------------------------------


def test_the_front_page_is_short() -> None:
    assert len(_text(FRONT).splitlines()) <= 250


@pytest.mark.parametrize("mark", ["demo", "tests"])
def test_each_of_the_two_commands_is_one_line_that_makes_its_own_environment(mark: str) -> None:
    command = _text(FRONT).split(f"<!-- {mark} -->")[1].split("```")[1].strip()
    assert "\n" not in command
    assert re.match(r"python3 -m venv \S+ && \S+/bin/pip install ", command)


def test_ci_runs_the_commands_as_the_readme_gives_them() -> None:
    script = _text(PROJECT / ".ci" / "run")
    assert "readme_command demo" in script
    assert "readme_command tests" in script
    assert "XLFLOW_NO_SKIP=1" in script


def test_the_lines_of_python_run_as_they_are(tmp_path: Path) -> None:
    example = PROJECT / "examples" / "followup-2021"
    shutil.copy(example / "plan.xlsx", tmp_path)
    run("generate", "plan.xlsx", "--as-of", "2021-03-31", "-o", "sent", cwd=tmp_path)
    fill_forms(tmp_path / "sent", example / "answers.csv", tmp_path / "returned")
    (code,) = re.findall(r"```python\n(.*?)```", _text(FRONT), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "('Museet och kulturarvet',) 1\n"


# Commands -------------------------------------------------------------------------------------------------


def _typed_commands(document: Path) -> list[str]:
    """Return every command of a document's own text, in its order; those cut short with … left out."""
    text = re.sub(r"<!-- (help|codes) -->.*?<!-- /\1 -->", "", _text(document), flags=re.DOTALL)
    commands = (" ".join(found.split()) for found in re.findall(r"`(xlflow [a-z][^`]+)`", text))
    return [command.replace("CODE", "choice-unknown") for command in commands if "…" not in command]


@pytest.mark.parametrize("document", [FRONT, MANUAL], ids=_named)
def test_every_command_does_what_the_text_promises_one_after_the_other(document: Path, tmp_path: Path) -> None:
    example = PROJECT / "examples" / "followup-2021"
    shutil.copy(example / "plan.xlsx", tmp_path)
    commands = _typed_commands(document)
    for command in commands:
        name, *arguments = shlex.split(command)[1:]
        seen = run(name, *arguments, cwd=tmp_path)
        assert (seen.code, seen.err) == (int(name in ("check", "merge")), ""), command
        assert "-o" not in arguments or (tmp_path / arguments[arguments.index("-o") + 1]).exists(), command
        if name == "generate" and not (tmp_path / "returned").exists():
            assert fill_forms(tmp_path / "forms", example / "answers.csv", tmp_path / "returned")
    assert {command.split()[1] for command in commands} >= {"generate", "check", "merge", "report"}


def test_the_manual_tries_further_commands() -> None:
    assert {command.split()[1] for command in _typed_commands(MANUAL)} >= {"demo", "explain"}
    assert {command.split()[1] for command in _typed_commands(TEMPLATE_GUIDE)} >= {"templates", "generate"}


def test_every_option_that_is_named_exists() -> None:
    options = {
        word for name in (*COMMANDS, *PROJECT_COMMANDS) for word in re.findall(r"--[a-z][a-z-]+", _help(name))
    }
    named = set()
    for document in (FRONT, MANUAL, TEMPLATE_GUIDE, ARCHITECTURE):
        text = re.sub(r"<!-- help -->.*?<!-- /help -->", "", _text(document), flags=re.DOTALL)
        for code in re.findall(r"`[^`\n]*`", text):
            named |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", code))
    assert named - OPTIONS_OF_PYTEST <= options
    assert len(named) > 10


@cache
def _help(command: str) -> str:
    shown = run(*command.split(), "--help", cwd=PROJECT)
    assert (shown.code, shown.err) == (0, "")
    return shown.out.strip().replace("python -m xlflow", "xlflow")


def test_the_manual_shows_the_help_of_every_command(renew: bool) -> None:
    shown = "".join(
        f"\n```\n$ xlflow {f'{name} '.lstrip()}--help\n{_help(name)}\n```\n"
        for name in (*COMMANDS, *PROJECT_COMMANDS)
    )
    start, _, rest = _text(MANUAL).partition("<!-- help -->\n")
    old, _, end = rest.partition("<!-- /help -->")
    assert end, "examples/README.md lost the marks around the help texts"
    if renew:
        MANUAL.write_text(f"{start}<!-- help -->\n{shown}<!-- /help -->{end}", encoding="utf-8", newline="\n")
        return
    assert old == shown, "renew with: python -m pytest tests/test_readme.py --renew"


def test_every_command_is_in_the_list_above() -> None:
    listed = re.findall(r"^  (\w+)  ", _help("").partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(
        filter(None, (*COMMANDS, *(name for name in PROJECT_COMMANDS if " " not in name)))
    )


# Links, files and names -----------------------------------------------------------------------------------


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=_named)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", _text(document), flags=re.DOTALL))
    for target in not_empty(targets):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", _text(file), re.MULTILINE)
            assert anchor in map(_anchor, headings), target


@pytest.mark.parametrize("document", [ARCHITECTURE, TEST_GUIDE, CONTRIBUTING], ids=_named)
def test_every_file_that_is_named_exists(document: Path) -> None:
    folders = ("xlflow", "tests", "workbook_templates", "examples", ".github", ".ci")
    files = {str(path.relative_to(PROJECT)) for folder in folders for path in (PROJECT / folder).rglob("*.*")}
    files.add("pyproject.toml")
    names = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|toml|mjs|cjs|md|csv))`", _text(document))
    assert names
    for name in names:
        assert any(f"/{file}".endswith(f"/{name}") for file in files), name


@pytest.mark.parametrize("document", [ARCHITECTURE, CONTRIBUTING], ids=_named)
def test_every_class_and_constant_that_is_named_exists(document: Path) -> None:
    paths = [
        *Path(xlflow.__file__).parent.rglob("*.py"),
        Path(__file__),
        Path(__file__).with_name("test_floors.py"),
    ]
    source = "\n".join(_text(path) for path in paths)
    sheets = {"Anmärkningar", "Svar", "Aktiviteter"}
    names = set(re.findall(r"`(_?[A-Z]\w+)`", _text(document))) - sheets
    assert names
    for name in names:
        assert re.search(rf"^(class {name}\b|{name}\b.*=)", source, re.MULTILINE), name


def test_the_architecture_draws_every_package() -> None:
    picture = _section(ARCHITECTURE, "The house")
    source = Path(xlflow.__file__).parent
    for path in not_empty(sorted(source.rglob("*.py"))):
        parts = path.relative_to(source).parts
        rooms = {f"{parts[0]}/", "/".join(parts[:2]) + "/", "/".join(parts), parts[-1]}
        rooms -= {"excel/", "consolidated/"}  # drawn by what is in them
        assert path.stem in ("__init__", "__main__") or any(room in picture for room in rooms), path


def test_every_package_that_is_drawn_exists() -> None:
    drawn = re.findall(r"^  ([\w/]+/)  ", _section(ARCHITECTURE, "The house"), re.MULTILINE)
    assert drawn
    for name in drawn:
        assert (Path(xlflow.__file__).parent / name).is_dir(), name


def _defined_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def test_the_door_of_every_library_is_named() -> None:
    rows = re.findall(r"^\| (`\w+`.*) \| (.*) \|$", _section(ARCHITECTURE, "Three rules"), re.MULTILINE)
    described = {
        library: tuple(door.replace("/", ".") for door in re.findall(r"`([\w/]+)`", doors))
        for libraries, doors in rows
        for library in re.findall(r"`(\w+)`", libraries)
    }
    actual = {library: (doors,) if isinstance(doors, str) else doors for library, doors in DOORS.items() if doors}
    assert described == actual


def test_one_answers_way_names_what_is_there() -> None:
    steps = re.findall(
        r"^\| `([\w/]+\.py)` \|.*\| `(\w+)` \|$", _section(ARCHITECTURE, "One answer's way through"), re.MULTILINE
    )
    assert len(steps) > 20
    for name, function in steps:
        assert function in _defined_names(Path(xlflow.__file__).parent / name), (name, function)


def test_every_helper_of_the_tests_is_described() -> None:
    helpers = [path.name for path in (PROJECT / "tests" / "support").glob("*.py") if path.stem != "__init__"]
    described = re.findall(r"^\| `(\w+\.py)` \|", _section(TEST_GUIDE, "Helpers"), re.MULTILINE)
    assert sorted(described) == sorted(helpers)


def test_the_changes_name_codes_and_keys_that_are_in_use() -> None:
    renamed = re.findall(r"^\| (`.*`.*) \| (`.*`.*) \|$", _text(CHANGELOG), re.MULTILINE)
    assert len(renamed) > 20
    words = {word for model, _ in KEYS_BY_SECTION.values() for word in model.model_fields}
    words |= set(list_finding_codes())
    for _, now in renamed:
        for word in re.findall(r"`([\w-]+)`", now):
            assert word in words, word


# The guide for authors of templates -----------------------------------------------------------------------


@pytest.mark.parametrize("heading", KEYS_BY_SECTION)
def test_every_key_of_a_template_is_described(heading: str) -> None:
    model, further_keys = KEYS_BY_SECTION[heading]
    described = re.findall(r"^\| `(\w+)` \|", _section(TEMPLATE_GUIDE, heading), re.MULTILINE)
    assert sorted(described) == sorted({*model.model_fields, *further_keys})


@pytest.mark.parametrize("heading", KEYS_BY_SECTION)
def test_every_word_that_a_key_accepts_is_described(heading: str) -> None:
    model, _ = KEYS_BY_SECTION[heading]
    text = _section(TEMPLATE_GUIDE, heading)
    for name, field in not_empty(model.model_fields.items()):
        for word in _literals(field.annotation):
            assert f"`{word}`" in text, (name, word)


def _literals(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _literals(part)


def test_every_model_of_a_template_has_a_section() -> None:
    described = {model for model, _ in KEYS_BY_SECTION.values()}
    models = {
        value
        for value in vars(template_elements).values()
        if isinstance(value, type)
        and issubclass(value, template_elements.TemplateElement)
        and value.__module__ == template_elements.__name__
    }
    bases = {
        template_elements.TemplateElement,
        template_elements.LabelledElement,
        template_elements.PredicatePhrase,
        template_elements.TemplateShape,
    }
    assert len(models) > 10
    assert models - bases - described == set()
    for word in (*template_elements.PredicatePhrase.model_fields, *POSITION_KEYS):
        assert f"`{word}" in _text(TEMPLATE_GUIDE)


def _toml_blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", _text(TEMPLATE_GUIDE), re.DOTALL)


def test_the_templates_of_the_guide_make_forms(tmp_path: Path) -> None:
    """The worked example and the one that extends another load, and the first makes a form for its plan."""
    example, extension = (block for block in _toml_blocks() if "\nname = " in f"\n{block}")
    (tmp_path / "inspection.toml").write_text(example, encoding="utf-8")
    (tmp_path / "short.toml").write_text(extension, encoding="utf-8")
    assert load_template(str(tmp_path / "short.toml")).name == "followup-short"
    plan = "Byggnad;Kontroll;Senast;Enhet\nSkola;Brandsläckare;2021-02-28;Norr\n;Utrymning;2021-05-31;Norr\n"
    (tmp_path / "plan.csv").write_text(plan, encoding="utf-8-sig")
    seen = run(
        "generate", "plan.csv", "-t", "inspection.toml", "--as-of", "2021-03-31", "-o", "forms", cwd=tmp_path
    )
    assert (seen.code, seen.err) == (0, "")
    assert list((tmp_path / "forms").iterdir())


def test_the_line_of_a_threshold_is_the_one_of_the_budget() -> None:
    (line,) = (block.strip() for block in _toml_blocks() if block.startswith("threshold"))
    assert line in _text(PROJECT / "workbook_templates" / "budget.toml")

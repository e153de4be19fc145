"""Imports point down only, and each library that touches files or the terminal has one door."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support.external_tools import PROJECT

import xlflow

FLOORS: tuple[tuple[str, ...], ...] = (
    ("runtime.resources", "runtime.memo", "excel.cell_address"),
    ("model.text", "model.closest_match", "i18n.catalogue"),
    ("model.findings", "model.template_elements"),
    ("model.template_references",),
    ("model.template_checks",),
    ("model.template",),
    ("model",),
    ("i18n", "excel.conventions", "runtime"),
    ("values",),
    ("excel.reader", "excel.writer"),
    ("rules", "excel.header_detection"),
    ("form", "rounds"),
    (
        "definition",
        "generate",
        "collect",
        "read",
        "check",
        "correct",
        "mail",
        "merge",
        "consolidated.summary_model",
        "consolidated.reader",
    ),
    ("consolidated.tables", "consolidated.writer", "export"),
    ("report",),
    ("pipeline",),
    ("project",),
    ("demo",),
    ("cli",),
)
"""From the ground up. A module may import from lower floors and from its own folder, never sideways or up."""

DOORS: Mapping[str, str | tuple[str, ...] | None] = {
    "python_calamine": "excel.reader",
    "olefile": ("excel.reader", "mail"),
    "openpyxl": "excel.reader",
    "phonenumbers": "check",
    "zipfile": ("excel.reader", "excel.writer"),
    "xlsxwriter": "excel.writer",
    "dateutil": "values",
    "pyarrow": "export",
    "platformdirs": "runtime",
    "click": "cli",
    "rich": "cli",
    "docx": "report",
    "jinja2": "report",
    "markdown_it": "report",
    "typst": "report",
    "tomllib": None,
    "pydantic": None,
}
"""The one place that may import a library, or the two; None where more are right."""

SOURCE = Path(xlflow.__file__).parent


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        if name not in ("__init__", "__main__", "excel", "consolidated"):
            yield name, path


def _floor(name: str) -> int | None:
    for height, names in enumerate(FLOORS):
        if any(name == room or name.startswith(f"{room}.") for room in names):
            return height
    return None


def _room(name: str) -> str:
    return next(room for names in FLOORS for room in names if name == room or name.startswith(f"{room}."))


@cache
def _imports(path: Path) -> Sequence[str]:
    return tuple(_read_imports(path))


def _read_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are written in full"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own_imports(path: Path) -> set[str]:
    known = {name for name, _ in _modules()}
    return {found.removeprefix("xlflow.") for found in _imports(path)} & known


def test_there_is_a_house_to_check() -> None:
    assert len(list(_modules())) >= 15


@pytest.mark.parametrize(("name", "path"), list(_modules()))
def test_every_module_has_a_floor(name: str, path: Path) -> None:
    assert _floor(name) is not None, f"{path} stands on no floor: place it in FLOORS"


@pytest.mark.parametrize(("name", "path"), list(_modules()))
def test_imports_point_down(name: str, path: Path) -> None:
    own = _floor(name)
    assert own is not None
    for other in _own_imports(path):  # may be empty: some modules import none
        height = _floor(other)
        assert height is not None
        assert height < own or _room(other) == _room(name), f"{name} imports {other}, which is not below it"


def _import_circle(imports: Mapping[str, set[str]]) -> Sequence[str]:
    """Return the modules of a circle, each imported by the one before it; () if there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle: Sequence[str] = error.args[1]
        return circle
    return ()


def test_no_modules_import_each_other() -> None:
    assert _import_circle({"a": {"b"}, "b": {"a"}, "c": set()})
    every_module = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in SOURCE.rglob("*.py")
    }
    imports = {name: set(_imports(path)) & every_module.keys() - {name} for name, path in every_module.items()}
    assert sum(map(len, imports.values())) > len(imports)
    assert _import_circle(imports) == ()


def test_no_module_or_public_class_shares_its_name() -> None:
    paths = [path for path in SOURCE.rglob("*.py") if path.name != "__init__.py"]
    classes = (
        node.name
        for path in paths
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    for names in (Counter(path.stem for path in paths), Counter(classes)):
        assert names
        assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("library", sorted(DOORS))
def test_libraries_have_one_door(library: str) -> None:
    users = {_room(name) for name, path in _modules() if library in {i.partition(".")[0] for i in _imports(path)}}
    assert users, f"nothing imports {library}: take it off the list"
    door = DOORS[library]
    if door is not None:
        assert users == ({door} if isinstance(door, str) else set(door))


def test_the_top_level_is_as_agreed() -> None:
    agreed = {"pyproject.toml", "xlflow", "workbook_templates", "examples", "tests", "README.md"}
    found = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")}
    assert agreed <= found
    made_by_use = {"dist", "build", "xlflow-demo", "node_modules"}
    assert found - agreed <= made_by_use | {"uv.lock"}

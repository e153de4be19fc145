"""How the tests are written: a loop of assertions never passes because there was nothing to loop over.

What is looped over is written out where the loop stands, is a constant of a module, or the function asserts that
it is not empty: by its name, or with `not_empty`. A loop that may rightly have nothing to do, as where hypothesis
makes what there is, has the comment `# may be empty: why`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.glob("test_*.py"))
PASS_ON = {"product", "enumerate", "reversed", "sorted", "list", "tuple", "set", "zip", "map", "iter"}
"""Functions that give as many as they are given."""

MAY_BE_EMPTY = "# may be empty: "

ALWAYS_SOME = {"not_empty", "range", "count", "permutations", "walk"}
"""Functions that give something; `range` is trusted, since it shows how often."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_unproven_loops(source: str) -> Iterator[tuple[int, str]]:
    """Yield (row from 1, what is looped over) of each loop of assertions that may have nothing to do."""
    tree, rows = ast.parse(source), source.splitlines()
    constants = {name.id for node in tree.body for name in ast.walk(node) if _is_constant(name)}
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        proven = constants | {name for check in _own_checks(function) for name in _names(check)}
        for iterable in _loops_of_assertions(function):
            if not _has_something(iterable, proven) and MAY_BE_EMPTY not in rows[iterable.lineno - 1]:
                yield iterable.lineno, ast.unparse(iterable)


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.lstrip("_").isupper()


def _own_checks(function: Function) -> Iterator[ast.expr]:
    """Yield what a function asserts outside of its loops."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assert):
            yield node.test
        elif not isinstance(node, ast.For | ast.While | Function):
            waiting += ast.iter_child_nodes(node)


def _loops_of_assertions(function: Function) -> Iterator[ast.expr]:
    """Yield what the outermost loops with assertions are over, and what is in `assert all(… for … in …)`."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.For):
            if any(isinstance(child, ast.Assert) for child in ast.walk(node)):
                yield node.iter
        elif isinstance(node, ast.Assert):
            yield from _quantified(node.test)
        elif not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


def _quantified(test: ast.expr) -> Iterator[ast.expr]:
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and _called(node) == "all" and isinstance(node.args[0], ast.GeneratorExp):
            yield node.args[0].generators[0].iter


def _has_something(node: ast.expr, proven: set[str]) -> bool:
    """Return whether something is looped over for certain."""
    if isinstance(node, ast.Call):
        return _gives_something(node, proven)
    if isinstance(node, ast.Attribute | ast.Subscript):
        return ast.unparse(node) in proven or _has_something(node.value, proven)
    if isinstance(node, ast.Name):
        return node.id in proven or _is_constant(node)
    return isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Constant)


def _gives_something(node: ast.Call, proven: set[str]) -> bool:
    name = _called(node)
    if name in ("items", "values", "keys", "splitlines") and isinstance(node.func, ast.Attribute):
        return _has_something(node.func.value, proven)
    return name in ALWAYS_SOME or (
        name in PASS_ON and any(_has_something(argument, proven) for argument in node.args)
    )


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _names(check: ast.expr) -> Iterator[str]:
    """Yield the names and attributes of which an assertion proves that they are not empty."""
    parts = check.values if isinstance(check, ast.BoolOp) and isinstance(check.op, ast.And) else [check]
    for part in parts:
        if isinstance(part, ast.Name | ast.Attribute):
            yield ast.unparse(part)
        elif isinstance(part, ast.Compare) and not any(map(_is_nothing, (part.left, *part.comparators))):
            yield from (ast.unparse(node) for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute))


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.expr) and ast.unparse(node) in ("[]", "{}", "()", "set()", "''")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_loop_of_assertions_has_something_to_loop_over(path: Path) -> None:
    found = [f"{path.name}:{row}: {what}" for row, what in find_unproven_loops(path.read_text(encoding="utf-8"))]
    assert found == [], "wrap what is looped over in not_empty(…) of tests/support/not_empty.py"


LOOPS = {
    "for one in found: assert one": True,
    "assert found\nfor one in found: assert one": False,
    "assert found == []\nfor one in found: assert one": True,
    "assert all(one for one in found)": True,
    "for one in not_empty(found): assert one": False,
    "for one in NAMES: assert one": False,
    "for one in found: assert one  # may be empty: any text": False,
    "for one in (1, 2): assert one": False,
    "for name, one in sorted(found.items()): assert one": True,
}
"""Loops, and whether they may be over nothing."""


def test_loops_over_nothing_are_found() -> None:
    for text, is_unproven in LOOPS.items():
        body = "".join(f"    {line}\n" for line in text.splitlines())
        assert bool(list(find_unproven_loops(f"def test_it():\n{body}"))) is is_unproven, text

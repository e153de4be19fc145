"""Measures the code itself: sizes, names, import circles, and the way of one comment through it.

Usage: python tests/benchmarks/measure_house.py [CHECKOUT]. Works on any checkout of the project, so that two
commits can be compared with the same script: the files are parsed, and the demo is run in one process under a
profiler.
"""

import ast
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

COMMENT = "Den första utlysningen är avslutad"
"""The beginning of a comment that one unit of the demo writes in its form."""

UNIT = "Förvaltningsstaben"


def main() -> None:
    """Print all measures of a checkout, one per line."""
    checkout = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted((checkout / "xlflow").rglob("*.py"))}
    for name, value in measure_sources(checkout, trees):
        print(f"{name}: {value}")
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, __file__, str(checkout), "--trace"], env=environment, check=True)


def measure_sources(checkout: Path, trees: dict[Path, ast.Module]) -> Iterator[tuple[str, object]]:
    """Yield (name of the measure, value) for the parsed modules."""
    lines = {path: path.read_text("utf-8").count("\n") for path in trees}
    functions = [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(checkout)}:{node.name}")
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    stems = Counter(path.stem for path in trees if not path.stem.startswith("__"))
    classes = Counter(
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    longest_module = max(lines, key=lambda path: lines[path])
    yield "modules", len(trees)
    yield "lines", sum(lines.values())
    yield "median lines of a module", statistics.median(lines.values())
    yield "longest module", f"{lines[longest_module]} {longest_module.relative_to(checkout)}"
    yield "functions", len(functions)
    yield "median lines of a function", statistics.median(length for length, _ in functions)
    yield "longest function", " ".join(map(str, max(functions)))
    yield "file names used twice", {name: count for name, count in stems.items() if count > 1}
    yield "class names used twice", {name: count for name, count in classes.items() if count > 1}
    yield "modules in import circles", sorted(find_circles(checkout, trees))


def find_circles(checkout: Path, trees: dict[Path, ast.Module]) -> set[str]:
    """Return the modules that import themselves by way of others, imports for typing only included."""
    names = {
        ".".join(path.relative_to(checkout).with_suffix("").parts).removesuffix(".__init__") for path in trees
    }
    imports = {
        ".".join(path.relative_to(checkout).with_suffix("").parts).removesuffix(".__init__"): {
            target
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for target in (f"{node.module}.{alias.name}" for alias in node.names)
        }
        for path, tree in trees.items()
    }
    imports = {
        name: {target if target in names else target.rpartition(".")[0] for target in targets} & names
        for name, targets in imports.items()
    }

    def reached(start: str) -> set[str]:
        seen, pending = set[str](), list(imports[start])
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += imports[name]
        return seen

    return {name for name in names if name in reached(name)}


def trace_comment(checkout: Path) -> None:
    """Merge one form of the demo in this process; print how many functions and files had its comment at hand.

    A function counts if, when it returns, one of its arguments or local values is a text with the comment, or a
    tuple, list, mapping or value of the project that holds such a text.
    """
    from xlflow import merge_forms
    from xlflow.demo import run_demo

    found: set[tuple[str, str]] = set()
    root = str(checkout / "xlflow")

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        key = (frame.f_code.co_filename, frame.f_code.co_qualname)
        if event != "return" or key in found or not key[0].startswith(root):
            return
        if any(map(holds_comment, frame.f_locals.values())):
            found.add(key)

    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        run_demo(demo, "sv")
        (returned,) = demo.glob(f"2*/{UNIT}.xlsx")
        sys.setprofile(profile)
        try:
            merge_forms([returned], demo / "merged.xlsx", plan=demo / "plan.xlsx", jobs=1, cache=False)
        finally:
            sys.setprofile(None)
    print(f"functions that one comment passes through: {len(found)}")
    print(f"files that one comment passes through: {len({file for file, _ in found})}")


def holds_comment(value: Any) -> bool:
    """Return whether a value is a text with the comment, or directly holds one (of the first 20 parts)."""
    if isinstance(value, str):
        return COMMENT in value
    if isinstance(value, tuple | list):
        parts = value[:20]
    elif isinstance(value, dict):
        parts = list(islice(value.values(), 20))
    elif type(value).__module__.startswith("xlflow"):
        parts = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    else:
        return False
    return any(isinstance(part, str) and COMMENT in part for part in parts)


if __name__ == "__main__":
    if sys.argv[-1] == "--trace":
        trace_comment(Path(sys.argv[1]))
    else:
        main()

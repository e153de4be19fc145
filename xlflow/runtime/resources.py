"""Finds the files that travel with the program: templates, words, messages, examples.

They stand at the top of a checkout and inside the package of an installed wheel. Nothing else in the
program knows which of the two it is running from.
"""

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

TEMPLATES_DIR = "workbook_templates"
EXAMPLES_DIR = "examples"


def resource_dir(folder: str) -> Traversable:
    """Return the folder `workbook_templates` or `examples`, wherever this program was installed."""
    installed = files("xlflow") / folder
    return installed if installed.is_dir() else Path(__file__).parents[2] / folder


@cache
def load_resource_toml(name: str) -> dict[str, Any]:
    """Return the TOML file `name` of `workbook_templates` as plain values; read once per process."""
    return tomllib.loads((resource_dir(TEMPLATES_DIR) / name).read_text(encoding="utf-8"))

"""Finds the files that travel with the program: templates, words, messages, examples.

They stand at the top of a checkout and inside the package of an installed wheel. Nothing else in the
program knows which of the two it is running from.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlflow.runtime.parsed_toml import parse_toml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

TEMPLATES_DIR = "workbook_templates"
EXAMPLES_DIR = "examples"


def resource_dir(folder: str) -> "Traversable":
    """Return the folder `workbook_templates` or `examples`, wherever this program was installed."""
    for parent in Path(__file__).parents[1:3]:
        if (parent / folder).is_dir():
            return parent / folder
    from importlib.resources import files  # noqa: PLC0415 (slow to load, and only needed where the package is a zip)

    return files("xlflow") / folder


@cache
def load_resource_toml(name: str) -> dict[str, Any]:
    """Return the TOML file `name` of `workbook_templates` as plain values; read once per process."""
    return parse_toml((resource_dir(TEMPLATES_DIR) / name).read_bytes())

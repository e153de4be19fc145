"""What pyproject.toml asks for and what is installed for it: names, versions, bounds, licences.

Names are compared as PEP 503 has it: small letters, runs of `-`, `_` and `.` as one dash.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

from support.external_tools import PROJECT

TEST_EXTRA = "test"


def normalize_name(name: str) -> str:
    """Return the name of a package as names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of_project(extra: str | None = None) -> list[Requirement]:
    """Return what pyproject.toml requires: of everybody, or for an extra."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return [Requirement(text) for text in listed]


def extras_of_project() -> list[str]:
    """Return the extras that users may install: all but that of the tests."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted(set(project["optional-dependencies"]) - {TEST_EXTRA})


def all_requirements() -> list[Requirement]:
    """Return what is required at all: by everybody, for each extra and for the tests."""
    extras = (*extras_of_project(), TEST_EXTRA)
    return [*requirements_of_project(), *(one for extra in extras for one in requirements_of_project(extra))]


def find_installed(requirements: Iterable[Requirement]) -> dict[str, Distribution]:
    """Return what is installed for these requirements, and for what they require in turn, by name in order."""
    found: dict[str, Distribution] = {}
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        name = normalize_name(wanted.name)
        if name in found or not _applies(wanted, ("",)):
            continue
        try:
            found[name] = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        needed = (Requirement(text) for text in found[name].requires or ())
        waiting += [one for one in needed if _applies(one, (*wanted.extras, ""))]
    return dict(sorted(found.items()))


def _applies(wanted: Requirement, extras: Iterable[str]) -> bool:
    return wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras)


def licence_of(installed: Distribution) -> str:
    """Return the licence that a package states: the expression, else the classifiers, else the first line of its
    own words; empty where it states none."""
    stated = installed.metadata
    if expression := stated.get("License-Expression"):
        return str(expression)
    classifiers = stated.get_all("Classifier") or ()
    named = [text.split(" :: ")[-1] for text in classifiers if text.startswith("License :: ")]
    own = str(stated.get("License") or "").strip()
    return "; ".join(named) or own.partition("\n")[0]


def lower_bounds(requirement: Requirement) -> Iterator[str]:
    """Yield the versions that a requirement asks for at least."""
    for one in requirement.specifier:
        if one.operator in (">=", "==", "~="):
            yield one.version

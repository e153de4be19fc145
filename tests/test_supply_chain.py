"""What is installed with xlflow: exact versions with which CI passes, no known advisory, no copyleft licence.

The list of versions and the table of licences are made anew with `--renew`, in an environment with all extras.
"""

import re
import tomllib

import pytest
from packaging.version import Version
from support.external_tools import PROJECT
from support.installed import (
    all_requirements,
    extras_of_project,
    find_installed,
    licence_of,
    lower_bounds,
    normalize_name,
    requirements_of_project,
)

VERSIONS = PROJECT / ".ci" / "versions.txt"
LICENCES = PROJECT / ".github" / "LICENCES.md"
ADVISORIES = tomllib.loads((PROJECT / ".ci" / "advisories.toml").read_text(encoding="utf-8"))["advisories"]
CI_TOOLS = ("pip", "setuptools", "xlflow")
COPYLEFT = re.compile(r"GPL|General Public|MPL|Mozilla|EPL|Eclipse|EUPL|CDDL|CC-BY-SA|OSL", re.IGNORECASE)
"""Licences that ask something of whoever passes on a program that uses the library."""


def read_versions() -> dict[str, Version]:
    """Return the versions with which CI passes, by name."""
    lines = VERSIONS.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {normalize_name(name): Version(version) for name, _, version in pairs}


def advisories_of(name: str) -> list[dict[str, str]]:
    return [one for one in ADVISORIES if normalize_name(one["package"]) == normalize_name(name)]


def write_table() -> str:
    """Return the table of licences: what everybody gets, what comes with an extra, what the tests need."""
    core = find_installed(requirements_of_project())
    of_extra = {extra: find_installed(requirements_of_project(extra)) for extra in extras_of_project()}
    rows = []
    for name, installed in find_installed(all_requirements()).items():
        extras = [f"`[{extra}]`" for extra, found in of_extra.items() if name in found]
        needed_by = "everybody" if name in core else ", ".join(extras) or "tests"
        rows.append(f"| {name} | {licence_of(installed)} | {needed_by} |\n")
    return "".join(rows)


def test_every_version_is_exact_and_names_no_address(renew: bool) -> None:
    if renew:
        head = "# Exact versions with which CI passes: pytest tests/test_supply_chain.py --renew\n"
        found = find_installed(all_requirements())
        lines = [f"{name}=={one.version}\n" for name, one in found.items() if name not in CI_TOOLS]
        VERSIONS.write_text(head + "".join(lines), encoding="utf-8")
    lines = VERSIONS.read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) > 40
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []


def test_the_versions_are_allowed_and_complete() -> None:
    """A library that is added to pyproject.toml is to be added to the list as well."""
    versions = read_versions()
    wanted = all_requirements()
    assert len(wanted) > 20
    assert [one.name for one in wanted if normalize_name(one.name) not in versions] == []
    assert [str(one) for one in wanted if versions[normalize_name(one.name)] not in one.specifier] == []


def test_no_version_has_a_known_advisory() -> None:
    """Neither of the list with which CI passes, nor of what is installed here."""
    installed = {name: Version(one.version) for name, one in find_installed(all_requirements()).items()}
    versions = read_versions()
    assert len(installed) > 20
    assert len(versions) > 20
    for source in (versions, installed):
        for name, version in source.items():
            hit = [one["id"] for one in advisories_of(name) if version < Version(one["fixed_in"])]
            assert hit == [], f"{name} {version}"


@pytest.mark.parametrize("wanted", all_requirements(), ids=lambda one: one.name)
def test_no_lower_bound_has_a_known_advisory(wanted) -> None:
    bounds = [Version(bound) for bound in lower_bounds(wanted)]
    assert bounds, f"{wanted} has no lower bound"
    hit = [one["id"] for one in advisories_of(wanted.name) if min(bounds) < Version(one["fixed_in"])]
    assert hit == [], str(wanted)


def test_what_comes_with_another_library_is_bounded_where_it_had_an_advisory() -> None:
    bounded = {normalize_name(one.name) for one in requirements_of_project()}
    core = find_installed(requirements_of_project())
    assert len(core) > len(bounded) > 10
    advised = {normalize_name(one["package"]) for one in ADVISORIES}
    assert sorted(advised & core.keys() - bounded) == []


def test_no_library_that_everybody_gets_has_a_copyleft_licence() -> None:
    core = {name: licence_of(one) for name, one in find_installed(requirements_of_project()).items()}
    assert len(core) > 15
    assert [name for name, licence in core.items() if not licence] == []
    assert {name: licence for name, licence in core.items() if COPYLEFT.search(licence)} == {}


def test_the_table_of_licences_is_complete(renew: bool) -> None:
    document = LICENCES.read_text(encoding="utf-8")
    head, _, rest = document.partition("<!-- table -->\n")
    shown, _, tail = rest.partition("<!-- /table -->")
    heading = "| library | licence | needed by |\n| --- | --- | --- |\n"
    if renew:
        LICENCES.write_text(
            f"{head}<!-- table -->\n{heading}{write_table()}<!-- /table -->{tail}", encoding="utf-8"
        )
        return
    listed = {row.split(" | ")[0].removeprefix("| ") for row in shown.splitlines()[2:]}
    assert listed == set(read_versions()), "write it anew: pytest tests/test_supply_chain.py --renew"
    assert [row for row in shown.splitlines() if row.split("|")[2].strip() == ""] == []

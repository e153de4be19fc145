"""Reads the sheet `Enheter`: who is asked. Finds the units that a cell of the plan names."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xlflow.core.findings import Finding, Place, find
from xlflow.core.model import Unit
from xlflow.core.text import tidy
from xlflow.define.tables import Table, Wanted, find_table, key_of, wanted_heading, wanted_names
from xlflow.excel.incoming import Book, Sheet

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]{2,}")


@dataclass(frozen=True, slots=True)
class Register:
    """The units that may be asked and where each is listed, by folded name; `listed` is whether the workbook has
    a sheet of them, so that no other name is one."""

    units: Mapping[str, Unit]
    places: Mapping[str, Place]
    listed: bool

    def find(self, name: str) -> Unit | None:
        """Return the unit of this name, in whatever case and with whatever blanks."""
        return self.units.get(key_of(name))

    def nearest(self, name: str) -> str | None:
        """Return the unit whose name looks most like this one."""
        close = difflib.get_close_matches(key_of(name), self.units, 1, 0.6)
        return self.units[close[0]].name if close else None

    def split(self, text: str) -> list[str]:
        """Return the names in a cell: parted by ; or a line break, by a comma where all parts are units."""
        if key_of(text) in self.units:
            return [text]
        names = [tidy(name) for name in re.split(r"[;\n]", text)]
        return [part for name in names if name for part in self._split_at_commas(name)]

    def _split_at_commas(self, name: str) -> list[str]:
        parts = [tidy(part) for part in name.split(",") if tidy(part)]
        known = (
            key_of(name) not in self.units and len(parts) > 1 and all(key_of(part) in self.units for part in parts)
        )
        return parts if known else [name]


def wanted_headings() -> tuple[Wanted, ...]:
    """Return the headings of the sheet of units."""
    keys = {"unit": "plan.unit_heading", "contact": "plan.contact_heading", "email": "plan.email_heading"}
    return tuple(wanted_heading(key, word) for key, word in keys.items())


def is_unit_sheet(sheet: Sheet) -> bool:
    """Return whether a sheet is named as the sheet of units is."""
    return key_of(sheet.name) in {key_of(name) for name in wanted_names("plan.unit_sheets")}


def find_unit_sheet(book: Book, plan_sheet: Sheet | None) -> Sheet | None:
    """Return the sheet of units: the one so named, else one with headings for units and their addresses."""
    sheets = [sheet for sheet in book.sheets if sheet is not plan_sheet]
    named = [sheet for sheet in sheets if is_unit_sheet(sheet)]
    others = (sheet for sheet in sheets if find_table(book.name, sheet, wanted_headings(), "email"))
    return next(iter((*named, *others)), None)


def read_units(book: Book, sheet: Sheet | None) -> tuple[Register, list[Finding]]:
    """Return the units that a sheet lists, and what is wrong there; no sheet, or a blank one, lists none."""
    if sheet is None or not any(cell not in (None, "") for row in sheet.rows for cell in row):
        return Register(MappingProxyType({}), MappingProxyType({}), listed=False), []
    table = find_table(book.name, sheet, wanted_headings(), "unit", least=1)
    if table is None:
        nothing = Register(MappingProxyType({}), MappingProxyType({}), listed=False)
        return nothing, [find("units-no-heading", Place(book.name, sheet.name))]
    return _read_rows(table)


def gather_units(table: Table) -> Register:
    """Return the units that the plan itself names, each as it is written first."""
    units: dict[str, Unit] = {}
    nobody = Register(MappingProxyType({}), MappingProxyType({}), listed=False)
    for row in table.rows():
        for name in nobody.split(table.text(row, "unit")):
            units.setdefault(key_of(name), Unit(name))
    return Register(MappingProxyType(units), MappingProxyType({}), listed=False)


def _read_rows(table: Table) -> tuple[Register, list[Finding]]:
    units: dict[str, Unit] = {}
    places: dict[str, Place] = {}
    findings = []
    for row in table.rows():
        unit = Unit(tidy(table.text(row, "unit")), table.text(row, "contact"), table.text(row, "email"))
        key = key_of(unit.name)
        place = table.place(row, "unit")
        if not key:
            findings.append(find("units-no-name", place, value=unit.contact or unit.email))
        elif key in units:
            words = {"other": places[key].cell or ""}
            findings.append(find("units-twice", place, unit=unit.name, value=unit.name, words=words))
        else:
            units[key], places[key] = unit, place
        if unit.email and not all(_EMAIL.fullmatch(part) for part in re.split(r"[;,\s]+", unit.email) if part):
            place = table.place(row, "email")
            findings.append(find("units-wrong-email", place, unit=unit.name, value=unit.email))
    return Register(MappingProxyType(units), MappingProxyType(places), listed=True), findings

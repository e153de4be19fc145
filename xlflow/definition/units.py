"""Reads the sheet `Enheter` (units): who is asked. Finds the units that a cell of the plan names.

Does not decide which of the units are asked; `plan_workbook` does, once the items are read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xlflow.excel.header_detection import (
    DetectedTable,
    HeadingSpec,
    accepted_spellings,
    base_sheet_name,
    find_table,
    make_heading_spec,
)
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Unit
from xlflow.model.text import collapse_whitespace, find_closest_value, normalize_key_cached

_SEPARATORS = re.compile(r"(\s{0,20}[,/]\s{0,20}|\s{1,20}(?:och|and)\s{1,20})", re.IGNORECASE)
_MAX_UNITS_IN_NAME = 200
"""Units that one line of a cell may name; comparing all runs of parts takes time with the square of it."""

_EMAIL_PATTERN = re.compile(r"[^@\s,;]{1,64}@[^@\s,;]{1,255}\.[^@\s,;.]{2,63}")


@dataclass(frozen=True, slots=True)
class UnitRegister:
    """The units that may be asked, and where each is listed, by normalized name (`normalize_key`).

    `has_unit_sheet`: the workbook lists its units, so that no other name is one. Else the units are those that the
    plan itself names, and `location_by_key` is empty.
    """

    unit_by_key: Mapping[str, Unit]
    location_by_key: Mapping[str, Location]
    has_unit_sheet: bool

    def find_unit(self, name: str) -> Unit | None:
        """Return the unit of this name, ignoring case and blanks; None if there is none."""
        return self.unit_by_key.get(normalize_key_cached(name))

    def most_similar_name(self, name: str) -> str | None:
        """Return the name of the unit whose name is most like this one; None if none is near."""
        unit = find_closest_value(normalize_key_cached(name), self.unit_by_key)
        return unit.name if unit else None

    def split_names(self, text: str) -> list[str]:
        """Return the names in a cell of the plan, one per unit.

        They are separated by ; or a line break, and by , / och (and) where all parts are units. "Alla enheter"
        (All units) gives the names of all units, in their order.
        """
        names = [collapse_whitespace(name) for name in re.split(r"[;\n]", text)]
        return [unit for name in names if name for unit in self._resolve_name(name)]

    def _resolve_name(self, name: str) -> list[str]:
        key = normalize_key_cached(name)
        if key in self.unit_by_key:
            return [name]
        if key in {normalize_key_cached(each) for each in accepted_spellings("plan.all_units")}:
            return [unit.name for unit in self.unit_by_key.values()]
        return self._split_into_units(_SEPARATORS.split(name)) or [name]

    def _split_into_units(self, parts: list[str]) -> list[str]:
        """Return the units that a name consists of, [] if any of it is none.

        `parts` are texts and, between them, separators. A unit's own name may have separators ("Konst, dans"), so
        the longest run of parts that is a unit counts.
        """
        texts = [index for index in range(0, len(parts), 2) if parts[index].strip()]
        if len(texts) > _MAX_UNITS_IN_NAME:
            return []
        units: list[str] = []
        while texts:
            runs = ("".join(parts[texts[0] : last + 1]) for last in reversed(texts))
            unit = next((run for run in runs if normalize_key_cached(run) in self.unit_by_key), None)
            if unit is None:
                return []
            units.append(collapse_whitespace(unit))
            end = texts[0] + len(_SEPARATORS.split(unit))
            texts = [index for index in texts if index >= end]
        return units


def unit_sheet_headings() -> tuple[HeadingSpec, ...]:
    """Return the headings of the sheet of units: keys `unit`, `contact`, `email` and `former`."""
    keys = {
        "unit": "plan.unit_heading",
        "contact": "plan.contact_heading",
        "email": "plan.email_heading",
        "former": "plan.former_name_heading",
    }
    return tuple(make_heading_spec(key, word) for key, word in keys.items())


def is_unit_sheet(sheet: SheetData) -> bool:
    """Return whether a sheet has one of the names of the sheet of units."""
    return base_sheet_name(sheet.name) in {
        normalize_key_cached(name) for name in accepted_spellings("plan.unit_sheets")
    }


def find_unit_sheet(workbook: WorkbookData, plan_sheet: SheetData | None) -> SheetData | None:
    """Return the sheet of units: the one so named, else one with headings for units and their addresses."""
    sheets = [sheet for sheet in workbook.sheets if plan_sheet is None or sheet.name != plan_sheet.name]
    named_sheets = [sheet for sheet in sheets if is_unit_sheet(sheet)]
    address_sheets = (
        sheet for sheet in sheets if find_table(workbook.name, sheet, unit_sheet_headings(), "email")
    )
    return next(iter((*named_sheets, *address_sheets)), None)


def read_units(workbook: WorkbookData, sheet: SheetData | None) -> tuple[UnitRegister, list[Finding]]:
    """Return the units that a sheet lists, in its order, and what is wrong there; none if it is blank or None."""
    if sheet is None or sheet.is_blank:
        return UnitRegister(MappingProxyType({}), MappingProxyType({}), has_unit_sheet=False), []
    table = find_table(workbook.name, sheet, unit_sheet_headings(), "unit", min_headings=1)
    if table is None:
        empty_register = UnitRegister(MappingProxyType({}), MappingProxyType({}), has_unit_sheet=False)
        return empty_register, [make_finding("units-no-heading", Location(workbook.name, sheet.name))]
    return _read_unit_rows(table)


def units_named_in_plan(table: DetectedTable) -> UnitRegister:
    """Return the units that the plan itself names, each spelt as where it is named first."""
    unit_by_key: dict[str, Unit] = {}
    empty_register = UnitRegister(MappingProxyType({}), MappingProxyType({}), has_unit_sheet=False)
    for row in table.data_rows():
        for name in empty_register.split_names(table.cell_text(row, "unit")):
            unit_by_key.setdefault(normalize_key_cached(name), Unit(name))
    return UnitRegister(MappingProxyType(unit_by_key), MappingProxyType({}), has_unit_sheet=False)


def _split_former_names(text: str) -> tuple[str, ...]:
    """Return the names in a cell of "Hette förut": a unit made of several has one on each text line, or a ;
    between."""
    return tuple(filter(None, map(collapse_whitespace, re.split(r"[;\n]", text))))


def _read_unit_rows(table: DetectedTable) -> tuple[UnitRegister, list[Finding]]:
    unit_by_key: dict[str, Unit] = {}
    location_by_key: dict[str, Location] = {}
    findings = []
    for row in table.data_rows():
        unit = Unit(
            collapse_whitespace(table.cell_text(row, "unit")),
            table.cell_text(row, "contact"),
            table.cell_text(row, "email"),
            _split_former_names(table.cell_text(row, "former")),
        )
        key = normalize_key_cached(unit.name)
        location = table.location(row, "unit")
        if not key:
            findings.append(make_finding("units-no-name", location, value=unit.contact or unit.email))
        elif key in unit_by_key:
            params = {"other": location_by_key[key].cell or ""}
            findings.append(make_finding("units-twice", location, unit=unit.name, value=unit.name, params=params))
        else:
            unit_by_key[key], location_by_key[key] = unit, location
        if unit.email and not all(
            _EMAIL_PATTERN.fullmatch(part) for part in re.split(r"[;,\s]+", unit.email) if part
        ):
            location = table.location(row, "email")
            findings.append(make_finding("units-wrong-email", location, unit=unit.name, value=unit.email))
    return UnitRegister(
        MappingProxyType(unit_by_key), MappingProxyType(location_by_key), has_unit_sheet=True
    ), findings

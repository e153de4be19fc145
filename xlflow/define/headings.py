"""Finds the sheet `Plan` and says what its headings mean: levels, given fields, our own, and what comes along."""

from collections.abc import Iterator
from itertools import count

from xlflow.core.findings import Finding, Place, find
from xlflow.core.template import Template
from xlflow.core.words import LANGUAGES, Language, Text, say, say_both
from xlflow.define.exceptions import is_agreement_sheet
from xlflow.define.tables import (
    Table,
    Wanted,
    find_half_table,
    find_misspelt,
    find_table,
    key_of,
    nearest_text,
    wanted_heading,
    wanted_names,
)
from xlflow.define.units import is_unit_sheet
from xlflow.excel.incoming import Book, Sheet, cell_name

_OWN = {"unit": "plan.unit_heading", "id": "plan.id_heading", "continues_from": "plan.continues_heading"}


def find_plan_table(book: Book, template: Template, language: Language) -> tuple[Table | None, list[Finding]]:
    """Return the table of the plan: on the sheet of that name, else on the only sheet that has one.

    A table that lacks a heading it must have comes back too, with the findings that say so.
    """
    sheets = [sheet for sheet in book.sheets if not (is_unit_sheet(sheet) or is_agreement_sheet(sheet))]
    names = {key_of(name) for name in wanted_names("plan.plan_sheets")}
    named = [sheet for sheet in sheets if key_of(sheet.name) in names]
    wanted, item = _wanted(template), template.levels[template.item].key
    tables = [table for sheet in (*named, *sheets) if (table := find_table(book.name, sheet, wanted, item))]
    if not tables:
        return None, _say_no_table(book, named or sheets, template, language)
    table = tables[0]
    found = list(check_headings(table, template, language))
    if table.sheet in named or len(book.sheets) == 1:
        return table, found
    if len({each.sheet.name for each in tables}) > 1:
        words = {"sheets": ", ".join(dict.fromkeys(each.sheet.name for each in tables))}
        return None, [find("plan-sheet-unclear", Place(book.name), words=words)]
    return table, [*found, find("plan-sheet-assumed", Place(book.name, table.sheet.name), value=table.sheet.name)]


def check_headings(table: Table, template: Template, language: Language) -> Iterator[Finding]:
    """Yield the headings that are there twice, that are missing, or that look misspelt."""
    for heading, first, second in table.repeated:
        words = {"other": cell_name(table.heading_row, first)}
        yield find("plan-heading-twice", table.place_at(table.heading_row, second), value=heading, words=words)
    wanted = _wanted(template)
    misspelt = find_misspelt(table, wanted)
    item = template.levels[template.item].key
    part = "" if template.part is None else template.levels[template.part].key
    for each in wanted:
        if each.key in misspelt:
            column, heading = misspelt[each.key]
            place = table.place_at(table.heading_row, column)
            yield find("plan-heading-misspelt", place, value=heading, suggestion=each.label.say(language))
        elif each.key not in (*table.columns, "id", "continues_from", part):
            code = "plan-heading-missing" if each.key in ("unit", item) else "plan-heading-absent"
            yield find(code, Place(table.file, table.sheet.name), words={"heading": each.label})


def choose_context(
    table: Table, template: Template, language: Language
) -> tuple[tuple[tuple[int, str], ...], list[Finding]]:
    """Return the further columns that are carried along (column, heading), each under a heading of its own."""
    taken = {key_of(name) for labelled in (*template.levels, *template.fields) for name in labelled.names()}
    taken |= {
        key_of(name)
        for key in ("id", "remaining", "previous")
        for name in say_both(f"column.{key}").model_dump().values()
    }
    chosen: list[tuple[int, str]] = []
    findings: list[Finding] = []
    for column, heading in table.others:
        place = table.place_at(table.heading_row, column)
        if not heading:
            findings += _find_unnamed(table, column)
            continue
        own = heading if key_of(heading) not in taken else _rename(heading, taken, language)
        if own != heading:
            findings.append(find("plan-column-renamed", place, value=heading, words={"name": own}))
        taken.add(key_of(own))
        chosen.append((column, own))
    return tuple(chosen), findings


def _rename(heading: str, taken: set[str], language: Language) -> str:
    """Return "Status (planen)", or "Status (planen) 2" and so on where that is taken too."""
    name = say("plan.column_of_plan", language, heading=heading)
    names = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(each for each in names if key_of(each) not in taken)


def _find_unnamed(table: Table, column: int) -> Iterator[Finding]:
    row = next((row for row in table.rows() if table.sheet.rows[row][column] not in (None, "")), None)
    if row is not None:
        yield find("plan-column-unnamed", table.place_at(row, column), value=str(table.sheet.rows[row][column]))


def _wanted(template: Template) -> tuple[Wanted, ...]:
    """Return the headings of a plan: our own, and those of the template in its order."""
    own = (wanted_heading(key, word) for key, word in _OWN.items())
    labelled = (*template.levels, *template.given())
    return (*own, *(Wanted(each.key, each.label, each.names()) for each in labelled))


def _say_no_table(book: Book, sheets: list[Sheet], template: Template, language: Language) -> list[Finding]:
    """Return what hinders: no sheet at all, a heading row with faults, or no such row."""
    wanted = _wanted(template)
    if not sheets:
        return [find("plan-no-sheet", Place(book.name), words={"headings": _list_headings(wanted)})]
    halves = (find_half_table(book.name, sheet, wanted) for sheet in sheets)
    half = next((half for half in halves if half), None)
    return list(check_headings(half, template, language)) if half else [_say_no_row(book, sheets[0], wanted)]


def _say_no_row(book: Book, sheet: Sheet, wanted: tuple[Wanted, ...]) -> Finding:
    near = nearest_text(sheet, wanted)
    place = Place(book.name, sheet.name, cell_name(*near[:2]) if near else None)
    text = near[2] if near else ""
    found = Text(**{each: say("plan.nearest_is", each, text=text) if near else "" for each in LANGUAGES})
    return find(
        "plan-no-heading-row", place, value=text, words={"headings": _list_headings(wanted), "found": found}
    )


def _list_headings(wanted: tuple[Wanted, ...]) -> Text:
    labels = [each.label for each in wanted if each.key not in ("id", "continues_from")]
    return Text(**{each: ", ".join(label.say(each) for label in labels) for each in LANGUAGES})

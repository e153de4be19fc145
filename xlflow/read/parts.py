"""Parts a workbook on whose sheets the forms of several units stand, as when somebody moved sheets into another's.

Goes sheet by sheet, by what stands above the table (the form's code, the unit's name) and by its rows. Takes a
sheet for another unit's only where that is plain and what that unit was asked is known; what is plainly not of
this form and cannot be told further is set aside whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import Issued
from xlflow.core.layout import form_code
from xlflow.core.model import SetAside
from xlflow.core.values import written_text
from xlflow.core.words import NO_DAY
from xlflow.excel.incoming import Book, Sheet, UncountedFormula, cell_name
from xlflow.read.around import find_around, find_margins
from xlflow.read.aside import find_remarks
from xlflow.read.identity import holds_formulas, holds_records, list_issued
from xlflow.read.others import find_other_sheets
from xlflow.read.shape import quick_fold, shape_of
from xlflow.read.sight import Known, Seen, keep_sure, read_above, read_codes, read_title, see_table, weigh
from xlflow.read.table import Table, find_tables


@dataclass(frozen=True, slots=True)
class Part:
    """The form of one unit: the sheets of the workbook that are its, what was issued in it, where it stands."""

    book: Book
    issued: Issued
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Stranger:
    """A table that is not of this form; `unit` is whose it is, as far as that can be seen."""

    table: Table
    unit: str


def part_book(
    book: Book, issued: Issued, hidden: Sheet | None, known: Sequence[Known]
) -> tuple[tuple[Part, ...], tuple[Stranger, ...]]:
    """Return the forms in a workbook, the one that it says to be first (unless no sheet of that is left), and the
    tables that are of none of them."""
    shown = [sheet for sheet in book.sheets if sheet is not hidden and not holds_formulas(sheet)]
    tables = find_tables(book.name, shown, shape_of(issued.round))
    if all(_code_of(issued) in read_above(table) for table in tables):
        return ((Part(book, issued, tables),) if tables else ()), ()
    told = {_key_of(one): one for one in list_issued(book.sheets) if _key_of(one) != _key_of(issued)}
    around = [Known(one.round, one.identity.unit) for one in told.values()]
    ours: list[Table] = []
    guests: dict[tuple[str, str], tuple[Issued, list[Table]]] = {}
    strangers: list[Stranger] = []
    for table in tables:
        owner = _find_owner(table, issued, [*around, *known])
        if isinstance(owner, Issued):
            guest = told.get(_key_of(owner), owner)
            guests.setdefault(_key_of(owner), (guest, []))[1].append(table)
        elif owner is not None and (len(tables) > 1 or owner):
            strangers.append(Stranger(table, owner))
        else:
            ours.append(table)
    if not ours and not guests and not any(stranger.unit for stranger in strangers):
        ours, strangers = [stranger.table for stranger in strangers], []
    others = [_make_guest(book, guest, found, issued) for guest, found in guests.values()]
    away = {id(sheet) for part in others for sheet in part.book.sheets}
    away |= {id(stranger.table.sheet) for stranger in strangers}
    left = replace(book, sheets=tuple(sheet for sheet in book.sheets if id(sheet) not in away))
    return (*([Part(left, issued, tuple(ours))] if ours else ()), *others), tuple(strangers)


def keep_strangers(
    book: Book, strangers: Iterable[Stranger], issued: Issued
) -> Iterator[tuple[Finding, tuple[SetAside, ...]]]:
    """Yield, for every table that is of no form in its workbook, what is said of it and everything on its sheet.
    `issued` is what the workbook says to be."""
    unit = issued.identity.unit
    for stranger in strangers:
        table = stranger.table
        at = Place(table.file, table.sheet.name)
        code = "sheet-of-unknown-form" if stranger.unit else "sheet-of-other-form"
        words, alone = {"other": stranger.unit}, replace(book, sheets=(table.sheet,))
        yield (
            find(code, at, unit=unit, words=words),
            (
                *_keep_rows(table, unit),
                *find_remarks(alone, unit),
                *find_margins(alone, issued),
            ),
        )


def find_rest(
    book: Book, parts: Iterable[Part], strangers: Iterable[Stranger], hidden: Sheet | None, issued: Issued
) -> tuple[SetAside, ...]:
    """Return what stands on sheets that are of no form in the workbook, where no sheet of the one that it says to
    be is left to which they could belong."""
    taken = {id(stranger.table.sheet) for stranger in strangers} | {id(hidden)}
    for part in parts:
        if part.issued is issued:
            return ()
        taken |= {id(sheet) for sheet in part.book.sheets}
    rest = replace(book, sheets=tuple(sheet for sheet in book.sheets if id(sheet) not in taken))
    loose = find_other_sheets(rest, (), shape_of(issued.round), issued)
    return (*loose, *find_remarks(rest, issued.identity.unit), *find_around(rest, issued))


def refuse_stranger(strangers: Sequence[Stranger], host: Issued) -> Finding | None:
    """Return why a workbook is not read that holds nothing but the form of a unit of which no more is known."""
    for stranger in strangers:
        at = Place(stranger.table.file, stranger.table.sheet.name)
        words = {"host": host.identity.unit, "round": host.identity.round}
        return find("form-of-unknown-unit", at, unit=stranger.unit, words=words)
    return None


def _keep_rows(table: Table, unit: str) -> Iterator[SetAside]:
    stray = ((number, (*[None] * place, value)) for number, place, value in table.sheet.stray)
    changed = sum(found.code == "heading-changed" for found in table.findings)
    head = table.heading - (changed * 2 > len(table.places))  # somebody deleted the heading: that is a row
    for number, row in (*enumerate(table.sheet.rows), *stray):
        said = ["" if isinstance(cell, UncountedFormula) else written_text(cell) for cell in row]
        texts = tuple(filter(None, said))
        if texts and number not in (table.codes, head):
            first = said.index(texts[0])
            at = Place(table.file, table.sheet.name, cell_name(number, first))
            yield SetAside(unit, at, texts, "row-of-other-form", is_row=number > head)


def _find_owner(table: Table, issued: Issued, known: Sequence[Known]) -> Issued | str | None:
    """Return what was issued in a table, where it is of another form; whose it is ("" if that cannot be seen)
    where only so much is plain; None where nothing speaks against its being of this form."""
    text = read_above(table)
    if _code_of(issued) in text:
        return None
    mine = list(see_table(table, text, Known(issued.round, issued.identity.unit)))
    seen = [one for each in known if each.round.as_of != NO_DAY for one in see_table(table, text, each)]
    others = [one for one in seen if _key_of(one.issued) != _key_of(issued) and not one.other_day]
    other = max(keep_sure(others), key=weigh, default=None)
    if other and _outweighs(other, mine):
        return other.issued
    return _find_stranger(text, issued)


def _outweighs(other: Seen, mine: Sequence[Seen]) -> bool:
    """Return whether a table is plainly of another form than the one that the workbook says to be."""
    if other.how == "code":
        return True
    if not other.names_day and any(one.names_day for one in mine):
        return False
    ours = max(((one.how == "name", one.rows) for one in mine), default=(False, 0))
    return other.rows >= ours[1] and (other.how == "name", other.rows) > ours


def _find_stranger(text: str, issued: Issued) -> str | None:
    """Return whose a table is, "" if that cannot be seen, where what stands above it speaks against this form."""
    unit, day = read_title(text)
    known = {quick_fold(each.name): each.name for each in issued.round.plan.units}
    whose = next((name for said, name in known.items() if unit == said or unit.endswith(f"- {said}")), "")
    if whose and whose != issued.identity.unit:
        return whose
    return "" if read_codes(text) or (day and day != issued.round.as_of) else None


def _make_guest(book: Book, guest: Issued, tables: Sequence[Table], host: Issued) -> Part:
    """Return the form of another unit: its tables, and the sheets about it that were moved along."""
    unit, mine = guest.identity.unit, {id(table.sheet) for table in tables}
    sheets = tuple(sheet for sheet in book.sheets if id(sheet) in mine or _is_about(sheet, guest))
    found = tuple(
        find(
            "sheet-of-other-unit",
            Place(book.name, table.sheet.name),
            unit=unit,
            words={"host": host.identity.unit},
        )
        for table in tables
    )
    shape = shape_of(guest.round)
    own = find_tables(book.name, [sheet for sheet in sheets if id(sheet) in mine], shape)
    return Part(replace(book, sheets=sheets, findings=(), about=()), guest, own, found)


def _is_about(sheet: Sheet, guest: Issued) -> bool:
    """Return whether a sheet without a table is the guest's instruction or its record of what was asked."""
    if holds_records(sheet):
        return any(_key_of(one) == _key_of(guest) for one in list_issued([sheet]))
    code = _code_of(guest)
    return any(code == cell for row in sheet.rows for cell in row if isinstance(cell, str))


def _code_of(issued: Issued) -> str:
    return issued.identity.form_code or form_code(issued.round.key, issued.identity.unit)


def _key_of(issued: Issued) -> tuple[str, str]:
    return issued.round.key, quick_fold(issued.identity.unit)

"""The sheets that only a form has which goes back: what is to be corrected, and the texts that had no place.

Each line of the first leads to its cell and says, live, whether that has been changed. The second keeps, word for
word, what stood outside the table; whoever reads the form again finds the texts there.
"""

from collections.abc import Mapping, Sequence

from xlflow.core.findings import Severity, message_of, remedy_of
from xlflow.core.layout import LOOSE_ROW, column_letters
from xlflow.core.listed import LIVE
from xlflow.core.model import Cell, Returned
from xlflow.core.words import format_day, say
from xlflow.excel.outgoing import COLOURS, MAX_TEXT, Book, Format, Sheet, fit_text, height_of
from xlflow.generate.frame import Frame, quote
from xlflow.generate.marks import Fault, Marks, same_formula, value_of

COLUMNS: Mapping[str, float] = {
    "weight": 11.0,
    "cell": 8.0,
    "row": 34.0,
    "column": 16.0,
    "written": 24.0,
    "what": 42.0,
    "do": 46.0,
    "state": 13.0,
}
"""The columns of the list, by the word for their heading, and how many characters wide each is."""

STATE = column_letters(len(COLUMNS) - 1)

FIRST = 4
"""The first row of the list, counted from 0; its headings stand right above it."""

SHOWN = 300
"""Letters of an answer, or of an activity, that the list shows."""

LOOSE_WIDTHS = (44.0, 70.0, 30.0, 30.0)


Shown = Sequence[Sequence[Cell]]
"""What a sheet says itself, row by row from its first cell on."""


def add_correct_sheet(book: Book, frame: Frame, marks: Marks, nothing: str) -> Shown:
    """Add the list of what is to be corrected, and return what it says; the workbook opens on it. `nothing` is
    where the unit says that it has nothing to report."""
    sheet = book.add_sheet(say("sheet.correct", frame.language))
    sheet.set_widths(list(COLUMNS.values()))
    shown = [*_write_head(book, sheet, frame, marks)]
    for row, fault in enumerate(marks.faults, FIRST):
        cells = _write_fault(book, sheet, frame, (row, fault))
        elsewhere = None if fault.spot else _find_elsewhere(frame, fault, nothing)
        if elsewhere:
            name = elsewhere.rpartition("!")[2].replace("$", "")
            sheet.link(row, 1, f"internal:{elsewhere}", name, book.style("link", **_BORDER))
            cells["cell"] = name
        shown.append(tuple(cells.values()))
    sheet.freeze(FIRST, 0)
    sheet.hide_lines()
    sheet.open_here()
    sheet.set_page(repeat=FIRST - 1, columns=len(COLUMNS), footer=f"{frame.form_code}    &P (&N)")
    sheet.protect(filtering=False)
    return shown


def add_loose_sheet(book: Book, frame: Frame, returned: Returned) -> Shown:
    """Add the sheet of the texts that stood outside the table, and return what it says besides them."""
    sheet, language = book.add_sheet(say("sheet.loose", frame.language)), frame.language
    sheet.set_widths(LOOSE_WIDTHS)
    shown = [
        (say("sheet.loose", language),),
        (say("returned.loose_intro", language, sheet=frame.sheet),),
        tuple(say(f"returned.{key}", language) for key in ("loose_where", "loose_text")),
    ]
    looks = (("title", 27), ("quiet", 24), ("heading", 21))
    for row, (cells, (style, height)) in enumerate(zip(shown, looks, strict=True)):
        sheet.write_row(row, cells, [book.style(style)] * len(cells))
        sheet.set_height(row, height)
    for row, one in enumerate(returned.set_aside, LOOSE_ROW):
        where = one.place.show(language)
        shown.append((where,))
        sheet.write(row, 0, where, book.style("cell_quiet"))
        for column, text in enumerate(one.texts, 1):
            sheet.write(row, column, fit_text(text, MAX_TEXT), book.style("cell", locked=False))
        sheet.set_height(row, height_of(zip((where, *one.texts), LOOSE_WIDTHS, strict=False)), grows=True)
    sheet.hide_lines()
    sheet.set_page(columns=2)
    sheet.protect(filtering=False)
    return shown


def _write_head(book: Book, sheet: Sheet, frame: Frame, marks: Marks) -> Shown:
    language = frame.language
    due = frame.round.due and format_day(frame.round.due, language)
    intro = say("returned.intro_by", language, due=due) if due else say("returned.intro", language)
    total = sum(same_formula(frame, fault, "A1") is not None for fault in marks.faults)
    title = say("returned.title", language, unit=frame.unit)
    headings = tuple(say(f"returned.{key}", language) for key in COLUMNS)
    sheet.write(0, 0, title, book.style("title"))
    sheet.set_height(0, 27)
    sheet.write(1, 0, intro, book.style("quiet"))
    shown = say("returned.counter", language, done=0, total=total)
    sheet.write_formula(2, 0, _counter_formula(frame, marks), shown, book.style("subtitle"))
    sheet.set_height(2, 24)
    sheet.write_row(FIRST - 1, headings, [book.style("heading")] * len(headings))
    sheet.set_height(FIRST - 1, 21)
    return (title,), (intro,), (LIVE,), headings


def _counter_formula(frame: Frame, marks: Marks) -> str:
    """Return the formula of "2 av 5 rutor ändrade"; it counts the words in the last column."""
    span = f"${STATE}${FIRST + 1}:${STATE}${FIRST + max(1, len(marks.faults))}"
    changed, kept = (quote(say(f"returned.{key}", frame.language)) for key in ("changed", "unchanged"))
    done = f'"&SUMPRODUCT(--({span}={changed}))&"'
    total = f'"&SUMPRODUCT(({span}={changed})+({span}={kept}))&"'
    return f'="{say("returned.counter", frame.language, done=done, total=total)}"'


def _write_fault(book: Book, sheet: Sheet, frame: Frame, line: tuple[int, Fault]) -> dict[str, Cell]:
    """Write a line of the list; return what it says, by column."""
    row, fault = line
    cells = _cells_of(frame, fault)
    for place, key in enumerate(COLUMNS):
        sheet.write(row, place, cells[key], _style_of(book, key, fault))
    if fault.spot:
        name = str(cells["cell"])
        sheet.link(row, 1, f"internal:'{frame.sheet}'!{name}", name, book.style("link", **_BORDER))
        same = same_formula(frame, fault, f"'{frame.sheet}'!{name}")
        if same:
            _write_state(book, sheet, frame, row, same)
    told = (
        (text if isinstance(text, str) else "", width)
        for text, width in zip(cells.values(), COLUMNS.values(), strict=True)
    )
    sheet.set_height(row, height_of(told) + 3)
    return {**cells, "state": LIVE} if fault.spot and same else cells


def _find_elsewhere(frame: Frame, fault: Fault, nothing: str) -> str | None:
    """Return the address of a fault that is about no cell of the table: on the instruction, or among the texts
    that had no place there."""
    if fault.finding.code == "nothing-but-answers":
        return nothing
    if fault.finding.code == "returned-row-aside" and frame.returned and fault.finding.value:
        begun = fault.finding.value.removesuffix("…")
        for row, one in enumerate(frame.returned.set_aside, LOOSE_ROW + 1):
            if " | ".join(one.texts).startswith(begun):
                return f"'{say('sheet.loose', frame.language)}'!B{row}"
    return None


_BORDER = {"border": 1, "border_color": COLOURS["rule"]}


def _cells_of(frame: Frame, fault: Fault) -> dict[str, Cell]:
    """Return what a line of the list says, by column."""
    language, levels = frame.language, fault.line.levels[frame.template.item :] if fault.line else ()
    written = value_of(frame, fault)
    return {
        "weight": say(f"returned.{fault.weight}", language),
        "cell": f"{column_letters(fault.spot[1])}{fault.spot[0] + 1}" if fault.spot else "",
        "row": fit_text(" – ".join(filter(None, levels)), SHOWN),
        "column": fault.column.heading(language) if fault.column else "",
        "written": fit_text(written, SHOWN) if isinstance(written, str) else written,
        "what": message_of(fault.finding, language),
        "do": remedy_of(fault.finding, language),
        "state": "",
    }


def _style_of(book: Book, key: str, fault: Fault) -> Format:
    if key != "weight" or fault.weight is Severity.NOTE:
        return book.style("cell")
    if fault.weight is Severity.ERROR:
        return book.style("cell", bold=True, font_color=COLOURS["wrong"], bg_color=COLOURS["wrong_fill"])
    return book.style("cell", bold=True, bg_color=COLOURS["left"])


def _write_state(book: Book, sheet: Sheet, frame: Frame, row: int, same: str) -> None:
    """Write whether the cell has been changed since, live."""
    place = len(COLUMNS) - 1
    changed, kept = (say(f"returned.{key}", frame.language) for key in ("changed", "unchanged"))
    formula = f"=IF({same},{quote(kept)},{quote(changed)})"
    sheet.write_formula(row, place, formula, kept, book.style("cell"))
    options = {"type": "cell", "criteria": "==", "value": quote(changed), "format": book.style("good")}
    sheet.format_if((row, place, row, place), options)

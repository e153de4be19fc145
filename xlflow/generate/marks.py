"""The cells of a form that goes back: which of them are marked, in which colours, and what the note on each says.

A mark goes away as soon as the cell says something else. What is wrong is told in the note and on the sheet of
things to correct as well, never by colour alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from xlflow.core.findings import Finding, Severity, message_of, remedy_of
from xlflow.core.layout import HEADING_ROW, Column
from xlflow.core.model import Cell, Line
from xlflow.excel.outgoing import COLOURS, Book, Sheet, count_lines
from xlflow.generate.answers import answer_cell
from xlflow.generate.frame import Frame, quote

Spot = tuple[int, int]
"""A cell: its row and its column, counted from 0."""

AUTHOR = "xlflow"

LONGEST_COMPARED = 1000
"""Letters of an answer that a formula compares; of a longer one it compares the length."""

_NOTE_WIDTH, _NOTE_LINE, _NOTE_COLUMNS = 330, 18, 44
"""Pixels that a note is wide, pixels of a line, and about how many characters a line of it holds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to correct, with the cell of this form that it is about; None where it is about none."""

    finding: Finding
    spot: Spot | None = None
    line: Line | None = None
    column: Column | None = None

    @property
    def weight(self) -> Severity:
        """How much it matters."""
        return self.finding.weight


@dataclass(frozen=True, slots=True)
class Marks:
    """What is to be corrected in a form: errors, warnings, hints, each from the first row down; and by cell."""

    faults: tuple[Fault, ...]
    by_cell: Mapping[Spot, tuple[Fault, ...]]


def find_marks(frame: Frame) -> Marks:
    """Return what is to be corrected in a form, nothing if it does not go back."""
    findings = dict.fromkeys(frame.returned.findings if frame.returned else ())
    rows = {line.id: (row, line) for row, line in frame.rows() if line}
    faults = sorted((_place_fault(frame, rows, finding) for finding in findings), key=_order)
    cells: dict[Spot, tuple[Fault, ...]] = {}
    for fault in faults:
        if fault.spot:
            cells[fault.spot] = (*cells.get(fault.spot, ()), fault)
    return Marks(tuple(faults), MappingProxyType(cells))


def change_style(marks: Marks, spot: Spot) -> dict[str, str]:
    """Return how the style of a cell differs from that of its neighbours, nothing if it is not marked."""
    faults = marks.by_cell.get(spot, ())
    if not faults or faults[0].weight is Severity.NOTE:
        return {}
    fill = COLOURS["wrong_fill" if faults[0].weight is Severity.ERROR else "left"]
    return {"bg_color": fill, "border_color": COLOURS["wrong"]}


def mark_unchanged(book: Book, sheet: Sheet, frame: Frame, marks: Marks) -> None:
    """Colour the marked cells as long as they are unchanged; these colours go before all that are set later."""
    for spot, faults, same in _marked_answers(frame, marks):
        style = book.style("wrong" if faults[0].weight is Severity.ERROR else "left")
        sheet.format_if((*spot, *spot), {"type": "formula", "criteria": f"={same}", "format": style})


def mark_changed(book: Book, sheet: Sheet, frame: Frame, marks: Marks) -> None:
    """Put a note on every cell that something is said about, and let the mark of a changed cell go; an answer of a
    list takes the colour of that answer by itself."""
    plain = book.style("filled", bg_color=COLOURS["ask"])
    for spot, faults, same in _marked_answers(frame, marks):
        field = faults[0].column.field if faults[0].column else None
        if field and field.type == "choice":
            continue
        sheet.format_if((*spot, *spot), {"type": "formula", "criteria": f"=NOT({same})", "format": plain})
    for (row, column), faults in marks.by_cell.items():
        text = "\n\n".join(_say(frame, fault) for fault in faults)
        height = 12 + _NOTE_LINE * count_lines(text, _NOTE_COLUMNS)
        sheet.note(row, column, text, AUTHOR, (_NOTE_WIDTH, height))


def same_formula(frame: Frame, fault: Fault, cell: str) -> str | None:
    """Return a formula (without its =) that says whether a cell still holds what stood there; None for a cell that
    nobody can change."""
    if not _is_open(frame, fault):
        return None
    value = value_of(frame, fault)
    if isinstance(value, date):
        return f"{cell}=DATE({value.year},{value.month},{value.day})"
    if not isinstance(value, str):
        return f"{cell}={value}"
    if len(value) > LONGEST_COMPARED:
        return f"LEN({cell})={len(value)}"
    return f"EXACT({cell},{quote(value)})"


def value_of(frame: Frame, fault: Fault) -> Cell:
    """Return what stands in the cell of a fault, "" if nothing."""
    if fault.column is None or fault.line is None:
        return ""
    text = frame.text(fault.line, fault.column)
    return answer_cell(frame, fault.column.field, text) if fault.column.field else text


def _order(fault: Fault) -> tuple[object, ...]:
    return (list(Severity).index(fault.weight), fault.spot is None, fault.spot or (0, 0), fault.finding.code)


def _place_fault(frame: Frame, rows: Mapping[str, tuple[int, Line]], finding: Finding) -> Fault:
    """Return the fault in its cell: by row and field; by the first thing to answer, or to name, where no field is
    told; by the heading where no row is."""
    row, line = rows.get(finding.row_id or "", (HEADING_ROW, None))
    key = finding.field if any(column.key == finding.field for column in frame.columns) else None
    if key is None and line:
        item = frame.template.levels[frame.template.item].key
        nameless = line.own and not line.levels[frame.template.item].strip()
        key = item if nameless else frame.of_kind("answer")[0].key
    if key is None:
        return Fault(finding)
    place = frame.index(key)
    return Fault(finding, (row, place), line, frame.columns[place])


def _marked_answers(frame: Frame, marks: Marks) -> Iterator[tuple[Spot, tuple[Fault, ...], str]]:
    """Yield the marked cells that somebody can change, with the formula that says whether they are unchanged."""
    for spot, faults in marks.by_cell.items():
        column = faults[0].column
        same = same_formula(frame, faults[0], frame.cell(column.key, spot[0])) if column else None
        if same and faults[0].weight is not Severity.NOTE:
            yield spot, faults, same


def _is_open(frame: Frame, fault: Fault) -> bool:
    if fault.line is None or fault.column is None or fault.spot is None:
        return False
    free = fault.spot[0] >= frame.free_row
    return fault.column.kind == "answer" or (free and fault.column.kind in ("level", "given"))


def _say(frame: Frame, fault: Fault) -> str:
    return f"{message_of(fault.finding, frame.language)}\n{remedy_of(fault.finding, frame.language)}"

"""A form as a unit gets it, filled in, and ways to do to it what people and programs do."""

import io
from collections.abc import Callable, Iterable

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from rounds import draw_round

from xlflow.core.findings import message_of, remedy_of
from xlflow.core.issued import Answers
from xlflow.core.layout import CODE_ROW, FIRST_ROW, form_columns
from xlflow.core.model import Filled, Received, Round, State
from xlflow.excel.incoming import Book, open_book
from xlflow.generate import write_form
from xlflow.read import Known, read_form

ASKED = draw_round("""
    Id | Perspektiv | Övergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum  | Enhet       | Ansvar
    a  | Samhälle   | Levande kommun   | Möten    | Öppna kvarn |              | Kvartal 2  | Museet      | Chef
    b  |            |                  |          |             | Hyra båt     | 2021-06-30 | Museet; Åbo |
    c  |            |                  |          |             | Sälja båt    | Se plan    | Museet      |
    d  | Ekonomi    | Budget i balans  | Sparande | Sälja ladan |              | Kvartal 4  | Museet      | Ingen
    e  |            |                  |          | Byta lås    |              |            | Museet      |
    f  |            |                  |          | Måla om     |              |            | Åbo         |
""")
FILLED: Answers = {
    "a": {"status": "Pågående", "comment": "Båten är hyrd"},
    "b": {"status": "Genomfört"},
    "d": {"status": "Förskjuts", "new_deadline": "kvartal 1 2022", "comment": "Ladan brann\nniga"},
}
COLUMNS = {column.key: number for number, column in enumerate(form_columns(ASKED.template, ASKED.plan.context), 1)}
FIRST = FIRST_ROW + 1
"""The first line's row as people count."""

RECEIVED = Received("Museet.xlsx", "d" * 64, 1, None, State.ACCEPTED)


def made(answers: Answers = FILLED, asked: Round = ASKED, unit: str = "Museet") -> bytes:
    return write_form(asked, unit, answers, issued={})


def read_bytes(content: bytes, known: Iterable[Known] = (), name: str = "Museet.xlsx") -> Filled:
    book = open_book(content, name)
    assert isinstance(book, Book), book
    form = read_form(book, RECEIVED, tuple(known))
    assert isinstance(form, Filled), form
    for finding in form.findings:
        for language in ("sv", "en"):
            assert "{" not in message_of(finding, language) + remedy_of(finding, language)
    return form


def edit(change: Callable[[Worksheet], object], content: bytes | None = None) -> bytes:
    """Return a form after somebody changed the sheet, saved by another program."""
    return edit_book(lambda book: change(book["Uppföljning"]), content)


def edit_book(change: Callable[[Workbook], object], content: bytes | None = None) -> bytes:
    book = load_workbook(io.BytesIO(content or made()))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def put(sheet: Worksheet, row: int, **values: object) -> None:
    for key, value in values.items():
        sheet.cell(row, COLUMNS[key]).value = value  # type: ignore[assignment]


def said(form: Filled) -> dict[str, dict[str, str]]:
    """Return what was written, by line and field; the unit's own activities by their text."""
    found: dict[str, dict[str, str]] = {}
    for row in form.rows:
        key = row.line.levels[ASKED.template.item] if row.line.own else row.line.id
        found[key] = {answer.field: answer.written for answer in row.answers if not answer.is_blank}
    return found


def everything(filled: Answers = FILLED, **more: dict[str, str]) -> dict[str, dict[str, str]]:
    return {"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, **filled, **more}  # type: ignore[dict-item]


def codes(form: Filled) -> list[str]:
    return sorted(finding.code for finding in form.findings)


def aside(form: Filled) -> list[tuple[str | None, str, bool]]:
    return [(one.place.cell, " | ".join(one.texts), one.is_row) for one in form.set_aside]


def copied_workbook(content: bytes | None = None) -> bytes:
    """Return a new workbook into which all that is visible of a form was copied, values only."""
    form, book = load_workbook(io.BytesIO(content or made()), data_only=True), Workbook()
    for row in form["Uppföljning"].iter_rows():
        for cell in row:
            if cell.value is not None and cell.row != CODE_ROW + 1:
                book.worksheets[0].cell(cell.row, int(cell.column or 0)).value = cell.value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()

"""A form as a unit gets it, filled in, and ways to do to it what people and programs do."""

import io
from collections.abc import Callable, Iterable

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from support.draw_round import draw_round
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import CODE_ROW, FIRST_ITEM_ROW, build_form_columns
from xlflow.form.metadata import AnswerTexts
from xlflow.generate import write_form
from xlflow.model.findings import message_of, remedy_of
from xlflow.model.plan import Round
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.read.build_submission import read_form
from xlflow.read.recognise_by_content import KnownRound

ASKED = draw_round("""
    Id | Perspektiv | Övergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum  | Enhet       | Ansvar
    a  | Samhälle   | Levande kommun   | Möten    | Öppna kvarn |              | Kvartal 2  | Museet      | Chef
    b  |            |                  |          |             | Hyra båt     | 2021-06-30 | Museet; Åbo |
    c  |            |                  |          |             | Sälja båt    | Se plan    | Museet      |
    d  | Ekonomi    | Budget i balans  | Sparande | Sälja ladan |              | Kvartal 4  | Museet      | Ingen
    e  |            |                  |          | Byta lås    |              |            | Museet      |
    f  |            |                  |          | Måla om     |              |            | Åbo         |
""")
FILLED: AnswerTexts = {
    "a": {"status": "Pågående", "comment": "Båten är hyrd"},
    "b": {"status": "Genomfört"},
    "d": {"status": "Förskjuts", "new_deadline": "kvartal 1 2022", "comment": "Ladan brann\nniga"},
}
COLUMNS = {
    column.key: number
    for number, column in enumerate(build_form_columns(ASKED.template, ASKED.plan.extra_headings), 1)
}
FIRST = FIRST_ITEM_ROW + 1
"""The first line's row as people count."""

RECEIVED = ReceivedFile("Museet.xlsx", "d" * 64, 1, None, FileState.ACCEPTED)


def make_form(answers: AnswerTexts = FILLED, round_: Round = ASKED, unit: str = "Museet") -> bytes:
    return write_form(round_, unit, answers, issued={})


def read_form_bytes(
    content: bytes, known_rounds: Iterable[KnownRound] = (), name: str = "Museet.xlsx"
) -> Submission:
    workbook = open_workbook(content, name)
    assert isinstance(workbook, WorkbookData), workbook
    form = read_form(workbook, RECEIVED, tuple(known_rounds))
    assert isinstance(form, Submission), form
    for finding in form.findings:
        for language in ("sv", "en"):
            assert "{" not in message_of(finding, language) + remedy_of(finding, language)
    return form


def edit_sheet(change: Callable[[Worksheet], object], content: bytes | None = None) -> bytes:
    """Return a form after somebody changed the sheet, saved by another program."""
    return edit_workbook(lambda opened: change(opened["Uppföljning"]), content)


def edit_workbook(change: Callable[[Workbook], object], content: bytes | None = None) -> bytes:
    workbook = load_workbook(io.BytesIO(content or make_form()))
    change(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def set_cells(sheet: Worksheet, row: int, **values: object) -> None:
    for key, value in values.items():
        sheet.cell(row, COLUMNS[key]).value = value  # type: ignore[assignment]


def answers_by_item(form: Submission) -> dict[str, dict[str, str]]:
    """Return what was written, by line and field; the unit's own activities by their text."""
    found: dict[str, dict[str, str]] = {}
    for row in form.rows:
        key = row.item.level_texts[ASKED.template.item_level_index] if row.item.added_by_unit else row.item.id
        found[key] = {answer.field: answer.raw_text for answer in row.answers if not answer.is_blank}
    return found


def with_blank_items(filled: AnswerTexts = FILLED, **more: dict[str, str]) -> dict[str, dict[str, str]]:
    return {"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, **filled, **more}  # type: ignore[dict-item]


def finding_codes(form: Submission) -> list[str]:
    return sorted(finding.code for finding in form.findings)


def unplaced_texts(form: Submission) -> list[tuple[str | None, str, bool]]:
    return [(one.location.cell, " | ".join(one.texts), one.is_row) for one in form.unplaced]


def copy_values(content: bytes | None = None) -> bytes:
    """Return a new workbook into which all that is visible of a form was copied, values only."""
    form, opened = load_workbook(io.BytesIO(content or make_form()), data_only=True), Workbook()
    for row in form["Uppföljning"].iter_rows():
        for cell in row:
            if cell.value is not None and cell.row != CODE_ROW + 1:
                opened.worksheets[0].cell(cell.row, int(cell.column or 0)).value = cell.value
    buffer = io.BytesIO()
    opened.save(buffer)
    return buffer.getvalue()

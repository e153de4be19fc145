"""Fills issued forms as units do: `python tests/answers.py FORMS ANSWERS.csv RETURNED`.

Finds its way by what stands on the sheet, as a person would, and never by `layout.py`. Types into unlocked cells
only, changes nothing else in the file, and so makes the same bytes in every run. A unit that the answers do not
name sends nothing back.
"""

import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

AnswerLine = Mapping[str, str]
"""One line of answers: heading -> text as the unit wrote it, the unit's name under the first heading."""

ROW_HEADINGS = ("Id", "Aktivitet", "Delaktivitet", "Område", "Post", "Activity", "Sub-activity")
"""The headings that say which row an answer belongs to."""

ITEM_HEADINGS = ("Aktivitet", "Post", "Activity")
"""The headings under which a row says what it is about."""

ANSWER_HEADINGS = {"Status", "Utfall", "Utfall (tkr)", "Utfall (mkr)"}
"""The headings of which the row of headings has one."""

TYPED_NUMBER = re.compile(r"-?(?:\d+|\d{1,3}(?: \d{3})+)(?:,\d+)?")
"""What a Swedish Excel makes a number of when it is typed into a cell that is not formatted as text."""


def read_answers(path: Path) -> dict[str, list[AnswerLine]]:
    """Return the lines of an answers file by unit, in the file's order."""
    lines_by_unit: dict[str, list[AnswerLine]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream, delimiter=";", strict=True):
            texts = {heading: text.replace("\r\n", "\n") for heading, text in line.items()}
            lines_by_unit.setdefault(next(iter(texts.values())), []).append(texts)
    return lines_by_unit


def fill_forms(forms: Path, answers: Path, returned: Path) -> list[Path]:
    """Fill the forms in a folder and put them, under their own names, into the folder `returned`."""
    lines_by_unit = read_answers(answers)
    returned.mkdir(parents=True, exist_ok=True)
    filled = []
    for form in sorted(forms.glob("*.xlsx")):
        if lines := lines_by_unit.get(unit_of(form)):
            filled.append(returned / form.name)
            filled[-1].write_bytes(fill_form(form, lines))
    return filled


def unit_of(form: Path) -> str:
    """Return the name of the unit that a form says it was issued to."""
    rows = load_workbook(form)["xlflow"].iter_rows(values_only=True)
    return next(str(name) for kind, key, name, *_ in rows if (kind, key) == ("identity", "unit"))


def fill_form(form: Path, lines: Sequence[AnswerLine]) -> bytes:
    """Return the form with the answers typed in; what belongs to no row of it goes into the free rows."""
    workbook = load_workbook(form)
    sheet = next(sheet for sheet in workbook.worksheets if _heading_row(sheet))
    part = f"xl/worksheets/sheet{workbook.worksheets.index(sheet) + 1}.xml"
    typed = dict(_cells_to_type(sheet, lines))
    made = io.BytesIO()
    with zipfile.ZipFile(form) as issued, zipfile.ZipFile(made, "w") as copy:
        for entry in issued.infolist():
            content = issued.read(entry)
            if entry.filename.startswith("xl/worksheets/"):
                content = _type_in(content, typed if entry.filename == part else {})
            copy.writestr(entry, content)
    return made.getvalue()


def _heading_row(sheet: Worksheet) -> int | None:
    """Return the row of a form sheet that holds the headings, None on any other sheet."""
    rows = sheet.iter_rows(max_row=20, values_only=True)
    return next((row for row, texts in enumerate(rows, 1) if "Id" in texts and ANSWER_HEADINGS & {*texts}), None)


def _cells_to_type(sheet: Worksheet, lines: Sequence[AnswerLine]) -> Iterator[tuple[str, str | Decimal]]:
    """Yield (cell, text or number) for every answer that the unit wrote."""
    first = _heading_row(sheet) or 0
    columns = {str(cell.value): cell.column for cell in sheet[first] if cell.value is not None}
    row_headings = [heading for heading in ROW_HEADINGS if heading in lines[0]]
    rows = range(first + 1, sheet.max_row + 1)
    issued = {_key([sheet.cell(row, columns[name]).value for name in row_headings]): row for row in reversed(rows)}
    free = iter([row for row in rows if _is_free(sheet, row, columns)])
    for line in lines:
        row = issued.get(_key([line[heading] for heading in row_headings]))
        headings = [heading for heading in columns if line.get(heading) and not (row and heading in row_headings)]
        row = row or next(free)
        for heading in headings:
            cell = _open_cell(sheet, row, columns[heading])
            counts = sheet[cell].number_format != "@" and TYPED_NUMBER.fullmatch(line[heading])
            yield cell, Decimal(line[heading].replace(" ", "").replace(",", ".")) if counts else line[heading]


def _key(texts: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(text or "") for text in texts)


def _is_free(sheet: Worksheet, row: int, columns: Mapping[str, int]) -> bool:
    activity = sheet.cell(row, next(columns[item] for item in ITEM_HEADINGS if item in columns))
    return activity.value is None and activity.protection.locked is False


def _open_cell(sheet: Worksheet, row: int, column: int) -> str:
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell) or cell.protection.locked:
        raise ValueError(f"{cell.coordinate} is locked or merged: nobody could type an answer there")
    return str(cell.coordinate)


def _forget_results(content: bytes) -> bytes:
    """Return a sheet's XML without what its formulas came to: it is so no longer, and any program works it out on
    opening."""
    return re.sub(r"(</f>|<f[^>]*/>)<v>[^<]*</v>", r"\1", content.decode()).encode()


def _type_in(content: bytes, typed: Mapping[str, str | Decimal]) -> bytes:
    """Return a sheet's XML with answers in the cells, each keeping its style; what its formulas came to is
    dropped, since it is so no longer, and any program works it out on opening."""
    sheet = re.sub(r"</f><v>[^<]*</v>", "</f>", content.decode())
    for cell, answer in typed.items():
        kind, inside = ' t="inlineStr"', f'<is><t xml:space="preserve">{escape(str(answer))}</t></is>'
        if isinstance(answer, Decimal):
            kind, inside = "", f"<v>{answer}</v>"
        found = re.search(rf'<c r="{cell}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)', sheet, re.DOTALL)
        if found is None:
            raise ValueError(f"{cell} is not in the sheet")
        whole = f'<c r="{cell}"{found[1] or ""}{kind}>{inside}</c>'
        sheet = sheet[: found.start()] + whole + sheet[found.end() :]
    return sheet.encode()


if __name__ == "__main__":
    fill_forms(*map(Path, sys.argv[1:4]))

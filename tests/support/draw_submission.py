"""Draws what came back as a text table, so that a test shows the answers as the unit wrote them.

    draw_return(asked, "Museet", \"\"\"
        Id        | Status    | Ny tidpunkt | Kommentar/avvikelse
        a         | Pågående  |             | Båten är hyrd
        + Ny idé  | Genomfört |             |
    \"\"\")

`Id` is the line's id, or a plus sign and the text of an activity of the unit's own. Lines that are not named are
blank. Headings are the template's own. Reads no workbook: for that, see what `generate` and `read` do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from support.draw_round import draw_deadline
from xlflow.form.identity import build_identity
from xlflow.form.layout import FIRST_ITEM_ROW, build_form_columns
from xlflow.form.metadata import issued_items
from xlflow.model.findings import Location
from xlflow.model.plan import FieldValue, PlanItem, Round
from xlflow.model.submission import Answer, AnswerRow, FileState, ReceivedFile, Submission
from xlflow.model.template import Field
from xlflow.model.text import normalize_key, short_code

SAVED = datetime(2021, 4, 12, 10, 0)
NOT_UNDERSTOOD = "not-understood"


def draw_return(
    asked: Round,
    unit: str,
    table: str = "",
    *,
    name: str = "",
    saved: datetime | None = SAVED,
    state: FileState = FileState.ACCEPTED,
    issued: str = "",
) -> Submission:
    """Return the form of a unit, filled in as the table says; `issued` is what stood there when it went out."""
    name = name or f"{unit}.xlsx"
    lines = issued_items(asked, unit)
    written = _texts_of(table)
    sheet = "Uppföljning" if asked.language == "sv" else "Follow-up"
    own = tuple(_own_line(asked, unit, key) for key in written if key.startswith("+"))
    known = {line.id for line in (*lines, *own)}
    assert known >= written.keys(), f"no such lines: {written.keys() - known}"
    rows = tuple(
        _draw_row(asked, line, written.get(line.id, {}), Location(name, sheet, f"A{number}"), unit)
        for number, line in enumerate((*lines, *own), FIRST_ITEM_ROW + 1)
    )
    return Submission(
        file=ReceivedFile(name, short_code([name, table]), 20_000, saved, state, unit),
        identity=build_identity(asked, unit),
        round=replace(asked, plan=replace(asked.plan, items=lines)),
        rows=rows,
        issued=tuple(
            (key, _field_of(asked, heading).key, text)
            for key, cells in _texts_of(issued).items()
            for heading, text in cells.items()
            if text
        ),
    )


def _texts_of(table: str) -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines() if line.strip()]
    heading, *rows = lines or [["Id"]]
    return {row[0]: dict(zip(heading[1:], row[1:], strict=True)) for row in rows}


def _field_of(asked: Round, heading: str) -> Field:
    return next(field for field in asked.template.answer_fields() if heading in field.accepted_headings())


def _own_line(asked: Round, unit: str, key: str) -> PlanItem:
    levels = [""] * len(asked.template.levels)
    levels[asked.template.item_level_index] = key[1:].strip()
    return PlanItem(key, tuple(levels), (unit,), added_by_unit=True)


def _draw_row(asked: Round, line: PlanItem, cells: dict[str, str], at: Location, unit: str) -> AnswerRow:
    texts = {_field_of(asked, heading).key: text for heading, text in cells.items()}
    return AnswerRow(line, unit, at, tuple(_draw_answers(asked, texts, at)))


def _draw_answers(asked: Round, texts: dict[str, str], at: Location) -> Iterator[Answer]:
    for index, column in enumerate(build_form_columns(asked.template, asked.plan.extra_headings)):
        if column.kind == "answer" and column.field:
            text = texts.get(column.key, "")
            value = _understand(asked, column.field, text)
            place = replace(at, cell=f"{chr(ord('A') + index)}{(at.cell or '')[1:]}")
            yield Answer(column.key, value, text, place, NOT_UNDERSTOOD if text and value is None else None)


def _understand(asked: Round, field: Field, text: str) -> FieldValue | None:
    if not text:
        return None
    if field.type == "choice":
        return _choose(asked, field, text)
    if field.type in ("number", "integer"):
        try:
            return Decimal(text)
        except InvalidOperation:
            return None
    return draw_deadline(text, asked.plan.year) if field.type in ("deadline", "date", "quarter") else text


def _choose(asked: Round, field: Field, text: str) -> str | None:
    options: Sequence = asked.template.choice_list(field).options
    names = {
        normalize_key(name): one.code for one in options for name in (one.label.sv, one.label.en, *one.aliases)
    }
    return names.get(normalize_key(text))

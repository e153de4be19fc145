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
from xlflow.model.template_elements import Field
from xlflow.model.text import normalize_key, short_code

SAVED = datetime(2021, 4, 12, 10, 0)
NOT_UNDERSTOOD = "not-understood"


def draw_return(
    round_: Round,
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
    items = issued_items(round_, unit)
    texts_by_id = _texts_of(table)
    sheet = "Uppföljning" if round_.language == "sv" else "Follow-up"
    added = tuple(_added_item(round_, unit, key) for key in texts_by_id if key.startswith("+"))
    known_ids = {line.id for line in (*items, *added)}
    assert known_ids >= texts_by_id.keys(), f"no such lines: {texts_by_id.keys() - known_ids}"
    rows = tuple(
        _draw_row(round_, line, texts_by_id.get(line.id, {}), Location(name, sheet, f"A{number}"), unit)
        for number, line in enumerate((*items, *added), FIRST_ITEM_ROW + 1)
    )
    return Submission(
        file=ReceivedFile(name, short_code([name, table]), 20_000, saved, state, unit),
        identity=build_identity(round_, unit),
        round=replace(round_, plan=replace(round_.plan, items=items)),
        rows=rows,
        issued=tuple(
            (key, _field_of(round_, heading).key, text)
            for key, cells in _texts_of(issued).items()
            for heading, text in cells.items()
            if text
        ),
    )


def _texts_of(table: str) -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines() if line.strip()]
    heading, *rows = lines or [["Id"]]
    return {row[0]: dict(zip(heading[1:], row[1:], strict=True)) for row in rows}


def _field_of(round_: Round, heading: str) -> Field:
    return next(field for field in round_.template.answer_fields() if heading in field.accepted_headings())


def _added_item(round_: Round, unit: str, key: str) -> PlanItem:
    levels = [""] * len(round_.template.levels)
    levels[round_.template.item_level_index] = key[1:].strip()
    return PlanItem(key, tuple(levels), (unit,), added_by_unit=True)


def _draw_row(round_: Round, item: PlanItem, cells: dict[str, str], location: Location, unit: str) -> AnswerRow:
    texts = {_field_of(round_, heading).key: text for heading, text in cells.items()}
    return AnswerRow(item, unit, location, tuple(_draw_answers(round_, texts, location)))


def _draw_answers(round_: Round, texts: dict[str, str], location: Location) -> Iterator[Answer]:
    for index, column in enumerate(build_form_columns(round_.template, round_.plan.extra_headings)):
        if column.kind == "answer" and column.field:
            text = texts.get(column.key, "")
            value = _parse_text(round_, column.field, text)
            place = replace(location, cell=f"{chr(ord('A') + index)}{(location.cell or '')[1:]}")
            yield Answer(column.key, value, text, place, NOT_UNDERSTOOD if text and value is None else None)


def _parse_text(round_: Round, field: Field, text: str) -> FieldValue | None:
    if not text:
        return None
    if field.type == "choice":
        return _choice_code(round_, field, text)
    if field.type in ("number", "integer"):
        try:
            return Decimal(text)
        except InvalidOperation:
            return None
    return draw_deadline(text, round_.plan.year) if field.type in ("deadline", "date", "quarter") else text


def _choice_code(round_: Round, field: Field, text: str) -> str | None:
    options: Sequence = round_.template.choice_list(field).options
    names = {
        normalize_key(name): one.code for one in options for name in (one.label.sv, one.label.en, *one.aliases)
    }
    return names.get(normalize_key(text))

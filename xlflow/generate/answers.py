"""The answer cells of the form: what may be written there, the note beside them, and what turns them red.

A validation guides the one who types; pasting removes it. The conditional format stays and says the same.
"""

from collections.abc import Iterator
from typing import Any

from xlflow.core.layout import FIRST_ROW, Column, list_key, list_name
from xlflow.core.model import Cell, Deadline
from xlflow.core.rules import is_closed, table_of
from xlflow.core.template import Field
from xlflow.core.values import accepted_answers, parse_value
from xlflow.core.values.spellings import UNKNOWN, recognise_choice
from xlflow.core.words import say
from xlflow.excel.outgoing import MAX_TEXT, Book, Format, Sheet, fit_text
from xlflow.generate.frame import Frame, quote
from xlflow.generate.live import number_name, on_live, table_name

TITLE, TEXT = 32, 255
"""Letters that Excel shows at most in the heading and the text of a note or an error."""

FORMATS = {"number": "#,##0.00", "integer": "#,##0", "date": "yyyy-mm-dd"}
"""How a cell shows what is typed; every other kind is text ("@"), so that Excel changes nothing of it."""

PERCENT = "0.0 %"
"""How a part of a whole is shown."""

_NUMBERS = {"number": "decimal", "integer": "integer"}
_WIDEST = 10**15


def guard_answers(book: Book, sheet: Sheet, frame: Frame) -> None:
    """Put validations, notes and colours on every answer column, and what serves in the free rows there."""
    for column in frame.of_kind("answer"):
        if column.field:
            _guard_column(book, sheet, frame, column, column.field)
    for column in frame.of_kind("given", "level"):
        _guard_free_cells(sheet, frame, column)


def format_of(field: Field) -> str | None:
    """Return how a cell of a field shows a number or a day; None where it holds text."""
    return PERCENT if field.percent else FORMATS.get(field.type)


def red_formula(frame: Frame, field: Field, cell: str) -> str | None:
    """Return a formula (without its =) that says of a cell whether it cannot stand; None if all can."""
    if is_closed(frame.template, field):
        number = f"INDEX({table_name(number_name(field))},ROW({cell})-{FIRST_ROW})"
        return f"IF(ISERROR({cell}),TRUE,{number}={UNKNOWN})"
    return f"(1-ISBLANK({cell}))*(1-ISNUMBER({cell}))" if field.type in FORMATS else None


def red_count_formula(frame: Frame, sheet: str) -> str:
    """Return a formula (without its =) for another sheet: how many cells are red."""
    counts = [count for field in frame.template.asked() if (count := _count_red_in(frame, field, sheet))]
    return "+".join(counts) or "0"


def _count_red_in(frame: Frame, field: Field, sheet: str) -> str:
    span = f"{sheet}{frame.span(field.key)}"
    if is_closed(frame.template, field):
        numbers = on_live(frame.live.span("number", frame.last_row, field.key))
        return f"COUNTIF({numbers},{UNKNOWN})+SUMPRODUCT(ISERROR({span})*1)"
    return f"SUMPRODUCT((1-ISBLANK({span}))*(1-ISNUMBER({span})))" if field.type in FORMATS else ""


def count_red(frame: Frame) -> int:
    """Return how many of the answers that stand there are red."""
    lines = [line for line in (*frame.lines, *frame.own) if line.id in frame.answers]
    told = ((field, frame.answer(line, field.key)) for field in frame.template.asked() for line in lines)
    return sum(_is_red(frame, field, text) for field, text in told if text)


def answer_cell(frame: Frame, field: Field, text: str) -> Cell:
    """Return what is written for a text: a number or a day where the field is one and the text says one."""
    if field.type not in FORMATS:
        return text
    value = parse_value(text, field, frame.template, frame.round.plan.year, frame.language).value
    if isinstance(value, Deadline):
        return value.first
    return text if value is None else value


def _is_red(frame: Frame, field: Field, text: str) -> bool:
    if is_closed(frame.template, field):
        return recognise_choice(text, table_of(frame.template, field)) == UNKNOWN
    return bool(text) and field.type in FORMATS and isinstance(answer_cell(frame, field, text), str)


def _guard_column(book: Book, sheet: Sheet, frame: Frame, column: Column, field: Field) -> None:
    place = frame.index(column.key)
    free = (frame.free_row, place, frame.last_row, place)
    issued = (FIRST_ROW, place, frame.free_heading_row - 1, place)
    options = {**_validation(frame, field), **_note(frame, field)}
    if options == {"validate": "any"}:
        pass  # anything may stand there, and nothing is said of it
    elif frame.lines:
        sheet.validate(issued, {**options, "other_cells": [list(free)]})
    else:
        sheet.validate(free, options)
    whole = (FIRST_ROW, place, frame.last_row, place)
    cell = frame.cell(column.key, FIRST_ROW)
    for criteria, style in _colours(book, frame, field, cell):
        sheet.format_if(whole, {"type": "formula", "criteria": f"={criteria}", "format": style})


def _guard_free_cells(sheet: Sheet, frame: Frame, column: Column) -> None:
    """In the free rows the unit also writes what the plan states elsewhere; only a note says how."""
    place = frame.index(column.key)
    area = (frame.free_row, place, frame.last_row, place)
    if column.field:
        sheet.validate(area, {**_validation(frame, column.field), "error_type": "warning"})
    elif column.level and column.level.kind == "item":
        title = fit_text(column.heading(frame.language), TITLE)
        note = fit_text(say("form.own_prompt", frame.language), TEXT)
        sheet.validate(area, {"validate": "any", "input_title": title, "input_message": note})


def _colours(book: Book, frame: Frame, field: Field, cell: str) -> Iterator[tuple[str, Format]]:
    """Yield when a cell takes which colours; the first that fits wins."""
    red = red_formula(frame, field, cell)
    if red:
        yield red, book.style("wrong_answer")
    options = frame.template.choice_list(field).options if field.type == "choice" else ()
    for option in options:
        yield (
            f"TRIM({cell})={quote(option.label.say(frame.language))}",
            book.style("filled", bg_color=option.colour),
        )


def _validation(frame: Frame, field: Field) -> dict[str, Any]:
    key = list_key(field)
    if key:
        return _list_validation(frame, field, key)
    title = {"error_title": fit_text(say("form.unreadable", frame.language), TITLE)}
    error = {**title, "error_message": fit_text(_say_accepted(frame, field), TEXT)}
    if field.type in _NUMBERS:
        least = -_WIDEST if field.minimum is None else field.minimum
        most = _WIDEST if field.maximum is None else field.maximum
        kind = _NUMBERS[field.type]
        return {"validate": kind, "criteria": "between", "minimum": least, "maximum": most, **error}
    if field.type == "date":
        return {"validate": "date", "criteria": ">=", "value": "=DATE(1990,1,1)", **error}
    if field.max_length:
        return {"validate": "length", "criteria": "<=", "value": min(field.max_length, MAX_TEXT), **error}
    return {"validate": "any"}


def _list_validation(frame: Frame, field: Field, key: str) -> dict[str, Any]:
    language, accepted = frame.language, _say_accepted(frame, field)
    closed = is_closed(frame.template, field)
    if closed:
        title, text = "form.not_listed", say("form.choose_listed", language, accepted=accepted)
    elif field.type == "choice":
        title, text = "form.not_listed", say("form.keep_other", language)
    else:
        title, text = "form.unlisted_time", say("form.keep_time", language, accepted=accepted)
    return {
        "validate": "list",
        "source": f"={list_name(key)}",
        "error_type": "stop" if closed else "warning",
        "error_title": fit_text(say(title, language), TITLE),
        "error_message": fit_text(text, TEXT),
    }


def _note(frame: Frame, field: Field) -> dict[str, Any]:
    """Return what Excel shows beside the cell while it is chosen."""
    if field.help is None:
        return {}
    title = (field.heading or field.label).say(frame.language)
    return {"input_title": fit_text(title, TITLE), "input_message": fit_text(field.help.say(frame.language), TEXT)}


def _say_accepted(frame: Frame, field: Field) -> str:
    accepted = accepted_answers(field, frame.template, frame.round.plan.year).say(frame.language)
    return say("form.accepted", frame.language, accepted=accepted)

"""What the units answered in the previous round, out of its consolidated workbook, beside the questions of today.

A line is known again by its id, by what it says it continues from, else by its own text. Shown only: nothing of it
is an answer to what is asked now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import round_of_records
from xlflow.core.layout import ROUND_SHEET
from xlflow.core.model import Line, Previous, Round
from xlflow.core.template import Field, Template
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.core.words import Language, say_both
from xlflow.excel.incoming import Book, Sheet

_SEARCHED = 10
"""Rows from the top of a sheet within which the headings of its table stand."""

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What one unit answered to one line: the line's id and own texts, the answers by today's keys, as shown."""

    unit: str
    line_id: str
    texts: tuple[str, ...]
    answers: Texts


@dataclass(frozen=True)
class Recalled:
    """All that was answered in the previous round."""

    as_of: date | None
    said: tuple[Said, ...]

    @cached_property
    def by_id(self) -> Mapping[str, list[Said]]:
        """The answers by the folded id of their line."""
        return _group((fold(one.line_id), one) for one in self.said if one.line_id)

    @cached_property
    def by_text(self) -> Mapping[str, list[Said]]:
        """The answers by the folded own text of their line, whole and the lowest level alone."""
        named = ((key, one) for one in self.said for key in dict.fromkeys(_keys_of(one.texts)))
        return _group(named)


def recall_round(book: Book, template: Template) -> Recalled | Finding:
    """Return what stands in a consolidated workbook, or the finding that says that it is none."""
    for sheet in book.sheets:
        table = _find_table(sheet, template)
        if table:
            heading, columns = table
            hidden = book.sheet(ROUND_SHEET)
            before = round_of_records(map(_say_record, hidden.rows)) if hidden else None
            return Recalled(before.as_of if before else None, tuple(_read_rows(sheet, heading, columns, template)))
    return find("previous-not-consolidated", Place(book.name))


def show_previous(recalled: Recalled, round_: Round, unit: str) -> Previous:
    """Return what a unit is shown of the previous round, for each of its lines that was there."""
    shown = {line.id: _show_line(recalled, line, unit, round_) for line in round_.lines_of(unit)}
    return Previous(recalled.as_of, {line_id: text for line_id, text in shown.items() if text})


def find_unmatched(recalled: Recalled, round_: Round) -> Iterator[Finding]:
    """Yield the lines that say they continue something which the previous round does not know."""
    for line in round_.plan.lines:
        known = fold(line.continues_from)
        if known and known not in recalled.by_id and known not in recalled.by_text:
            place = line.place or Place(round_.plan.file)
            yield find("continues-from-unknown", place, row_id=line.id, value=line.continues_from)


# Reading --------------------------------------------------------------------------------------------------


def _find_table(sheet: Sheet, template: Template) -> tuple[int, Mapping[str, int]] | None:
    """Return the heading row of the table of answers and its columns by key; None if it is another sheet."""
    wanted = {"_id": say_both("column.id"), "_unit": say_both("column.unit")}
    names = {fold(text): key for key, label in wanted.items() for text in (label.sv, label.en)}
    for labelled in (*template.levels, *template.asked()):
        names |= {fold(name): labelled.key for name in labelled.names() if fold(name) not in names}
    source = {fold(text) for text in say_both("consolidated.source").model_dump().values()}
    for number, row in enumerate(sheet.rows[:_SEARCHED]):
        texts = [fold(cell) if isinstance(cell, str) else "" for cell in row]
        columns = {names[text]: place for place, text in reversed(list(enumerate(texts))) if text in names}
        if {"_id", "_unit", template.levels[template.item].key} <= columns.keys() and source & set(texts):
            return number, columns
    return None


def _read_rows(sheet: Sheet, heading: int, columns: Mapping[str, int], template: Template) -> Iterator[Said]:
    own = [level.key for level in template.levels[template.item :]]
    for row in sheet.rows[heading + 1 :]:
        texts = {key: written_text(row[place]) for key, place in columns.items()}
        answers = {each.key: texts[each.key] for each in template.asked() if texts.get(each.key)}
        if texts["_unit"] and answers:
            yield Said(texts["_unit"], texts["_id"], tuple(texts.get(key, "") for key in own), answers)


def _say_record(row: Sequence[object]) -> list[str]:
    return [cell if isinstance(cell, str) else written_text(cell) for cell in row]  # type: ignore[arg-type]


def _group(pairs: Iterable[tuple[str, Said]]) -> Mapping[str, list[Said]]:
    groups: dict[str, list[Said]] = {}
    for key, one in pairs:
        groups.setdefault(key, []).append(one)
    return groups


def _keys_of(texts: Sequence[str]) -> Iterator[str]:
    """Yield under which texts a line is known: all its own together, and the lowest of them."""
    told = [fold(text) for text in texts if text]
    if told:
        yield "\x1f".join(told)
        yield told[-1]


# Showing --------------------------------------------------------------------------------------------------


def _show_line(recalled: Recalled, line: Line, unit: str, round_: Round) -> str:
    known = _find_line(recalled, line, round_.template)
    mine = [one for one in known if fold(one.unit) == fold(unit)]
    if mine:
        return _show(mine[0].answers, round_.template, round_.language)
    shown = ((one.unit, _show(one.answers, round_.template, round_.language)) for one in known)
    return "\n".join(f"{name}: {text}" for name, text in shown)


def _find_line(recalled: Recalled, line: Line, template: Template) -> Sequence[Said]:
    """Return what was said of a line: of its id, else of what it continues, else of the same text."""
    before = fold(line.continues_from)
    same = next(_keys_of(line.levels[template.item :]), "")
    found = (
        recalled.by_id.get(fold(line.id)),
        recalled.by_id.get(before) if before else None,
        recalled.by_text.get(before) if before else None,
        recalled.by_text.get(same),
    )
    return next(filter(None, found), ())


def _show(answers: Texts, template: Template, language: Language) -> str:
    """Return answers as lines: the status, what else was answered with its label, the comment as it was."""
    return "\n".join(
        _show_one(each, answers[each.key], language) for each in template.asked() if each.key in answers
    )


def _show_one(asked: Field, text: str, language: Language) -> str:
    return text if asked.role in ("status", "comment") else f"{asked.label.say(language)}: {text}"

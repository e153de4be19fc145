"""Turns the cells of a row into typed answers, each with its place; what was not understood becomes a finding.

A wrong value never sinks its row: the cell is kept as it was written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xlflow.core.computed import number_in
from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import Column, column_letters
from xlflow.core.model import Answer, Deadline, Line, Row, Value
from xlflow.core.rules import ANSWER_LISTED, ANSWER_READABLE
from xlflow.core.text import fold
from xlflow.core.values import Parsed, show_number, show_value, written_text
from xlflow.core.words import LANGUAGES, Text, say
from xlflow.excel.incoming import ErrorValue, Raw
from xlflow.read.shape import Asked, Shape
from xlflow.read.table import Table

_RULES = {
    "choice-unknown": ANSWER_LISTED,
    "yes-no-unreadable": ANSWER_LISTED,
    "cell-error": ANSWER_READABLE,
}
"""What the form says live of such a cell too, under the name of the rule there."""

_SAME = 0.005
"""Two results count as the same up to half of the least coin."""


@dataclass(slots=True)
class Reader:
    """Reads the cells of one form and gathers what is wrong with them."""

    table: Table
    shape: Shape
    unit: str
    findings: list[Finding] = field(default_factory=list)
    _answers: list[tuple[Asked, int, Answer]] = field(init=False)
    _given: list[tuple[Asked, int]] = field(init=False)
    _context: list[tuple[Column, int]] = field(init=False)
    _headings: tuple[str, ...] = field(init=False)
    _beside: tuple[int, ...] = field(init=False)
    _known: dict[tuple[int, str], Answer] = field(default_factory=dict)
    _shown: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        places = self.table.places
        self._answers = [
            (asked, place, Answer(asked.key, None, "", column_letters(place)))
            for asked in self.shape.answers
            if (place := places[asked.index]) is not None
        ]
        columns = ((self.shape.columns[index], places[index]) for index in self.shape.context)
        self._context = [(column, place) for column, place in columns if place is not None]
        self._headings = tuple(column.key for column, _ in self._context)
        self._beside = tuple(place for _, place in self._context)
        self._given = [(asked, place) for asked in self.shape.given if (place := places[asked.index]) is not None]

    def read_answers(self, number: int, row: Sequence[Raw], row_id: str) -> tuple[Answer, ...]:
        """Return the answers of a row."""
        language, answers = self.shape.language, []
        for asked, column, blank in self._answers:
            raw = row[column]
            if raw is None:
                answers.append(blank)
                continue
            known = self._known.get((column, raw)) if type(raw) is str else None
            if known:
                answers.append(known)
                continue
            parsed, words = _parse(asked, raw), asked.field.type == "text"
            written = str(parsed.value) if words and parsed.value else written_text(raw, language)
            fault = None
            if parsed.code:
                self._report(parsed, asked, self.table.place(number, column), written, row_id)
                fault = parsed.code if parsed.value is None else None
            answers.append(Answer(asked.key, parsed.value, written, blank.at, fault))
            if type(raw) is str and not parsed.code and not words:
                self._known[column, raw] = answers[-1]
        return tuple(answers)

    def read_given(
        self, number: int, row: Sequence[Raw], row_id: str
    ) -> Iterator[tuple[Asked, Value | None, str]]:
        """Yield (field, value, text) of what a unit stated itself in a row of its own."""
        for asked, column in self._given:
            raw = row[column]
            if raw is not None:
                parsed, written = _parse(asked, raw), written_text(raw, self.shape.language)
                if parsed.code:
                    self._report(parsed, asked, self.table.place(number, column), written, row_id)
                if written:
                    yield asked, parsed.value, written

    def compare_given(self, number: int, row: Sequence[Raw], line: Line) -> None:
        """Report every cell that the plan filled in and that now says something else; the plan stands."""
        shape = self.shape
        for asked, column in self._given:
            raw, value = row[column], line.value(asked.key)
            if raw is None or (isinstance(value, Deadline) and raw == value.text):
                continue
            shown = self._show_given(value, asked)
            if raw == shown:
                continue
            written = written_text(raw, shape.language)
            if written and fold(written) != fold(shown) and not _reads_as(asked, raw, value):
                self.findings.append(
                    find(
                        "given-changed",
                        self.table.place(number, column),
                        unit=self.unit,
                        row_id=line.id,
                        field=asked.key,
                        value=written,
                        words={"field": asked.field.label, "issued": _quote_issued(shown)},
                    )
                )

    def _show_given(self, value: Value | None, asked: Asked) -> str:
        """Return a value of the plan as the form shows it; many lines share the very same."""
        shown = self._shown.get(id(value)) if isinstance(value, Deadline) else None
        if shown is None:
            shape = self.shape
            shown = show_value(value, asked.field, shape.template, shape.language, shape.year)
            if isinstance(value, Deadline):
                self._shown[id(value)] = shown
        return shown

    def compare_context(self, number: int, row: Sequence[Raw], line: Line) -> None:
        """Report every further column of the plan that now says something else; the plan stands."""
        if line.context == tuple(zip(self._headings, map(row.__getitem__, self._beside), strict=True)):
            return
        issued = dict(line.context)
        for column, place in self._context:
            raw, shown = row[place], issued.get(column.key) or None
            if raw == shown or raw is None:
                continue
            written = written_text(raw, self.shape.language)
            if fold(written) != fold(shown or ""):
                self.findings.append(
                    find(
                        "given-changed",
                        self.table.place(number, place),
                        unit=self.unit,
                        row_id=line.id,
                        value=written,
                        words={"field": column.label, "issued": _quote_issued(shown or "")},
                    )
                )

    def compare_computed(self, number: int, cells: Sequence[Raw], row: Row) -> Iterator[int]:
        """Report every number that somebody wrote over one that follows from the others; what follows stands.
        Yield the columns in which somebody wrote a number that follows from nothing."""
        for index in self.shape.computed:
            column, place = self.shape.columns[index], self.table.places[index]
            shown = None if place is None else cells[place]
            if place is None or not isinstance(shown, float):
                continue
            counted = number_in(row, column.key, self.shape.template)
            if counted is None:
                if (number, place) not in (self.table.sheet.evidence.formulas or ()):
                    yield place
                continue
            if abs(float(counted) - float(str(shown))) < _SAME:
                continue
            self.findings.append(
                find(
                    "computed-changed",
                    self.table.place(number, place),
                    unit=self.unit,
                    row_id=row.line.id,
                    field=column.key,
                    value=written_text(shown, self.shape.language),
                    words={"field": column.label, "counted": show_number(counted, self.shape.language)},
                )
            )

    def _report(self, parsed: Parsed, asked: Asked, place: Place, written: str, row_id: str) -> None:
        self.findings.append(
            find(
                parsed.code or "",
                place,
                severity=parsed.severity or None,
                rule=_RULES.get(parsed.code or "") if asked.field.filled_by == "unit" else None,
                unit=self.unit,
                row_id=row_id,
                field=asked.key,
                value=written,
                suggestion=parsed.suggestion,
                words={"field": asked.field.label, "accepted": asked.accepted},
            )
        )


def _reads_as(asked: Asked, raw: Raw, value: Value | None) -> bool:
    """Return whether a cell says a value; what cannot be read says none."""
    return value is not None and _parse(asked, raw).value == value


def _parse(asked: Asked, raw: Raw) -> Parsed:
    """Read one cell; an error or a formula without a value is no answer, whatever the field."""
    if isinstance(raw, str) and type(raw) is not str:
        return Parsed(None, "cell-error" if isinstance(raw, ErrorValue) else "cell-formula")
    return asked.read(raw)


def _quote_issued(text: str) -> Text:
    """Return what the plan says of a cell as it stands within a sentence, also where that is nothing."""
    key = "given.quoted" if text else "given.blank"
    return Text(**{language: say(key, language, text=text) for language in LANGUAGES})

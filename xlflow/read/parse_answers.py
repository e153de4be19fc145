"""Turns the cells of a row into typed answers, each with its column; what was not understood becomes a finding.

A wrong value never sinks its row: the cell is kept as it was written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import RawCell, ShownNumber
from xlflow.excel.reader import ErrorValue, PictureValue
from xlflow.form.layout import FormColumn
from xlflow.i18n.catalogue import LocalizedText, translate_all
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Deadline, FieldValue, PlanItem
from xlflow.model.submission import Answer, AnswerRow
from xlflow.model.text import normalize_key
from xlflow.read.form_schema import FieldColumn, FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.rules import ANSWER_LISTED_RULE, ANSWER_READABLE_RULE
from xlflow.rules.computed_fields import field_number
from xlflow.values import ParseResult, cell_text, format_number
from xlflow.values.field_values import format_value

_RULE_OF_CODE = {
    "choice-unknown": ANSWER_LISTED_RULE,
    "yes-no-unreadable": ANSWER_LISTED_RULE,
    "cell-error": ANSWER_READABLE_RULE,
    "number-unreadable": ANSWER_READABLE_RULE,
    "number-ambiguous": ANSWER_READABLE_RULE,
    "number-scaled": ANSWER_READABLE_RULE,
    "number-percent": ANSWER_READABLE_RULE,
}
"""Faults that the form shows live too: the finding code, and the name of the rule there."""

_PICTURE_FORMULA = re.compile(r"=(?:_xlfn\.)?(?:DISPIMG|IMAGE)\(", re.IGNORECASE)
"""How a formula begins that shows a picture in its cell: of WPS, of Excel and Google Sheets."""

AMOUNT_TOLERANCE = 0.005
"""Two amounts count as the same below this difference, half an öre: sheets show amounts with two decimals."""


@dataclass(slots=True)
class AnswerParser:
    """Parses the cells of one form; `findings` grows with what is wrong with them.

    Texts and deadlines that were parsed or formatted once are kept: forms say the same few over and over.
    """

    table: LocatedTable
    schema: FormSchema
    unit: str
    findings: list[Finding] = field(default_factory=list)
    _answer_columns: list[tuple[FieldColumn, int, Answer]] = field(init=False)
    _plan_columns: list[tuple[FieldColumn, int]] = field(init=False)
    _extra_columns: list[tuple[FormColumn, int]] = field(init=False)
    _extra_headings: tuple[str, ...] = field(init=False)
    _extra_column_indexes: tuple[int, ...] = field(init=False)
    _parsed_answers: dict[tuple[int, str], Answer] = field(default_factory=dict)
    _formatted_deadlines: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        column_of = self.table.column_of
        self._answer_columns = [
            (field_column, column_index, Answer(field_column.key, None, "", column_letters(column_index)))
            for field_column in self.schema.answer_columns
            if (column_index := column_of[field_column.schema_index]) is not None
        ]
        columns = ((self.schema.columns[index], column_of[index]) for index in self.schema.extra_indexes)
        self._extra_columns = [
            (column, column_index) for column, column_index in columns if column_index is not None
        ]
        self._extra_headings = tuple(column.key for column, _ in self._extra_columns)
        self._extra_column_indexes = tuple(column_index for _, column_index in self._extra_columns)
        self._plan_columns = [
            (field_column, column_index)
            for field_column in self.schema.plan_columns
            if (column_index := column_of[field_column.schema_index]) is not None
        ]

    def parse_answers(self, row_index: int, row: Sequence[RawCell], row_id: str) -> tuple[Answer, ...]:
        """Return one answer per answer column that the sheet has, blank ones too. `row_index` is 0-based; `row_id`
        is the id of the plan item, for findings."""
        language, answers = self.schema.language, []
        for field_column, column_index, blank_answer in self._answer_columns:
            raw = row[column_index]
            if raw is None or _is_picture(raw):
                answers.append(blank_answer)
                if raw is not None:
                    self._add_picture_finding(
                        field_column, self.table.cell_location(row_index, column_index), row_id
                    )
                continue
            cached = self._parsed_answers.get((column_index, raw)) if type(raw) is str else None
            if cached:
                answers.append(cached)
                continue
            parsed, is_text = _parse_cell(field_column, raw), field_column.field.type == "text"
            raw_text = str(parsed.value) if is_text and parsed.value else cell_text(raw, language)
            error_code = None
            if parsed.code:
                raw_text = raw.shown if isinstance(raw, ShownNumber) else raw_text
                self._add_parse_finding(
                    parsed, field_column, self.table.cell_location(row_index, column_index), raw_text, row_id
                )
                error_code = parsed.code if parsed.value is None else None
            answers.append(Answer(field_column.key, parsed.value, raw_text, blank_answer.column, error_code))
            if type(raw) is str and not parsed.code and not is_text:
                self._parsed_answers[column_index, raw] = answers[-1]
        return tuple(answers)

    def _add_picture_finding(self, field_column: FieldColumn, location: Location, row_id: str) -> None:
        params = {"field": field_column.field.label}
        key = field_column.key
        self.findings.append(
            make_finding("cell-picture", location, unit=self.unit, row_id=row_id, field=key, params=params)
        )

    def parse_plan_values(
        self, row_index: int, row: Sequence[RawCell], row_id: str
    ) -> Iterator[tuple[FieldColumn, FieldValue | None, str]]:
        """Yield (column, value, text as written) of the plan's fields in a row that the unit added; value None
        where it was not understood."""
        for field_column, column_index in self._plan_columns:
            raw = row[column_index]
            if raw is not None:
                parsed, raw_text = _parse_cell(field_column, raw), cell_text(raw, self.schema.language)
                if parsed.code:
                    self._add_parse_finding(
                        parsed, field_column, self.table.cell_location(row_index, column_index), raw_text, row_id
                    )
                if raw_text:
                    yield field_column, parsed.value, raw_text

    def check_plan_values(self, row_index: int, row: Sequence[RawCell], item: PlanItem) -> None:
        """Add a finding for every cell of the plan's fields that now says something else; the plan's value
        counts."""
        schema = self.schema
        for field_column, column_index in self._plan_columns:
            raw, value = row[column_index], item.plan_value(field_column.key)
            if raw is None or (isinstance(value, Deadline) and raw == value.text):
                continue
            formatted = self._format_plan_value(value, field_column)
            if raw == formatted:
                continue
            raw_text = cell_text(raw, schema.language)
            if (
                raw_text
                and normalize_key(raw_text) != normalize_key(formatted)
                and not _is_read_as(field_column, raw, value)
            ):
                self.findings.append(
                    make_finding(
                        "plan-value-changed",
                        self.table.cell_location(row_index, column_index),
                        unit=self.unit,
                        row_id=item.id,
                        field=field_column.key,
                        value=raw_text,
                        params={"field": field_column.field.label, "issued": _quote_plan_value(formatted)},
                    )
                )

    def _format_plan_value(self, value: FieldValue | None, field_column: FieldColumn) -> str:
        """Return a value of the plan as the form shows it. Many items share the very same deadline object."""
        formatted = self._formatted_deadlines.get(id(value)) if isinstance(value, Deadline) else None
        if formatted is None:
            schema = self.schema
            formatted = format_value(value, field_column.field, schema.template, schema.language, schema.year)
            if isinstance(value, Deadline):
                self._formatted_deadlines[id(value)] = formatted
        return formatted

    def check_extra_columns(self, row_index: int, row: Sequence[RawCell], item: PlanItem) -> None:
        """Add a finding for every cell of the plan's further columns that now says something else; the plan's
        counts."""
        if item.extra_columns == tuple(
            zip(self._extra_headings, map(row.__getitem__, self._extra_column_indexes), strict=True)
        ):
            return
        issued_texts = dict(item.extra_columns)
        for column, column_index in self._extra_columns:
            raw, issued_text = row[column_index], issued_texts.get(column.key) or None
            if raw == issued_text or raw is None:
                continue
            raw_text = cell_text(raw, self.schema.language)
            if normalize_key(raw_text) != normalize_key(issued_text or ""):
                self.findings.append(
                    make_finding(
                        "extra-column-changed",
                        self.table.cell_location(row_index, column_index),
                        unit=self.unit,
                        row_id=item.id,
                        value=raw_text,
                        params={"field": column.label, "issued": _quote_plan_value(issued_text or "")},
                    )
                )

    def check_computed_cells(self, row_index: int, cells: Sequence[RawCell], row: AnswerRow) -> Iterator[int]:
        """Compare each computed cell of a row with the value computed from its other fields. Add a finding where
        they differ by `AMOUNT_TOLERANCE` or more; the computed value counts. Yield the columns (0-based) of
        numbers that cannot be checked, because an input is missing and the formula is gone: the caller keeps them
        as unplaced."""
        for schema_index in self.schema.computed_indexes:
            column, column_index = self.schema.columns[schema_index], self.table.column_of[schema_index]
            cell = None if column_index is None else cells[column_index]
            if column_index is None or not isinstance(cell, float):
                continue
            computed = field_number(row, column.key, self.schema.template)
            if computed is None:
                if (row_index, column_index) not in (self.table.sheet.metadata.formula_cells or ()):
                    yield column_index
                continue
            if abs(float(computed) - float(str(cell))) < AMOUNT_TOLERANCE:
                continue
            self.findings.append(
                make_finding(
                    "computed-changed",
                    self.table.cell_location(row_index, column_index),
                    unit=self.unit,
                    row_id=row.item.id,
                    field=column.key,
                    value=cell_text(cell, self.schema.language),
                    params={"field": column.label, "counted": format_number(computed, self.schema.language)},
                )
            )

    def _add_parse_finding(
        self, parsed: ParseResult, field_column: FieldColumn, location: Location, raw_text: str, row_id: str
    ) -> None:
        self.findings.append(
            make_finding(
                parsed.code or "",
                location,
                severity=parsed.severity or None,
                rule=_RULE_OF_CODE.get(parsed.code or "") if field_column.field.filled_by == "unit" else None,
                unit=self.unit,
                row_id=row_id,
                field=field_column.key,
                value=raw_text,
                suggestion=parsed.suggestion,
                params={"field": field_column.field.label, "accepted": field_column.accepted_text},
            )
        )


def _is_picture(raw: RawCell) -> bool:
    """Return whether a cell shows a picture: placed in it, or by a function that other programs show as text."""
    if not isinstance(raw, str) or raw[:1] not in ("=", "#"):
        return False
    return isinstance(raw, PictureValue) or _PICTURE_FORMULA.match(raw) is not None


def _is_read_as(field_column: FieldColumn, raw: RawCell, value: FieldValue | None) -> bool:
    """Return whether a cell is parsed as a value; one that cannot be parsed is not."""
    return value is not None and _parse_cell(field_column, raw).value == value


def _parse_cell(field_column: FieldColumn, raw: RawCell) -> ParseResult:
    """Parse one cell; an error or a formula without a value is no answer, whatever the field."""
    if isinstance(raw, str) and type(raw) is not str:
        return ParseResult(None, "cell-error" if isinstance(raw, ErrorValue) else "cell-formula")
    return field_column.parse(raw)


def _quote_plan_value(text: str) -> LocalizedText:
    """Return a value of the plan as it is quoted in a sentence, in all languages; a blank one in words."""
    return translate_all("given.quoted" if text else "given.blank", text=text)

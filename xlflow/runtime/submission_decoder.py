"""Bytes of `submission_encoder` back into submissions. Equal texts and values of a run are stored once.

Most texts of a run are the same in form after form, so that interning them saves most of the memory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Finding, Location, Severity
from xlflow.model.plan import Deadline, FieldValue, Plan, PlanItem, Round, Unit
from xlflow.model.submission import (
    Answer,
    AnswerRow,
    FileState,
    FormIdentity,
    PreviousAnswers,
    ReceivedFile,
    Submission,
    Unplaced,
)
from xlflow.model.template import Template
from xlflow.runtime.codec import ExtraColumns, decode_extra_columns, decode_value, json_loads_bytes
from xlflow.runtime.submission_encoder import DefaultLocation, EncodedSubmission, ReadResult

DECODE_ERRORS = (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AttributeError)
"""What decoding may raise where the bytes are not whole."""

_SHARED_TEXT_LENGTH = 120
"""Characters of the longest answer that is worth sharing between rows."""


@dataclass(slots=True)
class SubmissionDecoder:
    """Decodes the files of one run; equal texts, items and answers of several files become the same object.

    `shared_rounds`: digest of a shared part -> its round, without items. `_plan_values` and `_answer_tuples` go by
    the `id` of values that the dict itself keeps alive.
    """

    shared_rounds: dict[str, Round] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _heading_pairs: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _localized_texts: dict[tuple[str, str], LocalizedText] = field(default_factory=dict)
    _unit_names: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _plan_values: dict[tuple[tuple[str, int], ...], tuple[tuple[str, FieldValue], ...]] = field(
        default_factory=dict
    )
    _extra_columns: dict[ExtraColumns, ExtraColumns] = field(default_factory=dict)
    _answers: dict[tuple[object, ...], Answer] = field(default_factory=dict)
    _answer_tuples: dict[tuple[int, ...], tuple[Answer, ...]] = field(default_factory=dict)
    _items: dict[str, PlanItem] = field(default_factory=dict)

    def add_shared_round(self, digest: str, content: bytes) -> None:
        """Decode the shared part of a round, before the files that refer to it. Raises `DECODE_ERRORS`."""
        template, plan, as_of, due, language = json_loads_bytes(content)
        title, unit_names, year, extra_headings, plan_digest, file = plan
        units = tuple(map(Unit, unit_names))
        empty_plan = Plan(title, units, (), year, tuple(extra_headings), plan_digest, file)
        self.shared_rounds[digest] = Round(
            Template.model_validate(template), empty_plan, date.fromisoformat(as_of), _decode_date(due), language
        )

    def decode(self, encoded: EncodedSubmission) -> ReadResult:
        """Return the file with its submission or refusal.

        Raises one of `DECODE_ERRORS` where the bytes are not whole, KeyError where their shared part is not known.
        """
        encoded_file, encoded_form, encoded_finding = json_loads_bytes(encoded.content)
        file = _decode_file(encoded_file)
        if encoded_form is None:
            return file, self._decode_finding(encoded_finding, (file.name, None))
        return file, self._decode_form(encoded_form, file, self.shared_rounds[encoded.shared_digest])

    def _decode_form(self, encoded: Sequence[Any], file: ReceivedFile, shared_round: Round) -> Submission:
        (
            sheet,
            identity,
            contacts,
            encoded_items,
            rows,
            unplaced,
            findings,
            digest,
            issued,
            previous,
            nothing_to_report,
            encoded_file,
            others,
        ) = encoded
        default_location = (file.name, self._intern_text(sheet))
        items = tuple([self._decode_item(shared_round, *item) for item in encoded_items])
        plan = replace(shared_round.plan, items=items, units=_add_contacts(shared_round.plan.units, contacts))
        template, version, key, unit, code, count, replaces = identity
        return Submission(
            file if encoded_file is True else _decode_file(encoded_file),
            FormIdentity(template, version, key, self._intern_text(unit), count, code, tuple(replaces)),
            replace(shared_round, plan=plan),
            tuple([self._decode_row(row, items, shared_round, default_location) for row in rows]),
            tuple([self._decode_unplaced(entry, default_location) for entry in unplaced]),
            tuple([self._decode_finding(finding, default_location) for finding in findings]),
            digest,
            tuple(
                [
                    (self._intern_text(item_id), self._intern_text(key), self._intern_text(text))
                    for item_id, key, text in issued
                ]
            ),
            previous and PreviousAnswers(_decode_date(previous[0]), MappingProxyType(previous[1])),
            nothing_to_report and self._decode_location(nothing_to_report, default_location),
            tuple([self._decode_other_form(*other) for other in others]),
        )

    def _decode_other_form(self, content: str, shared_digest: str, shared_content: str) -> Submission:
        """Return a further form of the same file, which brings its shared part along."""
        self.add_shared_round(shared_digest, shared_content.encode("utf-8", "surrogatepass"))
        _, outcome = self.decode(EncodedSubmission(content.encode("utf-8", "surrogatepass"), shared_digest))
        if isinstance(outcome, Finding):
            raise TypeError("a form was expected")
        return outcome

    def _decode_item(
        self,
        shared_round: Round,
        item_id: str,
        levels: Iterable[str],
        units: Iterable[str],
        continues_from: str,
        position: int,
        plan_values: Iterable[tuple[str, Any]],
        extra_columns: Sequence[Any],
    ) -> PlanItem:
        """Return a plan item, the same object where another form has an equal one."""
        intern_text, item_level = self._texts.setdefault, shared_round.template.item_level_index
        unit_names, *levels = tuple(units), *levels
        item = PlanItem(
            item_id,
            (*[intern_text(level, level) for level in levels[:item_level]], *levels[item_level:]),
            self._unit_names.setdefault(unit_names, unit_names),
            self._decode_plan_values(plan_values),
            self._decode_extra_columns(extra_columns, shared_round.plan.extra_headings),
            continues_from,
            plan_position=position,
        )
        interned = self._items.setdefault(item_id, item)
        return interned if interned == item and interned.plan_position == position else item

    def _decode_extra_columns(self, encoded: Sequence[Any], headings: tuple[str, ...]) -> ExtraColumns:
        """Return the further columns, the same object for equal ones."""
        extra_columns = decode_extra_columns(encoded, headings)
        interned = self._extra_columns.get(extra_columns)
        if interned is None:
            intern_pair = self._heading_pairs.setdefault
            interned = self._extra_columns[extra_columns] = tuple(
                [intern_pair(pair, pair) for pair in extra_columns]
            )
        return interned

    def _decode_plan_values(self, encoded: Iterable[tuple[str, Any]]) -> tuple[tuple[str, FieldValue], ...]:
        """Return (field key, value) of what the plan states; the same object for equal ones that are all
        deadlines."""
        plan_values = tuple([(self._intern_text(name), self._decode_value(value)) for name, value in encoded])
        deadline_ids = tuple([(name, id(value)) for name, value in plan_values if isinstance(value, Deadline)])
        return (
            self._plan_values.setdefault(deadline_ids, plan_values)
            if len(deadline_ids) == len(plan_values)
            else plan_values
        )

    def _decode_row(
        self,
        encoded: Sequence[Any],
        items: Sequence[PlanItem],
        shared_round: Round,
        default_location: DefaultLocation,
    ) -> AnswerRow:
        encoded_item, unit, encoded_location, encoded_answers = encoded
        item = (
            items[encoded_item]
            if isinstance(encoded_item, int)
            else self._decode_added_item(encoded_item, shared_round, default_location)
        )
        answers = tuple([self._decode_answer(*answer) for answer in encoded_answers])
        answers = self._answer_tuples.setdefault(tuple(map(id, answers)), answers)
        return AnswerRow(
            item,
            self._texts.setdefault(unit, unit),
            self._decode_location(encoded_location, default_location),
            answers,
        )

    def _decode_answer(
        self, field_key: str, value: Any, raw_text: str, encoded_column: Any, error_code: str | None
    ) -> Answer:
        """Return an answer, the same object for equal short texts and blanks."""
        is_short = (
            len(raw_text) < _SHARED_TEXT_LENGTH
            and type(encoded_column) is str
            and (value is None or type(value) is str)
        )
        interned = (
            self._answers.get((field_key, value, raw_text, encoded_column, error_code)) if is_short else None
        )
        if interned is None:
            intern_text = self._texts.setdefault
            decoded = value if value is None else self._decode_value(value)
            column = (
                intern_text(encoded_column, encoded_column)
                if isinstance(encoded_column, str)
                else Location(*map(self._intern_text, encoded_column))
            )
            interned = Answer(
                intern_text(field_key, field_key), decoded, intern_text(raw_text, raw_text), column, error_code
            )
            if is_short:
                self._answers[field_key, value, raw_text, encoded_column, error_code] = interned
        return interned

    def _decode_added_item(
        self, encoded: Sequence[Any], shared_round: Round, default_location: DefaultLocation
    ) -> PlanItem:
        *facts, added_by_unit, encoded_location = encoded
        item = self._decode_item(shared_round, *facts)
        return replace(
            item,
            added_by_unit=added_by_unit,
            location=encoded_location and self._decode_location(encoded_location, default_location),
        )

    def _decode_unplaced(self, encoded: Sequence[Any], default_location: DefaultLocation) -> Unplaced:
        unit, encoded_location, texts, reason, is_row = encoded
        return Unplaced(
            unit, self._decode_location(encoded_location, default_location), tuple(texts), reason, is_row
        )

    def _decode_finding(self, encoded: Sequence[Any], default_location: DefaultLocation) -> Finding:
        code, encoded_location, severity, rule, unit, row_id, field_key, value, suggestion, params = encoded
        return Finding(
            code,
            self._decode_location(encoded_location, default_location),
            severity and Severity(severity),
            rule,
            self._intern_text(unit),
            self._intern_text(row_id),
            self._intern_text(field_key),
            value,
            suggestion,
            tuple([(name, self._decode_param(param)) for name, param in params]),
        )

    def _decode_param(self, encoded: Any) -> str | int | LocalizedText:
        if not isinstance(encoded, list):
            param: str | int = encoded
            return param
        swedish, english = encoded
        if (swedish, english) not in self._localized_texts:
            self._localized_texts[swedish, english] = LocalizedText(sv=swedish, en=english)
        return self._localized_texts[swedish, english]

    def _decode_location(self, encoded: Any, default_location: DefaultLocation) -> Location:
        if isinstance(encoded, str):
            return Location(default_location[0], default_location[1], self._texts.setdefault(encoded, encoded))
        return Location(*map(self._intern_text, encoded))

    def _decode_value(self, encoded: Any) -> FieldValue:
        if isinstance(encoded, str):
            return self._texts.setdefault(encoded, encoded)
        return decode_value(encoded)

    def _intern_text(self, text: Any) -> Any:
        return text if text is None else self._texts.setdefault(text, text)


def _add_contacts(units: tuple[Unit, ...], contacts: Iterable[tuple[int, str, str]]) -> tuple[Unit, ...]:
    """Return the units with contact and e-mail added; `contacts` are (index of the unit, contact, e-mail)."""
    contacts_by_index = {unit_index: (contact, email) for unit_index, contact, email in contacts}
    if not contacts_by_index:
        return units
    return tuple(
        Unit(unit.name, *contacts_by_index[index]) if index in contacts_by_index else unit
        for index, unit in enumerate(units)
    )


def _decode_file(encoded: Sequence[Any]) -> ReceivedFile:
    name, digest, size, saved, state, unit, reason, other_names, is_dated = encoded
    saved_at = saved and datetime.fromisoformat(saved)
    return ReceivedFile(
        name, digest, size, saved_at, FileState(state), unit, reason, tuple(other_names), bool(is_dated)
    )


def _decode_date(encoded: str | None) -> date | None:
    return date.fromisoformat(encoded) if encoded else None

"""What is packed, and the JSON that it is packed as.

What one file said, as bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Finding, Location
from xlflow.model.plan import Deadline, FieldValue, PlanItem, Round, Unit
from xlflow.model.submission import AnswerRow, PreviousAnswers, ReceivedFile, Submission
from xlflow.model.template import Template
from xlflow.runtime.codec import encode_extra_columns
from xlflow.runtime.memo import IdentityKey

ReadResult = tuple[ReceivedFile, Submission | Finding]
"""One file and what the gate or the reader made of it."""

DefaultLocation = tuple[str, str | None]
"""The file and the sheet that most places of a form are on."""


@dataclass(frozen=True, slots=True)
class EncodedSubmission:
    """What one file said, as bytes, and the frame that it needs, with its digest; a refusal needs none."""

    content: bytes
    shared_digest: str = ""
    shared_content: bytes = b""


def json_dumps_bytes(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def json_loads_bytes(content: bytes) -> Any:
    """Return the value that JSON stands for. ValueError where it is not whole."""
    return json.loads(content.decode("utf-8", "surrogatepass"))


_identity_values = attrgetter(
    "template", "version", "round_key", "unit", "form_code", "row_count", "replaced_digests"
)
_item_values = attrgetter("id", "level_texts", "units", "continues_from", "plan_position")


def encode_submission(read_result: ReadResult) -> EncodedSubmission:
    """Return a file and what it said as bytes."""
    file, outcome = read_result
    encoded_file = _encode_file(file)
    if isinstance(outcome, Finding):
        return EncodedSubmission(
            json_dumps_bytes([encoded_file, None, _encode_finding(outcome, (file.name, None))])
        )
    shared_content = _encode_shared(*_shared_key(outcome.round))
    return EncodedSubmission(
        json_dumps_bytes([encoded_file, _encode_form(outcome, file), None]),
        hashlib.sha256(shared_content).hexdigest(),
        shared_content,
    )


def _encode_file(file: ReceivedFile) -> list[object]:
    return [
        file.name,
        file.digest,
        file.size,
        file.saved_at and file.saved_at.isoformat(),
        file.state,
        file.unit,
        file.reason,
        file.further_units,
    ]


def _shared_key(round_: Round) -> tuple[object, ...]:
    """Return what all forms of a round have in common, so that it can be looked up."""
    plan = round_.plan
    unit_names, _ = _encode_units(IdentityKey(plan.units))
    plan_facts = (plan.title, unit_names, plan.year, plan.extra_headings, plan.digest, plan.file)
    return (IdentityKey(round_.template), plan_facts, round_.as_of, round_.due_date, round_.language)


@lru_cache(maxsize=32)
def _encode_units(units: IdentityKey[tuple[Unit, ...]]) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return the names of the units, and what more there is of some; most forms share them all."""
    numbered_units = enumerate(units.value)
    contacts: list[list[object]] = [
        [index, detailed_unit.contact, detailed_unit.email]
        for index, detailed_unit in numbered_units
        if detailed_unit.contact or detailed_unit.email
    ]
    return tuple([unit.name for unit in units.value]), contacts


@lru_cache(maxsize=32)
def _encode_shared(
    template: IdentityKey[Template], plan: tuple[object, ...], as_of: date, due: date | None, language: str
) -> bytes:
    encoded_template = template.value.model_dump(mode="json")
    return json_dumps_bytes([encoded_template, plan, as_of.isoformat(), due and due.isoformat(), language])


def _encode_form(submission: Submission, file: ReceivedFile) -> list[object]:
    items, headings = submission.round.plan.items, submission.round.plan.extra_headings
    item_indexes = {id(item): index for index, item in enumerate(items)}
    default_location = (file.name, submission.rows[0].location.sheet if submission.rows else None)
    return [
        default_location[1],
        _identity_values(submission.identity),
        _encode_units(IdentityKey(submission.round.plan.units))[1],
        [_encode_item(line, headings) for line in items],
        [_encode_row(row, item_indexes, headings, default_location) for row in submission.rows],
        [
            [
                entry.unit,
                _encode_location(entry.location, default_location),
                entry.texts,
                entry.reason,
                entry.is_row,
            ]
            for entry in submission.unplaced
        ],
        [_encode_finding(one, default_location) for one in submission.findings],
        submission.answers_digest,
        submission.issued,
        _encode_previous(submission.previous_answers),
        submission.nothing_to_report and _encode_location(submission.nothing_to_report, default_location),
        submission.file == file or _encode_file(submission.file),
        [_encode_other_form(other, file) for other in submission.other_submissions],
    ]


def _encode_other_form(submission: Submission, file: ReceivedFile) -> list[object]:
    encoded = encode_submission((file, submission))
    return [
        encoded.content.decode("utf-8", "surrogatepass"),
        encoded.shared_digest,
        encoded.shared_content.decode("utf-8", "surrogatepass"),
    ]


def _encode_item(item: PlanItem, headings: tuple[str, ...]) -> list[object]:
    plan_values = [[key, _encode_value(value)] for key, value in item.plan_values]
    return [*_item_values(item), plan_values, encode_extra_columns(item.extra_columns, headings)]


def _encode_row(
    row: AnswerRow, item_indexes: Mapping[int, int], headings: tuple[str, ...], default_location: DefaultLocation
) -> list[object]:
    encoded_item: object = item_indexes.get(id(row.item))
    if encoded_item is None:
        location = row.item.location
        encoded_item = [
            *_encode_item(row.item, headings),
            row.item.added_by_unit,
            location and _encode_location(location, default_location),
        ]
    answers = [
        [
            answer.field,
            _encode_value(answer.value),
            answer.raw_text,
            _encode_column(answer.column),
            answer.error_code,
        ]
        for answer in row.answers
    ]
    return [encoded_item, row.unit, _encode_location(row.location, default_location), answers]


def _encode_location(location: Location, default_location: DefaultLocation) -> object:
    """Return the cell alone where the place is on the sheet that most places are on."""
    if (
        location.file == default_location[0]
        and location.sheet == default_location[1]
        and location.cell is not None
    ):
        return location.cell
    return [location.file, location.sheet, location.cell]


def _encode_column(column: str | Location) -> object:
    return column if isinstance(column, str) else [column.file, column.sheet, column.cell]


def _encode_value(value: FieldValue | None) -> object:
    if isinstance(value, Deadline):
        return {
            "time": [value.kind, value.text, *(limit and limit.isoformat() for limit in (value.first, value.last))]
        }
    return {"number": str(value)} if isinstance(value, Decimal) else value


def _encode_finding(finding: Finding, default_location: DefaultLocation) -> list[object]:
    params = [
        [name, [param.sv, param.en] if isinstance(param, LocalizedText) else param]
        for name, param in finding.params
    ]
    details = [
        finding.severity,
        finding.rule,
        finding.unit,
        finding.row_id,
        finding.field,
        finding.value,
        finding.suggestion,
    ]
    return [finding.code, _encode_location(finding.location, default_location), *details, params]


def _encode_previous(previous: PreviousAnswers | None) -> object:
    return previous and [previous.as_of and previous.as_of.isoformat(), dict(previous.text_by_item_id)]

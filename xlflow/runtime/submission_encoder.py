"""What one file held, as bytes: how it travels from the process that read it, and how the cache stores it.

Plain JSON, so that nothing in it can be executed, and quick, since every file of a run passes here. What all forms
of a round share (template, plan without items, names of the units) is encoded once and referred to by its digest.
Waivers and aliases, agreed on after the forms went out, are no form's content and are not encoded. The reverse is
`submission_decoder`; both must know the same order of values.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import attrgetter

from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Finding, Location
from xlflow.model.plan import PlanItem, Round, Unit
from xlflow.model.submission import AnswerRow, PreviousAnswers, ReceivedFile, Submission
from xlflow.model.template import Template
from xlflow.runtime.codec import encode_extra_columns, encode_value, json_dumps_bytes
from xlflow.runtime.memo import IdentityKey

ReadResult = tuple[ReceivedFile, Submission | Finding]
"""One file, with its submission or the finding by which it was refused."""

DefaultLocation = tuple[str, str | None]
"""Name of the file and of the form sheet, on which most locations are; these are encoded as the cell alone."""


@dataclass(frozen=True, slots=True)
class EncodedSubmission:
    """One file as bytes. `content`: JSON of its own part. `shared_content`: JSON of the round's shared part, and
    `shared_digest` its SHA-256 in hexadecimal; both are blank for a refused file."""

    content: bytes
    shared_digest: str = ""
    shared_content: bytes = b""


_identity_values = attrgetter(
    "template", "version", "round_key", "unit", "form_code", "row_count", "replaced_digests"
)
_item_values = attrgetter("id", "level_texts", "units", "continues_from", "plan_position")


def encode_submission(read_result: ReadResult) -> EncodedSubmission:
    """Return a file and its submission or refusal as bytes; the reverse is `SubmissionDecoder.decode`."""
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
        file.is_dated,
    ]


def _shared_key(round_: Round) -> tuple[object, ...]:
    """Return what all forms of a round have in common, as a hashable key."""
    plan = round_.plan
    unit_names, _ = _encode_units(IdentityKey(plan.units))
    plan_facts = (plan.title, unit_names, plan.year, plan.extra_headings, plan.digest, plan.file)
    return (IdentityKey(round_.template), plan_facts, round_.as_of, round_.due_date, round_.language)


@lru_cache(maxsize=32)
def _encode_units(units: IdentityKey[tuple[Unit, ...]]) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return the names of the units, and [index, contact, e-mail] of those that have one of the two."""
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
        [_encode_item(item, headings) for item in items],
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
        [_encode_finding(finding, default_location) for finding in submission.findings],
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
    plan_values = [[key, encode_value(value)] for key, value in item.plan_values]
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
            encode_value(answer.value),
            answer.raw_text,
            _encode_column(answer.column),
            answer.error_code,
        ]
        for answer in row.answers
    ]
    return [encoded_item, row.unit, _encode_location(row.location, default_location), answers]


def _encode_location(location: Location, default_location: DefaultLocation) -> object:
    """Return the cell alone where the location is on the default sheet, else [file, sheet, cell]."""
    if (
        location.file == default_location[0]
        and location.sheet == default_location[1]
        and location.cell is not None
    ):
        return location.cell
    return [location.file, location.sheet, location.cell]


def _encode_column(column: str | Location) -> object:
    return column if isinstance(column, str) else [column.file, column.sheet, column.cell]


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

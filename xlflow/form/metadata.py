"""What travels inside a form: everything that reading and checking it needs, as records of texts.

So a form can be checked and merged without the plan and the template that it was made from. One record is one row
of the very hidden sheet: its kind, then cells. What came from the plan is JSON in ASCII, in pieces that fit a
cell,
so that no program on the way can change a character unseen. Lists of accepted answers are there for the form's own
validations only. Decoded templates and unit names are cached, since all forms of a round carry the same. Reads and
writes no files.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from xlflow.excel.conventions import MAX_CELL_CHUNK
from xlflow.form.format_1 import rename_record_kind, rename_template_keys
from xlflow.form.identity import build_identity, decode_identity, encode_identity
from xlflow.form.item_records import (
    check_agreement,
    decode_items,
    decode_previous,
    encode_item,
    encode_previous,
    load_record,
)
from xlflow.form.layout import QUARTERS_LIST, YES_NO_LIST, list_key, make_form_code
from xlflow.form.record_shapes import (
    MAX_TEMPLATE_CHARACTERS,
    check_added_answers,
    check_round_facts,
    check_unit,
    check_unit_names,
)
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import Plan, PlanItem, Round, Unit
from xlflow.model.submission import FormIdentity, PreviousAnswers
from xlflow.model.template import Template, parse_template_leniently
from xlflow.model.template_elements import Field
from xlflow.runtime.codec import (
    chunk_text,
    json_dumps_ascii,
    json_loads,
)
from xlflow.values import format_deadline, quarters_from
from xlflow.values.field_values import format_value

OFFERED_QUARTERS = 8
"""Number of quarters, from the one after the as-of date on, that a form offers for a new deadline."""


def encode_answer_lists(round_: Round) -> Iterator[tuple[str, ...]]:
    """Yield a record per offered answer: kind, key of the list, code ("" for quarters), label."""
    template, language = round_.template, round_.language
    fields_by_list = {list_key(field): field for field in template.fields}
    for key, field in fields_by_list.items():
        if key == QUARTERS_LIST:
            yield from (("quarter", key, "", label) for label in _quarter_labels(round_))
        elif key == YES_NO_LIST:
            yield from (("choice", key, *pair) for pair in _yes_no_labels(field, round_))
        elif key:
            options = template.choice_list(field).options
            yield from (("choice", key, option.code, option.label.in_language(language)) for option in options)


def _quarter_labels(round_: Round) -> Iterator[str]:
    for quarter in quarters_from(round_.as_of + timedelta(days=1), OFFERED_QUARTERS):
        yield format_deadline(quarter, round_.language, round_.plan.year)
    yield translate("form.undecided", round_.language)


def _yes_no_labels(field: Field, round_: Round) -> Iterator[tuple[str, str]]:
    for code, value in (("yes", True), ("no", False)):
        yield code, format_value(value, field, round_.template, round_.language, round_.plan.year)


RECORD_ERRORS = (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AttributeError, RecursionError)
"""What decoding records may raise where they are not whole, or not ours."""

Records = tuple[tuple[str, ...], ...]

RecordsByKind = Mapping[str, list[Sequence[str]]]
"""Kind -> the records of that kind, without the kind; in sheet order."""


def group_by_kind(rows: Iterable[Sequence[str]]) -> RecordsByKind:
    """Return the records by kind, the first cell of each row."""
    records_by_kind: dict[str, list[Sequence[str]]] = {}
    for kind, *cells in rows:
        records_by_kind.setdefault(rename_record_kind(kind), []).append(cells)
    return records_by_kind


def encode_round(round_: Round, unit: str = "") -> Iterator[tuple[str, ...]]:
    """Yield the records of a round: template, facts, names of all units, and the contact of `unit` if it has
    one."""
    text, digest = _encode_template(round_.template)
    yield ("definition", digest, *chunk_text(text, MAX_CELL_CHUNK))
    plan = round_.plan
    facts = {
        "as_of": round_.as_of.isoformat(),
        "due": round_.due_date and round_.due_date.isoformat(),
        "language": round_.language,
        "year": plan.year,
        "title": plan.title,
        "digest": plan.digest,
        "context": plan.extra_headings,
    }
    yield ("round", *chunk_text(json_dumps_ascii(facts), MAX_CELL_CHUNK))
    yield (
        "units",
        *chunk_text(json_dumps_ascii([planned_unit.name for planned_unit in plan.units]), MAX_CELL_CHUNK),
    )
    for each in plan.units:
        if each.name == unit and (each.contact or each.email):
            yield ("unit", *chunk_text(json_dumps_ascii([each.name, each.contact, each.email]), MAX_CELL_CHUNK))


def _encode_template(template: Template) -> tuple[str, str]:
    text = json_dumps_ascii(template.model_dump(mode="json"))
    return text, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=32)
def _decode_template(text: str, digest: str) -> tuple[Template, tuple[str, ...]]:
    """Return the template and its unknown keys. Raises ValueError where `text` does not match the digest.

    Cached, since every form of a round carries the same and validating it is slow.
    """
    if len(text) > MAX_TEMPLATE_CHARACTERS or hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError("the definition is not the one that was issued")
    values = rename_template_keys(json_loads(text))
    json.dumps(values, ensure_ascii=False).encode()  # raises ValueError for half a surrogate pair
    return parse_template_leniently(values)


def find_unknown_template_keys(records_by_kind: RecordsByKind) -> tuple[str, ...]:
    """Return the paths in the template that this version does not know; see `parse_template_leniently`."""
    digest, *definition = records_by_kind["definition"][0]
    _, unknown_keys = _decode_template("".join(definition), digest)
    return unknown_keys


def decode_round_facts(records_by_kind: RecordsByKind) -> Mapping[str, Any]:
    """Return the record "round" of `encode_round`: dates as ISO texts, language and facts of the plan, by name."""
    return check_round_facts(load_record(records_by_kind["round"][0]))


def decode_round(records_by_kind: RecordsByKind, facts: Mapping[str, Any], items: tuple[PlanItem, ...]) -> Round:
    """Return the round of the records, with the items given; `facts` from `decode_round_facts`."""
    digest, *definition = records_by_kind["definition"][0]
    plan = Plan(
        title=facts["title"],
        units=_decode_units(records_by_kind),
        items=items,
        year=facts["year"],
        extra_headings=tuple(facts["context"]),
        digest=facts["digest"],
    )
    due = date.fromisoformat(facts["due"]) if facts["due"] else None
    template, _ = _decode_template("".join(definition), digest)
    return Round(template, plan, date.fromisoformat(facts["as_of"]), due, facts["language"])


def _decode_units(records_by_kind: RecordsByKind) -> tuple[Unit, ...]:
    """Return all units; the contact and e-mail of the form's own unit only."""
    detailed_units = [Unit(*check_unit(load_record(record))) for record in records_by_kind.get("unit", ())]
    if "units" not in records_by_kind:
        return tuple(detailed_units)
    units, detailed_by_name = (
        _decode_unit_names("".join(records_by_kind["units"][0])),
        {unit.name: unit for unit in detailed_units},
    )
    return tuple(detailed_by_name.get(unit.name, unit) for unit in units) if detailed_by_name else units


@lru_cache(maxsize=32)
def _decode_unit_names(text: str) -> tuple[Unit, ...]:
    return tuple(map(Unit, check_unit_names(load_record((text,)))))


AnswerTexts = Mapping[str, Mapping[str, str]]
"""Plan item id -> field key -> the text in the answer cell."""

NO_ANSWER_TEXTS: AnswerTexts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """What was issued to one unit, as its form carries it.

    `round`: with the items of this unit only, and the names of all units. `issued_answers`: texts of the answer
    cells when the form went out; with added activities too in a correction form. `row_fingerprints`: in the
    order of
    the items. `unknown_template_keys`: written by a newer version of this program. `sheet_fingerprints`: (word key
    of the sheet's name, fingerprints) of the other sheets of a correction form, see `form.sheet_fingerprints`.
    """

    identity: FormIdentity
    round: Round
    issued_answers: AnswerTexts
    row_fingerprints: tuple[str, ...]
    previous_answers: PreviousAnswers | None = None
    unknown_template_keys: tuple[str, ...] = ()
    sheet_fingerprints: tuple[tuple[str, str], ...] = ()

    @property
    def form_code(self) -> str:
        """The short code on the form; computed from round and unit where the form has lost it."""
        return self.identity.form_code or make_form_code(self.round.key, self.identity.unit)


def issued_items(round_: Round, unit: str) -> tuple[PlanItem, ...]:
    """Return the items that a unit is asked about, in plan order, without those that it added.

    Each has its `plan_position`, so that a merge can restore the order without the plan; one that was read from a
    form has it already.
    """
    return tuple(
        item if item.plan_position else replace(item, plan_position=position)
        for position, item in enumerate(round_.plan.items, 1)
        if unit in item.units and not item.added_by_unit
    )


def encode_form_records(
    round_: Round,
    unit: str,
    issued_answers: AnswerTexts = NO_ANSWER_TEXTS,
    replaces: tuple[str, ...] = (),
    previous: PreviousAnswers | None = None,
) -> Records:
    """Return all records of a form, each as texts that fit a cell, its kind first.

    `replaces`: answers digests of the returns that a correction form replaces.
    """
    identity = build_identity(round_, unit, replaces)
    return (
        *(("identity", key, *chunk_text(text, MAX_CELL_CHUNK)) for key, text in encode_identity(identity)),
        *encode_round(round_, unit),
        *encode_answer_lists(round_),
        *(encode_item(item, round_, issued_answers.get(item.id, {})) for item in issued_items(round_, unit)),
        *(
            (
                "added",
                *chunk_text(
                    json_dumps_ascii([item.id, dict(sorted(issued_answers[item.id].items()))]), MAX_CELL_CHUNK
                ),
            )
            for item in round_.items_for_unit(unit)
            if item.added_by_unit and issued_answers.get(item.id)
        ),
        *((("previous", *chunk_text(encode_previous(previous), MAX_CELL_CHUNK)),) if previous else ()),
    )


def encode_sheet_fingerprints(sheet_fingerprints: Mapping[str, str]) -> Records:
    """Return the further records of a correction form: the fingerprints of its other sheets, by their word key."""
    return tuple(
        ("sheet_fingerprint", sheet, *chunk_text(fingerprints, MAX_CELL_CHUNK))
        for sheet, fingerprints in sheet_fingerprints.items()
    )


def decode_form_records(rows: Iterable[Sequence[str]]) -> IssuedForm | None:
    """Return the form of the records; None if they are not ours, damaged or of an unknown format.

    `rows`: the cells of the sheet; blanks ("") may follow on the right, but no cell may be stripped.
    """
    records_by_kind = group_by_kind(rows)
    try:
        identity = decode_identity({key: "".join(cells) for key, *cells in records_by_kind.get("identity", ())})
        return _decode_form(identity, records_by_kind) if identity else None
    except RECORD_ERRORS:
        return None


def decode_returned_records(rows: Iterable[Sequence[str]]) -> IssuedForm | None:
    """Return the form of the records of a file that came back, as `decode_form_records` does; None also where they
    contradict each other, which no form that was issued does."""
    issued = decode_form_records(rows)
    try:
        if issued:
            check_agreement(issued.identity, issued.round)
    except RECORD_ERRORS:
        return None
    return issued


def encode_consolidated_round(round_: Round) -> Records:
    """Return the records of a consolidated workbook: template, dates, names of the units; no items."""
    return tuple(encode_round(round_))


def decode_consolidated_round(rows: Iterable[Sequence[str]]) -> Round | None:
    """Return the round of a consolidated workbook, without items; None as in `decode_form_records`."""
    records_by_kind = group_by_kind(rows)
    try:
        return decode_round(records_by_kind, decode_round_facts(records_by_kind), ())
    except RECORD_ERRORS:
        return None


def _decode_form(identity: FormIdentity, records_by_kind: RecordsByKind) -> IssuedForm | None:
    facts = decode_round_facts(records_by_kind)
    decoded_items = list(decode_items(records_by_kind.get("item", ()), tuple(facts["context"])))
    if len(decoded_items) != identity.row_count:
        return None
    round_ = decode_round(records_by_kind, facts, tuple([item for item, _, _ in decoded_items]))
    added_answers = [check_added_answers(load_record(record)) for record in records_by_kind.get("added", ())]
    texts_by_item = (*((item.id, texts) for item, _, texts in decoded_items), *added_answers)
    answers = {item_id: MappingProxyType(texts) for item_id, texts in texts_by_item if texts}
    row_fingerprints, previous_records = (
        tuple(fingerprint for _, fingerprint, _ in decoded_items),
        records_by_kind.get("previous"),
    )
    previous_answers = decode_previous("".join(previous_records[0])) if previous_records else None
    sheet_fingerprints = tuple(
        (sheet, "".join(chunks)) for sheet, *chunks in records_by_kind.get("sheet_fingerprint", ())
    )
    return IssuedForm(
        identity,
        round_,
        MappingProxyType(answers),
        row_fingerprints,
        previous_answers,
        find_unknown_template_keys(records_by_kind),
        sheet_fingerprints,
    )

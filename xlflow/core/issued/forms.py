"""What was issued to one unit, as the records of its form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from xlflow.core.issued.identity import build_identity, decode_identity, encode_identity
from xlflow.core.issued.lists import encode_answer_lists
from xlflow.core.issued.rounds import (
    Records,
    RecordsByKind,
    decode_round,
    decode_round_facts,
    encode_round,
    find_unknown_template_keys,
    group_by_kind,
)
from xlflow.core.issued.texts import (
    chunk_text,
    decode_extra_columns,
    decode_value,
    encode_extra_columns,
    encode_value,
    json_dumps_ascii,
    json_loads,
)
from xlflow.core.layout import MAX_CELL_CHUNK, row_fingerprint
from xlflow.core.model import FormIdentity, PlanItem, PreviousAnswers, Round

AnswerTexts = Mapping[str, Mapping[str, str]]
"""Line id -> field key -> the text that stands (or stood) in the answer cell."""

NO_ANSWER_TEXTS: AnswerTexts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """What was issued to one unit, as its form tells: `round` holds the lines of this unit only, and the names
    of all units. `fingerprints` stand in the order of the lines; `issued` is what the answer cells held then,
    those of the unit's own activities too, where a form goes back with them; `unknown` is what a newer version of
    this program wrote into the definition and this one does not know. `listed` are the marks of what such a form's
    other sheets say themselves, by the word for their name (`core/listed.py`)."""

    identity: FormIdentity
    round: Round
    issued_answers: AnswerTexts
    row_fingerprints: tuple[str, ...]
    previous_answers: PreviousAnswers | None = None
    unknown_template_keys: tuple[str, ...] = ()
    sheet_fingerprints: tuple[tuple[str, str], ...] = ()


def issued_items(round_: Round, unit: str) -> tuple[PlanItem, ...]:
    """Return the lines that a unit is asked about, in the order in which they were planned; none of its own.

    Each knows its position in the plan, so that a merge can restore the plan's order without the plan; one that
    came back in a form knows it already.
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
    """Return everything that a form carries, as rows of texts that fit a cell, each row's kind first."""
    identity = build_identity(round_, unit, replaces)
    return (
        *(("identity", key, *chunk_text(text, MAX_CELL_CHUNK)) for key, text in encode_identity(identity)),
        *encode_round(round_, unit),
        *encode_answer_lists(round_),
        *(_encode_item(item, round_, issued_answers.get(item.id, {})) for item in issued_items(round_, unit)),
        *(
            (
                "own",
                *chunk_text(
                    json_dumps_ascii([line.id, dict(sorted(issued_answers[line.id].items()))]), MAX_CELL_CHUNK
                ),
            )
            for line in round_.items_for_unit(unit)
            if line.added_by_unit and issued_answers.get(line.id)
        ),
        *((("previous", *chunk_text(_encode_previous(previous), MAX_CELL_CHUNK)),) if previous else ()),
    )


def encode_sheet_fingerprints(sheet_fingerprints: Mapping[str, str]) -> Records:
    """Return what a form that goes back carries besides: the marks of what its other sheets say themselves."""
    return tuple(
        ("listed", sheet, *chunk_text(fingerprints, MAX_CELL_CHUNK))
        for sheet, fingerprints in sheet_fingerprints.items()
    )


def decode_form_records(rows: Iterable[Sequence[str]]) -> IssuedForm | None:
    """Return what the records say, None if they are not ours, not whole or not in a shape that we know.

    Takes the rows as they stand in the sheet: cells to the right may be blank (""), but no cell may be stripped.
    """
    records_by_kind = group_by_kind(rows)
    try:
        identity = decode_identity({key: "".join(cells) for key, *cells in records_by_kind.get("identity", ())})
        return _decode_form(identity, records_by_kind) if identity else None
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def encode_consolidated_round(round_: Round) -> Records:
    """Return what a consolidated workbook carries of its round: template, days, names of the units; no lines."""
    return tuple(encode_round(round_))


def decode_consolidated_round(rows: Iterable[Sequence[str]]) -> Round | None:
    """Return the round that a consolidated workbook was made from, without lines; None as in `from_records`."""
    records_by_kind = group_by_kind(rows)
    try:
        return decode_round(records_by_kind, decode_round_facts(records_by_kind), ())
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def _decode_form(identity: FormIdentity, records_by_kind: RecordsByKind) -> IssuedForm | None:
    facts = decode_round_facts(records_by_kind)
    decoded_items = list(_decode_items(records_by_kind.get("line", ()), tuple(facts["context"])))
    if len(decoded_items) != identity.row_count:
        return None
    round_ = decode_round(records_by_kind, facts, tuple([item for item, _, _ in decoded_items]))
    added_answers = (json_loads("".join(record)) for record in records_by_kind.get("own", ()))
    texts_by_item = (*((line.id, texts) for line, _, texts in decoded_items), *added_answers)
    answers = {item_id: MappingProxyType(texts) for item_id, texts in texts_by_item if texts}
    row_fingerprints, previous_records = (
        tuple(fingerprint for _, fingerprint, _ in decoded_items),
        records_by_kind.get("previous"),
    )
    previous_answers = _decode_previous("".join(previous_records[0])) if previous_records else None
    sheet_fingerprints = tuple((sheet, "".join(chunks)) for sheet, *chunks in records_by_kind.get("listed", ()))
    return IssuedForm(
        identity,
        round_,
        MappingProxyType(answers),
        row_fingerprints,
        previous_answers,
        find_unknown_template_keys(records_by_kind),
        sheet_fingerprints,
    )


def _encode_previous(previous: PreviousAnswers) -> str:
    return json_dumps_ascii(
        [previous.as_of and previous.as_of.isoformat(), dict(sorted(previous.text_by_item_id.items()))]
    )


def _decode_previous(text: str) -> PreviousAnswers:
    as_of, texts = json_loads(text)
    return PreviousAnswers(as_of and date.fromisoformat(as_of), MappingProxyType(dict(texts)))


def _encode_item(item: PlanItem, round_: Round, issued_texts: Mapping[str, str]) -> tuple[str, ...]:
    facts = [
        item.id,
        item.level_texts,
        item.units,
        [[key, encode_value(value)] for key, value in item.plan_values],
        encode_extra_columns(item.extra_columns, round_.plan.extra_headings),
        item.continues_from,
        dict(sorted(issued_texts.items())),
        item.plan_position,
    ]
    return ("line", row_fingerprint(item.level_texts), *chunk_text(json_dumps_ascii(facts), MAX_CELL_CHUNK))


def _decode_items(
    records: Sequence[Sequence[str]], headings: tuple[str, ...]
) -> Iterator[tuple[PlanItem, str, dict[str, str]]]:
    encoded_items = json_loads(f"[{','.join(''.join(chunks) for _, *chunks in records)}]")
    for (fingerprint, *_), facts in zip(records, encoded_items, strict=True):
        item_id, levels, units, encoded_values, encoded_columns, continues_from, issued_texts, position = facts[:8]
        plan_values = tuple([(name, decode_value(value)) for name, value in encoded_values])
        extra_columns = decode_extra_columns(encoded_columns, headings)
        item = PlanItem(
            item_id,
            tuple(levels),
            tuple(units),
            plan_values,
            extra_columns,
            continues_from,
            plan_position=int(position),
        )
        yield item, fingerprint, issued_texts

"""The records of a form's plan items and of the answers of the round before, and whether the records agree.

Written by `metadata`, which knows the order of all records. Read strictly: what does not fit raises one of
`metadata.RECORD_ERRORS`, and costs that one form.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from xlflow.excel.conventions import MAX_CELL_CHUNK
from xlflow.form.layout import row_fingerprint
from xlflow.form.record_shapes import (
    MAX_RECORD_CHARACTERS,
    check_item_facts,
    check_item_fits,
    check_previous_answers,
)
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import FormIdentity, PreviousAnswers
from xlflow.runtime.codec import (
    chunk_text,
    decode_extra_columns,
    decode_value,
    encode_extra_columns,
    encode_value,
    json_dumps_ascii,
    json_loads,
)


def load_record(chunks: Sequence[str]) -> Any:
    """Return the value of a record in pieces. Raises ValueError where it is not whole, or larger than any."""
    text = "".join(chunks)
    if len(text) > MAX_RECORD_CHARACTERS:
        raise ValueError("the record is too large")
    return json_loads(text)


def encode_item(item: PlanItem, round_: Round, issued_texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the record of a plan item: its kind, its fingerprint, its facts in pieces that fit a cell."""
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
    return ("item", row_fingerprint(item.level_texts), *chunk_text(json_dumps_ascii(facts), MAX_CELL_CHUNK))


def decode_items(
    records: Sequence[Sequence[str]], headings: tuple[str, ...]
) -> Iterator[tuple[PlanItem, str, dict[str, str]]]:
    """Yield (item, fingerprint, issued texts by field key) of each record, without its kind. `headings` are those
    of the plan's further columns."""
    encoded_items = check_item_facts(load_record((f"[{','.join(''.join(chunks) for _, *chunks in records)}]",)))
    for (fingerprint, *_), facts in zip(records, encoded_items, strict=True):
        item_id, levels, units, encoded_values, encoded_columns, continues_from, issued_texts, position = facts
        plan_values = tuple([(name, decode_value(value)) for name, value in encoded_values])
        extra_columns = decode_extra_columns(encoded_columns, headings)
        item = PlanItem(
            item_id,
            tuple(levels),
            tuple(units),
            plan_values,
            extra_columns,
            continues_from,
            plan_position=position,
        )
        yield item, fingerprint, issued_texts


def encode_previous(previous: PreviousAnswers) -> str:
    """Return the answers of the round before as JSON; the reverse is `decode_previous`."""
    return json_dumps_ascii(
        [previous.as_of and previous.as_of.isoformat(), dict(sorted(previous.text_by_item_id.items()))]
    )


def decode_previous(text: str) -> PreviousAnswers:
    """Return what `encode_previous` was given."""
    as_of, texts = check_previous_answers(load_record((text,)))
    return PreviousAnswers(date.fromisoformat(as_of) if as_of else None, MappingProxyType(dict(texts)))


def check_agreement(identity: FormIdentity, round_: Round) -> None:
    """Raise ValueError where the records of one form contradict each other, or an item does not fit the
    template."""
    template = round_.template
    if (identity.template, identity.version, identity.round_key) != (template.name, template.version, round_.key):
        raise ValueError("the form is of another round than its definition")
    if identity.unit not in {unit.name for unit in round_.plan.units}:
        raise ValueError("the form is of a unit that was not asked")
    if len({item.id for item in round_.plan.items}) != len(round_.plan.items):
        raise ValueError("an item is there twice")
    for item in round_.plan.items:
        check_item_fits(item, template)

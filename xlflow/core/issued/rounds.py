"""The round as records: the definition of the template, the days, what the plan is called, the names of the units.

Nearly the same in every form of a round, so what was heard once is remembered.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from xlflow.core.issued.texts import chunk_text, json_dumps_ascii, json_loads
from xlflow.core.layout import MAX_CELL_CHUNK
from xlflow.core.model import Plan, PlanItem, Round, Unit
from xlflow.core.template import Template, parse_template_leniently

Records = tuple[tuple[str, ...], ...]

RecordsByKind = Mapping[str, list[Sequence[str]]]
"""The cells of the records, by kind."""


def group_by_kind(rows: Iterable[Sequence[str]]) -> RecordsByKind:
    """Return the records by their kind, which stands in the first cell."""
    records_by_kind: dict[str, list[Sequence[str]]] = {}
    for kind, *cells in rows:
        records_by_kind.setdefault(kind, []).append(cells)
    return records_by_kind


def encode_round(round_: Round, unit: str = "") -> Iterator[tuple[str, ...]]:
    """Yield the records of a round; of the units, besides their names, what is known of the one named."""
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
    """Return the template, and what of it is not known here; kept, since every form of a round carries the same
    and checking its shape is slow."""
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError("the definition is not the one that was issued")
    return parse_template_leniently(json_loads(text))


def find_unknown_template_keys(records_by_kind: RecordsByKind) -> tuple[str, ...]:
    """Return what of the definition is not known here."""
    digest, *definition = records_by_kind["definition"][0]
    _, unknown_keys = _decode_template("".join(definition), digest)
    return unknown_keys


def decode_round_facts(records_by_kind: RecordsByKind) -> dict[str, Any]:
    """Return the days, the language and what is known of the plan, by name."""
    facts: dict[str, Any] = json_loads("".join(records_by_kind["round"][0]))
    return facts


def decode_round(records_by_kind: RecordsByKind, facts: Mapping[str, Any], items: tuple[PlanItem, ...]) -> Round:
    """Return the round that the records tell of, with these lines."""
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
    """Return the units by their names, of which every form has all, and what it knows of its own one besides."""
    detailed_units = [Unit(*json_loads("".join(record))) for record in records_by_kind.get("unit", ())]
    if "units" not in records_by_kind:
        return tuple(detailed_units)
    units, detailed_by_name = (
        _decode_unit_names("".join(records_by_kind["units"][0])),
        {unit.name: unit for unit in detailed_units},
    )
    return tuple(detailed_by_name.get(unit.name, unit) for unit in units) if detailed_by_name else units


@lru_cache(maxsize=32)
def _decode_unit_names(text: str) -> tuple[Unit, ...]:
    return tuple(map(Unit, json_loads(text)))

"""The round as records: the definition of the template, the days, what the plan is called, the names of the units.

Nearly the same in every form of a round, so what was heard once is remembered.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from xlflow.core.issued.texts import cut, pack, unpack
from xlflow.core.layout import PIECE
from xlflow.core.model import Line, Plan, Round, Unit
from xlflow.core.template import Template, understand_template

Records = tuple[tuple[str, ...], ...]

Kinds = Mapping[str, list[Sequence[str]]]
"""The cells of the records, by kind."""


def by_kind(rows: Iterable[Sequence[str]]) -> Kinds:
    """Return the records by their kind, which stands in the first cell."""
    kinds: dict[str, list[Sequence[str]]] = {}
    for kind, *cells in rows:
        kinds.setdefault(kind, []).append(cells)
    return kinds


def say_round(round_: Round, unit: str = "") -> Iterator[tuple[str, ...]]:
    """Yield the records of a round; of the units, besides their names, what is known of the one named."""
    text, digest = _definition_of(round_.template)
    yield ("definition", digest, *cut(text, PIECE))
    plan = round_.plan
    facts = {
        "as_of": round_.as_of.isoformat(),
        "due": round_.due and round_.due.isoformat(),
        "language": round_.language,
        "year": plan.year,
        "title": plan.title,
        "digest": plan.digest,
        "context": plan.context,
    }
    yield ("round", *cut(pack(facts), PIECE))
    yield ("units", *cut(pack([each.name for each in plan.units]), PIECE))
    for each in plan.units:
        if each.name == unit and (each.contact or each.email):
            yield ("unit", *cut(pack([each.name, each.contact, each.email]), PIECE))


def _definition_of(template: Template) -> tuple[str, str]:
    text = pack(template.model_dump(mode="json"))
    return text, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=32)
def _template_of(text: str, digest: str) -> tuple[Template, tuple[str, ...]]:
    """Return the template, and what of it is not known here; kept, since every form of a round carries the same
    and checking its shape is slow."""
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError("the definition is not the one that was issued")
    return understand_template(unpack(text))


def find_unknown(kinds: Kinds) -> tuple[str, ...]:
    """Return what of the definition is not known here."""
    digest, *definition = kinds["definition"][0]
    _, unknown = _template_of("".join(definition), digest)
    return unknown


def hear_facts(kinds: Kinds) -> dict[str, Any]:
    """Return the days, the language and what is known of the plan, by name."""
    facts: dict[str, Any] = unpack("".join(kinds["round"][0]))
    return facts


def hear_round(kinds: Kinds, facts: Mapping[str, Any], lines: tuple[Line, ...]) -> Round:
    """Return the round that the records tell of, with these lines."""
    digest, *definition = kinds["definition"][0]
    plan = Plan(
        title=facts["title"],
        units=_hear_units(kinds),
        lines=lines,
        year=facts["year"],
        context=tuple(facts["context"]),
        digest=facts["digest"],
    )
    due = date.fromisoformat(facts["due"]) if facts["due"] else None
    template, _ = _template_of("".join(definition), digest)
    return Round(template, plan, date.fromisoformat(facts["as_of"]), due, facts["language"])


def _hear_units(kinds: Kinds) -> tuple[Unit, ...]:
    """Return the units by their names, of which every form has all, and what it knows of its own one besides."""
    known = [Unit(*unpack("".join(record))) for record in kinds.get("unit", ())]
    if "units" not in kinds:
        return tuple(known)
    units, more = _units_of("".join(kinds["units"][0])), {unit.name: unit for unit in known}
    return tuple(more.get(unit.name, unit) for unit in units) if more else units


@lru_cache(maxsize=32)
def _units_of(text: str) -> tuple[Unit, ...]:
    return tuple(map(Unit, unpack(text)))

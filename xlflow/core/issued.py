"""What travels inside a form: everything that reading and checking it needs, as records of texts.

A form can be checked and merged without the plan and the template it was made from. One record is one row of
the very hidden sheet, its kind first. Whatever came from the plan travels as JSON in plain ASCII, in pieces
that fit a cell, so that no program on the way can change a letter of it unseen. Reads and writes no files.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from xlflow.core.layout import (
    PIECE,
    PROPERTY_PIECE,
    QUARTERS,
    YES_NO,
    form_code,
    list_key,
    row_fingerprint,
)
from xlflow.core.model import Deadline, Identity, Line, Plan, Previous, Round, Row, SetAside, Unit, Value
from xlflow.core.template import Field, Template, understand_template
from xlflow.core.values import quarters_from, show_deadline, show_value
from xlflow.core.words import say

Answers = Mapping[str, Mapping[str, str]]
"""Line id -> field key -> the text that stands (or stood) in the answer cell."""

Records = tuple[tuple[str, ...], ...]

Pairs = tuple[tuple[str, str], ...]
"""The further columns of a line: heading and text."""

Kinds = Mapping[str, list[Sequence[str]]]
"""The cells of the records, by kind."""

FORMAT = "1"
"""Which shape the records have; a form in a shape that we do not know is not read."""

NO_ANSWERS: Answers = MappingProxyType({})

QUARTERS_AHEAD = 8
"""How many quarters after the as-of date a form offers for a new deadline."""

_PROPERTY = "xlflow."


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued to one unit, as its form tells: `round` holds the lines of this unit only, and the names
    of all units. `fingerprints` stand in the order of the lines; `issued` is what the answer cells held then,
    those of the unit's own activities too, where a form goes back with them; `unknown` is what a newer version of
    this program wrote into the definition and this one does not know."""

    identity: Identity
    round: Round
    issued: Answers
    fingerprints: tuple[str, ...]
    previous: Previous | None = None
    unknown: tuple[str, ...] = ()


def identify_form(round_: Round, unit: str, replaces: tuple[str, ...] = ()) -> Identity:
    """Return what a form says of itself."""
    template = round_.template
    rows = sum(not line.own for line in round_.lines_of(unit))
    code = form_code(round_.key, unit)
    return Identity(template.name, template.version, round_.key, unit, rows, code, replaces)


def issued_lines(round_: Round, unit: str) -> tuple[Line, ...]:
    """Return the lines that a unit is asked about, in the order in which they were planned; none of its own.

    Each knows its position in the plan, so that a merge can restore the plan's order without the plan; one that
    came back in a form knows it already.
    """
    return tuple(
        line if line.position else replace(line, position=position)
        for position, line in enumerate(round_.plan.lines, 1)
        if unit in line.units and not line.own
    )


def to_records(
    round_: Round,
    unit: str,
    issued: Answers = NO_ANSWERS,
    replaces: tuple[str, ...] = (),
    previous: Previous | None = None,
) -> Records:
    """Return everything that a form carries, as rows of texts that fit a cell, each row's kind first."""
    identity = identify_form(round_, unit, replaces)
    return (
        *(("identity", key, *_cut(text, PIECE)) for key, text in _say_identity(identity)),
        *_round_records(round_, unit),
        *_list_records(round_),
        *(_line_record(line, round_, issued.get(line.id, {})) for line in issued_lines(round_, unit)),
        *(
            ("own", *_cut(_pack([line.id, dict(sorted(issued[line.id].items()))]), PIECE))
            for line in round_.lines_of(unit)
            if line.own and issued.get(line.id)
        ),
        *((("previous", *_cut(_say_previous(previous), PIECE)),) if previous else ()),
    )


def from_records(rows: Iterable[Sequence[str]]) -> Issued | None:
    """Return what the records say, None if they are not ours, not whole or not in a shape that we know.

    Takes the rows as they stand in the sheet: cells to the right may be blank (""), but no cell may be stripped.
    """
    kinds = _by_kind(rows)
    try:
        identity = _hear_identity({key: "".join(cells) for key, *cells in kinds.get("identity", ())})
        return _hear_all(identity, kinds) if identity else None
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def round_records(round_: Round) -> Records:
    """Return what a consolidated workbook carries of its round: template, days, names of the units; no lines."""
    return tuple(_round_records(round_, ""))


def round_of_records(rows: Iterable[Sequence[str]]) -> Round | None:
    """Return the round that a consolidated workbook was made from, without lines; None as in `from_records`."""
    kinds = _by_kind(rows)
    try:
        return _hear_round(kinds, _hear_facts(kinds), ())
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def identity_properties(identity: Identity) -> tuple[tuple[str, str], ...]:
    """Return the identity as custom document properties, the second carrier; long texts in several."""
    return tuple(
        (f"{_PROPERTY}{key}" if number == 1 else f"{_PROPERTY}{key}.{number}", piece)
        for key, text in _say_identity(identity)
        for number, piece in enumerate(_cut(text, PROPERTY_PIECE), 1)
    )


def identity_of_properties(properties: Mapping[str, object]) -> Identity | None:
    """Return what the custom document properties say of a form, None if they are not (all) there."""
    values: dict[str, str] = {}
    for name in sorted(filter(lambda name: name.startswith(_PROPERTY), properties), key=_in_pieces):
        key, _ = _in_pieces(name)
        values[key] = values.get(key, "") + str(properties[name])
    try:
        return _hear_identity(values)
    except ValueError:
        return None


def digest_answers(
    round_key: str,
    unit: str,
    rows: Iterable[Row],
    set_aside: Iterable[SetAside],
    *,
    nothing: bool = False,
    quotes: Sequence[str] = (),
) -> str:
    """Return a digest that is equal for two returns of a unit that say the same in the same words.

    `quotes` is what was written where the form says something itself.
    """
    said = sorted(
        (
            row.line.id,
            row.line.levels if row.line.own else (),
            tuple([(answer.field, answer.written) for answer in row.answers if answer.written]),
        )
        for row in rows
    )
    kept = sorted(one.texts for one in set_aside)
    more = (*(["nothing"] if nothing else []), *([list(quotes)] if quotes else []))
    whole = repr((round_key, unit, [row for row in said if row[1] or row[2]], kept, *more))
    return hashlib.sha256(whole.encode()).hexdigest()


# The identity ---------------------------------------------------------------------------------------------


def _say_identity(identity: Identity) -> Iterator[tuple[str, str]]:
    yield "format", FORMAT
    for key in ("template", "version", "round", "unit"):
        yield key, _guard(getattr(identity, key))
    yield "rows", str(identity.rows)
    yield "form_code", identity.form_code
    if identity.replaces:
        yield "replaces", " ".join(identity.replaces)


def _hear_identity(values: Mapping[str, str]) -> Identity | None:
    if values.get("format") != FORMAT or not values.keys() >= {"template", "version", "round", "unit", "rows"}:
        return None
    template, version, round_, unit = (_unguard(values[key]) for key in ("template", "version", "round", "unit"))
    replaces = tuple(values.get("replaces", "").split())
    return Identity(template, version, round_, unit, int(values["rows"]), values.get("form_code", ""), replaces)


def _in_pieces(name: str) -> tuple[str, int]:
    key, _, number = name.removeprefix(_PROPERTY).partition(".")
    return key, int(number) if number.isdecimal() else 1


def _guard(text: str) -> str:
    """Return a short text as it is where every program keeps it as it is, else packed."""
    plain = text.isprintable() and text == text.strip() and max(text, default="") < "\U00010000"
    return text if plain and text and "_x" not in text and text[0] not in '"=+-@' else _pack(text)


def _unguard(text: str) -> str:
    return str(_unpack(text)) if text.startswith('"') else text


# The round ------------------------------------------------------------------------------------------------


def _round_records(round_: Round, unit: str) -> Iterator[tuple[str, ...]]:
    text, digest = _definition_of(round_.template)
    yield ("definition", digest, *_cut(text, PIECE))
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
    yield ("round", *_cut(_pack(facts), PIECE))
    yield ("units", *_cut(_pack([each.name for each in plan.units]), PIECE))
    for each in plan.units:
        if each.name == unit and (each.contact or each.email):
            yield ("unit", *_cut(_pack([each.name, each.contact, each.email]), PIECE))


def _definition_of(template: Template) -> tuple[str, str]:
    text = _pack(template.model_dump(mode="json"))
    return text, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=32)
def _template_of(text: str, digest: str) -> tuple[Template, tuple[str, ...]]:
    """Return the template, and what of it is not known here; kept, since every form of a round carries the same
    and checking its shape is slow."""
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError("the definition is not the one that was issued")
    return understand_template(_unpack(text))


def _by_kind(rows: Iterable[Sequence[str]]) -> Kinds:
    kinds: dict[str, list[Sequence[str]]] = {}
    for kind, *cells in rows:
        kinds.setdefault(kind, []).append(cells)
    return kinds


def _hear_facts(kinds: Kinds) -> dict[str, Any]:
    facts: dict[str, Any] = _unpack("".join(kinds["round"][0]))
    return facts


def _hear_round(kinds: Kinds, facts: Mapping[str, Any], lines: tuple[Line, ...]) -> Round:
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
    known = [Unit(*_unpack("".join(record))) for record in kinds.get("unit", ())]
    if "units" not in kinds:
        return tuple(known)
    units, more = _units_of("".join(kinds["units"][0])), {unit.name: unit for unit in known}
    return tuple(more.get(unit.name, unit) for unit in units) if more else units


@lru_cache(maxsize=32)
def _units_of(text: str) -> tuple[Unit, ...]:
    return tuple(map(Unit, _unpack(text)))


def _hear_all(identity: Identity, kinds: Kinds) -> Issued | None:
    facts = _hear_facts(kinds)
    lines = list(_hear_lines(kinds.get("line", ()), tuple(facts["context"])))
    if len(lines) != identity.rows:
        return None
    round_ = _hear_round(kinds, facts, tuple([line for line, _, _ in lines]))
    own = (_unpack("".join(record)) for record in kinds.get("own", ()))
    told = (*((line.id, texts) for line, _, texts in lines), *own)
    answers = {line_id: MappingProxyType(texts) for line_id, texts in told if texts}
    marks, previous = tuple(mark for _, mark, _ in lines), kinds.get("previous")
    said = _hear_previous("".join(previous[0])) if previous else None
    digest, *definition = kinds["definition"][0]
    _, unknown = _template_of("".join(definition), digest)
    return Issued(identity, round_, MappingProxyType(answers), marks, said, unknown)


def _say_previous(previous: Previous) -> str:
    return _pack([previous.as_of and previous.as_of.isoformat(), dict(sorted(previous.texts.items()))])


def _hear_previous(text: str) -> Previous:
    as_of, texts = _unpack(text)
    return Previous(as_of and date.fromisoformat(as_of), MappingProxyType(dict(texts)))


def _list_records(round_: Round) -> Iterator[tuple[str, ...]]:
    """Yield the lists that the form's cells offer; they are for the form alone, reading it passes them over."""
    template, language = round_.template, round_.language
    offered = {list_key(field): field for field in template.fields}
    for key, field in offered.items():
        if key == QUARTERS:
            yield from (("quarter", key, "", label) for label in _say_quarters(round_))
        elif key == YES_NO:
            yield from (("choice", key, *pair) for pair in _say_yes_no(field, round_))
        elif key:
            options = template.choice_list(field).options
            yield from (("choice", key, option.code, option.label.say(language)) for option in options)


def _say_quarters(round_: Round) -> Iterator[str]:
    for quarter in quarters_from(round_.as_of + timedelta(days=1), QUARTERS_AHEAD):
        yield show_deadline(quarter, round_.language, round_.plan.year)
    yield say("form.undecided", round_.language)


def _say_yes_no(field: Field, round_: Round) -> Iterator[tuple[str, str]]:
    for code, value in (("yes", True), ("no", False)):
        yield code, show_value(value, field, round_.template, round_.language, round_.plan.year)


# The lines ------------------------------------------------------------------------------------------------


def _line_record(line: Line, round_: Round, issued: Mapping[str, str]) -> tuple[str, ...]:
    facts = [
        line.id,
        line.levels,
        line.units,
        [[key, _say_value(value)] for key, value in line.given],
        say_context(line.context, round_.plan.context),
        line.continues_from,
        dict(sorted(issued.items())),
        line.position,
    ]
    return ("line", row_fingerprint(line.levels), *_cut(_pack(facts), PIECE))


def _hear_lines(
    records: Sequence[Sequence[str]], headings: tuple[str, ...]
) -> Iterator[tuple[Line, str, dict[str, str]]]:
    said = _unpack(f"[{','.join(''.join(pieces) for _, *pieces in records)}]")
    for (mark, *_), facts in zip(records, said, strict=True):
        key, levels, units, given, context, continues_from, issued, position = facts[:8]
        values = tuple([(name, _hear_value(value)) for name, value in given])
        extra = hear_context(context, headings)
        line = Line(key, tuple(levels), tuple(units), values, extra, continues_from, position=int(position))
        yield line, mark, issued


def say_context(context: Pairs, headings: tuple[str, ...]) -> Sequence[object]:
    """Return the further columns of a line: their texts alone where the plan's headings tell the rest, as nearly
    always."""
    same = tuple([heading for heading, _ in context]) == headings
    return [text for _, text in context] if same else context


def hear_context(said: Sequence[Any], headings: tuple[str, ...]) -> Pairs:
    """Return the further columns of a line as (heading, text). ValueError if the texts are not as many as the
    headings."""
    if said and not isinstance(said[0], str):
        return tuple([(heading, text) for heading, text in said])
    return tuple(zip(headings, said, strict=True)) if said else ()


def _say_value(value: Value) -> object:
    if isinstance(value, Deadline):
        days = [day and day.isoformat() for day in (value.first, value.last)]
        return {"deadline": [value.kind, value.text, *days]}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def _hear_value(said: Any) -> Value:
    if not isinstance(said, dict):
        return said if isinstance(said, bool) else str(said)
    if "number" in said:
        return Decimal(said["number"])
    return _deadline_of(*said["deadline"])


@lru_cache(maxsize=1024)
def _deadline_of(
    kind: Literal["day", "quarter", "text"], text: str, first: str | None, last: str | None
) -> Deadline:
    """Return a deadline; lines that state the same share it."""
    days = [date.fromisoformat(day) if day else None for day in (first, last)]
    return Deadline(kind, text, *days)


# Texts that arrive as they left ---------------------------------------------------------------------------


def _pack(value: object) -> str:
    """Return JSON in ASCII, without the `_x0041_` that spreadsheet programs would take for a coded letter."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("_x", "\\u005fx")


def _unpack(text: str) -> Any:
    return json.loads(text)


def _cut(text: str, size: int) -> tuple[str, ...]:
    return tuple(text[start : start + size] for start in range(0, len(text), size))

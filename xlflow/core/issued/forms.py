"""What was issued to one unit, as the records of its form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from xlflow.core.issued.identity import hear_identity, identify_form, say_identity
from xlflow.core.issued.lists import say_lists
from xlflow.core.issued.rounds import Kinds, Records, by_kind, find_unknown, hear_facts, hear_round, say_round
from xlflow.core.issued.texts import cut, hear_context, hear_value, pack, say_context, say_value, unpack
from xlflow.core.layout import PIECE, row_fingerprint
from xlflow.core.model import Identity, Line, Previous, Round

Answers = Mapping[str, Mapping[str, str]]
"""Line id -> field key -> the text that stands (or stood) in the answer cell."""

NO_ANSWERS: Answers = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued to one unit, as its form tells: `round` holds the lines of this unit only, and the names
    of all units. `fingerprints` stand in the order of the lines; `issued` is what the answer cells held then,
    those of the unit's own activities too, where a form goes back with them; `unknown` is what a newer version of
    this program wrote into the definition and this one does not know. `listed` are the marks of what such a form's
    other sheets say themselves, by the word for their name (`core/listed.py`)."""

    identity: Identity
    round: Round
    issued: Answers
    fingerprints: tuple[str, ...]
    previous: Previous | None = None
    unknown: tuple[str, ...] = ()
    listed: tuple[tuple[str, str], ...] = ()


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
        *(("identity", key, *cut(text, PIECE)) for key, text in say_identity(identity)),
        *say_round(round_, unit),
        *say_lists(round_),
        *(_line_record(line, round_, issued.get(line.id, {})) for line in issued_lines(round_, unit)),
        *(
            ("own", *cut(pack([line.id, dict(sorted(issued[line.id].items()))]), PIECE))
            for line in round_.lines_of(unit)
            if line.own and issued.get(line.id)
        ),
        *((("previous", *cut(_say_previous(previous), PIECE)),) if previous else ()),
    )


def listed_records(listed: Mapping[str, str]) -> Records:
    """Return what a form that goes back carries besides: the marks of what its other sheets say themselves."""
    return tuple(("listed", sheet, *cut(marks, PIECE)) for sheet, marks in listed.items())


def from_records(rows: Iterable[Sequence[str]]) -> Issued | None:
    """Return what the records say, None if they are not ours, not whole or not in a shape that we know.

    Takes the rows as they stand in the sheet: cells to the right may be blank (""), but no cell may be stripped.
    """
    kinds = by_kind(rows)
    try:
        identity = hear_identity({key: "".join(cells) for key, *cells in kinds.get("identity", ())})
        return _hear_all(identity, kinds) if identity else None
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def round_records(round_: Round) -> Records:
    """Return what a consolidated workbook carries of its round: template, days, names of the units; no lines."""
    return tuple(say_round(round_))


def round_of_records(rows: Iterable[Sequence[str]]) -> Round | None:
    """Return the round that a consolidated workbook was made from, without lines; None as in `from_records`."""
    kinds = by_kind(rows)
    try:
        return hear_round(kinds, hear_facts(kinds), ())
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError):
        return None


def _hear_all(identity: Identity, kinds: Kinds) -> Issued | None:
    facts = hear_facts(kinds)
    lines = list(_hear_lines(kinds.get("line", ()), tuple(facts["context"])))
    if len(lines) != identity.rows:
        return None
    round_ = hear_round(kinds, facts, tuple([line for line, _, _ in lines]))
    own = (unpack("".join(record)) for record in kinds.get("own", ()))
    told = (*((line.id, texts) for line, _, texts in lines), *own)
    answers = {line_id: MappingProxyType(texts) for line_id, texts in told if texts}
    marks, previous = tuple(mark for _, mark, _ in lines), kinds.get("previous")
    said = _hear_previous("".join(previous[0])) if previous else None
    listed = tuple((sheet, "".join(pieces)) for sheet, *pieces in kinds.get("listed", ()))
    return Issued(identity, round_, MappingProxyType(answers), marks, said, find_unknown(kinds), listed)


def _say_previous(previous: Previous) -> str:
    return pack([previous.as_of and previous.as_of.isoformat(), dict(sorted(previous.texts.items()))])


def _hear_previous(text: str) -> Previous:
    as_of, texts = unpack(text)
    return Previous(as_of and date.fromisoformat(as_of), MappingProxyType(dict(texts)))


def _line_record(line: Line, round_: Round, issued: Mapping[str, str]) -> tuple[str, ...]:
    facts = [
        line.id,
        line.levels,
        line.units,
        [[key, say_value(value)] for key, value in line.given],
        say_context(line.context, round_.plan.context),
        line.continues_from,
        dict(sorted(issued.items())),
        line.position,
    ]
    return ("line", row_fingerprint(line.levels), *cut(pack(facts), PIECE))


def _hear_lines(
    records: Sequence[Sequence[str]], headings: tuple[str, ...]
) -> Iterator[tuple[Line, str, dict[str, str]]]:
    said = unpack(f"[{','.join(''.join(pieces) for _, *pieces in records)}]")
    for (mark, *_), facts in zip(records, said, strict=True):
        key, levels, units, given, context, continues_from, issued, position = facts[:8]
        values = tuple([(name, hear_value(value)) for name, value in given])
        extra = hear_context(context, headings)
        line = Line(key, tuple(levels), tuple(units), values, extra, continues_from, position=int(position))
        yield line, mark, issued

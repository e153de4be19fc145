"""A round as it was when it was opened, in a file of its own: what is asked of whom, with the template.

So neither the plan workbook nor the template is read again, and a newer version of this program asks the same. The
file is lines of JSON: who is asked, what is said of the plan, the template, the lengths of the lines that follow,
and one of these per plan item, so that what one unit is asked is read without all others. Its name holds a digest
of its content.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.plan import Alias, Plan, PlanItem, Round, Unit, Waiver
from xlflow.model.template import Template, parse_template_leniently
from xlflow.model.text import normalize_key
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.codec import decode_value, encode_value

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_FORMAT = 2
_SUFFIX = ".jsonl"
_READ_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class AskedUnit:
    """A unit of a frozen round. `asked_digest`: of all that its form asks. `item_numbers`: which of the round's
    plan items it is asked about, counted from 0."""

    name: str
    contact: str
    email: str
    asked_digest: str
    item_numbers: tuple[int, ...]
    previous_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrozenRound:
    """Who is asked in a round, and how; what is asked, `load_round` returns.

    `plan` and `template` are paths below the project, with "/"; `template` may be the name of a shipped one.
    `earlier_plans`: digests of the plan workbooks that the round had before. `successors`: (such a digest, id in
    that plan, id in this one) of the items that are the same although their ids differ. `renamed`: (name that no
    unit has now, its later name), of this plan and the earlier ones.
    """

    as_of: date
    due: date | None
    template: str
    plan: str
    language: Language
    units: tuple[AskedUnit, ...]
    earlier_plans: tuple[str, ...] = ()
    successors: tuple[tuple[str, str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def find_unit(self, name: str) -> AskedUnit | None:
        """Return the unit with this name, however it is written; None if it is not asked."""
        return next((unit for unit in self.units if normalize_key(unit.name) == normalize_key(name)), None)


@dataclass(frozen=True, slots=True)
class _PlanFacts:
    """What is said of a plan apart from units and items. `findings`: the warnings and notes about it."""

    title: str
    year: int
    extra_headings: tuple[str, ...]
    digest: str
    file: str
    waivers: tuple[Waiver, ...]
    aliases: tuple[Alias, ...]
    findings: tuple[Finding, ...]


@cache
def _facts_adapter() -> "TypeAdapter[_PlanFacts]":
    from pydantic import TypeAdapter  # making one is slow, and only needed where a whole round is read

    return TypeAdapter(_PlanFacts)


def freeze_round(
    round_: Round,
    template: str,
    plan: str,
    asked_items: Mapping[str, Sequence[PlanItem]],
) -> FrozenRound:
    """Return who is asked in a round. `asked_items`: the items of each unit, by name; else see `FrozenRound`."""
    numbers = {item.id: number for number, item in enumerate(round_.plan.items)}
    units = tuple(
        AskedUnit(
            unit.name,
            unit.contact,
            unit.email,
            _digest_asked(asked_items[unit.name], round_),
            tuple(numbers[item.id] for item in asked_items[unit.name]),
            unit.previous_names,
        )
        for unit in round_.plan.units
    )
    return FrozenRound(round_.as_of, round_.due_date, template, plan, round_.language, units)


def write_frozen_round(
    folder: Path, frozen: FrozenRound, round_: Round, plan_findings: tuple[Finding, ...]
) -> Path:
    """Write a round into its folder, whole or not at all, and return its file; the same round gives the same
    file."""
    plan = round_.plan
    facts = _PlanFacts(
        plan.title,
        plan.year,
        plan.extra_headings,
        plan.digest,
        plan.file,
        plan.waivers,
        plan.aliases,
        plan_findings,
    )
    unit_numbers = {unit.name: number for number, unit in enumerate(plan.units)}
    item_lines = [json.dumps(_encode_item(item, unit_numbers), ensure_ascii=False).encode() for item in plan.items]
    lines = [
        json.dumps(_encode_head(frozen), ensure_ascii=False).encode(),
        _facts_adapter().dump_json(facts),
        json.dumps(round_.template.model_dump(mode="json"), ensure_ascii=False).encode(),
        json.dumps([len(line) for line in item_lines]).encode(),
        *item_lines,
    ]
    content = b"\n".join(lines) + b"\n"
    path = folder / f"round-{sha256(content).hexdigest()[:16]}{_SUFFIX}"
    if not path.exists():
        write_atomic(path, content)
    return path


def read_frozen_head(path: Path, shown_path: str) -> FrozenRound:
    """Return who is asked, without what. `FatalError` if the file is missing or damaged."""
    try:
        return _read_head(path, _stamp(path))
    except _READ_ERRORS as error:
        raise FatalError(make_finding("round-file-damaged", Location(shown_path))) from error


def is_as_written(path: Path) -> bool:
    """Return whether the file is there and holds what its name says."""
    try:
        return sha256(path.read_bytes()).hexdigest()[:16] == path.stem.removeprefix("round-")
    except OSError:
        return False


def load_frozen_round(
    path: Path, shown_path: str, units: Collection[str] | None = None
) -> tuple[Round, tuple[Finding, ...]]:
    """Return the round, and the warnings and notes about its plan. `units`: names, as the plan writes them, of
    those that are wanted; the round then has only these units and what they are asked, each item with its position
    in the plan. `FatalError` if the file is missing or damaged."""
    try:
        layout = _read_layout(path, _stamp(path))
        frozen, facts = layout.frozen, layout.facts
        chosen = [unit for unit in frozen.units if units is None or unit.name in units]
        numbers: Sequence[int] = range(len(layout.starts))
        if units is not None:
            numbers = sorted({number for unit in chosen for number in unit.item_numbers})
        names = [unit.name for unit in frozen.units]
        items = [_decode_item(line, names) for line in _read_lines(path, layout, numbers)]
        if units is not None:
            items = [replace(item, plan_position=number + 1) for number, item in zip(numbers, items, strict=True)]
        plan = Plan(
            facts.title,
            tuple(Unit(unit.name, unit.contact, unit.email, unit.previous_names) for unit in chosen),
            tuple(items),
            facts.year,
            facts.extra_headings,
            facts.digest,
            facts.file,
            facts.waivers,
            facts.aliases,
        )
    except _READ_ERRORS as error:
        raise FatalError(make_finding("round-file-damaged", Location(shown_path))) from error
    return Round(layout.template, plan, frozen.as_of, frozen.due, frozen.language), facts.findings


@dataclass(frozen=True, slots=True)
class _Layout:
    """What precedes the items in a file. `starts`: where the line of each item begins, in bytes; `size`: of the
    file."""

    frozen: FrozenRound
    facts: _PlanFacts
    template: Template
    starts: tuple[int, ...]
    size: int


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=32)
def _read_head(path: Path, _: tuple[int, int]) -> FrozenRound:
    """Return who is asked; remembered as long as time and size of the file are the same."""
    with path.open("rb") as stream:
        return _decode_head(stream.readline())


@lru_cache(maxsize=8)
def _read_layout(path: Path, stamp: tuple[int, int]) -> _Layout:
    """Return what precedes the items; remembered as long as `stamp`, time and size of the file, is the same."""
    with path.open("rb") as stream:
        head, facts, template, lengths = (stream.readline() for _ in range(4))
        starts = [0, *accumulate(length + 1 for length in json.loads(lengths))]
        begin = stream.tell()
    if begin + starts[-1] != stamp[1]:
        raise ValueError("the file is not whole")
    return _Layout(
        _decode_head(head),
        _facts_adapter().validate_json(facts),
        parse_template_leniently(json.loads(template))[0],
        tuple(begin + start for start in starts[:-1]),
        stamp[1],
    )


def _read_lines(path: Path, layout: _Layout, numbers: Sequence[int]) -> Iterator[bytes]:
    """Yield the lines of these items."""
    ends = (*layout.starts[1:], layout.size)
    with path.open("rb") as stream:
        for number in numbers:
            if stream.tell() != layout.starts[number]:
                stream.seek(layout.starts[number])
            yield stream.read(ends[number] - layout.starts[number])


def _encode_head(frozen: FrozenRound) -> dict[str, object]:
    return {
        **asdict(frozen),
        "format": _FORMAT,
        "as_of": frozen.as_of.isoformat(),
        "due": frozen.due and frozen.due.isoformat(),
    }


def _decode_head(line: bytes) -> FrozenRound:
    values = json.loads(line)
    if values.pop("format") != _FORMAT:
        raise ValueError("the file is of another version")
    units = tuple(
        AskedUnit(
            **{
                **unit,
                "item_numbers": tuple(unit["item_numbers"]),
                "previous_names": tuple(unit["previous_names"]),
            }
        )
        for unit in values.pop("units")
    )
    as_of, due = date.fromisoformat(values.pop("as_of")), values.pop("due")
    successors = tuple((digest, item_id, own_id) for digest, item_id, own_id in values.pop("successors"))
    renamed = tuple((old, new) for old, new in values.pop("renamed"))
    return FrozenRound(
        as_of,
        date.fromisoformat(due) if due else None,
        values["template"],
        values["plan"],
        values["language"],
        units,
        tuple(values["earlier_plans"]),
        successors,
        renamed,
    )


def _digest_asked(items: Sequence[PlanItem], round_: Round) -> str:
    """Return a digest of all that a unit's form asks; its place in the plan and the due date do not matter."""
    asked = [(item.id, item.level_texts, item.plan_values, item.extra_columns) for item in items]
    return sha256(repr((asked, round_.template.name, round_.template.version)).encode()).hexdigest()[:16]


def _encode_item(item: PlanItem, unit_numbers: Mapping[str, int]) -> list[object]:
    return [
        item.id,
        item.level_texts,
        [unit_numbers.get(unit, unit) for unit in item.units],
        [[key, encode_value(value)] for key, value in item.plan_values],
        item.extra_columns,
        item.continues_from,
        item.location and list(asdict(item.location).values()),
    ]


def _decode_item(line: bytes, unit_names: Sequence[str]) -> PlanItem:
    item_id, level_texts, units, plan_values, extra_columns, continues_from, location = json.loads(line)
    return PlanItem(
        item_id,
        tuple(level_texts),
        tuple(_unit_names(units, unit_names)),
        tuple((key, decode_value(value)) for key, value in plan_values),
        tuple((heading, text) for heading, text in extra_columns),
        continues_from,
        location=Location(*location) if location else None,
    )


def _unit_names(units: Sequence[Any], unit_names: Sequence[str]) -> Iterator[str]:
    for unit in units:
        yield unit_names[unit] if isinstance(unit, int) else unit

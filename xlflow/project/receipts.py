"""Receipts: what a unit has handed in, given once, and only when file and event are on disk.

A receipt names the files by digest and says what the check found in them, so that unit and coordinator speak
of the same. It is given by a web page or a mail; here it is only made, and kept in the log.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass

from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.text import normalize_key, short_code
from xlflow.project.project_folder import Project, require_whole_log
from xlflow.project.project_state import RoundState, StoredFile, read_frozen_round
from xlflow.project.round_files import KINDS_OF_ANSWERS, digest_file, name_below_received
from xlflow.project.unit_facts import RoundFacts, UnitFacts, read_facts

_NUMBER_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a unit has handed in. `number`: the same for the same files of a unit. `received`: when the last of the
    files came in (UTC, ISO). `files`: (path below the project, SHA-256), `errors` and `left`: what the check found
    in what counts of the unit by then, and rows without an answer. `events`: ids of the newest events that it was
    made from. `is_new`: nobody was given it before."""

    number: str
    unit: str
    received: str
    files: tuple[tuple[str, str], ...]
    errors: int
    left: int
    events: tuple[str, ...]
    is_new: bool = True


def give_receipts(project: Project, state: RoundState, units: Collection[str] = ()) -> tuple[Receipt, ...]:
    """Record a receipt for each unit whose files count and that has none for them yet, in one event, and return
    the receipts of all units asked for; those that were given before as they were.

    `units`: names, all if there are none. Reads the archive and the log anew, so that a file that another run has
    taken in meanwhile counts. `FatalError` if the log is not whole, or if a file that is to be receipted is not as
    it was received: then no receipt is given.
    """
    require_whole_log(project)
    facts = read_facts(project, state)
    wanted = {normalize_key(unit) for unit in units}
    made = [receipt for receipt in _make_receipts(project, state, facts) if not wanted or _key(receipt) in wanted]
    new = [receipt for receipt in made if receipt.is_new]
    changed = [path for receipt in new for path, digest in receipt.files if _differs(project, path, digest)]
    if changed:
        raise FatalError(*(make_finding("received-changed", Location(path)) for path in changed))
    if new:
        data = {"receipts": [asdict(receipt) | {"is_new": False} for receipt in new]}
        project.record("receipt-given", data, state.name)
    return tuple(made)


def list_receipts(state: RoundState) -> tuple[Receipt, ...]:
    """Return the receipts that were given in a round, in the order of the log."""
    return tuple(
        Receipt(
            **{
                **values,
                "files": tuple((path, digest) for path, digest in values["files"]),
                "events": tuple(values["events"]),
            }
        )
        for values in state.receipts.values()
    )


def check_receipts(state: RoundState) -> Iterator[Finding]:
    """Yield an error per receipt for a file that no event says was received."""
    known = {(file.path, file.digest) for file in state.files}
    for receipt in list_receipts(state):
        if not known.issuperset(receipt.files):
            path = next(path for path, digest in receipt.files if (path, digest) not in known)
            yield make_finding("receipt-without-file", Location(path), unit=receipt.unit, value=receipt.number)


def _make_receipts(project: Project, state: RoundState, facts: RoundFacts) -> Iterator[Receipt]:
    given = {receipt.number: receipt for receipt in list_receipts(state)}
    events = project.log.list_newest(KINDS_OF_ANSWERS, state.name)
    stored = {name_below_received(file): file for file in state.files}
    for unit in read_frozen_round(project, state).units:
        found = facts.units.get(normalize_key(unit.name))
        files = _files_of(found, stored) if found else []
        if found and files:
            receipt = _make_receipt(state, unit.name, found, files, events)
            yield given.get(receipt.number, receipt)


def _files_of(facts: UnitFacts, stored: dict[str, StoredFile]) -> list[StoredFile]:
    """Return the stored files that count for a unit; the archive for a file in one."""
    names = {"/".join(name.split("/")[:2]) for name in facts.files}
    return [stored[name] for name in sorted(names) if name in stored]


def _make_receipt(
    state: RoundState, unit: str, facts: UnitFacts, files: list[StoredFile], events: tuple[str, ...]
) -> Receipt:
    digests = sorted({file.digest for file in files})
    return Receipt(
        short_code((state.name, unit, *digests), _NUMBER_LENGTH),
        unit,
        max(file.received for file in files),
        tuple((file.path, file.digest) for file in files),
        facts.errors,
        facts.left,
        events,
    )


def _key(receipt: Receipt) -> str:
    return normalize_key(receipt.unit)


def _differs(project: Project, path: str, digest: str) -> bool:
    return digest_file(project.root / path) != digest

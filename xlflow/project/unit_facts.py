"""What the received files of a round say, unit by unit: read by the same check as everything else, and remembered.

The memory is a file in the user's cache, named by a digest of all that it depends on; it may be deleted any time.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from xlflow.model.findings import Finding, Severity
from xlflow.model.merged import Merged, RunResult
from xlflow.model.submission import AnswerRow, FileState
from xlflow.model.text import normalize_key
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, count_once
from xlflow.runtime.cache import open_cache

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What one unit has sent in. `left`: rows without an answer. `answers_digest`: equal for equal answers, ""
    if there are none. `files`: names of those that count, below `received/`."""

    left: int
    errors: int
    warnings: int
    answers_digest: str
    has_answered: bool
    has_nothing: bool
    files: tuple[str, ...]


NO_FACTS = UnitFacts(0, 0, 0, "", has_answered=False, has_nothing=False, files=())
"""What is known of a unit that has sent in nothing."""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """The facts of each unit by `normalize_key` of its name, and (name, code of the finding) of every file that
    was refused."""

    units: Mapping[str, UnitFacts]
    refused: tuple[tuple[str, str], ...]


def read_facts(project: Project, state: RoundState) -> RoundFacts:
    """Return the facts of a round, from memory if nothing has changed. `FatalError` as for `check_round`."""
    path = _memory_path(state)
    known = _recall(path)
    if known:
        return known
    from xlflow.project.run_round import check_round

    facts = build_facts(check_round(project, state))
    _remember(path, facts)
    return facts


def _remember(path: Path | None, facts: RoundFacts) -> None:
    if path:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(facts)), encoding="ascii")


def rebuild_facts(project: Project, state: RoundState) -> bool:
    """Forget what is remembered of a round, work it out anew without the cache of forms, and remember that; return
    whether it differs from what was remembered. `FatalError` as for `check_round`."""
    path = _memory_path(state)
    known = _recall(path)
    from xlflow.project.run_round import check_round

    facts = build_facts(check_round(project, state, cache=False))
    _remember(path, facts)
    return known is not None and known != facts


def build_facts(result: RunResult) -> RoundFacts:
    """Return the facts of what was checked."""
    merged = result.merged
    if merged is None:
        return RoundFacts({}, ())
    sorted_out = _SortedByUnit(merged, result.findings)
    units = {normalize_key(unit.name): sorted_out.make_facts(unit.name) for unit in merged.round.plan.units}
    refused = tuple((file.name, file.reason or "") for file in merged.files if file.state is FileState.REFUSED)
    return RoundFacts(units, refused)


class _SortedByUnit:
    """What was checked, sorted out by unit in one go: a round may have hundreds of units and thousands of rows."""

    def __init__(self, merged: Merged, findings: Iterable[Finding]):
        from xlflow.merge.accounts import count_unanswered_by_unit

        self.rows = merged.rows_by_unit()
        self.with_answers = frozenset(merged.units_with_answers)
        self.with_nothing = frozenset(merged.units_with_nothing_to_report)
        self.left = count_unanswered_by_unit(merged.round, merged.rows, self.with_nothing)
        self.severities = Counter((finding.unit, finding.effective_severity) for finding in findings)
        self.files: dict[str | None, list[str]] = {}
        for file in merged.files:
            if file.state in (FileState.ACCEPTED, FileState.SUPERSEDED):
                for unit in {file.unit, *file.further_units}:
                    self.files.setdefault(unit, []).append(file.name)

    def make_facts(self, unit: str) -> UnitFacts:
        return UnitFacts(
            self.left.get(unit, 0),
            self.severities[unit, Severity.ERROR],
            self.severities[unit, Severity.WARNING],
            _digest_answers(self.rows.get(unit, [])),
            unit in self.with_answers,
            unit in self.with_nothing,
            tuple(sorted(self.files.get(unit, ()))),
        )


def _digest_answers(rows: list[AnswerRow]) -> str:
    answers = sorted(
        (row.item.id, row.item.level_texts, [(each.field, each.raw_text) for each in row.answers if each.raw_text])
        for row in rows
    )
    written = [row for row in answers if row[2]]
    return sha256(repr(written).encode()).hexdigest()[:32] if written else ""


def _memory_path(state: RoundState) -> Path | None:
    cache = open_cache()
    if cache is None:
        return None
    files = [
        (file.path, file.digest, file.received)
        for file in count_once(state.files)
        if file.path not in state.discarded
    ]
    decisions = [asdict(decision) for decision in state.decisions if not decision.replaced]
    key = json.dumps([_FORMAT, version("xlflow"), state.frozen_file, files, decisions], sort_keys=True)
    return cache.folder / f"facts-{sha256(key.encode()).hexdigest()}.json"


def _recall(path: Path | None) -> RoundFacts | None:
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        values = json.loads(path.read_bytes()) if path else None
        if values:
            units = {
                key: UnitFacts(**{**unit, "files": tuple(unit["files"])}) for key, unit in values["units"].items()
            }
            return RoundFacts(units, tuple((name, code) for name, code in values["refused"]))
    return None

"""What the received files of a round say, unit by unit: read by the same check as everything else, and remembered.

The memory is a file in the user's cache, named by a digest of all that it depends on; it may be deleted any time.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from xlflow.model.findings import Severity
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
    if path:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(facts)), encoding="ascii")
    return facts


def build_facts(result: RunResult) -> RoundFacts:
    """Return the facts of what was checked."""
    merged = result.merged
    if merged is None:
        return RoundFacts({}, ())
    rows_by_unit = merged.rows_by_unit()
    units = {
        normalize_key(unit.name): _unit_facts(result, merged, unit.name, rows_by_unit)
        for unit in merged.round.plan.units
    }
    refused = tuple((file.name, file.reason or "") for file in merged.files if file.state is FileState.REFUSED)
    return RoundFacts(units, refused)


def _unit_facts(
    result: RunResult, merged: Merged, unit: str, rows_by_unit: Mapping[str, list[AnswerRow]]
) -> UnitFacts:
    from xlflow.merge.accounts import count_unanswered

    own_units = tuple(each for each in merged.round.plan.units if each.name == unit)
    own_round = replace(merged.round, plan=replace(merged.round.plan, units=own_units))
    own_rows = [merged_row for merged_row in merged.rows if merged_row.row.unit == unit]
    severities = [finding.effective_severity for finding in result.findings if finding.unit == unit]
    counting = (FileState.ACCEPTED, FileState.SUPERSEDED)
    files = (file for file in merged.files if unit in (file.unit, *file.further_units) and file.state in counting)
    return UnitFacts(
        count_unanswered(own_round, own_rows, merged.units_with_nothing_to_report),
        severities.count(Severity.ERROR),
        severities.count(Severity.WARNING),
        _digest_answers(rows_by_unit.get(unit, [])),
        unit in merged.units_with_answers,
        unit in merged.units_with_nothing_to_report,
        tuple(sorted(file.name for file in files)),
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

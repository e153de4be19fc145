"""All forms of a round: splits the plan by unit once, and writes the forms in several processes.

What forms have in common is computed once per process, so more processes pay off only from a number of forms on.
The bytes are the same for any number of processes. File names come from the names of units: legal on Windows,
macOS and Linux, and never two alike.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from xlflow.generate.form_workbook import write_form
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import PreviousAnswers
from xlflow.model.text import collapse_whitespace
from xlflow.runtime import process_pool

FORM_SUFFIX = ".xlsx"
MAX_STEM_LENGTH = 80
"""Letters of a name without its ending, so that the whole path stays within what Windows allows."""
MAX_STEM_BYTES = 180
"""The same in UTF-8, where most file systems count 255 bytes."""

_FORBIDDEN_CHARACTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+')
_RESERVED_NAMES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?")
_STRIPPED_AT_EDGES = " .~$#-"
"""What a name neither begins nor ends with: hidden files, lock files and what Windows drops unasked."""


def assign_file_names(units: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each unit with the name of its file. Depends on the names and their order only."""
    taken: set[str] = set()
    for unit in units:
        stem = next(name for name in _list_candidate_stems(_legal_stem(unit)) if _collision_key(name) not in taken)
        taken.add(_collision_key(stem))
        yield unit, stem + FORM_SUFFIX


def _legal_stem(unit: str) -> str:
    text = collapse_whitespace(_FORBIDDEN_CHARACTERS.sub("-", unit)).strip(_STRIPPED_AT_EDGES)
    name = _truncate_stem(text, MAX_STEM_LENGTH, MAX_STEM_BYTES) or "_"
    return f"_{name}" if _RESERVED_NAMES.fullmatch(name) else name


def _list_candidate_stems(stem: str) -> Iterator[str]:
    yield stem
    for number in range(2, 1_000_000):
        yield f"{_truncate_stem(stem, MAX_STEM_LENGTH - 8, MAX_STEM_BYTES - 8)} {number}"


def _truncate_stem(text: str, max_length: int, max_bytes: int) -> str:
    truncated = text[:max_length].encode()[:max_bytes].decode(errors="ignore")
    return text if truncated == text else truncated.rstrip(_STRIPPED_AT_EDGES)


def _collision_key(name: str) -> str:
    """Return the same for two names that some file system takes for one: case and composition ignored."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).upper().casefold())


@dataclass(frozen=True, slots=True)
class FormFile:
    """One form that is going to be written."""

    unit: str
    file_name: str


def list_form_files(round_: Round) -> tuple[FormFile, ...]:
    """Return the forms of a round, one per unit in the plan's order; no two file names are alike anywhere."""
    file_names = assign_file_names(unit.name for unit in round_.plan.units)
    return tuple(FormFile(unit, name) for unit, name in file_names)


_FORM_LIMITS = process_pool.TaskLimits(seconds=600, memory_bytes=4 << 30)
"""Limits of one form, far above what any needs."""

_MAX_JOBS = 8

_MIN_FORMS_PER_PROCESS = 10
"""Forms from which on a process of its own is worth starting, where it starts quickly."""


def split_round_by_unit(round_: Round) -> Mapping[str, Round]:
    """Return the round of each unit: only the items that it is asked about, each with its position in the plan."""
    items_by_unit: dict[str, list[PlanItem]] = {unit.name: [] for unit in round_.plan.units}
    for position, item in enumerate(round_.plan.items, 1):
        positioned = item if item.plan_position else replace(item, plan_position=position)
        for unit in dict.fromkeys(item.units):
            items_by_unit.setdefault(unit, []).append(positioned)
    return {unit: _replace_items(round_, unit_items) for unit, unit_items in items_by_unit.items()}


def write_forms(
    rounds_by_unit: Mapping[str, Round],
    units: Sequence[str],
    previous_by_unit: Mapping[str, PreviousAnswers],
    jobs: int | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Yield (index in `units`, content of the form) as the forms get done, in any order.

    `rounds_by_unit` is that of `split_round_by_unit`; `previous_by_unit` holds the previous answers, which a unit
    may lack. `jobs` is the number of processes, by default that of processors, at most 8.
    """
    unwritten = dict.fromkeys(range(len(units)))
    jobs = jobs or min(os.cpu_count() or 1, _MAX_JOBS)
    forms_per_process = max(_MIN_FORMS_PER_PROCESS, process_pool.max_items_without_pool())
    if units and min(jobs, len(units) // forms_per_process) > 1:
        tasks = [_make_form_task(unit, rounds_by_unit[unit], previous_by_unit.get(unit)) for unit in units]
        writer = _FormWriter(_replace_items(rounds_by_unit[units[0]], ()))
        try:
            for index, content in process_pool.map_in_processes(writer, tasks, jobs, _FORM_LIMITS):
                if isinstance(content, bytes):
                    del unwritten[index]
                    yield index, content
        except process_pool.PoolUnavailableError:
            pass
    for index in unwritten:
        yield (
            index,
            write_form(rounds_by_unit[units[index]], units[index], previous=previous_by_unit.get(units[index])),
        )


@dataclass(frozen=True, slots=True)
class _FormTask:
    """One form to be written: its unit, plan items, and the previous round's date and texts by item id."""

    unit: str
    items: tuple[PlanItem, ...]
    as_of: date | None
    previous_texts: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class _FormWriter:
    """Writes forms of a round, which is kept without its plan items."""

    round: Round

    def __call__(self, task: _FormTask) -> bytes:
        unit_round = _replace_items(self.round, task.items)
        previous = (
            None
            if task.previous_texts is None
            else PreviousAnswers(task.as_of, MappingProxyType(task.previous_texts))
        )
        return write_form(unit_round, task.unit, previous=previous)


def _make_form_task(unit: str, unit_round: Round, previous: PreviousAnswers | None) -> _FormTask:
    as_of, texts = (previous.as_of, dict(previous.text_by_item_id)) if previous else (None, None)
    return _FormTask(unit, unit_round.plan.items, as_of, texts)


def _replace_items(round_: Round, items: Sequence[PlanItem]) -> Round:
    return replace(round_, plan=replace(round_.plan, items=tuple(items)))

"""File names from names of units: legal on Windows, macOS and Linux, and never two alike."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xlflow.model.plan import Round
from xlflow.model.text import collapse_whitespace

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

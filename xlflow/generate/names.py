"""File names from names of units: legal on Windows, macOS and Linux, and never two alike."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from xlflow.core.text import tidy

ENDING = ".xlsx"
LONGEST = 80
"""Letters of a name without its ending, so that the whole path stays within what Windows allows."""
LONGEST_BYTES = 180
"""The same in UTF-8, where most file systems count 255 bytes."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?")
_EDGES = " .~$#-"
"""What a name neither begins nor ends with: hidden files, lock files and what Windows drops unasked."""


def name_files(units: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each unit with the name of its file. Depends on the names and their order only."""
    taken: set[str] = set()
    for unit in units:
        stem = next(name for name in _attempts(_legal(unit)) if _alike(name) not in taken)
        taken.add(_alike(stem))
        yield unit, stem + ENDING


def _legal(unit: str) -> str:
    text = tidy(_FORBIDDEN.sub("-", unit)).strip(_EDGES)
    name = _shorten(text, LONGEST, LONGEST_BYTES) or "_"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _attempts(stem: str) -> Iterator[str]:
    yield stem
    for number in range(2, 1_000_000):
        yield f"{_shorten(stem, LONGEST - 8, LONGEST_BYTES - 8)} {number}"


def _shorten(text: str, letters: int, size: int) -> str:
    cut = text[:letters].encode()[:size].decode(errors="ignore")
    return text if cut == text else cut.rstrip(_EDGES)


def _alike(name: str) -> str:
    """Return the same for two names that some file system takes for one: case and composition ignored."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).upper().casefold())

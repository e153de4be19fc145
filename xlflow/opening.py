"""Opens and reads everything that came back, each file where it can do no harm, and says what became of each.

A few small workbooks are read at once: what could crash or delay a reader has been stripped from them. All others,
and all where they are many, are read in processes of their own; whoever loses a file there loses that one only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from xlflow import collect, read, workers
from xlflow.core.findings import Finding
from xlflow.core.model import Filled, Received, State
from xlflow.core.packing import pack_values, unpack_values
from xlflow.excel import incoming

Opened = tuple[Received, Filled | Finding]
"""One file and what the gate or the reader made of it."""

Tell = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""

_BOUNDS = workers.Bounds(incoming.LIMITS.seconds, incoming.LIMITS.memory_bytes)
_LOST = {"crashed": "reader-crashed", "too-slow": "reader-too-slow", "too-large": "reader-too-large"}


def open_files(
    files: Sequence[collect.Found], jobs: int, tell: Tell | None = None, known: Sequence[read.Known] = ()
) -> tuple[Opened, ...]:
    """Return every file with what it says or why it cannot be read, in their order. `known` helps the forms that
    have lost what they said of themselves."""
    opened: dict[int, Opened] = {}
    if len(files) <= workers.worth_while():
        for number, file in enumerate(files):
            if (light := _open_lightly(file, known)) is not None:
                opened[number] = light
                _say(tell, opened, files)
    heavy = [number for number in range(len(files)) if number not in opened]
    try:
        task = partial(_open_packed, known=tuple(known))
        for place, told in workers.work_apart(task, [files[number] for number in heavy], jobs, _BOUNDS):
            number = heavy[place]
            opened[number] = unpack_values(told) if isinstance(told, bytes) else _lose(files[number], told)
            _say(tell, opened, files)
    except workers.NoWorkers:
        left = (number for number in heavy if number not in opened)
        opened |= {number: _open_here(files[number], known) for number in left}
    return tuple(opened[number] for number in range(len(files)))


def look_again(
    files: Sequence[collect.Found], opened: Sequence[Opened], known: Sequence[read.Known], jobs: int
) -> tuple[Opened, ...]:
    """Return what was opened, after another look at the workbooks that may be forms of rounds known by now."""
    lost = [
        number
        for number, (_, told) in enumerate(opened)
        if isinstance(told, Finding) and told.code in read.LOST_ITSELF
    ]
    again = open_files([files[number] for number in lost], jobs, known=known) if known else ()
    found = dict(zip(lost, again, strict=False))
    return tuple(found.get(number, before) for number, before in enumerate(opened))


def _open_lightly(file: collect.Found, known: Sequence[read.Known]) -> Opened | None:
    book = incoming.open_lightly(file.source, file.name)
    return None if book is None else _read_book(file, book, known)


def _open_here(file: collect.Found, known: Sequence[read.Known]) -> Opened:
    return _read_book(file, incoming.open_book(file.source, file.name), known)


def _open_packed(file: collect.Found, known: Sequence[read.Known]) -> bytes:
    return pack_values(_open_here(file, known))


def _read_book(file: collect.Found, book: incoming.Book | Finding, known: Sequence[read.Known]) -> Opened:
    received = collect.receive_file(file, book)
    if isinstance(book, Finding):
        return received, book
    told = collect.pass_over(book) or read.read_form(book, received, known)
    if isinstance(told, Finding):
        state = State.IGNORED if told.code.startswith("ignored-") else State.REFUSED
        return replace(received, state=state, reason=told.code), told
    return received, told


def _lose(file: collect.Found, lost: workers.Lost) -> Opened:
    refusal = incoming.refuse(_LOST[lost.reason], file.name, incoming.LIMITS)
    return collect.receive_file(file, refusal), refusal


def _say(tell: Tell | None, opened: dict[int, Opened], files: Sequence[collect.Found]) -> None:
    if tell:
        tell(len(opened), len(files))

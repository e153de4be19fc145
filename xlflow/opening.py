"""Opens and reads everything that came back, each file where it can do no harm, and says what became of each.

A few small workbooks are read at once: what could crash or delay a reader has been stripped from them. All others,
and all where they are many, are read in processes of their own; whoever loses a file there loses that one only.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from xlflow import collect, kept, read, workers
from xlflow.core.findings import Finding, Place, find
from xlflow.core.model import Filled, State
from xlflow.core.packing import DAMAGED, Opened, Packed, Unpacker, pack_opened
from xlflow.excel import incoming

Tell = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""

_MOST_JOBS = 8
_WORTH_KEEPING = 20
"""Files from which on it is worth keeping what they say."""

_MOST_TOLD = 60_000
"""Rows, texts set aside and remarks that one form may come to, so that it cannot bury all others."""

_BOUNDS = workers.Bounds(incoming.LIMITS.seconds, incoming.LIMITS.memory_bytes)
_LOST = {"crashed": "reader-crashed", "too-slow": "reader-too-slow", "too-large": "reader-too-large"}


@dataclass(frozen=True, slots=True)
class Way:
    """How files are read: how many at a time, None for what the computer is good for, and whether what was read
    before is taken from the cache, where there are so many files that it saves anybody time."""

    jobs: int | None = None
    cache: bool = False

    def find_shelf(self, files: int) -> kept.Shelf | None:
        """Return where answers are kept, None if they are not to be."""
        return kept.find_shelf() if self.cache and files >= _WORTH_KEEPING else None

    def count_jobs(self) -> int:
        """Return how many processes to read with."""
        return self.jobs or min(os.cpu_count() or 1, _MOST_JOBS)


def open_files(
    files: Sequence[collect.Found], way: Way, tell: Tell | None = None, known: Sequence[read.Known] = ()
) -> tuple[Opened, ...]:
    """Return every file with what it says or why it cannot be read, in their order. `known` helps the forms that
    have lost what they said of themselves; what is read with such help is not kept."""
    unpacker, shelf = Unpacker(), None if known else way.find_shelf(len(files))
    opened = _recall(files, shelf, unpacker) if shelf else {}
    recalled = len(opened)
    if recalled:
        _say(tell, opened, files)
    if len(files) - recalled <= workers.worth_while():
        for number, file in enumerate(files):
            if number not in opened and (light := _open_lightly(file, known, shelf)) is not None:
                opened[number] = light
                _say(tell, opened, files)
    heavy = [number for number in range(len(files)) if number not in opened]
    try:
        task = _Reader(tuple(known), shelf)
        for place, told in workers.work_apart(
            task, [files[number] for number in heavy], way.count_jobs(), _BOUNDS
        ):
            number = heavy[place]
            opened[number] = _unpack(told, unpacker) if isinstance(told, Packed) else _lose(files[number], told)
            _say(tell, opened, files)
    except workers.NoWorkers:
        left = (number for number in heavy if number not in opened)
        opened |= {number: _open_here(files[number], known) for number in left}
    if shelf and recalled < len(files):
        shelf.tidy()
    return tuple(opened[number] for number in range(len(files)))


def look_again(
    files: Sequence[collect.Found], opened: Sequence[Opened], known: Sequence[read.Known], way: Way
) -> tuple[Opened, ...]:
    """Return what was opened, after another look at the workbooks that may be forms of rounds known by now, or
    hold some."""
    lost = [number for number, (_, told) in enumerate(opened) if read.is_worth_another_look(told)]
    again = open_files([files[number] for number in lost], way, known=known) if known else ()
    found = dict(zip(lost, again, strict=False))
    better = {
        number: new
        for number, new in found.items()
        if isinstance(new[1], Filled) or isinstance(opened[number][1], Finding)
    }
    return tuple(better.get(number, before) for number, before in enumerate(opened))


def list_forms(opened: Iterable[Opened]) -> list[Filled]:
    """Return all forms in files that were opened, each by itself, also where several units' stand in one file."""
    told = [told for _, told in opened if isinstance(told, Filled)]
    return [one for form in told for one in (replace(form, others=()) if form.others else form, *form.others)]


@dataclass(slots=True)
class _Reader:
    """Reads files in a process of its own; tells what forms have in common once, with the first of them."""

    known: tuple[read.Known, ...]
    shelf: kept.Shelf | None
    _told: set[str] = field(default_factory=set)

    def __call__(self, file: collect.Found) -> Packed:
        opened = _open_here(file, self.known)
        packed = pack_opened(opened)
        _keep(file, opened, packed, self.shelf)
        if packed.frame in self._told:
            return replace(packed, frame_content=b"")
        self._told.add(packed.frame)
        return packed


def _unpack(packed: Packed, unpacker: Unpacker) -> Opened:
    if packed.frame_content and packed.frame not in unpacker.frames:
        unpacker.learn_frame(packed.frame, packed.frame_content)
    return unpacker.unpack(packed)


def _open_lightly(file: collect.Found, known: Sequence[read.Known], shelf: kept.Shelf | None) -> Opened | None:
    book = incoming.open_lightly(file.source, file.name)
    if book is None:
        return None
    try:
        opened = _read_book(file, book, known)
    except Exception:  # a form that our own reading falls over costs a worker, and no other form
        return None
    if shelf:
        _keep(file, opened, pack_opened(opened), shelf)
    return opened


def _open_here(file: collect.Found, known: Sequence[read.Known]) -> Opened:
    return _read_book(file, incoming.open_book(file.source, file.name), known)


def _read_book(file: collect.Found, book: incoming.Book | Finding, known: Sequence[read.Known]) -> Opened:
    received = collect.receive_file(file, book)
    if isinstance(book, Finding):
        return received, book
    told = collect.pass_over(book) or read.read_form(book, received, known)
    if isinstance(told, Filled) and _count_told(told) > _MOST_TOLD:
        told = find("form-overfull", Place(file.name), unit=told.unit, words={"count": _MOST_TOLD})
    if isinstance(told, Finding):
        state = State.IGNORED if told.code.startswith("ignored-") else State.REFUSED
        return replace(received, state=state, reason=told.code), told
    return received, told


def _count_told(form: Filled) -> int:
    told = len(form.rows) + len(form.set_aside) + len(form.findings)
    return told + sum(map(_count_told, form.others))


def _recall(files: Sequence[collect.Found], shelf: kept.Shelf, unpacker: Unpacker) -> dict[int, Opened]:
    """Return the files, by their place, of which is known for sure what they say."""
    told: dict[int, Opened] = {}
    for number, file in enumerate(files):
        key = _key_of(file)
        digest = incoming.digest_source(file.source) if shelf.has(key) else None
        packed = shelf.find(key, digest) if digest else None
        if packed and packed.frame not in unpacker.frames and (frame := shelf.find_frame(packed.frame)):
            packed = replace(packed, frame_content=frame)
        if packed:
            with suppress(*DAMAGED):
                told[number] = _unpack(packed, unpacker)
    return told


def _keep(file: collect.Found, opened: Opened, packed: Packed, shelf: kept.Shelf | None) -> None:
    """Keep what a form says; why a file was refused may be the computer's doing, and is looked at anew."""
    received, told = opened
    if shelf and isinstance(told, Filled):
        shelf.keep(_key_of(file), received.digest, packed)


def _key_of(file: collect.Found) -> str:
    return kept.name_entry(file.name, file.size, file.modified.isoformat() if file.modified else "")


def _lose(file: collect.Found, lost: workers.Lost) -> Opened:
    refusal = incoming.refuse(_LOST[lost.reason], file.name, incoming.LIMITS)
    return collect.receive_file(file, refusal), refusal


def _say(tell: Tell | None, opened: dict[int, Opened], files: Sequence[collect.Found]) -> None:
    if tell:
        tell(len(opened), len(files))

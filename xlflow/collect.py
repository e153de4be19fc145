"""Finds what came back, in folders and archives, and settles which files count: once, this round, the newest.

Goes by what stands in the forms and never by their names. Every file that is found ends in exactly one state,
and nothing here depends on the order in which files are found or read.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.model import Filled, Received, State
from xlflow.core.text import fold, show_name
from xlflow.core.words import NO_DAY
from xlflow.excel import incoming

_SYSTEM_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".filepart")
_ELSEWHERE = (".icloud", ".nextcloud", ".owncloud")
"""How the name of a file ends that stands for one which has not been fetched from where it is kept."""

_SAVED_APART = re.compile(r".*\.sb-[0-9a-f]{8}-\w{6}")
"""What a Mac calls a file that is being saved."""

_UNCLEAR = frozenset('#%?\\"<>|')
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_WEIGHT = (State.ACCEPTED, State.SUPERSEDED, State.DUPLICATE, State.REFUSED, State.IGNORED)
"""The states of a file, those first in which it counts."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What file systems count seconds from; `fromtimestamp` fails on Windows for a time before it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file on its way to the gate: its name as people see it, where it stands or what it holds. `settled` is
    set where its state is clear without opening it."""

    name: str
    source: Path | bytes
    size: int
    modified: datetime | None = None
    settled: Received | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What counts: the forms of each unit, newest first, and all files found with what became of them."""

    groups: tuple[tuple[Filled, ...], ...]
    files: tuple[Received, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def forms(self) -> tuple[Filled, ...]:
        """All forms that count, unit by unit."""
        return tuple(form for group in self.groups for form in group)


def find_files(
    paths: Sequence[Path], leave_out: Collection[Path] = ()
) -> tuple[tuple[Found, ...], tuple[Finding, ...]]:
    """Return every file at these paths (files, folders, archives), by name, with notes on what is ignored.

    `leave_out` are files of our own that may lie among them. `Stop` if a path does not exist.
    """
    missing = [find("path-not-found", Place(str(path))) for path in paths if not incoming.is_there(path)]
    if missing:
        raise Stop(*missing)
    own = {path.resolve() for path in leave_out}
    closed: dict[Path, Finding] = {}
    listed = {real: (name, path) for path in sorted(set(paths)) for name, path, real in _list_files(path, closed)}
    named = _tell_apart(sorted(listed.values()))
    pairs = [pair for name, path in named for pair in _look_at(name, path, own=path.resolve() in own)]
    findings = (*closed.values(), *(finding for _, finding in pairs if finding))
    return tuple(sorted((found for found, _ in pairs), key=lambda found: found.name)), findings


def find_near(found: Iterable[Found], workbook: Path) -> Mapping[str, str]:
    """Return for each file in or below the folder of a workbook how it is reached from there, by its name; not for
    files inside archives, nor where an address would not be understood as it is."""
    folder = workbook.resolve().parent
    paths = {file.name: file.source.resolve() for file in found if isinstance(file.source, Path)}
    near = {name: path.relative_to(folder).as_posix() for name, path in paths.items() if folder in path.parents}
    return {name: address for name, address in near.items() if _is_clear(address)}


def receive_file(found: Found, opened: incoming.Book | Finding) -> Received:
    """Return what is known of a file that the gate has seen."""
    if isinstance(opened, Finding):
        return Received(found.name, "", found.size, found.modified, State.REFUSED, reason=opened.code)
    saved = opened.saved or found.modified
    return Received(found.name, opened.digest, opened.size, saved, State.ACCEPTED)


def pass_over(book: incoming.Book) -> Finding | None:
    """Return the note that says why a workbook of our own that is no form is passed over; None for all others."""
    ours = book.properties.get("xlflow.kind") == "consolidated"
    return find("ignored-consolidated", Place(book.name)) if ours else None


def choose_round(forms: Iterable[Filled]) -> str | None:
    """Return the key of the round that most units answered, the latest where several have equally many."""
    units: dict[str, set[str]] = {}
    as_of: dict[str, date] = {}
    for form in forms:
        units.setdefault(form.round.key, set()).add(fold(form.unit))
        as_of[form.round.key] = form.round.as_of
    return max(units, key=lambda key: (len(units[key]), as_of[key], key), default=None)


def sort_returns(
    filled: Iterable[Filled], others: Iterable[Received] = (), round_key: str | None = None
) -> Collected:
    """Settle which returns count. `others` are the files that are no forms; `round_key` is the round asked for,
    otherwise that of most units, the newest of several."""
    forms = sorted(filled, key=lambda form: form.received.name)
    key = round_key or choose_round(forms)
    told = [(form, _say_round(form, key or "")) for form in forms if form.round.key != key]
    strays = [(_settle(form, State.REFUSED, note.code), note) for form, note in told]
    groups: dict[str, list[Filled]] = {}
    for form in forms:
        if form.round.key == key:
            groups.setdefault(fold(form.unit), []).append(form)
    kept, dropped, notes = [], [form.received for form, _ in strays], [note for _, note in strays]
    for _, group in sorted(groups.items()):
        counted, twice, found = _sort_group(group)
        kept.append(counted)
        dropped += twice
        notes += found
    files = [*others, *_count_once([*dropped, *(form.received for group in kept for form in group)])]
    return Collected(tuple(kept), tuple(sorted(files, key=lambda file: (file.name, file.digest))), tuple(notes))


# Finding files --------------------------------------------------------------------------------------------


def _list_files(path: Path, closed: dict[Path, Finding]) -> Iterator[tuple[str, Path, Path]]:
    """Yield (name relative to the folder given, path, real path) of every file, following links once; `closed`
    gets what is to be said of folders that cannot be looked into."""
    if not os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        yield path.name, path, path.resolve()
        return
    from xlflow.excel import outgoing  # noqa: PLC0415 (slow to load, and not needed for a single file)

    def tell(fault: OSError) -> None:
        folder = Path(fault.filename)
        closed[folder.resolve()] = find("folder-not-readable", Place(folder.as_posix()), value=fault.strerror)

    seen = {path.resolve()}
    for folder, folders, files in os.walk(path, onerror=tell, followlinks=True):
        here = Path(folder)
        new = [name for name in sorted(folders) if (here / name).resolve() not in seen]
        seen.update((here / name).resolve() for name in new)
        folders[:] = new
        for name in sorted(name for name in files if not outgoing.is_passing(name)):
            yield (here / name).relative_to(path).as_posix(), here / name, (here / name).resolve()


def _tell_apart(listed: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Yield the files again; those that would show the same name show their whole path instead."""
    names = Counter(name for name, _ in listed)
    for name, path in listed:
        yield (name if names[name] == 1 else path.as_posix()), path


def _look_at(name: str, path: Path, *, own: bool) -> Iterator[tuple[Found, Finding | None]]:
    """Yield one file, or the files inside it where it is an archive of forms."""
    code = "ignored-own-file" if own else _reason_to_pass(name)
    size, modified = _stat(path)
    if code:
        yield _settled(name, path, size, modified, find(code, Place(name)))
    elif path.suffix.lower() == ".zip":
        yield from _look_inside(Found(name, path, size, modified), path)
    else:
        yield Found(name, path, size, modified), None


def _look_inside(found: Found, path: Path) -> Iterator[tuple[Found, Finding | None]]:
    bundle = incoming.open_bundle(path, found.name)
    if bundle is None:
        yield found, None
    elif isinstance(bundle, Finding) or not bundle:
        refusal = bundle if isinstance(bundle, Finding) else find("archive-empty", Place(found.name))
        yield _settled(found.name, path, found.size, found.modified, refusal)
    else:
        for packed in bundle:
            yield _look_at_packed(f"{found.name}/{packed.name}", packed, path)


def _look_at_packed(name: str, packed: incoming.Packed, path: Path) -> tuple[Found, Finding | None]:
    code = _reason_to_pass(name)
    if code:
        return _settled(name, path, packed.size, packed.modified, find(code, Place(name)))
    if isinstance(packed.content, Finding):
        return _settled(name, path, packed.size, packed.modified, packed.content)
    return Found(name, packed.content, packed.size, packed.modified), None


def _settled(
    name: str, path: Path, size: int, modified: datetime | None, finding: Finding
) -> tuple[Found, Finding]:
    state = State.IGNORED if finding.code.startswith("ignored-") else State.REFUSED
    return Found(
        name, path, size, modified, Received(name, "", size, modified, state, reason=finding.code)
    ), finding


def _reason_to_pass(name: str) -> str | None:
    """Return the code that says why a file is not opened, by its name; None if it is."""
    folders, _, base = name.rpartition("/")
    if base.startswith(("~$", ".~lock.", ".~")):
        return "ignored-lock-file"
    if base.casefold().endswith(_ELSEWHERE):
        return "file-is-link"
    hidden = base.startswith(".") or base.casefold() in _SYSTEM_NAMES or "__MACOSX" in folders.split("/")
    if hidden or base.casefold().endswith((".tmp", "zone.identifier")):
        return "ignored-system-file"
    unfinished = base.casefold().endswith(_UNFINISHED) or _SAVED_APART.fullmatch(base)
    return "file-still-being-saved" if unfinished else None


def _is_clear(address: str) -> bool:
    """Return whether an address is understood as it is; a name that is no text to this system is none either."""
    return not _UNCLEAR & set(address) and address.encode(errors="replace").decode() == address


def _stat(path: Path) -> tuple[int, datetime | None]:
    try:
        status = path.stat()
    except OSError:
        return 0, None
    try:
        return status.st_size, _EPOCH + timedelta(seconds=status.st_mtime)
    except OverflowError:
        return status.st_size, None


# Sorting returns ------------------------------------------------------------------------------------------


def _say_round(form: Filled, key: str) -> Finding:
    """Return what keeps a form out of the round of a key: its day, or where that is the same or of no account, its
    template."""
    name, _, day = key.rpartition(" ")
    theirs, place = form.round.as_of.isoformat(), _place_of(form)
    if day not in ("", NO_DAY.isoformat(), theirs):
        return find("other-round", place, unit=form.unit, words={"theirs": theirs, "ours": day})
    words = {"theirs": form.round.template.name, "ours": name}
    return find("other-template", place, unit=form.unit, words=words)


def _sort_group(group: Sequence[Filled]) -> tuple[tuple[Filled, ...], list[Received], list[Finding]]:
    """Return the returns of one unit that differ, newest first; those that do not count any more, since they say
    the same as another or were corrected in another; and notes on both."""
    newest_first = sorted(_plainest_first(group), key=_saved, reverse=True)
    kept: list[Filled] = []
    twice: list[Received] = []
    notes: list[Finding] = []
    for form in newest_first:
        later = next((other for other in newest_first if _replaces(other, form)), None)
        if later:
            settled = _settle(form, State.SUPERSEDED, "corrected-return")
            words = {"other": show_name(later.received.name)}
            notes.append(find("corrected-return", _place_of(form), unit=form.unit, words=words))
            twice.append(settled.received)
            continue
        same = next((other for other in kept if _says_the_same(form, other)), None)
        code = "same-return-twice" if same else "newer-return"
        state = State.DUPLICATE if same else State.SUPERSEDED if kept else State.ACCEPTED
        settled = _settle(form, state, code if kept else None)
        if kept:
            words = {"other": show_name((same or kept[0]).received.name)}
            notes.append(find(code, _place_of(form), unit=form.unit, words=words))
        if same:
            twice.append(settled.received)
        else:
            kept.append(settled)
    return tuple(kept), twice, notes


def _plainest_first(group: Sequence[Filled]) -> list[Filled]:
    """Return the forms by name, the shortest first; of files that are the same to the last byte all as the one
    with the plainest name was saved, since whoever copies a file has not answered anew."""
    plain = sorted(group, key=lambda form: (len(form.received.name), form.received.name))
    saved: dict[str, datetime | None] = {}
    for form in plain:
        saved.setdefault(form.received.digest or form.received.name, form.received.saved)
    times = (saved[form.received.digest or form.received.name] for form in plain)
    return [
        replace(form, received=replace(form.received, saved=time)) for form, time in zip(plain, times, strict=True)
    ]


def _saved(form: Filled) -> datetime:
    saved = form.received.saved or _LONG_AGO
    return saved if saved.tzinfo else saved.replace(tzinfo=UTC)


def _replaces(later: Filled, form: Filled) -> bool:
    """Return whether a form was made from another to be corrected, and says something else now."""
    before, after = set(form.identity.replaces), set(later.identity.replaces)
    return (
        form.answers_digest in after
        and later.answers_digest not in (before | {form.answers_digest})
        and len(before) <= len(after)
    )


def _says_the_same(one: Filled, other: Filled) -> bool:
    if one.received.digest and one.received.digest == other.received.digest:
        return True
    return bool(one.answers_digest) and one.answers_digest == other.answers_digest


def _place_of(form: Filled) -> Place:
    """Return the file of a form; its sheet too where it stands in the workbook of another unit."""
    moved = (found.place for found in form.findings if found.code == "sheet-of-other-unit")
    return next(moved, Place(form.received.name))


def _count_once(files: Sequence[Received]) -> list[Received]:
    """Return the files, one in which forms of several units stand as one: it is what the form is that counts most,
    and names the other units whose answers in it count."""
    found: dict[tuple[str, str], list[Received]] = {}
    for file in files:
        found.setdefault((file.name, file.digest), []).append(file)
    counted: list[Received] = []
    for same in found.values():
        first, *more = sorted(same, key=lambda file: (_WEIGHT.index(file.state), file.unit or ""))
        also = (file.unit for file in more if file.unit and file.state in (State.ACCEPTED, State.SUPERSEDED))
        counted.append(replace(first, also=tuple(also)) if more else first)
    return counted


def _settle(form: Filled, state: State, reason: str | None) -> Filled:
    return replace(form, received=replace(form.received, state=state, unit=form.unit, reason=reason))

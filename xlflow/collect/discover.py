"""Finds the files that came back, in folders and archives, and says of some at once what becomes of them.

A file is passed over by its name only where the name says that it is no document (lock files, system files); whose
form it is, its content says. Every file found ends in exactly one state, whatever the order in which files are
found.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xlflow.excel.reader import WorkbookData, ZippedFile, open_zip_archive, path_exists
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.submission import FileState, ReceivedFile

_SYSTEM_FILE_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_UNFINISHED_SUFFIXES = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".filepart")
_PLACEHOLDER_SUFFIXES = (".icloud", ".nextcloud", ".owncloud")
"""Name endings of placeholders for files that are in a cloud folder and have not been downloaded."""

_MAC_TEMP_NAME = re.compile(r".{0,255}\.sb-[0-9a-f]{8}-\w{6}")
"""Name of a file that macOS is saving."""

_UNSAFE_LINK_CHARACTERS = frozenset('#%?\\"<>|')
"""Characters that programs do not take literally in the address of a link."""

_SYSTEM_FOLDER = re.compile(
    r"[.$].+|#(?:recycle|snapshot)|~snapshot|@(?:eadir|recycle|recently-snapshot|tmp|sharebin|syno.*)"
    r"|recycle[rd]|recycle bin|system volume information|lost\+found|found\.\d{3}|tmp\.drive(?:down|up)load"
    r"|network trash folder|temporary items|files_(?:trashbin|versions)|backups\.backupdb",
    re.IGNORECASE,
)
"""Name of a folder that a system, disk or synchronising program keeps for itself: recycle bins, older versions,
previews, what is being transferred. One that begins with a dot or $ is always of this kind."""

_WORKBOOK_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""The first bytes of a zip package and of an .xls."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Zero of file times. Added to by hand, since `fromtimestamp` fails on Windows for a time before it."""


@dataclass(frozen=True, slots=True)
class DiscoveredFile:
    """A file that is not opened yet. `name`: as people see it, relative to the folder that was given, with "/"
    also in archives. `source`: its path, or its content where it is in an archive. `size`: in bytes.
    `settled_file`: set where its state is clear without opening it. `passed_over_code`: of a file that is passed
    over by its name, but looks like a workbook and is opened to see whether it is a form; "" for all others."""

    name: str
    source: Path | bytes
    size: int
    modified: datetime | None = None
    settled_file: ReceivedFile | None = None
    passed_over_code: str = ""


def discover_files(
    paths: Sequence[Path], excluded: Collection[Path] = ()
) -> tuple[tuple[DiscoveredFile, ...], tuple[Finding, ...]]:
    """Return every file at these paths (files, folders, archives), sorted by name, and a finding for each that is
    ignored or refused already and for each folder that cannot be read.

    `excluded` are files of our own that may be among them; they are found as ignored. Raises `FatalError` with one
    finding per path if a path does not exist.
    """
    missing = [make_finding("path-not-found", Location(str(path))) for path in paths if not path_exists(path)]
    if missing:
        raise FatalError(*missing)
    own_paths = {path.resolve() for path in excluded}
    unreadable_folders: dict[Path, Finding] = {}
    listed = {
        real_path: (name, path)
        for path in sorted(set(paths))
        for name, path, real_path in _walk_files(path, unreadable_folders)
    }
    named_paths = _make_names_unique(sorted(listed.values()))
    pairs = [
        pair
        for name, relative_name, path in named_paths
        for pair in _classify_file(name, path, relative_name, is_own=path.resolve() in own_paths)
    ]
    findings = (*unreadable_folders.values(), *(finding for _, finding in pairs if finding))
    return tuple(sorted((file for file, _ in pairs), key=lambda found: found.name)), findings


def find_relative_paths(files: Iterable[DiscoveredFile], workbook: Path) -> Mapping[str, str]:
    """Return the path of each file relative to the folder of a workbook, with "/", by the file's name. Left out
    are files elsewhere or in archives, and those whose path would not work as a link."""
    folder = workbook.resolve().parent
    paths = {file.name: file.source.resolve() for file in files if isinstance(file.source, Path)}
    relative_paths = {
        name: path.relative_to(folder).as_posix() for name, path in paths.items() if folder in path.parents
    }
    return {name: address for name, address in relative_paths.items() if _is_safe_link(address)}


def make_received_file(file: DiscoveredFile, opened: WorkbookData | Finding) -> ReceivedFile:
    """Return the record of a file that was opened, or refused (`opened` is then the finding that says why)."""
    if isinstance(opened, Finding):
        return ReceivedFile(file.name, "", file.size, file.modified, FileState.REFUSED, reason=opened.code)
    saved, is_dated = opened.last_saved or file.modified, opened.last_saved is not None
    return ReceivedFile(file.name, opened.digest, opened.size, saved, FileState.ACCEPTED, is_dated=is_dated)


def passed_over_finding(file: DiscoveredFile, unit: str | None) -> Finding:
    """Return the finding about a file with a `passed_over_code` that was opened: `unit` is whose form it turned
    out to be, None if it is no form."""
    if unit is None:
        return make_finding(file.passed_over_code, Location(file.name))
    return make_finding("ignored-possible-form", Location(file.name), unit=unit)


def ignore_reason(workbook: WorkbookData) -> Finding | None:
    """Return the finding that says why a workbook of our own that is no form is ignored; None for all others."""
    is_consolidated = workbook.properties.get("xlflow.kind") == "consolidated"
    return make_finding("ignored-consolidated", Location(workbook.name)) if is_consolidated else None


# Finding files --------------------------------------------------------------------------------------------


def _walk_files(path: Path, unreadable_folders: dict[Path, Finding]) -> Iterator[tuple[str, Path, Path]]:
    """Yield (name relative to the folder given, path, real path) of every file below a path. Links to folders are
    followed, but no folder is visited twice. `unreadable_folders` is filled with a finding per folder that cannot
    be read."""
    if not os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        yield path.name, path, path.resolve()
        return
    from xlflow.runtime.file_lock import is_own_temp_file  # noqa: PLC0415 (slow to load, and not needed for a single file)

    def add_unreadable(error: OSError) -> None:
        folder = Path(error.filename)
        unreadable_folders[folder.resolve()] = make_finding(
            "folder-not-readable", Location(folder.as_posix()), value=error.strerror
        )

    visited = {path.resolve()}  # links may form a circle
    for folder, folders, files in os.walk(path, onerror=add_unreadable, followlinks=True):
        folder_path = Path(folder)
        new_folders = [name for name in sorted(folders) if (folder_path / name).resolve() not in visited]
        visited.update((folder_path / name).resolve() for name in new_folders)
        folders[:] = new_folders
        for name in sorted(name for name in files if not is_own_temp_file(name)):
            yield (
                (folder_path / name).relative_to(path).as_posix(),
                folder_path / name,
                (folder_path / name).resolve(),
            )


def _make_names_unique(listed: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, str, Path]]:
    """Yield (name as people see it, name relative to the folder given, path) of the files; of several with the
    same name each gets its whole path as name."""
    names = Counter(name for name, _ in listed)
    for name, path in listed:
        yield (name if names[name] == 1 else path.as_posix()), name, path


def _classify_file(
    name: str, path: Path, relative_name: str, *, is_own: bool
) -> Iterator[tuple[DiscoveredFile, Finding | None]]:
    """Yield one file, or the files inside it where it is an archive of forms; with the finding if it is
    settled."""
    finding = make_finding("ignored-own-file", Location(name)) if is_own else _judge_name(relative_name, name)
    size, modified = _read_size_and_time(path)
    if finding and finding.code == "ignored-system-file" and _looks_like_workbook(path):
        yield DiscoveredFile(name, path, size, modified, passed_over_code=finding.code), None
    elif finding:
        yield _settle_file(name, path, size, modified, finding)
    elif path.suffix.lower() == ".zip":
        yield from _expand_archive(DiscoveredFile(name, path, size, modified), path)
    else:
        yield DiscoveredFile(name, path, size, modified), None


def _expand_archive(file: DiscoveredFile, path: Path) -> Iterator[tuple[DiscoveredFile, Finding | None]]:
    bundle = open_zip_archive(path, file.name)
    if bundle is None:
        yield file, None
    elif isinstance(bundle, Finding) or not bundle:
        refusal = bundle if isinstance(bundle, Finding) else make_finding("archive-empty", Location(file.name))
        yield _settle_file(file.name, path, file.size, file.modified, refusal)
    else:
        for entry in bundle:
            yield _classify_archive_entry(f"{file.name}/{entry.name}", entry, path)


def _classify_archive_entry(name: str, entry: ZippedFile, path: Path) -> tuple[DiscoveredFile, Finding | None]:
    finding = _judge_name(entry.name, name)
    if finding:
        is_possible_form = (
            finding.code == "ignored-system-file"
            and isinstance(entry.content, bytes)
            and entry.content.startswith(_WORKBOOK_SIGNATURES)
        )
        if is_possible_form and isinstance(entry.content, bytes):
            code = finding.code
            return DiscoveredFile(name, entry.content, entry.size, entry.modified, passed_over_code=code), None
        return _settle_file(name, path, entry.size, entry.modified, finding)
    if isinstance(entry.content, Finding):
        return _settle_file(name, path, entry.size, entry.modified, entry.content)
    return DiscoveredFile(name, entry.content, entry.size, entry.modified), None


def _settle_file(
    name: str, path: Path, size: int, modified: datetime | None, finding: Finding
) -> tuple[DiscoveredFile, Finding]:
    state = FileState.IGNORED if finding.code.startswith("ignored-") else FileState.REFUSED
    return DiscoveredFile(
        name, path, size, modified, ReceivedFile(name, "", size, modified, state, reason=finding.code)
    ), finding


def _judge_name(relative_name: str, name: str) -> Finding | None:
    """Return the finding that says why a file is not opened, judged by its name (`relative_name`, below the folder
    or archive that was given); None if it is opened. `name` is what people call it."""
    *folders, base = relative_name.split("/")
    system_folder = next(filter(_SYSTEM_FOLDER.fullmatch, folders), None)
    if system_folder:
        return make_finding("ignored-system-folder", Location(name), params={"folder": system_folder})
    code = "ignored-system-file" if "__MACOSX" in folders else _ignore_code_for_name(base)
    return make_finding(code, Location(name)) if code else None


def _ignore_code_for_name(base: str) -> str | None:
    """Return the finding code that says why a file with this name, without folders, is not opened."""
    folded = base.casefold()
    if base.startswith(("~$", ".~lock.", ".~")):
        return "ignored-lock-file"
    if folded.endswith(_PLACEHOLDER_SUFFIXES):
        return "file-is-link"
    if base.startswith(".") or folded in _SYSTEM_FILE_NAMES or folded.endswith((".tmp", "zone.identifier")):
        return "ignored-system-file"
    unfinished = folded.endswith(_UNFINISHED_SUFFIXES) or _MAC_TEMP_NAME.fullmatch(base)
    return "file-still-being-saved" if unfinished else None


def _looks_like_workbook(path: Path) -> bool:
    """Return whether a file begins as workbooks do; one that cannot be read does not. Nothing but a regular file
    is opened."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(4).startswith(_WORKBOOK_SIGNATURES)
    except OSError:
        return False


def _is_safe_link(address: str) -> bool:
    """Return whether a relative path works as a link as it is; a name that is not valid Unicode does not."""
    return not _UNSAFE_LINK_CHARACTERS & set(address) and address.encode(errors="replace").decode() == address


def _read_size_and_time(path: Path) -> tuple[int, datetime | None]:
    """Return size in bytes and time of change (UTC); 0 and None where they cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return 0, None
    try:
        return status.st_size, _EPOCH + timedelta(seconds=status.st_mtime)
    except OverflowError:
        return status.st_size, None

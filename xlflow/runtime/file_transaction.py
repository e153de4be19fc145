"""Replaces several files as one: all of them are the new ones afterwards, or all the old ones.

All new files are written beside their targets first, and what they replace is kept. Then a journal beside one of
them says which files are about to change, and they are renamed in one go. A run that is killed meanwhile leaves
the journal; whoever wants one of the files next puts the old ones back (`undo_interrupted`). The journal is taken
away when all is done, and nothing else decides whether it was.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from xlflow.runtime.atomic_write import AtomicTarget, sync_folder
from xlflow.runtime.file_lock import FileLock, LockHeldError, own_temp_path

Remake = Callable[[dict[Path, Path]], bytes]
"""Makes the content of a file again when others went under another name: target -> where it is."""


@dataclass(slots=True)
class _StagedFile:
    """A file to be written or, without a target, removed. `digest` is the SHA-256 of its new content."""

    path: Path
    target: AtomicTarget | None
    digest: str = ""
    remake: Remake | None = None


@dataclass(slots=True)
class FileTransaction:
    """Files to be replaced together; `owner` is the path beside which the journal is. The caller has locked
    them."""

    owner: Path
    _staged: list[_StagedFile] = field(default_factory=list)

    def stage(self, path: Path, content: bytes | Iterable[bytes], remake: Remake | None = None) -> None:
        """Write a file beside its target; `FatalError` if that cannot be done, with nothing left behind."""
        self.stage_target(AtomicTarget(path), path, content, remake)

    def stage_target(
        self, target: AtomicTarget, path: Path, content: bytes | Iterable[bytes], remake: Remake | None = None
    ) -> None:
        """As `stage`, for a target that is locked already."""
        target.remove_leftovers()
        try:
            self._staged.append(_StagedFile(path, target, target.prepare(content), remake))
        except BaseException:
            self.discard()
            raise

    def stage_removal(self, path: Path) -> None:
        """Let a file be removed with the others."""
        self._staged.append(_StagedFile(path, None))

    def discard(self) -> None:
        """Remove what was written beside the targets."""
        for staged in self._staged:
            if staged.target:
                staged.target.remove_leftovers()

    def commit(self) -> dict[Path, Path]:
        """Put all files into place, in their order, and return target -> where it is: beside the target if that is
        open elsewhere. Whatever fails, the old files are back and the error is raised."""
        journal = own_temp_path(Path(os.path.realpath(self.owner)), "undo")
        real_paths = [Path(os.path.realpath(staged.path)) for staged in self._staged]
        saved: dict[Path, Path] = {}
        try:
            for path in real_paths:
                _keep_old(path)
            entries = [[str(path), staged.digest] for path, staged in zip(real_paths, self._staged, strict=True)]
            _write_journal(journal, entries)
            for staged in self._staged:
                self._put_into_place(staged, saved)
            for folder in dict.fromkeys(path.parent for path in real_paths):
                sync_folder(folder)
        except BaseException:
            self.discard()
            for target, place in saved.items():
                if place != target:
                    place.unlink(missing_ok=True)
            _undo(journal)
            raise
        finally:
            _finish(journal, real_paths)
        return saved

    def _put_into_place(self, staged: _StagedFile, saved: dict[Path, Path]) -> None:
        if staged.target is None:
            with suppress(OSError):  # somebody has it open; it does no harm
                staged.path.unlink(missing_ok=True)
            return
        if staged.remake and any(place != target for target, place in saved.items()):
            staged.target.remove_leftovers()
            staged.target.prepare(staged.remake(saved))
        saved[staged.path] = staged.target.rename()


def undo_interrupted(owner: Path) -> None:
    """Put the old files back that a killed run was about to replace together with `owner`; nothing if there are
    none, or if another run is at them."""
    real_owner = Path(os.path.realpath(owner))
    journal = own_temp_path(real_owner, "undo")
    if not journal.is_file():
        return
    lock = FileLock(real_owner)
    with suppress(LockHeldError, OSError):
        lock.acquire()
        try:
            _finish(journal, _undo(journal))
        finally:
            lock.release()


def _keep_old(path: Path) -> None:
    """Keep the old file under a name of ours: the same file where the disk allows it, else a copy."""
    kept = own_temp_path(path, "old")
    kept.unlink(missing_ok=True)
    if path.is_file():
        try:
            os.link(path, kept)
        except OSError:
            shutil.copy2(path, kept)


def _write_journal(journal: Path, entries: list[list[str]]) -> None:
    content = json.dumps(entries).encode()
    journal.unlink(missing_ok=True)
    AtomicTarget(journal).save(content)
    sync_folder(journal.parent)


def _undo(journal: Path) -> list[Path]:
    """Put back what a journal lists and return it. A file that was not there before goes, if it is the new one."""
    try:
        entries = [(Path(path), str(digest)) for path, digest in json.loads(journal.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []
    for path, digest in entries:
        kept = own_temp_path(path, "old")
        if kept.is_file() and not kept.is_symlink():
            kept.replace(path)
        elif path.is_file() and digest and sha256(path.read_bytes()).hexdigest() == digest:
            path.unlink()
    return [path for path, _ in entries]


def _finish(journal: Path, paths: Iterable[Path]) -> None:
    """Take the journal away, which ends the transaction, and then what was kept."""
    with suppress(OSError):
        journal.unlink(missing_ok=True)
        sync_folder(journal.parent)
    for path in paths:
        with suppress(OSError):
            own_temp_path(path, "old").unlink(missing_ok=True)

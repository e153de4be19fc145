"""One run at a time writes a file, and a lock never outlives the run that holds it."""

import os
import socket
import sys
from errno import EACCES, ENOLCK
from pathlib import Path

import pytest

from xlflow.runtime import file_lock
from xlflow.runtime.file_lock import FileLock, LockHeldError, is_own_temp_file, own_temp_path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot go away there")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "alla.xlsx"


def test_a_second_run_is_reported_who_holds_the_lock(target: Path) -> None:
    first, second = FileLock(target), FileLock(target)
    first.acquire()
    with pytest.raises(LockHeldError) as held:
        second.acquire()
    assert held.value.owner == (socket.gethostname(), str(os.getpid()))
    first.release()
    assert list(target.parent.iterdir()) == []
    second.acquire()
    second.release()


def test_a_lock_file_that_went_away_before_it_was_locked_is_made_anew(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run before ends after we opened its lock file and before we lock it: the file then has no name."""
    request, taken_away = file_lock._request_os_lock, []

    def lock_after_removal(handle: int) -> None:
        if not taken_away:
            path = own_temp_path(target, "lock")
            path.unlink()
            taken_away.append(path)
        request(handle)

    monkeypatch.setattr(file_lock, "_request_os_lock", lock_after_removal)
    lock = FileLock(target)
    lock.acquire()
    assert taken_away
    assert own_temp_path(target, "lock").exists(), "the lock is held under its name"
    with pytest.raises(LockHeldError):
        FileLock(target).acquire()
    lock.release()
    assert list(target.parent.iterdir()) == []


def test_a_lock_file_that_went_away_while_another_held_it_is_not_waited_for(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run ends just as we are refused: the file has no name any more, and the next attempt succeeds."""
    request, first = file_lock._request_os_lock, FileLock(target)
    first.acquire()
    attempts = []

    def refuse_and_end_first(handle: int) -> None:
        attempts.append(handle)
        try:
            request(handle)
        except OSError:
            first.release()
            raise

    monkeypatch.setattr(file_lock, "_request_os_lock", refuse_and_end_first)
    second = FileLock(target)
    second.acquire()
    assert len(attempts) == 2
    second.release()
    assert list(target.parent.iterdir()) == []


def test_a_lock_that_cannot_say_whose_it_is_still_counts(target: Path) -> None:
    first = FileLock(target)
    first.acquire()
    own_temp_path(target, "lock").write_bytes(b"")
    with pytest.raises(LockHeldError) as held:
        FileLock(target).acquire()
    assert held.value.owner == ("?", "?")
    first.release()


@pytest.mark.parametrize(("errno", "may_write"), [(ENOLCK, True), (EACCES, False)])
def test_a_drive_without_locks_lets_every_run_write(
    target: Path, monkeypatch: pytest.MonkeyPatch, errno: int, may_write: bool
) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno, "no")

    monkeypatch.setattr(file_lock, "_request_os_lock", fail)
    lock = FileLock(target)
    if may_write:
        lock.acquire()
        lock.release()
    else:
        with pytest.raises(LockHeldError):
            lock.acquire()


def test_one_target_has_one_lock_however_its_name_is_written(tmp_path: Path) -> None:
    lock_path = own_temp_path(tmp_path / "Alla.xlsx", "lock")
    assert lock_path == own_temp_path(tmp_path / "ALLA.XLSX", "lock")
    assert lock_path != own_temp_path(tmp_path / "Alla 2.xlsx", "lock")
    assert is_own_temp_file(lock_path.name)
    assert not is_own_temp_file(f"x{lock_path.name}")
    assert not is_own_temp_file(f"{lock_path.name}x")

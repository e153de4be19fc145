"""The consolidated workbook and the tables beside it are both old or both new, whatever happens."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.not_empty import not_empty

from xlflow.model.findings import FatalError
from xlflow.runtime.file_lock import is_own_temp_file, own_temp_path
from xlflow.runtime.file_transaction import FileTransaction, undo_interrupted

OLD = {"bok.xlsx": b"gammal bok", "t/svar.csv": b"gamla svar", "t/gammal.csv": b"en tabell mindre"}
NEW = {"bok.xlsx": b"ny bok", "t/svar.csv": b"nya svar", "t/ny.csv": b"en tabell till"}


def lay_out(folder: Path) -> None:
    (folder / "t").mkdir(parents=True)
    for name, content in OLD.items():
        (folder / name).write_bytes(content)


def stage(folder: Path) -> FileTransaction:
    transaction = FileTransaction(folder / "bok.xlsx")
    for name in ("t/svar.csv", "t/ny.csv"):
        transaction.stage(folder / name, NEW[name])
    transaction.stage_removal(folder / "t/gammal.csv")
    transaction.stage(folder / "bok.xlsx", NEW["bok.xlsx"])
    return transaction


def files(folder: Path) -> Mapping[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_all_files_are_new_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    lay_out(tmp_path)
    saved = stage(tmp_path).commit()
    assert files(tmp_path) == NEW
    assert saved == {tmp_path / name: tmp_path / name for name in NEW}


def test_nothing_changes_before_the_commit(tmp_path: Path) -> None:
    lay_out(tmp_path)
    transaction = stage(tmp_path)
    assert {name: content for name, content in files(tmp_path).items() if not _is_temporary(name)} == OLD
    transaction.discard()
    assert files(tmp_path) == OLD


def _is_temporary(name: str) -> bool:
    return is_own_temp_file(name.rpartition("/")[2])


@pytest.mark.parametrize("failing", range(1, 5))
def test_whichever_rename_fails_the_old_files_are_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    lay_out(tmp_path)
    transaction = stage(tmp_path)
    replace, calls = os.replace, []

    def fail(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == failing:
            raise OSError(5, "the disk is gone")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(FatalError):
            transaction.commit()
    assert len(calls) >= failing
    assert files(tmp_path) == OLD


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_file_transaction import stage
folder, step = Path(sys.argv[1]), int(sys.argv[2])
transaction, done = stage(folder), 0
def counted(call):
    def run(*values, **options):
        global done
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
        return call(*values, **options)
    return run
for name in ("replace", "link", "unlink", "fsync"):
    setattr(os, name, counted(getattr(os, name)))
transaction.commit()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
@pytest.mark.parametrize("steps", [range(0, 40, 5), pytest.param(range(60), marks=pytest.mark.long)])
def test_a_run_that_is_killed_at_any_step_leaves_all_old_or_all_new(tmp_path: Path, steps: range) -> None:
    endings = set()
    for step in not_empty(steps):
        folder = tmp_path / str(step)
        lay_out(folder)
        command = [sys.executable, "-c", KILLED, str(folder), str(step)]
        ended = subprocess.run(command, cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=False)
        assert ended.returncode in (0, -signal.SIGKILL)
        undo_interrupted(folder / "bok.xlsx")
        left = {name: content for name, content in files(folder).items() if not _is_temporary(name)}
        assert left in (OLD, NEW), f"killed at step {step}"
        endings.add(left == NEW)
    assert endings == {False, True}


def test_a_journal_of_somebody_else_touches_no_other_file(tmp_path: Path) -> None:
    lay_out(tmp_path)
    victim = tmp_path / "annan.txt"
    victim.write_bytes(b"mitt")
    transaction = stage(tmp_path)
    transaction.commit()
    journal = own_temp_path(tmp_path / "bok.xlsx", "undo")
    for content in (b"", b"[", b"{}", b'[["' + str(victim).encode() + b'", "0"]]', b"[1, 2]"):
        journal.write_bytes(content)
        undo_interrupted(tmp_path / "bok.xlsx")
        assert victim.read_bytes() == b"mitt"
        assert not journal.exists()

"""What is written is the old file or the new one, never half of one, and nothing is left lying beside it.

Whichever call fails, however full the disk is, whenever the process is killed, and whoever else writes there.
"""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from errno import EACCES, EIO, ENOSPC
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.draw_round import draw_round
from support.not_empty import not_empty
from test_excel_writer import STRANGE

from xlflow.cli.json_output import result_to_json
from xlflow.cli.text_output import format_findings, format_result
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.generate import write_form
from xlflow.generate.batch import list_form_files
from xlflow.i18n.catalogue import LANGUAGES
from xlflow.model.findings import FatalError
from xlflow.model.plan import Round, Unit
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.runtime.atomic_write import lock_target, write_atomic
from xlflow.values.cell_values import normalize_cell_text

OLD, NEW = b"gammal " * 1000, b"ny " * 1_000_000
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits, rights or signals")
CALLS = ("open", "write", "fsync", "close", "replace", "ftruncate", "unlink", "mkdir", "rmdir", "fstat")
"""Every call of the operating system that saving makes."""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_python(code: str, *arguments: object, **more: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload]


# One file -------------------------------------------------------------------------------------------------


def test_a_file_is_written_whole_and_its_place_is_reported(tmp_path: Path) -> None:
    target = tmp_path / "ny mapp" / "i en till" / "fil.xlsx"
    assert write_atomic(target, NEW) == target
    assert target.read_bytes() == NEW
    assert write_atomic(target, b"") == target
    assert target.read_bytes() == b""
    assert names_in(target.parent) == ["fil.xlsx"]


@POSIX
def test_a_new_file_has_the_rights_of_a_new_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "ny.xlsx", b"x")
    (tmp_path / "vanlig").write_bytes(b"x")
    rights = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ny.xlsx", "vanlig")}
    assert len(rights) == 1


@POSIX
def test_a_link_stays_a_link_and_the_file_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "arkiv").mkdir()
    (tmp_path / "alla.xlsx").symlink_to(tmp_path / "arkiv" / "alla 2021.xlsx")
    assert write_atomic(tmp_path / "alla.xlsx", NEW) == tmp_path / "alla.xlsx"
    assert (tmp_path / "alla.xlsx").is_symlink()
    assert (tmp_path / "arkiv" / "alla 2021.xlsx").read_bytes() == NEW


def test_a_very_long_name_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / f"{'å' * 120}.xlsx"
    assert write_atomic(target, NEW).read_bytes() == NEW


def test_a_target_that_is_a_folder_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(FatalError) as stopped:
        write_atomic(tmp_path, b"x")
    assert stopped.value.findings[0].code == "target-is-folder"
    assert names_in(tmp_path) == []


def test_a_target_below_a_file_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "fil").write_bytes(OLD)
    with pytest.raises(FatalError):
        write_atomic(tmp_path / "fil" / "alla.xlsx", b"x")
    assert names_in(tmp_path) == ["fil"]


def test_a_run_that_writes_nothing_leaves_no_folders(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), lock_target(tmp_path / "ny" / "mapp" / "alla.xlsx"):
        raise KeyboardInterrupt
    assert names_in(tmp_path) == []


# The n-th call fails --------------------------------------------------------------------------------------


@contextmanager
def failing(number: int, fault: OSError, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Have the n-th of all calls fail; a file that cannot be closed is closed all the same, as on a network."""
    made: list[str] = []

    def break_one(name: str) -> Callable[..., object]:
        whole = getattr(os, name)

        def call(*arguments: object, **more: object) -> object:
            made.append(name)
            if len(made) == number:
                if name == "close":
                    whole(*arguments)
                raise fault
            return whole(*arguments, **more)

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, break_one(name))
        yield made


def try_to_save(target: Path, content: bytes) -> Path | str:
    """Where the file was saved, or the code that says why it was not."""
    try:
        return write_atomic(target, content)
    except FatalError as stop:
        return stop.findings[0].code


FAULTS = {ENOSPC: "disk-full", EIO: "target-not-writable", EACCES: "target-not-writable"}


@pytest.mark.parametrize("before", [None, OLD], ids=["no file before", "an old file"])
@pytest.mark.parametrize("code", [ENOSPC, EIO, EACCES], ids=["disk full", "lost drive", "no right"])
def test_whichever_call_fails_the_file_is_the_old_or_the_new_one(
    before: bytes | None, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []
    for number in count(1):
        target = tmp_path / str(number) / "fil.xlsx"
        if before is not None:
            target.parent.mkdir()
            target.write_bytes(before)
        with failing(number, OSError(code, os.strerror(code)), monkeypatch) as made:
            written = try_to_save(target, NEW)
        if len(made) < number:
            break
        failed.append(made[number - 1])
        assert written in (target, target.with_name("fil (2).xlsx"), FAULTS[code]), made
        after = target.read_bytes() if target.exists() else None
        assert after == (NEW if written == target else before), (number, made)
        if made[number - 1] != "unlink":
            left = {path.name for path in target.parent.glob("*")} - {"fil.xlsx"}
            assert left <= ({"fil (2).xlsx"} if code == EACCES else set()), (number, made, left)
        assert write_atomic(target, NEW) == target
        assert [name for name in names_in(target.parent) if name != "fil (2).xlsx"] == ["fil.xlsx"], (number, made)
    assert {"open", "write", "fsync", "close", "replace", "unlink", "ftruncate", "fstat"} <= set(failed)
    assert failed.count("write") == 4


def test_a_disk_that_takes_a_little_at_a_time_gets_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, piece: whole(handle, bytes(piece[:99_991])))
        write_atomic(tmp_path / "fil.xlsx", NEW)
    assert (tmp_path / "fil.xlsx").read_bytes() == NEW


# The disk is full -----------------------------------------------------------------------------------------

LIMITED = """
import json, resource, sys
from pathlib import Path
from xlflow.model.findings import FatalError
from xlflow.runtime.atomic_write import write_atomic
target, told = Path(sys.argv[1]), []
for limit in range(0, 400_001, 10_000):
    target.write_bytes(b"gammal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write_atomic(target, bytes(300_000))
        said = "saved"
    except FatalError as stop:
        said = stop.findings[0].code
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    told.append((limit, said, len(target.read_bytes()), len(list(target.parent.iterdir()))))
print(json.dumps(told))
"""


@POSIX
def test_a_file_that_may_not_grow_any_further_leaves_the_old_one(tmp_path: Path) -> None:
    """The system itself refuses to write past the limit, as a full disk does: some of a piece first, then none."""
    said, faults = run_python(LIMITED, tmp_path / "fil.xlsx").communicate()
    reported = json.loads(said or "null")
    assert reported, faults
    assert {code for _, code, *_ in reported} == {"saved", "disk-full"}
    for limit, code, size, files in reported:
        assert (code, size) == (("saved", 300_000) if limit >= 300_000 else ("disk-full", 6))
        assert files == 1


FULL = """
import json, os, sys
from pathlib import Path
from xlflow.model.findings import FatalError
from xlflow.runtime.atomic_write import write_atomic
folder, told = Path(sys.argv[1]), []
target, ballast = folder / "fil.xlsx", folder / "ballast"
target.write_bytes(b"gammal")
for room in range(600_000, -1, -40_000):
    ballast.write_bytes(b"")
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    ballast.write_bytes(bytes(max(0, free - room)))
    try:
        write_atomic(target, bytes(300_000))
        said = "saved"
    except FatalError as stop:
        said = stop.findings[0].code
    told.append((said, len(target.read_bytes()), sorted(os.listdir(folder))))
    target.write_bytes(b"") or ballast.write_bytes(b"") or target.write_bytes(b"gammal")
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a small disk of its own is made on Linux only")
def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    small = f'mount -t tmpfs -o size=1m tmpfs "{tmp_path}" && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", small, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody but its owner mount a small disk")
    done = subprocess.run([*command, sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, check=False)
    reported = json.loads(done.stdout or "null")
    assert reported, done.stderr.decode()
    assert {said for said, *_ in reported} == {"saved", "disk-full"}
    for said, size, files in reported:
        assert size == (300_000 if said == "saved" else 6)
        assert files == ["ballast", "fil.xlsx"]


# The file is open elsewhere -------------------------------------------------------------------------------


def refuse_to_replace(target: Path, patch: pytest.MonkeyPatch) -> None:
    """As Windows does while a program has the file open."""
    whole = os.replace

    def replace(source: Path, goal: Path) -> None:
        if Path(goal) == target:
            raise PermissionError(EACCES, "Access is denied", str(goal))
        whole(source, goal)

    patch.setattr(os, "replace", replace)


def test_beside_a_file_that_is_open_elsewhere_stands_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "alla.xlsx"
    target.write_bytes(OLD)
    refuse_to_replace(target, monkeypatch)
    assert write_atomic(target, NEW) == tmp_path / "alla (2).xlsx"
    assert write_atomic(target, NEW) == tmp_path / "alla (3).xlsx"
    assert names_in(tmp_path) == ["alla (2).xlsx", "alla (3).xlsx", "alla.xlsx"]
    assert target.read_bytes() == OLD
    assert (tmp_path / "alla (2).xlsx").read_bytes() == NEW


@pytest.mark.skipif(sys.platform != "linux", reason="needs a mark that Linux alone puts on files")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_beside_a_file_that_somebody_has_write_protected_stands_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "alla.xlsx").write_bytes(OLD)
    (tmp_path / "alla.xlsx").chmod(0o444)
    assert write_atomic(tmp_path / "alla.xlsx", b"ny") == tmp_path / "alla (2).xlsx"
    assert (tmp_path / "alla.xlsx").read_bytes() == OLD
    assert (tmp_path / "alla (2).xlsx").read_bytes() == b"ny"


def test_beside_a_file_that_the_system_will_not_replace_stands_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "alla.xlsx"
    target.write_bytes(OLD)
    if subprocess.run(["chattr", "+i", target], capture_output=True, check=False).returncode:
        pytest.skip("this system or its disk lets nobody mark a file as one to keep")
    try:
        assert write_atomic(target, NEW) == tmp_path / "alla (2).xlsx"
    finally:
        subprocess.run(["chattr", "-i", target], check=True)
    assert (target.read_bytes(), (tmp_path / "alla (2).xlsx").read_bytes()) == (OLD, NEW)
    assert names_in(tmp_path) == ["alla (2).xlsx", "alla.xlsx"]


# A round that is written ----------------------------------------------------------------------------------

ASKED = draw_round("""
    Id | Perspektiv | Aktivitet     | Slutdatum | Enhet
    a  | Samhälle   | Öppna kvarnen | Kvartal 2 | Museet
    b  |            | Hyra ut båtar | Kvartal 3 | Badet
""")


@pytest.fixture
def returned(tmp_path: Path) -> Path:
    """A folder of filled forms."""
    folder = tmp_path / "in"
    folder.mkdir()
    for unit, line in (("Museet", "a"), ("Badet", "b")):
        form = write_form(ASKED, unit, {line: {"status": "Pågående"}}, issued={})
        (folder / f"{unit}.xlsx").write_bytes(form)
    return folder


ODD = "Kultur\x07\ud83d\x0bskol_x0041_an R&GD <r>"
"""What a unit, a title and a heading might be called by somebody who wants to see what happens."""


def ask_odd() -> Round:
    """A round whose every text is one that XML, Excel or both cannot hold as it is."""
    first = ASKED.plan.items[0]
    lines = tuple(
        replace(
            first,
            id=f"odd{number}",
            level_texts=tuple(f"{text} {level}" if level else "" for level in first.level_texts),
            units=(ODD,),
            extra_columns=((ODD, text),),
        )
        for number, text in enumerate(STRANGE)
    )
    plan = replace(ASKED.plan, title=ODD, items=lines, units=(Unit(ODD, ODD, ODD),), extra_headings=(ODD,))
    return replace(ASKED, plan=plan)


def test_texts_that_nothing_can_hold_go_through_the_whole_loop(tmp_path: Path) -> None:
    asked = ask_odd()
    (form,) = list_form_files(asked)
    reported = {f"odd{number}": {"status": text, "comment": text} for number, text in enumerate(STRANGE)}
    write_atomic(tmp_path / "in" / form.file_name, write_form(asked, ODD, reported, issued={}))
    run = merge_forms([tmp_path / "in"], tmp_path / "alla.xlsx")
    assert run.merged is not None
    assert [row.row.unit for row in run.merged.rows] == [ODD] * len(STRANGE)
    written = [normalize_cell_text(text) for text in STRANGE]
    assert [row.row.answer("comment").raw_text for row in run.merged.rows] == written
    workbook = open_workbook(tmp_path / "alla.xlsx", "alla.xlsx")
    assert isinstance(workbook, WorkbookData)
    heading, *rows = workbook.find_sheet("Svar").rows
    column = heading.index("Kommentar/avvikelse")
    assert [row[column] or "" for row in rows] == written
    assert " ".join(ODD.split()) in heading
    assert format_result(run)
    assert result_to_json(run)
    for path in (tmp_path / "alla.xlsx", tmp_path / "in" / form.file_name):
        with zipfile.ZipFile(path) as package:
            assert all(ElementTree.fromstring(package.read(name)).tag for name in package.namelist())


def test_a_merge_says_where_the_result_is_if_the_target_was_open(
    returned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "alla.xlsx"
    first = merge_forms([returned], target)
    assert (first.output_path, first.findings) == (target, ())
    before = target.read_bytes()
    refuse_to_replace(target, monkeypatch)
    again = merge_forms([returned], target)
    assert again.output_path == tmp_path / "alla (2).xlsx"
    assert [(found.code, found.effective_severity, found.value) for found in again.findings] == [
        ("saved-beside", "warning", "alla (2).xlsx")
    ]
    assert again.exit_code == 0
    assert "alla (2).xlsx" in format_result(again)
    assert target.read_bytes() == (tmp_path / "alla (2).xlsx").read_bytes() == before


def test_forms_say_where_they_are_if_one_was_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text("Aktivitet;Enhet\nÖppna kvarnen;Museet\nHyra ut båtar;Badet\n", encoding="utf-8")
    out = tmp_path / "ut"
    generate_forms(plan, out, as_of=ASKED.as_of)
    refuse_to_replace(out / "Museet.xlsx", monkeypatch)
    run = generate_forms(plan, out, as_of=ASKED.as_of)
    assert {path.name for path in run.written_files} == {"Museet (2).xlsx", "Badet.xlsx"}
    beside = [found.location.file for found in run.findings if found.code == "saved-beside"]
    assert beside == [str(out / "Museet.xlsx")]


def test_files_that_pass_are_nobody_s_material(returned: Path) -> None:
    """The target may lie in the very folder that is read: what stands beside it meanwhile is not counted."""
    run = merge_forms([returned], returned / "alla.xlsx")
    assert run.merged is not None
    assert run.merged.accounts.files_found == 2
    assert names_in(returned) == ["Badet.xlsx", "Museet.xlsx", "alla.xlsx"]


# One run at a time ----------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from xlflow.runtime.atomic_write import lock_target
with lock_target(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_for_the_same_target_is_reported_who_has_it(returned: Path, tmp_path: Path) -> None:
    target = tmp_path / "alla.xlsx"
    holder = run_python(HOLD, target)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(FatalError) as stopped:
            merge_forms([returned], target)
        (found,) = stopped.value.findings
        assert found.code == "target-in-use"
        assert dict(found.params)["process"] == str(holder.pid)
        assert all(str(holder.pid) in format_findings([found], language) for language in LANGUAGES)
        assert merge_forms([returned], tmp_path / "andra.xlsx").output_path == tmp_path / "andra.xlsx"
    finally:
        holder.kill()
        holder.communicate()
    assert not target.exists()
    assert merge_forms([returned], target).output_path == target
    assert names_in(tmp_path) == ["alla.xlsx", "andra.xlsx", "in"]


def test_the_command_ends_with_2_where_another_run_has_the_target(returned: Path, tmp_path: Path) -> None:
    target = tmp_path / "alla.xlsx"
    with lock_target(target):
        command = [sys.executable, "-m", "xlflow", "merge", str(returned), "-o", str(target)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr
    assert done.stdout == ""
    assert names_in(tmp_path) == ["in"]


def test_runs_that_want_the_same_target_at_once_take_turns_or_stop(tmp_path: Path) -> None:
    """Many writers, each with a content of its own: the file is always one of theirs, whole."""
    target = tmp_path / "fil.xlsx"
    code = """
import sys
from pathlib import Path
from xlflow.model.findings import FatalError
from xlflow.runtime.atomic_write import write_atomic
sys.stdin.readline()
saved = 0
for _ in range(60):
    try:
        write_atomic(Path(sys.argv[1]), sys.argv[2].encode() * 200_000)
        saved += 1
    except FatalError as stop:
        assert stop.findings[0].code == "target-in-use", stop
print(saved)
"""
    writers = [run_python(code, target, letter, stdin=subprocess.PIPE) for letter in "abcd"]
    for writer in not_empty(writers):
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    done = [writer.communicate() for writer in writers]
    # How often they meet is up to the machine; that somebody got through, and that nobody failed, is not.
    assert sum(int(said) for said, _ in done if said) >= 4, done
    assert not any(faults for _, faults in done), done
    content = target.read_bytes()
    assert content == content[:1] * 200_000
    assert names_in(tmp_path) == ["fil.xlsx"]


# Killed ---------------------------------------------------------------------------------------------------

SAVE_ON_AND_ON = """
import sys
from pathlib import Path
from xlflow.runtime.atomic_write import write_atomic
print("ready", flush=True)
while True:
    for letter in b"ab":
        write_atomic(Path(sys.argv[1]), bytes([letter]) * 4_000_000)
"""


def kill_savers(folder: Path, times: int) -> int:
    """Kill a process that does nothing but save; return how often it was in the middle of it."""
    rng, unfinished = random.Random(5), 0
    target = folder / "fil.xlsx"
    target.write_bytes(b"a" * 4_000_000)
    for _ in range(times):
        saver = run_python(SAVE_ON_AND_ON, target)
        assert saver.stdout is not None
        assert saver.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.05))
        saver.send_signal(signal.SIGKILL)
        saver.communicate()
        content = target.read_bytes()
        assert content in (b"a" * 4_000_000, b"b" * 4_000_000)
        left = set(names_in(folder)) - {"fil.xlsx"}
        assert len(left) <= 2
        unfinished += any(name.endswith(".tmp") for name in left)
        write_atomic(target, content)
        assert names_in(folder) == ["fil.xlsx"]
    return unfinished


@POSIX
def test_a_process_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    kill_savers(tmp_path, 10)


@POSIX
@pytest.mark.long
def test_a_process_that_is_killed_a_hundred_times_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    assert kill_savers(tmp_path, 100) >= 20


def kill_merges(returned: Path, folder: Path, times: int) -> tuple[int, int]:
    """Kill whole merges at any moment; return how often the old and how often the new workbook stood there."""
    target, scratch = folder / "ut" / "alla.xlsx", folder / "ut" / "hela.xlsx"
    started = time.monotonic()
    command = [sys.executable, "-m", "xlflow", "merge"]
    subprocess.run([*command, str(returned), "-o", str(scratch)], check=True, capture_output=True)
    took, new = time.monotonic() - started, scratch.read_bytes()
    scratch.unlink()
    merge_forms([returned / "Museet.xlsx"], target)
    old, seen = target.read_bytes(), [0, 0]
    assert old != new
    rng = random.Random(6)
    for _ in range(times):
        target.write_bytes(old)
        run = subprocess.Popen([*command, str(returned), "-o", str(target)], stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, took * 1.1))
        run.send_signal(signal.SIGKILL)
        run.wait()
        seen[(old, new).index(target.read_bytes())] += 1
        assert merge_forms([returned], target).output_path == target
        assert target.read_bytes() == new
        assert names_in(target.parent) == ["alla.xlsx"]
    return seen[0], seen[1]


@POSIX
def test_a_merge_that_is_killed_leaves_the_old_workbook_or_the_new_one(returned: Path, tmp_path: Path) -> None:
    assert sum(kill_merges(returned, tmp_path, 5)) == 5


@POSIX
@pytest.mark.long
def test_a_merge_that_is_killed_a_hundred_times_leaves_the_old_workbook_or_the_new_one(
    returned: Path, tmp_path: Path
) -> None:
    old, new = kill_merges(returned, tmp_path, 100)
    assert old + new == 100
    assert min(old, new) > 0

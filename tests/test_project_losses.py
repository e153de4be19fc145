"""Nothing is lost: a full disk, a synchronising program that brings files late, twice or half, a lost log."""

import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.make_project import AS_OF, DUE, answer, make_project, open_state, put_in_inbox
from support.not_empty import not_empty

from xlflow.model.findings import FatalError
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_status import read_status
from xlflow.project.receipts import list_receipts
from xlflow.project.run_round import check_round, merge_round
from xlflow.project.verify_project import verify_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project that has received an answer of Simhallen."""
    made = make_project(tmp_path)
    put_in_inbox(made, "Simhallen.xlsx", answer(made, "Simhallen", {"Byta lås": "Genomfört"}))
    collect_returns(*open_state(made.root))
    return open_project(made.root)


def rows(project: Project) -> list[tuple[str, object]]:
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    return [(each.row.unit, each.row.value("status")) for each in merged.rows]


def codes(project: Project) -> list[str]:
    return [finding.code for finding in verify_project(open_project(project.root)).findings]


def in_child(work: Callable[[], object], file_bytes: int) -> int:
    """Do something in a process that can write no file longer than this; return 0, or 2 if it was refused."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        work()
        code = 0
    except FatalError:
        code = 2
    finally:
        os._exit(code)


def snapshot(project: Project) -> dict[str, bytes]:
    return {
        project.relative(path): path.read_bytes() for path in sorted(project.root.rglob("*")) if path.is_file()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be given a small disk there")
@pytest.mark.parametrize("file_bytes", [0, 300, 20_000])
def test_where_nothing_can_be_written_nothing_is_taken_in(project: Project, file_bytes: int) -> None:
    put_in_inbox(project, "Museet.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Genomfört"}))
    before = snapshot(project)
    assert in_child(lambda: collect_returns(*open_state(project.root)), file_bytes) == 2
    assert snapshot(project).items() >= before.items()
    assert not list((project.round_folder("2026-03-31") / "received").glob(".xlflow-*"))
    for work in (
        lambda: merge_round(*open_state(project.root)),
        lambda: decide(*open_state(project.root), "Museet", "nothing", because="x"),
    ):
        assert in_child(work, min(file_bytes, 100)) == 2
    collect_returns(*open_state(project.root))
    assert [unit for unit, _ in rows(project)] == ["Museet", "Museet", "Simhallen"]
    assert codes(project) == []


def test_if_the_log_is_lost_the_answers_are_not(project: Project) -> None:
    """The round is opened again with the plan that lies in the project, and what is archived is recorded anew."""
    expected = rows(project)
    shutil.rmtree(project.events_folder)
    (plan,) = project.plan_folder.rglob("*.xlsx")
    open_round(open_project(project.root), AS_OF, DUE, plan)
    assert codes(project) == ["received-unrecorded"]
    collect_returns(*open_state(project.root))
    assert rows(project) == expected
    assert codes(project) == []


def test_a_file_that_comes_before_its_event_counts_once(project: Project) -> None:
    """A synchronising program brings the archive first; another computer records it; then the event comes too."""
    (event,) = project.events_folder.glob("*returns-received*")
    content = event.read_bytes()
    event.unlink()
    opened, state = open_state(project.root)
    assert read_status(opened, state).waiting == 1
    collect_returns(opened, state)
    event.write_bytes(content)
    assert [unit for unit, _ in rows(project)] == ["Simhallen"]
    assert len(open_state(project.root)[1].files) == 1
    assert codes(project) == []


def test_an_event_that_comes_before_its_file_forbids_a_merge_until_the_file_is_there(project: Project) -> None:
    (folder,) = (project.round_folder("2026-03-31") / "received").iterdir()
    folder.rename(project.root / "senare")
    with pytest.raises(FatalError) as error:
        merge_round(*open_state(project.root))
    assert [found.code for found in error.value.findings] == ["received-missing"]
    folder.mkdir()
    for path in not_empty(list((project.root / "senare").iterdir())):
        (folder / path.name).write_bytes(path.read_bytes()[:1000])
    assert codes(project) == ["received-changed"]
    for path in (project.root / "senare").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert merge_round(*open_state(project.root)).output_path


def test_conflicted_copies_count_once_and_are_named(project: Project) -> None:
    (folder,) = (project.round_folder("2026-03-31") / "received").iterdir()
    shutil.copytree(folder, folder.with_name(f"{folder.name} (Annas konfliktkopia)"))
    (event,) = project.events_folder.glob("*returns-received*")
    shutil.copy(event, event.with_stem(f"{event.stem}-DATOR-7"))
    assert sorted(codes(project)) == ["event-copied", "received-unrecorded"]
    assert [unit for unit, _ in rows(project)] == ["Simhallen"]
    collect_returns(*open_state(project.root))
    assert [unit for unit, _ in rows(project)] == ["Simhallen"]
    assert codes(project) == ["event-copied"]
    assert list_receipts(open_state(project.root)[1]) == ()

"""What lies in the inbox is archived untouched, counts once, and survives a run that is killed at any moment."""

import io
import os
import random
import signal
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.make_mails import make_eml, make_msg
from support.make_project import answer, make_project, open_state, put_in_inbox

from xlflow.i18n.catalogue import translate
from xlflow.model.findings import FatalError
from xlflow.model.merged import RunResult
from xlflow.project.close_round import verify_project
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide
from xlflow.project.deliveries import legal_names
from xlflow.project.events import read_events
from xlflow.project.project_folder import Project, open_project
from xlflow.project.run_round import check_round, merge_round

ANSWERS = {
    "Åbro skola": {"Måla om fasaden": "Genomfört", "Byta lås": "Pågående"},
    "Museet": {"Öppna kvarnen": "Pågående"},
    "Simhallen": {"Byta lås": "Genomfört"},
}
MORNING, NOON = datetime(2026, 4, 12, 7, 15, tzinfo=UTC), datetime(2026, 4, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def collect(project: Project, *paths: Path, now: datetime | None = None) -> RunResult:
    return collect_returns(*open_state(project.root), paths, now=now)


def form(project: Project, unit: str) -> bytes:
    return answer(project, unit, ANSWERS[unit])


def received(project: Project) -> dict[str, bytes]:
    """Return what is archived, by path without the time and digest of its delivery."""
    folder = project.round_folder("2026-03-31") / "received"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix().partition("/")[2]: path.read_bytes() for path in files}


def inbox(project: Project) -> list[str]:
    return sorted(path.name for path in (project.round_folder("2026-03-31") / "inbox").iterdir())


def codes(result: RunResult) -> list[tuple[str, str]]:
    return [(finding.code, finding.location.file) for finding in result.findings]


def answered(project: Project) -> tuple[str, ...]:
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    return merged.units_with_answers


def deliveries(project: Project) -> list[dict[str, object]]:
    events = read_events(project.events_folder).events
    return [dict(event.data) for event in events if event.kind == "returns-received"]


def test_a_file_is_archived_untouched_and_the_inbox_is_emptied(project: Project) -> None:
    content = form(project, "Museet")
    put_in_inbox(project, "Svar från Museet.xlsx", content)
    result = collect(project, now=MORNING)
    assert codes(result) == []
    assert received(project) == {"Svar från Museet.xlsx": content}
    assert inbox(project) == []
    (event,) = deliveries(project)
    (stored,) = event["files"]  # type: ignore[misc]
    assert stored["path"].startswith("rounds/2026-03-31/received/2026-04-12T0715Z-")
    assert stored["role"] == "form"
    assert answered(project) == ("Museet",)


def test_nothing_new_writes_nothing(project: Project) -> None:
    before = len(open_state(project.root)[0].log.events)
    result = collect(project)
    assert [note.word_key for note in result.notes] == ["project.inbox_empty"]
    assert len(open_state(project.root)[0].log.events) == before


def test_files_elsewhere_are_copied_and_stay(project: Project, tmp_path: Path) -> None:
    (tmp_path / "nedladdat").mkdir()
    file = tmp_path / "nedladdat" / "a.xlsx"
    file.write_bytes(form(project, "Museet"))
    collect(project, file.parent)
    assert file.exists()
    assert answered(project) == ("Museet",)
    with pytest.raises(FatalError):
        collect(project, tmp_path / "finns inte")


def test_the_same_file_or_mail_twice_counts_once(project: Project) -> None:
    content = form(project, "Museet")
    put_in_inbox(project, "a.xlsx", content)
    put_in_inbox(project, "b.xlsx", content)
    assert ("received-again", "b.xlsx") in codes(collect(project))
    for number in (1, 1, 2):
        put_in_inbox(project, f"mejl {number}.eml", make_eml([("Museet.xlsx", content)], number=number))
        assert [code for code, _ in codes(collect(project))] == ["received-again"]
        assert inbox(project) == []
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    assert merged.accounts.files_found == 1


def test_attachments_of_mails_are_taken_out_and_the_text_is_shown(project: Project) -> None:
    content = form(project, "Åbro skola")
    attachments = [("Åbro skola.xlsx", content), ("Protokoll.pdf", b"%PDF-1.7")]
    mail = make_eml(attachments, logo=True, text="Hej,\n\nlåset byts i maj.\x1b[31m\n")
    put_in_inbox(project, "Svar.eml", mail)
    put_in_inbox(project, "Fråga.eml", make_eml(text="Vi har inget att rapportera.", number=2))
    result = collect(project)
    assert received(project) == {
        "Svar.eml": mail, "Åbro skola.xlsx": content, "Protokoll.pdf": b"%PDF-1.7",
        "Fråga.eml": make_eml(text="Vi har inget att rapportera.", number=2),
    }  # fmt: skip
    assert codes(result) == [("mail-without-form", "Fråga.eml"), ("received-no-form", "Svar.eml")]
    said = "\n".join(translate(note.word_key, "sv", **note.params) for note in result.notes)
    assert (
        "Svar.eml, från Åsa i Åbro <asa@example.org>, ”Uppföljning från Åbro”:\nHej,\n\nlåset byts i maj." in said
    )
    assert "Vi har inget att rapportera." in said
    assert "\x1b" not in said
    assert answered(project) == ("Åbro skola",)


def test_an_outlook_file_is_taken_in(project: Project) -> None:
    put_in_inbox(project, "Svar.msg", make_msg("Museet.xlsx", form(project, "Museet"), "Se bilagan."))
    result = collect(project)
    assert codes(result) == []
    assert set(received(project)) == {"Svar.msg", "Museet.xlsx"}


def test_what_no_program_can_read_is_named_with_what_to_do(project: Project) -> None:
    put_in_inbox(project, "a.eml", make_eml([("winmail.dat", b"\x78\x9f\x3e\x22" + bytes(50))]))
    put_in_inbox(project, "b.eml", b"\x00\x01")
    put_in_inbox(project, "c.eml", make_eml(headers=[("Auto-Submitted", "auto-replied")], number=2))
    result = collect(project)
    assert set(codes(result)) == {
        ("mail-winmail", "a.eml"),
        ("mail-without-form", "a.eml"),
        ("mail-unreadable", "b.eml"),
        ("mail-automatic", "c.eml"),
    }
    assert result.exit_code == 1
    assert inbox(project) == []


def test_a_file_that_is_still_being_written_waits(project: Project) -> None:
    content = form(project, "Museet")
    put_in_inbox(project, "halv.xlsx", content[:2000])
    put_in_inbox(project, "tom.xlsx", b"")
    put_in_inbox(project, "hämtas.xlsx.crdownload", content)
    put_in_inbox(project, "~$hel.xlsx", b"lock")
    put_in_inbox(project, "hel.xlsx", content)
    result = collect(project)
    assert codes(result) == [("inbox-waits", name) for name in ("halv.xlsx", "hämtas.xlsx.crdownload", "tom.xlsx")]
    assert inbox(project) == ["halv.xlsx", "hämtas.xlsx.crdownload", "tom.xlsx", "~$hel.xlsx"]
    assert set(received(project)) == {"hel.xlsx"}
    old = time.time() - 10_000
    os.utime(project.round_folder("2026-03-31") / "inbox" / "halv.xlsx", (old, old))
    collect(project)
    assert set(received(project)) == {"hel.xlsx", "halv.xlsx"}
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    assert merged.accounts.files["refused"] == 1


def test_an_archive_counts_as_the_forms_in_it(project: Project) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for unit in ("Museet", "Simhallen"):
            archive.writestr(f"svar/{unit}.xlsx", form(project, unit))
    put_in_inbox(project, "alla.zip", packed.getvalue())
    collect(project)
    assert answered(project) == ("Museet", "Simhallen")


def test_of_two_returns_the_one_received_last_stands(project: Project) -> None:
    later = answer(project, "Simhallen", {"Byta lås": "Utgår|Beslut i nämnden"})
    earlier = answer(project, "Simhallen", {"Byta lås": "Genomfört"})
    for content, moment in ((later, NOON), (earlier, MORNING)):
        put_in_inbox(project, "Simhallen.xlsx", content)
        collect(project, now=moment)
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    (row,) = [each.row for each in merged.rows if each.row.unit == "Simhallen"]
    assert row.value("status") == "cancelled"


def test_what_a_stopped_run_has_stored_is_recorded_by_the_next(project: Project) -> None:
    content = form(project, "Museet")
    put_in_inbox(project, "a.xlsx", content)
    collect(project)
    for path in project.events_folder.glob("*returns-received*"):
        path.unlink()
    put_in_inbox(project, "a.xlsx", content)
    assert codes(collect(project)) == [("received-again", "a.xlsx")]
    assert len(received(project)) == 1
    assert answered(project) == ("Museet",)


@pytest.mark.parametrize("damage", ["change", "delete"])
def test_a_received_file_that_was_changed_is_named_and_nothing_is_merged(project: Project, damage: str) -> None:
    put_in_inbox(project, "a.xlsx", form(project, "Museet"))
    collect(project)
    (path,) = (project.round_folder("2026-03-31") / "received").rglob("a.xlsx")
    if damage == "change":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    with pytest.raises(FatalError) as error:
        merge_round(*open_state(project.root))
    ((code, file),) = [(found.code, found.location.file) for found in error.value.findings]
    assert code == {"change": "received-changed", "delete": "received-missing"}[damage]
    assert file == path.relative_to(project.root).as_posix()


def test_names_are_legal_everywhere_and_never_alike() -> None:
    names = legal_names(["a:b?.xlsx", "../../c.xlsx", "CON.xlsx", "c.XLSX", "å" * 300 + ".xlsx", ""], 60)
    assert names == ["a-b.xlsx", "c.xlsx", "_CON.xlsx", "c (2).XLSX", "å" * 50 + ".xlsx", "_"]
    assert all(len(name) <= 60 for name in names)


# Kills ----------------------------------------------------------------------------------------------------


def _start(work: Callable[[], object]) -> int:
    """Do something in a process of its own and return its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(0)


def _kill(children: Sequence[int], seconds: float) -> None:
    time.sleep(seconds)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.long)])
def test_two_runs_that_are_killed_at_any_moment_lose_nothing(project: Project, kills: int) -> None:
    rng = random.Random(7)
    contents = {
        f"{unit} {number}.xlsx": form(project, unit) + bytes(number) for unit in ANSWERS for number in range(4)
    }

    def decide_and_merge() -> None:
        decide(*open_state(project.root), "Museet", "due", "2026-05-01", because="prov")
        merge_round(*open_state(project.root))

    for round_number in range(kills // 4):
        for name, content in contents.items():
            put_in_inbox(project, f"{round_number} {name}", content + bytes(8 * round_number))
        collectors = [_start(lambda: collect(project)) for _ in range(2)]
        _kill(collectors, rng.uniform(0.3, 0.7))
        workers: list[Callable[[], object]] = [lambda: collect(project), decide_and_merge]
        _kill([_start(work) for work in workers], rng.uniform(0.3, 0.9))
    collect(project)
    expected = {content + bytes(8 * number) for content in contents.values() for number in range(kills // 4)}
    assert set(received(project).values()) == expected
    recorded = {file["digest"] for event in deliveries(project) for file in event["files"]}  # type: ignore[attr-defined]
    assert len(recorded) == len(expected)
    assert inbox(project) == []
    result = verify_project(open_project(project.root))
    assert [finding.code for finding in result.findings] == []

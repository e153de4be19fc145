"""Every file is found once and ends in one state; which returns count does not depend on names or order."""

import io
import os
import random
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return

from xlflow.collect.discover import DiscoveredFile, discover_files, make_received_file
from xlflow.collect.select import SelectedSubmissions, choose_round_key, select_submissions
from xlflow.excel.reader import WorkbookData
from xlflow.model.findings import FatalError, Location, make_finding, message_of
from xlflow.model.submission import FileState, ReceivedFile, Submission

PLAN = """
    Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum | Enhet
    Samhälle   | Levande kommun         | Möten    | Öppna kvarnen |              | Kvartal 2 | Museet; Badet
"""
ASKED = draw_round(PLAN)
EARLIER = draw_round(PLAN, as_of=date(2020, 12, 31))
NOON = datetime(2021, 4, 12, 12, tzinfo=UTC)
EVENING = datetime(2021, 4, 12, 20, tzinfo=UTC)


def lay_out(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def pack_files(target: Path, *names: str) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, (2021, 4, 12, 12, 0, 0)), name)
    target.write_bytes(buffer.getvalue())
    return target


def names_of(found: tuple[DiscoveredFile, ...]) -> list[str]:
    return [
        f"{one.name} {one.settled_file.state} {one.settled_file.reason}" if one.settled_file else one.name
        for one in found
    ]


def a_return(
    unit: str = "Museet", status: str = "Pågående", name: str = "", saved: datetime | None = NOON, **more: str
) -> Submission:
    asked = more.get("asked", ASKED)
    line = ASKED.plan.items[0].id
    form = draw_return(asked, unit, f"Id | Status\n{line} | {status}", name=name, saved=saved)  # type: ignore[arg-type]
    return replace(form, answers_digest=f"{asked.key} {unit} {status}")  # type: ignore[union-attr]


def reported(collected: SelectedSubmissions) -> list[str]:
    return [f"{file.name} {file.state} {file.reason}" for file in collected.files]


# Finding files --------------------------------------------------------------------------------------------


def test_a_folder_is_searched_through_and_system_files_are_counted(tmp_path: Path) -> None:
    lay_out(tmp_path, "b.xlsx", "a/Kulturskolan.xlsx", "~$b.xlsx", "a/.~lock.b.xlsx#", ".DS_Store", "Thumbs.db")
    lay_out(tmp_path, "a/.xlflow-1.tmp", "desktop.ini", "a/ladda.xlsx.crdownload", "bild.png")
    found, findings = discover_files([tmp_path])
    assert names_of(found) == [
        ".DS_Store ignored ignored-system-file",
        "Thumbs.db ignored ignored-system-file",
        "a/.xlflow-1.tmp ignored ignored-system-file",
        "a/.~lock.b.xlsx# ignored ignored-lock-file",
        "a/Kulturskolan.xlsx",
        "a/ladda.xlsx.crdownload refused file-still-being-saved",
        "b.xlsx",
        "bild.png",
        "desktop.ini ignored ignored-system-file",
        "~$b.xlsx ignored ignored-lock-file",
    ]
    assert {finding.location.file for finding in findings} == {one.name for one in found if one.settled_file}
    assert found[6].size == len("b.xlsx")
    assert found[6].modified is not None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Museet.xlsxZone.Identifier", "ignored-system-file"),
        ("~WRL0001.tmp", "ignored-system-file"),
        ("._Museet.xlsx", "ignored-system-file"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "ignored-system-file"),
        ("Museet.xlsx.sb-4a5b6c7d-AbCdEf", "file-still-being-saved"),
        ("Museet.xlsx.part", "file-still-being-saved"),
        (".Museet.xlsx.icloud", "file-is-link"),
        ("Museet.xlsx.nextcloud", "file-is-link"),
    ],
)
def test_what_programs_leave_in_shared_folders_is_no_answer(tmp_path: Path, name: str, code: str) -> None:
    lay_out(tmp_path, name)
    (found,), (finding,) = discover_files([tmp_path])
    assert (found.settled_file and found.settled_file.reason, finding.code) == (code, code)


@pytest.mark.parametrize(
    "name", ["Museet-DESKTOP-AB12CD.xlsx", "Museet (Annas konfliktkopia 2021-04-01).xlsx", "Kopia av Museet.xlsx"]
)
def test_copies_that_shared_folders_make_are_answers_like_any(tmp_path: Path, name: str) -> None:
    lay_out(tmp_path, name)
    (found,), findings = discover_files([tmp_path])
    assert (found.settled_file, findings) == (None, ())


SYSTEM_FOLDERS = """
    #recycle | #snapshot | $RECYCLE.BIN | RECYCLER | .Trash-1000 | .Trashes | .snapshot | ~snapshot | @eaDir
    @Recycle
    System Volume Information | lost+found | .stversions | .dropbox.cache | .tmp.drivedownload | .sync | found.000
    Network Trash Folder | files_trashbin
"""


@pytest.mark.parametrize("folder", re.split(r" \| |\n +", SYSTEM_FOLDERS.strip()))
def test_what_lies_in_a_folder_that_systems_keep_for_themselves_is_no_return(tmp_path: Path, folder: str) -> None:
    lay_out(tmp_path, "Museet.xlsx", f"{folder}/Museet.xlsx", f"a/{folder}/b/Badet.xlsx")
    found, findings = discover_files([tmp_path])
    assert [one.name for one in found if not one.settled_file] == ["Museet.xlsx"]
    states = [one.settled_file.state for one in found if one.settled_file]
    assert states == [FileState.IGNORED] * 2
    assert [finding.code for finding in findings] == ["ignored-system-folder"] * 2
    assert all(f" {folder}, " in message_of(finding, "sv") for finding in findings)


def test_folders_that_people_name_are_searched_and_so_is_a_system_folder_that_is_named(tmp_path: Path) -> None:
    names = ["#1/a.xlsx", "@Ekonomi/a.xlsx", "Papperskorgen/a.xlsx", "recycling/a.xlsx", "sync/a.xlsx"]
    lay_out(tmp_path / ".hidden", *names)
    found, findings = discover_files([tmp_path / ".hidden"])
    assert names_of(found) == names
    assert findings == ()
    lay_out(tmp_path, "x/a.xlsx", "y/a.xlsx")  # named twice, so called by its whole path
    found, _ = discover_files([tmp_path / "x", tmp_path / ".hidden" / "#1"])
    assert [one.settled_file for one in found] == [None, None]


def test_an_archive_in_a_recycle_bin_stays_shut_and_one_with_a_recycle_bin_is_sorted(tmp_path: Path) -> None:
    (tmp_path / "#recycle").mkdir()
    pack_files(tmp_path / "#recycle" / "svar.zip", "Museet.xlsx")
    pack_files(tmp_path / "svar.zip", "Museet.xlsx", ".Trash-1000/files/Museet.xlsx")
    found, _ = discover_files([tmp_path])
    assert names_of(found) == [
        "#recycle/svar.zip ignored ignored-system-folder",
        "svar.zip/.Trash-1000/files/Museet.xlsx ignored ignored-system-folder",
        "svar.zip/Museet.xlsx",
    ]


def test_a_temporary_file_that_begins_as_a_workbook_is_opened_before_it_is_passed_over(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.tmp", ".b.xlsx")
    (tmp_path / "5B2A0D10.tmp").write_bytes(b"PK\x03\x04")
    (tmp_path / ".goutputstream-X1").write_bytes(b"\xd0\xcf\x11\xe0")
    found, _ = discover_files([tmp_path])
    assert {one.name: one.passed_over_code for one in found} == {
        ".b.xlsx": "",
        "a.tmp": "",
        "5B2A0D10.tmp": "ignored-system-file",
        ".goutputstream-X1": "ignored-system-file",
    }
    assert [one.name for one in found if one.settled_file] == [".b.xlsx", "a.tmp"]


def test_an_archive_is_opened_one_level_deep(tmp_path: Path) -> None:
    pack_files(tmp_path / "svar.zip", "Museet.xlsx", "mapp/Badet.xlsx", "__MACOSX/._Museet.xlsx", "inre.zip")
    found, _ = discover_files([tmp_path])
    assert names_of(found) == [
        "svar.zip/Museet.xlsx",
        "svar.zip/__MACOSX/._Museet.xlsx ignored ignored-system-file",
        "svar.zip/inre.zip",
        "svar.zip/mapp/Badet.xlsx",
    ]
    assert (found[0].source, found[0].modified) == (b"Museet.xlsx", datetime(2021, 4, 12, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A\u030a".encode(), "Åbo.xlsx"),
        (b"\x8f", "Åbo.xlsx"),
        ("Å".encode(), "Åbo.xlsx"),
    ],
    ids=["Mac", "Windows", "UTF-8 that is not said to be"],
)
def test_names_in_archives_are_read_as_they_were_meant(tmp_path: Path, written: bytes, read: str) -> None:
    stand_in, packed = "X" * len(written), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{stand_in}bo.xlsx", "")
    (tmp_path / "svar.zip").write_bytes(packed.getvalue().replace(stand_in.encode(), written))
    found, _ = discover_files([tmp_path])
    assert names_of(found) == [f"svar.zip/{read}"]


def test_an_archive_that_holds_nothing_or_is_broken_is_refused(tmp_path: Path) -> None:
    pack_files(tmp_path / "tom.zip")
    (tmp_path / "trasig.zip").write_bytes(pack_files(tmp_path / "hel.zip", "a.xlsx").read_bytes()[:-5])
    found, findings = discover_files([tmp_path])
    assert names_of(found) == [
        "hel.zip/a.xlsx",
        "tom.zip refused archive-empty",
        "trasig.zip refused archive-cut-off",
    ]
    assert "tomt" in message_of(findings[0], "sv")


def test_paths_may_overlap_and_come_in_any_order(tmp_path: Path) -> None:
    lay_out(tmp_path, "a/x.xlsx", "b/x.xlsx", "b/y.xlsx")
    paths = [tmp_path / "b", tmp_path / "a", tmp_path / "b" / "y.xlsx"]
    found, _ = discover_files(paths)
    assert found == discover_files(paths[::-1])[0]
    assert [one.name for one in found] == sorted(
        [(tmp_path / "a/x.xlsx").as_posix(), (tmp_path / "b/x.xlsx").as_posix(), "y.xlsx"]
    )


def test_links_in_circles_end(tmp_path: Path) -> None:
    lay_out(tmp_path, "a/x.xlsx")
    (tmp_path / "a" / "runt").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "samma.xlsx").symlink_to(tmp_path / "a" / "x.xlsx")
    (tmp_path / "a" / "borta.xlsx").symlink_to(tmp_path / "finns-inte.xlsx")
    found, _ = discover_files([tmp_path])
    assert [one.name for one in found] == ["a/borta.xlsx", "a/x.xlsx"]


@pytest.mark.parametrize("seconds", [-(2**33), 0, 2**33])
def test_a_file_may_say_any_time(tmp_path: Path, seconds: int) -> None:
    lay_out(tmp_path, "gammal.xlsx")
    os.utime(tmp_path / "gammal.xlsx", (0, seconds))
    found, _ = discover_files([tmp_path])
    stands = (tmp_path / "gammal.xlsx").stat().st_mtime
    assert found[0].size == len("gammal.xlsx")
    assert found[0].modified == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=stands)


def test_our_own_files_are_left_out(tmp_path: Path) -> None:
    lay_out(tmp_path, "a.xlsx", "ut.xlsx")
    found, findings = discover_files([tmp_path], excluded=[tmp_path / "ut.xlsx", tmp_path / "finns-inte.xlsx"])
    assert names_of(found) == ["a.xlsx", "ut.xlsx ignored ignored-own-file"]
    assert [finding.code for finding in findings] == ["ignored-own-file"]


def test_a_path_that_is_not_there_stops(tmp_path: Path) -> None:
    with pytest.raises(FatalError) as stopped:
        discover_files([tmp_path, tmp_path / "borta", tmp_path / "också", tmp_path / ("lång" * 100)])
    assert [finding.code for finding in stopped.value.findings] == ["path-not-found"] * 3


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system knows no such rights")
def test_a_folder_that_cannot_be_looked_into_is_reported_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, "a.xlsx", "stängd/b.xlsx", "stängd/djup/c.xlsx")
    tmp_path.chmod(0o755)
    (tmp_path / "stängd").chmod(0)
    monkeypatch.chdir(tmp_path)
    was = os.geteuid()
    try:
        os.seteuid(was or 65_534)
        found, findings = discover_files([Path()])
        inside, _ = discover_files([Path("stängd/b.xlsx")])
    finally:
        os.seteuid(was)
        (tmp_path / "stängd").chmod(0o755)
    assert names_of(found) == ["a.xlsx"]
    assert [(finding.code, finding.location.file) for finding in findings] == [("folder-not-readable", "stängd")]
    assert names_of(inside) == ["b.xlsx"]


def test_a_file_that_the_gate_has_seen_is_known() -> None:
    found = DiscoveredFile("a.xlsx", b"", 7, NOON)
    workbook = WorkbookData("a.xlsx", "xlsx", (), {}, EVENING, "d" * 64, 8)
    assert make_received_file(found, workbook) == ReceivedFile("a.xlsx", "d" * 64, 8, EVENING, FileState.ACCEPTED)
    assert make_received_file(found, replace(workbook, last_saved=None)).saved_at == NOON
    refused = make_received_file(found, make_finding("file-empty", Location("a.xlsx")))
    assert (refused.state, refused.reason, refused.size) == (FileState.REFUSED, "file-empty", 7)


# Sorting returns ------------------------------------------------------------------------------------------


def test_one_return_of_each_unit_counts() -> None:
    collected = select_submissions([a_return("Museet"), a_return("Badet")])
    assert reported(collected) == ["Badet.xlsx accepted None", "Museet.xlsx accepted None"]
    assert [[form.unit for form in group] for group in collected.groups_by_unit] == [["Badet"], ["Museet"]]
    assert collected.findings == ()


def test_the_same_content_counts_once_whatever_it_is_called() -> None:
    first, copy = a_return(name="Museet.xlsx", saved=EVENING), a_return(name="Museet - Kopia (1).xlsx")
    collected = select_submissions([copy, first])
    assert reported(collected) == [
        "Museet - Kopia (1).xlsx duplicate same-return-twice",
        "Museet.xlsx accepted None",
    ]
    assert [form.file.name for form in collected.submissions] == ["Museet.xlsx"]
    assert "Museet.xlsx" in message_of(collected.findings[0], "sv")


def test_differing_returns_are_kept_newest_first() -> None:
    old = a_return(name="b.xlsx", status="Genomfört")
    new = a_return(name="a.xlsx", status="Pågående", saved=EVENING)
    undated = a_return(name="c.xlsx", status="Kvarstår", saved=None)
    again = a_return(name="d.xlsx", status="Genomfört", saved=None)
    collected = select_submissions([old, undated, again, new])
    assert reported(collected) == [
        "a.xlsx accepted None",
        "b.xlsx superseded newer-return",
        "c.xlsx superseded newer-return",
        "d.xlsx duplicate same-return-twice",
    ]
    assert [form.file.name for form in collected.groups_by_unit[0]] == ["a.xlsx", "b.xlsx", "c.xlsx"]


def test_a_file_that_does_not_say_when_it_was_saved_is_never_the_newest() -> None:
    known = a_return(name="b.xlsx", status="Genomfört", saved=NOON)
    copied = a_return(name="a.xlsx", status="Pågående", saved=EVENING)
    copied = replace(copied, file=replace(copied.file, is_dated=False))
    for order in permutations((known, copied)):
        collected = select_submissions(order)
        assert reported(collected) == ["a.xlsx superseded return-time-unknown", "b.xlsx accepted None"]
        (note,) = collected.findings
        assert (note.location.file, note.effective_severity.value) == ("a.xlsx", "warning")
        assert "det står inte när a.xlsx sparades" in message_of(note, "sv")
    neither = replace(known, file=replace(known.file, is_dated=False))
    (note,) = select_submissions([neither, copied]).findings
    assert "det står inte när b.xlsx, a.xlsx sparades. a.xlsx gäller" in message_of(note, "sv")


def test_the_time_on_the_disk_is_not_the_files_own() -> None:
    opened = WorkbookData("a.xlsx", "xlsx", (), {}, None, "d", 1)
    file = DiscoveredFile("a.xlsx", b"", 1, EVENING)
    for last_saved, dated in ((None, False), (NOON, True)):
        received = make_received_file(file, replace(opened, last_saved=last_saved))
        assert (received.saved_at, received.is_dated) == (last_saved or EVENING, dated)


def test_the_round_of_most_units_counts() -> None:
    forms = [a_return("Museet"), a_return("Badet"), a_return("Museet", name="gammal.xlsx", asked=EARLIER)]
    collected = select_submissions(forms)
    assert reported(collected)[2] == "gammal.xlsx refused other-round"
    assert [form.file.name for form in collected.submissions] == ["Badet.xlsx", "Museet.xlsx"]
    message = message_of(collected.findings[0], "sv")
    assert "2020-12-31" in message
    assert "2021-03-31" in message


def test_the_latest_round_counts_where_units_are_equally_many() -> None:
    assert choose_round_key([a_return("Badet", asked=EARLIER), a_return("Museet")]) == ASKED.key
    assert choose_round_key([]) is None


def test_the_round_asked_for_counts_before_all() -> None:
    forms = [a_return("Museet"), a_return("Badet"), a_return("Museet", name="gammal.xlsx", asked=EARLIER)]
    collected = select_submissions(forms, round_key=EARLIER.key)
    assert [form.file.name for form in collected.submissions] == ["gammal.xlsx"]
    assert [file.state for file in collected.files] == [FileState.REFUSED, FileState.REFUSED, FileState.ACCEPTED]


def test_nothing_depends_on_the_order() -> None:
    forms = [
        a_return(unit, status, name=f"{number}.xlsx", saved=saved, asked=asked)
        for number, (unit, status, saved, asked) in enumerate(
            (unit, status, saved, asked)
            for unit in ("Museet", "Badet")
            for status in ("Genomfört", "Pågående")
            for saved in (NOON, EVENING, None)
            for asked in (ASKED, EARLIER)
        )
    ]
    others = [ReceivedFile(f"x{number}", "", 1, None, FileState.REFUSED) for number in range(3)]
    expected = select_submissions(forms, others)
    assert len(expected.files) == len(forms) + len(others)
    for seed in range(20):
        random.Random(seed).shuffle(forms)
        random.Random(seed).shuffle(others)
        assert select_submissions(forms, others) == expected


def test_of_rounds_with_equally_many_units_the_latest_is_chosen() -> None:
    budget = draw_round(
        "Område | Post | Budget | Enhet\nDrift | Hyror | 100 | Museet", template=shipped_template("budget")
    )
    forms = [draw_return(asked, "Museet", name=f"{asked.key}.xlsx") for asked in (ASKED, EARLIER, budget)]
    assert budget.as_of == ASKED.as_of > EARLIER.as_of
    assert budget.key < ASKED.key, "of one day the round with the last key"
    for order in permutations(forms):
        assert choose_round_key(order) == ASKED.key
        assert choose_round_key(form for form in order if form.round.key != ASKED.key) == budget.key
    twice = [*forms[:1], draw_return(EARLIER, "Museet"), draw_return(EARLIER, "museet ", name="b.xlsx")]
    assert choose_round_key(twice) == ASKED.key, "one unit under two spellings is one"


@pytest.mark.parametrize("resaved_after", [timedelta(days=-9), timedelta(0), timedelta(days=9)])
def test_a_corrected_return_stays_corrected_whenever_it_was_saved_again(resaved_after: timedelta) -> None:
    first = a_return(status="Pågående", name="ett.xlsx", saved=NOON + resaved_after)
    correction = a_return(status="Genomfört", name="två.xlsx", saved=NOON)
    identity = replace(correction.identity, replaced_digests=(first.answers_digest,))
    correction = replace(correction, identity=identity)
    for order in ((first, correction), (correction, first)):
        collected = select_submissions(order)
        assert [form.file.name for form in collected.submissions] == ["två.xlsx"]
        assert reported(collected) == ["ett.xlsx superseded corrected-return", "två.xlsx accepted None"]

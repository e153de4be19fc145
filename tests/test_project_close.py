"""A closed round stays as it was: every file listed, every change named; what must go leaves its digest."""

import shutil
import zipfile
from pathlib import Path

import bagit
import docx
import pytest
from openpyxl import load_workbook
from support.make_mails import make_eml
from support.make_project import AS_OF, answer, make_project, open_state, put_in_inbox
from support.not_empty import not_empty
from support.run_cli import run

from xlflow.model.findings import FatalError
from xlflow.project import unit_facts
from xlflow.project.bag import read_manifest, render_tag_files
from xlflow.project.close_round import archive_project, close_round, discard_files
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide, sign
from xlflow.project.open_round import switch_round
from xlflow.project.project_folder import Project, open_project
from xlflow.project.run_round import list_consolidated, merge_round, report_round
from xlflow.project.send_drafts import send_drafts
from xlflow.project.unit_facts import read_facts
from xlflow.project.verify_project import verify_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose round has an answer, a consolidated workbook and a report."""
    made = make_project(tmp_path)
    form = answer(made, "Museet", {"Öppna kvarnen": "Genomfört", "Måla om fasaden": "Genomfört"})
    put_in_inbox(made, "Svar.eml", make_eml([("Museet.xlsx", form)]))
    collect_returns(*open_state(made.root))
    merge_round(*open_state(made.root))
    report_round(*open_state(made.root))
    return open_project(made.root)


def codes(project: Project) -> list[tuple[str, str]]:
    found = verify_project(open_project(project.root)).findings
    return [(finding.code, finding.location.file) for finding in found]


def refused(error: pytest.ExceptionInfo[FatalError]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def test_a_closed_round_lists_every_file_with_its_digest(project: Project) -> None:
    close_round(*open_state(project.root))
    folder = project.round_folder("2026-03-31")
    assert (folder / "closed" / "bagit.txt").read_text(encoding="utf-8").startswith("BagIt-Version: 1.0\n")
    lines = (folder / "closed" / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()
    paths = {line.partition("  data/")[2] for line in lines}
    assert "rounds/2026-03-31/Sammanställning 2026-03-31.xlsx" in paths
    assert "rounds/2026-03-31/Rapport 2026-03-31.docx" in paths
    assert sum("/received/" in path for path in paths) == 2
    assert sum(path.startswith("events/") for path in paths) >= 5
    assert all(len(line.partition("  ")[0]) == 64 for line in not_empty(lines))
    assert codes(project) == []
    assert list_consolidated(project) == (folder / "Sammanställning 2026-03-31.xlsx",)


def test_nothing_is_changed_in_a_closed_round_until_it_is_opened_again(project: Project) -> None:
    close_round(*open_state(project.root))
    for step in (
        lambda: collect_returns(*open_state(project.root)),
        lambda: merge_round(*open_state(project.root)),
        lambda: decide(*open_state(project.root), "Museet", "nothing", because="x"),
        lambda: send_drafts(*open_state(project.root)),
        lambda: close_round(*open_state(project.root)),
    ):
        with pytest.raises(FatalError) as error:
            step()
        assert refused(error) == ["round-closed"]
    switch_round(*open_state(project.root), "round-reopened")
    merge_round(*open_state(project.root))


def test_what_lies_in_the_inbox_keeps_a_round_open(project: Project) -> None:
    put_in_inbox(project, "sent.xlsx", answer(project, "Simhallen", {"Byta lås": "Genomfört"}))
    with pytest.raises(FatalError) as error:
        close_round(*open_state(project.root))
    assert refused(error) == ["inbox-not-empty"]


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("rounds/*/Sammanställning*.xlsx", "verify-changed"),
        ("rounds/*/received/*/Museet.xlsx", "received-changed"),
        ("rounds/*/round-*.jsonl", "verify-changed"),
        ("rounds/*/closed/manifest-sha256.txt", "verify-changed"),
        ("plan/*/*.xlsx", "verify-changed"),
        ("events/*merged*.json", "event-edited"),
    ],
)
def test_a_change_is_named_with_its_file(project: Project, pattern: str, code: str) -> None:
    close_round(*open_state(project.root))
    (path,) = project.root.glob(pattern)
    path.write_bytes(path.read_bytes() + b" ")
    found = codes(project)
    assert any(each == code and file.endswith(path.name) for each, file in found)
    path.unlink()
    assert any(file.endswith(path.name) or each == "event-missing" for each, file in codes(project))


def test_what_was_put_into_the_archive_by_hand_is_named(project: Project) -> None:
    (received,) = (project.round_folder("2026-03-31") / "received").iterdir()
    (received / "extra.xlsx").write_bytes(b"PK")
    (received.parent / "egen mapp").mkdir()
    assert [code for code, _ in codes(project)] == ["received-added", "received-unrecorded"]


def test_the_whole_project_goes_into_one_archive(project: Project, tmp_path: Path) -> None:
    archive_project(project, tmp_path / "arkiv.zip")
    with zipfile.ZipFile(tmp_path / "arkiv.zip") as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "uppackat")
    assert "Projekt/data/xlflow.toml" in names
    assert _validate(tmp_path / "uppackat" / "Projekt")
    unpacked = open_project(tmp_path / "uppackat" / "Projekt" / "data")
    assert verify_project(unpacked).findings == ()
    for target, code in ((tmp_path / "arkiv.zip", "archive-exists"), (tmp_path / "arkiv.7z", "archive-not-zip")):
        with pytest.raises(FatalError) as error:
            archive_project(project, target)
        assert refused(error) == [code]


def _validate(folder: Path) -> bagit.Bag:
    """Return a bag that the library of those who made the format finds valid."""
    bag = bagit.Bag(str(folder))
    bag.validate()
    return bag


def test_a_closed_round_goes_into_an_archive_of_its_own(project: Project, tmp_path: Path) -> None:
    with pytest.raises(FatalError) as error:
        archive_project(project, tmp_path / "a.zip", open_state(project.root)[1])
    assert refused(error) == ["round-not-closed"]
    odd = project.round_folder("2026-03-31") / "klart åäö.txt"
    odd.write_text("å", encoding="utf-8")
    close_round(*open_state(project.root))
    opened, state = open_state(project.root)
    archive_project(opened, tmp_path / "a.zip", state)
    shutil.unpack_archive(tmp_path / "a.zip", tmp_path / "a")
    bag = _validate(tmp_path / "a" / "Projekt 2026-03-31")
    assert bag.info["External-Description"] == "Projekt, 2026-03-31"
    assert bag.info["External-Identifier"] in [event.id for event in opened.log.events]
    assert any(path.endswith("plan.xlsx") for path in not_empty(list(bag.payload_files())))
    manifest = project.round_folder("2026-03-31") / "closed" / "manifest-sha256.txt"
    kept = Path(str(bag)) / "manifest-sha256.txt"
    assert kept.read_bytes() == manifest.read_bytes()
    discard_files(opened, state, "Museet", because="begäran om radering")
    opened, state = open_state(project.root)
    archive_project(opened, tmp_path / "b.zip", state)
    shutil.unpack_archive(tmp_path / "b.zip", tmp_path / "b")
    assert not [
        path for path in _validate(tmp_path / "b" / "Projekt 2026-03-31").payload_files() if "/received/" in path
    ]
    assert codes(project) == []


def test_a_path_is_written_as_the_standard_says() -> None:
    """The library above knows no %25, which RFC 8493 (2.1.3) asks for."""
    paths = {"100 % klart.txt": ("ab", 1), "två\nrader\r.txt": ("cd", 2), "å.txt": ("ef", 3)}
    files = render_tag_files(paths, [("Contact-Name", "En\nrad")], AS_OF)
    manifest = files["manifest-sha256.txt"].decode()
    assert manifest == "ab  data/100 %25 klart.txt\ncd  data/två%0Arader%0D.txt\nef  data/å.txt\n"
    assert dict(read_manifest(manifest)) == {path: digest for path, (digest, _) in paths.items()}
    assert "Payload-Oxum: 6.3\n" in files["bag-info.txt"].decode()
    assert "Contact-Name: En rad\n" in files["bag-info.txt"].decode()


def test_what_is_remembered_can_be_made_anew(project: Project) -> None:
    """A memory that says something else than the files is found out, and mended."""
    opened, state = open_state(project.root)
    facts = read_facts(opened, state)
    path = unit_facts._memory_path(state)
    assert path is not None
    assert verify_project(opened, rebuild=True).findings == ()
    path.write_text(path.read_text(encoding="ascii").replace('"errors": 0', '"errors": 7'), encoding="ascii")
    assert [found.code for found in verify_project(opened, rebuild=True).findings] == ["memory-differed"]
    assert read_facts(opened, state) == facts
    path.unlink()
    assert verify_project(opened, rebuild=True).findings == ()


def test_what_is_discarded_leaves_its_digest(project: Project) -> None:
    send_drafts(*open_state(project.root))
    drafts = project.round_folder("2026-03-31") / "drafts"
    assert (drafts / "Museet formulär.eml").exists()
    with pytest.raises(FatalError) as error:
        discard_files(*open_state(project.root), "Museet", because="")
    assert refused(error) == ["decision-without-reason"]
    discard_files(*open_state(project.root), "Museet", because="begäran om radering")
    assert list((project.round_folder("2026-03-31") / "received").rglob("*.*")) == []
    assert not (drafts / "Museet formulär.eml").exists()
    opened, state = open_state(project.root)
    assert len(state.files) == 2
    assert all(len(file.digest) == 64 for file in state.files)
    assert codes(project) == []
    with pytest.raises(FatalError) as error:
        discard_files(opened, state, "Museet", because="igen")
    assert refused(error) == ["discard-nothing"]


def test_the_commands_close_and_verify(project: Project) -> None:
    assert run("round", "close", cwd=project.root).code == 0
    assert run("verify", cwd=project.root).code == 0
    (workbook,) = project.root.glob("rounds/*/Sammanställning*.xlsx")
    workbook.unlink()
    shown = run("verify", cwd=project.root)
    assert shown.code == 1
    assert workbook.name in " ".join(shown.out.split())


def test_workbook_and_report_name_the_events_that_they_were_made_from(project: Project) -> None:
    """The same answers give the same bytes, whatever else was done in between."""
    (received,) = [event for event in project.log.events if event.kind == "returns-received"]
    (workbook,) = project.root.glob("rounds/*/Sammanställning*.xlsx")
    about = dict(row[:2] for row in load_workbook(workbook)["Om"].iter_rows(values_only=True) if row[1])
    assert about["Projektets händelser"] == received.id
    (report,) = project.root.glob("rounds/*/Rapport*.docx")
    assert received.id in "\n".join(paragraph.text for paragraph in docx.Document(str(report)).paragraphs)
    before = workbook.read_bytes()
    sign(*open_state(project.root), "Museet")
    merge_round(*open_state(project.root))
    assert workbook.read_bytes() == before
    decide(*open_state(project.root), "Simhallen", "nothing", because="x")
    merge_round(*open_state(project.root))
    decided = open_project(project.root).log.list_newest(("decided",), "2026-03-31")
    about = dict(row[:2] for row in load_workbook(workbook)["Om"].iter_rows(values_only=True) if row[1])
    assert about["Projektets händelser"] == ", ".join(decided)
    assert len(decided) == 1

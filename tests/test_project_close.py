"""A closed round stays as it was: every file listed, every change named; what must go leaves its digest."""

import zipfile
from pathlib import Path

import pytest
from support.make_mails import make_eml
from support.make_project import answer, make_project, open_state, put_in_inbox
from support.not_empty import not_empty
from support.run_cli import run

from xlflow.model.findings import FatalError
from xlflow.project.close_round import archive_project, close_round, discard_files, verify_project
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide
from xlflow.project.open_round import switch_round
from xlflow.project.project_folder import Project, open_project
from xlflow.project.run_round import list_consolidated, merge_round, report_round
from xlflow.project.send_drafts import send_drafts


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
    paths = {line.partition("  ")[2] for line in lines}
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
        ("rounds/*/round-*.json", "verify-changed"),
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
    assert "Projekt/xlflow.toml" in names
    unpacked = open_project(tmp_path / "uppackat" / "Projekt")
    assert verify_project(unpacked).findings == ()
    for target, code in ((tmp_path / "arkiv.zip", "archive-exists"), (tmp_path / "arkiv.7z", "archive-not-zip")):
        with pytest.raises(FatalError) as error:
            archive_project(project, target)
        assert refused(error) == [code]


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

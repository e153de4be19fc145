"""The mails of a round are drafts that any mail program can send: address, attachment, letters, line lengths."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from support.make_project import AS_OF, DUE, UNITS, answer, make_project, open_state, put_in_inbox, write_plan
from support.run_cli import run

from xlflow.mail.draft_writer import split_addresses
from xlflow.mail.mail_message import read_eml
from xlflow.model.findings import FatalError
from xlflow.model.merged import RunResult
from xlflow.project.collect_returns import collect_returns
from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.send_drafts import MailPurpose, send_drafts


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def send(project: Project, purpose: MailPurpose = "invite", *units: str, dry_run: bool = False) -> RunResult:
    return send_drafts(*open_state(project.root), purpose, units, dry_run=dry_run)


def drafts(project: Project) -> dict[str, EmailMessage]:
    """Return the drafts parsed back, by file name."""
    folder = project.round_folder("2026-03-31") / "drafts"
    parsed = {
        path.stem: message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.glob("*.eml")
    }
    return {name: mail for name, mail in parsed.items() if isinstance(mail, EmailMessage)}


def attachment(mail: EmailMessage) -> tuple[str, bytes]:
    ((name, content),) = [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()]
    assert isinstance(content, bytes)
    return str(name), content


def test_each_unit_gets_its_own_form_at_its_own_address(project: Project) -> None:
    assert send(project).units == UNITS
    found = drafts(project)
    assert set(found) == {f"{unit} formulär" for unit in UNITS}
    mail = found["Åbro skola formulär"]
    assert str(mail["To"]) == "Kontakt 1 <enhet1@example.org>"
    assert mail["Subject"] == "Uppföljning per 2026-03-31: Åbro skola"
    assert (mail["Auto-Submitted"], mail["X-Unsent"]) == ("auto-generated", "1")
    forms = project.round_folder("2026-03-31") / "forms"
    assert attachment(mail) == ("Åbro skola.xlsx", (forms / "Åbro skola.xlsx").read_bytes())
    body = mail.get_body()
    assert body is not None
    assert "senast 2026-04-16" in body.get_content()
    assert "{" not in body.get_content()
    assert len({str(each["Message-ID"]) for each in found.values()}) == len(UNITS)


def test_lines_are_as_short_as_mail_systems_ask_for(project: Project) -> None:
    send(project)
    paths = list((project.round_folder("2026-03-31") / "drafts").glob("*.eml"))
    assert paths
    for path in paths:
        content = path.read_bytes()
        assert content.isascii()
        lines = [line for line in content.split(b"\r\n") if not line.startswith(b"Content-Type: application/")]
        assert max(map(len, lines)) <= 76
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert read_eml(content) is not None


def test_a_form_is_mailed_once_until_it_changes(project: Project, tmp_path: Path) -> None:
    send(project)
    assert send(project).units == ()
    write_plan(tmp_path / "plan2.xlsx", [("Öppna kvarnen", "Museet"), ("Byta lås", "Simhallen; Åbro skola")])
    open_round(open_project(project.root), AS_OF, DUE, tmp_path / "plan2.xlsx")
    issue_forms(*open_state(project.root))
    assert send(project).units == ("Åbro skola", "Museet")
    assert send(project, "invite", "simhallen").units == ("Simhallen",)


def test_reminders_go_to_those_missing_only(project: Project) -> None:
    put_in_inbox(project, "a.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Pågående"}))
    collect_returns(*open_state(project.root))
    assert send(project, "remind", dry_run=True).units == ("Åbro skola", "Simhallen")
    assert drafts(project) == {}
    assert send(project, "remind").units == ("Åbro skola", "Simhallen")
    body = drafts(project)["Åbro skola påminnelse"].get_body()
    assert body is not None
    assert "2 rader väntar på svar" in body.get_content()


def test_corrections_carry_the_form_to_correct(project: Project) -> None:
    put_in_inbox(project, "a.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Klart snart"}))
    collect_returns(*open_state(project.root))
    assert send(project, "correct").units == ("Museet",)
    form = project.round_folder("2026-03-31") / "to-correct" / "Museet.xlsx"
    assert attachment(drafts(project)["Museet att rätta"]) == ("Museet.xlsx", form.read_bytes())


def test_the_page_links_to_each_mail_and_its_form(project: Project) -> None:
    send(project)
    folder = project.round_folder("2026-03-31") / "drafts"
    page = (folder / "utskick.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(mailto:[^"]+)"', page)
    assert len(links) == len(UNITS)
    assert "Uppf%C3%B6ljning%20per%202026-03-31%3A%20%C3%85bro%20skola" in links[0]
    assert "%0D%0A" in links[0]
    assert "../forms/%C3%85bro%20skola.xlsx" in page


def test_the_projects_own_texts_count(project: Project) -> None:
    texts = project.root / "mails.toml"
    texts.write_text('[invite.sv]\nsubject = "Dags igen, {unit}"\n', encoding="utf-8")
    send(project)
    assert drafts(project)["Museet formulär"]["Subject"] == "Dags igen, Museet"
    for fault in ('[invite.sv]\nsubject = "{enhet}"\n', "[invite", '[invite.sv]\nsubject = "{"\n', "invite = 1\n"):
        texts.write_text(fault, encoding="utf-8")
        with pytest.raises(FatalError) as error:
            send(project)
        assert error.value.findings[0].code == "mail-text-unusable"


def test_addresses_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    assert split_addresses("a@example.org; b@example.org") == (("a@example.org", "b@example.org"), ())
    assert split_addresses("Åsa <å@example.org>") == ((), ("å@example.org",))
    assert split_addresses("") == ((), ())
    init_project(tmp_path / "P")
    plan = tmp_path / "plan.csv"
    header = "Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Delaktivitet;Slutdatum;Enhet\n"
    plan.write_text(f"{header}S;L;M;Byta lås;;Kvartal 4;Museet\n", encoding="utf-8-sig")
    open_round(open_project(tmp_path / "P"), AS_OF, DUE, plan)
    issue_forms(*open_state(tmp_path / "P"))
    result = send_drafts(*open_state(tmp_path / "P"))
    assert [(found.code, found.unit) for found in result.findings] == [("draft-no-address", "Museet")]


def test_the_command_sends_nothing_by_itself(project: Project) -> None:
    assert run("send", cwd=project.root).code == 2
    assert "--draft" in run("send", cwd=project.root).err
    assert run("send", "--remind", "--draft", cwd=project.root).code == 0

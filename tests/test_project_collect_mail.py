"""Mails are taken in from a real mailbox: archived whole before anything else happens, known again by their
content, moved only then; what is no form of ours stays where it is.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from support.mail_servers import ADDRESS, PASSWORD, TOKEN, MailServers, SmtpSink, free_ports, run_dovecot, run_smtp
from support.make_mails import make_automatic_reply, make_bounce, make_eml
from support.make_project import answer, make_project, open_state
from support.run_cli import run

from xlflow.mail import imap_mailbox
from xlflow.mail.key_store import PASSWORD_VARIABLE
from xlflow.mail.mail_secrets import TOKEN_VARIABLE
from xlflow.model.findings import FatalError
from xlflow.model.merged import RunResult
from xlflow.project import collect_returns
from xlflow.project.collect_mail import collect_everything, collect_mail
from xlflow.project.project_folder import Project
from xlflow.project.project_status import read_status
from xlflow.project.send_drafts import send_drafts
from xlflow.project.send_mails import send_mails
from xlflow.project.send_receipts import collect_and_answer

pytestmark = pytest.mark.with_tools


@pytest.fixture(scope="module")
def dovecot() -> Iterator[MailServers]:
    with run_dovecot() as servers:
        yield servers


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with run_smtp() as server:
        yield server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its forms, and the mails with them, made once."""
    project = make_project(tmp_path_factory.mktemp("template"))
    send_drafts(*open_state(project.root))
    return project.root


@pytest.fixture
def project(dovecot: MailServers, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose settings name an empty mailbox."""
    shutil.rmtree(dovecot.folder / "mail" / ADDRESS, ignore_errors=True)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    shutil.copytree(template, tmp_path / "Projekt")
    shutil.copy(dovecot.folder / "cert.pem", tmp_path / "Projekt" / "ca.pem")
    write_settings(tmp_path / "Projekt", dovecot.settings())
    return open_state(tmp_path / "Projekt")[0]


def write_settings(root: Path, section: str) -> None:
    path = root / "xlflow.toml"
    own = path.read_text(encoding="utf-8").partition("\n[mail]")[0]
    path.write_text(own + section, encoding="utf-8")


@contextmanager
def look(project: Project, folder: str = "INBOX") -> Iterator[list[str]]:
    """Yield the mails of a folder as the server has them."""
    opened = open_state(project.root)[0].settings.mail
    assert opened is not None
    assert opened.imap is not None
    with imap_mailbox.open_mailbox(opened, opened.imap, ADDRESS, project.root) as mailbox:
        yield mailbox.open_folder(folder)[1]


def count(project: Project, folder: str = "INBOX") -> int:
    with look(project, folder) as uids:
        return len(uids)


def received(project: Project) -> list[str]:
    folder = project.round_folder("2026-03-31") / "received"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def our_id(project: Project, unit: str) -> str:
    """Return the Message-ID of the mail with a unit's form."""
    (record,) = open_state(project.root)[1].mails.of_unit(unit)
    return record.message_id


def collect(project: Project) -> RunResult:
    return collect_mail(*open_state(project.root))


def codes(result: RunResult) -> list[str]:
    return [finding.code for finding in result.findings]


def form_mail(project: Project, unit: str = "Museet", number: int = 1, **more: object) -> bytes:
    filled = answer(project, unit, {"Öppna kvarnen" if unit == "Museet" else "Byta lås": "Pågående"})
    return make_eml([(f"{unit}.xlsx", filled)], number=number, **more)  # type: ignore[arg-type]


def test_a_form_is_archived_with_its_mail_and_the_mail_is_moved(project: Project, dovecot: MailServers) -> None:
    content = form_mail(project, text="Hej,\n\nvi hann inte med kvarnen.\n")
    dovecot.deliver(content)
    result = collect(project)
    assert received(project) == ["Museet.xlsx", "Uppföljning från Åbro.eml"]
    assert (count(project), count(project, "xlflow")) == (0, 1)
    assert any("vi hann inte" in str(note.params.get("text")) for note in result.notes)
    assert [(mail["kind"], mail["state"]) for mail in result.mails] == [("form", "new")]
    states = {unit.name: unit.state for unit in read_status(*open_state(project.root)).units}
    assert states == {"Museet": "to-correct", "Simhallen": "missing", "Åbro skola": "missing"}
    (archived,) = (project.round_folder("2026-03-31") / "received").rglob("*.eml")
    sent = content.replace(b"\n", b"\r\n").partition(b"\r\n\r\n")[2]
    assert archived.read_bytes().rstrip().endswith(sent.rstrip())


def test_nothing_is_marked_as_read_and_other_mails_stay(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(make_eml(subject="Fika på fredag", number=2))
    dovecot.deliver(make_eml([("Avtal.docx", b"PK\x03\x04 word/document.xml")], subject="Avtal", number=3))
    result = collect(project)
    assert received(project) == []
    with look(project) as uids:
        assert len(uids) == 2
    files = [path.name for path in (dovecot.folder / "mail" / ADDRESS).rglob("*") if path.is_file()]
    mails = [name for name in files if ".localhost" in name or ",S=" in name]
    assert len(mails) == 2
    assert not any(name.endswith("S") and ":2," in name for name in mails)
    (left,) = [note for note in result.notes if note.word_key == "collect_mail.left"]
    assert left.params == {"count": 2, "subjects": "Fika på fredag; Avtal"}
    assert not [note for note in collect(project).notes if note.word_key == "collect_mail.left"]


def test_the_same_mail_twice_counts_once(project: Project, dovecot: MailServers) -> None:
    content = form_mail(project)
    dovecot.deliver(content)
    collect(project)
    dovecot.deliver(b"X-Way: another\r\n" + content)
    assert [mail["state"] for mail in collect(project).mails] == ["known"]
    assert received(project) == ["Museet.xlsx", "Uppföljning från Åbro.eml"]
    assert (count(project), count(project, "xlflow")) == (0, 2)


def test_one_message_id_does_not_hide_another_form(project: Project, dovecot: MailServers) -> None:
    """Whoever uses the Message-ID of another's mail hides nothing by it."""
    dovecot.deliver(form_mail(project))
    dovecot.deliver(form_mail(project, "Simhallen"))
    collect(project)
    assert [name for name in received(project) if name.endswith(".xlsx")] == ["Museet.xlsx", "Simhallen.xlsx"]


def test_mails_are_known_again_where_the_server_numbers_them_anew(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(form_mail(project))
    collect(project)
    folder = dovecot.folder / "mail" / ADDRESS
    (moved,) = [
        path for path in (folder / ".xlflow").rglob("*") if path.is_file() and path.parent.name in ("cur", "new")
    ]
    content = moved.read_bytes()
    shutil.rmtree(folder)
    dovecot.deliver(content.partition(b"\n\n")[0] and content)
    collect(project)
    assert [name for name in received(project) if name.endswith(".xlsx")] == ["Museet.xlsx"]
    assert count(project) == 0


@pytest.mark.parametrize("step", ["record", "move"])
def test_a_run_that_ends_half_way_loses_nothing_and_takes_nothing_twice(
    project: Project, dovecot: MailServers, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """As if killed after archiving, or after the event and before the mail is moved."""
    dovecot.deliver(form_mail(project))
    dovecot.deliver(form_mail(project, "Simhallen", 2))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*((Project, "record") if step == "record" else (imap_mailbox.ImapMailbox, "move")), stop)
        with pytest.raises(KeyboardInterrupt):
            collect(project)
    assert count(project) == 2
    collect(project)
    assert [name for name in received(project) if name.endswith(".xlsx")] == ["Museet.xlsx", "Simhallen.xlsx"]
    assert (count(project), count(project, "xlflow")) == (0, 2)
    paths = [file.path for file in open_state(project.root)[1].files]
    assert len(paths) == len(set(paths)) == 4


def test_a_mail_stays_where_it_is_if_the_disk_is_full(
    project: Project, dovecot: MailServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(form_mail(project))

    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(collect_returns, "store_delivery", fill_disk)
        with pytest.raises(FatalError):
            collect(project)
    assert (count(project), received(project)) == (1, [])
    collect(project)
    assert count(project) == 0


def test_an_answer_in_words_is_kept_shown_and_left(project: Project, dovecot: MailServers) -> None:
    asked = [("In-Reply-To", our_id(project, "Simhallen"))]
    dovecot.deliver(make_eml(text="Allt är klart hos oss.", subject="Sv: Uppföljning", number=7, headers=asked))
    result = collect(project)
    assert codes(result) == ["mail-without-form"]
    assert [(mail["kind"], mail["unit"]) for mail in result.mails] == [("reply", "Simhallen")]
    assert received(project) == ["Sv- Uppföljning.eml"]
    assert count(project) == 1
    assert codes(collect(project)) == []
    shown = run("status", "--unit", "Simhallen", cwd=project.root).out
    assert "Allt är klart hos oss." in shown


def test_a_mail_that_came_back_is_a_failure_of_the_unit(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(make_bounce(our_id(project, "Museet"), "enhet2@example.org", "550 5.1.1 no such user"))
    result = collect(project)
    assert [(each.code, each.unit) for each in result.findings] == [("mail-bounced", "Museet")]
    assert [name for name in received(project) if name.endswith(".xlsx")] == []
    assert (count(project), count(project, "xlflow")) == (0, 1)
    (record,) = open_state(project.root)[1].mails.undelivered()
    assert (record.unit, record.outcome) == ("Museet", "failed")
    assert record.faults[0].reason == "550 5.1.1 no such user"
    assert "Museet" in run("status", cwd=project.root).out.partition("inte kom fram")[2].splitlines()[0]
    events = "".join(path.read_text(encoding="utf-8") for path in project.events_folder.glob("*mail-failed*"))
    assert events
    assert "@example.org" not in events.replace(our_id(project, "Museet"), "")


def test_a_report_on_somebody_elses_mail_is_none_of_ours(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(make_bounce("<other@example.org>", "enhet2@example.org", "550 no"))
    assert [mail["kind"] for mail in collect(project).mails] == ["other"]
    assert open_state(project.root)[1].mails.undelivered() == []
    assert count(project) == 1


def test_automatic_replies_are_noted_and_never_answered(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(make_automatic_reply(our_id(project, "Simhallen"), "Jag är ledig till den 1 maj."))
    result = collect(project)
    assert codes(result) == ["mail-automatic"]
    assert [mail["kind"] for mail in result.mails] == ["automatic"]
    assert (count(project), count(project, "xlflow")) == (0, 1)


def test_what_only_outlook_can_read_is_named_and_left(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(make_eml([("winmail.dat", b"\x78\x9f\x3e\x22 och mer")], subject="Svar"))
    for _ in range(2):
        assert codes(collect(project)) == ["mail-winmail"]
    assert (count(project), received(project)) == (1, [])


def test_who_sent_it_decides_nothing(project: Project, dovecot: MailServers) -> None:
    """The form of a unit counts as that unit's, whoever sent it and whatever mail it answers."""
    dovecot.deliver(form_mail(project, headers=[("In-Reply-To", our_id(project, "Simhallen"))]))
    collect(project)
    states = {unit.name: unit.state for unit in read_status(*open_state(project.root)).units}
    assert (states["Museet"], states["Simhallen"]) == ("to-correct", "missing")


def test_every_folder_that_the_settings_name_is_looked_through(project: Project, dovecot: MailServers) -> None:
    with look(project):
        pass
    write_settings(
        project.root, dovecot.settings(more='folders = ["INBOX", "Utkast"]\ndone = "Gjort/Mottaget å"\n')
    )
    dovecot.deliver(form_mail(project))
    collect(project)
    assert count(project, "Gjort/Mottaget å") == 1
    write_settings(project.root, dovecot.settings(more='folders = ["Finns inte"]\n'))
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-no-folder"


def test_a_dry_run_takes_in_nothing(project: Project, dovecot: MailServers) -> None:
    dovecot.deliver(form_mail(project))
    done = run("collect", "--mail", "--dry-run", "--json", cwd=project.root, **{PASSWORD_VARIABLE: PASSWORD})
    assert [mail["kind"] for mail in done.json_output["mails"]] == ["form"]
    assert (count(project), received(project)) == (1, [])
    done = run("collect", "--mail", "--json", cwd=project.root, **{PASSWORD_VARIABLE: PASSWORD})
    assert [mail["state"] for mail in done.json_output["mails"]] == ["new"]
    assert count(project) == 0


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_connection_is_encrypted_and_the_certificate_checked(
    project: Project, dovecot: MailServers, security: str
) -> None:
    dovecot.deliver(form_mail(project))
    write_settings(project.root, dovecot.settings(imap=security).replace('ca_file = "ca.pem"\n', ""))
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-certificate"
    write_settings(project.root, dovecot.settings(imap=security))
    assert len(collect(project).mails) == 1


def test_logging_in_with_a_token(project: Project, dovecot: MailServers, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot.deliver(form_mail(project))
    write_settings(project.root, dovecot.settings(auth="xoauth2", imap="tls"))
    monkeypatch.setenv(TOKEN_VARIABLE, "some other token")
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-login-refused"
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    assert len(collect(project).mails) == 1


def test_sending_with_a_token_over_starttls(
    project: Project, dovecot: MailServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Dovecot's server for submission, which hands the mails on."""
    server = f'host = "localhost"\nport = {dovecot.submission}\nsecurity = "starttls"\nca_file = "ca.pem"\n'
    write_settings(
        project.root,
        f'\n[mail]\naddress = "{ADDRESS}"\nauth = "xoauth2"\nper_minute = 1000\n[mail.smtp]\n{server}',
    )
    with run_smtp(port=dovecot.relay) as relay:
        monkeypatch.setenv(TOKEN_VARIABLE, "some other token")
        with pytest.raises(FatalError) as error:
            send_mails(*open_state(project.root), "remind")
        assert error.value.findings[0].code == "mail-login-refused"
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        assert len(send_mails(*open_state(project.root), "remind").units) == 3
        assert sorted(recipients for _, recipients, _ in relay.taken) == [
            (f"enhet{number}@example.org",) for number in (1, 2, 3)
        ]
        assert all(b"X-Unsent" not in content for _, _, content in relay.taken)


def test_a_wrong_password_and_no_password_are_told_apart(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "fel")
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-login-refused"
    monkeypatch.delenv(PASSWORD_VARIABLE)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-no-password"


def test_who_sends_a_form_gets_one_receipt_with_what_was_found(
    project: Project, dovecot: MailServers, sink: SmtpSink
) -> None:
    settings = dovecot.settings(receipts="true", per_minute=1000)
    write_settings(project.root, settings + sink.server_settings())
    wrong = answer(project, "Museet", {"Öppna kvarnen": "Klart snart"})
    asked = [("In-Reply-To", our_id(project, "Museet"))]
    dovecot.deliver(make_eml([("Museet.xlsx", wrong)], number=5, headers=asked))
    dovecot.deliver(form_mail(project, "Simhallen", 6))  # nobody that we know of
    automatic = [("In-Reply-To", our_id(project, "Museet")), ("Auto-Submitted", "auto-replied")]
    dovecot.deliver(make_eml([("Museet.xlsx", wrong + b" ")], number=7, headers=automatic))
    password = {PASSWORD_VARIABLE: PASSWORD}
    done = run("collect", "--mail", cwd=project.root, **password)
    assert "Skickade kvitton: 1." in done.out
    ((_, recipients, content),) = sink.taken
    mail = message_from_bytes(content, policy=policy.default)
    assert recipients == ("asa@example.org",)
    assert (mail["In-Reply-To"], mail["Auto-Submitted"]) == ("<5@example.org>", "auto-replied")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert re.search(r"Kvittonummer: \w{4,}", text)
    assert re.search(r"^- [A-Z]+\d+: .*Klart snart", text, re.MULTILINE)
    assert run("collect", "--mail", cwd=project.root, **password).code == 0
    assert len(sink.taken) == 1
    assert run("verify", cwd=project.root).code == 0


def test_a_receipt_that_cannot_be_sent_now_is_sent_later(
    project: Project, dovecot: MailServers, sink: SmtpSink
) -> None:
    settings = dovecot.settings(receipts="true", per_minute=1000)
    write_settings(project.root, settings + SmtpSink(free_ports(1)[0]).server_settings())
    dovecot.deliver(form_mail(project, headers=[("In-Reply-To", our_id(project, "Museet"))]))
    result = collect_and_answer(*open_state(project.root))
    assert codes(result) == ["mail-unreachable"]
    assert [mail["kind"] for mail in result.mails] == ["form"]
    write_settings(project.root, settings + sink.server_settings())
    assert [mail["state"] for mail in collect_and_answer(*open_state(project.root)).mails] == ["sent"]
    assert len(sink.taken) == 1


def test_what_is_discarded_takes_the_words_of_the_unit_along(project: Project, dovecot: MailServers) -> None:
    asked = [("In-Reply-To", our_id(project, "Simhallen"))]
    dovecot.deliver(make_eml(text="Hemligt.", subject="Sv: Uppföljning", number=7, headers=asked))
    collect(project)
    assert received(project) != []
    assert run("discard", "Simhallen", "--because", "begäran", cwd=project.root).code == 0
    assert received(project) == []


def test_drafts_are_put_into_the_mailbox(project: Project) -> None:
    result = send_drafts(*open_state(project.root), "remind")
    assert result.units == ("Åbro skola", "Museet", "Simhallen")
    assert codes(result) == []
    assert count(project, "Utkast") == 3
    assert result.notes[-1].params["drafts"] == "Utkast"
    opened = project.settings.mail
    assert opened is not None
    assert opened.imap is not None
    with imap_mailbox.open_mailbox(opened, opened.imap, ADDRESS, project.root) as mailbox:
        _, uids = mailbox.open_folder("Utkast")
        content = mailbox.fetch(uids[0]) or b""
    assert b"X-Unsent" not in content
    assert b"plan@example.org" in content


def test_without_a_mailbox_the_inbox_alone_is_collected(project: Project) -> None:
    write_settings(project.root, "")
    assert collect_everything(*open_state(project.root)).mails == ()
    with pytest.raises(FatalError) as error:
        collect(project)
    assert error.value.findings[0].code == "mail-no-server"

"""Mails are sent by a real server: each to the right address once, whatever happens in between; and never twice
without a person who asks for it.
"""

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.mail_servers import ADDRESS, PASSWORD, SmtpSink, free_ports, make_certificate, run_smtp
from support.make_project import AS_OF, DUE, UNITS, answer, make_project, open_state, put_in_inbox, write_plan
from support.run_cli import run

from xlflow.mail.key_store import PASSWORD_VARIABLE
from xlflow.model.findings import FatalError
from xlflow.model.merged import RunResult
from xlflow.project import deliver_mails
from xlflow.project.issue_forms import issue_forms
from xlflow.project.mail_texts import MailPurpose
from xlflow.project.open_round import open_round
from xlflow.project.outbox import SendingRate, lock_outbox
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_status import read_status
from xlflow.project.send_mails import record_as_sent, send_mails

ROUND = "2026-03-31"
TODAY = date(2026, 4, 10)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with run_smtp() as server:
        yield server


@pytest.fixture
def project(template: Path, tmp_path: Path, sink: SmtpSink) -> Project:
    shutil.copytree(template, tmp_path / "Projekt")
    write_settings(tmp_path / "Projekt", sink.settings())
    return open_project(tmp_path / "Projekt")


def write_settings(root: Path, section: str) -> None:
    path = root / "xlflow.toml"
    own = path.read_text(encoding="utf-8").partition("\n[mail]")[0]
    path.write_text(own + section.replace('ca_file = "ca.pem"\n', ""), encoding="utf-8")


def send(project: Project, purpose: MailPurpose = "invite", *units: str, today: date = TODAY) -> RunResult:
    return send_mails(*open_state(project.root), purpose, units, today=today)


def codes(result: RunResult) -> list[str]:
    return [finding.code for finding in result.findings]


def parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def units_sent(sink: SmtpSink) -> list[str]:
    return sorted(str(parse(content)["Subject"]).rpartition(": ")[2] for _, _, content in sink.taken)


def outcomes(project: Project) -> dict[str, str]:
    return {each.unit: each.outcome for each in open_state(project.root)[1].mails.records.values()}


def folder_names(project: Project, folder: str) -> list[str]:
    return sorted(path.name for path in (project.round_folder(ROUND) / "drafts" / folder).glob("*.eml"))


def kinds(project: Project) -> list[str]:
    return [event.kind for event in open_project(project.root).log.events if event.kind.startswith("mail-")]


def test_each_unit_gets_its_form_once(project: Project, sink: SmtpSink) -> None:
    result = send(project)
    assert result.units == UNITS
    assert sorted(recipients for _, recipients, _ in sink.taken) == [
        ("enhet1@example.org",), ("enhet2@example.org",), ("enhet3@example.org",),
    ]  # fmt: skip
    assert {sender for sender, _, _ in sink.taken} == {ADDRESS}
    mail = next(found for found in map(parse, (each[2] for each in sink.taken)) if "Åbro" in found["Subject"])
    assert str(mail["From"]) == ADDRESS
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Unsent"] is None
    assert mail["Date"]
    (form,) = mail.iter_attachments()
    assert form.get_content() == (project.round_folder(ROUND) / "forms" / "Åbro skola.xlsx").read_bytes()
    assert set(outcomes(project).values()) == {"sent"}
    assert kinds(project) == ["mail-planned", "mail-sent"]
    assert len(folder_names(project, "sent")) == 3
    assert send(project).units == ()
    assert len(sink.taken) == 3


def test_the_text_is_there_twice_in_the_same_words(project: Project, sink: SmtpSink) -> None:
    send(project, "invite", "Museet")
    mail = parse(sink.taken[0][2])
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    text, html = plain.get_content(), page.get_content()
    assert "senast 2026-04-16" in text
    assert "Svaret går till plan@example.org." in text
    assert '<html lang="sv">' in html
    words = re.sub(r"<head>.*?</head>|<[^>]+>", " ", html, flags=re.DOTALL).replace("&quot;", '"').split()
    assert words == text.split()
    assert not re.search(r"https?:|src=|url\(", html)


def test_one_bad_address_keeps_no_other_mail(project: Project, sink: SmtpSink) -> None:
    sink.answer_recipient = lambda address: "550 5.1.1 <enhet2@example.org> unknown" if "2" in address else None
    result = send(project)
    assert [(each.code, each.unit) for each in result.findings] == [("mail-refused", "Museet")]
    assert result.exit_code == 1
    assert outcomes(project) == {"Åbro skola": "sent", "Museet": "failed", "Simhallen": "sent"}
    assert read_status(*open_state(project.root)).undelivered == ("Museet",)
    assert len(folder_names(project, "failed")) == 1
    events = "".join(path.read_text(encoding="utf-8") for path in project.events_folder.glob("*mail-failed*"))
    assert "5.1.1" in events
    assert "enhet2@" not in events
    assert send(project).units == ()


def test_a_failed_mail_goes_out_again_once_the_address_is_another(
    project: Project, sink: SmtpSink, tmp_path: Path
) -> None:
    sink.answer_recipient = lambda address: "550 unknown" if "enhet2@" in address else None
    send(project)
    plan = write_plan(tmp_path / "plan2.xlsx")
    workbook = load_workbook(plan)
    cell = next(cell for row in workbook["Enheter"] for cell in row if cell.value == "enhet2@example.org")
    cell.value = "museet@example.org"
    workbook.save(plan)
    open_round(open_project(project.root), AS_OF, DUE, plan)
    assert send(project).units == ("Museet",)
    assert sink.taken[-1][1] == ("museet@example.org",)
    assert read_status(*open_state(project.root)).undelivered == ()


def test_what_the_server_puts_off_waits_for_the_next_run(project: Project, sink: SmtpSink) -> None:
    sink.answer_mail = lambda content: "451 4.7.1 later" if b"enhet3@" in content else None
    result = send(project)
    assert codes(result) == ["mail-deferred"]
    assert outcomes(project)["Simhallen"] == "planned"
    assert folder_names(project, "to-send") == ["Simhallen formulär.eml"]
    assert read_status(*open_state(project.root)).uncertain == ()
    sink.answer_mail = lambda _: None
    assert send(project).units == ("Simhallen",)
    assert len(sink.taken) == 3


def test_a_run_stops_where_the_server_takes_nothing(project: Project, sink: SmtpSink, monkeypatch) -> None:
    monkeypatch.setattr(deliver_mails, "_MAX_DEFERRED", 2)
    sink.answer_mail = lambda _: "450 4.7.0 too many"
    assert codes(send(project)) == ["mail-stopped", "mail-deferred", "mail-deferred"]
    assert len(folder_names(project, "to-send")) == 3


@pytest.mark.parametrize("how", ["hang-up", "take-and-hang-up"])
def test_what_nobody_can_know_is_listed_and_not_sent_again(project: Project, sink: SmtpSink, how: str) -> None:
    sink.answer_mail = lambda content: how if b"enhet3@" in content else None
    result = send(project)
    assert [(each.code, each.unit) for each in result.findings] == [("mail-uncertain", "Simhallen")]
    assert read_status(*open_state(project.root)).uncertain == ("Simhallen",)
    sink.answer_mail = lambda _: None
    before = len(sink.taken)
    result = send(project)
    assert (codes(result), result.units, len(sink.taken)) == (["mail-uncertain"], (), before)
    if how == "hang-up":
        assert send(project, "invite", "Simhallen").units == ("Simhallen",)
    else:
        assert record_as_sent(*open_state(project.root)).units == ("Simhallen",)
    assert read_status(*open_state(project.root)).uncertain == ()
    assert send(project).units == ()


@pytest.mark.parametrize("moment", ["planned", "handed over", "taken", "recorded"])
def test_a_run_that_is_killed_sends_nothing_twice(
    project: Project, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """As if killed at the second mail: before it, while it is handed over, after it, before the event."""

    class Killed(BaseException):
        pass

    calls = 0
    target: tuple[type, str] = {
        "planned": (deliver_mails.Outbox, "move"),
        "handed over": (deliver_mails.SmtpSender, "send"),
        "taken": (deliver_mails.Outbox, "move"),
        "recorded": (deliver_mails.SendRun, "record"),
    }[moment]
    original: Callable[..., object] = getattr(*target)

    def stop(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        limit = {"planned": 3, "handed over": 2, "taken": 4, "recorded": 2}[moment]
        if calls >= limit:
            raise Killed
        return original(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(*target, stop)
        if moment != "recorded":
            patch.setattr(deliver_mails.SendRun, "record", lambda _: None)
        with pytest.raises(Killed):
            send(project)
    uncertain = read_status(*open_state(project.root)).uncertain
    result = send(project)
    assert len({content for _, _, content in sink.taken}) == len(sink.taken)
    expected = {"planned": 0, "handed over": 1, "taken": 1, "recorded": 0}[moment]
    assert len(uncertain) == expected
    assert codes(result) == ["mail-uncertain"] * expected
    assert len(sink.taken) == (2 if moment == "handed over" else 3)
    assert send(project).units == ()


def test_two_runs_at_once_do_not_send_together(project: Project, sink: SmtpSink) -> None:
    with lock_outbox(project, ROUND), pytest.raises(FatalError) as error:
        send(project)
    assert error.value.findings[0].code == "send-in-progress"
    assert sink.taken == []


def test_what_another_computer_planned_is_left_to_it(project: Project, sink: SmtpSink, monkeypatch) -> None:
    sink.answer_mail = lambda _: "451 later"
    send(project, "invite", "Museet")
    sink.answer_mail = lambda _: None
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "another")
        result = send(project)
    assert result.units == ("Åbro skola", "Simhallen")
    assert codes(result) == ["mail-uncertain"]
    assert send(project).units == ("Museet",)


def test_reminders_go_to_the_missing_after_a_collect_and_once_in_some_days(
    project: Project, sink: SmtpSink
) -> None:
    put_in_inbox(project, "svar.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Pågående"}))
    assert send(project, "remind").units == ("Åbro skola", "Simhallen")
    mail = parse(sink.taken[0][2])
    body = mail.get_body(("plain",))
    assert body is not None
    assert "2 rader väntar på svar" in body.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Åbro skola.xlsx"]
    planned = max(each.planned for each in open_state(project.root)[1].mails.records.values() if each.planned)
    again = send(project, "remind", today=planned)
    assert (again.units, codes(again)) == ((), ["remind-too-soon"])
    assert send(project, "remind", today=date.fromordinal(planned.toordinal() + 2)).units == ()
    assert send(project, "remind", today=date.fromordinal(planned.toordinal() + 3)).units == (
        "Åbro skola",
        "Simhallen",
    )
    named = send(project, "remind", "Museet", today=planned)
    assert (named.units, codes(named)) == ((), ["remind-has-answered"])


def test_a_reminder_that_waits_is_withdrawn_once_the_answer_is_in(project: Project, sink: SmtpSink) -> None:
    sink.answer_mail = lambda content: "451 later" if b"enhet2@" in content else None
    send(project, "remind")
    put_in_inbox(project, "svar.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Pågående"}))
    sink.answer_mail = lambda _: None
    assert send(project, "remind").units == ()
    assert outcomes(project)["Museet"] == "withdrawn"
    assert folder_names(project, "to-send") == []


def test_a_correction_is_asked_for_once_until_something_new_comes(project: Project, sink: SmtpSink) -> None:
    put_in_inbox(project, "a.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Klart snart"}))
    assert run("collect", cwd=project.root).code == 0
    assert send(project, "correct").units == ("Museet",)
    assert send(project, "correct").units == ()
    put_in_inbox(project, "b.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Klart nog"}))
    assert run("collect", cwd=project.root).code == 0
    assert send(project, "correct").units == ("Museet",)
    assert len(sink.taken) == 2


def test_no_more_than_so_many_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.time", lambda: now)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        now += seconds

    rate = SendingRate(3, [955.0], wait=wait)
    moments = []
    for _ in range(8):
        rate.wait_for_turn()
        moments.append(now)
    assert moments == [1000, 1000, 1015, 1060, 1060, 1075, 1120, 1120]
    assert all(late - early >= 60 for early, late in zip(moments, moments[3:], strict=False))
    assert waits == [15, 45, 15, 45]


def test_a_name_can_add_no_header(template: Path, tmp_path: Path, sink: SmtpSink) -> None:
    evil = "Museet Bcc: spy@example.org <script>"
    project = make_project(tmp_path / "evil", forms=False)
    plan = write_plan(tmp_path / "evil.xlsx", [("Öppna kvarnen", evil)], [evil])
    workbook = load_workbook(plan)
    cell = next(cell for row in workbook["Enheter"] for cell in row if cell.value == "Kontakt 1")
    cell.value = "Asta\r\nBcc: spy@example.org\r\n\r\n<script>"
    workbook.save(plan)
    open_round(open_project(project.root), AS_OF, DUE, plan)
    issue_forms(*open_state(project.root))
    write_settings(project.root, sink.settings())
    texts = '[invite.sv]\nsubject = "{unit}: {contact}\\r\\nBcc: spy@example.org\\r\\n\\r\\nmer"\n'
    (project.root / "mails.toml").write_text(texts, encoding="utf-8")
    assert len(send(project).units) == 1
    (_, recipients, content) = sink.taken[0]
    mail = parse(content)
    assert recipients == ("enhet1@example.org",)
    assert mail["Bcc"] is None
    assert "Bcc: spy" in str(mail["Subject"])
    page = mail.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()


def test_a_server_that_cannot_be_reached_costs_nothing(project: Project, sink: SmtpSink) -> None:
    write_settings(project.root, SmtpSink(free_ports(1)[0]).settings())
    with pytest.raises(FatalError) as error:
        send(project)
    assert error.value.findings[0].code == "mail-unreachable"
    assert kinds(project) == []
    write_settings(project.root, sink.settings())
    assert len(send(project).units) == 3


def test_a_login_over_a_connection_that_is_encrypted(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    shutil.copy(make_certificate(folder), project.root / "ca.pem")
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with run_smtp(certificates=folder) as secure:
        settings = secure.settings(security="starttls", auth="password")
        path = project.root / "xlflow.toml"
        own = path.read_text(encoding="utf-8").partition("\n[mail]")[0]
        path.write_text(own + settings.replace('ca_file = "ca.pem"\n', ""), encoding="utf-8")
        with pytest.raises(FatalError) as error:
            send(project)
        assert error.value.findings[0].code == "mail-certificate"
        path.write_text(own + settings, encoding="utf-8")
        assert len(send(project).units) == 3
        assert len(secure.taken) == 3
        monkeypatch.setenv(PASSWORD_VARIABLE, "fel")
        with pytest.raises(FatalError) as error:
            send(project, "remind")
        assert error.value.findings[0].code == "mail-login-refused"


def test_the_commands(project: Project, sink: SmtpSink) -> None:
    done = run("send", "--smtp", "--dry-run", "--json", cwd=project.root)
    assert [(mail["unit"], mail["state"]) for mail in done.json_output["mails"]] == [
        (unit, "planned") for unit in UNITS
    ]
    assert sink.taken == []
    preview = run("send", "--preview", "--unit", "Museet", cwd=project.root).out
    assert "Hej Kontakt 2," in preview
    assert "[Museet.xlsx]" in preview
    done = run("send", "--smtp", "--json", cwd=project.root)
    assert [(mail["unit"], mail["state"]) for mail in done.json_output["mails"]] == [
        (unit, "sent") for unit in UNITS
    ]
    assert len(sink.taken) == 3
    assert run("send", "--smtp", "--draft", cwd=project.root).code == 2
    assert "Utgående mejl" in run("mail", "check", cwd=project.root).out
    assert run("mail", "texts", cwd=project.root).code == 0
    assert run("mail", "texts", cwd=project.root).code == 2

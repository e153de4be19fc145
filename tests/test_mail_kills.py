"""All forms out by SMTP and in again by IMAP, while runs are killed at random: nobody gets a mail twice, every
form is in the archive exactly once, and what came back or was answered by itself is seen as such.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.mail_servers import PASSWORD, MailServers, SmtpSink, run_dovecot, run_smtp
from support.make_mails import make_automatic_reply, make_bounce, make_eml
from support.make_project import AS_OF, DUE, open_state, write_plan
from support.run_cli import run
from support.sampling import is_long

from xlflow.mail.key_store import PASSWORD_VARIABLE
from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.project_status import read_status

pytestmark = pytest.mark.with_tools

UNITS, KILLS, OTHERS = (500, 25, 10) if is_long() else (5, 1, 1)
"""Units; kills while sending, and as many while collecting; mails that come back, and as many automatic
replies."""


def make_large_project(folder: Path, dovecot: MailServers, sink: SmtpSink) -> Project:
    names = [f"Enhet {number:03}" for number in range(1, UNITS + 1)]
    plan = write_plan(folder / "plan.xlsx", [(f"Uppdrag {name}", name) for name in names], names)
    root = folder / "P"
    init_project(root)
    open_round(open_project(root), AS_OF, DUE, plan)
    issue_forms(*open_state(root))
    settings = dovecot.settings(per_minute=100_000) + sink.server_settings()
    with (root / "xlflow.toml").open("a", encoding="utf-8") as stream:
        stream.write(settings)
    shutil.copy(dovecot.folder / "cert.pem", root / "ca.pem")
    return open_project(root)


def run_and_kill(root: Path, words: list[str], is_time: Callable[[], bool], wait: float) -> int:
    """Run a command, kill it `wait` seconds after `is_time` says so, and return how it ended."""
    environment = {**os.environ, PASSWORD_VARIABLE: PASSWORD, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "xlflow", *words]
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not is_time():
        time.sleep(0.002)
    time.sleep(wait)
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    return process.wait()


def command(root: Path, *words: str) -> None:
    done = run(*words, cwd=root, **{PASSWORD_VARIABLE: PASSWORD})
    assert done.code in (0, 1), done.err


def recipients(sink: SmtpSink) -> Counter[str]:
    return Counter(address for _, addresses, _ in sink.taken for address in addresses)


def test_forms_out_and_in_with_kills(tmp_path: Path) -> None:
    chance = random.Random(18)
    with run_dovecot() as dovecot, run_smtp() as sink:
        project = make_large_project(tmp_path, dovecot, sink)
        killed = send_with_kills(project, sink, chance)
        settle_uncertain(project, sink)
        assert set(recipients(sink).values()) == {1}
        assert len(sink.taken) == UNITS
        forms = answer_all(dovecot, sink)
        killed += collect_with_kills(project, chance, len(forms))
        command(project.root, "collect", "--mail")
        check_archive(project, forms)
    assert killed >= KILLS * 2 - 2
    assert run("verify", cwd=project.root).code == 0


def send_with_kills(project: Project, sink: SmtpSink, chance: random.Random) -> int:
    killed = 0
    for number in range(KILLS):
        limit = min(UNITS - 1, (number + 1) * UNITS // (KILLS + 1) + chance.randrange(3))
        ended = run_and_kill(
            project.root, ["send", "--smtp"], lambda limit=limit: len(sink.taken) >= limit, chance.random() / 40
        )  # type: ignore[misc]
        killed += ended == -signal.SIGKILL
    command(project.root, "send", "--smtp")
    return killed


def settle_uncertain(project: Project, sink: SmtpSink) -> None:
    """Do what a person does with the mails of which nobody knows: look, and say so or send again."""
    uncertain = read_status(*open_state(project.root)).uncertain
    assert len(uncertain) <= KILLS
    addresses = {unit.name: unit.email for unit in read_status(*open_state(project.root)).units}
    for unit in uncertain:
        way = "--arrived" if recipients(sink)[addresses[unit]] else "--smtp"
        command(project.root, "send", way, "--unit", unit)
    assert read_status(*open_state(project.root)).uncertain == ()


def answer_all(dovecot: MailServers, sink: SmtpSink) -> set[str]:
    """Answer every mail with its form, but for some that come back and some that are answered by a program. Return
    the digests of the forms."""
    digests = set()
    for number, (_, addresses, content) in enumerate(sink.taken):
        mail = message_from_bytes(content, policy=policy.default)
        message_id = str(mail["Message-ID"])
        if number < OTHERS:
            dovecot.deliver(make_bounce(message_id, addresses[0], "550 5.1.1 unknown"))
        elif number < 2 * OTHERS:
            dovecot.deliver(make_automatic_reply(message_id, f"Ledig {number}"))
        else:
            (form,) = mail.iter_attachments()  # type: ignore[attr-defined]
            digests.add(sha256(form.get_content()).hexdigest())
            attached = [(str(form.get_filename()), form.get_content())]
            dovecot.deliver(make_eml(attached, number=1000 + number, headers=[("In-Reply-To", message_id)]))
    assert len(digests) == UNITS - 2 * OTHERS
    return digests


def collect_with_kills(project: Project, chance: random.Random, forms: int) -> int:
    received = project.round_folder("2026-03-31") / "received"
    killed = 0
    for number in range(KILLS):
        limit = (number + 1) * forms // (KILLS + 1) + chance.randrange(2)
        ended = run_and_kill(
            project.root,
            ["collect", "--mail"],
            lambda limit=limit: received.is_dir() and len(list(received.iterdir())) >= limit,  # type: ignore[misc]
            chance.random() / 20,
        )
        killed += ended == -signal.SIGKILL
    return killed


def check_archive(project: Project, forms: set[str]) -> None:
    received = project.round_folder("2026-03-31") / "received"
    folders = [path for path in received.iterdir() if not path.name.startswith(".")]
    assert len(list(received.iterdir())) - len(folders) <= KILLS  # half-written, removed an hour later
    found = Counter(sha256(path.read_bytes()).hexdigest() for folder in folders for path in folder.glob("*.xlsx"))
    assert set(found) == forms
    assert set(found.values()) == {1}
    assert len([path for folder in folders for path in folder.glob("*.eml")]) == UNITS
    opened, state = open_state(project.root)
    assert len(read_status(opened, state).undelivered) == OTHERS
    kinds = [
        mail["kind"]
        for event in opened.log.events
        if event.kind == "returns-received"
        for mail in event.data.get("mails", {}).values()
    ]
    assert Counter(kinds) == {"form": UNITS - 2 * OTHERS, "bounce": OTHERS, "automatic": OTHERS}

"""The commands of the web page as they are typed: links are made, shown, revoked; the page is run and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx
import pytest
from support.external_tools import PROJECT
from support.make_project import UNITS, make_project, open_state
from support.run_cli import run

from xlflow.project.page_links import find_link, list_links


def tokens_of(text: str) -> list[str]:
    return re.findall(r"/[ua]/([\w-]{22})(?:\s|$)", text)


def test_links_are_made_shown_and_revoked(tmp_path: Path) -> None:
    root = make_project(tmp_path, forms=False).root
    assert "xlflow link ENHET gör en" in run("link", cwd=root).out
    made = run("link", "--all", "--address", "https://plan.example.org/", cwd=root)
    assert made.code == 0
    assert made.out.count("https://plan.example.org/u/") == len(UNITS)
    assert "De visas bara nu" in made.out
    tokens = tokens_of(made.out)
    assert len({*tokens}) == len(UNITS)
    project, _ = open_state(root)
    assert [link.unit for token in tokens if (link := find_link(project, token))] == list(UNITS)
    shown = run("link", cwd=root)
    assert "Museet: gjord" in shown.out
    assert [token for token in tokens if token in shown.out] == []
    assert "Återkallade länkar: 1" in run("link", "museet", "--revoke", cwd=root).out
    project, _ = open_state(root)
    assert [link.unit for token in tokens if (link := find_link(project, token))] == ["Åbro skola", "Simhallen"]
    assert "återkallad" in run("link", cwd=root).out


def test_a_link_for_an_approver_is_for_all_units_or_one(tmp_path: Path) -> None:
    root = make_project(tmp_path, forms=False).root
    (token,) = tokens_of(run("link", "--approver", "Chefen", "--until", "2099-12-31", cwd=root).out)
    link = find_link(open_state(root)[0], token)
    assert link
    assert (link.role, link.unit, link.holder, link.expires) == ("approver", "", "Chefen", "2099-12-31")
    run("link", "--approver", "Rektorn", "Museet", cwd=root)
    assert [(each.holder, each.unit) for each in list_links(open_state(root)[0])][1:] == [("Rektorn", "Museet")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("link", "Muset"), "Museet"),
        (("link", "Museet", "--until", "2001-01-01"), "2001-01-01"),
        (("link", "Museet", "--revoke"), "Museet"),
        (("serve", "--user-header", "X-User"), "--coordinator"),
        (("serve", "--host", "192.0.2.1"), "192.0.2.1"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    root = make_project(tmp_path, forms=False).root
    refused = run(*arguments, cwd=root)
    assert refused.code == 2
    assert words in refused.err
    assert "Traceback" not in refused.err


def test_the_page_runs_until_it_is_stopped_and_says_where_it_is(tmp_path: Path) -> None:
    root = make_project(tmp_path, forms=False).root
    command = [sys.executable, "-u", "-m", "xlflow", "serve", "--port", "0", "--no-browser"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "LC_ALL": "sv_SE.UTF-8", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout
        timer = threading.Timer(90, process.kill)
        timer.start()
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/start/([\w-]{22})", said)
        assert found, said
        with httpx.Client(base_url=f"http://127.0.0.1:{found[1]}", trust_env=False, timeout=60) as client:
            origin = {"origin": str(client.base_url).rstrip("/")}
            begun = client.post(f"/start/{found[2]}", headers=origin)
            assert begun.status_code == 303
            assert client.get("/board").status_code == 200
        with socket.create_connection(("127.0.0.1", int(found[1]))):
            busy = run("serve", "--port", found[1], cwd=root)
        assert busy.code == 2
        assert "--port" in busy.err
        process.send_signal(signal.SIGINT)
        process.wait(30)
        timer.cancel()
        log = process.stderr.read() if process.stderr else ""
    assert process.returncode == 0, log
    assert "POST /start/… 303" in log
    assert found[2] not in log
    assert "Traceback" not in log


def test_the_mails_hold_a_link_to_the_page_of_their_unit(tmp_path: Path) -> None:
    root = make_project(tmp_path).root
    settings = root / "xlflow.toml"
    assert 'web_address = ""' in settings.read_text(encoding="utf-8")
    assert run("send", "--draft", "--unit", "Museet", cwd=root).code == 0
    (draft,) = root.glob("rounds/*/drafts/*.eml")
    assert "/u/" not in str(message_from_bytes(draft.read_bytes(), policy=default).get_body(("plain",)))
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace('web_address = ""', 'web_address = "https://plan.example.org/"'), encoding="utf-8"
    )
    before = len(list_links(open_state(root)[0]))
    assert run("send", "--draft", "--dry-run", "--unit", "Simhallen", cwd=root).code == 0
    assert len(list_links(open_state(root)[0])) == before
    assert run("send", "--draft", "--unit", "Simhallen", cwd=root).code == 0
    (draft,) = root.glob("rounds/*/drafts/Simhallen*.eml")
    body = message_from_bytes(draft.read_bytes(), policy=default).get_body(("plain",))
    assert body
    found = re.search(r"https://plan\.example\.org/u/([\w-]{22})\s", body.get_content())
    assert found
    link = find_link(open_state(root)[0], found[1])
    assert link
    assert link.unit == "Simhallen"


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    root = make_project(tmp_path, forms=False).root
    settings = root / "xlflow.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('web_address = ""', 'web_address = "plan.example.org"'), encoding="utf-8")
    refused = run("link", "Museet", cwd=root)
    assert refused.code == 2
    assert "https://plan.example.org" in refused.err

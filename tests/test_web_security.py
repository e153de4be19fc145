"""What the web page withstands: each test is an attempt that must fail, against a real server on loopback."""

import io
import json
import logging
import re
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from support.make_project import DUE, UNITS, answer, make_project, open_state
from support.not_empty import not_empty
from support.sampling import sample_size
from support.web_server import WebServer, hand_in, run_server, text_of

from xlflow.project.page_links import digest_token, list_links, make_links, revoke_links
from xlflow.web.rate_limits import RateLimit
from xlflow.web.request_guard import LOG, SECURITY_HEADERS, cut_tokens
from xlflow.web.sessions import SessionStore

UPLOAD_BYTES = 1_000_000
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    project = make_project(tmp_path_factory.mktemp("web"))
    limits = {"upload_bytes": UPLOAD_BYTES, "body_seconds": 1.0, "wrong_links_per_minute": 100}
    with run_server(project.root, workers=1, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def page(server: WebServer) -> str:
    return f"/u/{make_links(*open_state(server.root), ['Museet'])['Museet']}"


def events_of(server: WebServer) -> list[str]:
    return sorted(path.name for path in (server.root / "events").iterdir())


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example"]
)
def test_a_post_from_another_site_is_refused(server: WebServer, page: str, origin: str) -> None:
    before = events_of(server)
    coordinator = server.coordinator()
    coordinator.headers["origin"] = origin
    for path in (f"{page}/hand-in", f"{page}/nothing", "/board/merge", "/board/remind", "/end"):
        assert coordinator.post(path).status_code == 403, path
    assert events_of(server) == before


def test_a_post_that_does_not_say_where_it_comes_from_is_refused(server: WebServer, page: str) -> None:
    client = server.client()
    del client.headers["origin"]
    assert client.post(f"{page}/nothing").status_code == 403
    client.headers["sec-fetch-site"] = "cross-site"
    assert client.post(f"{page}/nothing").status_code == 403


def test_links_that_are_guessed_revoked_or_expired_open_nothing_and_look_alike(server: WebServer) -> None:
    project, state = open_state(server.root)
    token = make_links(project, state, ["Simhallen"])["Simhallen"]
    client = server.client()
    assert client.get(f"/u/{token}").status_code == 200
    other_role = client.get(f"/a/{token}")
    revoke_links(*open_state(server.root), ["Simhallen"])
    pages = [other_role, client.get(f"/u/{token}"), client.get(f"/u/{token[:-1]}x"), client.get("/u/x")]
    pages += [client.get(f"/u/{token}/form"), client.post(f"/u/{token}/nothing")]
    assert {each.status_code for each in pages} == {404}
    assert len({re.sub(r'href="[^"]*"', "", each.text) for each in pages}) == 1


def test_only_the_digest_of_a_link_is_kept(server: WebServer, page: str) -> None:
    token = page.rpartition("/")[2]
    assert len(token) == 22  # 128 bits
    kept = [path for path in server.root.rglob("*") if path.is_file()]
    assert len(kept) > 5
    assert [path.name for path in kept if token.encode() in path.read_bytes()] == []
    assert digest_token(token) in {link.digest for link in list_links(open_state(server.root)[0])}


def test_guessing_links_is_slowed_down(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    token = make_links(*open_state(project.root), ["Museet"])["Museet"]
    with run_server(project.root, workers=1, wrong_links_per_minute=5) as running:
        client = running.client()
        codes = [client.get(f"/u/guess{number}").status_code for number in range(8)]
        assert codes == [404] * 5 + [429] * 3
        assert client.get(f"/u/{token}").status_code == 200  # others at the same address are not shut out


@pytest.mark.parametrize(
    "path", ["/board", "/board.json", "/board/get/consolidated", "/board/unit/0", "/board/received/x"]
)
def test_the_board_is_for_nobody_without_a_session(server: WebServer, page: str, path: str) -> None:
    stranger = server.client()
    assert stranger.get(path).status_code == 403
    stranger.get(page)
    assert stranger.get(path).status_code == 403
    stranger.cookies.set("xlflow_session", "guessed")
    assert stranger.get(path).status_code == 403
    for action in ("merge", "report", "remind", "approver"):
        assert stranger.post(f"/board/{action}").status_code == 403


def test_the_one_time_address_is_good_once_and_getting_it_does_not_use_it_up(server: WebServer) -> None:
    token = server.context.sessions.make_one_time_token()
    scanner, coordinator = server.client(), server.client()
    assert scanner.get(f"/start/{token}").status_code == 200
    assert coordinator.post(f"/start/{token}").status_code == 200
    assert coordinator.get("/board").status_code == 200
    assert scanner.post(f"/start/{token}").status_code == 403
    assert scanner.get("/board").status_code == 403


def test_a_session_ends_by_the_button_by_rest_and_by_age(server: WebServer) -> None:
    client = server.coordinator()
    cookie = client.cookies["xlflow_session"]
    assert client.post("/end").status_code == 200
    client.cookies.set("xlflow_session", cookie)
    assert client.get("/board").status_code == 403
    now = [0.0]
    store = SessionStore(60, 600, clock=lambda: now[0])
    kept = store.begin(store.make_one_time_token(), "anna")
    assert kept
    for _ in range(10):
        now[0] += 59
        assert store.find(kept)
    now[0] += 11  # used all the time, but too old
    assert store.find(kept) is None
    rested = store.begin(store.make_one_time_token(), "anna")
    assert rested
    now[0] += 61
    assert store.find(rested) is None


def test_cookies_are_not_for_scripts_or_other_sites(server: WebServer) -> None:
    client = server.client()
    answer = client.post(f"/start/{server.context.sessions.make_one_time_token()}", follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_every_answer_has_the_headers_that_protect_it(server: WebServer, page: str) -> None:
    client, coordinator = server.client(), server.coordinator()
    answers = [client.get(path) for path in (page, "/", "/u/x", "/nowhere", "/static/web.css", f"{page}/form")]
    answers += [
        coordinator.get("/board"),
        client.post(page),
        client.post("/board/merge", headers={"origin": "null"}),
    ]
    for answered in not_empty(answers):
        for name, value in SECURITY_HEADERS:
            assert answered.headers[name.decode()] == value.decode(), answered.url
        assert "default-src 'self'" in answered.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answered.headers["content-security-policy"]
        is_static = "/static/" in str(answered.url)
        assert answered.headers["cache-control"] == ("public, max-age=3600" if is_static else "no-store")
        assert "server" not in answered.headers or "xlflow" not in answered.headers["server"]


def test_pages_load_nothing_from_elsewhere_and_hold_no_script_or_style_of_their_own(
    server: WebServer, page: str
) -> None:
    client, coordinator = server.client(), server.coordinator()
    texts = [client.get(page).text, coordinator.get("/board").text, client.get("/static/web.css").text]
    assert len(texts[0]) > 1000
    for text in texts:
        assert not re.search(r"(?:src|href|url)\W{1,3}(?:https?:)?//", text)
        assert not re.search(r"<style|style=|\son\w+=|<script(?! src)", text)
    assert texts


def test_other_hosts_are_not_answered(server: WebServer, page: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
        answered = server.client(host=host).get(page)
        assert answered.status_code == 400, host
        assert "Museet" not in answered.text
    assert server.client(host=server.base.replace("http://127.0.0.1", "localhost")).get(page).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(server: WebServer, page: str, method: str) -> None:
    assert server.client().request(method, page).status_code == 405


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(server: WebServer, page: str) -> None:
    before = events_of(server)
    client = server.client()
    too_large = hand_in(client, page, "stor.xlsx", b"PK\x03\x04" + b"0" * (UPLOAD_BYTES + 100_000))
    assert too_large.status_code == 413
    assert "Filen är för stor" in text_of(too_large)

    def unannounced() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\nPK\x03\x04'
        for _ in range(30):
            yield b"0" * 65536

    header = {"content-type": "multipart/form-data; boundary=x"}
    answered = client.post(f"{page}/hand-in", content=unannounced(), headers=header)
    assert answered.status_code == 413
    assert events_of(server) == before


def test_a_body_that_trickles_in_is_given_up(server: WebServer, page: str) -> None:
    host, port = server.base.removeprefix("http://").split(":")
    head = (
        f"POST {page}/hand-in HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {server.base}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n\r\n--x\r\n"
    )
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(head.encode())
        answered = connection.recv(200)
    assert b" 408 " in answered.partition(b"\r\n")[0]
    assert time.monotonic() - began < 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Starlette leaves a file open
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\nabc',
        b"\x00" * 500,
    ],
)
def test_a_broken_body_is_refused_in_words(server: WebServer, page: str, body: bytes) -> None:
    header = {"content-type": "multipart/form-data; boundary=x"}
    assert server.client().post(f"{page}/hand-in", content=body, headers=header).status_code in (400, 422)


NAMES = (
    "../../../etc/passwd.xlsx",
    "..\\..\\events\\x.xlsx",
    "/abs/olut.xlsx",
    "a\r\nX-Evil: 1.xlsx",
    "con.xlsx",
    "å" * 300 + ".xlsx",
)


@pytest.mark.parametrize("name", NAMES)
def test_file_names_lead_nowhere_and_into_no_header(server: WebServer, page: str, name: str) -> None:
    server.context.uploads = RateLimit(10_000)
    outside = sorted(path.name for path in server.root.parent.iterdir())
    content = b"PK\x03\x04" + name.encode()
    boundary = "x"
    quoted = name.encode().replace(b"\r\n", b"%0D%0A")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + quoted
        + b'"\r\n\r\n'
        + content
        + b"\r\n--x--\r\n"
    )
    header = {"content-type": f"multipart/form-data; boundary={boundary}"}
    shown = server.client().post(f"{page}/hand-in", content=body, headers=header)
    assert shown.status_code == 200, text_of(shown)
    kept = [path for path in server.root.glob("rounds/*/received/*/*") if path.read_bytes() == content]
    assert len(kept) == 1
    assert len(str(kept[0].name)) < 240
    assert sorted(path.name for path in server.root.parent.iterdir()) == outside
    got = server.coordinator().get(f"/board/received/{kept[0].parent.name}/{quote(kept[0].name)}")
    assert got.content == content
    assert "x-evil" not in got.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../xlflow.toml",
        "/static/%2e%2e/xlflow.toml",
        "/static/..%2fwords.toml",
        "/board/received/../../../xlflow.toml",
        "/board/received/%2e%2e/%2e%2e/%2e%2e/xlflow.toml",
        "/board/received//etc/passwd",
        "/board/received/..%5cx",
    ],
)
def test_paths_lead_to_no_file_that_is_not_meant(server: WebServer, path: str) -> None:
    client = server.coordinator()
    answered = client.get(path)
    assert answered.status_code in (404, 409)
    assert "language =" not in answered.text
    assert "root:" not in answered.text


def test_hostile_texts_are_shown_as_texts_and_formulas_stay_texts(server: WebServer, page: str) -> None:
    server.context.uploads = RateLimit(10_000)
    comment = f"{HOSTILE} =HYPERLINK(1) {{{{ 7*7 }}}}"
    content = answer(open_state(server.root)[0], "Museet", {"Öppna kvarnen": f"{HOSTILE}|{comment}"})
    client, coordinator = server.client(), server.coordinator()
    name = 'x"><script>alert(1)<script>.xlsx'
    pages = [hand_in(client, page, name, content), client.get(page), coordinator.get("/board")]
    keys = not_empty(re.findall(r"/board/unit/\w+", pages[-1].text))
    pages += [coordinator.get(key) for key in keys]
    pages.append(coordinator.get("/board", params={"q": f'"{HOSTILE}', "state": HOSTILE}))
    for shown in not_empty(pages):
        assert shown.status_code == 200
        assert "<img" not in shown.text
        assert "<script>" not in shown.text
        assert "49" not in text_of(shown).partition("HYPERLINK")[2][:40]
    assert any("&lt;img src=x" in shown.text for shown in pages)


def test_a_hostile_workbook_costs_itself_only(server: WebServer, page: str) -> None:
    server.context.uploads = RateLimit(10_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    began = time.monotonic()
    shown = hand_in(server.client(), page, "bomb.xlsx", bomb.getvalue())
    assert time.monotonic() - began < 30
    assert shown.status_code == 200
    assert "bomb.xlsx" in text_of(shown)
    assert "Det här behöver rättas" in text_of(shown)


def test_the_log_holds_no_link_and_no_one_time_address(
    server: WebServer, page: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = server.context.sessions.make_one_time_token()
    LOG.propagate = True
    with caplog.at_level(logging.INFO, "xlflow.web"):
        server.client().get(page)
        server.client().get(f"{page}/form?x=1")
        server.client().post(f"/start/{token}")
    text = caplog.text
    assert "GET /u/… 200" in text
    assert "GET /u/…/form 200" in text
    assert page.rpartition("/")[2] not in text
    assert token not in text
    assert cut_tokens("/a/secret/unit/x") == "/a/…/unit/x"


def test_one_address_may_not_ask_without_end(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    with run_server(project.root, workers=1, requests_per_minute=5, posts_per_minute=2) as running:
        client = running.client()
        assert [client.post("/end").status_code for _ in range(3)] == [200, 200, 429]
        assert [client.get("/static/web.css").status_code for _ in range(3)] == [200, 200, 429]


def test_limits_are_refilled_as_time_goes_by() -> None:
    now = [0.0]
    limit = RateLimit(2, 60, clock=lambda: now[0])
    assert [limit.take("a"), limit.take("a"), limit.take("a"), limit.take("b")] == [True, True, False, True]
    now[0] = 31
    assert [limit.take("a"), limit.take("a")] == [True, False]


def test_a_unit_may_not_fill_the_disk_in_a_minute(server: WebServer, page: str) -> None:
    server.context.uploads = RateLimit(2)
    codes = [hand_in(server.client(), page, "x.png", b"x").status_code for _ in range(3)]
    assert codes == [422, 422, 429]
    server.context.uploads = RateLimit(10_000)


def test_only_a_named_proxy_is_believed_and_only_named_coordinators_see_the_board(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    behind = {"proxies": ("127.0.0.1",), "user_header": "X-Remote-User", "coordinators": ("anna",)}
    with run_server(project.root, workers=1, **behind) as running:
        assert running.client(**{"x-remote-user": "anna"}).get("/board").status_code == 200
        assert running.client(**{"x-remote-user": "bertil"}).get("/board").status_code == 403
        assert running.client().get("/board").status_code == 403
        twice = [("x-remote-user", "anna"), ("x-remote-user", "bertil")]
        assert running.client().get("/board", headers=twice).status_code == 403
        secure = running.client(**{"x-remote-user": "anna", "x-forwarded-proto": "https"})
        assert "strict-transport-security" in secure.get("/board").headers
        assert secure.post("/board/remind").status_code == 403  # http is not its origin now
    with run_server(project.root, workers=1, **{**behind, "proxies": ("10.1.1.1",)}) as running:
        assert running.client(**{"x-remote-user": "anna"}).get("/board").status_code == 403


def test_a_link_of_one_round_does_not_open_another(server: WebServer, page: str) -> None:
    link = next(each for each in list_links(open_state(server.root)[0]) if each.unit == "Museet")
    assert link.round == "2026-03-31"
    assert link.expires > DUE.isoformat()
    assert json.dumps([each.unit for each in list_links(open_state(server.root)[0], "2020-01-01")]) == "[]"
    assert UNITS


ODD_PARTS = (
    "",
    "..",
    "%00",
    "%0d%0aX-A:b",
    "ä" * 200,
    "a" * 5000,
    "{{7*7}}",
    "'; DROP TABLE",
    "\\",
    "?x=%ff",
    "*",
    "~",
)
ROUTES = (
    "/",
    "/u/",
    "/a/",
    "/start/",
    "/static/",
    "/board",
    "/board/unit/",
    "/board/received/",
    "/board/get/",
    "/board.json",
)


def test_random_requests_never_break_the_server(server: WebServer, page: str) -> None:
    """Paths, queries, bodies and headers put together at random: refused or answered, never a failure of ours."""
    random = Random(7)  # the same requests in every run
    before = events_of(server)
    clients = [server.client(), server.coordinator()]
    codes = []
    for _ in range(sample_size(150)):
        path = random.choice((*ROUTES, page)) + "/".join(random.choices(ODD_PARTS, k=random.randrange(3)))
        headers = random.choice(
            ({}, {"accept-language": ";;q=,*"}, {"cookie": "xlflow_session=\xff"}, {"range": "bytes=9-"})
        )
        body = random.choice((b"", b"a=1&a=2&" * 50, b"\xff\xfe", b"--x--", b"answers=1&seen=-1&action=due"))
        method, kind = (
            random.choice(("GET", "POST", "HEAD")),
            random.choice(("", "multipart/form-data", "text/plain")),
        )
        raw = {name: value.encode("latin-1") for name, value in {**headers, "content-type": kind}.items()}
        answered = random.choice(clients).request(
            method, path, content=body if method == "POST" else None, headers=raw
        )
        codes.append((answered.status_code, method, path))
    assert len(codes) > 30
    assert [each for each in codes if each[0] >= 500] == []
    assert len({code for code, _, _ in codes}) > 3
    assert events_of(server) == before

"""What the settings may say of a mailbox, where its secrets come from, and what reports on mails say."""

import json
import sys
from pathlib import Path
from typing import Any

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from support.make_mails import make_bounce, make_eml

from xlflow.mail.connection import describe_fault, describe_reply
from xlflow.mail.draft_writer import MailDraft, render_html
from xlflow.mail.imap_mailbox import _parse_overviews
from xlflow.mail.key_store import PASSWORD_VARIABLE, recall_secret, remember_secret
from xlflow.mail.mail_account import ImapServer, MailAccount, MailServer, port_of
from xlflow.mail.mail_reports import read_failures, read_references, read_reported_ids
from xlflow.mail.mail_secrets import TOKEN_VARIABLE, find_access_token, find_password
from xlflow.mail.microsoft_login import SCOPES, log_in, renew_access_token
from xlflow.model.findings import FatalError, message_of, remedy_of
from xlflow.project.project_folder import init_project
from xlflow.project.project_settings import read_settings

USER = "plan@example.org"


class MemoryStore(KeyringBackend):
    """A key store that holds no more than that of Windows."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        assert len(password) <= 1_280
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    for variable in (PASSWORD_VARIABLE, TOKEN_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    made, before = MemoryStore(), keyring.get_keyring()
    keyring.set_keyring(made)
    monkeypatch.setattr(keyring, "get_keyring", lambda: made)
    yield made
    keyring.set_keyring(before)


def read(tmp_path: Path, section: str) -> Any:
    init_project(tmp_path / "P")
    path = tmp_path / "P" / "xlflow.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{section}", encoding="utf-8")
    return read_settings(path)


# Settings ---------------------------------------------------------------------------------------------------


def test_a_mailbox_is_a_section_of_the_settings(tmp_path: Path) -> None:
    section = (
        '[mail]\naddress = "plan@example.org"\n[mail.smtp]\nhost = "smtp.example.org"\nsecurity = "starttls"\n'
    )
    account = read(tmp_path, section + '[mail.imap]\nhost = "imap.example.org"\n').mail
    assert (port_of(account.smtp), port_of(account.imap)) == (587, 993)
    assert (account.per_minute, account.remind_days, account.receipts) == (30, 3, False)
    assert account.imap.folders == ("INBOX",)
    assert account.login_name(account.address) == USER


@pytest.mark.parametrize(
    ("section", "code", "said"),
    [
        ('[mail]\npassword = "hemligt"\n', "settings-secret", "mail.password"),
        ('[mail]\nadress = "a@example.org"\n', "settings-unknown", "address"),
        ('[mail]\naddress = "ingen"\n', "settings-value", "plan@example.org"),
        ("[mail]\nper_minute = 0\n", "settings-value", "heltal"),
        ('[mail]\nauth = "plain"\n', "settings-value", "xoauth2"),
        ('[mail.imap]\nhots = "imap.example.org"\n', "settings-value", "host"),
        ('[mail.smtp]\nhost = "smtp.example.org"\nport = 70000\n', "settings-value", "portnummer"),
        ('[mail.smtp]\nhost = "smtp.example.org"\nsecurity = "none"\n', "mail-open-secret", "tls"),
        ('[mail.imap]\nhost = "imap.example.org"\ndone = "INBOX"\n', "mail-done-folder", "xlflow"),
        ('[mail.imap]\nhost = "a b\\r\\n"\n', "settings-value", "smtp.example.org"),
    ],
)
def test_a_fault_says_where_and_what_is_accepted(tmp_path: Path, section: str, code: str, said: str) -> None:
    with pytest.raises(FatalError) as error:
        read(tmp_path, section)
    found = {each.code: each for each in error.value.findings}
    assert code in found
    assert said in message_of(found[code], "sv") + remedy_of(found[code], "sv")
    assert "hemligt" not in message_of(found[code], "sv")


def test_without_a_login_a_server_may_be_open() -> None:
    relay = MailServer(host="relay.example.org", security="none", auth="none")
    assert MailAccount(smtp=relay).auth_of(relay) == "none"
    assert port_of(relay) == 25
    assert port_of(ImapServer(host="localhost", security="none")) == 143


# Secrets ----------------------------------------------------------------------------------------------------


def test_the_environment_comes_before_the_key_store(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FatalError) as error:
        find_password(USER)
    assert error.value.findings[0].code == "mail-no-password"
    remember_secret(USER, "i nyckelringen")
    assert find_password(USER) == "i nyckelringen"
    monkeypatch.setenv(PASSWORD_VARIABLE, "i miljön")
    assert find_password(USER) == "i miljön"


def test_long_secrets_are_kept_in_pieces(store: MemoryStore) -> None:
    for length in (2_500, 1_000, 1_001, 1):
        remember_secret(USER, "å" * length)
        assert recall_secret(USER) == "å" * length
    remember_secret(USER, "")
    assert store.entries == {}


def test_a_token_comes_from_a_command(store: MemoryStore, tmp_path: Path) -> None:
    command = (sys.executable, "-c", "print('the-token'); print('more')")
    assert find_access_token(MailAccount(token_command=command), USER, tmp_path) == "the-token"
    for faulty in ((sys.executable, "-c", "import sys; sys.exit('no login')"), ("no-such-program",)):
        with pytest.raises(FatalError) as error:
            find_access_token(MailAccount(token_command=faulty), USER, tmp_path)
        assert error.value.findings[0].code == "mail-token-command"
    with pytest.raises(FatalError) as error:
        find_access_token(MailAccount(), USER, tmp_path)
    assert error.value.findings[0].code == "mail-no-token"


class Answer:
    def __init__(self, values: dict[str, Any], status: int = 200):
        self.status_code, self.text, self.headers = status, json.dumps(values), {}

    def raise_for_status(self) -> None:
        assert self.status_code < 400


class Microsoft:
    """Answers as the login service does: who it is, a code to type, tokens. `ends`: the login does not hold."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.ends = False

    def get(self, url: str, **_: Any) -> Answer:
        base = url.partition("/v2.0")[0]
        ends = {name: f"{base}/oauth2/v2.0/{name}" for name in ("authorize", "token", "devicecode")}
        return Answer(
            {
                "authorization_endpoint": ends["authorize"],
                "token_endpoint": ends["token"],
                "device_authorization_endpoint": ends["devicecode"],
                "issuer": f"{base}/v2.0",
                "tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration",
                "metadata": [],
            }
        )

    def post(self, url: str, data: Any = None, **_: Any) -> Answer:
        self.asked.append(dict(data or {}))
        if url.endswith("devicecode"):
            code = {"user_code": "ABC123", "device_code": "d", "verification_uri": "https://example.org/login"}
            return Answer({**code, "expires_in": 60, "interval": 0, "message": "Open the page and type ABC123"})
        if self.ends:
            return Answer({"error": "invalid_grant", "error_description": "AADSTS70008: expired"}, 400)
        number = len(self.asked)
        tokens = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}" + "x" * 2000}
        return Answer({**tokens, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(SCOPES)})

    def close(self) -> None:
        pass


def test_a_login_at_microsoft_is_kept_and_renewed(store: MemoryStore) -> None:
    account, service, shown = MailAccount(client_id="1234", tenant="common"), Microsoft(), list[str]()
    with pytest.raises(FatalError) as error:
        renew_access_token(account, USER, service)
    assert error.value.findings[0].code == "mail-login-ended"
    log_in(account, USER, shown.append, service)
    assert shown == ["Open the page and type ABC123"]
    kept = recall_secret(f"microsoft/{USER}")
    assert kept.startswith("refresh-")
    token = renew_access_token(account, USER, service)
    assert token.startswith("access-")
    assert service.asked[-1]["refresh_token"] == kept
    assert set(SCOPES) <= set(service.asked[-1]["scope"].split())
    assert recall_secret(f"microsoft/{USER}") != kept
    service.ends = True
    with pytest.raises(FatalError) as error:
        renew_access_token(account, USER, service)
    assert "AADSTS70008" in message_of(error.value.findings[0], "sv")


# Reports and overviews --------------------------------------------------------------------------------------


def test_a_report_names_whom_a_mail_did_not_reach() -> None:
    content = make_bounce("<1@example.org>", "enhet2@example.org", "550 5.1.1 no\r\n such user")
    assert [(each.recipient, each.reason) for each in read_failures(content)] == [
        ("enhet2@example.org", "550 5.1.1 no such user")
    ]
    assert read_reported_ids(content) == ("<1@example.org>",)
    assert read_failures(content.replace(b"Action: failed", b"Action: delayed")) == ()
    assert read_failures(b"") == ()


def test_what_a_mail_system_says_is_shown_without_control_characters() -> None:
    content = make_bounce("<1@example.org>", "a@example.org", "550 \x1b[2J \u202eno")
    (failure,) = read_failures(content)
    assert failure.reason.isprintable()
    assert describe_reply(550, b"5.1.1 \x1b]0;x\x07 no").isprintable()
    assert describe_fault(OSError("\x1b[31m")).isprintable()


def test_several_recipients_of_one_report() -> None:
    content = b"\r\n\r\n".join(
        b"Final-Recipient: rfc822;%s\r\nAction: %s\r\nStatus: 5.0.0" % pair
        for pair in (
            (b"a@example.org", b"failed"),
            (b"b@example.org", b"relayed"),
            (b"<c@example.org>", b"failed"),
        )
    )
    assert [each.recipient for each in read_failures(content)] == ["a@example.org", "c@example.org"]


def test_what_a_mail_answers() -> None:
    headers = [("In-Reply-To", "<1@example.org>"), ("References", "<0@example.org> <1@example.org> not-one <2>")]
    content = make_eml(headers=headers, text="Message-ID: <9@example.org>\n")
    assert read_references(content) == ("<1@example.org>", "<0@example.org>")


def test_overviews_come_in_pieces_of_any_order() -> None:
    """Names of attachments may read like anything, and may come as literals."""
    header = b"BODY[HEADER.FIELDS (SUBJECT)] {14}"
    pieces = [
        (
            b'1 (RFC822.SIZE 10 BODYSTRUCTURE ("application" "x" ("name" "UID 7 RFC822.SIZE 1")) ' + header,
            b"Subject: hi\r\n\r\n",
        ),
        b" UID 5)",
        (b'2 (UID 6 RFC822.SIZE 20 BODYSTRUCTURE ("application" "x" ("name" {8}', b"3 (UID 9"),
        (b")) " + header, b"Subject: yo\r\n\r\n"),
        b")",
        None,
    ]
    found = list(_parse_overviews(pieces))
    assert [(each.uid, each.size, each.headers[:11]) for each in found] == [
        ("5", 10, b"Subject: hi"),
        ("6", 20, b"Subject: yo"),
    ]
    assert b"application" in found[1].structure


@given(
    st.lists(
        st.one_of(st.none(), st.binary(max_size=40), st.tuples(st.binary(max_size=40), st.binary(max_size=40)))
    )
)
def test_no_answer_of_a_server_ends_the_run(pieces: list[Any]) -> None:
    assert len(list(_parse_overviews(pieces))) <= len(pieces)


def test_the_page_of_a_mail_has_its_words_and_nothing_else() -> None:
    body = "Hej <b>,\n\n- ett & två\n- tre\n\nrad 1\nrad 2\n"
    page = render_html(MailDraft((USER,), "Ämne <script>", body, None, language="sv"))
    assert "<p>Hej &lt;b&gt;,</p>" in page
    assert "<ul>\n<li>ett &amp; två</li>\n<li>tre</li>\n</ul>" in page
    assert "<p>rad 1<br>\nrad 2</p>" in page
    assert "<title>Ämne &lt;script&gt;</title>" in page

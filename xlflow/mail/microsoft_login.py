"""Access tokens of Microsoft 365 for IMAP and SMTP, by its own library. One logs in once, in a browser, with a
code; what renews the login is kept in the key store of the system and nowhere else.
"""

from collections.abc import Callable
from typing import Any

from xlflow.mail.key_store import recall_secret, remember_secret
from xlflow.mail.mail_account import MailAccount
from xlflow.model.findings import FatalError, Location, make_finding

SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send")
_AUTHORITY = "https://login.microsoftonline.com/"


def log_in(account: MailAccount, user: str, show: Callable[[str], None], http_client: Any = None) -> None:
    """Log in with a code that a person types into a browser, and remember it. `show` gets the text that says where
    and which code. Waits until it is done. `FatalError` if it fails."""
    application = _make_application(account, user, http_client)
    flow = application.initiate_device_flow(scopes=list(SCOPES))
    if "user_code" not in flow:
        raise _login_failure(user, flow)
    show(str(flow.get("message", f"{flow.get('verification_uri')} {flow['user_code']}")))
    _keep_refresh_token(user, application.acquire_token_by_device_flow(flow))


def renew_access_token(account: MailAccount, user: str, http_client: Any = None) -> str:
    """Return a new access token by the login that was remembered. `FatalError` if there is none, or it ended."""
    known = recall_secret(_secret_name(user))
    if not known:
        raise _login_failure(user, {})
    application = _make_application(account, user, http_client)
    return _keep_refresh_token(user, application.acquire_token_by_refresh_token(known, list(SCOPES)))


def _make_application(account: MailAccount, user: str, http_client: Any) -> Any:
    try:
        import msal
    except ImportError as error:
        raise FatalError(make_finding("mail-extra-missing", Location(""), value="msal")) from error
    try:
        return msal.PublicClientApplication(
            account.client_id, authority=f"{_AUTHORITY}{account.tenant}", http_client=http_client
        )
    except Exception as error:  # the library lets those of its network layer through
        raise _login_failure(user, {"error_description": str(error)}) from error


def _keep_refresh_token(user: str, answer: Any) -> str:
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not token:
        raise _login_failure(user, answer or {})
    if answer.get("refresh_token"):
        remember_secret(_secret_name(user), str(answer["refresh_token"]))
    return str(token)


def _login_failure(user: str, answer: Any) -> FatalError:
    reason = str(answer.get("error_description") or answer.get("error") or "–").splitlines()[0][:300]
    return FatalError(make_finding("mail-login-ended", Location(""), value=user, params={"reason": reason}))


def _secret_name(user: str) -> str:
    return f"microsoft/{user}"

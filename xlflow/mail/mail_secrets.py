"""Where the secret of a mailbox comes from: the environment, the key store, a command, Microsoft 365.

Nothing is ever written into a project's folder. A password is looked for in the environment first, so that a
server without a key store can run by a timer.
"""

import os
import subprocess
from pathlib import Path

from xlflow.mail.key_store import PASSWORD_VARIABLE, recall_secret
from xlflow.mail.mail_account import MailAccount
from xlflow.model.findings import FatalError, Location, make_finding

TOKEN_VARIABLE = "XLFLOW_MAIL_TOKEN"  # noqa: S105
"""Variable of the environment that may hold an access token for XOAUTH2."""

_COMMAND_SECONDS = 60


def find_password(user: str) -> str:
    """Return the password of a mailbox. `FatalError` if it is neither in the environment nor in the key store."""
    password = os.environ.get(PASSWORD_VARIABLE) or recall_secret(user)
    if not password:
        raise FatalError(
            make_finding("mail-no-password", Location(""), value=user, params={"variable": PASSWORD_VARIABLE})
        )
    return password


def find_access_token(account: MailAccount, user: str, folder: Path) -> str:
    """Return an access token for XOAUTH2: from the environment, from the token command (run in `folder`), or from
    Microsoft 365 with what an earlier login left in the key store. `FatalError` if there is none."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        return token
    if account.token_command:
        return _run_token_command(account.token_command, folder)
    if account.client_id:
        from xlflow.mail.microsoft_login import renew_access_token

        return renew_access_token(account, user)
    raise FatalError(make_finding("mail-no-token", Location(""), value=user, params={"variable": TOKEN_VARIABLE}))


def _run_token_command(command: tuple[str, ...], folder: Path) -> str:
    """Return the first line that a command prints. It is run as it stands, without a shell."""
    try:
        done = subprocess.run(  # noqa: S603
            list(command), cwd=folder, capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
        lines = done.stdout.decode("utf-8", "replace").split()
        fault = "" if done.returncode == 0 and lines else done.stderr.decode("utf-8", "replace").strip()[-200:]
        if done.returncode == 0 and lines:
            return lines[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        fault = str(error)
    finding = make_finding("mail-token-command", Location(""), value=command[0], params={"reason": fault or "–"})
    raise FatalError(finding)

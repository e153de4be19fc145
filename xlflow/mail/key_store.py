"""Secrets in the key store of the system: Windows, macOS, and Linux desktops have one. Never in a file of ours."""

from typing import Any

from xlflow.model.findings import FatalError, Location, make_finding

PASSWORD_VARIABLE = "XLFLOW_MAIL_PASSWORD"  # noqa: S105
"""Variable of the environment that may hold the password, where there is no key store."""

_SERVICE = "xlflow"
_PIECE = 1_000
"""Characters of one entry of the key store; that of Windows holds 1,280."""
_MAX_PIECES = 20


def recall_secret(name: str) -> str:
    """Return what the key store of the system has under a name; "" if there is none, or no key store."""
    keyring = _import_keyring()
    if keyring is None:
        return ""
    try:
        pieces: list[str] = []
        while len(pieces) < _MAX_PIECES and (piece := keyring.get_password(_SERVICE, _piece_name(name, pieces))):
            pieces.append(piece)
    except Exception:  # each key store has its own exceptions; a locked one is as good as none
        return ""
    return "".join(pieces)


def remember_secret(name: str, secret: str) -> None:
    """Put a secret into the key store of the system; "" removes it. `FatalError` if there is no key store."""
    keyring = _import_keyring()
    pieces = [secret[start : start + _PIECE] for start in range(0, len(secret), _PIECE)]
    try:
        if keyring is None or len(pieces) > _MAX_PIECES:
            raise OSError("no key store")  # noqa: TRY301
        for number in range(_MAX_PIECES):
            entry = _piece_name(name, pieces[:number])
            if number < len(pieces):
                keyring.set_password(_SERVICE, entry, pieces[number])
            elif keyring.get_password(_SERVICE, entry) is None:
                break
            else:
                keyring.delete_password(_SERVICE, entry)
    except Exception as error:
        finding = make_finding(
            "mail-no-key-store", Location(""), value=str(error)[:200], params={"variable": PASSWORD_VARIABLE}
        )
        raise FatalError(finding) from error


def _piece_name(name: str, before: list[str]) -> str:
    return f"{name}/{len(before)}" if before else name


def _import_keyring() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    return keyring

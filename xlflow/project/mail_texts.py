"""The words of the mails of a project: its own `mails.toml`, or the shipped one; gaps filled, previews."""

import tomllib
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, Literal, get_args

from xlflow.i18n.catalogue import Language, translate, translate_counted
from xlflow.mail.draft_writer import MailDraft
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState
from xlflow.project.project_status import UnitLine
from xlflow.runtime.resources import load_resource_toml

MailPurpose = Literal["invite", "remind", "correct"]
PURPOSES: tuple[MailPurpose, ...] = get_args(MailPurpose)
TEXTS_FILE = "mails.toml"
RECEIPT_GAPS = ("project", "unit", "round", "receipt", "result", "reply_line")
GAPS = ("project", "unit", "contact", "round", "due", "file", "left", "left_rows", "errors", "reply_line")
_PARTS = ("subject", "body")


def read_texts(project: Project) -> Mapping[str, Any]:
    """Return the texts by purpose, language and part. `FatalError` if those of the project have a fault."""
    texts = load_resource_toml(TEXTS_FILE)
    path = project.root / TEXTS_FILE
    if not path.is_file():
        return texts
    try:
        own = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        _refuse_unknown(own, texts)
        return {
            purpose: _merge_texts(purpose, shipped, own.get(purpose, {})) for purpose, shipped in texts.items()
        }
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, OSError) as error:
        raise FatalError(make_finding("mail-text-unusable", Location(str(path)), value=str(error))) from error


def write_texts(
    project: Project,
    texts: Mapping[str, str],
    unit: UnitLine,
    state: RoundState,
    file_name: str,
    language: Language,
) -> tuple[str, str]:
    """Return subject and text of a mail to a unit, gaps filled. `texts`: of its purpose and language."""
    gaps = fill_gaps(project, state, unit, file_name, language)
    subject, body = (texts[part].strip().format_map(gaps) for part in _PARTS)
    return subject, "".join(f"{line.rstrip()}\n" for line in body.splitlines())


def fill_gaps(
    project: Project, state: RoundState, unit: UnitLine, file_name: str, language: Language
) -> Mapping[str, object]:
    """Return what the gaps of a text are filled with."""
    address = sender_address(project)
    return {
        "project": project.settings.name,
        "unit": unit.name,
        "contact": unit.contact or unit.name,
        "round": state.name,
        "due": unit.due.isoformat() if unit.due else "–",
        "file": file_name,
        "left": unit.left,
        "left_rows": translate_counted("send.left_rows", unit.left, language),
        "errors": unit.errors,
        "reply_line": translate("send.reply_line", language, address=address) if address else "",
    }


def sender_address(project: Project) -> str:
    """Return the address that mails are from; "" if the settings name none."""
    account = project.settings.mail
    return (account.address if account else "") or parseaddr(project.settings.sender)[1]


def sender_of(project: Project) -> str:
    """Return name and address that mails are from, as a header has them; "" if the settings name none."""
    name, address = parseaddr(project.settings.sender)
    wanted = sender_address(project)
    return project.settings.sender if wanted == address else f"{name} <{wanted}>".strip()


def format_preview(draft: MailDraft) -> str:
    """Return a mail as a person is shown it: to whom, what about, the text, the attachment."""
    attached = draft.attachment[0] if draft.attachment else "–"
    return f"{', '.join(draft.recipients)}\n{draft.subject}\n\n{draft.body}\n[{attached}]"


def _merge_texts(purpose: str, shipped: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the texts of one purpose, the project's own where it has some."""
    gaps = RECEIPT_GAPS if purpose == "receipt" else GAPS
    return {
        language: {part: _check_text(own.get(language, {}).get(part, text), gaps) for part, text in parts.items()}
        for language, parts in shipped.items()
    }


def _refuse_unknown(own: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
    """Raise ValueError with the first section or part that does not exist."""
    for purpose, languages in own.items():
        if purpose not in shipped:
            raise ValueError(f"[{purpose}]")
        for language, parts in languages.items():
            if language not in shipped[purpose]:
                raise ValueError(f"[{purpose}.{language}]")
            unknown = [part for part in parts if part not in _PARTS]
            if unknown:
                raise ValueError(f"[{purpose}.{language}] {unknown[0]}")


def _check_text(text: str, gaps: tuple[str, ...]) -> str:
    """Return a text; ValueError, KeyError or the like if one of its gaps does not exist."""
    text.format_map(dict.fromkeys(gaps, ""))
    return text

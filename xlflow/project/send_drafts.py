"""Makes the mails of a round as drafts: the forms, reminders to those missing, forms to correct. Sends nothing.

A draft is written first, then one event. The texts are in `mails.toml`, of the project or as shipped.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xlflow.generate.batch import assign_file_names
from xlflow.i18n.catalogue import Language, translate
from xlflow.mail.draft_writer import MailDraft, render_draft, render_draft_page, split_addresses
from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import first_free_name
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project, require_whole_log, show_path
from xlflow.project.project_state import RoundState, find_asked_unit, read_frozen_round, refuse_closed
from xlflow.project.project_status import UnitLine, read_status
from xlflow.project.run_round import check_round
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.resources import load_resource_toml

MailPurpose = Literal["invite", "remind", "correct"]
TEXTS_FILE = "mails.toml"
PAGE_FILE = "utskick.html"
_PARTS = ("subject", "body")


@dataclass(frozen=True, slots=True)
class _PlannedMail:
    unit: UnitLine
    draft: MailDraft
    attachment_path: Path


def send_drafts(
    project: Project,
    state: RoundState,
    purpose: MailPurpose = "invite",
    units: Sequence[str] = (),
    *,
    dry_run: bool = False,
) -> RunResult:
    """Make one mail per unit in the round's folder `drafts`, with its form attached, and a page of links.

    `purpose`: "invite" to all whose form has not been mailed yet, "remind" to those missing, "correct" to those
    with something to correct. `units` names others instead. `dry_run` says who would get one and writes nothing.
    """
    require_whole_log(project)
    refuse_closed(state)
    frozen = read_frozen_round(project, state)
    texts = _read_texts(project)[purpose][frozen.language]
    wanted = [find_asked_unit(frozen, name) for name in units]
    status = read_status(project, state)
    chosen = [unit for unit in status.units if (unit.name in wanted if wanted else _is_due(state, unit, purpose))]
    findings: list[Finding] = []
    if purpose == "correct" and chosen and not dry_run:
        check_round(project, state, return_dir=project.round_folder(state.name) / "to-correct")
    mails = list(_plan_mails(project, state, purpose, chosen, texts, findings, dry_run=dry_run))
    language = project.settings.language
    notes = [
        RunNote("send.to", {"unit": mail.unit.name, "address": ", ".join(mail.draft.recipients)}) for mail in mails
    ]
    if mails and not dry_run:
        _write_mails(project, state, purpose, mails)
    key = "send.none" if not mails else "send.dry_run" if dry_run else "send.written"
    notes.append(
        RunNote(key, {"count": len(mails), "folder": show_path(project.round_folder(state.name) / "drafts")})
    )
    return RunResult(
        language, sort_findings(findings), units=tuple(mail.unit.name for mail in mails), notes=tuple(notes)
    )


def _is_due(state: RoundState, unit: UnitLine, purpose: MailPurpose) -> bool:
    if purpose == "remind":
        return unit.state == "missing"
    if purpose == "correct":
        return unit.state == "to-correct"
    form = state.issued.get(unit.name, {}).get("digest")
    return unit.state != "not-asked" and bool(form) and state.invited.get(unit.name) != form


def _plan_mails(
    project: Project,
    state: RoundState,
    purpose: MailPurpose,
    units: Sequence[UnitLine],
    texts: Mapping[str, str],
    findings: list[Finding],
    *,
    dry_run: bool,
) -> Iterator[_PlannedMail]:
    """Yield the mails; `findings` is filled with what keeps a unit from getting one."""
    frozen = read_frozen_round(project, state)
    names = dict(assign_file_names(unit.name for unit in frozen.units))
    for unit in units:
        recipients, wrong = split_addresses(unit.email)
        if not recipients:
            code = "draft-address-wrong" if wrong else "draft-no-address"
            findings.append(make_finding(code, Location(frozen.plan), unit=unit.name, value=unit.email))
            continue
        path = project.root / state.issued.get(unit.name, {}).get("path", "")
        if purpose == "correct":
            path = project.round_folder(state.name) / "to-correct" / names[unit.name]
        if not path.is_file() and not dry_run:
            findings.append(make_finding("draft-no-form", Location(str(path)), unit=unit.name))
            continue
        gaps = _fill_gaps(project, state, unit, names[unit.name])
        subject, body = (texts[part].strip().format_map(gaps) for part in _PARTS)
        content = b"" if dry_run else path.read_bytes()
        yield _PlannedMail(
            unit,
            MailDraft(
                recipients,
                subject,
                f"{body}\n",
                (names[unit.name], content),
                project.settings.sender,
                unit.contact,
            ),
            path,
        )


def _fill_gaps(project: Project, state: RoundState, unit: UnitLine, file_name: str) -> dict[str, object]:
    return {
        "project": project.settings.name,
        "unit": unit.name,
        "contact": unit.contact or unit.name,
        "round": state.name,
        "due": unit.due.isoformat() if unit.due else "–",
        "file": file_name,
        "left": unit.left,
        "errors": unit.errors,
    }


def _write_mails(project: Project, state: RoundState, purpose: MailPurpose, mails: Sequence[_PlannedMail]) -> None:
    folder = project.round_folder(state.name) / "drafts"
    language: Language = project.settings.language
    word = translate(f"send.{purpose}", language)
    written: dict[str, dict[str, str]] = {}
    for mail in mails:
        content, message_id = render_draft(mail.draft)
        stem = Path(mail.draft.attachment[0]).stem[: MAX_PATH_LENGTH - len(str(folder)) - len(word) - 12]
        name = first_free_name(f"{stem} {word}", lambda each: (folder / f"{each}.eml").exists())
        write_atomic(folder / f"{name}.eml", content)
        form = state.issued.get(mail.unit.name, {}).get("digest", "")
        written[mail.unit.name] = {"draft": f"{name}.eml", "message_id": message_id, "form": form}
    title = f"{project.settings.name}, {state.name}: {word}"
    words = tuple(translate(f"send.{key}", language) for key in ("page", "link", "attach"))
    links = [
        (mail.unit.name, mail.draft, f"../{mail.attachment_path.relative_to(folder.parent).as_posix()}")
        for mail in mails
    ]
    write_atomic(folder / PAGE_FILE, render_draft_page(links, title, (words[0], words[1], words[2])).encode())
    project.record("mail-planned", {"purpose": purpose, "units": written}, state.name)


def _read_texts(project: Project) -> Mapping[str, Any]:
    """Return the texts by purpose, language and part. `FatalError` if those of the project have a fault."""
    texts = load_resource_toml(TEXTS_FILE)
    path = project.root / TEXTS_FILE
    if not path.is_file():
        return texts
    try:
        own = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        return {
            purpose: {
                language: {
                    part: _check_text(own.get(purpose, {}).get(language, {}).get(part, text))
                    for part, text in parts.items()
                }
                for language, parts in languages.items()
            }
            for purpose, languages in texts.items()
        }
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, OSError) as error:
        raise FatalError(make_finding("mail-text-unusable", Location(str(path)), value=str(error))) from error


def _merge_texts(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the texts of one purpose, the project's own where it has some."""
    return {
        language: {part: _check_text(own.get(language, {}).get(part, text)) for part, text in parts.items()}
        for language, parts in shipped.items()
    }


def _check_text(text: str) -> str:
    """Return a text; ValueError, KeyError or the like if one of its gaps does not exist."""
    gaps = ("project", "unit", "contact", "round", "due", "file", "left", "errors")
    text.format_map(dict.fromkeys(gaps, ""))
    return text

"""Makes the mails of a round as drafts for a person to send: files, and drafts in the mailbox. Sends nothing.

A draft is written first, then one event, then it is put into the mailbox, where the settings name one.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from xlflow.i18n.catalogue import translate
from xlflow.mail.draft_writer import render_draft, render_draft_page
from xlflow.model.findings import (
    FatalError,
    Finding,
    Location,
    make_finding,
    message_in_all_languages,
    sort_findings,
)
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import first_free_name
from xlflow.project.collect_mail import collect_everything
from xlflow.project.mail_log import CORRECT, REMIND
from xlflow.project.mail_texts import MailPurpose, format_preview, read_texts, sender_address
from xlflow.project.plan_mails import PlannedMail, choose_units, digest_recipients, plan_mails
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project, open_project, require_whole_log, show_path
from xlflow.project.project_state import (
    RoundState,
    choose_round,
    find_asked_unit,
    read_frozen_round,
    refuse_closed,
)
from xlflow.project.project_status import read_status
from xlflow.project.run_round import check_round
from xlflow.runtime.atomic_write import write_atomic

PAGE_FILE = "utskick.html"


def send_drafts(
    project: Project,
    state: RoundState,
    purpose: MailPurpose = "invite",
    units: Sequence[str] = (),
    *,
    dry_run: bool = False,
    today: date | None = None,
) -> RunResult:
    """Make one mail per unit in the round's folder `drafts`, with its form attached, and a page of links; and in
    the mailbox, if the settings name one.

    `purpose`: "invite" to all whose form has not been mailed yet, "remind" to those missing who were not reminded
    in the last days (by `today`, default the clock's), "correct" to those with something to correct. `units` names
    others instead; nobody is reminded who has answered. Before reminders, mailbox and inbox are collected.
    `dry_run` says who would get one and writes nothing.
    """
    require_whole_log(project)
    refuse_closed(state)
    read_texts(project)  # a fault in them costs nothing yet
    findings: list[Finding] = []
    collected: tuple[RunNote, ...] = ()
    if purpose == REMIND and not dry_run:
        result = collect_everything(project, state)
        findings += result.findings
        collected = result.notes
        project = open_project(project.root)
        state = choose_round(project, state.name)
    chosen = choose_units(project, state, purpose, units, findings, today=today)
    if purpose == CORRECT and chosen and not dry_run:
        check_round(project, state, return_dir=project.round_folder(state.name) / "to-correct")
    plans = list(plan_mails(project, state, purpose, chosen, findings, dry_run=dry_run))
    drafts_folder = _write_mails(project, state, purpose, plans, findings) if plans and not dry_run else ""
    key = "send.dry_run" if dry_run else "send.written_mailbox" if drafts_folder else "send.written"
    described = describe_plans(project, state, plans, findings, key, drafts_folder)
    notes = (*collected, *described.notes)
    return RunResult(
        described.language, described.findings, units=described.units, notes=notes, mails=described.mails
    )


def preview_mails(
    project: Project, state: RoundState, purpose: MailPurpose, units: Sequence[str] = ()
) -> RunResult:
    """Return the mails to these units as they would read; to the first unit, if none is named. Writes nothing."""
    frozen = read_frozen_round(project, state)
    wanted = [find_asked_unit(frozen, name) for name in units]
    lines = read_status(project, state).units
    chosen = [unit for unit in lines if unit.name in wanted] if wanted else list(lines[:1])
    findings: list[Finding] = []
    plans = list(plan_mails(project, state, purpose, chosen, findings, dry_run=True))
    notes = tuple(RunNote("send.preview", {"text": format_preview(plan.draft)}) for plan in plans)
    return RunResult(
        project.settings.language,
        sort_findings(findings),
        units=tuple(plan.unit.name for plan in plans),
        notes=notes,
        mails=tuple(_mail_to_values(plan, "preview", with_text=True) for plan in plans),
    )


def describe_plans(
    project: Project,
    state: RoundState,
    plans: Sequence[PlannedMail],
    findings: Sequence[Finding],
    key: str,
    drafts_folder: str = "",
) -> RunResult:
    """Return what is said of mails that were made, or would be: each with its address. `key`: of the last
    words."""
    notes = [
        RunNote("send.to", {"unit": plan.unit.name, "address": ", ".join(plan.draft.recipients)}) for plan in plans
    ]
    folder = show_path(project.round_folder(state.name) / "drafts")
    notes.append(
        RunNote(key if plans else "send.none", {"count": len(plans), "folder": folder, "drafts": drafts_folder})
    )
    mail_state = "draft" if key.startswith("send.written") else "planned"
    return RunResult(
        project.settings.language,
        sort_findings(findings),
        units=tuple(plan.unit.name for plan in plans),
        notes=tuple(notes),
        mails=tuple(_mail_to_values(plan, mail_state) for plan in plans),
    )


def _mail_to_values(plan: PlannedMail, state: str, *, with_text: bool = False) -> Mapping[str, str]:
    values = {"unit": plan.unit.name, "to": ", ".join(plan.draft.recipients), "state": state}
    return {**values, "subject": plan.draft.subject, "text": plan.draft.body} if with_text else values


def _write_mails(
    project: Project,
    state: RoundState,
    purpose: MailPurpose,
    plans: Sequence[PlannedMail],
    findings: list[Finding],
) -> str:
    """Write the mails, the page of links and the event; return the folder of the mailbox that has them too, or
    ""."""
    folder = project.round_folder(state.name) / "drafts"
    language = project.settings.language
    word = translate(f"send.{purpose}", language)
    written: dict[str, dict[str, str]] = {}
    for plan in plans:
        content, message_id = render_draft(plan.draft)
        stem = Path(plan.attachment_path).stem[: MAX_PATH_LENGTH - len(str(folder)) - len(word) - 12]
        name = first_free_name(f"{stem} {word}", lambda each: (folder / f"{each}.eml").exists())
        write_atomic(folder / f"{name}.eml", content)
        form = state.issued.get(plan.unit.name, {}).get("digest", "")
        written[plan.unit.name] = {
            "draft": f"{name}.eml",
            "message_id": message_id,
            "form": form,
            "about": plan.about,
            "to": digest_recipients(plan.draft.recipients),
        }
    title = f"{project.settings.name}, {state.name}: {word}"
    words = tuple(translate(f"send.{key}", language) for key in ("page", "link", "attach"))
    links = [
        (plan.unit.name, plan.draft, f"../{plan.attachment_path.relative_to(folder.parent).as_posix()}")
        for plan in plans
    ]
    write_atomic(folder / PAGE_FILE, render_draft_page(links, title, (words[0], words[1], words[2])).encode())
    has_mailbox = project.settings.mail is not None and project.settings.mail.imap is not None
    via = "mailbox" if has_mailbox else "file"
    project.record("mail-planned", {"purpose": purpose, "via": via, "units": written}, state.name)
    if not has_mailbox:
        return ""
    return _put_into_mailbox(project, plans, [each["message_id"] for each in written.values()], findings)


def _put_into_mailbox(
    project: Project, plans: Sequence[PlannedMail], message_ids: Sequence[str], findings: list[Finding]
) -> str:
    """Put the drafts into the mailbox too and return the folder that has them. If that fails, the files are there,
    a finding says why, and the folder is ""."""
    from xlflow.mail.imap_mailbox import open_mailbox

    account = project.settings.mail
    if account is None or account.imap is None:
        return ""
    try:
        with open_mailbox(account, account.imap, sender_address(project), project.root) as mailbox:
            drafts = mailbox.find_drafts_folder()
            for plan, message_id in zip(plans, message_ids, strict=True):
                content, _ = render_draft(plan.draft, is_unsent=False, message_id=message_id)
                mailbox.add_draft(content, message_id, drafts)
            return drafts
    except FatalError as error:
        for found in error.findings:
            params = {"reason": message_in_all_languages(found)}
            findings.append(make_finding("drafts-not-in-mailbox", Location("drafts"), params=params))
    return ""

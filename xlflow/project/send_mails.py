"""Sends the mails of a round by SMTP: each is written to disk, then planned in an event, then sent, then recorded.

What a run that was stopped has not begun is sent by the next one. What it may have handed over is listed as
uncertain and not sent again unless a person asks for it.
"""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from xlflow.i18n.catalogue import translate
from xlflow.mail.draft_writer import render_draft
from xlflow.mail.mail_account import MailAccount, MailServer
from xlflow.mail.smtp_sender import SmtpSender
from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import first_free_name
from xlflow.pipeline.progress import ProgressCallback
from xlflow.project.collect_mail import collect_everything
from xlflow.project.deliver_mails import SendRun, send_all, uncertain_finding
from xlflow.project.mail_log import CORRECT, REMIND, MailRecord, failure_to_values
from xlflow.project.mail_texts import MailPurpose, read_texts, sender_address
from xlflow.project.outbox import FAILED, SENT, TO_SEND, Outbox, SendingRate, list_uncertain, lock_outbox
from xlflow.project.plan_mails import (
    PlannedMail,
    choose_units,
    digest_recipients,
    is_due,
    plan_mails,
)
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project, open_project, require_whole_log, show_path
from xlflow.project.project_state import RoundState, choose_round, refuse_closed
from xlflow.project.project_status import read_status
from xlflow.project.run_round import check_round
from xlflow.project.send_drafts import describe_plans


def send_mails(
    project: Project,
    state: RoundState,
    purpose: MailPurpose = "invite",
    units: Sequence[str] = (),
    *,
    dry_run: bool = False,
    today: date | None = None,
    progress: ProgressCallback | None = None,
    wait: Callable[[float], None] | None = None,
) -> RunResult:
    """Send one mail per unit by SMTP; `purpose` and `units` as for `send_drafts`.

    Before reminders, the mailbox and the inbox are collected. A mail that one recipient cannot get keeps no other
    from being sent. `FatalError` if the settings name no server, it cannot be reached, or another run is sending.
    `wait`: how to wait, in seconds, for the next turn.
    """
    require_whole_log(project)
    refuse_closed(state)
    account, server = require_smtp(project)
    read_texts(project)  # a fault in them costs nothing yet
    if dry_run:
        return _describe_dry_run(project, state, purpose, units, today)
    with ExitStack() as stack:
        outbox = stack.enter_context(lock_outbox(project, state.name))
        project = open_project(project.root)
        run = SendRun(project, choose_round(project, state.name), outbox)
        settle_earlier(run)
        collected = collect_everything(project, run.state) if purpose == REMIND else None
        if collected:
            run.findings += collected.findings
            run.notes += collected.notes
        run.refresh()
        waiting = _review_waiting(run, purpose)
        plans = _make_plans(run, purpose, units, waiting, today)
        if waiting or plans:
            sender = stack.enter_context(SmtpSender(account, server, sender_address(project), project.root))
            waiting += _write_plans(run, purpose, plans)
            rate = SendingRate(account.per_minute, outbox.recent_times(time.time()), wait=wait)
            send_all(run, sender, rate, waiting, progress)
        return _describe(run)


def require_smtp(project: Project) -> tuple[MailAccount, MailServer]:
    """Return the account and its server for sending. `FatalError` if the settings have none, or no address."""
    account = project.settings.mail
    if account is None or account.smtp is None:
        raise FatalError(make_finding("mail-no-server", Location("xlflow.toml"), params={"section": "mail.smtp"}))
    if not sender_address(project):
        raise FatalError(make_finding("mail-no-sender", Location("xlflow.toml")))
    return account, account.smtp


def record_as_sent(project: Project, state: RoundState, units: Sequence[str] = ()) -> RunResult:
    """Record that the uncertain mails did arrive, as a person has found out; of all units, or of those named."""
    found = list_uncertain(project, state)
    chosen = [each for each in found if not units or each.unit in units]
    if chosen:
        project.record(
            "mail-sent", {"messages": [each.message_id for each in chosen], "by_hand": True}, state.name
        )
    note = RunNote("send.recorded", {"count": len(chosen)})
    return RunResult(project.settings.language, units=tuple(each.unit for each in chosen), notes=(note,))


# Before anything is sent ------------------------------------------------------------------------------------


def settle_earlier(run: SendRun) -> None:
    """Record what an earlier run has found out of mails and could not record, and remove what it wrote and never
    planned. `run` has the lock."""
    by_draft = {each.draft: each for each in run.state.mails.records.values() if each.via == "smtp"}
    for name in run.outbox.list_names(SENT):
        record = by_draft.get(name)
        if record and record.outcome == "planned":
            run.sent.append(record.message_id)
    for name in run.outbox.list_names(FAILED):
        record = by_draft.get(name)
        if record and record.outcome == "planned":
            run.failed.append(failure_to_values(record, "", "–", "refused", whole=True))
    for name in run.outbox.list_names(TO_SEND):
        if name not in by_draft:
            run.outbox.remove(name)
    run.record()


def _review_waiting(run: SendRun, purpose: MailPurpose) -> list[MailRecord]:
    """Return the mails of this purpose that an earlier run planned and did not begin to send; those that are not
    needed any more are withdrawn."""
    host, waiting = socket.gethostname(), run.outbox.list_names(TO_SEND)
    planned = [
        each
        for each in run.state.mails.records.values()
        if each.outcome == "planned" and each.via == "smtp" and each.purpose == purpose and each.host == host
    ]
    records = [each for each in planned if each.draft in waiting]
    if not records or purpose not in (REMIND, CORRECT):
        return records
    states = {unit.name: unit for unit in read_status(run.project, run.state).units}
    wanted = {"missing"} if purpose == REMIND else {"to-correct"}
    kept = [each for each in records if each.unit in states and states[each.unit].state in wanted]
    for record in records:
        if record not in kept:
            run.outbox.remove(record.draft)
            run.withdrawn.append(record.message_id)
    run.record()
    return kept


def _make_plans(
    run: SendRun, purpose: MailPurpose, units: Sequence[str], waiting: Sequence[MailRecord], today: date | None
) -> list[PlannedMail]:
    open_mails = list_uncertain(run.project, run.state)
    run.findings += [uncertain_finding(record) for record in open_mails]
    held = {each.unit for each in waiting}
    held |= {each.unit for each in open_mails if each.purpose == purpose and not units}
    chosen = choose_units(run.project, run.state, purpose, units, run.findings, today=today, held=held)
    if purpose == CORRECT and chosen:
        folder = run.project.round_folder(run.state.name) / "to-correct"
        check_round(run.project, run.state, return_dir=folder)
    return list(plan_mails(run.project, run.state, purpose, chosen, run.findings, dry_run=False))


def _write_plans(run: SendRun, purpose: MailPurpose, plans: Sequence[PlannedMail]) -> list[MailRecord]:
    """Write the mails, then the event that plans them, and return them."""
    if not plans:
        return []
    folder = run.project.round_folder(run.state.name) / "drafts" / TO_SEND
    word = translate(f"send.{purpose}", run.project.settings.language)
    written = {}
    for plan in plans:
        content, message_id = render_draft(plan.draft, is_unsent=False)
        name = name_mail(plan, word, folder, run.outbox)
        run.outbox.add(name, content)
        form = run.state.issued.get(plan.unit.name, {}).get("digest", "")
        written[plan.unit.name] = {
            "draft": name,
            "message_id": message_id,
            "form": form,
            "about": plan.about,
            "to": digest_recipients(plan.draft.recipients),
        }
    data = {"purpose": purpose, "via": "smtp", "host": socket.gethostname(), "units": written}
    run.project.record("mail-planned", data, run.state.name)
    run.refresh()
    return [run.state.mails.records[each["message_id"]] for each in written.values()]


def name_mail(plan: PlannedMail, word: str, folder: Path, outbox: Outbox) -> str:
    """Return a free file name for a mail: that of its form and what it is."""
    stem = Path(plan.draft.attachment[0]).stem if plan.draft.attachment else plan.unit.name
    stem = stem[: MAX_PATH_LENGTH - len(str(folder)) - len(word) - 12]
    return first_free_name(f"{stem} {word}", lambda each: outbox.has(f"{each}.eml")) + ".eml"


def _describe(run: SendRun) -> RunResult:
    count = {state: sum(mail["state"] == state for mail in run.mails) for state in ("sent", "refused", "deferred")}
    for mail in run.mails:
        if mail["state"] == "sent":
            run.notes.append(RunNote("send.to", {"unit": mail["unit"], "address": mail["to"]}))
    key = "send.sent" if run.mails else "send.none"
    folder = show_path(run.project.round_folder(run.state.name) / "drafts")
    run.notes.append(RunNote(key, {"count": count["sent"], "folder": folder}))
    return RunResult(
        run.project.settings.language,
        sort_findings(run.findings),
        units=tuple(mail["unit"] for mail in run.mails if mail["state"] == "sent"),
        notes=tuple(run.notes),
        mails=tuple(run.mails),
    )


def _describe_dry_run(
    project: Project, state: RoundState, purpose: MailPurpose, units: Sequence[str], today: date | None
) -> RunResult:
    """Return what would be sent; nothing is collected, written or sent."""
    findings: list[Finding] = []
    outbox = Outbox(project.round_folder(state.name) / "drafts")
    waiting = outbox.list_names(TO_SEND)
    uncertain = list_uncertain(project, state)
    findings += [uncertain_finding(each) for each in uncertain]
    held = {each.unit for each in uncertain if each.purpose == purpose and not units}
    chosen = choose_units(project, state, purpose, units, findings, today=today, held=held)
    resumed = [
        each.unit for each in state.mails.latest("planned") if each.draft in waiting and each.purpose == purpose
    ]
    states = {unit.name: unit for unit in read_status(project, state).units}
    chosen += [
        states[each]
        for each in dict.fromkeys(resumed)
        if each in states
        and states[each] not in chosen
        and (purpose == "invite" or is_due(state, states[each], purpose))
    ]
    plans = list(plan_mails(project, state, purpose, chosen, findings, dry_run=True))
    return describe_plans(project, state, plans, findings, "send.dry_run_smtp")

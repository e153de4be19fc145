"""Sends a receipt to whoever has sent a form by mail: its number, and what the check has found in the form. Once
for each mail, and only if the settings ask for it.
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from email.utils import parseaddr
from pathlib import Path, PurePosixPath

from xlflow.i18n.catalogue import Language, translate, translate_counted
from xlflow.mail.draft_writer import MailDraft, render_draft, split_addresses
from xlflow.mail.mail_message import read_eml
from xlflow.mail.smtp_sender import SmtpSender
from xlflow.model.findings import FatalError, Finding, Severity, message_of, remedy_of, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import first_free_name
from xlflow.project.collect_mail import collect_everything
from xlflow.project.deliver_mails import SendRun, send_all
from xlflow.project.mail_log import RECEIPT, MailRecord
from xlflow.project.mail_texts import read_texts, sender_address, sender_of
from xlflow.project.outbox import TO_SEND, SendingRate, lock_outbox
from xlflow.project.plan_mails import digest_recipients
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_state import RoundState, StoredFile, choose_round, read_frozen_round
from xlflow.project.receipts import Receipt, give_receipts
from xlflow.project.run_round import check_round
from xlflow.project.send_mails import require_smtp, settle_earlier

_MAX_FINDINGS = 20


def collect_and_answer(project: Project, state: RoundState, paths: tuple[Path, ...] = ()) -> RunResult:
    """Collect mailbox and inbox, and send receipts if the settings ask for it; see `collect_everything`. Why
    receipts could not be sent is among the findings."""
    collected = collect_everything(project, state, paths)
    account = project.settings.mail
    if account is None or not account.receipts:
        return collected
    project = open_project(project.root)
    try:
        sent = send_receipts(project, choose_round(project, state.name))
    except FatalError as error:  # what was collected is in the archive all the same
        sent = RunResult(collected.language, error.findings)
    return RunResult(
        collected.language,
        sort_findings((*collected.findings, *sent.findings)),
        notes=(*collected.notes, *sent.notes),
        mails=(*collected.mails, *sent.mails),
    )


def send_receipts(project: Project, state: RoundState) -> RunResult:
    """Send a receipt for each mail with a form that counts and that nobody was sent one for. `FatalError` as for
    `send_mails`."""
    account, server = require_smtp(project)
    with ExitStack() as stack:
        outbox = stack.enter_context(lock_outbox(project, state.name))
        project = open_project(project.root)
        run = SendRun(project, choose_round(project, state.name), outbox)
        settle_earlier(run)
        run.refresh()
        records = _list_waiting(run)
        mails = list(_find_unanswered(run))
        if not (records or mails):
            return RunResult(project.settings.language)
        sender = stack.enter_context(SmtpSender(account, server, sender_address(project), project.root))
        records += _write_receipts(run, mails)
        rate = SendingRate(account.per_minute, outbox.recent_times(time.time()))
        send_all(run, sender, rate, records, None)
        count = sum(mail["state"] == "sent" for mail in run.mails)
        return RunResult(
            run.project.settings.language,
            sort_findings(run.findings),
            notes=(RunNote("send.receipts_sent", {"count": count}),),
            mails=tuple(run.mails),
        )


def _list_waiting(run: SendRun) -> list[MailRecord]:
    """Return the receipts that an earlier run planned and did not begin to send."""
    waiting, host = run.outbox.list_names(TO_SEND), socket.gethostname()
    return [
        each
        for each in run.state.mails.records.values()
        if (each.purpose, each.outcome, each.host) == (RECEIPT, "planned", host) and each.draft in waiting
    ]


def _find_unanswered(run: SendRun) -> Iterator[tuple[StoredFile, str]]:
    """Yield (stored mail, its Message-ID) of those whose sender may get a receipt and was sent none."""
    answered = {each.about for each in run.state.mails.records.values() if each.purpose == RECEIPT}
    for file in run.state.files:
        message_id = run.state.mails.answerable.get(file.digest)
        if file.role == "mail" and message_id is not None and file.digest not in answered:
            yield file, message_id


def _write_receipts(run: SendRun, mails: list[tuple[StoredFile, str]]) -> list[MailRecord]:
    """Write the receipts, then the event that plans them, and return them."""
    receipts = give_receipts(run.project, run.state)
    found = check_round(run.project, run.state).findings if receipts else ()
    written = []
    for file, message_id in mails:
        folder = str(PurePosixPath(file.path).parent)
        receipt = next(
            (each for each in receipts if any(path.startswith(f"{folder}/") for path, _ in each.files)), None
        )
        draft = _make_draft(run, file, message_id, receipt, found) if receipt else None
        if draft is None or receipt is None:
            continue
        content, own_id = render_draft(draft, is_unsent=False)
        word = translate("send.receipt", run.project.settings.language)
        stem = first_free_name(f"{receipt.unit[:60]} {word}", lambda each: run.outbox.has(f"{each}.eml"))
        run.outbox.add(f"{stem}.eml", content)
        written.append(
            {
                "unit": receipt.unit,
                "draft": f"{stem}.eml",
                "message_id": own_id,
                "form": "",
                "about": file.digest,
                "to": digest_recipients(draft.recipients),
            }
        )
    if not written:
        return []
    data = {"purpose": RECEIPT, "via": "smtp", "host": socket.gethostname(), "units": {}, "mails": written}
    run.project.record("mail-planned", data, run.state.name)
    run.refresh()
    return [run.state.mails.records[each["message_id"]] for each in written]


def _make_draft(
    run: SendRun, file: StoredFile, message_id: str, receipt: Receipt, findings: tuple[Finding, ...]
) -> MailDraft | None:
    """Return the receipt for a mail; None if it cannot be read any more or has no address to answer to."""
    try:
        mail = read_eml((run.project.root / file.path).read_bytes())
    except OSError:
        return None
    recipients = split_addresses(parseaddr(mail.sender)[1])[0] if mail else ()
    if not recipients:
        return None
    language = read_frozen_round(run.project, run.state).language
    texts: Mapping[str, str] = read_texts(run.project)["receipt"][language]
    address = sender_address(run.project)
    gaps = {
        "project": run.project.settings.name,
        "unit": receipt.unit,
        "round": run.state.name,
        "receipt": receipt.number,
        "result": _describe_result(file, receipt, findings, language),
        "reply_line": translate("send.reply_line", language, address=address),
    }
    subject, body = (texts[part].strip().format_map(gaps) for part in ("subject", "body"))
    return MailDraft(recipients, subject, f"{body}\n", None, sender_of(run.project), "", language, message_id)


def _describe_result(file: StoredFile, receipt: Receipt, findings: tuple[Finding, ...], language: Language) -> str:
    """Return what the check has found in the forms of a mail, a line each, and how many rows have no answer."""
    folder = PurePosixPath(file.path).parent.name
    own = [
        each
        for each in findings
        if each.location.file.startswith(f"{folder}/")
        and each.unit == receipt.unit
        and each.effective_severity in (Severity.ERROR, Severity.WARNING)
    ]
    left = translate_counted("send.left_rows", receipt.left, language)
    parts = [translate("send.receipt_left" if receipt.left else "send.receipt_all", language, rows=left)]
    if own:
        parts.append(translate("send.receipt_faults", language))
        parts.append("\n".join(_describe_finding(each, language) for each in own[:_MAX_FINDINGS]))
    if len(own) > _MAX_FINDINGS:
        parts.append(translate("send.receipt_more", language, count=len(own) - _MAX_FINDINGS))
    return "\n\n".join(parts)


def _describe_finding(finding: Finding, language: Language) -> str:
    cell = f"{finding.location.cell}: " if finding.location.cell else ""
    words = f"{cell}{message_of(finding, language)} {remedy_of(finding, language)}"
    return "- " + " ".join(words.split())

"""Hands the planned mails of a round over, one by one, and notes of each on disk before and after."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlflow.mail.smtp_sender import SendOutcome, SmtpSender
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.merged import RunNote
from xlflow.pipeline.progress import ProgressCallback
from xlflow.project.mail_log import MailRecord, failure_to_values
from xlflow.project.outbox import FAILED, SENDING, SENT, TO_SEND, Outbox, SendingRate
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_state import RoundState, choose_round

_RECORD_SECONDS = 60
_MAX_DEFERRED = 5
"""Mails in a row that the server puts off, after which a run stops."""


@dataclass(slots=True)
class SendRun:
    """What one run has found out and not recorded yet, and what it will say."""

    project: Project
    state: RoundState
    outbox: Outbox
    findings: list[Finding] = field(default_factory=list)
    notes: list[RunNote] = field(default_factory=list)
    mails: list[Mapping[str, str]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    failed: list[Mapping[str, object]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    recorded_at: float = field(default_factory=time.monotonic)

    def refresh(self) -> None:
        """Read the log anew."""
        self.project = open_project(self.project.root)
        self.state = choose_round(self.project, self.state.name)

    def record(self) -> None:
        """Write what became of mails into the log, if there is anything new."""
        if self.sent:
            self.project.record("mail-sent", {"messages": self.sent}, self.state.name)
        if self.failed or self.withdrawn:
            data = {"failed": self.failed, "withdrawn": self.withdrawn}
            self.project.record("mail-failed", data, self.state.name)
        self.sent, self.failed, self.withdrawn = [], [], []
        self.recorded_at = time.monotonic()


def send_all(
    run: SendRun,
    sender: SmtpSender,
    rate: SendingRate,
    records: Sequence[MailRecord],
    progress: ProgressCallback | None,
) -> None:
    """Send these mails and record what becomes of each. `FatalError` if the server is lost; the rest waits."""
    deferred = 0
    try:
        for number, record in enumerate(records):
            if progress:
                progress("send", number, len(records))
            if deferred >= _MAX_DEFERRED:
                run.findings.append(
                    make_finding("mail-stopped", Location(run.state.name), params={"count": deferred})
                )
                break
            rate.wait_for_turn()
            outcome = _send_one(run, sender, record)
            deferred = deferred + 1 if outcome.state == "deferred" else 0
            if time.monotonic() - run.recorded_at > _RECORD_SECONDS:
                run.record()
    finally:
        run.record()
    if progress:
        progress("send", len(records), len(records))


def _send_one(run: SendRun, sender: SmtpSender, record: MailRecord) -> SendOutcome:
    """Send one mail and put its file where it belongs."""
    content, recipients = run.outbox.read(record.draft)
    run.outbox.move(record.draft, TO_SEND, SENDING)
    try:
        outcome = sender.send(content, recipients)
    except FatalError:  # the server cannot be reached any more, so nothing was handed over
        run.outbox.move(record.draft, SENDING, TO_SEND)
        raise
    if outcome.state != "uncertain":
        target = {"sent": SENT, "refused": FAILED, "deferred": TO_SEND}[outcome.state]
        run.outbox.move(record.draft, SENDING, target)
    if outcome.state == "sent":
        run.sent.append(record.message_id)
    whole = outcome.state == "refused"
    for address, reply in outcome.refused:
        run.failed.append(failure_to_values(record, address, reply, "refused", whole=whole))
        params = {"address": address}
        finding = make_finding(
            "mail-refused", Location(record.draft), unit=record.unit, value=reply, params=params
        )
        run.findings.append(finding)
    if outcome.state == "deferred":
        finding = make_finding("mail-deferred", Location(record.draft), unit=record.unit, value=outcome.reply)
        run.findings.append(finding)
    if outcome.state == "uncertain":
        run.findings.append(uncertain_finding(record))
    run.mails.append(
        {
            "unit": record.unit,
            "purpose": record.purpose,
            "to": ", ".join(recipients),
            "message_id": record.message_id,
            "state": outcome.state,
        }
    )
    return outcome


def uncertain_finding(record: MailRecord) -> Finding:
    """Return what people are told of a mail of which nobody knows whether it went out."""
    return make_finding("mail-uncertain", Location(record.draft), unit=record.unit)

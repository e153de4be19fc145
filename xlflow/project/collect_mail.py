"""Takes in what lies in the mailbox: the whole mail is archived, its attachments beside it, then one event is
written, and only then is the mail moved to another folder.

A mail without a form stays where it is and is listed. Nothing is answered, nothing is deleted, nothing is marked
as read. A run that is stopped at any moment loses nothing: a mail is known again by its content.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path

from xlflow.excel.reader import DEFAULT_LIMITS
from xlflow.mail.draft_writer import split_addresses
from xlflow.mail.imap_mailbox import ImapMailbox, MailOverview, open_mailbox
from xlflow.mail.mail_account import ImapServer, MailAccount
from xlflow.model.findings import FatalError, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import escape_invisible
from xlflow.project.collect_returns import (
    CollectedFiles,
    collect_returns,
    recover_unrecorded,
    report_delivery,
    store_and_add,
)
from xlflow.project.deliveries import Delivery, unpack_delivery
from xlflow.project.mail_kinds import KnownKind, classify_mail, list_form_digests, may_be_ours
from xlflow.project.mail_log import MailRecord, digest_address, failure_to_values
from xlflow.project.mail_texts import sender_address
from xlflow.project.mailbox_memory import MailboxMemory
from xlflow.project.project_folder import Project, open_project, require_whole_log
from xlflow.project.project_state import (
    RoundState,
    StoredFile,
    build_rounds,
    choose_round,
    read_frozen_round,
    refuse_closed,
)

_TAKEN_KINDS = ("form", "bounce", "automatic", "reply")
_MOVED_KINDS = ("form", "bounce", "automatic")
_MAX_LISTED = 20
_MAX_SUBJECT = 60
_BATCH = 25
"""Mails that are archived before an event is written and they are moved."""


@dataclass(slots=True)
class _MailRun:
    """What one run knows and has found so far. `our_mails`: (round, mail of ours) by Message-ID. `noted`: digests
    of the mails that an event tells of. `addresses`: of the units, in small letters. `to_move`: UIDs that may be
    moved once the next event is written. `done`: UIDs that need not be looked at again."""

    project: Project
    state: RoundState
    moment: datetime
    is_dry: bool
    known: dict[str, StoredFile]
    our_mails: Mapping[str, tuple[str, MailRecord]]
    noted: dict[str, str]
    addresses: Collection[str]
    collected: CollectedFiles = field(default_factory=CollectedFiles)
    recorded: int = 0
    received: dict[str, Mapping[str, str | bool]] = field(default_factory=dict)
    failed: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)
    arrived: dict[str, list[str]] = field(default_factory=dict)
    to_move: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    mails: list[Mapping[str, str]] = field(default_factory=list)


def collect_everything(project: Project, state: RoundState, paths: Sequence[Path] = ()) -> RunResult:
    """Collect the inbox and `paths`, then the mailbox, if the settings name one; see `collect_returns`."""
    found = collect_returns(project, state, paths)
    account = project.settings.mail
    if account is None or account.imap is None:
        return found
    project = open_project(project.root)
    fetched = collect_mail(project, choose_round(project, state.name))
    return RunResult(
        found.language,
        sort_findings((*found.findings, *fetched.findings)),
        notes=(*found.notes, *fetched.notes),
        mails=fetched.mails,
    )


def collect_mail(
    project: Project, state: RoundState, *, dry_run: bool = False, now: datetime | None = None
) -> RunResult:
    """Take in the mails of the mailbox that hold a form or answer a mail of ours. `now`: aware, default the
    clock's.

    `FatalError` if the settings name no mailbox, it cannot be reached, the round is closed, or nothing can be
    written; then every mail that is not archived is where it was. `dry_run` lists what would be taken in.
    """
    require_whole_log(project)
    refuse_closed(state)
    account, server = require_imap(project)
    rounds = build_rounds(project)
    run = _MailRun(
        project,
        state,
        now or datetime.now(UTC),
        dry_run,
        {file.digest: file for each in rounds.values() for file in each.files},
        {key: (name, mail) for name, each in rounds.items() for key, mail in each.mails.records.items()},
        {digest: message_id for each in rounds.values() for digest, message_id in each.mails.received.items()},
        _list_addresses(project, state),
    )
    if not dry_run:
        recover_unrecorded(project, state, run.collected, run.known)
    with open_mailbox(account, server, sender_address(project), project.root) as mailbox:
        for folder in server.folders:
            validity, uids = mailbox.open_folder(folder)
            user = account.login_name(sender_address(project))
            memory = MailboxMemory(project, f"{user}@{server.host}", folder, validity)
            run.done = memory.read()
            _collect_folder(run, mailbox, uids, server.done)
            memory.write(run.done & set(uids))
    return _describe(run)


def require_imap(project: Project) -> tuple[MailAccount, ImapServer]:
    """Return the account and its mailbox. `FatalError` if the settings have none."""
    account = project.settings.mail
    if account is None or account.imap is None:
        raise FatalError(make_finding("mail-no-server", Location("xlflow.toml"), params={"section": "mail.imap"}))
    return account, account.imap


def _collect_folder(run: _MailRun, mailbox: ImapMailbox, uids: Sequence[str], done: str) -> None:
    for overview in list(mailbox.read_overviews([uid for uid in uids if uid not in run.done])):
        if not may_be_ours(overview.headers, overview.structure, run.our_mails):
            _leave(run, overview, "other")
        elif overview.size > DEFAULT_LIMITS.unpacked_bytes:
            _leave(run, overview, "too-large")
        else:
            content = mailbox.fetch(overview.uid)
            if content is not None:
                _take_in(run, overview, content)
        if len(run.to_move) >= _BATCH:
            _finish_batch(run, mailbox, done)
    _finish_batch(run, mailbox, done)


def _take_in(run: _MailRun, overview: MailOverview, content: bytes) -> None:
    """Archive one mail, if it is ours, and note what follows from it."""
    delivery = unpack_delivery(_name_mail(overview), content)
    known = classify_mail(delivery, content, run.our_mails)
    if known.kind not in _TAKEN_KINDS:
        _leave(run, overview, known.kind)
        return
    digest = sha256(content).hexdigest()
    is_known = digest in run.noted or _is_copy(run, delivery, known)
    unit = _unit_of(run, known)
    _list_mail(run, delivery, known, "known" if is_known else "new", unit)
    if run.is_dry:
        return
    if not is_known:
        kept = delivery if known.kind == "form" else Delivery(delivery.source, delivery.members[:1], delivery.mail)
        if digest not in run.known:
            store_and_add(run.project, run.state, kept, run.collected, run.known, run.moment)
        message_id = delivery.mail.message_id if delivery.mail else ""
        run.received[digest] = {
            "message_id": message_id,
            "kind": known.kind,
            "unit": unit,
            "answerable": _may_be_answered(run, delivery, known),
        }
        run.noted[digest] = message_id
        _note_consequences(run, kept, known, unit)
    if known.kind in _MOVED_KINDS:
        run.to_move.append(overview.uid)
    else:
        run.done.add(overview.uid)


def _note_consequences(run: _MailRun, delivery: Delivery, known: KnownKind, unit: str) -> None:
    """Note what a mail says of those that we have sent, and what people are to be told of it."""
    for message_id in known.answers:
        name, record = run.our_mails[message_id]
        if known.kind == "bounce":
            run.failed.setdefault(name, []).extend(_failures_to_values(run, record, known))
        elif record.outcome == "planned" and record.via == "smtp":  # somebody answers it, so it has arrived
            run.arrived.setdefault(name, []).append(message_id)
    if known.kind == "bounce":
        for failure in known.failures:
            params = {"address": failure.recipient or "–"}
            run.collected.findings.append(
                make_finding(
                    "mail-bounced",
                    Location(delivery.source),
                    unit=unit,
                    value=failure.reason or "–",
                    params=params,
                )
            )
    else:
        report_delivery(run.collected, delivery)


def _failures_to_values(run: _MailRun, record: MailRecord, known: KnownKind) -> Iterator[Mapping[str, object]]:
    """Yield what the log is to say of a mail that came back. It has reached nobody if no address of the unit is
    left."""
    unit = read_frozen_round(run.project, run.state).find_unit(record.unit)
    addresses = split_addresses(unit.email)[0] if unit else ()
    failed = {digest_address(each.recipient) for each in known.failures}
    failed |= {each.recipient for each in record.faults}
    whole = {digest_address(each) for each in addresses} <= failed
    for failure in known.failures:
        yield failure_to_values(record, failure.recipient, failure.reason, "bounced", whole=whole)


def _is_copy(run: _MailRun, delivery: Delivery, known: KnownKind) -> bool:
    """Return whether a mail is one that was taken in before and came another way: the same Message-ID, and no form
    that is not here already."""
    message_id = delivery.mail.message_id if delivery.mail else ""
    if not message_id or known.kind != "form" or message_id not in run.noted.values():
        return False
    return all(sha256(content).hexdigest() in run.known for content in list_form_digests(delivery))


def _finish_batch(run: _MailRun, mailbox: ImapMailbox, done: str) -> None:
    """Write into the log what was archived, then move the mails."""
    if run.is_dry:
        return
    files = run.collected.files[run.recorded :]
    if files or run.received:
        data = {"files": [asdict(file) for file in files], "again": run.collected.again, "mails": run.received}
        run.project.record("returns-received", data, run.state.name)
    for name, failed in run.failed.items():
        run.project.record("mail-failed", {"failed": failed, "withdrawn": []}, name)
    for name, message_ids in run.arrived.items():
        run.project.record("mail-sent", {"messages": sorted(set(message_ids))}, name)
    run.recorded, run.received, run.failed, run.arrived = len(run.collected.files), {}, {}, {}
    run.collected.again = []
    if run.to_move:
        mailbox.move(run.to_move, done)
        run.to_move = []


# What is said ------------------------------------------------------------------------------------------------


def _leave(run: _MailRun, overview: MailOverview, kind: str) -> None:
    """Leave a mail where it is, and list it; one with nothing for us is listed once."""
    name = _name_mail(overview)
    if kind == "other":
        run.done.add(overview.uid)
        run.left.append(name.removesuffix(".eml"))
    else:
        codes = {"too-large": "mail-too-large", "winmail": "mail-winmail", "unreadable": "mail-unreadable-left"}
        run.collected.findings.append(make_finding(codes[kind], Location(name)))
    run.mails.append({"kind": kind, "subject": name.removesuffix(".eml"), "from": "", "unit": "", "state": "left"})


def _list_mail(run: _MailRun, delivery: Delivery, known: KnownKind, state: str, unit: str) -> None:
    mail = delivery.mail
    run.mails.append(
        {
            "kind": known.kind,
            "subject": escape_invisible(mail.subject if mail else ""),
            "from": escape_invisible(mail.sender if mail else ""),
            "unit": unit,
            "state": state,
        }
    )


def _list_addresses(project: Project, state: RoundState) -> frozenset[str]:
    """Return the addresses of the units, in small letters."""
    units = read_frozen_round(project, state).units
    return frozenset(each.casefold() for unit in units for each in split_addresses(unit.email)[0])


def _may_be_answered(run: _MailRun, delivery: Delivery, known: KnownKind) -> bool:
    """Return whether the sender of a mail may get a receipt: somebody whom we have written to, or whose address is
    in the plan. Never what is automatic, and never ourselves: two programs would answer each other for ever."""
    mail = delivery.mail
    address = parseaddr(mail.sender)[1].casefold() if mail else ""
    if (
        not mail
        or mail.is_automatic
        or known.kind != "form"
        or address in ("", sender_address(run.project).casefold())
    ):
        return False
    return bool(known.answers) or address in run.addresses


def _unit_of(run: _MailRun, known: KnownKind) -> str:
    """Return the unit that a mail answers for; whose form it holds, only the form says."""
    return next((run.our_mails[each][1].unit for each in known.answers), "")


def _name_mail(overview: MailOverview) -> str:
    """Return what a mail is called as a file: its subject, or its number."""
    subject = ""
    for line in overview.headers.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        if line[:8].lower() == b"subject:":
            subject = _decode_subject(line[8:1000].decode("ascii", "replace").strip())
    plain = " ".join("".join(each if each.isprintable() else " " for each in subject).split())
    return f"{plain[:_MAX_SUBJECT].rstrip(' .') or f'mail {overview.uid}'}.eml"


def _decode_subject(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, UnicodeError):
        return text


def _describe(run: _MailRun) -> RunResult:
    new = [mail["kind"] for mail in run.mails if mail["state"] == "new"]
    counts = {kind: new.count(kind) for kind in _TAKEN_KINDS}
    key = "nothing" if not new else "dry_run" if run.is_dry else "taken"
    notes = [RunNote(f"collect_mail.{key}", counts), *run.collected.notes]
    if run.is_dry:
        notes += [
            RunNote("collect_mail.one", {key: mail[key] or "–" for key in ("kind", "subject", "from")})
            for mail in run.mails
            if mail["state"] == "new"
        ]
    if run.left:
        shown = "; ".join(run.left[:_MAX_LISTED]) + (" …" if len(run.left) > _MAX_LISTED else "")
        notes.append(RunNote("collect_mail.left", {"count": len(run.left), "subjects": shown}))
    return RunResult(
        run.project.settings.language,
        sort_findings(run.collected.findings),
        notes=tuple(notes),
        mails=tuple(run.mails),
    )

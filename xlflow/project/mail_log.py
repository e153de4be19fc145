"""What the log says of the mails of a round: planned, sent, not delivered, or nobody knows.

Holds no address: the log is kept for ever, and addresses may have to go. Which address a mail did not reach is
told by a digest of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from xlflow.model.text import normalize_key
from xlflow.project.events import Event

INVITE, REMIND, CORRECT, RECEIPT = "invite", "remind", "correct", "receipt"


@dataclass(frozen=True, slots=True)
class DeliveryFault:
    """A recipient that a mail did not reach. `recipient`: see `digest_address`, "" if the report does not say.
    `reason`: words of the mail system, without addresses. `kind`: "refused" when it was sent, "bounced" later."""

    recipient: str
    reason: str
    kind: str


@dataclass(frozen=True, slots=True)
class MailRecord:
    """A mail of a round. `draft`: name of its file below `drafts/`. `via`: "file" for a person to send, "mailbox"
    for a draft in the mailbox, "smtp" for one that we send. `host`: computer that sends it. `form`: digest of the
    form that it carries; `about`: of what it is about, equal for equal corrections. `to`: digest of its addresses.
    `planned`: day (UTC), by the clock of its writer. `outcome`: "planned", "sent", "failed", or "withdrawn" where
    it was not needed any more."""

    unit: str
    purpose: str
    message_id: str
    draft: str
    via: str
    host: str
    form: str
    about: str
    to: str
    planned: date | None
    outcome: str = "planned"
    faults: tuple[DeliveryFault, ...] = ()


@dataclass(slots=True)
class MailLog:
    """The mails of a round by Message-ID, in the order in which they were planned. `received`: Message-IDs of
    the mails that came in, by the digest of their content. `words`: digests of mails that answer ours without a
    form, by `normalize_key` of the unit. `answerable`: Message-IDs of mails with a form whose sender may get a
    receipt, by digest."""

    records: dict[str, MailRecord] = field(default_factory=dict)
    received: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    answerable: dict[str, str] = field(default_factory=dict)

    def of_unit(self, unit: str, purpose: str = "") -> list[MailRecord]:
        """Return the mails to a unit, the oldest first."""
        key = normalize_key(unit)
        return [
            each
            for each in self.records.values()
            if normalize_key(each.unit) == key and purpose in ("", each.purpose)
        ]

    def latest(self, *outcomes: str) -> list[MailRecord]:
        """Return the last mail of each unit and purpose, if it ended so."""
        last = {(normalize_key(each.unit), each.purpose): each for each in self.records.values()}
        return [each for each in last.values() if each.outcome in outcomes]

    def words_of(self, unit: str) -> tuple[str, ...]:
        """Return the digests of the mails that answer for a unit without a form."""
        return tuple(self.words.get(normalize_key(unit), ()))

    def undelivered(self) -> list[MailRecord]:
        """Return the last mails of each unit and purpose that did not reach somebody."""
        return [each for each in self.latest("sent", "failed", "planned") if each.faults]

    def apply(self, event: Event) -> None:
        """Take in one event about mails. Raises KeyError, TypeError or ValueError if it is not as it should be."""
        if event.kind == "mail-planned":
            self._plan(event)
        elif event.kind == "mail-sent":
            self._set_outcome(event.data["messages"], "sent")
        elif event.kind == "mail-failed":
            self._fail(event)
        elif event.kind == "returns-received":
            for digest, mail in event.data.get("mails", {}).items():
                self.received[digest] = mail["message_id"]
                if mail.get("answerable"):
                    self.answerable[digest] = mail["message_id"]
                if mail["kind"] != "form":
                    self.words.setdefault(normalize_key(mail["unit"]), []).append(digest)

    def _plan(self, event: Event) -> None:
        data = event.data
        own = ((mail["unit"], mail) for mail in data.get("mails", ()))
        for unit, mail in (*data["units"].items(), *own):
            self.records[mail["message_id"]] = MailRecord(
                unit,
                data["purpose"],
                mail["message_id"],
                mail["draft"],
                data.get("via", "file"),
                data.get("host", ""),
                mail["form"],
                mail.get("about", ""),
                mail.get("to", ""),
                _day_of(event.at),
            )

    def _set_outcome(self, message_ids: Iterable[str], outcome: str) -> None:
        for message_id in message_ids:
            record = self.records.get(message_id)
            if record and record.outcome != "failed":
                self.records[message_id] = replace(record, outcome=outcome)

    def _fail(self, event: Event) -> None:
        self._set_outcome(event.data.get("withdrawn", ()), "withdrawn")
        for each in event.data.get("failed", ()):
            record = self.records.get(each["message_id"])
            if record is None:
                continue
            fault = DeliveryFault(each["recipient"], each["reason"], each["kind"])
            faults = record.faults if fault in record.faults else (*record.faults, fault)
            outcome = "failed" if each["whole"] else "sent"
            self.records[record.message_id] = replace(record, faults=faults, outcome=outcome)


def failure_to_values(
    record: MailRecord, address: str, reason: str, kind: str, *, whole: bool
) -> Mapping[str, object]:
    """Return what an event says of a recipient that a mail did not reach. `whole`: it has reached nobody."""
    return {
        "unit": record.unit,
        "message_id": record.message_id,
        "recipient": digest_address(address) if address else "",
        "reason": mask_addresses(reason),
        "kind": kind,
        "whole": whole,
    }


def digest_address(address: str) -> str:
    """Return 16 hexadecimal digits that are equal for equal addresses."""
    return sha256(address.strip().casefold().encode()).hexdigest()[:16]


def mask_addresses(text: str) -> str:
    """Return a text with every word that holds an address left out."""
    return " ".join("…" if "@" in word else word for word in text.split())


def _day_of(at: str) -> date | None:
    try:
        return date.fromisoformat(at[:10])
    except ValueError:
        return None

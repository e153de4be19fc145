"""Who gets which mail of a round: the forms, reminders to those missing, forms to correct. Writes nothing.

A unit that has got the very same already does not get it again by itself.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from xlflow.generate.batch import assign_file_names
from xlflow.i18n.catalogue import translate
from xlflow.mail.draft_writer import MailDraft, split_addresses
from xlflow.mail.mail_account import MailAccount
from xlflow.model.findings import Finding, Location, MessageParam, make_finding
from xlflow.project.mail_log import CORRECT, INVITE, REMIND, MailRecord, digest_address
from xlflow.project.mail_texts import MailPurpose, read_texts, sender_of, write_texts
from xlflow.project.page_links import make_page_addresses
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, find_asked_unit, read_frozen_round
from xlflow.project.project_status import UnitLine, read_status


@dataclass(frozen=True, slots=True)
class PlannedMail:
    """A mail that is to be made. `about`: digest of what a correction is about, "" for other mails."""

    unit: UnitLine
    draft: MailDraft
    attachment_path: Path
    about: str = ""


def choose_units(
    project: Project,
    state: RoundState,
    purpose: MailPurpose,
    names: Sequence[str],
    findings: list[Finding],
    *,
    today: date | None = None,
    held: Collection[str] = (),
) -> list[UnitLine]:
    """Return the units that get a mail: those named, else all that are due; without those that are `held`.

    `findings` is filled with why one that might be expected is not among them. `FatalError` if a named one is not
    asked."""
    frozen = read_frozen_round(project, state)
    wanted = [find_asked_unit(frozen, name) for name in names]
    units = [unit for unit in read_status(project, state).units if not wanted or unit.name in wanted]
    units = [unit for unit in units if unit.name not in held]
    if not wanted:
        chosen = [unit for unit in units if is_due(state, unit, purpose)]
        if purpose != REMIND:
            return chosen
        return _leave_out_reminded(project, state, chosen, today or datetime.now(UTC).date(), findings)
    answered = [unit for unit in units if purpose == REMIND and unit.state != "missing"]
    findings += [make_finding("remind-has-answered", Location(frozen.plan), unit=each.name) for each in answered]
    return [unit for unit in units if unit not in answered]


def is_due(state: RoundState, unit: UnitLine, purpose: MailPurpose) -> bool:
    """Return whether a unit is to get a mail with this purpose."""
    if purpose == REMIND:
        return unit.state == "missing"
    if purpose == CORRECT:
        return unit.state == "to-correct" and not _was_asked_to_correct(state, unit)
    form = state.issued.get(unit.name, {}).get("digest")
    if unit.state == "not-asked" or not form:
        return False
    return state.invited.get(unit.name) != form or not _count_for_now(state.mails.of_unit(unit.name, INVITE), unit)


def plan_mails(
    project: Project,
    state: RoundState,
    purpose: MailPurpose,
    units: Sequence[UnitLine],
    findings: list[Finding],
    *,
    dry_run: bool,
) -> Iterator[PlannedMail]:
    """Yield the mails; `findings` is filled with what keeps a unit from getting one."""
    frozen = read_frozen_round(project, state)
    texts = read_texts(project)[purpose][frozen.language]
    names = dict(assign_file_names(unit.name for unit in frozen.units))
    addresses = make_page_addresses(project, state, [unit.name for unit in units if unit.email], dry_run=dry_run)
    for unit in units:
        recipients, wrong = split_addresses(unit.email)
        if wrong or not recipients:
            code = "draft-address-wrong" if wrong else "draft-no-address"
            findings.append(make_finding(code, Location(frozen.plan), unit=unit.name, value=unit.email))
        if not recipients:
            continue
        path = project.root / state.issued.get(unit.name, {}).get("path", "")
        if purpose == CORRECT:
            path = project.round_folder(state.name) / "to-correct" / names[unit.name]
        if not path.is_file() and not dry_run:
            findings.append(make_finding("draft-no-form", Location(str(path)), unit=unit.name))
            continue
        subject, body = write_texts(project, texts, unit, state, names[unit.name], frozen.language)
        if unit.name in addresses:
            body += f"\n{translate('send.page_line', frozen.language, address=addresses[unit.name])}\n"
        content = b"" if dry_run else path.read_bytes()
        yield PlannedMail(
            unit,
            MailDraft(
                recipients,
                subject,
                body,
                (names[unit.name], content),
                sender_of(project),
                unit.contact,
                frozen.language,
            ),
            path,
            digest_correction(unit) if purpose == CORRECT else "",
        )


def digest_correction(unit: UnitLine) -> str:
    """Return a digest of what a unit is asked to correct: equal while nothing new has come in or been decided."""
    return sha256(repr((sorted(unit.files), sorted(unit.decisions), unit.errors)).encode()).hexdigest()[:16]


def digest_recipients(addresses: Sequence[str]) -> str:
    """Return a digest of the addresses of a mail, in any order."""
    return digest_address(" ".join(sorted(each.casefold() for each in addresses)))


def _count_for_now(records: Sequence[MailRecord], unit: UnitLine) -> list[MailRecord]:
    """Return those mails that forbid another one: not those withdrawn, and not those that failed while the plan
    had another address. A failed one is never sent to the same address again by itself."""
    to = digest_recipients(split_addresses(unit.email)[0])
    return [
        each
        for each in records
        if each.outcome != "withdrawn" and not (each.outcome == "failed" and each.to not in ("", to))
    ]


def _was_asked_to_correct(state: RoundState, unit: UnitLine) -> bool:
    """Return whether a mail that we sent, or put into the mailbox, was about the very same."""
    about = digest_correction(unit)
    return any(
        each.about == about and each.via != "file"
        for each in _count_for_now(state.mails.of_unit(unit.name, CORRECT), unit)
    )


def _leave_out_reminded(
    project: Project, state: RoundState, units: Sequence[UnitLine], today: date, findings: list[Finding]
) -> list[UnitLine]:
    """Return the units that were not reminded within the last days; a reminder of a day to come counts too."""
    days = (project.settings.mail or MailAccount()).remind_days
    reminded: dict[str, date] = {}
    for unit in units:
        records = _count_for_now(state.mails.of_unit(unit.name, REMIND), unit)
        planned = [each.planned for each in records if each.planned]
        if planned and (today - max(planned)).days < days:
            reminded[unit.name] = max(planned)
    if reminded:
        params: dict[str, MessageParam] = {
            "day": max(reminded.values()).isoformat(),
            "days": days,
            "units": ", ".join(reminded),
        }
        findings.append(make_finding("remind-too-soon", Location(state.name), params=params))
    return [unit for unit in units if unit.name not in reminded]

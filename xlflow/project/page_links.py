"""Links to the web page: who may open which page without a password, until when, and that a link was revoked.

A link ends in a random token of 128 bits. Only the digest of the token is kept, so nobody who reads the project
can open a page; a link that was lost is replaced by a new one.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Literal

from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.text import normalize_key
from xlflow.project.project_folder import Project, require_whole_log
from xlflow.project.project_state import RoundState, find_asked_unit, read_frozen_round, refuse_closed

LinkRole = Literal["unit", "approver"]

_DAYS_AFTER_DUE = 60
_DAYS_WITHOUT_DUE = 120
_TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link that was made. `digest`: SHA-256 of its token, hexadecimal. `unit`: whose page it opens; "" for an
    approver of all units. `holder`: who got it, "" if that was not said. `expires`: last day (ISO). `made`:
    UTC."""

    digest: str
    role: LinkRole
    unit: str
    holder: str
    expires: str
    round: str = ""
    made: str = ""
    is_revoked: bool = False

    def is_in_force(self, today: date) -> bool:
        """Return whether it opens a page on a day."""
        return not self.is_revoked and today.isoformat() <= self.expires


def make_links(
    project: Project,
    state: RoundState,
    units: Sequence[str],
    *,
    role: LinkRole = "unit",
    holder: str = "",
    expires: date | None = None,
    by: str | None = None,
) -> Mapping[str, str]:
    """Make one new link per unit ("" for an approver of all) and record them in one event. Return the tokens by
    unit as the plan writes it: they are kept nowhere else.

    `expires`: last day, by default 60 days after the due day. Links that were made before stay in force.
    `FatalError` if a unit is not asked, the round is closed, or the last day is over.
    """
    require_whole_log(project)
    refuse_closed(state)
    frozen = read_frozen_round(project, state)
    names = [find_asked_unit(frozen, unit) if unit or role == "unit" else "" for unit in units]
    last_day = expires or default_last_day(frozen.due)
    if last_day < _today():
        raise FatalError(make_finding("link-expired-day", Location(""), value=last_day.isoformat()))
    tokens = {name: secrets.token_urlsafe(_TOKEN_BYTES) for name in dict.fromkeys(names)}
    links = [
        {"digest": digest_token(token), "role": role, "unit": name, "holder": holder, "expires": str(last_day)}
        for name, token in tokens.items()
    ]
    if links:
        project.record("link-made", {"links": links}, state.name, by=by)
    return tokens


def make_page_addresses(
    project: Project, state: RoundState, units: Sequence[str], *, dry_run: bool
) -> Mapping[str, str]:
    """Return the address of each unit's page, with a new link, for a mail to it; none if the settings do not say
    where the page is. `dry_run` shows where the link would stand and makes none."""
    base = project.settings.web_address.rstrip("/")
    if not base or not units:
        return {}
    tokens = dict.fromkeys(units, "…") if dry_run else make_links(project, state, units)
    return {unit: f"{base}/u/{token}" for unit, token in tokens.items()}


def revoke_links(
    project: Project, state: RoundState, units: Sequence[str], *, by: str | None = None
) -> tuple[PageLink, ...]:
    """Revoke all links of these units in the round ("" for those of approvers of all), and return them.
    `FatalError` if there is none."""
    require_whole_log(project)
    keys = {normalize_key(unit) for unit in units}
    doomed = [
        link
        for link in list_links(project, state.name)
        if normalize_key(link.unit) in keys and not link.is_revoked
    ]
    if not doomed:
        raise FatalError(make_finding("link-none", Location(""), value=", ".join(filter(None, units)) or "–"))
    project.record("link-revoked", {"digests": [link.digest for link in doomed]}, state.name, by=by)
    return tuple(replace(link, is_revoked=True) for link in doomed)


def list_links(project: Project, round_name: str | None = None) -> tuple[PageLink, ...]:
    """Return every link of a round, or of all rounds, oldest first; those that were revoked are marked."""
    found: dict[str, PageLink] = {}
    for event in project.log.events:
        if event.kind == "link-made" and round_name in (None, event.round):
            for values in event.data["links"]:
                found[values["digest"]] = PageLink(**values, round=event.round, made=event.at)
    revoked = {
        digest for event in project.log.events if event.kind == "link-revoked" for digest in event.data["digests"]
    }
    return tuple(replace(link, is_revoked=link.digest in revoked) for link in found.values())


def find_link(project: Project, token: str, today: date | None = None) -> PageLink | None:
    """Return the link in force with this token; None if there is none, or it is revoked or expired."""
    digest, day = digest_token(token), today or _today()
    return next((link for link in list_links(project) if link.digest == digest and link.is_in_force(day)), None)


def digest_token(token: str) -> str:
    """Return the digest that is kept of a token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def link_values(links: Sequence[PageLink]) -> Iterator[Mapping[str, object]]:
    """Yield the links as plain values, without anything that opens a page."""
    yield from ({key: value for key, value in asdict(link).items() if key != "digest"} for link in links)


def default_last_day(due: date | None) -> date:
    """Return the last day of a link where none is asked for."""
    days = timedelta(days=_DAYS_AFTER_DUE if due else _DAYS_WITHOUT_DUE)
    return max(due or _today(), _today()) + days


def _today() -> date:
    return datetime.now(UTC).date()

"""The cell of a status: one badge; where several units answered, one for each status with the units that gave it.

The status that counts for the activity stands first and bold, the others small below it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.i18n.count_sentences import UNANSWERED
from xlflow.report.document import Paragraph, StatusBadge, to_spans
from xlflow.report.phrasing import Phrasing, make_small
from xlflow.rounds.round_status import ItemStatus, UnitReply

MAX_DECIDING_UNITS, MAX_OTHER_UNITS = 5, 2
"""Units that are named below the status that counts, or below that of those without an answer, and below another;
of more, only the number."""


def build_status_content(item_status: ItemStatus, phrasing: Phrasing) -> Iterator[Paragraph | StatusBadge]:
    """Yield the badge of a plan item, the badges of its units where they differ, and how many have answered."""
    badge = phrasing.item_badge(item_status)
    units_by_badge = _group_units(item_status, phrasing) if badge else {}
    if badge is None:
        yield Paragraph(to_spans(phrasing.follows_activity_text()), "quiet")
    elif len(units_by_badge) < 2 and not (units_by_badge and badge not in units_by_badge):
        yield badge
    else:
        yield replace(badge, is_deciding=True)
        yield from _name_units(units_by_badge.get(badge, ()), MAX_DECIDING_UNITS, phrasing)
        for other, units in units_by_badge.items():
            if other != badge:
                yield make_small(other)
                most = MAX_DECIDING_UNITS if other.code == UNANSWERED else MAX_OTHER_UNITS
                yield from _name_units(units, most, phrasing)
    if item_status.completeness:
        yield Paragraph(to_spans(item_status.completeness), "quiet")


def _group_units(item_status: ItemStatus, phrasing: Phrasing) -> dict[StatusBadge, list[str]]:
    """Return the units by the status that they gave, in the template's order; those asked that gave none last."""
    replies = {reply.unit: reply for reply in item_status.unit_replies}
    if not replies:
        return {}
    names = dict.fromkeys((*item_status.item.units, *replies))
    units_by_badge: dict[StatusBadge, list[str]] = {}
    for name in names:
        badge = _reply_badge(replies.get(name), phrasing)
        if badge is not None:
            units_by_badge.setdefault(badge, []).append(name)
    order = list(phrasing.status_badges)
    known = sorted((badge for badge in units_by_badge if badge in order), key=order.index)
    others = [badge for badge in units_by_badge if badge not in order]
    return {badge: units_by_badge[badge] for badge in (*known, *others)}


def _reply_badge(reply: UnitReply | None, phrasing: Phrasing) -> StatusBadge | None:
    """Return the badge of a unit's status; None for one whose sub-activity follows its activity."""
    if reply is None:
        return phrasing.status_badge(UNANSWERED, "")
    return None if reply.follows_parent else phrasing.status_badge(reply.status_code, reply.status)


def _name_units(units: Sequence[str], most: int, phrasing: Phrasing) -> Iterator[Paragraph]:
    if units:
        text = ", ".join(units) if len(units) <= most else phrasing.translate("units", count=len(units))
        yield Paragraph(to_spans(text), "quiet")

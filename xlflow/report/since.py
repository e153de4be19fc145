"""What has changed since the previous round, where the consolidated workbook was made against one.

A sentence that counts the activities, then one line per change with what was and what is.
"""

from collections.abc import Iterator

from xlflow.core.changes import Change, State, count_changes
from xlflow.core.followed import Followed
from xlflow.core.sentences import tell_changes
from xlflow.core.words import format_day, say
from xlflow.report.document import Block, Heading, Paragraph, Span, spell
from xlflow.report.wording import Speech, list_lines, name_line

ALARMING = ("delayed", "overdue_since", "cancelled")
NAMED = (*ALARMING, "done", "new", "gone", "status", "time")
"""The changes that are told one by one: of activities all of these, of sub-activities the alarming ones. A further
comment or another wording in the plan is not."""


def make_since(followed: Followed, speech: Speech, *, lists: bool) -> Iterator[Block]:
    """Yield what has become of the lines since then; nothing if there is no round to compare with."""
    if followed.since is None:
        return
    day = format_day(followed.since, speech.language)
    yield Heading(2, speech.say("since", day=day), listed=False)
    level = followed.template.levels[followed.template.item]
    counts = count_changes([change for change in followed.changes if not change.is_part])
    yield Paragraph(spell(tell_changes(counts, level, followed.since, speech.language)))
    if lists:
        named = [one for one in followed.changes if one.kind in (ALARMING if one.is_part else NAMED)]
        yield from list_lines([tuple(_tell(change, followed, speech)) for change in named], speech)


def _tell(change: Change, followed: Followed, speech: Speech) -> Iterator[Span]:
    yield Span(f"{say(f'changed.{change.kind}', speech.language)}: ")
    yield Span(name_line(change.line, followed.template), strong=True)
    before, now = change.before, change.now
    told = list(_compare(before, now, speech)) if before and now else []
    if told:
        yield Span(f". {' '.join(told)}")


def _compare(before: State, now: State, speech: Speech) -> Iterator[str]:
    """Yield status and time, each then and now, where they differ."""
    statuses = [speech.mark(state.code, state.status).word for state in (before, now)]
    if statuses[0] != statuses[1] and not before.follows and not now.follows:
        yield speech.say("status_then", before=statuses[0], now=statuses[1])
    times = ["; ".join(state.shown_time.split("\n")) for state in (before, now)]
    if times[0] != times[1] and all(times):
        yield speech.say("time_then", before=times[0], now=times[1])

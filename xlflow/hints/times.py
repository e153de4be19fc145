"""A time that the comment names and the field for it lacks: "Förskjuts till kvartal 4", "klart hösten 2021".

A comment names many times; only one that follows words of putting off or getting done, that lies ahead, and that
is later than the plan's own deadline is a hint. What was negated is none. Times are read as answers are.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from xlflow.core.findings import Finding, find
from xlflow.core.model import Answer, Deadline, Round, Row
from xlflow.core.values import parse_deadline, show_deadline
from xlflow.core.words import LANGUAGES, say

_MOVED = re.compile(
    r"\b(?:för-?skjut(?:s|en|et|its|as)|(?:fram)?flytta(?:s|d|t|ts|des|de)|(?:skjut(?:s|en|et|its)|skjuter|skjuta)"
    r"|senarelägg(?:s|as|er)|senarelagts?|uppskju[nt]\w*|postponed?|moved?|delayed|deferred|put off|put back)\b"
)
_DONE = re.compile(
    r"\b(?:beräkna[rst]\w*|planera[rst]\w*|bedöm[s]\w*|vänta[s]\w*|förvänta[s]\w*|räknar med|siktar på|klart?"
    r"|klara|färdig\w*|genomförda?t?|slutför\w*|avsluta[sdt]\w*|expected|planned|will be|ready|done|finished"
    r"|completed?)\b"
)
_NOT = re.compile(
    r"\b(?:inte|ej|aldrig|not|never|cannot)\b|\b(?:från|from|sedan|since|efter|after|före|before)(?: och med)?[ ]$"
)
_SENTENCE = re.compile(r"(?<=[a-zåäöé0-9)][.!?]) +(?=\D)|\n+")
_REACH = 70
"""Letters between such words and the time that belongs to them."""
_DENIED = 25
"""Letters before such words within which a "not" denies them."""

_YEAR = r"(?:19|20|21)[0-9]{2}"
_MONTH = "|".join(f"(?:{'|'.join(say('calendar.months', language).casefold().split())})" for language in LANGUAGES)
_OF_YEAR = rf"(?:,? (?:år |of |in |under |i )?{_YEAR})"
_ORDINAL = "första|andra|tredje|fjärde|first|second|third|fourth|[1-4]:?(?:a|e|st|nd|rd|th)"
_LEAD = (
    r"(?:(?:under|during|i|in|till|to|by|until|senast|hela) )*"
    r"(?:(?:i |at )?(?:the )?(?:slutet av|end of) )?(?:the )?"
)
_TIME = re.compile(
    rf"(?<!\w)(?P<lead>{_LEAD})(?P<time>"
    rf"(?:kvartal|kvart|kv|quarter|q)[ .]{{0,2}}(?:[1-4]|ett|två|tre|fyra)(?!\w){_OF_YEAR}?"
    rf"|(?:{_ORDINAL}) (?:kvartalet|kvartal|halvåret|halvår|tertialet|quarter|half){_OF_YEAR}?"
    rf"|{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
    rf"|(?:den )?[0-9]{{1,2}}(?::?e)? (?:{_MONTH})(?: {_YEAR})?"
    rf"|(?:{_MONTH})(?: {_YEAR})?"
    rf"|(?:hösten|våren|sommaren|höst|vår|sommar|autumn|spring|summer|hösterminen|vårterminen){_OF_YEAR}?"
    rf"|(?:vecka|week) [0-9]{{1,2}}(?: {_YEAR})?"
    rf"|(?P<year>{_YEAR})"
    r")(?![\w/–-])(?! (?:nästa|förra|next|last)\b)"
)
_LED_BY = (
    *(
        "skjut",
        "flytt",
        "senarel",
        "postpon",
        "moved",
        "delay",
        "defer",
        "put off",
        "put back",
        "beräkn",
        "planer",
    ),
    *(
        "bedöm",
        "vänta",
        "räknar",
        "siktar",
        "klar",
        "färdig",
        "genomför",
        "slutför",
        "avslut",
        "expect",
        "planned",
    ),
    *("will be", "ready", "done", "finish", "complet"),
)
_PARTS = (
    *("20", "19", "21", "kv", "quarter", "q1", "q2", "q3", "q4", "halv", "half", "terti", "höst", "vår", "sommar"),
    *("autumn", "spring", "summer", "veck", "week", *_MONTH.replace("(?:", "").replace(")", "").split("|")),
)
"""Pieces of which every text that names a time as we read it has at least one; most comments have none."""

_USUAL = (("\N{NO-BREAK SPACE}", " "), ("\N{NON-BREAKING HYPHEN}", "-"), ("\r", "\n"), ("  ", " "))
"""Letters that programs put in place of the usual ones; what else looks alike names no time."""

_YEAR_LEADS = ("under", "during", "till", "in", "until", "hela", "i", "to", "by")


@dataclass(frozen=True, slots=True)
class Named:
    """A time that a comment names: as it stands there, what it means, and whether something is `moved` to it."""

    text: str
    time: Deadline
    moved: bool


def hint_time(round_: Round, row: Row, comment: Answer) -> Iterator[Finding]:
    """Yield the time that a comment names and the field for new times lacks or contradicts."""
    named_times = find_times(comment.written, round_.plan.year)
    template = round_.template
    field = template.field_in_role("new_deadline") if named_times else None
    answer = row.answer(field.key) if field else None
    if field is None or answer is None or _is_settled(round_, row):
        return
    times = [each for each in named_times if _lies_ahead(round_, row, each.time)]
    named = _choose(times)
    if named is None or any(_meets(answer.value, each.time) for each in times):
        return
    if not answer.is_blank and not (named.moved and _has_days(answer.value)):
        return
    text = _as_written(named.text, comment.written)
    time = replace(named.time, text=text) if named.time.kind == "text" else named.time
    yield find(
        "time-only-in-comment" if answer.is_blank else "time-in-comment",
        row.place_of(answer),
        unit=row.unit,
        row_id=row.line.id,
        field=field.key,
        value=answer.written or None,
        suggestion=show_deadline(time, round_.language, round_.plan.year),
        words={"field": field.label, "named": text},
    )


@lru_cache(maxsize=8192)
def find_times(text: str, year: int) -> tuple[Named, ...]:
    """Return the times by which a comment says that something is to be done, in its order."""
    low = text.casefold()
    if not (any(piece in low for piece in _LED_BY) and any(piece in low for piece in _PARTS)):
        return ()
    for other, usual in _USUAL:
        low = low.replace(other, usual)
    return tuple(named for sentence in _SENTENCE.split(low) for named in _times_in(sentence, year))


def _times_in(sentence: str, year: int) -> Iterator[Named]:
    moved, done = ([*pattern.finditer(sentence)] for pattern in (_MOVED, _DONE))
    first = min((leads[0].end() for leads in (moved, done) if leads), default=len(sentence))
    for match in _TIME.finditer(sentence, first):
        put_off = _last_before(moved, match.start())
        near = _last_before(done, match.start()) or put_off
        if near and not _is_bare(match) and not _is_denied(sentence, near, match):
            words = " ".join(f"{match['lead']}{match['time']}".split())
            text = words if match["year"] else match["time"]
            time = parse_deadline(text, year).value
            if isinstance(time, Deadline) and time.last:
                yield Named(text, time, moved=bool(put_off))


def _last_before(leads: Sequence[re.Match[str]], start: int) -> re.Match[str] | None:
    """Return the last of such words that ends before a place and within its reach."""
    after = bisect_right(leads, start, key=re.Match.end)
    return leads[after - 1] if after and start - leads[after - 1].end() <= _REACH else None


def _is_denied(sentence: str, lead: re.Match[str], time: re.Match[str]) -> bool:
    return bool(_NOT.search(sentence[max(0, lead.start() - _DENIED) : time.start()]))


def _is_bare(match: re.Match[str]) -> bool:
    """Whether a year stands alone, so that it may be anything ("inköpsanalysen för 2020")."""
    return bool(match["year"]) and not set(match["lead"].split()) & set(_YEAR_LEADS)


def _choose(times: Sequence[Named]) -> Named | None:
    """Return the one time that the comment means: the only one, or the only one that something is moved to."""
    for candidates in (times, [each for each in times if each.moved]):
        if len({each.time for each in candidates}) == 1:
            return candidates[0]
    return None


def _as_written(text: str, comment: str) -> str:
    """Return a time as the comment spells it, with its capitals: November."""
    found = re.search(r"\s+".join(map(re.escape, text.split())), comment, re.IGNORECASE)
    return " ".join(found[0].split()) if found else text


def _lies_ahead(round_: Round, row: Row, time: Deadline) -> bool:
    """Whether a time is still to come, and later than the plan says."""
    planned = round_.template.field_in_role("deadline")
    deadline = row.line.value(planned.key) if planned else None
    later = time.is_later_than(deadline) if isinstance(deadline, Deadline) else None
    return not time.has_passed(round_.as_of) and later is not False


def _is_settled(round_: Round, row: Row) -> bool:
    status = round_.template.field_in_role("status")
    code = row.value(status.key) if status else None
    options = round_.template.choice_list(status).options if status else ()
    return any(option.settled for option in options if option.code == code)


def _has_days(value: object) -> bool:
    return isinstance(value, Deadline) and value.first is not None


def _meets(value: object, time: Deadline) -> bool:
    """Whether an answer says the same time, or one that shares a day with it."""
    if not isinstance(value, Deadline) or not (value.first and value.last and time.first and time.last):
        return False
    return value.first <= time.last and time.first <= value.last

"""A deadline that a comment mentions and the field for it lacks: "Förskjuts till kvartal 4", "klart hösten 2021".

A date in a comment is a hint only if it follows a word of postponement or completion, is not negated, and lies
after the as-of date and the planned deadline. Dates are parsed as answers are.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from xlflow.i18n.catalogue import LANGUAGES, translate
from xlflow.model.findings import Finding, make_finding
from xlflow.model.plan import Deadline, Round
from xlflow.model.submission import Answer, AnswerRow
from xlflow.values import format_deadline, parse_deadline

_POSTPONEMENT_WORDS = re.compile(
    r"\b(?:för-?skjut(?:s|en|et|its|as)|(?:fram)?flytta(?:s|d|t|ts|des|de)|(?:skjut(?:s|en|et|its)|skjuter|skjuta)"
    r"|senarelägg(?:s|as|er)|senarelagts?|uppskju[nt]\w*|postponed?|moved?|delayed|deferred|put off|put back)\b"
)
_COMPLETION_WORDS = re.compile(
    r"\b(?:beräkna[rst]\w*|planera[rst]\w*|bedöm[s]\w*|vänta[s]\w*|förvänta[s]\w*|räknar med|siktar på|klart?"
    r"|klara|färdig\w*|genomförda?t?|slutför\w*|avsluta[sdt]\w*|expected|planned|will be|ready|done|finished"
    r"|completed?)\b"
)
_NEGATION = re.compile(
    r"\b(?:inte|ej|aldrig|not|never|cannot)\b|\b(?:från|from|sedan|since|efter|after|före|before)(?: och med)?[ ]$"
)
_SENTENCE_BOUNDARY = re.compile(r"(?<=[a-zåäöé0-9)][.!?]) +(?=\D)|\n+")
_MAX_CUE_DISTANCE = 70
"""Characters between such a word and the date that belongs to it, at most."""
_MAX_NEGATION_DISTANCE = 25
"""Characters before such a word within which a negation applies to it."""

_YEAR_PATTERN = r"(?:19|20|21)[0-9]{2}"
_MONTH_PATTERN = "|".join(
    f"(?:{'|'.join(translate('calendar.months', language).casefold().split())})" for language in LANGUAGES
)
_YEAR_SUFFIX_PATTERN = rf"(?:,? (?:år |of |in |under |i )?{_YEAR_PATTERN})"
_ORDINAL_PATTERN = "första|andra|tredje|fjärde|first|second|third|fourth|[1-4]:?(?:a|e|st|nd|rd|th)"
_PREPOSITION_PATTERN = (
    r"(?:(?:under|during|i|in|till|to|by|until|senast|hela) ){0,4}"
    r"(?:(?:i |at )?(?:the )?(?:slutet av|end of) )?(?:the )?"
)
_MENTION_PATTERN = re.compile(
    rf"(?<!\w)(?P<lead>{_PREPOSITION_PATTERN})(?P<time>"
    rf"(?:kvartal|kvart|kv|quarter|q)[ .]{{0,2}}(?:[1-4]|ett|två|tre|fyra)(?!\w){_YEAR_SUFFIX_PATTERN}?"
    rf"|(?:{_ORDINAL_PATTERN}) (?:kvartalet|kvartal|halvåret|halvår|tertialet|quarter|half){_YEAR_SUFFIX_PATTERN}?"
    rf"|{_YEAR_PATTERN}-[0-9]{{2}}-[0-9]{{2}}"
    rf"|(?:den )?[0-9]{{1,2}}(?::?e)? (?:{_MONTH_PATTERN})(?: {_YEAR_PATTERN})?"
    rf"|(?:{_MONTH_PATTERN})(?: {_YEAR_PATTERN})?"
    rf"|(?:hösten|våren|sommaren|höst|vår|sommar|autumn|spring|summer|hösterminen|vårterminen){_YEAR_SUFFIX_PATTERN}?"
    rf"|(?:vecka|week) [0-9]{{1,2}}(?: {_YEAR_PATTERN})?"
    rf"|(?P<year>{_YEAR_PATTERN})"
    r")(?![\w/–-])(?! (?:nästa|förra|next|last)\b)"
)
_CUE_STEMS = (
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
_MENTION_FRAGMENTS = (
    *("20", "19", "21", "kv", "quarter", "q1", "q2", "q3", "q4", "halv", "half", "terti", "höst", "vår", "sommar"),
    *(
        "autumn",
        "spring",
        "summer",
        "veck",
        "week",
        *_MONTH_PATTERN.replace("(?:", "").replace(")", "").split("|"),
    ),
)
"""Substrings of which every text with a date has at least one: a quick test, since most comments have none."""

_CHARACTER_REPLACEMENTS = (
    ("\N{NO-BREAK SPACE}", " "),
    ("\N{NON-BREAKING HYPHEN}", "-"),
    ("\r", "\n"),
    ("  ", " "),
)
"""Characters that programs put in place of the usual ones."""

_YEAR_PREPOSITIONS = ("under", "during", "till", "in", "until", "hela", "i", "to", "by")


@dataclass(frozen=True, slots=True)
class MentionedDeadline:
    """A deadline in a comment: its text (lower case), its value, and whether something is postponed to it."""

    text: str
    deadline: Deadline
    is_postponement: bool


def check_comment_deadline(round_: Round, row: AnswerRow, comment: Answer) -> Iterator[Finding]:
    """Yield a finding on the deadline in a comment that the field for new deadlines lacks or contradicts."""
    mentions = find_mentioned_deadlines(comment.raw_text, round_.plan.year)
    template = round_.template
    field = template.field_in_role("new_deadline") if mentions else None
    answer = row.answer(field.key) if field else None
    if field is None or answer is None or _has_final_status(round_, row):
        return
    candidates = [mention for mention in mentions if _is_ahead_and_later(round_, row, mention.deadline)]
    chosen = _choose_mention(candidates)
    if chosen is None or any(_shares_date(answer.value, each.deadline) for each in candidates):
        return
    if not answer.is_blank and not (chosen.is_postponement and _has_dates(answer.value)):
        return
    text = _original_spelling(chosen.text, comment.raw_text)
    suggested = replace(chosen.deadline, text=text) if chosen.deadline.kind == "text" else chosen.deadline
    yield make_finding(
        "time-only-in-comment" if answer.is_blank else "time-in-comment",
        row.location_of(answer),
        unit=row.unit,
        row_id=row.item.id,
        field=field.key,
        value=answer.raw_text or None,
        suggestion=format_deadline(suggested, round_.language, round_.plan.year),
        params={"field": field.label, "named": text},
    )


@lru_cache(maxsize=8192)
def find_mentioned_deadlines(text: str, year: int) -> tuple[MentionedDeadline, ...]:
    """Return the deadlines in a comment, in its order; `year` (the plan's) is taken where none is written."""
    lowered = text.casefold()
    if not (
        any(fragment in lowered for fragment in _CUE_STEMS)
        and any(piece in lowered for piece in _MENTION_FRAGMENTS)
    ):
        return ()
    for unusual, replacement in _CHARACTER_REPLACEMENTS:
        lowered = lowered.replace(unusual, replacement)
    return tuple(
        mention for sentence in _SENTENCE_BOUNDARY.split(lowered) for mention in _find_in_sentence(sentence, year)
    )


def _find_in_sentence(sentence: str, year: int) -> Iterator[MentionedDeadline]:
    postponements, completions = (
        [*pattern.finditer(sentence)] for pattern in (_POSTPONEMENT_WORDS, _COMPLETION_WORDS)
    )
    search_start = min((cues[0].end() for cues in (postponements, completions) if cues), default=len(sentence))
    for match in _MENTION_PATTERN.finditer(sentence, search_start):
        postponement = _last_cue_before(postponements, match.start())
        cue = _last_cue_before(completions, match.start()) or postponement
        if cue and not _is_bare_year(match) and not _is_negated(sentence, cue, match):
            phrase = " ".join(f"{match['lead']}{match['time']}".split())
            text = phrase if match["year"] else match["time"]
            deadline = parse_deadline(text, year).value
            if isinstance(deadline, Deadline) and deadline.last:
                yield MentionedDeadline(text, deadline, is_postponement=bool(postponement))


def _last_cue_before(cues: Sequence[re.Match[str]], position: int) -> re.Match[str] | None:
    """Return the last cue that ends within `_MAX_CUE_DISTANCE` characters before a position, None if none."""
    cue_count = bisect_right(cues, position, key=re.Match.end)
    return cues[cue_count - 1] if cue_count and position - cues[cue_count - 1].end() <= _MAX_CUE_DISTANCE else None


def _is_negated(sentence: str, cue: re.Match[str], mention: re.Match[str]) -> bool:
    return bool(_NEGATION.search(sentence[max(0, cue.start() - _MAX_NEGATION_DISTANCE) : mention.start()]))


def _is_bare_year(match: re.Match[str]) -> bool:
    """Whether a year stands alone, so that it may be anything ("inköpsanalysen för 2020")."""
    return bool(match["year"]) and not set(match["lead"].split()) & set(_YEAR_PREPOSITIONS)


def _choose_mention(mentions: Sequence[MentionedDeadline]) -> MentionedDeadline | None:
    """Return the one deadline that is meant: the only one, or the only one of a postponement; else None."""
    for candidates in (mentions, [mention for mention in mentions if mention.is_postponement]):
        if len({each.deadline for each in candidates}) == 1:
            return candidates[0]
    return None


def _original_spelling(text: str, comment: str) -> str:
    """Return the text of a deadline with the capitals of the comment: November."""
    match = re.search(r"\s+".join(map(re.escape, text.split())), comment, re.IGNORECASE)
    return " ".join(match[0].split()) if match else text


def _is_ahead_and_later(round_: Round, row: AnswerRow, mentioned: Deadline) -> bool:
    """Whether a deadline is after the as-of date and not before the planned one."""
    deadline_field = round_.template.field_in_role("deadline")
    deadline = row.item.plan_value(deadline_field.key) if deadline_field else None
    later = mentioned.is_later_than(deadline) if isinstance(deadline, Deadline) else None
    return not mentioned.has_passed(round_.as_of) and later is not False


def _has_final_status(round_: Round, row: AnswerRow) -> bool:
    status = round_.template.field_in_role("status")
    code = row.value(status.key) if status else None
    options = round_.template.choice_list(status).options if status else ()
    return any(option.final for option in options if option.code == code)


def _has_dates(value: object) -> bool:
    return isinstance(value, Deadline) and value.first is not None


def _shares_date(value: object, mentioned: Deadline) -> bool:
    """Whether an answer is a deadline whose dates overlap those of another."""
    if not isinstance(value, Deadline) or not (value.first and value.last and mentioned.first and mentioned.last):
        return False
    return value.first <= mentioned.last and mentioned.first <= value.last

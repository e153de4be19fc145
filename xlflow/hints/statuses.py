"""A status that the comment begins with and the column contradicts: Kvarstår, "Kan komma att försenas. Vi …".

Only a comment that begins with a status is taken to tell one, and only a worse one, or one that is settled where
the column's is not (or the other way round), contradicts: what is postponed may well be ongoing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.findings import Finding, make_finding
from xlflow.core.model import Answer, AnswerRow, Round
from xlflow.core.same import IdentityKey
from xlflow.core.template import Choice, ChoiceList
from xlflow.core.text import normalize_for_parsing
from xlflow.core.words import LANGUAGES, LocalizedText

_SUBJECT_PATTERN = (
    r"(?:(?:den här |denna |this |the )?(?:aktiviteten?|delaktiviteten?|arbetet|uppdraget|åtgärden|status(?:en)?"
    r"|activity|sub-activity|work|task|measure)[: ]+|det |den |it |denna |this )?"
    r"(?:(?:är|har|blir|blev|bedöms|is|has been|was|will be)(?: nu| redan| now| already)? )?"
)
_LOOKAHEAD_PATTERN = (
    r"(?=\s*(?:$|[.,;:!()–-])|\s+(?:till|t\.?o\.?m|på grund|pga|p\.g\.a|eftersom|då|enligt|under|men|och|i|den"
    r"|från|tills|för att|sedan|utan|to|until|because|due|under|but|and|in|as|since|from|according|without)\b)"
)
_MAX_OPENING_LETTERS = 120
"""Letters of a text within which the status stands that it begins with."""

_MIN_NAME_LETTERS = 4
"""Letters that a name of a status must have to be looked for in a text."""


def check_comment_status(round_: Round, row: AnswerRow, comment: Answer) -> Iterator[Finding]:
    """Yield the status that a comment begins with, where the column is blank or says otherwise."""
    template = round_.template
    field = template.field_in_role("status")
    answer = row.answer(field.key) if field else None
    if field is None or answer is None:
        return
    choices = template.choice_list(field)
    named_status = parse_opening_status(comment.raw_text, choices)
    if named_status is None or (
        answer.value is not None and not _contradicts(named_status, str(answer.value), choices)
    ):
        return
    labels = {language: template.choice_label(field, str(answer.value or ""), language) for language in LANGUAGES}
    yield make_finding(
        "status-only-in-comment" if answer.is_blank else "status-in-comment",
        row.location_of(answer),
        unit=row.unit,
        row_id=row.item.id,
        field=field.key,
        value=answer.raw_text or None,
        suggestion=named_status.label.in_language(round_.language),
        params={
            "field": field.label,
            "named": named_status.label,
            "own": LocalizedText(**labels) if answer.value is not None else answer.raw_text,
        },
    )


@dataclass(frozen=True, slots=True)
class StatusNames:
    """Every name of every status, as names are compared, the longest first; and how a text begins with one."""

    choice_by_name: Mapping[str, Choice]
    opening_pattern: re.Pattern[str]


def parse_opening_status(text: str, choices: ChoiceList) -> Choice | None:
    """Return the status that a text begins with, None if it begins otherwise."""
    names = status_names(choices)
    match = names.opening_pattern.match(text[:_MAX_OPENING_LETTERS].casefold())
    return names.choice_by_name[" ".join(match[1].split())] if match else None


def status_names(choices: ChoiceList) -> StatusNames:
    """Return the names of the statuses; worked out once for each list."""
    return _build_status_names(IdentityKey(choices))


@lru_cache(maxsize=64)
def _build_status_names(choices_key: IdentityKey[ChoiceList]) -> StatusNames:
    choice_by_name = {
        normalize_for_parsing(name): option
        for option in reversed(choices_key.value.options)
        for name in (*option.aliases, option.label.en, option.label.sv)
        if len(name) >= _MIN_NAME_LETTERS
    }
    by_length = dict(sorted(choice_by_name.items(), key=lambda pair: (-len(pair[0]), pair[0])))
    alternatives = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in by_length) or "(?!)"
    return StatusNames(
        MappingProxyType(by_length), re.compile(rf"\W*{_SUBJECT_PATTERN}({alternatives}){_LOOKAHEAD_PATTERN}")
    )


def _contradicts(named: Choice, code: str, choices: ChoiceList) -> bool:
    current = next((option for option in choices.options if option.code == code), None)
    if current is None or named.code == current.code:
        return False
    if named.settled or current.settled:
        return True
    return named.rank is not None and current.rank is not None and named.rank > current.rank

"""A status that the comment begins with and the column contradicts: Kvarstår, "Kan komma att försenas. Vi …".

Only a comment that begins with a status is taken to tell one, and only a worse one, or one that is settled where
the column's is not (or the other way round), contradicts: what is postponed may well be ongoing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.findings import Finding, find
from xlflow.core.model import Answer, Round, Row
from xlflow.core.same import Same
from xlflow.core.template import Choice, ChoiceList
from xlflow.core.text import plain
from xlflow.core.words import LANGUAGES, Text

_SUBJECT = (
    r"(?:(?:den här |denna |this |the )?(?:aktiviteten?|delaktiviteten?|arbetet|uppdraget|åtgärden|status(?:en)?"
    r"|activity|sub-activity|work|task|measure)[: ]+|det |den |it |denna |this )?"
    r"(?:(?:är|har|blir|blev|bedöms|is|has been|was|will be)(?: nu| redan| now| already)? )?"
)
_AFTER = (
    r"(?=\s*(?:$|[.,;:!()–-])|\s+(?:till|t\.?o\.?m|på grund|pga|p\.g\.a|eftersom|då|enligt|under|men|och|i|den"
    r"|från|tills|för att|sedan|utan|to|until|because|due|under|but|and|in|as|since|from|according|without)\b)"
)
_BEGINNING = 120
"""Letters of a text within which the status stands that it begins with."""

_LEAST = 4
"""Letters that a name of a status must have to be looked for in a text."""


def hint_status(round_: Round, row: Row, comment: Answer) -> Iterator[Finding]:
    """Yield the status that a comment begins with, where the column is blank or says otherwise."""
    template = round_.template
    field = template.field_in_role("status")
    answer = row.answer(field.key) if field else None
    if field is None or answer is None:
        return
    choices = template.choice_list(field)
    named = read_status(comment.written, choices)
    if named is None or (answer.value is not None and not _contradicts(named, str(answer.value), choices)):
        return
    labels = {language: template.say_choice(field, str(answer.value or ""), language) for language in LANGUAGES}
    yield find(
        "status-only-in-comment" if answer.is_blank else "status-in-comment",
        row.place_of(answer),
        unit=row.unit,
        row_id=row.line.id,
        field=field.key,
        value=answer.written or None,
        suggestion=named.label.say(round_.language),
        words={
            "field": field.label,
            "named": named.label,
            "own": Text(**labels) if answer.value is not None else answer.written,
        },
    )


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of every status, as names are compared, the longest first; and how a text begins with one."""

    by_name: Mapping[str, Choice]
    begins: re.Pattern[str]


def read_status(text: str, choices: ChoiceList) -> Choice | None:
    """Return the status that a text begins with, None if it begins otherwise."""
    names = names_of(choices)
    found = names.begins.match(text[:_BEGINNING].casefold())
    return names.by_name[" ".join(found[1].split())] if found else None


def names_of(choices: ChoiceList) -> Names:
    """Return the names of the statuses; worked out once for each list."""
    return _names_of(Same(choices))


@lru_cache(maxsize=64)
def _names_of(same: Same[ChoiceList]) -> Names:
    names = {
        plain(name): option
        for option in reversed(same.value.options)
        for name in (*option.aliases, option.label.en, option.label.sv)
        if len(name) >= _LEAST
    }
    by_length = dict(sorted(names.items(), key=lambda pair: (-len(pair[0]), pair[0])))
    either = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in by_length) or "(?!)"
    return Names(MappingProxyType(by_length), re.compile(rf"\W*{_SUBJECT}({either}){_AFTER}"))


def _contradicts(named: Choice, code: str, choices: ChoiceList) -> bool:
    own = next((option for option in choices.options if option.code == code), None)
    if own is None or named.code == own.code:
        return False
    if named.settled or own.settled:
        return True
    return named.rank is not None and own.rank is not None and named.rank > own.rank

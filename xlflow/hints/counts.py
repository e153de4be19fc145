"""A count that somebody made by hand and that the rows below do not bear out.

"Av de sex delarna är tre pågående, en kvarstår och två kan komma att försenas": read as total and counts, and
held against the statuses of the sub-activities. What it cannot read it leaves alone.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from xlflow.core.findings import Finding, find
from xlflow.core.model import Answer, Round, Row
from xlflow.core.rollup import Kin
from xlflow.core.template import ChoiceList, Field, Template
from xlflow.core.text import plain
from xlflow.core.words import LANGUAGES, Language, Text, say
from xlflow.hints.statuses import names_of

_TOTAL = r"\b(?:av|of)\s+(?:(?:de|dessa|våra|totalt|the|our|these|all|alla)\s+)*"
_MAYBE = re.compile(r"\b(?:av|of)\s", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[a-zåäöé)])[.!?](?:\s|$)|\n")


def hint_counts(
    round_: Round, row: Row, comment: Answer, rows: Sequence[Row], kin: Mapping[str, Kin]
) -> Iterator[Finding]:
    """Yield a count of the rows below that they do not bear out."""
    field = round_.template.field_in_role("status")
    parts = kin[row.line.id].below if row.line.id in kin else ()
    if field is None or not parts:
        return
    claim = read_counts(comment.written, round_.template.choice_list(field))
    if claim is None:
        return
    by_id = {each.line.id: each for each in rows}
    codes = [by_id[part].value(field.key) for part in parts]
    counted = Counter(str(code) for code in codes if code is not None)
    total, said = claim
    if total == len(parts) and all(counted[code] == number for code, number in said.items()):
        return
    words = {
        "said": _say_all(round_.template, field, said, total),
        "counted": _say_all(round_.template, field, counted, len(parts)),
    }
    yield find(
        "count-in-comment",
        row.place_of(comment),
        unit=row.unit,
        row_id=row.line.id,
        field=comment.field,
        words=words,
    )


def read_counts(text: str, choices: ChoiceList) -> tuple[int, Mapping[str, int]] | None:
    """Return the total that a text names and how many of it have which status; None if it names none."""
    for sentence in _SENTENCE.split(text) if _MAYBE.search(text) else ():
        key = plain(sentence)
        total = _patterns()[0].search(key)
        said = _read_parts(key[total.end() :], choices) if total else {}
        if total and said:
            return _value(total[1]), said
    return None


def _read_parts(key: str, choices: ChoiceList) -> dict[str, int]:
    """Return the counts of a sentence: each number belongs to the one status that is named before the next."""
    numbers = list(_patterns()[1].finditer(key))
    names = names_of(choices).by_name
    said: Counter[str] = Counter()
    ends = [*(number.start() for number in numbers[1:]), len(key)]
    for number, end in zip(numbers, ends, strict=False):
        segment = key[number.end() : end]
        found = {option.code for name, option in names.items() if re.search(rf"\b{re.escape(name)}\b", segment)}
        if len(found) == 1:
            said[found.pop()] += _value(number[1])
    return dict(said)


@cache
def _words() -> Mapping[str, int]:
    """Return the numbers that people write as words: noll, en, ett, två … twelve."""
    listed = (
        (number, names) for each in LANGUAGES for number, names in enumerate(say("hints.numbers", each).split())
    )
    return {name: number for number, names in listed for name in names.split("/")}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return how a total is named ("av de sex"), and how a number is."""
    number = "|".join((r"[0-9]{1,3}", *_words()))
    return re.compile(rf"{_TOTAL}({number})\b"), re.compile(rf"\b({number})\b")


def _value(word: str) -> int:
    return int(word) if word.isdecimal() else _words()[word]


def _say_all(template: Template, field: Field, counts: Mapping[str, int], total: int) -> Text:
    return Text(**{language: _say(template, field, counts, total, language) for language in LANGUAGES})


def _say(template: Template, field: Field, counts: Mapping[str, int], total: int, language: Language) -> str:
    """Return "6: 3 Pågående, 1 Kvarstår", the statuses in the template's order."""
    options = template.choice_list(field).options
    listed = (f"{counts[each.code]} {each.label.say(language)}" for each in options if counts.get(each.code))
    return say("hints.count", language, total=total, counts=", ".join(listed) or "–")

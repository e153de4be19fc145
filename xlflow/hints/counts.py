"""A count that somebody made by hand and that the rows below do not bear out.

"Av de sex delarna är tre pågående, en kvarstår och två kan komma att försenas": read as total and counts, and
held against the statuses of the sub-activities. What it cannot read it leaves alone.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from xlflow.core.findings import Finding, make_finding
from xlflow.core.model import Answer, AnswerRow, Round
from xlflow.core.rollup import Relatives
from xlflow.core.template import ChoiceList, Field, Template
from xlflow.core.text import normalize_for_parsing
from xlflow.core.words import LANGUAGES, Language, LocalizedText, translate
from xlflow.hints.statuses import status_names

_TOTAL_PHRASE = r"\b(?:av|of)\s+(?:(?:de|dessa|våra|totalt|the|our|these|all|alla)\s+)*"
_MAY_NAME_TOTAL = re.compile(r"\b(?:av|of)\s", re.IGNORECASE)
_SENTENCE_BREAK = re.compile(r"(?<=[a-zåäöé)])[.!?](?:\s|$)|\n")


def check_comment_counts(
    round_: Round, row: AnswerRow, comment: Answer, rows: Sequence[AnswerRow], relatives: Mapping[str, Relatives]
) -> Iterator[Finding]:
    """Yield a count of the rows below that they do not bear out."""
    field = round_.template.field_in_role("status")
    child_ids = relatives[row.item.id].children if row.item.id in relatives else ()
    if field is None or not child_ids:
        return
    claimed = parse_counts(comment.raw_text, round_.template.choice_list(field))
    if claimed is None:
        return
    by_id = {other_row.item.id: other_row for other_row in rows}
    codes = [by_id[child_id].value(field.key) for child_id in child_ids]
    actual_counts = Counter(str(code) for code in codes if code is not None)
    total, claimed_counts = claimed
    if total == len(child_ids) and all(actual_counts[code] == count for code, count in claimed_counts.items()):
        return
    params = {
        "said": _counts_text_all_languages(round_.template, field, claimed_counts, total),
        "counted": _counts_text_all_languages(round_.template, field, actual_counts, len(child_ids)),
    }
    yield make_finding(
        "count-in-comment",
        row.location_of(comment),
        unit=row.unit,
        row_id=row.item.id,
        field=comment.field,
        params=params,
    )


def parse_counts(text: str, choices: ChoiceList) -> tuple[int, Mapping[str, int]] | None:
    """Return the total that a text names and how many of it have which status; None if it names none."""
    for sentence in _SENTENCE_BREAK.split(text) if _MAY_NAME_TOTAL.search(text) else ():
        normalized = normalize_for_parsing(sentence)
        total = _count_patterns()[0].search(normalized)
        counts = _parse_status_counts(normalized[total.end() :], choices) if total else {}
        if total and counts:
            return _parse_number_word(total[1]), counts
    return None


def _parse_status_counts(normalized: str, choices: ChoiceList) -> dict[str, int]:
    """Return the counts of a sentence: each number belongs to the one status that is named before the next."""
    numbers = list(_count_patterns()[1].finditer(normalized))
    names = status_names(choices).choice_by_name
    counts: Counter[str] = Counter()
    ends = [*(number.start() for number in numbers[1:]), len(normalized)]
    for number, end in zip(numbers, ends, strict=False):
        segment = normalized[number.end() : end]
        codes = {option.code for name, option in names.items() if re.search(rf"\b{re.escape(name)}\b", segment)}
        if len(codes) == 1:
            counts[codes.pop()] += _parse_number_word(number[1])
    return dict(counts)


@cache
def _number_words() -> Mapping[str, int]:
    """Return the numbers that people write as words: noll, en, ett, två … twelve."""
    numbered_names = (
        (number, names)
        for each in LANGUAGES
        for number, names in enumerate(translate("hints.numbers", each).split())
    )
    return {name: number for number, names in numbered_names for name in names.split("/")}


@cache
def _count_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return how a total is named ("av de sex"), and how a number is."""
    number_pattern = "|".join((r"[0-9]{1,3}", *_number_words()))
    return re.compile(rf"{_TOTAL_PHRASE}({number_pattern})\b"), re.compile(rf"\b({number_pattern})\b")


def _parse_number_word(word: str) -> int:
    return int(word) if word.isdecimal() else _number_words()[word]


def _counts_text_all_languages(
    template: Template, field: Field, counts: Mapping[str, int], total: int
) -> LocalizedText:
    return LocalizedText(
        **{language: _counts_text(template, field, counts, total, language) for language in LANGUAGES}
    )


def _counts_text(
    template: Template, field: Field, counts: Mapping[str, int], total: int, language: Language
) -> str:
    """Return "6: 3 Pågående, 1 Kvarstår", the statuses in the template's order."""
    options = template.choice_list(field).options
    listed = (
        f"{counts[option.code]} {option.label.in_language(language)}"
        for option in options
        if counts.get(option.code)
    )
    return translate("hints.count", language, total=total, counts=", ".join(listed) or "–")

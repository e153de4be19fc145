"""Merged answers -> hints: what a comment says and the columns beside it do not. Deadlines, statuses, counts, PII.

Status: a comment that begins with a status ("Kan komma att försenas. Vi …") contradicts the column if that status
is worse, or if only one of the two is final; a postponed activity may well be ongoing.
Counts: "Av de sex delarna är tre pågående, en kvarstår …" is read as a total and counts, and compared with the
statuses of the sub-activities. Sentences that cannot be read are ignored.

Hints change nothing and are never errors. Where the check already reports the cell that a hint is about, the hint
becomes the suggestion of that finding, so that nobody reads the same thing twice.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import MappingProxyType

from xlflow.check.comment_dates import check_comment_deadline
from xlflow.check.pii import find_pii
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate
from xlflow.model.findings import Finding, Severity, make_finding
from xlflow.model.merged import Merged
from xlflow.model.plan import Round
from xlflow.model.submission import Answer, AnswerRow
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice, ChoiceList, Field
from xlflow.model.text import normalize_for_parsing
from xlflow.rules.rollup import Relatives, relatives_by_id
from xlflow.runtime.memo import IdentityKey

_SUBJECT_PATTERN = (
    r"(?:(?:den här |denna |this |the )?(?:aktiviteten?|delaktiviteten?|arbetet|uppdraget|åtgärden|status(?:en)?"
    r"|activity|sub-activity|work|task|measure)[: ]+|det |den |it |denna |this )?"
    r"(?:(?:är|har|blir|blev|bedöms|is|has been|was|will be)(?: nu| redan| now| already)? )?"
)
_LOOKAHEAD_PATTERN = (
    r"(?=\s*(?:$|[.,;:!()–-])|\s+(?:till|t\.?o\.?m|på grund|pga|p\.g\.a|eftersom|då|enligt|under|men|och|i|den"
    r"|från|tills|för att|sedan|utan|to|until|because|due|under|but|and|in|as|since|from|according|without)\b)"
)
_TIME_FOLLOWS = re.compile(r"\s{1,20}(?:till|t\.?o\.?m|under|i|to|until|by|in|from|från|den)\b")
"""What makes of "klart" a plan: "Klart till hösten" does not say that anything is done."""

_MAX_OPENING_LETTERS = 120
"""Characters at the start of a text in which the opening status is looked for."""

_MIN_NAME_LETTERS = 4
"""Length from which a name of a status is looked for in a text."""


def check_comment_status(round_: Round, row: AnswerRow, comment: Answer) -> Iterator[Finding]:
    """Yield a finding on the status that a comment begins with, where the column is blank or contradicts it."""
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
    """The names of all statuses, normalised and longest first, and the pattern of a text that opens with one."""

    choice_by_name: Mapping[str, Choice]
    opening_pattern: re.Pattern[str]


def parse_opening_status(text: str, choices: ChoiceList) -> Choice | None:
    """Return the status that a text begins with, None if it begins otherwise."""
    names = status_names(choices)
    opening = text[:_MAX_OPENING_LETTERS].casefold()
    match = names.opening_pattern.match(opening)
    if match is None or (match[1] in _ready_words() and _TIME_FOLLOWS.match(opening, match.end(1))):
        return None
    return names.choice_by_name[" ".join(match[1].split())]


@cache
def _ready_words() -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in translate("hints.ready", language).split())


def status_names(choices: ChoiceList) -> StatusNames:
    """Return the names of the statuses of a choice list (cached)."""
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
    if named.final or current.final:
        return True
    return named.rank is not None and current.rank is not None and named.rank > current.rank


_REFERENCE = re.compile(
    r"\W{0,20}(?:(?:se|jfr|jämför|samma som|likadant som|som|see|cf|same as|as)\.?\s{1,20}"
    r"(?:(?:raden|kommentaren|kommentar|svaret|the|row|comment)\s{1,20}){0,2}"
    r"(?:ovan(?:för|stående|nämnda)?|nedan(?:för|stående)?|föregående(?: rad)?|förra raden"
    r"|above|below|previous row)"
    r"|d:o|dito|ditto|ibid|idem|samma|[\"”″〃]{1,20})\W{0,20}"
)
_MAX_REFERENCE_LETTERS = 60


def check_comment_reference(row: AnswerRow, comment: Answer, field: Field) -> Iterator[Finding]:
    """Yield a finding where a comment is nothing but a reference to another row ("Se ovan")."""
    text = comment.raw_text.strip()
    if len(text) <= _MAX_REFERENCE_LETTERS and _REFERENCE.fullmatch(text.casefold()):
        yield make_finding(
            "comment-points-elsewhere",
            row.location_of(comment),
            unit=row.unit,
            row_id=row.item.id,
            field=comment.field,
            value=text,
            params={"field": field.label},
        )


_TOTAL_PHRASE = r"\b(?:av|of)\s+(?:(?:de|dessa|våra|totalt|the|our|these|all|alla)\s+)*"
_MAY_NAME_TOTAL = re.compile(r"\b(?:av|of)\s", re.IGNORECASE)
_SENTENCE_BREAK = re.compile(r"(?<=[a-zåäöé)])[.!?](?:\s|$)|\n")


def check_comment_counts(
    round_: Round, row: AnswerRow, comment: Answer, rows: Sequence[AnswerRow], relatives: Mapping[str, Relatives]
) -> Iterator[Finding]:
    """Yield a finding where the comment counts the sub-activities differently from their statuses.

    `rows` are those of the same unit; `relatives` is by item id.
    """
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
    """Return (total, count by choice code) from the first sentence that has both; None if none has."""
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
        codes = _codes_named(segment, names)
        if len(codes) == 1:
            counts[codes.pop()] += _parse_number_word(number[1])
    return dict(counts)


def _codes_named(text: str, choice_by_name: Mapping[str, Choice]) -> set[str]:
    """Return the codes of the statuses that a text names. `choice_by_name` has the longest names first, so that
    "kan komma att försenas" does not name "försenas" too."""
    codes = set()
    for name, option in choice_by_name.items():
        without_name = re.sub(rf"\b{re.escape(name)}\b", "|", text)
        if without_name != text:
            codes.add(option.code)
            text = without_name
    return codes


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


_CODE_BY_PII_KIND = {
    "personal_number": "personal-number-in-text",
    "email": "email-in-text",
    "phone": "phone-in-text",
}


def add_hints(merged: Merged, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with suggestions from the comments, followed by the other hints."""
    combined = list(findings)
    index_by_cell = {
        (finding.location, finding.field): index
        for index, finding in enumerate(combined)
        if finding.effective_severity is not Severity.NOTE and not finding.suggestion
    }
    standalone = []
    for hint in find_hints(merged):
        number = index_by_cell.get((hint.location, hint.field)) if hint.suggestion else None
        if number is None:
            standalone.append(hint)
        else:
            combined[number] = replace(combined[number], suggestion=hint.suggestion)
    return (*combined, *standalone)


def find_hints(merged: Merged) -> tuple[Finding, ...]:
    """Return every hint on the merged answers, unit by unit."""
    return tuple(
        hint
        for rows in merged.rows_by_unit().values()
        for hint in _unit_hints(merged, merged.round.template, rows)
    )


def _unit_hints(merged: Merged, template: Template, rows: Sequence[AnswerRow]) -> Iterator[Finding]:
    comment = template.field_in_role("comment")
    answered_rows = [
        row for row in rows if any(not answer.is_blank for answer in row.answers) or row.item.added_by_unit
    ]
    for row in answered_rows:
        yield from _pii_hints(row)
    if comment is None:
        return
    relatives = None
    for row in answered_rows:
        answer = row.answer(comment.key)
        if answer and not answer.is_blank:
            yield from check_comment_deadline(merged.round, row, answer)
            yield from check_comment_status(merged.round, row, answer)
            yield from check_comment_reference(row, answer, comment)
            relatives = relatives or relatives_by_id([unit_row.item for unit_row in rows], template)
            yield from check_comment_counts(merged.round, row, answer, rows, relatives)


def _pii_hints(row: AnswerRow) -> Iterator[Finding]:
    """Yield a finding per kind of personal data, in answers and in the texts of activities added by the unit."""
    texts = [
        (row.location_of(answer), answer.field, answer.raw_text) for answer in row.answers if not answer.is_blank
    ]
    item_texts = (
        [(row.location, None, text) for text in row.item.level_texts if text] if row.item.added_by_unit else []
    )
    for location, field, text in (*texts, *item_texts):
        shown_by_code: dict[str, list[str]] = {}
        for match in find_pii(text):
            shown_by_code.setdefault(_CODE_BY_PII_KIND[match.kind], []).append(match.shortened)
        for code, shown in shown_by_code.items():
            params = {"shown": ", ".join(shown)}
            yield make_finding(code, location, unit=row.unit, row_id=row.item.id, field=field, params=params)

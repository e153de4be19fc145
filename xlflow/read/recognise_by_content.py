"""Recognises a form that has lost all it said of itself, by what anybody can see: its code, a name, its rows.

So it is with answers that were copied into a new workbook or typed again. Never decides between two units that
fit equally well, and never takes a workbook for a form in which no row is one that was issued.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.identity import build_identity
from xlflow.form.layout import make_form_code
from xlflow.form.metadata import IssuedForm, issued_items
from xlflow.i18n.catalogue import LANGUAGES, UNKNOWN_DATE, LocalizedText, format_long_date, translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Round
from xlflow.model.text import normalize_key_cached
from xlflow.read.form_schema import get_form_schema
from xlflow.read.locate_table import LocatedTable, find_tables
from xlflow.read.match_rows import match_rows
from xlflow.values import parse_full_date

_TITLE_PATTERNS = tuple(
    re.compile(
        re.escape(normalize_key_cached(translate("form.title", language, title="qtq", unit="quq", day="qdq")))
        .replace("qtq", ".*?")
        .replace("quq", "(?P<unit>.+)")
        .replace("qdq", "(?P<day>.+)")
    )
    for language in LANGUAGES
)
"""What the title of a form reads like, folded, in either language."""

_CODE_PATTERNS = tuple(
    re.compile(
        re.escape(normalize_key_cached(translate("form.code", language, code="qcq"))).replace(
            "qcq", r"(\w{4}-\w{4})\b"
        )
    )
    for language in LANGUAGES
)

_SCANNED_ROWS = 200
"""Rows of a sheet without a table that may name the unit."""

_ROWS_ABOVE_TABLE = 20
"""Rows of any sheet that may stand above a table."""


@dataclass(frozen=True, slots=True)
class KnownRound:
    """A round that was issued; `unit` where it holds the lines of that unit only."""

    round: Round
    unit: str | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units whose lines are all known."""
        return (self.unit,) if self.unit else tuple(unit.name for unit in self.round.plan.units)


@dataclass(frozen=True, slots=True)
class FormCandidate:
    """A unit and round that a sheet may hold the form of: what speaks for it, how many of its rows are there."""

    table: LocatedTable
    issued: IssuedForm
    matched_by: Literal["code", "name", "rows"]
    names_date: bool
    matched_rows: int
    other_date: date | None = None

    @property
    def unit(self) -> str:
        """The unit."""
        return self.issued.identity.unit

    @property
    def issued_rows(self) -> int:
        """How many rows were issued."""
        return self.issued.identity.row_count

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        """How much speaks for it."""
        return (
            self.matched_by == "code",
            self.matched_by == "name",
            self.names_date,
            self.matched_rows,
            -self.issued_rows,
        )


def recognise_by_content(
    workbook: WorkbookData, known_rounds: Sequence[KnownRound]
) -> tuple[IssuedForm, Finding] | Finding | None:
    """Return what was issued in a form, with the note that says so; what keeps it from being told; or None if the
    workbook is no form of a known round. A plan alone is no round, since it names no day."""
    candidates = [
        candidate for known_round in known_rounds for candidate in _candidates_for_round(workbook, known_round)
    ]
    likely = keep_likely_candidates(
        [one for one in candidates if one.issued.round.as_of != UNKNOWN_DATE and not one.other_date]
    )
    if not likely:
        return _make_date_finding(workbook, keep_likely_candidates(candidates))
    best = max(likely, key=candidate_sort_key)
    if any(one.unit != best.unit and one.rank == best.rank and one.table == best.table for one in likely):
        params = {"day": best.issued.round.as_of.isoformat()}
        return make_finding("form-unit-unclear", Location(workbook.name), params=params)
    evidence_text = LocalizedText(
        **{language: translate(f"recognised.{best.matched_by}", language) for language in LANGUAGES}
    )
    recognised_params: dict[str, str | int | LocalizedText] = {
        "how": evidence_text,
        "count": best.matched_rows,
        "total": best.issued_rows,
    }
    return best.issued, make_finding(
        "form-recognised", Location(workbook.name), unit=best.unit, params=recognised_params
    )


def _make_date_finding(workbook: WorkbookData, candidates: Sequence[FormCandidate]) -> Finding | None:
    """Return that a workbook would be a form, were its day known or that of the round; None if it would not."""
    best = max(candidates, key=candidate_sort_key, default=None)
    if best is None:
        return None
    other_date = best.other_date
    if other_date and best.issued.round.as_of != UNKNOWN_DATE:
        params = {"theirs": other_date.isoformat(), "ours": best.issued.round.as_of.isoformat()}
        return make_finding("other-round", Location(workbook.name), unit=best.unit, params=params)
    is_ambiguous = any(candidate.unit != best.unit and candidate.rank == best.rank for candidate in candidates)
    return make_finding("form-day-unknown", Location(workbook.name), unit=None if is_ambiguous else best.unit)


def keep_likely_candidates(candidates: Sequence[FormCandidate]) -> list[FormCandidate]:
    """Return those for which a code or a name speaks; where there are none, those of whose rows most are there."""
    return [candidate for candidate in candidates if candidate.matched_by != "rows"] or [
        one for one in candidates if one.matched_rows * 2 >= one.issued_rows
    ]


def candidate_sort_key(candidate: FormCandidate) -> tuple[object, ...]:
    """Return how much speaks for it, so that no two weigh the same."""
    return (*candidate.rank, candidate.issued.round.key, candidate.unit)


def candidates_for_table(
    table: LocatedTable, surrounding_text: str, known_round: KnownRound
) -> Iterator[FormCandidate]:
    """Yield every unit of a round that a table may be the form of; `text` is what stands around it, folded."""
    round_ = known_round.round
    named_units = _find_unit_names(surrounding_text, [unit.name for unit in round_.plan.units])
    names_date = normalize_key_cached(format_long_date(round_.as_of, round_.language)) in surrounding_text
    _, title_date = parse_form_title(surrounding_text)
    other_date = title_date if title_date != round_.as_of else None
    for unit in known_round.units:
        has_form_code = make_form_code(round_.key, unit) in surrounding_text
        items = issued_items(round_, unit)
        if not items or not (has_form_code or not named_units or unit in named_units):
            continue
        unit_round = replace(round_, plan=replace(round_.plan, items=items))
        issued = IssuedForm(build_identity(round_, unit), unit_round, MappingProxyType({}), ())
        matched_rows = _count_matched_rows(table, issued)
        if matched_rows:
            yield FormCandidate(
                table,
                issued,
                "code" if has_form_code else "name" if named_units else "rows",
                names_date,
                matched_rows,
                None if has_form_code else other_date,
            )


def read_text_above(table: LocatedTable) -> str:
    """Return, folded, the name of a table's sheet and what stands above the table."""
    return "\n".join(_texts_outside_tables((table.sheet,), {id(table.sheet): table.heading_row}))


def parse_form_title(text: str) -> tuple[str, date | None]:
    """Return the unit, folded, and the day that the title of a form names in a folded text; "" and None if none
    stands there."""
    for pattern in _TITLE_PATTERNS:
        match = pattern.search(text)
        if match and (title_date := parse_full_date(match["day"])):
            return match["unit"], title_date
    return "", None


def find_form_codes(text: str) -> list[str]:
    """Return the form codes in a folded text."""
    return [match[1] for pattern in _CODE_PATTERNS for match in pattern.finditer(text)]


def find_round_hints(workbook: WorkbookData) -> Mapping[str, str]:
    """Return, as words of a finding, the days, the codes and the language of forms that can be read above the
    tables of a workbook of which nothing else is known."""
    texts = list(
        _texts_outside_tables(workbook.sheets, {id(sheet): _ROWS_ABOVE_TABLE for sheet in workbook.sheets})
    )
    dates = {title_date.isoformat() for text in texts if (title_date := parse_form_title(text)[1])}
    codes = {code for line in texts for code in find_form_codes(line)}
    if not (dates or codes):
        return {}
    languages: list[str] = [
        language
        for language, pattern in zip(LANGUAGES, _TITLE_PATTERNS, strict=True)
        if any(map(pattern.search, texts))
    ]
    hints = {"days": sorted(dates), "codes": sorted(codes), "spoken": languages}
    return {name: " ".join(values) for name, values in hints.items()}


def _candidates_for_round(workbook: WorkbookData, known_round: KnownRound) -> Iterator[FormCandidate]:
    """Yield every unit of a round that a sheet of the workbook may be the form of. Where it has one table only,
    the other sheets tell of that one too."""
    tables = find_tables(workbook.name, workbook.sheets, get_form_schema(known_round.round))
    for table in tables:
        heading_row_by_sheet = {id(table.sheet): table.heading_row}
        sheets = workbook.sheets if len(tables) == 1 else (table.sheet,)
        yield from candidates_for_table(
            table, "\n".join(_texts_outside_tables(sheets, heading_row_by_sheet)), known_round
        )


def _texts_outside_tables(sheets: Iterable[SheetData], end_row_by_sheet: Mapping[int, int]) -> Iterator[str]:
    """Yield the names of sheets and the texts on them, down to where `ends` says that a table begins."""
    for sheet in sheets:
        yield normalize_key_cached(sheet.name)
        for row in sheet.rows[: end_row_by_sheet.get(id(sheet), _SCANNED_ROWS)]:
            yield from (normalize_key_cached(cell) for cell in row if isinstance(cell, str))


def _find_unit_names(text: str, names: Sequence[str]) -> frozenset[str]:
    """Return the units whose names stand in a text; not one whose name is but a part of another's there."""
    found_names: set[str] = set()
    for name in sorted(names, key=lambda name: (-len(name), name)):
        pattern = re.compile(rf"(?<!\w){re.escape(normalize_key_cached(name))}(?!\w)")
        if pattern.search(text):
            found_names.add(name)
            text = pattern.sub("\0", text)
    return frozenset(found_names)


def _count_matched_rows(table: LocatedTable, issued: IssuedForm) -> int:
    schema = get_form_schema(issued.round)
    matches = match_rows(table, schema, issued.round.plan.items, table.sheet.rows)
    return len({match.item.id for match in matches if match.item})

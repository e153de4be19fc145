"""Recognises a form that has lost its identity, by what a person can see: its form code, a unit's name, its rows.

That is the case where answers were copied into a new workbook or typed again. Never decides between two units that
fit equally well, and never takes a workbook for a form if none of its rows was issued.
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

_TITLE_PARAMS = {"title": "qtq", "unit": "quq", "day": "qdq"}
_TITLE_SEPARATORS = tuple(
    tuple(re.split("qtq|quq|qdq", normalize_key_cached(translate("form.title", language, **_TITLE_PARAMS)))[1:3])
    for language in LANGUAGES
)
"""What stands between title and unit, and between unit and as-of date, in the title of a form in each language,
normalized."""

_CODE_PATTERNS = tuple(
    re.compile(
        re.escape(normalize_key_cached(translate("form.code", language, code="qcq"))).replace(
            "qcq", r"(\w{4}-\w{4})\b"
        )
    )
    for language in LANGUAGES
)

_MAX_DATE_LENGTH = 100
"""Characters after which nothing is a date any more."""

_SCANNED_ROWS = 200
"""Rows from the top of a sheet without a table that are searched for the unit's name."""

_ROWS_ABOVE_TABLE = 20
"""Rows from the top of a sheet that may be above a table, where nothing is known of the table."""


@dataclass(frozen=True, slots=True)
class KnownRound:
    """A round that was issued; `unit` is set where only the items of that unit are known."""

    round: Round
    unit: str | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The names of the units whose items are all known."""
        return (self.unit,) if self.unit else tuple(unit.name for unit in self.round.plan.units)


@dataclass(frozen=True, slots=True)
class FormCandidate:
    """A unit and round that a table may be the form of. `matched_by`: what was found, the form code, the unit's
    name, or only rows. `names_date`: the round's as-of date is above the table. `matched_rows`: issued rows that
    are there. `other_date`: the as-of date in the title, where it is not the round's."""

    table: LocatedTable
    issued: IssuedForm
    matched_by: Literal["code", "name", "rows"]
    names_date: bool
    matched_rows: int
    other_date: date | None = None

    @property
    def unit(self) -> str:
        """The unit's name."""
        return self.issued.identity.unit

    @property
    def issued_rows(self) -> int:
        """The number of rows that were issued."""
        return self.issued.identity.row_count

    @property
    def rank(self) -> tuple[bool, bool, bool, int, int]:
        """Sort key, best last: form code found, unit name found, date found, matched rows, fewest issued rows."""
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
    """Return (what was issued, the note that it was recognised); or the finding that says why the form cannot be
    told; or None if the workbook is no form of a known round. A plan alone is no round, since it has no as-of
    date."""
    candidates = [
        candidate for known_round in known_rounds for candidate in _candidates_for_round(workbook, known_round)
    ]
    likely = keep_likely_candidates(
        [
            candidate
            for candidate in candidates
            if candidate.issued.round.as_of != UNKNOWN_DATE and not candidate.other_date
        ]
    )
    if not likely:
        return _make_date_finding(workbook, keep_likely_candidates(candidates))
    best = max(likely, key=candidate_sort_key)
    if any(other.unit != best.unit and other.rank == best.rank and other.table == best.table for other in likely):
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
    """Return the finding that a workbook would be a form if its as-of date were known, or were that of the round;
    None if it would be none."""
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
    """Return those found by form code or name; where there are none, those of whose issued rows at least half are
    there."""
    return [candidate for candidate in candidates if candidate.matched_by != "rows"] or [
        candidate for candidate in candidates if candidate.matched_rows * 2 >= candidate.issued_rows
    ]


def candidate_sort_key(candidate: FormCandidate) -> tuple[object, ...]:
    """Return `FormCandidate.rank` with round and unit as tie breakers, so that the order never depends on the
    input's."""
    return (*candidate.rank, candidate.issued.round.key, candidate.unit)


def candidates_for_table(
    table: LocatedTable, surrounding_text: str, known_round: KnownRound
) -> Iterator[FormCandidate]:
    """Yield a candidate for every unit of a round that a table may be the form of. `surrounding_text` is the
    normalized text around the table."""
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
    """Return the name of a table's sheet and the texts above the table, normalized, one per text line."""
    return "\n".join(_texts_outside_tables((table.sheet,), {id(table.sheet): table.heading_row}))


def parse_form_title(text: str) -> tuple[str, date | None]:
    """Return (unit, normalized, and as-of date) from the title of a form in a normalized text; ("", None) if there
    is no title."""
    for separators in _TITLE_SEPARATORS:
        unit, day = _split_title(text, separators)
        if day and (title_date := parse_full_date(day[:_MAX_DATE_LENGTH])):
            return unit, title_date
    return "", None


def _split_title(text: str, separators: Sequence[str]) -> tuple[str, str]:
    """Return unit and day in the first line of a text that is like a title; ("", "") if none is.

    By plain searching: a pattern with three open ends takes the cube of the length of the text.
    """
    after_title, after_unit = separators
    for line in text.split("\n"):
        unit_start = line.find(after_title) + len(after_title)
        unit_end = line.rfind(after_unit, 0, len(line) - 1)
        if len(after_title) <= unit_start < unit_end:
            return line[unit_start:unit_end], line[unit_end + len(after_unit) :]
    return "", ""


def find_form_codes(text: str) -> list[str]:
    """Return the form codes in a normalized text."""
    return [match[1] for pattern in _CODE_PATTERNS for match in pattern.finditer(text)]


def find_round_hints(workbook: WorkbookData) -> Mapping[str, str]:
    """Return finding parameters with the dates, form codes and languages of forms that are found above the tables
    of a workbook of which nothing else is known ("days", "codes", "spoken", each with spaces between); {} if there
    are none."""
    texts = list(
        _texts_outside_tables(workbook.sheets, {id(sheet): _ROWS_ABOVE_TABLE for sheet in workbook.sheets})
    )
    dates = {title_date.isoformat() for text in texts if (title_date := parse_form_title(text)[1])}
    codes = {code for text in texts for code in find_form_codes(text)}
    if not (dates or codes):
        return {}
    languages: list[str] = [
        language
        for language, separators in zip(LANGUAGES, _TITLE_SEPARATORS, strict=True)
        if any(_split_title(text, separators)[1] for text in texts)
    ]
    hints = {"days": sorted(dates), "codes": sorted(codes), "spoken": languages}
    return {name: " ".join(values) for name, values in hints.items()}


def _candidates_for_round(workbook: WorkbookData, known_round: KnownRound) -> Iterator[FormCandidate]:
    """Yield a candidate for every unit of a round and every table. Where the workbook has one table only, the
    texts on its other sheets count for that table too."""
    tables = find_tables(workbook.name, workbook.sheets, get_form_schema(known_round.round))
    for table in tables:
        heading_row_by_sheet = {id(table.sheet): table.heading_row}
        sheets = workbook.sheets if len(tables) == 1 else (table.sheet,)
        yield from candidates_for_table(
            table, "\n".join(_texts_outside_tables(sheets, heading_row_by_sheet)), known_round
        )


def _texts_outside_tables(sheets: Iterable[SheetData], end_row_by_sheet: Mapping[int, int]) -> Iterator[str]:
    """Yield the names of sheets and the texts on them, normalized, down to the row (0-based, exclusive) that
    `end_row_by_sheet` has for the sheet's `id()`."""
    for sheet in sheets:
        yield normalize_key_cached(sheet.name)
        for row in sheet.rows[: end_row_by_sheet.get(id(sheet), _SCANNED_ROWS)]:
            yield from (normalize_key_cached(cell) for cell in row if isinstance(cell, str))


def _find_unit_names(text: str, names: Sequence[str]) -> frozenset[str]:
    """Return the names that are in a normalized text; not one that is there only as part of a longer name."""
    found_names: set[str] = set()
    for name in sorted(names, key=lambda name: (-len(name), name)):
        pattern = re.compile(rf"(?<!\w){re.escape(normalize_key_cached(name))}(?!\w)")
        if pattern.search(text):
            found_names.add(name)
            text = pattern.sub("\0", text)
    return frozenset(found_names)


def _count_matched_rows(table: LocatedTable, issued: IssuedForm) -> int:
    """Return how many of the issued items have a row in the table."""
    schema = get_form_schema(issued.round)
    matches = match_rows(table, schema, issued.round.plan.items, table.sheet.rows)
    return len({match.item.id for match in matches if match.item})

"""Puts one form together: rows, what is set aside, what was assumed, and what of the issued is missing.

Every row of the form that holds anything is counted once: as a line's, as the unit's own, or as set aside.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import Issued
from xlflow.core.model import Line, Row, Value
from xlflow.core.text import short_code, tidy_lines
from xlflow.core.values import written_text
from xlflow.excel.incoming import Raw
from xlflow.read.answers import Reader
from xlflow.read.aside import Keeper
from xlflow.read.copies import Read
from xlflow.read.evidence import report_evidence
from xlflow.read.match import OWN, Match, match_rows
from xlflow.read.merged import spread_merged
from xlflow.read.shape import Shape
from xlflow.read.shifted import find_shifted_columns, keep_shifted_formulas
from xlflow.read.sums import keep_sums_apart
from xlflow.read.table import Table, lift_heading


@dataclass(slots=True)
class _Gathered:
    """What is gathered while the rows go by: per line the rows that claim it, and all else."""

    reader: Reader
    keeper: Keeper
    rows: dict[str, Row] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_table(table: Table, shape: Shape, issued: Issued) -> Read:
    """Return what stands in the form on one sheet."""
    unit, lines = issued.identity.unit, issued.round.plan.lines
    table = lift_heading(table, shape, lines)
    reader, keeper = Reader(table, shape, unit), Keeper(table, shape, unit)
    cells, found = spread_merged(table, shape, keeper)
    cells, shifted = keep_shifted_formulas(cells, table, shape, keeper)
    matches = keep_sums_apart(match_rows(table, shape, lines, cells), cells, table, shape)
    matches = _settle_twice(matches, cells, reader)
    gathered = _Gathered(reader, keeper, findings=[*found, *shifted])
    for match in matches:
        _take_row(match, cells[match.row], gathered)
    keeper.headings.update(match.row for match in matches if match.kind == "heading")
    keeper.keep_loose(issued.round, {match.row for match in matches if match.kind == "loose"})
    before = issued.previous.texts if issued.previous else {}
    said = {match.row: match.line.id if match.line else "" for match in matches if match.kind in ("line", "own")}
    keeper.keep_over_previous({row: before.get(line_id, "") for row, line_id in said.items()})
    rows = tuple(gathered.rows.values())
    missing = _report_missing(table, shape, lines, gathered.rows, unit)
    evidence = (*report_evidence(table, shape, rows), *find_shifted_columns(table, shape, unit))
    findings = (*table.findings, *gathered.findings, *reader.findings, *evidence, *missing)
    return Read(table, rows, tuple(keeper.kept), findings)


def _settle_twice(matches: list[Match], cells: Sequence[Sequence[Raw]], reader: Reader) -> list[Match]:
    """Return the matches, of several rows that answer one line only the one that most speaks for as that line's,
    the first of equals: a row that somebody pasted above does not push the issued one aside."""
    claimed = [match.line.id for match in matches if match.line]
    if len(set(claimed)) == len(claimed):
        return matches
    claims = Counter(claimed)
    twice = [match for match in matches if match.line and claims[match.line.id] > 1]
    full = [match for match in twice if any(_filled(cells[match.row], reader))]
    best: dict[str, Match] = {}
    for match in full:
        line_id = match.line.id if match.line else ""
        best[line_id] = max(best.get(line_id, match), match, key=lambda one: one.weight)
    weaker = {match.row for match in full}.difference(match.row for match in best.values())
    aside = partial(replace, kind="aside", line=None, code="row-twice")
    return [aside(match) if match.row in weaker else match for match in matches]


# Rows -----------------------------------------------------------------------------------------------------


def _take_row(match: Match, cells: Sequence[Raw], gathered: _Gathered) -> None:
    reader = gathered.reader
    if match.kind in ("loose", "heading"):
        return
    if match.kind == "aside":
        gathered.keeper.keep_row(match.row, cells, match.code or "row-unknown")
        return
    line = match.line or _make_own_line(match, cells, reader, gathered.rows)
    before = gathered.rows.get(line.id)
    place = reader.table.place(match.row)
    if before is None or before.is_blank:
        gathered.rows[line.id] = Row(line, reader.unit, place, reader.read_answers(match.row, cells, line.id))
    if match.code:
        value = " | ".join(filter(None, match.texts))
        gathered.findings.append(find(match.code, place, unit=reader.unit, row_id=line.id, value=value))
    if match.line:
        reader.compare_given(match.row, cells, line)
        reader.compare_context(match.row, cells, line)
    over = reader.compare_computed(match.row, cells, gathered.rows[line.id]) if reader.shape.computed else ()
    for column in over:
        gathered.keeper.keep_text(match.row, column, cells[column], "text-over-formula")


def _filled(cells: Sequence[Raw], reader: Reader) -> Iterator[bool]:
    for asked in reader.shape.answers:
        place = reader.table.places[asked.index]
        yield place is not None and bool(written_text(cells[place]))


def _make_own_line(match: Match, cells: Sequence[Raw], reader: Reader, taken: dict[str, Row]) -> Line:
    """Return the line of an activity that the unit added itself; its id follows from its text."""
    levels = tuple(map(tidy_lines, match.texts))
    said = levels if any(levels) else _texts_but_ours(cells, reader)
    texts = [*said, reader.unit]
    row_id, number = OWN + short_code(texts), 1
    while row_id in taken:
        number += 1
        row_id = OWN + short_code([*texts, str(number)])
    given: list[tuple[str, Value]] = []
    context: list[tuple[str, str]] = list(_read_context(cells, reader))
    for asked, value, written in reader.read_given(match.row, cells, row_id):
        if value is None:
            context.append((asked.field.label.say(reader.shape.language), written))
        else:
            given.append((asked.key, value))
    place = reader.table.place(match.row)
    return Line(row_id, levels, (reader.unit,), tuple(given), tuple(context), own=True, place=place)


def _texts_but_ours(cells: Sequence[Raw], reader: Reader) -> tuple[str, ...]:
    """Return the texts of a row in the form's own columns, without what the form itself says in it."""
    ours = {reader.shape.remaining, *reader.shape.computed}
    places = (place for index, place in enumerate(reader.table.places) if index not in ours)
    return tuple(text for place in places if place is not None and (text := written_text(cells[place])))


def _read_context(cells: Sequence[Raw], reader: Reader) -> Iterator[tuple[str, str]]:
    for index in reader.shape.context:
        place = reader.table.places[index]
        text = "" if place is None else written_text(cells[place])
        if text:
            yield reader.shape.columns[index].key, text


def _report_missing(
    table: Table, shape: Shape, lines: Sequence[Line], rows: dict[str, Row], unit: str
) -> Iterator[Finding]:
    for line in lines:
        if line.id not in rows:
            text = " – ".join(filter(None, line.levels[shape.item :]))
            at = Place(table.file, table.sheet.name)
            yield find("row-missing", at, unit=unit, row_id=line.id, value=text)

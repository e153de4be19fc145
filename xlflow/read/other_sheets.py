"""Which sheet holds the form where several could, and what people wrote on the others.

Of copies of the form, the one counts in which most was changed since it was issued; what the others hold besides
is set aside, so that nothing is counted twice and nothing is lost. Kept as well is what was written on sheets of
one's own, and over or beside the form's texts on its instruction and, in a correction form, on its lists. A text
that the form holds itself is never reported, any other text never dropped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import CALC_SHEET_NAMES, RawCell
from xlflow.excel.reader import SheetData, UncachedFormula, WorkbookData
from xlflow.form.fingerprints import find_changed_cells
from xlflow.form.layout import FIRST_UNPLACED_ROW, METADATA_SHEET
from xlflow.form.metadata import AnswerTexts, IssuedForm
from xlflow.model.findings import Finding, Location, Severity, make_finding
from xlflow.model.submission import AnswerRow, Unplaced
from xlflow.model.text import normalize_key
from xlflow.read.boilerplate import build_message_vocabulary, extract_words, is_boilerplate, is_issued_text
from xlflow.read.form_schema import FormSchema, normalized_words
from xlflow.read.identify_form import is_calc_sheet, is_metadata_sheet
from xlflow.read.locate_table import LocatedTable, is_outside_table_sheet
from xlflow.read.unplaced import non_blank_texts
from xlflow.values import cell_text

QUOTING_CODES = (
    "plan-value-changed",
    "extra-column-changed",
    "issued-text-changed",
    "heading-changed",
    "computed-changed",
    "row-without-id",
)
"""Findings that quote what a person wrote over a text of the form: the text is kept nowhere else."""


@dataclass(frozen=True, slots=True)
class SheetReading:
    """What one sheet with the form says: its rows, what was set aside on it, and what was found."""

    table: LocatedTable
    rows: tuple[AnswerRow, ...]
    unplaced: tuple[Unplaced, ...]
    findings: tuple[Finding, ...]


def choose_sheet_reading(readings: Sequence[SheetReading], issued: AnswerTexts) -> SheetReading:
    """Return the reading that counts, of one or more of the same form. Rows of the others that say something else
    are added to it as unplaced, and so is what they set aside themselves. `issued` is what the answer cells held
    when the form was issued."""
    if len(readings) == 1:
        return readings[0]
    best = max(readings, key=lambda reading: _count_answers(reading, issued))
    unplaced, findings = [*best.unplaced], [*best.findings]
    for reading in readings:
        if reading is not best:
            location = Location(reading.table.file, reading.table.sheet.name)
            unplaced_texts = {entry.texts for entry in unplaced}
            new_unplaced = [
                *_find_differing_rows(reading, best),
                *(entry for entry in reading.unplaced if entry.texts not in unplaced_texts),
            ]
            params = {"counts": best.table.sheet.name}
            findings.append(
                make_finding(
                    "sheet-copied", location, severity=None if new_unplaced else Severity.NOTE, params=params
                )
            )
            unplaced += new_unplaced
            reported = {_finding_key(finding) for finding in findings}
            findings += (
                finding
                for finding in reading.findings
                if finding.code in QUOTING_CODES and _finding_key(finding) not in reported
            )
    return replace(best, unplaced=tuple(unplaced), findings=tuple(findings))


def _count_answers(reading: SheetReading, issued: AnswerTexts) -> tuple[int, int]:
    """Return (number of answers that differ from the issued ones, number of filled answers)."""
    answers = [
        (answer.raw_text, issued.get(row.item.id, {}).get(answer.field, ""))
        for row in reading.rows
        for answer in row.answers
    ]
    changed_count = sum(normalize_key(raw_text) != normalize_key(issued_text) for raw_text, issued_text in answers)
    return changed_count, sum(bool(raw_text) for raw_text, _ in answers)


def _find_differing_rows(reading: SheetReading, best: SheetReading) -> Iterator[Unplaced]:
    """Yield as unplaced the rows that say something which the sheet that counts (`best`) does not."""
    best_answers = {(row.item.id, answer.field, answer.raw_text) for row in best.rows for answer in row.answers}
    best_item_ids = {row.item.id for row in best.rows}
    for row in reading.rows:
        answers = [(row.item.id, answer.field, answer.raw_text) for answer in row.answers if answer.raw_text]
        if not best_answers.issuperset(answers) or (row.item.added_by_unit and row.item.id not in best_item_ids):
            texts = (*filter(None, row.item.level_texts), *(raw_text for _, _, raw_text in answers))
            yield Unplaced(row.unit, row.location, texts, "row-on-copied-sheet")


def list_quoted_texts(findings: Sequence[Finding]) -> list[str]:
    """Return what people wrote over texts of the form, sorted; not in rows that were found by their text."""
    return sorted(finding.value or "" for finding in findings if finding.code in QUOTING_CODES[:-1])


def _finding_key(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.row_id, finding.field, finding.value)


_COPY_NUMBER_SUFFIX = re.compile(r" \(\d+\)$|_\d+$| - (?:tabell|table) ?\d+$")
"""What programs append to the name of a sheet that is copied to a workbook with one of that name, or exported."""

_FORM_SHEET_KEYS = ("guide", "correct", "loose")
"""The sheets that a form has besides the table: `sheet.<key>` in `words.toml` is their name."""

_INSTRUCTION_COLUMNS = 2
"""Columns that the instruction fills, from A."""

_SHORT_TEXT_WORDS = 5
"""To the right of the instruction, a text of up to so many words is a person's, even if the form has all its
words."""

_CORRECTION_HEADING_ROWS = 5
"""Rows from the top among which the list of faults has its headings."""

_DEFAULT_SHEET_NAME = re.compile(r"[^\W\d_]{1,31} ?\d{1,9}")
"""Names that programs give to sheets ("Blad1")."""

_FORM_CODE_ROWS = 12
"""Rows from the top among which the instruction has the form code."""

_WORD_PATTERN = re.compile(r"[^\W\d_]{2,}")
_ALPHANUMERIC_WORD = re.compile(r"\b(?![a-z]{1,3}\d{1,7}\b)(?=\d*[^\W\d_])(?=[^\W\d_]*\d)\w+")
"""A word with both letters and digits, unless it is the address of a cell."""

_TRUNCATED_WORD = re.compile(r"\w{1,100}…")
_DIGITS = re.compile(r"\d+")

PositionedTexts = tuple[int, int, tuple[str, ...]]
"""Texts of one row to be set aside: row, column of the first text (both 0-based), texts."""


def find_texts_on_other_sheets(
    workbook: WorkbookData, form_sheets: Iterable[SheetData], schema: FormSchema, issued: IssuedForm
) -> Iterator[Unplaced]:
    """Yield the texts on sheets other than `form_sheets` (those with the table), row by row; of the form's own
    sheets only what the form does not say there itself."""
    form_sheet_ids = {id(sheet) for sheet in form_sheets}
    for sheet in workbook.sheets:
        if id(sheet) in form_sheet_ids or is_metadata_sheet(sheet) or is_calc_sheet(sheet):
            continue
        sheet_name = _COPY_NUMBER_SUFFIX.sub("", normalize_key(sheet.name))
        key_by_name = next((key for key in _FORM_SHEET_KEYS if sheet_name in normalized_words(f"sheet.{key}")), "")
        form_sheet_key = key_by_name or _recognise_form_sheet(sheet, issued)
        is_empty = sheet.visible and not (sheet.rows or sheet.distant_cells)
        if (form_sheet_key or is_empty) and not key_by_name and not _is_usual_sheet_name(sheet_name):
            location = Location(workbook.name, sheet.name)
            yield Unplaced(issued.identity.unit, location, (sheet.name,), "text-as-sheet-name", is_row=False)
        if cell_fingerprints := dict(issued.sheet_fingerprints).get(form_sheet_key):
            positioned_texts = _find_changed_texts(sheet, cell_fingerprints, schema)
        elif form_sheet_key == "loose":
            positioned_texts = _find_texts_kept_from_before(sheet)
        else:
            positioned_texts = _find_new_texts(workbook, sheet, form_sheet_key, schema, issued)
        code = "text-outside-table" if form_sheet_key == "loose" else "text-on-other-sheet"
        for row, column, texts in positioned_texts:
            location = Location(workbook.name, sheet.name, format_cell_address(row, column))
            yield Unplaced(issued.identity.unit, location, texts, code, is_row=False)


def _is_usual_sheet_name(name: str) -> bool:
    """Return whether a normalized sheet name is one that programs give, or that a sheet of a form has."""
    form_sheet_names = normalized_words("sheet.form", *(f"sheet.{key}" for key in _FORM_SHEET_KEYS))
    is_form_sheet_name = name in (METADATA_SHEET, *CALC_SHEET_NAMES) or name in form_sheet_names
    return is_form_sheet_name or bool(_DEFAULT_SHEET_NAME.fullmatch(name))


def _recognise_form_sheet(sheet: SheetData, issued: IssuedForm) -> str:
    """Return which of the form's sheets (`_FORM_SHEET_KEYS`) a renamed one is by its content, "" if none."""
    if _find_correction_list(sheet):
        return "correct"
    if is_outside_table_sheet(sheet):
        return "loose"
    code = issued.identity.form_code
    return "guide" if code and any(code in row for row in sheet.rows[:_FORM_CODE_ROWS]) else ""


# On sheets of a correction form ---------------------------------------------------------------------------


def _find_changed_texts(sheet: SheetData, cell_fingerprints: str, schema: FormSchema) -> Iterator[PositionedTexts]:
    """Yield what a sheet holds besides what the form wrote on it, as its fingerprints (`cell_fingerprints`)
    tell."""
    cells = [
        (row_index, column_index, cell)
        for row_index, row in rows_with_distant_cells(sheet)
        for column_index, cell in enumerate(row)
        if cell is not None and not isinstance(cell, UncachedFormula)
    ]
    changed = find_changed_cells(cells, cell_fingerprints, lambda text: _may_be_formula_result(text, schema))
    for row_index, row in rows_with_distant_cells(sheet):
        changed_columns = [column for column, _ in enumerate(row) if (row_index, column) in changed]
        if changed_columns:
            yield row_index, changed_columns[0], tuple(cell_text(row[column]) for column in changed_columns)


def _may_be_formula_result(text: str, schema: FormSchema) -> bool:
    """Return whether a text may be the result of a formula of the form, with any numbers in it."""
    return any(map(str.isalpha, text)) and is_boilerplate(_DIGITS.sub("", text), schema.vocabulary)


def _find_texts_kept_from_before(sheet: SheetData) -> Iterator[PositionedTexts]:
    """Yield the texts on the sheet of what was kept from outside the table, where the form has no fingerprints of
    it: the first column says where each text was, the others are the texts."""
    headings = normalized_words("returned.loose_text")
    for row_index, row in rows_with_distant_cells(sheet):
        texts = tuple(
            text
            for text in non_blank_texts(row[1:])
            if row_index >= FIRST_UNPLACED_ROW or normalize_key(text) not in headings
        )
        texts = texts or tuple(non_blank_texts(row[:1] if row_index >= FIRST_UNPLACED_ROW else ()))
        if texts:
            yield (
                row_index,
                next(
                    (column_index for column_index, cell in enumerate(row) if column_index and cell is not None), 0
                ),
                texts,
            )


# On all others --------------------------------------------------------------------------------------------


def _find_new_texts(
    workbook: WorkbookData, sheet: SheetData, form_sheet_key: str, schema: FormSchema, issued: IssuedForm
) -> Iterator[PositionedTexts]:
    """Yield the texts on a sheet that a person added (`form_sheet_key` is ""); on one of the form's sheets, what
    the form does not say there. A few words to the right of the form's columns are a person's too."""
    correction_list = _find_correction_list(sheet) if form_sheet_key == "correct" else None
    form_column_count = (
        correction_list[1] + 1 if correction_list else _INSTRUCTION_COLUMNS if form_sheet_key == "guide" else 0
    )
    allowed_words = (
        _correction_list_words(workbook, sheet) if correction_list and not issued.row_fingerprints else None
    )
    for row_index, row in rows_with_distant_cells(sheet):
        if len(row) <= form_column_count and _is_boilerplate_row(row, schema):
            continue
        filled_cells = [(column_index, text) for column_index, cell in enumerate(row) if (text := cell_text(cell))]
        if (
            correction_list
            and correction_list[0] < row_index
            and normalize_key(cell_text(row[0])) in _severity_words()
        ):
            vocabulary = schema.vocabulary | allowed_words if allowed_words else None
            filled_cells = [
                filled_cell
                for filled_cell in filled_cells
                if filled_cell[0] >= form_column_count
                or (vocabulary and _has_new_words(row[filled_cell[0]], filled_cell[1], vocabulary))
            ]
        elif form_column_count:
            candidates = (
                pair
                for pair in filled_cells
                if pair[0] < form_column_count or len(pair[1].split()) > _SHORT_TEXT_WORDS
            )
            issued_cells = {
                pair for pair in candidates if _is_issued_instruction(row[pair[0]], pair[1], schema, issued)
            }
            filled_cells = [pair for pair in filled_cells if pair not in issued_cells]
        if filled_cells:
            yield row_index, filled_cells[0][0], tuple(text for _, text in filled_cells)


def _has_new_words(cell: RawCell, text: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text on the list of faults has a word that is not in `vocabulary`. Numbers in a sentence do
    not count, since they may be formatted otherwise there."""
    if isinstance(cell, UncachedFormula):
        return False
    normalized = normalize_key(_TRUNCATED_WORD.sub("", text))
    words_in_text = frozenset((*_WORD_PATTERN.findall(normalized), *_ALPHANUMERIC_WORD.findall(normalized)))
    return not words_in_text <= vocabulary if words_in_text else not is_boilerplate(text, vocabulary)


def _correction_list_words(workbook: WorkbookData, sheet: SheetData) -> frozenset[str]:
    """Return the words that the list of faults may hold, where the form has no fingerprints of it: those of all
    messages and of the other sheets."""
    cells = (
        cell
        for other_sheet in workbook.sheets
        if other_sheet is not sheet
        for row in other_sheet.rows
        for cell in row
    )
    texts = tuple(map(cell_text, cells))
    return (
        build_message_vocabulary()
        | extract_words(texts)
        | frozenset(_ALPHANUMERIC_WORD.findall(normalize_key("; ".join(texts))))
    )


@cache
def _severity_words() -> frozenset[str]:
    """Return the normalized words with which a row of the list of faults begins."""
    return normalized_words(*(f"returned.{severity.value}" for severity in Severity))


def _find_correction_list(sheet: SheetData) -> tuple[int, int] | None:
    """Return (heading row, last column) of the list of faults, both 0-based; None if it is not on this sheet."""
    last_headings = normalized_words("returned.state")
    for row_index, row in enumerate(sheet.rows[:_CORRECTION_HEADING_ROWS]):
        for column_index, cell in enumerate(row):
            if isinstance(cell, str) and normalize_key(cell) in last_headings:
                return row_index, column_index
    return None


def _is_boilerplate_row(row: Sequence[RawCell], schema: FormSchema) -> bool:
    """Return whether a row holds only texts that any form may hold; nearly all rows of the instruction do."""
    return all(cell is None or (type(cell) is str and is_boilerplate(cell, schema.vocabulary)) for cell in row)


def _is_issued_instruction(cell: RawCell, text: str, schema: FormSchema, issued: IssuedForm) -> bool:
    """Return whether a cell of the instruction holds what the form said there when it was issued."""
    previous_as_of = issued.previous_answers.as_of if issued.previous_answers else None
    round_facts = issued.round, issued.identity.unit, previous_as_of
    return isinstance(cell, UncachedFormula) or is_issued_text(text, schema.vocabulary, *round_facts)


def rows_with_distant_cells(sheet: SheetData) -> Iterator[tuple[int, Sequence[RawCell]]]:
    """Yield (row, cells) of a sheet (row 0-based, cells from column 0); after its rows one more for every cell
    that is so far away that `SheetData.rows` does not reach it."""
    yield from enumerate(sheet.rows)
    for row_index, column_index, value in sheet.distant_cells:
        yield row_index, (*[None] * column_index, value)

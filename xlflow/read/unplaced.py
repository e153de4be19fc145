"""Keeps, word for word and with its address, what people wrote in a file where the form asks nothing.

Above, below and beside the rows, in columns that the unit added, in notes and links on cells, in page headers and
footers, in the properties of the file. What the form says itself in these places is left out.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from urllib.parse import unquote

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import ErrorValue, UncachedFormula, WorkbookData
from xlflow.form.layout import make_form_code
from xlflow.form.metadata import IssuedForm
from xlflow.i18n.catalogue import LANGUAGES, format_long_date, translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Round
from xlflow.model.submission import Unplaced
from xlflow.model.text import collapse_whitespace_keep_lines, normalize_key
from xlflow.read.boilerplate import is_issued_text
from xlflow.read.form_schema import FormSchema, normalized_words
from xlflow.read.locate_table import LocatedTable
from xlflow.values import cell_text, parse_full_date

_WORD_PATTERN = re.compile(r"\w+")


def find_surrounding_texts(workbook: WorkbookData, issued: IssuedForm) -> Iterator[Unplaced]:
    """Yield what is in the page headers and footers, sheet by sheet, and in the file's properties."""
    yield from find_header_footer_texts(workbook, issued)
    unit = issued.identity.unit
    for text in filter(None, map(cell_text, workbook.descriptions)):
        yield Unplaced(unit, Location(workbook.name), (text,), "text-about-file", is_row=False)


def find_header_footer_texts(workbook: WorkbookData, issued: IssuedForm) -> Iterator[Unplaced]:
    """Yield the texts in the headers and footers of printed pages, without the form code and page numbers."""
    unit = issued.identity.unit
    code = issued.form_code
    for sheet in workbook.sheets:
        for header_footer in sheet.metadata.header_footer:
            texts = tuple(text for text in header_footer.splitlines() if not _is_form_code_or_paging(text, code))
            if texts:
                yield Unplaced(
                    unit, Location(workbook.name, sheet.name), texts, "text-in-header-footer", is_row=False
                )


def _is_form_code_or_paging(text: str, code: str) -> bool:
    return _paging_words() >= set(_WORD_PATTERN.findall(normalize_key(text).replace(normalize_key(code), " ")))


@cache
def _paging_words() -> frozenset[str]:
    """Return the normalized words with which programs and people number pages."""
    return frozenset(_WORD_PATTERN.findall(" ".join(normalized_words("margin.paging"))))


_TRUNCATION_LENGTH = 30_000
"""Letters of a text that nearly fill a cell (32,767): beyond them the form may have cut it off."""

_MAX_QUOTE_LENGTH = 120
"""Letters of an unplaced text that its finding quotes; the `Unplaced` has the whole text."""


_DUE_DATE_PATTERNS = tuple(
    re.compile(
        re.escape(normalize_key(translate("form.due", language, day="qdq"))).replace(
            "qdq", r"(?P<day>\d{1,2} \w+ \d{4})"
        )
    )
    for language in LANGUAGES
)
"""The text with the due date on a form, normalized, in each language; group `day`."""


@dataclass(slots=True)
class UnplacedCollector:
    """Collects what is set aside on one sheet. `unplaced_rows`: rows that were set aside whole (0-based).
    `repeated_headings`: rows that repeat the heading row, of which nothing is kept."""

    table: LocatedTable
    schema: FormSchema
    unit: str
    unplaced: list[Unplaced] = field(default_factory=list)
    unplaced_rows: set[int] = field(default_factory=set)
    repeated_headings: set[int] = field(default_factory=set)

    def add_row(self, row_index: int, cells: Sequence[RawCell], code: str) -> None:
        """Set a whole row aside; `code` is the finding code that says why. The form's computed texts in it are
        left out."""
        column_index, formulas = (
            self.table.column_of[self.schema.remaining_index],
            self.table.sheet.metadata.formula_cells or (),
        )
        form_columns = {
            column_index,
            *(column for column in self._list_computed_columns() if (row_index, column) in formulas),
        }
        texts = tuple(non_blank_texts(cell for column, cell in enumerate(cells) if column not in form_columns))
        self.unplaced.append(Unplaced(self.unit, self.table.cell_location(row_index), texts, code))
        self.unplaced_rows.add(row_index)

    def add_texts_outside_table(self, round_: Round, rows_outside: Collection[int]) -> None:
        """Set aside the texts that belong to no row: above the heading, between the rows, beside them, far away.

        `rows_outside` are rows below the heading (0-based) that hold neither an activity nor an answer.
        """
        table, rows = self.table, self.table.sheet.rows
        form_texts, width = self._list_issued_texts_above(round_), len(rows[0]) if rows else 0
        if round_.due_date is None:
            form_texts = (
                *form_texts,
                *_find_due_dates(rows[: table.heading_row], make_form_code(round_.key, self.unit)),
            )
        for row_index in range(table.heading_row):
            has_counter = isinstance(rows[row_index][0], float)  # the form counts answered rows in column A
            column_indexes: Iterable[int] = range(int(has_counter), width)
            if row_index == table.code_row:
                column_indexes = [
                    column_index
                    for column_index in column_indexes
                    if rows[row_index][column_index] not in self.schema.column_codes
                ]
            self._add_cells(row_index, column_indexes, form_texts)
        form_columns = self._list_form_text_columns()
        unit_columns = [column for column in range(width) if column not in form_columns]
        for row_index in rows_outside:
            self._add_cells(row_index, unit_columns, form_texts)
        handled_rows = self.unplaced_rows | self.repeated_headings
        for column_index in self._list_computed_columns():
            for row_index in range(table.heading_row + 1, len(rows)):
                if row_index not in handled_rows and type(rows[row_index][column_index]) is str:
                    self._add_cells(row_index, [column_index], form_texts)
        columns_outside = [column for column in range(width) if column not in table.column_of]
        for row_index in range(table.heading_row, len(rows)) if columns_outside else ():
            if row_index not in self.unplaced_rows and row_index not in rows_outside:
                self._add_cells(row_index, columns_outside, form_texts)
        self._add_overwritten_formulas(round_)
        for row_index, column_index, value in table.sheet.distant_cells:
            self.add_text(row_index, column_index, value)

    def _list_issued_texts_above(self, round_: Round) -> tuple[str, ...]:
        """Return the normalized texts that the form has above its heading, longest first; in all languages where
        the heading is not in that of the round: a form without identity may be read by a plan in another
        language."""
        schema_index = self.schema.level_indexes[self.schema.item_level]
        rows_from_heading, column_index = (
            self.table.sheet.rows[self.table.heading_row :],
            self.table.column_of[schema_index],
        )
        issued_heading = self.schema.columns[schema_index].heading(round_.language)
        is_issued_heading = (
            column_index is not None
            and bool(rows_from_heading)
            and rows_from_heading[0][column_index] == issued_heading
        )
        languages = (round_.language,) if is_issued_heading else LANGUAGES
        texts = {
            text
            for language in languages
            for text in _format_texts_above(replace(round_, language=language), self.unit)
        }
        return tuple(sorted(texts, key=lambda text: (-len(text), text)))

    def _add_overwritten_formulas(self, round_: Round) -> None:
        """Set aside what a person wrote over the formulas of "Kvar att göra". Where formulas are left, that is
        every cell without one; where a program dropped them all, every text that the form would not say itself."""
        column_index, rows = self.table.column_of[self.schema.remaining_index], self.table.sheet.rows
        formula_rows = {
            row for row, column in self.table.sheet.metadata.formula_cells or () if column == column_index
        }
        if column_index is None:
            return
        skipped_rows = formula_rows | self.repeated_headings
        for row_index in range(self.table.heading_row + 1, len(rows)):
            cell = rows[row_index][column_index]
            if cell is None or row_index in skipped_rows or isinstance(cell, (UncachedFormula, ErrorValue)):
                continue
            text = cell_text(cell)
            if text and (formula_rows or not is_issued_text(text, self.schema.vocabulary, round_, self.unit)):
                self.add_text(row_index, column_index, cell, "text-over-formula")

    def add_overwritten_previous(self, issued_by_row: Mapping[int, str]) -> None:
        """Set aside what is in the column of previous answers, unless it is what was issued there; `issued_by_row`
        is that by row (0-based)."""
        column_index = self.table.column_of[self.schema.previous_index]
        for row_index, issued_text in issued_by_row.items() if column_index is not None else ():
            text = "" if column_index is None else cell_text(self.table.sheet.rows[row_index][column_index])
            if text and row_index not in self.unplaced_rows and not _is_same_text(text, issued_text):
                self.add_text(row_index, column_index or 0, text)

    def _list_form_text_columns(self) -> frozenset[int | None]:
        """Return the sheet columns in which the form says something itself."""
        return frozenset((self.table.column_of[self.schema.remaining_index], *self._list_computed_columns()))

    def _list_computed_columns(self) -> tuple[int, ...]:
        """Return the sheet columns of computed fields: they hold a number or nothing, unless a person wrote over
        them."""
        column_indexes = (self.table.column_of[schema_index] for schema_index in self.schema.computed_indexes)
        return tuple(column_index for column_index in column_indexes if column_index is not None)

    def _add_cells(self, row_index: int, column_indexes: Iterable[int], form_texts: Collection[str]) -> None:
        row = self.table.sheet.rows[row_index]
        for column_index in column_indexes:
            cell = row[column_index]
            if cell is None:
                continue
            text = "" if isinstance(cell, UncachedFormula) else cell_text(cell)
            if (
                text
                and not self.schema.is_fixed_text(text)
                and not _consists_only_of(normalize_key(text), form_texts)
            ):
                self.add_text(row_index, column_index, text)

    def add_text(
        self, row_index: int, column_index: int, value: RawCell, code: str = "text-outside-table"
    ) -> None:
        """Set one cell aside; `row_index` and `column_index` are 0-based, `code` is the finding code."""
        location = self.table.cell_location(row_index, column_index)
        self.unplaced.append(Unplaced(self.unit, location, (cell_text(value),), code, is_row=False))


def find_annotation_texts(workbook: WorkbookData, unit: str) -> Iterator[Unplaced]:
    """Yield the notes on cells, on all sheets, and the targets of links that the cell's text does not show. Left
    out are the notes of a correction form, which some programs keep without their author."""
    listed_faults = set(_find_listed_faults(workbook))
    for sheet in workbook.sheets:
        for row, column, author, text in sheet.metadata.annotations:
            text_lines = {normalize_key(text_line) for text_line in text.splitlines() if text_line.strip()}
            if text_lines and (author.strip() or not text_lines <= listed_faults):
                location = Location(workbook.name, sheet.name, format_cell_address(row, column))
                yield Unplaced(
                    unit, location, (collapse_whitespace_keep_lines(text),), "note-on-cell", is_row=False
                )
        for row, column, _, target in sheet.metadata.links:
            cells = sheet.rows[row][column : column + 1] if row < len(sheet.rows) else ()
            if not any(_has_link_target(cell_text(cell), target) for cell in cells):
                location = Location(workbook.name, sheet.name, format_cell_address(row, column))
                yield Unplaced(unit, location, (target,), "link-on-cell", is_row=False)


def _has_link_target(text: str, target: str) -> bool:
    """Return whether a text shows the target of its link."""
    return normalize_key(unquote(target).partition("://")[2].rstrip("/") or target) in normalize_key(unquote(text))


def _find_listed_faults(workbook: WorkbookData) -> Iterator[str]:
    """Yield the text lines on the sheet with the list of faults of a correction form, normalized."""
    sheet_names = normalized_words("sheet.correct")
    for sheet in workbook.sheets:
        if normalize_key(sheet.name) in sheet_names:
            texts = (cell for row in sheet.rows for cell in row if isinstance(cell, str))
            yield from (normalize_key(text_line) for text in texts for text_line in text.splitlines())


def make_unplaced_finding(entry: Unplaced) -> Finding:
    """Return the finding for something that was set aside; its reason is the finding's code."""
    joined = " | ".join(entry.texts)
    quoted = joined if len(joined) <= _MAX_QUOTE_LENGTH else f"{joined[:_MAX_QUOTE_LENGTH]}…"
    return make_finding(entry.reason, entry.location, unit=entry.unit, value=quoted)


def _format_texts_above(round_: Round, unit: str) -> tuple[str, ...]:
    """Return the normalized texts above the heading of an issued form; a cell may hold several of them."""
    language = round_.language
    title, as_of_date = round_.template.title.in_language(language), format_long_date(round_.as_of, language)
    texts = [
        translate("form.title", language, title=title, unit=unit, day=as_of_date),
        translate("form.code", language, code=make_form_code(round_.key, unit)),
        title,
        unit,
    ]
    if round_.due_date:
        texts.append(translate("form.due", language, day=format_long_date(round_.due_date, language)))
    return tuple(map(normalize_key, texts))


def _find_due_dates(rows: Iterable[Sequence[RawCell]], form_code_text: str) -> Iterator[str]:
    """Yield the normalized texts with the due date beside the form code: a round made from a plan has no due
    date."""
    for row in rows:
        for text in (normalize_key(cell) for cell in row if isinstance(cell, str)):
            matches = (pattern.search(text) for pattern in _DUE_DATE_PATTERNS if form_code_text in text)
            yield from (match[0] for match in matches if match and parse_full_date(match["day"]))


def _consists_only_of(text: str, parts: Iterable[str]) -> bool:
    """Return whether a normalized text is made of these parts and punctuation only, and of one part at least."""
    remainder = text
    for part in parts:
        remainder = remainder.replace(part, "")
    return remainder != text and not any(map(str.isalnum, remainder))


def _is_same_text(text: str, issued_text: str) -> bool:
    """Return whether a text is the issued one, which may have been cut off where the cell was full."""
    text_key, issued_key = normalize_key(text), normalize_key(issued_text)
    return text_key == issued_key or (
        len(text_key) > _TRUNCATION_LENGTH and text_key[:_TRUNCATION_LENGTH] == issued_key[:_TRUNCATION_LENGTH]
    )


def non_blank_texts(cells: Iterable[RawCell]) -> Iterator[str]:
    """Yield the texts of cells, without blank ones."""
    return (text for cell in cells if (text := cell_text(cell)))

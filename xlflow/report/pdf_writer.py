"""Writes the report as PDF: tagged (PDF/UA-1) and for archives (PDF/A-2a) at once, from fonts that xlflow ships.

The layout is in `workbook_templates/report/report.typ`; here a document only becomes its data. Decides nothing
about what the report says. Only door to typst.

Two things that Typst cannot do are corrected in its output, and know only what Typst writes. `tag_row_headers`
tags the cells that name their row; Typst tags the heading row only and lists the column headings of every other
cell, which keeps PDF readers from looking for row headings, so these lists are replaced by blanks: no byte moves.
`separate_stream_ends`: a stream whose last byte is a carriage return, followed by the line feed before
`endstream`, reads like an end of line, and the stream seems one byte too short to archive checkers. A carriage
return is inserted, and all offsets behind it move on by one.
"""

import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import as_file
from typing import Any

import typst

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Document, Heading, Paragraph, Picture, ReportTable, Span, to_plain_values
from xlflow.report.edit_digest import add_pdf_digest
from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir

_DATA_CELL_TAG = re.compile(
    rb"/S/TD(/P \d+ 0 R/A\[)<</O/Table(/Headers\[\(U(\d+)x(\d+)y\d+\)[^]]*\])([^>]*)>>(.*)"
)
"""A cell that is no heading: what comes before its column headings, these, the numbers of its table and column,
what it spans, and the rest."""

_ROW_SCOPE, _EMPTY_CELL = b"/Scope/Row", b"/K[]>>"


def tag_row_headers(pdf: bytes, document: Document) -> bytes:
    """Return the same PDF, of the same length, in which every cell that names its row is tagged as its heading."""
    tables = (block for block in document.blocks if isinstance(block, ReportTable))
    header_columns = [frozenset(_find_header_columns(table)) for table in tables]

    def mend(match: re.Match[bytes]) -> bytes:
        return _retag_cell(match, header_columns)

    return _DATA_CELL_TAG.sub(mend, pdf)


def _retag_cell(match: re.Match[bytes], header_columns: Sequence[frozenset[int]]) -> bytes:
    before, headings, table_number, column, span_attributes, rest = match.groups()
    if int(column) in header_columns[int(table_number) - 1] and not rest.endswith(_EMPTY_CELL):
        return b"/S/TH%s<</O/Table%s%s>>%s" % (before, _ROW_SCOPE.ljust(len(headings)), span_attributes, rest)
    old_attributes = b"<</O/Table%s%s>>" % (headings, span_attributes)
    new_attributes = b"<</O/Table%s>>" % span_attributes if span_attributes else b""
    return b"/S/TD%s%s%s" % (before, new_attributes.ljust(len(old_attributes)), rest)


def _find_header_columns(table: ReportTable) -> Iterator[int]:
    """Yield the columns in which a cell names its row, or the rows of its group."""
    for row in table.all_rows:
        column = len(table.columns) - sum(cell.column_span for cell in row.cells)
        for cell in row.cells:
            if cell.is_header:
                yield column
            column += cell.column_span


_AMBIGUOUS_STREAM_END = re.compile(rb"\r(?=\nendstream)")
_XREF_ENTRY = re.compile(rb"(\d{10})( \d{5} n)")
_STARTXREF = re.compile(rb"(startxref\n)(\d+)")


def separate_stream_ends(pdf: bytes) -> bytes:
    """Return the same document with every stream clearly parted from the word that ends it."""
    positions = [match.end() for match in _AMBIGUOUS_STREAM_END.finditer(pdf)]
    if not positions:
        return pdf
    xref_start = pdf.rindex(b"\nxref\n") + 1
    body = b"\r".join(pdf[start:end] for start, end in zip((0, *positions), (*positions, xref_start), strict=True))

    def move(offset: bytes) -> int:
        return int(offset) + bisect_left(positions, int(offset))

    xref_table = _XREF_ENTRY.sub(lambda found: b"%010d%s" % (move(found[1]), found[2]), pdf[xref_start:])
    return body + _STARTXREF.sub(lambda found: b"%s%d" % (found[1], move(found[2])), xref_table)


MISSING_GLYPH = "\u25a1"
"""Shown in the PDF for a character that no shipped font has: an empty square."""

CHART_DPI = 192
"""Dots per inch of a chart that is drawn as a picture; twice what a screen shows."""

_CHART_SOURCE = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'


BASE_MEMORY, MAX_PDF_MEMORY = 90_000_000, 900_000_000
"""Bytes that a PDF takes in memory however short it is, and that it may take."""

MEMORY_PER_CHARACTER, MEMORY_PER_TEXT, MEMORY_PER_HEADING = 310, 5_500, 110_000
"""Bytes that Typst takes for each of these: measured on 4,000 rows, comments of 3,000 letters, 5,000 headings."""

_NOWHERE = Location("")

MAX_METADATA_CHARACTERS = 2_000
"""Characters of a title, bookmark or alternative text; PDF/A allows 32,767 bytes, and some letters take four."""

_LONG_WORD, _LONG_RUN = re.compile(r"\w{60}(?=\w)"), re.compile(r"\S{1000}(?=\S)")
"""Parts of a word, and of any text without blanks, that no line can hold; behind them the text may be broken."""

_WORD_BREAK = "\u200b"
"""A zero-width space: nobody sees it, and a line may end there."""


def write_pdf(document: Document) -> bytes:
    """Return the report as PDF; the same document gives the same bytes."""
    return render_pdf(document)[0]


def render_pdf(document: Document, location: Location = _NOWHERE) -> tuple[bytes, frozenset[str]]:
    """Return the report as PDF, and the characters in it that no shipped font has. `FatalError` at `location` if
    the report is too long for a PDF, or Typst cannot set it."""
    data, seen_characters = _encode_document(document, location)
    inputs = {"document": json.dumps(data, ensure_ascii=False), "colours": json.dumps(dict(REPORT_COLOURS))}
    source = (resource_dir(TEMPLATES_DIR) / "report" / "report.typ").read_bytes()
    try:
        pdf = _require_single_file(_create_compiler(source, inputs).compile(pdf_standards=["ua-1", "a-2a"]))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # Typst's Rust code may panic, which is no Exception
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise FatalError(make_finding("report-pdf-failed", location, params={"reason": reason})) from error
    missing_characters = (
        character
        for character in seen_characters - _covered_characters()
        if _glyph_substitute(character) == MISSING_GLYPH
    )
    sealed_pdf = add_pdf_digest(separate_stream_ends(tag_row_headers(pdf, document)))
    return sealed_pdf, frozenset(missing_characters)


def _encode_document(document: Document, location: Location) -> tuple[dict[str, Any], set[str]]:
    """Return the data of the report for Typst, and all unusual characters in it; `FatalError` if it is too
    long."""
    seen_characters, covered_characters = set[str](), _covered_characters()
    heading_count = sum(isinstance(block, Heading) for block in document.blocks)
    memory = BASE_MEMORY + heading_count * MEMORY_PER_HEADING

    def show(text: str) -> str:
        nonlocal memory
        memory += len(text) * MEMORY_PER_CHARACTER + MEMORY_PER_TEXT
        if not covered_characters.issuperset(text):
            seen_characters.update(text)
            text = _replace_missing_glyphs(text)
        return _allow_line_breaks(text)

    plain = to_plain_values(document, show)
    if memory > MAX_PDF_MEMORY:
        params = {"memory": memory // 1_000_000, "most": MAX_PDF_MEMORY // 1_000_000}
        raise FatalError(make_finding("report-pdf-too-long", location, params=params))
    return {
        **plain,
        "blocks": [part for block in plain["blocks"] for part in _split_long_strings(block)],
        "tag": document.language_tag,
        "words": _page_labels(document.language),
        "short_title": _shorten(plain["title"]),
        "short_subtitle": _shorten(plain["subtitle"]),
        "outlined": dict.fromkeys((heading.anchor for heading in document.contents), True),
    }, seen_characters


def _allow_line_breaks(text: str) -> str:
    """Return a text in which words that are wider than any column may be broken; addresses stay as they are."""
    if len(text) <= 60 or text.startswith(("https://", "http://", "mailto:")):
        return text
    return _LONG_RUN.sub(r"\g<0> ", _LONG_WORD.sub(rf"\g<0>{_WORD_BREAK}", text))


def _split_long_strings(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a block so that its strings are not too long for PDF/A: the rest of a heading goes on below it, and an
    alternative text is cut short, since it repeats what the tables say."""
    if block["kind"] == "picture":
        yield {**block, "alt_text": _shorten(block["alt_text"])}
    elif block["kind"] == "heading" and len(block["text"]) > MAX_METADATA_CHARACTERS:
        yield {**block, "text": _shorten(block["text"])}
        rest = Paragraph((Span(block["text"][MAX_METADATA_CHARACTERS - 1 :]),))
        yield to_plain_values(rest, str)
    else:
        yield block


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_METADATA_CHARACTERS else f"{text[: MAX_METADATA_CHARACTERS - 1]}…"


def render_chart_png(picture: Picture) -> bytes:
    """Return a chart as PNG, for a format that cannot show the drawing itself."""
    compiler = _create_compiler(_CHART_SOURCE.encode(), {"svg": _replace_missing_glyphs(picture.svg)})
    return _require_single_file(compiler.compile(format="png", ppi=CHART_DPI))


def missing_glyph_findings(characters: frozenset[str], location: Location) -> tuple[Finding, ...]:
    """Return a note for each character that the PDF shows as an empty square."""
    return tuple(
        make_finding("report-character", location, value=character, params={"code": f"U+{ord(character):04X}"})
        for character in sorted(characters)
    )


def _create_compiler(source: bytes, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(source, font_paths=_load_fonts(), ignore_system_fonts=True, sys_inputs=inputs)


@cache
def _load_fonts() -> typst.Fonts:
    """Return our own fonts and no others, so that every machine makes the same."""
    with as_file(resource_dir(TEMPLATES_DIR) / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _require_single_file(result: bytes | list[bytes] | None) -> bytes:
    """Return what Typst made: one file, since a report is one PDF and a drawing one page."""
    if not isinstance(result, bytes):
        raise TypeError("Typst made something other than one file")
    return result


def _page_labels(language: Language) -> dict[str, str]:
    placeholders = {"page": "{page}", "pages": "{pages}"}
    return {
        "contents": translate("report.contents", language),
        "page": translate("report.page", language, **placeholders),
    }


def _replace_missing_glyphs(text: str) -> str:
    missing = set(text) - _covered_characters()
    return (
        text.translate({ord(character): _glyph_substitute(character) for character in missing})
        if missing
        else text
    )


def _glyph_substitute(character: str) -> str:
    """Return what is shown for a letter that no font has: nothing for one that nobody sees."""
    return " " if character.isspace() else "" if unicodedata.category(character) in ("Cc", "Cf") else MISSING_GLYPH


@cache
def _covered_characters() -> frozenset[str]:
    """Return the characters that our fonts have between them."""
    lines = (resource_dir(TEMPLATES_DIR) / "fonts" / "covered.txt").read_text(encoding="ascii").split()
    ranges = (line.split("-") for line in lines)
    return frozenset(chr(code) for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1))

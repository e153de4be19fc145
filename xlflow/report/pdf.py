"""Writes the report as PDF: tagged (PDF/UA-1) and for the archive (PDF/A-2a) at once, from fonts of our own.

The drawing rules stand in `workbook_templates/report/report.typ`; here a document only becomes the data that they
draw. Decides nothing about what the report says. Only door to typst.
"""

import json
import unicodedata
from functools import cache
from importlib.resources import as_file

import typst

from xlflow.core.findings import Finding, Location, make_finding
from xlflow.core.shipped import TEMPLATES_DIR, resource_dir
from xlflow.core.words import Language, translate
from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Document, Picture, to_plain_values
from xlflow.report.pdf_rows import tag_row_headers
from xlflow.report.pdf_streams import separate_stream_ends

MISSING_GLYPH = "\u25a1"
"""What stands in the PDF for a character that none of our fonts has: an empty square."""

CHART_DPI = 192
"""Dots per inch of a chart that is drawn as a picture; twice what a screen shows."""

_CHART_SOURCE = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'


def write_pdf(document: Document) -> bytes:
    """Return the report as PDF; the same document gives the same bytes."""
    return render_pdf(document)[0]


def render_pdf(document: Document) -> tuple[bytes, frozenset[str]]:
    """Return the report as PDF, and the letters in it that none of our fonts has."""
    seen_characters, covered_characters = set[str](), _covered_characters()

    def show(text: str) -> str:
        if covered_characters.issuperset(text):
            return text
        seen_characters.update(text)
        return _replace_missing_glyphs(text)

    data = {
        **to_plain_values(document, show),
        "tag": document.language_tag,
        "words": _page_labels(document.language),
    }
    inputs = {"document": json.dumps(data, ensure_ascii=False), "colours": json.dumps(dict(REPORT_COLOURS))}
    source = (resource_dir(TEMPLATES_DIR) / "report" / "report.typ").read_bytes()
    pdf = _require_single_file(_create_compiler(source, inputs).compile(pdf_standards=["ua-1", "a-2a"]))
    missing_characters = (
        character
        for character in seen_characters - covered_characters
        if _glyph_substitute(character) == MISSING_GLYPH
    )
    return separate_stream_ends(tag_row_headers(pdf, document)), frozenset(missing_characters)


def render_chart_png(picture: Picture) -> bytes:
    """Return a chart as PNG, for a format that cannot show the drawing itself."""
    compiler = _create_compiler(_CHART_SOURCE.encode(), {"svg": _replace_missing_glyphs(picture.svg)})
    return _require_single_file(compiler.compile(format="png", ppi=CHART_DPI))


def missing_glyph_findings(characters: frozenset[str], location: Location) -> tuple[Finding, ...]:
    """Return a note on each letter that the PDF can only show as an empty square."""
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

"""Writes the report as PDF: tagged (PDF/UA-1) and for the archive (PDF/A-2a) at once, from fonts of our own.

The drawing rules stand in `workbook_templates/report/report.typ`; here a document only becomes the data that they
draw. Decides nothing about what the report says. Only door to typst.
"""

import json
import unicodedata
from functools import cache
from importlib.resources import as_file

import typst

from xlflow.core.findings import Finding, Place, find
from xlflow.core.shipped import TEMPLATES, find_shipped
from xlflow.core.words import Language, say
from xlflow.report.colours import COLOURS
from xlflow.report.document import Document, Picture, as_plain
from xlflow.report.pdf_rows import name_rows
from xlflow.report.pdf_streams import part_streams

UNPRINTABLE = "\u25a1"
"""What stands in the PDF for a character that none of our fonts has: an empty square."""

PICTURE_DENSITY = 192
"""Dots per inch of a chart that is drawn as a picture; twice what a screen shows."""

_SHEET = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg")'


def write_pdf(document: Document) -> bytes:
    """Return the report as PDF; the same document gives the same bytes."""
    return print_pdf(document)[0]


def print_pdf(document: Document) -> tuple[bytes, frozenset[str]]:
    """Return the report as PDF, and the letters in it that none of our fonts has."""
    letters, covered = set[str](), _covered()

    def show(text: str) -> str:
        if covered.issuperset(text):
            return text
        letters.update(text)
        return _printable(text)

    told = {**as_plain(document, show), "tag": document.tag, "words": _words(document.language)}
    inputs = {"document": json.dumps(told, ensure_ascii=False), "colours": json.dumps(dict(COLOURS))}
    source = (find_shipped(TEMPLATES) / "report" / "report.typ").read_bytes()
    made = _made(_open(source, inputs).compile(pdf_standards=["ua-1", "a-2a"]))
    missing = (letter for letter in letters - covered if _stand_in(letter) == UNPRINTABLE)
    return part_streams(name_rows(made, document)), frozenset(missing)


def draw_picture(picture: Picture) -> bytes:
    """Return a chart as PNG, for a format that cannot show the drawing itself."""
    drawing = _open(_SHEET.encode(), {"svg": _printable(picture.svg)})
    return _made(drawing.compile(format="png", ppi=PICTURE_DENSITY))


def note_missing(letters: frozenset[str], place: Place) -> tuple[Finding, ...]:
    """Return a note on each letter that the PDF can only show as an empty square."""
    return tuple(
        find("report-character", place, value=letter, words={"code": f"U+{ord(letter):04X}"})
        for letter in sorted(letters)
    )


def _open(source: bytes, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(source, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)


@cache
def _fonts() -> typst.Fonts:
    """Return our own fonts and no others, so that every machine makes the same."""
    with as_file(find_shipped(TEMPLATES) / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _made(result: bytes | list[bytes] | None) -> bytes:
    """Return what Typst made: one file, since a report is one PDF and a drawing one page."""
    if not isinstance(result, bytes):
        raise TypeError("Typst made something other than one file")
    return result


def _words(language: Language) -> dict[str, str]:
    keep = {"page": "{page}", "pages": "{pages}"}
    return {"contents": say("report.contents", language), "page": say("report.page", language, **keep)}


def _printable(text: str) -> str:
    missing = set(text) - _covered()
    return text.translate({ord(letter): _stand_in(letter) for letter in missing}) if missing else text


def _stand_in(letter: str) -> str:
    """Return what is shown for a letter that no font has: nothing for one that nobody sees."""
    return " " if letter.isspace() else "" if unicodedata.category(letter) in ("Cc", "Cf") else UNPRINTABLE


@cache
def _covered() -> frozenset[str]:
    """Return the characters that our fonts have between them."""
    lines = (find_shipped(TEMPLATES) / "fonts" / "covered.txt").read_text(encoding="ascii").split()
    ranges = (line.split("-") for line in lines)
    return frozenset(chr(code) for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1))

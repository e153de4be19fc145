"""The texts in what is drawn over a sheet: boxes of text, shapes, buttons, and the points of a diagram.

Drawn things are told of in two ways: in that of today, and in the one of old (VML), which is no proper XML.
"""

import html
import re
from collections.abc import Iterator
from contextlib import suppress

from xlflow.excel.incoming.book import CellAnnotation
from xlflow.excel.incoming.markup import Element, ParseError, get_attribute, local_name, parse_xml
from xlflow.excel.incoming.package import WorkbookPackage, read_relationships

_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384
_VML_TEXT_START, _VML_TEXT_END = "<v:textbox", "</v:textbox>"
_VML_COMMENT_BOX = re.compile(r"""ObjectType\s*=\s*["']Note["']""")
_VML_SHAPE_END = re.compile(r"</v:(?:shape|rect|roundrect|oval|line)>")
_VML_ANCHOR = re.compile(r"<x:Anchor>\s*(\d+)\s*,\s*\d+\s*,\s*(\d+)\s*,")
_HTML_LINE_BREAK, _HTML_TAG = re.compile(r"<br\b[^<>]*>|</(?:div|p)>"), re.compile(r"<[^<>]*>")


def read_shape_texts(package: WorkbookPackage, sheet_part: str) -> Iterator[CellAnnotation]:
    """Yield the texts in what is drawn over a sheet, each at the cell where it begins; once, if told twice."""
    seen: set[str] = set()
    for _, kind, drawing_part in sorted(read_relationships(package, sheet_part), key=lambda relation: relation[1]):
        if kind not in ("drawing", "vmlDrawing") or not package.find_part(drawing_part):
            continue
        shapes = (
            _read_drawing_shapes(package, drawing_part)
            if kind == "drawing"
            else _read_vml_shapes(package.read_part(drawing_part))
        )
        for row, column, text in shapes:
            if kind == "drawing":
                seen.add(text)
            if text and (kind == "drawing" or text not in seen):
                is_on_sheet = row < _MAX_ROWS and column < _MAX_COLUMNS
                yield (row if is_on_sheet else 0, column if is_on_sheet else 0, "", text)


def element_text(element: Element) -> str:
    """Return the text of a note, without the reading aid (rPh) that Japanese texts carry."""
    if local_name(element) in ("rPh", "br"):
        return "\n" if local_name(element) == "br" else ""
    own_text = element.text or "" if local_name(element) == "t" else ""
    return own_text + "".join(map(element_text, element))


def _read_drawing_shapes(package: WorkbookPackage, drawing_part: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of what a part draws; it may refer to diagrams, which have parts of their own."""
    diagrams = {
        key: part for key, kind, part in read_relationships(package, drawing_part) if kind == "diagramData"
    }
    with suppress(ParseError):
        anchors = (
            element
            for element in parse_xml(package.read_part(drawing_part)).iter()
            if local_name(element).endswith("Anchor")
        )
        for anchor in anchors:
            start = next((element for element in anchor if local_name(element) == "from"), anchor)
            coordinates = {local_name(element): (element.text or "").strip() for element in start}
            row, column = (
                int(coordinates[key]) if coordinates.get(key, "").isdecimal() else 0 for key in ("row", "col")
            )
            yield row, column, _join_paragraphs(anchor, "txBody")
            for key in _diagram_ids(anchor) if diagrams else ():
                if package.find_part(diagrams.get(key, "")):
                    yield row, column, _join_paragraphs(parse_xml(package.read_part(diagrams[key])), "t")


def _join_paragraphs(root: Element, body_tag: str) -> str:
    bodies = [element for element in root.iter() if local_name(element) == body_tag]
    return "\n".join(element_text(child) for body in bodies for child in body if local_name(child) == "p").strip()


def _diagram_ids(anchor: Element) -> Iterator[str]:
    """Yield the ids under which an anchor refers to the texts of a diagram."""
    for element in anchor.iter():
        if local_name(element) == "relIds":
            yield get_attribute(element, "dm")


def _read_vml_shapes(part: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of what is drawn in the way of old, but for the boxes of notes on cells."""
    markup = part.decode("utf-16" if part[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    for shape in _VML_SHAPE_END.split(markup) if _VML_TEXT_START in markup else ():
        start, end = shape.find(_VML_TEXT_START), shape.find(_VML_TEXT_END)
        if 0 <= start < end and not _VML_COMMENT_BOX.search(shape):
            lines = _HTML_TAG.sub("", _HTML_LINE_BREAK.sub("\n", shape[start:end].replace("\n", " "))).split("\n")
            anchor = _VML_ANCHOR.search(shape)
            column, row = map(int, anchor.groups()) if anchor else (0, 0)
            yield row, column, "\n".join(" ".join(html.unescape(line).split()) for line in lines).strip()

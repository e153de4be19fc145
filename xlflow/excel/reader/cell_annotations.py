"""The texts in what is drawn over a sheet: boxes of text, shapes, buttons, and the points of a diagram.

Drawn things are told of in two ways: in that of today, and in the one of old (VML), which is no proper XML.

Where the links lead that people put on cells, which the cells need not say. They are never followed.

The notes that people pin to cells, and the boxes of text that they lay over them, which the fast reader does
not show: answers stand there too.
"""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from xml.etree.ElementTree import Element, ParseError

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.reader.safe_xml import get_attribute, local_name, parse_xml
from xlflow.excel.reader.workbook_data import CellAnnotation, decode_ooxml_escapes
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships

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


_HYPERLINK_TYPE = b"/hyperlink"
_HYPERLINK_TAG = re.compile(rb"<(?:\w+:)?hyperlink\s([^<>]*)>")
_REF_ATTRIBUTE, _ID_ATTRIBUTE = (
    re.compile(rb"""\bref\s*=\s*["']([A-Z]+[0-9]+)"""),
    re.compile(rb""":id\s*=\s*["']([^"']*)["']"""),
)


def has_links(package: WorkbookPackage) -> bool:
    """Return whether any cell of the workbook may lead out of it."""
    return any(
        _HYPERLINK_TYPE in part
        for name, part in package.parts.items()
        if name.endswith(".rels") and "sheets/" in name
    )


def is_external_link(target: str) -> bool:
    """Return whether a link leads to what the reader of an answer may want to see: no address to write to."""
    return bool(target) and not target.startswith(("#", "mailto:"))


def read_links(package: WorkbookPackage, sheet_part: str) -> Iterator[CellAnnotation]:
    """Yield the targets of the links on the cells of a sheet, given by its part."""
    folder, _, name = sheet_part.rpartition("/")
    relationships_part = package.find_part(f"{folder}/_rels/{name}.rels")
    targets = _read_link_targets(package.parts[relationships_part]) if relationships_part else {}
    sheet_xml = package.read_part(sheet_part) if targets else b""
    for match in _HYPERLINK_TAG.finditer(sheet_xml, max(sheet_xml.rfind(b"sheetData"), 0)):
        ref, relationship_id = _REF_ATTRIBUTE.search(match[1]), _ID_ATTRIBUTE.search(match[1])
        target = (
            targets.get(html.unescape(relationship_id[1].decode(errors="replace")), "") if relationship_id else ""
        )
        if ref and is_external_link(target):
            with suppress(ValueError):
                yield (*parse_cell_address(ref[1].decode()), "", target)


def _read_link_targets(relationships_xml: bytes) -> Mapping[str, str]:
    if _HYPERLINK_TYPE not in relationships_xml:
        return {}
    links = parse_xml(relationships_xml).iter()
    return {link.get("Id", ""): link.get("Target", "") for link in links if link.get("TargetMode") == "External"}


FORM_COMMENT_AUTHOR = "xlflow"
"""Who wrote the notes that a form carries which goes back to be corrected; they say nothing new."""

_AUTHOR_TAG = re.compile(rb"<author>([^<]*)</author>")
_THREAD_PREFIX = "[Threaded comment]"
"""How the note begins that Excel puts on a cell for programs that know no conversations."""


def has_annotations(package: WorkbookPackage) -> bool:
    """Return whether any cell of the workbook may have a note, or a box of text over it."""
    return any("omment" in name or "drawings/" in name for name in package.parts)


def read_annotations(package: WorkbookPackage, sheet_part: str) -> tuple[CellAnnotation, ...]:
    """Return the notes on the cells of a sheet, given by its part; of a conversation every contribution."""
    parts = {
        kind: package.read_part(name)
        for _, kind, name in read_relationships(package, sheet_part)
        if package.find_part(name)
    }
    threaded = tuple(_read_threaded_comments(parts["threadedComment"])) if "threadedComment" in parts else ()
    threaded_cells = {annotation[:2] for annotation in threaded}
    comments = _read_comments(parts["comments"]) if "comments" in parts else ()
    plain_comments = (
        comment
        for comment in comments
        if comment[:2] not in threaded_cells or not comment[3].startswith(_THREAD_PREFIX)
    )
    return (*plain_comments, *threaded, *read_shape_texts(package, sheet_part))


def _read_comments(part: bytes) -> Iterator[CellAnnotation]:
    """Yield the notes of other people."""
    if set(_AUTHOR_TAG.findall(part)) == {FORM_COMMENT_AUTHOR.encode()}:
        return
    root = parse_xml(part)
    authors = [element.text or "" for element in root.iter() if local_name(element) == "author"]
    for element in root.iter():
        author_index = element.get("authorId", "")
        author = (
            authors[int(author_index)] if author_index.isdecimal() and int(author_index) < len(authors) else ""
        )
        if local_name(element) == "comment" and author != FORM_COMMENT_AUTHOR:
            yield from _annotate_cell(element, author, element_text(element))


def _read_threaded_comments(part: bytes) -> Iterator[CellAnnotation]:
    for element in parse_xml(part).iter():
        if local_name(element) == "threadedComment":
            yield from _annotate_cell(
                element, "", "".join(child.text or "" for child in element if local_name(child) == "text")
            )


def _annotate_cell(element: Element, author: str, text: str) -> Iterator[CellAnnotation]:
    """Yield a note with its cell; nothing where it belongs to none."""
    with suppress(ValueError):
        yield (*parse_cell_address(element.get("ref", "")), author, decode_ooxml_escapes(text))

"""Reads what lies over and around the cells: comments, texts in shapes, addresses of links, headers and footers.

Calamine shows none of it, and units answer there too. Links are never followed. Shapes come in two markups:
DrawingML, and the older VML, which is no well-formed XML and is therefore searched as text. Headers and footers
are read without layout codes; page numbers, dates and names that a program fills in are left out: nobody wrote
them. All rows and columns are counted from 0.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, parse_cell_address
from xlflow.excel.conventions import COMMENT_AUTHOR
from xlflow.excel.reader.file_type import bom_encoding
from xlflow.excel.reader.safe_xml import get_attribute, iter_text_elements, local_name, parse_xml
from xlflow.excel.reader.workbook_data import CellAnnotation, decode_ooxml_escapes
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_external_targets, read_relationships
from xlflow.runtime.memo import cache_small

# Texts in shapes ------------------------------------------------------------------------------------------

_VML_TEXT_START, _VML_TEXT_END = "<v:textbox", "</v:textbox>"
_VML_COMMENT_BOX = re.compile(r"""ObjectType\s*=\s*["']Note["']""")
_VML_SHAPE_END = re.compile(r"</v:(?:shape|rect|roundrect|oval|line)>")
_VML_ANCHOR = re.compile(r"<x:Anchor>\s*(\d+)\s*,\s*\d+\s*,\s*(\d+)\s*,")
_HTML_LINE_BREAK, _HTML_TAG = re.compile(r"<br\b[^<>]*>|</(?:div|p)>"), re.compile(r"<[^<>]*>")


def read_shape_texts(package: WorkbookPackage, sheet_part: str) -> Iterator[CellAnnotation]:
    """Yield the texts in the shapes, buttons and diagrams over a sheet, each at the cell where the shape begins.

    A program that writes a shape in both markups repeats its text; the VML one is then passed over. Raises
    ParseError for a broken diagram part.
    """
    seen: set[str] = set()
    drawings = (each for each in read_relationships(package, sheet_part) if each.type in ("drawing", "vmlDrawing"))
    for drawing in sorted(drawings, key=lambda relationship: relationship.type):  # DrawingML first
        if not package.find_part(drawing.target):
            continue
        is_vml = drawing.type == "vmlDrawing"
        shapes = (
            _read_vml_shapes(package.read_part(drawing.target))
            if is_vml
            else _read_drawing_shapes(package, drawing.target)
        )
        for row, column, text in shapes:
            if not is_vml:
                seen.add(text)
            if text and not (is_vml and text in seen):
                is_on_sheet = row < MAX_SHEET_ROWS and column < MAX_SHEET_COLUMNS
                yield (row if is_on_sheet else 0, column if is_on_sheet else 0, "", text)


def _join_text(element: Element) -> str:
    """Return the text of a comment or of a paragraph in a shape."""
    return "".join("\n" if local_name(each) == "br" else each.text or "" for each in iter_text_elements(element))


def _read_drawing_shapes(package: WorkbookPackage, drawing_part: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of each anchor of a DrawingML part, and of the diagrams (SmartArt) it refers
    to."""
    diagrams = {
        each.id: each.target for each in read_relationships(package, drawing_part) if each.type == "diagramData"
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
            for diagram_id in _diagram_ids(anchor) if diagrams else ():
                if package.find_part(diagrams.get(diagram_id, "")):
                    diagram = parse_xml(package.read_part(diagrams[diagram_id]))
                    yield row, column, _join_paragraphs(diagram, "t")


def _join_paragraphs(root: Element, body_tag: str) -> str:
    bodies = [element for element in root.iter() if local_name(element) == body_tag]
    return "\n".join(_join_text(child) for body in bodies for child in body if local_name(child) == "p").strip()


def _diagram_ids(anchor: Element) -> Iterator[str]:
    """Yield the relationship ids under which an anchor refers to the texts of a diagram."""
    for element in anchor.iter():
        if local_name(element) == "relIds":
            yield get_attribute(element, "dm")


def _read_vml_shapes(part: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of each shape of a VML part; boxes of comments are left out, since the comments
    part has their texts."""
    markup = part.decode(bom_encoding(part) or "utf-8", "replace")
    for shape in _VML_SHAPE_END.split(markup) if _VML_TEXT_START in markup else ():
        start, end = shape.find(_VML_TEXT_START), shape.find(_VML_TEXT_END)
        if 0 <= start < end and not _VML_COMMENT_BOX.search(shape):
            lines = _HTML_TAG.sub("", _HTML_LINE_BREAK.sub("\n", shape[start:end].replace("\n", " "))).split("\n")
            anchor = _VML_ANCHOR.search(shape)
            column, row = map(int, anchor.groups()) if anchor else (0, 0)
            yield row, column, "\n".join(" ".join(html.unescape(line).split()) for line in lines).strip()


# Links on cells -------------------------------------------------------------------------------------------

_HYPERLINK_TYPE = b"/hyperlink"
_HYPERLINK_TAG = re.compile(rb"<(?:\w+:)?hyperlink\s([^<>]*)>")
_REF_ATTRIBUTE = re.compile(rb"""\bref\s*=\s*["']([A-Z]+[0-9]+)""")
_ID_ATTRIBUTE = re.compile(rb""":id\s*=\s*["']([^"']*)["']""")


def has_links(package: WorkbookPackage) -> bool:
    """Return whether any sheet may have a link out of the workbook: a quick search before `read_links`."""
    return any(
        _HYPERLINK_TYPE in part
        for name, part in package.parts.items()
        if name.endswith(".rels") and "sheets/" in name
    )


def is_external_link(target: str) -> bool:
    """Return whether a link leads to what belongs to the answer: not within the workbook, and no mail address."""
    return bool(target) and not target.startswith(("#", "mailto:"))


def read_links(package: WorkbookPackage, sheet_part: str) -> Iterator[CellAnnotation]:
    """Yield (row, column, "", address) of the links on the cells of a sheet; KeyError if the part is missing.

    The sheet is searched as bytes after its cells; parsing it again as XML would take as long as reading it.
    """
    targets = read_external_targets(package, sheet_part)
    sheet_xml = package.read_part(sheet_part) if targets else b""
    for match in _HYPERLINK_TAG.finditer(sheet_xml, max(sheet_xml.rfind(b"sheetData"), 0)):
        ref, relationship_id = _REF_ATTRIBUTE.search(match[1]), _ID_ATTRIBUTE.search(match[1])
        target = (
            targets.get(html.unescape(relationship_id[1].decode(errors="replace")), "") if relationship_id else ""
        )
        if ref and is_external_link(target):
            with suppress(ValueError):
                yield (*parse_cell_address(ref[1].decode()), "", target)


# Comments -------------------------------------------------------------------------------------------------

_AUTHOR_TAG = re.compile(rb"<author>([^<]*)</author>")
_THREAD_PREFIX = "[Threaded comment]"
"""How the plain comment begins that Excel keeps beside a threaded one, for programs that do not know these."""


def has_annotations(package: WorkbookPackage) -> bool:
    """Return whether any sheet may have comments or shapes: a quick look at names before `read_annotations`."""
    return any("omment" in name or "drawings/" in name for name in package.parts)


def read_annotations(package: WorkbookPackage, sheet_part: str) -> tuple[CellAnnotation, ...]:
    """Return the comments on a sheet's cells, each reply of a threaded one too, and then the texts in its shapes.

    Comments that xlflow itself put on a form that went back for correction are left out. Raises ParseError for a
    broken part.
    """
    parts = {
        each.type: package.read_part(each.target)
        for each in read_relationships(package, sheet_part)
        if package.find_part(each.target)
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
    """Yield the comments by other authors than xlflow; a part that has only ours is not parsed."""
    if set(_AUTHOR_TAG.findall(part)) == {COMMENT_AUTHOR.encode()}:
        return
    root = parse_xml(part)
    authors = [element.text or "" for element in root.iter() if local_name(element) == "author"]
    for element in root.iter():
        author_index = element.get("authorId", "")
        author = (
            authors[int(author_index)] if author_index.isdecimal() and int(author_index) < len(authors) else ""
        )
        if local_name(element) == "comment" and author != COMMENT_AUTHOR:
            yield from _annotate_cell(element, author, _join_text(element))


def _read_threaded_comments(part: bytes) -> Iterator[CellAnnotation]:
    for element in parse_xml(part).iter():
        if local_name(element) == "threadedComment":
            yield from _annotate_cell(
                element, "", "".join(child.text or "" for child in element if local_name(child) == "text")
            )


def _annotate_cell(element: Element, author: str, text: str) -> Iterator[CellAnnotation]:
    """Yield the text at the cell that the element's `ref` names; nothing if that is no address."""
    with suppress(ValueError):
        yield (*parse_cell_address(element.get("ref", "")), author, decode_ooxml_escapes(text))


HEADER_FOOTER_TAGS = frozenset(
    f"{page}{where}" for page in ("odd", "even", "first") for where in ("Header", "Footer")
)
"""The elements of a worksheet that hold a header or footer."""

_SECTION_START, _SECTION_END = b"<headerFooter", b"</headerFooter>"
_HEADER_FOOTER_TEXT = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)\b[^<>]*>([^<]*)<")
_LAYOUT_CODE = re.compile(
    r"""&(?: "[^"]*" | [0-9]{1,3} | K[0-9A-F]{2}(?:[0-9A-F]{4}|[+-][0-9]{3}) | [BIUESXYOH]
    | (?P<part>[LCR]) | (?P<filled>[PNDTZFAG](?:[+-][0-9]+)?) | (?P<sign>&) )""",
    re.VERBOSE | re.IGNORECASE,
)
"""The codes of ECMA-376 part 1, 18.3.1.46: fonts, sizes and colours; left, centre and right part; what a program
fills in; and && for an ampersand."""

_PLACEHOLDER_TAGS = frozenset(("page-number", "page-count", "date", "time", "sheet-name", "file-name", "title"))
"""Elements of an .ods whose text a program fills in."""


def find_header_footer(xml_after_cells: bytes) -> tuple[str, ...]:
    """Return the texts in the headers and footers of an .xlsx sheet, given the bytes of its part after the
    cells."""
    start, end = xml_after_cells.rfind(_SECTION_START), xml_after_cells.rfind(_SECTION_END)
    return _find_texts(xml_after_cells[start:end] if 0 <= start < end else b"")


@cache_small(max_size=2000, max_entries=1024)
def _find_texts(section: bytes) -> tuple[str, ...]:
    """Return the texts of a `headerFooter` element. Cached, since the forms of a round have nearly all in
    common."""
    return parse_header_footer(
        decode_ooxml_escapes(html.unescape(text.decode(errors="replace")))
        for text in _HEADER_FOOTER_TEXT.findall(section)
    )


def parse_header_footer(coded_texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts of headers and footers without their layout codes: each once, none blank, left, centre and
    right part on lines of their own."""
    return tuple(dict.fromkeys(filter(None, map(_strip_layout_codes, coded_texts))))


def _strip_layout_codes(coded_text: str) -> str:
    lines = _LAYOUT_CODE.sub(_replace_layout_code, coded_text).splitlines()
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _replace_layout_code(match: re.Match[str]) -> str:
    if match["part"]:
        return "\n"
    return "&" if match["sign"] else " " if match["filled"] else ""


# .ods -----------------------------------------------------------------------------------------------------


def read_ods_header_footer(styles: bytes) -> Mapping[str, tuple[str, ...]]:
    """Return page style name -> texts of its headers and footers, given the `styles.xml` of an .ods. Raises
    ParseError if that is broken. Headers of left pages that are switched off are still in the file; they are left
    out."""
    if b":master-page" not in styles:
        return MappingProxyType({})
    texts_by_page_style: dict[str, tuple[str, ...]] = {}
    for page in parse_xml(styles).iter():
        if local_name(page) == "master-page":
            texts = dict.fromkeys(filter(None, map(_read_ods_text, filter(_is_displayed, page))))
            texts_by_page_style[get_attribute(page, "name")] = tuple(texts)
    return MappingProxyType(texts_by_page_style)


def _is_displayed(part: Element) -> bool:
    display = get_attribute(part, "display", "true")
    return local_name(part).startswith(("header", "footer")) and display == "true"


def _read_ods_text(part: Element) -> str:
    lines = ("".join(_ods_text_parts(line)).split() for line in part.iter() if local_name(line) == "p")
    return "\n".join(filter(None, map(" ".join, lines)))


def _ods_text_parts(element: Element) -> Iterator[str]:
    """Yield the pieces of a text; those that a program fills in, tabs and line breaks as blanks."""
    yield " " if local_name(element) in _PLACEHOLDER_TAGS else element.text or ""
    for child in element:
        if local_name(child) in ("s", "tab", "line-break"):
            yield " "
        elif local_name(element) not in _PLACEHOLDER_TAGS:
            yield from _ods_text_parts(child)
        yield child.tail or ""

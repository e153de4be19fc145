"""The notes that people pin to cells, and the boxes of text that they lay over them, which the fast reader does
not show: answers stand there too."""

import re
from collections.abc import Iterator
from contextlib import suppress

from xlflow.excel.incoming.book import CellAnnotation, decode_ooxml_escapes, parse_cell_address
from xlflow.excel.incoming.drawn import element_text, read_shape_texts
from xlflow.excel.incoming.markup import Element, local_name, parse_xml
from xlflow.excel.incoming.package import WorkbookPackage, read_relationships

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

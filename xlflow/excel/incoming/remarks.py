"""The notes that people pin to cells, and the boxes of text that they lay over them, which the fast reader does
not show: answers stand there too."""

import re
from collections.abc import Iterator
from contextlib import suppress

from xlflow.excel.incoming.book import Remark, cell_position, unescape
from xlflow.excel.incoming.drawn import read_boxes, words_of
from xlflow.excel.incoming.markup import Element, parse, tag_of
from xlflow.excel.incoming.package import Package, read_relations

OUR_NAME = "xlflow"
"""Who wrote the notes that a form carries which goes back to be corrected; they say nothing new."""

_AUTHOR = re.compile(rb"<author>([^<]*)</author>")
_THREAD = "[Threaded comment]"
"""How the note begins that Excel puts on a cell for programs that know no conversations."""


def has_remarks(package: Package) -> bool:
    """Return whether any cell of the workbook may have a note, or a box of text over it."""
    return any("omment" in name or "drawings/" in name for name in package.parts)


def read_remarks(package: Package, sheet: str) -> tuple[Remark, ...]:
    """Return the notes on the cells of a sheet, given by its part; of a conversation every contribution."""
    parts = {kind: package.read(name) for _, kind, name in read_relations(package, sheet) if package.find(name)}
    said = tuple(_read_threads(parts["threadedComment"])) if "threadedComment" in parts else ()
    talked = {remark[:2] for remark in said}
    notes = _read_notes(parts["comments"]) if "comments" in parts else ()
    kept = (note for note in notes if note[:2] not in talked or not note[3].startswith(_THREAD))
    return (*kept, *said, *read_boxes(package, sheet))


def _read_notes(part: bytes) -> Iterator[Remark]:
    """Yield the notes of other people."""
    if set(_AUTHOR.findall(part)) == {OUR_NAME.encode()}:
        return
    root = parse(part)
    authors = [element.text or "" for element in root.iter() if tag_of(element) == "author"]
    for element in root.iter():
        number = element.get("authorId", "")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        if tag_of(element) == "comment" and author != OUR_NAME:
            yield from _pin(element, author, words_of(element))


def _read_threads(part: bytes) -> Iterator[Remark]:
    for element in parse(part).iter():
        if tag_of(element) == "threadedComment":
            yield from _pin(element, "", "".join(piece.text or "" for piece in element if tag_of(piece) == "text"))


def _pin(element: Element, author: str, text: str) -> Iterator[Remark]:
    """Yield a note with its cell; nothing where it belongs to none."""
    with suppress(ValueError):
        yield (*cell_position(element.get("ref", "")), author, unescape(text))

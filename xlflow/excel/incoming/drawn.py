"""The texts in what is drawn over a sheet: boxes of text, shapes, buttons, and the points of a diagram.

Drawn things are told of in two ways: in that of today, and in the one of old (VML), which is no proper XML.
"""

import html
import re
from collections.abc import Iterator
from contextlib import suppress

from xlflow.excel.incoming.book import Remark
from xlflow.excel.incoming.markup import Element, ParseError, attribute_of, parse, tag_of
from xlflow.excel.incoming.package import Package, read_relations

_ROWS, _COLUMNS = 1_048_576, 16_384
_TEXT, _TEXT_ENDS = "<v:textbox", "</v:textbox>"
_NOTE = re.compile(r"""ObjectType\s*=\s*["']Note["']""")
_SHAPE_ENDS = re.compile(r"</v:(?:shape|rect|roundrect|oval|line)>")
_ANCHOR = re.compile(r"<x:Anchor>\s*(\d+)\s*,\s*\d+\s*,\s*(\d+)\s*,")
_BREAK, _TAG = re.compile(r"<br\b[^<>]*>|</(?:div|p)>"), re.compile(r"<[^<>]*>")


def read_boxes(package: Package, sheet: str) -> Iterator[Remark]:
    """Yield the texts in what is drawn over a sheet, each at the cell where it begins; once, if told twice."""
    seen: set[str] = set()
    for _, kind, name in sorted(read_relations(package, sheet), key=lambda relation: relation[1]):
        if kind not in ("drawing", "vmlDrawing") or not package.find(name):
            continue
        boxes = _read_drawing(package, name) if kind == "drawing" else _read_old(package.read(name))
        for row, column, text in boxes:
            if kind == "drawing":
                seen.add(text)
            if text and (kind == "drawing" or text not in seen):
                near = row < _ROWS and column < _COLUMNS
                yield (row if near else 0, column if near else 0, "", text)


def words_of(element: Element) -> str:
    """Return the text of a note, without the reading aid (rPh) that Japanese texts carry."""
    if tag_of(element) in ("rPh", "br"):
        return "\n" if tag_of(element) == "br" else ""
    own = element.text or "" if tag_of(element) == "t" else ""
    return own + "".join(map(words_of, element))


def _read_drawing(package: Package, name: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of what a part draws; it may refer to diagrams, which have parts of their own."""
    diagrams = {key: part for key, kind, part in read_relations(package, name) if kind == "diagramData"}
    with suppress(ParseError):
        drawn = (element for element in parse(package.read(name)).iter() if tag_of(element).endswith("Anchor"))
        for anchor in drawn:
            start = next((element for element in anchor if tag_of(element) == "from"), anchor)
            at = {tag_of(element): (element.text or "").strip() for element in start}
            row, column = (int(at[key]) if at.get(key, "").isdecimal() else 0 for key in ("row", "col"))
            yield row, column, _read_paragraphs(anchor, "txBody")
            for key in _refer(anchor) if diagrams else ():
                if package.find(diagrams.get(key, "")):
                    yield row, column, _read_paragraphs(parse(package.read(diagrams[key])), "t")


def _read_paragraphs(root: Element, holder: str) -> str:
    bodies = [element for element in root.iter() if tag_of(element) == holder]
    return "\n".join(words_of(one) for body in bodies for one in body if tag_of(one) == "p").strip()


def _refer(anchor: Element) -> Iterator[str]:
    """Yield the ids under which an anchor refers to the texts of a diagram."""
    for element in anchor.iter():
        if tag_of(element) == "relIds":
            yield attribute_of(element, "dm")


def _read_old(part: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield (row, column, text) of what is drawn in the way of old, but for the boxes of notes on cells."""
    markup = part.decode("utf-16" if part[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    for shape in _SHAPE_ENDS.split(markup) if _TEXT in markup else ():
        start, end = shape.find(_TEXT), shape.find(_TEXT_ENDS)
        if 0 <= start < end and not _NOTE.search(shape):
            lines = _TAG.sub("", _BREAK.sub("\n", shape[start:end].replace("\n", " "))).split("\n")
            anchor = _ANCHOR.search(shape)
            column, row = map(int, anchor.groups()) if anchor else (0, 0)
            yield row, column, "\n".join(" ".join(html.unescape(line).split()) for line in lines).strip()

"""Running text, tables and lists as WordprocessingML: each value of the document becomes its element."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from xml.sax.saxutils import escape, quoteattr

from xlflow.report.colours import COLOURS
from xlflow.report.document import Bullets, Cell, Column, Mark, Paragraph, Row, Span, Table

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

BULLET, PART_BULLET, NUMBER = 9001, 9002, 9003
"""Numbers of the list definitions that every report brings along."""

STYLES = {
    "title": "Title",
    "subtitle": "Subtitle",
    "contents": "TOC Heading",
    "caption": "Caption",
    "plain": "Normal",
    "lead": "Report Lead",
    "definition": "Report Definition",
    "quiet": "Report Note",
    "list": "List Bullet",
    "cell": "Report Cell",
    "cell_list": "Report Cell List",
    "heading_cell": "Report Cell Heading",
    "heading_dense": "Report Cell Heading Dense",
    "table": "Report Table",
}
"""What each kind of text is called among the styles; whoever brings a document of their own may define them."""

_EDGE = COLOURS["edge"].lstrip("#")
_LINKED = f'<w:color w:val="{COLOURS["head"].lstrip("#")}"/><w:u w:val="single"/>'
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML may not hold."""


class Ids(dict[str, str]):
    """The ids of the styles in the document at hand, by the names in `STYLES` ("heading 2" likewise)."""


def text_of(text: str) -> str:
    """Return a text as it may stand in XML."""
    return escape(UNPRINTABLE.sub("", text))


def paragraph(ids: Ids, style: str, runs: str, *, keep: bool = False, side: str = "start", more: str = "") -> str:
    """Return a paragraph; `keep`: it stays on the page of what follows."""
    kept = "<w:keepNext/>" if keep else ""
    aligned = '<w:jc w:val="right"/>' if side == "end" else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{ids[style]}"/>{kept}{more}{aligned}</w:pPr>{runs}</w:p>'


def listed(number: int) -> str:
    """Return the property that makes a paragraph an item of a list."""
    return f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'


def runs(spans: Iterable[Span], link: Iterable[str] = ()) -> str:
    """Return running text; `link` are the relationships of the addresses in it, in order."""
    relations = iter(link)
    return "".join(_run_linked(span, next(relations)) if span.link else run(span) for span in spans)


def _run_linked(span: Span, relation: str) -> str:
    return f'<w:hyperlink r:id="{relation}" w:history="1">{run(span, _LINKED)}</w:hyperlink>'


def run(span: Span, more: str = "") -> str:
    """Return one piece of text."""
    look = ("<w:b/>" if span.strong else "") + ("<w:i/>" if span.emphasis else "") + more
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{text_of(span.text)}</w:t></w:r>'


def links_in(blocks: Iterable[object]) -> Iterator[str]:
    """Yield the addresses in some paragraphs and lists, in order."""
    for block in blocks:
        lines: Sequence[Sequence[Span]] = ()
        if isinstance(block, Paragraph):
            lines = (block.spans,)
        elif isinstance(block, Bullets):
            lines = block.items
        yield from (span.link for line in lines for span in line if span.link)


# Tables ---------------------------------------------------------------------------------------------------


def table(it: Table, ids: Ids, width: int) -> str:
    """Return a table `width` twentieths of a point wide, its heading row repeated on every page."""
    widths = _share(it.columns, width)
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
    groups = (_rows(group, ids, widths) for group in (*it.groups, it.total))
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{ids["table"]}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/><w:tblCaption w:val={quoteattr(text_of(it.caption))}/>'
        f"<w:tblDescription w:val={quoteattr(text_of(it.description))}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{_head(it, ids, widths)}{''.join(groups)}</w:tbl>"
    )


def _share(columns: Sequence[Column], width: int) -> list[int]:
    whole = sum(column.share for column in columns)
    ends = [round(width * part / whole) for part in accumulate(column.share for column in columns)]
    return [end - start for start, end in zip((0, *ends), ends, strict=False)]


def _head(it: Table, ids: Ids, widths: Sequence[int]) -> str:
    style = "heading_dense" if it.dense else "heading_cell"
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f"{paragraph(ids, style, run(Span(column.heading)), keep=True, side=column.side)}</w:tc>"
        for column, width in zip(it.columns, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _rows(group: Sequence[Row], ids: Ids, widths: Sequence[int]) -> str:
    """Return the rows of a group; a goal goes on beside each of them.

    A row that goes on with the one above has a blank cell below its activity and no line above it, since other
    programs part rows that a cell spans at the end of a page.
    """
    follows = [*(row.more for row in group[1:]), False]
    return "".join(_row(row, ids, widths, goes_on=more) for row, more in zip(group, follows, strict=False))


def _row(row: Row, ids: Ids, widths: Sequence[int], *, goes_on: bool) -> str:
    at = len(widths) - sum(cell.columns for cell in row.cells)
    edges = "".join(f'<w:{edge} w:val="nil"/>' for edge, nil in (("top", row.more), ("bottom", goes_on)) if nil)
    edges = f"<w:tcBorders>{edges}</w:tcBorders>" if edges else ""
    cells = [_beside(ids, width, "<w:vMerge/>") for width in widths[: at - row.more]]
    cells += [_beside(ids, width, edges) for width in widths[at - row.more : at]]
    for cell in row.cells:
        width = sum(widths[at : at + cell.columns])
        cells.append(_cell(cell, ids, width, "" if cell.group else edges, keep=goes_on))
        at += cell.columns
    split = "<w:trPr><w:cantSplit/></w:trPr>" if row.whole else ""
    return f"<w:tr>{split}{''.join(cells)}</w:tr>"


def _beside(ids: Ids, width: int, more: str) -> str:
    """Return a cell without text: one that the goal goes on in, or one below an activity."""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{more}</w:tcPr>{paragraph(ids, "cell", "")}</w:tc>'


def _cell(cell: Cell, ids: Ids, width: int, edges: str, *, keep: bool) -> str:
    merged = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
    merged += '<w:vMerge w:val="restart"/>' if cell.group and cell.rows > 1 else ""
    content = "".join(_small(one, cell, ids, keep=keep) for one in cell.content)
    content = content or paragraph(ids, "cell", "", keep=keep)
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}{edges}</w:tcPr>{content}</w:tc>'


def _mark(it: Mark) -> str:
    """Return a status as a word on its colour, with an outline."""
    word = f"\u00a0{it.icon}\u00a0{it.word}\u00a0" if it.icon else f"\u00a0{it.word}\u00a0"
    look = (
        f'<w:color w:val="{it.ink.lstrip("#")}"/><w:bdr w:val="single" w:sz="4" w:space="0" w:color="{_EDGE}"/>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="{it.fill.lstrip("#")}"/>'
    )
    return run(Span(word), look)


def _small(it: Paragraph | Bullets | Mark, cell: Cell, ids: Ids, *, keep: bool) -> str:
    if isinstance(it, Mark):
        return paragraph(ids, "cell", _mark(it), keep=keep)
    if isinstance(it, Bullets):
        items = (paragraph(ids, "cell_list", runs(item), keep=keep, more=listed(BULLET)) for item in it.items)
        return "".join(items)
    if cell.deep:
        return paragraph(ids, "cell_list", runs(it.spans), keep=keep, more=listed(PART_BULLET))
    style = "cell" if it.look == "plain" else "quiet"
    return paragraph(ids, style, runs(it.spans), keep=keep, side=cell.side)

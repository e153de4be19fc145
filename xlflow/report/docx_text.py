"""Running text, tables and lists as WordprocessingML: each value of the document becomes its element."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from xml.sax.saxutils import escape, quoteattr

from xlflow.model.text import ILLEGAL_XML_CHARACTERS
from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import (
    Bullets,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    StatusBadge,
)

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

BULLET_LIST, PART_BULLET_LIST, NUMBERED_LIST = 9001, 9002, 9003
"""Numbers of the list definitions that every report brings along."""

STYLE_NAMES = {
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
"""Names of the styles by kind of text; a reference document may define them."""

_BADGE_BORDER = REPORT_COLOURS["edge"].lstrip("#")
_LINK_FORMATTING = f'<w:color w:val="{REPORT_COLOURS["head"].lstrip("#")}"/><w:u w:val="single"/>'
INVALID_XML_CHARACTERS = re.compile(f"[{ILLEGAL_XML_CHARACTERS}]")


class StyleIds(dict[str, str]):
    """The ids of the styles in the document at hand, by the names in `STYLE_NAMES` ("heading 2" likewise)."""


def escape_text(text: str) -> str:
    """Return a text escaped for XML, without characters that XML may not hold."""
    return escape(INVALID_XML_CHARACTERS.sub("", text))


def paragraph_xml(
    style_ids: StyleIds,
    style: str,
    content: str,
    *,
    keep_with_next: bool = False,
    alignment: str = "start",
    extra_properties: str = "",
) -> str:
    """Return a paragraph element; `content` and `extra_properties` are XML. `keep_with_next`: no page break
    after it."""
    keep_xml = "<w:keepNext/>" if keep_with_next else ""
    alignment_xml = '<w:jc w:val="right"/>' if alignment == "end" else ""
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style_ids[style]}"/>{keep_xml}{extra_properties}{alignment_xml}'
        f"</w:pPr>{content}</w:p>"
    )


def list_item_xml(list_number: int) -> str:
    """Return the property that makes a paragraph an item of a list."""
    return f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{list_number}"/></w:numPr>'


def spans_xml(spans: Iterable[Span], relationship_ids: Iterable[str] = ()) -> str:
    """Return runs for the spans; `relationship_ids` are those of the linked spans, in order."""
    remaining_ids = iter(relationship_ids)
    return "".join(_linked_span_xml(span, next(remaining_ids)) if span.link else span_xml(span) for span in spans)


def _linked_span_xml(span: Span, relationship_id: str) -> str:
    return f'<w:hyperlink r:id="{relationship_id}" w:history="1">{span_xml(span, _LINK_FORMATTING)}</w:hyperlink>'


def span_xml(span: Span, extra_properties: str = "") -> str:
    """Return one piece of text."""
    formatting = ("<w:b/>" if span.strong else "") + ("<w:i/>" if span.emphasis else "") + extra_properties
    properties = f"<w:rPr>{formatting}</w:rPr>" if formatting else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape_text(span.text)}</w:t></w:r>'


def iter_links(blocks: Iterable[object]) -> Iterator[str]:
    """Yield the addresses in some paragraphs and lists, in order."""
    for block in blocks:
        span_lists: Sequence[Sequence[Span]] = ()
        if isinstance(block, Paragraph):
            span_lists = (block.spans,)
        elif isinstance(block, Bullets):
            span_lists = block.items
        yield from (span.link for spans in span_lists for span in spans if span.link)


# Tables ---------------------------------------------------------------------------------------------------


def table_xml(report_table: ReportTable, style_ids: StyleIds, width: int) -> str:
    """Return a table `width` twentieths of a point wide, its heading row repeated on every page."""
    widths = _column_widths(report_table.columns, width)
    grid = "".join(f'<w:gridCol w:w="{column_width}"/>' for column_width in widths)
    groups = (
        _group_rows_xml(group, style_ids, widths) for group in (*report_table.row_groups, report_table.total_rows)
    )
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style_ids["table"]}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/><w:tblCaption w:val'
        f"={quoteattr(escape_text(report_table.caption))}/>"
        f"<w:tblDescription w:val={quoteattr(escape_text(report_table.description))}"
        f"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        f"{_header_row_xml(report_table, style_ids, widths)}{''.join(groups)}</w:tbl>"
    )


def _column_widths(columns: Sequence[ReportColumn], width: int) -> list[int]:
    total_share = sum(column.width_share for column in columns)
    ends = [
        round(width * cumulative_share / total_share)
        for cumulative_share in accumulate(column.width_share for column in columns)
    ]
    return [end - start for start, end in zip((0, *ends), ends, strict=False)]


def _header_row_xml(report_table: ReportTable, style_ids: StyleIds, widths: Sequence[int]) -> str:
    style = "heading_dense" if report_table.is_dense else "heading_cell"
    cells = ""
    for column, width in zip(report_table.columns, widths, strict=True):
        heading = span_xml(Span(column.heading))
        text = paragraph_xml(style_ids, style, heading, keep_with_next=True, alignment=column.alignment)
        cells += f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{text}</w:tc>'
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _group_rows_xml(group: Sequence[ReportRow], style_ids: StyleIds, widths: Sequence[int]) -> str:
    """Return the rows of a group; the goal's cell is merged downwards beside all of them.

    A row that continues the one above has a blank cell below its activity and no line above it: other programs
    break rows with a vertically merged cell at the end of a page.
    """
    continues_flags = [*(row.continues_row_above for row in group[1:]), False]
    return "".join(
        _row_xml(row, style_ids, widths, continues_below=continues_below)
        for row, continues_below in zip(group, continues_flags, strict=False)
    )


def _row_xml(row: ReportRow, style_ids: StyleIds, widths: Sequence[int], *, continues_below: bool) -> str:
    column_index = len(widths) - sum(cell.column_span for cell in row.cells)
    edges = "".join(
        f'<w:{edge} w:val="nil"/>'
        for edge, is_open in (("top", row.continues_row_above), ("bottom", continues_below))
        if is_open
    )
    edges = f"<w:tcBorders>{edges}</w:tcBorders>" if edges else ""
    cells = [
        _empty_cell_xml(style_ids, width, "<w:vMerge/>")
        for width in widths[: column_index - row.continues_row_above]
    ]
    cells += [
        _empty_cell_xml(style_ids, width, edges)
        for width in widths[column_index - row.continues_row_above : column_index]
    ]
    for cell in row.cells:
        width = sum(widths[column_index : column_index + cell.column_span])
        cells.append(
            _cell_xml(cell, style_ids, width, "" if cell.heads_group else edges, keep_with_next=continues_below)
        )
        column_index += cell.column_span
    row_properties = "<w:trPr><w:cantSplit/></w:trPr>" if row.keep_together else ""
    return f"<w:tr>{row_properties}{''.join(cells)}</w:tr>"


def _empty_cell_xml(style_ids: StyleIds, width: int, extra_properties: str) -> str:
    """Return a cell without text: one that the goal goes on in, or one below an activity."""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{extra_properties}<'
        f"/w:tcPr>{paragraph_xml(style_ids, 'cell', '')}</w:tc>"
    )


def _cell_xml(cell: ReportCell, style_ids: StyleIds, width: int, edges: str, *, keep_with_next: bool) -> str:
    merge_xml = f'<w:gridSpan w:val="{cell.column_span}"/>' if cell.column_span > 1 else ""
    merge_xml += '<w:vMerge w:val="restart"/>' if cell.heads_group and cell.row_span > 1 else ""
    content = "".join(
        _cell_block_xml(block, cell, style_ids, keep_with_next=keep_with_next) for block in cell.content
    )
    content = content or paragraph_xml(style_ids, "cell", "", keep_with_next=keep_with_next)
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merge_xml}{edges}</w:tcPr>{content}</w:tc>'


def _badge_xml(badge: StatusBadge) -> str:
    """Return a status as a word on its colour, with an outline."""
    label = f"\u00a0{badge.icon}\u00a0{badge.label}\u00a0" if badge.icon else f"\u00a0{badge.label}\u00a0"
    formatting = (
        f'<w:color w:val="{badge.text_colour.lstrip("#")}"/><w:bdr w:val="sing'
        f'le" w:sz="4" w:space="0" w:color="{_BADGE_BORDER}"/>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="{badge.fill_colour.lstrip("#")}"/>'
    )
    return span_xml(Span(label), formatting)


def _cell_block_xml(
    block: Paragraph | Bullets | StatusBadge, cell: ReportCell, style_ids: StyleIds, *, keep_with_next: bool
) -> str:
    if isinstance(block, StatusBadge):
        return paragraph_xml(style_ids, "cell", _badge_xml(block), keep_with_next=keep_with_next)
    if isinstance(block, Bullets):
        item_paragraphs = (
            paragraph_xml(
                style_ids,
                "cell_list",
                spans_xml(item),
                keep_with_next=keep_with_next,
                extra_properties=list_item_xml(BULLET_LIST),
            )
            for item in block.items
        )
        return "".join(item_paragraphs)
    if cell.is_indented:
        return paragraph_xml(
            style_ids,
            "cell_list",
            spans_xml(block.spans),
            keep_with_next=keep_with_next,
            extra_properties=list_item_xml(PART_BULLET_LIST),
        )
    style = "cell" if block.style == "plain" else "quiet"
    return paragraph_xml(
        style_ids, style, spans_xml(block.spans), keep_with_next=keep_with_next, alignment=cell.alignment
    )

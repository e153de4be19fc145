"""Writes the report as a Word document: real headings, repeated heading rows, captions and alternative texts.

Decides nothing about what the report says. Together with `docx_styles`, the only door to python-docx.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.pkgwriter import PackageWriter
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import serialize_for_reading
from docx.shared import Emu, Mm

from xlflow.excel.reader.safe_zip import build_dated_zip
from xlflow.i18n.catalogue import translate
from xlflow.report.document import (
    Block,
    Bullets,
    Document,
    Heading,
    HeadlineFigures,
    Paragraph,
    Picture,
    ReportTable,
    Span,
)
from xlflow.report.docx_styles import create_styled_document
from xlflow.report.docx_text import (
    BULLET_LIST,
    NAMESPACE,
    NUMBERED_LIST,
    StyleIds,
    escape_text,
    iter_links,
    list_item_xml,
    paragraph_xml,
    span_xml,
    spans_xml,
    table_xml,
)
from xlflow.report.pdf_writer import render_chart_png

EMU_PER_TWENTIETH_POINT = 635


def write_docx(document: Document, reference: bytes | None = None) -> bytes:
    """Return the report as .docx, in the look of `reference` (another one) if given; same values, same bytes."""
    docx, style_ids = create_styled_document(document, reference)
    _DocxWriter(docx, style_ids, document).write_body()
    return build_dated_zip(_collect_parts(docx), document.as_of)


class _DocxWriter:
    """Writes one document: holds its style ids, the width of its text (1/20 point), and the bookmarks of
    headings."""

    def __init__(self, docx: Docx, style_ids: StyleIds, document: Document):
        self.docx, self.style_ids, self.document = docx, style_ids, document
        self.text_width = _text_width(docx)
        self.picture_count = 0
        self.bookmarks = {heading.anchor: number for number, heading in enumerate(document.contents, 1)}

    def write_body(self) -> None:
        """Fill the body and the footer.

        The part is parsed anew as a whole: to move many elements into the tree that is there takes lxml a time
        that grows with their square.
        """
        self._write_footer()
        section_properties = self.docx.element.body.find(qn("w:sectPr"))
        section_xml = "" if section_properties is None else serialize_for_reading(section_properties)
        body_xml = "".join(self._body_parts())
        self.docx.part._element = parse_xml(
            f"<w:document {_NAMESPACES}><w:body>{body_xml}{section_xml}</w:body></w:document>"
        )

    def _body_parts(self) -> Iterator[str]:
        document, style_ids = self.document, self.style_ids
        yield paragraph_xml(style_ids, "title", span_xml(Span(document.title)))
        if document.subtitle:
            yield paragraph_xml(style_ids, "subtitle", span_xml(Span(document.subtitle)))
        if document.contents:
            yield paragraph_xml(
                style_ids,
                "contents",
                span_xml(Span(translate("report.contents", document.language))),
                keep_with_next=True,
            )
            yield from self._contents_xml()
        for block in document.blocks:
            yield self._block_xml(block)

    def _block_xml(self, block: Block) -> str:
        if isinstance(block, Heading):
            return self._heading_xml(block)
        if isinstance(block, Paragraph):
            return paragraph_xml(
                self.style_ids,
                block.style,
                self._linked_spans_xml(block.spans, block),
                keep_with_next=block.keep_with_next,
            )
        if isinstance(block, Bullets):
            return self._list_xml(block)
        if isinstance(block, HeadlineFigures):
            figure_items = ((Span(figure.value, strong=True), Span(f" {figure.label}")) for figure in block.items)
            return self._list_xml(Bullets(tuple(figure_items)))
        caption = paragraph_xml(self.style_ids, "caption", span_xml(Span(block.caption)), keep_with_next=True)
        if isinstance(block, ReportTable):
            return (
                caption
                + table_xml(block, self.style_ids, self.text_width)
                + paragraph_xml(self.style_ids, "cell", "")
            )
        return caption + self._picture_xml(block)

    def _heading_xml(self, heading: Heading) -> str:
        bookmark = self.bookmarks.get(heading.anchor)
        text = span_xml(Span(heading.text))
        if bookmark:
            text = (
                f'<w:bookmarkStart w:id="{bookmark}" w:name="_Toc{bookmark:08}"'
                f'/>{text}<w:bookmarkEnd w:id="{bookmark}"/>'
            )
        page_break = "<w:pageBreakBefore/>" if heading.starts_page else ""
        return paragraph_xml(
            self.style_ids, f"heading {heading.level}", text, keep_with_next=True, extra_properties=page_break
        )

    def _list_xml(self, bullets: Bullets) -> str:
        list_number = NUMBERED_LIST if bullets.numbered else BULLET_LIST
        return "".join(
            paragraph_xml(
                self.style_ids,
                "list",
                self._linked_spans_xml(item, Bullets((item,))),
                keep_with_next=bullets.keep_with_next,
                extra_properties=list_item_xml(list_number),
            )
            for item in bullets.items
        )

    def _linked_spans_xml(self, spans: tuple[Span, ...], block: Paragraph | Bullets) -> str:
        document_part = self.docx.part
        relationship_ids = [
            document_part.relate_to(link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            for link in iter_links([block])
        ]
        return spans_xml(spans, relationship_ids)

    def _picture_xml(self, picture: Picture) -> str:
        width = Emu(self.text_width * EMU_PER_TWENTIETH_POINT)
        inline = self.docx.part.new_pic_inline(BytesIO(render_chart_png(picture)), width=width)
        self.picture_count += 1
        inline.docPr.set("id", str(self.picture_count))
        inline.docPr.set("descr", escape_text(picture.alt_text))
        inline.docPr.set("title", escape_text(picture.caption))
        return paragraph_xml(
            self.style_ids, "plain", f"<w:r><w:drawing>{serialize_for_reading(inline)}</w:drawing></w:r>"
        )

    def _contents_xml(self) -> Iterator[str]:
        """Yield the table of contents: a field that Word can renew, filled with links that work at once."""
        headings = self.document.contents
        for index, heading in enumerate(headings):
            link = (
                f'<w:hyperlink w:anchor="_Toc{self.bookmarks[heading.anchor]:08}" w:history="1">'
                f"{span_xml(Span(heading.text))}</w:hyperlink>"
            )
            start = _FIELD_START.format(' TOC \\o "1-2" \\n \\h ') if index == 0 else ""
            end = _FIELD_END if index == len(headings) - 1 else ""
            indent = f'<w:ind w:left="{(heading.level - 1) * 284}"/>'
            yield paragraph_xml(self.style_ids, "plain", f"{start}{link}{end}", extra_properties=indent)

    def _write_footer(self) -> None:
        """Write title and "page X of Y" at the foot, below what an organisation's own document has there."""
        footer = self.docx.sections[-1].footer
        if any("PAGE" in (text.text or "") for text in footer._element.iter(qn("w:instrText"))):
            return
        first_paragraph = footer.paragraphs[0]._p
        footer._element.append(parse_xml(self._footer_xml()))
        if not len(first_paragraph.r_lst):
            footer._element.remove(first_paragraph)

    def _footer_xml(self) -> str:
        style = self.docx.styles["Footer"]
        pieces = translate("report.page", self.document.language, page="\0PAGE\0", pages="\0NUMPAGES\0").split(
            "\0"
        )
        texts = (piece.replace(" ", "\u00a0") for piece in pieces if piece)
        numbers = "".join(_field_xml(words) if words.isupper() else span_xml(Span(words)) for words in texts)
        old_positions = (tab.get(qn("w:pos")) for tab in style.element.iter(qn("w:tab")))
        tabs = "".join(f'<w:tab w:val="clear" w:pos="{position}"/>' for position in old_positions)
        return (
            f'<w:p {NAMESPACE}><w:pPr><w:pStyle w:val="{style.style_id}"/><w:tabs>{tabs}<w:tab w:val="right" '
            f'w:pos="{self.text_width}"/></w:tabs></w:pPr>{span_xml(Span(self.document.title))}<w:r><w:tab/></w:r>{numbers}</w:p>'
        )


def _text_width(docx: Docx) -> int:
    """Return how wide the text is, in twentieths of a point; an A4 page where the section does not say."""
    section = docx.sections[-1]
    page, left, right = (
        section.page_width or Mm(210),
        section.left_margin or Mm(25),
        section.right_margin or Mm(25),
    )
    return (page - left - right) // EMU_PER_TWENTIETH_POINT


def _field_xml(code: str) -> str:
    return _FIELD_START.format(f" {code} ") + span_xml(Span("1")) + _FIELD_END


class _PartCollector(dict[str, bytes]):
    """Takes the parts that python-docx writes; its own zip writer asks the clock, and fails before 1980."""

    def write(self, uri: PackURI, content: bytes) -> None:
        """Keep one part under its name in the package."""
        self[uri.membername] = content


def _collect_parts(docx: Docx) -> dict[str, bytes]:
    """Return the parts of a document by name, the list of their types first."""
    package, collector = docx.part.package, _PartCollector()
    writer: Any = PackageWriter
    for part in package.parts:
        part.before_marshal()
    writer._write_content_types_stream(collector, package.parts)
    writer._write_pkg_rels(collector, package.rels)
    writer._write_parts(collector, package.parts)
    return collector


_NAMESPACES = f'{NAMESPACE} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_FIELD_START = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{}</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_FIELD_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'

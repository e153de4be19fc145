"""Writes the report as a Word document: real headings, repeated heading rows, captions and alternative texts.

Decides nothing about what the report says. Together with `word_styles`, the only door to python-docx.
"""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from struct import Struct

from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import serialize_for_reading
from docx.shared import Emu, Mm

from xlflow.core.words import say
from xlflow.report.document import Block, Bullets, Document, Figures, Heading, Paragraph, Picture, Span, Table
from xlflow.report.pdf import draw_picture
from xlflow.report.word_styles import open_look
from xlflow.report.word_text import (
    BULLET,
    NAMESPACE,
    NUMBER,
    Ids,
    links_in,
    listed,
    paragraph,
    run,
    runs,
    table,
    text_of,
)

EMU_PER_TWENTIETH = 635


def write_docx(document: Document, reference: bytes | None = None) -> bytes:
    """Return the report as .docx, in the look of `reference` (another one) if given; same values, same bytes."""
    docx, ids = open_look(document, reference)
    _Writer(docx, ids, document).write()
    held = BytesIO()
    docx.save(held)
    return _date_parts(held.getvalue(), document.day)


class _Writer:
    """One document on its way into Word: its styles, the width of its text, and the marks that links lead to."""

    def __init__(self, docx: Docx, ids: Ids, document: Document):
        self.docx, self.ids, self.document = docx, ids, document
        self.width = _text_width(docx)
        self.pictures = 0
        self.marks = {heading.anchor: number for number, heading in enumerate(document.contents, 1)}

    def write(self) -> None:
        """Fill the body and the footer."""
        parts = "".join(self._everything())
        body = self.docx.element.body
        last = body.find(qn("w:sectPr"))
        for element in parse_xml(f"<w:body {_NAMESPACES}>{parts}</w:body>"):
            body.append(element) if last is None else last.addprevious(element)
        self._number_pages()

    def _everything(self) -> Iterator[str]:
        document, ids = self.document, self.ids
        yield paragraph(ids, "title", run(Span(document.title)))
        if document.subtitle:
            yield paragraph(ids, "subtitle", run(Span(document.subtitle)))
        if document.contents:
            yield paragraph(ids, "contents", run(Span(say("report.contents", document.language))), keep=True)
            yield from self._contents()
        for block in document.blocks:
            yield self._block(block)

    def _block(self, it: Block) -> str:
        if isinstance(it, Heading):
            return self._heading(it)
        if isinstance(it, Paragraph):
            return paragraph(self.ids, it.look, self._runs(it.spans, it), keep=it.close)
        if isinstance(it, Bullets):
            return self._bullets(it)
        if isinstance(it, Figures):
            lines = ((Span(one.value, strong=True), Span(f" {one.label}")) for one in it.items)
            return self._bullets(Bullets(tuple(lines)))
        caption = paragraph(self.ids, "caption", run(Span(it.caption)), keep=True)
        if isinstance(it, Table):
            return caption + table(it, self.ids, self.width) + paragraph(self.ids, "cell", "")
        return caption + self._picture(it)

    def _heading(self, it: Heading) -> str:
        mark = self.marks.get(it.anchor)
        text = run(Span(it.text))
        if mark:
            text = f'<w:bookmarkStart w:id="{mark}" w:name="_Toc{mark:08}"/>{text}<w:bookmarkEnd w:id="{mark}"/>'
        fresh = "<w:pageBreakBefore/>" if it.fresh else ""
        return paragraph(self.ids, f"heading {it.level}", text, keep=True, more=fresh)

    def _bullets(self, it: Bullets) -> str:
        number = NUMBER if it.numbered else BULLET
        return "".join(
            paragraph(self.ids, "list", self._runs(item, Bullets((item,))), keep=it.close, more=listed(number))
            for item in it.items
        )

    def _runs(self, spans: tuple[Span, ...], block: Paragraph | Bullets) -> str:
        part = self.docx.part
        relations = [
            part.relate_to(link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True) for link in links_in([block])
        ]
        return runs(spans, relations)

    def _picture(self, it: Picture) -> str:
        width = Emu(self.width * EMU_PER_TWENTIETH)
        inline = self.docx.part.new_pic_inline(BytesIO(draw_picture(it)), width=width)
        self.pictures += 1
        inline.docPr.set("id", str(self.pictures))
        inline.docPr.set("descr", text_of(it.alternative))
        inline.docPr.set("title", text_of(it.caption))
        return paragraph(self.ids, "plain", f"<w:r><w:drawing>{serialize_for_reading(inline)}</w:drawing></w:r>")

    def _contents(self) -> Iterator[str]:
        """Yield the table of contents: a field that Word can renew, filled with links that work at once."""
        headings = self.document.contents
        for place, heading in enumerate(headings):
            link = (
                f'<w:hyperlink w:anchor="_Toc{self.marks[heading.anchor]:08}" w:history="1">'
                f"{run(Span(heading.text))}</w:hyperlink>"
            )
            start = _FIELD_START.format(' TOC \\o "1-2" \\n \\h ') if place == 0 else ""
            end = _FIELD_END if place == len(headings) - 1 else ""
            indent = f'<w:ind w:left="{(heading.level - 1) * 284}"/>'
            yield paragraph(self.ids, "plain", f"{start}{link}{end}", more=indent)

    def _number_pages(self) -> None:
        """Write title and "page X of Y" at the foot, below what an organisation's own document has there."""
        footer = self.docx.sections[-1].footer
        if any("PAGE" in (text.text or "") for text in footer._element.iter(qn("w:instrText"))):
            return
        first = footer.paragraphs[0]._p
        footer._element.append(parse_xml(self._foot()))
        if not len(first.r_lst):
            footer._element.remove(first)

    def _foot(self) -> str:
        style = self.docx.styles["Footer"]
        said = say("report.page", self.document.language, page="\0PAGE\0", pages="\0NUMPAGES\0").split("\0")
        whole = (words.replace(" ", "\u00a0") for words in said if words)
        numbers = "".join(_field(words) if words.isupper() else run(Span(words)) for words in whole)
        old = (tab.get(qn("w:pos")) for tab in style.element.iter(qn("w:tab")))
        tabs = "".join(f'<w:tab w:val="clear" w:pos="{place}"/>' for place in old)
        return (
            f'<w:p {NAMESPACE}><w:pPr><w:pStyle w:val="{style.style_id}"/><w:tabs>{tabs}<w:tab w:val="right" '
            f'w:pos="{self.width}"/></w:tabs></w:pPr>{run(Span(self.document.title))}<w:r><w:tab/></w:r>{numbers}</w:p>'
        )


def _text_width(docx: Docx) -> int:
    """Return how wide the text is, in twentieths of a point; an A4 page where the section does not say."""
    section = docx.sections[-1]
    page, left, right = (
        section.page_width or Mm(210),
        section.left_margin or Mm(25),
        section.right_margin or Mm(25),
    )
    return (page - left - right) // EMU_PER_TWENTIETH


def _field(code: str) -> str:
    return _FIELD_START.format(f" {code} ") + run(Span("1")) + _FIELD_END


def _date_parts(package: bytes, day: date) -> bytes:
    """Return the same package with every part dated the report's day, so that equal reports are equal files."""
    made = bytearray(package)
    stamp = _STAMP.pack(12 << 11, (max(day.year, 1980) - 1980) << 9 | day.month << 5 | day.day)
    end = package.rindex(b"PK\x05\x06")
    parts, _, place = _END.unpack_from(package, end + 10)
    for _ in range(parts):
        name, extra, comment = _LENGTHS.unpack_from(package, place + 28)
        (start,) = _START.unpack_from(package, place + 42)
        made[place + 12 : place + 16] = made[start + 10 : start + 14] = stamp
        place += 46 + name + extra + comment
    return bytes(made)


_STAMP, _END, _LENGTHS, _START = Struct("<HH"), Struct("<HII"), Struct("<HHH"), Struct("<I")
"""How a package notes a time, its list of parts, the lengths in an entry of that list, where a part begins."""

_NAMESPACES = f'{NAMESPACE} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_FIELD_START = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{}</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_FIELD_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'

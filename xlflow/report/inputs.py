"""Inputs of a report besides the workbook: an introduction in Markdown, and a Word document to take the look of.

Of Markdown, running text, bold, italics, links, lists and headings become blocks; anything else is kept as text.
Raises FatalError before anything is written if an input cannot be used. Only door to markdown-it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from xlflow.i18n.catalogue import translate_all
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.report.document import Block, Bullets, Heading, Paragraph, Span, nest_headings
from xlflow.report.report_file import ReportFormat

SAFE_LINK_SCHEMES = ("https://", "http://", "mailto:")

MAX_LINK_LENGTH = 2_000
"""Characters of a link's address; Word takes 2,083, and a PDF 8,000."""


def parse_introduction(text: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text; headings never skip a level, as screen readers expect."""
    blocks = nest_headings(_parse_markdown_blocks(MarkdownIt("commonmark", {"html": False}).parse(text)))
    return tuple(
        replace(block, in_contents=block.level == 1) if isinstance(block, Heading) else block for block in blocks
    )


def _parse_markdown_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    open_lists: list[list[tuple[Span, ...]]] = []
    heading_level = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            open_lists.append([])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            items = open_lists.pop()
            if open_lists:
                open_lists[-1] += items
            elif items:
                yield Bullets(tuple(items), numbered=token.type.startswith("ordered"))
        elif token.type == "heading_open":
            heading_level = int(token.tag.removeprefix("h"))
        elif token.type in ("inline", "fence", "code_block"):
            spans = tuple(_parse_markdown_spans(token))
            if heading_level:
                yield Heading(heading_level, "".join(span.text for span in spans))
            elif open_lists:
                open_lists[-1].append(spans)
            elif spans:
                yield Paragraph(spans)
            heading_level = 0


def _parse_markdown_spans(token: Token) -> Iterator[Span]:
    if not token.children:
        yield from [Span(" ".join(token.content.split()))] if token.content.strip() else []
        return
    strong = emphasis = 0
    link = ""
    for child in token.children:
        strong += (child.type == "strong_open") - (child.type == "strong_close")
        emphasis += (child.type == "em_open") - (child.type == "em_close")
        if child.type == "link_open":
            url = str(child.attrs.get("href", ""))
            link = url if url.startswith(SAFE_LINK_SCHEMES) and len(url) <= MAX_LINK_LENGTH else ""
        elif child.type == "link_close":
            link = ""
        text = " " if child.type in ("softbreak", "hardbreak") else child.content
        if text:
            yield Span(text, strong=strong > 0, emphasis=emphasis > 0, link=link)


def read_introduction_file(path: Path | None) -> tuple[Block, ...]:
    """Return the blocks of the introduction, none if `path` is None; FatalError if the file cannot be read as
    UTF-8."""
    if path is None:
        return ()
    try:
        return parse_introduction(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise FatalError(make_finding("report-introduction-unreadable", Location(str(path)))) from fault


def read_reference_document(path: Path | None, report_format: ReportFormat) -> bytes | None:
    """Return the bytes of the reference document, None if there is none or the report is not .docx; FatalError
    if it is no Word document."""
    if path is None or report_format != "docx":
        return None
    from xlflow.report.reference_look import find_reference_fault
    from xlflow.report.reference_package import REFERENCE_LIMITS, ReferenceFault

    fault: ReferenceFault | None = "missing"
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                content = file.read(REFERENCE_LIMITS.file_bytes + 1)
            if (fault := find_reference_fault(content)) is None:
                return content
    params = {"reason": translate_all(f"reference.{fault}")}
    raise FatalError(make_finding("report-reference-unreadable", Location(str(path)), params=params))

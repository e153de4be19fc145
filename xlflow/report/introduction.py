"""What somebody wrote in Markdown to open the report -> its paragraphs, lists and headings.

Knows running text, bold, italics, links, lists and headings; anything else is kept as its words.
Only door to markdown-it.
"""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from xlflow.report.document import Block, Bullets, Heading, Paragraph, Span

SAFE_LINKS = ("https://", "http://", "mailto:")


def read_introduction(text: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text; headings never skip a level, as screen readers expect."""
    return tuple(_order_headings(_read_blocks(MarkdownIt("commonmark", {"html": False}).parse(text))))


def _read_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    lists: list[list[tuple[Span, ...]]] = []
    heading = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append([])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            items = lists.pop()
            if lists:
                lists[-1] += items
            elif items:
                yield Bullets(tuple(items), numbered=token.type.startswith("ordered"))
        elif token.type == "heading_open":
            heading = int(token.tag.removeprefix("h"))
        elif token.type in ("inline", "fence", "code_block"):
            spans = tuple(_read_spans(token))
            if heading:
                yield Heading(heading, "".join(span.text for span in spans))
            elif lists:
                lists[-1].append(spans)
            elif spans:
                yield Paragraph(spans)
            heading = 0


def _read_spans(token: Token) -> Iterator[Span]:
    if not token.children:
        yield from [Span(" ".join(token.content.split()))] if token.content.strip() else []
        return
    strong = emphasis = 0
    link = ""
    for child in token.children:
        strong += (child.type == "strong_open") - (child.type == "strong_close")
        emphasis += (child.type == "em_open") - (child.type == "em_close")
        if child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            link = address if address.startswith(SAFE_LINKS) else ""
        elif child.type == "link_close":
            link = ""
        text = " " if child.type in ("softbreak", "hardbreak") else child.content
        if text:
            yield Span(text, strong=strong > 0, emphasis=emphasis > 0, link=link)


def _order_headings(blocks: Iterator[Block]) -> Iterator[Block]:
    level = 0
    for block in blocks:
        if isinstance(block, Heading):
            level = min(block.level, level + 1, 4)
            yield Heading(level, block.text, listed=level == 1)
        else:
            yield block

"""The report as values: its contents in reading order, without any file format.

`compose` decides everything here; the three writers (`docx_writer`, `html_writer`, `pdf_writer`) turn each value
into the same thing in their format and decide nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal

from xlflow.i18n.catalogue import Language

TextStyle = Literal["plain", "lead", "definition", "quiet"]
"""plain: running text; lead: first words of a section; definition: text that defines a goal; quiet: a note."""

Alignment = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text with one formatting; `link` is an address outside the report, "" for none."""

    kind: ClassVar[str] = "span"
    text: str
    strong: bool = False
    emphasis: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class StatusBadge:
    """A status: its label, then icon and colours (#RRGGBB) that only repeat it; the contrast of the two is at
    least 4.5."""

    kind: ClassVar[str] = "mark"
    code: str
    label: str
    icon: str
    text_colour: str
    fill_colour: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. `keep_with_next`: no page break between it and what follows."""

    kind: ClassVar[str] = "paragraph"
    spans: tuple[Span, ...]
    style: TextStyle = "plain"
    keep_with_next: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each item is running text. `keep_with_next`: no page break between it and what follows."""

    kind: ClassVar[str] = "bullets"
    items: tuple[tuple[Span, ...], ...]
    numbered: bool = False
    keep_with_next: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4 below the report's title; `anchor` is unique within the report. `in_contents`:
    the table of contents lists it. `starts_page`: it begins a new page."""

    kind: ClassVar[str] = "heading"
    level: int
    text: str
    anchor: str = ""
    in_contents: bool = True
    starts_page: bool = False


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """One figure with its label: "13", "aktiviteter förskjuts"."""

    kind: ClassVar[str] = "figure"
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class HeadlineFigures:
    """A few figures beside each other."""

    kind: ClassVar[str] = "figures"
    items: tuple[HeadlineFigure, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing in SVG, with everything that it shows in words as well. Sizes are in CSS pixels."""

    kind: ClassVar[str] = "picture"
    svg: str
    width: int
    height: int
    caption: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class ReportCell:
    """One table cell, spanning `row_span` rows and `column_span` columns.

    `is_header`: it names its row, or with `heads_group` all rows of its group. `is_indented`: it is a sub-activity
    below its activity. `can_hyphenate`: it holds a word that may not fit its column.
    """

    kind: ClassVar[str] = "cell"
    content: tuple[Paragraph | Bullets | StatusBadge, ...] = ()
    row_span: int = 1
    column_span: int = 1
    is_header: bool = False
    heads_group: bool = False
    is_indented: bool = False
    can_hyphenate: bool = False
    alignment: Alignment = "start"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One table row. `status_code` is what a reader may filter by, "" for a row that is always shown.

    `keep_together`: no page break within the row. `continues_row_above`: it is the second part of the row above.
    """

    kind: ClassVar[str] = "row"
    cells: tuple[ReportCell, ...]
    status_code: str = ""
    keep_together: bool = True
    continues_row_above: bool = False


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One column: its heading and the share of the table's width that it takes."""

    kind: ClassVar[str] = "column"
    heading: str
    width_share: float
    alignment: Alignment = "start"


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table with one heading row, repeated on every page. No cell spans from one group of rows into the next.

    `caption` is above it; `description` explains its structure to screen readers. `is_dense`: many narrow columns
    of figures. `has_group_lines`: a stronger line separates the groups.
    """

    kind: ClassVar[str] = "table"
    caption: str
    description: str
    columns: tuple[ReportColumn, ...]
    row_groups: tuple[tuple[ReportRow, ...], ...]
    total_rows: tuple[ReportRow, ...] = ()
    is_dense: bool = False
    has_group_lines: bool = False

    @property
    def all_rows(self) -> Iterator[ReportRow]:
        """Every row below the heading, in order."""
        for group in self.row_groups:
            yield from group
        yield from self.total_rows


Block = Heading | Paragraph | Bullets | HeadlineFigures | Picture | ReportTable


MAX_HEADING_LEVEL = 4


def nest_headings(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with headings that never skip a level, as screen readers expect: each is one level below
    the nearest heading above it that had a smaller number."""
    open_levels: list[int] = []
    for block in blocks:
        if not isinstance(block, Heading):
            yield block
            continue
        while open_levels and open_levels[-1] >= block.level:
            open_levels.pop()
        open_levels.append(block.level)
        yield replace(block, level=min(len(open_levels), MAX_HEADING_LEVEL))


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `blocks` are in reading order below the title and the subtitle.

    `item_noun_plural` is what the report counts, in lower case ("aktiviteter"). `contents` are the headings of the
    table of contents, empty for a short report. `body_anchor` is the anchor of the first heading above the tables
    of activities. `status_filters` are the statuses to filter by, each with its number of rows.
    """

    title: str
    subtitle: str
    language: Language
    as_of: date
    blocks: tuple[Block, ...]
    item_noun_plural: str = ""
    contents: tuple[Heading, ...] = ()
    body_anchor: str = ""
    status_filters: tuple[tuple[StatusBadge, int], ...] = ()

    @property
    def language_tag(self) -> str:
        """The language as the formats name it."""
        return {"sv": "sv-SE", "en": "en-GB"}[self.language]


def to_plain_values(value: Any, convert_text: Callable[[str], str]) -> Any:
    """Return a value of this module as JSON-like lists, dicts, texts and numbers; every dict has a `kind`.

    `convert_text` is applied to every text.
    """
    value_type: Any = type(value)
    if value_type is str:
        return convert_text(value)
    if value_type is tuple:
        return [to_plain_values(item, convert_text) for item in value]
    if value_type in (int, bool, float):
        return value
    if value_type is date:
        return value.isoformat()
    kind, field_names = _describe_type(value_type)
    plain = {name: to_plain_values(getattr(value, name), convert_text) for name in field_names}
    return {"kind": kind, **plain} if kind else plain


@cache
def _describe_type(value_type: type) -> tuple[str, tuple[str, ...]]:
    """Return the `kind` and the field names of a dataclass of this module."""
    return getattr(value_type, "kind", ""), tuple(field.name for field in fields(value_type))


def iter_cell_texts(cell: ReportCell) -> Iterator[str]:
    """Yield the running texts in a cell."""
    for block in cell.content:
        if isinstance(block, Paragraph):
            yield from (span.text for span in block.spans)
        elif isinstance(block, Bullets):
            yield from (span.text for item in block.items for span in item)


def to_spans(text: str, *, strong: bool = False) -> tuple[Span, ...]:
    """Return plain text as running text."""
    return (Span(text, strong=strong),) if text else ()

"""The report as values: what it says, in which order and as what kind of thing. Knows no file format.

Whoever composes decides everything here; the three writers (`word`, `web`, `pdf`) turn each value into the
same thing in their format and decide nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal

from xlflow.i18n.catalogue import Language

TextStyle = Literal["plain", "lead", "definition", "quiet"]
"""What a paragraph is: running text, the first words of a section, the text that defines a goal, a remark."""

Alignment = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of running text; `link` is an address outside the report."""

    kind: ClassVar[str] = "span"
    text: str
    strong: bool = False
    emphasis: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class StatusBadge:
    """A status: its word first, then a sign and colours that only repeat it. `ink` on `fill` can be read."""

    kind: ClassVar[str] = "mark"
    code: str
    label: str
    icon: str
    text_colour: str
    fill_colour: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. `close`: it belongs to what follows and is not parted from it by a page break."""

    kind: ClassVar[str] = "paragraph"
    spans: tuple[Span, ...]
    style: TextStyle = "plain"
    keep_with_next: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each item is running text. `close`: a page break never parts it from what follows."""

    kind: ClassVar[str] = "bullets"
    items: tuple[tuple[Span, ...], ...]
    numbered: bool = False
    keep_with_next: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4 below the report's title; `anchor` is its address within the report,
    `list_item_xml` whether a table of contents names it; a `fresh` one begins a page."""

    kind: ClassVar[str] = "heading"
    level: int
    text: str
    anchor: str = ""
    in_contents: bool = True
    starts_page: bool = False


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """One figure that stands for itself: "13", "aktiviteter förskjuts"."""

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
    """One cell of a table. `rows` and `columns` are how many it spans; `head`: it names its row, or with `group`
    all rows of its group; `deep`: it stands below the row above (a sub-activity); `broken`: it holds
    a word that may not fit its column and is hyphenated."""

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
    """One row. `code` is the status that a reader may filter by, "" for a row that is always shown.

    `whole`: short enough to stand on one page; a page break never parts it. `more`: it goes on with the row above.
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

    `caption` stands above it; `description` tells those who do not see it how it is built. `dense`: it has many
    narrow columns of figures; `parted`: a stronger line stands between its groups.
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


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `blocks` stand in reading order below the title and the subtitle.

    `items` is what it is about, in small letters ("aktiviteter"); `contents` are the headings that the table of
    contents lists, none for a short report; `body` is the address of the first heading above the tables of
    activities, `filters` the statuses that a reader may choose among there, each with how many rows have it.
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
    """Return a value of this module as lists, texts and numbers, every text as `print_result_and_exit` has it.

    Every part says its `kind`.
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
    """Return what a kind of part is called, and what it consists of."""
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

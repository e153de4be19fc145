"""How wide the columns of the form sheet are: what is asked and what is to be answered side by side on a laptop.

The columns from the id to what remains fit a window 1,100 pixels wide at 100 percent, and those that stay in view
take at most 350 of them, in Excel and in LibreOffice, which draws columns about 6 percent wider. Texts and answers
share what is left. Knows widths only; writes nothing.
"""

from collections.abc import Mapping, Sequence, Set

from xlflow.excel.writer import fit_row_height, text_width
from xlflow.form.layout import FormColumn
from xlflow.model.template_elements import DEADLINE_TYPES, NUMBER_TYPES, Field

MAX_FROZEN_PIXELS, MAX_ANSWERED_PIXELS = 330, 985
"""Pixels of Excel, at 100 percent, of the columns that stay in view, and of all up to what remains: a window of
1,100 has row numbers and a scroll bar too."""

MAX_COLUMN_WIDTH, MAX_ROW_HEIGHT = 70, 400.0
"""Characters to which a column outside that block may be widened, and points that a row may be high, to show a
long text whole."""

MAX_NAME_WIDTH = 30.0
"""Characters to which a column that names a row is widened."""

MAX_WORD_WIDTH = 26.0
"""Characters to which a column is widened for the sake of a single word; longer ones are broken."""

BOLD_WIDTH_FACTOR = 1.08
"""How much wider bold letters are."""

SMALL_LETTERS = 8 / 11
"""Size of the letters of an id against all others."""

_PIXELS_PER_CHARACTER, _PADDING_PIXELS = 7, 5

_SHARES: Mapping[str, tuple[float, float, float]] = {
    "text": (22.0, 62.0, 3.0),
    "previous": (14.5, 30.0, 1.5),
    "remaining": (15.0, 28.0, 1.0),
}
"""Least and largest width, in characters, and share of the room that is left, of columns with texts of any
length."""


def width_in_pixels(width: float) -> int:
    """Return how many pixels a column of a width in characters takes at 100 percent."""
    return int(width * _PIXELS_PER_CHARACTER + _PADDING_PIXELS)


def fit_column_widths(
    columns: Sequence[FormColumn], headings: Sequence[str], texts: Sequence[Set[str]], choices: Sequence[Set[str]]
) -> list[float]:
    """Return the width of each column in characters. By column: its heading, the texts that it shows, and the
    answers that it offers."""
    end = next(index for index, column in enumerate(columns) if column.kind == "remaining") + 1
    widths = [
        _own_width(column, heading, shown, offered)
        for column, heading, shown, offered in zip(columns, headings, texts, choices, strict=True)
    ]
    named = [index for index, column in enumerate(columns[:end]) if column.kind == "level"]
    for index, width in zip(named, _share_frozen_width(widths, headings, texts, named), strict=True):
        widths[index] = width
    flexible = {index: _SHARES[kind] for index in range(end) if (kind := _flexible_kind(columns[index]))}
    used = sum(map(width_in_pixels, widths[:end]))
    for index, width in _share_width(flexible, (MAX_ANSWERED_PIXELS - used) / _PIXELS_PER_CHARACTER).items():
        widths[index] = max(width, widths[index] if _flexible_kind(columns[index]) != "text" else 0.0)
    return widths


def _flexible_kind(column: FormColumn) -> str | None:
    if column.kind in ("previous", "remaining"):
        return column.kind
    return "text" if column.kind == "answer" and column.field and column.field.type == "text" else None


def _own_width(column: FormColumn, heading: str, texts: Set[str], choices: Set[str]) -> float:
    """Return the width that a column needs by itself: no word broken, neither of the heading nor of the texts."""
    heading_width = _widest_word([heading]) * BOLD_WIDTH_FACTOR + 1
    if column.kind == "id":
        return max(heading_width, min(9.0, _widest_word(texts) * SMALL_LETTERS + 0.5))
    if kind := _flexible_kind(column):
        return max(_SHARES[kind][0], min(MAX_WORD_WIDTH, heading_width))
    if column.field is None or column.field.type == "text":
        return _width_for_long_texts(column.width, heading_width, texts)
    return _typed_width(column.field, column.width, heading_width, choices | texts)


def _typed_width(field: Field, width: float, heading_width: float, texts: Set[str]) -> float:
    """Return the width of a column with numbers, times or answers from a list; `texts` are those that it shows and
    offers."""
    if field.percent:
        return max(10.0, heading_width)
    if field.type in NUMBER_TYPES:
        return max(min(width, 13.0), heading_width, max(map(text_width, texts), default=0.0) + 2)
    if field.type in DEADLINE_TYPES:
        return max(10.0, heading_width, min(15.5, _widest_word(texts) + 0.8))
    return max(min(width, 11.0), heading_width, min(MAX_WORD_WIDTH, _widest_word(texts) + 1))


def _width_for_long_texts(width: float, heading_width: float, texts: Set[str]) -> float:
    """Return a width at which no word is broken, and the longest text still fits a row that Excel can show."""
    width = max(width, min(MAX_WORD_WIDTH, heading_width), min(MAX_WORD_WIDTH, _widest_word(texts) + 1))
    long_texts = [text for text in texts if len(text) > 200]
    while (
        width < MAX_COLUMN_WIDTH
        and long_texts
        and fit_row_height((text, width) for text in long_texts) > MAX_ROW_HEIGHT
    ):
        width += 2
    return width


def _share_frozen_width(
    widths: Sequence[float], headings: Sequence[str], texts: Sequence[Set[str]], named: Sequence[int]
) -> list[float]:
    """Return the widths of the columns that name a row, from `widths` of all columns: those with longer texts get
    more of the room, none less than its heading needs."""
    room = (MAX_FROZEN_PIXELS - width_in_pixels(widths[0]) - _PADDING_PIXELS * len(named)) / _PIXELS_PER_CHARACTER
    least = [
        max(
            min(_widest_word(texts[index]) + 1, room * (0.6 if len(named) == 2 else 1 / len(named))),
            _widest_word([headings[index]]) * BOLD_WIDTH_FACTOR + 1,
        )
        for index in named
    ]
    weights = [max(map(len, texts[index]), default=0) ** 0.5 for index in named]
    spare = max(0.0, room - sum(least))
    least = [low * min(1.0, room / sum(least)) for low in least]
    return [
        min(MAX_NAME_WIDTH, low + spare * weight / max(1.0, sum(weights)), room)
        for low, weight in zip(least, weights, strict=True)
    ]


def _share_width(flexible: Mapping[int, tuple[float, float, float]], room: float) -> dict[int, float]:
    """Return the widths of columns, each from its least width up to its largest, with `room` characters shared by
    their parts; the least where there is none."""
    widths = {index: least for index, (least, _, _) in flexible.items()}
    growing = set(flexible)
    while room > 0.5 and growing:
        total = sum(flexible[index][2] for index in growing)
        added = {
            index: min(room * flexible[index][2] / total, flexible[index][1] - widths[index]) for index in growing
        }
        for index, width in added.items():
            widths[index] += width
        room -= sum(added.values())
        growing = {index for index in growing if widths[index] < flexible[index][1] - 0.01}
    return widths


def _widest_word(texts: Sequence[str] | Set[str]) -> float:
    return max((text_width(word) for text in texts for word in text.split()), default=0.0)

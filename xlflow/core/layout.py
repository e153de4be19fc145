"""Where everything stands in a form: `generate` writes by this, `read` finds by this, and nothing else may.

The form sheet: a title, a line with counter and form code, a hidden row of column codes (`#status`), the one
heading row, one row per line, then free rows. The hidden sheet is a list of records, the record's kind first.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from xlflow.core.template import Field, Level, Template
from xlflow.core.text import fingerprint, short_code
from xlflow.core.words import LANGUAGES, Language, Text, say, say_both

TITLE_ROW, COUNTER_ROW, CODE_ROW, HEADING_ROW, FIRST_ROW = 0, 1, 2, 3, 4
"""Rows of the form sheet, counted from 0."""

FREE_ROWS = 10
"""Rows for activities of the unit's own. They stand below the lines, after one row that says what they are for
(`free_heading`, in the id column; every other cell of that row is blank)."""

LOOSE_ROW = 3
"""The first row, counted from 0, of the texts on the sheet for what stood outside the table; they begin in its
second column, each after the words for where it stood."""

HIDDEN_SHEET = "xlflow"
"""Name of a form's very hidden sheet; the same in every language."""

LIVE_SHEET = "xlflow_live"
"""Name of a form's other very hidden sheet, on which its live formulas reckon; reading passes it over. Its rows
begin with a kind too: `LIVE_KINDS`."""

LIVE_KINDS = ("words", "live")

ROUND_SHEET = "xlflow-round"
"""Name of the consolidated workbook's very hidden sheet, which says what its round was."""

SINCE = "since"
"""The kind of record by which that sheet says which day's round its changes are told against."""

ORDER = "order"
"""The kind of record by which that sheet says in which order the lines of the plan stand: their ids."""

LABEL_COLUMN = 3
"""The column of the hidden sheet in which the labels of its lists stand, counted from 0."""

QUARTERS, YES_NO = "quarters", "yes_no"
"""The lists that every form has besides those of its template."""

PIECE, PROPERTY_PIECE = 30_000, 250
"""Characters that a cell is given of a text that is cut into pieces, and a document property; somewhat less than
they can hold (32,767 and 255), so that somebody may add to them."""

Record = Literal[
    "identity", "definition", "round", "units", "unit", "line", "own", "previous", "listed", "choice", "quarter"
]
"""Kinds of records on the hidden sheet: `issued.py` writes and reads them, but for the lists of accepted
answers (choice, quarter), which stand there only for the form's own validations."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the form sheet. `names` are the headings under which it is recognised."""

    key: str
    kind: Literal["id", "level", "given", "answer", "computed", "remaining", "context", "previous"]
    label: Text
    names: tuple[str, ...]
    width: int
    level: Level | None = None
    field: Field | None = None

    @property
    def code(self) -> str:
        """What stands in the hidden code row above its heading."""
        return f"#{self.key}"

    def heading(self, language: Language) -> str:
        """Return the heading as written in a form of this language."""
        return self.label.say(language)


def form_columns(template: Template, context: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Return the columns of the form sheet, in order: id, levels, fields, what remains, context."""
    return (
        _own_column("id", "id", 9),
        *(_labelled_column(level) for level in template.levels),
        *(_labelled_column(field) for field in template.shown()),
        _own_column("remaining", "remaining", 30),
        *(_context_column(heading) for heading in context),
    )


def previous_column() -> Column:
    """Return the column that shows the previous round's answers; only a form that was made with some has it, after
    what remains. It is found by code or heading, wherever it stands."""
    label = say_both("column.previous")
    return Column("previous", "previous", label, (label.sv, label.en), 34)


def form_sheet() -> Text:
    """Return the name of the form sheet in both languages."""
    return say_both("sheet.form")


def free_heading(template: Template) -> Text:
    """Return what stands above the free rows, in the id column."""
    item = template.levels[template.item].label
    words = {
        language: say("form.own_heading", language, item=in_sentence(item, language)) for language in LANGUAGES
    }
    return Text(**words)


def in_sentence(label: Text, language: Language) -> str:
    """Return a heading as it reads within a sentence: "aktivitet"; an abbreviation keeps its capitals."""
    text = label.say(language)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def continued_sheet() -> Text:
    """Return the name of the sheet on which texts go on that are longer than a cell."""
    return say_both("continued.title")


def continued_mark(number: int, language: Language) -> str:
    """Return what such a text ends with in its own cell: the number under which it goes on."""
    return say("continued.mark", language, number=number)


def list_key(field: Field) -> str | None:
    """Return which list a field offers: one of the template's, `QUARTERS`, `YES_NO`, or none."""
    if field.type == "choice" and field.choices:
        return f"{field.choices}_choices" if field.choices in (QUARTERS, YES_NO) else field.choices
    return {"quarter": QUARTERS, "deadline": QUARTERS, "yes_no": YES_NO}.get(field.type)


def list_name(key: str) -> str:
    """Return the defined name of a list: xlflow_status."""
    return f"xlflow_{key}"


def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0: A, Z, AA."""
    letters = ""
    while column >= 0:
        column, rest = divmod(column, 26)
        letters, column = chr(ord("A") + rest) + letters, column - 1
    return letters


def row_fingerprint(levels: tuple[str, ...]) -> str:
    """Return what tells a row by its issued text, whatever happened to its id."""
    return fingerprint(levels)


@lru_cache(maxsize=1024)
def form_code(round_key: str, unit: str) -> str:
    """Return the short code that is printed on a form: "k4t7-m2pq"."""
    code = short_code((round_key, unit))
    return f"{code[:4]}-{code[4:]}"


def _own_column(key: str, kind: Literal["id", "remaining"], width: int) -> Column:
    label = say_both(f"column.{key}")
    return Column(key, kind, label, (label.sv, label.en), width)


def _labelled_column(source: Level | Field) -> Column:
    if isinstance(source, Level):
        return Column(source.key, "level", source.label, source.names(), source.width, level=source)
    kind: Literal["given", "answer", "computed"] = "given" if source.filled_by == "plan" else "answer"
    kind = "computed" if source.computed else kind
    return Column(source.key, kind, source.label, source.names(), source.width, field=source)


def _context_column(heading: str) -> Column:
    return Column(heading, "context", Text(sv=heading, en=heading), (heading,), 20)

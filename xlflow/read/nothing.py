"""Whether the unit says that it has nothing to report: a choice on the instruction sheet, beside its label.

Found by the label, in whichever language and on whichever row it stands by now. What else is written there is set
aside, so that nothing is dropped.
"""

from collections.abc import Collection, Iterator

from xlflow.core.findings import Place
from xlflow.core.model import SetAside
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.core.values.spellings import squeeze
from xlflow.core.words import LANGUAGES, say
from xlflow.excel.incoming import Book, Raw, Sheet, cell_name
from xlflow.read.identity import holds_records
from xlflow.read.shape import quick_fold


def find_nothing(book: Book, known: Collection[int], unit: str) -> tuple[Place | None, tuple[SetAside, ...]]:
    """Return where the unit says that it has nothing to report, None if nowhere; and what it writes there instead.

    `known` are the sheets (their `id`) that hold the form, and so no instruction; nor do its records.
    """
    sheets = (sheet for sheet in book.sheets if id(sheet) not in known and not holds_records(sheet))
    said = [pair for sheet in sheets for pair in _find_answers(book.name, sheet)]
    yes = frozenset(say("nothing.yes_words", "sv").split())
    no = fold(say("values.no", "sv")), fold(say("values.no", "en"))
    place = next((place for place, text in said if squeeze(text) in yes), None)
    other = [pair for pair in said if squeeze(pair[1]) not in yes and fold(pair[1]) not in no]
    return place, tuple(SetAside(unit, at, (text,), "text-beside", is_row=False) for at, text in other)


def _find_answers(file: str, sheet: Sheet) -> Iterator[tuple[Place, str]]:
    """Yield what is written beside the label, with its cell."""
    labels = {fold(say("nothing.label", language)) for language in LANGUAGES}
    for number, row in enumerate(sheet.rows):
        for column, cell in enumerate(row[:-1]):
            if isinstance(cell, str) and len(cell) < 40 and quick_fold(cell) in labels:
                written = _written(row[column + 1])
                if written:
                    yield Place(file, sheet.name, cell_name(number, column + 1)), written


def _written(cell: Raw) -> str:
    return "" if cell is None else written_text(cell).strip()

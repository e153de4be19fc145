"""Conventions."""

from xlflow.i18n.catalogue import Language, LocalizedText, translate, translate_all

CALC_SHEET = "xlflow_live"
"""Name of a form's other very hidden sheet, on which its live formulas reckon; reading passes it over. Its rows
begin with a kind too: `CALC_RECORD_KINDS`."""

MAX_CELL_CHUNK, MAX_PROPERTY_CHUNK = 30_000, 250
"""Characters that a cell is given of a text that is cut into pieces, and a document property; somewhat less than
they can hold (32,767 and 255), so that somebody may add to them."""


def long_text_sheet_name() -> LocalizedText:
    """Return the name of the sheet on which texts go on that are longer than a cell."""
    return translate_all("continued.title")


def long_text_marker(number: int, language: Language) -> str:
    """Return what such a text ends with in its own cell: the number under which it goes on."""
    return translate("continued.mark", language, number=number)


def column_letters(column_index: int) -> str:
    """Return the letters of a column counted from 0: A, Z, AA."""
    letters = ""
    while column_index >= 0:
        column_index, rest = divmod(column_index, 26)
        letters, column_index = chr(ord("A") + rest) + letters, column_index - 1
    return letters

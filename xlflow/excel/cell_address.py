"""Cell addresses as spreadsheets write them, from row and column numbers counted from 0, and back.

Depends on nothing, so that every part of the program may use it; reads no file.
"""

from functools import lru_cache

MAX_SHEET_ROWS, MAX_SHEET_COLUMNS = 1_048_576, 16_384
"""Rows and columns of a sheet in Excel."""


def column_letters(column_index: int) -> str:
    """Return the letters of a column counted from 0: A, Z, AA."""
    letters = ""
    while column_index >= 0:
        column_index, rest = divmod(column_index, 26)
        letters, column_index = chr(ord("A") + rest) + letters, column_index - 1
    return letters


def format_cell_address(row: int, column: int) -> str:
    """Return the address of a cell, row and column counted from 0: (6, 7) is "H7"."""
    return f"{column_letters(column)}{row + 1}"


@lru_cache(maxsize=16_384)
def parse_cell_address(address: str) -> tuple[int, int]:
    """Return row and column, counted from 0, of a cell address: "H7" is (6, 7). ValueError if it is none."""
    letters, digits = split_cell_address(address)
    column = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(address)
        column = column * 26 + ord(letter) - 64
    row = int(digits)
    if not (0 < column <= MAX_SHEET_COLUMNS and 0 < row <= MAX_SHEET_ROWS):
        raise ValueError(address)
    return row - 1, column - 1


def split_cell_address(address: str) -> tuple[str, str]:
    """Return the letters and the digits of an address or a part of one: "H7" is ("H", "7"), "H" is ("H", "")."""
    letters = address.rstrip("0123456789")
    return letters, address[len(letters) :]


def cell_sort_key(address: str | None) -> tuple[int, int, str]:
    """Return a key that sorts addresses by row, then by column; "" and None come first, a column before its
    cells."""
    letters, digits = split_cell_address(address or "")
    return int(digits or 0), len(letters), letters

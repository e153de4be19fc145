"""The accounts as formulas: each equation counted again in the tables, its words and its verdict too.

Amounts are told by their figures alone, since a number within a text would change with the reader's language.
"""

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from xlflow.core.summary import Account
from xlflow.core.words import say
from xlflow.write.desk import Desk
from xlflow.write.formulas import count, letter_of, quote

Formulas = Mapping[tuple[int, int], str]
"""Formulas by row and column of their grid, counted from 0."""


def write_accounts(accounts: Sequence[Account], desk: Desk) -> Formulas:
    """Return the formulas of the table of accounts, each about the figures of its own row."""
    formulas: dict[tuple[int, int], str] = {}
    for piece in desk.places.by_grid["accounts"]:
        keys = [column.key for column in piece.grid.columns]
        columns = [letter_of(keys.index(key)) for key in ("_found", "_accounted")]
        for row in range(len(piece.grid.rows)):
            found, accounted = (f"{column}{piece.top + row + 2}" for column in columns)
            for key, formula in _write_one(accounts[piece.start + row], found, accounted, desk):
                formulas[piece.start + row, keys.index(key)] = formula
    return formulas


def _write_one(account: Account, found: str, accounted: str, desk: Desk) -> Iterator[tuple[str, str]]:
    became = {name: count(measure, desk.names) for name, measure in account.became}
    yield "_found", f"={count(account.found, desk.names)}"
    yield "_accounted", "=" + "+".join([*became.values(), *([str(account.besides)] if account.besides else [])])
    right, wrong = (quote(say(f"values.{word}", desk.language)) for word in ("yes", "no"))
    yield "_balance", f"=IF(ROUND({found}-{accounted},6)=0,{right},{wrong})"
    if account.words:
        yield "_equation", "=" + "&".join(_say_equation(account.words, {"found": found, **became}))


def _say_equation(words: str, figures: Mapping[str, str]) -> Iterator[str]:
    """Yield the words and the figures between them, as they are joined in a formula."""
    for text, name, _, _ in Formatter().parse(words):
        if text:
            yield quote(text)
        if name:
            yield figures[name]

"""Prints the seconds that gate, reading and checking take, form after form in one process, nothing kept."""

import sys
import time
from pathlib import Path

from xlflow import check, read
from xlflow.core.model import Filled, Received, State
from xlflow.excel import incoming

paths = sorted(Path(sys.argv[1]).glob("*.xlsx"))


def read_and_check(path: Path) -> None:
    book = incoming.open_book(path, path.name)
    assert isinstance(book, incoming.Book)
    form = read.read_form(book, Received(path.name, book.digest, book.size, book.saved, State.ACCEPTED))
    assert isinstance(form, Filled)
    check.check_form(form)


read_and_check(paths[0])
start = time.perf_counter()
for path in paths:
    read_and_check(path)
print(time.perf_counter() - start)

"""Rows written cell by cell, as XlsxWriter does it, to compare with rows written as whole XML."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from xlflow.excel.writer import SheetWriter
from xlflow.excel.writer.row_xml import RowSpec, StyleChooser


def write_rows_plainly(
    sheet: SheetWriter, first: int, rows: Iterable[RowSpec], look: StyleChooser, *, auto_height: bool = False
) -> None:
    """Do what `SheetWriter.write_rows_fast` does, cell by cell."""
    for row, (values, mark, height) in enumerate(rows, first):
        sheet.write_row(row, values, look(tuple(map(type, values)), mark))
        if height is not None:
            sheet.set_row_height(row, height, auto_height=auto_height)


@contextmanager
def written_plainly() -> Iterator[None]:
    """Have every sheet written cell by cell for as long as the context lasts."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(SheetWriter, "write_rows_fast", write_rows_plainly)
        yield


def read_parts(content: bytes) -> Mapping[str, bytes]:
    """Return every part of a workbook by its name."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}

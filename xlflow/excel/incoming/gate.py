"""The order in which a file is looked at before anything in it is believed, cheap looks first."""

import hashlib
from pathlib import Path
from types import MappingProxyType

from xlflow.core.findings import Finding
from xlflow.excel.incoming.book import Book, Limits
from xlflow.excel.incoming.reader import read_sheets


def open_book(source: Path | bytes, name: str, limits: Limits = Limits()) -> Book | Finding:  # noqa: B008
    """Open one file, known to people as `name`; what cannot be opened is returned as a finding."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    sheets = read_sheets(content)
    digest = hashlib.sha256(content).hexdigest()
    return Book(name, "xlsx", sheets, MappingProxyType({}), None, digest, len(content))

"""Whether a workbook still is, part by part, what xlflow wrote: so that it need not be read to see that.

Looks at the directory of the archive only. Whoever saves a workbook, in whatever program, changes some part.
"""

from pathlib import Path
from xml.etree.ElementTree import ParseError

from xlflow.excel.conventions import SEAL_PROPERTY, SEALING_PART, compute_seal
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.open_file import read_stable_bytes
from xlflow.excel.reader.safe_xml import get_attribute, parse_xml
from xlflow.excel.reader.safe_zip import list_zip_entries, unpack_entry

_MAX_BYTES = 1_000_000
"""Unpacked bytes up to which the part with the seal is read."""


def is_as_written(path: Path, limits: Limits) -> bool:
    """Return whether a workbook carries the seal of its parts; False also for what is no workbook, or cannot be
    read now."""
    content = read_stable_bytes(path, limits.file_bytes)
    entries = list_zip_entries(content, limits) if isinstance(content, bytes) else ()
    if isinstance(entries, str) or not isinstance(content, bytes):
        return False
    properties = next((entry for entry in entries if entry.name == SEALING_PART and entry.size < _MAX_BYTES), None)
    part = unpack_entry(content, properties) if properties else None
    seal = compute_seal((entry.name, entry.size, entry.crc) for entry in entries if entry is not properties)
    return part is not None and _read_seal(part) == seal


def _read_seal(part: bytes) -> str | None:
    try:
        root = parse_xml(part)
    except ParseError:
        return None
    values = ("".join(element.itertext()) for element in root if get_attribute(element, "name") == SEAL_PROPERTY)
    return next(values, None)

"""Opens the OLE container of an .xls or of an encrypted workbook: its streams, and the document properties in two
of them. The only door to olefile.

Properties are read by their specification, [MS-OLEPS]. Whatever is damaged counts as missing; nothing is raised.
Cells are read elsewhere.
"""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import olefile

from xlflow.excel.reader.limits import MAX_OLE_PROPERTIES

_WORKBOOK_STREAMS = ("Workbook", "Book")
_SUMMARY_STREAM, _DOCUMENT_SUMMARY_STREAM = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_CUSTOM_PROPERTIES_FORMAT = bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")
_DICTIONARY_ID, _CODE_PAGE_ID, _LAST_SAVED_ID = 0, 1, 13
_DESCRIPTION_IDS = (3, 5, 6)
"""Subject, keywords and comments in the summary information."""

_SHORT_INTEGER_TYPE, _INTEGER_TYPE, _BOOLEAN_TYPE, _BYTE_TEXT_TYPE, _WIDE_TEXT_TYPE, _FILE_TIME_TYPE = (
    2,
    3,
    11,
    30,
    31,
    64,
)
_UTF16_CODE_PAGE, _UTF8_CODE_PAGE, _DEFAULT_CODE_PAGE = 1200, 65_001, 1252
_FILE_TIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
"""A FILETIME counts tenths of microseconds from here."""


@dataclass(frozen=True, slots=True)
class OleContainer:
    """What is read of a container. `root_names` are the names of its own streams and storages, `all_names` also
    those within storages, such as embedded documents; of its streams the workbook and the two of properties are
    kept."""

    root_names: frozenset[str]
    all_names: frozenset[str]
    workbook_stream: bytes = b""
    summary_stream: bytes = b""
    document_summary_stream: bytes = b""

    @property
    def last_saved(self) -> datetime | None:
        """When the document says that it was last saved, in UTC; None if it does not, or names no possible
        time."""
        for _, values in _read_sections(self.summary_stream):
            ticks = values.get(_LAST_SAVED_ID)
            if isinstance(ticks, int) and ticks > 0:
                try:
                    return _FILE_TIME_EPOCH + timedelta(microseconds=ticks // 10)
                except OverflowError:
                    return None
        return None

    @property
    def descriptions(self) -> tuple[str, ...]:
        """The texts in the document's subject, keywords and comments: each once, none blank."""
        candidates = (
            values.get(property_id)
            for _, values in _read_sections(self.summary_stream)
            for property_id in _DESCRIPTION_IDS
        )
        return tuple(dict.fromkeys(text.strip() for text in candidates if isinstance(text, str) and text.strip()))

    @property
    def properties(self) -> Mapping[str, str]:
        """The custom document properties, name -> value as text."""
        properties: dict[str, str] = {}
        for format_id, values in _read_sections(self.document_summary_stream):
            names = values.get(_DICTIONARY_ID)
            if format_id == _CUSTOM_PROPERTIES_FORMAT and isinstance(names, dict):
                properties |= {
                    name: str(values[property_id])
                    for property_id, name in names.items()
                    if property_id in values and property_id
                }
        return properties


def open_ole_container(content: bytes) -> OleContainer | None:
    """Return the container in a file's bytes; None if its directory is damaged or there is none."""
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as ole_file:
            entry_paths = ole_file.listdir(streams=True, storages=True)
            streams = [
                _read_first_stream(ole_file, names)
                for names in (_WORKBOOK_STREAMS, (_SUMMARY_STREAM,), (_DOCUMENT_SUMMARY_STREAM,))
            ]
    except MemoryError:
        raise
    except Exception:  # olefile raises many kinds of exceptions for damaged files, without a common base
        return None
    top = frozenset(path[0] for path in entry_paths)
    return OleContainer(top, frozenset(name for path in entry_paths for name in path), *streams)


def _read_first_stream(ole_file: "olefile.OleFileIO[str]", names: Sequence[str]) -> bytes:
    """Return the bytes of the first of these streams that is there and whole; b"" if none is."""
    for name in names:
        if ole_file.get_type(name) == olefile.STGTY_STREAM:
            with suppress(OSError):
                return bytes(ole_file.openstream(name).read())
    return b""


_PropertyValue = str | int | bool | dict[int, str]


def _read_sections(stream: bytes) -> Iterator[tuple[bytes, dict[int, _PropertyValue]]]:
    """Yield (format id, property id -> value) of each section of a property stream, up to where it is damaged.
    There are two at most ([MS-OLEPS] 2.21)."""
    try:
        (count,) = struct.unpack_from("<L", stream, 24)
        for index in range(min(count, 2)):
            format_id, offset = struct.unpack_from("<16sL", stream, 28 + 20 * index)
            yield format_id, _parse_section(stream[offset:])
    except struct.error:
        return


def _parse_section(section: bytes) -> dict[int, _PropertyValue]:
    """Return property id -> value; for the dictionary (id 0), property id -> name. Raises struct.error where the
    section ends too soon."""
    (count,) = struct.unpack_from("<L", section, 4)
    offsets = dict(
        struct.unpack_from("<2L", section, 8 + 8 * index) for index in range(min(count, MAX_OLE_PROPERTIES))
    )
    code_page = _DEFAULT_CODE_PAGE
    if _CODE_PAGE_ID in offsets:
        (code_page,) = struct.unpack_from("<H", section, offsets[_CODE_PAGE_ID] + 4)
    values: dict[int, _PropertyValue] = {}
    for property_id, offset in offsets.items():
        if property_id == _DICTIONARY_ID:
            values[property_id] = _parse_property_names(section, offset, code_page)
        elif (value := _parse_property_value(section, offset, code_page)) is not None:
            values[property_id] = value
    return values


def _parse_property_names(section: bytes, offset: int, code_page: int) -> dict[int, str]:
    (count,) = struct.unpack_from("<L", section, offset)
    offset, names = offset + 4, dict[int, str]()
    for _ in range(min(count, MAX_OLE_PROPERTIES)):
        property_id, length = struct.unpack_from("<2L", section, offset)
        size = length * 2 if code_page == _UTF16_CODE_PAGE else length
        names[property_id] = _decode_code_page(section[offset + 8 : offset + 8 + size], code_page)
        # names in UTF-16 are padded to four bytes, others are not ([MS-OLEPS] 2.16)
        offset += 8 + (size + 3 & ~3 if code_page == _UTF16_CODE_PAGE else size)
    return names


def _parse_property_value(section: bytes, offset: int, code_page: int) -> _PropertyValue | None:
    """Return a property's value; None for a type that is not read (pictures and the like)."""
    value_type, length_or_value = struct.unpack_from("<2L", section, offset)
    if value_type == _BYTE_TEXT_TYPE:
        return _decode_code_page(section[offset + 8 : offset + 8 + length_or_value], code_page)
    if value_type == _WIDE_TEXT_TYPE:
        return _decode_code_page(section[offset + 8 : offset + 8 + length_or_value * 2], _UTF16_CODE_PAGE)
    if value_type == _FILE_TIME_TYPE:
        (ticks,) = struct.unpack_from("<Q", section, offset + 4)
        return int(ticks)
    if value_type == _BOOLEAN_TYPE:
        return bool(length_or_value & 0xFFFF)
    if value_type in (_SHORT_INTEGER_TYPE, _INTEGER_TYPE):
        return int(struct.unpack_from("<h" if value_type == _SHORT_INTEGER_TYPE else "<l", section, offset + 4)[0])
    return None


def _decode_code_page(text: bytes, code_page: int) -> str:
    """Return a text up to its first null character; Windows-1252 for a code page that Python does not know."""
    encoding = {_UTF16_CODE_PAGE: "utf-16-le", _UTF8_CODE_PAGE: "utf-8"}.get(code_page, f"cp{code_page}")
    try:
        return text.decode(encoding, "replace").partition("\0")[0]
    except LookupError:
        return text.decode("cp1252", "replace").partition("\0")[0]

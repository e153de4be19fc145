"""What stands in the container of an old workbook (.xls), or of an encrypted one: its streams, and what the
document says of itself in two of them ([MS-OLEPS]). The one door to olefile.

Whatever is not as it should be is as if it were not there; the cells are for the reader.
"""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import olefile

_WORKBOOK = ("Workbook", "Book")
_ABOUT, _FURTHER = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_CUSTOM = bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")
_DICTIONARY, _CODE_PAGE, _SAVED = 0, 1, 13
_SAID = (3, 5, 6)
_SMALL, _NUMBER, _TRUTH, _TEXT, _WIDE, _TIME = 2, 3, 11, 30, 31, 64
_WIDE_PAGE, _UTF8_PAGE, _USUAL_PAGE = 1200, 65_001, 1252
_FIRST_TIME = datetime(1601, 1, 1, tzinfo=UTC)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Container:
    """A container: the names of what it holds itself, the names of all in it, and three of its streams: the
    workbook and those of properties."""

    top: frozenset[str]
    names: frozenset[str]
    workbook: bytes = b""
    about: bytes = b""
    further: bytes = b""

    @property
    def saved(self) -> datetime | None:
        """When the document was last saved, as it says itself."""
        for _, told in _sections(self.about):
            ticks = told.get(_SAVED)
            if isinstance(ticks, int) and ticks > 0:
                try:
                    return _FIRST_TIME + timedelta(microseconds=ticks // 10)
                except OverflowError:
                    return None
        return None

    @property
    def said(self) -> tuple[str, ...]:
        """What somebody wrote about the document: its subject, keywords and comments."""
        told = (values.get(number) for _, values in _sections(self.about) for number in _SAID)
        return tuple(dict.fromkeys(text.strip() for text in told if isinstance(text, str) and text.strip()))

    @property
    def properties(self) -> Mapping[str, str]:
        """The custom document properties as text."""
        found: dict[str, str] = {}
        for kind, told in _sections(self.further):
            names = told.get(_DICTIONARY)
            if kind == _CUSTOM and isinstance(names, dict):
                found |= {name: str(told[number]) for number, name in names.items() if number in told and number}
        return found


def open_container(content: bytes) -> Container | None:
    """Return what a container holds; None if its directory cannot be followed."""
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as opened:
            listed = opened.listdir(streams=True, storages=True)
            streams = [_take_out(opened, names) for names in (_WORKBOOK, (_ABOUT,), (_FURTHER,))]
    except MemoryError:
        raise
    except Exception:  # the library tells of crooked files in many ways
        return None
    top = frozenset(path[0] for path in listed)
    return Container(top, frozenset(name for path in listed for name in path), *streams)


def _take_out(opened: "olefile.OleFileIO[str]", names: Sequence[str]) -> bytes:
    """Return the first of these streams that is there and whole."""
    for name in names:
        if opened.get_type(name) == olefile.STGTY_STREAM:
            with suppress(OSError):
                return bytes(opened.openstream(name).read())
    return b""


_Value = str | int | bool | dict[int, str]


def _sections(stream: bytes) -> Iterator[tuple[bytes, dict[int, _Value]]]:
    """Yield (kind, values by number) of each section of a stream of properties, up to where it is crooked."""
    try:
        (count,) = struct.unpack_from("<L", stream, 24)
        for number in range(min(count, 2)):
            kind, start = struct.unpack_from("<16sL", stream, 28 + 20 * number)
            yield kind, _read_section(stream[start:])
    except struct.error:
        return


def _read_section(section: bytes) -> dict[int, _Value]:
    (count,) = struct.unpack_from("<L", section, 4)
    places = dict(struct.unpack_from("<2L", section, 8 + 8 * number) for number in range(min(count, _MOST)))
    page = _USUAL_PAGE
    if _CODE_PAGE in places:
        (page,) = struct.unpack_from("<H", section, places[_CODE_PAGE] + 4)
    told: dict[int, _Value] = {}
    for number, place in places.items():
        if number == _DICTIONARY:
            told[number] = _read_names(section, place, page)
        elif (value := _read_value(section, place, page)) is not None:
            told[number] = value
    return told


def _read_names(section: bytes, place: int, page: int) -> dict[int, str]:
    (count,) = struct.unpack_from("<L", section, place)
    place, names = place + 4, dict[int, str]()
    for _ in range(min(count, _MOST)):
        number, length = struct.unpack_from("<2L", section, place)
        size = length * 2 if page == _WIDE_PAGE else length
        names[number] = _decode(section[place + 8 : place + 8 + size], page)
        place += 8 + (size + 3 & ~3 if page == _WIDE_PAGE else size)
    return names


def _read_value(section: bytes, place: int, page: int) -> _Value | None:
    kind, size = struct.unpack_from("<2L", section, place)
    if kind == _TEXT:
        return _decode(section[place + 8 : place + 8 + size], page)
    if kind == _WIDE:
        return _decode(section[place + 8 : place + 8 + size * 2], _WIDE_PAGE)
    if kind == _TIME:
        (ticks,) = struct.unpack_from("<Q", section, place + 4)
        return int(ticks)
    if kind == _TRUTH:
        return bool(size & 0xFFFF)
    if kind in (_SMALL, _NUMBER):
        return int(struct.unpack_from("<h" if kind == _SMALL else "<l", section, place + 4)[0])
    return None


def _decode(text: bytes, page: int) -> str:
    letters = {_WIDE_PAGE: "utf-16-le", _UTF8_PAGE: "utf-8"}.get(page, f"cp{page}")
    try:
        return text.decode(letters, "replace").partition("\0")[0]
    except LookupError:
        return text.decode("cp1252", "replace").partition("\0")[0]

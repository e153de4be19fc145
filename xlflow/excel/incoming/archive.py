"""Takes a zip file apart without believing its directory, and packs again only what has been looked at.

The reader is given the packed result, so nothing that this module has not counted, measured and checked
against its check sum can reach it, and two readings of one crooked archive cannot differ.
"""

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from xlflow.excel.incoming.book import Limits

_STORED, _DEFLATED = 0, 8
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_HARMLESS = 20_000
"""Packed bytes that cannot swell beyond some 20 MB, whatever they promise."""

_SMALL = 1_000_000
"""Bytes up to which nobody minds how well a part was packed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive: where its packed bytes stand, and what they must unpack to."""

    name: str
    start: int
    packed: int
    size: int
    crc: int
    method: int
    put_in: tuple[int, int, int, int, int, int]

    @property
    def modified(self) -> datetime | None:
        """When it was put into the archive, if that is a time at all."""
        try:
            return datetime(*self.put_in, tzinfo=UTC)
        except ValueError:
            return None


def _keep_room(size: int) -> None:
    """Let what one file takes while it is unpacked stay with the process for the next: the C library of Linux
    hands freed memory back beyond a bound, which follows the largest block ever freed. To hand back half a
    megabyte for each form, and take it again, is a tenth of the time that opening one takes."""
    bytes(size)


_keep_room(4_000_000)


def list_entries(content: bytes, limits: Limits) -> tuple[Entry, ...] | str:
    """Return the files in an archive, folders left out; or the code of what is wrong with its directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos, comment, end = archive.infolist(), archive.comment, archive.start_dir
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError):
        return "archive-cut-off"
    if not _ends_straight(content, len(infos), len(comment)):
        return "archive-crooked"
    if len(infos) > limits.entries:
        return "archive-too-many-parts"
    if any(info.flag_bits & 1 for info in infos):
        return "file-is-encrypted"
    if _swells(infos, limits):
        return "unpacked-too-large"
    return _place_entries(content, infos, end)


def unpack(content: bytes, entry: Entry) -> bytes | None:
    """Return what an entry holds; None if that is not what its size and check sum promise."""
    packed = content[entry.start : entry.start + entry.packed]
    try:
        unpacked = _inflate(packed, entry.size) if entry.method == _DEFLATED else packed
    except zlib.error:
        return None
    return unpacked if len(unpacked) == entry.size and zlib.crc32(unpacked) == entry.crc else None


def _inflate(packed: bytes, size: int) -> bytes:
    """Return what was packed, never much more than the size that was promised."""
    if len(packed) < _HARMLESS:
        return zlib.decompress(packed, -15, max(size, 1))
    machine = zlib.decompressobj(-15)
    unpacked = machine.decompress(packed, size + 1)
    return unpacked if machine.eof else b""


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of these parts, not compressed."""
    pieces: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, part in parts.items():
        label = name.encode()
        facts = (0x800, _STORED, 0, 33, zlib.crc32(part), len(part), len(part), len(label))
        head = struct.pack("<4s5H3L2H", _LOCAL, 20, *facts, 0) + label
        directory.append(struct.pack("<4s6H3L5H2L", _CENTRAL, 20, 20, *facts, 0, 0, 0, 0, 0, offset) + label)
        pieces += (head, part)
        offset += len(head) + len(part)
    size = sum(map(len, directory))
    end = struct.pack("<4s4H2LH", _END, 0, 0, len(directory), len(directory), size, offset, 0)
    return b"".join((*pieces, *directory, end))


def _ends_straight(content: bytes, count: int, comment: int) -> bool:
    """Return whether the end record agrees with the directory before it, and nothing follows it."""
    end = content.rfind(_END)
    told, size, start = struct.unpack("<H2L", content[end + 10 : end + 20])
    large = start == 0xFFFFFFFF or told == 0xFFFF
    return end + 22 + comment == len(content) and (large or (told == count and start + size == end))


def _swells(infos: list[zipfile.ZipInfo], limits: Limits) -> bool:
    return sum(info.file_size for info in infos) > limits.unpacked_bytes or any(
        info.file_size > max(_SMALL, info.compress_size * limits.ratio) for info in infos
    )


def _place_entries(content: bytes, infos: list[zipfile.ZipInfo], end: int) -> tuple[Entry, ...] | str:
    entries: list[Entry] = []
    names: set[str] = set()
    free = 0
    for info in sorted(infos, key=_by_offset):
        name = _read_name(info).replace("\\", "/").lstrip("/")
        start = _start_of(content, info)
        if info.header_offset < free or (not free and info.header_offset) or start is None:
            return "archive-crooked"
        free = start + info.compress_size
        if free > end or name in names:
            return "archive-crooked"
        if info.compress_type not in (_STORED, _DEFLATED):
            return "archive-packed-otherwise"
        names.add(name)
        if not name.endswith("/"):
            facts = (info.compress_size, info.file_size, info.CRC, info.compress_type)
            entries.append(Entry(name, start, *facts, info.date_time))
    return tuple(entries)


def _read_name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry; a Mac writes it in UTF-8 and does not say so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return unicodedata.normalize("NFC", info.filename.encode("cp437").decode())
    except UnicodeError:
        return info.filename


def _by_offset(info: zipfile.ZipInfo) -> int:
    return info.header_offset


def _start_of(content: bytes, info: zipfile.ZipInfo) -> int | None:
    """Return where the packed bytes begin; None if no header stands there, or one with another name."""
    head = content[info.header_offset : info.header_offset + 30]
    if len(head) < 30 or head[:4] != _LOCAL:
        return None
    name = info.header_offset + 30
    size, more = struct.unpack("<2H", head[26:])
    letters = "utf-8" if info.flag_bits & 0x800 else "cp437"
    same = content[name : name + size] == info.orig_filename.encode(letters, "replace")
    return name + size + more if same else None

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

from xlflow.excel.reader.workbook_data import Limits

_STORED, _DEFLATED = 0, 8
_LOCAL_HEADER, _DIRECTORY_HEADER, _END_RECORD = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_HARMLESS_COMPRESSED_SIZE = 20_000
"""Packed bytes that cannot swell beyond some 20 MB, whatever they promise."""

_RATIO_EXEMPT_SIZE = 1_000_000
"""Bytes up to which nobody minds how well a part was packed."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One entry of an archive: where its packed bytes stand, and what they must unpack to."""

    name: str
    data_offset: int
    compressed_size: int
    size: int
    crc: int
    compression_method: int
    date_time: tuple[int, int, int, int, int, int]

    @property
    def modified(self) -> datetime | None:
        """When it was put into the archive, if that is a time at all."""
        try:
            return datetime(*self.date_time, tzinfo=UTC)
        except ValueError:
            return None


def _raise_malloc_threshold(size: int) -> None:
    """Let what one file takes while it is unpacked stay with the process for the next: the C library of Linux
    hands freed memory back beyond a bound, which follows the largest block ever freed. To hand back half a
    megabyte for each form, and take it again, is a tenth of the time that opening one takes."""
    bytes(size)


_raise_malloc_threshold(4_000_000)


def list_zip_entries(content: bytes, limits: Limits) -> tuple[ZipEntry, ...] | str:
    """Return the files in an archive, folders left out; or the code of what is wrong with its directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos, comment, directory_offset = archive.infolist(), archive.comment, archive.start_dir
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError):
        return "archive-cut-off"
    if not _is_end_record_consistent(content, len(infos), len(comment)):
        return "archive-inconsistent"
    if len(infos) > limits.zip_entries:
        return "archive-too-many-parts"
    if any(info.flag_bits & 1 for info in infos):
        return "file-is-encrypted"
    if _expands_too_much(infos, limits):
        return "unpacked-too-large"
    return _locate_entries(content, infos, directory_offset)


def unpack_entry(content: bytes, entry: ZipEntry) -> bytes | None:
    """Return what an entry holds; None if that is not what its size and check sum promise."""
    compressed = content[entry.data_offset : entry.data_offset + entry.compressed_size]
    try:
        unpacked = _inflate(compressed, entry.size) if entry.compression_method == _DEFLATED else compressed
    except zlib.error:
        return None
    return unpacked if len(unpacked) == entry.size and zlib.crc32(unpacked) == entry.crc else None


def _inflate(compressed: bytes, size: int) -> bytes:
    """Return what was packed, never much more than the size that was promised."""
    if len(compressed) < _HARMLESS_COMPRESSED_SIZE:
        return zlib.decompress(compressed, -15, max(size, 1))
    decompressor = zlib.decompressobj(-15)
    unpacked = decompressor.decompress(compressed, size + 1)
    return unpacked if decompressor.eof else b""


def build_uncompressed_zip(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of these parts, not compressed."""
    chunks: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, part in parts.items():
        encoded_name = name.encode()
        header_fields = (0x800, _STORED, 0, 33, zlib.crc32(part), len(part), len(part), len(encoded_name))
        header = struct.pack("<4s5H3L2H", _LOCAL_HEADER, 20, *header_fields, 0) + encoded_name
        directory.append(
            struct.pack("<4s6H3L5H2L", _DIRECTORY_HEADER, 20, 20, *header_fields, 0, 0, 0, 0, 0, offset)
            + encoded_name
        )
        chunks += (header, part)
        offset += len(header) + len(part)
    directory_size = sum(map(len, directory))
    end_record = struct.pack(
        "<4s4H2LH", _END_RECORD, 0, 0, len(directory), len(directory), directory_size, offset, 0
    )
    return b"".join((*chunks, *directory, end_record))


def _is_end_record_consistent(content: bytes, entry_count: int, comment_length: int) -> bool:
    """Return whether the end record agrees with the directory before it, and nothing follows it."""
    end_offset = content.rfind(_END_RECORD)
    declared_count, directory_size, directory_offset = struct.unpack(
        "<H2L", content[end_offset + 10 : end_offset + 20]
    )
    is_zip64 = directory_offset == 0xFFFFFFFF or declared_count == 0xFFFF
    return end_offset + 22 + comment_length == len(content) and (
        is_zip64 or (declared_count == entry_count and directory_offset + directory_size == end_offset)
    )


def _expands_too_much(infos: list[zipfile.ZipInfo], limits: Limits) -> bool:
    return sum(info.file_size for info in infos) > limits.unpacked_bytes or any(
        info.file_size > max(_RATIO_EXEMPT_SIZE, info.compress_size * limits.compression_ratio) for info in infos
    )


def _locate_entries(
    content: bytes, infos: list[zipfile.ZipInfo], directory_offset: int
) -> tuple[ZipEntry, ...] | str:
    entries: list[ZipEntry] = []
    names: set[str] = set()
    next_free_offset = 0
    for info in sorted(infos, key=_header_offset):
        name = _decode_entry_name(info).replace("\\", "/").lstrip("/")
        data_offset = _find_data_offset(content, info)
        if (
            info.header_offset < next_free_offset
            or (not next_free_offset and info.header_offset)
            or data_offset is None
        ):
            return "archive-inconsistent"
        next_free_offset = data_offset + info.compress_size
        if next_free_offset > directory_offset or name in names:
            return "archive-inconsistent"
        if info.compress_type not in (_STORED, _DEFLATED):
            return "archive-packed-otherwise"
        names.add(name)
        if not name.endswith("/"):
            entry_fields = (info.compress_size, info.file_size, info.CRC, info.compress_type)
            entries.append(ZipEntry(name, data_offset, *entry_fields, info.date_time))
    return tuple(entries)


def _decode_entry_name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry; a Mac writes it in UTF-8 and does not say so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return unicodedata.normalize("NFC", info.filename.encode("cp437").decode())
    except UnicodeError:
        return info.filename


def _header_offset(info: zipfile.ZipInfo) -> int:
    return info.header_offset


def _find_data_offset(content: bytes, info: zipfile.ZipInfo) -> int | None:
    """Return where the packed bytes begin; None if no header stands there, or one with another name."""
    header = content[info.header_offset : info.header_offset + 30]
    if len(header) < 30 or header[:4] != _LOCAL_HEADER:
        return None
    name_offset = info.header_offset + 30
    name_length, extra_length = struct.unpack("<2H", header[26:])
    encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
    name_matches = content[name_offset : name_offset + name_length] == info.orig_filename.encode(
        encoding, "replace"
    )
    return name_offset + name_length + extra_length if name_matches else None

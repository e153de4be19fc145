"""Unpacks zip archives without trusting their directory, and packs checked parts again for calamine.

Calamine is given the repacked archive, so nothing reaches it that this module has not counted, measured and
checked against its CRC, and no two readers can disagree about an ambiguous archive. Nothing is ever written to
disk.
"""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from xlflow.excel.reader.limits import ALWAYS_SAFE_PACKED_BYTES, RATIO_EXEMPT_BYTES, Limits

_STORED, _DEFLATED = 0, 8
_LOCAL_HEADER, _DIRECTORY_HEADER, _END_RECORD = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

_PICTURE_NAME = re.compile(
    r"(?:^|/)(?:media|embeddings|Pictures|ObjectReplacements|Thumbnails)/[^/]+"
    r"\.(?:[ew]mf|emz|wmz|png|jpe?g|gif|tiff?|bmp|svm|svg|heic|webp|bin|pdf|docx?|xlsx?|pptx?)$",
    re.IGNORECASE,
)

_END_RECORD_SIZE, _SIZE_IN_ZIP64 = 22, 0xFFFFFFFF
"""Bytes of the end record without its comment, and what stands for a size that is in the zip64 record instead."""

_RAW_DEFLATE = -15
"""The `wbits` of zlib for deflate data without a zlib header, as zip entries are packed."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One entry of an archive: its packed bytes are `compressed_size` bytes from `data_offset` on; unpacked, they
    must have this size and CRC-32. `compression_method`: 0 stored, 8 deflated; all others are not read here.
    `date_time` as in the directory: year, month, day, hour, minute, second, in local time of whoever packed it."""

    name: str
    data_offset: int
    compressed_size: int
    size: int
    crc: int
    compression_method: int
    date_time: tuple[int, int, int, int, int, int]

    @property
    def is_readable(self) -> bool:
        """Whether it is packed in a way that is read here."""
        return self.compression_method in (_STORED, _DEFLATED)

    @property
    def modified(self) -> datetime | None:
        """When the file was last changed before it was packed, taken as UTC; None if that is no date."""
        try:
            return datetime(*self.date_time, tzinfo=UTC)
        except ValueError:
            return None


def _raise_malloc_threshold(size: int) -> None:
    """Make the C library keep freed memory for the next file, by allocating and freeing one block of `size` bytes.

    Reading a form allocates and frees buffers of about half a megabyte. glibc gives a freed block back to the
    system (munmap) if it is larger than a threshold, 128 kB at first, and the next file must then take fresh pages
    from the kernel, zeroed one by one: measured, a tenth of the time of opening a form. But glibc raises the
    threshold to the size of the largest block that was freed so far (mallopt(3), M_MMAP_THRESHOLD, "dynamic mmap
    threshold"), so one large block, freed at once, is enough for the life of the process. It costs nothing
    lasting, and on systems with another allocator it does nothing.
    """
    bytes(size)


_raise_malloc_threshold(4_000_000)


def list_zip_entries(content: bytes, limits: Limits) -> tuple[ZipEntry, ...] | str:
    """Return the files in an archive in the order of their bytes, folders left out; or the message code of what is
    wrong with it: cut off, inconsistent, too many entries, encrypted, or too large unpacked."""
    if _count_directory_headers(content) > limits.zip_entries:  # before an object is made for each
        return "archive-too-many-parts"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos, comment, directory_offset = archive.infolist(), archive.comment, archive.start_dir
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError) as fault:
        # A name that is not in the letters that the archive says it is in: nothing is cut off.
        return "archive-inconsistent" if isinstance(fault, UnicodeDecodeError) else "archive-cut-off"
    if not _is_end_record_consistent(content, len(infos), len(comment)):
        return "archive-inconsistent"
    code = _refusal_code(infos, limits)
    return code or _locate_entries(content, infos, directory_offset)


def _refusal_code(infos: list[zipfile.ZipInfo], limits: Limits) -> str | None:
    """Return the code of what is wrong with the entries that an archive lists, None if nothing is."""
    if len(infos) > limits.zip_entries:
        return "archive-too-many-parts"
    if any(info.flag_bits & 1 for info in infos):
        return "file-is-encrypted"
    return "unpacked-too-large" if _expands_too_much(infos, limits) else None


def _count_directory_headers(content: bytes) -> int:
    """Return how many entries an archive's directory seems to have, by the signatures in it."""
    end = content.rfind(_END_RECORD)
    record = content[end : end + _END_RECORD_SIZE]
    if end < 0 or len(record) < _END_RECORD_SIZE:
        return 0
    size = int.from_bytes(record[12:16], "little")
    start = 0 if size == _SIZE_IN_ZIP64 else max(0, end - size)
    return content.count(_DIRECTORY_HEADER, start, end)


def is_packed_too_tightly(size: int, compressed_size: int, limits: Limits) -> bool:
    """Return whether an entry's unpacked size is unreasonable for its packed one, both in bytes."""
    return size > max(RATIO_EXEMPT_BYTES, compressed_size * limits.compression_ratio)


def is_picture_entry(name: str) -> bool:
    """Return whether an entry is a picture or an embedded document of a workbook, which is never read."""
    return _PICTURE_NAME.search(name) is not None


def unpack_entry(content: bytes, entry: ZipEntry) -> bytes | None:
    """Return the unpacked bytes of a readable entry; None if they do not have the size and CRC of the
    directory."""
    compressed = content[entry.data_offset : entry.data_offset + entry.compressed_size]
    try:
        unpacked = _inflate(compressed, entry.size) if entry.compression_method == _DEFLATED else compressed
    except zlib.error:
        return None
    return unpacked if len(unpacked) == entry.size and zlib.crc32(unpacked) == entry.crc else None


def _inflate(compressed: bytes, size: int) -> bytes:
    """Return the unpacked bytes; never much more than `size`, b"" if there is more than that. Raises zlib.error.

    Small entries, which are nearly all, take the faster call, which has no bound but the ratio of deflate itself.
    """
    if len(compressed) < ALWAYS_SAFE_PACKED_BYTES:
        return zlib.decompress(compressed, _RAW_DEFLATE, max(size, 1))
    decompressor = zlib.decompressobj(_RAW_DEFLATE)
    unpacked = decompressor.decompress(compressed, size + 1)
    return unpacked if decompressor.eof else b""


def build_uncompressed_zip(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of these parts, name -> content, stored without compression and dated 1980-01-01.

    Written by hand, since every form passes through here and the objects of `zipfile` cost more than the bytes.
    """
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


def build_dated_zip(parts: Mapping[str, bytes], dated: date) -> bytes:
    """Return a zip archive of these parts, name -> content, deflated, all dated noon of a day, or of the nearest
    that an archive can hold (1980 to 2107): the clock of this computer has no part in it."""
    year = min(max(dated.year, 1980), 2107)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            info = zipfile.ZipInfo(name, (year, dated.month, dated.day, 12, 0, 0))
            info.external_attr, info.create_system = 0o600 << 16, 3
            archive.writestr(info, part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _is_end_record_consistent(content: bytes, entry_count: int, comment_length: int) -> bool:
    """Return whether the end record agrees with the directory before it, and nothing follows it.

    Readers differ in which end record they find and in what they do with bytes before the archive; where all
    numbers agree, there is nothing to differ about. Zip64 archives keep the numbers elsewhere; `zipfile` has
    checked those.
    """
    end_offset = content.rfind(_END_RECORD)
    declared_count, directory_size, directory_offset = struct.unpack(
        "<H2L", content[end_offset + 10 : end_offset + 20]
    )
    is_zip64 = directory_offset == 0xFFFFFFFF or declared_count == 0xFFFF
    return end_offset + 22 + comment_length == len(content) and (
        is_zip64 or (declared_count == entry_count and directory_offset + directory_size == end_offset)
    )


def _expands_too_much(infos: list[zipfile.ZipInfo], limits: Limits) -> bool:
    """Return whether the entries together, or one of them for its packed size, are declared larger than allowed.
    A picture that packs very well, as white paper does, is not unpacked and does not count."""
    overpacked = [info for info in infos if is_packed_too_tightly(info.file_size, info.compress_size, limits)]
    if not all(is_picture_entry(info.filename) for info in overpacked):
        return True
    total_size = sum(info.file_size for info in infos) - sum(info.file_size for info in overpacked)
    return total_size > limits.unpacked_bytes


def _locate_entries(
    content: bytes, infos: list[zipfile.ZipInfo], directory_offset: int
) -> tuple[ZipEntry, ...] | str:
    """Return the entries with the places of their bytes; a message code if entries overlap, leave the beginning of
    the archive unused, run into the directory or bear one name twice."""
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
        names.add(name)
        if not name.endswith("/"):
            method = _compression_method(content, info)
            entry_fields = (info.compress_size, info.file_size, info.CRC, method)
            entries.append(ZipEntry(name, data_offset, *entry_fields, info.date_time))
    return tuple(entries)


def _decode_entry_name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry. macOS writes UTF-8 without the flag for it, which reads as CP437 then; and it
    decomposes letters (å as a + ring), which are composed again."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return unicodedata.normalize("NFC", info.filename.encode("cp437").decode())
    except UnicodeError:
        return info.filename


def _compression_method(content: bytes, info: zipfile.ZipInfo) -> int:
    """Return how an entry is packed; where its local header names a method that is not read here, that one."""
    (local_method,) = struct.unpack_from("<H", content, info.header_offset + 8)
    return info.compress_type if local_method in (_STORED, _DEFLATED) else int(local_method)


def _header_offset(info: zipfile.ZipInfo) -> int:
    return info.header_offset


def _find_data_offset(content: bytes, info: zipfile.ZipInfo) -> int | None:
    """Return where the packed bytes of an entry begin; None if its local header is missing or has another name."""
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

"""Compresses the parts of a workbook while they are written, and makes the zip archive of them.

So that a table of a hundred thousand rows is never in memory as text; where it is large even when compressed, it
goes to a temporary file. A part is made of segments that are compressed for themselves: each ends with a sync
flush, on a whole byte, so that segments joined in any order are one deflate stream.
"""

import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from errno import EIO
from functools import cache
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlflow.excel.conventions import SEALING_PART, compute_seal

COMPRESSION_LEVEL = 5
"""zlib's level, 1 to 9. At 6, its default, files are 1 percent smaller and take a fifth longer to write; at 4 they
are 12 percent larger and hardly quicker."""

CHUNK_SIZE = 1 << 20
"""Characters of text that are compressed at a time, by a thread, while more are made."""

MAX_BYTES_IN_MEMORY = 8 << 20
"""Compressed bytes of one block of rows that are kept in memory; more of them go to a temporary file."""

_FINAL_DEFLATE_BLOCK = b"\x03\x00"
"""An empty deflate block that is marked as the last one: the end of a part."""

_CRC32_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True, slots=True)
class DeflatedSegment:
    """Compressed text. `chunks` can be iterated once; `compressed_size` is their total length; `crc` and
    `raw_size` are the CRC-32 and the number of bytes of the text before it was compressed."""

    chunks: Iterable[bytes]
    compressed_size: int
    crc: int
    raw_size: int


class SpoolBuffer:
    """A buffer of bytes that goes to a temporary file when it is large; if no such file can be written, it stays
    in memory. `byte_count` is how many bytes were appended so far."""

    def __init__(self, max_bytes_in_memory: int = MAX_BYTES_IN_MEMORY):
        self.byte_count = 0
        self._chunks_in_memory: list[bytes] = []
        self._memory_left = max_bytes_in_memory
        self._file: IO[bytes] | None = None
        self._bytes_on_disk = 0

    def append(self, chunk: bytes) -> None:
        """Take more bytes."""
        self.byte_count += len(chunk)
        self._chunks_in_memory.append(chunk)
        self._memory_left -= len(chunk)
        if self._memory_left < 0:
            self._memory_left = CHUNK_SIZE if self._spill_to_disk() else sys.maxsize

    def drain(self) -> Iterator[bytes]:
        """Yield all bytes in their order and empty the buffer. Raises OSError if the file has fewer than were
        written."""
        spool_file, self._file = self._file, None
        if spool_file:
            with spool_file as file:
                file.seek(0)
                while self._bytes_on_disk:
                    chunk = file.read(min(CHUNK_SIZE, self._bytes_on_disk))
                    if not chunk:
                        raise OSError(EIO, os.strerror(EIO))
                    self._bytes_on_disk -= len(chunk)
                    yield chunk
        yield from self._chunks_in_memory
        self._chunks_in_memory.clear()

    def _spill_to_disk(self) -> bool:
        """Move what is in memory to the file; return whether that worked. What was not written whole stays in
        memory: `_bytes_on_disk` counts only what was, so that half a chunk at the end of the file is not read."""
        content = b"".join(self._chunks_in_memory)
        try:
            self._file = self._file or TemporaryFile(buffering=0)  # noqa: SIM115 (taken, and closed, later)
            remaining = memoryview(content)
            while remaining:
                remaining = remaining[self._file.write(remaining) :]
        except OSError:
            return False
        self._bytes_on_disk += len(content)
        self._chunks_in_memory.clear()
        return True


class TextCompressor:
    """Compresses text in a thread of its own while more is made (zlib works without the interpreter's lock). A
    text that is shorter than one chunk is not compressed here."""

    def __init__(self) -> None:
        self._pending_texts: list[str] = []
        self._characters_left = CHUNK_SIZE
        self._executor: ThreadPoolExecutor | None = None
        self._deflater = zlib.compressobj(COMPRESSION_LEVEL, wbits=-zlib.MAX_WBITS)
        self._compressed = SpoolBuffer()
        self._crc = self._raw_size = 0
        self._last_task: Future[None] | None = None

    def write(self, text: str) -> None:
        """Append text; waits for the thread if it is still at the chunk before the last one."""
        self._pending_texts.append(text)
        self._characters_left -= len(text)
        if self._characters_left < 0:
            self._submit_pending()

    def close(self) -> "str | DeflatedSegment":
        """Return the text itself if it is short, else the segment that it was compressed to."""
        if self._executor is None:
            return "".join(self._pending_texts)
        self._submit_pending()
        self._wait_for_last_task()
        self._executor.shutdown()
        self._compressed.append(self._deflater.flush(zlib.Z_SYNC_FLUSH))
        return DeflatedSegment(self._compressed.drain(), self._compressed.byte_count, self._crc, self._raw_size)

    def _submit_pending(self) -> None:
        self._wait_for_last_task()
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1)
        self._last_task = self._executor.submit(self._compress, "".join(self._pending_texts))
        self._pending_texts, self._characters_left = [], CHUNK_SIZE

    def _wait_for_last_task(self) -> None:
        if self._last_task:
            self._last_task.result()

    def _compress(self, text: str) -> None:
        raw = text.encode()
        self._crc, self._raw_size = zlib.crc32(raw, self._crc), self._raw_size + len(raw)
        self._compressed.append(self._deflater.compress(raw))


class XmlPart(io.StringIO):
    """One part of the package: a file-like object for XlsxWriter, made of text and of compressed segments."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self._segments: list[DeflatedSegment] = []

    def compress_written(self) -> None:
        """Compress the text that was written so far and free it."""
        text = self.getvalue()
        if text:
            self._segments.append(deflate_text(text))
            self.seek(0)
            self.truncate()

    def append(self, content: str | DeflatedSegment) -> None:
        """Append text, or a segment that was compressed before."""
        if isinstance(content, str):
            self.write(content)
        else:
            self.compress_written()
            self._segments.append(content)

    def to_segment(self) -> DeflatedSegment:
        """Return the whole part as one segment, with its CRC combined from those of its segments. Empties the
        part."""
        self.compress_written()
        crc, raw_size = 0, 0
        for segment in self._segments:
            crc = combine_crc32(crc, segment.crc, segment.raw_size) if raw_size else segment.crc
            raw_size += segment.raw_size
        chunks = [piece.chunks for piece in self._segments]
        compressed_size = sum(piece.compressed_size for piece in self._segments) + len(_FINAL_DEFLATE_BLOCK)
        self._segments.clear()
        return DeflatedSegment(chain(*chunks, [_FINAL_DEFLATE_BLOCK]), compressed_size, crc, raw_size)


def deflate_text(text: str) -> DeflatedSegment:
    """Return a text compressed as one segment."""
    raw, deflater = text.encode(), zlib.compressobj(COMPRESSION_LEVEL, wbits=-zlib.MAX_WBITS)
    compressed = deflater.compress(raw) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return DeflatedSegment((compressed,), len(compressed), zlib.crc32(raw), len(raw))


SEAL_PLACEHOLDER = "0" * 64
"""Stands where the seal of the package will be."""


def zip_parts(parts: list[XmlPart]) -> Iterator[bytes]:
    """Yield the bytes of the zip archive of all parts, in chunks. Empties the list, so that each part is freed
    once it is written. All entries are dated 1980-01-01, so that the same parts give the same bytes.

    The `SEALING_PART` comes last, with the seal of all others in place of `SEAL_PLACEHOLDER`.

    `zipfile` can only compress by itself. So its headers and directory are used, and the compressed bytes are put
    between them: CRC and sizes are set in `ZipInfo`, and `archive.filelist` and `start_dir` make it write the
    directory when it closes.
    """
    output = _DrainableFile()
    with ZipFile(output, "w") as archive:
        parts.sort(key=lambda part: part.name == SEALING_PART)
        parts.reverse()
        while parts:
            part = parts.pop()
            if part.name == SEALING_PART:
                _put_seal(part, ((info.filename, info.file_size, info.CRC) for info in archive.filelist))
            segment, info = part.to_segment(), ZipInfo(part.name, (1980, 1, 1, 0, 0, 0))
            info.external_attr, info.compress_type = 0o600 << 16, ZIP_DEFLATED
            info.CRC, info.file_size, info.compress_size = segment.crc, segment.raw_size, segment.compressed_size
            info.header_offset = output.tell()
            output.write(info.FileHeader(zip64=False))
            yield from output.drain()
            output.advance(segment.compressed_size)
            yield from segment.chunks
            archive.filelist.append(info)
        # setting the comment marks the archive as changed: else it would write no directory when it closes
        archive.start_dir, archive.comment = output.tell(), b""
    yield from output.drain()


def _put_seal(part: XmlPart, entries: Iterable[tuple[str, int, int]]) -> None:
    """Put the seal of the entries into a part that has a place for it."""
    text = part.getvalue()
    if SEAL_PLACEHOLDER in text:
        part.seek(0)
        part.truncate()
        part.write(text.replace(SEAL_PLACEHOLDER, compute_seal(entries)))


class _DrainableFile(io.RawIOBase):
    """A file-like object that `zipfile` writes into: it knows its position, and keeps bytes only until `drain`."""

    def __init__(self) -> None:
        super().__init__()
        self._position = 0
        self._pending: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        self._pending.append(bytes(content))
        self.advance(len(content))
        return len(content)

    def tell(self) -> int:
        return self._position

    def advance(self, size: int) -> None:
        """Move the position by `size` bytes that are written elsewhere."""
        self._position += size

    def drain(self) -> Iterator[bytes]:
        """Yield the bytes that were written since the last call."""
        yield from self._pending
        self._pending.clear()


def combine_crc32(first_crc: int, second_crc: int, second_size: int) -> int:
    """Return the CRC-32 of two byte strings joined, from their own CRCs and the length of the second.

    As `crc32_combine` of zlib, which Python does not offer: the first CRC is taken through as many zero bytes as
    the second string has, by powers of two, and combined with the second CRC by exclusive or.
    """
    for matrix in _zero_byte_matrices():
        if not second_size:
            break
        first_crc = _apply_matrix(matrix, first_crc) if second_size & 1 else first_crc
        second_size >>= 1
    return first_crc ^ second_crc


@cache
def _zero_byte_matrices() -> tuple[tuple[int, ...], ...]:
    """Return the matrices by which 1, 2, 4, 8 … zero bytes change a CRC: for each bit, the CRC that it becomes.
    Three squarings go from one zero bit to one byte; 40 matrices do for lengths up to 2**40 bytes."""
    matrix: tuple[int, ...] = (_CRC32_POLYNOMIAL, *(1 << bit for bit in range(31)))
    matrices = []
    for _ in range(3 + 40):
        matrices.append(matrix)
        matrix = tuple(_apply_matrix(matrix, column) for column in matrix)
    return tuple(matrices[3:])


def _apply_matrix(matrix: tuple[int, ...], bits: int) -> int:
    result = 0
    for column in matrix:
        if bits & 1:
            result ^= column
        bits >>= 1
    return result

"""The parts of a finished workbook: text in, compressed bytes out, and the archive that holds them all.

A part is compressed while it is made, so that a table of a hundred thousand rows is never in memory as text, and
lies on disk where it is large even so. What was compressed for itself can stand between two other pieces: each
piece ends on a whole byte.
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

LEVEL = 5
"""How hard it is tried to make a file small, 1 to 9. At 6, as is usual, files are 1 percent smaller and take a
fifth longer to write; at 4 they are 12 percent larger and hardly quicker."""

LARGE = 1 << 20
"""Characters of text that are compressed at a time, while others are made."""

IN_MEMORY = 8 << 20
"""Compressed bytes of a table from which on it lies on disk."""

_END = b"\x03\x00"
"""The last, empty block of a compressed part."""

_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True, slots=True)
class Piece:
    """Compressed text: the bytes in some chunks, which can be taken once, and how many they are; the checksum and
    the length of what they were made from."""

    packed: Iterable[bytes]
    length: int
    crc: int
    size: int


class Held:
    """Bytes on the way to a file: in a file without a name where they are many, so that they take little memory;
    in memory all the same where no such file can be written."""

    def __init__(self, room: int = IN_MEMORY):
        self.length = 0
        self._rest: list[bytes] = []
        self._room = room
        self._file: IO[bytes] | None = None
        self._put_away = 0

    def add(self, chunk: bytes) -> None:
        """Take more bytes."""
        self.length += len(chunk)
        self._rest.append(chunk)
        self._room -= len(chunk)
        if self._room < 0:
            self._room = LARGE if self._write() else sys.maxsize

    def take(self) -> Iterator[bytes]:
        """Yield all bytes, which are gone then."""
        away, self._file = self._file, None
        if away:
            with away as file:
                file.seek(0)
                while self._put_away:
                    chunk = file.read(min(LARGE, self._put_away))
                    if not chunk:
                        raise OSError(EIO, os.strerror(EIO))
                    self._put_away -= len(chunk)
                    yield chunk
        yield from self._rest
        self._rest.clear()

    def _write(self) -> bool:
        """Put away what is in memory; what could not be written whole stays there."""
        content = b"".join(self._rest)
        try:
            self._file = self._file or TemporaryFile(buffering=0)  # noqa: SIM115 (taken, and closed, later)
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            return False
        self._put_away += len(content)
        self._rest.clear()
        return True


class Rows:
    """Text that is compressed by a thread of its own while more is made; a short one is kept as it is."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._room = LARGE
        self._thread: ThreadPoolExecutor | None = None
        self._deflater = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
        self._packed = Held()
        self._crc = self._size = 0
        self._last: Future[None] | None = None

    def write(self, text: str) -> None:
        """Take more text."""
        self._waiting.append(text)
        self._room -= len(text)
        if self._room < 0:
            self._hand_over()

    def close(self) -> "str | Piece":
        """Return the text if it is short, else what it was compressed to."""
        if self._thread is None:
            return "".join(self._waiting)
        self._hand_over()
        self._wait()
        self._thread.shutdown()
        self._packed.add(self._deflater.flush(zlib.Z_SYNC_FLUSH))
        return Piece(self._packed.take(), self._packed.length, self._crc, self._size)

    def _hand_over(self) -> None:
        self._wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        self._last = self._thread.submit(self._pack, "".join(self._waiting))
        self._waiting, self._room = [], LARGE

    def _wait(self) -> None:
        if self._last:
            self._last.result()

    def _pack(self, text: str) -> None:
        raw = text.encode()
        self._crc, self._size = zlib.crc32(raw, self._crc), self._size + len(raw)
        self._packed.add(self._deflater.compress(raw))


class Part(io.StringIO):
    """One file of the package in the making, as XlsxWriter writes it."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self._pieces: list[Piece] = []

    def spill(self) -> None:
        """Compress what was written so far, so that it takes no more room."""
        text = self.getvalue()
        if text:
            self._pieces.append(pack_text(text))
            self.seek(0)
            self.truncate()

    def insert(self, rows: str | Piece) -> None:
        """Go on with rows that were made before."""
        if isinstance(rows, str):
            self.write(rows)
        else:
            self.spill()
            self._pieces.append(rows)

    def finish(self) -> Piece:
        """Return the whole part."""
        self.spill()
        crc, size = 0, 0
        for piece in self._pieces:
            crc = join_checksums(crc, piece.crc, piece.size) if size else piece.crc
            size += piece.size
        pieces = [piece.packed for piece in self._pieces]
        length = sum(piece.length for piece in self._pieces) + len(_END)
        self._pieces.clear()
        return Piece(chain(*pieces, [_END]), length, crc, size)


def pack_text(text: str) -> Piece:
    """Return a text compressed."""
    raw, deflater = text.encode(), zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    packed = deflater.compress(raw) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return Piece((packed,), len(packed), zlib.crc32(raw), len(raw))


def zip_parts(parts: list[Part]) -> Iterator[bytes]:
    """Yield the archive of all parts, which are gone then, in chunks that follow each other; the same parts give
    the same bytes."""
    target = _Passing()
    with ZipFile(target, "w") as archive:
        parts.reverse()
        while parts:
            part = parts.pop()
            piece, info = part.finish(), ZipInfo(part.name, (1980, 1, 1, 0, 0, 0))
            info.external_attr, info.compress_type = 0o600 << 16, ZIP_DEFLATED
            info.CRC, info.file_size, info.compress_size = piece.crc, piece.size, piece.length
            info.header_offset = target.tell()
            target.write(info.FileHeader(zip64=False))
            yield from target.pass_on()
            target.skip(piece.length)
            yield from piece.packed
            archive.filelist.append(info)
        archive.start_dir, archive.comment = target.tell(), b""  # so that it writes its directory as it closes
    yield from target.pass_on()


class _Passing(io.RawIOBase):
    """A file of which only what was written last is here, until it is passed on."""

    def __init__(self) -> None:
        super().__init__()
        self._place = 0
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        self._written.append(bytes(content))
        self.skip(len(content))
        return len(content)

    def tell(self) -> int:
        return self._place

    def skip(self, size: int) -> None:
        """Go on behind what is written without passing through here."""
        self._place += size

    def pass_on(self) -> Iterator[bytes]:
        """Yield what was written since the last time."""
        yield from self._written
        self._written.clear()


def join_checksums(first: int, second: int, size: int) -> int:
    """Return the CRC-32 of two texts together, of which the second, `size` bytes long, has the second checksum.

    As many zero bytes go through the first as the second has, by squaring the step of one bit (zlib's
    `crc32_combine`); what is left differs from the whole by the second's checksum.
    """
    for step in _steps():
        if not size:
            break
        first = _apply(step, first) if size & 1 else first
        size >>= 1
    return first ^ second


@cache
def _steps() -> tuple[tuple[int, ...], ...]:
    """Return what 1, 2, 4, 8 … zero bytes do to each bit of a checksum."""
    step: tuple[int, ...] = (_POLYNOMIAL, *(1 << bit for bit in range(31)))
    steps = []
    for _ in range(3 + 40):
        steps.append(step)
        step = tuple(_apply(step, column) for column in step)
    return tuple(steps[3:])


def _apply(step: tuple[int, ...], bits: int) -> int:
    total = 0
    for column in step:
        if bits & 1:
            total ^= column
        bits >>= 1
    return total

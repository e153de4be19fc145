"""Decodes the texts that the cells of an .xls share, for the fonts of their parts.

A text may run over from one record into the next, as [MS-XLS] 2.5.296 (XLUnicodeRichExtendedString) says. Knows
no cells; the texts themselves are calamine's.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from xlflow.excel.reader.rich_text import TextRuns

_WIDE_FLAG, _EXTENDED_FLAG, _RICH_FLAG = 0x01, 0x04, 0x08


@dataclass(slots=True)
class _ChunkReader:
    """Reads on through the contents of a record and of those that continue it."""

    chunks: Sequence[bytes]
    index: int = 0
    offset: int = 0

    def read_bytes(self, count: int) -> bytes:
        """Return the next bytes. Raises IndexError if there are fewer."""
        parts = []
        while count:
            if self.offset >= len(self.chunks[self.index]):
                self.index, self.offset = self.index + 1, 0
                continue
            part = self.chunks[self.index][self.offset : self.offset + count]
            parts.append(part)
            self.offset += len(part)
            count -= len(part)
        return b"".join(parts)

    def read_text(self, length: int, *, is_wide: bool) -> str:
        """Return a text of so many characters. Where it runs over, the next chunk begins with its own width."""
        texts = []
        while length:
            if self.offset >= len(self.chunks[self.index]):
                self.index, self.offset = self.index + 1, 1
                is_wide = bool(self.chunks[self.index][0] & _WIDE_FLAG)
                continue
            width = 2 if is_wide else 1
            end = min(self.offset + length * width, len(self.chunks[self.index]))
            part = self.chunks[self.index][self.offset : end]
            texts.append(part.decode("utf-16-le" if is_wide else "latin-1", "replace"))
            length -= max(len(part) // width, 1)
            self.offset = end
        return "".join(texts)

    def read_numbers(self, layout: str) -> tuple[int, ...]:
        """Return the next numbers, laid out as `struct` says."""
        return struct.unpack(layout, self.read_bytes(struct.calcsize(layout)))


def read_runs_by_string(chunks: Sequence[bytes], struck_fonts: frozenset[int]) -> Mapping[int, TextRuns]:
    """Return index -> runs of the shared texts that have parts of their own font. `chunks` are the contents of the
    SST record and of those that continue it. Raises IndexError or struct.error if they are cut off."""
    if not chunks:
        return MappingProxyType({})
    reader, runs_by_string = _ChunkReader(chunks), dict[int, TextRuns]()
    _, string_count = reader.read_numbers("<2L")
    for index in range(string_count):
        length, flags = reader.read_numbers("<HB")
        run_count = reader.read_numbers("<H")[0] if flags & _RICH_FLAG else 0
        extension_size = reader.read_numbers("<L")[0] if flags & _EXTENDED_FLAG else 0
        text = reader.read_text(length, is_wide=bool(flags & _WIDE_FLAG))
        starts: list[tuple[int, bool | None]] = [(0, None)]
        for _ in range(run_count):
            start, font = reader.read_numbers("<2H")
            starts.append((start, font in struck_fonts))
        reader.read_bytes(extension_size)
        if run_count:
            ends = [*(start for start, _ in starts[1:]), len(text)]
            runs = ((text[start:end], struck) for (start, struck), end in zip(starts, ends, strict=True))
            runs_by_string[index] = tuple(run for run in runs if run[0])
    return MappingProxyType(runs_by_string)

"""Decodes the records of an .xlsb: numbers, texts, and what cells refer to (styles, shared strings).

Records are named and laid out in [MS-XLSB]. Knows no cells.
"""

import struct
from collections.abc import Iterator

from xlflow.excel.reader.rich_text import TextRuns
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships
from xlflow.excel.reader.xlsx_styles import CellStyles, classify_styles
from xlflow.excel.reader.xlsx_xml import WorkbookContext


def decode_number(content: bytes) -> float:
    """Return the number in eight bytes (Xnum). Raises struct.error if there are fewer."""
    number: float = struct.unpack_from("<d", content)[0]
    return number


def decode_packed_number(content: bytes) -> float:
    """Return the number in four bytes (RkNumber): bit 0 says that it is in hundredths, bit 1 that the other thirty
    bits are an integer; they are else the high bits of a double. Raises struct.error if there are fewer bytes."""
    (packed,) = struct.unpack_from("<l", content)
    number = float(packed >> 2) if packed & 2 else decode_number(struct.pack("<4xl", packed & ~3))
    return number / 100 if packed & 1 else number


def read_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (record type, content) of every record. Raises IndexError if the part ends within a record."""
    offset = 0
    while offset < len(part):
        record_type, offset = _read_variable_integer(part, offset, 2)
        size, offset = _read_variable_integer(part, offset, 4)
        if offset + size > len(part):
            raise IndexError(offset)
        yield record_type, part[offset : offset + size]
        offset += size


def _read_variable_integer(part: bytes, offset: int, max_bytes: int) -> tuple[int, int]:
    """Return a number written in groups of seven bits, lowest first, and the offset behind it. The high bit of a
    byte says that another one follows."""
    number = 0
    for byte_index in range(max_bytes):
        byte = part[offset + byte_index]
        number |= (byte & 127) << 7 * byte_index
        if byte < 128:
            return number, offset + byte_index + 1
    return number, offset + max_bytes


def read_text(content: bytes, offset: int) -> str:
    """Return the text at an offset: its length in UTF-16 characters (four bytes), then these. Raises struct.error
    if it is cut off."""
    (length,) = struct.unpack_from("<L", content, offset)
    (characters,) = struct.unpack_from(f"<{2 * length}s", content, offset + 4)
    return str(characters, "utf-16-le", "replace")


_FONT_RECORD, _FORMAT_RECORD, _STYLE_RECORD, _STRING_RECORD, _WORKBOOK_RECORD = 43, 44, 47, 19, 153
_STYLES_BEGIN, _STYLES_END = 617, 618
_STRUCK_FONT_FLAG, _RICH_TEXT_FLAG, _1904_FLAG = 0x08, 0x01, 0x01


def read_xlsb_context(package: WorkbookPackage) -> WorkbookContext:
    """Return what the cells of an .xlsb refer to: texts, styles, and from which day dates are counted. Raises
    struct.error or IndexError if records are damaged."""
    parts = {
        each.type: package.read_part(each.target)
        for each in read_relationships(package, package.main_part)
        if package.find_part(each.target)
    }
    styles, struck_fonts = _read_styles(parts.get("styles", b""))
    strings, runs_by_string = list[str](), dict[int, TextRuns]()
    for record_type, content in read_records(parts.get("sharedStrings", b"")):
        if record_type == _STRING_RECORD:
            text, runs = decode_rich_text(content, struck_fonts)
            if runs:
                runs_by_string[len(strings)] = runs
            strings.append(text)
    uses_1904 = any(
        record_type == _WORKBOOK_RECORD and bool(content[0] & _1904_FLAG)
        for record_type, content in read_records(package.read_part(package.main_part))
    )
    return WorkbookContext(tuple(strings), runs_by_string, styles, uses_1904, struck_fonts)


def _read_styles(part: bytes) -> tuple[CellStyles, frozenset[int]]:
    """Return what the cell styles show, and the indexes of the fonts that strike text out."""
    codes, struck_fonts, font_count = dict[int, str](), set[int](), 0
    formats: list[tuple[int, int]] = []
    is_cell_style = False
    for record_type, content in read_records(part):
        if record_type in (_STYLES_BEGIN, _STYLES_END):
            is_cell_style = record_type == _STYLES_BEGIN
        elif record_type == _FORMAT_RECORD:
            codes[struct.unpack_from("<H", content)[0]] = read_text(content, 2)
        elif record_type == _FONT_RECORD:
            if content[2] & _STRUCK_FONT_FLAG:
                struck_fonts.add(font_count)
            font_count += 1
        elif record_type == _STYLE_RECORD and is_cell_style:
            format_id, font = struct.unpack_from("<2H", content, 2)
            formats.append((format_id, font))
    styles = classify_styles(((format_id, font in struck_fonts) for format_id, font in formats), codes)
    return styles, frozenset(struck_fonts)


def decode_rich_text(content: bytes, struck_fonts: frozenset[int]) -> tuple[str, TextRuns]:
    """Return (text, its runs; none if it is plain) of a RichStr: a byte of flags, the text, and of a rich text
    where each font begins. Raises struct.error if it is too short."""
    text = read_text(content, 1)
    if not content[0] & _RICH_TEXT_FLAG:
        return text, ()
    (length,) = struct.unpack_from("<L", content, 1)
    characters, offset = content[5 : 5 + 2 * length], 5 + 2 * length
    (run_count,) = struct.unpack_from("<L", content, offset)
    starts: list[tuple[int, bool | None]] = [(0, None)]
    for index in range(min(run_count, len(content) // 4)):
        start, font = struct.unpack_from("<2H", content, offset + 4 + 4 * index)
        starts.append((start, font in struck_fonts))
    ends = [*(start for start, _ in starts[1:]), length]
    runs = (
        (characters[2 * start : 2 * end].decode("utf-16-le", "replace"), is_struck)
        for (start, is_struck), end in zip(starts, ends, strict=True)
    )
    return text, tuple(run for run in runs if run[0])

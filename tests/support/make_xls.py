"""Makes .xls and .xlsb files by hand, record by record: OLE container, workbook stream, document properties.

Rows and columns are counted from 0; styles are indexes of cell formats.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from support.make_xlsx import zip_parts

SECTOR = 512
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LEAST = 4096
"""Bytes from which on a stream is kept in sectors of its own."""


def make_ole_container(
    streams: Mapping[str, bytes], embedded: Mapping[str, bytes] | None = None, storage: str = "Inbäddat"
) -> bytes:
    """Return an OLE container with these streams; those of `embedded` are in a storage of their own."""
    names = [*streams, *([storage, *embedded] if embedded else [])]
    contents = [*streams.values(), *([b"", *embedded.values()] if embedded else [])]
    contents = [
        stream.ljust(max(_LEAST, -(-len(stream) // SECTOR) * SECTOR), b"\0") if stream else b""
        for stream in contents
    ]
    entries = -(-(len(names) + 1) // 4)
    table = [_TABLE, *range(2, entries + 1), _END]
    starts = []
    for stream in contents:
        starts.append(len(table))
        table += [*range(len(table) + 1, len(table) + len(stream) // SECTOR), _END] if stream else []
    assert len(table) <= SECTOR // 4
    header = struct.pack("<8s16x6H", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0)
    header += struct.pack("<4x2L2L", 0, 1, 1, 0) + struct.pack("<L2L2L", _LEAST, _END, 0, _END, 0)
    header += struct.pack("<L", 0).ljust(109 * 4, b"\xff")
    listed = _entry("Root Entry", 5, _END, 0, child=1)
    last = len(streams) + 1 if embedded else len(streams)
    for number, (name, start, stream) in enumerate(zip(names, starts, contents, strict=True), 1):
        following = number + 1 if number not in (last, len(names)) else _FREE
        child = number + 1 if embedded and number == last else _FREE
        listed += _entry(name, 2 if stream else 1, start if stream else 0, len(stream), following, child)
    listed = listed.ljust(entries * SECTOR, b"\0")
    return header + struct.pack(f"<{len(table)}L", *table).ljust(SECTOR, b"\xff") + listed + b"".join(contents)


def _entry(name: str, kind: int, start: int, size: int, following: int = _FREE, child: int = _FREE) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    tree = struct.pack("<HBB3L", len(wide), kind, 1, _FREE, following, child)
    return wide.ljust(64, b"\0") + tree + bytes(36) + struct.pack("<2LL", start, size, 0)


def xls_record(kind: int, content: bytes = b"") -> bytes:
    """Return one record of an .xls stream."""
    return struct.pack("<2H", kind, len(content)) + content


def xls_text(words: str, length: str = "<H") -> bytes:
    """Return a text as .xls keeps it: its length (in a format of `struct`), a flag for UTF-16, UTF-16."""
    wide = words.encode("utf-16-le")
    return struct.pack(length, len(wide) // 2) + b"\1" + wide


DATE_STYLE, DURATION_STYLE = 1, 2
"""The styles of `make_xls_stream` that show a date, and a duration."""


def make_xls_stream(cells: Sequence[bytes], name: str = "Blad", more: bytes = b"") -> bytes:
    """Return the stream of a workbook with one sheet that holds these records."""
    formats = xls_record(0x41E, struct.pack("<H", 170) + xls_text("yyyy\\-mm\\-dd")) + xls_record(
        0x41E, struct.pack("<H", 171) + xls_text("[h]:mm")
    )
    styles = b"".join(xls_record(0xE0, struct.pack("<2H", 0, key).ljust(20, b"\0")) for key in (0, 170, 171))
    header = (
        xls_record(0x809, struct.pack("<4H2L", 0x600, 5, 0, 1997, 0, 6))
        + xls_record(0x42, b"\xb0\x04")
        + formats
        + styles
    )
    listed = xls_record(0x85, struct.pack("<L2B", 0, 0, 0) + xls_text(name, "<B"))
    start = len(header) + len(listed) + len(more) + 4
    listed = xls_record(0x85, struct.pack("<L2B", start, 0, 0) + xls_text(name, "<B"))
    sheet = xls_record(0x809, struct.pack("<4H2L", 0x600, 16, 0, 1997, 0, 6)) + b"".join(cells) + xls_record(0x0A)
    return header + listed + more + xls_record(0x0A) + sheet


def number_cell(row: int, column: int, value: float, style: int = 0) -> bytes:
    """Return a Number record."""
    return xls_record(0x203, struct.pack("<3Hd", row, column, style, value))


def text_cell(row: int, column: int, value: str) -> bytes:
    """Return a Label record."""
    return xls_record(0x204, struct.pack("<3H", row, column, 0) + xls_text(value))


def boolean_or_error_cell(row: int, column: int, value: int, error: int = 0) -> bytes:
    """Return a BoolErr record: a truth value, or an error code if `error` is 1."""
    return xls_record(0x205, struct.pack("<3H2B", row, column, 0, value, error))


def formula_cell(row: int, column: int, result: bytes, style: int = 0) -> bytes:
    """Return a Formula record; `result` are the eight bytes of its cached value."""
    return xls_record(0x06, struct.pack("<3H", row, column, style) + result + bytes(8))


def hidden_row(row: int) -> bytes:
    """Return a Row record with the flag for hidden."""
    return xls_record(0x208, struct.pack("<8H", row, 0, 1, 255, 0, 0, 0x120, 15))


def merged_cells(top: int, low: int, left: int, right: int) -> bytes:
    """Return a MergeCells record of one range."""
    return xls_record(0xE5, struct.pack("<5H", 1, top, low, left, right))


# Document properties ---------------------------------------------------------------------------


def custom_properties(properties: Mapping[str, str], page: int = 65_001) -> bytes:
    """Return the stream of custom document properties, in the encoding of a code page (1200 is UTF-16)."""
    letters = {65_001: "utf-8", 1200: "utf-16-le"}.get(page, f"cp{page}")

    def encode_text(words: str) -> bytes:
        coded = (words + "\0").encode(letters)
        count = len(words) + 1 if page == 1200 else len(coded)
        return struct.pack("<L", count) + (coded.ljust(-(-len(coded) // 4) * 4, b"\0") if page == 1200 else coded)

    names = b"".join(struct.pack("<L", number) + encode_text(name) for number, name in enumerate(properties, 2))
    values = [struct.pack("<LH2x", 2, page)]
    for value in properties.values():
        coded = (value + "\0").encode("utf-16-le" if page == 1200 else letters)
        count = len(value) + 1 if page == 1200 else len(coded)
        values.append(struct.pack("<2L", 31 if page == 1200 else 30, count) + coded)
    return _properties(
        [
            ("02d5cdd59c2e1b10939708002b2cf9ae", [(1, values[0])]),
            (
                "05d5cdd59c2e1b10939708002b2cf9ae",
                [(0, struct.pack("<L", len(properties)) + names), *enumerate(values, 1)],
            ),
        ]
    )


def last_saved_stream(ticks: int) -> bytes:
    """Return the stream with the time of last saving, in tenths of microseconds since 1601."""
    return _properties([("e0859ff2f94f6810ab9108002b27b3d9", [(13, struct.pack("<LQ", 64, ticks))])])


def _properties(sections: Sequence[tuple[str, Sequence[tuple[int, bytes]]]]) -> bytes:
    offset, contents, heads = 28 + 20 * len(sections), b"", b""
    for kind, values in sections:
        heads += bytes.fromhex(kind) + struct.pack("<L", offset + len(contents))
        offsets, body = b"", b""
        for number, value in values:
            offsets += struct.pack("<2L", number, 8 + 8 * len(values) + len(body))
            body += value.ljust(-(-len(value) // 4) * 4, b"\0")
        contents += struct.pack("<2L", 8 + len(offsets) + len(body), len(values)) + offsets + body
    return struct.pack("<2HL16xL", 0xFFFE, 0, 0, len(sections)) + heads + contents


# .xlsb -------------------------------------------------------------------------------------------


def xlsb_record(kind: int, content: bytes = b"") -> bytes:
    """Return one record of an .xlsb part: type and length in groups of seven bits."""
    return b"".join(_seven_bits(kind)) + b"".join(_seven_bits(len(content))) + content


def _seven_bits(number: int) -> Iterator[bytes]:
    while True:
        number, bits = number >> 7, number & 127
        yield bytes([bits | (128 if number else 0)])
        if not number:
            return


def xlsb_text(words: str) -> bytes:
    """Return a text as .xlsb keeps it: its length in four bytes, UTF-16."""
    wide = words.encode("utf-16-le")
    return struct.pack("<L", len(wide) // 2) + wide


def xlsb_row(row: int, *cells: bytes, hidden: bool = False) -> bytes:
    """Return a row record and the records of its cells."""
    flags = 0x10 if hidden else 0
    return xlsb_record(0, struct.pack("<LLHBBBL", row, 0, 0, 0, flags, 0, 0)) + b"".join(cells)


def xlsb_cell(kind: int, column: int, value: bytes, style: int = 0) -> bytes:
    """Return the record of a cell of any type; `value` is what follows its column and style."""
    return xlsb_record(kind, struct.pack("<LL", column, style) + value)


def make_xlsb(*positions: tuple[int, int]) -> bytes:
    """Return an .xlsb whose one sheet holds a number in each of these cells."""
    rows = [xlsb_row(row, xlsb_cell(5, column, struct.pack("<d", 7.0))) for row, column in positions]
    return make_xlsb_from_records(rows, max(row for row, _ in positions), max(column for _, column in positions))


def make_xlsb_from_records(rows: Sequence[bytes], last_row: int, last_column: int, **more: bytes) -> bytes:
    """Return an .xlsb whose one sheet holds these records; `more` are parts of it that the sheet refers to."""
    size = xlsb_record(148, struct.pack("<LLLL", 0, last_row, 0, last_column))
    sheet = xlsb_record(129) + size + xlsb_record(145) + b"".join(rows) + xlsb_record(146) + xlsb_record(130)
    listed = xlsb_record(156, struct.pack("<LL", 0, 1) + xlsb_text("rId1") + xlsb_text("Blad"))
    formats = b"".join(xlsb_record(47, struct.pack("<2H12x", 0, shown)) for shown in (0, 14))
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relations(officeDocument="xl/workbook.bin"),
        "xl/workbook.bin": xlsb_record(131) + xlsb_record(143) + listed + xlsb_record(144) + xlsb_record(132),
        "xl/_rels/workbook.bin.rels": _relations(worksheet="worksheets/sheet1.bin"),
        "xl/styles.bin": xlsb_record(617, struct.pack("<L", 2)) + formats + xlsb_record(618),
        "xl/worksheets/sheet1.bin": sheet,
        "xl/worksheets/_rels/sheet1.bin.rels": _relations(**{name: f"../{name}1.bin" for name in more}),
    }
    return zip_parts(parts | {f"xl/{name}1.bin": part for name, part in more.items()})


def _relations(**targets: str) -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inner = (
        f'<Relationship Id="rId{number}" Type="{kind}/{name}" Target="{target}"/>'
        for number, (name, target) in enumerate(targets.items(), 1)
    )
    header = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return f"{header}{''.join(inner)}</Relationships>".encode()

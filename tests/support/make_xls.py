"""Makes .xls and .xlsb by hand, record by record: container, workbook, and what that says of itself."""

import struct
from collections.abc import Iterator, Mapping, Sequence

from support.make_xlsx import zip_parts

SECTOR = 512
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LEAST = 4096
"""Bytes from which on a stream stands in sectors of its own."""


def container(streams: Mapping[str, bytes], within: Mapping[str, bytes] | None = None) -> bytes:
    """Return a container with these streams; those of `within` stand in a storage of their own."""
    names = [*streams, *(["Inbäddat", *within] if within else [])]
    told = [*streams.values(), *([b"", *within.values()] if within else [])]
    told = [
        stream.ljust(max(_LEAST, -(-len(stream) // SECTOR) * SECTOR), b"\0") if stream else b"" for stream in told
    ]
    entries = -(-(len(names) + 1) // 4)
    table = [_TABLE, *range(2, entries + 1), _END]
    starts = []
    for stream in told:
        starts.append(len(table))
        table += [*range(len(table) + 1, len(table) + len(stream) // SECTOR), _END] if stream else []
    assert len(table) <= SECTOR // 4
    head = struct.pack("<8s16x6H", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0)
    head += struct.pack("<4x2L2L", 0, 1, 1, 0) + struct.pack("<L2L2L", _LEAST, _END, 0, _END, 0)
    head += struct.pack("<L", 0).ljust(109 * 4, b"\xff")
    listed = _entry("Root Entry", 5, _END, 0, child=1)
    last = len(streams) + 1 if within else len(streams)
    for number, (name, start, stream) in enumerate(zip(names, starts, told, strict=True), 1):
        following = number + 1 if number not in (last, len(names)) else _FREE
        child = number + 1 if within and number == last else _FREE
        listed += _entry(name, 2 if stream else 1, start if stream else 0, len(stream), following, child)
    listed = listed.ljust(entries * SECTOR, b"\0")
    return head + struct.pack(f"<{len(table)}L", *table).ljust(SECTOR, b"\xff") + listed + b"".join(told)


def _entry(name: str, kind: int, start: int, size: int, following: int = _FREE, child: int = _FREE) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    tree = struct.pack("<HBB3L", len(wide), kind, 1, _FREE, following, child)
    return wide.ljust(64, b"\0") + tree + bytes(36) + struct.pack("<2LL", start, size, 0)


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def text(words: str, length: str = "<H") -> bytes:
    wide = words.encode("utf-16-le")
    return struct.pack(length, len(wide) // 2) + b"\1" + wide


DAY, SPAN = 1, 2
"""The styles of `an_old_workbook` that show a day, and a span of time."""


def an_old_workbook(cells: Sequence[bytes], name: str = "Blad", more: bytes = b"") -> bytes:
    """Return the stream of a workbook with one sheet that holds these records."""
    formats = record(0x41E, struct.pack("<H", 170) + text("yyyy\\-mm\\-dd")) + record(
        0x41E, struct.pack("<H", 171) + text("[h]:mm")
    )
    styles = b"".join(record(0xE0, struct.pack("<2H", 0, key).ljust(20, b"\0")) for key in (0, 170, 171))
    head = (
        record(0x809, struct.pack("<4H2L", 0x600, 5, 0, 1997, 0, 6)) + record(0x42, b"\xb0\x04") + formats + styles
    )
    listed = record(0x85, struct.pack("<L2B", 0, 0, 0) + text(name, "<B"))
    start = len(head) + len(listed) + len(more) + 4
    listed = record(0x85, struct.pack("<L2B", start, 0, 0) + text(name, "<B"))
    sheet = record(0x809, struct.pack("<4H2L", 0x600, 16, 0, 1997, 0, 6)) + b"".join(cells) + record(0x0A)
    return head + listed + more + record(0x0A) + sheet


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x203, struct.pack("<3Hd", row, column, style, value))


def words(row: int, column: int, value: str) -> bytes:
    return record(0x204, struct.pack("<3H", row, column, 0) + text(value))


def truth(row: int, column: int, value: int, error: int = 0) -> bytes:
    return record(0x205, struct.pack("<3H2B", row, column, 0, value, error))


def worked_out(row: int, column: int, result: bytes, style: int = 0) -> bytes:
    return record(0x06, struct.pack("<3H", row, column, style) + result + bytes(8))


def hidden_row(row: int) -> bytes:
    return record(0x208, struct.pack("<8H", row, 0, 1, 255, 0, 0, 0x120, 15))


def merged(top: int, low: int, left: int, right: int) -> bytes:
    return record(0xE5, struct.pack("<5H", 1, top, low, left, right))


# What a document says of itself ---------------------------------------------------------------------------


def custom_properties(told: Mapping[str, str], page: int = 65_001) -> bytes:
    """Return the stream of custom properties, in the letters of a code page (1200 for wide ones)."""
    letters = {65_001: "utf-8", 1200: "utf-16-le"}.get(page, f"cp{page}")

    def say(words: str) -> bytes:
        coded = (words + "\0").encode(letters)
        count = len(words) + 1 if page == 1200 else len(coded)
        return struct.pack("<L", count) + (coded.ljust(-(-len(coded) // 4) * 4, b"\0") if page == 1200 else coded)

    names = b"".join(struct.pack("<L", number) + say(name) for number, name in enumerate(told, 2))
    values = [struct.pack("<LH2x", 2, page)]
    for value in told.values():
        coded = (value + "\0").encode("utf-16-le" if page == 1200 else letters)
        count = len(value) + 1 if page == 1200 else len(coded)
        values.append(struct.pack("<2L", 31 if page == 1200 else 30, count) + coded)
    return _properties(
        [
            ("02d5cdd59c2e1b10939708002b2cf9ae", [(1, values[0])]),
            (
                "05d5cdd59c2e1b10939708002b2cf9ae",
                [(0, struct.pack("<L", len(told)) + names), *enumerate(values, 1)],
            ),
        ]
    )


def saved_at(ticks: int) -> bytes:
    """Return the stream that tells when a document was saved: tenths of microseconds since 1601."""
    return _properties([("e0859ff2f94f6810ab9108002b27b3d9", [(13, struct.pack("<LQ", 64, ticks))])])


def _properties(sections: Sequence[tuple[str, Sequence[tuple[int, bytes]]]]) -> bytes:
    place, told, heads = 28 + 20 * len(sections), b"", b""
    for kind, values in sections:
        heads += bytes.fromhex(kind) + struct.pack("<L", place + len(told))
        index, body = b"", b""
        for number, value in values:
            index += struct.pack("<2L", number, 8 + 8 * len(values) + len(body))
            body += value.ljust(-(-len(value) // 4) * 4, b"\0")
        told += struct.pack("<2L", 8 + len(index) + len(body), len(values)) + index + body
    return struct.pack("<2HL16xL", 0xFFFE, 0, 0, len(sections)) + heads + told


# The other kind -------------------------------------------------------------------------------------------


def piece(kind: int, content: bytes = b"") -> bytes:
    """Return one record of an .xlsb part: kind and length in pieces of seven bits."""
    return b"".join(_seven_bits(kind)) + b"".join(_seven_bits(len(content))) + content


def _seven_bits(number: int) -> Iterator[bytes]:
    while True:
        number, bits = number >> 7, number & 127
        yield bytes([bits | (128 if number else 0)])
        if not number:
            return


def wide(words: str) -> bytes:
    return struct.pack("<L", len(words)) + words.encode("utf-16-le")


def a_row(row: int, *cells: bytes, hidden: bool = False) -> bytes:
    flags = 0x10 if hidden else 0
    return piece(0, struct.pack("<LLHBBBL", row, 0, 0, 0, flags, 0, 0)) + b"".join(cells)


def a_cell(kind: int, column: int, value: bytes, style: int = 0) -> bytes:
    return piece(kind, struct.pack("<LL", column, style) + value)


def an_xlsb(*places: tuple[int, int]) -> bytes:
    """Return an .xlsb whose one sheet holds a number in each of these cells."""
    rows = [a_row(row, a_cell(5, column, struct.pack("<d", 7.0))) for row, column in places]
    return an_xlsb_of(rows, max(row for row, _ in places), max(column for _, column in places))


def an_xlsb_of(rows: Sequence[bytes], last_row: int, last_column: int, **more: bytes) -> bytes:
    """Return an .xlsb whose one sheet holds these records; `more` are parts of it that the sheet refers to."""
    size = piece(148, struct.pack("<LLLL", 0, last_row, 0, last_column))
    sheet = piece(129) + size + piece(145) + b"".join(rows) + piece(146) + piece(130)
    listed = piece(156, struct.pack("<LL", 0, 1) + wide("rId1") + wide("Blad"))
    formats = b"".join(piece(47, struct.pack("<2H12x", 0, shown)) for shown in (0, 14))
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relations(officeDocument="xl/workbook.bin"),
        "xl/workbook.bin": piece(131) + piece(143) + listed + piece(144) + piece(132),
        "xl/_rels/workbook.bin.rels": _relations(worksheet="worksheets/sheet1.bin"),
        "xl/styles.bin": piece(617, struct.pack("<L", 2)) + formats + piece(618),
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
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return f"{head}{''.join(inner)}</Relationships>".encode()

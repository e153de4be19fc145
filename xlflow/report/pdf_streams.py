"""Makes the end of every stream in a PDF unmistakable, as archive checkers demand.

A stream whose last byte happens to be a carriage return is followed by the line feed before `endstream`; read
backwards, both look like the end of the line, and the stream one byte too short. There a carriage return of its
own is put before the line feed, and everything behind it moves on by one. Knows only what Typst writes.
"""

import re
from bisect import bisect_left

_DOUBTFUL = re.compile(rb"\r(?=\nendstream)")
_ENTRY = re.compile(rb"(\d{10})( \d{5} n)")
_START = re.compile(rb"(startxref\n)(\d+)")


def part_streams(pdf: bytes) -> bytes:
    """Return the same document with every stream clearly parted from the word that ends it."""
    places = [found.end() for found in _DOUBTFUL.finditer(pdf)]
    if not places:
        return pdf
    table = pdf.rindex(b"\nxref\n") + 1
    body = b"\r".join(pdf[start:end] for start, end in zip((0, *places), (*places, table), strict=True))

    def move(offset: bytes) -> int:
        return int(offset) + bisect_left(places, int(offset))

    index = _ENTRY.sub(lambda found: b"%010d%s" % (move(found[1]), found[2]), pdf[table:])
    return body + _START.sub(lambda found: b"%s%d" % (found[1], move(found[2])), index)

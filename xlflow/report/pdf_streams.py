"""Makes the end of every stream in a PDF unmistakable, as archive checkers demand.

A stream whose last byte happens to be a carriage return is followed by the line feed before `endstream`; read
backwards, both look like the end of the line, and the stream one byte too short. There a carriage return of its
own is put before the line feed, and everything behind it moves on by one. Knows only what Typst writes.
"""

import re
from bisect import bisect_left

_AMBIGUOUS_STREAM_END = re.compile(rb"\r(?=\nendstream)")
_XREF_ENTRY = re.compile(rb"(\d{10})( \d{5} n)")
_STARTXREF = re.compile(rb"(startxref\n)(\d+)")


def separate_stream_ends(pdf: bytes) -> bytes:
    """Return the same document with every stream clearly parted from the word that ends it."""
    positions = [match.end() for match in _AMBIGUOUS_STREAM_END.finditer(pdf)]
    if not positions:
        return pdf
    xref_start = pdf.rindex(b"\nxref\n") + 1
    body = b"\r".join(pdf[start:end] for start, end in zip((0, *positions), (*positions, xref_start), strict=True))

    def move(offset: bytes) -> int:
        return int(offset) + bisect_left(positions, int(offset))

    xref_table = _XREF_ENTRY.sub(lambda found: b"%010d%s" % (move(found[1]), found[2]), pdf[xref_start:])
    return body + _STARTXREF.sub(lambda found: b"%s%d" % (found[1], move(found[2])), xref_table)

"""The digest of itself that an HTML or PDF report carries, by which a later run knows whether it was edited since.

Word documents need none: Word notes who saved them last.
"""

import re
from hashlib import sha256

HTML_MARKER = b'<meta name="generator" content="xlflow">'
"""After this element the digest is put into an HTML report."""

_HTML_DIGEST = re.compile(rb'\n<meta name="xlflow-digest" content="([0-9a-f]{64})">')
_PDF_DIGEST = re.compile(rb"%xlflow-digest ([0-9a-f]{64})\n(?=xref\n)")
_PDF_XREF = b"\nxref\n"
_PDF_XREF_START = re.compile(rb"(?<=startxref\n)\d+(?=\n%%EOF)")


def add_html_digest(page: bytes) -> bytes:
    """Return a web page with a meta element that holds its digest; unchanged if it has no `HTML_MARKER`."""
    element = b'\n<meta name="xlflow-digest" content="%s">' % _hex_digest(page)
    return page.replace(HTML_MARKER, HTML_MARKER + element, 1)


def is_unedited_html(content: bytes) -> bool:
    """Return whether a file is a web page of `add_html_digest` to the byte."""
    match = _HTML_DIGEST.search(content)
    return match is not None and match[1] == _hex_digest(content[: match.start()] + content[match.end() :])


def add_pdf_digest(pdf: bytes) -> bytes:
    """Return a PDF with a comment that holds its digest, before its list of objects.

    PDF/A allows nothing behind the end mark. No object moves; only the list does, and `startxref` follows it.
    """
    xref_start = pdf.rindex(_PDF_XREF) + 1
    comment = b"%%xlflow-digest %s\n" % _hex_digest(pdf)
    return pdf[:xref_start] + comment + _move_xref(pdf[xref_start:], len(comment))


def is_unedited_pdf(content: bytes) -> bool:
    """Return whether a file is a PDF of `add_pdf_digest` to the byte; a note or signature added to it is an
    edit."""
    match = _PDF_DIGEST.search(content)
    if match is None:
        return False
    rest = _move_xref(content[match.end() :], match.start() - match.end())
    return match[1] == _hex_digest(content[: match.start()] + rest)


def _move_xref(tail: bytes, distance: int) -> bytes:
    return _PDF_XREF_START.sub(lambda found: b"%d" % (int(found[0]) + distance), tail)


def _hex_digest(content: bytes) -> bytes:
    return sha256(content).hexdigest().encode()

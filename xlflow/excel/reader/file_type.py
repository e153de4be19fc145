"""Recognises what a file is by its content, never by its name, so that its sender can be told what was sent.

Looks at the first bytes and, in an OLE container, at the names of its streams. Reads nothing and refuses nothing.
"""

import re

from xlflow.excel.reader.limits import FILE_HEAD_BYTES

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF", "pdf"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"#!", "program"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"\x78\x9f\x3e\x22", "mail"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "link"),
    (b"\x09\x00\x04\x00", "excel-4-or-older"),
    (b"\x09\x02\x06\x00", "excel-4-or-older"),
    (b"\x09\x04\x06\x00", "excel-4-or-older"),
    (b"\x09\x08\x08\x00", "excel-4-or-older"),
)

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an OLE container begins: an old Excel file, among others."""

_LABELLED_STREAM_NAME = "DRMEncryptedDataSpace".encode("utf-16-le")
_OLE_STREAM_TYPES: tuple[tuple[str, str], ...] = (
    ("\tDRMContent", "labelled"),
    ("DRMEncryptedDataSpace", "labelled"),
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "word"),
    ("PowerPoint Document", "slides"),
    ("__properties_version1.0", "mail"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
"""What an OLE container holds, by the names of its streams; the first name in this list that is there decides."""

_HTML_START = re.compile(
    rb"\s{0,100}(?:<!--.{0,2000}?-->\s{0,100})?"
    rb"(?:<!doctype\s+html|<(?:html|head|body|meta|table|div|style)\b|mime-version:)"
)
_MAIL_HEADERS = re.compile(
    rb"(?:[a-z]{1,40}(?:-[a-z0-9]{1,40}){0,8}:[^\r\n]{0,2000}(?:\r?\n[ \t][^\r\n]{0,2000}){0,99}\r?\n){2,99}"
)
"""Two lines or more that each begin with a word and a colon, continued by lines that begin with a blank (RFC
5322)."""

_KNOWN_MAIL_HEADER = re.compile(rb"^(?:message-id|return-path|received|subject):", re.MULTILINE)
_LINK_FILE = re.compile(rb"\[internetshortcut\]|\{[^{}]{0,2000}\"doc_id\"\s{0,20}:")
"""A shortcut to another file: of Windows (.url), of Google Drive (.gsheet), of macOS (.webloc)."""

_CONTROL_CHARACTERS = frozenset(range(32)) - {9, 10, 12, 13, 27}
"""Bytes that no text has: control characters but tab, line breaks, form feed and escape."""


_MIN_WIDE_LETTERS, _MIN_ZERO_SHARE, _MAX_ZERO_SHARE = 8, 0.8, 0.02
"""Letters from which on UTF-16 is known without its mark, and the share of zeros that there must be in one half of
the bytes, and may be in the other."""


def detect_file_type(content: bytes) -> str:
    """Return what a file is: "zip" (also every .xlsx and .ods), "xls", "text", or what makes it no workbook, as in
    the message codes `file-is-…`: "pdf", "html", "encrypted", … "unknown"."""
    for signature, file_type in _SIGNATURES:
        if content.startswith(signature):
            return file_type
    if content.startswith(OLE_SIGNATURE):
        return _detect_ole_type(content)
    head = content[:FILE_HEAD_BYTES]
    if b"%PDF-" in head[:1024]:
        return "pdf"
    return _detect_text_type(head)


def bom_encoding(content: bytes) -> str | None:
    """Return the encoding that a byte order mark at the beginning of a text names; None if there is no such
    mark."""
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-8-sig" if content[:3] == b"\xef\xbb\xbf" else None


def wide_encoding(content: bytes) -> str | None:
    """Return the encoding of a text in UTF-16 without a byte order mark: every other byte of its letters is zero;
    None for all else."""
    head = content[:FILE_HEAD_BYTES]
    half = len(head) // 2
    zeros = head[::2].count(0), head[1::2].count(0)
    if half < _MIN_WIDE_LETTERS or max(zeros) < half * _MIN_ZERO_SHARE or min(zeros) > half * _MAX_ZERO_SHARE:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _detect_ole_type(content: bytes) -> str:
    from xlflow.excel.reader.ole_container import open_ole_container  # noqa: PLC0415 (slow to load, rarely needed)

    container = open_ole_container(content)
    names = {name.casefold() for name in container.root_names} if container else set[str]()
    for stream, file_type in _OLE_STREAM_TYPES:
        if stream.casefold() in names if container else stream.encode("utf-16-le") in content:
            return "labelled" if file_type == "encrypted" and _LABELLED_STREAM_NAME in content else file_type
    return "unknown" if names else "xls"  # damaged, and most such containers are old Excel files


def _detect_text_type(head: bytes) -> str:
    if bom_encoding(head) in ("utf-16", "utf-32"):
        return "text"
    if not head.strip(b"\0"):
        return "all-zero-bytes"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if detected := _detect_by_first_words(text.lower()):
        return detected
    if text.startswith((b"<?xml", b"<office:document")):
        return "html" if b"<html" in text.lower() else "xml"
    return "unknown" if _CONTROL_CHARACTERS.intersection(head) and not wide_encoding(head) else "text"


def _detect_by_first_words(text: bytes) -> str | None:
    """Return what a text, given in lower case, is by its first words; None if they do not show it."""
    if _LINK_FILE.match(text) or b"<key>url</key>" in text:
        return "link"
    headers = _MAIL_HEADERS.match(text)
    if headers and _KNOWN_MAIL_HEADER.search(headers[0]):
        return "mail"
    return "html" if _HTML_START.match(text) else None

"""Tells what a file is by what stands in it, never by its name, so that people can be told what they sent."""

import re

_STARTS: tuple[tuple[bytes, str], ...] = (
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
    (b"\x09\x00\x04\x00", "ancient"),
    (b"\x09\x02\x06\x00", "ancient"),
    (b"\x09\x04\x06\x00", "ancient"),
    (b"\x09\x08\x08\x00", "ancient"),
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LABEL = "DRMEncryptedDataSpace".encode("utf-16-le")
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("\tDRMContent", "labelled"),
    ("DRMEncryptedDataSpace", "labelled"),
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "word"),
    ("PowerPoint Document", "slides"),
    ("__properties_version1.0", "mail"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
"""What a container of the old kind holds, by the names of its streams; the first that is there decides."""

_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?(?:<!doctype\s+html|<(?:html|head|body|meta|table|div|style)\b|mime-version:)"
)
_MAIL = re.compile(rb"(?:[a-z]+(?:-[a-z0-9]+)*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n){2,}")
"""Two lines or more that each begin with a word and a colon, as the head of a message does."""

_MAIL_WORDS = re.compile(rb"^(?:message-id|return-path|received|subject):", re.MULTILINE)
_LINK = re.compile(rb"\[internetshortcut\]|\{[^{}]*\"doc_id\"\s*:|.*<key>url</key>", re.DOTALL)
"""A file that only says where another one is: of Windows, of Google Drive, of macOS."""

_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}
_HEAD = 4096


def name_kind(content: bytes) -> str:
    """Return what a file is: "zip", "xls", "text", "html", "pdf", "encrypted" and so on, or "unknown"."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content.startswith(_OLE):
        return _name_ole(content)
    head = content[:_HEAD]
    if b"%PDF-" in head[:1024]:
        return "pdf"
    return _name_text(head)


def _name_ole(content: bytes) -> str:
    from xlflow.excel.incoming.container import open_container  # noqa: PLC0415 (slow to load, rarely needed)

    around = open_container(content)
    for stream, kind in _OLE_STREAMS:
        if stream in around.top if around else stream.encode("utf-16-le") in content:
            return "labelled" if kind == "encrypted" and _LABEL in content else kind
    return "unknown"


def _name_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    if not head.strip(b"\0"):
        return "zeros"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if written := _name_written(text.lower()):
        return written
    if text.startswith((b"<?xml", b"<office:document")):
        return "html" if b"<html" in text.lower() else "xml"
    return "unknown" if _CONTROLS.intersection(head) else "text"


def _name_written(text: bytes) -> str | None:
    """Return what a text in small letters is by its first words."""
    if _LINK.match(text):
        return "link"
    top = _MAIL.match(text)
    if top and _MAIL_WORDS.search(top[0]):
        return "mail"
    return "html" if _HTML.match(text) else None

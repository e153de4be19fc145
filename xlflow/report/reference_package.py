"""Reads the Word document that a report takes its look from, and trusts nothing in it.

Any .docx, .dotx, .docm or .dotm is read, transitional or strict, with or without a last section. Bounded in size;
nothing in it is run, followed or copied: `reference_look` picks what a report takes over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from docx.oxml import parse_xml

from xlflow.excel.reader.file_type import detect_file_type
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.safe_xml import has_plain_prolog
from xlflow.excel.reader.safe_zip import list_zip_entries, unpack_entry
from xlflow.excel.reader.workbook_package import Relationship, WorkbookPackage, read_relationships

REFERENCE_LIMITS = Limits(file_bytes=50_000_000, unpacked_bytes=200_000_000, zip_entries=5_000)
"""A template with pictures has some megabytes."""

MAX_PART_BYTES = 20_000_000
"""Bytes of one part that is taken over; the styles of a large organisation have half a million."""

_OFFICE, _STRICT = "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/"
_STRICT_NAMESPACES = tuple(
    (f"{_STRICT}{strict}".encode(), f"{_OFFICE}{transitional}".encode())
    for strict, transitional in (
        ("wordprocessingml/main", "wordprocessingml/2006/main"),
        ("officeDocument/relationships", "officeDocument/2006/relationships"),
        ("officeDocument/math", "officeDocument/2006/math"),
        ("drawingml/wordprocessingDrawing", "drawingml/2006/wordprocessingDrawing"),
        ("drawingml/picture", "drawingml/2006/picture"),
        ("drawingml/main", "drawingml/2006/main"),
    )
)

ReferenceFault = Literal["missing", "too_large", "old_word", "encrypted", "damaged", "not_word"]
"""Why a file cannot be the reference: a key of the section `reference` of the words."""

_FAULTS_BY_CODE: Mapping[str, ReferenceFault] = MappingProxyType(
    {
        "unpacked-too-large": "too_large",
        "archive-too-many-parts": "too_large",
        "file-is-encrypted": "encrypted",
        "file-is-labelled": "encrypted",
        "file-is-word": "old_word",
        "archive-cut-off": "damaged",
        "archive-inconsistent": "damaged",
        "archive-packed-otherwise": "damaged",
    }
)


class ReferenceDocumentError(Exception):
    """A file cannot be taken as the reference; `fault` says why."""

    def __init__(self, fault: ReferenceFault):
        super().__init__(fault)
        self.fault: ReferenceFault = fault


@dataclass(frozen=True, slots=True)
class ReferencePackage:
    """The parts of a Word document by name; `main_part` is the name of the document itself."""

    parts: WorkbookPackage
    main_part: str

    def relationships(self, part: str) -> Mapping[str, Relationship]:
        """Return id -> relationship of a part to another part that exists."""
        return {
            each.id: each for each in read_relationships(self.parts, part) if self.parts.find_part(each.target)
        }

    def find_related(self, kind: str) -> str | None:
        """Return the name of the part that the document has as its `kind` ("styles", "theme"); None if none."""
        related = self.relationships(self.main_part).values()
        return next((self.parts.find_part(each.target) for each in related if each.type == kind), None)

    def read_bytes(self, part: str) -> bytes:
        """Return a part; `ReferenceDocumentError` if it is too large to be taken over."""
        content = self.parts.read_part(part)
        if len(content) > MAX_PART_BYTES:
            raise ReferenceDocumentError("too_large")
        return content

    def read_xml(self, part: str) -> Any:
        """Return the root element of a part, in the transitional namespaces. Raises ReferenceDocumentError if it
        is broken."""
        content = self.read_bytes(part)
        if b"<!DOCTYPE" in content and not has_plain_prolog(content):
            raise ReferenceDocumentError("damaged")
        if _STRICT.encode() in content:
            for strict, transitional in _STRICT_NAMESPACES:
                content = content.replace(strict, transitional)
        try:
            return parse_xml(content)
        except (SyntaxError, ValueError) as error:
            raise ReferenceDocumentError("damaged") from error


def open_reference(content: bytes) -> ReferencePackage:
    """Return the parts of a Word document. Raises ReferenceDocumentError if it is none, is broken or too large."""
    if len(content) > REFERENCE_LIMITS.file_bytes:
        raise ReferenceDocumentError("too_large")
    file_type = detect_file_type(content) if content else "empty"
    if file_type != "zip":
        raise ReferenceDocumentError(_FAULTS_BY_CODE.get(f"file-is-{file_type}", "not_word"))
    entries = list_zip_entries(content, REFERENCE_LIMITS)
    if isinstance(entries, str):
        raise ReferenceDocumentError(_FAULTS_BY_CODE.get(entries, "damaged"))
    parts: dict[str, bytes] = {}
    for entry in entries:
        part = unpack_entry(content, entry)
        if part is None:
            raise ReferenceDocumentError("damaged")
        parts[entry.name] = part
    package = WorkbookPackage("xlsx", MappingProxyType(parts), "")
    try:
        targets = [each.target for each in read_relationships(package, "") if each.type == "officeDocument"]
    except Exception as error:
        raise ReferenceDocumentError("damaged") from error
    main_part = next(filter(None, map(package.find_part, targets)), None)
    reference = ReferencePackage(package, main_part or "")
    if main_part is None or not reference.read_xml(main_part).tag.endswith("}document"):
        raise ReferenceDocumentError("not_word")
    return reference

"""Where the links lead that people put on cells, which the cells need not say. They are never followed."""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from xlflow.excel.incoming.book import CellAnnotation, parse_cell_address
from xlflow.excel.incoming.markup import parse_xml
from xlflow.excel.incoming.package import WorkbookPackage

_HYPERLINK_TYPE = b"/hyperlink"
_HYPERLINK_TAG = re.compile(rb"<(?:\w+:)?hyperlink\s([^<>]*)>")
_REF_ATTRIBUTE, _ID_ATTRIBUTE = (
    re.compile(rb"""\bref\s*=\s*["']([A-Z]+[0-9]+)"""),
    re.compile(rb""":id\s*=\s*["']([^"']*)["']"""),
)


def has_links(package: WorkbookPackage) -> bool:
    """Return whether any cell of the workbook may lead out of it."""
    return any(
        _HYPERLINK_TYPE in part
        for name, part in package.parts.items()
        if name.endswith(".rels") and "sheets/" in name
    )


def is_external_link(target: str) -> bool:
    """Return whether a link leads to what the reader of an answer may want to see: no address to write to."""
    return bool(target) and not target.startswith(("#", "mailto:"))


def read_links(package: WorkbookPackage, sheet_part: str) -> Iterator[CellAnnotation]:
    """Yield the targets of the links on the cells of a sheet, given by its part."""
    folder, _, name = sheet_part.rpartition("/")
    relationships_part = package.find_part(f"{folder}/_rels/{name}.rels")
    targets = _read_link_targets(package.parts[relationships_part]) if relationships_part else {}
    sheet_xml = package.read_part(sheet_part) if targets else b""
    for match in _HYPERLINK_TAG.finditer(sheet_xml, max(sheet_xml.rfind(b"sheetData"), 0)):
        ref, relationship_id = _REF_ATTRIBUTE.search(match[1]), _ID_ATTRIBUTE.search(match[1])
        target = (
            targets.get(html.unescape(relationship_id[1].decode(errors="replace")), "") if relationship_id else ""
        )
        if ref and is_external_link(target):
            with suppress(ValueError):
                yield (*parse_cell_address(ref[1].decode()), "", target)


def _read_link_targets(relationships_xml: bytes) -> Mapping[str, str]:
    if _HYPERLINK_TYPE not in relationships_xml:
        return {}
    links = parse_xml(relationships_xml).iter()
    return {link.get("Id", ""): link.get("Target", "") for link in links if link.get("TargetMode") == "External"}

"""Where the links lead that people put on cells, which the cells need not say. They are never followed."""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from xlflow.excel.incoming.book import Remark, cell_position
from xlflow.excel.incoming.markup import parse
from xlflow.excel.incoming.package import Package

_KIND = b"/hyperlink"
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\s([^<>]*)>")
_REF, _ID = re.compile(rb"""\bref\s*=\s*["']([A-Z]+[0-9]+)"""), re.compile(rb""":id\s*=\s*["']([^"']*)["']""")


def has_links(package: Package) -> bool:
    """Return whether any cell of the workbook may lead out of it."""
    return any(
        _KIND in part for name, part in package.parts.items() if name.endswith(".rels") and "sheets/" in name
    )


def leads_out(target: str) -> bool:
    """Return whether a link leads to what the reader of an answer may want to see: no address to write to."""
    return bool(target) and not target.startswith(("#", "mailto:"))


def read_links(package: Package, sheet: str) -> Iterator[Remark]:
    """Yield the targets of the links on the cells of a sheet, given by its part."""
    folder, _, name = sheet.rpartition("/")
    source = package.find(f"{folder}/_rels/{name}.rels")
    targets = _read_targets(package.parts[source]) if source else {}
    part = package.read(sheet) if targets else b""
    for found in _LINK.finditer(part, max(part.rfind(b"sheetData"), 0)):
        ref, key = _REF.search(found[1]), _ID.search(found[1])
        target = targets.get(html.unescape(key[1].decode(errors="replace")), "") if key else ""
        if ref and leads_out(target):
            with suppress(ValueError):
                yield (*cell_position(ref[1].decode()), "", target)


def _read_targets(relations: bytes) -> Mapping[str, str]:
    if _KIND not in relations:
        return {}
    links = parse(relations).iter()
    return {link.get("Id", ""): link.get("Target", "") for link in links if link.get("TargetMode") == "External"}

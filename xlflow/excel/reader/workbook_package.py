"""Opens a workbook file that is a zip package (.xlsx, .xlsb, .ods): its parts, relationships and properties.

Refuses by returning a message code. Parts that no reading needs (pictures, macros, embedded objects) are unpacked
and checked like all others and then left out: what is not handed on cannot be run, followed or copied. Pictures
that pack unreasonably well are not even unpacked.
Terms are those of the Open Packaging Conventions (ECMA-376 part 2): part, relationship, target.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple
from xml.etree.ElementTree import ParseError

from xlflow.excel.reader.file_type import bom_encoding
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.safe_xml import get_attribute, has_plain_prolog, local_name, parse_xml
from xlflow.excel.reader.safe_zip import (
    ZipEntry,
    is_packed_too_tightly,
    is_picture_entry,
    list_zip_entries,
    unpack_entry,
)
from xlflow.runtime.memo import cache_small

_DECLARED_ENCODING = re.compile(
    rb"""\s{0,100}<\?xml[^>]{0,200}?\sencoding\s{0,20}=\s{0,20}["']([A-Za-z0-9._-]{1,40})["']"""
)
_XML_DECLARATION = re.compile(r"\s{0,100}<\?xml[^>]{0,500}\?>")
_UTF8_COMPATIBLE_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii"}
_DESCRIPTION_TAGS = ("description", "subject", "keywords", "keyword", "category")
"""Document properties in which people write; the title is left out, since a form sets that itself."""

_UNREAD_PARTS = re.compile(
    r"(^|/)(media|embeddings|theme|drawings(?!/(?:_rels/)?[^/]*\.(?:xml|vml|rels)$)|charts|customXml|externalLinks|printerSettings|ctrlProps|activeX"
    r"|Pictures|Thumbnails|Configurations2|Object [0-9]+|ObjectReplacements)/|vbaProject|\.(png|jpe?g|emf|gif)$"
)
_NOTED_PARTS = (
    ("has-macros", re.compile(r"(?m)vbaProject\.bin$|/macrosheets/|(^|/)Basic/")),
    ("has-outside-links", re.compile(r"(?m)/externalLinks/|/connections\.xml$")),
    ("has-objects", re.compile(r"(?m)/embeddings/|/activeX/|^Object \d+/")),
    ("has-pictures", re.compile(r"(?m)/(media|charts|ink)/.|^Pictures/.")),
)


class Relationship(NamedTuple):
    """One relationship of a part. `type` is the last word of its type's address ("worksheet", "comments");
    `target` the name of a part, or the address of a link where `is_external`."""

    id: str
    type: str
    target: str
    is_external: bool


@dataclass(frozen=True, slots=True)
class WorkbookPackage:
    """The parts of one workbook file by name, XML parts in UTF-8; `main_part` is the name of the workbook part.

    `note_codes` are the message codes of content that was left out: macros, pictures, objects, links to files.
    """

    kind: Literal["xlsx", "ods", "xlsb"]
    parts: Mapping[str, bytes]
    main_part: str
    note_codes: tuple[str, ...] = ()

    def find_part(self, name: str) -> str | None:
        """Return the real name of a part, whatever its case and leading slash."""
        name = name.lstrip("/")
        if name in self.parts:
            return name
        return next((real for real in self.parts if real.casefold() == name.casefold()), None)

    def read_part(self, name: str) -> bytes:
        """Return a part; KeyError if the package has none of that name."""
        return self.parts[self.find_part(name) or name]


def open_package(content: bytes, limits: Limits) -> WorkbookPackage | str:
    """Return the parts of a workbook file, all counted, measured and checked; or the message code of the
    refusal."""
    entries = _list_part_entries(content, limits)
    if isinstance(entries, str):
        return entries
    parts: dict[str, bytes] = {}
    for entry in entries:
        if is_picture_entry(entry.name) and is_packed_too_tightly(entry.size, entry.compressed_size, limits):
            continue
        part = unpack_entry(content, entry)
        if part is None:
            return "archive-damaged"
        if _is_needed_part(entry.name):
            parts[entry.name] = part
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        return "file-is-encrypted"
    names = "\n".join(entry.name for entry in entries)
    try:
        parts = {name: _convert_to_utf8(part) if _is_xml_part(name) else part for name, part in parts.items()}
        for name, part in parts.items():
            if _is_xml_part(name) and not has_plain_prolog(part) and part.strip():
                return "archive-doctype" if b"<!" in part else "workbook-corrupt"
        return _identify_package(parts, tuple(code for code, pattern in _NOTED_PARTS if pattern.search(names)))
    except (ParseError, UnicodeError, LookupError):
        return "workbook-corrupt"


def _list_part_entries(content: bytes, limits: Limits) -> tuple[ZipEntry, ...] | str:
    """Return the entries of a workbook file, all of them readable, or the code of the refusal. Part names are
    equal whatever their case (ECMA-376 part 2), so two that differ in case only are a trick on readers that take
    either."""
    entries = list_zip_entries(content, limits)
    if not isinstance(entries, str):  # what macOS adds when it packs a folder is no part
        entries = tuple(entry for entry in entries if not entry.name.startswith("__MACOSX/"))
    if not isinstance(entries, str) and len({entry.name.casefold() for entry in entries}) < len(entries):
        return "archive-inconsistent"
    if not isinstance(entries, str) and not all(entry.is_readable for entry in entries):
        return "archive-packed-otherwise"
    return entries


def read_relationships(package: WorkbookPackage, part_name: str) -> Iterable[Relationship]:
    """Return the relationships of a part to other parts of the package; those of the package itself for ""."""
    return (each for each in _read_all_relationships(package, part_name) if not each.is_external)


def read_external_targets(package: WorkbookPackage, part_name: str) -> Mapping[str, str]:
    """Return relationship id -> address of what a part refers to outside the package, such as links on its
    cells."""
    return {each.id: each.target for each in _read_all_relationships(package, part_name) if each.is_external}


def _read_all_relationships(package: WorkbookPackage, part_name: str) -> tuple[Relationship, ...]:
    folder, _, name = part_name.rpartition("/")
    relationships_part = package.find_part(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    return _parse_relationships(package.parts[relationships_part], folder) if relationships_part else ()


@cache_small(max_size=10_000, max_entries=256)
def _parse_relationships(part: bytes, folder: str) -> tuple[Relationship, ...]:
    """Return what a .rels part lists, targets resolved from `folder`. Cached, since the forms of a round have
    these parts in common."""
    relationships: list[Relationship] = []
    for element in parse_xml(part).iter():
        if element.tag.endswith("Relationship"):
            is_external, target = element.get("TargetMode") == "External", element.get("Target", "")
            relationships.append(
                Relationship(
                    element.get("Id", ""),
                    element.get("Type", "").rpartition("/")[2],
                    target if is_external else _resolve_target(folder, target),
                    is_external,
                )
            )
    return tuple(relationships)


def read_custom_properties(package: WorkbookPackage) -> Mapping[str, str]:
    """Return the custom document properties, name -> value as text; empty if there are none or they are broken."""
    if package.kind == "ods":
        return MappingProxyType(dict(_read_elements(package, "meta.xml", "user-defined")))
    return MappingProxyType(dict(_read_elements(package, "docProps/custom.xml", "property")))


def read_last_saved(package: WorkbookPackage) -> datetime | None:
    """Return when the file says that it was last saved, in UTC where it names no time zone; None if it does
    not."""
    name, tag = ("meta.xml", "date") if package.kind == "ods" else ("docProps/core.xml", "modified")
    for _, text in _read_elements(package, name, tag):
        try:
            last_saved = datetime.fromisoformat(text.strip().split(".")[0].replace("Z", "+00:00"))
        except ValueError:
            return None
        return last_saved if last_saved.tzinfo else last_saved.replace(tzinfo=UTC)
    return None


def read_descriptions(package: WorkbookPackage) -> tuple[str, ...]:
    """Return the texts in the file's description, subject, keywords and category: each once, none blank."""
    name = "meta.xml" if package.kind == "ods" else "docProps/core.xml"
    part = package.parts.get(package.find_part(name) or "", b"")
    tags = [tag for tag in _DESCRIPTION_TAGS if tag.encode() + b">" in part]
    texts = (text.strip() for tag in tags for _, text in _read_elements(package, name, tag))
    return tuple(dict.fromkeys(filter(None, texts)))


def _read_elements(package: WorkbookPackage, name: str, tag: str) -> Iterator[tuple[str, str]]:
    """Yield (name attribute, text) of every element with this local name; nothing if the part is missing or
    broken."""
    real_name = package.find_part(name)
    if real_name is None:
        return
    try:
        root = parse_xml(package.parts[real_name])
    except ParseError:
        return
    for element in root.iter():
        if local_name(element) == tag:
            yield get_attribute(element, "name"), "".join(element.itertext())


def _identify_package(parts: dict[str, bytes], note_codes: tuple[str, ...]) -> WorkbookPackage | str:
    if "content.xml" in parts and b"office:spreadsheet" in parts["content.xml"][:200_000]:
        return WorkbookPackage("ods", MappingProxyType(parts), "content.xml", note_codes)
    return _identify_office_package(WorkbookPackage("xlsx", MappingProxyType(parts), "", note_codes))


def _identify_office_package(package: WorkbookPackage) -> WorkbookPackage | str:
    top_folders = {name.partition("/")[0] for name in package.parts}
    if "Index" in top_folders and any(name.endswith(".iwa") for name in package.parts):
        return "file-is-numbers"
    main_part = next(
        (
            package.find_part(relationship.target)
            for relationship in read_relationships(package, "")
            if relationship.type == "officeDocument"
        ),
        None,
    )
    if main_part is None:
        main_part = package.find_part("xl/workbook.xml")
    if "word" in top_folders:
        return "file-is-word"
    if "ppt" in top_folders:
        return "file-is-slides"
    if main_part is None:
        return (
            "parts-missing" if "xl" in top_folders or "[Content_Types].xml" in package.parts else "file-is-archive"
        )
    kind: Literal["xlsx", "xlsb"] = "xlsb" if main_part.endswith(".bin") else "xlsx"
    return WorkbookPackage(kind, package.parts, main_part, package.note_codes)


def _resolve_target(folder: str, target: str) -> str:
    """Return the name of the part that a target leads to, seen from a folder; it cannot lead out of the
    package."""
    target = target.replace("\\", "/")
    if target.startswith("/"):
        return target[1:]
    steps: list[str] = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


@lru_cache(maxsize=1024)
def _is_needed_part(name: str) -> bool:
    return not _UNREAD_PARTS.search(name)


def _is_xml_part(name: str) -> bool:
    return name.endswith((".xml", ".rels", ".XML", ".RELS"))


def _convert_to_utf8(part: bytes) -> bytes:
    """Return an XML part in UTF-8. Raises UnicodeError or LookupError if its encoding is unknown or not kept.

    The declaration goes, since it would name the old encoding. Without a byte order mark, UTF-16 is known by the
    zero byte beside the first `<`.
    """
    encoding = bom_encoding(part)
    if encoding == "utf-16" or b"\0" in part[:4]:
        encoding = encoding or ("utf-16-be" if part[:1] == b"\0" else "utf-16-le")
        return _XML_DECLARATION.sub("", part.decode(encoding), count=1).encode()
    declaration = _DECLARED_ENCODING.match(part[:200].removeprefix(b"\xef\xbb\xbf"))
    if declaration is None or declaration[1].decode().lower() in _UTF8_COMPATIBLE_ENCODINGS:
        return part
    return _XML_DECLARATION.sub("", part.decode(declaration[1].decode()), count=1).encode()

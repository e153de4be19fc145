"""What stands inside a workbook file that is an archive: its parts, decoded, and what they say of the document.

Refuses by returning a code. Parts that no reading needs (pictures, macros, embedded objects) are checked like
all others and then left out: what is not handed on cannot be run, followed or copied.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from xlflow.excel.incoming.archive import Entry, list_entries, unpack
from xlflow.excel.incoming.book import Limits
from xlflow.excel.incoming.markup import ParseError, attribute_of, begins_plainly, parse, tag_of

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_PLAIN = {"utf-8", "utf8", "us-ascii", "ascii"}
_ABOUT = ("description", "subject", "keywords", "keyword", "category")
"""What people may write about a file; its title is for a form to say."""

_SHORT = 10_000
"""Bytes up to which what a part says of its relations is remembered."""

_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_NOT_READ = re.compile(
    r"(^|/)(media|embeddings|theme|drawings(?!/(?:_rels/)?[^/]*\.(?:xml|vml|rels)$)|charts|customXml|externalLinks|printerSettings|ctrlProps|activeX"
    r"|Pictures|Thumbnails|Configurations2|Object [0-9]+|ObjectReplacements)/|vbaProject|\.(png|jpe?g|emf|gif)$"
)
_NOTED = (
    ("has-macros", re.compile(r"(?m)vbaProject\.bin$|/macrosheets/|(^|/)Basic/")),
    ("has-outside-links", re.compile(r"(?m)/externalLinks/|/connections\.xml$")),
    ("has-objects", re.compile(r"(?m)/embeddings/|/activeX/|^Object \d+/")),
    ("has-pictures", re.compile(r"(?m)/(media|charts|ink)/.|^Pictures/.")),
)


@dataclass(frozen=True, slots=True)
class Package:
    """The parts of one workbook file by name, what kind of workbook it is, and codes of what is worth a note."""

    kind: Literal["xlsx", "ods", "xlsb"]
    parts: Mapping[str, bytes]
    main: str
    notes: tuple[str, ...] = ()

    def find(self, name: str) -> str | None:
        """Return the real name of a part, whatever its case and leading slash."""
        name = name.lstrip("/")
        if name in self.parts:
            return name
        return next((real for real in self.parts if real.casefold() == name.casefold()), None)

    def read(self, name: str) -> bytes:
        """Return a part; KeyError if the package has none of that name."""
        return self.parts[self.find(name) or name]


def open_package(content: bytes, limits: Limits) -> Package | str:
    """Return the parts of a workbook file, all counted, measured and checked; or the code of the refusal."""
    entries = _list_parts(content, limits)
    if isinstance(entries, str):
        return entries
    parts: dict[str, bytes] = {}
    for entry in entries:
        part = unpack(content, entry)
        if part is None:
            return "archive-damaged"
        if _is_read(entry.name):
            parts[entry.name] = part
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        return "file-is-encrypted"
    names = "\n".join(entry.name for entry in entries)
    try:
        parts = {name: _to_utf8(part) if _is_markup(name) else part for name, part in parts.items()}
        for name, part in parts.items():
            if _is_markup(name) and not begins_plainly(part) and part.strip():
                return "archive-doctype" if b"<!" in part else "parts-broken"
        return _know_package(parts, tuple(code for code, pattern in _NOTED if pattern.search(names)))
    except (ParseError, UnicodeError, LookupError):
        return "parts-broken"


def _list_parts(content: bytes, limits: Limits) -> tuple[Entry, ...] | str:
    """Return the entries of a workbook file, whose names are the same in small letters and in capitals."""
    entries = list_entries(content, limits)
    if not isinstance(entries, str) and len({entry.name.casefold() for entry in entries}) < len(entries):
        return "archive-crooked"
    return entries


def read_relations(package: Package, of: str) -> Iterable[tuple[str, str, str]]:
    """Return (id, last word of the type, name of the part it leads to) of the relations of a part ("" for all)."""
    folder, _, name = of.rpartition("/")
    source = package.find(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    if source is None:
        return ()
    part = package.parts[source]
    return (_read_again if len(part) < _SHORT else _read_relations)(part, folder)


def _read_relations(part: bytes, folder: str) -> tuple[tuple[str, str, str], ...]:
    relations: list[tuple[str, str, str]] = []
    for relation in parse(part).iter():
        if relation.tag.endswith("Relationship") and relation.get("TargetMode") != "External":
            kind, target = relation.get("Type", "").rpartition("/")[2], relation.get("Target", "")
            relations.append((relation.get("Id", ""), kind, _resolve(folder, target)))
    return tuple(relations)


_read_again = lru_cache(maxsize=256)(_read_relations)
"""The same, remembering: the forms of a round have them in common."""


def read_properties(package: Package) -> Mapping[str, str]:
    """Return the custom document properties as text."""
    if package.kind == "ods":
        return MappingProxyType(dict(_elements(package, "meta.xml", "user-defined")))
    return MappingProxyType(dict(_elements(package, "docProps/custom.xml", "property")))


def read_saved(package: Package) -> datetime | None:
    """Return when the file was last saved, as it says itself."""
    name, tag = ("meta.xml", "date") if package.kind == "ods" else ("docProps/core.xml", "modified")
    for _, text in _elements(package, name, tag):
        try:
            saved = datetime.fromisoformat(text.strip().split(".")[0].replace("Z", "+00:00"))
        except ValueError:
            return None
        return saved if saved.tzinfo else saved.replace(tzinfo=UTC)
    return None


def read_about(package: Package) -> tuple[str, ...]:
    """Return what somebody wrote about the file among its properties."""
    name = "meta.xml" if package.kind == "ods" else "docProps/core.xml"
    part = package.parts.get(package.find(name) or "", b"")
    tags = [tag for tag in _ABOUT if tag.encode() + b">" in part]
    said = (text.strip() for tag in tags for _, text in _elements(package, name, tag))
    return tuple(dict.fromkeys(filter(None, said)))


def _elements(package: Package, name: str, tag: str) -> Iterator[tuple[str, str]]:
    """Yield (its name attribute, its whole text) of every element of that kind in a part, if there is one."""
    real = package.find(name)
    if real is None:
        return
    try:
        root = parse(package.parts[real])
    except ParseError:
        return
    for element in root.iter():
        if tag_of(element) == tag:
            yield attribute_of(element, "name"), "".join(element.itertext())


def _know_package(parts: dict[str, bytes], notes: tuple[str, ...]) -> Package | str:
    if "content.xml" in parts and b"office:spreadsheet" in parts["content.xml"][:200_000]:
        parts["mimetype"] = _ODS
        return Package("ods", MappingProxyType(parts), "content.xml", notes)
    return _know_office(Package("xlsx", MappingProxyType(parts), "", notes))


def _know_office(package: Package) -> Package | str:
    kinds = {name.partition("/")[0] for name in package.parts}
    if "Index" in kinds and any(name.endswith(".iwa") for name in package.parts):
        return "file-is-numbers"
    main = next(
        (package.find(target) for _, kind, target in read_relations(package, "") if kind == "officeDocument"), None
    )
    if main is None:
        main = package.find("xl/workbook.xml")
    if "word" in kinds:
        return "file-is-word"
    if "ppt" in kinds:
        return "file-is-slides"
    if main is None:
        return "parts-missing" if "xl" in kinds or "[Content_Types].xml" in package.parts else "file-is-archive"
    kind: Literal["xlsx", "xlsb"] = "xlsb" if main.endswith(".bin") else "xlsx"
    return Package(kind, package.parts, main, package.notes)


def _resolve(folder: str, target: str) -> str:
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
def _is_read(name: str) -> bool:
    return not _NOT_READ.search(name)


def _is_markup(name: str) -> bool:
    return name.endswith((".xml", ".rels", ".XML", ".RELS"))


def _to_utf8(part: bytes) -> bytes:
    """Return a part in UTF-8, whatever it was written in; UnicodeError or LookupError if that cannot be told."""
    if part[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in part[:4]:
        wide = (
            "utf-16"
            if part[:2] in (b"\xff\xfe", b"\xfe\xff")
            else ("utf-16-be" if part[:1] == b"\0" else "utf-16-le")
        )
        return _DECLARATION.sub("", part.decode(wide), count=1).encode()
    declared = _DECLARED.match(part[:200].removeprefix(b"\xef\xbb\xbf"))
    if declared is None or declared[1].decode().lower() in _PLAIN:
        return part
    return _DECLARATION.sub("", part.decode(declared[1].decode()), count=1).encode()

"""Takes over the look of an organisation's Word document into an empty one, and nothing else.

That is: styles, theme, fonts, lists, a few settings, and page, header and footer of the last section with their
pictures. Everything is named here that is taken; whatever is not named stays out: text, comments, notes, links,
fields that fetch something, embedded objects, macros, custom XML, custom properties, an attached template.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import docx as python_docx
from docx.document import Document as Docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.parts.hdrftr import FooterPart, HeaderPart

from xlflow.report.docx_text import NAMESPACE
from xlflow.report.header_content import clean_header
from xlflow.report.reference_package import (
    ReferenceDocumentError,
    ReferenceFault,
    ReferencePackage,
    open_reference,
)

_UNNEEDED_PARTS = ("/thumbnail", "/customXml", "/stylesWithEffects")
"""Ends of the kinds of relationships whose parts a report does without."""

FIRST_HEADER_DRAWING_ID = 100_001
"""Ids of drawings must differ in the whole document; those of the report's own count from 1."""

_TAKEN_SETTINGS = (
    "mirrorMargins",
    "defaultTabStop",
    "autoHyphenation",
    "consecutiveHyphenLimit",
    "hyphenationZone",
    "doNotHyphenateCaps",
    "evenAndOddHeaders",
    "characterSpacingControl",
    "compat",
    "themeFontLang",
    "clrSchemeMapping",
    "decimalSymbol",
    "listSeparator",
)
"""The settings that change how a page looks."""

_TAKEN_SECTION_PROPERTIES = ("pgSz", "pgMar", "pgBorders", "pgNumType", "vAlign", "titlePg", "bidi", "docGrid")
_HEADER_TAGS = (qn("w:headerReference"), qn("w:footerReference"))
_RELATIONSHIP_NAMESPACE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PICTURE_STARTS: Mapping[str, tuple[bytes, ...]] = {
    "png": (b"\x89PNG\r\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF8",),
    "bmp": (b"BM",),
    "tiff": (b"II*\x00", b"MM\x00*"),
    "x-emf": (b"\x01\x00\x00\x00",),
    "x-wmf": (b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00"),
}
"""The kinds of pictures that a header may show, with their first bytes. None of them can refer to anything."""


def new_document() -> Docx:
    """Return an empty Word document, without what python-docx's own template brings along: a picture of its first
    page, custom XML, and styles with effects that do not fit the styles."""
    docx = python_docx.Document()
    for relations in (docx.part.package.rels, docx.part.rels):
        for key in [key for key, relation in relations.items() if relation.reltype.endswith(_UNNEEDED_PARTS)]:
            del relations[key]
    return docx


def find_reference_fault(content: bytes) -> ReferenceFault | None:
    """Return why a file cannot lend its look to a report; None if it can."""
    try:
        apply_reference_look(new_document(), open_reference(content))
    except ReferenceDocumentError as error:
        return error.fault
    except Exception:  # whatever else is broken in it
        return "damaged"
    return None


def apply_reference_look(docx: Docx, reference: ReferencePackage) -> None:
    """Give a new, empty document the look of the reference. Raises ReferenceDocumentError if a part is broken."""
    part: Any = docx.part
    if styles := reference.find_related("styles"):
        part._styles_part._element = _without_relationships(_require_root(reference, styles, "styles"))
    if numbering := reference.find_related("numbering"):
        _set_numbering(part, _require_root(reference, numbering, "numbering"))
    _set_plain_part(part, RELATIONSHIP_TYPE.THEME, reference, "theme")
    _set_plain_part(part, RELATIONSHIP_TYPE.FONT_TABLE, reference, "fontTable")
    if settings := reference.find_related("settings"):
        part._settings_part._element = _take_settings(_require_root(reference, settings, "settings"))
    _HeaderCarrier(docx, reference).carry_last_section()


def _require_root(reference: ReferencePackage, part: str, name: str) -> Any:
    root: Any = reference.read_xml(part)
    if root.tag != qn(f"w:{name}"):
        raise ReferenceDocumentError("damaged")
    return root


def _without_relationships(root: Any) -> Any:
    """Return the tree without elements that refer to other parts: embedded fonts, pictures of lists and fills."""
    for element in list(root.iter("*")):
        if any(key.startswith(_RELATIONSHIP_NAMESPACE) for key in element.attrib):
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
    return root


def _set_numbering(part: Any, root: Any) -> None:
    for tag in ("w:numPicBullet", "w:lvlPicBulletId"):
        for element in list(root.iter(qn(tag))):
            element.getparent().remove(element)
    part.numbering_part._element = _without_relationships(root)


def _set_plain_part(part: Any, kind: str, reference: ReferencePackage, name: str) -> None:
    """Put the reference's theme or table of fonts in place of the new document's own. A fill with a picture
    becomes a plain one, since a theme must have three."""
    source = reference.find_related(name)
    own = next((relation.target_part for relation in part.rels.values() if relation.reltype == kind), None)
    if source is None or own is None:
        return
    root: Any = reference.read_xml(source)
    drawing = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    for fill in list(root.iter(f"{drawing}blipFill")):
        plain = fill.makeelement(f"{drawing}solidFill")
        plain.append(plain.makeelement(f"{drawing}schemeClr", {"val": "phClr"}))
        fill.getparent().replace(fill, plain)
    own._blob = serialize_part_xml(_without_relationships(root))


def _take_settings(root: Any) -> Any:
    """Return new settings with those of the reference that change the look, in their order."""
    settings = parse_xml(f"<w:settings {NAMESPACE}/>")
    wanted = {qn(f"w:{name}") for name in _TAKEN_SETTINGS}
    for element in list(root):
        if element.tag in wanted:
            settings.append(element)
    return _without_relationships(settings)


class _HeaderCarrier:
    """Carries page, headers and footers of the reference's last section over. Each kind of header that the last
    section lacks is the one of the section before it, as in Word."""

    def __init__(self, docx: Docx, reference: ReferencePackage):
        self.docx, self.reference = docx, reference
        self.part: Any = docx.part
        self.picture_parts: dict[str, Part] = {}
        self.drawing_ids = count(FIRST_HEADER_DRAWING_ID)

    def carry_last_section(self) -> None:
        """Set the properties of the new document's only section."""
        root: Any = self.reference.read_xml(self.reference.main_part)
        sections = list(root.iter(qn("w:sectPr")))
        sections = [section for section in sections if section.getparent().tag != qn("w:sectPrChange")]
        new_section = self.docx.element.body.find(qn("w:sectPr"))
        for element in list(new_section):
            new_section.remove(element)
        references = {
            (element.tag, element.get(qn("w:type"), "default")): element.get(qn("r:id"), "")
            for section in sections
            for element in section.iterchildren(*_HEADER_TAGS)
        }
        for (tag, kind), relationship_id in references.items():
            if new_id := self._carry_header(tag, relationship_id):
                new_section.append(new_section.makeelement(tag, {qn("w:type"): kind, qn("r:id"): new_id}))
        wanted = {qn(f"w:{name}") for name in _TAKEN_SECTION_PROPERTIES}
        for element in list(sections[-1]) if sections else ():
            if element.tag in wanted and not any(
                key.startswith(_RELATIONSHIP_NAMESPACE) for key in element.attrib
            ):
                new_section.append(element)

    def _carry_header(self, tag: str, relationship_id: str) -> str:
        """Return the id under which the new document has a header or footer of the reference; "" for none."""
        found = self.reference.relationships(self.reference.main_part).get(relationship_id)
        if found is None or found.type not in ("header", "footer"):
            return ""
        source = self.reference.parts.find_part(found.target) or found.target
        is_header = tag == _HEADER_TAGS[0]
        root: Any = self.reference.read_xml(source)
        pictures = dict(self._carry_pictures(source))
        element = clean_header(root, "hdr" if is_header else "ftr", frozenset(pictures))
        uri = self.part.package.next_partname("/word/header%d.xml" if is_header else "/word/footer%d.xml")
        part_class, content_type, relationship_type = (
            (HeaderPart, CONTENT_TYPE.WML_HEADER, RELATIONSHIP_TYPE.HEADER)
            if is_header
            else (FooterPart, CONTENT_TYPE.WML_FOOTER, RELATIONSHIP_TYPE.FOOTER)
        )
        new_part = part_class(uri, content_type, element, self.part.package)
        for properties in element.iter(qn("wp:docPr")):
            properties.set("id", str(next(self.drawing_ids)))
        for each in element.iter("*"):
            for key, text in each.attrib.items():
                if key.startswith(_RELATIONSHIP_NAMESPACE):
                    each.set(key, new_part.relate_to(pictures[text], RELATIONSHIP_TYPE.IMAGE))
        return str(self.part.relate_to(new_part, relationship_type))

    def _carry_pictures(self, source: str) -> Iterator[tuple[str, Part]]:
        """Yield (relationship id, picture) of the pictures that a header refers to."""
        for relationship_id, related in self.reference.relationships(source).items():
            name = self.reference.parts.find_part(related.target)
            kind = _picture_kind(self.reference.read_bytes(name)) if name and related.type == "image" else None
            if name and kind:
                if name not in self.picture_parts:
                    uri = PackURI(f"/word/media/reference{len(self.picture_parts) + 1}.{kind.removeprefix('x-')}")
                    content = self.reference.read_bytes(name)
                    self.picture_parts[name] = Part(uri, f"image/{kind}", content, self.part.package)
                yield relationship_id, self.picture_parts[name]


def _picture_kind(content: bytes) -> str | None:
    return next((kind for kind, starts in _PICTURE_STARTS.items() if content.startswith(starts)), None)

"""What of a reference document's header or footer a report shows: text, tables, shapes and pictures.

All else is left out by name: only elements that are listed here stay, only fields that number pages or repeat a
heading, and only pictures that are in the file. Text within something else, such as a link or a form field, stays
as text.
"""

from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import qn

from xlflow.report.docx_text import NAMESPACE

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONSHIPS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def _word_tags(names: str) -> frozenset[str]:
    return frozenset(f"{{{_WORD}}}{name}" for name in names.split())


_KEPT = _word_tags(
    "p r t tab br cr ptab noBreakHyphen softHyphen sym tbl tr tc drawing pict txbxContent"
    " fldSimple fldChar instrText"
)
_KEPT_WHOLE = _word_tags("pPr rPr tblPr tblGrid trPr tcPr tblPrEx")
_UNWRAPPED = _word_tags("hyperlink sdt sdtContent smartTag customXml ins moveTo dir")
_DROPPED_PROPERTIES = _word_tags(
    "pPrChange rPrChange tblPrChange trPrChange tcPrChange sectPr ins del cnfStyle tblGridChange"
)
_FRAMES = _word_tags("drawing pict")
_ALLOWED_FIELDS = frozenset(("PAGE", "NUMPAGES", "SECTIONPAGES", "STYLEREF"))

_DRAWING_NAMESPACES = (
    "http://schemas.openxmlformats.org/drawingml/2006/",
    "http://schemas.microsoft.com/office/word/2010/wordprocessing",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingDrawing",
    "urn:schemas-microsoft-com:vml",
    "urn:schemas-microsoft-com:office:word",
    "urn:schemas-microsoft-com:office:office",
)
_FOREIGN_GRAPHICS = ("/chart", "/diagram", "/ole", "/compatibility", "/lockedCanvas")
_DROPPED_DRAWING_PARTS = frozenset(
    ("hlinkClick", "hlinkHover", "hlinkMouseOver", "extLst", "OLEObject", "audioFile", "videoFile", "control")
)


def clean_header(root: Any, tag: str, picture_ids: frozenset[str]) -> Any:
    """Return a new `hdr` or `ftr` element (`tag`) with what may be shown of a header. `picture_ids` are the
    relationship ids of its pictures; no other relationship stays."""
    for alternative in list(root.iter(f"{_COMPATIBILITY}AlternateContent")):
        _choose_alternative(alternative)
    header = parse_xml(f"<w:{tag} {NAMESPACE}/>")
    _drop_fields(root)
    for child in list(root):
        header.extend(_clean(child, picture_ids))
    if header.find(qn("w:p")) is None or header[-1].tag != qn("w:p"):
        header.append(parse_xml(f"<w:p {NAMESPACE}/>"))
    return header


def _choose_alternative(alternative: Any) -> None:
    """Put in place of two ways of saying the same the older one, which every program reads; else the first."""
    ways = [*alternative.findall(f"{_COMPATIBILITY}Fallback"), *alternative.findall(f"{_COMPATIBILITY}Choice")]
    chosen = next((list(way) for way in ways if len(way)), [])
    parent = alternative.getparent()
    position = parent.index(alternative)
    parent.remove(alternative)
    for offset, element in enumerate(chosen):
        parent.insert(position + offset, element)


def _clean(element: Any, picture_ids: frozenset[str]) -> list[Any]:
    """Return what stays of an element: itself, what is inside it, or nothing."""
    if not isinstance(element.tag, str):
        return []  # a comment or processing instruction
    if element.tag in _UNWRAPPED:
        return [kept for child in list(element) for kept in _clean(child, picture_ids)]
    if element.tag in _KEPT_WHOLE:
        return [_clean_properties(element)]
    if not (_is_kept(element) and _keep_attributes(element, picture_ids)):
        return []
    is_frame, had_picture = element.tag in _FRAMES, _shows_picture(element)
    children = list(element)
    for child in children:
        element.remove(child)
    for child in children:
        element.extend(_clean(child, picture_ids))
    return [] if is_frame and had_picture and not _shows_picture(element) else [element]


def _shows_picture(element: Any) -> bool:
    return any(key.startswith(_RELATIONSHIPS) for each in element.iter("*") for key in each.attrib)


def _is_kept(element: Any) -> bool:
    """Return whether an element is text, a table, a shape or a picture, or a part of one."""
    namespace, _, name = element.tag[1:].partition("}")
    if namespace == _WORD:
        return element.tag in _KEPT
    is_drawing = namespace.startswith(_DRAWING_NAMESPACES) and name not in _DROPPED_DRAWING_PARTS
    return is_drawing and not any(kind in element.get("uri", "") for kind in _FOREIGN_GRAPHICS)


def _clean_properties(properties: Any) -> Any:
    """Return the properties of a text or table without tracked changes and whatever refers to another part."""
    for element in list(properties.iter("*")):
        is_foreign = element.tag in _DROPPED_PROPERTIES or _shows_picture(element)
        if is_foreign and element is not properties and element.getparent() is not None:
            element.getparent().remove(element)
    return properties


def _keep_attributes(element: Any, picture_ids: frozenset[str]) -> bool:
    """Take away attributes that lead elsewhere; return False for a picture that is not in the file."""
    has_picture = is_picture = False
    for key, text in list(element.attrib.items()):
        if key.startswith(_RELATIONSHIPS):
            is_picture = True
            if text in picture_ids and key.removeprefix(_RELATIONSHIPS) in ("embed", "id", "pict"):
                has_picture = True
            else:
                del element.attrib[key]
        elif key in ("href", "src") or key.endswith(("}href", "}relid")):
            del element.attrib[key]
    return has_picture or not is_picture


def _drop_fields(root: Any) -> None:
    """Take away every field but those that number pages or repeat a heading; what they show stays as text."""
    for field in list(root.iter(qn("w:fldSimple"))):
        if not _is_allowed(field.get(qn("w:instr"), "")):
            parent, position = field.getparent(), field.getparent().index(field)
            children = list(field)
            parent.remove(field)
            for offset, child in enumerate(children):
                parent.insert(position + offset, child)
    open_fields: list[list[Any]] = []
    instructions: list[list[str]] = []
    for element in list(root.iter(qn("w:fldChar"), qn("w:instrText"))):
        kind = element.get(qn("w:fldCharType"))
        if element.tag == qn("w:instrText"):
            if open_fields:
                open_fields[-1].append(element)
                instructions[-1].append(element.text or "")
            else:
                element.getparent().remove(element)
        elif kind == "begin":
            open_fields.append([element])
            instructions.append([])
        elif open_fields:
            open_fields[-1].append(element)
            if kind == "end":
                _close_field(open_fields.pop(), "".join(instructions.pop()))
        else:
            element.getparent().remove(element)
    for unfinished in open_fields:
        _close_field(unfinished, "")


def _close_field(elements: list[Any], instruction: str) -> None:
    if not _is_allowed(instruction):
        for element in elements:
            element.getparent().remove(element)


def _is_allowed(instruction: str) -> bool:
    words = instruction.split()
    return bool(words) and words[0].upper() in _ALLOWED_FIELDS

"""The look of the report in Word: house style, or that of a reference document of the organisation.

Of a reference document its styles, header, footer and logo are taken (see `reference_look`); missing styles are
added. In both, language, properties and lists are set, since screen readers depend on them.
"""

from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any

import docx as python_docx
from docx.document import Document as Docx
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import XmlPart
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.parts.numbering import NumberingPart
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Document
from xlflow.report.docx_text import (
    BULLET_LIST,
    INVALID_XML_CHARACTERS,
    NAMESPACE,
    NUMBERED_LIST,
    PART_BULLET_LIST,
    STYLE_NAMES,
    StyleIds,
)
from xlflow.report.reference_look import apply_reference_look, new_document
from xlflow.report.reference_package import open_reference

FONT_NAME = "Calibri"
GENERATOR_NAME = "xlflow"
DEFAULT_TEXT_SIZE = 10.0
"""Points of the text in a Word document that does not say."""

_LIST_DEFINITIONS = {
    BULLET_LIST: ("bullet", "•", 340),
    PART_BULLET_LIST: ("bullet", "–", 340),
    NUMBERED_LIST: ("decimal", "%1.", 480),
}

_STYLE_DEFINITIONS: dict[str, dict[str, Any]] = {
    "Normal": {"size": 10.5, "after": 5},
    "Title": {"size": 22, "bold": True, "colour": "head", "after": 2},
    "Subtitle": {"size": 12, "colour": "quiet", "after": 10},
    "Heading 1": {"size": 16, "bold": True, "colour": "head", "before": 20, "after": 5, "keep": True},
    "Heading 2": {"size": 13, "bold": True, "colour": "head", "before": 15, "after": 4, "keep": True},
    "Heading 3": {"size": 11.5, "bold": True, "colour": "head", "before": 12, "after": 3, "keep": True},
    "Heading 4": {"size": 10.5, "bold": True, "colour": "head", "before": 10, "after": 3, "keep": True},
    "TOC Heading": {"size": 13, "bold": True, "colour": "head", "before": 12, "after": 4, "keep": True},
    "Caption": {"size": 9, "colour": "quiet", "before": 6, "after": 3, "keep": True, "bold": False},
    "List Bullet": {"size": 10.5, "after": 3},
    "Report Lead": {"size": 11.5, "after": 6},
    "Report Definition": {"size": 10.5, "italic": True, "after": 4},
    "Report Note": {"size": 8.5, "colour": "quiet", "after": 2},
    "Report Cell": {"size": 9.5, "after": 2},
    "Report Cell List": {"size": 9.5, "after": 2},
    "Report Cell Heading": {"size": 9.5, "bold": True, "after": 2, "colour": None},
    "Report Cell Heading Dense": {"size": 8, "bold": True, "after": 2, "colour": None},
    "Footer": {"size": 8.5, "colour": "quiet", "after": 0},
}
"""Styles in house look: sizes and spacing in points. Those named "Report ..." are also added to a reference
document."""


def create_styled_document(document: Document, reference: bytes | None) -> tuple[Docx, StyleIds]:
    """Return an empty Word document in the right look, and the ids of its styles."""
    docx = new_document()
    if reference:
        apply_reference_look(docx, open_reference(reference))
    reference_size = _reference_text_size(docx) if reference else None
    for name, definition in _STYLE_DEFINITIONS.items():
        exists = name in docx.styles
        if not exists:
            new_style = docx.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=not name.startswith("Report"))
            new_style.base_style = docx.styles["Normal"] if name != "Normal" else None
        style = docx.styles[name]
        if isinstance(style, ParagraphStyle) and not (exists and reference):
            _apply_house_style(style, definition) if reference_size is None else _apply_scaled_style(
                style, definition, reference_size
            )
    if STYLE_NAMES["table"] not in docx.styles:
        docx.styles.element.append(parse_xml(_TABLE_STYLE))
        for name in ("heading_cell", "heading_dense"):
            docx.styles[STYLE_NAMES[name]].font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    if not reference or docx.sections[-1].page_width is None:
        _set_page_size(docx)
    _add_list_definitions(docx)
    _set_document_language(docx, document.language_tag)
    _set_document_properties(docx, document)
    names = {**STYLE_NAMES, **{f"heading {level}": f"Heading {level}" for level in range(1, 5)}}
    return docx, StyleIds({key: docx.styles[name].style_id for key, name in names.items()})


def is_unedited_docx(content: bytes) -> bool:
    """Return whether this is a report as it was written, saved by nobody since."""
    return _read_authors(content) == (GENERATOR_NAME, GENERATOR_NAME)


def _read_authors(content: bytes) -> tuple[str, str] | None:
    """Return who made a Word document and who saved it last; None if it is none, in whatever way it fails."""
    try:
        properties = python_docx.Document(BytesIO(content)).core_properties
    except Exception:
        return None
    return properties.author, properties.last_modified_by


def _reference_text_size(docx: Docx) -> float:
    """Return how large the running text of an organisation's document is, in points."""
    normal = docx.styles["Normal"]
    normal_size = normal.font.size if isinstance(normal, ParagraphStyle) else None
    if normal_size:
        return float(normal_size.pt)
    sizes = docx.styles.element.findall(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:sz')}")
    return int(sizes[0].get(qn("w:val"))) / 2 if sizes else DEFAULT_TEXT_SIZE


def _apply_scaled_style(style: ParagraphStyle, definition: dict[str, Any], text_size: float) -> None:
    """Give a style that a reference document lacks the house's look in its font: running text scaled to the
    size of theirs, table text unscaled, so that it fits the columns."""
    scale = 1 if "Cell" in style.name or "Note" in style.name else text_size / _STYLE_DEFINITIONS["Normal"]["size"]
    style.font.size = Pt(round(2 * definition["size"] * scale) / 2)
    if definition.get("colour") == "quiet":
        style.font.color.rgb = RGBColor.from_string(REPORT_COLOURS["quiet"].lstrip("#"))
    _apply_paragraph_format(style, definition)


def _apply_house_style(style: ParagraphStyle, definition: dict[str, Any]) -> None:
    """Give a style the house's look."""
    font = style.font
    font.name, font.size = FONT_NAME, Pt(definition["size"])
    fonts = style.element.rPr.rFonts
    for key in list(fonts.attrib):
        if "Theme" in key:
            del fonts.attrib[key]
    fonts.set(qn("w:cs"), FONT_NAME)
    colour = definition.get("colour", "ink")
    if colour:
        font.color.rgb = RGBColor.from_string(REPORT_COLOURS[colour].lstrip("#"))
    _apply_paragraph_format(style, definition)
    for override in (*style.element.iter(qn("w:pBdr")), *style.element.rPr.iterchildren(qn("w:spacing"))):
        override.getparent().remove(override)


def _apply_paragraph_format(style: ParagraphStyle, definition: dict[str, Any]) -> None:
    """Set weight, distances and breaks. Words are hyphenated in tables only, whose columns are narrow."""
    font, paragraph_format = style.font, style.paragraph_format
    font.bold, font.italic = definition.get("bold"), definition.get("italic")
    paragraph_format.space_before, paragraph_format.space_after = (
        Pt(definition.get("before", 0)),
        Pt(definition["after"]),
    )
    paragraph_format.keep_with_next = definition.get("keep")
    suppress_hyphens = "0" if "Cell" in style.name else "1"
    spacing = style.element.get_or_add_pPr().get_or_add_spacing()
    spacing.addprevious(parse_xml(f'<w:suppressAutoHyphens {NAMESPACE} w:val="{suppress_hyphens}"/>'))
    paragraph_format.line_spacing = 1.1


def _set_page_size(docx: Docx) -> None:
    section = docx.sections[-1]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(19)
    section.top_margin, section.bottom_margin, section.footer_distance = Mm(19), Mm(21), Mm(10)


def _add_list_definitions(docx: Docx) -> None:
    """Add our own lists, whatever lists the document has."""
    numbering = _numbering_element(docx)
    first_instance = numbering.find(qn("w:num"))
    for list_number, (kind, sign, indent) in _LIST_DEFINITIONS.items():
        definition = parse_xml(
            f'<w:abstractNum {NAMESPACE} w:abstractNumId="{list_number}"><w:multiLevelType w:val="singleLevel"/>'
            f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{sign}"/>'
            f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{indent}" w:hanging="{indent - 114}"/></w:pPr></w:lvl>'
            "</w:abstractNum>"
        )
        numbering.append(definition) if first_instance is None else first_instance.addprevious(definition)
    cleanup_marker = numbering.find(qn("w:numIdMacAtCleanup"))
    for list_number in _LIST_DEFINITIONS:
        instance = parse_xml(
            f'<w:num {NAMESPACE} w:numId="{list_number}"><w:abstractNumId w:val="{list_number}"/></w:num>'
        )
        numbering.append(instance) if cleanup_marker is None else cleanup_marker.addprevious(instance)


def _numbering_element(docx: Docx) -> Any:
    """Return the element that holds the lists; a document without any list gets an empty one."""
    part = docx.part
    try:
        numbering_part = part.part_related_by(RELATIONSHIP_TYPE.NUMBERING)
    except KeyError:
        element = parse_xml(f"<w:numbering {NAMESPACE}/>")
        numbering_part = NumberingPart(
            PackURI("/word/numbering.xml"), CONTENT_TYPE.WML_NUMBERING, element, part.package
        )
        part.relate_to(numbering_part, RELATIONSHIP_TYPE.NUMBERING)
    return numbering_part.element if isinstance(numbering_part, XmlPart) else None


def _set_document_language(docx: Docx, tag: str) -> None:
    for element in list(docx.styles.element.iter(qn("w:lang"))):
        element.getparent().remove(element)
    defaults = docx.styles.element.find(qn("w:docDefaults"))
    if defaults is None:
        defaults = parse_xml(f"<w:docDefaults {NAMESPACE}/>")
        docx.styles.element.insert(0, defaults)
    run_properties = defaults.find(f"{qn('w:rPrDefault')}/{qn('w:rPr')}")
    if run_properties is None:
        new_default = parse_xml(f"<w:rPrDefault {NAMESPACE}><w:rPr/></w:rPrDefault>")
        defaults.insert(0, new_default)
        run_properties = new_default[0]
    run_properties.append(parse_xml(f'<w:lang {NAMESPACE} w:val="{tag}" w:eastAsia="{tag}" w:bidi="ar-SA"/>'))
    settings = docx.settings.element
    for theme_language in settings.findall(qn("w:themeFontLang")):
        theme_language.set(qn("w:val"), tag)
    tab_stop = settings.find(qn("w:defaultTabStop"))
    if settings.find(qn("w:autoHyphenation")) is None and tab_stop is not None:
        tab_stop.addnext(parse_xml(f"<w:autoHyphenation {NAMESPACE}/>"))


def _clean_property(text: str) -> str:
    """Return a text as a document property may hold it."""
    return INVALID_XML_CHARACTERS.sub("", text)[:255]


def _set_document_properties(docx: Docx, document: Document) -> None:
    properties = docx.core_properties
    properties.title, properties.subject = _clean_property(document.title), _clean_property(document.subtitle)
    properties.language = document.language_tag
    properties.author = properties.last_modified_by = GENERATOR_NAME
    properties.comments, properties.keywords, properties.category = "", "", ""
    properties.revision = 1
    properties.created = properties.modified = datetime.combine(document.as_of, time(12), UTC)


_TABLE_STYLE = (
    f'<w:style {NAMESPACE} w:type="table" w:customStyle="1" w:styleId="ReportTable">'
    f'<w:name w:val="{STYLE_NAMES["table"]}"/><w:uiPriority w:val="59"/><w:pPr><w:spacing w:after="0"/></w:pPr>'
    + "<w:tblPr><w:tblBorders>"
    + "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="{REPORT_COLOURS["rule"].lstrip("#")}"/>'
        for edge in ("top", "bottom", "insideH")
    )
    + '</w:tblBorders><w:tblCellMar><w:top w:w="50" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
    '<w:bottom w:w="40" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>'
    '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/><w:color w:val="FFFFFF"/></w:rPr><w:tcPr>'
    f'<w:shd w:val="clear" w:color="auto" w:fill="{REPORT_COLOURS["head"].lstrip("#")}"/></w:tcPr></w:tblStylePr>'
    "</w:style>"
)

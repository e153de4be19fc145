"""A Word document that lends its look to a report gives its look and nothing else, whatever lies in it."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest
from docx.shared import Mm, RGBColor
from openxml_audit import FileFormat, OpenXmlValidator
from support.draw_report import draw_many

from xlflow.model.findings import FatalError, message_of
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.docx_writer import write_docx
from xlflow.report.inputs import read_reference_document
from xlflow.report.pdf_writer import render_chart_png
from xlflow.report.reference_look import find_reference_fault
from xlflow.report.svg_charts import Bar, draw_bar_chart

SECRET = "HEMLIG"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DOCUMENT = compose_document(draw_many(3), ReportOptions())

Parts = dict[str, bytes]


def _picture() -> io.BytesIO:
    return io.BytesIO(render_chart_png(draw_bar_chart([Bar("L", ())], "", "", with_legend=False)))


@pytest.fixture(scope="module")
def parts() -> Parts:
    """The parts of a document as an organisation has it: a logo in its header, a picture and text in its body."""
    document = docx.Document()
    document.styles["Heading 1"].font.color.rgb = RGBColor(0xAA, 0x11, 0x22)
    header = document.sections[0].header.paragraphs[0]
    header.add_run("Exempelköping")
    header.add_run().add_picture(_picture(), Mm(20))
    document.sections[0].footer.paragraphs[0].add_run("Sidfot")
    document.add_paragraph(f"{SECRET} text").add_run().add_picture(_picture(), Mm(50))
    held = io.BytesIO()
    document.save(held)
    with zipfile.ZipFile(held) as package:
        return {name: package.read(name) for name in package.namelist()}


def pack(parts: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return held.getvalue()


def unpack(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def report_with(parts: Mapping[str, bytes]) -> Parts:
    reference = pack(parts)
    assert find_reference_fault(reference) is None
    return unpack(write_docx(DOCUMENT, reference))


def with_relationship(parts: Parts, source: str, kind: str, target: str, mode: str = "") -> Parts:
    """Return the parts with one more relationship, rIdX, of a part of the folder word/."""
    name = f"word/_rels/{source}.rels"
    empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    entry = f'<Relationship Id="rIdX" Type="{kind}" Target="{target}"{mode}/></Relationships>'.encode()
    return {**parts, name: parts.get(name, empty).replace(b"</Relationships>", entry)}


def with_header(parts: Parts, content: str) -> Parts:
    header = next(name for name in parts if "header" in name and name.endswith(".xml"))
    return {**parts, header: f"<w:hdr {W} {R}>{content}</w:hdr>".encode()}


def header_of(made: Parts) -> str:
    return next(part.decode() for name, part in made.items() if "word/header" in name)


def text_of(xml: str) -> str:
    return "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", xml))


def _foreign_parts(parts: Parts) -> Parts:
    """Return the document with all that may lie in one beside its look."""
    external = ' TargetMode="External"'
    parts = with_relationship(parts, "settings.xml", f"{OFFICE}/attachedTemplate", r"\\server\mall.dotm", external)
    settings = parts["word/settings.xml"].replace(
        b"<w:defaultTabStop", f'<w:attachedTemplate {R} r:id="rIdX"/><w:defaultTabStop'.encode()
    )
    secret = f"<x>{SECRET}</x>".encode()
    parts |= {
        "word/settings.xml": settings,
        "word/comments.xml": f"<w:comments {W}>{SECRET}</w:comments>".encode(),
        "word/vbaProject.bin": SECRET.encode(),
        "word/embeddings/bok.xlsx": SECRET.encode(),
        "customXml/item9.xml": secret,
        "docProps/custom.xml": secret,
    }
    for kind, target in (
        ("comments", "comments.xml"),
        ("package", "embeddings/bok.xlsx"),
        ("customXml", "../customXml/item9.xml"),
    ):
        parts = with_relationship(parts, "document.xml", f"{OFFICE}/{kind}", target)
        parts["word/_rels/document.xml.rels"] = parts["word/_rels/document.xml.rels"].replace(
            b"rIdX", kind.encode()
        )
    return with_relationship(
        parts,
        "document.xml",
        "http://schemas.microsoft.com/office/2006/relationships/vbaProject",
        "vbaProject.bin",
    )


def test_styles_header_footer_and_logo_are_taken_and_nothing_else(parts: Parts) -> None:
    made = report_with(_foreign_parts(parts))
    plain = unpack(write_docx(DOCUMENT))
    assert set(made) - set(plain) <= {
        "word/header1.xml",
        "word/_rels/header1.xml.rels",
        "word/media/reference1.png",
    }
    assert "word/media/reference1.png" in made
    assert [name for name, part in made.items() if SECRET.encode() in part] == []
    assert [name for name, part in made.items() if b"attachedTemplate" in part or b"External" in part] == []
    document = docx.Document(io.BytesIO(pack(made)))
    assert document.styles["Heading 1"].font.color.rgb == RGBColor(0xAA, 0x11, 0x22)
    assert document.sections[0].header.paragraphs[0].text == "Exempelköping"
    assert document.sections[0].footer.paragraphs[0].text == "Sidfot"


def test_every_part_is_well_formed_and_listed_once(parts: Parts) -> None:
    for made in (report_with(_foreign_parts(parts)), unpack(write_docx(DOCUMENT))):
        xml_parts = {name: part for name, part in made.items() if name.endswith((".xml", ".rels"))}
        assert len(xml_parts) > 8
        roots = {name: ElementTree.fromstring(part) for name, part in xml_parts.items()}
        listed = [each.get("PartName", "") for each in roots["[Content_Types].xml"]]
        assert len(set(filter(None, listed))) == len(list(filter(None, listed)))
        assert {name.lstrip("/") for name in listed if name} <= set(made)
        assert not [
            name for name in made if "stylesWithEffects" in name or "customXml" in name or "thumbnail" in name
        ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DDEAUTO x </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>kvar</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
            "kvar",
        ),
        ("<w:p><w:r><w:instrText>INCLUDETEXT x</w:instrText></w:r><w:r><w:t>kvar</w:t></w:r></w:p>", "kvar"),
        (
            '<w:p><w:fldSimple w:instr="INCLUDEPICTURE x"><w:r><w:t>kvar</w:t></w:r></w:fldSimple></w:p>',
            "kvar",
        ),
        ('<w:p><w:hyperlink r:id="rId1"><w:r><w:t>kvar</w:t></w:r></w:hyperlink></w:p>', "kvar"),
        (
            '<w:sdt><w:sdtPr><w:dataBinding w:xpath="x"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>kvar</w:t></w:r>'
            "</w:p></w:sdtContent></w:sdt>",
            "kvar",
        ),
        (
            f"<w:p><w:del><w:r><w:delText>{SECRET}</w:delText></w:r></w:del><w:ins><w:r><w:t>kvar</w:t></w:r></w:ins>"
            '<w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r><w:r><w:object>'
            f"<x>{SECRET}</x></w:object></w:r></w:p>",
            "kvar",
        ),
        ('<w:altChunk r:id="rId1"/><w:p><w:r><w:t>kvar</w:t></w:r></w:p>', "kvar"),
    ],
    ids=["field", "lone field", "simple field", "link", "control", "changes and objects", "chunk"],
)
def test_a_header_keeps_its_text_and_nothing_that_leads_elsewhere(parts: Parts, content: str, text: str) -> None:
    header = header_of(report_with(with_header(parts, content)))
    assert text_of(header) == text
    left = ("instrText", "w:instr", "r:id", "fldChar", "sdt", "comment", "object", "altChunk", SECRET)
    assert [word for word in left if word in header] == []


def test_page_numbers_stay(parts: Parts) -> None:
    field = '<w:p><w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p>'
    assert "PAGE" in header_of(report_with(with_header(parts, field)))


def test_a_picture_outside_the_file_is_left_out(parts: Parts) -> None:
    header = next(name for name in parts if "header" in name and name.endswith(".xml"))
    linked = {**parts, header: parts[header].replace(b"r:embed=", b"r:link=")}
    made = report_with(linked)
    assert "r:link" not in header_of(made)
    assert "blip" not in header_of(made)
    assert not [name for name in made if "reference" in name]


def _as_template(parts: Parts) -> Parts:
    types = parts["[Content_Types].xml"].replace(b"document.main+xml", b"template.main+xml")
    return {**parts, "[Content_Types].xml": types}


def _as_strict(parts: Parts) -> Parts:
    strict = {
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main": b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    changed = dict(parts)
    for name, part in parts.items():
        for transitional, namespace in strict.items():
            changed[name] = (
                changed[name].replace(transitional, namespace) if name.endswith(("xml", "rels")) else part
            )
    return changed


def _without_section(parts: Parts) -> Parts:
    document = re.sub(rb"<w:sectPr.*</w:sectPr>", b"", parts["word/document.xml"], flags=re.DOTALL)
    return {**parts, "word/document.xml": document}


def _bare(parts: Parts) -> Parts:
    kept = ("[Content_Types].xml", "_rels/.rels", "word/document.xml")
    return _without_section({name: parts[name] for name in kept})


@pytest.mark.parametrize("change", [_as_template, _as_strict, _without_section, _bare])
def test_whatever_word_opens_can_be_the_reference(parts: Parts, change: Callable[[Parts], Parts]) -> None:
    document = docx.Document(io.BytesIO(pack(report_with(change(parts)))))
    assert document.paragraphs[0].text.startswith("Uppföljning")
    assert document.sections[0].page_width
    has_header = change in (_as_template, _as_strict)
    assert (document.sections[0].header.paragraphs[0].text == "Exempelköping") == has_header


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "inget Word-dokument"),
        (b"%PDF-1.7", "inget Word-dokument"),
        (pack({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}), "inget Word-dokument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "gamla formatet"),
        (b"PK\x03\x04avklippt", "skadad"),
        (None, "finns inte"),
    ],
    ids=["blank", "pdf", "workbook", "doc", "cut off", "missing"],
)
def test_what_cannot_be_the_reference_is_named_as_what_it_is(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "förlaga.docx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FatalError) as refusal:
        read_reference_document(path, "docx")
    (finding,) = refusal.value.findings
    assert finding.code == "report-reference-unreadable"
    assert words in message_of(finding, "sv")


def test_a_broken_part_of_the_reference_is_reported(parts: Parts) -> None:
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    for name in ("word/styles.xml", "word/settings.xml", "word/theme/theme1.xml", "word/numbering.xml"):
        assert find_reference_fault(pack({**parts, name: b"<w:styles"})) == "damaged", name
        assert find_reference_fault(pack({**parts, name: doctype + parts[name]})) == "damaged", name


@pytest.mark.parametrize("change", [_foreign_parts, _as_strict, _bare])
def test_an_independent_validator_finds_nothing_wrong(
    parts: Parts, tmp_path: Path, change: Callable[[Parts], Parts]
) -> None:
    path = tmp_path / "rapport.docx"
    path.write_bytes(pack(report_with(change(parts))))
    result = OpenXmlValidator(file_format=FileFormat.OFFICE_2019).validate(str(path))
    assert [str(error) for error in result.errors] == []

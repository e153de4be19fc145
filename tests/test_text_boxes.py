"""Text in boxes that somebody laid over the form is kept with the cell where the box begins, in any kind of file.

Charts say nothing; what a picture shows is not read, and that is said.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from support.edited_forms import (
    answers_by_item,
    finding_codes,
    make_form,
    read_form_bytes,
    unplaced_texts,
    with_blank_items,
)
from support.libreoffice import convert

from xlflow.excel.reader import DEFAULT_LIMITS
from xlflow.excel.reader.ods import read_ods

MAIN, LINKS = "http://schemas.openxmlformats.org/drawingml/2006", "http://schemas.openxmlformats.org"
FORM = "xl/worksheets/sheet2.xml"
BOX = (
    "<xdr:twoCellAnchor><xdr:from><xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>6</xdr:row>"
    "<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>9</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>9</xdr:row>"
    '<xdr:rowOff>0</xdr:rowOff></xdr:to><xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="2" name="T"/>'
    '<xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="9" cy="9"/></a:xfrm>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr><xdr:txBody><a:bodyPr/>{text}</xdr:txBody></xdr:sp>'
    "<xdr:clientData/></xdr:twoCellAnchor>"
)
TEXT = (
    "<a:p><a:r><a:t>Vi är klara med </a:t></a:r><a:r><a:t>allt</a:t></a:r></a:p>"
    "<a:p><a:r><a:t>Ring</a:t></a:r></a:p>"
)


PICTURE = (
    "<xdr:oneCellAnchor><xdr:from><xdr:col>7</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>6</xdr:row>"
    '<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="90000" cy="90000"/><xdr:pic><xdr:nvPicPr>'
    '<xdr:cNvPr id="2" name="P"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill>'
    f'<a:blip xmlns:r="{LINKS}/officeDocument/2006/relationships" r:embed="p1"/></xdr:blipFill><xdr:spPr>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>'
)
LINKED = {
    "xl/drawings/_rels/drawing1.xml.rels": (
        f'<Relationships xmlns="{LINKS}/package/2006/relationships"><Relationship Id="p1" '
        f'Type="{LINKS}/officeDocument/2006/relationships/image" Target="../media/image1.png"/></Relationships>'
    ).encode()
}


def _chunk(kind: bytes, inside: bytes) -> bytes:
    return struct.pack(">L", len(inside)) + kind + inside + struct.pack(">L", zlib.crc32(kind + inside))


DOT = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">2L5B", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
"""A picture: one red dot."""


def boxed(inside: str, more: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """Return a form over which something is drawn."""
    source, target = zipfile.ZipFile(io.BytesIO(make_form())), io.BytesIO()
    kind = f"{LINKS}/officeDocument/2006/relationships/drawing"
    rels = f'<Relationship Id="d1" Type="{kind}" Target="../drawings/drawing1.xml"/>'
    own = f'<Relationships xmlns="{LINKS}/package/2006/relationships">{rels}</Relationships>'
    with source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            part = source.read(name).decode()
            if name == FORM:
                mark = f'<drawing xmlns:r="{LINKS}/officeDocument/2006/relationships" r:id="d1"/>'
                part = part.replace("</worksheet>", f"{mark}</worksheet>")
            if name == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.drawing+xml"
                part = part.replace(
                    "</Types>",
                    '<Default Extension="png" ContentType="image/png"/>'
                    f'<Override PartName="/xl/drawings/drawing1.xml" ContentType="{kind}"/></Types>',
                )
            archive.writestr(name, part)
        for name, content in more.items():
            archive.writestr(name, content)
        archive.writestr("xl/worksheets/_rels/sheet2.xml.rels", own)
        archive.writestr(
            "xl/drawings/drawing1.xml",
            f'<xdr:wsDr xmlns:xdr="{MAIN}/spreadsheetDrawing" xmlns:a="{MAIN}/main">{inside}</xdr:wsDr>',
        )
    return target.getvalue()


def test_a_box_of_text_is_set_aside_with_its_cell() -> None:
    form = read_form_bytes(boxed(BOX.format(column=7, text=TEXT) + BOX.format(column=2, text="<a:p/>")))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [("H7", "Vi är klara med allt\nRing", False)]
    assert finding_codes(form) == ["note-on-cell"]


def test_that_there_are_pictures_is_said(tmp_path: Path) -> None:
    (tmp_path / "Museet.xlsx").write_bytes(boxed(PICTURE, {"xl/media/image1.png": DOT, **LINKED}))
    saved = [convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")[0] for kind in ("ods", "xls")]
    for path in (tmp_path / "Museet.xlsx", *saved):
        form = read_form_bytes(path.read_bytes(), name=path.name)
        assert (answers_by_item(form), form.unplaced) == (with_blank_items(), ())
        assert [found.code for found in form.findings if found.code.startswith("has-")] == ["has-pictures"]


@pytest.mark.parametrize("inside", ["<xdr:broken", "", BOX.format(column="x", text=TEXT)])
def test_a_drawing_that_says_nothing_or_nonsense_costs_no_answer(inside: str) -> None:
    form = read_form_bytes(boxed(inside))
    assert answers_by_item(form) == with_blank_items()
    assert [place for place, _, _ in unplaced_texts(form)] == (["A7"] if "Vi" in inside else [])


@pytest.mark.parametrize("kind", ["ods", "xls"])
def test_so_it_is_in_other_kinds_of_files(tmp_path: Path, kind: str) -> None:
    (tmp_path / "Museet.xlsx").write_bytes(boxed(BOX.format(column=7, text=TEXT)))
    (saved,) = convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")
    form = read_form_bytes(saved.read_bytes(), name=saved.name)
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [("H7", "Vi är klara med allt\nRing", False)]


def test_a_box_in_an_ods_is_no_part_of_the_answer_below_it() -> None:
    content = (
        '<a xmlns:table="t" xmlns:office="o" xmlns:text="x" xmlns:draw="w"><table:table table:name="F">'
        "<table:shapes><draw:frame><draw:text-box><text:p>Överst</text:p></draw:text-box></draw:frame></table:shapes>"
        "<table:table-row><table:table-cell/><table:table-cell><draw:custom-shape><text:p>Vid sidan</text:p>"
        "<draw:enhanced-geometry/></draw:custom-shape><draw:frame><draw:image/></draw:frame><text:p>Svaret</text:p>"
        "</table:table-cell></table:table-row></table:table></a>"
    )
    (sheet,) = read_ods(content.encode(), DEFAULT_LIMITS)
    assert sheet.rows == ((None, "Svaret"),)
    assert sheet.metadata.annotations == ((0, 0, "", "Överst"), (0, 1, "", "Vid sidan"))


# Drawn otherwise ------------------------------------------------------------------------------------------

OLD = (
    "<v:shape id=\"_x0000_s{number}\" type=\"#_x0000_t202\" style='position:absolute'><v:textbox style='x'>"
    '<div style=\'text-align:left\'><font face="Tahoma" size="160">Vi väntar &amp;\n   hoppas</font><br>'
    '<b>Ring</b></div></v:textbox><x:ClientData ObjectType="{what}"><x:Anchor>\n 7, 15, {row}, 10, 9, 15, 9, 4'
    "</x:Anchor></x:ClientData></v:shape>"
)
DIAGRAM = (
    "<xdr:twoCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:row>8</xdr:row></xdr:from><xdr:graphicFrame>"
    f'<d:relIds xmlns:d="d" xmlns:r="{LINKS}/officeDocument/2006/relationships" r:dm="rId1"/>'
    "</xdr:graphicFrame></xdr:twoCellAnchor>"
)
POINTS = (
    f'<d:dataModel xmlns:d="d" xmlns:a="{MAIN}/main"><d:ptLst><d:pt><d:t><a:bodyPr/><a:p><a:r><a:t>Först</a:t>'
    "</a:r></a:p></d:t></d:pt><d:pt><d:t><a:p><a:r><a:t>Sedan</a:t></a:r></a:p></d:t></d:pt></d:ptLst></d:dataModel>"
)


def with_parts(content: bytes, links: dict[str, tuple[str, str]], **parts: str | bytes) -> bytes:
    """Return a workbook with more parts, and with relations (kind, target) added, by the part that has them."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        known = {name: source.read(name) for name in source.namelist()}
        for name, (kind, to) in links.items():
            one = (
                f'<Relationship Id="rId1" Type="{LINKS}/officeDocument/2006/relationships/{kind}" Target="{to}"/>'
            )
            head = f'<Relationships xmlns="{LINKS}/package/2006/relationships">'.encode()
            before = known.get(name, head + b"</Relationships>")
            known[name] = before.replace(head, head + one.encode())
        for name, part in (known | {name.replace("__", "/"): part for name, part in parts.items()}).items():
            archive.writestr(name, part)
    return target.getvalue()


def old_drawing(*shapes: str) -> str:
    return f'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:x">{"".join(shapes)}</xml>'


FORM_LINKS = "xl/worksheets/_rels/sheet2.xml.rels"
TO_OLD = {FORM_LINKS: ("vmlDrawing", "../drawings/vmlDrawing1.vml")}


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_boxes_drawn_in_the_way_of_old_are_kept_but_for_those_of_notes(coding: str) -> None:
    shapes = (
        OLD.format(number=number, what=what, row=6) for number, what in enumerate(("Note", "Button", "Pict"))
    )
    drawing = old_drawing(*shapes, OLD.format(number=4, what="Rect", row=99_999_999)).encode(coding)
    form = read_form_bytes(with_parts(make_form(), TO_OLD, **{"xl__drawings__vmlDrawing1.vml": drawing}))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [(cell, "Vi väntar & hoppas\nRing", False) for cell in ("H7", "H7", "A1")]
    assert finding_codes(form) == ["note-on-cell"] * 3


def test_what_is_drawn_in_both_ways_is_kept_once() -> None:
    paragraphs = "<a:p><a:r><a:t>Vi väntar &amp; hoppas</a:t></a:r></a:p><a:p><a:r><a:t>Ring</a:t></a:r></a:p>"
    both = f"<xdr:choice>{BOX.format(column=7, text=paragraphs)}</xdr:choice>"
    drawing = old_drawing(OLD.format(number=1, what="Button", row=6))
    form = read_form_bytes(with_parts(boxed(both), TO_OLD, **{"xl__drawings__vmlDrawing1.vml": drawing}))
    assert unplaced_texts(form) == [("H7", "Vi väntar & hoppas\nRing", False)]


@pytest.mark.parametrize(
    "drawing",
    ["", "<!DOCTYPE x><xml/>", old_drawing("<v:textbox>"), "<v:textbox>" * 99, "<" * 200_000 + "<v:textbox"],
)
def test_an_old_drawing_that_says_nothing_costs_no_answer(drawing: str) -> None:
    form = read_form_bytes(with_parts(make_form(), TO_OLD, **{"xl__drawings__vmlDrawing1.vml": drawing}))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == []


def test_the_points_of_a_diagram_are_kept() -> None:
    links = {"xl/drawings/_rels/drawing1.xml.rels": ("diagramData", "../diagrams/data1.xml")}
    form = read_form_bytes(with_parts(boxed(DIAGRAM), links, **{"xl__diagrams__data1.xml": POINTS}))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [("D9", "Först\nSedan", False)]


def test_blanks_and_broken_lines_in_an_ods_part_words() -> None:
    line = 'Ett<text:line-break/>två<text:s text:c="3"/>tre<text:tab/>fyra'
    content = (
        '<a xmlns:table="t" xmlns:office="o" xmlns:text="x" xmlns:draw="w"><table:table table:name="F">'
        f"<table:shapes><draw:frame><text:p>{line}</text:p></draw:frame></table:shapes></table:table></a>"
    )
    (sheet,) = read_ods(content.encode(), DEFAULT_LIMITS)
    assert sheet.metadata.annotations == ((0, 0, "", "Ett\ntvå tre\tfyra"),)

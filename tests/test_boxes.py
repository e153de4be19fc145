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
from edits import aside, codes, everything, made, read_bytes, said
from libreoffice import convert

from xlflow.excel.incoming.book import LIMITS
from xlflow.excel.incoming.opendocument import read_opendocument

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
    source, target = zipfile.ZipFile(io.BytesIO(made())), io.BytesIO()
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
    form = read_bytes(boxed(BOX.format(column=7, text=TEXT) + BOX.format(column=2, text="<a:p/>")))
    assert said(form) == everything()
    assert aside(form) == [("H7", "Vi är klara med allt\nRing", False)]
    assert codes(form) == ["note-on-cell"]


def test_that_there_are_pictures_is_said(tmp_path: Path) -> None:
    (tmp_path / "Museet.xlsx").write_bytes(boxed(PICTURE, {"xl/media/image1.png": DOT, **LINKED}))
    saved = [convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")[0] for kind in ("ods", "xls")]
    for path in (tmp_path / "Museet.xlsx", *saved):
        form = read_bytes(path.read_bytes(), name=path.name)
        assert (said(form), form.set_aside) == (everything(), ())
        assert [found.code for found in form.findings if found.code.startswith("has-")] == ["has-pictures"]


@pytest.mark.parametrize("inside", ["<xdr:broken", "", BOX.format(column="x", text=TEXT)])
def test_a_drawing_that_says_nothing_or_nonsense_costs_no_answer(inside: str) -> None:
    form = read_bytes(boxed(inside))
    assert said(form) == everything()
    assert [place for place, _, _ in aside(form)] == (["A7"] if "Vi" in inside else [])


@pytest.mark.parametrize("kind", ["ods", "xls"])
def test_so_it_is_in_other_kinds_of_files(tmp_path: Path, kind: str) -> None:
    (tmp_path / "Museet.xlsx").write_bytes(boxed(BOX.format(column=7, text=TEXT)))
    (saved,) = convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")
    form = read_bytes(saved.read_bytes(), name=saved.name)
    assert said(form) == everything()
    assert aside(form) == [("H7", "Vi är klara med allt\nRing", False)]


def test_a_box_in_an_ods_is_no_part_of_the_answer_below_it() -> None:
    content = (
        '<a xmlns:table="t" xmlns:office="o" xmlns:text="x" xmlns:draw="w"><table:table table:name="F">'
        "<table:shapes><draw:frame><draw:text-box><text:p>Överst</text:p></draw:text-box></draw:frame></table:shapes>"
        "<table:table-row><table:table-cell/><table:table-cell><draw:custom-shape><text:p>Vid sidan</text:p>"
        "<draw:enhanced-geometry/></draw:custom-shape><draw:frame><draw:image/></draw:frame><text:p>Svaret</text:p>"
        "</table:table-cell></table:table-row></table:table></a>"
    )
    (sheet,) = read_opendocument(content.encode(), LIMITS)
    assert sheet.rows == ((None, "Svaret"),)
    assert sheet.evidence.remarks == ((0, 0, "", "Överst"), (0, 1, "", "Vid sidan"))

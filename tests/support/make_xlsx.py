"""Makes workbook files by hand, part by part, so that a test shows what is odd about one."""

import io
import zipfile
from datetime import datetime
from pathlib import Path

import xlsxwriter

from xlflow.excel.reader import DEFAULT_LIMITS, Limits, SheetData, WorkbookData, open_workbook
from xlflow.excel.reader.workbook_package import WorkbookPackage, open_package
from xlflow.model.findings import Finding, message_of, remedy_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="Blad" sheetId="1" r:id="r1"/></sheets>'
    "</workbook>"
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="171" formatCode="yyyy\\-mm\\-dd;@"/>'
    '<numFmt numFmtId="172" formatCode="&quot;dag&quot; 0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="170"/><xf numFmtId="171"/>'
    '<xf numFmtId="172"/></cellXfs></styleSheet>'
)


def workbook_parts(
    rows: str, *, strings: str = "", tail: str = "", **changed: str | bytes | None
) -> dict[str, bytes]:
    """Return the parts of a workbook with one sheet whose rows are given as markup; None takes a part away."""
    relation = f'<Relationship Id="{{}}" Type="{RELATIONS}/{{}}" Target="{{}}"/>'
    inner = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "sharedStrings", "sharedStrings.xml")]
    inner.append(("r3", "styles", "styles.xml"))
    parts: dict[str, str | bytes | None] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relationships_part(relation.format("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": relationships_part("".join(relation.format(*one) for one in inner)),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{tail}</worksheet>',
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{MAIN}"/>',
        "xl/styles.xml": STYLES,
        **{name.replace("__", "/"): part for name, part in changed.items()},
    }
    whole = {name: part for name, part in parts.items() if part is not None}
    return {name: part.encode() if isinstance(part, str) else part for name, part in whole.items()}


def relationships_part(inner: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def zip_parts(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2021, 3, 31, 12, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def number_row(address: str, value: str = "1") -> str:
    """Return the markup of a row with one number."""
    return f'<row r="{address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{address}"><v>{value}</v></c></row>'


def read_sheet(rows: str, **more: str) -> SheetData:
    workbook = open_workbook(zip_parts(workbook_parts(rows, **more)), "f.xlsx")
    assert isinstance(workbook, WorkbookData), workbook
    return workbook.sheets[0]


def make_workbook(words: str = "Öppna kvarnen") -> bytes:
    """Return a workbook as Excel would write one: text, numbers, days, a formula, a hidden sheet, a property."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        workbook.set_properties({"created": datetime(2021, 4, 1, 9, 30)})
        workbook.set_custom_property("xlflow.unit", "Museet å")
        sheet = workbook.add_worksheet("Uppföljning")
        for row in range(20):
            sheet.write_row(row + 2, 1, [f"{words} {row}", row + 0.5, row])
            sheet.write_formula(row + 2, 5, "=1+1", None, 2)
        sheet.write_datetime("A1", datetime(2021, 6, 30), workbook.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.merge_range("G3:G5", "samma")
        workbook.add_worksheet("xlflow").very_hidden()
    return buffer.getvalue()


def refusal_code(content: bytes | Path, name: str = "f.xlsx", limits: Limits = DEFAULT_LIMITS) -> str:
    """Return the code of the refusal; its words must be whole in both languages."""
    found = open_workbook(content, name, limits)
    assert isinstance(found, Finding), found
    for language in ("sv", "en"):
        for text in (message_of(found, language), remedy_of(found, language)):
            assert text
            assert "{" not in text
    assert name in message_of(found, "sv")
    return found.code


def load_package(content: bytes) -> WorkbookPackage:
    package = open_package(content, DEFAULT_LIMITS)
    assert isinstance(package, WorkbookPackage)
    return package

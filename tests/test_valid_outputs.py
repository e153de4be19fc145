"""Every file that xlflow writes is whole and valid, whatever people wrote: by strict parsers and others."""

import io
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import openpyxl
import pytest
from openxml_audit import FileFormat, OpenXmlValidator
from support.draw_merged import draw_merged
from support.draw_report import draw_many
from support.draw_round import draw_round

from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.generate import write_form
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import Document, Heading, Paragraph, Span
from xlflow.report.docx_writer import write_docx

ODD = "<b>&\"'</b> _x000D_ _xFFFE_ \x1b[31m \ud83d \ufffe =1+1 🎭 [1]:*?/\\ #%"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@cache
def outputs() -> Mapping[str, bytes]:
    """Return one file of each kind by name, with odd texts wherever a person may write."""
    asked = draw_round(f"""
        Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Slutdatum | Enhet
        a  | {ODD}      | Levande kommun         | {ODD}    | Öppna {ODD} | Kvartal 2 | Bo's & Åsa
        b  |            |                        | Möten    | {"x" * 300} | Kvartal 4 | Bo's & Åsa
    """)
    answers = f"Id | Status | Kommentar/avvikelse\na | Pågående | {ODD}\nb | {ODD} | {'lång ' * 9000}"
    merged, findings = draw_merged(asked, {"Bo's & Åsa": answers})
    return {
        "formulär.xlsx": write_form(asked, "Bo's & Åsa"),
        "sammanställning.xlsx": render_consolidated(build_consolidated_content(merged, findings), merged),
        "heading.docx": write_docx(_report("heading")),
        "merged.docx": write_docx(_report("merged")),
    }


def _report(layout: Literal["heading", "merged"]) -> Document:
    document = compose_document(draw_many(20), ReportOptions(layout))
    odd = (Heading(1, ODD, "odd"), Paragraph((Span(ODD, link="https://exempel.se/?a=1&b=2#c"), Span(ODD * 100))))
    return replace(document, title=ODD, subtitle=ODD, blocks=(*odd, *document.blocks))


NAMES = ("formulär.xlsx", "sammanställning.xlsx", "heading.docx", "merged.docx")
WORKBOOKS = NAMES[:2]


def parts_of(name: str) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(outputs()[name])) as package:
        assert package.testzip() is None
        assert len(set(package.namelist())) == len(package.namelist())
        return {part: package.read(part) for part in package.namelist()}


@pytest.mark.parametrize("name", NAMES)
def test_every_part_is_well_formed_and_every_relationship_leads_to_a_part(name: str) -> None:
    parts = parts_of(name)
    roots = {part: ElementTree.fromstring(xml) for part, xml in parts.items() if part.endswith((".xml", ".rels"))}
    assert len(roots) > 8
    listed = {each.get("PartName", "/").lstrip("/") for each in roots["[Content_Types].xml"]} - {""}
    assert listed <= set(parts)
    for part, root in roots.items():
        if part.endswith(".rels"):
            folder = part.partition("_rels/")[0]
            for relation in root:
                if relation.get("TargetMode") != "External":
                    target = relation.get("Target", "")
                    found = target.lstrip("/") if target.startswith("/") else _join(folder, target)
                    assert found in parts, f"{part}: {target}"


def _join(folder: str, target: str) -> str:
    steps = folder.strip("/").split("/") if folder else []
    for step in target.split("/"):
        steps = steps[:-1] if step == ".." else [*steps, step]
    return "/".join(filter(None, steps))


@pytest.mark.parametrize("name", NAMES)
def test_an_independent_validator_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(outputs()[name])
    result = OpenXmlValidator(file_format=FileFormat.OFFICE_2019).validate(str(path))
    assert [str(error) for error in result.errors] == []


@pytest.mark.parametrize("name", WORKBOOKS)
def test_names_of_sheets_tables_and_ranges_are_such_as_excel_takes(name: str) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(outputs()[name]))
    titles = [sheet.title for sheet in workbook]
    assert titles
    assert all(0 < len(title) <= 31 and not set(title) & set("[]:*?/\\") for title in titles)
    assert len({title.casefold() for title in titles}) == len(titles)
    tables = [(sheet, table) for sheet in workbook for table in sheet.tables.values()]
    names = [*workbook.defined_names, *(table.displayName for _, table in tables)]
    assert names
    assert len({each.casefold() for each in names}) == len(names)
    for each in names:
        assert re.fullmatch(r"[^\W\d][\w.]{0,254}", each), each
        assert not re.fullmatch(r"[A-Za-z]{1,3}[0-9]+|[RrCc]|[Rr][0-9]*[Cc][0-9]*", each), each
    for sheet, table in tables:  # may be empty: forms have none
        columns = [column.name for column in table.tableColumns]
        assert all(columns)
        assert len({column.casefold() for column in columns}) == len(columns)
        cells = sheet[table.ref][0]
        assert [str(cell.value) for cell in cells] == columns, f"{sheet.title}: the headings are not the columns"


def test_links_lead_to_files_and_cells_only() -> None:
    parts = parts_of("sammanställning.xlsx")
    sheets = {part: xml for part, xml in parts.items() if "worksheets/sheet" in part and part.endswith(".xml")}
    links = [link for xml in sheets.values() for link in ElementTree.fromstring(xml).iter(f"{SHEET}hyperlink")]
    assert links
    for link in links:
        assert re.fullmatch(r"'[^\[\]:*?/\\]+'!\$?[A-Z]+\$?[0-9]+", link.get("location", "")), link.attrib
    relations = [xml for part, xml in parts.items() if part.startswith("xl/worksheets/_rels")]
    assert relations
    assert not any(re.search(rb'Target="[a-z]+:', xml) for xml in relations)


@pytest.mark.parametrize("clock", [0.0, 4e9, 1e11])
def test_the_clock_of_the_computer_changes_nothing(monkeypatch: pytest.MonkeyPatch, clock: float) -> None:
    expected = write_docx(_report("heading"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(clock)))
    monkeypatch.setattr(time, "time", lambda: clock)
    assert write_docx(_report("heading")) == expected


@pytest.mark.parametrize("year", [1, 1979, 2108, 9999])
def test_a_report_of_any_day_can_be_written(year: int) -> None:
    with zipfile.ZipFile(io.BytesIO(write_docx(replace(_report("heading"), as_of=date(year, 2, 28))))) as package:
        assert package.testzip() is None
        assert {info.date_time[0] for info in package.infolist()} == {min(max(year, 1980), 2107)}

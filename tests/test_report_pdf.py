"""The report as PDF: accessible, archivable, whole, in reading order, and the same every time."""

import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import page
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_report import draw_amounts, draw_many, draw_round
from support.external_tools import PROJECT, require_tool
from support.not_empty import not_empty
from support.sampling import is_long, sample_size

from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.findings import FatalError, Location, remedy_of
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import Document, Heading, Paragraph, Picture, ReportTable, Span
from xlflow.report.goal_sections import GoalLayout
from xlflow.report.pdf_writer import (
    MISSING_GLYPH,
    missing_glyph_findings,
    render_chart_png,
    render_pdf,
    separate_stream_ends,
    write_pdf,
)
from xlflow.rounds.round_status import RoundStatus

LAYOUTS: tuple[GoalLayout, ...] = ("heading", "merged")
CASES = [
    *((count, layout, language) for count in (0, 1, 48) for layout in LAYOUTS for language in LANGUAGES),
    (300, "heading", "sv"),
    (300, "merged", "en"),
    *(
        pytest.param(2000, layout, language, marks=pytest.mark.long)
        for layout in LAYOUTS
        for language in LANGUAGES
    ),
]
"""Activities, layout and language; the largest only where there is time."""

ROOM = page.SafetyLimits(max_table_grid_rows=10_000)
"""The checker stops at 1,024 rows in a table unless it is told otherwise."""


def write(followed: RoundStatus, layout: GoalLayout = "heading") -> bytes:
    return write_pdf(compose_document(followed, ReportOptions(layout)))


def faults(pdf: bytes) -> list[str]:
    """Return what an independent checker finds against PDF/UA-1 and PDF/A-2a."""
    reports = (page.validate_pdf_bytes(pdf, profile=profile, limits=ROOM) for profile in ("ua1", "2a"))
    return [f"{fault.rule_id}: {fault.message}" for report in reports for fault in report.failures]


def text_of(pdf: bytes, tmp_path: Path) -> str:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    command = [require_tool("pdftotext"), "-raw", str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


def flat(text: str) -> str:
    """Return the letters of a text alone, since lines are broken and words hyphenated where the page wants it."""
    return re.sub(r"[\W_]", "", text)


@pytest.mark.parametrize(("count", "layout", "language"), CASES)
def test_an_independent_checker_finds_it_accessible_and_archivable(
    count: int, layout: GoalLayout, language: Language
) -> None:
    assert faults(write(draw_many(count, language=language), layout)) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tables_of_amounts_are_accessible_too(layout: GoalLayout) -> None:
    assert faults(write(draw_amounts(), layout)) == []


def test_the_checker_does_find_faults() -> None:
    whole = write(draw_many(1))
    assert faults(whole.replace(b"/Lang", b"/Long")) != []


@pytest.mark.with_tools
@pytest.mark.parametrize(
    ("count", "layout"), [(48, "heading"), (300, "merged"), pytest.param(2000, "merged", marks=pytest.mark.long)]
)
def test_every_line_can_be_read_in_the_order_of_the_plan(count: int, layout: GoalLayout, tmp_path: Path) -> None:
    followed = draw_many(count)
    reported = text_of(write(followed, layout), tmp_path)
    start = reported.index("Nämndmål: Nämndmål 1") if layout == "heading" else reported.index("Tabell 2.")
    body, at = flat(reported[start:]), 0
    for entry in not_empty(followed.item_statuses):
        name = flat(entry.item.level_texts[-1] or entry.item.level_texts[-2])
        found = body.find(name, at)
        assert found >= 0, entry.item.level_texts
        at = found + len(name)


@pytest.mark.with_tools
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [13, 48, 120])
def test_no_heading_stands_alone_at_the_foot_and_no_page_is_empty(
    count: int, layout: GoalLayout, tmp_path: Path
) -> None:
    document = compose_document(draw_many(count), ReportOptions(layout))
    above = {block.text for block in document.blocks if isinstance(block, Heading)}
    above |= {block.caption for block in document.blocks if isinstance(block, ReportTable)}
    *pages, rest = text_of(write_pdf(document), tmp_path).split("\f")
    assert not rest.strip()
    for page_text in not_empty(pages):
        lines = [line.strip() for line in page_text.splitlines() if line.strip()]
        assert re.search(r"Sida \d+ av \d+$", lines[-1]), "the foot comes last"
        body = lines[:-1]
        assert len(body) > 2
        assert body[-1] not in above


@pytest.mark.with_tools
def test_bookmarks_title_language_and_embedded_fonts(tmp_path: Path) -> None:
    pdf = write(draw_many(20))
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    reported = subprocess.run(
        [require_tool("pdfinfo"), str(path)], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    assert re.search(r"Title: +Uppföljning av verksamhetsplanen per den 31.mars.2021", reported)
    assert re.search(r"Tagged: +yes", reported)
    fonts = subprocess.run(
        [require_tool("pdffonts"), str(path)], capture_output=True, check=True, encoding="utf-8"
    )
    rows = [line.split() for line in fonts.stdout.splitlines()[2:]]
    assert all(row[-5] == "yes" for row in rows), "every font is embedded"
    assert {row[0].partition("+")[2].partition("-")[0] for row in rows} <= {"PublicSans", "DejaVuSans"}
    assert b"/Lang(sv-SE)" in pdf
    assert b"/Outlines" in pdf


@pytest.mark.with_tools
def test_spanning_goals_and_headings_are_reported_in_the_tags(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(write(draw_many(20), "merged"))
    command = [require_tool("pdfinfo"), "-struct", str(path)]
    tags = subprocess.run(command, capture_output=True, check=True).stdout.decode("latin-1")
    for tag in ("H1", "H2", "Table", "THead", "TBody", "TH", "TD", "Caption", "Figure", "TOC", "LI"):
        assert re.search(rf"^\s+{tag}\b", tags, re.MULTILINE), tag
    assert "/RowSpan" in tags
    assert "/Scope /Column" in tags
    assert "/Scope /Row" in tags


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("followed", [draw_many(48), draw_amounts()], ids=["statuses", "amounts"])
def test_every_cell_that_names_its_row_is_tagged_as_its_heading(followed: RoundStatus, layout: GoalLayout) -> None:
    document = compose_document(followed, ReportOptions(layout))
    rows = [row for block in document.blocks if isinstance(block, ReportTable) for row in block.all_rows]
    pdf = write_pdf(document)
    assert pdf.count(b"/Scope/Row") == sum(cell.is_header for row in rows for cell in row.cells)
    assert pdf.count(b"/S/TD") == sum(not cell.is_header for row in rows for cell in row.cells)
    assert b"/Headers[(" not in pdf, "a list of column headings would keep the row's from being said"


def test_the_same_report_gives_the_same_bytes_whatever_the_seed_of_hashing() -> None:
    script = (
        "import sys; sys.path.insert(0, 'tests'); from test_report_pdf import *; import hashlib;"
        "print(hashlib.sha256(write(draw_many(20))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=PROJECT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(digests) == 1


def test_letters_that_no_font_has_are_shown_as_squares_and_named() -> None:
    followed = draw_round(
        "S/M/N/Ordna 漢字 och 🎭 på Café Ørsted, ”Ängsbacken” – 5 °C ✔ Ω Привет | Kvartal 1 | Pågående"
    )
    document = compose_document(followed, ReportOptions())
    pdf, missing = render_pdf(document)
    found = missing_glyph_findings(missing, Location("a.xlsx"))
    assert [finding.value for finding in found] == ["字", "漢", "🎭"]
    assert faults(pdf) == []


@given(st.text(max_size=60))
@settings(max_examples=sample_size(40))
def test_no_text_breaks_the_report(text: str) -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 1 | Pågående | Kvartal 2 | Bra")
    entry = followed.item_statuses[0]
    levels = (*entry.item.level_texts[:2], f"Mål {text}", f"Aktivitet {text}", "")
    entry = replace(entry, item=replace(entry.item, level_texts=levels), answers={"comment": f"{text}\n- {text}"})
    document = compose_document(replace(followed, title=text, item_statuses=(entry,)), ReportOptions())
    assert faults(write_pdf(document)) == []


@pytest.mark.with_tools
def test_a_square_stands_where_a_letter_is_missing(tmp_path: Path) -> None:
    reported = text_of(write(draw_round("S/M/N/Ordna 漢 kväll | Kvartal 1 | Pågående")), tmp_path)
    assert f"Ordna {MISSING_GLYPH} kväll" in reported


def test_a_chart_becomes_a_picture_of_twice_the_density() -> None:
    document: Document = compose_document(draw_many(5), ReportOptions())
    picture = next(block for block in document.blocks if isinstance(block, Picture))
    png = render_chart_png(picture)
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert picture.width * 1.9 < width < picture.width * 2.8


def test_a_stream_that_ends_like_a_line_is_parted_from_the_word_that_ends_it() -> None:
    body = b"%PDF-1.7\n"
    first = len(body)
    body += b"1 0 obj\n<</Length 3>>\nstream\nab\r\nendstream\nendobj\n"
    second = len(body)
    body += b"2 0 obj\n<</Length 2>>\nstream\nab\nendstream\nendobj"
    table = len(body) + 1
    tail = b"\nxref\n0 3\n0000000000 65535 f\r\n%010d 00000 n\r\n%010d 00000 n\r\ntrailer\n<<>>\n"
    tail += b"startxref\n%d\n%%%%EOF"
    mended = separate_stream_ends(body + tail % (first, second, table))
    assert b"ab\r\r\nendstream" in mended
    assert mended.endswith(tail[tail.index(b"xref") :] % (first, second + 1, table + 1))
    assert mended[second + 1 :].startswith(b"2 0 obj")
    assert mended[table + 1 :].startswith(b"xref")


def test_reports_whose_streams_end_like_lines_pass_the_checker() -> None:
    """Among some dozens of streams about one in 256 ends so; enough reports hold one."""
    mended = 0
    for count in range(3, 40):
        pdf = write(draw_many(count, goals=3))
        mended += b"\r\r\nendstream" in pdf
        ends = [pdf[end - 6 : end] for end in (found.start() for found in re.finditer(rb"\nendstream", pdf))]
        assert all(not end.endswith(b"\r") or end.endswith(b"\r\r") for end in ends)
        if b"\r\r\nendstream" in pdf:
            assert faults(pdf) == []
            if not is_long():
                break
    assert mended


def test_pages_are_compressed() -> None:
    pdf = write(draw_many(48))
    stream = pdf[pdf.index(b"stream\n") + 7 :]
    assert zlib.decompressobj().decompress(stream[:200])


# Texts of any size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["å" * 33_000, "[" * 33_000, "漢" * 33_000], ids=["letters", "brackets", "squares"]
)
def test_a_word_longer_than_any_line_makes_a_pdf(word: str) -> None:
    document = compose_document(draw_round(f"S/M/N/{word} | Kvartal 1 | Pågående | | {word}"), ReportOptions())
    document = replace(document, title=f"{document.title} {word}")
    blocks = (Heading(1, word, anchor="lang"), *document.blocks)
    assert faults(write_pdf(replace(document, blocks=blocks))) == []


def test_a_report_too_long_for_the_memory_is_refused_before_it_is_set() -> None:
    document = compose_document(draw_round("S/M/N/A | Kvartal 1 | Pågående"), ReportOptions())
    long = Paragraph((Span("Arbetet fortsätter. " * 200_000),))
    with pytest.raises(FatalError) as refusal:
        render_pdf(replace(document, blocks=(*document.blocks, long)), Location("a.xlsx"))
    assert [finding.code for finding in refusal.value.findings] == ["report-pdf-too-long"]
    assert "--unit" in remedy_of(refusal.value.findings[0], "sv")


def test_what_typst_cannot_set_is_reported_and_no_traceback() -> None:
    document = compose_document(draw_round("S/M/N/A | Kvartal 1 | Pågående"), ReportOptions())
    skipped = (Heading(1, "Ett", "ett"), Heading(3, "Tre", "tre"))
    with pytest.raises(FatalError) as refusal:
        render_pdf(replace(document, blocks=skipped), Location("a.xlsx"))
    assert [finding.code for finding in refusal.value.findings] == ["report-pdf-failed"]

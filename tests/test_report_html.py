"""The report as a web page: one file, complete without scripts, accessible by law, readable on a phone."""

import json
import re
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.draw_report import draw_amounts, draw_many, draw_round
from support.external_tools import PROJECT, require_packages, require_tool
from support.not_empty import not_empty
from support.sampling import is_long, sample_size

from xlflow.i18n.catalogue import LANGUAGES
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.goal_sections import GoalLayout
from xlflow.report.html_writer import write_html
from xlflow.rounds.round_status import RoundStatus

LAYOUTS: tuple[GoalLayout, ...] = ("heading", "merged")
DESKTOP, PHONE = 1280, 360
PACKAGES = {"axe-core": "4.14.1", "playwright-core": "1.65.1"}
VOID = {"meta", "input", "br", "rect", "link", "img"}


def write(followed: RoundStatus, layout: GoalLayout = "heading") -> str:
    return write_html(compose_document(followed, ReportOptions(layout))).decode()


class Page(HTMLParser):
    """Reads a page strictly: every element closed in turn; keeps tags with their attributes, and the text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def all(self, tag: str) -> list[Mapping[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# The file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [0, 1, 48])
def test_it_is_one_well_formed_file_with_landmarks_and_language(count: int, layout: GoalLayout) -> None:
    page = Page(write(draw_many(count), layout))
    assert page.all("html") == [{"lang": "sv-SE"}]
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1", "title")] == [1] * 5
    assert len(page.all("nav")) == (count == 48)
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(names)) == len(names)
    links = [str(link["href"]) for link in page.all("a")]
    assert {link.removeprefix("#") for link in links} <= set(names)


def test_nothing_is_fetched_from_anywhere() -> None:
    text = write(draw_many(20))
    page = Page(text)
    assert not page.all("link")
    assert not page.all("img")
    assert not any("src" in attributes for _, attributes in page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tables_have_captions_and_headings_with_scope(layout: GoalLayout) -> None:
    page = Page(write(draw_many(20), layout))
    assert len(page.all("table")) == len(page.all("caption")) == len(page.all("thead"))
    scopes = {head.get("scope") for head in page.all("th")}
    assert scopes == ({"col", "row", "rowgroup"} if layout == "merged" else {"col", "row"})


def test_everything_is_there_without_scripts() -> None:
    followed = draw_many(48)
    text = " ".join(Page(write(followed)).text)
    for entry in followed.item_statuses:
        assert (entry.item.level_texts[-1] or entry.item.level_texts[-2]) in text
    assert '<form id="filter" hidden>' in write(followed)


@given(st.text(max_size=60))
@settings(max_examples=sample_size(60))
def test_any_text_stays_text(text: str) -> None:
    nasty = f"<script>alert(1)</script>{text}\"'&amp;{{{{ 7 * 7 }}}}"
    followed = draw_round(f"S/M/N/{nasty.replace('/', ' ').replace('|', ' ')} | Kvartal 1 | Pågående")
    page = Page(write(followed))
    assert len(page.all("script")) == 1
    assert "{{ 7 * 7 }}" in "".join(page.text)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert write(draw_many(5)) == write(draw_many(5))


# As a reader opens it -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What Chromium and axe-core tell of every page, wide, narrow and without scripts."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        f"{layout}-{language}-{count}": write(draw_many(count, language=language), layout)
        for layout in LAYOUTS
        for language in LANGUAGES
        for count in (0, 1, 48)
        if is_long() or count == 48 or (layout, language) == ("heading", "sv")
    }
    pages |= {f"amounts-{layout}": write(draw_amounts(), layout) for layout in LAYOUTS}
    jobs = []
    for name, text in pages.items():
        path = folder / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        for width in (DESKTOP, PHONE):
            jobs.append({"name": f"{name}-{width}", "url": path.as_uri(), "width": width, "scripts": True})
    for layout in LAYOUTS:
        url = (folder / f"{layout}-sv-48.html").as_uri()
        jobs.append({"name": f"{layout}-still", "url": url, "width": DESKTOP, "scripts": False})
        codes = ["ongoing", "done", "remains", "may_be_delayed", "cancelled"]
        jobs.append({"name": f"{layout}-filtered", "url": url, "width": DESKTOP, "scripts": True, "untick": codes})
    return {reported["name"]: reported for reported in _browse(folder, jobs)}


def _browse(folder: Path, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    modules = require_packages(folder.parent / "npm-pages", **PACKAGES)
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    script, browser = str(PROJECT / "tests" / "support" / "browse.mjs"), require_tool("chromium")
    command = [require_tool("node"), script, str(modules), browser, str(folder / "jobs.json")]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stderr
    reported: list[dict[str, Any]] = json.loads(done.stdout)
    return reported


@pytest.mark.with_tools
def test_axe_finds_nothing_against_wcag_and_en_301_549(seen: Mapping[str, Any]) -> None:
    looked = [reported for reported in seen.values() if "violations" in reported]
    assert len(looked) == (30 if is_long() else 18)
    assert {reported["name"]: reported["violations"] for reported in looked if reported["violations"]} == {}
    assert min(reported["passes"] for reported in looked) > 20


@pytest.mark.with_tools
def test_no_page_is_wider_than_its_window_and_none_asks_for_more(seen: Mapping[str, Any]) -> None:
    assert {reported["name"] for reported in seen.values() if reported.get("wide", 0) > 0} == set()
    assert {len(reported["asked"]) for reported in seen.values()} == {1}


@pytest.mark.with_tools
@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_scripts_the_filter_is_gone_and_the_content_is_not(
    seen: Mapping[str, Any], layout: GoalLayout
) -> None:
    still = seen[f"{layout}-still"]
    assert not still["form"]
    for entry in not_empty(draw_many(48).item_statuses):
        assert (entry.item.level_texts[-1] or entry.item.level_texts[-2]) in still["text"]


@pytest.mark.with_tools
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_filter_shows_what_is_asked_for_and_keeps_tables_whole(
    seen: Mapping[str, Any], layout: GoalLayout
) -> None:
    reported = seen[f"{layout}-filtered"]
    assert reported["form"]
    assert re.fullmatch(r"\d+ av 84 rader visas\.", reported["status"])
    shown = reported["shown"][reported["shown"].index("Visa alla") :]
    assert "Aktivitet 5 som" in shown, "postponed itself"
    assert "Delaktivitet 1.1" not in shown
    assert "Aktivitet 2 som" not in shown, "ongoing"
    assert "Nämndmål 1" in shown
    spanned = {tuple(row) for row in reported["columns"]}
    assert all(cells <= columns for columns, cells, _ in not_empty(spanned))

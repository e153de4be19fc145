"""The web page in real Chromium: axe finds nothing on any page and state, everything works by keyboard, at 320 px,
with text of twice the size, in the dark, with scripts and without; and the whole loop from link to report.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api as playwright
from support.external_tools import require_packages, require_tool
from support.make_project import AS_OF, DUE, answer, open_state, write_plan
from support.not_empty import not_empty
from support.sampling import is_long
from support.web_server import WebServer, run_server

from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.page_links import make_links
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.project_status import read_status

pytestmark = pytest.mark.with_tools

PACKAGES = {"axe-core": "4.14.1", "playwright-core": "1.65.1"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "EN-301-549", "best-practice"]
UNITS = ("Arkivet", "Biblioteket", "Kulturskolan", "Museet", "Simhallen")
ACTIVITIES = (("Öppna kvarnen", "Alla enheter"), ("Måla om fasaden", "Museet; Arkivet"))


@dataclass(frozen=True)
class Site:
    """A server with five units, the pages behind their links, a browser, and axe."""

    server: WebServer
    project: Project
    of_unit: dict[str, str]
    approver: str
    browser: Any
    axe: str
    folder: Path

    def file(self, name: str, unit: str, answers: dict[str, str]) -> str:
        """Write a filled form to disk and return its path."""
        path = self.folder / name
        path.write_bytes(answer(self.project, unit, answers))
        return str(path)

    def open(self, *, scripts: bool = True, width: int = 1200, **more: Any) -> Any:
        """Return a new page of a browser that has no cookies yet."""
        options = {"viewport": {"width": width, "height": 900}, "locale": "sv-SE", "bypass_csp": scripts, **more}
        return self.browser.new_context(java_script_enabled=scripts, **options).new_page()

    def begin(self, page: Any) -> None:
        """Begin the coordinator's session by the one-time address."""
        page.goto(f"{self.server.base}/start/{self.server.context.sessions.make_one_time_token()}")
        with suppress(playwright.Error):  # a script may have gone on already
            page.get_by_role("button", name="Öppna", exact=True).click(timeout=1000)
        page.wait_for_url("**/board")

    def violations(self, page: Any) -> list[str]:
        """Return what axe finds on a page."""
        page.evaluate(self.axe)
        found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
        assert len(found["passes"]) > 10
        return [f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


def _make_site(folder: Path) -> Project:
    init_project(folder / "Plan")
    plan = write_plan(folder / "plan.xlsx", ACTIVITIES, UNITS)
    open_round(open_project(folder / "Plan"), AS_OF, DUE, plan)
    issue_forms(*open_state(folder / "Plan"))
    return open_project(folder / "Plan")


@pytest.fixture(scope="module")
def browser_and_axe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    folder = tmp_path_factory.getbasetemp()
    modules = require_packages(folder.parent / "npm-pages", **PACKAGES) / "node_modules"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=require_tool("chromium"), args=["--no-sandbox"])
        yield browser, (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
        browser.close()


@pytest.fixture
def site(tmp_path: Path, browser_and_axe: tuple[Any, str]) -> Iterator[Site]:
    project = _make_site(tmp_path)
    tokens = make_links(*open_state(project.root), UNITS)
    approver = make_links(*open_state(project.root), [""], role="approver", holder="Chefen")[""]
    with run_server(project.root, workers=1) as server:
        of_unit = {unit: f"{server.base}/u/{token}" for unit, token in tokens.items()}
        yield Site(server, project, of_unit, f"{server.base}/a/{approver}", *browser_and_axe, tmp_path)


def hand_in(page: Any, address: str, file: str) -> None:
    page.goto(address)
    page.get_by_label("Välj det ifyllda formuläret").set_input_files(file)
    page.get_by_role("button", name="Lämna in").click()
    page.wait_for_load_state()


def test_axe_finds_nothing_on_the_pages_and_none_is_too_wide(site: Site) -> None:
    """Pages and states of all three roles: light and wide, dark and narrow."""
    wrong = site.file("fel.xlsx", "Museet", {"Öppna kvarnen": "Klart snart|Ring 070-123 45 67"})
    right = site.file("rätt.xlsx", "Simhallen", {"Öppna kvarnen": "Genomfört"})
    first = site.open()
    hand_in(first, site.of_unit["Museet"], wrong)
    receipts = [first.url]
    hand_in(first, site.of_unit["Simhallen"], right)
    receipts.append(first.url)
    found, seen = [], []
    looks = ((320, "dark"), (1200, "light")) if is_long() else ((320, "dark"),)
    for width, scheme in looks:
        page = site.open(width=width, color_scheme=scheme)
        site.begin(page)
        board = page.url
        unit_pages = [page.get_by_role("link", name=unit).get_attribute("href") for unit in ("Museet", "Arkivet")]
        page.goto(site.approver)
        approve = page.get_by_role("link", name="Simhallen").get_attribute("href")
        addresses = [
            site.of_unit["Museet"],
            site.of_unit["Arkivet"],
            f"{site.of_unit['Arkivet']}/nothing",
            *receipts,
        ]
        addresses += [
            board,
            f"{board}?state=late&q=m",
            f"{site.server.base}/u/x",
            site.approver,
            f"{board}?lang=en",
        ]
        addresses += [f"{site.server.base}{path}" for path in (*unit_pages, approve)]
        for address in addresses if is_long() else (*addresses[:1], *addresses[3:6], *addresses[-3:]):
            page.goto(address)
            found += site.violations(page)
            seen.append(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
        page.context.close()
    assert len(seen) == (26 if is_long() else 7)
    assert found == []
    assert max(seen) <= 0


def test_a_refusal_is_announced_and_gets_the_focus(site: Site) -> None:
    page = site.open()
    hand_in(page, site.of_unit["Museet"], site.file("x.xlsx", "Arkivet", {"Öppna kvarnen": "Utgår"}))
    assert page.evaluate("document.activeElement.id") == "problem"
    assert page.get_by_role("alert").is_visible()
    assert page.title().startswith("Fel:")
    assert site.violations(page) == []


def test_the_protecting_headers_hold_back_nothing_of_ours(site: Site) -> None:
    page = site.open(bypass_csp=False)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    site.begin(page)
    page.goto(site.of_unit["Museet"])
    assert told == []
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith(site.server.base)] == []
    assert page.evaluate("document.fonts.check('16px \"Public Sans\"')")


@pytest.mark.long
def test_a_unit_hands_in_by_keyboard_alone_and_always_sees_where_it_is(site: Site) -> None:
    page = site.open(reduced_motion="reduce")
    page.goto(site.of_unit["Simhallen"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", reached
        if reached[-1] == "Lämna in":
            break
        if page.evaluate("document.activeElement.type") == "file":
            page.set_input_files("#file", site.file("s.xlsx", "Simhallen", {"Öppna kvarnen": "Genomfört"}))
    assert "Hämta formuläret" in reached
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt/*")
    assert page.get_by_text("Allt är klart").is_visible()


@pytest.mark.long
def test_text_of_twice_the_size_stays_within_the_page(site: Site) -> None:
    page = site.open(width=640)
    for address in (site.of_unit["Museet"], site.approver):
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert site.of_unit


@pytest.mark.long
def test_the_figure_of_the_board_lives_without_a_reload(site: Site) -> None:
    page = site.open()
    page.clock.install()
    site.begin(page)
    assert page.get_by_text("0 av 5 har svarat").is_visible()
    hand_in(site.open(), site.of_unit["Simhallen"], site.file("s.xlsx", "Simhallen", {"Öppna kvarnen": "Utgår"}))
    page.clock.run_for(11_000)
    page.get_by_text("1 av 5 har svarat").wait_for(timeout=20_000)


@pytest.mark.long
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_whole_loop_from_links_to_the_report(site: Site, scripts: bool) -> None:
    unit = site.open(scripts=scripts)
    done = {"Öppna kvarnen": "Genomfört", "Måla om fasaden": "Genomfört"}
    hand_in(unit, site.of_unit["Museet"], site.file("1.xlsx", "Museet", {**done, "Öppna kvarnen": "Nästan"}))
    assert unit.get_by_text("”Nästan” finns inte bland svaren för Status.").is_visible()
    hand_in(unit, site.of_unit["Museet"], site.file("2.xlsx", "Museet", done))
    assert unit.get_by_text("Allt är klart").is_visible()
    twice = site.file("3.xlsx", "Biblioteket", {"Öppna kvarnen": "Pågående"})
    hand_in(unit, site.of_unit["Biblioteket"], twice)
    hand_in(unit, site.of_unit["Biblioteket"], twice)
    assert unit.get_by_text("räknas en gång").is_visible()
    hand_in(unit, site.of_unit["Arkivet"], site.file("4.xlsx", "Arkivet", done))
    hand_in(unit, site.of_unit["Simhallen"], site.file("5.xlsx", "Simhallen", {"Öppna kvarnen": "Kvarstår"}))
    unit.goto(site.of_unit["Kulturskolan"])
    unit.get_by_role("link", name="Vi har inget att rapportera").click()
    unit.get_by_role("button", name="Ja, inget att rapportera").click()
    assert unit.get_by_text("Ni har sagt att ni inte har något att rapportera").is_visible()

    approver = site.open(scripts=scripts)
    for name in ("Museet", "Simhallen"):
        approver.goto(site.approver)
        approver.get_by_role("link", name=name).click()
        approver.get_by_role("button", name="Godkänn").click()
        assert approver.get_by_text("Godkänt av Chefen.").is_visible()

    board = site.open(scripts=scripts)
    site.begin(board)
    assert board.get_by_text("5 av 5 har svarat").is_visible()
    board.get_by_role("button", name="Gör sammanställningen").click()
    assert board.get_by_text("Sammanställningen är klar.").is_visible()
    board.get_by_role("button", name="Gör rapporten").click()
    with board.expect_download() as download:
        board.get_by_role("link", name="Hämta rapporten").click()
    assert re.fullmatch(r"Rapport 2026-03-31.*\.docx", download.value.suggested_filename)
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    status = read_status(*open_state(site.project.root))
    states = {line.name: (line.state, line.signed_by) for line in not_empty(status.units)}
    assert states == {
        "Arkivet": ("complete", ""),
        "Biblioteket": ("complete", ""),
        "Kulturskolan": ("nothing", ""),
        "Museet": ("complete", "Chefen"),
        "Simhallen": ("complete", "Chefen"),
    }

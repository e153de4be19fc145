"""The web page as its people use it, without scripts: units hand in, the coordinator sees who has, an approver
approves. A real server with real workers on loopback.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import openpyxl
import pytest
from support.make_project import UNITS, answer, make_project, open_state
from support.not_empty import not_empty
from support.web_server import WebServer, hand_in, run_server, text_of

from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.page_links import make_links
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_status import read_status
from xlflow.project.receive_upload import receive_upload
from xlflow.project.run_round import check_round, merge_round


@dataclass(frozen=True)
class Pages:
    """A server, its project, and the pages behind the links of all units and of an approver."""

    server: WebServer
    project: Project
    of_unit: dict[str, str]
    approver: str


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    project = make_project(tmp_path_factory.mktemp("web"))
    project, state = open_state(project.root)
    tokens = make_links(project, state, UNITS)
    project, state = open_state(project.root)
    approver = make_links(project, state, [""], role="approver", holder="Chefen")[""]
    with run_server(project.root, workers=1) as server:
        yield Pages(server, project, {unit: f"/u/{token}" for unit, token in tokens.items()}, f"/a/{approver}")


def line_of(project: Project, unit: str):
    """Return the line of the status screen about a unit."""
    return next(each for each in read_status(*open_state(project.root)).units if each.name == unit)


def key_of(board: httpx.Response, unit: str) -> str:
    """Return what a unit is called in addresses, from the board."""
    found = re.search(rf'/board/unit/(\w+)">{unit}<', board.text)
    assert found
    return found[1]


def texts_of(content: bytes) -> list[object]:
    """Return what is in the cells of a form's sheet."""
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Uppföljning"]
    return [cell.value for row in sheet.iter_rows() for cell in row]


def test_a_unit_hands_in_sees_what_is_wrong_corrects_it_and_gets_receipts(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Museet"]
    first = client.get(page)
    assert first.status_code == 200
    assert "Ni har inte svarat än" in text_of(first)
    assert "Svara senast 16 april 2026" in text_of(first)

    wrong = hand_in(
        client, page, "Mitt svar.xlsx", answer(pages.project, "Museet", {"Öppna kvarnen": "Klart snart"})
    )
    text = text_of(wrong)
    number = re.search(r"Kvittonummer ([0-9A-F]{4}-[0-9A-F]{4})", text)
    assert number
    assert "Det här behöver rättas" in text
    assert "”Klart snart” finns inte bland svaren för Status." in text
    assert re.search(r"Mitt svar\.xlsx, blad Uppföljning \(Museet\): [A-Z]+\d+", text)
    assert "Välj ett av svaren i listan: Genomfört" in text
    assert line_of(pages.project, "Museet").state == "to-correct"

    right = {"Öppna kvarnen": "Genomfört", "Måla om fasaden": "Pågående"}
    corrected = text_of(hand_in(client, page, "Mitt svar.xlsx", answer(pages.project, "Museet", right)))
    assert "Allt är klart" in corrected
    assert "Det här behöver rättas" not in corrected
    assert "gäller det som kom sist" in corrected
    assert line_of(pages.project, "Museet").state == "complete"

    listed = text_of(client.get(page))
    assert number[1] in listed
    assert len(re.findall(r"[0-9A-F]{4}-[0-9A-F]{4}", listed)) == 2


def test_a_receipt_names_an_event_and_a_file_that_are_on_disk(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Museet"]
    content = answer(pages.project, "Museet", {"Öppna kvarnen": "Genomfört", "Måla om fasaden": "Kvarstår"})
    shown = hand_in(client, page, "M.xlsx", content)
    number = str(shown.url).rpartition("/")[2]
    token = number.replace("-", "").lower()
    events = [path for path in (pages.project.root / "events").glob("*returns-received*") if token in path.name]
    assert len(events) == 1
    kept = list(pages.project.root.glob("rounds/*/received/*/M.xlsx"))
    assert [path.read_bytes() for path in kept] == [content]
    again = hand_in(client, page, "M.xlsx", content)
    assert "räknas en gång" in text_of(again)
    assert str(again.url) != str(shown.url)


def test_the_form_to_download_holds_what_was_handed_in(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Åbro skola"]
    issued = client.get(f"{page}/form")
    assert "attachment" in issued.headers["content-disposition"]
    comment = "Väntar på färgen."
    hand_in(
        client, page, "x.xlsx", answer(pages.project, "Åbro skola", {"Måla om fasaden": f"Pågående|{comment}"})
    )
    filled = client.get(f"{page}/form")
    assert comment in texts_of(filled.content)
    assert comment not in texts_of(issued.content)


def test_the_form_of_another_unit_is_not_taken_in(pages: Pages) -> None:
    client = pages.server.client()
    content = answer(pages.project, "Åbro skola", {"Byta lås": "Utgår|Pengarna är slut."})
    before = sorted(pages.project.root.glob("rounds/*/received/*"))
    refused = hand_in(client, pages.of_unit["Museet"], "fel.xlsx", content)
    assert refused.status_code == 422
    assert "innehåller ett formulär för Åbro skola, men det här är sidan för Museet" in text_of(refused)
    assert sorted(pages.project.root.glob("rounds/*/received/*")) == before


def test_what_cannot_be_read_is_kept_and_the_page_says_what_to_do(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Åbro skola"]
    shown = hand_in(client, page, "trasig.xlsx", b"PK\x03\x04 not really a workbook")
    assert shown.status_code == 200
    assert "Filen är mottagen" in text_of(shown)
    assert "Det här behöver rättas" in text_of(shown)
    assert "trasig.xlsx" in text_of(shown)


def test_mistakes_with_the_file_are_told_on_the_page(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Museet"]
    told = {
        "Välj en fil": client.post(f"{page}/hand-in", files={"file": ("", b"")}),
        "Filen är tom": hand_in(client, page, "tom.xlsx", b""),
        "måste vara .xlsx": hand_in(client, page, "bild.png", b"\x89PNG"),
    }
    for words, shown in told.items():
        assert shown.status_code == 422, words
        assert words in text_of(shown)
    assert told


def test_nothing_to_report_is_asked_for_and_then_counts(pages: Pages) -> None:
    client, page = pages.server.client(), pages.of_unit["Simhallen"]
    assert "Har Simhallen inget att rapportera?" in text_of(client.get(f"{page}/nothing"))
    assert line_of(pages.project, "Simhallen").state == "missing"
    said = client.post(f"{page}/nothing")
    assert "Ni har sagt att ni inte har något att rapportera" in text_of(said)
    assert line_of(pages.project, "Simhallen").state == "nothing"
    hand_in(client, page, "s.xlsx", answer(pages.project, "Simhallen", {"Byta lås": "Genomfört"}))
    assert line_of(pages.project, "Simhallen").state == "complete"


def test_the_board_says_the_same_as_the_status_and_can_be_filtered_by_its_address(pages: Pages) -> None:
    client = pages.server.coordinator()
    board, values = client.get("/board"), client.get("/board.json").json()
    status = read_status(*open_state(pages.project.root))
    assert [(unit["name"], unit["state"], unit["left"], unit["errors"]) for unit in values["units"]] == [
        (unit.name, unit.state, unit.left, unit.errors) for unit in status.units
    ]
    assert f"{values['counts']['answered']} av {values['counts']['asked']} har svarat" in text_of(board)
    filtered = client.get("/board", params={"q": "sim"})
    assert "Visar 1 av 3 enheter" in text_of(filtered)
    assert "Simhallen" in filtered.text
    assert ">Museet<" not in filtered.text


def test_an_approval_is_given_and_falls_when_the_answer_changes(pages: Pages) -> None:
    approver, unit_page = pages.server.client(), pages.of_unit["Simhallen"]
    hand_in(approver, unit_page, "a.xlsx", answer(pages.project, "Simhallen", {"Byta lås": "Pågående"}))
    listed = approver.get(pages.approver)
    found = re.search(rf'({pages.approver}/unit/\w+)">Simhallen<', listed.text)
    assert found
    shown = approver.get(found[1])
    assert "Status: Pågående" in text_of(shown)
    digest = re.search(r'name="answers" value="(\w+)"', shown.text)
    assert digest
    stale = approver.post(found[1], data={"answers": "0" * 32})
    assert stale.status_code == 409
    assert "har ändrats sedan sidan visades" in text_of(stale)
    done = approver.post(found[1], data={"answers": digest[1]})
    assert "Godkänt av Chefen" in text_of(done)
    assert line_of(pages.project, "Simhallen").signed_by == "Chefen"
    hand_in(approver, unit_page, "b.xlsx", answer(pages.project, "Simhallen", {"Byta lås": "Kvarstår"}))
    assert "Godkännandet gäller inte längre" in text_of(approver.get(found[1]))
    assert line_of(pages.project, "Simhallen").sign_off_fell


def test_two_coordinators_do_not_decide_over_each_other(pages: Pages) -> None:
    one, other = pages.server.coordinator(), pages.server.coordinator()
    key = key_of(one.get("/board"), "Museet")
    shown = one.get(f"/board/unit/{key}")
    seen = re.search(r'name="seen" value="(\d+)"', shown.text)
    assert seen
    decision = {"seen": seen[1], "action": "due", "day": "2026-05-01", "because": "Semester"}
    assert one.post(f"/board/unit/{key}/decide", data=decision).status_code == 200
    late = other.post(f"/board/unit/{key}/decide", data={**decision, "day": "2026-06-01"})
    assert late.status_code == 422
    assert "Någon annan har fattat ett beslut om Museet" in text_of(late)
    assert line_of(pages.project, "Museet").due.isoformat() == "2026-05-01"
    without = other.post(f"/board/unit/{key}/decide", data={**decision, "seen": "1", "because": " "})
    assert without.status_code == 422


def test_the_coordinator_merges_reports_and_downloads(pages: Pages) -> None:
    client = pages.server.coordinator()
    hand_in(
        client, pages.of_unit["Museet"], "m.xlsx", answer(pages.project, "Museet", {"Öppna kvarnen": "Kvarstår"})
    )
    merged = client.post("/board/merge")
    assert "Sammanställningen är klar" in text_of(merged)
    workbook = client.get("/board/get/consolidated")
    names = openpyxl.load_workbook(io.BytesIO(workbook.content)).sheetnames
    assert names[0] == "Sammanfattning"
    assert "Rapporten finns i" in text_of(client.post("/board/report"))
    report = client.get("/board/get/report")
    assert report.content[:2] == b"PK"
    assert ".docx" in report.headers["content-disposition"]
    assert re.search("Utkast i|ingen att göra något mejl till", text_of(client.post("/board/remind")))


def test_what_came_in_can_be_downloaded_as_it_came_in_but_nothing_else(pages: Pages) -> None:
    client = pages.server.coordinator()
    hand_in(
        client, pages.of_unit["Museet"], "orig.xlsx", answer(pages.project, "Museet", {"Öppna kvarnen": "Utgår"})
    )
    shown = client.get(f"/board/unit/{key_of(client.get('/board'), 'Museet')}")
    paths = not_empty(
        [path for path in re.findall(r'href="(/board/received/[^"]+)"', shown.text) if "orig" in path]
    )
    got = client.get(paths[0])
    assert got.content[:2] == b"PK"
    assert got.headers["content-type"] == "application/octet-stream"
    assert "attachment" in got.headers["content-disposition"]


@pytest.mark.parametrize(
    ("accepts", "words"), [("en-GB,en", "Get the form"), ("sv", "Hämta"), ("en,sv;q=0.5", "Hämta"), ("", "Hämta")]
)
def test_the_page_speaks_the_form_s_language_or_the_browser_s(pages: Pages, accepts: str, words: str) -> None:
    page = pages.server.client(**{"accept-language": accepts}).get(pages.of_unit["Museet"])
    assert words in text_of(page)
    assert f'<html lang="{"en" if words == "Get the form" else "sv"}">' in page.text


def test_the_language_can_be_chosen_and_stays_so(pages: Pages) -> None:
    client = pages.server.client()
    assert "Hand in" in text_of(client.get(f"{pages.of_unit['Museet']}?lang=en"))
    assert "Hand in" in text_of(client.get(pages.of_unit["Museet"]))


def test_getting_a_page_changes_nothing(pages: Pages) -> None:
    """Mail scanners open every link."""
    client, coordinator = pages.server.client(), pages.server.coordinator()
    before = sorted(path.name for path in (pages.project.root / "events").iterdir())
    for page in not_empty([*pages.of_unit.values()]):
        for path in (page, f"{page}/form", f"{page}/nothing"):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200
        assert client.get(f"{page}/hand-in").status_code == 405
    for path in ("/board", "/board.json", pages.approver):
        assert coordinator.get(path).status_code == 200
    for path in ("/board/merge", "/board/remind", "/end"):
        assert coordinator.get(path).status_code == 405
    assert sorted(path.name for path in (pages.project.root / "events").iterdir()) == before


def test_a_round_without_forms_says_so(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    token = make_links(*open_state(project.root), ["Museet"])["Museet"]
    with run_server(project.root, workers=1) as server:
        refused = server.client().get(f"/u/{token}/form")
    assert refused.status_code == 409
    assert "Museet" in text_of(refused)


def test_a_link_opens_its_own_round_after_the_next_one_has_begun(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    old = make_links(*open_state(project.root), ["Museet"])["Museet"]
    old_approver = make_links(*open_state(project.root), [""], role="approver", holder="Chefen")[""]
    form = answer(project, "Museet", {"Öppna kvarnen": "Genomfört", "Måla om fasaden": "Genomfört"})
    open_round(open_project(project.root), date(2026, 8, 31), date(2026, 9, 15))
    new = make_links(*open_state(project.root), ["Museet"])["Museet"]
    with run_server(project.root, workers=1) as server:
        client = server.client()
        assert "Uppföljning per 31 mars 2026" in text_of(client.get(f"/u/{old}"))
        assert "Uppföljning per 31 augusti 2026" in text_of(client.get(f"/u/{new}"))
        assert "Läget per 31 augusti 2026" in text_of(server.coordinator().get("/board"))
        assert "Allt är klart" in text_of(hand_in(client, f"/u/{old}", "m.xlsx", form))
        assert "Ni har inte svarat än" in text_of(client.get(f"/u/{new}"))
        listed = client.get(f"/a/{old_approver}")
        assert "Uppföljning per 31 mars 2026" in text_of(listed)
        found = re.search(r'(/a/[^"]*/unit/\w+)">Museet<', listed.text)
        assert found
        assert "Status: Genomfört" in text_of(client.get(found[1]))
    assert list(project.root.glob("rounds/2026-03-31/received/*/m.xlsx"))
    assert not list(project.root.glob("rounds/2026-08-31/received/*"))


def test_what_is_handed_in_last_counts_even_within_one_second(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for status in ("Pågående", "Kvarstår", "Genomfört"):
        content = answer(project, "Simhallen", {"Byta lås": status})
        receive_upload(*open_state(project.root), "Simhallen", f"{status}.xlsx", content, by="x")
    times = [file.received for file in open_state(project.root)[1].files]
    assert len({*times}) == 3
    merged = check_round(*open_state(project.root)).merged
    assert merged
    assert [row.row.answer("status").raw_text for row in merged.rows if row.row.unit == "Simhallen"] == [
        "Genomfört"
    ]


def test_an_approver_sees_what_was_answered_last_round(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    first = answer(project, "Simhallen", {"Byta lås": "Pågående|Låsen är beställda."})
    receive_upload(*open_state(project.root), "Simhallen", "1.xlsx", first, by="x")
    merge_round(*open_state(project.root))
    open_round(open_project(project.root), date(2026, 8, 31), date(2026, 9, 15))
    issue_forms(*open_state(project.root))
    second = answer(project, "Simhallen", {"Byta lås": "Genomfört"}, round_name="2026-08-31")
    receive_upload(*open_state(project.root), "Simhallen", "2.xlsx", second, by="x")
    token = make_links(*open_state(project.root), ["Simhallen"], role="approver", holder="Chefen")["Simhallen"]
    with run_server(project.root, workers=1) as server:
        client = server.client()
        listed = client.get(f"/a/{token}")
        keys = re.findall(r"/a/[^\"]*/unit/\w+", listed.text)
        assert len(keys) == 1  # this link is for one unit only
        shown = text_of(client.get(keys[0]))
        other = re.sub(r"\w+$", "0" * 12, keys[0])
        assert client.get(other).status_code == 404
    assert "Byta lås Status: Genomfört" in shown
    assert "Pågående" in shown
    assert "Låsen är beställda." in shown


def test_units_do_not_wait_while_the_round_is_merged(pages: Pages) -> None:
    long_workers = pages.server.context.long_workers
    worker, wait_seconds = long_workers._free.get(), long_workers.wait_seconds  # as if it were at work
    long_workers.wait_seconds = 0.1
    try:
        busy = pages.server.coordinator().post("/board/merge")
        assert busy.status_code == 503
        assert "Vänta en stund" in text_of(busy)
        content = answer(pages.project, "Museet", {"Måla om fasaden": "Utgår|Klart"})
        shown = hand_in(pages.server.client(), pages.of_unit["Museet"], "w.xlsx", content)
        assert "Filen är mottagen" in text_of(shown)
    finally:
        long_workers.wait_seconds = wait_seconds
        long_workers._free.put(worker)

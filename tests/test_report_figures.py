"""Every number of the report of an example, held against a plain count of the sheet `Aktiviteter`."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from openpyxl import load_workbook
from support.not_empty import not_empty
from test_examples import play_example

from xlflow.pipeline.report_operations import write_report

WORDS = ["noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"]
STATUSES = (
    "Genomfört",
    "Pågående",
    "Kvarstår",
    "Kan komma att försenas",
    "Förskjuts",
    "Utgår",
    "Ej besvarad",
)
DEVIATIONS = ("Kan komma att försenas", "Förskjuts", "Utgår")
NUMBER = re.compile(rf"\b(?:{'|'.join(WORDS)}|[0-9]+)\b", re.IGNORECASE)
NOT_COUNTED = re.compile(r"\ben del\b|(?:Diagram|Tabell) [0-9]+")
"""Where a number's word is no number, and the numbers of captions."""

Row = dict[str, str]


@dataclass(frozen=True)
class Shown:
    """The report and the tables that it was made from."""

    main: Element
    page: str
    activities: list[Row]
    parts: list[Row]
    units: list[Row]
    error_count: int

    def counts(self, rows: list[Row]) -> list[int]:
        found = Counter(row["Sammanvägd status"] for row in rows)
        return [found[status] for status in STATUSES]

    def in_perspective(self, name: str) -> list[Row]:
        return [row for row in self.activities if (row["Perspektiv"] or "Enheternas egna aktiviteter") == name]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("followup")
    consolidated = play_example("followup-2021", folder).consolidated
    write_report(consolidated, folder / "r.html", redact=True)
    page = (folder / "r.html").read_text(encoding="utf-8")
    main = re.sub(r"(?s)<form.*?</form>|<svg.*?</svg>", "", page[page.index("<main") : page.index("</main>") + 7])
    rows = list(_read_table(consolidated, "Aktiviteter", "Id"))
    return Shown(
        ElementTree.fromstring(main),
        page,
        [row for row in rows if not row["Delaktivitet"]],
        [row for row in rows if row["Delaktivitet"]],
        list(_read_table(consolidated, "Insamling", "Enhet")),
        sum(row["Allvar"] == "Fel" for row in _read_table(consolidated, "Anmärkningar", "Allvar")),
    )


def _read_table(path: Path, sheet: str, first_heading: str) -> Iterator[Row]:
    """Yield the rows of the first table that begins with a heading, up to the next table or blank row."""
    headings: list[str] = []
    for cells in load_workbook(path, data_only=True)[sheet].iter_rows(values_only=True):
        texts = ["" if cell is None else str(cell) for cell in cells]
        if not headings and texts[0] == first_heading:
            headings = texts
        elif headings and (not any(texts) or (len(texts) > 1 and not any(texts[1:]))):
            return
        elif headings:
            yield dict(zip(headings, texts, strict=True))


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def numbers_in(text: str) -> list[int]:
    found = (match.group().lower() for match in NUMBER.finditer(NOT_COUNTED.sub("", text)))
    return [WORDS.index(word) if word in WORDS else int(word) for word in found]


def sections(main: Element, level: str) -> dict[str, Element]:
    """Return every section by its heading of a level."""
    return {
        text_of(section[0]): section
        for section in main.iter("section")
        if len(section) and section[0].tag == level
    }


def test_the_first_paragraph_and_the_figures_beside_each_other(shown: Shown) -> None:
    activities = shown.activities
    late = sum(row["Passerat slutdatum"] == "Ja" for row in activities)
    partly = sum(bool(row.get("Svarsläge")) for row in activities)
    lead = next(each for each in shown.main.iter("p") if each.get("class") == "lead")
    statuses = [count for count in shown.counts(activities) if count]
    assert numbers_in(text_of(lead)) == [len(activities), *statuses, *[n for n in (partly, late) if n]]
    assert partly, "the example has activities that only some have answered"
    notice = next(each for each in shown.main.iter("p") if text_of(each).startswith("Svaren har"))
    assert numbers_in(text_of(notice))[0] == shown.error_count
    figures = next(each for each in shown.main.iter("ul") if each.get("class") == "figures")
    done = sum(row["Sammanvägd status"] == "Genomfört" for row in activities)
    deviating = sum(row["Sammanvägd status"] in DEVIATIONS for row in activities)
    answered = sum(row["Svar"] != "Saknas" for row in shown.units)
    expected = [[len(activities)], [done], [deviating], [late], [answered, len(shown.units)]]
    assert [numbers_in(text_of(item)) for item in figures] == expected


def test_the_charts_in_words_and_the_table_below_them(shown: Shown) -> None:
    whole, by_perspective = [
        each.get("aria-label", "") for each in shown.main.iter("div") if each.get("role") == "img"
    ]
    assert numbers_in(whole) == shown.counts(shown.activities)
    table = next(iter(shown.main.iter("table")))
    used = [count > 0 for count in shown.counts(shown.activities)]
    rows = [[text_of(cell) for cell in row] for body in table.findall("tbody") for row in body]
    rows += [[text_of(cell) for cell in row] for row in (table.find("tfoot") or [])]
    charted = []
    for name, *cells in rows:
        members = shown.activities if name == "Summa" else shown.in_perspective(name)
        counts = shown.counts(members)
        late = sum(row["Passerat slutdatum"] == "Ja" for row in members)
        shown_counts = [count for count, is_used in zip(counts, used, strict=True) if is_used]
        assert list(map(int, cells)) == [*shown_counts, len(members), late], name
        charted += [] if name == "Summa" else [count for count in counts if count]
    assert rows[-1][0] == "Summa"
    assert numbers_in(by_perspective) == charted


def test_each_perspective_counts_its_own(shown: Shown) -> None:
    chapters = sections(shown.main, "h2")
    names = dict.fromkeys(row["Perspektiv"] or "Enheternas egna aktiviteter" for row in shown.activities)
    for name in not_empty(names):
        members = shown.in_perspective(name)
        sentence = next(
            text_of(each) for each in chapters[name].iter("p") if re.match(r"(?:Av|Alla|En) ", text_of(each))
        )
        counts = [count for count in shown.counts(members) if count]
        numbers = numbers_in(sentence)
        assert numbers[0] == len(members), name
        assert numbers[1:] in (counts, []) or "båda" in sentence, name


def test_every_list_is_as_long_as_its_number(shown: Shown) -> None:
    lists = sections(sections(shown.main, "h2")["Sammanfattning"], "h3")
    for status in ("Genomfört", *DEVIATIONS):
        activities = sum(row["Sammanvägd status"] == status for row in shown.activities)
        length = sum(len(each) for each in lists[status].iter("ul"))
        if status == "Genomfört":
            assert length == activities
            continue
        parts = sum(row["Sammanvägd status"] == status for row in shown.parts)
        assert length == activities + parts, status
        reported = [numbers_in(text_of(each)) for each in lists[status].findall("p")]
        assert reported == ([[activities, parts]] if parts else []), status
    response = sections(shown.main, "h2")["Vilka som har tillfrågats och svarat"]
    unanswered = sections(response, "h3")["Obesvarade aktiviteter"]
    silent = [row for row in shown.activities if row["Sammanvägd status"] == "Ej besvarad"]
    items = [text_of(item) for each in unanswered.iter("ul") for item in each]
    assert len(items) == len(silent)
    partly = [row["Svarsläge"] for row in silent if row["Svarsläge"]]
    assert [text for text in partly if not any(f"({text})" in item for item in items)] == []


def test_who_has_answered(shown: Shown) -> None:
    response = sections(shown.main, "h2")["Vilka som har tillfrågats och svarat"]
    answered = sum(row["Svar"] != "Saknas" for row in shown.units)
    assert numbers_in(text_of(response.findall("p")[0])) == [answered, len(shown.units)]
    rows = [[text_of(cell) for cell in row] for body in response.iter("tbody") for row in body]
    expected = [[row[key] for key in ("Enhet", "Svar", "Aktiviteter", "Obesvarade rader")] for row in shown.units]
    assert rows == expected


def test_what_can_be_filtered_and_what_is_marked_at_the_rows(shown: Shown) -> None:
    rows = Counter(
        row.get("data-status")
        for row in shown.main.iter("tr")
        if row.get("data-status") and row.find("th") is not None
    )
    form = shown.page[shown.page.index("<form") : shown.page.index("</form>")]
    filters = [int(number) for number in re.findall(r"\(([0-9]+)\)", form)]
    assert sorted(filters) == sorted(rows.values())
    cells = [text_of(row) for row in shown.main.iter("tr")]
    for row in (*shown.activities, *shown.parts):
        if row["Svarsläge"]:
            name = (row["Delaktivitet"] or row["Aktivitet"]).split("\n")[0]
            assert any(name in cell and row["Svarsläge"] in cell for cell in cells), name


def test_no_other_sentence_of_the_summary_has_a_number(shown: Shown) -> None:
    summary = sections(shown.main, "h2")["Sammanfattning"]
    paragraphs = [text_of(each) for each in summary.findall("p") if each.get("class") != "lead"]
    assert [text for text in paragraphs if numbers_in(text) and not text.startswith("Svaren har")] == []

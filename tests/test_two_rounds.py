"""Two rounds of the example, 31 March and 31 August: the changes in the sheet are those counted by hand.

The hand went through the two plans and the two files of answers, line by line.
"""

from collections import Counter
from collections.abc import Iterator

import pytest
from openpyxl import Workbook, load_workbook
from support.fill_forms import read_answers
from support.not_empty import not_empty
from test_examples import AUGUST, EXAMPLES, PREVIOUS, Played, play_example

Row = dict[str, object]

DELAYED, LATE, CANCELLED, DONE = "Försenad", "Passerat slutdatum", "Utgår", "Genomförd"
NEW, GONE, STATUS, TIME = "Ny", "Borttagen", "Ändrad status", "Ändrad tid"
COMMENT, PLANNED, SILENT = "Ny kommentar", "Ändrad i planen", "Inget svar nu"

ACTIVITIES = {
    "Arbeta enligt rörelseprogrammets": DELAYED,  # one of its parts is postponed now
    "Utreda ridanläggningen": DELAYED,
    "Öka andelen inköp": DELAYED,  # Förskjuts then too, but for the first time until when: quarter 4, planned 3
    "Ta fram rutiner för att registrera": DELAYED,  # from quarter 4 to the next year
    "Lägga fast hur Kvarnbyn": DELAYED,  # the museum has answered too, and needs until March
    "Förnya reglerna för föreningsbidrag": LATE,  # quarter 2
    "Förbättra arbetsmiljön": LATE,  # quarter 2
    "Pröva avgiftsfria hyrinstrument": CANCELLED,
    "Lämna underlag om vilka lättnader": CANCELLED,
    "Ge tillfälligt stöd": DONE,
    "Göra det lättare för nya elever": DONE,
    "Fråga besökarna": DONE,
    "Samla ortens evenemang": DONE,
    "Ha en plan för uppföljning av varje avtal": DONE,
    "Ställa taxor och avgifter": DONE,
    "Medverka i kommunledningens kartläggning av personal": DONE,
    "Göra distanslektioner": DONE,  # no answer that could be used in March
    "Ta emot fler personer": DONE,
    "Ta emot tio ungdomsambassadörer": DONE,  # the unit's own, in both rounds
    "Ordna simskola": NEW,
    "Samla föreningarnas alla ärenden": NEW,
    "Låna ut vattenleksaker": NEW,  # the unit's own
    "Medverka i kommunledningens kartläggning av kommunikatörs": GONE,
    "Pröva kontor utan fasta platser": GONE,
    "Spela in teatergruppens": GONE,  # a unit's own, not named again
    "Bygga om Hamravallen": STATUS,  # worst of three parts
    "Bygga en ny basutställning": STATUS,  # the museum did not answer in March
    "Utreda om kommunens norra delar": STATUS,
    "Öppna Kvarnlyckans fritidsgård": STATUS,  # worded otherwise in March
    "Bestämma hur fritidsgårdarna": STATUS,
    "Prova nya sätt att ta reda på": STATUS,
    "Genomföra nämndens åtgärder i kommunens klimatplan": STATUS,
    "Bemanna inför kommande": STATUS,
    "Minska sjukfrånvaron": TIME,  # from autumn to quarter 4: no later, only said more exactly
    "Besluta om åtgärder till det nya kulturprogrammet": COMMENT,
    "Arbeta om kulturmiljöprogrammet": COMMENT,
    "Flytta ut mer av kulturskolans": PLANNED,  # has an id of its own now
    "Dela ut bokpåsar": PLANNED,  # was a unit's own
    "Köpa möbler och utrustning": PLANNED,  # stands below another goal
    "Införa en årlig elevdialog": SILENT,
}
PARTS = {
    "Låta alla elever i årskurs 2": DELAYED,
    "Hålla två gymnastiksalar": DELAYED,  # from quarter 4 to the next year
    "Förnya reglerna för hur halltider": DELAYED,
    "Rätta de brister": DELAYED,
    "Nytt biljettsystem": DELAYED,
    "Skicka förslag till nya bidragsregler": LATE,  # quarter 2
    "Säga upp förråd": LATE,  # 31 May
    "Pröva om det gamla pannhuset": CANCELLED,
    "Ha kvällsöppet": DONE,
    "Undersöka hur läsombuden": DONE,
    "Besluta om riktlinjer": DONE,
    "Införa meröppet": DONE,
    "Kartlägga hur flickor": DONE,
    "Upphandla läktare": DONE,
    "Hålla prova på-dagar": DONE,
    "Översätta anmälan": DONE,
    "Byta till styrbar belysning": DONE,
    "Komma överens om arbetssätt": DONE,
    "Hyra ut Hamravallens klubbhus": DONE,
    "Utse en digital stödperson": DONE,
    "Nytt elevregister": DONE,
    "Lägga fram nämndens barnrättsstrategi": DONE,
    "Fördela sommarens feriejobb": DONE,
    "Gå igenom kravprofilen": DONE,
    "Köpa in en verkstadsvagn": NEW,
    "Starta bokcirklar": STATUS,
    "Bygga ett utegym": STATUS,
    "Göra sporthallarnas omklädningsrum": STATUS,
    "Finnas på plats vid skolornas": STATUS,
    "Välja ut tio arbetsmoment": STATUS,
    "Gå igenom hur många medarbetare": STATUS,
}
"""What has become of each line in which anything has changed, by how its own text begins."""

NEW_TIMES = (
    *("Utreda ridanläggningen", "Öka andelen inköp", "Ta fram rutiner", "Lägga fast", "Minska sjukfrånvaron"),
    *(
        "Låta alla elever",
        "Hålla två gymnastiksalar",
        "Förnya reglerna för hur",
        "Rätta de brister",
        "Nytt biljett",
    ),
)
"""The lines for which another time is named than counted in March."""

FOUND_AGAIN = {
    "Öppna Kvarnlyckans fritidsgård": "Fortsätter från",
    "Flytta ut mer av kulturskolans": "Texten",
    "Dela ut bokpåsar": "Texten",
    "Ta emot tio ungdomsambassadörer": "Fortsätter från",  # the form was issued with it
}
"""The lines that are known again by anything else than their id."""


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play_example(AUGUST, tmp_path_factory.mktemp("rounds"))


@pytest.fixture(scope="module")
def workbook(rounds: Played) -> Workbook:
    return load_workbook(rounds.consolidated, data_only=True)


@pytest.fixture(scope="module")
def changes(workbook: Workbook) -> list[Row]:
    headings, *rows = workbook["Förändringar"].iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def test_every_line_that_has_changed_is_there_in_the_way_it_has_and_no_other(changes: list[Row]) -> None:
    for reported, column, expected in (
        ([row for row in changes if not row["Delaktivitet"]], "Aktivitet", ACTIVITIES),
        ([row for row in changes if row["Delaktivitet"]], "Delaktivitet", PARTS),
    ):
        shown = {_begin(str(row[column]), expected): row["Förändring"] for row in reported}
        assert shown == expected
        assert len(reported) == len(expected)


def test_the_summary_counts_what_was_counted_by_hand(workbook: Workbook) -> None:
    rows = list(workbook["Sammanfattning"].iter_rows(values_only=True))
    first = next(place for place, row in enumerate(rows) if row[0] == "Förändringar sedan 31 mars 2021")
    headings = rows[first][1:10]
    for row, expected in zip(rows[first + 1 : first + 3], (ACTIVITIES, PARTS), strict=True):
        counted = dict(zip(headings, row[1:10], strict=True))
        by_hand = Counter(expected.values())
        for kind in (DELAYED, LATE, CANCELLED, DONE, NEW, GONE):
            assert counted[kind] == by_hand[kind], (row[0], kind)
        assert counted[TIME] == len(NEW_TIMES) / 2  # as many activities as parts
    assert _fact(rows, "Rader som har ändrats sedan 31 mars 2021") == len(ACTIVITIES) + len(PARTS)


def test_the_sentence_says_what_was_counted_by_hand(workbook: Workbook) -> None:
    texts = [str(row[0]) for row in workbook["Sammanfattning"].iter_rows(max_row=8, values_only=True)]
    assert (
        "Sedan förra uppföljningen (31 mars 2021) har tio aktiviteter genomförts, två har utgått, fem har "
        "försenats, två har passerat sina slutdatum, tre har tillkommit och tre finns inte längre med."
    ) in " ".join(texts)


def test_statuses_times_and_comments_that_are_new_are_marked(changes: list[Row]) -> None:
    spoken = set(_newly_commented())
    for row in not_empty(changes):
        text = str(row["Delaktivitet"] or row["Aktivitet"])
        both = row["Förändring"] not in (NEW, GONE)
        assert (row["Ändrad tid"] == "Ja") is text.startswith(NEW_TIMES), text
        assert (row["Ny kommentar"] == "Ja") is (both and text in spoken), text
        moved = both and row["Status förut"] != row["Status nu"] and row["Förändring"] != SILENT
        assert (row["Ändrad status"] == "Ja") is moved, text
        assert row["Tid nu"] == row["Tid förut"] or not both or row["Ändrad tid"] == "Ja", text


def test_it_is_said_by_what_a_line_was_known_again(changes: list[Row]) -> None:
    reported = {
        str(row["Delaktivitet"] or row["Aktivitet"]): row["Återfunnen genom"]
        for row in changes
        if row["Återfunnen genom"] not in (None, "Id")
    }
    assert {_begin(text, FOUND_AGAIN): how for text, how in reported.items()} == FOUND_AGAIN


def test_the_forms_show_what_was_answered_in_march(rounds: Played) -> None:
    form = load_workbook(rounds.folder / "blanketter" / "Ungdom och mötesplatser.xlsx")["Uppföljning"]
    rows = list(form.iter_rows(values_only=True))
    headings = next(row for row in rows if "Id" in row)
    shown = {str(row[headings.index("Aktivitet")]): row[headings.index("Förra omgången")] for row in rows}
    opened = shown["Öppna Kvarnlyckans fritidsgård i det nya centrumet"]
    assert str(opened).startswith("Förskjuts\nNy tidpunkt: 2021-11-01\n")


def test_the_history_has_a_line_for_each_and_a_column_for_both(rounds: Played) -> None:
    lines = rounds.transcript.split("$ xlflow history")[1].splitlines()
    assert "31 mars 2021" in lines[1]
    assert "31 augusti 2021" in lines[1]
    assert any(line.split()[-2:] == ["Förskjuts", "Pågående"] for line in lines if "Kvarnlyckans fritids" in line)
    assert any(line.endswith("–                       Pågående") for line in lines if "Ordna simskola" in line)


def _begin(text: str, known: dict[str, str]) -> str:
    return next((begin for begin in known if text.startswith(begin)), text)


def _newly_commented() -> Iterator[str]:
    """Yield the lines of which a unit says something in August that it did not say in March, by its files."""
    march, august = (read_answers(EXAMPLES / name / "answers.csv") for name in (PREVIOUS[AUGUST][0], AUGUST))
    said = {unit: {line["Kommentar/avvikelse"] for line in lines} for unit, lines in march.items()}
    for unit, lines in august.items():
        for line in lines:
            if line["Kommentar/avvikelse"] not in ("", *said.get(unit, ())):
                yield line["Delaktivitet"] or line["Aktivitet"]


def _fact(rows: list[tuple[object, ...]], label: str) -> object:
    found = next(row for row in rows if label in row)
    return next(cell for cell in found[found.index(label) + 1 :] if cell is not None)

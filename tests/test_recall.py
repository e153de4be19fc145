"""The consolidated workbook read back: it says what was merged, corrected by hand or not, in either language."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from merged import draw_merged
from openpyxl import Workbook, load_workbook
from rounds import draw_round
from test_summarise import ANSWERS, ASKED, BUDGET, SUMS

from xlflow.core.findings import Finding, Place, Stop
from xlflow.core.followed import Entry, Followed
from xlflow.core.model import Round
from xlflow.core.words import LANGUAGES, Language
from xlflow.excel.incoming import Book, open_book
from xlflow.recall import find_lost, find_unit, read_followed
from xlflow.summarise import summarise
from xlflow.write import write_consolidated


def write(asked: Round = ASKED, answers: Mapping[str, str] = ANSWERS) -> bytes:
    merged, findings = draw_merged(asked, answers)
    return write_consolidated(summarise(merged, findings), merged)


def open_bytes(content: bytes) -> Book:
    book = open_book(content, "sammanställning.xlsx")
    assert isinstance(book, Book), book
    return book


def read(content: bytes, language: Language | None = None) -> Followed:
    return read_followed(open_bytes(content), language)


def entries(followed: Followed) -> dict[str, Entry]:
    return {entry.line.id: entry for entry in followed.entries}


def edit(content: bytes, change: Callable[[Workbook], None]) -> bytes:
    """Return the workbook as somebody would save it after a change of theirs."""
    book, held = load_workbook(io.BytesIO(content)), io.BytesIO()
    change(book)
    book.save(held)
    return held.getvalue()


def put(sheet: str, line: str, heading: str, text: str | None) -> Callable[[Workbook], None]:
    """Return a change of one cell: under a heading, in the row of a line."""

    def change(book: Workbook) -> None:
        rows = list(book[sheet].iter_rows())
        headings = [cell.value for cell in rows[0]]
        row = next(row for row in rows if row[headings.index("Id")].value == line)
        row[headings.index(heading)].value = text

    return change


# As it was written ----------------------------------------------------------------------------------------


def test_the_lines_come_back_in_order_with_their_levels_units_and_times() -> None:
    followed = read(write())
    assert [entry.line.id for entry in followed.entries][:6] == ["a", "a1", "a2", "b", "c", "d"]
    known = entries(followed)
    assert known["a1"].line.levels == ("Samhälle", "Levande kommun", "Möten", "Scenen", "Bygg golvet")
    assert known["a"].line.units == ("Norr", "Söder")
    assert known["b"].given == {"deadline": "2021-02-28"}
    assert known["b"].answers == {"new_deadline": "Kvartal 3", "comment": "Snön låg kvar"}
    assert (followed.as_of, followed.year, followed.language) == (ASKED.as_of, 2021, "sv")
    assert followed.template == ASKED.template


def test_statuses_come_back_as_codes_and_lines_nobody_answered_as_such() -> None:
    known = entries(read(write()))
    assert {key: known[key].code for key in ("a", "a1", "b", "c", "d")} == {
        "a": "remains",
        "a1": "remains",
        "b": "postponed",
        "c": "cancelled",
        "d": None,
    }
    assert (known["d"].status, known["d"].follows) == ("", False)


def test_a_part_that_follows_its_activity_has_that_activitys_status() -> None:
    part = entries(read(write()))["a2"]
    assert part.follows
    assert part.code is not None


def test_what_each_of_several_units_said_is_told_apart() -> None:
    replies = entries(read(write()))["a"].replies
    assert {reply.unit: reply.answers.get("comment") for reply in replies} == {
        "Norr": "Halva scenen är klar",
        "Söder": None,
    }
    assert next(reply for reply in replies if reply.unit == "Norr").code == "ongoing"


def test_a_units_own_activity_is_known_as_such() -> None:
    own = [entry for entry in read(write()).entries if entry.line.own]
    assert [(entry.line.levels[3], entry.line.units, entry.code) for entry in own] == [
        ("Ny idé", ("Norr",), "done")
    ]


def test_who_was_asked_and_who_answered() -> None:
    asked = {each.unit: (each.answered, each.items, each.unanswered) for each in read(write()).asked}
    assert asked["Norr"][0]
    assert asked["Öster"] == (False, 1, 1)


def test_amounts_come_back_without_losing_a_digit() -> None:
    followed = read(write(BUDGET, SUMS))
    amounts = [value for entry in followed.entries for value in entry.answers.values()]
    assert any(isinstance(amount, Decimal) for amount in amounts)
    assert not any(isinstance(amount, float) for amount in amounts)


def test_an_english_report_of_a_swedish_workbook() -> None:
    known = entries(read(write(), "en"))
    assert known["b"].status == "Postponed"
    assert known["b"].answers["new_deadline"] == "Quarter 3"
    assert known["c"].given == {"deadline": "Se planen"}
    assert known["b"].answers["comment"] == "Snön låg kvar", "what people wrote stays"


def test_a_round_with_nothing_in_it_and_one_nobody_answered() -> None:
    heading = "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet"
    nothing = read(write(draw_round(heading), {}))
    assert nothing.entries == ()
    silent = read(write(ASKED, {}))
    assert {entry.code for entry in silent.entries} == {None}
    assert not any(each.answered for each in silent.asked)


# As somebody corrected it ---------------------------------------------------------------------------------


def test_a_comment_corrected_by_hand_is_what_counts() -> None:
    content = edit(write(), put("Aktiviteter", "b", "Kommentar/avvikelse", "Snön låg kvar till i april."))
    assert entries(read(content))["b"].answers["comment"] == "Snön låg kvar till i april."


def test_a_comment_of_several_units_can_be_corrected_too() -> None:
    text = "Norr: Halva scenen är färdig.\nResten dröjer.\nSöder: Golvet väntar."
    replies = entries(read(edit(write(), put("Aktiviteter", "a", "Kommentar/avvikelse", text))))["a"].replies
    told = {reply.unit: reply.answers.get("comment") for reply in replies}
    assert told == {"Norr": "Halva scenen är färdig.\nResten dröjer.", "Söder": "Golvet väntar."}


def test_a_comment_taken_away_by_hand_is_gone() -> None:
    for line in ("a", "b"):
        entry = entries(read(edit(write(), put("Aktiviteter", line, "Kommentar/avvikelse", None))))[line]
        assert not any("comment" in said.answers for said in (entry, *entry.replies))


@pytest.mark.parametrize("heading", ["Status", "Sammanvägd status"])
def test_a_status_corrected_in_either_column_is_found(heading: str) -> None:
    def change(book: Workbook) -> None:
        put("Aktiviteter", "b", "Status", None)(book)
        put("Aktiviteter", "b", heading, "genomfört ")(book)

    assert entries(read(edit(write(), change)))["b"].code == "done"


@pytest.mark.parametrize(
    ("heading", "text", "code", "status"),
    [
        ("Status", "Genomfört", "done", "Genomfört"),
        ("Sammanvägd status", "Genomfört", "done", "Genomfört"),
        ("Sammanvägd status", "Förskjuts", "postponed", "Förskjuts"),
        ("Sammanvägd status", "vilar tills vidare", None, "vilar tills vidare"),
    ],
)
def test_one_column_corrected_and_the_other_left_is_enough(
    heading: str, text: str, code: str | None, status: str
) -> None:
    entry = entries(read(edit(write(), put("Aktiviteter", "b", heading, text))))["b"]
    assert (entry.code, entry.status) == (code, status)


def test_columns_may_be_moved_and_rows_sorted() -> None:
    def change(book: Workbook) -> None:
        sheet = book["Aktiviteter"]
        sheet.insert_cols(1)
        sheet.insert_rows(1, 2)
        sheet["B1"] = "Rättad av nämndsekreteraren"

    before, after = entries(read(write())), entries(read(edit(write(), change)))
    assert {key: (entry.code, entry.answers) for key, entry in before.items()} == {
        key: (entry.code, entry.answers) for key, entry in after.items()
    }
    assert after["b"].place != before["b"].place


def test_every_line_knows_the_cell_of_its_comment() -> None:
    content = write()
    place = entries(read(content))["b"].place
    assert place
    assert place.sheet == "Aktiviteter"
    assert load_workbook(io.BytesIO(content))["Aktiviteter"][str(place.cell)].value == "Snön låg kvar"


# What is none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["xlflow-round", "Aktiviteter"])
def test_a_workbook_without_its_record_or_its_lines_is_refused(sheet: str) -> None:
    content = edit(write(), lambda book: book.remove(book[sheet]))
    with pytest.raises(Stop) as stop:
        read(content)
    assert [finding.code for finding in stop.value.findings] == ["report-not-consolidated"]


def test_a_unit_is_found_however_it_is_typed_and_an_unknown_one_names_all() -> None:
    followed = read(write())
    assert find_unit(followed, " sÖDER", "a.xlsx") == "Söder"
    found = find_unit(followed, "Väster", "a.xlsx")
    assert isinstance(found, Finding)
    assert dict(found.words)["units"] == "Norr, Söder, Öster"


def test_a_unit_that_says_it_has_nothing_to_report_has_answered() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    merged = replace(
        merged, nothing=(("Öster", Place("Öster.xlsx")),), answered=(*merged.answered, "Öster"), missing=()
    )
    followed = read(write_consolidated(summarise(merged, findings), merged), "en")
    said = next(each for each in followed.asked if each.unit == "Öster")
    assert (said.answered, said.nothing, said.unanswered) == (True, True, 0)


# What people do to the table of lines ---------------------------------------------------------------------


def lost(change: Callable[[Workbook], None]) -> list[tuple[str, object]]:
    book = open_bytes(edit(write(), change))
    return [
        (found.code, dict(found.words).get("heading") or dict(found.words)["ids"])
        for found in find_lost(book, read_followed(book))
    ]


def test_a_sorted_table_is_read_in_the_order_of_the_plan() -> None:
    def turn_round(book: Workbook) -> None:
        sheet = book["Aktiviteter"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), 2):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value

    whole, turned = read(write()), read(edit(write(), turn_round))
    assert [entry.line.id for entry in turned.entries] == [entry.line.id for entry in whole.entries]
    assert lost(turn_round) == []


def test_rows_that_were_taken_out_are_told_and_added_ones_come_last() -> None:
    def replace_first(book: Workbook) -> None:
        book["Aktiviteter"]["A2"].value = "ny"

    assert lost(replace_first) == [("report-lines-gone", "a")]
    assert read(edit(write(), replace_first)).entries[-1].line.id == "ny"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_that_is_gone_is_told_and_without_statuses_there_is_no_report(language: Language) -> None:
    def rename(heading: str) -> Callable[[Workbook], None]:
        def change(book: Workbook) -> None:
            cells = {cell.value: cell for cell in book["Aktiviteter"][1]}
            cells[heading].value = "Annat"

        return change

    told = lost(rename("Kommentar/avvikelse"))
    assert [(code, text.say("sv")) for code, text in told] == [("report-column-gone", "Kommentar/avvikelse")]
    book = open_bytes(edit(write(), rename("Sammanvägd status")))
    with pytest.raises(Stop) as stop:
        find_lost(book, read_followed(book, language))
    assert stop.value.findings[0].code == "report-status-gone"


def test_nothing_is_lost_in_what_was_written() -> None:
    for asked, answers in ((ASKED, ANSWERS), (BUDGET, SUMS)):
        book = open_bytes(write(asked, answers))
        assert find_lost(book, read_followed(book)) == ()

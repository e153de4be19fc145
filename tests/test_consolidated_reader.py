"""The consolidated workbook read back: it says what was merged, corrected by hand or not, in either language."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook
from support.draw_merged import draw_merged
from support.draw_round import draw_round
from test_consolidated_tables import ANSWERS, ASKED, BUDGET, SUMS

from xlflow.consolidated.reader import check_missing_content, read_round_status, resolve_unit_name
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.findings import FatalError, Finding, Location
from xlflow.model.plan import Round
from xlflow.report.compose import ReportOptions
from xlflow.report.report_file import BuildOptions, build_report
from xlflow.rounds.round_status import ItemStatus, RoundStatus


def write(asked: Round = ASKED, answers: Mapping[str, str] = ANSWERS) -> bytes:
    merged, findings = draw_merged(asked, answers)
    return render_consolidated(build_consolidated_content(merged, findings), merged)


def open_bytes(content: bytes) -> WorkbookData:
    opened = open_workbook(content, "sammanställning.xlsx")
    assert isinstance(opened, WorkbookData), opened
    return opened


def read(content: bytes, language: Language | None = None) -> RoundStatus:
    return read_round_status(open_bytes(content), language)


def entries(followed: RoundStatus) -> dict[str, ItemStatus]:
    return {entry.item.id: entry for entry in followed.item_statuses}


def edit(content: bytes, change: Callable[[Workbook], None]) -> bytes:
    """Return the workbook as somebody would save it after a change of theirs."""
    opened, held = load_workbook(io.BytesIO(content)), io.BytesIO()
    change(opened)
    opened.save(held)
    return held.getvalue()


def put(sheet: str, line: str, heading: str, text: str | None) -> Callable[[Workbook], None]:
    """Return a change of one cell: under a heading, in the row of a line."""

    def change(opened: Workbook) -> None:
        rows = list(opened[sheet].iter_rows())
        headings = [cell.value for cell in rows[0]]
        row = next(row for row in rows if row[headings.index("Id")].value == line)
        row[headings.index(heading)].value = text

    return change


# As it was written ----------------------------------------------------------------------------------------


def test_the_lines_come_back_in_order_with_their_levels_units_and_times() -> None:
    followed = read(write())
    assert [entry.item.id for entry in followed.item_statuses][:6] == ["a", "a1", "a2", "b", "c", "d"]
    known = entries(followed)
    assert known["a1"].item.level_texts == ("Samhälle", "Levande kommun", "Möten", "Scenen", "Bygg golvet")
    assert known["a"].item.units == ("Norr", "Söder")
    assert known["b"].plan_values == {"deadline": "2021-02-28"}
    assert known["b"].answers == {"new_deadline": "Kvartal 3", "comment": "Snön låg kvar"}
    assert (followed.as_of, followed.year, followed.language) == (ASKED.as_of, 2021, "sv")
    assert followed.template == ASKED.template


def test_statuses_come_back_as_codes_and_lines_nobody_answered_as_such() -> None:
    known = entries(read(write()))
    assert {key: known[key].status_code for key in ("a", "a1", "b", "c", "d")} == {
        "a": "remains",
        "a1": "remains",
        "b": "postponed",
        "c": None,
        "d": None,
    }
    assert (known["d"].status, known["d"].follows_parent) == ("", False)


def test_a_part_that_follows_its_activity_has_that_activitys_status() -> None:
    part = entries(read(write()))["a2"]
    assert part.follows_parent
    assert part.status_code is not None


def test_what_each_of_several_units_said_is_told_apart() -> None:
    replies = entries(read(write()))["a"].unit_replies
    assert {reply.unit: reply.answers.get("comment") for reply in replies} == {
        "Norr": "Halva scenen är klar",
        "Söder": None,
    }
    assert next(reply for reply in replies if reply.unit == "Norr").status_code == "ongoing"


def test_how_many_have_answered_comes_back_in_the_readers_language() -> None:
    content = write()
    answered = {key: entry.completeness for key, entry in entries(read(content)).items() if entry.completeness}
    assert answered["c"] == "1 av 2 har svarat"
    assert "b" not in answered
    assert "d" not in answered
    assert entries(read(content, "en"))["c"].completeness == "1 of 2 have answered"
    own = edit(content, put("Aktiviteter", "c", "Svarsläge", "Söder har svarat, Öster kommer i maj"))
    assert entries(read(own, "en"))["c"].completeness == "Söder har svarat, Öster kommer i maj"


def test_a_units_own_activity_is_known_as_such() -> None:
    own = [entry for entry in read(write()).item_statuses if entry.item.added_by_unit]
    assert [(entry.item.level_texts[3], entry.item.units, entry.status_code) for entry in own] == [
        ("Ny idé", ("Norr",), "done")
    ]


def test_who_was_asked_and_who_answered() -> None:
    asked = {
        each.unit: (each.has_answered, each.activity_count, each.unanswered_row_count)
        for each in read(write()).unit_statuses
    }
    assert asked["Norr"][0]
    assert asked["Öster"] == (False, 1, 1)


def test_amounts_come_back_without_losing_a_digit() -> None:
    followed = read(write(BUDGET, SUMS))
    amounts = [value for entry in followed.item_statuses for value in entry.answers.values()]
    assert any(isinstance(amount, Decimal) for amount in amounts)
    assert not any(isinstance(amount, float) for amount in amounts)


def test_an_english_report_of_a_swedish_workbook() -> None:
    known = entries(read(write(), "en"))
    assert known["b"].status == "Postponed"
    assert known["b"].answers["new_deadline"] == "Quarter 3"
    assert known["c"].plan_values == {"deadline": "Se planen"}
    assert known["b"].answers["comment"] == "Snön låg kvar", "what people wrote stays"


def test_a_round_with_nothing_in_it_and_one_nobody_answered() -> None:
    heading = "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet"
    nothing = read(write(draw_round(heading), {}))
    assert nothing.item_statuses == ()
    silent = read(write(ASKED, {}))
    assert {entry.status_code for entry in silent.item_statuses} == {None}
    assert not any(each.has_answered for each in silent.unit_statuses)


# As somebody corrected it ---------------------------------------------------------------------------------


def test_a_comment_corrected_by_hand_is_what_counts() -> None:
    content = edit(write(), put("Aktiviteter", "b", "Kommentar/avvikelse", "Snön låg kvar till i april."))
    assert entries(read(content))["b"].answers["comment"] == "Snön låg kvar till i april."


def test_a_comment_of_several_units_can_be_corrected_too() -> None:
    text = "Norr: Halva scenen är färdig.\nResten dröjer.\nSöder: Golvet väntar."
    replies = entries(read(edit(write(), put("Aktiviteter", "a", "Kommentar/avvikelse", text))))["a"].unit_replies
    reported = {reply.unit: reply.answers.get("comment") for reply in replies}
    assert reported == {"Norr": "Halva scenen är färdig.\nResten dröjer.", "Söder": "Golvet väntar."}


def test_a_comment_taken_away_by_hand_is_gone() -> None:
    for line in ("a", "b"):
        entry = entries(read(edit(write(), put("Aktiviteter", line, "Kommentar/avvikelse", None))))[line]
        assert not any("comment" in said.answers for said in (entry, *entry.unit_replies))


@pytest.mark.parametrize("heading", ["Status", "Sammanvägd status"])
def test_a_status_corrected_in_either_column_is_found(heading: str) -> None:
    def change(opened: Workbook) -> None:
        put("Aktiviteter", "b", "Status", None)(opened)
        put("Aktiviteter", "b", heading, "genomfört ")(opened)

    assert entries(read(edit(write(), change)))["b"].status_code == "done"


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
    assert (entry.status_code, entry.status) == (code, status)


def test_columns_may_be_moved_and_rows_sorted() -> None:
    def change(opened: Workbook) -> None:
        sheet = opened["Aktiviteter"]
        sheet.insert_cols(1)
        sheet.insert_rows(1, 2)
        sheet["B1"] = "Rättad av nämndsekreteraren"

    before, after = entries(read(write())), entries(read(edit(write(), change)))
    assert {key: (entry.status_code, entry.answers) for key, entry in before.items()} == {
        key: (entry.status_code, entry.answers) for key, entry in after.items()
    }
    assert after["b"].location != before["b"].location


def test_every_line_knows_the_cell_of_its_comment() -> None:
    content = write()
    place = entries(read(content))["b"].location
    assert place
    assert place.sheet == "Aktiviteter"
    assert load_workbook(io.BytesIO(content))["Aktiviteter"][str(place.cell)].value == "Snön låg kvar"


# What is none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["xlflow_round", "Aktiviteter"])
def test_a_workbook_without_its_record_or_its_lines_is_refused(sheet: str) -> None:
    content = edit(write(), lambda opened: opened.remove(opened[sheet]))
    with pytest.raises(FatalError) as stop:
        read(content)
    assert [finding.code for finding in stop.value.findings] == ["report-not-consolidated"]


def test_a_unit_is_found_however_it_is_typed_and_an_unknown_one_names_all() -> None:
    followed = read(write())
    assert resolve_unit_name(followed, " sÖDER", "a.xlsx") == "Söder"
    found = resolve_unit_name(followed, "Väster", "a.xlsx")
    assert isinstance(found, Finding)
    assert dict(found.params)["units"] == "Norr, Söder, Öster"


def test_a_unit_that_says_it_has_nothing_to_report_has_answered() -> None:
    merged, findings = draw_merged(ASKED, ANSWERS)
    merged = replace(
        merged,
        nothing_to_report_claims=(("Öster", Location("Öster.xlsx")),),
        answered_units=(*merged.answered_units, "Öster"),
        missing_units=(),
    )
    followed = read(render_consolidated(build_consolidated_content(merged, findings), merged), "en")
    said = next(each for each in followed.unit_statuses if each.unit == "Öster")
    assert (said.has_answered, said.has_nothing_to_report, said.unanswered_row_count) == (True, True, 0)


# What people do to the table of lines ---------------------------------------------------------------------


def lost(change: Callable[[Workbook], None]) -> list[tuple[str, object]]:
    opened = open_bytes(edit(write(), change))
    return [
        (found.code, dict(found.params).get("heading") or dict(found.params)["ids"])
        for found in check_missing_content(opened, read_round_status(opened))
    ]


def test_a_sorted_table_is_read_in_the_order_of_the_plan() -> None:
    def turn_round(opened: Workbook) -> None:
        sheet = opened["Aktiviteter"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), 2):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value

    whole, turned = read(write()), read(edit(write(), turn_round))
    assert [entry.item.id for entry in turned.item_statuses] == [entry.item.id for entry in whole.item_statuses]
    assert lost(turn_round) == []


def test_rows_that_were_taken_out_are_reported_and_added_ones_come_last() -> None:
    def replace_first(opened: Workbook) -> None:
        opened["Aktiviteter"]["A2"].value = "ny"

    assert lost(replace_first) == [("report-items-gone", "a")]
    assert read(edit(write(), replace_first)).item_statuses[-1].item.id == "ny"


def append_row(sheet: str, *, below: int = 0, **texts: str) -> Callable[[Workbook], None]:
    """Return a change that adds a row at the bottom of a sheet, under its headings, `below` blank rows."""

    def change(opened: Workbook) -> None:
        headings = [str(cell.value) for cell in next(iter(opened[sheet].iter_rows(max_row=1)))]
        row = opened[sheet].max_row + 1 + below
        for heading, text in texts.items():
            opened[sheet].cell(row, headings.index(heading.replace("_", " ")) + 1).value = text

    return change


def left_out(content: bytes) -> list[tuple[str | None, str]]:
    workbook = open_bytes(content)
    findings = check_missing_content(workbook, read_round_status(workbook))
    return [
        (finding.location.sheet, finding.value or "")
        for finding in findings
        if finding.code == "report-row-left-out"
    ]


def test_a_row_that_was_added_without_an_id_is_read() -> None:
    content = edit(write(), append_row("Aktiviteter", Aktivitet="Ny scen", Sammanvägd_status="Pågående"))
    content = edit(content, append_row("Aktiviteter", Aktivitet="Ny scen", Sammanvägd_status="Pågående"))
    added = [entry for entry in read(content).item_statuses if "Ny scen" in entry.item.level_texts]
    assert [entry.status_code for entry in added] == ["ongoing"] * 2
    assert len({entry.item.id for entry in added}) == 2
    assert left_out(content) == []


def test_rows_that_cannot_be_read_are_named() -> None:
    assert left_out(write()) == []
    assert left_out(edit(write(), append_row("Aktiviteter", Enhet="Norr"))) == [("Aktiviteter", "Norr")]
    assert left_out(edit(write(), append_row("Svar", Enhet="Norr", Status="Utgår"))) == [("Svar", "Norr | Utgår")]
    below = edit(write(), append_row("Aktiviteter", below=2, Id="x", Aktivitet="Ny scen"))
    assert left_out(below) == [("Aktiviteter", "x | Ny scen")]
    assert not [entry for entry in read(below).item_statuses if entry.item.id == "x"]


@pytest.mark.parametrize("word", ["Nästan klar", 1, True, "#REF!", "="])
def test_a_status_corrected_to_any_word_is_read_and_reported(word: object) -> None:
    def change(opened: Workbook) -> None:
        put("Aktiviteter", "b", "Sammanvägd status", None)(opened)
        sheet = opened["Aktiviteter"]
        headings = [cell.value for cell in sheet[1]]
        row = next(row for row in sheet.iter_rows() if row[headings.index("Id")].value == "b")
        row[headings.index("Sammanvägd status")].value = word  # type: ignore[assignment]

    content = edit(write(), change)
    for report_format in ("html", "docx"):
        made = build_report(open_bytes(content), report_format, ReportOptions(), BuildOptions(None))  # type: ignore[arg-type]
        assert made.content
    if isinstance(word, str) and word[0].isalpha():
        made = build_report(open_bytes(content), "html", ReportOptions(), BuildOptions(None))
        assert word in made.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_that_is_gone_is_reported_and_without_statuses_there_is_no_report(language: Language) -> None:
    def rename(heading: str) -> Callable[[Workbook], None]:
        def change(opened: Workbook) -> None:
            cells = {cell.value: cell for cell in opened["Aktiviteter"][1]}
            cells[heading].value = "Annat"

        return change

    reported = lost(rename("Kommentar/avvikelse"))
    assert [(code, text.in_language("sv")) for code, text in reported] == [
        ("report-column-gone", "Kommentar/avvikelse")
    ]
    opened = open_bytes(edit(write(), rename("Sammanvägd status")))
    with pytest.raises(FatalError) as stop:
        check_missing_content(opened, read_round_status(opened, language))
    assert stop.value.findings[0].code == "report-status-gone"


def test_nothing_is_lost_in_what_was_written() -> None:
    for asked, answers in ((ASKED, ANSWERS), (BUDGET, SUMS)):
        opened = open_bytes(write(asked, answers))
        assert check_missing_content(opened, read_round_status(opened)) == ()

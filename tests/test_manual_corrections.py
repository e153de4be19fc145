"""What a person corrects in the consolidated workbook outlives the next merge, or is listed as a conflict."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from support.draw_merged import column_by_id, draw_merged, figures_by_group
from support.draw_round import draw_round
from support.not_empty import not_empty

from xlflow.consolidated.reader import (
    CONSOLIDATED_LIMITS,
    check_added_content,
    check_missing_content,
    read_changed_cells,
    read_listed_conflicts,
    read_round_status,
)
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.change_table import build_current_snapshot
from xlflow.consolidated.tables.manual_corrections import apply_changed_cells, drop_corrected_faults
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, is_as_written, open_workbook
from xlflow.model.findings import FatalError, Finding, remedy_of
from xlflow.model.table import TableCell
from xlflow.pipeline.overwrite_guard import refuse_result_target
from xlflow.rounds.round_status import ItemStatus

ROUND = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn |              | Kvartal 2 | Museet
    b  |            |                        |          | Byta lås    |              | Kvartal 4 | Museet; Åbo
    c  |            |                        |          | Måla om     |              | Kvartal 4 | Åbo
    c1 |            |                        |          |             | Köpa färg    |           | Åbo
""")
MUSEET = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    a  | Förskjuts | Kvartal 3   | Kvarnen är sönder
    b  | Pågående  |             | Lås beställda
"""
ABO = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    b  | Genomfört |             | Klart i maj
    c  | snart     |             |
"""
ANSWERS = {"Museet": MUSEET, "Åbo": ABO}


class Merge:
    """A merge of drawn answers over the workbook that is there (None: none): its tables and its file."""

    def __init__(self, answers: Mapping[str, str], existing: bytes | None = None):
        merged, findings = draw_merged(ROUND, answers)
        if existing is not None:
            earlier = opened(existing)
            cells = (*read_changed_cells(earlier), *read_listed_conflicts(earlier))
            merged, notes = apply_changed_cells(merged, cells)
            findings = (*drop_corrected_faults(merged, findings), *notes)
        self.findings, self.merged = findings, merged
        self.content = build_consolidated_content(merged, findings)
        self.file = render_consolidated(self.content, merged)

    @property
    def listed(self) -> list[tuple[TableCell, ...]]:
        """The rows of the table of corrections: unit, id, column, answer, correction, state."""
        table = self.content.tables_by_name.get("corrections")
        return [(*row[:2], *row[3:]) for row in table.rows] if table else []

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings if "correction" in finding.code]

    def activities(self, heading: str) -> dict[str, object]:
        return column_by_id(self.content.tables_by_name["activities"], heading)

    def answers(self, heading: str) -> dict[tuple[Any, Any], object]:
        table = self.content.tables_by_name["answers"]
        column = [each.heading for each in table.columns].index(heading)
        return {(row[0], row[1]): row[column] for row in table.rows}


def opened(content: bytes) -> WorkbookData:
    workbook = open_workbook(content, "s.xlsx", CONSOLIDATED_LIMITS)
    assert not isinstance(workbook, Finding)
    return workbook


def edit(content: bytes, change: Callable[[Workbook], object]) -> bytes:
    """Return the workbook as a person saves it in another program."""
    workbook, saved = load_workbook(BytesIO(content)), BytesIO()
    change(workbook)
    workbook.save(saved)
    return saved.getvalue()


def write(workbook: Workbook, sheet: str, item_id: str, heading: str, text: object, unit: str = "") -> None:
    """Write a text under a heading in the row of a plan item, in `Svar` in that of a unit."""
    rows = list(workbook[sheet].iter_rows())
    headings = [cell.value for cell in rows[0]]
    for row in rows[1:]:
        if row[headings.index("Id")].value == item_id and unit in ("", row[headings.index("Enhet")].value):
            row[headings.index(heading)].value = text  # type: ignore[union-attr]
            return
    raise AssertionError(f"no row {unit} {item_id}")


def corrected(content: bytes, *cells: tuple[str, ...]) -> bytes:
    def change(workbook: Workbook) -> None:
        for cell in cells:
            write(workbook, *cell)

    return edit(content, change)


COMMENT = "Kommentar/avvikelse"


def test_a_workbook_that_nobody_touched_has_no_corrections() -> None:
    first = Merge(ANSWERS)
    assert read_changed_cells(opened(first.file)) == ()
    assert read_changed_cells(opened(edit(first.file, str))) == ()
    assert check_added_content(opened(edit(first.file, str))) == ()
    again = Merge(ANSWERS, first.file)
    assert again.listed == []
    assert again.file == first.file


def test_a_correction_in_the_answers_is_carried_over_and_counted_again_and_again() -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Svar", "a", "Status", "Kan komma att försenas", "Museet"))
    for _ in range(3):
        merge = Merge(ANSWERS, changed)
        assert merge.listed == [("Museet", "a", "Status", "Förskjuts", "Kan komma att försenas", "Kvar")]
        assert merge.codes == ["corrections-kept"]
        assert merge.answers("Status")["Museet", "a"] == "Kan komma att försenas"
        assert merge.activities("Status")["a"] == "Kan komma att försenas"
        assert merge.activities("Sammanvägd status")["a"] == "Kan komma att försenas"
        assert "Förskjuts" not in figures_by_group(merge.content, "perspective")["Samhälle"]
        changed = merge.file


def test_a_correction_among_the_activities_is_one_of_the_only_units_answer() -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Aktiviteter", "a", COMMENT, "Kvarnen lagas i höst"))
    for _ in range(2):
        merge = Merge(ANSWERS, changed)
        assert merge.listed == [("Museet", "a", COMMENT, "Kvarnen är sönder", "Kvarnen lagas i höst", "Kvar")]
        assert merge.answers(COMMENT)["Museet", "a"] == "Kvarnen lagas i höst"
        assert merge.activities(COMMENT)["a"] == "Kvarnen lagas i höst"
        changed = merge.file
    changed = corrected(changed, ("Aktiviteter", "a", COMMENT, "Kvarnen lagas i vår"))
    merge = Merge(ANSWERS, changed)
    assert merge.listed == [("Museet", "a", COMMENT, "Kvarnen är sönder", "Kvarnen lagas i vår", "Kvar")]


@pytest.mark.parametrize("heading", ["Status", "Sammanvägd status"])
def test_a_status_corrected_over_several_units_stands_for_all_of_them(heading: str) -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Aktiviteter", "b", heading, "Kvarstår"))
    for _ in range(2):
        merge = Merge(ANSWERS, changed)
        assert merge.listed == [(None, "b", heading, "Pågående", "Kvarstår", "Kvar")]
        assert merge.activities(heading)["b"] == "Kvarstår"
        assert merge.activities("Sammanvägd status")["b"] == "Kvarstår"
        assert merge.answers("Status")["Museet", "b"] == "Pågående"
        changed = merge.file


def test_a_comment_over_several_units_is_kept_as_it_was_corrected() -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Aktiviteter", "b", COMMENT, "Låsen byts."))
    merge = Merge(ANSWERS, Merge(ANSWERS, changed).file)
    assert merge.activities(COMMENT)["b"] == "Låsen byts."
    assert merge.listed == [(None, "b", COMMENT, "Museet: Lås beställda\nÅbo: Klart i maj", "Låsen byts.", "Kvar")]


def test_where_the_answer_has_changed_too_the_answer_counts_and_both_are_listed() -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Svar", "a", COMMENT, "Kvarnen lagas", "Museet"))
    newer = {**ANSWERS, "Museet": MUSEET.replace("Kvarnen är sönder", "Kvarnen är riven")}
    merge = Merge(newer, changed)
    assert merge.answers(COMMENT)["Museet", "a"] == "Kvarnen är riven"
    assert merge.listed == [
        ("Museet", "a", COMMENT, "Kvarnen är riven", "Kvarnen lagas", "Krock: enhetens svar gäller")
    ]
    (conflict,) = [finding for finding in merge.findings if finding.code == "correction-conflict"]
    assert (conflict.location.file, conflict.location.sheet) == ("s.xlsx", "Svar")
    assert conflict.location.cell
    again = Merge(newer, merge.file)
    assert again.answers(COMMENT)["Museet", "a"] == "Kvarnen är riven"
    assert (again.listed, again.codes) == (merge.listed, []), "listed until its row is deleted, and reported once"
    settled = Merge(newer, corrected(merge.file, ("Svar", "a", COMMENT, "Kvarnen lagas", "Museet")))
    assert [row[-1] for row in settled.listed] == ["Kvar"]


def test_a_correction_that_the_unit_has_made_itself_since_is_none_any_more() -> None:
    first = Merge(ANSWERS)
    changed = corrected(first.file, ("Svar", "a", COMMENT, "Kvarnen lagas", "Museet"))
    merge = Merge({**ANSWERS, "Museet": MUSEET.replace("Kvarnen är sönder", "Kvarnen lagas")}, changed)
    assert (merge.listed, merge.codes) == ([], [])


def test_an_unreadable_status_is_mended_by_a_correction_and_its_fault_is_gone() -> None:
    first = Merge(ANSWERS)
    merge = Merge(ANSWERS, corrected(first.file, ("Svar", "c", "Status", "Pågående", "Åbo")))
    assert merge.activities("Sammanvägd status")["c"] == "Pågående"
    assert merge.listed == [("Åbo", "c", "Status", "snart", "Pågående", "Kvar")]


def test_a_correction_that_is_not_in_the_list_is_shown_but_does_not_count() -> None:
    first = Merge(ANSWERS)
    merge = Merge(ANSWERS, corrected(first.file, ("Svar", "a", "Status", "kanske", "Museet")))
    assert merge.answers("Status")["Museet", "a"] == "kanske"
    assert merge.activities("Sammanvägd status")["a"] == "Ej besvarad"
    assert merge.codes == ["correction-not-understood"]
    assert merge.listed == [("Museet", "a", "Status", "Förskjuts", "kanske", "Ej förstådd: räknas inte")]


def test_an_emptied_cell_is_a_correction() -> None:
    first = Merge(ANSWERS)
    merge = Merge(ANSWERS, corrected(first.file, ("Svar", "a", "Ny tidpunkt", None, "Museet")))  # type: ignore[arg-type]
    assert merge.answers("Ny tidpunkt")["Museet", "a"] is None
    assert merge.listed == [("Museet", "a", "Ny tidpunkt", "Kvartal 3", None, "Kvar")]


def test_a_status_written_for_a_unit_that_is_silent_counts_for_its_activity() -> None:
    first = Merge({"Museet": MUSEET})
    merge = Merge({"Museet": MUSEET}, corrected(first.file, ("Aktiviteter", "c", "Status", "Pågående")))
    assert merge.activities("Sammanvägd status")["c"] == "Pågående"


def forget(workbook: Workbook) -> None:
    """Take out what was written for seeing corrections, as it is missing in a workbook of an earlier version."""
    hidden = workbook["xlflow_round"]
    for row in range(hidden.max_row, 0, -1):
        if str(hidden.cell(row, 1).value).startswith(("answers_", "activities_", "sheet_names")):
            hidden.delete_rows(row)


def damage(workbook: Workbook) -> None:
    hidden = workbook["xlflow_round"]
    for row in range(1, hidden.max_row + 1):
        if str(hidden.cell(row, 1).value).startswith("answers_fingerprints"):
            hidden.cell(row, 2).value = "["


def blank(workbook: Workbook) -> None:
    workbook["xlflow_round"].delete_rows(1, 1000)


def remove(workbook: Workbook) -> None:
    del workbook["xlflow_round"]


@pytest.mark.parametrize("lose", [forget, damage, blank, remove])
def test_a_merge_stops_before_it_loses_corrections_that_it_cannot_see(
    lose: Callable[[Workbook], None], tmp_path: Path
) -> None:
    target = tmp_path / "s.xlsx"
    target.write_bytes(edit(corrected(Merge(ANSWERS).file, ("Svar", "a", COMMENT, "Ny", "Museet")), lose))
    with pytest.raises(FatalError) as refused:
        refuse_result_target(target, force=False)
    assert [finding.code for finding in refused.value.findings] == ["target-corrections-unseen"]
    assert "-o" in remedy_of(refused.value.findings[0], "sv")
    assert refuse_result_target(target, force=True) == ()


def test_a_report_says_where_corrections_cannot_be_seen() -> None:
    for content, expected in (
        (Merge(ANSWERS).file, []),
        (edit(Merge(ANSWERS).file, forget), ["report-corrections-unseen"]),
    ):
        workbook = opened(content)
        found = check_missing_content(workbook, read_round_status(workbook))
        assert [finding.code for finding in found if finding.code == "report-corrections-unseen"] == expected


def test_a_workbook_without_fingerprints_is_read_as_before() -> None:
    changed = corrected(edit(Merge(ANSWERS).file, forget), ("Svar", "a", COMMENT, "x", "Museet"))
    assert read_changed_cells(opened(changed)) == ()
    assert check_added_content(opened(changed)) == ()


def add_sheet(workbook: Workbook) -> None:
    workbook.create_sheet("Eget")["B2"] = "Att göra"


def add_row(workbook: Workbook) -> None:
    workbook["Svar"].append(["Museet", "x", "Eget"])


def add_text_below(workbook: Workbook) -> None:
    workbook["Aktiviteter"].cell(workbook["Aktiviteter"].max_row + 3, 2).value = "Fråga Åbo"


def add_column(workbook: Workbook) -> None:
    sheet = workbook["Aktiviteter"]
    sheet.cell(1, sheet.max_column + 1).value = "Min anteckning"


def add_comment(workbook: Workbook) -> None:
    workbook["Svar"]["C2"].comment = Comment("Ring dem", "Chefen")


@pytest.mark.parametrize("add", [add_sheet, add_row, add_text_below, add_column, add_comment])
def test_what_a_merge_cannot_keep_is_found(add: Callable[[Workbook], None]) -> None:
    found = check_added_content(opened(edit(Merge(ANSWERS).file, add)))
    assert [finding.code for finding in found] == ["target-has-additions"]
    assert found[0].location.sheet
    assert found[0].value


def test_a_merge_stops_before_it_loses_an_addition_and_finds_the_corrections(tmp_path: Path) -> None:
    target, first = tmp_path / "s.xlsx", Merge(ANSWERS).file
    target.write_bytes(edit(corrected(first, ("Svar", "a", COMMENT, "Ny", "Museet")), add_sheet))
    with pytest.raises(FatalError) as refused:
        refuse_result_target(target, force=False)
    assert [finding.code for finding in refused.value.findings] == ["target-has-additions"]
    assert [cell.text for cell in refuse_result_target(target, force=True)] == ["Ny"]
    assert refuse_result_target(tmp_path / "ny.xlsx", force=False) == ()


def test_the_changes_since_the_round_before_show_what_was_corrected_over_several_units() -> None:
    changed = corrected(Merge(ANSWERS).file, ("Aktiviteter", "b", COMMENT, "Låsen byts."))
    snapshot = build_current_snapshot(MergedIndex(Merge(ANSWERS, changed).merged, ()))
    assert {each.item.id: each.comment for each in snapshot.item_snapshots}["b"] == "Låsen byts."


def test_a_sorted_table_has_no_corrections() -> None:
    def sort(workbook: Workbook) -> None:
        sheet = workbook["Svar"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), 2):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value  # type: ignore[assignment]

    changed = edit(Merge(ANSWERS).file, sort)
    assert read_changed_cells(opened(changed)) == ()
    assert check_added_content(opened(changed)) == ()


def report_of(answers: Mapping[str, str], *cells: tuple[str, ...]) -> tuple[dict[str, ItemStatus], list[Finding]]:
    """Return what a report reads of a corrected workbook: the state of each plan item, and notes on the sheets."""
    workbook = opened(corrected(Merge(answers).file, *cells))
    round_status = read_round_status(workbook)
    return dict(round_status.status_by_id), list(check_missing_content(workbook, round_status))


def test_a_report_follows_a_status_corrected_in_the_answers_and_says_so() -> None:
    statuses, notes = report_of(ANSWERS, ("Svar", "a", "Status", "Genomfört", "Museet"))
    assert statuses["a"].status == "Genomfört"
    assert [(note.code, note.location.sheet, note.value) for note in notes] == [
        ("report-status-recomputed", "Aktiviteter", "Förskjuts")
    ]
    assert report_of(ANSWERS)[1] == []


def test_a_status_corrected_in_the_answers_of_several_units_is_rolled_up_anew() -> None:
    statuses, _ = report_of(ANSWERS, ("Svar", "b", "Status", "Genomfört", "Museet"))
    assert (statuses["b"].status, statuses["b"].completeness) == ("Genomfört", "")
    statuses, _ = report_of(ANSWERS, ("Svar", "b", "Status", None, "Museet"))  # type: ignore[arg-type]
    assert (statuses["b"].status, statuses["b"].completeness) == ("", "1 av 2 har svarat")
    assert {reply.unit: reply.status for reply in statuses["b"].unit_replies} == {"Museet": "", "Åbo": "Genomfört"}


def test_a_status_corrected_over_several_units_among_the_activities_is_followed() -> None:
    statuses, notes = report_of(ANSWERS, ("Aktiviteter", "b", "Status", "Kvarstår"))
    assert statuses["b"].status == "Kvarstår"
    assert [note.value for note in notes] == ["Pågående"]


def test_an_activity_and_its_parts_follow_a_status_corrected_in_one_of_them() -> None:
    statuses, _ = report_of(ANSWERS, ("Aktiviteter", "c1", "Status", "Kvarstår"))
    assert (statuses["c"].status, statuses["c1"].status) == ("Kvarstår", "Kvarstår")
    statuses, _ = report_of(ANSWERS, ("Svar", "c", "Status", "Pågående", "Åbo"))
    assert (statuses["c"].status, statuses["c1"].follows_parent) == ("Pågående", True)


def test_a_report_and_the_next_merge_say_the_same_of_a_corrected_workbook() -> None:
    for cells in (
        [("Svar", "a", "Status", "Genomfört", "Museet")],
        [("Svar", "b", "Status", "Förskjuts", "Åbo"), ("Aktiviteter", "c1", "Status", "Utgår")],
        [("Aktiviteter", "b", "Status", "Utgår"), ("Svar", "c", "Status", "Kvarstår", "Åbo")],
        [("Aktiviteter", "a", "Sammanvägd status", "Kvarstår")],
    ):
        changed = corrected(Merge(ANSWERS).file, *cells)
        read = read_round_status(opened(changed)).status_by_id
        merged = read_round_status(opened(Merge(ANSWERS, changed).file)).status_by_id
        for item_id, status in read.items():
            other = merged[item_id]
            assert (status.status, status.completeness) == (other.status, other.completeness), (cells, item_id)
            assert status.is_overdue == other.is_overdue


def test_a_comment_corrected_in_the_answers_is_in_the_report() -> None:
    cells = [("Svar", "a", COMMENT, "Ny", "Museet"), ("Svar", "b", COMMENT, "Annat", "Åbo")]
    statuses, _ = report_of(ANSWERS, *cells)
    assert statuses["a"].answers["comment"] == "Ny"
    assert statuses["b"].answers["comment"] == "Museet: Lås beställda\nÅbo: Annat"
    assert [reply.answers["comment"] for reply in statuses["b"].unit_replies] == ["Lås beställda", "Annat"]


def test_a_corrected_deadline_decides_what_is_overdue() -> None:
    statuses, _ = report_of(ANSWERS, ("Svar", "a", "Ny tidpunkt", "2021-02-01", "Museet"))
    assert statuses["a"].is_overdue
    assert statuses["a"].answers["new_deadline"] == "2021-02-01"


STATUSES = ("Genomfört", "Pågående", "Kvarstår", "Förskjuts", "Utgår", "strax")


@pytest.mark.parametrize("seed", range(8))
def test_random_corrections_are_all_carried_over_or_listed(seed: int) -> None:
    random = Random(seed)
    texts = {"Status": STATUSES, "Ny tidpunkt": ("Kvartal 4", "2022-03-01"), COMMENT: ("Ändrat", "Nytt läge")}
    rows = [("Museet", "a"), ("Museet", "b"), ("Åbo", "b"), ("Åbo", "c"), ("Åbo", "c1")]
    cells = {}
    for _ in range(random.randint(1, 6)):
        heading = random.choice(list(texts))
        unit, item_id = random.choice(rows)
        sheet = random.choice(("Svar", "Aktiviteter"))
        unit = unit if sheet == "Svar" else ""
        cells[sheet, item_id, heading, unit] = random.choice(texts[heading])
    first = Merge(ANSWERS)
    changed = corrected(
        first.file, *((sheet, item, heading, text, unit) for (sheet, item, heading, unit), text in cells.items())
    )
    newer = ANSWERS if random.random() < 0.5 else {**ANSWERS, "Åbo": ABO.replace("Klart i maj", "Klart i juni")}
    merge = Merge(newer, changed)
    listed = {(str(row[1]), str(row[2]), str(row[4])) for row in merge.listed}
    for (sheet, item_id, heading, unit), text in not_empty(cells.items()):
        shown = merge.answers(heading)[unit, item_id] if sheet == "Svar" else merge.activities(heading)[item_id]
        assert (item_id, heading, text) in listed or shown == text, (sheet, item_id, heading, text)
    for unit, item_id, heading, _, text, state in not_empty(merge.listed):
        if state == "Kvar":
            shown = (
                merge.answers(str(heading))[unit, item_id]
                if unit
                else merge.activities(str(heading))[str(item_id)]
            )
            assert shown == text
    again = Merge(newer, merge.file)
    kept = [row for row in merge.listed if row[-1] == "Kvar"]
    assert [row for row in again.listed if row[-1] == "Kvar"] == kept


# The seal -------------------------------------------------------------------------------------------------


def test_a_workbook_that_nobody_has_saved_since_need_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(Merge(ANSWERS).file)
    assert is_as_written(path, CONSOLIDATED_LIMITS)
    path.write_bytes(edit(Merge(ANSWERS).file, str))
    assert not is_as_written(path, CONSOLIDATED_LIMITS), "saved by another program"


def test_an_altered_part_breaks_the_seal(tmp_path: Path) -> None:
    source, target = tmp_path / "s.xlsx", tmp_path / "t.xlsx"
    source.write_bytes(Merge(ANSWERS).file)
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        names = old.namelist()
        for name in names:
            new.writestr(name, old.read(name).replace(b"Kvarnen", b"Skolan"))
    assert "xl/sharedStrings.xml" in names
    assert not is_as_written(target, CONSOLIDATED_LIMITS)


def test_a_workbook_with_corrections_bears_no_seal(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    again = Merge(ANSWERS, corrected(Merge(ANSWERS).file, ("Svar", "a", COMMENT, "Kvarnen är lagad", "Museet")))
    assert again.listed
    path.write_bytes(again.file)
    assert not is_as_written(path, CONSOLIDATED_LIMITS)
    assert refuse_result_target(path, force=False)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"eget"])
def test_what_is_no_workbook_bears_no_seal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(content)
    assert not is_as_written(path, CONSOLIDATED_LIMITS)
    assert not is_as_written(tmp_path / "saknas.xlsx", CONSOLIDATED_LIMITS)

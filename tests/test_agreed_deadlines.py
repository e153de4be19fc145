"""A later time that an earlier round agreed on stays in force for as many rounds as nobody moves it."""

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from support.draw_merged import column_by_id, draw_merged
from support.draw_round import draw_round

from xlflow.consolidated.reader import CONSOLIDATED_LIMITS, build_snapshot, read_changed_cells, read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.tables.manual_corrections import apply_changed_cells
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.agreed_deadlines import decode_agreed_deadlines
from xlflow.model.findings import Finding

if TYPE_CHECKING:
    from xlflow.rounds.round_changes import RoundSnapshot

PLAN = """
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet  | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn |             | 2021-03-31 | Museet
    b  |            |                        |          | Byta lås    |             | 2021-03-31 | Museet; Åbo
"""
MOVED = """
    Id | Status    | Ny tidpunkt | Kommentar/avvikelse
    a  | Förskjuts | 2021-12-31  | Kvarnen är sönder
    b  | Förskjuts | 2021-12-31  | Låsen är slut
"""
GOES_ON = """
    Id | Status   | Ny tidpunkt | Kommentar/avvikelse
    a  | Pågående |             |
    b  | Pågående |             |
"""
DONE = GOES_ON.replace("Pågående", "Genomfört")


def opened(content: bytes) -> WorkbookData:
    workbook = open_workbook(content, "s.xlsx", CONSOLIDATED_LIMITS)
    assert not isinstance(workbook, Finding)
    return workbook


class Followed:
    """One round after another, each read from the workbook of the one before it."""

    def __init__(self) -> None:
        self.previous: RoundSnapshot | None = None
        self.file = b""

    def merge(self, as_of: date, museet: str, abo: str, *, corrected: bytes | None = None) -> dict[str, object]:
        """Return what the table of activities says of overdue items, and keep the workbook."""
        merged, findings = draw_merged(draw_round(PLAN, as_of=as_of), {"Museet": museet, "Åbo": abo})
        if corrected is not None:
            merged, _ = apply_changed_cells(merged, read_changed_cells(opened(corrected)))
        content = build_consolidated_content(merged, findings, self.previous)
        self.file = render_consolidated(content, merged)
        return column_by_id(content.tables_by_name["activities"], "Passerat slutdatum")

    def go_on(self) -> None:
        self.previous = build_snapshot(read_round_status(opened(self.file)), "s.xlsx", "0" * 64)


def abo_only(table: str) -> str:
    return "\n".join(line for line in table.splitlines() if not line.strip().startswith("a"))


def edit(content: bytes, sheet: str, cell_of: tuple[str, str], text: str, unit: str = "") -> bytes:
    """Return the workbook with one cell (item id, heading) written by a person."""
    workbook, saved = load_workbook(BytesIO(content)), BytesIO()
    rows = list(workbook[sheet].iter_rows())
    headings = [cell.value for cell in rows[0]]
    hits = [
        row[headings.index(cell_of[1])]
        for row in rows[1:]
        if row[headings.index("Id")].value == cell_of[0] and unit in ("", row[headings.index("Enhet")].value)
    ]
    assert len(hits) == 1
    hits[0].value = text
    workbook.save(saved)
    return saved.getvalue()


def overdue_in_report(content: bytes) -> dict[str, str]:
    statuses = read_round_status(opened(content)).item_statuses
    return {entry.item.id: "Ja" if entry.is_overdue else "Nej" for entry in statuses}


def test_the_agreed_time_stands_over_two_rounds_in_which_nobody_repeats_it() -> None:
    rounds = Followed()
    assert rounds.merge(date(2021, 3, 31), MOVED, abo_only(MOVED)) == {"a": "Nej", "b": "Nej"}
    for as_of in (date(2021, 8, 31), date(2021, 12, 31)):
        rounds.go_on()
        assert rounds.merge(as_of, GOES_ON, abo_only(GOES_ON)) == {"a": "Nej", "b": "Nej"}, as_of
    rounds.go_on()
    assert rounds.merge(date(2022, 3, 31), GOES_ON, abo_only(GOES_ON)) == {"a": "Ja", "b": "Ja"}


def test_a_time_that_is_said_again_after_two_rounds_is_no_delay() -> None:
    rounds = Followed()
    rounds.merge(date(2021, 3, 31), MOVED, abo_only(MOVED))
    rounds.go_on()
    rounds.merge(date(2021, 8, 31), GOES_ON, abo_only(GOES_ON))
    rounds.go_on()
    merged, findings = draw_merged(
        draw_round(PLAN, as_of=date(2021, 10, 31)),
        {"Museet": GOES_ON.replace("Pågående |   ", "Pågående | 2021-12-31 "), "Åbo": abo_only(GOES_ON)},
    )
    changes = build_consolidated_content(merged, findings, rounds.previous).tables_by_name["changes"]
    assert "Försenad" not in column_by_id(changes, "Förändring").values()


@pytest.mark.parametrize(
    ("sheet", "item", "unit", "heading", "text", "expected"),
    [
        ("Svar", "a", "Museet", "Status", "Pågående", "Nej"),
        ("Svar", "b", "Åbo", "Status", "Kvarstår", "Nej"),
        ("Aktiviteter", "a", "", "Status", "Pågående", "Nej"),
        ("Aktiviteter", "b", "", "Sammanvägd status", "Pågående", "Nej"),
        ("Svar", "a", "Museet", "Ny tidpunkt", "2021-06-30", "Nej"),  # done
        ("Aktiviteter", "b", "", "Ny tidpunkt", "2021-06-30", "Nej"),  # done
    ],
)
def test_a_correction_by_hand_is_judged_by_the_agreed_time(
    sheet: str, item: str, unit: str, heading: str, text: str, expected: str
) -> None:
    rounds = Followed()
    rounds.merge(date(2021, 3, 31), MOVED, abo_only(MOVED))
    rounds.go_on()
    rounds.merge(date(2021, 8, 31), DONE, abo_only(DONE))
    corrected = edit(rounds.file, sheet, (item, heading), text, unit)
    assert overdue_in_report(corrected)[item] == expected
    again = rounds.merge(date(2021, 8, 31), DONE, abo_only(DONE), corrected=corrected)
    assert again[item] == expected
    assert overdue_in_report(rounds.file)[item] == expected


@pytest.mark.parametrize(("sheet", "unit"), [("Svar", "Museet"), ("Aktiviteter", "")])
def test_a_time_corrected_by_hand_goes_before_the_agreed_one(sheet: str, unit: str) -> None:
    rounds = Followed()
    rounds.merge(date(2021, 3, 31), MOVED, abo_only(MOVED))
    rounds.go_on()
    rounds.merge(date(2021, 8, 31), GOES_ON, abo_only(GOES_ON))
    corrected = edit(rounds.file, sheet, ("b", "Ny tidpunkt"), "2021-06-30", unit)
    assert overdue_in_report(corrected)["b"] == "Ja"
    assert rounds.merge(date(2021, 8, 31), GOES_ON, abo_only(GOES_ON), corrected=corrected)["b"] == "Ja"


def test_without_an_agreed_time_the_plan_decides_after_a_correction_too() -> None:
    rounds = Followed()
    rounds.merge(date(2021, 8, 31), DONE, abo_only(DONE))
    corrected = edit(rounds.file, "Svar", ("b", "Status"), "Kvarstår", "Åbo")
    assert overdue_in_report(corrected) == {"a": "Nej", "b": "Ja"}
    assert rounds.merge(date(2021, 8, 31), DONE, abo_only(DONE), corrected=corrected) == {"a": "Nej", "b": "Ja"}


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": {"deadline": ["day"]}}', '{"a": "words"}'])
def test_a_damaged_record_of_agreed_times_is_as_good_as_none(text: str) -> None:
    assert not decode_agreed_deadlines([["agreed_deadlines", text]])

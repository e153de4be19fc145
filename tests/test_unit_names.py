"""A renamed unit is shown its own past and nobody else's; a unit that nothing leads to has none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from support.draw_merged import draw_merged
from support.draw_plan import read_drawn_plan
from support.draw_round import draw_round

from xlflow.consolidated.reader import read_round_status
from xlflow.consolidated.tables import build_consolidated_content
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.model.plan import Unit
from xlflow.rounds.previous_answers import (
    build_previous_answers,
    check_past_units,
    index_predecessors,
    past_unit_names,
)
from xlflow.rounds.round_status import RoundStatus

PLAN = """
    Id | Aktivitet     | Enhet
    a  | Laga taket    | {units}
    b  | Byta pumpen   | {units}
"""


def _march_status() -> RoundStatus:
    march = draw_round(PLAN.format(units="Avfall; Bygglov"), as_of=date(2021, 3, 31))
    heading = "Id | Status | Kommentar/avvikelse"
    answers = {
        "Avfall": f"{heading}\na | Pågående | Bilen är trasig\nb | Förskjuts |",
        "Bygglov": f"{heading}\na | Kvarstår | Ring handläggaren",
    }
    merged = draw_merged(march, answers)
    content = render_consolidated(build_consolidated_content(*merged), merged[0])
    workbook = open_workbook(content, "mars.xlsx")
    assert isinstance(workbook, WorkbookData)
    return read_round_status(workbook)


STATUS = _march_status()


def _shown_to(unit: str, units: Sequence[Unit]) -> dict[str, str]:
    august = draw_round(
        PLAN.format(units="; ".join(each.name for each in units)), as_of=date(2021, 8, 31), contacts=units
    )
    return dict(build_previous_answers(index_predecessors(STATUS, august), august, unit).text_by_item_id)


def _find(units: Sequence[Unit]) -> list[tuple[str, str | None, object]]:
    august = draw_round(PLAN.format(units="; ".join(each.name for each in units)), contacts=units)
    august = replace(august, plan=replace(august.plan, units=tuple(units)))
    return [
        (found.code, found.unit, found.value or dict(found.params)["gone"])
        for found in check_past_units(STATUS, august)
    ]


def test_a_renamed_unit_is_shown_what_it_answered_under_its_former_name() -> None:
    units = (Unit("Renhållningen", previous_names=("avfall",)), Unit("Bygglov"))
    assert _shown_to("Renhållningen", units) == {"a": "Pågående\nBilen är trasig", "b": "Förskjuts"}
    assert _find(units) == []


def test_nobody_is_shown_what_another_unit_answered() -> None:
    units = (Unit("Avfallet"), Unit("Bygglov"))
    assert _shown_to("Avfallet", units) == {}
    assert _shown_to("Bygglov", units) == {"a": "Kvarstår\nRing handläggaren"}


def test_a_unit_without_a_past_is_pointed_out_where_another_is_gone() -> None:
    assert _find((Unit("Avfallet"), Unit("Bygglov"))) == [("unit-without-past", "Avfallet", "Avfall")]
    assert _find((Unit("Avfall"), Unit("Bygglov"), Unit("Ny"))) == []


def test_a_former_name_that_another_unit_has_now_does_not_count() -> None:
    units = (Unit("Avfall"), Unit("Ny", previous_names=("Avfall",)), Unit("Bygglov"))
    assert _find(units) == [("unit-former-name-in-use", "Ny", "Avfall")]
    assert _shown_to("Ny", units) == {}
    assert _shown_to("Avfall", units)["b"] == "Förskjuts"


def test_units_that_have_taken_over_names_from_each_other_each_have_their_own_past() -> None:
    units = (Unit("Bygglov", previous_names=("Avfall",)), Unit("Plan", previous_names=("Bygglov",)))
    assert past_unit_names(units, "Bygglov") == {"avfall"}
    assert _shown_to("Bygglov", units) == {"a": "Pågående\nBilen är trasig", "b": "Förskjuts"}
    assert _shown_to("Plan", units) == {"a": "Kvarstår\nRing handläggaren"}


def test_a_unit_made_of_two_is_shown_both_each_after_its_name() -> None:
    units = (Unit("Teknik", previous_names=("Avfall", "Bygglov")),)
    assert (
        _shown_to("Teknik", units)["a"]
        == "Avfall: Pågående\nBilen är trasig\nBygglov: Kvarstår\nRing handläggaren"
    )


@pytest.mark.parametrize("heading", ["Hette förut", "Former name", "tidigare namn"])
def test_the_former_name_is_read_from_the_sheet_of_units(heading: str) -> None:
    plan, _ = read_drawn_plan(f"""
        == Plan
        Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet  | Slutdatum | Enhet
        Samhälle   | Levande kommun         | Möten    | Laga taket | Kvartal 2 | Teknik
        == Enheter
        Enhet  | {heading}
        Teknik | Avfall⏎Bygglov; VA
    """)
    assert plan.units[0].previous_names == ("Avfall", "Bygglov", "VA")

"""What is said unit by unit takes time in proportion to the rows, not to rows times units."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from support.draw_merged import draw_merged
from support.draw_round import draw_round

from xlflow.cli.terminal import PLAIN
from xlflow.cli.unit_overview import format_unit_table, summarize_units
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding
from xlflow.model.merged import Merged, MergedRow, RunResult
from xlflow.project.unit_facts import build_facts

UNITS = [f"Enhet {number}" for number in range(40)]
ROUND = draw_round(f"""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn | Kvartal 2 | {"; ".join(UNITS)}
""")
SWEDISH: Language = "sv"


class CountedRows(tuple[MergedRow, ...]):
    """Rows that count how often somebody goes through them."""

    passes = 0

    def __iter__(self) -> Iterator[MergedRow]:
        type(self).passes += 1
        return super().__iter__()


@pytest.fixture
def checked() -> tuple[Merged, tuple[Finding, ...]]:
    merged, findings = draw_merged(ROUND, dict.fromkeys(UNITS[:-1], "Id | Status\na | Pågående"))
    CountedRows.passes = 0
    return replace(merged, rows=CountedRows(merged.rows)), findings


@pytest.mark.parametrize(
    "tell",
    [
        lambda merged, findings: format_unit_table(merged, findings, SWEDISH, PLAIN),
        lambda merged, findings: build_facts(RunResult(SWEDISH, findings, merged)),
    ],
    ids=["table", "facts"],
)
def test_the_rows_are_gone_through_a_few_times_however_many_units(
    checked: tuple[Merged, tuple[Finding, ...]], tell: Callable[[Merged, tuple[Finding, ...]], object]
) -> None:
    assert len(checked[0].rows) == len(UNITS) - 1
    assert tell(*checked)
    assert 0 < CountedRows.passes < 12


def test_every_unit_has_its_own_state(checked: tuple[Merged, tuple[Finding, ...]]) -> None:
    merged, findings = checked
    states = {unit.name: unit.state for unit in summarize_units(merged, findings)}
    assert states == {**dict.fromkeys(UNITS[:-1], "answered"), UNITS[-1]: "missing"}

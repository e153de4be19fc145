"""Reads from the sheet `Insamling` which units were asked, and which of them have answered."""

from collections.abc import Iterable, Iterator

from xlflow.consolidated.reader.table_reader import TableRecord
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import UnitStatus

_ANSWERING_STATES = ("collected.answered", "nothing.label")


def unit_headings(language: Language) -> tuple[str, ...]:
    """Return the headings by which the table of units is known: unit, answer, unanswered rows."""
    return tuple(translate(key, language) for key in ("column.unit", "collected.answer", "collected.unanswered"))


def read_unit_statuses(records: Iterable[TableRecord], language: Language) -> Iterator[UnitStatus]:
    """Yield every unit that was asked, from the rows of the table in its own language."""
    unit_heading, answer_heading, unanswered_heading = unit_headings(language)
    activities_heading = translate("consolidated.activities", language)
    no_units = normalize_key(translate("consolidated.no_units", language))
    answering_states = {normalize_key(translate(key, language)) for key in _ANSWERING_STATES}
    nothing_state, blank_state = (
        normalize_key(translate(key, language)) for key in ("nothing.label", "collected.blank")
    )
    for record in records:
        unit, state = record.cell_text(unit_heading), normalize_key(record.cell_text(answer_heading))
        if unit and normalize_key(unit) != no_units:
            yield UnitStatus(
                unit,
                state in answering_states,
                _whole_number(record.cell_value(activities_heading)),
                _whole_number(record.cell_value(unanswered_heading)),
                state == nothing_state,
                state == blank_state,
            )


def _whole_number(raw: object) -> int:
    return int(raw) if isinstance(raw, int | float) else 0

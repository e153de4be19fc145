"""What a consolidated workbook says of its units: who was asked, who answered, what each commented and got wrong.

Reads the sheet `Insamling`, the column of completeness, the errors that nobody has corrected (`Anmärkningar`) and
the comments of several units in one cell of `Aktiviteter`, where each follows its unit's name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from xlflow.consolidated.reader.table_reader import TableRecord
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import Location
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import UnitReply, UnitStatus, UnresolvedError

_WHOLE_NUMBER = re.compile(r"[0-9]+")


def translate_completeness(text: str, template: Template, written_in: Language, shown_in: Language) -> str:
    """Return a cell of the column `Svarsläge` ("2 av 3 har svarat") in another language.

    A text that is not one of ours, since a person has changed it, is returned as it is.
    """
    numbers = _WHOLE_NUMBER.findall(text)
    if len(numbers) != 2 or written_in == shown_in:
        return text
    return next(
        (
            completeness_text(kind, numbers, template, shown_in)
            for kind in ("units", "parts")
            if completeness_text(kind, numbers, template, written_in) == text
        ),
        text,
    )


def completeness_text(kind: str, numbers: Sequence[str | int], template: Template, language: Language) -> str:
    """Return "2 av 3 har svarat" for (2, 3). `kind`: units, or parts (sub-activities of one unit)."""
    answered, asked = numbers
    parts = template.part_level.plural_label(language).lower() if template.part_level else ""
    return translate(f"consolidated.completeness_{kind}", language, answered=answered, asked=asked, parts=parts)


FINDING_HEADINGS = ("collected.severity", "collected.what", "collected.code")
"""The headings, as keys of words.toml, by which the table of findings is known."""


def read_unresolved_errors(
    records: Iterable[TableRecord], template: Template, written_in: Language, shown_in: Language
) -> Iterator[UnresolvedError]:
    """Yield the findings of severity error; what a person has deleted from the sheet is resolved."""
    error_word = normalize_key(translate("collected.error", written_in))
    for record in records:
        if normalize_key(record.cell_text(translate("collected.severity", written_in))) == error_word:
            label = record.cell_text(translate("collected.field", written_in))
            yield UnresolvedError(
                record.cell_text(translate("column.id", written_in)),
                record.cell_text(translate("column.unit", written_in)),
                _translate_label(label, template, written_in, shown_in),
            )


def _translate_label(label: str, template: Template, written_in: Language, shown_in: Language) -> str:
    labels = {
        normalize_key(each.label.in_language(written_in)): each.label.in_language(shown_in)
        for each in (*template.levels, *template.fields)
    }
    return labels.get(normalize_key(label), label)


def split_comment_by_unit(text: str, units: tuple[str, ...]) -> Mapping[str, str]:
    """Return the comment of each unit: the text from its name at the beginning of a line to the next unit's
    name."""
    lines_by_unit: dict[str, list[str]] = {}
    current_lines: list[str] = []
    for line in text.split("\n"):
        unit = next((unit for unit in units if line.startswith(f"{unit}: ")), None)
        current_lines = current_lines if unit is None else lines_by_unit.setdefault(unit, [])
        current_lines.append(line if unit is None else line.removeprefix(f"{unit}: "))
    return {unit: "\n".join(lines).strip() for unit, lines in lines_by_unit.items()}


def replace_comment(reply: UnitReply, key: str, text: str, location: Location | None) -> UnitReply:
    """Return a reply with another comment under a field's key; `location` is its cell, None where that is the
    one that the reply has already."""
    answers = {name: value for name, value in reply.answers.items() if name != key}
    locations = {**reply.locations, key: location} if location else reply.locations
    return replace(reply, answers={**answers, key: text} if text else answers, locations=locations)


_ANSWERING_STATES = ("collected.answered", "nothing.label")


def unit_headings(language: Language) -> tuple[str, ...]:
    """Return the headings by which the table of units is known: unit, answer, unanswered rows."""
    return tuple(translate(key, language) for key in ("column.unit", "collected.answer", "collected.unanswered"))


def read_unit_statuses(
    records: Iterable[TableRecord], template: Template, language: Language
) -> Iterator[UnitStatus]:
    """Yield every unit that was asked, from the rows of the table in its own language."""
    unit_heading, answer_heading, unanswered_heading = unit_headings(language)
    activities_heading = template.item_level.plural_label(language)
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

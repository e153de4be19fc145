"""Reads the errors that nobody has corrected from the sheet of findings of a consolidated workbook."""

from collections.abc import Iterable, Iterator

from xlflow.consolidated.reader.table_reader import TableRecord
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import UnresolvedError

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

"""The end of the report: who was asked and did not answer, what is unanswered, and what the statuses mean."""

from collections.abc import Iterator

from xlflow.i18n.catalogue import join_words, translate
from xlflow.model.text import first_line
from xlflow.report.document import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    to_spans,
)
from xlflow.report.phrasing import Phrasing, build_limited_list, first_sentence
from xlflow.rounds.round_status import RoundStatus, UnitStatus


def build_response_section(round_status: RoundStatus, phrasing: Phrasing, *, is_complete: bool) -> Iterator[Block]:
    """Yield who was asked and answered, what nobody answered, and how to read the statuses. `is_complete`: the
    tables above have every activity."""
    if round_status.unit_statuses:
        yield Heading(1, phrasing.translate("asked"))
        yield Paragraph(to_spans(_response_sentence(round_status, phrasing)))
        if len(round_status.unit_statuses) > 1:
            yield _build_response_table(round_status, phrasing)
        yield from _list_unanswered_items(round_status, phrasing, is_complete=is_complete)
    yield from _explain_statuses(round_status, phrasing)


def _response_sentence(round_status: RoundStatus, phrasing: Phrasing) -> str:
    missing = [unit_status.unit for unit_status in round_status.unit_statuses if not unit_status.has_answered]
    answered_count, unit_count = len(round_status.unit_statuses) - len(missing), len(round_status.unit_statuses)
    if unit_count == 1:
        return phrasing.translate(
            "unit_silent" if missing else "unit_answered", unit=round_status.unit_statuses[0].unit
        )
    if not missing:
        return phrasing.translate("all_answered", count=unit_count)
    names = join_words(missing, "and", phrasing.language)
    return phrasing.translate("some_answered", answered=answered_count, whole=unit_count, units=names)


def _build_response_table(round_status: RoundStatus, phrasing: Phrasing) -> ReportTable:
    language = phrasing.language
    headings = (
        translate("collected.answer", language),
        phrasing.item_noun_plural.capitalize(),
        translate("overview.unanswered", language),
    )
    return ReportTable(
        caption=phrasing.translate("asked_caption"),
        description=phrasing.translate("asked_description", items=phrasing.item_noun_plural),
        columns=(
            ReportColumn(translate("column.unit", language), 3.4),
            ReportColumn(headings[0], 1.2),
            ReportColumn(headings[1], 1.2, "end"),
            ReportColumn(headings[2], 1.4, "end"),
        ),
        row_groups=tuple((_build_unit_row(unit_status, phrasing),) for unit_status in round_status.unit_statuses),
    )


def _build_unit_row(unit_status: UnitStatus, phrasing: Phrasing) -> ReportRow:
    labels_by_state = (
        ("nothing.label", unit_status.has_nothing_to_report),
        ("collected.answered", unit_status.has_answered),
        ("collected.blank", unit_status.sent_blank_form),
    )
    label_key = next((word for word, applies in labels_by_state if applies), "collected.missing")
    state = Paragraph(to_spans(translate(label_key, phrasing.language), strong=not unit_status.has_answered))
    figures = (
        ReportCell((Paragraph(to_spans(str(count))),), alignment="end")
        for count in (unit_status.activity_count, unit_status.unanswered_row_count)
    )
    return ReportRow(
        (ReportCell((Paragraph(to_spans(unit_status.unit)),), is_header=True), ReportCell((state,)), *figures)
    )


def _list_unanswered_items(round_status: RoundStatus, phrasing: Phrasing, *, is_complete: bool) -> Iterator[Block]:
    """Yield the activities without a rolled-up status; of those that only some have answered it says how many."""
    level_index = round_status.template.item_level_index
    unanswered = [
        item_status for item_status in round_status.activities if not round_status.is_answered(item_status)
    ]
    if not unanswered:
        return
    yield Heading(2, phrasing.translate("unanswered", items=phrasing.item_noun_plural), in_contents=False)
    list_items = [
        to_spans(
            f"{first_line(entry.item.level_texts[level_index])}{phrasing.units_in_brackets(entry)}"
            f"{phrasing.completeness_in_brackets(entry)}"
        )
        for entry in unanswered
    ]
    yield from build_limited_list(list_items, phrasing, in_tables=is_complete, tables_above=True)


def _explain_statuses(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield what each status means: the first sentence of its help, since the rest instructs whoever fills in a
    form."""
    explanations = [
        (
            Span(f"{choice.label.in_language(phrasing.language)}: ", strong=True),
            *to_spans(first_sentence(choice.help.in_language(phrasing.language))),
        )
        for choice in round_status.status_choices.values()
        if choice.help
    ]
    if explanations:
        yield Heading(1, phrasing.translate("meaning"))
        yield Bullets(tuple(explanations))

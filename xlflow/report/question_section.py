"""The answers to what was asked besides status, deadline and comment: a section of their own.

An extra question of one round is what its readers look for, so its answers stand together: how many of each, then
activity by activity. Amounts and what the plan states are no questions.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlflow.i18n.catalogue import translate
from xlflow.model.template_elements import Field
from xlflow.report.document import (
    Block,
    Heading,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    to_spans,
)
from xlflow.report.phrasing import Phrasing, item_title, label_without_colon, text_to_blocks
from xlflow.report.table_bands import build_band
from xlflow.report.table_columns import mark_for_hyphenation, question_fields
from xlflow.rounds.round_status import DisplayValues, RoundStatus


@dataclass(frozen=True, slots=True)
class _AnswerLine:
    """What one unit answered about one plan item: its title, the unit, the answers."""

    title: str
    unit: str
    answers: DisplayValues


def build_question_section(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield the extra questions with their answers; nothing where none was asked, or nobody answered any."""
    fields = question_fields(round_status.template)
    lines = [line for line in _iter_lines(round_status) if any(line.answers.get(field.key) for field in fields)]
    if not lines:
        return
    yield Heading(1, phrasing.translate_counted("questions", len(fields)))
    for field in fields:
        yield from _introduce_question(field, lines, round_status, phrasing)
    yield _build_answer_table(fields, lines, round_status, phrasing)


def _iter_lines(round_status: RoundStatus) -> Iterator[_AnswerLine]:
    for entry in round_status.item_statuses:
        title = item_title(entry.item, round_status.template)
        if entry.unit_replies:
            yield from (_AnswerLine(title, reply.unit, reply.answers) for reply in entry.unit_replies)
        else:
            yield _AnswerLine(title, ", ".join(entry.item.units), entry.answers)


def _introduce_question(
    field: Field, lines: Sequence[_AnswerLine], round_status: RoundStatus, phrasing: Phrasing
) -> Iterator[Paragraph]:
    """Yield the question as the form puts it; of a choice also how many gave each answer."""
    label = label_without_colon(field.label, phrasing.language)
    help_text = field.help.in_language(phrasing.language) if field.help else ""
    yield Paragraph((Span(label, strong=True), *to_spans(f": {help_text}" if help_text else "")))
    counts = _count_answers(field, lines, round_status, phrasing)
    if counts:
        text = ", ".join(f"{answer} {count}" for answer, count in counts.items())
        yield Paragraph(to_spans(phrasing.translate("answers_given", answers=text)))


def _count_answers(
    field: Field, lines: Sequence[_AnswerLine], round_status: RoundStatus, phrasing: Phrasing
) -> dict[str, int]:
    """Return how many lines have each answer of a choice, in the list's order, then others; {} for another
    type."""
    if field.type not in ("choice", "yes_no"):
        return {}
    found = Counter(str(line.answers[field.key]) for line in lines if line.answers.get(field.key))
    options = round_status.template.choice_list(field).options if field.type == "choice" else ()
    order = [option.label.in_language(phrasing.language) for option in options]
    answers = [*(label for label in order if label in found), *sorted(set(found) - set(order))]
    return {answer: found[answer] for answer in answers}


def _build_answer_table(
    fields: Sequence[Field], lines: Sequence[_AnswerLine], round_status: RoundStatus, phrasing: Phrasing
) -> ReportTable:
    """Return all answers, grouped by that to the first question with a list of answers."""
    language = phrasing.language
    grouping = next((field for field in fields if _count_answers(field, lines, round_status, phrasing)), None)
    shown_fields = [field for field in fields if field is not grouping]
    with_units = len(round_status.unit_statuses) > 1
    columns = (
        ReportColumn(label_without_colon(round_status.template.item_level.label, language), 4),
        *((ReportColumn(translate("column.unit", language), 2),) if with_units else ()),
        *(ReportColumn(label_without_colon(field.label, language), 4) for field in shown_fields),
    )

    def build_row(line: _AnswerLine) -> ReportRow:
        name = ReportCell((Paragraph(to_spans(line.title)),), is_header=True)
        unit = (ReportCell((Paragraph(to_spans(line.unit)),)),) if with_units else ()
        texts = (ReportCell(tuple(text_to_blocks(str(line.answers.get(each.key, ""))))) for each in shown_fields)
        return ReportRow(tuple(map(mark_for_hyphenation, (name, *unit, *texts))))

    row_groups = [tuple(build_row(line) for line in lines)]
    if grouping:
        answers = (*_count_answers(grouping, lines, round_status, phrasing), "")
        grouped = [(answer, [line for line in lines if _answer(line, grouping) == answer]) for answer in answers]
        row_groups = [
            (build_band(_answer_title(answer, len(found), phrasing), len(columns)), *map(build_row, found))
            for answer, found in grouped
            if found
        ]
    return ReportTable(
        caption=phrasing.translate("answers"),
        description=phrasing.translate("answers_description", item=phrasing.item_noun),
        columns=columns,
        row_groups=tuple(row_groups),
    )


def _answer_title(answer: str, count: int, phrasing: Phrasing) -> str:
    return f"{answer or phrasing.translate('no_answer')}: {phrasing.translate_counted('answer_count', count)}"


def _answer(line: _AnswerLine, field: Field) -> str:
    return str(line.answers.get(field.key, ""))

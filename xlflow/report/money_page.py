"""The report on money: what the amounts come to, which are beyond their limit and why, and a chart of deviations.

For templates that ask for amounts; for any other, every function here yields nothing. Sums are those of `Amounts`,
of the plan items that have all their amounts.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from xlflow.i18n.catalogue import label_in_sentence, translate
from xlflow.i18n.count_sentences import format_item_count
from xlflow.model.template_elements import Field
from xlflow.report.amount_totals import Amounts, field_value
from xlflow.report.deviation_chart import DeviationBar, draw_deviation_chart
from xlflow.report.document import (
    Block,
    Heading,
    HeadlineFigure,
    HeadlineFigures,
    Paragraph,
    Picture,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    to_spans,
)
from xlflow.report.group_counts import top_level_groups, top_level_name
from xlflow.report.phrasing import Phrasing, item_title, label_without_colon, shorten_reason
from xlflow.report.table_bands import build_band
from xlflow.report.table_columns import MAX_WORD_LETTERS_NARROW, mark_for_hyphenation
from xlflow.report.table_rows import ItemGroup
from xlflow.rounds.round_status import ItemStatus, RoundStatus
from xlflow.values.field_values import amount_unit_sentence


def find_deviation_field(round_status: RoundStatus) -> Field | None:
    """Return the amount that says how far two others are apart: one with a threshold, else the first computed."""
    computed = [
        field for field in Amounts(round_status).summable_fields if field.computed and field.computed.subtract
    ]
    with_threshold = [field for field in computed if field in round_status.fields_with_threshold]
    return next(iter(with_threshold or computed), None)


# The first page -------------------------------------------------------------------------------------------


def money_headline(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    """Yield what the amounts deviate by, and how many are beyond their limit."""
    amounts, field = Amounts(round_status), find_deviation_field(round_status)
    complete, _ = amounts.split_complete(round_status.activities)
    if field and field.computed and complete:
        first, *others = (round_status.template.field(key) for key in field.computed.subtract)
        yield phrasing.translate(
            "headline_amount",
            other=label_without_colon(others[-1].label, phrasing.language),
            base=label_in_sentence(first.label, phrasing.language),
            amount=_amount_with_unit(amounts.total_of(complete, field), field, amounts),
        )
    for limited in round_status.fields_with_threshold:
        count = sum(limited in round_status.fields_above_threshold(entry) for entry in round_status.activities)
        items = phrasing.item_noun_plural
        yield phrasing.translate_counted("headline_beyond", count, whole=len(round_status.activities), items=items)


def money_sentences(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    """Yield how many plan items are followed up, and how many of them lack an amount."""
    level, language = round_status.template.item_level, phrasing.language
    items = format_item_count(len(round_status.activities), level, language)
    yield phrasing.translate("followed", items=items[:1].upper() + items[1:])
    _, incomplete = Amounts(round_status).split_complete(round_status.activities)
    if incomplete:
        lacking = format_item_count(len(incomplete), level, language)
        yield phrasing.translate("lack_amounts", items=lacking[:1].upper() + lacking[1:])


def build_money_figures(round_status: RoundStatus) -> Iterator[HeadlineFigures]:
    """Yield what each amount comes to, as large figures."""
    amounts = Amounts(round_status)
    complete, _ = amounts.split_complete(round_status.activities)
    if complete and amounts.summable_fields:
        yield HeadlineFigures(
            tuple(
                HeadlineFigure(
                    _amount_with_unit(amounts.total_of(complete, field), field, amounts),
                    label_without_colon(field.label, round_status.language),
                )
                for field in amounts.summable_fields
            )
        )


def draw_amount_chart(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Picture]:
    """Yield the deviation of each group of the first level as bars, what lacks money first."""
    amounts, field = Amounts(round_status), find_deviation_field(round_status)
    groups = [(group, amounts.split_complete(group.item_statuses)[0]) for group in top_level_groups(round_status)]
    bars = [
        DeviationBar(group.name, total, _amount_with_unit(total, field, amounts))
        for group, complete in groups
        if complete and field and isinstance(total := amounts.total_of(complete, field), Decimal)
    ]
    if field is None or len(bars) < 2:
        return
    bars.sort(key=lambda bar: bar.amount)
    caption = phrasing.translate(
        "chart_amount",
        field=label_without_colon(field.label, phrasing.language),
        level=top_level_name(round_status, phrasing),
    )
    description = "; ".join(f"{bar.label} {bar.text}" for bar in bars)
    yield draw_deviation_chart(bars, caption, f"{caption}. {description}.")


def _amount_with_unit(total: Decimal | str, field: Field, amounts: Amounts) -> str:
    text, template = amounts.format_amount(total, field), amounts.round_status.template
    if not text or template.amount_unit is None or template.unit_of(field) is None:
        return text
    unit = "kr" if template.amount_unit == "kr" else str(template.amount_unit)
    return f"{text}\u00a0{unit}"


# Beyond their limit ---------------------------------------------------------------------------------------


def build_threshold_section(
    round_status: RoundStatus, phrasing: Phrasing, *, starts_page: bool
) -> Iterator[Block]:
    """Yield a table per amount with a threshold: what is beyond it, the largest first, and why."""
    for field in round_status.fields_with_threshold:
        label = label_without_colon(field.label, phrasing.language)
        title = translate("consolidated.beyond", phrasing.language, field=label)
        exceeding = [
            entry for entry in round_status.activities if field in round_status.fields_above_threshold(entry)
        ]
        yield Heading(1, title, starts_page=starts_page)
        if exceeding:
            exceeding.sort(key=lambda entry: _sort_by_amount(entry, field))
            yield _build_threshold_table(title, field, exceeding, round_status, phrasing)
        else:
            yield Paragraph(to_spans(phrasing.translate("none_beyond", items=phrasing.item_noun_plural)))


def _sort_by_amount(item_status: ItemStatus, field: Field) -> Decimal:
    value = field_value(item_status, field)
    return -abs(value) if isinstance(value, Decimal) else Decimal(0)


def _build_threshold_table(
    title: str, field: Field, exceeding: Sequence[ItemStatus], round_status: RoundStatus, phrasing: Phrasing
) -> ReportTable:
    """Return the table: what it is about, whose it is, the amounts that it is computed from, itself, and why."""
    amounts, template = Amounts(round_status), round_status.template
    keys = field.computed.subtract if field.computed else ()
    shown_fields = (*(template.field(key) for key in keys), field)
    with_units = len(round_status.unit_statuses) > 1
    columns = (
        ReportColumn(label_without_colon(template.item_level.label, phrasing.language), 2.2),
        *((ReportColumn(translate("column.unit", phrasing.language), 1.8),) if with_units else ()),
        *(ReportColumn(label_without_colon(each.label, phrasing.language), 1.65, "end") for each in shown_fields),
        ReportColumn(phrasing.translate("reason"), 3.4),
    )
    band = build_band(
        f"{title}: {format_item_count(len(exceeding), template.item_level, phrasing.language)}", len(columns)
    )
    rows = (
        _build_threshold_row(entry, shown_fields, amounts, phrasing, with_units=with_units) for entry in exceeding
    )
    return ReportTable(
        caption=phrasing.translate("beyond_caption", items=phrasing.item_noun_plural),
        description=phrasing.translate("beyond_description", item=phrasing.item_noun),
        columns=columns,
        row_groups=((band, *rows),),
        is_dense=True,
    )


def _build_threshold_row(
    entry: ItemStatus, shown_fields: Sequence[Field], amounts: Amounts, phrasing: Phrasing, *, with_units: bool
) -> ReportRow:
    round_status = amounts.round_status
    group = first_line_of_group(entry)
    name = [Paragraph(to_spans(item_title(entry.item, round_status.template)))]
    if group:
        name.append(Paragraph(to_spans(group), "quiet"))
    numbers = (
        ReportCell((Paragraph(to_spans(amounts.format_amount(field_value(entry, each), each))),), alignment="end")
        for each in shown_fields
    )
    comment_field = round_status.template.field_in_role("comment")
    reason = shorten_reason(str(entry.answers.get(comment_field.key, ""))) if comment_field else ""
    reason_block = (
        Paragraph((Span(reason),)) if reason else Paragraph(to_spans(phrasing.translate("no_reason")), "quiet")
    )
    unit_cell = ReportCell((Paragraph(to_spans(", ".join(entry.item.units))),))
    units = (mark_for_hyphenation(unit_cell, MAX_WORD_LETTERS_NARROW),) if with_units else ()
    return ReportRow(
        (
            mark_for_hyphenation(ReportCell(tuple(name), is_header=True)),
            *units,
            *numbers,
            mark_for_hyphenation(ReportCell((reason_block,))),
        )
    )


def first_line_of_group(entry: ItemStatus) -> str:
    """Return the first line of the level above a plan item: "Bibliotek"."""
    above = [text for text in entry.item.level_texts if text]
    return above[-2].split("\n")[0] if len(above) > 1 else ""


# What they come to ----------------------------------------------------------------------------------------


def build_sum_section(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield what the amounts of each group come to, where the template asks for any."""
    amounts, groups = Amounts(round_status), top_level_groups(round_status)
    if not amounts.fields or not round_status.activities:
        return
    level, fields = top_level_name(round_status, phrasing), amounts.fields
    yield Heading(1, phrasing.translate("sum_caption", level=level))
    yield ReportTable(
        caption=phrasing.translate("sum_caption", level=level),
        description=phrasing.translate("sum_description", level=level),
        columns=(
            ReportColumn(level[:1].upper() + level[1:], 1.7),
            *(ReportColumn(label_without_colon(field.label, phrasing.language), 1, "end") for field in fields),
        ),
        row_groups=tuple(tuple(_build_group_sum_rows(group, amounts)) for group in groups),
        total_rows=tuple(
            _build_sum_row(label, item_statuses, amounts, strong=True)
            for label, item_statuses in amounts.list_totals(round_status.activities)
        )
        if len(groups) > 1
        else (),
        is_dense=True,
    )
    sentences = [amount_unit_sentence(round_status.template, phrasing.language)]
    if not all(map(amounts.is_complete, round_status.activities)):
        sentences.append(translate("overview.left_out", phrasing.language, items=phrasing.item_noun_plural))
    if any(sentences):
        yield Paragraph(to_spans(" ".join(filter(None, sentences))), "quiet")


def _build_group_sum_rows(group: ItemGroup, amounts: Amounts) -> Iterator[ReportRow]:
    """Yield what the plan items of a group with all their amounts come to, and those that lack one."""
    complete, incomplete = amounts.split_complete(group.item_statuses)
    yield _build_sum_row(group.name, complete, amounts, strong=False)
    if incomplete:
        label = amounts.incomplete_label(len(incomplete))
        yield _build_sum_row(label, incomplete, amounts, strong=False, is_indented=True)


def _build_sum_row(
    label: str, item_statuses: Sequence[ItemStatus], amounts: Amounts, *, strong: bool, is_indented: bool = False
) -> ReportRow:
    name = ReportCell((Paragraph(to_spans(label, strong=strong)),), is_header=True, is_indented=is_indented)
    return ReportRow((name, *amounts.build_total_cells(item_statuses, strong=strong)))

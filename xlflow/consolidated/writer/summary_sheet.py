"""Writes the summary sheet: title, sentences, key figures, panels and charts; every figure is a formula.

Column A holds labels, the columns from B on figures. A sentence takes as many rows as it needs, each with as much
text as fits the page: a text overflows empty cells to its right in every program, so no cells need be merged.
Computes nothing. Rows and columns are counted from 0.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from xlflow.consolidated.summary_model import (
    UNIT_COLUMN,
    ConsolidatedContent,
    KeyFigure,
    Measure,
    Panel,
    RowGroup,
    Section,
)
from xlflow.consolidated.writer.amount_charts import draw_amount_charts, figure_column_width
from xlflow.consolidated.writer.figure_formulas import (
    FigurePosition,
    figure_formula,
    label_formula,
    measure_expression,
    stale_notice_formula,
)
from xlflow.consolidated.writer.status_charts import choose_status_sections, count_chart_rows, draw_status_charts
from xlflow.consolidated.writer.write_context import STATUS_COLUMNS, DrawnSection, WriteContext
from xlflow.excel.writer import (
    COLOURS,
    CellStyle,
    count_lines,
    fit_row_height,
    text_width,
    wrap_text,
)
from xlflow.i18n.catalogue import Language, translate

TITLE_HEIGHT, LINE_HEIGHT, KEY_FIGURE_HEIGHT, BAND_HEIGHT = 24, 15, 18, 18
"""Heights of rows, in points."""


def write_title_and_sentences(content: ConsolidatedContent, width: float, context: WriteContext) -> int:
    """Write title, subtitle, missing units and sentences, `width` characters wide; return the row below."""
    context.sheet.write(0, 0, content.title, context.style("title"))
    context.sheet.set_row_height(0, TITLE_HEIGHT)
    context.sheet.write(1, 0, content.subtitle, context.style("subtitle"))
    response_style = context.style(
        "muted",
        bold=True,
        font_color=COLOURS["wrong" if content.missing_units or content.units_with_blank_form else "good"],
    )
    row = _write_text_lines(
        wrap_text(_missing_units_text(content, context.language), width), 2, 0, response_style, context
    )
    for sentence in content.status_sentences:
        row = _write_text_lines(wrap_text(sentence, width), row, 0, context.style("plain"), context)
    return row


def write_group_sentences(
    content: ConsolidatedContent, row: int, label_width: float, width: float, context: WriteContext
) -> int:
    """Write each group's name in column A and its sentence beside it; return the row below."""
    for name, sentence in content.group_sentences:
        lines = list(wrap_text(sentence, width))
        for offset, text in enumerate(wrap_text(name, label_width)):
            context.sheet.write(row + offset, 0, text, context.style("plain", bold=True))
            lines += [""] * (offset + 1 - len(lines))
        row = _write_text_lines(lines, row, 1, context.style("plain"), context)
    return row


def _write_text_lines(lines: Iterable[str], row: int, column: int, style: CellStyle, context: WriteContext) -> int:
    for line in lines:
        context.sheet.write(row, column, line, style)
        context.sheet.set_row_height(row, LINE_HEIGHT)
        row += 1
    return row


def _missing_units_text(content: ConsolidatedContent, language: Language) -> str:
    """Return which units have sent in nothing, and whose forms came without answers."""
    lists = [("missing_names", content.missing_units), ("blank_names", content.units_with_blank_form)]
    sentences = [translate(f"overview.{key}", language, names=", ".join(names)) for key, names in lists if names]
    if not content.missing_units:
        sentences.insert(
            0,
            translate("overview.all_sent" if content.units_with_blank_form else "overview.all_answered", language),
        )
    return " ".join(sentences)


LABEL_WIDTH, FIGURE_WIDTH = 47, 11.5
"""Widths of column A and of the columns of figures, in characters."""

LABEL_PIXELS = 334
"""The width of column A in pixels."""

PAPER_EDGE_PIXELS = 8
"""Pixels that charts stay clear of the edge of the paper, since programs differ in how wide columns are."""

SECOND_HALF_COLUMN = 4
"""The column in which the second half of the key figures begins, if there is room for it beside the first."""

LINK_STYLE: Mapping[str, Any] = MappingProxyType({"text_wrap": False, "align": "left", "indent": 1})
"""How the links differ from others: clear of the figures beside them."""

COUNT_FORMAT, AMOUNT_FORMAT = '#,##0;-#,##0;"–"', '#,##0.00;-#,##0.00;"–"'
SIGNED_FORMAT = '#,##0.00;"▼ "-#,##0.00;"–"'
"""How figures are shown; nothing is a dash, so that the others stand out."""


def write_summary_sheet(content: ConsolidatedContent, context: WriteContext) -> int:
    """Write the whole summary sheet; return its last row."""
    figure_columns = max(2, *(len(panel.headings) for panel in content.panels), 0)
    figure_width = figure_column_width(content.panels, FIGURE_WIDTH)
    figure_pixels = round(figure_width * 7 + 5)
    context.sheet.set_column_widths([LABEL_WIDTH, *[figure_width] * (figure_columns + 1)])
    row = write_title_and_sentences(content, LABEL_WIDTH + (figure_columns + 1) * figure_width, context) + 1
    chart_row = _write_key_figures(content.key_figures, row, figure_columns, figure_width, context) + 1
    _write_stale_notice(content, chart_row - 1, context)
    chart_sections = choose_status_sections(content.panels)
    row = chart_row + count_chart_rows(chart_sections)
    drawn_sections: list[DrawnSection] = []
    for panel in content.panels:
        drawn_sections += _write_panel(panel, row, context)
        row = drawn_sections[-1].last_row + 2 + bool(drawn_sections[-1].section.note)
    chart_room = LABEL_PIXELS + (figure_columns + 1) * figure_pixels - PAPER_EDGE_PIXELS
    draw_status_charts(
        [drawn_section for drawn_section in drawn_sections if drawn_section.section in chart_sections],
        chart_row,
        chart_room,
        context,
    )
    row = draw_amount_charts(drawn_sections, row, (LABEL_PIXELS, figure_pixels), context)
    return _write_groups_in_words(content, row, figure_columns + 1, context)


def _write_stale_notice(content: ConsolidatedContent, row: int, context: WriteContext) -> None:
    """Write whether answers have been changed since, so that some of the sheet is no longer right."""
    if not content.stale_checks.figures:
        return
    unchanged, changed = (translate(f"overview.{key}", context.language) for key in ("unchanged", "stale"))
    formula = stale_notice_formula(content.stale_checks, (unchanged, changed), context.formula_names)
    context.sheet.write_formula(row, 0, formula, unchanged, context.style("muted", italic=True))


def _write_groups_in_words(content: ConsolidatedContent, row: int, columns: int, context: WriteContext) -> int:
    if not content.group_sentences:
        return row
    _write_band(translate("overview.in_words", context.language), len(content.panels[0].headings), row, context)
    return write_group_sentences(content, row + 1, LABEL_WIDTH, columns * FIGURE_WIDTH, context)


def _write_key_figures(
    key_figures: Sequence[KeyFigure], row: int, figure_columns: int, width: float, context: WriteContext
) -> int:
    """Write the key figures, in two halves side by side where there is room; return the row below."""
    rows_per_half = -(-len(key_figures) // 2)
    room = (figure_columns - SECOND_HALF_COLUMN) * width
    if len(key_figures) < 2 or max(text_width(each.label) for each in key_figures[rows_per_half:]) > room:
        rows_per_half = len(key_figures)
    for index, key_figure in enumerate(key_figures):
        row_offset = index % rows_per_half
        columns = (0, 1) if index < rows_per_half else (SECOND_HALF_COLUMN, figure_columns)
        _write_key_figure(key_figure, row + row_offset, columns, context)
        context.sheet.set_row_height(row + row_offset, KEY_FIGURE_HEIGHT)
    return row + rows_per_half


def _write_key_figure(key_figure: KeyFigure, row: int, columns: tuple[int, int], context: WriteContext) -> None:
    """Write a figure's words from a column on, the figure itself in another, and a link beside it."""
    label_column, figure_column = columns
    for column in range(label_column, figure_column):
        text = key_figure.label if column == label_column else None
        context.sheet.write(row, column, text, context.style("ruled", left=column == label_column))
    formula = f"={measure_expression(key_figure.measure, context.formula_names)}"
    figure_style = context.style("integer", num_format=COUNT_FORMAT, bold=True, align="center")
    context.sheet.write_formula(row, figure_column, formula, key_figure.value, figure_style)
    table = key_figure.measure.table
    address = context.sheet_plan.find_row_address(
        table, key_figure.measure.filters
    ) or context.sheet_plan.table_address(table)
    context.sheet.write_link(
        row,
        figure_column + 1,
        address,
        context.sheet_plan.first_sheet_of(table),
        context.style("link", **LINK_STYLE),
    )


def _write_panel(panel: Panel, row: int, context: WriteContext) -> Iterator[DrawnSection]:
    _write_panel_headings(panel, row, context)
    next_row, has_amounts = row + 1, _has_decimals(panel)
    for section in panel.sections:
        if section.title:
            _write_band(section.title, len(panel.headings), next_row, context)
            next_row += 1
        _write_section(section, next_row, row, context, has_amounts=has_amounts)
        drawn = DrawnSection(section, panel, row, next_row, next_row + len(section.groups) - 1)
        next_row = drawn.last_row + 1
        if section.note:
            context.sheet.write(next_row, 0, section.note, context.style("muted", italic=True))
            next_row += 1
        yield drawn


def _has_decimals(panel: Panel) -> bool:
    """Return whether any figure of a panel has decimals, so that all of them are shown with two."""
    return any(
        not isinstance(figure, int)
        for section in panel.sections
        for group, row in zip(section.groups, section.values, strict=True)
        if group.kind != "share"
        for figure in row
    )


def _write_panel_headings(panel: Panel, row: int, context: WriteContext) -> None:
    context.sheet.write(row, 0, panel.title, context.style("heading"))
    highlights = (
        {highlight.text: highlight for highlight in context.highlights if STATUS_COLUMNS in highlight.column_keys}
        if panel.shows_statuses
        else {}
    )
    for column, heading in enumerate(panel.headings, 1):
        highlight = highlights.get(heading)
        changes = {"bg_color": highlight.fill_colour, "font_color": highlight.font_colour} if highlight else {}
        context.sheet.write(row, column, heading, context.style("heading", align="center", **changes))
    context.sheet.write(
        row, len(panel.headings) + 1, translate("overview.go_to", context.language), context.style("side_heading")
    )
    context.sheet.set_row_height(
        row, fit_row_height([(heading, FIGURE_WIDTH - 1) for heading in panel.headings], min_lines=2)
    )


def _write_band(title: str, figure_columns: int, row: int, context: WriteContext) -> None:
    context.sheet.write_row(row, [title, *[None] * figure_columns], [context.style("band")] * (figure_columns + 1))
    context.sheet.set_row_height(row, BAND_HEIGHT)


def _write_section(
    section: Section, first_row: int, heading_row: int, context: WriteContext, *, has_amounts: bool
) -> None:
    figure_rows = zip(section.groups, section.values, strict=True)
    for row, (group, figures) in enumerate(figure_rows, first_row):
        _write_label(group, section.measures[0], row, context)
        _link_figure_row(section, group, row, context)
        context.sheet.set_row_height(
            row, LINE_HEIGHT * count_lines(group.label + _label_suffix(group), LABEL_WIDTH)
        )
        for column, figure in enumerate(figures, 1):
            position = FigurePosition(row, column, heading_row, first_row)
            formula = figure_formula(section, group, column - 1, position, context.formula_names)
            style = _figure_style(section, group, column - 1, has_amounts=has_amounts, context=context)
            context.sheet.write_formula(row, column, formula, figure, style)


def _write_label(group: RowGroup, measure: Measure, row: int, context: WriteContext) -> None:
    """Write the label of a row of figures; one that counts rows is a formula, as every figure is."""
    if group.counted_label:
        formula = label_formula(group, group.counted_label, measure, context.formula_names)
        context.sheet.write_formula(row, 0, formula, group.label, context.style("cell"))
        return
    suffix = _label_suffix(group)
    context.sheet.write(
        row, 0, group.label, context.style("cell", **({"num_format": f'@"{suffix}"'} if suffix else {}))
    )


def _label_suffix(group: RowGroup) -> str:
    """Return what the number format adds to a label: " …" if it is shortened. The cell itself stays comparable."""
    return " …" if any(match.prefix for match in group.filters) else ""


def _link_figure_row(section: Section, group: RowGroup, row: int, context: WriteContext) -> None:
    """Put a link beside a row of figures to where what it counts begins, in the table that it is counted in."""
    address = _find_first_counted_row(section, group, context)
    if address:
        sheet = context.sheet_plan.first_sheet_of(_table_of_group(section, group))
        context.sheet.write_link(
            row, len(section.measures) + 1, address, sheet, context.style("link", **LINK_STYLE)
        )


def _find_first_counted_row(section: Section, group: RowGroup, context: WriteContext) -> str | None:
    """Return the address of the first table row that a group counts (of a unit: its row in `units`), None if
    none."""
    if group.kind != "rows":
        return None
    table = _table_of_group(section, group)
    unit_filters = [match for match in group.filters if table != "units" or match.column == UNIT_COLUMN]
    return context.sheet_plan.find_row_address(table, unit_filters)


def _table_of_group(section: Section, group: RowGroup) -> str:
    """Return the table that a group's link leads to: `units` for a unit, else the one that it is counted in."""
    is_about_unit = any(match.column == UNIT_COLUMN for match in group.filters)
    return "units" if is_about_unit else section.measures[0].table


def _figure_style(
    section: Section, group: RowGroup, measure_index: int, *, has_amounts: bool, context: WriteContext
) -> CellStyle:
    measure = section.measures[measure_index]
    if group.kind == "share":
        return context.style("share", font_color=COLOURS["muted"], align="center")
    if measure.negative_is_bad:
        return context.style("signed", num_format=SIGNED_FORMAT)
    number_style = (
        {"num_format": AMOUNT_FORMAT} if has_amounts else {"num_format": COUNT_FORMAT, "align": "center"}
    )
    return context.style("integer", bold=measure.kind == "across", **number_style)

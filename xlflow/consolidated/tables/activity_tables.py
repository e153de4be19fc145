"""The tables that people work in: `answers` (a row per answer) and `activities` (a row per plan item).

Their columns are those of the form, then the program's own. Texts of group levels that differ only in case, blanks
or dashes get one spelling, since a spreadsheet would count them as different groups; answers are never changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from xlflow.consolidated.summary_model import (
    COMPLETENESS_COLUMN,
    CONTINUES_FROM_COLUMN,
    EXTRA_COLUMN_PREFIX,
    FORM_ROWS_COLUMN,
    ID_COLUMN,
    ORIGIN_COLUMN,
    OVERDUE_COLUMN,
    PARTS_COLUMN,
    QUARTER_COLUMN,
    REASON_COLUMN,
    ROLLED_UP_COLUMN,
    SOURCE_COLUMN,
    UNIT_COLUMN,
    WORST_SEVERITY_COLUMN,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.status_sentences import part_status_sentence
from xlflow.consolidated.tables.table_cells import (
    answer_to_cell,
    answers_to_cell,
    format_completeness,
    format_quarter,
    format_rolled_up_status,
    format_status,
    make_headings_unique,
    map_to_first_spelling,
    value_to_cell,
)
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import SEVERITY_RANKS, Location
from xlflow.model.merged import MergedRow
from xlflow.model.plan import PlanItem
from xlflow.model.submission import AnswerRow
from xlflow.model.table import Table, TableCell, TableColumn, encode_rows
from xlflow.model.template_elements import Field
from xlflow.model.text import safe_display_name
from xlflow.rules.computed_fields import field_number
from xlflow.rules.rollup import worst_of_template

SpellingsByLevel = tuple[Mapping[str, str], ...]

NO_RESPELLING: Mapping[str, str] = MappingProxyType({})

_COLUMN_WIDTHS = MappingProxyType(
    {
        ID_COLUMN: 11,
        UNIT_COLUMN: 18,
        ROLLED_UP_COLUMN: 16,
        QUARTER_COLUMN: 13,
        OVERDUE_COLUMN: 11,
        ORIGIN_COLUMN: 11,
        CONTINUES_FROM_COLUMN: 14,
        WORST_SEVERITY_COLUMN: 13,
        SOURCE_COLUMN: 34,
        REASON_COLUMN: 18,
        PARTS_COLUMN: 26,
        COMPLETENESS_COLUMN: 18,
        FORM_ROWS_COLUMN: 9,
    }
)
FieldColumnKind = Literal["text", "number", "integer", "date", "signed", "share"]

_KIND_BY_FIELD_TYPE: Mapping[str, FieldColumnKind] = MappingProxyType(
    {"number": "number", "integer": "integer", "date": "date"}
)


def build_answer_table(merged_index: MergedIndex) -> Table:
    """Return the table `answers`: one row per unit and plan item, with the file, sheet and row that it came
    from."""
    extra_headings = merged_index.merged.round.plan.extra_headings
    fields, spellings = merged_index.template.form_fields(), _group_spellings(merged_index)
    location_format = translate("consolidated.place", merged_index.language)
    columns = (
        fixed_column(UNIT_COLUMN, merged_index),
        *_form_columns(merged_index),
        *([fixed_column(ROLLED_UP_COLUMN, merged_index)] if merged_index.status_field else ()),
        fixed_column(WORST_SEVERITY_COLUMN, merged_index),
        fixed_column(SOURCE_COLUMN, merged_index),
        replace(fixed_column(FORM_ROWS_COLUMN, merged_index), kind="integer"),
        *_extra_columns(merged_index),
    )
    worst_severity_by_row = _worst_severity_by_row(merged_index)
    rows = (
        (
            row.unit,
            row.item.id,
            *_level_cells(row.item, spellings),
            *[_field_cell(row, field, merged_index) for field in fields],
            *(
                [format_rolled_up_status(merged_index.roll_up_for_unit(row.item, row.unit), merged_index)]
                if merged_index.status_field
                else ()
            ),
            worst_severity_by_row.get((row.unit, row.item.id)),
            _sources_text(merged, location_format, merged_index),
            len(merged.sources),
            *_extra_column_cells(row.item, extra_headings),
        )
        for merged in merged_index.merged.rows
        for row in (merged.row,)
    )
    return Table("answers", make_headings_unique(columns), encode_rows(rows, len(columns)))


def build_activity_table(merged_index: MergedIndex) -> Table:
    """Return the table `activities`: one row per plan item, then per activity that a unit added, over all
    units."""
    columns = (
        *_form_columns(merged_index),
        *([fixed_column(ROLLED_UP_COLUMN, merged_index)] if merged_index.status_field else ()),
        *([fixed_column(COMPLETENESS_COLUMN, merged_index)] if merged_index.has_incomplete_items else ()),
        *([_parts_column(merged_index)] if merged_index.has_answered_parts else ()),
        fixed_column(UNIT_COLUMN, merged_index),
        *(
            [fixed_column(QUARTER_COLUMN, merged_index), fixed_column(OVERDUE_COLUMN, merged_index)]
            if merged_index.deadline_field
            else ()
        ),
        fixed_column(ORIGIN_COLUMN, merged_index),
        *([fixed_column(CONTINUES_FROM_COLUMN, merged_index)] if merged_index.has_continuing_items else ()),
        *_extra_columns(merged_index),
    )
    spellings = _group_spellings(merged_index)
    fields = merged_index.template.form_fields()
    rows = (_activity_row(item, spellings, fields, merged_index) for item in merged_index.items)
    return Table("activities", make_headings_unique(columns), encode_rows(rows, len(columns)))


# One row --------------------------------------------------------------------------------------------------


def _activity_row(
    item: PlanItem, spellings: SpellingsByLevel, fields: Sequence[Field], merged_index: MergedIndex
) -> tuple[TableCell, ...]:
    rolled_up = merged_index.status_by_item[item.id]
    deadline_cells = merged_index.deadline_field is not None and (
        format_quarter(item.plan_value(merged_index.deadline_field.key), merged_index),
        translate("values.yes" if rolled_up.is_overdue else "values.no", merged_index.language),
    )
    return (
        item.id,
        *_level_cells(item, spellings),
        *[field_cell_over_units(item, field, merged_index) for field in fields],
        *([format_rolled_up_status(rolled_up, merged_index)] if merged_index.status_field else ()),
        *([format_completeness(rolled_up, merged_index)] if merged_index.has_incomplete_items else ()),
        *([part_status_sentence(item, merged_index)] if merged_index.has_answered_parts else ()),
        "; ".join(merged_index.units_by_item[item.id]) or None,
        *(deadline_cells or ()),
        translate(
            "consolidated.from_unit" if item.added_by_unit else "consolidated.from_plan", merged_index.language
        ),
        *([item.continues_from or None] if merged_index.has_continuing_items else ()),
        *_extra_column_cells(item, merged_index.merged.round.plan.extra_headings),
    )


def field_cell_over_units(item: PlanItem, field: Field, merged_index: MergedIndex) -> TableCell:
    """Return a field's cell in the row of a plan item: what a person corrected there, else all units' answers."""
    corrected = merged_index.merged.item_answers.get((item.id, field.key))
    if corrected:
        return answer_to_cell(corrected, field, merged_index)
    if field.computed:
        return merged_index.number_over_units(item, field.key)
    if field.filled_by == "plan":
        return value_to_cell(item.plan_value(field.key), field, merged_index)
    key = field.key
    unit_answers = [
        (merged.row.unit, answer)
        for merged in merged_index.rows_by_item.get(item.id, ())
        if (answer := merged.row.answer(key)) and answer.raw_text
    ]
    if not unit_answers:
        return None
    asked_unit_count = len(merged_index.units_by_item[item.id])
    name_units = field is merged_index.status_field and merged_index.status_by_item[item.id].is_incomplete
    if field is merged_index.status_field and not name_units:
        code = worst_of_template(
            [merged_index.own_status_code(item.id, unit) for unit, _ in unit_answers], merged_index.template
        )
        if code:
            return format_status(code, merged_index)
    return answers_to_cell(field, unit_answers, merged_index, asked_unit_count, name_units=name_units)


def _field_cell(row: AnswerRow, field: Field, merged_index: MergedIndex) -> TableCell:
    if field.computed:
        return field_number(row, field.key, merged_index.template)
    if field.filled_by == "plan":
        return value_to_cell(row.item.plan_value(field.key), field, merged_index)
    return answer_to_cell(row.answer(field.key), field, merged_index)


def _sources_text(merged: MergedRow, location_format: str, merged_index: MergedIndex) -> str:
    return "; ".join(
        [
            _source_text(location, location_format, merged_index)
            for location in merged.sources or (merged.row.location,)
        ]
    )


def _source_text(location: Location, location_format: str, merged_index: MergedIndex) -> str:
    row = (location.cell or "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ$")
    if not location.sheet or not row:
        return location.describe(merged_index.language)
    return location_format.format(
        file=safe_display_name(location.file), sheet=safe_display_name(location.sheet), row=row
    )


def _level_cells(item: PlanItem, spellings: SpellingsByLevel) -> list[TableCell]:
    return [
        spelling_by_text.get(text, text) or None
        for spelling_by_text, text in zip(spellings, item.level_texts, strict=True)
    ]


def _extra_column_cells(item: PlanItem, headings: Iterable[str]) -> list[TableCell]:
    text_by_heading = dict(item.extra_columns)
    return [text_by_heading.get(heading) or None for heading in headings]


def _worst_severity_by_row(merged_index: MergedIndex) -> Mapping[tuple[str | None, str | None], str]:
    """Return the label of the worst severity by (unit, item id), for those with a finding."""
    worst_first = sorted(
        merged_index.findings, key=lambda finding: SEVERITY_RANKS[finding.effective_severity], reverse=True
    )
    severities = {
        (finding.unit, finding.row_id): finding.effective_severity for finding in worst_first if finding.row_id
    }
    return {key: translate(f"collected.{severity}", merged_index.language) for key, severity in severities.items()}


# Columns --------------------------------------------------------------------------------------------------


def _form_columns(merged_index: MergedIndex) -> Iterator[TableColumn]:
    template, language = merged_index.template, merged_index.language
    yield fixed_column(ID_COLUMN, merged_index)
    for level in template.levels:
        kind: Literal["group", "text"] = "group" if level.kind == "group" else "text"
        yield TableColumn(level.key, level.label.in_language(language), level.width, kind)
    for field in merged_index.template.form_fields():
        if field is merged_index.status_field:
            yield TableColumn(field.key, field.label.in_language(language), field.width, "status")
        else:
            yield TableColumn(field.key, field.label.in_language(language), field.width, _column_kind(field))


def _column_kind(field: Field) -> FieldColumnKind:
    if field.percent:
        return "share"
    return "signed" if field.computed else _KIND_BY_FIELD_TYPE.get(field.type, "text")


def fixed_column(key: str, merged_index: MergedIndex) -> TableColumn:
    """Return one of the program's own columns by its key, with heading, width and kind."""
    word_key = {ID_COLUMN: "column.id", UNIT_COLUMN: "column.unit"}.get(
        key, f"consolidated.{key.removeprefix('_')}"
    )
    heading = translate(word_key, merged_index.language)
    return TableColumn(key, heading, _COLUMN_WIDTHS[key], "status" if key == ROLLED_UP_COLUMN else "text")


def _parts_column(merged_index: MergedIndex) -> TableColumn:
    part_level = merged_index.template.part_level
    parts_label = part_level.plural_label(merged_index.language) if part_level else ""
    return TableColumn(
        PARTS_COLUMN,
        translate("consolidated.parts", merged_index.language, parts=parts_label),
        _COLUMN_WIDTHS[PARTS_COLUMN],
    )


def _extra_columns(merged_index: MergedIndex) -> Iterator[TableColumn]:
    return (
        TableColumn(f"{EXTRA_COLUMN_PREFIX}{heading}", heading, 20)
        for heading in merged_index.merged.round.plan.extra_headings
    )


def _group_spellings(merged_index: MergedIndex) -> SpellingsByLevel:
    """Return for each level a mapping from its texts to the spelling to show; only texts of group levels
    change."""
    levels = zip(
        merged_index.template.levels,
        zip(*(item.level_texts for item in merged_index.items), strict=True),
        strict=False,
    )
    spellings = [
        map_to_first_spelling(texts) if level.kind == "group" else NO_RESPELLING for level, texts in levels
    ]
    return tuple(spellings) or (NO_RESPELLING,) * len(merged_index.template.levels)

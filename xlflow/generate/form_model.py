"""The form of one unit before it is written: its rows and columns and their contents.

Everything that the sheet, its formulas and the instruction must agree on is computed here, once. Formulas and
sentences of a form depend on its template and on the position of its rows, not on the unit: `memoize_by_layout`
computes them for the first of the forms with the same layout only. Writes nothing.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from xlflow.excel.cell_address import column_letters
from xlflow.form.identity import build_identity
from xlflow.form.layout import (
    FIRST_ITEM_ROW,
    FREE_ROW_COUNT,
    FormColumn,
    build_form_columns,
    build_previous_column,
    find_previous_position,
    form_sheet_name,
)
from xlflow.form.metadata import AnswerTexts, Records, encode_form_records, issued_items
from xlflow.generate.calc_layout import CalcLayout, build_calc_layout
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import FieldValue, PlanItem, Round
from xlflow.model.submission import CorrectionRequest, FormIdentity, PreviousAnswers
from xlflow.model.template import Template
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules import Requirement, RowAnswers, evaluate_rules
from xlflow.rules.computed_fields import compute_field
from xlflow.rules.engine import requirements_text
from xlflow.rules.rollup import Relatives, parent_ids_by_child, relatives_by_id
from xlflow.runtime.memo import IdentityKey
from xlflow.values import cell_text
from xlflow.values.field_values import format_value, parse_value

NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class FormModel:
    """One unit's form. All rows and columns count from 0.

    items: in the order of the sheet, from `FIRST_ITEM_ROW` on; below them the heading of the free rows, then the
        free rows, of which the first hold `added_items` (activities added by the unit).
    answers: texts of the answer cells, by item id and field key.
    relatives: parent, children and siblings, by item id.
    requirements, remaining_texts: what the answers still lack, by item id; the second in words.
    records: the rows of the metadata sheet.
    calc_layout: where the helper columns of the formulas are on the hidden sheet.
    layout_key: equal for forms that differ only in unit and texts; see `memoize_by_layout`.
    previous: the previous round's answers, shown beside the answers; None without a previous round.
    correction_request: findings and unplaced texts of a form that goes back to be corrected, else None.
    nothing_to_report: the unit has chosen that it has nothing to report.
    """

    round: Round
    unit: str
    columns: tuple[FormColumn, ...]
    items: tuple[PlanItem, ...]
    added_items: tuple[PlanItem, ...]
    answers: AnswerTexts
    relatives: Mapping[str, Relatives]
    identity: FormIdentity
    requirements: Mapping[str, tuple[Requirement, ...]]
    remaining_texts: Mapping[str, str]
    records: Records
    calc_layout: CalcLayout
    layout_key: Hashable
    previous: PreviousAnswers | None = None
    correction_request: CorrectionRequest | None = None
    nothing_to_report: bool = False

    @property
    def template(self) -> Template:
        """The template that the form follows."""
        return self.round.template

    @property
    def language(self) -> Language:
        """The language that the form speaks."""
        return self.round.language

    @property
    def form_code(self) -> str:
        """The short code that is printed on the form."""
        return self.identity.form_code

    @property
    def sheet_name(self) -> str:
        """The name of the form sheet."""
        return form_sheet_name().in_language(self.language)

    @property
    def free_heading_row(self) -> int:
        """The row (0-based) between the plan items and the free rows."""
        return FIRST_ITEM_ROW + len(self.items)

    @property
    def first_free_row(self) -> int:
        """The first of the free rows (0-based)."""
        return self.free_heading_row + 1

    @property
    def last_row(self) -> int:
        """The last of the free rows (0-based)."""
        return self.free_heading_row + FREE_ROW_COUNT + len(self.added_items)

    def column_index(self, key: str) -> int:
        """Return the index of a column (0-based); StopIteration if the form has none with this key."""
        return next(index for index, column in enumerate(self.columns) if column.key == key)

    def level_index(self, column: FormColumn) -> int:
        """Return the index of a level column's level among the template's levels."""
        return next(index for index, level in enumerate(self.template.levels) if level.key == column.key)

    def columns_of_kind(self, *kinds: str) -> tuple[FormColumn, ...]:
        """Return the columns of these kinds, in the form's order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def cell_address(self, key: str, row: int) -> str:
        """Return the address of a cell in a 0-based row, its column fixed: $H5."""
        return f"${column_letters(self.column_index(key))}{row + 1}"

    def column_range(self, key: str) -> str:
        """Return the address of a column from the first plan item to the last free row: $H$5:$H$40."""
        column_name = column_letters(self.column_index(key))
        return f"${column_name}${FIRST_ITEM_ROW + 1}:${column_name}${self.last_row + 1}"

    def rows_with_items(self) -> tuple[tuple[int, PlanItem | None], ...]:
        """Return every answer row (0-based) with its plan item, None where the row is free."""
        free_items: list[PlanItem | None] = [*self.added_items, *[None] * FREE_ROW_COUNT]
        return (*enumerate(self.items, FIRST_ITEM_ROW), *enumerate(free_items, self.first_free_row))

    def answer_text(self, item: PlanItem, key: str) -> str:
        """Return the text of an answer cell, "" if it is blank."""
        return self.answers.get(item.id, NO_TEXTS).get(key, "")

    def number_value(self, item: PlanItem, key: str) -> Decimal | None:
        """Return the number of a field in a row: planned, answered or computed; None if there is none."""
        field = self.template.field(key)
        if field.computed:
            return compute_field(field.computed, lambda other_key: self.number_value(item, other_key))
        is_answer_field = field.filled_by == "unit"
        value = (
            _parse_field_value(self.round, field, self.answer_text(item, key))
            if is_answer_field
            else item.plan_value(key)
        )
        return value if isinstance(value, Decimal) else None

    def displayed_text(self, item: PlanItem, column: FormColumn) -> str:
        """Return the text that a row shows in a column; not for the column of what remains."""
        return self.column_text_reader(column)(item)

    def column_text_reader(self, column: FormColumn) -> Callable[[PlanItem], str]:
        """Return the function from a plan item to the text that its row shows in a column."""
        if column.kind == "id":
            return lambda item: "" if item.added_by_unit and not item.continues_from else item.id
        if column.level:
            level_index = self.level_index(column)
            return lambda item: item.level_texts[level_index]
        if column.kind == "answer":
            return lambda item: self.answer_text(item, column.key)
        if column.field:
            return partial(self._format_field_value, column.field)
        if column.kind == "previous":
            return lambda item: self.previous.text_by_item_id.get(item.id, "") if self.previous else ""
        return partial(_extra_column_text, column.key, self.round.plan.extra_headings.index(column.key))

    def _format_field_value(self, field: Field, item: PlanItem) -> str:
        value = self.number_value(item, field.key) if field.computed else item.plan_value(field.key)
        return format_value(value, field, self.template, self.language, self.round.plan.year)


def _extra_column_text(heading: str, index: int, item: PlanItem) -> str:
    """Return the text of an extra column; `index` is its usual position, tried first."""
    extra_columns = item.extra_columns
    if index < len(extra_columns) and extra_columns[index][0] == heading:
        return extra_columns[index][1]
    return next((text for other_heading, text in extra_columns if other_heading == heading), "")


def build_form_model(
    round_: Round,
    unit: str,
    answers: AnswerTexts,
    issued: AnswerTexts,
    previous: PreviousAnswers | None = None,
    correction_request: CorrectionRequest | None = None,
    *,
    nothing_to_report: bool = False,
) -> FormModel:
    """Return the form of one unit with its answers; `issued` are the texts recorded as sent out."""
    template = round_.template
    items = order_items(issued_items(round_, unit), template)
    added_items = tuple(item for item in round_.items_for_unit(unit) if item.added_by_unit)
    relatives = relatives_by_id((*items, *added_items), template)
    identity = build_identity(round_, unit, correction_request.replaced_digests if correction_request else ())
    records = encode_form_records(round_, unit, issued, identity.replaced_digests, previous)
    row_answers = [
        _build_row_answers(round_, item, answers.get(item.id, NO_TEXTS)) for item in (*items, *added_items)
    ]
    requirements = {
        row.item.id: row_requirements
        for row, row_requirements in zip(
            row_answers, evaluate_rules(round_, row_answers, nothing_to_report=nothing_to_report), strict=True
        )
    }
    columns = _build_columns(round_, previous)
    calc_layout = build_calc_layout(template, items, relatives, round_.plan.year)
    return FormModel(
        round_,
        unit,
        columns,
        items,
        added_items,
        answers,
        relatives,
        identity,
        requirements,
        {key: requirements_text(lacking, template, round_.language) for key, lacking in requirements.items()},
        records,
        calc_layout,
        (
            *(IdentityKey(template), round_.language, round_.as_of, round_.plan.year, round_.plan.extra_headings),
            *(
                len(items),
                len(added_items),
                previous is None,
                calc_layout.first_row,
                tuple(name for name, _ in calc_layout.tables),
            ),
        ),
        previous,
        correction_request,
        nothing_to_report,
    )


def _build_row_answers(round_: Round, item: PlanItem, texts: Mapping[str, str]) -> RowAnswers:
    """Return a row as the rules judge it: only blanks is no answer, and numbers are parsed."""
    answer_fields = round_.template.answer_fields()
    raw_texts = {field.key: cell_text(texts.get(field.key, "")) for field in answer_fields}
    numbers = {
        field.key: _parse_field_value(round_, field, raw_texts[field.key])
        for field in answer_fields
        if field.type in NUMBER_TYPES
    }
    number_texts = {key: format(number, "f") for key, number in numbers.items() if isinstance(number, Decimal)}
    return RowAnswers(item, raw_texts | number_texts, numbers)


def _parse_field_value(round_: Round, field: Field, text: str) -> FieldValue | None:
    return parse_value(text, field, round_.template, round_.plan.year, round_.language).value


def _build_columns(round_: Round, previous: PreviousAnswers | None) -> tuple[FormColumn, ...]:
    """Return the columns of the form; the previous answers are beside the cells that they are about: right before
    the first one to answer."""
    columns = build_form_columns(round_.template, round_.plan.extra_headings)
    if previous is None:
        return columns
    position = find_previous_position(columns)
    return (*columns[:position], build_previous_column(), *columns[position:])


def order_items(items: Sequence[PlanItem], template: Template) -> tuple[PlanItem, ...]:
    """Return the items in plan order, each sub-activity right below its activity."""
    parents = parent_ids_by_child(items, template)
    children: dict[str, list[PlanItem]] = {}
    for item in items:
        if item.id in parents:
            children.setdefault(parents[item.id], []).append(item)
    top_items = [item for item in items if item.id not in parents]
    return tuple(ordered for item in top_items for ordered in (item, *children.get(item.id, ())))


ExtraArguments = ParamSpec("ExtraArguments")
Result = TypeVar("Result")

MAX_MEMOIZED = 20_000
"""Results that are kept per function; then all are dropped."""


def memoize_by_layout(
    function: Callable[Concatenate[FormModel, ExtraArguments], Result],
) -> Callable[Concatenate[FormModel, ExtraArguments], Result]:
    """Cache a function of a form by the form's `layout_key` and its other arguments (which must be hashable)."""
    results: dict[object, Result] = {}

    @wraps(function)
    def cached(form: FormModel, /, *args: ExtraArguments.args, **kwargs: ExtraArguments.kwargs) -> Result:
        key = (form.layout_key, args, tuple(kwargs.items()))
        if key not in results:
            if len(results) >= MAX_MEMOIZED:
                results.clear()
            results[key] = function(form, *args, **kwargs)
        return results[key]

    return cached

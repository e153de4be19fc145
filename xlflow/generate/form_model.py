"""The form of one unit before it is written: its rows and columns, and what stands in them.

Everything that the sheet, its formulas and the instruction have to agree on is worked out here, once.

What forms that look alike have in common, worked out for the first of them only.

Formulas and sentences of a form depend on its template and on where its rows stand, not on who it is for. The
forms of a round differ in little else than texts, so most of what is worked out for one serves the next.
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
    form_sheet_name,
)
from xlflow.form.metadata import AnswerTexts, Records, encode_form_records, issued_items
from xlflow.generate.calc_layout import CalcLayout, build_calc_layout
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import FieldValue, PlanItem, Round
from xlflow.model.submission import CorrectionRequest, FormIdentity, PreviousAnswers
from xlflow.model.template import NUMBER_TYPES, Field, Template
from xlflow.rules import Requirement, RowAnswers, evaluate_rules
from xlflow.rules.computed_fields import compute_field
from xlflow.rules.requirement_messages import requirements_text
from xlflow.rules.rollup import Relatives, parent_ids_by_child, relatives_by_id
from xlflow.runtime.memo import IdentityKey
from xlflow.values import cell_text
from xlflow.values.field_values import format_value, parse_value

NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class FormModel:
    """One unit's form. `lines` stand in the order of the sheet, from `FIRST_ITEM_ROW` on; then one row that heads
    the free rows; then the free rows, of which the first hold `own`, activities that the unit added itself.
    `previous` is shown beside the answers; `returned` is what goes back with a form to be corrected. `nothing`:
    the unit says that it has nothing to report. `asks` is what the answers still lack, by line, and
    `remaining` the same in words; `records` are what the form carries of itself, and `live` is where the helpers
    of its formulas stand. `alike` is the same for forms that have all in common but who they are for and texts."""

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
        """The row between the lines and the free rows."""
        return FIRST_ITEM_ROW + len(self.items)

    @property
    def first_free_row(self) -> int:
        """The first of the free rows."""
        return self.free_heading_row + 1

    @property
    def last_row(self) -> int:
        """The last of the free rows."""
        return self.free_heading_row + FREE_ROW_COUNT + len(self.added_items)

    def column_index(self, key: str) -> int:
        """Return the place of a column, counted from 0."""
        return next(index for index, column in enumerate(self.columns) if column.key == key)

    def level_index(self, column: FormColumn) -> int:
        """Return the place of a column's level among the levels."""
        return next(index for index, level in enumerate(self.template.levels) if level.key == column.key)

    def columns_of_kind(self, *kinds: str) -> tuple[FormColumn, ...]:
        """Return the columns of these kinds, in the form's order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def cell_address(self, key: str, row: int) -> str:
        """Return the address of a cell as a formula of its own row has it: $H5."""
        return f"${column_letters(self.column_index(key))}{row + 1}"

    def column_range(self, key: str) -> str:
        """Return the address of a column's cells, from the first line to the last free row: $H$5:$H$40."""
        column_name = column_letters(self.column_index(key))
        return f"${column_name}${FIRST_ITEM_ROW + 1}:${column_name}${self.last_row + 1}"

    def rows_with_items(self) -> tuple[tuple[int, PlanItem | None], ...]:
        """Return every row that answers may stand in, with the line it is for; None where it is free."""
        free_items: list[PlanItem | None] = [*self.added_items, *[None] * FREE_ROW_COUNT]
        return (*enumerate(self.items, FIRST_ITEM_ROW), *enumerate(free_items, self.first_free_row))

    def answer_text(self, item: PlanItem, key: str) -> str:
        """Return what already stands in an answer cell."""
        return self.answers.get(item.id, NO_TEXTS).get(key, "")

    def number_value(self, item: PlanItem, key: str) -> Decimal | None:
        """Return the number that a row says in a field, whoever says it; None if there is none."""
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
        """Return what a row shows in a column, as people read it; nothing in the live column."""
        return self.column_text_reader(column)(item)

    def column_text_reader(self, column: FormColumn) -> Callable[[PlanItem], str]:
        """Return what tells, line after line, what a row shows in a column."""
        if column.kind == "id":
            return lambda item: "" if item.added_by_unit else item.id
        if column.level:
            level_index = self.level_index(column)
            return lambda line: line.level_texts[level_index]
        if column.kind == "answer":
            return lambda line: self.answer_text(line, column.key)
        if column.field:
            return partial(self._format_field_value, column.field)
        if column.kind == "previous":
            return lambda line: self.previous.text_by_item_id.get(line.id, "") if self.previous else ""
        return partial(_extra_column_text, column.key, self.round.plan.extra_headings.index(column.key))

    def _format_field_value(self, field: Field, item: PlanItem) -> str:
        value = self.number_value(item, field.key) if field.computed else item.plan_value(field.key)
        return format_value(value, field, self.template, self.language, self.round.plan.year)


def _extra_column_text(heading: str, index: int, item: PlanItem) -> str:
    """Return what a line has under a heading, which mostly stands at the same place in all lines."""
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
    """Return the form of one unit, with the answers that already stand in it; `issued` is what it remembers."""
    template = round_.template
    items = order_items(issued_items(round_, unit), template)
    added_items = tuple(item for item in round_.items_for_unit(unit) if item.added_by_unit)
    relatives = relatives_by_id((*items, *added_items), template)
    identity = build_identity(round_, unit, correction_request.replaced_digests if correction_request else ())
    records = encode_form_records(round_, unit, issued, identity.replaced_digests, previous)
    row_answers = [
        _build_row_answers(round_, line, answers.get(line.id, NO_TEXTS)) for line in (*items, *added_items)
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
        {key: requirements_text(asked, template, round_.language) for key, asked in requirements.items()},
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
    """Return a row as the rules judge it: blanks alone are nothing, and numbers are what they are read as."""
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
    """Return the columns of the form; what the previous round said stands right after what remains."""
    columns = build_form_columns(round_.template, round_.plan.extra_headings)
    if previous is None:
        return columns
    position = next(number for number, column in enumerate(columns, 1) if column.kind == "remaining")
    return (*columns[:position], build_previous_column(), *columns[position:])


def order_items(items: Sequence[PlanItem], template: Template) -> tuple[PlanItem, ...]:
    """Return the lines in plan order, each sub-activity below its activity, also where the plan parted them."""
    parents = parent_ids_by_child(items, template)
    children: dict[str, list[PlanItem]] = {}
    for item in items:
        if item.id in parents:
            children.setdefault(parents[item.id], []).append(item)
    top_items = [line for line in items if line.id not in parents]
    return tuple(ordered for line in top_items for ordered in (line, *children.get(line.id, ())))


ExtraArguments = ParamSpec("ExtraArguments")
Result = TypeVar("Result")

MAX_MEMOIZED = 20_000
"""Answers that are kept of one function; then it begins anew."""


def memoize_by_layout(
    function: Callable[Concatenate[FormModel, ExtraArguments], Result],
) -> Callable[Concatenate[FormModel, ExtraArguments], Result]:
    """Have a function of a form asked only once for all forms that are alike, by its other arguments."""
    results: dict[object, Result] = {}

    @wraps(function)
    def answer(frame: FormModel, /, *args: ExtraArguments.args, **kwargs: ExtraArguments.kwargs) -> Result:
        key = (frame.layout_key, args, tuple(kwargs.items()))
        if key not in results:
            if len(results) >= MAX_MEMOIZED:
                results.clear()
            results[key] = function(frame, *args, **kwargs)
        return results[key]

    return answer

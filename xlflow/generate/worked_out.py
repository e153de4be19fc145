"""What the helpers of the live formulas come to with the answers that stand in a form when it is written.

So that a form is right also where a program opens it without working out anything.
"""

from datetime import date

from xlflow.core.model import PlanItem, TableCell
from xlflow.core.rules import NUMBER_TYPES, choice_number, spelling_table_of
from xlflow.core.template import Field
from xlflow.core.values.spellings import (
    MAX_LOOKUP_LENGTH,
    lookup_choice,
    lookup_end_date,
    normalize_number,
    serial_from_date,
    strip_time_for_lookup,
)
from xlflow.generate.answers import answer_cell
from xlflow.generate.frame import FormModel
from xlflow.generate.live import ADDED_NUMBER_OFFSET, ID_KEY, CalcColumn, number_activities
from xlflow.generate.remaining import remaining_text


class CachedValues:
    """What the helpers come to with the answers that stand in a form when it is written."""

    def __init__(self, form: FormModel):
        self.form = form
        self.planned_numbers = number_activities(form.items, form.relatives)
        self.row_numbers = {item.id: row + 1 for row, item in form.rows_with_items() if item}

    def cached_value(self, calc_column: CalcColumn, row: int, item: PlanItem | None) -> TableCell:
        """Return the value of a helper."""
        if calc_column.kind in ("kin", "head"):
            return self._activity_number(row, item) if calc_column.kind == "kin" else self._parent_row(item)
        if calc_column.kind == "number":
            return self._choice_number(self.form.template.field(calc_column.key), item)
        return self._text_value(calc_column, item) if item else ""

    def _text_value(self, calc_column: CalcColumn, item: PlanItem) -> TableCell:
        if calc_column.kind == "left":
            return remaining_text(self.form, item)
        copied = self._copied_value(calc_column.key, item)
        if calc_column.kind == "copy":
            return copied
        if self.form.template.field(calc_column.key).type in NUMBER_TYPES:
            return self._amount_value(calc_column, item, copied)
        if calc_column.kind == "said":
            return strip_time_for_lookup(str(copied))
        end_date = lookup_end_date(str(copied), self.form.round.plan.year)
        return serial_from_date(end_date) if end_date else ""

    def _amount_value(self, calc_column: CalcColumn, item: PlanItem, copied: TableCell) -> TableCell:
        if calc_column.kind == "said":
            return normalize_number(copied) if isinstance(copied, str) else ""
        number = self.form.number_value(item, calc_column.key)
        return "" if number is None else number

    def _copied_value(self, key: str, item: PlanItem) -> TableCell:
        form, level_indexes = self.form, _level_index_by_key(self.form)
        if key == ID_KEY:
            return "" if item.added_by_unit else item.id
        if key in level_indexes:
            return item.level_texts[level_indexes[key]][:MAX_LOOKUP_LENGTH]
        field = form.template.field(key)
        if field.type in NUMBER_TYPES:
            number = form.number_value(item, key)
            return form.answer_text(item, key) if number is None and field.filled_by == "unit" else number
        value = answer_cell(form, field, form.answer_text(item, key)) if field.filled_by == "unit" else ""
        return str(serial_from_date(value)) if isinstance(value, date) else str(value)[:MAX_LOOKUP_LENGTH]

    def _choice_number(self, field: Field, item: PlanItem | None) -> int:
        template = self.form.template
        if field.filled_by == "unit":
            raw_text = self.form.answer_text(item, field.key) if item else ""
            return lookup_choice(raw_text, spelling_table_of(template, field))
        value = item.plan_value(field.key) if item and not item.added_by_unit else None
        return choice_number(template, field, value) if isinstance(value, str) else 0

    def _parent_row(self, item: PlanItem | None) -> int:
        parent_id = self.form.relatives[item.id].parent if item and self._has_item_text(item) else None
        return self.row_numbers[parent_id] if parent_id else 0

    def _activity_number(self, row: int, item: PlanItem | None) -> int:
        if item is None or not self._has_item_text(item):
            return 0
        parent_id = self.form.relatives[item.id].parent
        if item.id in self.planned_numbers:
            return self.planned_numbers[item.id]
        return (
            -self.planned_numbers.get(parent_id, ADDED_NUMBER_OFFSET + self.row_numbers[parent_id])
            if parent_id
            else ADDED_NUMBER_OFFSET + row + 1
        )

    def _has_item_text(self, item: PlanItem) -> bool:
        return bool(item.level_texts[self.form.template.item_level_index].strip())


def _level_index_by_key(form: FormModel) -> dict[str, int]:
    return {level.key: index for index, level in enumerate(form.template.levels)}

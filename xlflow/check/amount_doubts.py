"""Merged answers -> doubts about amounts: income without its minus, thousands where kronor are asked for.

An amount is compared with the plan's amount of the same row. Nothing is changed: the amount counts as it was
written, and whoever wrote it is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText, translate_all
from xlflow.model.findings import Finding, make_finding
from xlflow.model.merged import Merged
from xlflow.model.submission import AnswerRow
from xlflow.model.template import Template
from xlflow.model.template_elements import Field, is_amount
from xlflow.values import format_number

_LIKE_SIZE_WHOLE_YEAR, _LIKE_SIZE_SO_FAR = Decimal("0.5"), Decimal("0.2")
"""From which share of the plan's amount on another one is of like size: one for the same time, one for less."""

_LIKE_SIZE_AT_MOST, _ABOUT = Decimal(2), Decimal(3)
"""Up to which multiple it is of like size; up to which multiple, or part, of a thousand times it is about that."""

_SCALES = (("thousand", Decimal(1_000)), ("million", Decimal(1_000_000)))


@dataclass(frozen=True, slots=True)
class _ComparedField:
    """An amount of the units, the plan's amount that it is compared with, and whether both are of the same time:
    the template then computes one less the other."""

    field: Field
    planned: Field
    is_same_time: bool


def find_amount_doubts(merged: Merged) -> Iterator[Finding]:
    """Yield a warning for each amount whose sign or size the plan's amount of its row makes doubtful."""
    compared_fields = tuple(_list_compared_fields(merged.round.template))
    for merged_row in merged.rows if compared_fields else ():
        for compared in compared_fields:
            yield from _check_amount(merged_row.row, compared)


def _list_compared_fields(template: Template) -> Iterator[_ComparedField]:
    """Yield the amounts of the units, where the template has an amount of the plan to subtract one from."""
    differences = [field.computed.subtract for field in template.fields if field.computed]
    planned_keys = {field.key for field in template.plan_fields() if is_amount(field)}
    difference = next((keys for keys in differences if keys and keys[0] in planned_keys), None)
    for field in template.answer_fields() if difference else ():
        if is_amount(field) and difference:
            yield _ComparedField(field, template.field(difference[0]), field.key in difference)


def _check_amount(row: AnswerRow, compared: _ComparedField) -> Iterator[Finding]:
    amount, planned = row.value(compared.field.key), row.item.plan_value(compared.planned.key)
    if not isinstance(amount, Decimal) or not isinstance(planned, Decimal) or not amount or not planned:
        return
    size = abs(amount / planned)
    smallest = _LIKE_SIZE_WHOLE_YEAR if compared.is_same_time else _LIKE_SIZE_SO_FAR
    if amount * planned < 0 and smallest <= size <= _LIKE_SIZE_AT_MOST:
        yield _make_doubt("amount-sign-doubtful", row, compared, planned)
    for name, scale in _SCALES:
        smallest_share = 1 / _ABOUT if compared.is_same_time else 1 / _ABOUT**2
        if scale * smallest_share <= size <= scale * _ABOUT:
            yield _make_doubt("amount-scale-doubtful", row, compared, planned, f"{name}_larger")
        elif compared.is_same_time and 1 / (scale * _ABOUT) <= size <= _ABOUT / scale:
            yield _make_doubt("amount-scale-doubtful", row, compared, planned, f"{name}_smaller")


def _make_doubt(
    code: str, row: AnswerRow, compared: _ComparedField, planned: Decimal, scale_word: str = ""
) -> Finding:
    answer = row.answer(compared.field.key)
    planned_text = LocalizedText(**{language: format_number(planned, language) for language in LANGUAGES})
    return make_finding(
        code,
        row.location_of(answer) if answer else row.location,
        unit=row.unit,
        row_id=row.item.id,
        field=compared.field.key,
        value=answer.raw_text if answer else None,
        params={
            "field": compared.field.label,
            "planned": compared.planned.label,
            "planned_amount": planned_text,
            **({"scale": translate_all(f"amount_scale.{scale_word}")} if scale_word else {}),
        },
    )

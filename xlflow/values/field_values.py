"""Raw cell <-> typed value of a field, whatever its type: the one entry to the parsers of this package.

Parsers are cached by field and template, and remember the texts that they have read, since forms repeat them.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial

from xlflow.excel.conventions import RawCell, ShownNumber
from xlflow.i18n.catalogue import Language, LocalizedText, translate
from xlflow.model.plan import Deadline, FieldValue
from xlflow.model.template import Template
from xlflow.model.template_elements import AmountUnit, Field
from xlflow.runtime.memo import IdentityKey
from xlflow.values.cell_values import BLANK, ParseResult, cell_text
from xlflow.values.choices import format_yes_no, make_choice_parser, parse_yes_no
from xlflow.values.deadlines import format_deadline, parse_date, parse_deadline, parse_quarter
from xlflow.values.numbers import format_number, is_percent_text, is_whole_number, parse_number

CellParser = Callable[[RawCell], ParseResult]


def parse_value(
    raw: RawCell, field: Field, template: Template, year: int, language: Language = "sv"
) -> ParseResult:
    """Return the value of a cell in a field. `year` is the plan's; `language` is for the suggestion only."""
    return (
        BLANK
        if raw is None
        else _make_cached_parser(IdentityKey(field), IdentityKey(template), year, language)(raw)
    )


def make_parser(field: Field, template: Template, year: int, language: Language = "sv") -> CellParser:
    """Return `parse_value` for one field, as a function of the raw cell alone; cached."""
    return _make_cached_parser(IdentityKey(field), IdentityKey(template), year, language)


def format_value(value: FieldValue | None, field: Field, template: Template, language: Language, year: int) -> str:
    """Return a value as text in a language; `parse_value` reads the same value back."""
    if value is None:
        return ""
    if isinstance(value, Deadline):
        return format_deadline(value, language, year)
    if isinstance(value, bool):
        return format_yes_no(value, language)
    if isinstance(value, Decimal):
        return (
            f"{format_number(value * 100, language)}\u00a0%" if field.percent else format_number(value, language)
        )
    return template.choice_label(field, value, language) if field.type == "choice" else value


def describe_accepted(field: Field, template: Template, year: int) -> LocalizedText:
    """Return what a field accepts, as a phrase to follow "Godtas:"."""
    return LocalizedText(
        sv=_accepted_text(field, template, year, "sv"), en=_accepted_text(field, template, year, "en")
    )


def amount_unit_sentence(template: Template, language: Language) -> str:
    """Return "Belopp i kronor.", "" where a template does not declare what its amounts are in."""
    if template.amount_unit is None:
        return ""
    return translate("amount_unit.declared", language, unit=_unit_text(template.amount_unit, language))


@lru_cache(maxsize=256)
def _make_cached_parser(
    field_key: IdentityKey[Field], template_key: IdentityKey[Template], year: int, language: Language
) -> CellParser:
    field = field_key.value
    if field.type == "choice":
        return _memoize_parser(make_choice_parser(template_key.value.choice_list(field), language))
    if field.type in ("number", "integer"):
        return partial(_parse_number_field, field=field, language=language, unit=template_key.value.unit_of(field))
    if field.type == "yes_no":
        return partial(parse_yes_no, language=language)
    if field.type == "quarter":
        return partial(parse_quarter, year=year, language=language)
    if field.type == "text":
        return partial(_parse_text_field, field=field, language=language)
    is_date = field.type == "date"
    return partial(parse_date, year=year) if is_date else partial(parse_deadline, year=year, language=language)


def _memoize_parser(parse: CellParser) -> CellParser:
    """Return the parser with a cache that keeps 1, 1.0 and True apart."""
    return lru_cache(maxsize=4096, typed=True)(parse)


def _parse_text_field(raw: RawCell, field: Field, language: Language) -> ParseResult:
    text = cell_text(raw, language)
    is_too_long = field.max_length is not None and len(text) > field.max_length
    return ParseResult(text or None, "text-too-long" if is_too_long else None)


def _parse_number_field(raw: RawCell, field: Field, language: Language, unit: AmountUnit | None) -> ParseResult:
    result = parse_number(raw, language, unit)
    number = result.value
    if not isinstance(number, Decimal):
        return result
    shown = raw.shown if isinstance(raw, ShownNumber) else raw
    if isinstance(shown, str) and not field.percent and is_percent_text(shown):
        return ParseResult(None, "number-percent")
    if field.type == "integer":
        if not is_whole_number(number):
            return ParseResult(None, "integer-not-whole")
        number = round(number, 0)
    minimum, maximum = field.minimum, field.maximum
    if (minimum is not None and number < _limit_as_decimal(minimum)) or (
        maximum is not None and number > _limit_as_decimal(maximum)
    ):
        return ParseResult(None, "number-out-of-limits")
    return ParseResult(number)


def _limit_as_decimal(limit: float) -> Decimal:
    return Decimal(repr(limit))


def _accepted_text(field: Field, template: Template, year: int, language: Language) -> str:
    if field.type == "choice":
        choices = template.choice_list(field)
        labels = ", ".join(option.label.in_language(language) for option in choices.options)
        return translate("values.accept_other", language, labels=labels) if choices.open else labels
    if field.type == "text" and field.max_length is not None:
        return translate("values.accept_text_up_to", language, most=field.max_length)
    if field.type in ("number", "integer") and (field.minimum is not None or field.maximum is not None):
        return _accepted_range_text(field, template.unit_of(field), language)
    if template.unit_of(field):
        return translate("values.accept_amount", language, unit=_unit_text(template.unit_of(field), language))
    return translate(f"values.accept_{field.type}", language, year=year, next_year=year + 1)


def _unit_text(unit: AmountUnit | None, language: Language) -> str:
    return translate(f"amount_unit.{unit}", language) if unit else ""


def _accepted_range_text(field: Field, unit: AmountUnit | None, language: Language) -> str:
    limits = {"least": field.minimum, "most": field.maximum}
    formatted_limits = {
        name: format_number(_limit_as_decimal(x), language) for name, x in limits.items() if x is not None
    }
    message_key = "between" if len(formatted_limits) == 2 else next(iter(formatted_limits))
    kind = translate(f"values.{field.type}", language)
    kind = translate("values.amount", language, unit=_unit_text(unit, language)) if unit else kind
    return translate(f"values.{message_key}", language, kind=kind, **formatted_limits)

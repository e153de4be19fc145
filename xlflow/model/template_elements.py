"""What a template may declare: levels, fields, choices, rules, summaries. The shape only.

pydantic checks it; whether the parts fit each other is checked by `template_checks`, on values of these classes.
Everything is frozen, and a template travels inside every form as JSON of this same shape.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Bounds

from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate

TemplateKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FiniteNumber = Annotated[float, Bounds(allow_inf_nan=False)]
FieldType = Literal["text", "choice", "quarter", "date", "deadline", "number", "integer", "yes_no"]
RuleSeverity = Literal["error", "warning", "note", "trial"]

NUMBER_TYPES: tuple[FieldType, ...] = ("number", "integer")
AmountUnit = Literal["kr", "tkr", "mkr"]
"""What the amounts of a template are in: kronor, thousands of kronor, or millions of kronor."""

DEADLINE_TYPES: tuple[FieldType, ...] = ("deadline", "date", "quarter")
LISTED_TYPES: tuple[FieldType, ...] = ("choice", "yes_no")
"""Types of fields whose answers are chosen from a list."""

ROLE_TYPES: Mapping[str, tuple[FieldType, ...]] = MappingProxyType(
    {
        "status": ("choice",),
        "deadline": DEADLINE_TYPES,
        "new_deadline": DEADLINE_TYPES,
        "comment": ("text",),
    }
)
"""The roles that a field may play, with the types that fit each."""

YES_NO_CODES = ("yes", "no")
"""The codes by which a rule's `when` names the answers of a yes-no field."""

RULE_EFFECTS = ("require", "forbid", "compare", "children_not_worse")
"""The keys of `Rule` that say what it asks for; every rule has at least one."""

UNIT_SUMMARY_KEY = "unit"
"""The key by which a summary table names the units."""

RESERVED_KEYS = ("id", "unit", "remaining", "source", "continues_from")
"""Keys of columns that the program itself adds; no level or field may have one."""

COUNT_PATTERN = r"^[^{}]*\{count\}[^{}]*$"
"""A text with exactly one placeholder, {count}."""


class TemplateElement(BaseModel):
    """Base of everything that a template declares: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelledElement(TemplateElement):
    """Something that has a column: its heading, further accepted headings, and its width in characters."""

    key: TemplateKey
    label: LocalizedText
    aliases: Annotated[tuple[str, ...], Bounds(max_length=1_000)] = ()
    help: LocalizedText | None = None
    width: int = 16

    def accepted_headings(self) -> tuple[str, ...]:
        """Return every accepted spelling of the heading (Swedish, English, aliases), not normalized."""
        return (self.label.sv, self.label.en, *self.aliases)


class Level(LabelledElement):
    """One column of the hierarchy: a group of items, the item itself (activity) or a part of it (sub-activity).

    `neuter`: the Swedish name takes "ett" (ett uppdrag), which the sentences with counts need to know.
    """

    kind: Literal["group", "item", "part"] = "group"
    plural: LocalizedText | None = None
    neuter: bool = False

    def plural_label(self, language: Language) -> str:
        """Return the name for several of them; the label where no plural is declared."""
        return (self.plural or self.label).in_language(language)


class Computation(TemplateElement):
    """How a number is computed from other fields of its row, named by key; blank where one of them is blank.

    Exactly one is given. `subtract`: the first minus all others. `share`: the first divided by the absolute value
    of the second.
    """

    subtract: tuple[TemplateKey, ...] = ()
    share: tuple[TemplateKey, ...] = ()


class Field(LabelledElement):
    """One thing that the plan states or a unit answers about a plan item, or that is `computed` from these.

    `choices`: key of the choice list, for type choice only. `minimum` and `maximum` are inclusive, `max_length` in
    characters. `percent`: the number is a share (0.125), written and shown as 12,5 %.
    """

    type: FieldType
    filled_by: Literal["plan", "unit"] = "unit"
    role: Literal["status", "deadline", "new_deadline", "comment"] | None = None
    choices: TemplateKey | None = None
    required: bool = False
    minimum: FiniteNumber | None = None
    maximum: FiniteNumber | None = None
    max_length: Annotated[int, Bounds(le=1_000_000)] | None = None
    heading: LocalizedText | None = None
    percent: bool = False
    computed: Computation | None = None


def is_amount(field: Field) -> bool:
    """Return whether a field holds amounts: numbers with decimals that are no percentages."""
    return field.type == "number" and not field.percent


class CountedText(LocalizedText):
    """One text in both languages, each with one placeholder, {count}."""

    sv: Annotated[str, StringConstraints(pattern=COUNT_PATTERN)]
    en: Annotated[str, StringConstraints(pattern=COUNT_PATTERN)]


class PredicatePhrase(TemplateElement):
    """What a sentence says of one item or of several with an answer: "är {count} genomförda", verb first.

    `neuter` is used instead of `one` for a level whose Swedish name takes "ett".
    """

    one: CountedText
    many: CountedText
    neuter: CountedText | None = None


class Choice(TemplateElement):
    """One accepted answer; `help` says what it means.

    `rank`: the highest wins in a roll-up. `excluded_from_rollup`: counts only if all others are excluded too.
    `final`: nothing more is to be done. `deviation`: differs from the plan. `delayed`: will be finished later than
    planned. `colour`: "#RRGGBB".
    """

    code: TemplateKey
    label: LocalizedText
    aliases: Annotated[tuple[str, ...], Bounds(max_length=1_000)] = ()
    help: LocalizedText | None = None
    rank: Annotated[int, Bounds(ge=-1_000_000, le=1_000_000)] | None = None
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#FFFFFF"
    icon: str = ""
    final: bool = False
    deviation: bool = False
    delayed: bool = False
    excluded_from_rollup: bool = False
    predicate: PredicatePhrase | None = None


class ChoiceList(TemplateElement):
    """The accepted answers of a choice field, in order; an `open` list accepts other texts too."""

    key: TemplateKey
    open: bool = False
    options: Annotated[tuple[Choice, ...], Bounds(max_length=2_000)]


class FieldComparison(TemplateElement):
    """The value of `field` must be later, above … than that of `to`; holds where one of the two is missing."""

    field: TemplateKey
    relation: Literal["later", "earlier", "above", "below", "equal"]
    to: TemplateKey


class Threshold(TemplateElement):
    """True where the absolute number in `field` is above `amount`, or above `share` (0.05 is 5 %) of that in `of`.

    Where both are given, one is enough unless `both` is set.
    """

    field: TemplateKey
    amount: FiniteNumber | None = None
    share: FiniteNumber | None = None
    of: TemplateKey | None = None
    both: bool = False


class Rule(TemplateElement):
    """A rule about one row: where every condition holds, each effect is demanded. The form shows `remedy`.

    Conditions: `when` (field key -> codes, one of which the field has; "yes" or "no" for a yes-no field),
    `when_filled`, `when_blank` (fields), `date_passed` (a deadline before the as-of date), `threshold` (a number
    above a limit). Effects: `require` and `forbid` (fields), `compare` (two fields), `children_not_worse` (no
    sub-activity has a worse status than the row itself). `message` may hold field keys as placeholders,
    {new_deadline}, and with `children_not_worse` also {part} and {part_status}.
    """

    name: TemplateKey
    severity: RuleSeverity = "error"
    when: dict[str, tuple[str, ...]] = {}
    when_filled: tuple[TemplateKey, ...] = ()
    when_blank: tuple[TemplateKey, ...] = ()
    date_passed: TemplateKey | None = None
    threshold: Threshold | None = None
    require: tuple[TemplateKey, ...] = ()
    forbid: tuple[TemplateKey, ...] = ()
    compare: FieldComparison | None = None
    children_not_worse: bool = False
    message: LocalizedText
    remedy: LocalizedText | None = None

    @property
    def is_shown_in_form(self) -> bool:
        """True if the form shows the rule live: an error or a warning. Notes and trials are left to the check."""
        return self.severity in ("error", "warning")


class SummaryTable(TemplateElement):
    """One table of the summary sheet: answers to the field `of`, counted by a level, a field or `unit`."""

    by: str
    of: TemplateKey
    title: LocalizedText


KRONOR_IN_UNIT: Mapping[str, int] = MappingProxyType({"kr": 1, "tkr": 1_000, "mkr": 1_000_000})
"""How many kronor an amount of 1 is, by the unit that a template declares."""

_UNITS_IN_HEADINGS = ("tkr", "mkr")
"""The units that headings show; an amount without a unit is in kronor."""


def fill_in_amount_unit(data: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a template with the unit in its texts and headings.

    The values may be of any kind until they are checked; what is not known is left alone. In the texts
    {amount_unit} is what amounts are in, {amount_limit} the first threshold of a rule, {amount_example} an amount
    of a usual size. Headings of amounts in thousands or millions name these: "Prognos (tkr)", for which "Prognos"
    is accepted too. What is filled in already stays as it is.
    """
    declared = data.get("amount_unit")
    if declared is None:
        return data
    unit = declared if isinstance(declared, str) and declared in KRONOR_IN_UNIT else "kr"
    words_by_language: dict[str, dict[str, str]] = {
        language: _unit_words(data, unit, language) for language in LANGUAGES
    }
    filled: dict[str, Any] = _fill_texts(data, None, words_by_language)
    fields = filled.get("fields")
    if unit not in _UNITS_IN_HEADINGS or not isinstance(fields, list | tuple):
        return filled
    return filled | {"fields": [_add_unit_to_heading(field, unit) for field in fields]}


def _unit_words(data: dict[str, Any], unit: str, language: Language) -> dict[str, str]:
    short_unit = translate(f"amount_unit.short_{unit}", language)
    amounts = (threshold_amount(rule) for rule in dicts_in(data.get("rules")))
    limit = next((amount for amount in amounts if amount is not None), None)
    return {
        "{amount_unit}": translate(f"amount_unit.{unit}", language),
        "{amount_limit}": short_unit if limit is None else f"{_format_limit(limit, language)} {short_unit}",
        "{amount_example}": translate(f"amount_unit.example_{unit}", language),
    }


def _format_limit(limit: Decimal, language: Language) -> str:
    whole, _, decimals = format(limit, "f").partition(".")
    decimals = decimals.rstrip("0")
    mark = "," if language == "sv" else "."
    return f"{int(whole):,}".replace(",", " ") + (f"{mark}{decimals}" if decimals else "")


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """Return the dicts in a list that may be something else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list | tuple) else []


def threshold_amount(rule: dict[str, Any]) -> Decimal | None:
    """Return the amount of the threshold of a rule that may be of any shape, None if it has none."""
    threshold = rule.get("threshold")
    amount = threshold.get("amount") if isinstance(threshold, dict) else None
    return Decimal(repr(amount)) if isinstance(amount, int | float) and not isinstance(amount, bool) else None


def _fill_texts(value: Any, language: str | None, words_by_language: Mapping[str, Mapping[str, str]]) -> Any:
    if isinstance(value, dict):
        return {
            key: _fill_texts(each, key if key in words_by_language else language, words_by_language)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_fill_texts(each, language, words_by_language) for each in value]
    if isinstance(value, str) and language and "{amount_" in value:
        for placeholder, words in words_by_language[language].items():
            value = value.replace(placeholder, words)
    return value


def _add_unit_to_heading(field: Any, unit: str) -> Any:
    if not isinstance(field, dict) or field.get("type") != "number" or field.get("percent"):
        return field
    label, aliases = field.get("label"), field.get("aliases", ())
    if not isinstance(label, dict) or not isinstance(aliases, list | tuple):
        return field
    texts = {language: label.get(language) for language in LANGUAGES}
    if not all(isinstance(text, str) and unit not in text for text in texts.values()):
        return field
    labels = {language: f"{text} ({unit})" for language, text in texts.items()}
    return field | {"label": label | labels, "aliases": [*dict.fromkeys(texts.values()), *aliases]}


class TemplateShape(TemplateElement):
    """A whole template, `extends` resolved, whose references are not checked yet; see `template.Template`.

    `introduction` opens the report; its {day} is the as-of date. `amount_unit`: what the amounts are in, which are
    the fields of type number that are no percentages; None if they are no money.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=100)]
    version: Annotated[str, StringConstraints(max_length=100)]
    title: LocalizedText
    description: LocalizedText
    introduction: LocalizedText | None = None
    amount_unit: AmountUnit | None = None
    levels: Annotated[tuple[Level, ...], Bounds(max_length=20)]
    fields: Annotated[tuple[Field, ...], Bounds(max_length=200)]
    choices: Annotated[tuple[ChoiceList, ...], Bounds(max_length=200)] = ()
    rules: Annotated[tuple[Rule, ...], Bounds(max_length=500)] = ()
    summaries: Annotated[tuple[SummaryTable, ...], Bounds(max_length=100)] = ()

    @model_validator(mode="before")
    @classmethod
    def _fill_in_amount_unit(cls, data: Any) -> Any:
        return fill_in_amount_unit(data) if isinstance(data, dict) else data

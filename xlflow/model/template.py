"""What a template may declare: levels, fields, choices, rules, summaries. The shape only.

`definition.py` finds and reads the TOML files and turns what pydantic says into findings; everything here is
frozen, and a template travels inside every form as JSON of this same shape.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from xlflow.i18n.catalogue import Language, LocalizedText
from xlflow.model.template_checks import find_template_faults

TemplateKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FieldType = Literal["text", "choice", "quarter", "date", "deadline", "number", "integer", "yes_no"]
RuleSeverity = Literal["error", "warning", "note", "trial"]

COUNT_PATTERN = r"^[^{}]*\{count\}[^{}]*$"


_DROPPED_WHOLE = ("rules", "summaries")


class TemplateElement(BaseModel):
    """Base of everything that a template declares: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelledElement(TemplateElement):
    """Something with a heading that people may write in more than one way."""

    key: TemplateKey
    label: LocalizedText
    aliases: tuple[str, ...] = ()
    help: LocalizedText | None = None
    width: int = 16

    def accepted_headings(self) -> tuple[str, ...]:
        """Return every spelling of its heading that is accepted."""
        return (self.label.sv, self.label.en, *self.aliases)


class Level(LabelledElement):
    """One column of the hierarchy: a group above the lines, the line itself (item), or a part of it.

    `neuter`: its name takes ett in Swedish (ett uppdrag), so that sentences about it come out right.
    """

    kind: Literal["group", "item", "part"] = "group"
    plural: LocalizedText | None = None
    neuter: bool = False

    def plural_label(self, language: Language) -> str:
        """Return what several of them are called, for counts."""
        return (self.plural or self.label).in_language(language)


class Computation(TemplateElement):
    """How a number follows from others of its row; exactly one of these. Blank where one of them is.

    subtract: the first less the others. share: the first as a part of the size of the second.
    """

    subtract: tuple[TemplateKey, ...] = ()
    share: tuple[TemplateKey, ...] = ()


class Field(LabelledElement):
    """One thing that the plan states or a unit answers about a line, or that follows from both (`computed`).

    `percent`: the number is a part of a whole, written and shown as 12,5 %.
    """

    type: FieldType
    filled_by: Literal["plan", "unit"] = "unit"
    role: Literal["status", "deadline", "new_deadline", "comment"] | None = None
    choices: TemplateKey | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    heading: LocalizedText | None = None
    percent: bool = False
    computed: Computation | None = None


class CountedText(LocalizedText):
    """One text in both languages, each with {count} where the number stands."""

    sv: Annotated[str, StringConstraints(pattern=COUNT_PATTERN)]
    en: Annotated[str, StringConstraints(pattern=COUNT_PATTERN)]


class PredicatePhrase(TemplateElement):
    """What a sentence says of one, or of many, that have an answer, the number where it stands when the verb comes
    first: "är {count} genomförda". `neuter` is for one whose level's name takes ett."""

    one: CountedText
    many: CountedText
    neuter: CountedText | None = None


class Choice(TemplateElement):
    """One accepted answer; `help` says what it means. `rank`: the highest (worst) wins in a roll-up;
    `excluded_from_rollup`: counts only if all others are excluded too; `final`: nothing more is to be done;
    `deviation`: differs from the plan; `delayed`: will be finished later than planned."""

    code: TemplateKey
    label: LocalizedText
    aliases: tuple[str, ...] = ()
    help: LocalizedText | None = None
    rank: int | None = None
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#FFFFFF"
    icon: str = ""
    final: bool = False
    deviation: bool = False
    delayed: bool = False
    excluded_from_rollup: bool = False
    predicate: PredicatePhrase | None = None


class ChoiceList(TemplateElement):
    """The accepted answers of a field; an open list accepts others too."""

    key: TemplateKey
    open: bool = False
    options: tuple[Choice, ...]


class FieldComparison(TemplateElement):
    """`field` must stand in this relation to `to` where both can be compared."""

    field: TemplateKey
    relation: Literal["later", "earlier", "above", "below", "equal"]
    to: TemplateKey


class Threshold(TemplateElement):
    """A number is further from zero than `amount`, or than `share` (0.05 is five percent) of the size of `of`.

    One of the two is enough where both are given, unless it says `both`.
    """

    field: TemplateKey
    amount: float | None = None
    share: float | None = None
    of: TemplateKey | None = None
    both: bool = False


class Rule(TemplateElement):
    """Speaks of a row where every condition holds; it then requires, forbids or compares. The form says `remedy`.

    Conditions: `when` (each field has one of its codes; yes or no for a yes-no field), `when_filled` and
    `when_blank` (fields), `date_passed` (a deadline before the as-of date), `threshold` (a number above a limit).
    Effects: `require` and `forbid` (fields), `compare` (two fields), `children_not_worse` (no part has a worse
    status than the row itself). `message` may name fields of the row, as {new_deadline}; with
    `children_not_worse` also {part} and {part_status}.
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
        """Whether the form asks for it too: an error or a warning; a note or a trial is only told."""
        return self.severity in ("error", "warning")


class SummaryTable(TemplateElement):
    """One table of the summary sheet: how the answers to `of` fall on the values of `by`."""

    by: str
    of: TemplateKey
    title: LocalizedText


class Template(TemplateElement):
    """A whole definition, `extends` already resolved. `introduction` opens the report; {day} is the as-of date."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    version: str
    title: LocalizedText
    description: LocalizedText
    introduction: LocalizedText | None = None
    levels: tuple[Level, ...]
    fields: tuple[Field, ...]
    choices: tuple[ChoiceList, ...] = ()
    rules: tuple[Rule, ...] = ()
    summaries: tuple[SummaryTable, ...] = ()

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        faults = find_template_faults(self.model_dump())
        if faults:
            raise ValueError("; ".join(f"{fault.code} {fault.path}" for fault in faults))
        return self

    def __copy__(self) -> Self:
        """Return a copy that works out anew what is kept, since it may be given other levels or fields."""
        copied = super().__copy__()
        for name in ("item_level_index", "part_level_index", "fields_by_key", "status_choices"):
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def item_level_index(self) -> int:
        """The place of the line's own level (the activity) among the levels."""
        return next(index for index, level in enumerate(self.levels) if level.kind == "item")

    @cached_property
    def part_level_index(self) -> int | None:
        """The place of the level below the line (the sub-activity), if the template has one."""
        return next((index for index, level in enumerate(self.levels) if level.kind == "part"), None)

    @cached_property
    def fields_by_key(self) -> dict[str, Field]:
        """The fields by their keys."""
        return {field.key: field for field in self.fields}

    @cached_property
    def status_choices(self) -> dict[str, Choice]:
        """The statuses by code, in the template's order; empty if no field has the role `status`."""
        status_field = self.field_in_role("status")
        return {choice.code: choice for choice in self.choice_list(status_field).options} if status_field else {}

    @property
    def item_level(self) -> Level:
        """The level of the plan items themselves: the activity."""
        return self.levels[self.item_level_index]

    @property
    def part_level(self) -> Level | None:
        """The level of sub-activities, None if the template has none."""
        return None if self.part_level_index is None else self.levels[self.part_level_index]

    def field(self, key: str) -> Field:
        """Return the field with this key; KeyError if the template has none."""
        return self.fields_by_key[key]

    def field_in_role(self, role: str) -> Field | None:
        """Return the field that plays a role ("status"), if one does."""
        return next((field for field in self.fields if field.role == role), None)

    def answer_fields(self) -> tuple[Field, ...]:
        """Return the fields that a unit fills in, in the form's order."""
        return tuple(field for field in self.fields if field.filled_by == "unit" and not field.computed)

    def plan_fields(self) -> tuple[Field, ...]:
        """Return the fields that the plan fills in, in the form's order."""
        return tuple(field for field in self.fields if field.filled_by == "plan")

    def form_fields(self) -> tuple[Field, ...]:
        """Return all fields in the form's order: those that the plan fills in, then the others."""
        return (*self.plan_fields(), *(field for field in self.fields if field.filled_by == "unit"))

    def choice_list(self, field: Field) -> ChoiceList:
        """Return the accepted answers of a choice field."""
        return next(choices for choices in self.choices if choices.key == field.choices)

    def choice(self, field: Field, code: str) -> Choice:
        """Return the choice with this code; StopIteration never happens for a value read by us."""
        return next(choice for choice in self.choice_list(field).options if choice.code == code)

    def choice_label(self, field: Field, code: str, language: Language) -> str:
        """Return the label of a choice, or the code itself where an open list met something else."""
        options = self.choice_list(field).options
        return next((choice.label.in_language(language) for choice in options if choice.code == code), code)


def parse_template_leniently(values: Any) -> tuple[Template, tuple[str, ...]]:
    """Return a template that a newer version of this program may have written, and what of it was left out: keys
    that are not known here, and rules and summaries that hold such. ValueError for all other faults."""
    dropped: dict[str, None] = {}
    while True:
        try:
            return Template.model_validate(values), tuple(dropped)
        except ValidationError as fault:
            unknown = [
                _path_to_drop(detail["loc"])
                for detail in fault.errors()
                if _is_from_newer_version(detail["type"], detail["loc"])
            ]
            if not unknown:
                raise
            dropped |= dict.fromkeys(".".join(_path_labels(values, path)) for path in unknown)
            values = _remove_paths(values, frozenset(unknown))


def _is_from_newer_version(error_type: str, path: tuple[int | str, ...]) -> bool:
    return error_type == "extra_forbidden" or (len(path) > 1 and path[0] in _DROPPED_WHOLE)


def _path_to_drop(path: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return what is to be left out: a rule that is half understood would say something else."""
    return path[:2] if path[0] in _DROPPED_WHOLE and len(path) > 1 else path


def _path_labels(values: Any, path: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the steps of a path, with an item's own name for its number."""
    for step in path:
        if isinstance(step, int):
            values = values[step]
            yield str(values.get("name") or values.get("key") or values.get("code") or step)
        else:
            values = values.get(step, {})
            yield step


def _remove_paths(
    values: Any, paths: frozenset[tuple[int | str, ...]], parent_path: tuple[int | str, ...] = ()
) -> Any:
    """Return nested values without those at some places."""
    if isinstance(values, dict):
        return {
            key: _remove_paths(value, paths, (*parent_path, key))
            for key, value in values.items()
            if (*parent_path, key) not in paths
        }
    if isinstance(values, list):
        return [
            _remove_paths(one, paths, (*parent_path, index))
            for index, one in enumerate(values)
            if (*parent_path, index) not in paths
        ]
    return values

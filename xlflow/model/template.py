"""A template as the program uses it: its parts fit each other, and fields are found by key and role.

What may be declared is in `template_elements`, offered here too. Finding and reading TOML files is `definition`'s.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Self

from pydantic import ValidationError, model_validator

from xlflow.i18n.catalogue import Language
from xlflow.model.template_checks import find_template_faults
from xlflow.model.template_elements import AmountUnit, Choice, ChoiceList, Field, Level, TemplateShape, is_amount

_DROPPED_WHOLE = ("rules", "summaries")
"""Lists of which a faulty entry of a newer version is left out as a whole."""


class Template(TemplateShape):
    """A whole template whose parts fit each other: validation fails where `find_template_faults` finds any fault.

    Its look-ups are by key and in the order of the form.
    """

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        faults = find_template_faults(self)
        if faults:
            raise ValueError("; ".join(f"{fault.code} {fault.path}" for fault in faults))
        return self

    def __copy__(self) -> Self:
        """Return a copy without the cached look-ups, since `model_copy` may give it other levels or fields."""
        copied = super().__copy__()
        for name in ("item_level_index", "part_level_index", "fields_by_key", "status_choices", "definition"):
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def item_level_index(self) -> int:
        """Index of the level of the plan item itself (the activity) in `levels`."""
        return next(index for index, level in enumerate(self.levels) if level.kind == "item")

    @cached_property
    def part_level_index(self) -> int | None:
        """Index of the level of parts (sub-activities) in `levels`, None if the template has none."""
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

    @cached_property
    def definition(self) -> str:
        """The whole template as JSON: the same text for two templates that say the same."""
        return self.model_dump_json()

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
        """Return the field with a role ("status", "deadline", "new_deadline", "comment"), None if none has it."""
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

    def unit_of(self, field: Field) -> AmountUnit | None:
        """Return what the amounts in a field are in, None for a field without amounts of money."""
        return self.amount_unit if is_amount(field) else None

    def choice_list(self, field: Field) -> ChoiceList:
        """Return the choice list of a field of type choice; StopIteration for other fields."""
        return next(choices for choices in self.choices if choices.key == field.choices)

    def choice_label(self, field: Field, code: str, language: Language) -> str:
        """Return the label of a choice, or `code` itself where it is none (a text that an open list accepted)."""
        options = self.choice_list(field).options
        return next((choice.label.in_language(language) for choice in options if choice.code == code), code)


def parse_template_leniently(values: Any) -> tuple[Template, tuple[str, ...]]:
    """Return a template that a newer version of this program may have written, and the paths of what was left out.

    `values` is the template as JSON gives it. Left out are unknown keys, and whole rules and summaries that have a
    fault. Raises ValueError (pydantic's ValidationError) for every other fault.
    """
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
    """Return the path to remove: a rule or summary as a whole, since half of one would mean something else."""
    return path[:2] if path[0] in _DROPPED_WHOLE and len(path) > 1 else path


def _path_labels(values: Any, path: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the steps of a path, with the name, key or code of a list entry instead of its index."""
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
    """Return nested dicts and lists without the values at `paths`."""
    if isinstance(values, dict):
        return {
            key: _remove_paths(value, paths, (*parent_path, key))
            for key, value in values.items()
            if (*parent_path, key) not in paths
        }
    if isinstance(values, list):
        return [
            _remove_paths(item, paths, (*parent_path, index))
            for index, item in enumerate(values)
            if (*parent_path, index) not in paths
        ]
    return values

"""Validates the shape of a template, and makes of one with a wrong shape what can still be checked.

So that faults of shape and of reference are reported together: what is valid keeps its place, what is not becomes
its default, or a blank where it has none. A draft is only ever checked, never used.
"""

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from xlflow.model.template_checks import find_template_faults
from xlflow.model.template_elements import TemplateShape
from xlflow.model.template_references import TemplateFault

_WRAPPERS = (types.UnionType, typing.Union, typing.Annotated)


def validate_template(data: Mapping[str, Any]) -> tuple[list[ErrorDetails], list[TemplateFault]]:
    """Return what pydantic finds wrong in the shape of a template, and the faults of the rest of it.

    `data` is the template as TOML gives it, `extends` resolved. No fault lies at or below the place of an error.
    """
    try:
        template, errors = TemplateShape.model_validate(data), list[ErrorDetails]()
    except ValidationError as error:
        template, errors = _draft_model(TemplateShape, data), error.errors(include_url=False)
    error_paths = {error["loc"] for error in errors}
    faults = [
        fault
        for fault in find_template_faults(template)
        if not any(fault.path[: len(path)] == path for path in error_paths)
    ]
    return errors, faults


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model in `Model`, `tuple[Model, ...]` or `Model | None`; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    arguments: Iterable[Any] = () if _is_literal(annotation) else typing.get_args(annotation)
    return next((model for argument in arguments if (model := model_in(argument))), None)


def _draft_model(model: type[BaseModel], data: object) -> Any:
    """Return a model made of what is valid in `data`, a table."""
    values = data if isinstance(data, Mapping) else {}
    drafts = {}
    for name, info in model.model_fields.items():
        is_given = name in values and (values[name] is not None or info.is_required())
        drafts[name] = _draft_value(info.annotation, values[name]) if is_given else None
        if drafts[name] is None:
            drafts[name] = _blank(info.annotation) if info.is_required() else info.get_default()
    return model.model_construct(**drafts)


def _draft_value(annotation: Any, value: object) -> Any:
    """Return `value` as far as it fits its type; None if not at all. A text of the wrong pattern stays."""
    try:
        return TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        pass
    if isinstance(value, list | tuple) and typing.get_origin(annotation) is tuple:
        item_type = typing.get_args(annotation)[0]
        items = (_draft_value(item_type, item) for item in value)
        return tuple(_blank(item_type) if item is None else item for item in items)
    if isinstance(value, Mapping) and typing.get_origin(annotation) is dict:
        value_type = typing.get_args(annotation)[1]
        drafts = {key: _draft_value(value_type, item) for key, item in value.items()}
        return {key: draft for key, draft in drafts.items() if draft is not None}
    if isinstance(value, Mapping):
        model = model_in(annotation)
        return _draft_model(model, value) if model and typing.get_origin(annotation) is not tuple else None
    return value if isinstance(value, str) and _is_text(annotation) else None


def _blank(annotation: Any) -> Any:
    """Return a value of the right kind that says nothing."""
    if typing.get_origin(annotation) in (tuple, dict):
        return typing.get_origin(annotation)()
    model = model_in(annotation)
    return _draft_model(model, {}) if model else ""


def _is_text(annotation: Any) -> bool:
    """Return whether a text may stand here: in `str`, a choice of texts, or one of these or nothing."""
    parts = typing.get_args(annotation) if typing.get_origin(annotation) in _WRAPPERS else ()
    return annotation is str or _is_literal(annotation) or any(map(_is_text, parts))


def _is_literal(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Literal

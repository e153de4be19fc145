"""Every way in which the parts of a template may fail to fit together is reported, and a right one is accepted."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from xlflow.definition.template_loader import load_shipped_templates
from xlflow.definition.template_shape import validate_template
from xlflow.model.template import Template


def valid_template() -> dict[str, Any]:
    """Return a small template that holds together."""
    both = {"sv": "Text", "en": "Text"}
    return {
        "levels": [
            {"key": "goal", "kind": "group", "label": {"sv": "Mål", "en": "Goal"}},
            {"key": "activity", "kind": "item", "label": {"sv": "Aktivitet", "en": "Activity"}},
            {"key": "step", "kind": "part", "label": {"sv": "Steg", "en": "Step"}},
        ],
        "fields": [
            {
                "key": "status",
                "type": "choice",
                "role": "status",
                "choices": "statuses",
                "label": {"sv": "S", "en": "S"},
            },
            {"key": "time", "type": "deadline", "filled_by": "plan", "label": {"sv": "Tid", "en": "Time"}},
            {"key": "when", "type": "date", "role": "new_deadline", "label": {"sv": "Ny tid", "en": "New time"}},
            {"key": "cost", "type": "number", "minimum": 0, "maximum": 9, "label": {"sv": "Kr", "en": "Kr"}},
            {"key": "why", "type": "text", "max_length": 99, "label": {"sv": "Varför", "en": "Why"}},
        ],
        "choices": [
            {
                "key": "statuses",
                "options": [
                    {"code": "on", "rank": 1, "label": {"sv": "Pågår", "en": "On"}, "aliases": ["Igång"]},
                    {"code": "off", "excluded_from_rollup": True, "label": {"sv": "Utgår", "en": "Off"}},
                ],
            }
        ],
        "rules": [
            {"name": "r", "when": {"status": ["off"]}, "require": ["why"], "forbid": ["when"], "message": both},
            {"name": "s", "compare": {"field": "when", "relation": "later", "to": "time"}, "message": both},
        ],
        "summaries": [
            {"by": "goal", "of": "status", "title": both},
            {"by": "unit", "of": "status", "title": both},
        ],
    }


def changed_template(path: str, value: object) -> dict[str, Any]:
    """Return the sound template with the value at "fields.0.key" changed, or taken out if it is None."""
    whole = deepcopy(valid_template())
    here: Any = whole
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        here = here[step]
    if value is None:
        del here[last]
    elif isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return whole


def fault_paths(data: dict[str, Any]) -> list[str]:
    return [
        f"{fault.code.removeprefix('template-')} {'.'.join(map(str, fault.path))}"
        for fault in validate_template(data)[1]
    ]


def test_what_holds_together_is_left_alone():
    assert fault_paths(valid_template()) == []


@pytest.mark.parametrize("template", load_shipped_templates(), ids=lambda template: template.name)
def test_the_shipped_ones_hold_together(template: Template):
    assert validate_template(template.model_dump()) == ([], [])


@pytest.mark.parametrize(
    ("path", "value", "faults"),
    [
        ("fields.1.key", "goal", ["twice fields.1.key", "unknown-reference rules.1.compare.to"]),
        ("fields.4.key", "id", ["wrong-value fields.4.key", "unknown-reference rules.0.require.0"]),
        ("rules.1.name", "r", ["twice rules.1.name"]),
        ("choices.1", {"key": "statuses", "options": [{"code": "x", "rank": 1}]}, ["twice choices.1.key"]),
        ("fields.1.label.sv", "AKTIVITET", ["twice fields.1.label.sv"]),
        ("fields.1.aliases", ["Enhet", "Tider", "steg"], ["twice fields.1.aliases.0", "twice fields.1.aliases.2"]),
        ("fields.1.label.en", "Tid", []),
        ("levels.1.kind", "group", ["wrong-value levels"]),
        ("levels.0.kind", "part", ["wrong-value levels.0.kind"]),
        ("levels.2.kind", "group", ["wrong-value levels.2.kind"]),
        ("levels.2.kind", "item", ["wrong-value levels"]),
        ("levels.2.kind", "itme", []),
        ("fields.0.choices", "status", ["unknown-reference fields.0.choices"]),
        ("fields.0.choices", None, ["missing-key fields.0.choices"]),
        ("fields.4.choices", "statuses", ["wrong-value fields.4.choices"]),
        ("fields.4.minimum", 1, ["wrong-value fields.4.minimum"]),
        ("fields.3.maximum", -1, ["wrong-value fields.3.maximum"]),
        ("fields.3.max_length", 5, ["wrong-value fields.3.max_length"]),
        ("fields.4.max_length", 0, ["wrong-value fields.4.max_length"]),
        ("fields.3.role", "comment", ["wrong-value fields.3.type"]),
        ("fields.2.filled_by", "plan", ["wrong-value fields.2.filled_by", "unknown-reference rules.0.forbid.0"]),
        ("fields.1.role", "new_deadline", ["twice fields.2.role", "wrong-value fields.1.filled_by"]),
        ("choices.0.options", [], ["wrong-value choices.0.options", "unknown-reference rules.0.when.status.0"]),
        (
            "choices.0.options.1.code",
            "on",
            ["twice choices.0.options.1.code", "unknown-reference rules.0.when.status.0"],
        ),
        ("choices.0.options.1.label.sv", " igång", ["twice choices.0.options.1.label.sv"]),
        ("choices.0.options.0.rank", None, ["missing-key choices.0.options.0.rank"]),
        ("choices.0.options.1.excluded_from_rollup", False, ["missing-key choices.0.options.1.rank"]),
        ("rules.0.when", {"cost": ["1"]}, ["unknown-reference rules.0.when.cost"]),
        ("rules.0.when", {"status": ["of"]}, ["unknown-reference rules.0.when.status.0"]),
        ("rules.0.require", ["time"], ["unknown-reference rules.0.require.0"]),
        ("rules.1.compare.to", "cost", ["unknown-reference rules.1.compare.to"]),
        ("rules.1.compare.relation", "above", []),
        ("rules.1.compare", None, ["missing-key rules.1.require"]),
        ("rules.1.when_filled", ["why", "time"], ["unknown-reference rules.1.when_filled.1"]),
        ("rules.1.when_blank", ["wy"], ["unknown-reference rules.1.when_blank.0"]),
        ("rules.1.date_passed", "why", ["unknown-reference rules.1.date_passed"]),
        ("rules.1.date_passed", "time", []),
        ("rules.1.children_not_worse", True, []),
        ("rules.1.message", {"sv": "{when} {whn}", "en": "x"}, ["unknown-reference rules.1.message.sv"]),
        ("rules.1.message", {"sv": "{part}", "en": "x"}, ["unknown-reference rules.1.message.sv"]),
        ("rules.1.message", {"sv": "{", "en": "x"}, ["wrong-value rules.1.message.sv"]),
        ("rules.1.remedy", {"sv": "x", "en": "{when}"}, ["wrong-value rules.1.remedy.en"]),
        ("rules.1.remedy", {"sv": " ", "en": "x"}, ["text-length rules.1.remedy.sv"]),
        ("summaries.0.by", "goals", ["unknown-reference summaries.0.by"]),
        ("summaries.0.of", "goal", ["unknown-reference summaries.0.of"]),
        ("summaries.1.by", "goal", ["twice summaries.1.by"]),
        ("levels.0.width", 200, ["wrong-value levels.0.width"]),
        ("fields.4.heading", {"sv": "x" * 33, "en": "x"}, ["text-length fields.4.heading.sv"]),
        ("fields.4.help", {"sv": "x", "en": "x" * 256}, ["text-length fields.4.help.en"]),
        ("choices.0.options.0.label.en", " ", ["text-length choices.0.options.0.label.en"]),
        ("fields", "nothing", ["unknown-reference rules.0.require.0", "unknown-reference rules.0.forbid.0"]),
    ],
)
def test_each_fault_is_reported_at_its_path(path: str, value: object, faults: list[str]):
    found = fault_paths(changed_template(path, value))
    assert found[: len(faults)] == faults if path == "fields" else found == faults


def test_a_rule_about_worse_parts_needs_statuses_and_parts():
    data = changed_template("rules.1.children_not_worse", True)
    data["levels"].pop()
    assert fault_paths(data) == ["wrong-value rules.1.children_not_worse"]


def test_a_question_of_yes_or_no_may_be_a_condition():
    data = changed_template("fields.5", {"key": "sure", "type": "yes_no", "label": {"sv": "Säkert", "en": "Sure"}})
    data["rules"][1]["when"] = {"sure": ["yes"]}
    assert fault_paths(data) == []
    data["rules"][1]["when"] = {"sure": ["maybe"]}
    assert fault_paths(data) == ["unknown-reference rules.1.when.sure.0"]


def test_the_shape_refuses_what_does_not_hold_together():
    whole = load_shipped_templates()[1].model_dump()
    whole["fields"][1]["choices"] = "statuz"
    with pytest.raises(ValidationError, match="template-unknown-reference"):
        Template.model_validate(whole)

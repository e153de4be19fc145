"""Text of `xlflow explain`: what a code of a finding means, for whoever meets it in a workbook, JSON or log.

The message with its placeholders open, the remedy, where it points, and who can act. Rules of a template are
explained by their own texts.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import (
    CatalogueEntry,
    Finding,
    Location,
    get_catalogue_entry,
    list_finding_codes,
    make_finding,
)
from xlflow.model.template import Template
from xlflow.model.template_elements import Rule
from xlflow.model.text import find_closest, normalize_key

TEXT_WIDTH = 80

CODES_BY_RULE: Mapping[str, tuple[str, ...]] = {
    "added_row_without_text": ("added-row-without-text",),
    "missing_status": ("missing-status", "missing-status-or-parts"),
    "missing_required": ("missing-answer",),
    "answer_listed": ("choice-not-listed",),
}
"""The rules that every template has -> the codes of the findings where an answer breaks them."""


def explain_code(code_or_rule: str, templates: Sequence[Template], language: Language) -> str | Finding:
    """Return what a code, or a rule of one of the templates, means; else the finding that names the nearest."""
    key = normalize_key(code_or_rule).replace("_", "-")
    rules = {
        _normalize_code(rule.name): (rule, template) for template in reversed(templates) for rule in template.rules
    }
    if key in rules:
        return _explain_rule(*rules[key], language)
    codes_by_rule_key = {_normalize_code(rule): codes for rule, codes in CODES_BY_RULE.items()}
    codes = codes_by_rule_key.get(key, (key,) if key in list_finding_codes() else ())
    if codes:
        return "\n\n".join(_explain_catalogue_entry(get_catalogue_entry(code), language) for code in codes)
    closest = find_closest(key, (*list_finding_codes(), *codes_by_rule_key, *rules))
    return make_finding("code-unknown", Location(""), value=code_or_rule, suggestion=closest)


def describe_all_codes(language: Language) -> str:
    """Return every code with its message, one a line."""
    lines = (
        f"{code}: {fill_placeholders(get_catalogue_entry(code).message.in_language(language), language)}"
        for code in sorted(list_finding_codes())
    )
    return "\n".join(textwrap.shorten(line, 2 * TEXT_WIDTH, placeholder=" …") for line in lines)


def fill_placeholders(sentence: str, language: Language) -> str:
    """Return a sentence of the catalogue with its placeholders filled by examples or ellipses."""
    return " ".join(sentence.format_map(_ExampleParams(language)).split())


class _ExampleParams(dict[str, str]):
    """The values of placeholders in an explanation: an example, else an ellipsis."""

    def __init__(self, language: Language):
        names = ("field", "unit", "file", "level", "ask", "message", "remedy")
        super().__init__({name: translate(f"explain.{name}", language) for name in names} | {"hint": ""})

    def __missing__(self, _key: str) -> str:
        return "…"


def _explain_catalogue_entry(entry: CatalogueEntry, language: Language) -> str:
    message, remedy = (
        fill_placeholders(text.in_language(language), language) for text in (entry.message, entry.remedy)
    )
    return "\n".join(_explanation_lines(entry, message, remedy, language))


def _explain_rule(rule: Rule, template: Template, language: Language) -> str:
    entry = get_catalogue_entry("rule-on-trial" if rule.severity == "trial" else "rule-broken")
    message = fill_placeholders(rule.message.in_language(language), language)
    remedy = (
        fill_placeholders(rule.remedy.in_language(language), language)
        if rule.remedy
        else translate("explain.see_message", language)
    )
    lines = list(_explanation_lines(entry, message, remedy, language, name=rule.name, severity=rule.severity))
    return "\n".join((*lines, _wrap_indented(translate("explain.template", language, template=template.name))))


def _explanation_lines(
    entry: CatalogueEntry, message: str, remedy: str, language: Language, *, name: str = "", severity: str = ""
) -> Iterator[str]:
    severity_key = severity or str(entry.severity)
    yield f"{name or entry.code}  ({translate(f'explain.{severity_key}', language)})"
    yield _wrap_indented(message)
    yield _wrap_indented(remedy)
    yield _wrap_indented(
        translate("explain.where", language, place=translate(f"explain.place_{entry.location_kind}", language))
    )
    yield _wrap_indented(
        translate("explain.who", language, who=translate(f"explain.who_{entry.responsible}", language))
    )


def _normalize_code(name: str) -> str:
    return normalize_key(name).replace("_", "-")


def _wrap_indented(text: str) -> str:
    return textwrap.fill(text, TEXT_WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)

"""What a code in a list of findings means, for whoever meets it in a workbook, in JSON or in a log.

Says the message with its gaps open, what to do, where it points and who can do something about it. Rules of a
template are explained by their own words.
"""

import difflib
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from xlflow.core.findings import Entry, Finding, Place, describe_code, find, known_codes
from xlflow.core.template import Rule, Template
from xlflow.core.text import fold
from xlflow.core.words import Language, say

WIDTH = 80

CODES_OF_RULES: Mapping[str, tuple[str, ...]] = {
    "own_without_text": ("own-without-text",),
    "missing_status": ("missing-status", "missing-status-or-parts"),
    "missing_required": ("missing-answer",),
    "answer_listed": ("choice-not-listed",),
}
"""The rules that every template has -> what is told where an answer breaks them."""


def explain_code(name: str, templates: Sequence[Template], language: Language) -> str | Finding:
    """Return what a code, or a rule of one of the templates, means; else the finding that names the nearest."""
    key = fold(name).replace("_", "-")
    rules = {_key(rule.name): (rule, template) for template in reversed(templates) for rule in template.rules}
    if key in rules:
        return _explain_rule(*rules[key], language)
    general = {_key(rule): codes for rule, codes in CODES_OF_RULES.items()}
    codes = general.get(key, (key,) if key in known_codes() else ())
    if codes:
        return "\n\n".join(_explain_entry(describe_code(code), language) for code in codes)
    near = difflib.get_close_matches(key, (*known_codes(), *general, *rules), 1, 0.6)
    return find("code-unknown", Place(""), value=name, suggestion=near[0] if near else None)


def list_codes(language: Language) -> str:
    """Return every code with its message, one a line."""
    lines = (f"{code}: {tell(describe_code(code).what.say(language), language)}" for code in sorted(known_codes()))
    return "\n".join(textwrap.shorten(line, 2 * WIDTH, placeholder=" …") for line in lines)


def tell(sentence: str, language: Language) -> str:
    """Return a sentence of the catalogue with its gaps filled by what stands for anything."""
    return " ".join(sentence.format_map(_Gaps(language)).split())


class _Gaps(dict[str, str]):
    """What stands in the gaps of a sentence where nothing has been found: an example, else an ellipsis."""

    def __init__(self, language: Language):
        names = ("field", "unit", "file", "level", "ask", "message", "remedy")
        super().__init__({name: say(f"explain.{name}", language) for name in names} | {"hint": ""})

    def __missing__(self, _key: str) -> str:
        return "…"


def _explain_entry(entry: Entry, language: Language) -> str:
    what, do = (tell(text.say(language), language) for text in (entry.what, entry.do))
    return "\n".join(_lines(entry, what, do, language))


def _explain_rule(rule: Rule, template: Template, language: Language) -> str:
    entry = describe_code("rule-on-trial" if rule.severity == "trial" else "rule-broken")
    what = tell(rule.message.say(language), language)
    do = tell(rule.remedy.say(language), language) if rule.remedy else say("explain.see_message", language)
    told = list(_lines(entry, what, do, language, name=rule.name, severity=rule.severity))
    return "\n".join((*told, _wrap(say("explain.template", language, template=template.name))))


def _lines(
    entry: Entry, what: str, do: str, language: Language, *, name: str = "", severity: str = ""
) -> Iterator[str]:
    weight = severity or str(entry.severity)
    yield f"{name or entry.code}  ({say(f'explain.{weight}', language)})"
    yield _wrap(what)
    yield _wrap(do)
    yield _wrap(say("explain.where", language, place=say(f"explain.place_{entry.place}", language)))
    yield _wrap(say("explain.who", language, who=say(f"explain.who_{entry.who}", language)))


def _key(name: str) -> str:
    return fold(name).replace("_", "-")


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)

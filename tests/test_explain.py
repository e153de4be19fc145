"""Every code can be explained in both languages, and the list of them in examples/README.md is the catalogue's."""

import re

import pytest
from support.external_tools import PROJECT
from support.not_empty import not_empty
from support.run_cli import run

from xlflow.cli.explain import CODES_BY_RULE, describe_all_codes, explain_code, fill_placeholders
from xlflow.definition.template_loader import load_shipped_templates
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.findings import Finding, Severity, get_catalogue_entry, list_finding_codes

TEMPLATES = load_shipped_templates()
MANUAL = PROJECT / "examples" / "README.md"
SECTIONS = {
    "cell": "In a cell of a form",
    "row": "In a row of a form",
    "column": "In a column of a form",
    "sheet": "On a sheet of what came in",
    "file": "In a file",
    "folder": "In a folder or path",
    "plan": "In the plan workbook",
    "template": "In a template",
    "run": "In the run as a whole",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(list_finding_codes()))
def test_every_code_explains_what_is_wrong_what_to_do_where_and_who(code: str, language: Language) -> None:
    explanation = explain_code(code, (), language)
    assert isinstance(explanation, str)
    first, *rest = next(part for part in explanation.split("\n\n") if part.startswith(f"{code} ")).splitlines()
    assert first.startswith(f"{code}  (")
    assert all(line.startswith("    ") for line in rest)
    assert len(rest) > 3
    assert "{" not in explanation


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_of_a_template_is_explained_by_its_own_words(language: Language) -> None:
    rules = [(rule, template) for template in TEMPLATES for rule in template.rules]
    assert rules
    for rule, template in rules:
        explanation = explain_code(rule.name, (template,), language)
        assert isinstance(explanation, str)
        assert " ".join(fill_placeholders(rule.message.in_language(language), language).split()) in " ".join(
            explanation.split()
        )
        assert template.name in explanation


def test_the_rules_of_every_template_lead_to_the_codes_that_they_report() -> None:
    for rule, codes in CODES_BY_RULE.items():
        explanation = explain_code(rule, (), "sv")
        assert isinstance(explanation, str)
        assert [part.split()[0] for part in explanation.split("\n\n")] == list(codes)


def test_dashes_case_and_underscores_do_not_matter_and_a_wrong_code_gets_the_nearest() -> None:
    assert explain_code("Choice_Unknown", (), "sv") == explain_code("choice-unknown", (), "sv")
    explanation = explain_code("choise-unknown", (), "sv")
    assert isinstance(explanation, Finding)
    assert (explanation.code, explanation.suggestion) == ("code-unknown", "choice-unknown")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_code_all_are_listed(language: Language) -> None:
    assert [line.split(":")[0] for line in describe_all_codes(language).splitlines()] == sorted(
        list_finding_codes()
    )


@pytest.mark.parametrize(("arguments", "exit_code"), [((), 0), (("missing-status",), 0), (("no-such-code",), 2)])
def test_the_command_explains(arguments: tuple[str, ...], exit_code: int) -> None:
    seen = run("explain", *arguments, cwd=PROJECT)
    assert seen.code == exit_code
    assert seen.out if exit_code == 0 else seen.err


# The list in the manual ---------------------------------------------------------------------------------------


def _code_list() -> str:
    """Return the list as the manual shows it: by place, each code with its severity and message."""
    parts = []
    for location_kind, heading in SECTIONS.items():
        entries = [
            entry
            for code in sorted(list_finding_codes())
            if (entry := get_catalogue_entry(code)).location_kind == location_kind
        ]
        rows = [
            f"- `{entry.code}` ({entry.severity}): {fill_placeholders(entry.message.en, 'en')}"
            for entry in entries
        ]
        parts.append("\n".join([f"**{heading}**", "", *rows]))
    return "\n\n".join(parts) + "\n"


def test_the_manual_lists_every_code(renew: bool) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    found = re.search(r"(?<=<!-- codes -->\n).*(?=<!-- /codes -->)", text, re.DOTALL)
    assert found, "examples/README.md lost the marks around its list of codes"
    if renew:
        MANUAL.write_text(
            text[: found.start()] + _code_list() + text[found.end() :], encoding="utf-8", newline="\n"
        )
    else:
        assert found[0] == _code_list(), "renew it: python -m pytest tests/test_explain.py --renew"


def test_no_two_codes_mean_the_same_and_none_uses_technical_words_to_a_unit() -> None:
    texts = [
        (entry.responsible, entry.message.sv, entry.remedy.sv)
        for entry in map(get_catalogue_entry, list_finding_codes())
    ]
    assert not {text for text in texts if texts.count(text) > 1}
    jargon = re.compile(r"\b(?:JSON|UTF|XML|parse|fingerprint|enum|null|regex|formatkod|array)\b", re.IGNORECASE)
    for entry in not_empty(map(get_catalogue_entry, list_finding_codes())):
        if entry.responsible == "unit":
            words = " ".join((entry.message.sv, entry.remedy.sv, entry.message.en, entry.remedy.en))
            assert not jargon.search(words), entry.code
            assert entry.location_kind in ("cell", "row", "column", "sheet", "file")


def test_an_error_always_has_a_remedy() -> None:
    for entry in not_empty(map(get_catalogue_entry, list_finding_codes())):
        if entry.severity is Severity.ERROR:
            assert len(entry.remedy.sv) > 5, entry.code

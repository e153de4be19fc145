"""The catalogue of messages is whole, and the code and the catalogue speak of the same codes."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xlflow
from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.model.findings import (
    FatalError,
    Finding,
    Location,
    Severity,
    make_finding,
    message_of,
    remedy_of,
    sort_findings,
)
from xlflow.runtime.resources import load_resource_toml

CATALOGUE = load_resource_toml("messages.toml")
SOURCE = Path(xlflow.__file__).parent
PLACES = ("cell", "row", "column", "sheet", "file", "folder", "plan", "template", "run")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def gaps_of(sentence: str) -> set[str]:
    return {name.partition("!")[0] for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def is_mentioned(code: str) -> bool:
    """Whether the code stands in the program, whole or as the start of a text that is put together there."""
    texts, starts = find_mentioned_codes()
    return code in texts or any(code.startswith(start) for start in starts)


@cache
def find_mentioned_codes() -> tuple[set[str], set[str]]:
    texts, starts = set(), set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                texts.add(str(node.value))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                starts.add(str(node.values[0].value))
    return texts, {start for start in starts if re.fullmatch(r"[a-z0-9-]+-", start)}


def codes_asked_for() -> Iterator[tuple[str, str]]:
    """Every code that the code names where it makes a finding: (file, code)."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "find" not in ast.unparse(node.func).rpartition(".")[2]:
                continue
            given_codes = [node.args[0]] if node.args else []
            given_codes += [word.value for word in node.keywords if word.arg == "code"]
            for constant in (part for code in given_codes for part in ast.walk(code)):
                if isinstance(constant, ast.Constant) and "-" in str(constant.value):
                    yield path.name, str(constant.value)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_code_is_whole_in_both_languages(code: str) -> None:
    entry = CATALOGUE[code]
    assert CODE.fullmatch(code), "a code is words with hyphens between"
    assert entry.keys() == {"severity", "place", "who", *LANGUAGES}
    assert entry["place"] in PLACES
    assert entry["who"] in ("unit", "coordinator")
    assert entry["severity"] in list(Severity)
    for language in LANGUAGES:
        assert entry[language].keys() == {"what", "do"}
        for sentence in entry[language].values():
            assert sentence == sentence.strip() != ""
            assert sentence[-1] in ".?!})", f"{code} is no sentence: {sentence}"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_have_the_same_gaps(code: str) -> None:
    both = [gaps_of(CATALOGUE[code][language]["what"] + CATALOGUE[code][language]["do"]) for language in LANGUAGES]
    assert both[0] == both[1]
    assert all(name.isidentifier() for name in both[0])


def test_the_code_asks_for_no_code_that_the_catalogue_lacks() -> None:
    asked = set(codes_asked_for())
    assert len(asked) > 20
    assert {(file, code) for file, code in asked if code not in CATALOGUE} == set()


def test_the_catalogue_has_no_code_that_nothing_uses() -> None:
    assert [code for code in CATALOGUE if not is_mentioned(code)] == []


def test_a_finding_fills_the_gaps_of_its_message_and_translates_what_can_be() -> None:
    found = make_finding(
        "conflict", Location("Norr.xlsx", "Uppföljning", "H7"), unit="Norr",
        params={"kept": LocalizedText(sv="”Genomfört”", en="“Done”"), "other": "{x}", "place": "Söder.xlsx"},
    )  # fmt: skip
    assert message_of(found, "sv").endswith("på samma fråga: ”Genomfört” här, men {x} i Söder.xlsx.")
    assert message_of(found, "en").endswith("to one question: “Done” here, but {x} in Söder.xlsx.")
    assert remedy_of(found, "en").startswith("What was saved last counts: “Done”.")


def test_a_finding_weighs_what_its_code_weighs_unless_it_says_otherwise() -> None:
    assert make_finding("conflict", Location("a")).effective_severity is Severity.WARNING
    assert make_finding("conflict", Location("a"), severity=Severity.NOTE).effective_severity is Severity.NOTE


def test_a_code_that_does_not_exist_fails_at_once() -> None:
    with pytest.raises(KeyError):
        make_finding("no-such-code", Location("a"))


def test_stop_carries_its_findings() -> None:
    found = make_finding("nothing-to-merge", Location(""))
    assert FatalError(found).findings == (found,)
    assert str(FatalError(found)) == "nothing-to-merge"


def test_a_place_is_shown_as_far_as_it_is_known() -> None:
    assert Location("a.xlsx").describe("sv") == "a.xlsx"
    assert Location("a.xlsx", "Plan", "B3").describe("sv") == "a.xlsx, blad Plan, cell B3"
    assert Location("a.xlsx", "Plan").describe("en") == "a.xlsx, sheet Plan"


cells = st.none() | st.builds("{}{}".format, st.sampled_from(["A", "B", "AA"]), st.integers(1, 12))
findings = st.builds(
    make_finding,
    st.sampled_from(["conflict", "nothing-to-merge"]),
    st.builds(Location, st.sampled_from("ab"), st.sampled_from([None, "S"]), cells),
    value=st.none() | st.sampled_from("xy"),
)


@given(st.lists(findings), st.randoms(use_true_random=False))
def test_sorting_does_not_depend_on_the_order_and_tells_nothing_twice(found: list[Finding], rng: object) -> None:
    once = sort_findings(found)
    rng.shuffle(found)
    assert sort_findings(found) == once
    assert set(once) == set(found)
    assert len(once) == len(set(once))


def test_cells_are_sorted_as_they_stand_in_the_sheet() -> None:
    places = [Location("a", "S", cell) for cell in ("A10", "AA2", "B2", "A2", None)]
    ordered = sort_findings(make_finding("conflict", place) for place in places)
    assert [found.location.cell for found in ordered] == [None, "A2", "B2", "AA2", "A10"]

"""A form that goes back to be corrected takes along all that was typed, and nothing is lost on its second way.

What came, damaged as chance will have it, goes back with its faults marked; somebody answers anew in it, damages
it again, and hands it in, beside the first or alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from support.conservation import (
    TAKES_IDENTITY,
    IssuedRound,
    ReturnedFile,
    check_words,
    damage_form,
    find_words_in_result,
    issue_round,
)
from support.form_grid import FormGrid, UniqueWriter, answer_form, find_words, load_form
from support.mutations import DAMAGES
from support.not_empty import not_empty
from support.sample_rounds import KINDS
from support.sampling import sample_size

from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import check_forms, merge_forms

TELLING = [damage for damage in DAMAGES if damage.__name__ not in TAKES_IDENTITY]
"""Damages after which a form still says whose it is, so that it can be sent back."""


@pytest.fixture(scope="module", params=sorted(KINDS))
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> IssuedRound:
    return issue_round(KINDS[request.param], tmp_path_factory.mktemp("sent"))


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=sample_size(4), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_is_lost_in_a_form_that_went_back(
    sent: IssuedRound, tmp_path_factory: pytest.TempPathFactory, seed: int, with_plan: bool
) -> None:
    _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=with_plan)


@pytest.mark.long
def test_no_word_is_lost_in_five_hundred_forms_that_went_back(
    sent: IssuedRound, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for seed in range(500):
        _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=seed % 2 == 0)


def _play(sent: IssuedRound, folder: Path, rng: Random, *, with_plan: bool) -> None:
    back, again, target = folder / "in", folder / "again", folder / "all.xlsx"
    back.mkdir()
    first = {unit: _answer(sent, unit, back, rng) for unit in sent.forms}
    plan = sent.plan if with_plan else None
    gone_back = {
        path.name: path for path in check_forms([back], return_dir=again, plan=plan, jobs=1).written_files
    }
    for one in not_empty(first.values()):
        if one.name in gone_back:
            taken = find_words(load_workbook(gone_back[one.name]))
            assert one.locations_by_word.keys() <= taken.keys(), (one.locations_by_word.keys() - taken.keys(), one)
    second = list(_correct(sent, gone_back, back, rng))
    for one in second:
        if rng.random() < 0.5 and not one.damages & TAKES_IDENTITY:
            (back / one.name.replace(" rättat", "")).unlink()
    run = merge_forms([back], target, plan=sent.plan, jobs=1)
    assert run.merged is not None
    assert run.merged.accounts.is_balanced
    states = {file.name: file for file in run.merged.files}
    shown = find_words_in_result(target)
    for one in (*first.values(), *second):
        state = states.get(one.name)
        if state is None or state.reason == "corrected-return":
            continue
        if state.state is FileState.REFUSED:
            assert one.damages & TAKES_IDENTITY, (one, state.reason)
            continue
        of_unit = [each for each in states.values() if _unit_of(each.name) == _unit_of(one.name)]
        counted = [each for each in of_unit if each.reason != "corrected-return"]
        alone = len(counted) == 1  # else a word that moved between the two may stand in two places
        same = [each for each in (*first.values(), *second) if _unit_of(each.name) == _unit_of(one.name)]
        check_words(one if alone else _join_places(one, same), sent.sample, shown, is_only_return=alone)


def _answer(sent: IssuedRound, unit: str, back: Path, rng: Random) -> ReturnedFile:
    form = _open(sent, sent.forms[unit], UniqueWriter(Random(rng.random()), f"{'ab'[unit == 'Åbo']}x"), rng)
    answer_form(form)
    return damage_form(form, back / sent.forms[unit].name, rng.randint(0, 3), TELLING)


def _open(sent: IssuedRound, path: Path, pen: UniqueWriter, rng: Random) -> FormGrid:
    return load_form(sent.sample, load_workbook(path), pen, rng)


def _correct(sent: IssuedRound, gone_back: dict[str, Path], back: Path, rng: Random) -> Iterator[ReturnedFile]:
    """Answer anew in the forms that went back, here and there, and damage them again."""
    for unit, path in sent.forms.items():
        if path.name in gone_back:
            pen = UniqueWriter(Random(rng.random()), f"{'ab'[unit == 'Åbo']}y")
            form = _open(sent, gone_back[path.name], pen, rng)
            for line in form.rows_of_kind("line"):
                for key in rng.sample(sent.sample.answer_columns, rng.randint(0, 2)):
                    form.set_cell(line, key, form.make_entry(key, line.name, key))
            yield damage_form(form, back / f"{path.stem} rättat.xlsx", rng.randint(0, 4))


def _join_places(one: ReturnedFile, same: Sequence[ReturnedFile]) -> ReturnedFile:
    """Return a return with its words' places in all of its unit: what stands in two is set aside once."""
    words = {
        word: [place for each in same for place in each.locations_by_word.get(word, ())]
        for word in one.locations_by_word
    }
    return replace(one, locations_by_word=words, must_be_placed=False)


def _unit_of(name: str) -> str:
    return name.removesuffix(".xlsx").removesuffix(" rättat")

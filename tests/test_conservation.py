"""Nothing that a person typed gets lost, whatever happens to a form: it is an answer, or set aside with address.

Real forms of a real plan, as the pipeline makes them, answered, damaged as chance will have it, merged, and looked
up in the consolidated workbook by a second reader. No word may be lost, moved elsewhere, or counted twice, and no
amount become another.
"""

from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.conservation import (
    ADDS_AMOUNTS,
    TAKES_IDENTITY,
    IssuedRound,
    ResultCell,
    ReturnedFile,
    add_other_files,
    check_words,
    find_words_in_result,
    issue_round,
    return_forms,
)
from support.form_grid import SampleRound
from support.sample_rounds import KINDS
from support.sampling import sample_size

from xlflow.model.findings import FatalError
from xlflow.model.merged import Merged
from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import merge_forms


@pytest.fixture(scope="module", params=sorted(KINDS))
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> IssuedRound:
    return issue_round(KINDS[request.param], tmp_path_factory.mktemp("sent"))


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=sample_size(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_is_lost_or_counted_twice(
    sent: IssuedRound, tmp_path_factory: pytest.TempPathFactory, seed: int, with_plan: bool
) -> None:
    _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=with_plan)


@pytest.mark.long
def test_no_word_is_lost_in_a_thousand_rounds(sent: IssuedRound, tmp_path_factory: pytest.TempPathFactory) -> None:
    for seed in range(1_000):
        _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=seed % 2 == 0)


def _play(sent: IssuedRound, folder: Path, rng: Random, *, with_plan: bool) -> None:
    back, target = folder / "in", folder / "all.xlsx"
    back.mkdir()
    handed = list(return_forms(sent, back, rng))
    expected = dict(add_other_files(sent, back, handed, rng))
    with_plan = with_plan or all(one.damages & TAKES_IDENTITY for one in handed)
    try:
        run = merge_forms([back], target, plan=sent.plan if with_plan else None, jobs=1)
    except FatalError as stop:
        if "nothing-to-merge" in str(stop) and all("copy_into_new_workbook" in one.damages for one in handed):
            return  # nothing there says of which day it is
        raise
    assert run.merged is not None
    assert run.merged.accounts.is_balanced
    states = {file.name: file for file in run.merged.files}
    found = {name: states.pop(name).state for name in expected}
    assert found == expected, (found, expected)
    assert states.keys() == {one.name for one in handed}
    shown = find_words_in_result(target)
    for one in handed:
        if states[one.name].state is FileState.REFUSED:
            assert one.damages & TAKES_IDENTITY, (one, states[one.name].reason)
            reported = with_plan and any("copy_into_new_workbook" not in other.damages for other in handed)
            assert not reported or "clear_codes" in one.damages, (one, states[one.name].reason)
            assert any(
                found.location.file == one.name and found.effective_severity == "error" for found in run.findings
            )
        else:
            check_words(one, sent.sample, shown, is_only_return=len(handed) == len(sent.forms))
    if not any(one.damages & ADDS_AMOUNTS for one in handed):
        _check_sums(sent.sample, run.merged, handed, shown)


def _check_sums(
    kind: SampleRound, merged: Merged, handed: list[ReturnedFile], shown: dict[str, list[ResultCell]]
) -> None:
    """Assert that the amounts that stand as answers add up to the sums in the accounts."""
    stand = {
        (each.heading, each.row): Decimal(str(each.value))
        for one in handed
        for word in one.amounts
        for each in shown.get(word, ())
        if each.sheet == kind.result_names[0] and isinstance(each.value, int | float)
    }
    for key in kind.number_columns:  # may be empty: only amounts
        found = sum((worth for (heading, _), worth in stand.items() if heading == kind.headings[key]), Decimal())
        assert found == merged.accounts.sums_out[key], (key, found, merged.accounts)

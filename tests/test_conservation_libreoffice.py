"""Nothing that a person typed gets lost where LibreOffice saved a form between two mishaps, and after the last.

Many forms at a time go through each conversion, since starting LibreOffice takes longer than all that it does.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from support.conservation import (
    TAKES_IDENTITY,
    IssuedRound,
    ReturnedFile,
    apply_damages,
    check_words,
    damage_form,
    find_words_in_result,
    issue_round,
)
from support.form_grid import FormGrid, UniqueWriter, answer_form, build_workbook, load_form
from support.libreoffice import convert
from support.mutations import DAMAGES, add_sheet
from support.not_empty import not_empty
from support.sample_rounds import KINDS

from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import merge_forms

MISHAPS = [damage for damage in DAMAGES if damage is not add_sheet]
"""All but the sheet with a cell in its last corner, which takes LibreOffice minutes."""

FIRST = [damage for damage in MISHAPS if damage.__name__ not in TAKES_IDENTITY]
"""What happens to a form before LibreOffice saves it."""


@pytest.fixture(scope="module", params=sorted(KINDS))
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> IssuedRound:
    return issue_round(KINDS[request.param], tmp_path_factory.mktemp("sent"))


@pytest.mark.long
def test_no_word_is_lost_in_sixty_forms_that_libreoffice_saved(sent: IssuedRound, tmp_path: Path) -> None:
    _play(sent, tmp_path, range(30))


def _play(sent: IssuedRound, folder: Path, seeds: Sequence[int]) -> None:
    forms = {f"{unit} {seed}": _begin(sent, unit, seed) for seed in seeds for unit in sent.forms}
    _save_between(forms, folder)
    handed = [
        damage_form(form, folder / f"{name}.xlsx", form.rng.randint(0, 3), MISHAPS) for name, form in forms.items()
    ]
    convert([folder / one.name for one in handed], "ods", folder / "ods")
    for seed in seeds:
        back = folder / str(seed)
        back.mkdir()
        mine = [_hand_over(one, folder, back) for one in handed if one.name.endswith(f" {seed}.xlsx")]
        _check(sent, mine, back, folder / f"{seed}.xlsx")


def _begin(sent: IssuedRound, unit: str, seed: int) -> FormGrid:
    random_source = Random(f"{unit} {seed}")
    pen = UniqueWriter(Random(random_source.random()), f"{'ab'[unit == 'Åbo']}x")
    form = load_form(sent.sample, load_workbook(sent.forms[unit]), pen, random_source)
    answer_form(form)
    apply_damages(form, random_source.choices(FIRST, k=random_source.randint(0, 3)))
    return form


def _save_between(forms: dict[str, FormGrid], folder: Path) -> None:
    """Let LibreOffice save every form as a file of its own kind, and again as a workbook."""
    for name, form in forms.items():
        build_workbook(form).save(folder / f"{name}.xlsx")
    saved = convert([folder / f"{name}.xlsx" for name in forms], "ods", folder / "between")
    for form, path in zip(forms.values(), convert(saved, "xlsx", folder / "again"), strict=True):
        form.workbook = load_workbook(path)


def _hand_over(one: ReturnedFile, folder: Path, back: Path) -> ReturnedFile:
    name = one.name.replace(".xlsx", ".ods")
    (folder / "ods" / name).rename(back / name)
    return replace(one, name=name)


def _check(sent: IssuedRound, handed: Sequence[ReturnedFile], back: Path, target: Path) -> None:
    if all("copy_into_new_workbook" in one.damages for one in handed):
        return
    run = merge_forms([back], target, plan=sent.plan, jobs=1)
    assert run.merged is not None
    assert run.merged.accounts.is_balanced
    states = {file.name: file for file in run.merged.files}
    shown = find_words_in_result(target)
    for one in not_empty(handed):
        if states[one.name].state is FileState.REFUSED:
            assert one.damages & TAKES_IDENTITY, (one, states[one.name].reason)
        else:
            check_words(one, sent.sample, shown, is_only_return=True)

"""What is written fast is, part by part and byte by byte, what XlsxWriter writes cell by cell; for all examples.

Also: a form is the same whoever was written before it, and however many processes write.
"""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.draw_round import LEVELS, draw_round
from support.not_empty import not_empty
from support.reference_writer import read_parts, written_plainly
from support.sampling import mark_long
from test_examples import NAMES, play_example

from xlflow.cli.commands import main
from xlflow.generate import form_model as alike
from xlflow.generate import split_round_by_unit, write_form, write_forms
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Round
from xlflow.model.submission import PreviousAnswers

WRITING = {"generate": "-o", "merge": "-o", "check": "--return", "history": "-o"}
"""Commands that write workbooks, and what stands before the name of where."""


@pytest.mark.parametrize("name", mark_long(NAMES, always=("followup-2019", "budget-2021")))
def test_an_example_is_the_same_written_fast_and_plainly(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, slow = tmp_path / "fast", tmp_path / "slow"
    fast.mkdir()
    play_example(name, fast)
    shutil.copytree(fast, slow)
    monkeypatch.chdir(slow)
    written: set[Path] = set()
    for command in not_empty(_writing_commands(name)):
        target = slow / command[command.index(WRITING[command[0]]) + 1]
        before = set(target.rglob("*.xlsx")) if target.is_dir() else {target}
        for path in before:
            path.unlink()
        with written_plainly():
            done = CliRunner().invoke(main, command)
        assert done.exit_code in (0, 1), done.output
        assert before == (set(target.rglob("*.xlsx")) if target.is_dir() else {target})
        written |= before
    assert len(written) > 3
    for path in sorted(written):
        other = fast / path.relative_to(slow)
        assert read_parts(path.read_bytes()) == read_parts(other.read_bytes()), path.name


def _writing_commands(name: str) -> list[list[str]]:
    from test_examples import _commands

    return [command[1:] for command in _commands(name) if command[1] in WRITING and WRITING[command[1]] in command]


def _draw(language: Language, **rows: int) -> Round:
    plan_lines = [
        f"Samhälle | Livet | Möten | {'Åtgärd' if row % 3 else 'Samma'} {row} | | Kvartal {row % 4 + 1} | {unit}"
        for unit, count in rows.items()
        for row in range(count)
    ]
    return draw_round("\n".join([f"{LEVELS} | Slutdatum | Enhet", *plan_lines]), language=language)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_form_does_not_depend_on_those_that_were_written_before(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = _draw(language, Badet=4, Museet=4, Parken=9, Skolan=1)
    shown = PreviousAnswers(None, {item.id: "Pågående" for item in sample.plan.items[::2]})
    answers_by_id = {item.id: {"status": "Pågående"} for item in sample.plan.items[::3]}
    form_arguments = [
        (unit.name, answers, past)
        for unit in sample.plan.units
        for answers in ({}, answers_by_id)
        for past in (None, shown)
    ]
    together = [write_form(sample, unit, answers, previous=past) for unit, answers, past in form_arguments]
    monkeypatch.setattr(alike, "MAX_MEMOIZED", 0)
    alone = [write_form(sample, unit, answers, previous=past) for unit, answers, past in reversed(form_arguments)]
    assert together == alone[::-1]


def test_as_many_processes_as_one_likes_write_the_same_forms() -> None:
    sample = _draw("sv", **{f"Enhet{number:02}": 1 + number % 3 for number in range(45)})
    units = [unit.name for unit in sample.plan.units]
    shown = {
        unit: PreviousAnswers(None, {item.id: "Pågående"})
        for unit in units[::2]
        for item in sample.items_for_unit(unit)[:1]
    }
    parts = split_round_by_unit(sample)
    one, many = (dict(write_forms(parts, units, shown, jobs)) for jobs in (1, 3))
    assert one == many
    assert [one[place] for place in range(45)] == [
        write_form(sample, unit, previous=shown.get(unit)) for unit in units
    ]

"""Nothing that a person typed gets lost, whatever happens to a form: it is an answer, or set aside with address.

Real forms of a real plan, as the pipeline makes them, answered, damaged as chance will have it, merged, and looked
up in the consolidated workbook by a second reader. No word may be lost, moved elsewhere, or counted twice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from damages import DAMAGES, WORD, Form, Pen, answer_form, open_form
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from xlflow import generate_forms, merge_forms
from xlflow.core.findings import Stop
from xlflow.core.model import State

PLAN = """
    Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum  | Enhet       | Ansvar
    Samhälle   | Levande kommun  | Möten    | Öppna kvarn    |              | Kvartal 2  | Museet      | Chef
               |                 |          |                | Hyra båt     | 2021-06-30 | Museet; Åbo |
               |                 |          |                | Sälja båt    | Se plan    | Museet      |
    Ekonomi    | Budget i balans | Sparande | Sälja ladan    |              | Kvartal 4  | Museet      | Ingen
               |                 |          | Byta lås       |              |            | Museet; Åbo |
               |                 |          | Måla om        |              |            | Åbo         |
               |                 |          | Rensa förrådet |              | Kvartal 3  | Museet      |
"""
HEADINGS = {"status": "Status", "new_deadline": "Ny tidpunkt", "comment": "Kommentar/avvikelse"}
TAKES_IDENTITY = {"delete_records", "into_new_book"}
DOUBTFUL = {"repeat_row", "repeat_column", "rename_headings", "merge_status", "copy_sheet"}
"""Damages after which what stands in an answer cell may rightly be set aside, or stand in several rows."""


@dataclass(frozen=True)
class Sent:
    """Forms that went out: the plan, a form for each unit, and files that lie about and what becomes of them."""

    plan: Path
    forms: Mapping[str, Path]
    others: Mapping[str, tuple[Path, State]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """Return a round that shows what was answered in the round before."""
    folder = tmp_path_factory.mktemp("sent")
    plan, before = folder / "plan.xlsx", folder / "before.xlsx"
    _write_plan(plan)
    first = generate_forms(plan, folder / "first", as_of=date(2020, 12, 31))
    for form in first.written:
        book, chance = load_workbook(form), Random(7)
        answered = open_form(book, Pen(chance, "before-"), chance)
        answer_form(answered)
        hand_in(answered).save(folder / f"first {form.name}")
    merge_forms(sorted(folder.glob("first *.xlsx")), before, plan=plan)
    run = generate_forms(plan, folder / "second", as_of=date(2021, 3, 31), previous=before)
    stale = folder / f"first {first.written[0].name}"
    others = {
        "före.xlsx": (before, State.IGNORED),
        "förra.xlsx": (stale, State.REFUSED),
        "plan.xlsx": (plan, State.REFUSED),
    }
    return Sent(plan, dict(zip(run.units, run.written, strict=True)), others)


@dataclass(frozen=True)
class Handed:
    """One file that came back: where its words stand, what they were meant for, and what was done to it."""

    name: str
    words: Mapping[str, Sequence[tuple[str, str]]]
    home: Mapping[str, tuple[str, str]]
    done: frozenset[str]
    merged: bool


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_word_is_lost_or_counted_twice(
    sent: Sent, tmp_path_factory: pytest.TempPathFactory, seed: int, with_plan: bool
) -> None:
    _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=with_plan)


@pytest.mark.long
def test_no_word_is_lost_in_a_thousand_rounds(sent: Sent, tmp_path_factory: pytest.TempPathFactory) -> None:
    for seed in range(1_000):
        _play(sent, tmp_path_factory.mktemp("back"), Random(seed), with_plan=seed % 2 == 0)


def _play(sent: Sent, folder: Path, chance: Random, *, with_plan: bool) -> None:
    back, target = folder / "in", folder / "all.xlsx"
    back.mkdir()
    handed = list(_send_back(sent, back, chance))
    expected = dict(_lay_about(sent, back, handed, chance))
    with_plan = with_plan or all(one.done & TAKES_IDENTITY for one in handed)
    if all("into_new_book" in one.done for one in handed) and "förra.xlsx" not in expected:
        with pytest.raises(Stop, match="nothing-to-merge"):  # nothing there says of which day it is
            merge_forms([back], target, plan=sent.plan, jobs=1)
        return
    run = merge_forms([back], target, plan=sent.plan if with_plan else None, jobs=1)
    assert run.merged is not None
    assert run.merged.accounts.balance
    states = {file.name: file for file in run.merged.files}
    found = {name: states.pop(name).state for name in expected}
    assert found == expected, (found, expected)
    assert states.keys() == {one.name for one in handed}
    shown = _look_up(target)
    for one in handed:
        if states[one.name].state is State.REFUSED:
            assert one.done & TAKES_IDENTITY, (one, states[one.name].reason)
            told = with_plan and any("into_new_book" not in other.done for other in handed)
            assert not told or "lose_codes" in one.done, (one, states[one.name].reason)
            assert any(found.place.file == one.name and found.weight == "error" for found in run.findings)
        else:
            _check_words(one, shown, alone=len(handed) == len(sent.forms))


def _send_back(sent: Sent, back: Path, chance: Random) -> Iterator[Handed]:
    """Answer and damage a form of each unit, and now and then several of one."""
    for unit, path in sent.forms.items():
        for number in range(chance.choice((1, 1, 2, 3))):
            pen = Pen(Random(chance.random()), f"{'ab'[unit == 'Åbo']}{'xyw'[number]}")
            form = open_form(load_workbook(path), pen, chance)
            answer_form(form)
            damages = chance.choices(DAMAGES, k=chance.randint(0, 6))
            for damage in damages:
                damage(form)
            name = f"{unit}{('', ' (1)', ' - Kopia')[number]}.xlsx"
            yield _save(form, back / name, frozenset(damage.__name__ for damage in damages))


def _lay_about(sent: Sent, back: Path, handed: Sequence[Handed], chance: Random) -> Iterator[tuple[str, State]]:
    """Put files among the answers that are none, and copies of answers; yield what must become of each. A form of
    last round is none only where another tells that this round is a later one."""
    whole = [one for one in handed if not one.done & TAKES_IDENTITY]
    others = sorted(sent.others) if whole else ["före.xlsx", "plan.xlsx"]
    for name in chance.sample(others, chance.randint(0, 2)):
        source, state = sent.others[name]
        (back / name).write_bytes(source.read_bytes())
        yield name, state
    for one in chance.sample(whole, min(len(whole), chance.randint(0, 1))):
        (back / f"Kopia av {one.name}").write_bytes((back / one.name).read_bytes())
        yield f"Kopia av {one.name}", State.DUPLICATE


def _save(form: Form, path: Path, done: frozenset[str]) -> Handed:
    book = hand_in(form)
    words = find_words(book)
    book.save(path)
    return Handed(path.name, words, form.pen.home, done, bool(form.merged))


def hand_in(form: Form) -> Workbook:
    """Return the workbook as it comes back."""
    for each in (form, *form.copied):
        _lay_down(each, form.book[each.sheet] if each is form else form.book.create_sheet(each.sheet))
    return form.book


def find_words(book: Workbook) -> Mapping[str, list[tuple[str, str]]]:
    """Return where (sheet, cell) every word of a pen stands in a workbook; notes on cells count as their cell."""
    found: dict[str, list[tuple[str, str]]] = {}
    for sheet in book.worksheets:
        far = sheet.max_row > 1_000
        rows: Any = ((sheet["C7"], sheet["XFD1048576"]),) if far else sheet.iter_rows()
        for cell in (cell for row in rows for cell in row):
            note = cell.comment.text if cell.comment else ""
            for word in WORD.findall(f"{cell.value} {note}"):
                found.setdefault(word, []).append((sheet.title, cell.coordinate))
    return found


def _lay_down(form: Form, sheet: Worksheet) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            cell.value = None
    for number, line in enumerate(form.lines, 1):
        for place, value in enumerate(line.cells, 1):
            if value is not None:
                sheet.cell(number, place).value = value
    for (row, column), text in form.notes.items():
        if row < len(form.lines) and column < form.width:
            sheet.cell(row + 1, column + 1).comment = Comment(text, "Kollega")
    for top, bottom, column in form.merged:
        last = min(bottom, len(form.lines) - 1)
        if last > top:
            sheet.merged_cells.add(CellRange(None, column + 1, top + 1, column + 1, last + 1))


# Looking up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One cell of the consolidated workbook that holds a word: its sheet, its heading, and its row as text."""

    sheet: str
    heading: str
    row: str


def _look_up(path: Path) -> dict[str, list[Shown]]:
    """Return where every word stands in the consolidated workbook."""
    found: dict[str, list[Shown]] = {}
    for sheet in load_workbook(path).worksheets:
        headings: dict[int, str] = {}
        for row in sheet.iter_rows():
            texts = [str(cell.value) for cell in row if cell.value is not None]
            if {"Källa", "Fil", "Anmärkning"} & set(texts):
                headings = {int(cell.column or 0): str(cell.value) for cell in row}
            for cell in row:
                for word in WORD.findall(str(cell.value)):
                    shown = Shown(sheet.title, headings.get(int(cell.column or 0), ""), " | ".join(texts))
                    found.setdefault(word, []).append(shown)
    return found


def _check_words(one: Handed, shown: Mapping[str, Sequence[Shown]], *, alone: bool) -> None:
    for word, places in one.words.items():
        told = shown.get(word, ())
        answers = [each for each in told if each.sheet == "Svar"]
        aside = [each for each in told if (each.sheet, each.heading) == ("Insamling", "Ordagrant")]
        noted = [each for each in told if each.sheet == "Anmärkningar"]
        assert told, (word, places, one)
        cells = "|".join(f"[A-Z]+{re.sub('[A-Z]+', '', cell)}" for _, cell in places)
        addressed = [each for each in (*aside, *noted) if re.search(rf"\b({cells})\b", each.row)]
        assert answers or addressed, (word, places, told, one)
        if not (one.merged or one.done & DOUBTFUL):
            assert len(answers) <= 1, (word, told, one)
            assert len([each for each in aside if one.name in each.row]) <= len(places) - len(answers), (
                word,
                told,
            )
            if word in one.home and alone:
                assert answers, (word, places, told, one)
        for each in answers if word in one.home and not (one.merged or one.done & DOUBTFUL) else ():
            name, key = one.home[word]
            assert name in each.row, (word, each, one)
            assert each.heading == HEADINGS[key], (word, each, one)


def _write_plan(path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Plan"
    for line in PLAN.strip().splitlines():
        sheet.append([cell.strip() or None for cell in line.split("|")])
    book.save(path)

"""A round that went out and came back: the forms answered and damaged, and where in the result each word ended up.

The result is looked at as anybody would, with another reader than the program's own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from openpyxl import Workbook, load_workbook

from support.form_grid import Form, Kind, Pen, answer_form, find_words, hand_in, open_form, words_in, words_of
from support.mutations import DAMAGES
from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import generate_forms, merge_forms

TAKES_IDENTITY = {"delete_records", "into_new_book"}
"""Damages after which nobody may be able to tell whose form it was."""

DOUBTFUL = {
    "repeat_row",
    "repeat_row_below",
    "copy_over",
    "repeat_column",
    "rename_headings",
    "merge_status",
    "copy_sheet",
}
"""Damages after which what stands in an answer cell may rightly be set aside, or stand in several rows."""

ADDS_AMOUNTS = {"sum_up", "push_along", "break_up"}
"""Damages after which numbers may stand as answers that no pen wrote: sums, accounts, parts of a text."""

TEARS_IDS = {"sort_visible", "blank_ids", "write_over_issued"}
"""Damages after which nothing but the text tells which line a row is."""


@dataclass(frozen=True)
class Sent:
    """Forms that went out: the plan, a form for each unit, and files that lie about and what becomes of them."""

    kind: Kind
    plan: Path
    forms: Mapping[str, Path]
    others: Mapping[str, tuple[Path, FileState]]


@dataclass(frozen=True)
class Handed:
    """One file that came back: where its words stand, what they were meant for, and what was done to it.
    `placed`: whether every answer must be found under the line and the column that it was meant for."""

    name: str
    words: Mapping[str, Sequence[tuple[str, str]]]
    home: Mapping[str, tuple[str, str]]
    worth: Mapping[str, float]
    done: frozenset[str]
    placed: bool


def send_out(kind: Kind, folder: Path) -> Sent:
    """Return a round that shows what was answered in the round before."""
    plan, before = folder / "plan.xlsx", folder / "before.xlsx"
    _write_plan(kind, plan)
    asked = {"template": kind.template, "language": kind.language}
    first = generate_forms(plan, folder / "first", as_of=date(2020, 12, 31), **asked)
    for path in first.written_files:
        chance = Random(7)
        form = open_form(kind, load_workbook(path), Pen(chance, "before-"), chance)
        answer_form(form)
        hand_in(form).save(folder / f"first {path.name}")
    merge_forms(sorted(folder.glob("first *.xlsx")), before, plan=plan)
    run = generate_forms(plan, folder / "second", as_of=date(2021, 3, 31), previous=before, **asked)
    others = {
        "före.xlsx": (before, FileState.IGNORED),
        "förra.xlsx": (folder / f"first {first.written_files[0].name}", FileState.REFUSED),
        "plan.xlsx": (plan, FileState.REFUSED),
    }
    return Sent(kind, plan, dict(zip(run.units, run.written_files, strict=True)), others)


def _write_plan(kind: Kind, path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Plan"
    for line in kind.plan.strip().splitlines():
        cells = [cell.strip() or None for cell in line.split("|")]
        sheet.append([float(cell) if cell and re.fullmatch(r"-?\d+(\.\d+)?", cell) else cell for cell in cells])
    book.save(path)


# Coming back ----------------------------------------------------------------------------------------------


def send_back(sent: Sent, back: Path, chance: Random) -> Iterator[Handed]:
    """Answer and damage a form of each unit, and now and then several of one."""
    for unit, path in sent.forms.items():
        for number in range(chance.choice((1, 1, 2, 3))):
            pen = Pen(Random(chance.random()), f"{'ab'[unit == 'Åbo']}{'xyw'[number]}")
            form = open_form(sent.kind, load_workbook(path), pen, chance)
            answer_form(form)
            name = f"{unit}{('', ' (1)', ' - Kopia')[number]}.xlsx"
            yield damage_form(form, back / name, chance.randint(0, 6))


def damage_form(form: Form, path: Path, times: int, kinds: Sequence[Callable[[Form], None]] = DAMAGES) -> Handed:
    """Damage a form and save it as it comes back."""
    mishap(form, form.chance.choices(kinds, k=times))
    book = hand_in(form)
    words = {word: places for word, found in find_words(book).items() if (places := _typed(form, word, found))}
    book.save(path)
    done = frozenset(form.done)
    below = form.kind.levels[form.kind.levels.index(form.kind.item) :]
    lost = {"id", *below}.difference(form.columns)
    torn = len(lost) > 1 or (bool(lost) and bool(done & TEARS_IDS))
    placed = not (form.merged or torn or done & DOUBTFUL)
    return Handed(path.name, words, form.pen.home, form.pen.worth, done, placed)


def mishap(form: Form, damages: Iterable[Callable[[Form], None]]) -> None:
    """Damage a form, and note what was done to it."""
    for damage in damages:
        damage(form)
        form.done.add(damage.__name__)


def _typed(form: Form, word: str, places: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the places of a word without those where a form that went back quotes it itself."""
    quoted = not words_of(form.pen, [word])
    return [place for place in places if not (quoted and place[0] == form.kind.listed)]


def lay_about(sent: Sent, back: Path, handed: Sequence[Handed], chance: Random) -> Iterator[tuple[str, FileState]]:
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
        yield f"Kopia av {one.name}", FileState.DUPLICATE


# Looking up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One cell of the consolidated workbook that holds a word: its sheet, its heading, and its row as text."""

    sheet: str
    heading: str
    row: str
    value: object


def look_up(path: Path) -> dict[str, list[Shown]]:
    """Return where every word stands in the consolidated workbook."""
    found: dict[str, list[Shown]] = {}
    for sheet in load_workbook(path).worksheets:
        headings: dict[int, str] = {}
        for row in sheet.iter_rows():
            texts = [str(cell.value) for cell in row if cell.value is not None]
            if {"Källa", "Fil", "Anmärkning", "Source", "File", "Remark"} & set(texts):
                headings = {int(cell.column or 0): str(cell.value) for cell in row}
            for cell in row:
                for word in words_in(cell.value):
                    shown = Shown(
                        sheet.title, headings.get(int(cell.column or 0), ""), " | ".join(texts), cell.value
                    )
                    found.setdefault(word, []).append(shown)
    return found


def check_words(one: Handed, kind: Kind, shown: Mapping[str, Sequence[Shown]], *, alone: bool) -> None:
    """Assert that every word of a file is an answer, or set aside or noted with its address; where the file is
    `alone` and nothing in it is doubtful, that each is the answer it was meant for, and once."""
    answered, collection, remarks, whole = kind.tabs
    for word, places in one.words.items():
        told = shown.get(word, ())
        answers = [each for each in told if each.sheet == answered]
        aside = [each for each in told if (each.sheet, each.heading) == (collection, whole)]
        noted = [each for each in told if each.sheet == remarks]
        assert told, (word, places, one)
        cells = "|".join(
            f"[A-Z]+{re.sub('[A-Z]+', '', cell)}" if cell else re.escape(name) for name, cell in places
        )
        addressed = [each for each in (*aside, *noted) if re.search(rf"\b({cells})\b", each.row)]
        assert answers or addressed, (word, places, told, one)
        if one.placed:
            assert len(answers) <= len(places), (word, told, one)
            mine = [each for each in aside if one.name in each.row and not _is_quoted(each, one, kind)]
            assert len(mine) <= len(places) - len(answers), (word, told, one)
            if word in one.home:
                assert answers or not alone, (word, places, told, one)
                _check_home(word, one, kind, answers)


def _is_quoted(shown: Shown, one: Handed, kind: Kind) -> bool:
    """Return whether what is set aside may be what the list of faults says itself, where nothing tells that any
    more."""
    return "delete_records" in one.done and f" {kind.listed}, " in shown.row


def _check_home(word: str, one: Handed, kind: Kind, answers: Sequence[Shown]) -> None:
    name, key = one.home[word]
    for each in answers:
        assert name in each.row, (word, each, one)
        assert each.heading == kind.headings[key], (word, each, one)
        if word in one.worth:
            assert each.value == one.worth[word], (word, each, one)

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

from support.form_grid import (
    FormGrid,
    SampleRound,
    UniqueWriter,
    answer_form,
    build_workbook,
    find_words,
    find_words_in_value,
    load_form,
    words_of_writer,
)
from support.mutations import DAMAGES
from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import generate_forms, merge_forms

TAKES_IDENTITY = {"delete_records", "copy_into_new_workbook"}
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

ADDS_AMOUNTS = {"add_total_row", "push_along", "break_into_words"}
"""Damages after which numbers may stand as answers that no pen wrote: sums, accounts, parts of a text."""

BREAKS_IDS = {"sort_visible", "blank_ids", "write_over_issued"}
"""Damages after which nothing but the text tells which line a row is."""


@dataclass(frozen=True)
class IssuedRound:
    """Forms that went out: the plan, a form for each unit, and files that lie about and what becomes of them."""

    sample: SampleRound
    plan: Path
    forms: Mapping[str, Path]
    others: Mapping[str, tuple[Path, FileState]]


@dataclass(frozen=True)
class ReturnedFile:
    """One file that came back: where its words stand, what they were meant for, and what was done to it.
    `placed`: whether every answer must be found under the line and the column that it was meant for."""

    name: str
    locations_by_word: Mapping[str, Sequence[tuple[str, str]]]
    intended_cells: Mapping[str, tuple[str, str]]
    amounts: Mapping[str, float]
    damages: frozenset[str]
    must_be_placed: bool


def issue_round(sample: SampleRound, folder: Path) -> IssuedRound:
    """Return a round that shows what was answered in the round before."""
    plan, previous = folder / "plan.xlsx", folder / "before.xlsx"
    _write_plan(sample, plan)
    options = {"template": sample.template, "language": sample.language}
    first = generate_forms(plan, folder / "first", as_of=date(2020, 12, 31), **options)
    for path in first.written_files:
        rng = Random(7)
        form = load_form(sample, load_workbook(path), UniqueWriter(rng, "before-"), rng)
        answer_form(form)
        build_workbook(form).save(folder / f"first {path.name}")
    merge_forms(sorted(folder.glob("first *.xlsx")), previous, plan=plan)
    run = generate_forms(plan, folder / "second", as_of=date(2021, 3, 31), previous=previous, **options)
    others = {
        "före.xlsx": (previous, FileState.IGNORED),
        "förra.xlsx": (folder / f"first {first.written_files[0].name}", FileState.REFUSED),
        "plan.xlsx": (plan, FileState.REFUSED),
    }
    return IssuedRound(sample, plan, dict(zip(run.units, run.written_files, strict=True)), others)


def _write_plan(sample: SampleRound, path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Plan"
    for line in sample.plan_table.strip().splitlines():
        cells = [cell.strip() or None for cell in line.split("|")]
        sheet.append([float(cell) if cell and re.fullmatch(r"-?\d+(\.\d+)?", cell) else cell for cell in cells])
    workbook.save(path)


# Coming back ----------------------------------------------------------------------------------------------


def return_forms(issued: IssuedRound, folder: Path, rng: Random) -> Iterator[ReturnedFile]:
    """Answer and damage a form of each unit, and now and then several of one."""
    for unit, path in issued.forms.items():
        for number in range(rng.choice((1, 1, 2, 3))):
            pen = UniqueWriter(Random(rng.random()), f"{'ab'[unit == 'Åbo']}{'xyw'[number]}")
            form = load_form(issued.sample, load_workbook(path), pen, rng)
            answer_form(form)
            name = f"{unit}{('', ' (1)', ' - Kopia')[number]}.xlsx"
            yield damage_form(form, folder / name, rng.randint(0, 6))


def damage_form(
    form: FormGrid, path: Path, count: int, available: Sequence[Callable[[FormGrid], None]] = DAMAGES
) -> ReturnedFile:
    """Damage a form and save it as it comes back."""
    apply_damages(form, form.rng.choices(available, k=count))
    workbook = build_workbook(form)
    words = {
        word: places
        for word, found in find_words(workbook).items()
        if (places := _typed_locations(form, word, found))
    }
    workbook.save(path)
    damages = frozenset(form.damages)
    below = form.sample.levels[form.sample.levels.index(form.sample.item_level) :]
    missing_columns = {"id", *below}.difference(form.columns)
    is_unidentifiable = len(missing_columns) > 1 or (bool(missing_columns) and bool(damages & BREAKS_IDS))
    must_be_placed = not (form.merged or is_unidentifiable or damages & DOUBTFUL)
    return ReturnedFile(path.name, words, form.writer.intended_cells, form.writer.amounts, damages, must_be_placed)


def apply_damages(form: FormGrid, damages: Iterable[Callable[[FormGrid], None]]) -> None:
    """Damage a form, and note what was done to it."""
    for damage in damages:
        damage(form)
        form.damages.add(damage.__name__)


def _typed_locations(form: FormGrid, word: str, places: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the places of a word without those where a form that went back quotes it itself."""
    quoted = not words_of_writer(form.writer, [word])
    return [place for place in places if not (quoted and place[0] == form.sample.correction_sheet)]


def add_other_files(
    issued: IssuedRound, folder: Path, returned: Sequence[ReturnedFile], rng: Random
) -> Iterator[tuple[str, FileState]]:
    """Put files among the answers that are none, and copies of answers; yield what must become of each. A form of
    last round is none only where another tells that this round is a later one."""
    identifiable = [one for one in returned if not one.damages & TAKES_IDENTITY]
    others = sorted(issued.others) if identifiable else ["före.xlsx", "plan.xlsx"]
    for name in rng.sample(others, rng.randint(0, 2)):
        source, state = issued.others[name]
        (folder / name).write_bytes(source.read_bytes())
        yield name, state
    for one in rng.sample(identifiable, min(len(identifiable), rng.randint(0, 1))):
        (folder / f"Kopia av {one.name}").write_bytes((folder / one.name).read_bytes())
        yield f"Kopia av {one.name}", FileState.DUPLICATE


# Looking up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResultCell:
    """One cell of the consolidated workbook that holds a word: its sheet, its heading, and its row as text."""

    sheet: str
    heading: str
    row: str
    value: object


def find_words_in_result(path: Path) -> dict[str, list[ResultCell]]:
    """Return where every word stands in the consolidated workbook."""
    found: dict[str, list[ResultCell]] = {}
    for sheet in load_workbook(path).worksheets:
        headings: dict[int, str] = {}
        for row in sheet.iter_rows():
            texts = [str(cell.value) for cell in row if cell.value is not None]
            if {"Källa", "Fil", "Anmärkning", "Source", "File", "Remark"} & set(texts):
                headings = {int(cell.column or 0): str(cell.value) for cell in row}
            for cell in row:
                for word in find_words_in_value(cell.value):
                    shown = ResultCell(
                        sheet.title, headings.get(int(cell.column or 0), ""), " | ".join(texts), cell.value
                    )
                    found.setdefault(word, []).append(shown)
    return found


def check_words(
    file: ReturnedFile,
    sample: SampleRound,
    cells_by_word: Mapping[str, Sequence[ResultCell]],
    *,
    is_only_return: bool,
) -> None:
    """Assert that every word of a file is an answer, or set aside or noted with its address; where the file is
    `alone` and nothing in it is doubtful, that each is the answer it was meant for, and once."""
    answered, collection, remarks, whole = sample.result_names
    for word, places in file.locations_by_word.items():
        cells = cells_by_word.get(word, ())
        answers = [each for each in cells if each.sheet == answered]
        unplaced = [each for each in cells if (each.sheet, each.heading) == (collection, whole)]
        noted = [each for each in cells if each.sheet == remarks]
        assert cells, (word, places, file)
        cells = "|".join(
            f"[A-Z]+{re.sub('[A-Z]+', '', cell)}" if cell else re.escape(name) for name, cell in places
        )
        addressed = [each for each in (*unplaced, *noted) if re.search(rf"\b({cells})\b", each.row)]
        assert answers or addressed, (word, places, cells, file)
        if file.must_be_placed:
            assert len(answers) <= len(places), (word, cells, file)
            mine = [each for each in unplaced if file.name in each.row and not _is_quoted(each, file, sample)]
            assert len(mine) <= len(places) - len(answers), (word, cells, file)
            if word in file.intended_cells:
                assert answers or not is_only_return, (word, places, cells, file)
                _check_intended_cell(word, file, sample, answers)


def _is_quoted(cell: ResultCell, file: ReturnedFile, sample: SampleRound) -> bool:
    """Return whether what is set aside may be what the list of faults says itself, where nothing tells that any
    more."""
    return "delete_records" in file.damages and f" {sample.correction_sheet}, " in cell.row


def _check_intended_cell(
    word: str, file: ReturnedFile, sample: SampleRound, answers: Sequence[ResultCell]
) -> None:
    name, key = file.intended_cells[word]
    for each in answers:
        assert name in each.row, (word, each, file)
        assert each.heading == sample.headings[key], (word, each, file)
        if word in file.amounts:
            assert each.value == file.amounts[word], (word, each, file)

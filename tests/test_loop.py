"""The whole loop on any plan and any answers: what was filled in comes back as written, and nothing is lost.

Real files all the way: a plan workbook, the forms that the pipeline makes of it, filled in by a program that goes
by headings and unlocked cells alone, merged, and read by a second reader.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.sampling import sample_size
from support.strategies import (
    TEXTS,
    DrawnItem,
    LoopScenario,
    TypedAnswer,
    draw_scenario,
    mark_of,
    typed_plan_value,
)

from xlflow.cli.json_output import result_to_values
from xlflow.definition.template_loader import shipped_template_names
from xlflow.model.merged import Merged, RunResult
from xlflow.model.plan import Deadline, FieldValue
from xlflow.model.template_elements import Field
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms

AS_OF = date(2021, 3, 31)
WORDS = {
    "sv": {"plan": "Plan", "units": "Enheter", "unit": "Enhet", "answers": "Svar"},
    "en": {"plan": "Plan", "units": "Units", "unit": "Unit", "answers": "Answers"},
}
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""What Excel writes in another way, since it would otherwise be a coded letter."""

# The loop -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(shipped_template_names()))
def test_what_is_filled_in_comes_back_as_written(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=sample_size(25))
    @given(st.integers(), st.lists(TEXTS, min_size=4, max_size=12))
    def tell(number: int, texts: list[str]) -> None:
        story, folder = draw_scenario(name, Random(f"{number} {texts}"), texts), tmp_path_factory.mktemp("loop")
        plan, back = folder / "plan.xlsx", folder / "in"
        _write_plan(plan, story)
        sent = generate_forms(
            plan, folder / "out", as_of=AS_OF, template=story.template.name, language=story.language
        )
        assert [mark_of(unit) for unit in sent.units] == [mark_of(unit) for unit in story.units]
        _send_back(story, sent, back)
        known = plan if story.with_plan else None
        run = merge_forms([back], folder / "all.xlsx", plan=known)
        assert check_forms([back], plan=known).findings == run.findings
        merge_forms(sorted(back.iterdir(), reverse=True), folder / "again.xlsx", plan=known, jobs=1)
        assert (folder / "again.xlsx").read_bytes() == (folder / "all.xlsx").read_bytes()
        _check_accounts(story, run)
        _check_rows(story, run)
        _check_with_second_reader(story, folder / "all.xlsx")

    tell()


def _check_accounts(story: LoopScenario, run: RunResult) -> None:
    reported = result_to_values(run)
    files, rows = reported["files"], reported["rows"]
    assert files == {
        "found": len(story.answering) + story.copies + story.other_files + story.lock_files,
        "accepted": len(story.answering),
        "refused": story.other_files,
        "superseded": 0,
        "duplicate": story.copies,
        "ignored": story.lock_files,
    }
    assert rows["found"] == rows["merged"] == len({(unit, mark) for unit, mark, _ in story.answers})
    assert rows["set_aside"] == 0
    assert reported["units"]["asked"] == len(story.units)
    answered = {unit for (unit, _, _), typed in story.answers.items() if typed.raw_text}
    assert reported["units"]["answered"] == len(answered)
    assert {mark_of(unit) for unit in reported["units"]["missing"]} == {
        mark_of(unit) for unit in story.units if unit not in answered
    }
    if story.with_plan:
        assert rows["unanswered"] == sum(len(list(_find_unanswered(story, unit))) for unit in story.units)


def _check_rows(story: LoopScenario, run: RunResult) -> None:
    assert isinstance(run.merged, Merged)
    units = {mark_of(unit): unit for unit in story.units}
    item, seen = story.template.item_level_index, set()
    for row in (merged.row for merged in run.merged.rows):  # may be empty: any plan
        unit, mark = units[mark_of(row.unit)], mark_of("".join(row.item.level_texts[item:]))
        for field in story.template.answer_fields():
            typed, answer = story.answers[unit, mark, field.key], row.answer(field.key)
            assert answer is not None
            assert answer.raw_text == typed.raw_text, (field.key, typed)
            assert _meaning(answer.value) == typed.value, (field.key, typed, answer)
            assert (answer.error_code is None) == (answer.value is not None or not typed.raw_text)
        seen.add((unit, mark))
    assert seen == {(unit, mark) for unit, mark, _ in story.answers}


def _meaning(value: FieldValue | None) -> object:
    return value.last if isinstance(value, Deadline) else value


def _find_unanswered(story: LoopScenario, unit: str) -> Iterator[DrawnItem]:
    """Yield the lines of a unit that nothing answers, by the words of the form's instruction."""
    status = story.template.field_in_role("status")
    keys = [status.key] if status else [field.key for field in story.template.answer_fields() if field.required]
    lines = story.items_of(unit)
    reported = {
        line
        for line in lines
        if any(story.answers.get((unit, line.mark, k), TypedAnswer()).value is not None for k in keys)
    }
    for line in lines:
        above = [other for other in lines if line.mark.startswith(f"{other.mark}.")]
        below = [other for other in lines if other.mark.startswith(f"{line.mark}.")]
        covered = bool(reported & set(above)) or (below and set(below) <= reported)
        if line not in reported and not (status and covered):
            yield line


def _check_with_second_reader(story: LoopScenario, path: Path) -> None:
    """Every answer stands in `Svar` as openpyxl reads it; none is a formula, and links lead to what came in."""
    workbook = load_workbook(path)
    sheet = workbook[WORDS[story.language]["answers"]]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    targets = [str(cell.hyperlink.target) for cell in cells if cell.hyperlink]
    assert [target for target in targets if not target.startswith("in/")] == []
    columns = {str(cell.value): cell.column for cell in sheet[_find_heading(sheet, story)]}
    units = {mark_of(unit): unit for unit in story.units}
    lines = {line.mark: line for line in story.items}
    item, seen = story.template.item_level_index, 0
    for row in range(_find_heading(sheet, story) + 1, sheet.max_row + 1):
        named = [
            sheet.cell(row, columns[level.label.in_language(story.language)]).value
            for level in story.template.levels
        ]
        mark = mark_of("".join(str(text or "") for text in named[item:]))
        unit = units.get(mark_of(sheet.cell(row, columns[WORDS[story.language]["unit"]]).value), "")
        for field in story.template.answer_fields() if mark else ():
            cell = sheet.cell(row, columns[field.label.in_language(story.language)]).value
            assert _reads(cell) == _shown(story, field, story.answers[unit, mark, field.key]), (field.key, mark)
        if mark in lines:
            cell = sheet.cell(
                row, columns[story.template.plan_fields()[0].label.in_language(story.language)]
            ).value
            assert _reads(cell) == typed_plan_value(lines[mark], story.language)
            assert _reads(sheet.cell(row, columns["Uppdragstyp"]).value) == lines[mark].extra_text
        seen += bool(mark)
    assert seen == len({(unit, mark) for unit, mark, _ in story.answers})


def _shown(story: LoopScenario, field: Field, typed: TypedAnswer) -> str | Decimal:
    if field.type == "choice" and isinstance(typed.value, str):
        return story.template.choice_label(field, typed.value, story.language)
    return typed.value if isinstance(typed.value, Decimal) else typed.raw_text


def _reads(cell: object) -> str | Decimal:
    return Decimal(str(cell)) if isinstance(cell, int | float) else str(cell or "")


# Files --------------------------------------------------------------------------------------------------------


def _write_plan(path: Path, story: LoopScenario) -> None:
    """Write the plan as somebody would; a group that goes on may be left blank."""
    template, language = story.template, story.language
    words, workbook = WORDS[language], Workbook()
    plan = workbook.worksheets[0]
    plan.title = words["plan"]
    labels = [level.label.in_language(language) for level in template.levels]
    plan.append([*labels, template.plan_fields()[0].label.in_language(language), words["unit"], "Uppdragstyp"])
    above: tuple[str, ...] = ()
    for row, line in enumerate(story.items, 2):
        goes_on = [
            line.levels[: n + 1] == above[: n + 1] and not story.spell_out
            for n in range(template.item_level_index)
        ]
        texts = ["" if blank else text for blank, text in zip(goes_on, line.levels, strict=False)]
        cells = [
            *texts,
            *line.levels[template.item_level_index :],
            line.plan_value.cell,
            "; ".join(line.units),
            line.extra_text,
        ]
        for column, cell in enumerate(cells, 1):
            _type(plan, row, column, cell)
        above = line.levels
    units = workbook.create_sheet(words["units"])
    for row, unit in enumerate((words["unit"], *story.units), 1):
        _type(units, row, 1, unit)
    _save(workbook, path)


def _send_back(story: LoopScenario, sent: RunResult, back: Path) -> None:
    """Fill in the forms of the units that answer, and put them, with what else comes back, into a folder."""
    back.mkdir()
    units = {mark_of(unit): unit for unit in story.units}
    for form, name in zip(sent.written_files, sent.units, strict=True):
        unit = units[mark_of(name)]
        if unit not in story.silent_units:
            _fill_in(story, unit, form, back / f"svar {mark_of(unit)}.xlsx")
    first = next(iter(sorted(back.iterdir())))
    for number in range(story.copies):
        (back / f"kopia {number}.xlsx").write_bytes(first.read_bytes())
    if story.other_files:
        (back / "anteckningar.xlsx").write_bytes(b"PK\x03\x04 trasigt")
    if story.lock_files:
        (back / f"~${first.name}").write_bytes(bytes(165))


def _fill_in(story: LoopScenario, unit: str, form: Path, target: Path) -> None:
    """Type a unit's answers into its form: rows by their texts, columns by their headings, unlocked cells only."""
    workbook = load_workbook(form)
    sheet = next(sheet for sheet in workbook.worksheets if _find_heading(sheet, story))
    heading = _find_heading(sheet, story)
    columns = {str(cell.value): int(cell.column or 0) for cell in sheet[heading]}
    levels = [columns[level.label.in_language(story.language)] for level in story.template.levels]
    item, own = story.template.item_level_index, list(story.added_activities[unit])
    lines = {line.mark: line for line in story.items_of(unit)}
    for row in range(heading + 1, sheet.max_row + 1):
        texts = [str(sheet.cell(row, column).value or "") for column in levels]
        mark = mark_of("".join(texts[item:]))
        if mark:
            line = lines.pop(mark)
            assert all(map(_same_line, texts, line.levels))
            cell = sheet.cell(
                row, columns[story.template.plan_fields()[0].label.in_language(story.language)]
            ).value
            assert _reads(cell) == typed_plan_value(line, story.language)
        elif own and not sheet.cell(row, levels[item]).protection.locked:
            mark = mark_of(own[0])
            _type(sheet, row, levels[item], own.pop(0))
        for field in story.template.answer_fields() if mark else ():
            column = columns[field.label.in_language(story.language)]
            assert not sheet.cell(row, column).protection.locked
            _type(sheet, row, column, story.answers[unit, mark, field.key].cell)
    assert not lines
    assert not own
    _save(workbook, target)


def _same_line(shown: str, planned: str) -> bool:
    """Whether a form shows a text of the plan as it stands there, but for blanks and a bullet at its edges."""
    whole = unicodedata.normalize("NFC", planned).strip()
    return shown == whole or (whole.endswith(shown) and not any(map(str.isalnum, whole.removesuffix(shown))))


def _find_heading(sheet: Worksheet, story: LoopScenario) -> int:
    wanted = {"Id", *(field.label.in_language(story.language) for field in story.template.answer_fields())}
    rows = sheet.iter_rows(max_row=20, values_only=True)
    return next((number for number, texts in enumerate(rows, 1) if wanted <= set(texts)), 0)


def _type(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Put a value into a cell as Excel does when somebody types it into a cell that is text or general."""
    if value in (None, ""):
        return
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value, cell.data_type = value, "s"
    else:
        cell.value = value


def _save(workbook: Workbook, path: Path) -> None:
    """Save as Excel would: what looks like a coded letter is coded itself, which openpyxl leaves out."""
    for cell in (cell for sheet in workbook.worksheets for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, str) and CODED.search(cell.value):
            cell.value, cell.data_type = CODED.sub("_x005F_", cell.value), "s"
    workbook.save(path)

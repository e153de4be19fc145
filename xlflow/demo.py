"""The whole loop on a shipped example: makes its forms, fills them in as its units did, merges and reports them.

What comes back is as untidy as in life: one unit does not answer, one sends its form twice under another name,
and a program that was still open left its lock file behind. Every step is the pipeline's; only the returned
forms are made here.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path

from xlflow.definition.plan_workbook import define_round
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import open_plan_workbook
from xlflow.generate import write_form
from xlflow.generate.batch import list_form_files
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.plan import PlanItem, Round
from xlflow.model.text import collapse_whitespace_keep_lines, normalize_key, short_code
from xlflow.pipeline.form_operations import generate_forms, merge_forms
from xlflow.pipeline.overwrite_guard import ProgressCallback
from xlflow.pipeline.report_operations import write_report
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.resources import EXAMPLES_DIR, resource_dir

AnswerTexts = Mapping[str, str]
"""One row of an example's `answers.csv`: heading -> what the unit wrote, "" if nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """One shipped example: its folder below `examples/`, with `plan.xlsx` and `answers.csv`, and its dates."""

    folder: str
    as_of: date
    due: date
    template: str = "followup"


EXAMPLE_BY_LANGUAGE: Mapping[Language, Example] = {
    "sv": Example("followup-2021", date(2021, 3, 31), date(2021, 4, 16)),
    "en": Example("followup-en", date(2021, 3, 31), date(2021, 4, 16)),
}


def run_demo(
    folder: Path,
    language: Language = "sv",
    *,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Run the whole loop in a folder of its own, up to the board's report, and return the merge's result.

    The notes of the result name the files made. `FatalError` if the folder is not empty, unless `force`.
    """
    if not force and folder.exists() and any(folder.iterdir()):
        raise FatalError(make_finding("demo-folder-in-use", Location(str(folder))))
    example = EXAMPLE_BY_LANGUAGE[language]
    example_dir = resource_dir(EXAMPLES_DIR) / example.folder
    plan, forms_folder, return_folder = (
        folder / translate(f"demo.{name}", language) for name in ("plan", "sent", "returned")
    )
    write_atomic(plan, (example_dir / "plan.xlsx").read_bytes())
    generate_forms(
        plan,
        forms_folder,
        template=example.template,
        language=language,
        force=force,
        progress=progress,
        as_of=example.as_of,
        due=example.due,
    )
    _write_returned_forms(example_dir, example, language, return_folder)
    target = folder / translate("demo.consolidated", language)
    result = merge_forms([return_folder], target, plan=plan, force=force, progress=progress)
    reports = _write_reports(target, folder, language, force=force)
    params = {"plan": plan, "sent": forms_folder, "returned": return_folder, "output": target, **reports}
    notes = tuple(RunNote(f"demo.look_{number}", params) for number in range(1, 6))
    return replace(result, notes=notes)


def _write_reports(
    consolidated: Path, folder: Path, language: Language, *, force: bool
) -> Mapping[str, Path | None]:
    """Write the report of the board in every format; return the path of each by its suffix."""
    name = translate("demo.report", language)
    files = {kind: folder / f"{name}.{kind}" for kind in ("docx", "pdf", "html")}
    return {kind: write_report(consolidated, file, force=force).output_path for kind, file in files.items()}


def _write_returned_forms(
    example_dir: Traversable, example: Example, language: Language, return_folder: Path
) -> None:
    """Write into `return_folder` what the units send back: filled forms, a copy of one, and a lock file."""
    workbook = open_plan_workbook((example_dir / "plan.xlsx").read_bytes(), "plan.xlsx")
    template = load_template(example.template)
    round_, _ = define_round(workbook, template, example.as_of, example.due, language)
    answers_by_unit = _read_example_answers(example_dir / "answers.csv")
    answered_forms = [form for form in list_form_files(round_) if form.unit in answers_by_unit]
    for form in answered_forms:
        write_atomic(
            return_folder / form.file_name, _write_filled_form(round_, form.unit, answers_by_unit[form.unit])
        )
    last_form = answered_forms[-1]
    copy_name = Path(last_form.file_name).with_stem(f"{Path(last_form.file_name).stem} (1)")
    write_atomic(return_folder / copy_name, (return_folder / last_form.file_name).read_bytes())
    write_atomic(return_folder / f"~${last_form.file_name}", b"\x07" + bytes(164))


def _read_example_answers(file: Traversable) -> dict[str, list[AnswerTexts]]:
    """Return the rows of an example's answers by the unit, which its first column names."""
    answers_by_unit: dict[str, list[AnswerTexts]] = {}
    for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""), delimiter=";"):
        answers_by_unit.setdefault(next(iter(row.values())), []).append(row)
    return answers_by_unit


def _write_filled_form(round_: Round, unit: str, unit_answers: Sequence[AnswerTexts]) -> bytes:
    """Return a unit's form with its answers, and its own activities in the free rows, as if issued blank."""
    matched = [
        (_match_plan_item(round_, unit, texts_by_heading), texts_by_heading) for texts_by_heading in unit_answers
    ]
    added_items = tuple(item for item, _ in matched if item.added_by_unit)
    plan = replace(round_.plan, items=(*round_.plan.items, *added_items))
    answers_by_item = {item.id: dict(_answer_values(round_, texts)) for item, texts in matched}
    return write_form(replace(round_, plan=plan), unit, answers_by_item, issued={})


def _answer_values(round_: Round, texts_by_heading: AnswerTexts) -> Iterator[tuple[str, str]]:
    """Yield (field key, text) of the answer fields that are filled in."""
    for field in round_.template.answer_fields():
        text = next(
            (texts_by_heading[name] for name in field.accepted_headings() if texts_by_heading.get(name)), ""
        )
        if text:
            yield field.key, collapse_whitespace_keep_lines(text)


def _match_plan_item(round_: Round, unit: str, texts_by_heading: AnswerTexts) -> PlanItem:
    """Return the plan item with the activity and sub-activity of an answer; else one that the unit has added."""
    lowest_levels = slice(round_.template.item_level_index, None)
    levels = tuple(
        next((texts_by_heading[name] for name in level.accepted_headings() if texts_by_heading.get(name)), "")
        for level in round_.template.levels
    )
    wanted_texts = [normalize_key(text) for text in levels[lowest_levels]]
    matching_items = (
        item
        for item in round_.items_for_unit(unit)
        if [normalize_key(text) for text in item.level_texts[lowest_levels]] == wanted_texts
    )
    return next(matching_items, PlanItem(short_code((unit, *levels)), levels, (unit,), added_by_unit=True))

"""The whole loop on a shipped example: makes its forms, fills them in as its units did, merges and reports them.

What comes back is as untidy as in life: one unit does not answer, one sends its form twice under another name,
and a program that was still open left its lock file behind. Every step is the pipeline's; here is only the play.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path

from xlflow import define, generate, pipeline
from xlflow.core.findings import Place, Stop, find
from xlflow.core.model import Line, Round, Run
from xlflow.core.shipped import EXAMPLES, find_shipped
from xlflow.core.text import fold, short_code, tidy_lines
from xlflow.core.words import Language, say
from xlflow.excel import incoming, outgoing

Told = Mapping[str, str]
"""One line of an example's answers: heading -> what the unit wrote."""


@dataclass(frozen=True, slots=True)
class Example:
    """One shipped example: its folder and days. Plan and answers lie in the folder."""

    folder: str
    as_of: date
    due: date
    template: str = "followup"


EXAMPLE_IN: Mapping[Language, Example] = {
    "sv": Example("followup-2021", date(2021, 3, 31), date(2021, 4, 16)),
    "en": Example("followup-en", date(2021, 3, 31), date(2021, 4, 16)),
}


def run_demo(
    folder: Path, language: Language = "sv", *, force: bool = False, progress: pipeline.Progress | None = None
) -> Run:
    """Play the whole loop in a folder of its own, up to the board's report, and return the merge's result.

    The notes of the result say what lies where. `Stop` if the folder holds anything already, unless `force`.
    """
    if not force and folder.exists() and any(folder.iterdir()):
        raise Stop(find("demo-folder-in-use", Place(str(folder))))
    example = EXAMPLE_IN[language]
    shipped = find_shipped(EXAMPLES) / example.folder
    plan, sent, back = (folder / say(f"demo.{name}", language) for name in ("plan", "sent", "returned"))
    outgoing.save_whole(plan, (shipped / "plan.xlsx").read_bytes())
    pipeline.generate_forms(
        plan,
        sent,
        template=example.template,
        language=language,
        force=force,
        progress=progress,
        as_of=example.as_of,
        due=example.due,
    )
    _play_units(shipped, example, language, back)
    target = folder / say("demo.consolidated", language)
    run = pipeline.merge_forms([back], target, plan=plan, force=force, progress=progress)
    reports = _report(target, folder, language, force=force)
    words = {"plan": plan, "sent": sent, "returned": back, "output": target, **reports}
    notes = tuple(say(f"demo.look_{number}", language, **words) for number in range(1, 6))
    return replace(run, notes=notes)


def _report(consolidated: Path, folder: Path, language: Language, *, force: bool) -> Mapping[str, Path | None]:
    """Write the report of the board in every format; return where each is."""
    name = say("demo.report", language)
    files = {kind: folder / f"{name}.{kind}" for kind in ("docx", "pdf", "html")}
    return {kind: pipeline.write_report(consolidated, file, force=force).output for kind, file in files.items()}


def _play_units(shipped: Traversable, example: Example, language: Language, back: Path) -> None:
    """Write what the units send back into the folder `back`."""
    book = incoming.open_book((shipped / "plan.xlsx").read_bytes(), "plan.xlsx")
    template = define.load_template(example.template)
    asked, _ = define.define_round(book, template, example.as_of, example.due, language)
    told = _read_answers(shipped / "answers.csv")
    returned = [form for form in generate.plan_forms(asked) if form.unit in told]
    for form in returned:
        outgoing.save_whole(back / form.file_name, _fill_in(asked, form.unit, told[form.unit]))
    last = returned[-1]
    again = Path(last.file_name).with_stem(f"{Path(last.file_name).stem} (1)")
    outgoing.save_whole(back / again, (back / last.file_name).read_bytes())
    outgoing.save_whole(back / f"~${last.file_name}", b"\x07" + bytes(164))


def _read_answers(file: Traversable) -> dict[str, list[Told]]:
    told: dict[str, list[Told]] = {}
    for line in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""), delimiter=";"):
        told.setdefault(next(iter(line.values())), []).append(line)
    return told


def _fill_in(asked: Round, unit: str, told: Sequence[Told]) -> bytes:
    """Return a unit's form with its answers, its own activities in the free rows; as one that went out blank."""
    answers = [(_find_line(asked, unit, one), one) for one in told]
    own = tuple(line for line, _ in answers if line.own)
    plan = replace(asked.plan, lines=(*asked.plan.lines, *own))
    texts = {line.id: dict(_answers_of(asked, one)) for line, one in answers}
    return generate.write_form(replace(asked, plan=plan), unit, texts, issued={})


def _answers_of(asked: Round, told: Told) -> Iterator[tuple[str, str]]:
    for field in asked.template.asked():
        text = next((told[name] for name in field.names() if told.get(name)), "")
        if text:
            yield field.key, tidy_lines(text)


def _find_line(asked: Round, unit: str, told: Told) -> Line:
    """Return the line that a unit answers, by the texts of its lowest levels; else one of the unit's own."""
    low = slice(asked.template.item, None)
    levels = tuple(
        next((told[name] for name in level.names() if told.get(name)), "") for level in asked.template.levels
    )
    wanted = [fold(text) for text in levels[low]]
    known = (line for line in asked.lines_of(unit) if [fold(text) for text in line.levels[low]] == wanted)
    return next(known, Line(short_code((unit, *levels)), levels, (unit,), own=True))

"""The only file that knows the order of the steps. Every face (command line, library) calls these functions.

Each takes values and paths and returns a `Run`; what is wrong with the material is in `Run.findings`. Only
`Stop` is raised, when there is no way on, and then nothing has been written.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

from xlflow import check, collect, define, generate, hints, merge, read, summarise, write
from xlflow.core.findings import Finding, Place, Stop, find, sort_findings
from xlflow.core.model import Filled, Merged, Plan, Received, Round, Run, State
from xlflow.core.text import fold
from xlflow.core.words import Language
from xlflow.excel import incoming, outgoing

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""

Opened = tuple[Received, Filled | Finding]
"""One file and what the gate or the reader made of it."""


def generate_forms(
    plan: Path,
    output: Path,
    *,
    as_of: date,
    template: str = "followup",
    due: date | None = None,
    language: Language = "sv",
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Write one form per unit of the plan into the folder `output`.

    A form that already stands there is replaced unless somebody has filled it in, or it is not ours: then
    `Stop` before anything is written, or `force`.
    """
    asked, findings = _define(plan, template, as_of, due, language)
    forms = generate.plan_forms(asked)
    targets = tuple(output / form.file_name for form in forms)
    if not force:
        _refuse_to_destroy(targets)
    for done, (form, target) in enumerate(zip(forms, targets, strict=True), 1):
        outgoing.save_whole(target, generate.write_form(asked, form.unit))
        _tell(progress, "generate", done, len(forms))
    units = tuple(form.unit for form in forms)
    return Run(language, sort_findings(findings), written=targets, units=units, output=output)


def check_forms(
    paths: Sequence[Path], *, plan: Path | None = None, jobs: int = 2, progress: Progress | None = None
) -> Run:
    """Read and check forms: files, folders (searched through), archives. Writes nothing."""
    merged, findings = _gather(paths, plan, jobs, progress)
    return Run(merged.round.language, findings, merged)


def merge_forms(
    paths: Sequence[Path],
    output: Path,
    *,
    plan: Path | None = None,
    jobs: int = 2,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Read, check and merge forms into the consolidated workbook `output`.

    `Stop` if there is nothing to merge, if the accounts do not balance, or if the target is not ours.
    """
    if not force:
        _refuse_to_destroy([output])
    merged, findings = _gather(paths, plan, jobs, progress, leave_out=(output,))
    if not (merged.answered or plan):
        raise Stop(*findings)
    _tell(progress, "write", 0, 1)
    summary = summarise.summarise(merged, findings)
    outgoing.save_whole(output, write.write_consolidated(summary, merged))
    _tell(progress, "write", 1, 1)
    return Run(merged.round.language, findings, merged, output)


def _define(
    plan: Path, template: str, as_of: date, due: date | None, language: Language
) -> tuple[Round, tuple[Finding, ...]]:
    if not plan.exists():
        raise Stop(find("path-not-found", Place(str(plan))))
    book = incoming.open_book(plan, plan.name)
    return define.define_round(book, define.load_template(template), as_of, due, language)


# What came back -------------------------------------------------------------------------------------------


def _gather(
    paths: Sequence[Path],
    plan: Path | None,
    jobs: int,
    progress: Progress | None,
    leave_out: Collection[Path] = (),
) -> tuple[Merged, tuple[Finding, ...]]:
    """Find, open, read, settle, merge and check; everything but writing."""
    own = (*leave_out, *([plan] if plan else ()))
    found, findings = collect.find_files(paths, leave_out=own)
    opened = list(_open_all(found, jobs, progress))
    filled = [told for _, told in opened if isinstance(told, Filled)]
    refusals = [told for _, told in opened if isinstance(told, Finding)]
    planned, doubts = _plan_round(plan, filled) if plan else (None, ())
    others = [received for received, told in opened if isinstance(told, Finding)]
    settled = [file.settled for file in found if file.settled]
    collected = collect.sort_returns(filled, [*settled, *others], planned.key if planned else None)
    told = [*findings, *refusals, *doubts, *collected.findings]
    if not (collected.forms or planned):
        told.append(find("nothing-to-merge", Place(", ".join(map(str, paths)))))
    merged, merging = merge.merge_forms(collected.forms, collected.files, planned or _ask_nobody(collected.forms))
    every = (*told, *merging, *check.check_merged(merged))
    return merged, sort_findings(hints.add_hints(merged, every))


def _open_all(found: Iterable[collect.Found], jobs: int, progress: Progress | None) -> Iterator[Opened]:
    """Open and read every file that is not settled yet; a form that lost its definition asks those of others."""
    waiting = [file for file in found if not file.settled]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        first = []
        for done, opened in enumerate(pool.map(_open_one, waiting), 1):
            first.append(opened)
            _tell(progress, "read", done, len(waiting))
    known = _known_rounds(told for _, told in first if isinstance(told, Filled))
    for file, (received, told) in zip(waiting, first, strict=True):
        again = isinstance(told, Finding) and known and told.code == "form-without-definition"
        yield _open_one(file, known) if again else (received, told)


def _open_one(file: collect.Found, known: Sequence[Round] = ()) -> Opened:
    book = incoming.open_book(file.source, file.name)
    received = collect.receive_file(file, book)
    if isinstance(book, Finding):
        return received, book
    told = read.read_form(book, received, known)
    if isinstance(told, Finding):
        return replace(received, state=State.REFUSED, reason=told.code), told
    return received, told


def _known_rounds(filled: Iterable[Filled]) -> tuple[Round, ...]:
    """Return the rounds that forms carry, one form of each unit and round, in an order of their own."""
    rounds = {(form.round.key, fold(form.unit)): form.round for form in filled}
    return tuple(rounds[key] for key in sorted(rounds))


def _plan_round(plan: Path, filled: Sequence[Filled]) -> tuple[Round, tuple[Finding, ...]]:
    """Return the plan as asked in the round of the forms; without forms, as the followup of today."""
    key = collect.choose_round(filled)
    known = next((form.round for form in filled if form.round.key == key), None)
    if known is None:
        return _define(plan, "followup", date.today(), None, "sv")
    book = incoming.open_book(plan, plan.name)
    return define.define_round(book, known.template, known.as_of, known.due, known.language)


def _ask_nobody(forms: Sequence[Filled]) -> Round | None:
    """Return an empty round to count files against, where neither plan nor form says what was asked."""
    template = define.load_template("followup")
    return None if forms else Round(template, Plan("", (), (), date.today().year), date.today(), None, "sv")


def _refuse_to_destroy(targets: Sequence[Path]) -> None:
    """`Stop` if a target is a file that we did not write, or a form that somebody has filled in."""
    findings = [finding for target in targets if target.exists() and (finding := _find_worth(target))]
    if findings:
        raise Stop(*findings)


def _find_worth(target: Path) -> Finding | None:
    place = Place(str(target))
    book = incoming.open_book(target, target.name)
    if isinstance(book, Finding) or not any(name.startswith("xlflow.") for name in book.properties):
        return find("target-not-ours", place)
    received = collect.receive_file(collect.Found(target.name, target, 0), book)
    form = read.read_form(book, received)
    if isinstance(form, Filled) and (form.set_aside or not all(row.is_blank for row in form.rows)):
        return find("target-has-answers", place, unit=form.unit)
    return None


def _tell(progress: Progress | None, step: str, done: int, total: int) -> None:
    if progress:
        progress(step, done, total)

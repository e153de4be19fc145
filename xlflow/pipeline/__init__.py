"""The only place that knows the order of the steps. Every face (command line, library) calls these functions.

Each takes values and paths and returns a `Run`; what is wrong with the material is in `Run.findings`. Only
`Stop` is raised, when there is no way on, and then nothing has been written. What only some of them need is
imported there, so that checking a form does not wait for what makes reports.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xlflow import carry, collect, named, opening
from xlflow.core.findings import Finding, Place, Stop, find, sort_findings
from xlflow.core.model import Previous, Round, Run
from xlflow.core.words import Language, say
from xlflow.pipeline.asked import Wanted
from xlflow.pipeline.gathering import gather, say_nothing

if TYPE_CHECKING:
    from xlflow.core.summary import History

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""


def generate_forms(
    plan: Path,
    output: Path,
    *,
    as_of: date,
    template: str = "followup",
    due: date | None = None,
    previous: Path | None = None,
    language: Language = "sv",
    jobs: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Write one form per unit of the plan into the folder `output`.

    `previous` is the consolidated workbook of the round before, whose answers the forms then show. A form that
    already stands there is replaced unless somebody has filled it in, or it is not ours: then `Stop` before
    anything is written, or `force`.
    """
    from xlflow import generate

    asked, findings = _define(plan, template, as_of, due, language)
    forms = generate.plan_forms(asked)
    parts, units = generate.part_round(asked), tuple(form.unit for form in forms)
    shown, about_previous = _recall(previous, asked, parts) if previous else ({}, ())
    targets = [output / form.file_name for form in forms]
    made = generate.write_forms(parts, units, shown, jobs)
    written, about_files = _write_forms(targets, made, "generate", force=force, progress=progress)
    every = sort_findings((*findings, *about_previous, *about_files))
    return Run(language, every, written=written, units=units, output=output)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no search for garbage interrupt the work: values hold no rings, and the more there are, the longer it
    takes and the less it finds."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


@_undisturbed()
def check_forms(
    paths: Sequence[Path],
    *,
    plan: Path | None = None,
    as_of: date | None = None,
    template: str | None = None,
    send_back: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Read and check forms: files, folders (searched through), archives. `as_of` is the day of the round and
    `template` its template, by name or path; only needed where no form says it any longer, or forms of several
    rounds lie together.

    Writes nothing, unless `send_back` names a folder: then a fresh form for each unit that has something to
    correct, with all its answers and the faults marked. A form that somebody has filled in is never overwritten.
    """
    wanted = _want(as_of, template)
    own = tuple(send_back.rglob("*.xlsx")) if send_back else ()
    gathered = gather(paths, plan, opening.Way(jobs, cache=cache), partial(_tell, progress, "read"), own, wanted)
    merged, findings = gathered.merged, gathered.findings
    if send_back is None:
        return Run(merged.round.language, findings, merged)
    from xlflow import generate

    names = {form.unit: form.file_name for form in generate.plan_forms(merged.round)}
    returns = carry.plan_returns(merged, findings, gathered.forms)
    targets = [send_back / names[one.unit] for one in returns]
    made = ((place, _make_return(one)) for place, one in enumerate(returns))
    written, about_files = _write_forms(targets, made, "send back", force=force, progress=progress)
    every = sort_findings((*findings, *about_files))
    return Run(merged.round.language, every, merged, send_back if written else None, written)


@_undisturbed()
def merge_forms(
    paths: Sequence[Path],
    output: Path,
    *,
    plan: Path | None = None,
    as_of: date | None = None,
    template: str | None = None,
    previous: Path | None = None,
    also: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Read, check and merge forms into the consolidated workbook `output`. `as_of` and `template` are as in
    `check_forms`.

    `previous` is that of the round before, against which changes are told. `also` names a folder for the same
    tables as a data package: CSV, and Parquet where pyarrow is installed.

    `Stop` if nobody has answered, if the accounts do not balance, if the target is something else than an earlier
    consolidated workbook, or if another run is writing to it. `output` of the result is where the workbook is:
    beside the target if that is in use.
    """
    from xlflow import interchange, recall, summarise, write
    from xlflow.excel import outgoing

    _refuse_target(output, force=force)
    wanted = _want(as_of, template)
    own = interchange.list_package(also) if also else ()
    book, past = (named.open_consolidated(previous), (previous,)) if previous else (None, ())
    with outgoing.claim_target(output) as target:
        way = opening.Way(jobs, cache=cache)
        gathered = gather(paths, plan, way, partial(_tell, progress, "read"), (output, *past, *own), wanted)
        merged, findings, found = gathered.merged, gathered.findings, gathered.found
        del gathered  # the forms one by one take much memory, and are needed no more
        if not merged.answered:
            raise Stop(*sort_findings((*findings, say_nothing(paths))), merged=merged)
        _tell(progress, "write", 0, 1)
        before = recall.recall_snapshot(book, merged.round.language) if book else None
        findings = sort_findings((*findings, *recall.doubt_order(before, merged.round)))
        summary = summarise.summarise(merged, findings, before)
        parts = interchange.make_parts(summary, merged) if also else ()
        if also and not force:
            interchange.refuse_foreign(also, parts)
        near = collect.find_near(found, output)
        written = target.save(write.lay_out_consolidated(summary, merged, near=near).to_chunks())
        package = interchange.save_package(also, summary, merged, parts) if also else ()
    _tell(progress, "write", 1, 1)
    every = sort_findings((*findings, *_say_where([(output, written)])))
    language = merged.round.language
    notes = (say("interchange.written", language, folder=also),) if package else ()
    return Run(language, every, merged, written, notes=notes)


def write_report(
    consolidated: Path,
    output: Path,
    *,
    layout: Literal["heading", "merged"] = "heading",
    only: Literal["deviations"] | None = None,
    unit: str = "",
    intro: Path | None = None,
    reference: Path | None = None,
    language: Language | None = None,
    redact: bool = False,
    force: bool = False,
) -> Run:
    """Make the report for the board from a consolidated workbook alone, as .docx, .pdf or .html.

    `Stop` before anything is written if the workbook is not ours, if personal data would become public (`redact`
    blanks it, `force` keeps it), or if somebody has worked on the report that already stands there.
    """
    from xlflow.excel import outgoing
    from xlflow.report import given, publish
    from xlflow.report.compose import Wish

    kind = publish.kind_of(str(output))
    if not force:
        given.refuse_edited(output, kind)
    wish = Wish(layout, only, unit, given.take_introduction(intro))
    order = publish.Order(language, redact, force, given.take_reference(reference, kind))
    made = publish.publish_report(named.open_consolidated(consolidated), kind, wish, order)
    written = outgoing.save_whole(output, made.content)
    unused = [find("report-reference-unused", Place(str(reference)))] if reference and kind != "docx" else []
    every = sort_findings((*made.findings, *unused, *_say_where([(output, written)])))
    return Run(made.language, every, output=written, notes=(say("report.written", made.language, file=written),))


def read_history(paths: Sequence[Path], *, language: Language | None = None) -> "History":
    """Put several consolidated workbooks together: one line per activity, one column per round, by their days.

    `language` is that of the last round unless another is asked for. `Stop` if one of the workbooks is not ours.
    """
    from xlflow import history, recall

    books = [named.open_consolidated(path) for path in dict.fromkeys(paths)]
    read_all = [history.Source(recall.read_followed(book, language), book.name, book.digest) for book in books]
    spoken = language or history.sort_sources(read_all)[-1].followed.language
    sources = [
        each
        if each.followed.language == spoken
        else history.Source(recall.read_followed(book, spoken), book.name, book.digest)
        for book, each in zip(books, read_all, strict=True)
    ]
    return history.make_history(history.sort_sources(sources))


def write_history(
    paths: Sequence[Path], output: Path, *, language: Language | None = None, force: bool = False
) -> Run:
    """Write the history of several consolidated workbooks; `Stop` if the target is something else than one."""
    from xlflow import replacing, write
    from xlflow.excel import outgoing

    if output.suffix.lower() != ".xlsx":
        raise Stop(find("target-not-xlsx", Place(str(output))))
    if not force:
        replacing.refuse_to_destroy([output], replacing.find_worth_of_history)
    told = read_history(paths, language=language)
    written = outgoing.save_whole(output, write.write_history(told))
    notes = (
        say("history.rounds", told.language, count=len(told.rounds.rows), lines=len(told.lines.rows)),
        say("history.written", told.language, file=written),
    )
    return Run(told.language, sort_findings(_say_where([(output, written)])), output=written, notes=notes)


def _refuse_target(output: Path, *, force: bool) -> None:
    """`Stop` where a consolidated workbook may not be written: another kind of file, or one that is not ours."""
    from xlflow import replacing

    if output.suffix.lower() != ".xlsx":
        raise Stop(find("target-not-xlsx", Place(str(output))))
    if not force:
        replacing.refuse_to_destroy([output], replacing.find_worth_of_result)


def _want(as_of: date | None, template: str | None) -> Wanted:
    """Return what is said of the round; `Stop` with every fault of its template."""
    if template is None:
        return Wanted(as_of)
    from xlflow import define

    files = (Path(template), Path(f"{template}.toml"))
    return Wanted(as_of, define.load_template(template), files)


def _make_return(one: carry.Return) -> bytes:
    from xlflow import generate

    round_, unit, answers, nothing = one.round, one.unit, one.answers, one.nothing
    return generate.write_form(
        round_, unit, answers, previous=one.previous, returned=one.returned, nothing=nothing
    )


def _define(
    plan: Path, template: str, as_of: date, due: date | None, language: Language
) -> tuple[Round, tuple[Finding, ...]]:
    from xlflow import define

    book = named.open_plan(plan)
    return define.define_round(book, define.load_template(template), as_of, due, language)


def _recall(
    previous: Path, asked: Round, parts: Mapping[str, Round]
) -> tuple[Mapping[str, Previous], tuple[Finding, ...]]:
    """Return what each unit is shown of the round before, and on how many rows."""
    from xlflow import recall

    book = named.open_consolidated(previous)
    recalled = carry.recall_round(recall.read_followed(book, asked.language))
    shown = {unit.name: carry.show_previous(recalled, parts[unit.name], unit.name) for unit in asked.plan.units}
    total = sum(len(parts[unit].plan.lines) for unit in shown)
    words = {"shown": sum(len(one.texts) for one in shown.values()), "total": total}
    told = find("previous-shown", Place(previous.name), words=words)
    return shown, (told, *carry.find_unmatched(recalled, asked))


def _write_forms(
    targets: Sequence[Path],
    made: Iterable[tuple[int, bytes]],
    step: str,
    *,
    force: bool,
    progress: Progress | None,
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """Save forms as they are made, each with its place among the targets, and return where they are; `Stop` before
    the first is made if one would destroy something."""
    from xlflow import replacing
    from xlflow.excel import outgoing

    if not force:
        replacing.refuse_to_destroy(targets, replacing.find_worth_of_form)
    saved: dict[int, Path] = {}
    for place, content in made:
        saved[place] = outgoing.save_whole(targets[place], content)
        _tell(progress, step, len(saved), len(targets))
    written = tuple(saved[place] for place in range(len(targets)))
    return written, tuple(_say_where(zip(targets, written, strict=True)))


def _say_where(saved: Iterable[tuple[Path, Path]]) -> Iterator[Finding]:
    """Yield what is to be said of files that could not be saved where they were wanted: (wanted, saved)."""
    for wanted, written in saved:
        if written != wanted:
            yield find("saved-beside", Place(str(wanted)), value=written.name)


def _tell(progress: Progress | None, step: str, done: int, total: int) -> None:
    if progress:
        progress(step, done, total)

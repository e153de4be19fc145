"""Saves the files of a run: refuses first whatever would destroy something, then writes one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from xlflow.model.findings import Finding, Location, make_finding

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""


def save_forms(
    targets: Sequence[Path],
    contents: Iterable[tuple[int, bytes]],
    step: str,
    *,
    force: bool,
    progress: ProgressCallback | None,
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """Save forms as they are generated and return (paths where they are, findings).

    `contents` yields (index among `targets`, bytes) in any order. Raises FatalError before the first is generated
    if one would overwrite answers or a file that is not xlflow's, unless `force`. A target that is in use is saved
    beside.
    """
    from xlflow.pipeline.overwrite_guard import reason_to_keep_form, refuse_overwrite
    from xlflow.runtime.atomic_write import write_atomic

    if not force:
        refuse_overwrite(targets, reason_to_keep_form)
    saved: dict[int, Path] = {}
    for index, content in contents:
        saved[index] = write_atomic(targets[index], content)
        report_progress(progress, step, len(saved), len(targets))
    written = tuple(saved[index] for index in range(len(targets)))
    return written, tuple(check_saved_elsewhere(zip(targets, written, strict=True)))


def check_saved_elsewhere(saved: Iterable[tuple[Path, Path]]) -> Iterator[Finding]:
    """Yield a finding per (target, path where it was saved) that differ: the target was in use."""
    for target, written_path in saved:
        if written_path != target:
            yield make_finding("saved-beside", Location(str(target)), value=written_path.name)


def report_progress(progress: ProgressCallback | None, step: str, done: int, total: int) -> None:
    """Call `progress`, if there is one, with the step and how many of how many files are done."""
    if progress:
        progress(step, done, total)

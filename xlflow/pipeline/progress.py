"""What a run tells while it goes on, and that a file had to be saved beside its target."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from xlflow.model.findings import Finding, Location, make_finding

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""


def check_saved_elsewhere(saved: Iterable[tuple[Path, Path]]) -> Iterator[Finding]:
    """Yield a finding per (target, path where it was saved) that differ: the target was in use."""
    for target, written_path in saved:
        if written_path != target:
            yield make_finding("saved-beside", Location(str(target)), value=written_path.name)


def report_progress(progress: ProgressCallback | None, step: str, done: int, total: int) -> None:
    """Call `progress`, if there is one, with the step and how many of how many files are done."""
    if progress:
        progress(step, done, total)

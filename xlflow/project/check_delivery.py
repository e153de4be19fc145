"""One file checked against what its unit is asked: for a web page, a receipt, or one file that came in.

Safe to call from threads. It reads no plan, and says nothing of the units that the file is not from.
"""

from collections.abc import Collection
from concurrent.futures import Executor
from pathlib import Path

from xlflow.collect.discover import discover_files
from xlflow.model.merged import RunResult
from xlflow.model.plan import Round
from xlflow.model.text import normalize_key
from xlflow.pipeline.form_operations import check_forms
from xlflow.pipeline.resolve_round import UnitRounds
from xlflow.pipeline.round_decisions import DeliveredFiles
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, load_round, read_frozen_round
from xlflow.project.round_files import collect_decisions, list_successors


def check_delivery(
    project: Project, state: RoundState, path: Path, *, executor: Executor | None = None
) -> RunResult:
    """Read and check one file, a form or an archive of forms, wherever it lies, as `check` would if it were
    received.

    Of the result, `merged` has the units whose forms are in the file, and what they are asked, only: so
    `merged.missing_units` is empty, and a file that is no form gives a finding and no unit. Decisions about units
    apply, those about files do not. `executor` reads the file, see `StandingPool`; without one, a small file is
    read in this process. `FatalError` if there is no such file.
    """
    frozen = read_frozen_round(project, state)
    names = {normalize_key(unit.name): unit.name for unit in frozen.units}

    def load(units: Collection[str] | None) -> Round:
        wanted = None if units is None else {names.get(normalize_key(unit), "") for unit in units}
        return load_round(project, state, wanted)[0]

    nobody, _ = load_round(project, state, ())
    files, findings = discover_files([path])
    delivered = DeliveredFiles(
        (path,),
        files,
        findings,
        decisions=collect_decisions(state, frozen).without_files(),
        successors=list_successors(frozen),
    )
    source = UnitRounds(nobody.as_of, nobody.template, load)
    return check_forms(delivered, plan=source, cache=False, executor=executor)

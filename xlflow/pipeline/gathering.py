"""Everything that a run has before it writes: what came back, found, opened, read, settled, merged and checked.

Checking and merging differ only in what they make of it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlflow import carry, check, collect, hints, merge, opening, read, waive
from xlflow.core.findings import Finding, Place, find, sort_findings
from xlflow.core.model import Filled, Merged, Plan, Round
from xlflow.core.text import fold
from xlflow.core.words import NO_DAY
from xlflow.pipeline.asked import Wanted, key_of, plan_round

NOTHING_AGREED = Plan("", (), (), 0)
"""A plan without exceptions and aliases, where none was given."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that came back: as one, what was found in it, the forms that count one by one, and all files."""

    merged: Merged
    findings: tuple[Finding, ...]
    forms: tuple[Filled, ...]
    found: tuple[collect.Found, ...]


def gather(
    paths: Sequence[Path],
    plan: Path | None,
    way: opening.Way,
    tell: opening.Tell,
    leave_out: Collection[Path] = (),
    wanted: Wanted | None = None,
) -> Gathered:
    """Find, open, read, settle, merge and check; everything but writing. `wanted` is what somebody has said
    of the round."""
    wanted = wanted or Wanted()
    own = (*leave_out, *wanted.files, *([plan] if plan else ()))
    found, findings = collect.find_files(paths, leave_out=own)
    waiting = [file for file in found if not file.settled]
    opened = opening.open_files(waiting, way, tell)
    filled = _update_forms(opening.list_forms(opened))
    lost = [told for _, told in opened if isinstance(told, Finding)]
    planned, doubts = plan_round(plan, filled, lost, wanted) if plan else (None, ())
    opened = opening.look_again(waiting, opened, _known_rounds(filled, planned), way)
    filled = _update_forms(opening.list_forms(opened))
    refusals = [told for _, told in opened if isinstance(told, Finding)]
    agreed = planned.plan if planned else NOTHING_AGREED
    filled = waive.apply_aliases(filled, agreed.aliases)
    others = [received for received, told in opened if isinstance(told, Finding)]
    settled = [file.settled for file in found if file.settled]
    collected = collect.sort_returns(
        filled, [*settled, *others], planned.key if planned else key_of(filled, wanted)
    )
    told = [*findings, *refusals, *doubts, *collected.findings]
    if not (collected.forms or planned):
        told.append(say_nothing(paths))
    merged, merging = merge.merge_forms(collected.forms, collected.files, planned or _ask_nobody(collected.forms))
    every = (*told, *merging, *check.check_merged(merged))
    hinted = hints.add_hints(merged, every)
    lasting = agreed.exceptions if collected.forms else ()
    kept, exceptions = waive.waive_findings(hinted, lasting, merged.round.as_of)
    aliases = waive.count_aliases(agreed.aliases, (one.row for one in merged.rows))
    merged = replace(merged, exceptions=exceptions, aliases=aliases)
    return Gathered(merged, sort_findings(kept), collected.forms, found)


def say_nothing(paths: Sequence[Path]) -> Finding:
    """Return the finding that says where nothing was found that anybody has answered."""
    return find("nothing-to-merge", Place(", ".join(map(str, paths))))


def _update_forms(filled: Sequence[Filled]) -> Sequence[Filled]:
    """Return the forms as if all of the round had been made with the newest version of its template."""
    template = carry.newest_template(filled, collect.choose_round(filled))
    return carry.update_forms(filled, template) if template else filled


def _known_rounds(filled: Iterable[Filled], planned: Round | None) -> tuple[read.Known, ...]:
    """Return the rounds that the plan and the forms tell of, one form of each unit and round, in a fixed order."""
    rounds = {(form.round.key, fold(form.unit)): read.Known(form.round, form.unit) for form in filled}
    asked = replace(planned, plan=replace(planned.plan, exceptions=(), aliases=())) if planned else None
    return (*([read.Known(asked)] if asked else ()), *(rounds[key] for key in sorted(rounds)))


def _ask_nobody(forms: Sequence[Filled]) -> Round | None:
    """Return an empty round to count files against, where neither plan nor form says what was asked."""
    from xlflow import define

    template = define.load_template("followup")
    return None if forms else Round(template, Plan("", (), (), NO_DAY.year), NO_DAY, None, "sv")

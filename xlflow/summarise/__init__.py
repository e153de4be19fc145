"""Merged answers -> the tables and figures of the consolidated workbook. Pure: no formula, no file, no clock.

`summarise` is the face. The tables come first; the figures of the summary sheet are counted in them, so that a
reader who counts the rows comes to the same.
"""

from collections.abc import Iterator, Sequence

from xlflow.core.changes import Snapshot, find_changes
from xlflow.core.findings import Finding
from xlflow.core.model import Grid, Merged
from xlflow.core.summary import Summary
from xlflow.core.words import format_day, say
from xlflow.summarise.changes import make_changes, stand_now
from xlflow.summarise.collection import declare_accounts, make_accounts, make_files, make_set_aside, make_units
from xlflow.summarise.figures import Tally
from xlflow.summarise.material import Material
from xlflow.summarise.overview import make_facts, make_panels
from xlflow.summarise.record import make_about, make_aliases, make_exceptions, make_inputs, make_remarks
from xlflow.summarise.sentences import tell_groups, tell_since, tell_whole
from xlflow.summarise.tables import make_activities, make_answers, make_deviations

__all__ = ["summarise"]


def summarise(merged: Merged, findings: Sequence[Finding], before: Snapshot | None = None) -> Summary:
    """Return what the consolidated workbook shows; the same whatever the order of the findings.

    `before` is the previous round, against which changes are told.
    """
    material = Material(merged, findings, before)
    changes = find_changes(stand_now(material), before) if before else ()
    tables = (*_make_grids(material), *([make_changes(material, changes, before)] if before else ()))
    tally = Tally(tables)
    language, as_of = merged.round.language, format_day(merged.round.as_of, merged.round.language)
    return Summary(
        title=merged.round.plan.title,
        lead=say("consolidated.subject", language, as_of=as_of),
        missing=merged.missing,
        blank=material.blank,
        facts=make_facts(material, tally),
        panels=make_panels(material, {grid.name: grid for grid in tables}, tally),
        tables=tables,
        accounts=declare_accounts(material),
        told=(*tell_whole(material), *([tell_since(changes, before.as_of, material)] if before else ())),
        groups=tell_groups(material),
        since=before.as_of if before else None,
    )


def _make_grids(material: Material) -> Iterator[Grid]:
    activities = make_activities(material)
    yield from (activities, make_deviations(material, activities))
    makers = (make_answers, make_accounts, make_units, make_files, make_set_aside, make_remarks, make_about)
    agreed = ((make_exceptions, material.merged.exceptions), (make_aliases, material.merged.aliases))
    yield from (make(material) for make in (*makers, *(make for make, listed in agreed if listed), make_inputs))

"""All forms of a round -> one result, every row with its origin, and accounts that prove nothing went missing.

The steps: settle under which unit and line every row belongs (`settle`), join several returns of a unit cell by
cell (`join`), put the rows in the plan's order, and count (`accounts`). Nothing here depends on the order of the
files. Reads and writes no files; what a person wrote is kept as it was written, right or wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.model import Answer, Filled, Line, Merged, MergedRow, Received, Round, SetAside
from xlflow.merge.accounts import CameIn, count_accounts, count_unanswered, explain_imbalance
from xlflow.merge.join import Joined, join_rows
from xlflow.merge.settle import Settled, asked_units, newest_first, restore_round, settle_rows

__all__ = ["merge_forms"]


def merge_forms(
    forms: Iterable[Filled],
    files: Sequence[Received],
    planned: Round | None = None,
    set_aside: Sequence[SetAside] = (),
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return everything that came back as one, with what reading found wrong in the answers that stand and what
    merging found.

    `forms` are those that count, several of one unit among them; `files` are all files found; `planned` is the
    plan where one was given, which then says who is asked what, and in which order. `Stop` if there is neither
    form nor plan, or if the accounts do not balance.
    """
    returned = newest_first(forms)
    round_ = restore_round(returned, planned)
    settled, found = settle_rows(returned, round_, from_plan=planned is not None)
    rows, joined = _join_by_line(settled)
    round_ = _add_lines(round_, settled)
    replaced = [answer for one in joined for answer in one.replaced]
    merged = _gather(round_, CameIn(tuple(files), returned, tuple(set_aside)), rows, replaced)
    if not merged.accounts.balance:
        words = {"equation": explain_imbalance(merged.accounts, round_.template)}
        raise Stop(find("accounts-do-not-balance", Place(""), words=words))
    conflicts = [finding for one in joined for finding in one.conflicts]
    return merged, (*_still_standing(returned, replaced), *found, *conflicts)


def _join_by_line(settled: Sequence[Settled]) -> tuple[list[MergedRow], list[Joined]]:
    """Return one row for each unit and line, in no order, and what was joined where several rows answer the same,
    which few do."""
    first: dict[str, dict[str, Settled]] = {}
    several: dict[tuple[str, str], list[Settled]] = {}
    for one in settled:
        unit, line_id = one.row.unit, one.row.line.id
        before = first.setdefault(unit, {}).setdefault(line_id, one)
        if before is not one:
            several.setdefault((unit, line_id), [before]).append(one)
    joined = {key: join_rows(same) for key, same in several.items()}
    alone = (one.row for rows in first.values() for one in rows.values())
    rows = [MergedRow(row) for row in alone if not joined or (row.unit, row.line.id) not in joined]
    return [*rows, *(one.row for one in joined.values())], list(joined.values())


def _add_lines(round_: Round, settled: Sequence[Settled]) -> Round:
    """Return the round with the lines that it lacks: those that no plan knows, then the units' own."""
    known = {line.id for line in round_.plan.lines}
    units = {unit.name: index for index, unit in enumerate(round_.plan.units)}
    lacking: dict[str, tuple[tuple[bool, int, int], Line]] = {}
    for one in settled:
        line = one.row.line
        if line.id not in known and line.id not in lacking:
            lacking[line.id] = ((line.own, units[one.row.unit], one.number), line)
    more = tuple(line for _, line in sorted(lacking.values(), key=lambda pair: pair[0]))
    return replace(round_, plan=replace(round_.plan, lines=(*round_.plan.lines, *more)))


def _gather(round_: Round, came: CameIn, joined: Sequence[MergedRow], replaced: Sequence[Answer]) -> Merged:
    units = [unit.name for unit in round_.plan.units]
    places = {name: index for index, name in enumerate(units)}
    order = {line.id: index for index, line in enumerate(round_.plan.lines)}
    rows = sorted(joined, key=lambda one: (order[one.row.line.id], places[one.row.unit]))
    aside = tuple(sorted([*came.set_aside, *(one for form in came.forms for one in form.set_aside)], key=_address))
    answered = set(asked_units(round_, came.forms))
    counted = count_accounts(came, rows, aside, replaced)
    merged = Merged(
        round=round_,
        files=tuple(sorted(came.files, key=lambda file: (file.name, file.digest))),
        rows=tuple(rows),
        set_aside=aside,
        answered=tuple(name for name in units if name in answered),
        missing=tuple(name for name in units if name not in answered),
        accounts=counted,
        nothing=_find_nothing(round_, came.forms),
    )
    unanswered = count_unanswered(round_, rows, merged.nothing_to_report)
    return replace(merged, accounts=replace(counted, rows_unanswered=unanswered))


def _find_nothing(round_: Round, returned: Sequence[Filled]) -> tuple[tuple[str, Place], ...]:
    """Return the units that say they have nothing to report, and where: the newest return of each decides."""
    newest: dict[str, Filled] = {}
    for name, form in zip(asked_units(round_, returned), returned, strict=True):
        newest.setdefault(name, form)
    names = (unit.name for unit in round_.plan.units if unit.name in newest)
    return tuple((name, place) for name in names if (place := newest[name].nothing))


def _address(one: SetAside) -> tuple[object, ...]:
    cell = one.place.cell or ""
    column = cell.rstrip("0123456789")
    return (one.place.file, one.place.sheet or "", int(cell[len(column) :] or 0), len(column), column, repr(one))


def _still_standing(returned: Sequence[Filled], replaced: Sequence[Answer]) -> Iterable[Finding]:
    """What reading found, but for cells that another return has replaced since: their cause is gone."""
    gone = {answer.at for answer in replaced}
    return (found for form in returned for found in form.findings if not (found.field and found.place in gone))

"""Which unit of the previous round a unit of this round is: by its name, or by the former name in the plan.

Never by likeness of names: a unit that nothing leads to has no past, and nobody has another unit's.
"""

from collections.abc import Iterator, Sequence

from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Round, Unit
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import RoundStatus


def past_unit_names(units: Sequence[Unit], name: str) -> frozenset[str]:
    """Return the names, normalized, under which a unit may have answered in the previous round.

    Its own name, unless another unit had it ("Hette förut"); and its former names, unless another unit has one of
    them now without having had another name itself.
    """
    unit = next((each for each in units if each.name == name), Unit(name))
    others = [each for each in units if each.name != name]
    given_away = {normalize_key(former) for other in others for former in _usable_former_names(units, other)}
    own_names = {normalize_key(name)} - given_away
    return frozenset(own_names | {normalize_key(former) for former in _usable_former_names(units, unit)})


def check_past_units(round_status: RoundStatus, round_: Round) -> Iterator[Finding]:
    """Yield the former names that are another unit's now, and the units without a past where the previous round
    (`round_status`) has units that nobody is now: one of them may have been renamed."""
    units, location = round_.plan.units, Location(round_.plan.file)
    for unit in units:
        for former in unit.previous_names:
            if former not in _usable_former_names(units, unit):
                yield make_finding("unit-former-name-in-use", location, unit=unit.name, value=former)
    past_names_by_unit = {unit.name: past_unit_names(units, unit.name) for unit in units}
    continued = frozenset[str]().union(*past_names_by_unit.values())
    previous_units = {normalize_key(each.unit): each.unit for each in round_status.unit_statuses}
    gone = [name for key, name in previous_units.items() if key not in continued]
    for name, past_names in past_names_by_unit.items():
        if gone and not past_names & previous_units.keys():
            yield make_finding("unit-without-past", location, unit=name, params={"gone": ", ".join(gone)})


def _usable_former_names(units: Sequence[Unit], unit: Unit) -> tuple[str, ...]:
    staying = {normalize_key(each.name) for each in units if each.name != unit.name and not each.previous_names}
    return tuple(former for former in unit.previous_names if normalize_key(former) not in staying)

"""Round -> one form per unit. Decides on names and bytes; writes no file and reads none."""

from dataclasses import dataclass

from xlflow.core.model import Round
from xlflow.generate.form import write_form
from xlflow.generate.many import part_round, write_forms
from xlflow.generate.names import name_files

__all__ = ["FormPlan", "part_round", "plan_forms", "write_form", "write_forms"]


@dataclass(frozen=True, slots=True)
class FormPlan:
    """One form that is going to be written."""

    unit: str
    file_name: str


def plan_forms(round_: Round) -> tuple[FormPlan, ...]:
    """Return the forms of a round, one per unit in the plan's order; no two file names are alike anywhere."""
    names = name_files(unit.name for unit in round_.plan.units)
    return tuple(FormPlan(unit, name) for unit, name in names)

"""Round -> one form per unit. Decides on names and bytes; writes no file and reads none."""

from dataclasses import dataclass

from xlflow.core.model import Round
from xlflow.generate.form import write_form
from xlflow.generate.many import split_round_by_unit, write_forms
from xlflow.generate.names import assign_file_names

__all__ = ["FormFile", "split_round_by_unit", "list_form_files", "write_form", "write_forms"]


@dataclass(frozen=True, slots=True)
class FormFile:
    """One form that is going to be written."""

    unit: str
    file_name: str


def list_form_files(round_: Round) -> tuple[FormFile, ...]:
    """Return the forms of a round, one per unit in the plan's order; no two file names are alike anywhere."""
    file_names = assign_file_names(unit.name for unit in round_.plan.units)
    return tuple(FormFile(unit, name) for unit, name in file_names)

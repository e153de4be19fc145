"""Round -> one form per unit. Decides on names and bytes; writes no file and reads none."""

from xlflow.generate.batch import split_round_by_unit, write_forms
from xlflow.generate.form_workbook import write_form

__all__ = [
    "split_round_by_unit",
    "write_form",
    "write_forms",
]

"""Answers carried over into a form of today: back to the unit that gave them, from last round, from an older form.

Works out what stands in which cell and what is said beside it; writes no file and reads none. What a person wrote
is carried as it was written, and what finds no place is carried as text.
"""

from xlflow.carry.previous import Recalled, find_unmatched, recall_round, show_previous
from xlflow.carry.returns import Return, plan_returns
from xlflow.carry.versions import newest_template, update_forms

__all__ = [
    "Recalled",
    "Return",
    "find_unmatched",
    "newest_template",
    "plan_returns",
    "recall_round",
    "show_previous",
    "update_forms",
]

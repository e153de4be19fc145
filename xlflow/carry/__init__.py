"""Answers carried over into a form of today: back to the unit that gave them, from last round, from an older form.

Works out what stands in which cell and what is said beside it; writes no file and reads none. What a person wrote
is carried as it was written, and what finds no place is carried as text.
"""

from xlflow.carry.previous import (
    PreviousRoundIndex,
    build_previous_answers,
    check_continued_items,
    index_previous_round,
)
from xlflow.carry.returns import CorrectionForm, plan_correction_forms
from xlflow.carry.versions import migrate_submissions, newest_template

__all__ = [
    "PreviousRoundIndex",
    "CorrectionForm",
    "check_continued_items",
    "newest_template",
    "plan_correction_forms",
    "index_previous_round",
    "build_previous_answers",
    "migrate_submissions",
]

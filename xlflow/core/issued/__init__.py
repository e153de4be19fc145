"""What travels inside a form: everything that reading and checking it needs, as records of texts.

A form can be checked and merged without the plan and the template it was made from. One record is one row of
the very hidden sheet, its kind first. Whatever came from the plan travels as JSON in plain ASCII, in pieces
that fit a cell, so that no program on the way can change a letter of it unseen. Reads and writes no files.
"""

from xlflow.core.issued.digest import digest_answers
from xlflow.core.issued.forms import (
    NO_ANSWERS,
    Answers,
    Issued,
    from_records,
    issued_lines,
    listed_records,
    round_of_records,
    round_records,
    to_records,
)
from xlflow.core.issued.identity import FORMAT, identify_form, identity_of_properties, identity_properties
from xlflow.core.issued.rounds import Records
from xlflow.core.issued.texts import Pairs, hear_context, say_context

__all__ = [
    "FORMAT",
    "NO_ANSWERS",
    "Answers",
    "Issued",
    "Pairs",
    "Records",
    "digest_answers",
    "from_records",
    "hear_context",
    "identify_form",
    "identity_of_properties",
    "identity_properties",
    "issued_lines",
    "listed_records",
    "round_of_records",
    "round_records",
    "say_context",
    "to_records",
]

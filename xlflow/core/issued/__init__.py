"""What travels inside a form: everything that reading and checking it needs, as records of texts.

A form can be checked and merged without the plan and the template it was made from. One record is one row of
the very hidden sheet, its kind first. Whatever came from the plan travels as JSON in plain ASCII, in pieces
that fit a cell, so that no program on the way can change a letter of it unseen. Reads and writes no files.
"""

from xlflow.core.issued.digest import digest_answers
from xlflow.core.issued.forms import (
    NO_ANSWER_TEXTS,
    AnswerTexts,
    IssuedForm,
    decode_consolidated_round,
    decode_form_records,
    encode_consolidated_round,
    encode_form_records,
    encode_sheet_fingerprints,
    issued_items,
)
from xlflow.core.issued.identity import (
    METADATA_FORMAT,
    build_identity,
    decode_identity_properties,
    encode_identity_properties,
)
from xlflow.core.issued.rounds import Records
from xlflow.core.issued.texts import ExtraColumns, decode_extra_columns, encode_extra_columns

__all__ = [
    "METADATA_FORMAT",
    "NO_ANSWER_TEXTS",
    "AnswerTexts",
    "IssuedForm",
    "ExtraColumns",
    "Records",
    "digest_answers",
    "decode_form_records",
    "decode_extra_columns",
    "build_identity",
    "decode_identity_properties",
    "encode_identity_properties",
    "issued_items",
    "encode_sheet_fingerprints",
    "decode_consolidated_round",
    "encode_consolidated_round",
    "encode_extra_columns",
    "encode_form_records",
]

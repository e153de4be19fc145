"""What a person has changed in the answers of a consolidated workbook, and what a new merge made of it."""

from dataclasses import dataclass
from typing import Literal

from xlflow.model.findings import Location
from xlflow.model.plan import FieldValue

ROLLED_UP_KEY = "_rolled_up"
"""The key of the rolled-up status among the fields of a plan item; no key of a template begins so."""

CorrectionState = Literal["kept", "conflict", "not_understood"]
"""kept: the corrected value counts. conflict: the answer below it has changed too, and counts. not_understood: the
corrected value is not one that the field accepts, and counts as no answer."""


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """An answer cell of a consolidated workbook whose text is not the answer that it was made from.

    `unit` is "" in the table `activities`, whose cells are about all units. `field` is a field's key or
    `ROLLED_UP_KEY`. `value`: None if `text` is blank or not understood. `fingerprint` is that of the answer
    (`form.answer_fingerprints`). `is_listed`: no cell holds it any more, the sheet of corrections lists it as a
    conflict of an earlier merge; its location is the sheet.
    """

    unit: str
    item_id: str
    field: str
    text: str
    value: FieldValue | None
    fingerprint: str
    location: Location
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class ManualCorrection:
    """A correction by hand: of one unit's answer, or of a plan item over all its units where `unit` is "".

    `answer_text` is the answer without the correction as the workbook shows it, `text` the corrected text;
    `location` is where that was found.
    """

    unit: str
    item_id: str
    field: str
    answer_text: str
    text: str
    state: CorrectionState
    location: Location

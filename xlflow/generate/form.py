"""One form, whole: its sheets in their order, and what it says of itself in the document's properties."""

from xlflow.core.issued import NO_ANSWERS, Answers, identity_properties
from xlflow.core.listed import mark_texts
from xlflow.core.model import Previous, Returned, Round
from xlflow.excel.outgoing import Book
from xlflow.generate.frame import frame_form
from xlflow.generate.guide import add_guide_sheet
from xlflow.generate.helpers import add_helpers
from xlflow.generate.hidden import add_records
from xlflow.generate.marks import find_marks
from xlflow.generate.returned import add_correct_sheet, add_loose_sheet
from xlflow.generate.sheet import add_form_sheet


def write_form(
    round_: Round,
    unit: str,
    answers: Answers = NO_ANSWERS,
    *,
    issued: Answers | None = None,
    previous: Previous | None = None,
    returned: Returned | None = None,
    nothing: bool = False,
) -> bytes:
    """Return one unit's form as a finished file; the same bytes every time.

    `answers` are the texts that already stand in the answer cells. `issued` is what the form says was there when
    it went out, against which later changes are seen: the answers, unless the form plays one that was filled in.
    Lines of the plan marked `own` stand in the free rows. `previous` is shown beside the answers; with `returned`
    the form goes back to be corrected: its faults are marked and listed. `nothing`: it says already that there is
    nothing to report.
    """
    remembered = answers if issued is None else issued
    frame = frame_form(round_, unit, answers, remembered, previous, returned, nothing=nothing)
    book = Book(
        f"{round_.template.title.say(round_.language)} – {unit}", round_.language, round_.as_of, locked=True
    )
    marks = find_marks(frame)
    said = add_guide_sheet(book, frame)
    listed: dict[str, str] = {}
    if returned:
        listed["correct"] = mark_texts(add_correct_sheet(book, frame, marks, said))
    add_form_sheet(book, frame, marks)
    if returned and returned.set_aside:
        listed["loose"] = mark_texts(add_loose_sheet(book, frame, returned))
    add_records(book, frame, listed)
    add_helpers(book, frame, said)
    for name, text in identity_properties(frame.identity):
        book.set_property(name, text)
    return book.to_bytes()

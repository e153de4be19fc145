"""Whether two returns of a unit say the same."""

import hashlib
from collections.abc import Iterable, Sequence

from xlflow.core.model import AnswerRow, Unplaced


def digest_answers(
    round_key: str,
    unit: str,
    rows: Iterable[AnswerRow],
    unplaced: Iterable[Unplaced],
    *,
    nothing_to_report: bool = False,
    changed_form_texts: Sequence[str] = (),
) -> str:
    """Return a digest that is equal for two returns of a unit that say the same in the same words.

    `quotes` is what was written where the form says something itself.
    """
    answered_rows = sorted(
        (
            row.item.id,
            row.item.level_texts if row.item.added_by_unit else (),
            tuple([(answer.field, answer.raw_text) for answer in row.answers if answer.raw_text]),
        )
        for row in rows
    )
    unplaced_texts = sorted(content.texts for content in unplaced)
    optional_parts = (
        *(["nothing"] if nothing_to_report else []),
        *([list(changed_form_texts)] if changed_form_texts else []),
    )
    digest_input = repr(
        (round_key, unit, [row for row in answered_rows if row[1] or row[2]], unplaced_texts, *optional_parts)
    )
    return hashlib.sha256(digest_input.encode()).hexdigest()

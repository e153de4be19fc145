"""Whether two returns of a unit say the same."""

import hashlib
from collections.abc import Iterable, Sequence

from xlflow.core.model import Row, SetAside


def digest_answers(
    round_key: str,
    unit: str,
    rows: Iterable[Row],
    set_aside: Iterable[SetAside],
    *,
    nothing: bool = False,
    quotes: Sequence[str] = (),
) -> str:
    """Return a digest that is equal for two returns of a unit that say the same in the same words.

    `quotes` is what was written where the form says something itself.
    """
    said = sorted(
        (
            row.line.id,
            row.line.levels if row.line.own else (),
            tuple([(answer.field, answer.written) for answer in row.answers if answer.written]),
        )
        for row in rows
    )
    kept = sorted(one.texts for one in set_aside)
    more = (*(["nothing"] if nothing else []), *([list(quotes)] if quotes else []))
    whole = repr((round_key, unit, [row for row in said if row[1] or row[2]], kept, *more))
    return hashlib.sha256(whole.encode()).hexdigest()

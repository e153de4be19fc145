"""What is still to be done in each row of one unit's form, by the rules that every template has and by its own.

The one judge: what `check` finds, and the words that stand in a form's live column when it is written, both come
from here, and `generate/live.py` writes the same conditions as formulas. So a rule goes by what a formula can see:
the texts in the cells, read by `core.values.spellings`, and the times that the plan states. Says no words.
"""

from xlflow.core.rules.asks import Ask, Said
from xlflow.core.rules.case import is_filled
from xlflow.core.rules.effects import EFFECTS, stands_in
from xlflow.core.rules.judge import ANSWER_LISTED, ANSWER_READABLE, RULES, find_asks, is_nameless
from xlflow.core.rules.shape import (
    CHOOSING,
    NUMBERS,
    TIMES,
    is_closed,
    number_in,
    numbers_for,
    table_of,
)

__all__ = [
    "ANSWER_LISTED",
    "ANSWER_READABLE",
    "CHOOSING",
    "EFFECTS",
    "NUMBERS",
    "RULES",
    "TIMES",
    "Ask",
    "Said",
    "find_asks",
    "is_closed",
    "is_filled",
    "is_nameless",
    "number_in",
    "numbers_for",
    "stands_in",
    "table_of",
]

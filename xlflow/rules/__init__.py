"""What is still to be done in each row of one unit's form, by the rules of every form and those of its template.

Evaluated in one place: what `check` finds, and the text of a form's live column when it is written, both come
from here, and `generate/calc_layout.py` writes the same conditions as formulas. So a rule goes by what a formula
can see:
the texts in the cells, read by `rules.formula_semantics`, and the times that the plan states. Holds no texts.
"""

from xlflow.rules.context import (
    Requirement,
    RowAnswers,
    choice_number,
    compile_conditions,
    has_closed_list,
    is_filled,
    spelling_table_of,
)
from xlflow.rules.engine import (
    ANSWER_LISTED_RULE,
    ANSWER_READABLE_RULE,
    EFFECT_EVALUATORS,
    RULES,
    evaluate_rules,
    is_unnamed_added_item,
    relation_holds,
)

__all__ = [
    "ANSWER_LISTED_RULE",
    "ANSWER_READABLE_RULE",
    "EFFECT_EVALUATORS",
    "RULES",
    "Requirement",
    "RowAnswers",
    "choice_number",
    "compile_conditions",
    "evaluate_rules",
    "has_closed_list",
    "is_filled",
    "is_unnamed_added_item",
    "relation_holds",
    "spelling_table_of",
]

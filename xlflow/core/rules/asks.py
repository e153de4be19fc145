"""One row as it is judged, and what a rule still asks for in it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from xlflow.core.model import FieldValue, PlanItem
from xlflow.core.template import Rule, RuleSeverity

NO_PARSED_VALUES: Mapping[str, FieldValue | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """One row of a form: its line, and the text in each answer cell by field, but for columns that the form lost.

    `values` are the same answers as they were understood, where somebody did.
    """

    item: PlanItem
    texts: Mapping[str, str]
    parsed_values: Mapping[str, FieldValue | None] = field(default_factory=lambda: NO_PARSED_VALUES)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written in any answer cell."""
        return not any(self.texts.values())


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is still to be done in a row, in the cell of a field, by the rule of this name.

    `declared` is the template's rule, None for one that every template has; `parts` tells that sub-activities may
    answer instead; `worse` is the row that stands worse.
    """

    rule: str
    field: str | None = None
    severity: RuleSeverity = "error"
    template_rule: Rule | None = None
    parts_may_answer: bool = False
    worse_row: RowAnswers | None = None

    @property
    def is_enforced(self) -> bool:
        """Whether the form asks for it too; a note or a trial is only told."""
        return self.severity in ("error", "warning")

"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + the lines and units of the plan + as-of date. Came back: `Received` (a file),
`Filled` (what one form says), `Merged` (everything, with its accounts), `Run` (what a command hands back).
"""

from xlflow.core.model.asked import Alias, Deadline, Exemption, Line, Plan, Round, Unit, Value
from xlflow.core.model.returned import Answer, Filled, Identity, Previous, Received, Returned, Row, SetAside, State
from xlflow.core.model.rows import Cell, Rows, hold_rows
from xlflow.core.model.together import Accounts, Grid, GridColumn, Merged, MergedRow, Run

__all__ = [
    "Accounts",
    "Alias",
    "Answer",
    "Cell",
    "Deadline",
    "Exemption",
    "Filled",
    "Grid",
    "GridColumn",
    "Identity",
    "Line",
    "Merged",
    "MergedRow",
    "Plan",
    "Previous",
    "Received",
    "Returned",
    "Round",
    "Row",
    "Rows",
    "Run",
    "SetAside",
    "State",
    "Unit",
    "Value",
    "hold_rows",
]

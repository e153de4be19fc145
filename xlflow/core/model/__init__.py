"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + the lines and units of the plan + as-of date. Came back: `Received` (a file),
`Filled` (what one form says), `Merged` (everything, with its accounts), `Run` (what a command hands back).
"""

from xlflow.core.model.asked import Alias, Deadline, FieldValue, Plan, PlanItem, Round, Unit, Waiver
from xlflow.core.model.returned import (
    Answer,
    AnswerRow,
    CorrectionRequest,
    FileState,
    FormIdentity,
    PreviousAnswers,
    ReceivedFile,
    Submission,
    Unplaced,
)
from xlflow.core.model.rows import ColumnarRows, TableCell, encode_rows
from xlflow.core.model.together import Accounts, Merged, MergedRow, RunResult, Table, TableColumn

__all__ = [
    "Accounts",
    "Alias",
    "Answer",
    "TableCell",
    "Deadline",
    "Waiver",
    "Submission",
    "Table",
    "TableColumn",
    "FormIdentity",
    "PlanItem",
    "Merged",
    "MergedRow",
    "Plan",
    "PreviousAnswers",
    "ReceivedFile",
    "CorrectionRequest",
    "Round",
    "AnswerRow",
    "ColumnarRows",
    "RunResult",
    "Unplaced",
    "FileState",
    "Unit",
    "FieldValue",
    "encode_rows",
]

"""Where everything is in a form: `generate` writes by this, `read` finds by this; nothing else knows it.

The form sheet: a title, a row with counter and form code, a hidden row of column codes (`#status`), the one
heading row, one row per plan item, then free rows. The hidden sheet is a list of records, the record's kind first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, label_in_sentence, translate, translate_all
from xlflow.model.template import Template
from xlflow.model.template_elements import Field, Level
from xlflow.model.text import fingerprint, short_code

TITLE_ROW, COUNTER_ROW, CODE_ROW, HEADING_ROW, FIRST_ITEM_ROW = 0, 1, 2, 3, 4
"""Rows of the form sheet, counted from 0."""

FREE_ROW_COUNT = 10
"""Rows for activities that the unit adds. They follow the items, after one row that says what they are for
(`free_rows_heading`, in the id column; every other cell of that row is blank)."""

FIRST_UNPLACED_ROW = 3
"""First row (0-based) of the texts on a correction form's sheet for what stood outside the table; column A
holds where
each was, the texts follow from column B on."""

METADATA_SHEET = "xlflow"
"""Name of a form's very hidden sheet; the same in every language."""

CALC_RECORD_KINDS = ("calc_table", "calc_row")

ROUND_SHEET = "xlflow_round"
"""Name of the consolidated workbook's very hidden sheet, which holds the records of its round."""

COMPARED_TO = "compared_to"
"""Kind of the record on that sheet with the as-of date of the round that its changes compare with."""

ITEM_ORDER = "item_order"
"""Kind of the record on that sheet with the ids of the plan items, in plan order."""

LIST_LABEL_COLUMN = 3
"""Column (0-based) of the hidden sheet that holds the labels of its lists."""

QUARTERS_LIST, YES_NO_LIST = "quarters", "yes_no"
"""Keys of the lists that a form has besides those of its template."""

RecordKind = Literal[
    "identity",
    "definition",
    "round",
    "units",
    "unit",
    "item",
    "added",
    "previous",
    "sheet_fingerprint",
    "choice",
    "quarter",
]
"""Kinds of records on the hidden sheet: `issued.py` writes and reads them, but for the lists of accepted
answers (choice, quarter), which stand there only for the form's own validations."""


@dataclass(frozen=True, slots=True)
class FormColumn:
    """One column of the form sheet. `names` are the headings under which it is recognised."""

    key: str
    kind: Literal["id", "level", "given", "answer", "computed", "remaining", "context", "previous"]
    label: LocalizedText
    accepted_headings: tuple[str, ...]
    width: int
    level: Level | None = None
    field: Field | None = None

    @property
    def code(self) -> str:
        """The text in the hidden code row above its heading."""
        return f"#{self.key}"

    def heading(self, language: Language) -> str:
        """Return the heading as written in a form of this language."""
        return self.label.in_language(language)


def build_form_columns(template: Template, extra_headings: tuple[str, ...] = ()) -> tuple[FormColumn, ...]:
    """Return the columns of the form sheet, in order: id, levels, fields, what remains, context."""
    return (
        _build_fixed_column("id", "id", 9),
        *(_build_template_column(level) for level in template.levels),
        *(_build_template_column(field) for field in template.form_fields()),
        _build_fixed_column("remaining", "remaining", 30),
        *(_build_extra_column(heading) for heading in extra_headings),
    )


def build_previous_column() -> FormColumn:
    """Return the column that shows the previous round's answers; only a form that was made with some has it (see
    `find_previous_position`). It is found by code or heading, wherever it is."""
    label = translate_all("column.previous")
    return FormColumn("previous", "previous", label, (label.sv, label.en), 34)


def find_previous_position(columns: Sequence[FormColumn]) -> int:
    """Return where the column of previous answers stands among the columns of a form (0-based): beside the cells
    that it is about, before the first one to answer."""
    return next(
        index for index, column in enumerate(columns) if column.kind in ("answer", "computed", "remaining")
    )


def form_sheet_name() -> LocalizedText:
    """Return the name of the form sheet in both languages."""
    return translate_all("sheet.form")


def free_rows_heading(template: Template) -> LocalizedText:
    """Return the heading above the free rows, in the id column."""
    item = template.levels[template.item_level_index].label
    texts = {
        language: translate("form.own_heading", language, item=label_in_sentence(item, language))
        for language in LANGUAGES
    }
    return LocalizedText(**texts)


def list_key(field: Field) -> str | None:
    """Return the key of the list that a field offers, None if it offers none. One that a template calls
    "quarters" or
    "yes_no" gets a suffix."""
    if field.type == "choice" and field.choices:
        return f"{field.choices}_choices" if field.choices in (QUARTERS_LIST, YES_NO_LIST) else field.choices
    return {"quarter": QUARTERS_LIST, "deadline": QUARTERS_LIST, "yes_no": YES_NO_LIST}.get(field.type)


def list_defined_name(key: str) -> str:
    """Return the defined name of a list: xlflow_status."""
    return f"xlflow_{key}"


def row_fingerprint(levels: tuple[str, ...]) -> str:
    """Return the fingerprint of a row's issued texts, by which it is recognised whatever happened to its id."""
    return fingerprint(levels)


@lru_cache(maxsize=1024)
def make_form_code(round_key: str, unit: str) -> str:
    """Return the short code printed on a form: "k4t7-m2pq". The same for the same round and unit."""
    code = short_code((round_key, unit))
    return f"{code[:4]}-{code[4:]}"


def _build_fixed_column(key: str, kind: Literal["id", "remaining"], width: int) -> FormColumn:
    label = translate_all(f"column.{key}")
    return FormColumn(key, kind, label, (label.sv, label.en), width)


def _build_template_column(level_or_field: Level | Field) -> FormColumn:
    if isinstance(level_or_field, Level):
        return FormColumn(
            level_or_field.key,
            "level",
            level_or_field.label,
            level_or_field.accepted_headings(),
            level_or_field.width,
            level=level_or_field,
        )
    kind: Literal["given", "answer", "computed"] = "given" if level_or_field.filled_by == "plan" else "answer"
    kind = "computed" if level_or_field.computed else kind
    return FormColumn(
        level_or_field.key,
        kind,
        level_or_field.label,
        level_or_field.accepted_headings(),
        level_or_field.width,
        field=level_or_field,
    )


def _build_extra_column(heading: str) -> FormColumn:
    return FormColumn(heading, "context", LocalizedText(sv=heading, en=heading), (heading,), 20)

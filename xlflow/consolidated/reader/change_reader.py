"""Reads the table of changes back from a consolidated workbook."""

from collections.abc import Iterator
from datetime import date

from xlflow.consolidated.reader.table_reader import TableRecord
from xlflow.excel.reader import SheetData
from xlflow.form.format_1 import rename_record_kind
from xlflow.form.layout import COMPARED_TO
from xlflow.i18n.catalogue import Language, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.rounds.lineage import MatchMethod
from xlflow.rounds.round_changes import CHANGE_KINDS, ItemChange, ItemSnapshot
from xlflow.values import parse_full_date

MATCH_METHODS: tuple[MatchMethod, ...] = ("id", "continues", "text")


def read_compared_to_date(hidden_sheet: SheetData) -> date | None:
    """Return the as-of date of the previous round from the hidden sheet, None if there is none."""
    date_texts = (
        str(row[1]) for row in hidden_sheet.rows if len(row) > 1 and rename_record_kind(str(row[0])) == COMPARED_TO
    )
    return next(filter(None, map(parse_full_date, date_texts)), None)


def read_changes(records: Iterator[TableRecord], template: Template, language: Language) -> Iterator[ItemChange]:
    """Yield the changes in table order, their texts in the workbook's language; rows of an unknown kind are
    skipped."""
    kind_by_word = {normalize_key(translate(f"changed.{kind}", language)): kind for kind in CHANGE_KINDS}
    method_by_word = {
        normalize_key(translate(f"changed.by_{match_method}", language)): match_method
        for match_method in MATCH_METHODS
    }
    yes_word = normalize_key(translate("values.yes", language))
    for record in records:
        kind = kind_by_word.get(normalize_key(_change_text(record, "kind", language)))
        if kind is None:
            continue
        item = _read_item(record, template, language)
        previous = _read_item_snapshot(record, "before", item, template, language) if kind != "new" else None
        current = _read_item_snapshot(record, "now", item, template, language) if kind != "gone" else None
        flags = [
            normalize_key(_change_text(record, f"any_{flag}", language)) == yes_word
            for flag in ("status", "time", "comment")
        ]
        how = method_by_word.get(normalize_key(_change_text(record, "how", language)))
        is_part = template.part_level_index is not None and bool(item.level_texts[template.part_level_index])
        yield ItemChange(kind, is_part, previous, current, how, *flags)


def _read_item(record: TableRecord, template: Template, language: Language) -> PlanItem:
    units = record.cell_text(translate("column.unit", language)).split(";")
    return PlanItem(
        record.cell_text(translate("column.id", language)),
        tuple(record.cell_text(level.label.in_language(language)) for level in template.levels),
        tuple(unit.strip() for unit in units if unit.strip()),
    )


def _read_item_snapshot(
    record: TableRecord, point_in_time: str, item: PlanItem, template: Template, language: Language
) -> ItemSnapshot:
    """Return the state of a plan item "before" or "now" (`point_in_time`); `status_code` is None if the
    template does not have its status."""
    code_by_label = {
        normalize_key(choice.label.in_language(language)): code for code, choice in template.status_choices.items()
    }
    status = _change_text(record, f"status_{point_in_time}", language)
    follows_parent = normalize_key(status) == normalize_key(follows_activity_text(template, language))
    has_no_status = follows_parent or normalize_key(status) == normalize_key(
        translate("consolidated.unanswered", language)
    )
    return ItemSnapshot(
        item,
        code_by_label.get(normalize_key(status)),
        "" if has_no_status else status,
        follows_parent,
        planned_deadline=_change_text(record, f"time_{point_in_time}", language),
        comment=_change_text(record, f"comment_{point_in_time}", language),
    )


def _change_text(record: TableRecord, word: str, language: Language) -> str:
    return record.cell_text(translate(f"changed.{word}", language))

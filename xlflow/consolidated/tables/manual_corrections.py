"""Carries corrections by hand over to freshly merged answers, and lists them in the table `corrections`.

A correction counts where the answer below it is still the one that the person saw; where that has changed too, the
newest answer counts and both are listed. Reads no workbook: `consolidated.reader` finds the changed cells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from xlflow.consolidated.summary_model import ID_COLUMN, UNIT_COLUMN
from xlflow.consolidated.tables.activity_tables import field_cell_over_units
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import answer_to_cell, columns_from_specs, format_rolled_up_status
from xlflow.form.fingerprints import cell_to_text, fingerprint_text
from xlflow.i18n.catalogue import translate
from xlflow.merge.accounts import count_unanswered
from xlflow.model.findings import Finding, Location, Severity, make_finding
from xlflow.model.merged import (
    ROLLED_UP_KEY,
    Accounts,
    ChangedCell,
    CorrectionState,
    ManualCorrection,
    Merged,
    MergedRow,
)
from xlflow.model.plan import PlanItem
from xlflow.model.submission import Answer, AnswerRow
from xlflow.model.table import Table, TableCell
from xlflow.model.template_elements import Field

RowKey = tuple[str, str]
"""(unit, item id)."""


def apply_changed_cells(
    merged: Merged, changed_cells: Sequence[ChangedCell]
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return the merged answers with the corrections that still apply, and findings on those that do not.

    `changed_cells` come as `consolidated.reader.read_changed_cells` returns them: those of `answers` first, since
    the cells of `activities` were made from these; then maybe those of `read_listed_conflicts`.
    """
    if not changed_cells:
        return merged, ()
    carrier = _CorrectionCarrier(merged)
    present_cells = [cell for cell in changed_cells if not cell.is_listed]
    for cell in present_cells:
        if cell.unit:
            carrier.apply_unit_cell(cell)
    carrier.start_items()
    for cell in present_cells:
        if not cell.unit:
            carrier.apply_item_cell(cell)
    for cell in changed_cells:
        if cell.is_listed:
            carrier.list_again(cell)
    corrections = carrier.sorted_corrections()
    rows = tuple(carrier.rows.values())
    unanswered = count_unanswered(merged.round, rows, merged.units_with_nothing_to_report)
    accounts = _adjust_sums(replace(merged.accounts, rows_unanswered=unanswered), merged.rows, rows)
    corrected = replace(
        merged, rows=rows, accounts=accounts, corrections=corrections, item_answers=carrier.item_answers
    )
    return corrected, tuple(_correction_findings(corrected))


def drop_corrected_faults(merged: Merged, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings without the errors in cells of forms whose answer a person has corrected since."""
    corrected = {(entry.unit, entry.item_id, entry.field) for entry in merged.corrections if entry.state == "kept"}
    return tuple(
        finding
        for finding in findings
        if finding.effective_severity is not Severity.ERROR
        or (finding.unit, finding.row_id, finding.field) not in corrected
    )


def build_correction_table(merged_index: MergedIndex) -> Table:
    """Return the table `corrections`: unit, plan item, column, the answer, the correction, and which counts."""
    language, template = merged_index.language, merged_index.template
    item_heading = template.item_level.label.in_language(language)
    columns = (
        *columns_from_specs(
            language,
            (UNIT_COLUMN, "column.unit", 20, "text"),
            (ID_COLUMN, "column.id", 11, "text"),
        ),
        replace(columns_from_specs(language, ("_item", "column.id", 40, "text"))[0], heading=item_heading),
        *columns_from_specs(
            language,
            ("_field", "collected.field", 20, "text"),
            ("_answer_below", "corrections.answer", 40, "text"),
            ("_corrected", "corrections.corrected", 40, "text"),
            ("_state", "corrections.state", 30, "text"),
        ),
    )
    rows = tuple(_correction_row(entry, merged_index) for entry in merged_index.merged.corrections)
    return Table("corrections", columns, rows)


def _correction_row(entry: ManualCorrection, merged_index: MergedIndex) -> tuple[TableCell, ...]:
    language, template = merged_index.language, merged_index.template
    item = merged_index.item_by_id.get(entry.item_id)
    levels = item.level_texts if item else ()
    known = template.fields_by_key.get(entry.field)
    heading = known.label.in_language(language) if known else translate("consolidated.rolled_up", language)
    return (
        entry.unit or None,
        entry.item_id,
        next((text for text in reversed(levels) if text), None),
        heading,
        entry.answer_text or None,
        entry.text or None,
        translate(f"corrections.{entry.state}", language),
    )


# Carrying over --------------------------------------------------------------------------------------------


@dataclass
class _CorrectionCarrier:
    """The merged rows by unit and item, corrected one cell after the other, and what was corrected."""

    merged: Merged
    rows: dict[RowKey, MergedRow] = field(init=False)
    index: MergedIndex = field(init=False)
    item_answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    corrections: dict[tuple[str, str, str], ManualCorrection] = field(default_factory=dict)
    conflicts: list[ManualCorrection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = {(each.row.unit, each.row.item.id): each for each in self.merged.rows}
        self.index = MergedIndex(self.merged, ())

    def apply_unit_cell(self, cell: ChangedCell) -> None:
        """Correct one unit's answer, if it is still the one that the correction was made to."""
        merged_row, known = self.rows.get((cell.unit, cell.item_id)), self._field(cell)
        answer = merged_row.row.answer(cell.field) if merged_row else None
        text = cell_to_text(answer_to_cell(answer, known, self.index)) if known else ""
        if merged_row is None or known is None:
            self._list_conflict(cell, text)
        elif self._is_carried(cell, text):
            self._correct_row(cell, merged_row, text)

    def start_items(self) -> None:
        """Look at the plan items as they are with the corrections of single units."""
        self.index = MergedIndex(replace(self.merged, rows=tuple(self.rows.values())), ())

    def apply_item_cell(self, cell: ChangedCell) -> None:
        """Correct a plan item over all units, or the answer of its only unit, if it still shows what it did."""
        item, known = self.index.item_by_id.get(cell.item_id), self._field(cell)
        if item is None or known is None:
            self._list_conflict(cell, "")
            return
        text = self._item_text(item, known, cell.field)
        if not self._is_carried(cell, text):
            return
        units = self.index.units_by_item[item.id]
        merged_row = self.rows.get((units[0], item.id)) if len(units) == 1 else None
        if merged_row and cell.field != ROLLED_UP_KEY:
            unit_cell = replace(cell, unit=units[0])
            earlier = self.corrections.get((units[0], item.id, cell.field))
            answer = merged_row.row.answer(cell.field)
            below = earlier.answer_text if earlier else cell_to_text(answer_to_cell(answer, known, self.index))
            self._correct_row(unit_cell, merged_row, below)
        else:
            self._correct_item(cell, known, text)

    def list_again(self, cell: ChangedCell) -> None:
        """List a conflict of an earlier merge again, unless it is corrected anew or the answer says the same."""
        text, item, known = "", self.index.item_by_id.get(cell.item_id), self._field(cell)
        if cell.unit and known:
            merged_row = self.rows.get((cell.unit, cell.item_id))
            answer = merged_row.row.answer(cell.field) if merged_row else None
            text = cell_to_text(answer_to_cell(answer, known, self.index))
        elif item and known:
            text = self._item_text(item, known, cell.field)
        is_resolved = (cell.unit, cell.item_id, cell.field) in self.corrections or text == cell.text
        if not is_resolved and not any(
            (entry.unit, entry.item_id, entry.field, entry.text)
            == (cell.unit, cell.item_id, cell.field, cell.text)
            for entry in self.conflicts
        ):
            self._list_conflict(cell, text)

    def _item_text(self, item: PlanItem, known: Field, key: str) -> str:
        if key == ROLLED_UP_KEY:
            return format_rolled_up_status(self.index.status_by_item[item.id], self.index)
        return cell_to_text(field_cell_over_units(item, known, self.index))

    def sorted_corrections(self) -> tuple[ManualCorrection, ...]:
        """Return all corrections in plan order, those of an item over all units first, then by unit."""
        item_order = {item.id: position for position, item in enumerate(self.merged.round.plan.items)}
        unit_order = {unit.name: position for position, unit in enumerate(self.merged.round.plan.units)}
        return tuple(
            sorted(
                (*self.corrections.values(), *self.conflicts),
                key=lambda entry: (
                    item_order.get(entry.item_id, len(item_order)),
                    entry.item_id,
                    unit_order.get(entry.unit, -1),
                    entry.field,
                    entry.text,
                ),
            )
        )

    def _field(self, cell: ChangedCell) -> Field | None:
        template = self.merged.round.template
        if cell.field == ROLLED_UP_KEY:
            return template.field_in_role("status")
        return template.fields_by_key.get(cell.field)

    def _is_carried(self, cell: ChangedCell, answer_text: str) -> bool:
        """Return whether a correction still applies; False also where the answer now says the same."""
        fingerprint = fingerprint_text(answer_text)
        if fingerprint == fingerprint_text(cell.text):
            return False
        if fingerprint != cell.fingerprint:
            self._list_conflict(cell, answer_text)
            return False
        return True

    def _list_conflict(self, cell: ChangedCell, answer_text: str) -> None:
        self.conflicts.append(_make_correction(cell, answer_text, "conflict"))

    def _correct_row(self, cell: ChangedCell, merged_row: MergedRow, answer_text: str) -> None:
        state: CorrectionState = "not_understood" if cell.text and cell.value is None else "kept"
        error_code = "correction-not-understood" if state == "not_understood" else None
        answer = Answer(cell.field, cell.value, cell.text, cell.location, error_code)
        row = _with_answer(merged_row.row, answer)
        self.rows[cell.unit, cell.item_id] = replace(merged_row, row=row)
        self.corrections[cell.unit, cell.item_id, cell.field] = _make_correction(cell, answer_text, state)

    def _correct_item(self, cell: ChangedCell, known: Field, answer_text: str) -> None:
        is_status = cell.field == ROLLED_UP_KEY or known.role == "status"
        if cell.value is None and (cell.text or is_status):
            self.conflicts.append(_make_correction(cell, answer_text, "not_understood"))
            return
        self.item_answers[cell.item_id, cell.field] = Answer(cell.field, cell.value, cell.text, cell.location)
        self.corrections["", cell.item_id, cell.field] = _make_correction(cell, answer_text, "kept")


def _make_correction(cell: ChangedCell, answer_text: str, state: CorrectionState) -> ManualCorrection:
    return ManualCorrection(cell.unit, cell.item_id, cell.field, answer_text, cell.text, state, cell.location)


def _with_answer(row: AnswerRow, answer: Answer) -> AnswerRow:
    others = [each for each in row.answers if each.field != answer.field]
    return replace(row, answers=(*others, answer))


def _adjust_sums(accounts: Accounts, before: Sequence[MergedRow], after: Sequence[MergedRow]) -> Accounts:
    """Return the accounts with the corrected amounts in the sums out; what they replace counts as replaced."""
    if not accounts.sums_in:
        return accounts
    sums_out, sums_replaced = dict(accounts.sums_out), dict(accounts.sums_replaced)
    for old, new in zip(before, after, strict=True):
        if old is new:
            continue
        for key in accounts.sums_in:
            change = _number(new.row, key) - _number(old.row, key)
            if change:
                sums_out[key] += change
                sums_replaced[key] = sums_replaced.get(key, Decimal(0)) - change
    return replace(accounts, sums_out=sums_out, sums_replaced=sums_replaced)


def _number(row: AnswerRow, key: str) -> Decimal:
    value = row.value(key)
    return value if isinstance(value, Decimal) else Decimal(0)


def _correction_findings(merged: Merged) -> Iterator[Finding]:
    kept = [entry for entry in merged.corrections if entry.state == "kept"]
    if kept:
        params: Mapping[str, int] = {"count": len(kept)}
        yield make_finding("corrections-kept", Location(kept[0].location.file), params=params)
    for entry in merged.corrections:
        if entry.state != "kept" and entry.location.cell:  # else an earlier merge has reported it
            code = "correction-conflict" if entry.state == "conflict" else "correction-not-understood"
            yield make_finding(
                code,
                entry.location,
                unit=entry.unit or None,
                row_id=entry.item_id,
                field=None if entry.field == ROLLED_UP_KEY else entry.field,
                value=entry.text,
                params={"answer": entry.answer_text or "–"},
            )

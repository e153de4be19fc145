"""Reads a consolidated workbook, the only input of a report.

What counts is the table `Aktiviteter`: who corrects a comment or a status there finds the correction in the
report. `Svar` has what each of several units answered, `Insamling` who was asked, a hidden sheet the definition.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from xlflow.consolidated.reader.added_rows import make_item_id
from xlflow.consolidated.reader.change_reader import read_changes, read_compared_to_date
from xlflow.consolidated.reader.corrected_statuses import follow_corrections
from xlflow.consolidated.reader.table_reader import (
    TableRecord,
    decode_workbook_round,
    read_records,
    read_text_records,
    require_round_sheet,
)
from xlflow.consolidated.reader.unit_reader import (
    FINDING_HEADINGS,
    read_unit_statuses,
    read_unresolved_errors,
    replace_comment,
    split_comment_by_unit,
    translate_completeness,
    unit_headings,
)
from xlflow.consolidated.reader.workbook_integrity import sort_in_plan_order
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import WorkbookData
from xlflow.form.agreed_deadlines import decode_agreed_deadlines
from xlflow.i18n.catalogue import Language, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.plan import Deadline, PlanItem, Round
from xlflow.model.template_elements import Field, Level
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus, UnitReply, UnresolvedError
from xlflow.rules.rollup import relatives_by_id
from xlflow.values import ParseResult
from xlflow.values.field_values import format_value, make_parser


def read_round_status(workbook: WorkbookData, language: Language | None = None) -> RoundStatus:
    """Return a consolidated workbook's contents as shown in its own language or in `language`.

    Raises FatalError if the workbook is not a consolidated one.
    """
    reader = _RoundReader(workbook, decode_workbook_round(workbook), language)
    item_statuses = sort_in_plan_order(
        reader.inherit_activity_status(tuple(reader.read_item_statuses())), require_round_sheet(workbook)
    )
    if not item_statuses and not list(reader.read_sheet_records("activities", reader.id_heading)):
        raise FatalError(make_finding("report-not-consolidated", Location(workbook.name)))
    round_ = reader.round
    item_statuses = follow_corrections(item_statuses, workbook, round_, reader.display_language)
    unit_statuses = tuple(
        read_unit_statuses(
            reader.read_sheet_records("collection", *unit_headings(round_.language)),
            round_.template,
            round_.language,
        )
    )
    change_records = reader.read_sheet_records(
        "changes", reader.id_heading, translate("changed.kind", round_.language)
    )
    return RoundStatus(
        round_.template,
        reader.display_language,
        round_.plan.title,
        round_.as_of,
        round_.plan.year,
        item_statuses,
        unit_statuses,
        tuple(read_changes(change_records, round_.template, round_.language)),
        read_compared_to_date(require_round_sheet(workbook)),
        tuple(reader.read_errors()),
    )


@dataclass(frozen=True)
class _RoundReader:
    """The workbook, its round, and the language to show values in; headings are looked up in the round's
    language."""

    workbook: WorkbookData
    round: Round
    requested_language: Language | None

    @cached_property
    def display_language(self) -> Language:
        return self.requested_language or self.round.language

    @cached_property
    def id_heading(self) -> str:
        return translate("column.id", self.round.language)

    @cached_property
    def unit_heading(self) -> str:
        return translate("column.unit", self.round.language)

    @cached_property
    def unit_fields(self) -> tuple[Field, ...]:
        """The fields that the units fill in, and those computed from them."""
        return tuple(field for field in self.round.template.form_fields() if field.filled_by == "unit")

    @cached_property
    def parsers(self) -> Mapping[str, Callable[[RawCell], ParseResult]]:
        """The parser of each field's cells, by field key."""
        round_ = self.round
        fields = round_.template.fields
        return {each.key: make_parser(each, round_.template, round_.plan.year, round_.language) for each in fields}

    @cached_property
    def replies_by_item(self) -> Mapping[str, tuple[UnitReply, ...]]:
        """The replies of the units to each plan item, by item id."""
        replies_by_item: dict[str, list[UnitReply]] = {}
        for record in self.read_sheet_records("answers", self.id_heading, self.unit_heading):
            replies_by_item.setdefault(record.cell_text(self.id_heading), []).append(self.read_unit_reply(record))
        return {item_id: tuple(replies) for item_id, replies in replies_by_item.items()}

    def read_sheet_records(self, sheet: str, *headings: str) -> Iterator[TableRecord]:
        return read_records(self.workbook, translate(f"consolidated.{sheet}", self.round.language), *headings)

    def read_errors(self) -> Iterator[UnresolvedError]:
        language = self.round.language
        headings = (translate(key, language) for key in FINDING_HEADINGS)
        records = self.read_sheet_records("findings", *headings)
        yield from read_unresolved_errors(records, self.round.template, language, self.display_language)

    def workbook_text(self, key: str) -> str:
        return translate(f"consolidated.{key}", self.round.language)

    @cached_property
    def agreed_deadlines(self) -> Mapping[str, Deadline]:
        """The deadlines of earlier rounds that are in force, by item id."""
        return decode_agreed_deadlines(read_text_records(require_round_sheet(self.workbook)))

    # Lines ----------------------------------------------------------------------------------------------------

    def read_item_statuses(self) -> Iterator[ItemStatus]:
        template, language = self.round.template, self.round.language
        activity_heading = template.levels[template.item_level_index].label.in_language(language)
        for record in self.read_sheet_records("activities", self.id_heading, activity_heading):
            levels = tuple(record.cell_text(level.label.in_language(language)) for level in template.levels)
            if levels[template.item_level_index]:
                item_id = record.cell_text(self.id_heading) or make_item_id(record, levels)
                yield self.read_item_status(record, levels, item_id)

    def read_item_status(self, record: TableRecord, levels: tuple[str, ...], item_id: str) -> ItemStatus:
        units = tuple(unit.strip() for unit in record.cell_text(self.unit_heading).split(";") if unit.strip())
        is_added = normalize_key(record.cell_text(self.workbook_text("origin"))) == normalize_key(
            self.workbook_text("from_unit")
        )
        continues_from = record.cell_text(self.workbook_text("continues_from"))
        has_several_units = len(units) > 1
        answers = self.read_values(record, self.unit_fields, keep_joined=has_several_units)
        code, status, follows_parent = self.read_rolled_up_status(
            record, from_single_unit=not has_several_units and not self.is_status_corrected(record, item_id)
        )
        return ItemStatus(
            PlanItem(item_id, levels, units, added_by_unit=is_added, continues_from=continues_from),
            code,
            status,
            follows_parent,
            normalize_key(record.cell_text(self.workbook_text("overdue")))
            == normalize_key(translate("values.yes", self.round.language)),
            self.read_values(record, self.round.template.plan_fields()),
            answers,
            self.split_comments(
                self.replies_by_item.get(item_id, ()), units, answers, record.location(self.comment_heading)
            )
            if has_several_units
            else (),
            record.location(self.comment_heading),
            translate_completeness(
                record.cell_text(self.workbook_text("completeness")),
                self.round.template,
                self.round.language,
                self.display_language,
            ),
            self.read_locations(record, (*self.round.template.levels, *self.unit_fields)),
            self.agreed_deadlines.get(item_id),
        )

    def read_locations(self, record: TableRecord, columns: Iterable[Level | Field]) -> Mapping[str, Location]:
        """Return the address of every text in some columns of a row, by the column's key."""
        labels = {column.key: column.label.in_language(self.round.language) for column in columns}
        return {
            key: record.location(label)
            for key, label in labels.items()
            if isinstance(record.cell_value(label), str)
        }

    @cached_property
    def comment_heading(self) -> str:
        comment_field = self.round.template.field_in_role("comment")
        return comment_field.label.in_language(self.round.language) if comment_field else self.id_heading

    def read_rolled_up_status(
        self, record: TableRecord, *, from_single_unit: bool
    ) -> tuple[str | None, str, bool]:
        """Return (status code, status text, whether a sub-activity has only its activity's status).

        With `from_single_unit`, the unit's own status takes precedence over the rolled-up one.
        """
        status_field = self.round.template.field_in_role("status")
        if status_field is None:
            return None, "", False
        own_code = self.read_status_code(status_field, record) if from_single_unit else None
        rolled_up_text = record.cell_text(self.workbook_text("rolled_up"))
        if own_code:
            return own_code, self.round.template.choice_label(status_field, own_code, self.display_language), False
        follows_parent = normalize_key(rolled_up_text) == normalize_key(
            follows_activity_text(self.round.template, self.round.language)
        )
        if (
            not rolled_up_text
            or follows_parent
            or normalize_key(rolled_up_text) == normalize_key(self.workbook_text("unanswered"))
        ):
            return None, "", follows_parent
        if normalize_key(rolled_up_text) == normalize_key(translate("nothing.label", self.round.language)):
            return None, translate("nothing.label", self.display_language), False
        value = self.parsers[status_field.key](rolled_up_text).value
        code = value if isinstance(value, str) and value in self.round.template.status_choices else None
        return (
            code,
            self.round.template.choice_label(status_field, code, self.display_language)
            if code
            else rolled_up_text,
            False,
        )

    def is_status_corrected(self, record: TableRecord, item_id: str) -> bool:
        """Return whether a person has changed the rolled-up status of a plan item while its only unit's answer
        in the same row is unchanged."""
        status_field = self.round.template.field_in_role("status")
        replies = self.replies_by_item.get(item_id, ())
        rolled_up_text = record.cell_text(self.workbook_text("rolled_up"))
        if status_field is None or len(replies) != 1 or not rolled_up_text:
            return False
        own_code = self.read_status_code(status_field, record)
        return (
            own_code is not None
            and own_code == replies[0].status_code
            and self.parsers[status_field.key](rolled_up_text).value != own_code
        )

    def read_status_code(self, status_field: Field, record: TableRecord) -> str | None:
        value = self.parsers[status_field.key](
            record.cell_value(status_field.label.in_language(self.round.language))
        ).value
        return value if isinstance(value, str) and value in self.round.template.status_choices else None

    def inherit_activity_status(self, item_statuses: tuple[ItemStatus, ...]) -> tuple[ItemStatus, ...]:
        """Return the statuses with the activity's status filled in for sub-activities that have none of their
        own."""
        entry_by_id = {item_status.item.id: item_status for item_status in item_statuses}
        relatives = relatives_by_id([entry.item for entry in item_statuses], self.round.template)
        return tuple(
            replace(
                entry, status_code=entry_by_id[activity_id].status_code, status=entry_by_id[activity_id].status
            )
            if entry.follows_parent and (activity_id := relatives[entry.item.id].parent)
            else entry
            for entry in item_statuses
        )

    # Answers --------------------------------------------------------------------------------------------------

    def read_unit_reply(self, record: TableRecord) -> UnitReply:
        code, status, follows_parent = self.read_rolled_up_status(record, from_single_unit=True)
        answers = self.read_values(record, self.unit_fields)
        return UnitReply(
            record.cell_text(self.unit_heading),
            code,
            status,
            follows_parent,
            answers,
            record.location(self.comment_heading),
            self.read_locations(record, self.unit_fields),
        )

    def split_comments(
        self,
        replies: tuple[UnitReply, ...],
        units: tuple[str, ...],
        joined_answers: DisplayValues,
        location: Location,
    ) -> tuple[UnitReply, ...]:
        """Return the replies with the comments of the table `Aktiviteter`, where each follows its unit's name;
        `location` is its cell."""
        comment_field = self.round.template.field_in_role("comment")
        if comment_field is None:
            return replies
        text = str(joined_answers.get(comment_field.key, ""))
        comment_by_unit = split_comment_by_unit(text, units)
        locations = dict.fromkeys(comment_by_unit, location)
        if text.rpartition("\n")[2].startswith(self.workbook_text("and_more").partition("{")[0]):
            comment_by_unit = {
                reply.unit: str(reply.answers.get(comment_field.key, "")) for reply in replies
            } | dict(comment_by_unit)
        return tuple(
            replace_comment(
                reply, comment_field.key, comment_by_unit.get(reply.unit, ""), locations.get(reply.unit)
            )
            for reply in replies
        )

    def read_values(
        self, record: TableRecord, fields: tuple[Field, ...], *, keep_joined: bool = False
    ) -> DisplayValues:
        """Return the displayed values of some fields by key, without blanks and the status; with `keep_joined`,
        cells of several lines (several units' answers) are kept as text."""
        values: dict[str, str | Decimal] = {}
        for field in fields:
            raw = record.cell_value(field.label.in_language(self.round.language))
            if raw is None or field.role == "status":
                continue
            text = record.cell_text(field.label.in_language(self.round.language))
            values[field.key] = text if keep_joined and "\n" in text else self.format_cell(field, raw, text)
        return {key: value for key, value in values.items() if value != ""}

    def format_cell(self, field: Field, raw: RawCell, text: str) -> str | Decimal:
        """Return a cell in the display language: Decimal for numbers; what cannot be parsed is kept as it is."""
        value = self.parsers[field.key](raw).value
        if value is None or field.type == "text":
            return text
        if isinstance(value, Decimal):
            return value
        if isinstance(value, Deadline) and value.kind == "text":
            return text
        return format_value(value, field, self.round.template, self.display_language, self.round.plan.year)


def resolve_unit_name(round_status: RoundStatus, name: str, file: str) -> str | Finding:
    """Return a unit's name as spelt in the workbook; a finding that names all units if it has no such unit."""
    units = dict.fromkeys([each.unit for each in round_status.unit_statuses])
    units |= dict.fromkeys(unit for item_status in round_status.item_statuses for unit in item_status.item.units)
    matching_unit = next((unit for unit in units if normalize_key(unit) == normalize_key(name)), None)
    return matching_unit or make_finding(
        "report-unit-unknown", Location(file), value=name, params={"units": ", ".join(units)}
    )

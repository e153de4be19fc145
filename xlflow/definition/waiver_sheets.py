"""Reads the sheets `Undantag` (waivers) and `Alias` of a plan workbook: what was agreed after the forms were sent.

A waiver suspends a rule for a unit or a row until a date, with a reason and who approved it; an alias maps a word
that people write to one of a field's choices. Both are data of the round, so no program or form has to change.
Whether a waiver was needed is decided by `check.waivers`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.excel.header_detection import (
    DetectedTable,
    accepted_spellings,
    base_sheet_name,
    find_table,
    make_heading_spec,
)
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText
from xlflow.model.findings import Finding, Location, list_answer_finding_codes, make_finding
from xlflow.model.plan import Alias, Deadline, PlanItem, Unit, Waiver
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
from xlflow.model.text import collapse_whitespace, find_closest_value, normalize_key_cached
from xlflow.rules import RULES
from xlflow.values import parse_deadline
from xlflow.values.field_values import parse_value

WAIVER_COLUMNS = ("rule", "unit", "item", "reason", "who", "until")
ALIAS_COLUMNS = ("text", "means", "field")
REQUIRED_COLUMNS = {"waiver": ("rule", "reason", "who", "until"), "alias": ("text", "means")}
"""The columns of each sheet that every row must fill in."""

SHEET_ERROR_CODES = {
    "waiver": ("waiver-no-heading", "waiver-incomplete"),
    "alias": ("alias-no-heading", "alias-incomplete"),
}
"""The codes for a sheet of each kind without headings, and for a row that lacks a required value."""

SHARED_RULE_CODES = ("rule-broken", "rule-on-trial")
"""The codes that all rules of a template share, so that they name no rule."""


@dataclass(frozen=True, slots=True)
class WaiverContext:
    """What the rows of these sheets may name: the template, the units and items of the plan.

    `year` is that of a time that names none.
    """

    template: Template
    units: Sequence[Unit]
    items: Sequence[PlanItem]
    year: int
    language: Language


@dataclass(slots=True)
class _WaiverSheetRow:
    """One row (0-based) that is being read; `findings` collects those of all rows."""

    table: DetectedTable
    row: int
    context: WaiverContext
    findings: list[Finding]

    def cell_text(self, key: str) -> str:
        return collapse_whitespace(self.table.cell_text(self.row, key))

    def location(self, key: str) -> Location:
        return self.table.location(self.row, key)

    def add_finding(
        self, code: str, key: str, suggestion: str | None = None, **params: str | LocalizedText
    ) -> None:
        location, value = self.location(key), self.cell_text(key)
        self.findings.append(make_finding(code, location, value=value, suggestion=suggestion, params=params))


def is_waiver_or_alias_sheet(sheet: SheetData) -> bool:
    """Return whether a sheet has one of the names of these two sheets."""
    names = (*accepted_spellings("plan.waiver_sheets"), *accepted_spellings("plan.alias_sheets"))
    return base_sheet_name(sheet.name) in {normalize_key_cached(name) for name in names}


def read_waivers(workbook: WorkbookData, context: WaiverContext) -> tuple[tuple[Waiver, ...], list[Finding]]:
    """Return the waivers that a plan workbook lists, and what is wrong; a row with an error gives no waiver."""
    findings: list[Finding] = []
    rows = _read_complete_rows(workbook, "waiver", WAIVER_COLUMNS, context, findings)
    waivers = [_read_waiver(row) for row in rows]
    return tuple(waiver for waiver in waivers if waiver), findings


def read_aliases(workbook: WorkbookData, context: WaiverContext) -> tuple[tuple[Alias, ...], list[Finding]]:
    """Return the aliases that a plan workbook lists, and what is wrong; of the same text the first counts."""
    findings: list[Finding] = []
    first_aliases: dict[tuple[str, str], Alias] = {}
    for row in _read_complete_rows(workbook, "alias", ALIAS_COLUMNS, context, findings):
        alias = _read_alias(row)
        earlier = (
            first_aliases.setdefault((alias.field, normalize_key_cached(alias.text)), alias) if alias else None
        )
        if alias and earlier is not alias:
            row.add_finding("alias-twice", "text", other=earlier.location.cell or "" if earlier else "")
    return tuple(first_aliases.values()), findings


def check_expired_waivers(waivers: Iterable[Waiver], as_of: date) -> Iterator[Finding]:
    """Yield a finding for each waiver whose last day is before the as-of date."""
    for waiver in waivers:
        if waiver.valid_until < as_of:
            params = {
                "rule": waiver.rule,
                "reason": waiver.reason,
                "who": waiver.approved_by,
                "until": waiver.valid_until.isoformat(),
            }
            yield make_finding("waiver-expired", waiver.location, unit=waiver.unit or None, params=params)


# The rows -------------------------------------------------------------------------------------------------


def _read_complete_rows(
    workbook: WorkbookData, sheet_kind: str, keys: Sequence[str], context: WaiverContext, findings: list[Finding]
) -> Iterator[_WaiverSheetRow]:
    """Yield the rows of the sheet of this kind, but for those that lack something they need."""
    sheet_names = {normalize_key_cached(name) for name in accepted_spellings(f"plan.{sheet_kind}_sheets")}
    sheet = next((sheet for sheet in workbook.sheets if base_sheet_name(sheet.name) in sheet_names), None)
    if sheet is None or sheet.is_blank:
        return
    headings = [make_heading_spec(key, f"plan.{sheet_kind}_{key}") for key in keys]
    table = find_table(workbook.name, sheet, headings, keys[0])
    if table is None:
        labels = {
            language: ", ".join(heading.label.in_language(language) for heading in headings)
            for language in LANGUAGES
        }
        location, params = Location(workbook.name, sheet.name), {"headings": LocalizedText(**labels)}
        findings.append(make_finding(SHEET_ERROR_CODES[sheet_kind][0], location, value=sheet.name, params=params))
        return
    for row_number in table.data_rows():
        row = _WaiverSheetRow(table, row_number, context, findings)
        missing_labels = [
            heading.label
            for heading in headings
            if heading.key in REQUIRED_COLUMNS[sheet_kind] and not row.cell_text(heading.key)
        ]
        if missing_labels:
            labels = {each: ", ".join(label.in_language(each) for label in missing_labels) for each in LANGUAGES}
            row.add_finding(SHEET_ERROR_CODES[sheet_kind][1], keys[0], lacking=LocalizedText(**labels))
        else:
            yield row


def _read_waiver(row: _WaiverSheetRow) -> Waiver | None:
    findings_before = len(row.findings)
    rule, unit = _read_rule_name(row), _read_unit_name(row)
    item_ids, until = _read_item_ids(row), _read_expiry_date(row)
    if len(row.findings) > findings_before or until is None:
        return None
    return Waiver(
        rule,
        unit,
        item_ids,
        row.cell_text("item"),
        row.cell_text("reason"),
        row.cell_text("who"),
        until,
        row.location("rule"),
    )


def _read_rule_name(row: _WaiverSheetRow) -> str:
    name_by_key = {_normalize_rule_name(name): name for name in _waivable_rule_names(row.context.template)}
    key = _normalize_rule_name(row.cell_text("rule"))
    if key not in name_by_key:
        template_rule_names = [rule.name for rule in row.context.template.rules]
        row.add_finding(
            "waiver-rule-unknown",
            "rule",
            find_closest_value(key, name_by_key),
            accepted=", ".join(template_rule_names),
        )
    return name_by_key.get(key, key)


def _waivable_rule_names(template: Template) -> Iterator[str]:
    """Yield the names under which the findings sheet lists what can be waived: rules by name, all else by code."""
    yield from (code for code in list_answer_finding_codes() if code not in SHARED_RULE_CODES)
    yield from (rule.__name__ for rule in RULES)
    yield from (rule.name for rule in template.rules)


def _normalize_rule_name(text: str) -> str:
    return normalize_key_cached(text).replace("_", "-").replace(" ", "-")


def _read_unit_name(row: _WaiverSheetRow) -> str:
    name_by_key = {normalize_key_cached(unit.name): unit.name for unit in row.context.units}
    key = normalize_key_cached(row.cell_text("unit"))
    if key and key not in name_by_key:
        row.add_finding("waiver-unit-unknown", "unit", find_closest_value(key, name_by_key))
    return name_by_key.get(key, "")


def _read_item_ids(row: _WaiverSheetRow) -> tuple[str, ...]:
    """Return the ids of the items that a cell names, by id or by text; () where it is blank and means all."""
    key, item_level_index = normalize_key_cached(row.cell_text("item")), row.context.template.item_level_index
    if not key:
        return ()
    matching_ids = [item.id for item in row.context.items if normalize_key_cached(item.id) == key]
    texts_by_id = {
        item.id: [normalize_key_cached(text) for text in item.level_texts[item_level_index:] if text]
        for item in row.context.items
    }
    found_ids = matching_ids or [item_id for item_id, texts in texts_by_id.items() if texts and texts[-1] == key]
    if not found_ids:
        texts = {
            normalize_key_cached(text): collapse_whitespace(text)
            for item in row.context.items
            for text in item.level_texts[item_level_index:]
            if text
        }
        text_by_key = {**texts, **{normalize_key_cached(item.id): item.id for item in row.context.items}}
        row.add_finding("waiver-plan-item-unknown", "item", find_closest_value(key, text_by_key))
    return tuple(found_ids)


def _read_expiry_date(row: _WaiverSheetRow) -> date | None:
    deadline = parse_deadline(row.table.cell_value(row.row, "until"), row.context.year).value
    last_date = deadline.last if isinstance(deadline, Deadline) else None
    if last_date is None:
        row.add_finding("waiver-until-unreadable", "until")
    return last_date


def _read_alias(row: _WaiverSheetRow) -> Alias | None:
    field = _read_choice_field(row)
    if field is None:
        return None
    context, text = row.context, row.cell_text("text")
    parsed_meaning, parsed_text = (
        parse_value(row.cell_text(key), field, context.template, context.year, context.language)
        for key in ("means", "text")
    )
    accepted = ", ".join(
        option.label.in_language(context.language) for option in context.template.choice_list(field).options
    )
    if not isinstance(parsed_meaning.value, str):
        row.add_finding(
            "alias-means-unknown", "means", parsed_meaning.suggestion, field=field.label, accepted=accepted
        )
    elif parsed_text.value not in (None, parsed_meaning.value):
        label = context.template.choice_label(field, str(parsed_text.value), context.language)
        row.add_finding("alias-known", "text", field=field.label, means=label)
    else:
        return Alias(text, parsed_meaning.value, field.key, row.location("text"))
    return None


def _read_choice_field(row: _WaiverSheetRow) -> Field | None:
    """Return the field that an alias is for; the status where the cell is blank."""
    template, key = row.context.template, normalize_key_cached(row.cell_text("field"))
    fields = [field for field in template.answer_fields() if field.type == "choice"]
    if not key:
        return template.field_in_role("status") or next(iter(fields), None)
    field_by_key: Mapping[str, Field] = {
        normalize_key_cached(name): field for field in fields for name in field.accepted_headings()
    }
    if key not in field_by_key:
        labels = {
            normalize_key_cached(field.label.in_language(row.context.language)): field.label.in_language(
                row.context.language
            )
            for field in fields
        }
        row.add_finding(
            "alias-field-unknown", "field", find_closest_value(key, labels), accepted=", ".join(labels.values())
        )
    return field_by_key.get(key)

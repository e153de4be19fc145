"""Reads the sheets `Undantag` and `Alias` of a plan workbook: what was agreed on after the forms had gone out.

An exception lets a rule pass for a unit or a row until a day, with a reason and a name; an alias says what a word
means that people write. Both are data of the round, so that nobody has to touch a program or a form.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.core.findings import Finding, Place, codes_for_units, find
from xlflow.core.model import Alias, Deadline, Exemption, Line, Unit
from xlflow.core.rules import RULES
from xlflow.core.template import Field, Template
from xlflow.core.text import tidy
from xlflow.core.values import parse_deadline, parse_value
from xlflow.core.words import LANGUAGES, Language, Text
from xlflow.define.tables import Table, find_table, key_of, wanted_heading, wanted_names
from xlflow.excel.incoming import Book, Sheet

EXCEPTION_COLUMNS = ("rule", "unit", "line", "reason", "who", "until")
ALIAS_COLUMNS = ("text", "means", "field")
NEEDED = {"exception": ("rule", "reason", "who", "until"), "alias": ("text", "means")}
"""The columns of each sheet in which every row must say something."""

FAULTS = {
    "exception": ("exception-no-heading", "exception-incomplete"),
    "alias": ("alias-no-heading", "alias-incomplete"),
}
"""What is told of a sheet of each kind that has no headings, and of a row that lacks something."""

OF_EVERY_RULE = ("rule-broken", "rule-on-trial")

_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows of these sheets may name: the template, the units and lines of the plan, and its year."""

    template: Template
    units: Sequence[Unit]
    lines: Sequence[Line]
    year: int
    language: Language


@dataclass(slots=True)
class _Row:
    """One row that is being read, and what is wrong in it."""

    table: Table
    row: int
    asked: Asked
    findings: list[Finding]

    def text(self, key: str) -> str:
        return tidy(self.table.text(self.row, key))

    def place(self, key: str) -> Place:
        return self.table.place(self.row, key)

    def tell(self, code: str, key: str, near: str | None = None, **words: str | Text) -> None:
        place, value = self.place(key), self.text(key)
        self.findings.append(find(code, place, value=value, suggestion=near, words=words))


def is_agreement_sheet(sheet: Sheet) -> bool:
    """Return whether a sheet is named as one of these two is."""
    names = (*wanted_names("plan.exception_sheets"), *wanted_names("plan.alias_sheets"))
    return key_of(sheet.name) in {key_of(name) for name in names}


def read_exceptions(book: Book, asked: Asked) -> tuple[tuple[Exemption, ...], list[Finding]]:
    """Return the exceptions that a plan workbook lists, and what is wrong with them."""
    findings: list[Finding] = []
    rows = _find_rows(book, "exception", EXCEPTION_COLUMNS, asked, findings)
    read = [_read_exception(row) for row in rows]
    return tuple(one for one in read if one), findings


def read_aliases(book: Book, asked: Asked) -> tuple[tuple[Alias, ...], list[Finding]]:
    """Return the aliases that a plan workbook lists, and what is wrong with them; the same text counts once."""
    findings: list[Finding] = []
    first: dict[tuple[str, str], Alias] = {}
    for row in _find_rows(book, "alias", ALIAS_COLUMNS, asked, findings):
        alias = _read_alias(row)
        other = first.setdefault((alias.field, key_of(alias.text)), alias) if alias else None
        if alias and other is not alias:
            row.tell("alias-twice", "text", other=other.place.cell or "" if other else "")
    return tuple(first.values()), findings


def find_expired(exceptions: Iterable[Exemption], as_of: date) -> Iterator[Finding]:
    """Yield the exceptions that no longer hold on the as-of date."""
    for one in exceptions:
        if one.until < as_of:
            words = {"rule": one.rule, "reason": one.reason, "who": one.who, "until": one.until.isoformat()}
            yield find("exception-expired", one.place, unit=one.unit or None, words=words)


# The rows -------------------------------------------------------------------------------------------------


def _find_rows(
    book: Book, kind: str, keys: Sequence[str], asked: Asked, findings: list[Finding]
) -> Iterator[_Row]:
    """Yield the rows of the sheet of this kind, but for those that lack something they need."""
    names = {key_of(name) for name in wanted_names(f"plan.{kind}_sheets")}
    sheet = next((sheet for sheet in book.sheets if key_of(sheet.name) in names), None)
    if sheet is None or not any(cell not in (None, "") for row in sheet.rows for cell in row):
        return
    wanted = [wanted_heading(key, f"plan.{kind}_{key}") for key in keys]
    table = find_table(book.name, sheet, wanted, keys[0])
    if table is None:
        labels = {each: ", ".join(one.label.say(each) for one in wanted) for each in LANGUAGES}
        place, words = Place(book.name, sheet.name), {"headings": Text(**labels)}
        findings.append(find(FAULTS[kind][0], place, value=sheet.name, words=words))
        return
    for number in table.rows():
        row = _Row(table, number, asked, findings)
        lacking = [one.label for one in wanted if one.key in NEEDED[kind] and not row.text(one.key)]
        if lacking:
            labels = {each: ", ".join(label.say(each) for label in lacking) for each in LANGUAGES}
            row.tell(FAULTS[kind][1], keys[0], lacking=Text(**labels))
        else:
            yield row


def _read_exception(row: _Row) -> Exemption | None:
    before = len(row.findings)
    rule, unit = _read_rule(row), _read_unit(row)
    lines, until = _read_lines(row), _read_until(row)
    if len(row.findings) > before or until is None:
        return None
    return Exemption(
        rule, unit, lines, row.text("line"), row.text("reason"), row.text("who"), until, row.place("rule")
    )


def _read_rule(row: _Row) -> str:
    known = {_rule_key(name): name for name in _known_rules(row.asked.template)}
    key = _rule_key(row.text("rule"))
    if key not in known:
        named = [rule.name for rule in row.asked.template.rules]
        row.tell("exception-rule-unknown", "rule", _nearest(key, known), accepted=", ".join(named))
    return known.get(key, key)


def _known_rules(template: Template) -> Iterator[str]:
    """Yield what the remarks call it: rules by name, all else by its code. The codes that all rules of a template
    share name none of them."""
    yield from (code for code in codes_for_units() if code not in OF_EVERY_RULE)
    yield from (rule.__name__ for rule in RULES)
    yield from (rule.name for rule in template.rules)


def _rule_key(text: str) -> str:
    return key_of(text).replace("_", "-").replace(" ", "-")


def _read_unit(row: _Row) -> str:
    known = {key_of(unit.name): unit.name for unit in row.asked.units}
    key = key_of(row.text("unit"))
    if key and key not in known:
        row.tell("exception-unit-unknown", "unit", _nearest(key, known))
    return known.get(key, "")


def _read_lines(row: _Row) -> tuple[str, ...]:
    """Return the ids of the lines that a cell names, by id or by text; () where it names none and means all."""
    key, item = key_of(row.text("line")), row.asked.template.item
    if not key:
        return ()
    ids = [line.id for line in row.asked.lines if key_of(line.id) == key]
    named = {line.id: [key_of(text) for text in line.levels[item:] if text] for line in row.asked.lines}
    found = ids or [line_id for line_id, texts in named.items() if texts and texts[-1] == key]
    if not found:
        texts = {key_of(text): tidy(text) for line in row.asked.lines for text in line.levels[item:] if text}
        known = {**texts, **{key_of(line.id): line.id for line in row.asked.lines}}
        row.tell("exception-line-unknown", "line", _nearest(key, known))
    return tuple(found)


def _read_until(row: _Row) -> date | None:
    value = parse_deadline(row.table.raw(row.row, "until"), row.asked.year).value
    last = value.last if isinstance(value, Deadline) else None
    if last is None:
        row.tell("exception-until-unreadable", "until")
    return last


def _read_alias(row: _Row) -> Alias | None:
    field = _read_field(row)
    if field is None:
        return None
    asked, text = row.asked, row.text("text")
    means, known = (
        parse_value(row.text(key), field, asked.template, asked.year, asked.language) for key in ("means", "text")
    )
    accepted = ", ".join(option.label.say(asked.language) for option in asked.template.choice_list(field).options)
    if not isinstance(means.value, str):
        row.tell("alias-means-unknown", "means", means.suggestion, field=field.label, accepted=accepted)
    elif known.value is not None:
        label = asked.template.say_choice(field, str(known.value), asked.language)
        row.tell("alias-known", "text", field=field.label, means=label)
    else:
        return Alias(text, means.value, field.key, row.place("text"))
    return None


def _read_field(row: _Row) -> Field | None:
    """Return the field that an alias is for; the status where the cell is blank."""
    template, key = row.asked.template, key_of(row.text("field"))
    fields = [field for field in template.asked() if field.type == "choice"]
    if not key:
        return template.field_in_role("status") or next(iter(fields), None)
    known: Mapping[str, Field] = {key_of(name): field for field in fields for name in field.names()}
    if key not in known:
        labels = {
            key_of(field.label.say(row.asked.language)): field.label.say(row.asked.language) for field in fields
        }
        row.tell("alias-field-unknown", "field", _nearest(key, labels), accepted=", ".join(labels.values()))
    return known.get(key)


def _nearest(key: str, known: Mapping[str, str]) -> str | None:
    close = difflib.get_close_matches(key, known, 1, _ALIKE)
    return known[close[0]] if close else None

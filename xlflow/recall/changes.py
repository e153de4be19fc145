"""The changes that a consolidated workbook tells, read back from its table."""

from collections.abc import Iterator
from datetime import date

from xlflow.core.changes import KINDS, Change, State
from xlflow.core.layout import SINCE
from xlflow.core.lineage import How
from xlflow.core.model import Line
from xlflow.core.template import Template
from xlflow.core.text import fold
from xlflow.core.values import parse_day
from xlflow.core.words import Language, say
from xlflow.excel.incoming import Sheet
from xlflow.recall.sheets import Record

HOWS: tuple[How, ...] = ("id", "continues", "text")


def read_since(hidden: Sheet) -> date | None:
    """Return the day of the round that changes are told against, None if there is none."""
    days = (str(row[1]) for row in hidden.rows if len(row) > 1 and row[0] == SINCE)
    return next(filter(None, map(parse_day, days)), None)


def read_changes(records: Iterator[Record], template: Template, language: Language) -> Iterator[Change]:
    """Yield the changes as they stand in the table, in the words of the workbook."""
    kinds = {fold(say(f"changed.{kind}", language)): kind for kind in KINDS}
    hows = {fold(say(f"changed.by_{how}", language)): how for how in HOWS}
    yes = fold(say("values.yes", language))
    for record in records:
        kind = kinds.get(fold(_text(record, "kind", language)))
        if kind is None:
            continue
        line = _read_line(record, template, language)
        before = _read_state(record, "before", line, template, language) if kind != "new" else None
        now = _read_state(record, "now", line, template, language) if kind != "gone" else None
        flags = [fold(_text(record, f"any_{flag}", language)) == yes for flag in ("status", "time", "comment")]
        how = hows.get(fold(_text(record, "how", language)))
        part = template.part is not None and bool(line.levels[template.part])
        yield Change(kind, part, before, now, how, *flags)


def _read_line(record: Record, template: Template, language: Language) -> Line:
    units = record.text(say("column.unit", language)).split(";")
    return Line(
        record.text(say("column.id", language)),
        tuple(record.text(level.label.say(language)) for level in template.levels),
        tuple(unit.strip() for unit in units if unit.strip()),
    )


def _read_state(record: Record, when: str, line: Line, template: Template, language: Language) -> State:
    """Return what is told of a line then or now; its status by code if the template knows it."""
    field = template.field_in_role("status")
    options = template.choice_list(field).options if field else ()
    codes = {fold(option.label.say(language)): option.code for option in options}
    status = _text(record, f"status_{when}", language)
    item = template.levels[template.item].label.say(language).lower()
    follows = fold(status) == fold(say("consolidated.see_item", language, item=item))
    blank = follows or fold(status) == fold(say("consolidated.unanswered", language))
    return State(
        line,
        codes.get(fold(status)),
        "" if blank else status,
        follows,
        planned=_text(record, f"time_{when}", language),
        comment=_text(record, f"comment_{when}", language),
    )


def _text(record: Record, word: str, language: Language) -> str:
    return record.text(say(f"changed.{word}", language))

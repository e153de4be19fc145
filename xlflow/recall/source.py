"""Reads a consolidated workbook, the only thing that a report is made from.

`Aktiviteter` is what counts: who corrects a comment or a status there before the report finds it in the report.
`Svar` tells what each of several units said; `Insamling` who was asked. The definition travels in a hidden sheet.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.followed import Asked, Entry, Followed, Reply, Values
from xlflow.core.issued import round_of_records
from xlflow.core.layout import ROUND_SHEET
from xlflow.core.model import Deadline, Line, Round
from xlflow.core.rollup import kin_of
from xlflow.core.template import Field
from xlflow.core.text import fold
from xlflow.core.values import Parsed, show_value, value_reader, written_text
from xlflow.core.words import Language, say
from xlflow.excel.incoming import Book, Raw, Sheet
from xlflow.recall.changes import read_changes, read_since
from xlflow.recall.order import sort_as_issued
from xlflow.recall.sheets import Record, read_table


def read_followed(book: Book, language: Language | None = None) -> Followed:
    """Return what a consolidated workbook says, shown in its own language or another; `Stop` if it is none."""
    source = _Source(book, _find_round(book), language)
    entries = sort_as_issued(source.follow_items(tuple(source.entries())), _find_hidden(book))
    if not entries and not list(source.records("activities", source.id_heading)):
        raise Stop(find("report-not-consolidated", Place(book.name)))
    round_ = source.round
    asked = tuple(source.asked())
    told = source.records("changes", source.id_heading, say("changed.kind", round_.language))
    return Followed(
        round_.template,
        source.shown,
        round_.plan.title,
        round_.as_of,
        round_.plan.year,
        entries,
        asked,
        tuple(read_changes(told, round_.template, round_.language)),
        read_since(_find_hidden(book)),
    )


def _find_hidden(book: Book) -> Sheet:
    hidden = book.sheet(ROUND_SHEET)
    if hidden is None:
        raise Stop(find("report-not-consolidated", Place(book.name)))
    return hidden


def _find_round(book: Book) -> Round:
    round_ = round_of_records([written_text(cell) for cell in row] for row in _find_hidden(book).rows)
    if round_ is None:
        raise Stop(find("report-not-consolidated", Place(book.name)))
    return round_


@dataclass(frozen=True)
class _Source:
    """The workbook at hand, and in which words to look things up (`round.language`) and to show them (`shown`)."""

    book: Book
    round: Round
    wanted: Language | None

    @cached_property
    def shown(self) -> Language:
        return self.wanted or self.round.language

    @cached_property
    def id_heading(self) -> str:
        return say("column.id", self.round.language)

    @cached_property
    def unit_heading(self) -> str:
        return say("column.unit", self.round.language)

    @cached_property
    def told(self) -> tuple[Field, ...]:
        """The fields that the units fill in, and those that are worked out from them."""
        return tuple(field for field in self.round.template.shown() if field.filled_by == "unit")

    @cached_property
    def readers(self) -> Mapping[str, Callable[[Raw], Parsed]]:
        """What reads each field's cells."""
        round_ = self.round
        fields = round_.template.fields
        return {
            each.key: value_reader(each, round_.template, round_.plan.year, round_.language) for each in fields
        }

    @cached_property
    def replies(self) -> Mapping[str, tuple[Reply, ...]]:
        """What each unit said of each line, by the line's id."""
        said: dict[str, list[Reply]] = {}
        for record in self.records("answers", self.id_heading, self.unit_heading):
            said.setdefault(record.text(self.id_heading), []).append(self.reply(record))
        return {line: tuple(replies) for line, replies in said.items()}

    def records(self, sheet: str, *headings: str) -> Iterator[Record]:
        return read_table(self.book, say(f"consolidated.{sheet}", self.round.language), *headings)

    def word(self, key: str) -> str:
        return say(f"consolidated.{key}", self.round.language)

    # Lines ----------------------------------------------------------------------------------------------------

    def entries(self) -> Iterator[Entry]:
        template, language = self.round.template, self.round.language
        item = template.levels[template.item].label.say(language)
        for record in self.records("activities", self.id_heading, item):
            levels = tuple(record.text(level.label.say(language)) for level in template.levels)
            if record.text(self.id_heading) and levels[template.item]:
                yield self.entry(record, levels)

    def entry(self, record: Record, levels: tuple[str, ...]) -> Entry:
        key = record.text(self.id_heading)
        units = tuple(unit.strip() for unit in record.text(self.unit_heading).split(";") if unit.strip())
        own = fold(record.text(self.word("origin"))) == fold(self.word("from_unit"))
        origin = record.text(self.word("continues_from"))
        several = len(units) > 1
        answers = self.values(record, self.told, joined=several)
        code, status, follows = self.stand(record, single=not several and not self.is_corrected(record, key))
        return Entry(
            Line(key, levels, units, own=own, continues_from=origin),
            code,
            status,
            follows,
            fold(record.text(self.word("overdue"))) == fold(say("values.yes", self.round.language)),
            self.values(record, self.round.template.given()),
            answers,
            self.split(self.replies.get(key, ()), units, answers) if several else (),
            record.place(self.comment_heading),
        )

    @cached_property
    def comment_heading(self) -> str:
        comment = self.round.template.field_in_role("comment")
        return comment.label.say(self.round.language) if comment else self.id_heading

    def stand(self, record: Record, *, single: bool) -> tuple[str | None, str, bool]:
        """Return code, words and whether a sub-activity follows its activity. What one unit said of a line itself
        stands before what was rolled up."""
        status = self.round.template.field_in_role("status")
        if status is None:
            return None, "", False
        own = self.code(status, record) if single else None
        rolled = record.text(self.word("rolled_up"))
        if own:
            return own, self.round.template.say_choice(status, own, self.shown), False
        follows = fold(rolled) == fold(self.see_item)
        if not rolled or follows or fold(rolled) == fold(self.word("unanswered")):
            return None, "", follows
        if fold(rolled) == fold(say("nothing.label", self.round.language)):
            return None, say("nothing.label", self.shown), False
        parsed = self.readers[status.key](rolled).value
        code = parsed if isinstance(parsed, str) and self.is_choice(status, parsed) else None
        return code, self.round.template.say_choice(status, code, self.shown) if code else rolled, False

    def is_corrected(self, record: Record, key: str) -> bool:
        """Return whether somebody has changed the rolled-up status of a line beside what its unit said, which
        still stands as it came in."""
        status = self.round.template.field_in_role("status")
        replies = self.replies.get(key, ())
        rolled = record.text(self.word("rolled_up"))
        if status is None or len(replies) != 1 or not rolled:
            return False
        own = self.code(status, record)
        return own is not None and own == replies[0].code and self.readers[status.key](rolled).value != own

    @cached_property
    def see_item(self) -> str:
        template, language = self.round.template, self.round.language
        return say(
            "consolidated.see_item", language, item=template.levels[template.item].label.say(language).lower()
        )

    def code(self, status: Field, record: Record) -> str | None:
        parsed = self.readers[status.key](record.raw(status.label.say(self.round.language))).value
        return parsed if isinstance(parsed, str) and self.is_choice(status, parsed) else None

    def is_choice(self, status: Field, code: str) -> bool:
        return any(option.code == code for option in self.round.template.choice_list(status).options)

    def follow_items(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Give every sub-activity that follows its activity that activity's status."""
        by_id = {entry.line.id: entry for entry in entries}
        kin = kin_of([entry.line for entry in entries], self.round.template)
        return tuple(
            replace(entry, code=by_id[above].code, status=by_id[above].status)
            if entry.follows and (above := kin[entry.line.id].above)
            else entry
            for entry in entries
        )

    # Answers --------------------------------------------------------------------------------------------------

    def reply(self, record: Record) -> Reply:
        code, status, follows = self.stand(record, single=True)
        answers = self.values(record, self.told)
        return Reply(
            record.text(self.unit_heading), code, status, follows, answers, record.place(self.comment_heading)
        )

    def split(self, replies: tuple[Reply, ...], units: tuple[str, ...], together: Values) -> tuple[Reply, ...]:
        """Return the replies with the comments as they stand in `Aktiviteter`, each unit's after its name."""
        comment = self.round.template.field_in_role("comment")
        if comment is None:
            return replies
        text = str(together.get(comment.key, ""))
        parts = _part_by_unit(text, units)
        if text.rpartition("\n")[2].startswith(self.word("and_more").partition("{")[0]):
            parts = {reply.unit: str(reply.answers.get(comment.key, "")) for reply in replies} | dict(parts)
        return tuple(_with_comment(reply, comment.key, parts.get(reply.unit, "")) for reply in replies)

    def values(self, record: Record, fields: tuple[Field, ...], *, joined: bool = False) -> Values:
        """Return what stands in some fields, shown; blanks left out, the status told elsewhere."""
        told: dict[str, str | Decimal] = {}
        for field in fields:
            raw = record.raw(field.label.say(self.round.language))
            if raw is None or field.role == "status":
                continue
            shown = record.text(field.label.say(self.round.language))
            told[field.key] = shown if joined and "\n" in shown else self.show(field, raw, shown)
        return {key: value for key, value in told.items() if value != ""}

    def show(self, field: Field, raw: Raw, shown: str) -> str | Decimal:
        """Return a value in the report's words; what is not understood as it stands."""
        value = self.readers[field.key](raw).value
        if value is None or field.type == "text":
            return shown
        if isinstance(value, Decimal):
            return value
        if isinstance(value, Deadline) and value.kind == "text":
            return shown
        return show_value(value, field, self.round.template, self.shown, self.round.plan.year)

    # Units ----------------------------------------------------------------------------------------------------

    def asked(self) -> Iterator[Asked]:
        language = self.round.language
        answer, left = say("collected.answer", language), say("collected.unanswered", language)
        items = self.word("activities")
        keys = ("collected.answered", "nothing.label", "collected.blank")
        answered, nothing, blank = (fold(say(key, language)) for key in keys)
        for record in self.records("collection", self.unit_heading, answer, left):
            unit = record.text(self.unit_heading)
            if unit and fold(unit) != fold(self.word("no_units")):
                said = fold(record.text(answer))
                counts = _whole(record.raw(items)), _whole(record.raw(left))
                yield Asked(unit, said in (answered, nothing), *counts, said == nothing, said == blank)


def find_unit(followed: Followed, name: str, file: str) -> str | Finding:
    """Return a unit's name as the workbook writes it; a finding that names them all if it has none such."""
    units = dict.fromkeys([each.unit for each in followed.asked])
    units |= dict.fromkeys(unit for entry in followed.entries for unit in entry.line.units)
    known = next((unit for unit in units if fold(unit) == fold(name)), None)
    return known or find("report-unit-unknown", Place(file), value=name, words={"units": ", ".join(units)})


def _with_comment(reply: Reply, key: str, text: str) -> Reply:
    answers = {name: value for name, value in reply.answers.items() if name != key}
    return replace(reply, answers={**answers, key: text} if text else answers)


def _part_by_unit(text: str, units: tuple[str, ...]) -> Mapping[str, str]:
    """Return what stands after each unit's name at the beginning of a line, until the next unit's."""
    parts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.split("\n"):
        unit = next((unit for unit in units if line.startswith(f"{unit}: ")), None)
        current = current if unit is None else parts.setdefault(unit, [])
        current.append(line if unit is None else line.removeprefix(f"{unit}: "))
    return {unit: "\n".join(lines).strip() for unit, lines in parts.items()}


def _whole(raw: object) -> int:
    return int(raw) if isinstance(raw, int | float) else 0

"""What was asked and what came in: units, files, the accounts, what was set aside, the findings, the inputs.

Nothing that came in is left out here: what has no place in the other tables stands word for word in these.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from xlflow.core.computed import sum_exactly
from xlflow.core.findings import Finding, Place, message_of
from xlflow.core.model import Cell, Grid, GridColumn, Line, Received, State, Unit
from xlflow.core.rollup import find_unanswered, telling_fields
from xlflow.core.summary import Account, Match, Measure
from xlflow.core.text import show_name
from xlflow.core.values import show_number
from xlflow.core.words import Language, say
from xlflow.summarise.material import Material
from xlflow.summarise.tables import FORM_ROWS
from xlflow.summarise.wording import name_columns

BETWEEN = " | "
"""What stands between the texts of a row that was set aside."""

Kind = Literal["text", "number", "integer"]


def make_units(material: Material) -> Grid:
    """Return one row per unit: whether it answered, in which file, and how much of what it was asked is left."""
    late: list[tuple[str, str, int, Kind]] = (
        [("_overdue", "consolidated.overdue", 12, "integer")] if material.deadline else []
    )
    columns = make_columns(
        material.language,
        ("_unit", "column.unit", 34, "text"),
        ("_answer", "collected.answer", 14, "text"),
        ("_file", "collected.file", 44, "text"),
        ("_contact", "collected.contact", 36, "text"),
        ("_email", "collected.email", 36, "text"),
        ("_items", "consolidated.activities", 12, "integer"),
        ("_rows", "collected.rows", 12, "integer"),
        ("_unanswered", "collected.unanswered", 12, "integer"),
        *late,
    )
    items = material.template.levels[material.template.item].many(material.language)
    columns = tuple(replace(column, heading=items) if column.key == "_items" else column for column in columns)
    lines, files = _lines_by_unit(material), _files_by_unit(material)
    rows = tuple(
        _show_unit(unit, lines.get(unit.name, []), files.get(unit.name, []), material) for unit in _units(material)
    )
    return Grid("units", name_columns(columns), rows)


def make_files(material: Material) -> Grid:
    """Return one row per file that was found: what became of it, and why if it does not count."""
    language = material.language
    columns = make_columns(
        language,
        ("_unit", "column.unit", 34, "text"),
        ("_state", "collected.state", 14, "text"),
        ("_file", "collected.file", 44, "text"),
        ("_reason", "collected.reason", 36, "text"),
        ("_rows", "collected.rows", 36, "integer"),
    )
    told, accounts = _told_by_code(material), material.merged.accounts
    sums = tuple(_sum_column(key, material) for key in accounts.sums_in)
    rows = tuple(
        (
            "; ".join(filter(None, (file.unit, *file.also))) or None,
            say(f"collected.{file.state}", language),
            show_name(file.name),
            _say_reason(file.reason, file.name, told, language),
            accounts.rows_by_file.get(file.name),
            *(accounts.sums_by_file.get((file.name, key)) for key in accounts.sums_in),
        )
        for file in sorted(material.merged.files, key=order_of)
    )
    return Grid("files", (*columns, *sums), rows)


def make_accounts(material: Material) -> Grid:
    """Return the accounts, one equation per row: what came in, and where it went."""
    language = material.language
    columns = make_columns(
        language,
        ("_account", "collected.account", 34, "text"),
        ("_balance", "collected.balance", 14, "text"),
        ("_equation", "collected.equation", 44, "text"),
        ("_found", "collected.found", 36, "number"),
        ("_accounted", "collected.accounted", 36, "number"),
    )
    rows = tuple(
        (account, say(f"values.{'yes' if found == accounted else 'no'}", language), equation, found, accounted)
        for account, equation, found, accounted in _equations(material)
    )
    return Grid("accounts", columns, rows)


def declare_accounts(material: Material) -> tuple[Account, ...]:
    """Return how each row of the accounts is counted in the other tables, in the order of the rows."""
    language, accounts = material.language, material.merged.accounts
    states = tuple(
        (str(state), _count("files", Match("_state", say(f"collected.{state}", language)))) for state in State
    )
    aside = _count("set_aside", Match("_kind", say("collected.row", language)))
    found, merged = _count("files", Match("_file", "", holds=False)), Measure("", "sum", "answers", of=FORM_ROWS)
    return (
        Account(found, states, say("collected.files_equation", language)),
        Account(
            Measure("", "sum", "files", of="_rows"),
            (("merged", merged), ("set_aside", aside)),
            say("collected.rows_equation", language),
        ),
        *(
            Account(
                Measure("", "sum", "files", of=f"_sum_{key}"),
                (("out", Measure("", "sum", "answers", of=key)),),
                besides=accounts.sums_replaced.get(key, Decimal(0)),
            )
            for key in accounts.sums_in
        ),
    )


def make_set_aside(material: Material) -> Grid:
    """Return what could not be placed, word for word with its address."""
    language = material.language
    columns = make_columns(
        language,
        ("_unit", "column.unit", 34, "text"),
        ("_kind", "collected.kind", 14, "text"),
        ("_source", "consolidated.source", 44, "text"),
        ("_text", "collected.text", 36, "text"),
        ("_reason", "collected.reason", 36, "text"),
    )
    told, of_file = _told_by_place(material), _told_by_code(material)
    rows = tuple(
        (
            one.unit or None,
            say("collected.row" if one.is_row else "collected.loose_text", language),
            one.place.show(language),
            BETWEEN.join(one.texts),
            message_of(found, language)
            if (found := told.get((one.place, one.reason)))
            else _say_reason(one.reason, one.place.file, of_file, language),
        )
        for one in material.merged.set_aside
    )
    return Grid("set_aside", columns, rows)


# One row --------------------------------------------------------------------------------------------------


def _show_unit(unit: Unit, lines: Sequence[Line], files: Sequence[str], material: Material) -> tuple[Cell, ...]:
    nothing, left = unit.name in material.nothing, len(_list_unanswered(unit, lines, material))
    items = [line for line in lines if material.is_item(line)]
    asked = [line for line in lines if not line.own]
    return (
        unit.name,
        _say_state(unit, material),
        "\n".join(files) or None,
        unit.contact or None,
        unit.email or None,
        len(items),
        len(asked),
        0 if nothing else left,
        *([sum(material.stand_of(line, unit.name).overdue for line in items)] if material.deadline else ()),
    )


def _say_state(unit: Unit, material: Material) -> str:
    if unit.name in material.nothing:
        return say("nothing.label", material.language)
    answered = "blank" if unit.name in material.blank else "answered"
    state = answered if unit.name in material.merged.answered else "missing"
    return say(f"collected.{state}", material.language)


def _list_unanswered(unit: Unit, lines: Sequence[Line], material: Material) -> tuple[str, ...]:
    asked = [line for line in lines if not line.own]
    return find_unanswered(asked, material.template, _told_lines(unit.name, asked, material))


def _told_lines(unit: str, lines: Iterable[Line], material: Material) -> set[str]:
    """Return the ids of the lines where the unit wrote something that tells, understood or not."""
    telling = telling_fields(material.template)
    rows = ((line.id, material.find_row(line.id, unit)) for line in lines)
    return {
        line_id
        for line_id, merged in rows
        if merged and any((answer := merged.row.answer(key)) and not answer.is_blank for key in telling)
    }


def _equations(material: Material) -> Iterator[tuple[str, str, Cell, Cell]]:
    """Yield (account, the equation in words, what came in, what is accounted for)."""
    language, accounts = material.language, material.merged.accounts
    files: dict[str, int] = {str(state): accounts.files.get(state, 0) for state in State}
    equation = say("collected.files_equation", language, found=accounts.files_found, **files)
    yield say("collected.files_account", language), equation, accounts.files_found, sum(files.values())
    merged, aside = accounts.rows_merged, accounts.rows_set_aside
    equation = say("collected.rows_equation", language, found=accounts.rows_found, merged=merged, set_aside=aside)
    yield say("collected.rows_account", language), equation, accounts.rows_found, merged + aside
    for key, found in accounts.sums_in.items():
        out, replaced = accounts.sums_out.get(key, Decimal(0)), accounts.sums_replaced.get(key, Decimal(0))
        shown = {"found": found, "out": out, "replaced": replaced}
        equation = say(
            "collected.sum_equation", language, **{k: show_number(v, language) for k, v in shown.items()}
        )
        field = material.template.field(key).label.say(language)
        yield say("collected.sum_account", language, field=field), equation, found, sum_exactly((out, replaced))


def _sum_column(key: str, material: Material) -> GridColumn:
    field = material.template.field(key).label.say(material.language)
    return GridColumn(f"_sum_{key}", say("collected.sum_account", material.language, field=field), 14, "number")


def _count(table: str, *where: Match) -> Measure:
    return Measure("", "count", table, where)


# Look-ups -------------------------------------------------------------------------------------------------


def _units(material: Material) -> Iterator[Unit]:
    """Yield the units asked, in the plan's order, then those that answered without being asked."""
    known = {unit.name: unit for unit in material.merged.round.plan.units}
    others = (Unit(name) for name in material.merged.answered if name not in known)
    return iter((*known.values(), *others))


def _lines_by_unit(material: Material) -> Mapping[str, list[Line]]:
    lines: dict[str, list[Line]] = {}
    for line in material.lines:
        for unit in material.units_of[line.id]:
            lines.setdefault(unit, []).append(line)
    return lines


def _files_by_unit(material: Material) -> Mapping[str, list[str]]:
    """Return the files that a unit's answers were read from, by its name."""
    files: dict[str, list[str]] = {}
    for file in sorted(material.merged.files, key=order_of):
        for unit in (file.unit, *file.also) if file.state in (State.ACCEPTED, State.SUPERSEDED) else ():
            files.setdefault(unit or "", []).append(show_name(file.name))
    return files


def _told_by_code(material: Material) -> Mapping[tuple[str, str], Finding]:
    return {(finding.place.file, finding.code): finding for finding in material.findings}


def _told_by_place(material: Material) -> Mapping[tuple[Place, str], Finding]:
    return {(finding.place, finding.code): finding for finding in material.findings}


def _say_reason(
    reason: str | None, file: str, told: Mapping[tuple[str, str], Finding], language: Language
) -> str | None:
    """Return a reason in words; where it is the code of a finding about that file, the words of the finding."""
    finding = told.get((file, reason or ""))
    return message_of(finding, language) if finding else reason


def order_of(file: Received) -> tuple[str, str]:
    """Return by what files are sorted."""
    return (file.name, file.digest)


def make_columns(language: Language, *columns: tuple[str, str, int, Kind]) -> tuple[GridColumn, ...]:
    """Return columns of (key, word, width, kind)."""
    return tuple(GridColumn(key, say(word, language), width, kind) for key, word, width, kind in columns)

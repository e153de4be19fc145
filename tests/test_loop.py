"""The whole loop on any plan and any answers: what was filled in comes back as written, and nothing is lost.

Real files all the way: a plan workbook, the forms that the pipeline makes of it, filled in by a program that goes
by headings and unlocked cells alone, merged, and read by a second reader.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlflow import check_forms, generate_forms, merge_forms
from xlflow.core.model import Deadline, Merged, Run, Value
from xlflow.core.template import Field, Template
from xlflow.core.words import LANGUAGES, Language
from xlflow.define import load_template, shipped_names
from xlflow.report.machine import run_to_values

AS_OF = date(2021, 3, 31)
WORDS = {
    "sv": {"plan": "Plan", "units": "Enheter", "unit": "Enhet", "answers": "Svar"},
    "en": {"plan": "Plan", "units": "Units", "unit": "Unit", "answers": "Answers"},
}
NOT_KNOWN = "not known beforehand"
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""What Excel writes in another way, since it would otherwise be a coded letter."""

# What people write -------------------------------------------------------------------------------------------

STRANGE = [
    "=1+1",
    '=HYPERLINK("http://example.example";"klicka")',
    "+46 är landsnumret",
    "- ett\n- två\n\n- tre",
    "@alla",
    "  luft före och efter  ",
    unicodedata.normalize("NFD", "Förskjuts på grund av äldre rör på ön"),
    "👩‍👩‍👧 går på bio 🎉",
    "Rad för rad\nsom det skrevs.\n",
    "Vi väntar på besked från " + "en mycket lång utredning, som " * 15,
    "x" * 700,
    "1.10",
    "0012",
    "SANT",
    "#REF!",
    "'citerat'",
    "<b>&amp;</b>]]>",
    "_x0041_",
    "hårt\N{NO-BREAK SPACE}blank",
    "Kvartal 2",
    "http://example.example",
    "\N{RIGHT-TO-LEFT OVERRIDE}vänt",
    "\N{ZERO WIDTH SPACE}",
    "–",
]
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff") | st.just("\n")
TEXTS = st.sampled_from(STRANGE) | st.text(LETTERS, min_size=1, max_size=20)


@dataclass(frozen=True)
class Typed:
    """What is typed into a cell; how it reads afterwards, and what it means if that is known."""

    cell: str | int | float | datetime | None = None
    written: str = ""
    value: Value | date | str | None = None


def _text(text: str, value: Value | date | str | None = NOT_KNOWN) -> Typed:
    written = unicodedata.normalize("NFC", text)
    return Typed(text, written, written if value == NOT_KNOWN else value) if _is_seen(written) else Typed(text)


def _one_line(text: str) -> str:
    """Return a text that can name a unit: a cell parts units at these marks."""
    return re.sub(r"[;,\n\u2028\u2029]", " ", text)[:60]


def _is_seen(text: str) -> bool:
    return any(not letter.isspace() and unicodedata.category(letter) != "Cf" for letter in text)


NUMBERS = [Typed(number, str(number), Decimal(str(number))) for number in (0, 7, -1250, 99.5, 0.1, 2_500_000)]
DAY = Typed(datetime(2021, 10, 31), "2021-10-31", date(2021, 10, 31))
TIMES = [
    DAY,
    _text("Kvartal 4", date(2021, 12, 31)),
    _text("kv 1 2022", date(2022, 3, 31)),
    _text("Q3", date(2021, 9, 30)),
    _text("2021-06-30", date(2021, 6, 30)),
    _text("när vägen är lagad", None),
]


QUARTERS: Mapping[str, Mapping[str, str]] = {
    "Kvartal 4": {"sv": "Kvartal 4", "en": "Quarter 4"},
    "kv 1 2022": {"sv": "Kvartal 1 2022", "en": "Quarter 1 2022"},
    "Q3": {"sv": "Kvartal 3", "en": "Quarter 3"},
}
"""How a form shows a quarter of the plan."""


def _answers_to(asked: Field, template: Template, texts: Sequence[str]) -> Sequence[Typed]:
    if asked.type == "choice":
        return list(_choices(asked, template))
    if asked.type == "number":
        return [*NUMBERS, _text("1250", Decimal(1250)), _text("rätt mycket", None)]
    return TIMES if asked.type == "deadline" else [*map(_text, texts), Typed(5, "5", "5"), _text(DAY.written)]


def _choices(asked: Field, template: Template) -> Iterator[Typed]:
    yield from (_text("vet inte än", None), _text("=A1", None))
    for option in template.choice_list(asked).options:
        for name in (option.label.sv, option.label.en, *option.aliases[:1]):
            for text in (name, f"  {name.upper()} ", unicodedata.normalize("NFD", name)):
                yield _text(text, option.code)


# What is asked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A line of the plan; `mark` ends its text and stands in no other."""

    mark: str
    levels: tuple[str, ...]
    units: tuple[str, ...]
    given: Typed
    context: str


@dataclass(frozen=True)
class Story:
    """One round as it went: the plan, what each unit wrote (unit, mark, field), and what else came back."""

    template: Template
    language: Language
    units: tuple[str, ...]
    lines: tuple[Asked, ...]
    told: Mapping[tuple[str, str, str], Typed]
    own: Mapping[str, tuple[str, ...]]
    silent: frozenset[str]
    copies: int = 0
    junk: int = 0
    locks: int = 0
    with_plan: bool = True
    spell_out: bool = True

    def lines_of(self, unit: str) -> list[Asked]:
        """The lines that a unit is asked about."""
        return [line for line in self.lines if unit in line.units]

    @property
    def answering(self) -> list[str]:
        """The units that send something back, in the plan's order."""
        return [unit for unit in self.units if unit not in self.silent]


def _tell_story(name: str, chance: Random, texts: Sequence[str]) -> Story:
    """Return a story with these texts, as chance will have it."""
    template = load_template(name)
    units = tuple(f"{_one_line(chance.choice(texts))}#{number}" for number in range(chance.randint(1, 3)))
    lines = tuple(_tell_lines(template, chance, texts, units))
    asked = tuple(unit for unit in units if any(unit in line.units for line in lines))
    silent = frozenset(unit for unit in asked[1:] if chance.random() < 0.25)
    own = {unit: tuple(f"{chance.choice(texts)}#own{n}" for n in range(chance.randint(0, 2))) for unit in asked}
    told = {
        (unit, mark, field.key): _tell_answer(field, template, chance, texts)
        for unit in asked
        if unit not in silent
        for mark in (*(line.mark for line in lines if unit in line.units), *map(_mark_of, own[unit]))
        for field in template.asked()
    }
    counts = (chance.randint(0, 1) for _ in range(3))
    flags = chance.random() < 0.6, chance.random() < 0.5
    return Story(template, chance.choice(LANGUAGES), asked, lines, told, own, silent, *counts, *flags)


def _tell_lines(template: Template, chance: Random, texts: Sequence[str], units: Sequence[str]) -> Iterator[Asked]:
    above = [f"{chance.choice(texts)}:{number}" for number in range(2)]
    below = len(template.levels) - template.item - 1
    stated = NUMBERS if template.given()[0].type == "number" else TIMES
    for number in range(chance.randint(1, 4)):
        groups = tuple(chance.choice(above) for _ in range(template.item))
        item = f"{chance.choice(texts)}#{number}"
        parts = [f"{chance.choice(texts)}#{number}.{part}" for part in range(chance.randint(0, 3) * below)]
        for part in ("", *parts):
            asked = tuple(chance.sample(units, chance.randint(1, len(units))))
            shared = stated is NUMBERS and len(asked) > 1  # an amount is one unit's own
            given = Typed() if shared else chance.choice([Typed(), *stated])
            levels = (*groups, item, *[part] * below)
            yield Asked(_mark_of(part or item), levels, asked, given, chance.choice(["", "Lagkrav", "=2+2"]))


def _tell_answer(asked: Field, template: Template, chance: Random, texts: Sequence[str]) -> Typed:
    return chance.choice(_answers_to(asked, template, texts)) if chance.random() < 0.6 else Typed()


def _stated(line: Asked, language: Language) -> str | Decimal:
    """Return what the plan states for a line as a form shows it."""
    value, written = line.given.value, line.given.written
    return value if isinstance(value, Decimal) else QUARTERS.get(written, {}).get(language, written)


def _mark_of(text: object) -> str:
    """Return what a text ends with, by which it is known in whatever way it is shown."""
    found = re.search(r"#((?:own)?\d+(?:\.\d+)?)\s*$", str(text or ""))
    return found[1] if found else ""


# The loop -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(shipped_names()))
def test_what_is_filled_in_comes_back_as_written(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=25)
    @given(st.integers(), st.lists(TEXTS, min_size=4, max_size=12))
    def tell(number: int, texts: list[str]) -> None:
        story, folder = _tell_story(name, Random(f"{number} {texts}"), texts), tmp_path_factory.mktemp("loop")
        plan, back = folder / "plan.xlsx", folder / "in"
        _write_plan(plan, story)
        sent = generate_forms(
            plan, folder / "out", as_of=AS_OF, template=story.template.name, language=story.language
        )
        assert [_mark_of(unit) for unit in sent.units] == [_mark_of(unit) for unit in story.units]
        _send_back(story, sent, back)
        known = plan if story.with_plan else None
        run = merge_forms([back], folder / "all.xlsx", plan=known)
        assert check_forms([back], plan=known).findings == run.findings
        merge_forms(sorted(back.iterdir(), reverse=True), folder / "again.xlsx", plan=known, jobs=1)
        assert (folder / "again.xlsx").read_bytes() == (folder / "all.xlsx").read_bytes()
        _check_accounts(story, run)
        _check_rows(story, run)
        _check_with_second_reader(story, folder / "all.xlsx")

    tell()


def _check_accounts(story: Story, run: Run) -> None:
    told = run_to_values(run)
    files, rows = told["files"], told["rows"]
    assert files == {
        "found": len(story.answering) + story.copies + story.junk + story.locks,
        "accepted": len(story.answering),
        "refused": story.junk,
        "superseded": 0,
        "duplicate": story.copies,
        "ignored": story.locks,
    }
    assert rows["found"] == rows["merged"] == len({(unit, mark) for unit, mark, _ in story.told})
    assert rows["set_aside"] == 0
    assert told["units"]["asked"] == len(story.units)
    assert told["units"]["answered"] == len(story.answering)
    assert {_mark_of(unit) for unit in told["units"]["missing"]} == set(map(_mark_of, story.silent))
    if story.with_plan:
        assert rows["unanswered"] == sum(len(list(_find_unanswered(story, unit))) for unit in story.units)


def _check_rows(story: Story, run: Run) -> None:
    assert isinstance(run.merged, Merged)
    units = {_mark_of(unit): unit for unit in story.units}
    item, seen = story.template.item, set()
    for row in (merged.row for merged in run.merged.rows):
        unit, mark = units[_mark_of(row.unit)], _mark_of("".join(row.line.levels[item:]))
        for field in story.template.asked():
            typed, answer = story.told[unit, mark, field.key], row.answer(field.key)
            assert answer is not None
            assert answer.written == typed.written, (field.key, typed)
            assert _meaning(answer.value) == typed.value, (field.key, typed, answer)
            assert (answer.fault is None) == (answer.value is not None or not typed.written)
        seen.add((unit, mark))
    assert seen == {(unit, mark) for unit, mark, _ in story.told}


def _meaning(value: Value | None) -> object:
    return value.last if isinstance(value, Deadline) else value


def _find_unanswered(story: Story, unit: str) -> Iterator[Asked]:
    """Yield the lines of a unit that nothing answers, by the words of the form's instruction."""
    status = story.template.field_in_role("status")
    keys = [status.key] if status else [field.key for field in story.template.asked() if field.required]
    lines = story.lines_of(unit)
    told = {line for line in lines if any(story.told.get((unit, line.mark, k), Typed()).written for k in keys)}
    for line in lines:
        above = [other for other in lines if line.mark.startswith(f"{other.mark}.")]
        below = [other for other in lines if other.mark.startswith(f"{line.mark}.")]
        covered = bool(told & set(above)) or (below and set(below) <= told)
        if line not in told and not (status and covered):
            yield line


def _check_with_second_reader(story: Story, path: Path) -> None:
    """Every answer stands in `Svar` as openpyxl reads it, and none of them is a formula or a link."""
    book = load_workbook(path)
    sheet = book[WORDS[story.language]["answers"]]
    assert not any(cell.data_type == "f" or cell.hyperlink for row in sheet.iter_rows() for cell in row)
    columns = {str(cell.value): cell.column for cell in sheet[_find_heading(sheet, story)]}
    units = {_mark_of(unit): unit for unit in story.units}
    lines = {line.mark: line for line in story.lines}
    item, seen = story.template.item, 0
    for row in range(_find_heading(sheet, story) + 1, sheet.max_row + 1):
        named = [
            sheet.cell(row, columns[level.label.say(story.language)]).value for level in story.template.levels
        ]
        mark = _mark_of("".join(str(text or "") for text in named[item:]))
        unit = units.get(_mark_of(sheet.cell(row, columns[WORDS[story.language]["unit"]]).value), "")
        for field in story.template.asked() if mark else ():
            cell = sheet.cell(row, columns[field.label.say(story.language)]).value
            assert _reads(cell) == _shown(story, field, story.told[unit, mark, field.key]), (field.key, mark)
        if mark in lines:
            stated = sheet.cell(row, columns[story.template.given()[0].label.say(story.language)]).value
            assert _reads(stated) == _stated(lines[mark], story.language)
            assert _reads(sheet.cell(row, columns["Uppdragstyp"]).value) == lines[mark].context
        seen += bool(mark)
    assert seen == len({(unit, mark) for unit, mark, _ in story.told})


def _shown(story: Story, field: Field, typed: Typed) -> str | Decimal:
    if field.type == "choice" and isinstance(typed.value, str):
        return story.template.say_choice(field, typed.value, story.language)
    return typed.value if isinstance(typed.value, Decimal) else typed.written


def _reads(cell: object) -> str | Decimal:
    return Decimal(str(cell)) if isinstance(cell, int | float) else str(cell or "")


# Files --------------------------------------------------------------------------------------------------------


def _write_plan(path: Path, story: Story) -> None:
    """Write the plan as somebody would; a group that goes on may be left blank."""
    template, language = story.template, story.language
    words, book = WORDS[language], Workbook()
    plan = book.worksheets[0]
    plan.title = words["plan"]
    labels = [level.label.say(language) for level in template.levels]
    plan.append([*labels, template.given()[0].label.say(language), words["unit"], "Uppdragstyp"])
    above: tuple[str, ...] = ()
    for row, line in enumerate(story.lines, 2):
        goes_on = [line.levels[: n + 1] == above[: n + 1] and not story.spell_out for n in range(template.item)]
        texts = ["" if blank else text for blank, text in zip(goes_on, line.levels, strict=False)]
        cells = [*texts, *line.levels[template.item :], line.given.cell, "; ".join(line.units), line.context]
        for column, cell in enumerate(cells, 1):
            _type(plan, row, column, cell)
        above = line.levels
    units = book.create_sheet(words["units"])
    for row, unit in enumerate((words["unit"], *story.units), 1):
        _type(units, row, 1, unit)
    _save(book, path)


def _send_back(story: Story, sent: Run, back: Path) -> None:
    """Fill in the forms of the units that answer, and put them, with what else comes back, into a folder."""
    back.mkdir()
    units = {_mark_of(unit): unit for unit in story.units}
    for form, name in zip(sent.written, sent.units, strict=True):
        unit = units[_mark_of(name)]
        if unit not in story.silent:
            _fill_in(story, unit, form, back / f"svar {_mark_of(unit)}.xlsx")
    first = next(iter(sorted(back.iterdir())))
    for number in range(story.copies):
        (back / f"kopia {number}.xlsx").write_bytes(first.read_bytes())
    if story.junk:
        (back / "anteckningar.xlsx").write_bytes(b"PK\x03\x04 trasigt")
    if story.locks:
        (back / f"~${first.name}").write_bytes(bytes(165))


def _fill_in(story: Story, unit: str, form: Path, target: Path) -> None:
    """Type a unit's answers into its form: rows by their texts, columns by their headings, unlocked cells only."""
    book = load_workbook(form)
    sheet = next(sheet for sheet in book.worksheets if _find_heading(sheet, story))
    heading = _find_heading(sheet, story)
    columns = {str(cell.value): int(cell.column or 0) for cell in sheet[heading]}
    levels = [columns[level.label.say(story.language)] for level in story.template.levels]
    item, own = story.template.item, list(story.own[unit])
    lines = {line.mark: line for line in story.lines_of(unit)}
    for row in range(heading + 1, sheet.max_row + 1):
        texts = [str(sheet.cell(row, column).value or "") for column in levels]
        mark = _mark_of("".join(texts[item:]))
        if mark:
            line = lines.pop(mark)
            assert all(map(_same_line, texts, line.levels))
            stated = sheet.cell(row, columns[story.template.given()[0].label.say(story.language)]).value
            assert _reads(stated) == _stated(line, story.language)
        elif own and not sheet.cell(row, levels[item]).protection.locked:
            mark = _mark_of(own[0])
            _type(sheet, row, levels[item], own.pop(0))
        for field in story.template.asked() if mark else ():
            column = columns[field.label.say(story.language)]
            assert not sheet.cell(row, column).protection.locked
            _type(sheet, row, column, story.told[unit, mark, field.key].cell)
    assert not lines
    assert not own
    _save(book, target)


def _same_line(shown: str, planned: str) -> bool:
    """Whether a form shows a text of the plan as it stands there, but for blanks and a bullet at its edges."""
    whole = unicodedata.normalize("NFC", planned).strip()
    return shown == whole or (whole.endswith(shown) and not any(map(str.isalnum, whole.removesuffix(shown))))


def _find_heading(sheet: Worksheet, story: Story) -> int:
    wanted = {"Id", *(field.label.say(story.language) for field in story.template.asked())}
    rows = sheet.iter_rows(max_row=20, values_only=True)
    return next((number for number, texts in enumerate(rows, 1) if wanted <= set(texts)), 0)


def _type(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Put a value into a cell as Excel does when somebody types it into a cell that is text or general."""
    if value in (None, ""):
        return
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value, cell.data_type = value, "s"
    else:
        cell.value = value


def _save(book: Workbook, path: Path) -> None:
    """Save as Excel would: what looks like a coded letter is coded itself, which openpyxl leaves out."""
    for cell in (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, str) and CODED.search(cell.value):
            cell.value, cell.data_type = CODED.sub("_x005F_", cell.value), "s"
    book.save(path)

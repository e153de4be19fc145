"""Tells rounds as chance will have them: any plan, any answers, texts as odd as people write them.

Knows what every cell will read and mean afterwards without asking the program; tests compare with that.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from xlflow.definition.template_loader import load_template
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.plan import FieldValue
from xlflow.model.template import Template
from xlflow.model.template_elements import Field

NOT_PARSED = "not known beforehand"

# What people write -------------------------------------------------------------------------------------------

UNUSUAL_TEXTS = [
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
TEXTS = st.sampled_from(UNUSUAL_TEXTS) | st.text(LETTERS, min_size=1, max_size=20)


@dataclass(frozen=True)
class TypedAnswer:
    """What is typed into a cell; how it reads afterwards, and what it means if that is known."""

    cell: str | int | float | datetime | None = None
    raw_text: str = ""
    value: FieldValue | date | str | None = None


def _text(text: str, value: FieldValue | date | str | None = NOT_PARSED) -> TypedAnswer:
    written = unicodedata.normalize("NFC", text)
    return (
        TypedAnswer(text, written, written if value == NOT_PARSED else value)
        if _is_seen(written)
        else TypedAnswer(text)
    )


def _one_line(text: str) -> str:
    """Return a text that can name a unit: a cell parts units at these marks."""
    return re.sub(r"[;,\n\u2028\u2029]", " ", text)[:60]


def _is_seen(text: str) -> bool:
    return any(not letter.isspace() and unicodedata.category(letter) != "Cf" for letter in text)


NUMBERS = [
    TypedAnswer(number, str(number), Decimal(str(number))) for number in (0, 7, -1250, 99.5, 0.1, 2_500_000)
]
DAY = TypedAnswer(datetime(2021, 10, 31), "2021-10-31", date(2021, 10, 31))
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


def _answers_to(field: Field, template: Template, texts: Sequence[str]) -> Sequence[TypedAnswer]:
    if field.type == "choice":
        return list(_choices(field, template))
    if field.type == "number":
        return [*NUMBERS, _text("1250", Decimal(1250)), _text("rätt mycket", None)]
    return (
        TIMES if field.type == "deadline" else [*map(_text, texts), TypedAnswer(5, "5", "5"), _text(DAY.raw_text)]
    )


def _choices(field: Field, template: Template) -> Iterator[TypedAnswer]:
    yield from (_text("vet inte än", None), _text("=A1", None))
    for option in template.choice_list(field).options:
        for name in (option.label.sv, option.label.en, *option.aliases[:1]):
            for text in (name, f"  {name.upper()} ", unicodedata.normalize("NFD", name)):
                yield _text(text, option.code)


# What is asked ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DrawnItem:
    """A plan item; its text ends with `mark`, which occurs in no other."""

    mark: str
    levels: tuple[str, ...]
    units: tuple[str, ...]
    plan_value: TypedAnswer
    extra_text: str


@dataclass(frozen=True)
class LoopScenario:
    """One round as it went: the plan, what each unit wrote (unit, mark, field), and what else came back."""

    template: Template
    language: Language
    units: tuple[str, ...]
    items: tuple[DrawnItem, ...]
    answers: Mapping[tuple[str, str, str], TypedAnswer]
    added_activities: Mapping[str, tuple[str, ...]]
    silent_units: frozenset[str]
    copies: int = 0
    other_files: int = 0
    lock_files: int = 0
    with_plan: bool = True
    spell_out: bool = True

    def items_of(self, unit: str) -> list[DrawnItem]:
        """The plan items that a unit is asked about."""
        return [item for item in self.items if unit in item.units]

    @property
    def answering(self) -> list[str]:
        """The units that send something back, in the plan's order."""
        return [unit for unit in self.units if unit not in self.silent_units]


def draw_scenario(name: str, rng: Random, texts: Sequence[str]) -> LoopScenario:
    """Return a random round of this template whose texts are taken from `texts`."""
    template = load_template(name)
    units = tuple(f"{_one_line(rng.choice(texts))}#{number}" for number in range(rng.randint(1, 3)))
    items = tuple(_draw_items(template, rng, texts, units))
    asked = tuple(unit for unit in units if any(unit in item.units for item in items))
    silent = frozenset(unit for unit in asked[1:] if rng.random() < 0.25)
    added = {unit: tuple(f"{rng.choice(texts)}#own{n}" for n in range(rng.randint(0, 2))) for unit in asked}
    answers = {
        (unit, mark, field.key): _draw_answer(field, template, rng, texts)
        for unit in asked
        if unit not in silent
        for mark in (*(item.mark for item in items if unit in item.units), *map(mark_of, added[unit]))
        for field in template.answer_fields()
    }
    counts = (rng.randint(0, 1) for _ in range(3))
    flags = rng.random() < 0.6, rng.random() < 0.5
    return LoopScenario(template, rng.choice(LANGUAGES), asked, items, answers, added, silent, *counts, *flags)


def _draw_items(
    template: Template, rng: Random, texts: Sequence[str], units: Sequence[str]
) -> Iterator[DrawnItem]:
    above = [f"{rng.choice(texts)}:{number}" for number in range(2)]
    below = len(template.levels) - template.item_level_index - 1
    values = NUMBERS if template.plan_fields()[0].type == "number" else TIMES
    for number in range(rng.randint(1, 4)):
        groups = tuple(rng.choice(above) for _ in range(template.item_level_index))
        item = f"{rng.choice(texts)}#{number}"
        parts = [f"{rng.choice(texts)}#{number}.{part}" for part in range(rng.randint(0, 3) * below)]
        for part in ("", *parts):
            asked = tuple(rng.sample(units, rng.randint(1, len(units))))
            shared = values is NUMBERS and len(asked) > 1  # an amount is one unit's own
            given = TypedAnswer() if shared else rng.choice([TypedAnswer(), *values])
            levels = (*groups, item, *[part] * below)
            yield DrawnItem(mark_of(part or item), levels, asked, given, rng.choice(["", "Lagkrav", "=2+2"]))


def _draw_answer(field: Field, template: Template, rng: Random, texts: Sequence[str]) -> TypedAnswer:
    return rng.choice(_answers_to(field, template, texts)) if rng.random() < 0.6 else TypedAnswer()


def typed_plan_value(item: DrawnItem, language: Language) -> str | Decimal:
    """Return what the plan states for a line as a form shows it."""
    value, written = item.plan_value.value, item.plan_value.raw_text
    return value if isinstance(value, Decimal) else QUARTERS.get(written, {}).get(language, written)


def mark_of(text: object) -> str:
    """Return what a text ends with, by which it is known in whatever way it is shown."""
    found = re.search(r"#((?:own)?\d+(?:\.\d+)?)\s*$", str(text or ""))
    return found[1] if found else ""

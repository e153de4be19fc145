"""Which round a run is about, and what it asks of whom: as the plan and the forms tell, or whoever runs it.

A plan names neither day nor template. Whoever runs it may; else a form tells that still says what it is; else what
stands above the tables of forms that have lost all the rest, which is said to be an assumption.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xlflow import collect, named
from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import form_code
from xlflow.core.model import Filled, Plan, Round
from xlflow.core.template import Template
from xlflow.core.words import LANGUAGES, Text
from xlflow.excel.incoming import Book

_Asked = tuple[Round | None, tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever runs it says of the round: its day, its template; None where that is left to the forms. `files`
    are where that template may stand, which is no form."""

    as_of: date | None = None
    template: Template | None = None
    files: tuple[Path, ...] = ()

    def fits(self, round_: Round) -> bool:
        """Return whether a round is of the day and the template, as far as they are said."""
        return self.as_of in (None, round_.as_of) and (
            self.template is None or self.template.name == round_.template.name
        )


def plan_round(plan: Path, filled: Sequence[Filled], lost: Sequence[Finding], wanted: Wanted) -> _Asked:
    """Return the plan as asked in the round of the forms; where all forms have lost what was asked in them, of the
    round that one of them names or shows; else as far as the plan alone tells."""
    from xlflow import define

    book = named.open_plan(plan)
    key = _choose_key(filled, wanted)
    known = next((form.round for form in filled if form.round.key == key), None)
    if known:
        return define.define_round(book, known.template, known.as_of, known.due, known.language)
    name, day = _find_named(lost, wanted.template)
    if day and wanted.as_of in (None, day) and (wanted.template or name in define.shipped_names()):
        template = wanted.template or define.load_template(name)
        return define.define_round(book, template, day, None, define.find_language(book, template))
    asked, findings = _guess_round(book, lost, wanted)
    if day is None or wanted.template:
        return asked, findings
    return asked, (*findings, find("template-unnamed", Place(book.name), value=name))


def key_of(filled: Sequence[Filled], wanted: Wanted) -> str | None:
    """Return the key of the round that is wanted: that of forms, or where there are none, one that no form has;
    None if all is left to the forms."""
    if wanted == Wanted():
        return None
    name = wanted.template.name if wanted.template else ""
    return _choose_key(filled, wanted) or f"{name} {wanted.as_of.isoformat() if wanted.as_of else ''}"


def _choose_key(filled: Sequence[Filled], wanted: Wanted) -> str | None:
    """Return the key of the round that most units answered, of those that fit what is wanted."""
    return collect.choose_round(form for form in filled if wanted.fits(form.round))


def _guess_round(book: Book, lost: Sequence[Finding], wanted: Wanted) -> _Asked:
    """Return what a plan asks, by its headings, on the day that is given or that most of the forms show."""
    from xlflow import define

    guessed = define.guess_round(book, wanted.template)
    shown = Counter(day for found in lost for day in _words_of(found, "days"))
    most = max(shown, key=lambda day: (shown[day], day), default=None)
    day = wanted.as_of or (date.fromisoformat(most) if most else None)
    if guessed is None or day is None:
        return guessed or (None, ())
    codes = {code for found in lost for code in _words_of(found, "codes")}
    told = wanted.template or _read_codes(codes, guessed[0].plan, day)
    spoken = {language for found in lost for language in _words_of(found, "spoken")}
    language = next((each for each in LANGUAGES if spoken == {each}), guessed[0].language)
    asked, findings = define.define_round(book, told or guessed[0].template, day, None, language)
    words: dict[str, str | int | Text] = {
        "template": asked.template.name,
        "day": day.isoformat(),
        "count": shown[most or ""],
    }
    assumed = (("template-assumed", codes and not told), ("as-of-assumed", not wanted.as_of))
    doubts = (find(code, Place(asked.plan.file), words=words) for code, holds in assumed if holds)
    return asked, (*findings, *doubts)


def _read_codes(codes: Collection[str], plan: Plan, day: date) -> Template | None:
    """Return the template of ours that one of the codes above the tables tells of."""
    from xlflow import define

    for name in define.shipped_names() if codes else ():
        if any(form_code(f"{name} {day.isoformat()}", unit.name) in codes for unit in plan.units):
            return define.load_template(name)
    return None


def _words_of(found: Finding, name: str) -> list[str]:
    return str(dict(found.words).get(name, "")).split()


def _find_named(lost: Iterable[Finding], template: Template | None) -> tuple[str, date | None]:
    """Return the template and the day of the latest round, of the wanted template, that a form names which tells
    no more than that."""
    rounds: list[tuple[date, str]] = []
    for found in lost:
        name, _, day = str(dict(found.words).get("round", "")).rpartition(" ")
        with suppress(ValueError):
            if template is None or template.name == name:
                rounds.append((date.fromisoformat(day), name))
    as_of, name = max(rounds, default=(None, ""))
    return name, as_of

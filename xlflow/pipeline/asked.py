"""Which round a run is about, and what it asks of whom: as the plan and the forms tell, or whoever runs it.

A plan names no day. Whoever runs it may; else a form tells that still says what it is; else what stands above the
tables of forms that have lost all the rest, which is said to be an assumption.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from xlflow import collect, named
from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import form_code
from xlflow.core.model import Filled, Round
from xlflow.core.words import LANGUAGES
from xlflow.excel.incoming import Book

_Asked = tuple[Round | None, tuple[Finding, ...]]


def plan_round(plan: Path, filled: Sequence[Filled], lost: Sequence[Finding], as_of: date | None) -> _Asked:
    """Return the plan as asked in the round of the forms; where all forms have lost what was asked in them, of the
    round that one of them names or shows; else as far as the plan alone tells."""
    from xlflow import define

    book = named.open_plan(plan)
    key = choose_key(filled, as_of)
    known = next((form.round for form in filled if form.round.key == key), None)
    if known:
        return define.define_round(book, known.template, known.as_of, known.due, known.language)
    name, day = _find_named(lost)
    if name in define.shipped_names() and day and as_of in (None, day):
        template = define.load_template(name)
        return define.define_round(book, template, day, None, define.find_language(book, template))
    return _guess_round(book, lost, as_of)


def choose_key(filled: Sequence[Filled], as_of: date | None) -> str | None:
    """Return the key of the round that most units answered, of those of a day if one is given."""
    return collect.choose_round(form for form in filled if as_of in (None, form.round.as_of))


def key_of_day(filled: Sequence[Filled], as_of: date | None) -> str | None:
    """Return the key of the round of a day: that of the forms, or where there is none, one that no form has."""
    return (choose_key(filled, as_of) or f" {as_of.isoformat()}") if as_of else None


def _guess_round(book: Book, lost: Sequence[Finding], as_of: date | None) -> _Asked:
    """Return what a plan asks, by its headings, on the day that is given or that most of the forms show."""
    from xlflow import define

    guessed = define.guess_round(book)
    shown = Counter(day for found in lost for day in _words_of(found, "days"))
    most = max(shown, key=lambda day: (shown[day], day), default=None)
    day = as_of or (date.fromisoformat(most) if most else None)
    if guessed is None or day is None:
        return guessed or (None, ())
    codes = {code for found in lost for code in _words_of(found, "codes")}
    units = [unit.name for unit in guessed[0].plan.units]
    told = (
        name
        for name in define.shipped_names()
        if any(form_code(f"{name} {day.isoformat()}", unit) in codes for unit in units)
    )
    name = next(told, guessed[0].template.name)
    spoken = {language for found in lost for language in _words_of(found, "spoken")}
    language = next((each for each in LANGUAGES if spoken == {each}), guessed[0].language)
    asked, findings = define.define_round(book, define.load_template(name), day, None, language)
    if as_of:
        return asked, findings
    told_so = find(
        "as-of-assumed", Place(asked.plan.file), words={"day": day.isoformat(), "count": shown[most or ""]}
    )
    return asked, (*findings, told_so)


def _words_of(found: Finding, name: str) -> list[str]:
    return str(dict(found.words).get(name, "")).split()


def _find_named(lost: Iterable[Finding]) -> tuple[str, date | None]:
    """Return the template and the day of the latest round that a form names which tells no more than that."""
    rounds: list[tuple[date, str]] = []
    for found in lost:
        name, _, day = str(dict(found.words).get("round", "")).rpartition(" ")
        with suppress(ValueError):
            rounds.append((date.fromisoformat(day), name))
    as_of, name = max(rounds, default=(None, ""))
    return name, as_of

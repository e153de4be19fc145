"""The sections of the summary sheet: by what is grouped, which groups there are, and how each is called.

A group is picked by what stands in a column of one of the tables; blank is a group too, and what is beyond the
groups that fit goes together in one row, so that a section always tells of everything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.core.model import Deadline, Grid
from xlflow.core.summary import Group, Match, Measure, Section
from xlflow.core.words import say
from xlflow.summarise.material import Material
from xlflow.summarise.tables import QUARTER, UNIT
from xlflow.summarise.wording import show_quarter

MOST_GROUPS = 60
"""Groups that a section shows; what is beyond goes together in one row."""

LONGEST_LABEL = 90
"""Characters of a group's text that are shown, where its beginning tells it from the others."""

UNIT_KEY = "unit"
"""The key by which a template's summary names the units."""


@dataclass(frozen=True, slots=True)
class View:
    """What the panels are made from."""

    material: Material
    grids: Mapping[str, Grid]

    def say(self, word: str, **values: object) -> str:
        """Return a word of the overview in the round's language."""
        return say(f"overview.{word}", self.material.language, **values)

    def has(self, table: str, column: str) -> bool:
        """Return whether a grid has a column of texts under this key."""
        texts = ("text", "group", "status")
        return any(each.key == column and each.kind in texts for each in self.grids[table].columns)

    def texts(self, table: str, column: str, where: Sequence[Match] = ()) -> dict[str, None]:
        """Return the texts of a column in the rows that match, each once, in the order in which they come."""
        grid = self.grids[table]
        places = {each.key: place for place, each in enumerate(grid.columns)}
        asked = [(places[match.column], match.text) for match in where]
        rows = (row for row in grid.rows if all((row[place] or "") == text for place, text in asked))
        return dict.fromkeys(str(row[places[column]] or "") for row in rows)


@dataclass(frozen=True, slots=True)
class Grouping:
    """By what is grouped (a template's key or UNIT_KEY), and in which column of which table that stands; `where`
    picks the rows that are grouped."""

    by: str
    title: str
    table: str
    column: str
    where: tuple[Match, ...] = ()


def find_groupings(view: View, is_meant: Callable[[str], bool]) -> Iterator[Grouping]:
    """Yield by what the figures about some fields are grouped, as the template says or else as suits any."""
    template, language = view.material.template, view.material.language
    if template.summaries:
        meant = [summary for summary in template.summaries if is_meant(summary.of)]
        titles = {summary.by: summary.title.say(language) for summary in reversed(meant)}
        named = [(by, titles[by]) for by in dict.fromkeys(summary.by for summary in meant)]
    else:
        columns = [level for level in template.levels if level.kind == "group"]
        timed = [view.material.deadline] if view.material.deadline else []
        labels = [(column.key, column.label.say(language)) for column in (*columns, *timed)]
        labels.append((UNIT_KEY, say("column.unit", language)))
        named = [(by, view.say("by", what=label.lower())) for by, label in labels]
    yield from (Grouping(by, title, *_find_column(by, view)) for by, title in named)


def make_section(grouping: Grouping, measures: tuple[Measure, ...], view: View) -> Iterator[Section]:
    """Yield the section that groups by a column, if its table has that and there is anything to group."""
    if not view.has(grouping.table, grouping.column):
        return
    texts = _group_texts(grouping, view)
    shown = texts if len(texts) <= MOST_GROUPS + 1 else texts[:MOST_GROUPS]
    groups = [Group(*_label(text, grouping.column, texts, view)) for text in shown]
    if len(shown) < len(texts):
        groups.append(Group(view.say("others", count=len(texts) - len(shown)), (), "others"))
    shared = grouping.by == UNIT_KEY and any(len(units) > 1 for units in view.material.units_of.values())
    note = view.say("several_count_each") if shared else ""
    if groups:
        yield Section(grouping.by, grouping.title, tuple(groups), measures, note=note)


def _group_texts(grouping: Grouping, view: View) -> list[str]:
    """Return the texts to group by: units as asked, quarters by time, others as they come; what is blank last."""
    if grouping.by == UNIT_KEY:
        return list(view.texts("units", UNIT))
    texts = list(view.texts(grouping.table, grouping.column, grouping.where))
    if grouping.column == QUARTER:
        times = _quarter_order(view.material)
        return sorted(texts, key=lambda text: times.get(text, date.max))
    return sorted(texts, key=lambda text: not text)


def _label(text: str, column: str, texts: Sequence[str], view: View) -> tuple[str, tuple[Match, ...]]:
    """Return how a group is shown, and what picks its rows."""
    if not text:
        return view.say("not_stated"), (Match(column, ""),)
    start = _shorten(text)
    others = (other for other in texts if other != text)
    if start == text or any(other.casefold().startswith(start.casefold()) for other in others):
        return text, (Match(column, text),)
    return start, (Match(column, text, start=start),)


def _shorten(text: str) -> str:
    """Return the first line of a text, or as many of its first words as a label may have."""
    line = text.split("\n", maxsplit=1)[0].rstrip()
    return line if len(line) <= LONGEST_LABEL else line[: LONGEST_LABEL + 1].rsplit(" ", 1)[0][:LONGEST_LABEL]


def _find_column(by: str, view: View) -> tuple[str, str]:
    """Return the table that is counted in, and its column, for grouping by a unit, level or field."""
    template = view.material.template
    if by == UNIT_KEY:
        return "answers", UNIT
    if view.material.deadline and by == view.material.deadline.key:
        return "activities", QUARTER
    issued = {*(level.key for level in template.levels), *(field.key for field in template.given())}
    return ("activities" if by in issued else "answers"), by


def _quarter_order(material: Material) -> Mapping[str, date]:
    """Return the last day of each quarter that a deadline of the plan lies in, by how the quarter is shown."""
    key = material.deadline.key if material.deadline else ""
    deadlines = (line.value(key) for line in material.lines)
    return {show_quarter(d, material): d.last for d in deadlines if isinstance(d, Deadline) and d.last}

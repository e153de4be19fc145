"""What the summary sheet tells: which figures, by which groups. Driven by the template and by the tables.

A template says by its `summaries` what is counted by what; one that says nothing gets the tables that its fields
call for. The figures themselves are worked out by `figures`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from xlflow.core.findings import Severity
from xlflow.core.model import Grid
from xlflow.core.summary import Fact, Group, Match, Measure, Panel, Section
from xlflow.core.template import Field
from xlflow.core.words import format_day, say
from xlflow.summarise.changes import FLAGS, KIND, flag_key
from xlflow.summarise.figures import Tally
from xlflow.summarise.material import Material, Standing
from xlflow.summarise.sections import UNIT_KEY, View, find_groupings, make_section
from xlflow.summarise.tables import ID, ORIGIN, OVERDUE, ROLLED_UP, SOURCE
from xlflow.summarise.wording import NUMBERS, show_standing

COUNTED_KINDS = ("delayed", "overdue_since", "cancelled", "done", "new", "gone")
"""The kinds of change of which a line can be of one only."""

WEIGHTS = (Severity.ERROR, Severity.WARNING)
"""What is counted among the findings; notes ask nothing of anybody."""


def make_facts(material: Material, tally: Tally) -> tuple[Fact, ...]:
    """Return the single figures at the top: who has answered, what is left, what was found."""
    language = material.language
    answered, blank, missing = (say(f"collected.{state}", language) for state in ("answered", "blank", "missing"))
    nothing = say("nothing.label", language)
    facts = [
        ("asked", _count("units", Match("_answer", "", holds=False))),
        ("answered", _count("units", Match("_answer", answered))),
        *([("nothing", _count("units", Match("_answer", nothing)))] if material.nothing else ()),
        *([("blank", _count("units", Match("_answer", blank)))] if material.blank else ()),
        ("missing", _count("units", Match("_answer", missing))),
        ("unanswered", Measure("", "sum", "units", of="_unanswered")),
        *(
            (f"{weight}s", _count("remarks", Match("_severity", say(f"collected.{weight}", language))))
            for weight in WEIGHTS
        ),
    ]
    return (
        *(tally.state(say(f"overview.{key}", language), measure) for key, measure in facts),
        *_special_facts(material, tally),
    )


def make_panels(material: Material, grids: Mapping[str, Grid], tally: Tally) -> tuple[Panel, ...]:
    """Return the tables of figures: of statuses, of amounts, and of each further question that is asked about."""
    view = View(material, grids)
    kinds = (_make_status_panel, _make_number_panel, _make_choice_panels, _make_change_panel)
    panels = (panel for make in kinds for panel in make(view) if panel.sections)
    return tuple(
        replace(panel, sections=tuple(tally.work_out(section) for section in panel.sections)) for panel in panels
    )


# Panels ---------------------------------------------------------------------------------------------------


def _make_status_panel(view: View) -> Iterator[Panel]:
    """How activities, and apart from them sub-activities, fall on the statuses."""
    status = view.material.status
    if status is None:
        return
    labels = _status_labels(view)
    items = _items_only(view)
    sections = [_whole_of_statuses(view, labels)]
    for grouping in find_groupings(view, status.key.__eq__):
        if grouping.table == "activities" or grouping.by == UNIT_KEY:
            measures = _status_measures(grouping.table, labels, items, view)
            sections += make_section(replace(grouping, where=items), measures, view)
    item = view.material.template.levels[view.material.template.item]
    title = view.say("by_status", items=item.many(view.material.language))
    yield Panel(title, _headings(sections[0]), tuple(sections), status=True)


def _make_number_panel(view: View) -> Iterator[Panel]:
    """What the amounts add up to."""
    template = view.material.template
    numbers = [field for field in template.shown() if field.type in NUMBERS and not field.percent]
    named = {summary.of for summary in template.summaries}
    shown = [field for field in numbers if field.key in named] or ([] if template.summaries else numbers)
    if not shown:
        return
    keys = {field.key for field in shown}
    note = view.say("left_out") if _find_not_computed(view.material) else ""
    sections = [Section("", "", (Group(view.say("total")),), _sums("activities", shown, view), note=note)]
    alone = all(len(units) == 1 for units in view.material.units_of.values())
    for each in find_groupings(view, keys.__contains__):
        grouping = replace(each, table="activities") if alone and each.by == UNIT_KEY else each
        sections += make_section(grouping, _sums(grouping.table, shown, view), view)
    yield Panel(view.say("amounts"), _headings(sections[0]), tuple(sections))


def _make_choice_panels(view: View) -> Iterator[Panel]:
    """How the answers to each further question fall, where the template asks for it."""
    template, language = view.material.template, view.material.language
    named = dict.fromkeys(summary.of for summary in template.summaries)
    fields = [field for field in template.asked() if field.key in named and field.type in ("choice", "yes_no")]
    for field in fields:
        if field is view.material.status:
            continue
        measures = _choice_measures(field, view)
        all_answers = Group(view.say("all_answers"), (Match(SOURCE, "", holds=False),))
        sections = [Section("", "", (all_answers,), measures)]
        for grouping in find_groupings(view, field.key.__eq__):
            sections += make_section(replace(grouping, table="answers"), measures, view)
        yield Panel(field.label.say(language), _headings(sections[0]), tuple(sections))


def _make_change_panel(view: View) -> Iterator[Panel]:
    """What has become of activities, and apart from them of sub-activities, since the previous round."""
    material = view.material
    if material.before is None:
        return
    template, language = material.template, material.language
    groups = [Group(template.levels[template.item].many(language), _items_only(view))]
    if template.part is not None:
        part = template.levels[template.part]
        groups.append(Group(part.many(language), (Match(part.key, "", holds=False),)))
    section = Section("", "", tuple(groups), tuple(_change_measures(material)))
    day = format_day(material.before.as_of, language)
    yield Panel(say("changed.title", language, day=day), _headings(section), (section,))


# Measures -------------------------------------------------------------------------------------------------


def _whole_of_statuses(view: View, labels: Sequence[str]) -> Section:
    template, language = view.material.template, view.material.language
    groups = [
        Group(template.levels[template.item].many(language), _items_only(view)),
        Group(view.say("share"), (), "share"),
    ]
    if template.part is not None and not all(map(view.material.is_item, view.material.lines)):
        part = template.levels[template.part]
        label = view.say("parts", parts=part.many(language))
        groups.append(Group(label, (Match(part.key, "", holds=False),)))
    return Section("", "", tuple(groups), _status_measures("activities", labels, (), view))


def _status_measures(
    table: str, labels: Sequence[str], items: tuple[Match, ...], view: View
) -> tuple[Measure, ...]:
    """Return one count per status, then what is not answered, the total, and what is overdue."""
    language, timed = view.material.language, view.material.deadline is not None
    unanswered, late = (say(f"consolidated.{key}", language) for key in ("unanswered", "overdue"))
    counts = [Measure(label, "count", table, (*items, Match(ROLLED_UP, label))) for label in labels]
    across = Measure(view.say("total"), "across")
    if table == "activities":
        rest = Measure(unanswered, "count", table, (*items, Match(ROLLED_UP, unanswered)))
        overdue = Measure(late, "count", table, (*items, Match(OVERDUE, say("values.yes", language))))
    else:
        rest, overdue = (
            Measure(unanswered, "rest", "units", of="_items"),
            Measure(late, "sum", "units", of="_overdue"),
        )
    return (*counts, rest, across, *([overdue] if timed else ()))


def _change_measures(material: Material) -> Iterator[Measure]:
    """Yield a count for each kind of change, then for each thing that may have changed besides."""
    language = material.language
    for kind in COUNTED_KINDS:
        label = say(f"changed.{kind}", language)
        yield Measure(label, "count", "changes", (Match(KIND, label),))
    for flag in FLAGS if material.status else FLAGS[1:]:
        where = (Match(flag_key(flag), say("values.yes", language)),)
        yield Measure(say(f"changed.any_{flag}", language), "count", "changes", where)


def _sums(table: str, fields: Sequence[Field], view: View) -> tuple[Measure, ...]:
    language = view.material.language
    return tuple(
        Measure(field.label.say(language), "sum", table, of=field.key, signed=field.computed is not None)
        for field in fields
    )


def _choice_measures(field: Field, view: View) -> tuple[Measure, ...]:
    """Return one count per accepted answer, then one for everything else, then the total."""
    template, language = view.material.template, view.material.language
    if field.type == "choice":
        labels = [option.label.say(language) for option in template.choice_list(field).options]
    else:
        labels = [say(f"values.{key}", language) for key in ("yes", "no")]
    counts = (Measure(label, "count", "answers", (Match(field.key, label),)) for label in labels)
    rest = Measure(view.say("other_or_blank"), "rest", "answers", (Match(SOURCE, "", holds=False),))
    return (*counts, rest, Measure(view.say("total"), "across"))


def _status_labels(view: View) -> list[str]:
    """Return the labels of the statuses, then whatever else an open list let in."""
    material = view.material
    known = [option.label.say(material.language) for option in material.choices.values()]
    apart = {say("consolidated.unanswered", material.language), _follows(material)}
    found = (text for table in ("activities", "answers") for text in view.texts(table, ROLLED_UP))
    return [*known, *sorted(set(found) - {*known, *apart, ""})]


def _items_only(view: View) -> tuple[Match, ...]:
    """Return what picks activities and leaves their sub-activities out."""
    part = view.material.template.part
    return () if part is None else (Match(view.material.template.levels[part].key, ""),)


def _special_facts(material: Material, tally: Tally) -> Iterator[Fact]:
    """Yield the figures that only some rounds have: units' own activities, sub-activities without a status."""
    template, language = material.template, material.language
    if material.status or material.deadline or material.limits:
        yield tally.state(say("overview.deviations", language), _count("deviations", Match(ID, "", holds=False)))
    if material.before:
        day = format_day(material.before.as_of, language)
        yield tally.state(
            say("overview.changed", language, day=day), _count("changes", Match(ID, "", holds=False))
        )
    for field in _find_not_computed(material):
        words = {"items": template.levels[template.item].many(language), "field": field.label.say(language)}
        yield tally.state(
            say("overview.not_computed", language, **words), _count("activities", Match(field.key, ""))
        )
    if any(line.own for line in material.lines):
        own = Match(ORIGIN, say("consolidated.from_unit", language))
        items = template.levels[template.item].many(language).lower()
        yield tally.state(say("overview.own", language, items=items), _count("activities", own))
    if template.part is not None and any(standing.follows for standing in material.standings.values()):
        levels = template.levels[template.part], template.levels[template.item]
        label = say(
            "overview.followers",
            language,
            parts=levels[0].many(language),
            item=levels[1].label.say(language).lower(),
        )
        yield tally.state(label, _count("activities", Match(ROLLED_UP, _follows(material))))


def _find_not_computed(material: Material) -> list[Field]:
    """Return the amounts that cannot be worked out on every line, since something that they need is lacking."""
    amounts = [field for field in material.template.shown() if field.computed and not field.percent]
    return [f for f in amounts if any(material.number_of(line, f.key) is None for line in material.lines)]


def _follows(material: Material) -> str:
    return show_standing(Standing(follows=True), material)


def _count(table: str, *where: Match) -> Measure:
    return Measure("", "count", table, where)


def _headings(section: Section) -> tuple[str, ...]:
    return tuple(measure.heading for measure in section.measures)

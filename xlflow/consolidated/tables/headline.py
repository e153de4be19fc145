"""What the summary sheet says first: one headline on what is wrong, and up to five large figures.

Everything is counted in the tables, and a sentence says no more than what is known: where nobody has answered,
nothing is said to go by the plan.
"""

from collections.abc import Iterator

from xlflow.consolidated.summary_model import (
    ID_COLUMN,
    OVERDUE_COLUMN,
    RESPONSE_COLUMN,
    ROLLED_UP_COLUMN,
    ROW_COUNT_COLUMN,
    SEVERITY_COLUMN,
    UNANSWERED_COLUMN,
    Card,
    CountedSentence,
    Measure,
    RowFilter,
    count_measure,
    sum_measure,
)
from xlflow.consolidated.tables.figures import FigureCalculator
from xlflow.consolidated.tables.measures import (
    activity_filters_of,
    deviation_labels,
    list_amount_differences,
    shows_thousands,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.i18n.catalogue import label_in_sentence, translate
from xlflow.i18n.count_sentences import plural_level_name


def build_headline(merged_index: MergedIndex, calculator: FigureCalculator) -> tuple[CountedSentence, ...]:
    """Return the sentences of the headline: what deviates, what is past its deadline, how many are missing, what
    is to be corrected."""
    items = _count_activities(merged_index)
    facts = [
        ("deviating", _deviating_terms(merged_index), (items,)),
        ("past", _overdue_terms(merged_index), ()),
        ("beyond", _beyond_terms(merged_index), (items,)),
        ("silent", (_count_units(merged_index, "missing"), _count_units(merged_index, "blank")), (_asked(),)),
        ("wrong", (_count_findings(merged_index, "error"),), ()),
    ]
    return tuple(
        calculator.count_sentence(_sentence(f"headline_{key}", terms, totals, merged_index))
        for key, terms, totals in facts
        if terms
    )


def build_cards(merged_index: MergedIndex, calculator: FigureCalculator) -> tuple[Card, ...]:
    """Return the large figures, those that a template has none of left out."""
    return tuple(_build_cards(merged_index, calculator))


def _build_cards(merged_index: MergedIndex, calculator: FigureCalculator) -> Iterator[Card]:
    language = merged_index.language
    items, yes = _count_activities(merged_index), translate("values.yes", language)

    def card(
        key: str, terms: tuple[Measure, ...], note_terms: tuple[Measure, ...], table: str, *filters: RowFilter
    ) -> Card:
        note = calculator.count_sentence(_sentence(f"card_{key}", note_terms, (), merged_index))
        label = translate(f"overview.card_{key}", language)
        return Card(label, terms, calculator.add_up(terms), note, table, filters, is_alarming=key != "answered")

    differences = list_amount_differences(merged_index)
    if differences:
        label, measure = differences[0]
        in_thousands = shows_thousands(merged_index)
        if in_thousands:
            label = translate("overview.in_tkr", language, label=label)
        unknown = (count_measure("activities", RowFilter(measure.heading, "")),)
        note = calculator.count_sentence(_sentence("card_amount", unknown, (), merged_index))
        yield Card(label, (measure,), calculator.add_up((measure,)), note, "activities", in_thousands=in_thousands)
    if deviating := _deviating_terms(merged_index):
        yield card("deviating", deviating, (items,), "deviations")
    if overdue := _overdue_terms(merged_index):
        yield card("past", overdue, (items,), "activities", RowFilter(OVERDUE_COLUMN, yes))
    if beyond := _beyond_terms(merged_index):
        yield card("beyond", beyond, (items,), "deviations")
    rows_asked = (sum_measure("units", ROW_COUNT_COLUMN),)
    yield card("unanswered", (sum_measure("units", UNANSWERED_COLUMN),), rows_asked, "units")
    errors, warnings = _count_findings(merged_index, "error"), _count_findings(merged_index, "warning")
    yield card("wrong", (errors,), (warnings,), "findings", *errors.filters)
    yield card("answered", _answered_terms(merged_index), (_asked(),), "units")


def _sentence(
    key: str, terms: tuple[Measure, ...], totals: tuple[Measure, ...], merged_index: MergedIndex
) -> CountedSentence:
    """Return a sentence of words.toml in its three forms, with the names of the activities filled in."""
    language, level = merged_index.language, merged_index.template.item_level
    words = {
        "item": label_in_sentence(level.label, language),
        "items": plural_level_name(level, language),
        "count": "{count}",
        "total": "{total}",
    }
    none, one, many = (translate(f"overview.{key}_{form}", language, **words) for form in ("none", "one", "many"))
    return CountedSentence(none, one, many, terms, totals)


def _count_activities(merged_index: MergedIndex) -> Measure:
    filters = activity_filters_of(merged_index.template)
    return count_measure("activities", RowFilter(ID_COLUMN, "", equals=False), *filters)


def _deviating_terms(merged_index: MergedIndex) -> tuple[Measure, ...]:
    if merged_index.status_field is None:
        return ()
    filters = activity_filters_of(merged_index.template)
    labels = deviation_labels(merged_index.template, merged_index.language)
    return tuple(count_measure("activities", *filters, RowFilter(ROLLED_UP_COLUMN, label)) for label in labels)


def _overdue_terms(merged_index: MergedIndex) -> tuple[Measure, ...]:
    if merged_index.status_field is None or merged_index.deadline_field is None:
        return ()
    filters = activity_filters_of(merged_index.template)
    overdue = RowFilter(OVERDUE_COLUMN, translate("values.yes", merged_index.language))
    return (count_measure("activities", *filters, overdue),)


def _beyond_terms(merged_index: MergedIndex) -> tuple[Measure, ...]:
    """Return how many rows have an amount above a threshold, where that is all that a deviation can be."""
    if merged_index.status_field or not merged_index.thresholds:
        return ()
    return (count_measure("deviations", RowFilter(ID_COLUMN, "", equals=False)),)


def _asked() -> Measure:
    return count_measure("units", RowFilter(RESPONSE_COLUMN, "", equals=False))


def _count_units(merged_index: MergedIndex, state: str) -> Measure:
    return count_measure(
        "units", RowFilter(RESPONSE_COLUMN, translate(f"collected.{state}", merged_index.language))
    )


def _answered_terms(merged_index: MergedIndex) -> tuple[Measure, ...]:
    nothing = translate("nothing.label", merged_index.language)
    return (
        _count_units(merged_index, "answered"),
        count_measure("units", RowFilter(RESPONSE_COLUMN, nothing)),
    )


def _count_findings(merged_index: MergedIndex, severity: str) -> Measure:
    label = translate(f"collected.{severity}", merged_index.language)
    return count_measure("findings", RowFilter(SEVERITY_COLUMN, label))

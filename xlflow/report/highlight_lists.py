"""The lists of the summary: plan items that are done, deviate, are late or above a threshold, with date and
reason.

A list that would fill pages is shortened and says so; nothing else is left out.
"""

from collections.abc import Callable, Iterator, Sequence

from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import format_item_count
from xlflow.model.template_elements import Choice, Field
from xlflow.report.amount_totals import Amounts, field_value
from xlflow.report.document import Block, Heading, Paragraph, Span, to_spans
from xlflow.report.phrasing import Phrasing, build_limited_list, item_title, label_without_colon, shorten_reason
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus
from xlflow.values import format_deadline


def build_status_lists(round_status: RoundStatus, phrasing: Phrasing, *, with_deviations: bool) -> Iterator[Block]:
    """Yield a list of what is done and, with `with_deviations`, one per deviating status and one of what is
    late."""
    for choice in round_status.status_choices.values():
        if choice.final and not choice.deviation:
            list_items = [
                (to_spans(item_title(item_status.item, round_status.template)))
                for item_status in round_status.activities
                if item_status.status_code == choice.code
            ]
            title = choice.label.in_language(phrasing.language)
            yield from _build_list_section(title, list_items, phrasing, in_tables=with_deviations)
    if not with_deviations:
        return
    for choice in round_status.status_choices.values():
        if choice.deviation:
            yield from _build_deviation_section(choice, round_status, phrasing)
    overdue = list(_matching_items(round_status, lambda entry: entry.is_overdue))
    yield from _build_list_section(
        phrasing.translate("late_heading"),
        [_overdue_sentence(entry, round_status, phrasing) for entry, _ in overdue],
        phrasing,
        counts=_count_items_and_parts(overdue, round_status, phrasing),
    )


def build_threshold_lists(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield a list per number field with a threshold: the activities whose amount is above it."""
    for field in round_status.fields_with_threshold:
        exceeding = [
            item_status
            for item_status in round_status.activities
            if field in round_status.fields_above_threshold(item_status)
        ]
        title = translate(
            "consolidated.beyond", phrasing.language, field=label_without_colon(field.label, phrasing.language)
        )
        yield from _build_list_section(
            title, [_amount_sentence(entry, field, round_status, phrasing) for entry in exceeding], phrasing
        )


def _amount_sentence(
    item_status: ItemStatus, field: Field, round_status: RoundStatus, phrasing: Phrasing
) -> tuple[Span, ...]:
    amount = Amounts(round_status).format_amount(field_value(item_status, field), field)
    reason = shorten_reason(_role_value(item_status.answers, "comment", round_status)) or phrasing.translate(
        "no_reason"
    )
    name = Span(
        f"{item_title(item_status.item, round_status.template)}{phrasing.units_in_brackets(item_status)}",
        strong=True,
    )
    return (name, *to_spans(f". {label_without_colon(field.label, phrasing.language)}: {amount}. {reason}"))


def _build_list_section(
    title: str,
    items: Sequence[tuple[Span, ...]],
    phrasing: Phrasing,
    *,
    in_tables: bool = True,
    counts: str = "",
) -> Iterator[Block]:
    """Yield a heading and its list; `counts` says what is in it, where that is more than activities."""
    if items:
        yield Heading(2, title, in_contents=False)
        if counts:
            yield Paragraph(to_spans(counts), keep_with_next=True)
        yield from build_limited_list(items, phrasing, in_tables=in_tables)


def _build_deviation_section(choice: Choice, round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield the plan items with a deviating status: as many activities as the summary counts, and their parts."""
    listed = list(_deviating_items(choice, round_status))
    counts = _count_items_and_parts(listed, round_status, phrasing)
    sentences = [_deviation_sentence(entry, choice, round_status, phrasing) for entry, _ in listed]
    yield from _build_list_section(choice.label.in_language(phrasing.language), sentences, phrasing, counts=counts)


def _count_items_and_parts(
    listed: Sequence[tuple[ItemStatus, bool]], round_status: RoundStatus, phrasing: Phrasing
) -> str:
    """Return "Åtta aktiviteter och sex delaktiviteter:" for a list with both, "" for one of activities only."""
    part_count, part_level = sum(is_part for _, is_part in listed), round_status.template.part_level
    if not part_count or part_level is None:
        return ""
    parts = format_item_count(part_count, part_level, phrasing.language)
    if part_count == len(listed):
        return f"{parts[:1].upper()}{parts[1:]}:"
    items = format_item_count(len(listed) - part_count, round_status.template.item_level, phrasing.language)
    return phrasing.translate("listed_counts", items=f"{items[:1].upper()}{items[1:]}", parts=parts)


def _deviating_items(choice: Choice, round_status: RoundStatus) -> Iterator[tuple[ItemStatus, bool]]:
    """Yield (plan item, whether it is a sub-activity) for every item with a status, each activity before its
    parts."""
    return _matching_items(
        round_status, lambda entry: entry.status_code == choice.code and not entry.follows_parent
    )


def _matching_items(
    round_status: RoundStatus, matches: Callable[[ItemStatus], bool]
) -> Iterator[tuple[ItemStatus, bool]]:
    """Yield (plan item, whether it is a sub-activity) for every item that matches, each activity before its
    parts."""
    for top_item in round_status.top_items:
        entries = (top_item, *round_status.parts_by_activity[top_item.item.id])
        yield from ((entry, round_status.is_part(entry)) for entry in entries if matches(entry))


def _is_status_of_parts(activity: ItemStatus, choice: Choice, round_status: RoundStatus) -> bool:
    """Return whether an activity has a status by its parts, and neither new deadline nor reason of its own."""
    parts = round_status.parts_by_activity.get(activity.item.id, ())
    return not activity.answers and any(
        part.status_code == choice.code and not part.follows_parent for part in parts
    )


def _deviation_sentence(
    item_status: ItemStatus, choice: Choice, round_status: RoundStatus, phrasing: Phrasing
) -> tuple[Span, ...]:
    name = _name_span(item_status, round_status, phrasing)
    unit_answers = [
        (reply.unit, reply.answers) for reply in item_status.unit_replies if reply.status_code == choice.code
    ]
    if not unit_answers and _is_status_of_parts(item_status, choice, round_status):
        return (name, *to_spans(f". {phrasing.translate('from_parts')}"))
    if not unit_answers:
        return (
            name,
            *to_spans(
                f". {_deviation_explanation(item_status.answers, item_status, choice, round_status, phrasing)}"
            ),
        )
    explanations = (
        f"{unit}: {_deviation_explanation(answers, item_status, choice, round_status, phrasing)}"
        for unit, answers in unit_answers
    )
    return (name, *to_spans(f". {' '.join(explanations)}"))


def _name_span(item_status: ItemStatus, round_status: RoundStatus, phrasing: Phrasing) -> Span:
    title = item_title(item_status.item, round_status.template)
    return Span(f"{title}{phrasing.completeness_in_brackets(item_status)}", strong=True)


def _deviation_explanation(
    answers: DisplayValues, item_status: ItemStatus, choice: Choice, round_status: RoundStatus, phrasing: Phrasing
) -> str:
    """Return the new deadline and the reason as sentences."""
    new_deadline = _role_value(answers, "new_deadline", round_status)
    reason = shorten_reason(_role_value(answers, "comment", round_status))
    planned_deadline = _role_value(item_status.plan_values, "deadline", round_status)
    sentences = []
    if new_deadline:
        sentences.append(
            phrasing.translate("moved", new=new_deadline, old=planned_deadline)
            if planned_deadline
            else phrasing.translate("moved_only", new=new_deadline)
        )
    elif _requires_new_deadline(choice, round_status):
        sentences.append(phrasing.translate("no_new_time"))
    sentences.append(reason or phrasing.translate("no_reason"))
    return " ".join(sentences)


def _overdue_sentence(item_status: ItemStatus, round_status: RoundStatus, phrasing: Phrasing) -> tuple[Span, ...]:
    badge = phrasing.status_badge(item_status.status_code, item_status.status)
    agreed = item_status.agreed_deadline
    deadline = (
        _role_value(item_status.answers, "new_deadline", round_status)
        or (format_deadline(agreed, round_status.language, round_status.year) if agreed else "")
        or _role_value(item_status.plan_values, "deadline", round_status)
    )
    name = _name_span(item_status, round_status, phrasing)
    return (name, *to_spans(f". {phrasing.translate('late_since', time=deadline, status=badge.label)}"))


def _requires_new_deadline(choice: Choice, round_status: RoundStatus) -> bool:
    """Return whether the template's rules require a new deadline for a status."""
    new_deadline_field, status = round_status.template.field_in_role("new_deadline"), round_status.status_field
    if new_deadline_field is None or status is None:
        return False
    rules = round_status.template.rules
    return any(
        new_deadline_field.key in rule.require and choice.code in rule.when.get(status.key, ()) for rule in rules
    )


def _role_value(values: DisplayValues, role: str, round_status: RoundStatus) -> str:
    field = round_status.template.field_in_role(role)
    return str(values.get(field.key, "")) if field else ""

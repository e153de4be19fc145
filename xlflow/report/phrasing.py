"""Wording of the report: statuses as badges, counts with their nouns, texts of people as paragraphs and lists.

Changes no word that a person wrote. The only text that is shortened, the reason in a list, is complete in the
tables.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from xlflow.i18n.catalogue import Language, LocalizedText, label_in_sentence, translate, translate_counted
from xlflow.i18n.count_sentences import (
    FOLLOWS_PARENT,
    UNANSWERED,
    describe_status_counts,
    follows_activity_text,
    plural_level_name,
)
from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Level
from xlflow.model.text import first_line
from xlflow.report.colours import REPORT_COLOURS, readable_text_colour
from xlflow.report.document import Bullets, Paragraph, Span, StatusBadge, TextStyle, to_spans
from xlflow.rounds.round_status import ItemStatus, RoundStatus

MAX_REASON_LENGTH = 240
"""Characters of a comment that a list gives as the reason; the tables give all of it."""

MAX_LIST_LENGTH = 30
"""Items of a list that are shown; of more it says how many, and the tables have them all."""

_BULLET_PREFIX = re.compile(r"^\s*(?:[-–—•*·]|\u2022)\s+")
_SENTENCE_END = re.compile(r"(?<=[^\s.][.!?])\s+(?=[A-ZÅÄÖ0-9])")


@dataclass(frozen=True)
class Phrasing:
    """The words of one report: its language, and its template's labels in that language."""

    round_status: RoundStatus

    @cached_property
    def language(self) -> Language:
        """The report's language."""
        return self.round_status.language

    def translate(self, key: str, **params: object) -> str:
        """Return one of the report's own words."""
        return translate(f"report.{key}", self.language, **params)

    def translate_counted(self, key: str, count: int, **params: object) -> str:
        """Return one of the report's texts in its form for one or for several."""
        return translate_counted(f"report.{key}", count, self.language, **params)

    @cached_property
    def item_noun(self) -> str:
        """What a plan item is called within a sentence: "aktivitet"."""
        return label_in_sentence(self.round_status.template.item_level.label, self.language)

    @cached_property
    def item_noun_plural(self) -> str:
        """What several plan items are called within a sentence: "aktiviteter"."""
        return plural_level_name(self.round_status.template.item_level, self.language)

    @cached_property
    def status_badges(self) -> tuple[StatusBadge, ...]:
        """Every status in the template's order, then the one for what is not answered."""
        options = self.round_status.status_choices.values()
        choice_badges = (
            make_status_badge(choice.code, choice.label.in_language(self.language), choice.icon, choice.colour)
            for choice in options
        )
        unanswered_label = translate("consolidated.unanswered", self.language)
        return (*choice_badges, make_status_badge(UNANSWERED, unanswered_label, "", REPORT_COLOURS["unanswered"]))

    def item_badge(self, item_status: ItemStatus) -> StatusBadge | None:
        """Return the badge of a plan item's status; None for a sub-activity that has only its activity's."""
        if item_status.follows_parent:
            return None
        return self.status_badge(item_status.status_code, item_status.status)

    def status_badge(self, code: str | None, status: str) -> StatusBadge:
        """Return the badge of a status code; a status without a code is shown as it was written."""
        if not code and status:
            return make_status_badge("", status, "", REPORT_COLOURS["unanswered"])
        return next(badge for badge in self.status_badges if badge.code == (code or UNANSWERED))

    def status_counts_text(self, item_statuses: Sequence[ItemStatus], level: Level) -> str:
        """Return a sentence with the number of plan items per status."""
        codes = (
            FOLLOWS_PARENT
            if item_status.follows_parent
            else item_status.status_code or item_status.status or UNANSWERED
            for item_status in item_statuses
        )
        return describe_status_counts(Counter(codes), level, self.round_status.template, self.language)

    def group_counts_text(self, item_statuses: Sequence[ItemStatus]) -> str:
        """Return how many activities have each status, then of the sub-activities whose activity is not here."""
        template, is_part = self.round_status.template, self.round_status.is_part
        activities = [item_status for item_status in item_statuses if not is_part(item_status)]
        parts = [item_status for item_status in item_statuses if is_part(item_status)]
        sentences = [self.status_counts_text(activities, template.item_level)] if activities or not parts else []
        if parts and template.part_level:
            parts_noun = plural_level_name(template.part_level, self.language)
            sentences.append(self.translate("lone_parts", parts=parts_noun, item=self.item_noun))
            sentences.append(self.status_counts_text(parts, template.part_level))
        return " ".join(sentences)

    def follows_activity_text(self) -> str:
        """Return what is shown as the status of a sub-activity that has only its activity's."""
        return follows_activity_text(self.round_status.template, self.language)

    def completeness_in_brackets(self, item_status: ItemStatus) -> str:
        """Return " (2 av 3 har svarat)" for an incompletely answered item, else ""."""
        return f" ({item_status.completeness})" if item_status.completeness else ""

    def units_in_brackets(self, item_status: ItemStatus) -> str:
        """Return " (Unit A, Unit B)" for a plan item, "" where the report is about one unit or none was asked."""
        units = item_status.item.units
        return f" ({', '.join(units)})" if len(self.round_status.unit_statuses) > 1 and units else ""


def make_status_badge(code: str, label: str, icon: str, fill_colour: str) -> StatusBadge:
    """Return a badge with a text colour that is legible on its fill (#RRGGBB)."""
    return StatusBadge(code, label, icon, readable_text_colour(fill_colour), fill_colour)


def build_limited_list(
    items: Sequence[tuple[Span, ...]], phrasing: Phrasing, *, in_tables: bool = True, tables_above: bool = False
) -> Iterator[Bullets | Paragraph]:
    """Yield a list that would not fill pages; where it is cut short it says so, and where the rest is.

    `in_tables`: the report's tables have every item; where they have not, the list is complete. `tables_above`:
    the tables come before the list.
    """
    shown_count = MAX_LIST_LENGTH if in_tables else len(items)
    if items:
        yield Bullets(tuple(items[:shown_count]))
    if len(items) > shown_count:
        key = "and_more_above" if tables_above else "and_more"
        yield Paragraph(to_spans(phrasing.translate(key, count=len(items) - shown_count)))


def item_title(plan_item: PlanItem, template: Template) -> str:
    """Return the activity's name, followed by the sub-activity's if it is one."""
    part_text = (
        first_line(plan_item.level_texts[template.part_level_index])
        if template.part_level_index is not None
        else ""
    )
    item_text = first_line(plan_item.level_texts[template.item_level_index]).rstrip(".")
    return f"{item_text} – {part_text.rstrip('.')}" if part_text else item_text


def label_without_colon(label: LocalizedText, language: Language) -> str:
    """Return a label without the colon and blanks at its end."""
    return label.in_language(language).rstrip(" :")


def text_after_first_line(text: str) -> str:
    """Return the lines below the first one: the definition of a goal."""
    return text.strip().partition("\n")[2].strip()


def first_sentence(text: str) -> str:
    """Return the first sentence of a template's help text."""
    return _SENTENCE_END.split(text, maxsplit=1)[0]


def shorten_reason(text: str) -> str:
    """Return the first sentences of a comment, whole ones if any fits; a cut is made between words and shown."""
    shortened = ""
    for sentence in _SENTENCE_END.split(_first_paragraph(text)):
        if shortened and len(shortened) + len(sentence) >= MAX_REASON_LENGTH:
            break
        shortened = f"{shortened} {sentence}".strip()
    if len(shortened) <= MAX_REASON_LENGTH:
        return shortened
    return f"{shortened[:MAX_REASON_LENGTH].rsplit(maxsplit=1)[0].rstrip(' ,;:–-')} …"


def _first_paragraph(text: str) -> str:
    """Return the first paragraph; a list that it is, or that it leads to, as a row of words."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    items = [_BULLET_PREFIX.sub("", line) for line in takewhile(_BULLET_PREFIX.match, lines[1:])]
    opening = _BULLET_PREFIX.sub("", lines[0]) if lines else ""
    if lines and opening != lines[0]:
        return "; ".join([opening, *items])
    return f"{opening} {'; '.join(items)}" if items and opening.endswith(":") else opening


def text_to_blocks(text: str, style: TextStyle = "plain") -> Iterator[Paragraph | Bullets]:
    """Yield what a person wrote as paragraphs and lists; a line that begins with a dash or a bullet is a list
    item."""
    items: list[tuple[Span, ...]] = []
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        match = _BULLET_PREFIX.match(line)
        if match:
            items.append(to_spans(line[match.end() :]))
            continue
        yield from _finish_list(items)
        items = []
        yield Paragraph(to_spans(line), style)
    yield from _finish_list(items)


def _finish_list(items: Iterable[tuple[Span, ...]]) -> Iterator[Bullets]:
    list_items = tuple(items)
    if list_items:
        yield Bullets(list_items)

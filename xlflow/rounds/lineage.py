"""Which line of one round is which line of the round before, over rounds and years.

By what the plan says that it continues, by its id, or by its own text where the id has changed; never by a guess.
A line that nothing leads to is new, and one that nothing comes from is gone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.rules.rollup import parent_ids_by_child

MatchMethod = Literal["id", "continues", "text"]

TextKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineageLink:
    """The line of the round before that a line is, and how it was found; `others` if it continues several."""

    previous_id: str
    matched_by: MatchMethod
    other_previous_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundItems:
    """The lines of one round and the template that says what their levels are."""

    items: Sequence[PlanItem]
    template: Template

    def key_without_groups(self, item: PlanItem) -> TextKey:
        """Return a line's own texts, without the groups above it."""
        return tuple(map(normalize_key, item.level_texts[self.template.item_level_index :]))

    def key_with_groups(self, item: PlanItem) -> TextKey:
        """Return a line's texts with those of its groups."""
        return tuple(map(normalize_key, item.level_texts))


def match_plan_items(current: RoundItems, previous: RoundItems) -> Mapping[str, LineageLink]:
    """Return where each line comes from, by its id; new lines are left out.

    What the plan says comes first. Then a line is known by id and text together, by its text with or without its
    groups where only one line of each round has it, and by its id alone: the text was changed then. A part is
    known by its text below the same item.
    """
    matcher = _ItemMatcher(current, previous)
    matcher.link_declared()
    matcher.match_by_key(
        lambda round_items, item: (normalize_key(item.id), *round_items.key_without_groups(item)), "id"
    )
    matcher.match_by_key(lambda side, line: side.key_with_groups(line), "text")
    matcher.match_by_key(lambda side, line: side.key_without_groups(line), "text")
    matcher.match_parts()
    matcher.match_by_key(lambda _, line: (normalize_key(line.id),), "id")
    matcher.match_parts()
    return MappingProxyType(matcher.links)


def find_removed_items(
    previous_items: Iterable[PlanItem], links: Mapping[str, LineageLink]
) -> tuple[PlanItem, ...]:
    """Return the lines of the round before that no line comes from."""
    continued_ids = {
        item_id for link in links.values() for item_id in (link.previous_id, *link.other_previous_ids)
    }
    return tuple(item for item in previous_items if item.id not in continued_ids)


@dataclass(slots=True)
class _ItemMatcher:
    """What has been found so far."""

    current: RoundItems
    previous: RoundItems
    links: dict[str, LineageLink] = field(default_factory=dict)
    linked_previous_ids: set[str] = field(default_factory=set)

    def link_declared(self) -> None:
        """Take what the plan says; several lines may continue one, and one may continue several."""
        ids_by_key = {normalize_key(item.id): item.id for item in self.previous.items}
        ids_by_text = _unique_ids_by_key(
            self.previous.items, lambda line: _reference_key(line, self.previous.template)
        )
        for line in self.current.items:
            references = _split_references(line.continues_from)
            matches = [ids_by_key.get(reference) or ids_by_text.get((reference,)) for reference in references]
            previous_ids = tuple(dict.fromkeys(previous_id for previous_id in matches if previous_id))
            if previous_ids:
                self._add_link(line, LineageLink(previous_ids[0], "continues", previous_ids[1:]))

    def match_by_key(self, key_of: Callable[[RoundItems, PlanItem], TextKey], matched_by: MatchMethod) -> None:
        """Take what has the same key, if it is the only one in its round of those that are still open."""
        current_ids = _unique_ids_by_key(self._unmatched_items(), lambda item: key_of(self.current, item))
        previous_ids = _unique_ids_by_key(
            self._unmatched_previous_items(), lambda line: key_of(self.previous, line)
        )
        self._link_same_keys(current_ids, previous_ids, matched_by)

    def match_parts(self) -> None:
        """Take parts that have the same text below items that are the same."""
        current_parents, previous_parents = (
            parent_ids_by_child(self.current.items, self.current.template),
            parent_ids_by_child(self.previous.items, self.previous.template),
        )

        def current_key(item: PlanItem) -> TextKey:
            parent_link = self.links.get(current_parents.get(item.id, ""))
            return (parent_link.previous_id, *self.current.key_without_groups(item)[1:]) if parent_link else ()

        def previous_key(item: PlanItem) -> TextKey:
            return (
                (previous_parents[item.id], *self.previous.key_without_groups(item)[1:])
                if item.id in previous_parents
                else ()
            )

        self._link_same_keys(
            _unique_ids_by_key(self._unmatched_items(), current_key),
            _unique_ids_by_key(self._unmatched_previous_items(), previous_key),
            "text",
        )

    def _link_same_keys(
        self, current_ids: Mapping[TextKey, str], previous_ids: Mapping[TextKey, str], matched_by: MatchMethod
    ) -> None:
        by_id = {item.id: item for item in self.current.items}
        for key, item_id in current_ids.items():
            if key in previous_ids:
                self._add_link(by_id[item_id], LineageLink(previous_ids[key], matched_by))

    def _add_link(self, item: PlanItem, link: LineageLink) -> None:
        self.links[item.id] = link
        self.linked_previous_ids.update((link.previous_id, *link.other_previous_ids))

    def _unmatched_items(self) -> Iterator[PlanItem]:
        return (item for item in self.current.items if item.id not in self.links)

    def _unmatched_previous_items(self) -> Iterator[PlanItem]:
        return (item for item in self.previous.items if item.id not in self.linked_previous_ids)


def _unique_ids_by_key(items: Iterable[PlanItem], key_of: Callable[[PlanItem], TextKey]) -> Mapping[TextKey, str]:
    """Return the ids of the lines by key, where no other line has the same; blank keys are none."""
    candidate_ids: dict[TextKey, list[str]] = {}
    for item in items:
        key = key_of(item)
        if any(key):
            candidate_ids.setdefault(key, []).append(item.id)
    return {key: item_ids[0] for key, item_ids in candidate_ids.items() if len(item_ids) == 1}


def _reference_key(item: PlanItem, template: Template) -> TextKey:
    """Return the text by which a plan may name a line: its own, on the lowest level that it has."""
    texts: Collection[str] = [text for text in item.level_texts[template.item_level_index :] if text]
    return (normalize_key(list(texts)[-1]),) if texts else ()


def _split_references(text: str) -> list[str]:
    """Return the folded names in a cell: the whole of it, or several parted by semicolons."""
    return list(
        dict.fromkeys(filter(None, (normalize_key(text), *(normalize_key(name) for name in text.split(";")))))
    )

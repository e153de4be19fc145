"""Lines gathered under what stands above them: perspective, overall goal, board goal, in the plan's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlflow.core.followed import ItemStatus, RoundStatus
from xlflow.core.text import normalize_key
from xlflow.core.words import translate
from xlflow.report.wording import first_line, text_after_first_line


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """The activities under one text of a level: its first line is the name, the rest its definition. A blank
    text (`blank`) has a name of ours."""

    level_index: int
    name: str
    definition: str
    item_statuses: tuple[ItemStatus, ...]
    is_blank: bool = False


def group_by_level(
    item_statuses: Sequence[ItemStatus], round_status: RoundStatus, level_index: int
) -> tuple[ItemGroup, ...]:
    """Return the entries by the name in a level, in the order in which the names come first."""
    statuses_by_name: dict[str, list[ItemStatus]] = {}
    for item_status in item_statuses:
        statuses_by_name.setdefault(
            normalize_key(first_line(item_status.item.level_texts[level_index])), []
        ).append(item_status)
    return tuple(_build_group(level_index, members, round_status) for members in statuses_by_name.values())


def goal_level_index(round_status: RoundStatus) -> int | None:
    """Return the place of the narrowest level above the activities (the board goal); None if there is none."""
    return round_status.template.item_level_index - 1 if round_status.template.item_level_index else None


def _build_group(level_index: int, item_statuses: Sequence[ItemStatus], round_status: RoundStatus) -> ItemGroup:
    text = item_statuses[0].item.level_texts[level_index]
    if text:
        definition = next(
            filter(
                None,
                (
                    text_after_first_line(item_status.item.level_texts[level_index])
                    for item_status in item_statuses
                ),
            ),
            "",
        )
        return ItemGroup(level_index, first_line(text), definition, tuple(item_statuses))
    return ItemGroup(
        level_index, _blank_group_name(item_statuses, round_status), "", tuple(item_statuses), is_blank=True
    )


def _blank_group_name(item_statuses: Sequence[ItemStatus], round_status: RoundStatus) -> str:
    template, language = round_status.template, round_status.language
    if all(item_status.item.added_by_unit for item_status in item_statuses):
        return translate(
            "overview.own",
            language,
            items=template.levels[template.item_level_index].plural_label(language).lower(),
        )
    return translate("overview.not_stated", language)


def walk(groups: Sequence[ItemGroup]) -> Iterator[ItemStatus]:
    """Yield the entries of several groups in order."""
    for group in groups:
        yield from group.item_statuses

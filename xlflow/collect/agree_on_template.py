"""Which definition counts for a round where the forms that came back do not all carry the same one.

A form can only speak for itself: its definition can be altered by whoever fills it in. So the coordinator's
template counts, if one was named; else the one that most units answered in. Reads no answer and changes none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from xlflow.model.submission import Submission
from xlflow.model.template import Template
from xlflow.model.template_definition import definition_of, version_sort_key
from xlflow.model.text import normalize_key


@dataclass(frozen=True, slots=True)
class AgreedTemplate:
    """The template of a round. `common_definitions`: those that more than one unit's form carries, so that nobody
    has altered a single form."""

    template: Template
    common_definitions: frozenset[str]


def agree_on_template(
    submissions: Iterable[Submission],
    round_key: str | None,
    requested: Template | None,
    find_shipped: Callable[[str], Template | None],
) -> AgreedTemplate | None:
    """Return the template of the round with this key, None if no submission is of it.

    `requested` is the coordinator's. Without it that definition counts in which most units answered, a file with
    several units once. Where equally many did, the shipped one (`find_shipped`: name -> template) counts before
    others, then that of the highest version.
    """
    carriers: dict[str, _Carriers] = {}
    for submission in submissions:
        if submission.round.key == round_key:
            template = submission.round.template
            found = carriers.setdefault(definition_of(template), _Carriers(template))
            found.files.add(submission.file.name)
            found.units.add(normalize_key(submission.unit))
    if not carriers:
        return None
    common = frozenset(definition for definition, found in carriers.items() if found.votes > 1)
    name = next(iter(carriers.values())).template.name
    if requested and requested.name == name:
        return AgreedTemplate(requested, common)
    shipped = find_shipped(name) if len(carriers) > 1 else None
    shipped_definition = definition_of(shipped) if shipped else ""

    def rank(definition: str) -> tuple[object, ...]:
        found = carriers[definition]
        version = version_sort_key(found.template.version)
        return found.votes, definition == shipped_definition, version, definition

    return AgreedTemplate(carriers[max(carriers, key=rank)].template, common)


@dataclass(slots=True)
class _Carriers:
    """The files and units whose forms carry one definition."""

    template: Template
    files: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)

    @property
    def votes(self) -> int:
        return min(len(self.files), len(self.units))

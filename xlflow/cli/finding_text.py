"""What the terminal prints of findings: each fault once with all its places, and once what to do about it.

Programs get all of them one by one (`json_output`); nothing is shown to programs alone.
"""

from collections.abc import Iterable, Iterator, Sequence

from xlflow.cli.terminal import PLAIN, Highlight, Look, highlight
from xlflow.cli.text_layout import wrap_text
from xlflow.i18n.catalogue import Language, translate, translate_counted
from xlflow.model.findings import Finding, Severity
from xlflow.pipeline.finding_groups import FindingGroup, format_group_locations, group_findings

_MAX_LOCATIONS = 8
_MAX_NOTES = 12
_HIGHLIGHTS: dict[Severity, Highlight] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "faint",
}
_SYMBOLS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTE: "●"}


def format_findings(findings: Iterable[Finding], language: Language, look: Look = PLAIN) -> str:
    """Return the findings: how many there are, then errors, warnings, notes."""
    groups = group_findings(findings, language)
    if not groups:
        return ""
    counts = ", ".join(count_severities(groups, language).values())
    return "\n\n".join(filter(None, (counts, format_finding_details(groups, language, look))))


def format_finding_details(groups: Sequence[FindingGroup], language: Language, look: Look = PLAIN) -> str:
    """Return each fault and each advice once: personal data first, then errors, warnings, notes."""
    notes = [group for group in groups if group.severity is Severity.NOTE and not group.is_personal_data]
    further_notes = notes[_MAX_NOTES:]
    groups_by_remedy: dict[tuple[Severity, str], list[FindingGroup]] = {}
    for group in groups:
        if group not in further_notes:
            groups_by_remedy.setdefault((group.severity, group.remedy), []).append(group)
    texts = [_format_remedy_groups(remedy_groups, language, look) for remedy_groups in groups_by_remedy.values()]
    if further_notes:
        texts.append("\n".join(_format_further_notes(further_notes, language, look)))
    return "\n\n".join(texts)


def count_severities(groups: Sequence[FindingGroup], language: Language) -> dict[Severity, str]:
    """Return "3 fel", "1 varning", "2 upplysningar" by severity, for those that occur; those on trial left out."""
    counts = {
        severity: sum(
            len(group.findings) for group in groups if group.severity is severity and not group.is_on_trial
        )
        for severity in Severity
    }
    return {
        severity: translate_counted(f"terminal.{severity}s", count, language)
        for severity, count in counts.items()
        if count
    }


def _format_further_notes(groups: Sequence[FindingGroup], language: Language, look: Look) -> Iterator[str]:
    """Yield what is left of the notes, briefly: nothing is shown to programs alone."""
    yield translate("terminal.more_notes", language, count=len(groups))
    for group in groups:
        places = "; ".join(format_group_locations(group, language)[:_MAX_LOCATIONS])
        text = f"- {group.message} {places}".rstrip()
        yield wrap_text(text, look.width, indent="    ", first_indent="  ")


def _format_remedy_groups(groups: Sequence[FindingGroup], language: Language, look: Look) -> str:
    """Return what is wrong and where, fault by fault, and then what to do about all of them."""
    finding_lines = [line for group in groups for line in _format_finding_group(group, language, look)]
    return "\n".join((*finding_lines, wrap_text(groups[0].remedy, look.width, indent="    ")))


def _format_finding_group(group: FindingGroup, language: Language, look: Look) -> Iterator[str]:
    label = translate(f"collected.{group.severity}", language).upper()
    if look.symbols:
        label = f"{_SYMBOLS[group.severity]} {label}"
    text = wrap_text(f"{label}  {group.message}", look.width, indent="    ", first_indent="")
    yield f"{highlight(label, _HIGHLIGHTS[group.severity], look)}{text[len(label) :]}"
    locations = format_group_locations(group, language)
    max_locations = len(locations) if group.is_personal_data else _MAX_LOCATIONS
    yield from (
        wrap_text(location, look.width, indent="        ", first_indent="      ")
        for location in locations[:max_locations]
    )
    if len(locations) > max_locations:
        remaining = translate_counted("terminal.more_places", len(locations) - max_locations, language)
        yield wrap_text(remaining, look.width, indent="      ")

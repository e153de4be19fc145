"""The table that a check or merge begins with: one line per unit, what it has sent and what is left to do."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xlflow.cli.terminal import Look, highlight
from xlflow.cli.text_layout import align_columns
from xlflow.i18n.catalogue import Language, translate, translate_counted
from xlflow.merge.accounts import count_unanswered_by_unit
from xlflow.model.findings import Finding, Severity
from xlflow.model.merged import Merged
from xlflow.model.text import safe_display_name

_MAX_UNITS = 20
"""Up to so many units are all listed; of more, those that have nothing left to do are only counted."""

_ON_TRIAL = "rule-on-trial"


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """One unit: how far it has come ("answered", "blank", "nothing", "missing"; "" for what belongs to no unit),
    its errors, warnings and unanswered rows."""

    name: str
    state: str
    errors: int
    warnings: int
    left: int

    @property
    def needs_attention(self) -> bool:
        """Whether it has sent something in which something is wrong or unanswered."""
        return self.state != "missing" and bool(self.errors or self.warnings or self.left)


def format_unit_table(merged: Merged, findings: Iterable[Finding], language: Language, look: Look) -> str:
    """Return the table as text: the units with most errors first, last the total."""
    summaries = summarize_units(merged, findings)
    shown = [unit for unit in summaries if len(summaries) <= _MAX_UNITS or unit.needs_attention]
    omitted = [unit for unit in summaries if len(summaries) > _MAX_UNITS and not unit.needs_attention]
    header = (
        translate("column.unit", language),
        translate("collected.answer", language),
        *(translate(f"terminal.column_{name}", language) for name in ("errors", "warnings", "left")),
    )
    rows = [header, *(_format_unit(unit, language) for unit in shown)]
    if len(summaries) > 1:
        rows.append(_format_total(summaries, language))
    lines = list(align_columns(rows, look.width, numbers=(2, 3, 4)))
    lines[0] = highlight(lines[0], "strong", look)
    lines[-1:] = [*_describe_omitted(omitted, language), lines[-1]] if len(summaries) > 1 else lines[-1:]
    return "\n".join(lines)


def summarize_units(merged: Merged, findings: Iterable[Finding]) -> tuple[UnitSummary, ...]:
    """Return the units that were asked or have answered, then what belongs to none of them, if anything; those
    with most errors, unanswered rows and warnings first, the missing last."""
    left = count_unanswered_by_unit(merged.round, merged.rows, merged.units_with_nothing_to_report)
    counts: Counter[tuple[str, Severity]] = Counter(
        (finding.unit or "", finding.effective_severity) for finding in findings if finding.code != _ON_TRIAL
    )
    summaries = [
        UnitSummary(
            unit,
            state,
            counts.pop((unit, Severity.ERROR), 0),
            counts.pop((unit, Severity.WARNING), 0),
            left.get(unit, 0),
        )
        for unit, state in _find_states(merged).items()
    ]
    summaries.sort(key=lambda unit: (unit.state == "missing", -unit.errors, -unit.left, -unit.warnings))
    others = {
        severity: sum(count for (_, each), count in counts.items() if each is severity)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    if any(others.values()):
        summaries.append(UnitSummary("", "", others[Severity.ERROR], others[Severity.WARNING], 0))
    return tuple(summaries)


def _find_states(merged: Merged) -> dict[str, str]:
    """Return the state of every unit that was asked or has answered. `Merged` looks through all its rows for each
    of these lists, so each is asked for once."""
    return {
        **dict.fromkeys((unit.name for unit in merged.round.plan.units), "missing"),
        **dict.fromkeys(merged.answered_units, "answered"),
        **dict.fromkeys(merged.units_with_blank_form, "blank"),
        **dict.fromkeys(merged.units_with_nothing_to_report, "nothing"),
    }


def _format_unit(unit: UnitSummary, language: Language) -> tuple[str, ...]:
    name = safe_display_name(unit.name) if unit.state else translate("terminal.no_unit", language)
    state = {"": "", "nothing": translate("nothing.label", language)}.get(unit.state)
    state = translate(f"collected.{unit.state}", language) if state is None else state
    return (name, state, *map(_format_count, (unit.errors, unit.warnings, unit.left)))


def _format_total(summaries: Sequence[UnitSummary], language: Language) -> tuple[str, ...]:
    totals = (sum(getattr(unit, name) for unit in summaries) for name in ("errors", "warnings", "left"))
    return (translate("overview.total", language), "", *map(_format_count, totals))


def _format_count(count: int) -> str:
    return str(count) if count else "–"


def _describe_omitted(omitted: Sequence[UnitSummary], language: Language) -> Iterator[str]:
    """Yield how many units are not listed: those without anything left to do, and those that are missing."""
    missing = sum(unit.state == "missing" for unit in omitted)
    if len(omitted) > missing:
        yield translate_counted("terminal.clean_units", len(omitted) - missing, language)
    if missing:
        yield translate_counted("terminal.missing_units", missing, language)

"""What the terminal prints of a project's round: the screen with one line per unit, one unit, and JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from xlflow.cli.terminal import PLAIN, Highlight, Look, highlight
from xlflow.cli.text_layout import align_columns, wrap_text
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import message_of
from xlflow.model.text import safe_display_name
from xlflow.project.project_state import find_asked_unit, read_frozen_round
from xlflow.project.project_status import ProjectStatus, UnitLine

if TYPE_CHECKING:
    from xlflow.project.project_folder import Project
    from xlflow.project.project_state import RoundState

_NUMBER_COLUMNS = ("left", "errors")
_HIGHLIGHTS: dict[str, Highlight] = {
    "missing": "warning",
    "late": "warning",
    "to-correct": "error",
    "complete": "good",
    "nothing": "good",
}
_COLUMNS = ("unit", "state", "received", "left", "errors", "due", "signed")


def format_status(status: ProjectStatus, language: Language, look: Look = PLAIN) -> str:
    """Return the screen of a round: title, one line per unit, faults, how far it is, who is missing, what next."""
    parts = [
        _format_title(status, language, look),
        "\n".join(_format_table(status.units, language, look)),
        _format_faults(status, language, look),
        wrap_text(_summarise(status, language), look.width),
        "\n".join(_format_missing(status, language, look)),
        "\n".join(wrap_text(line, look.width) for line in _format_mails(status, language)),
        "\n".join(_format_next(status, language, look)),
    ]
    return "\n\n".join(filter(None, parts))


def format_unit_status(
    project: "Project", state: "RoundState", status: ProjectStatus, unit: str, look: Look = PLAIN
) -> str:
    """Return all about one unit: its line, contact, files, decisions with those no longer in force, and the texts
    of the mails that its files came with."""
    from xlflow.project.collect_returns import read_mail_texts
    from xlflow.project.round_files import describe_decision

    language = project.settings.language
    name = find_asked_unit(read_frozen_round(project, state), unit)
    (line,) = (each for each in status.units if each.name == name)
    lines = [translate("status.contact", language, contact=line.contact, email=line.email).rstrip()]
    lines += [translate("status.file", language, file=safe_display_name(file)) for file in line.files]
    for decision in state.decisions:
        if decision.unit == name:
            text = message_of(describe_decision(decision), language)
            lines.append(translate("status.decision_old", language, decision=text) if decision.replaced else text)
    folders = {file.partition("/")[0] for file in line.files}
    words = set(state.mails.words_of(name))
    mails = [file for file in state.files if file.path.split("/")[-2] in folders or file.digest in words]
    texts = (translate(note.word_key, language, **note.params) for note in read_mail_texts(project, mails))
    return "\n".join(
        [
            *_format_table((line,), language, look),
            "",
            *(wrap_text(text, look.width, indent="  ", first_indent="") for text in lines),
            *(f"\n{wrap_text(text, look.width)}" for text in texts),
        ]
    )


def status_to_json(status: ProjectStatus) -> str:
    """Return the status as JSON in plain ASCII; days and times as ISO, findings as with `check --json`."""
    from xlflow.cli.json_output import finding_to_values

    values = {**asdict(status), "findings": [finding_to_values(found, "en") for found in status.findings]}
    return json.dumps(values, indent=2, default=str)


def _format_mails(status: ProjectStatus, language: Language) -> Iterator[str]:
    """Yield which units a mail did not reach, and of which nobody knows."""
    for key, units in (("undelivered", status.undelivered), ("uncertain", status.uncertain)):
        if units:
            yield translate(f"status.{key}", language, units=", ".join(map(safe_display_name, units)))


def _format_faults(status: ProjectStatus, language: Language, look: Look) -> str:
    """Return what is wrong with the log; what formats it is slow to load, and seldom needed."""
    if not status.findings:
        return ""
    from xlflow.cli.finding_text import format_findings

    return format_findings(status.findings, language, look)


def _format_title(status: ProjectStatus, language: Language, look: Look) -> str:
    due = status.due.isoformat() if status.due else "–"
    title = translate("status.title", language, project=status.project, round=status.round, due=due)
    lines = [highlight(wrap_text(title, look.width), "strong", look)]
    return "\n".join([*lines, translate("status.closed", language)] if status.is_closed else lines)


def _format_table(units: Sequence[UnitLine], language: Language, look: Look) -> Iterator[str]:
    """Yield the heading and one line per unit; columns that are blank throughout are left out. Decisions
    about a unit stand below its line."""
    header = tuple(translate(f"status.{column}", language) for column in _COLUMNS)
    rows = [header, *(_format_unit(unit, language) for unit in units)]
    shown = [index for index in range(len(header)) if index < 2 or any(row[index] for row in rows[1:])]
    numbers = [shown.index(index) for index in shown if _COLUMNS[index] in _NUMBER_COLUMNS]
    lines = list(align_columns([[row[index] for index in shown] for row in rows], look.width, numbers=numbers))
    yield from lines[:2]
    for unit, row, line in zip(units, rows[1:], lines[2:], strict=True):
        name = _HIGHLIGHTS.get("late" if unit.is_late else unit.state)
        yield line.replace(f"  {row[1]}", f"  {highlight(row[1], name, look)}", 1) if name else line
        for decision in unit.decisions:
            text = f"{translate('status.decisions', language)}: {_format_decision(decision, language)}"
            yield wrap_text(text, look.width, indent="      ", first_indent="    ")


def _format_unit(unit: UnitLine, language: Language) -> tuple[str, ...]:
    state = "late" if unit.is_late else unit.state.replace("-", "_")
    is_open = unit.state not in ("missing", "not-asked")
    signed = translate("status.fell", language) if unit.sign_off_fell else unit.signed_by
    return (
        safe_display_name(unit.name),
        translate(f"status.{state}", language),
        unit.received[:10],
        f"{unit.left}/{unit.rows}" if is_open else "",
        str(unit.errors) if is_open and unit.errors else "",
        unit.due.isoformat() if unit.due else "",
        safe_display_name(signed),
    )


def _format_decision(decision: str, language: Language) -> str:
    action, _, value = decision.partition(" ")
    return translate(f"decision.{action.replace('-', '_')}", language, value=value)


def _summarise(status: ProjectStatus, language: Language) -> str:
    return translate(
        "status.summary",
        language,
        complete=len(status.select("complete", "nothing")),
        asked=len(status.units) - len(status.select("not-asked")),
        missing=len(status.select("missing")),
        to_correct=len(status.select("to-correct")),
        partly=len(status.select("partly")),
    )


def _format_missing(status: ProjectStatus, language: Language, look: Look) -> Iterator[str]:
    """Yield the addresses of those missing, on one line so that it can be pasted, then who has none, and the files
    that could not be used."""
    missing = status.select("missing")
    addresses = "; ".join(dict.fromkeys(unit.email for unit in missing if unit.email))
    if addresses:
        yield translate("status.addresses", language, addresses=addresses)
    without = _join(unit.name for unit in missing if not unit.email)
    if without:
        yield wrap_text(translate("status.no_address", language, units=without), look.width)
    if status.refused:
        files = _join(name for name, _ in status.refused)
        yield wrap_text(translate("status.refused", language, files=files), look.width)


def _format_next(status: ProjectStatus, language: Language, look: Look) -> Iterator[str]:
    if status.next_steps:
        yield highlight(translate("status.next", language), "strong", look)
    bullet = "→ " if look.symbols else "- "
    for step in status.next_steps:
        yield wrap_text(
            bullet + translate(f"status.{step}", language), look.width, indent="    ", first_indent="  "
        )


def _join(names: Iterable[str]) -> str:
    return ", ".join(map(safe_display_name, names))

"""What the terminal prints of a project's round: the screen with one line per unit, one unit, and JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import message_of
from xlflow.model.text import safe_display_name
from xlflow.project.project_state import find_asked_unit, read_frozen_round
from xlflow.project.project_status import ProjectStatus, UnitLine

if TYPE_CHECKING:
    from xlflow.project.project_folder import Project
    from xlflow.project.project_state import RoundState

_MAX_NAME = 32
_COLUMNS = ("unit", "state", "received", "left", "errors", "due", "signed", "decisions")


def format_status(status: ProjectStatus, language: Language) -> str:
    """Return the screen of a round: title, one line per unit, the missing, what to do next."""
    parts = [
        _format_title(status, language),
        "\n".join(_format_table(status.units, language)),
        _summarise(status, language),
        "\n".join(_format_missing(status, language)),
        _format_faults(status, language),
        "\n".join(_format_next(status, language)),
    ]
    return "\n\n".join(filter(None, parts))


def format_unit_status(project: "Project", state: "RoundState", status: ProjectStatus, unit: str) -> str:
    """Return all about one unit: its line, contact, files, decisions with those no longer in force, and the texts
    of the mails that its files came with."""
    from xlflow.project.collect_returns import read_mail_texts
    from xlflow.project.round_files import describe_decision

    language = project.settings.language
    name = find_asked_unit(read_frozen_round(project, state), unit)
    (line,) = (each for each in status.units if each.name == name)
    lines = [*_format_table((line,), language), ""]
    lines.append(translate("status.contact", language, contact=line.contact, email=line.email).rstrip())
    lines += [translate("status.file", language, file=file) for file in line.files]
    for decision in state.decisions:
        if decision.unit == name:
            text = message_of(describe_decision(decision), language)
            lines.append(translate("status.decision_old", language, decision=text) if decision.replaced else text)
    folders = {file.partition("/")[0] for file in line.files}
    mails = [file for file in state.files if file.path.split("/")[-2] in folders]
    texts = (translate(note.word_key, language, **note.params) for note in read_mail_texts(project, mails))
    return "\n".join([*lines, *(f"\n{text}" for text in texts)])


def status_to_json(status: ProjectStatus) -> str:
    """Return the status as JSON in plain ASCII; days and times as ISO, findings as with `check --json`."""
    from xlflow.cli.json_output import finding_to_values

    values = {**asdict(status), "findings": [finding_to_values(found, "en") for found in status.findings]}
    return json.dumps(values, indent=2, default=str)


def _format_faults(status: ProjectStatus, language: Language) -> str:
    """Return what is wrong with the log; what formats it is slow to load, and seldom needed."""
    if not status.findings:
        return ""
    from xlflow.cli.text_output import format_findings

    return format_findings(status.findings, language)


def _format_title(status: ProjectStatus, language: Language) -> str:
    due = status.due.isoformat() if status.due else "–"
    title = translate("status.title", language, project=status.project, round=status.round, due=due)
    return f"{title}\n{translate('status.closed', language)}" if status.is_closed else title


def _format_table(units: Sequence[UnitLine], language: Language) -> Iterator[str]:
    header = tuple(translate(f"status.{column}", language) for column in _COLUMNS)
    rows = [header, *(_format_unit(unit, language) for unit in units)]
    shown = [index for index in range(len(header)) if index < 2 or any(row[index] for row in rows[1:])]
    widths = {index: max(len(row[index]) for row in rows) for index in shown}
    for row in rows:
        yield "  ".join(row[index].ljust(widths[index]) for index in shown).rstrip()


def _format_unit(unit: UnitLine, language: Language) -> tuple[str, ...]:
    name = safe_display_name(unit.name)
    state = "late" if unit.is_late else unit.state.replace("-", "_")
    is_open = unit.state not in ("missing", "not-asked")
    signed = translate("status.fell", language) if unit.sign_off_fell else unit.signed_by
    return (
        name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…",
        translate(f"status.{state}", language),
        unit.received[:10],
        f"{unit.left}/{unit.rows}" if is_open else "",
        str(unit.errors) if is_open and unit.errors else "",
        unit.due.isoformat() if unit.due else "",
        signed,
        ", ".join(_format_decision(decision, language) for decision in unit.decisions),
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


def _format_missing(status: ProjectStatus, language: Language) -> Iterator[str]:
    missing = status.select("missing")
    addresses = "; ".join(dict.fromkeys(unit.email for unit in missing if unit.email))
    if addresses:
        yield translate("status.addresses", language, addresses=addresses)
    without = _join(unit.name for unit in missing if not unit.email)
    if without:
        yield translate("status.no_address", language, units=without)
    if status.refused:
        yield translate("status.refused", language, files=_join(name for name, _ in status.refused))


def _format_next(status: ProjectStatus, language: Language) -> Iterator[str]:
    if status.next_steps:
        yield translate("status.next", language)
    yield from (f"  {translate(f'status.{step}', language)}" for step in status.next_steps)


def _join(names: Iterable[str]) -> str:
    return ", ".join(map(safe_display_name, names))

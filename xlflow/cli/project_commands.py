"""The commands of a project folder, and what `generate` and others do inside one when no path is given.

As in `commands`: no logic, slow imports where they are used. `PROJECT_COMMANDS` are commands of their own;
`PROJECT_VARIANTS` stand in for the commands of the same name inside a project, unless these are typed in full.
"""

import sys
from pathlib import Path
from typing import Any

import click

from xlflow.cli.console import (
    exit_on_fatal_error,
    parse_date_option,
    parse_language,
    print_output,
    print_result_and_exit,
    show_progress_bars,
)
from xlflow.cli.options import (
    FORCE_OPTION,
    FORM_JOBS_OPTION,
    JOBS_OPTION,
    JSON_OPTION,
    NO_CACHE_OPTION,
    PATH_TYPE,
    ROUND_OPTION,
    UNITS_OPTION,
    add_report_options,
)
from xlflow.cli.round_commands import archive, discard, init, open_chosen_round, round_group, verify

_ACTIONS_WITH_VALUE = ("use", "leave-out", "due", "belongs-to")
_ACTIONS = (*_ACTIONS_WITH_VALUE, "nothing", "not-asked", "asked")


@click.command("generate")
@ROUND_OPTION
@UNITS_OPTION
@FORM_JOBS_OPTION
@FORCE_OPTION
def generate_variant(round_name: str | None, units: tuple[str, ...], jobs: int | None, force: bool) -> None:
    """Make the forms of the project's round, in its folder forms: for each unit that needs one.

    A form that still asks what the round asks is left as it is. Outside a project, or with a plan and -o, it
    makes forms of any plan.
    """
    from xlflow.project.issue_forms import issue_forms

    with open_chosen_round(round_name) as (project, state), show_progress_bars() as progress:
        result = issue_forms(project, state, units, jobs=jobs, force=force, progress=progress)
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Take in what lies in the inbox of the project's round.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=PATH_TYPE)
@ROUND_OPTION
def collect(paths: tuple[Path, ...], round_name: str | None) -> None:
    """Take in what lies in the folder inbox of the round, and copies of the files at PATH.

    Workbooks, archives and mails (.eml, .msg) are kept untouched in the folder received, attachments beside their
    mail. The same file twice counts once. A file that is still being written waits in the inbox.
    """
    from xlflow.project.collect_returns import collect_returns

    with open_chosen_round(round_name) as (project, state):
        result = collect_returns(project, state, paths)
    print_result_and_exit(result, as_json=False)


@click.command("check")
@ROUND_OPTION
@click.option("--return", "return_dir", metavar="DIR", type=PATH_TYPE, help="Folder for forms to send back.")
@JOBS_OPTION
@NO_CACHE_OPTION
@FORCE_OPTION
@JSON_OPTION
def check_variant(round_name: str | None, as_json: bool, no_cache: bool, **options: Any) -> None:
    """Check what the project's round has received: who has answered, and what must be corrected in which cell.

    Ends with 0 if all is well, 1 if something must be corrected, 2 if it could not be done. With a path, it checks
    files outside of the project's rounds.
    """
    from xlflow.project.run_round import check_round

    with open_chosen_round(round_name) as (project, state), show_progress_bars() as progress:
        result = check_round(project, state, cache=not no_cache, progress=progress, **options)
    print_result_and_exit(result, as_json=as_json, in_project=True)


@click.command("merge")
@ROUND_OPTION
@click.option(
    "--export", "export_dir", metavar="DIR", type=PATH_TYPE, help="Write the tables into this folder too."
)
@JOBS_OPTION
@NO_CACHE_OPTION
@FORCE_OPTION
@JSON_OPTION
def merge_variant(round_name: str | None, as_json: bool, no_cache: bool, **options: Any) -> None:
    """Merge what the project's round has received into its consolidated workbook.

    Changes are listed against the round before. With paths and -o, it merges files that are not the project's.
    """
    from xlflow.project.run_round import merge_round

    with open_chosen_round(round_name) as (project, state), show_progress_bars() as progress:
        result = merge_round(project, state, cache=not no_cache, progress=progress, **options)
    print_result_and_exit(result, as_json=as_json, in_project=True)


@click.command("report")
@ROUND_OPTION
@click.option("-o", "--output", metavar="FILE", type=PATH_TYPE, help="The report to write: .docx, .pdf or .html.")
@add_report_options
@JSON_OPTION
def report_variant(round_name: str | None, output: Path | None, as_json: bool, **options: Any) -> None:
    """Make the board's report of the project's round from its consolidated workbook.

    Without -o it is a Word document in the folder of the round.
    """
    from xlflow.project.run_round import report_round

    with open_chosen_round(round_name) as (project, state):
        options["language"] = parse_language(options["language"])
        result = report_round(project, state, output, **options)
    print_result_and_exit(result, as_json=as_json)


@click.command(short_help="Show who has answered, what is late, and what to do next.")
@click.option("--unit", metavar="NAME", help="All about one unit: its files, decisions and mails.")
@ROUND_OPTION
@JSON_OPTION
def status(unit: str | None, round_name: str | None, as_json: bool) -> None:
    """Show the project's round, one line per unit: what came in, what is left, errors, decisions, sign-off.

    Then the addresses of those missing, ready to paste, and what to do next.
    """
    from xlflow.cli.project_text import format_status, format_unit_status, status_to_json
    from xlflow.project.project_status import read_status

    with open_chosen_round(round_name) as (project, state):
        found = read_status(project, state)
        if as_json:
            text = status_to_json(found)
        elif unit:
            text = format_unit_status(project, state, found, unit)
        else:
            text = format_status(found, project.settings.language)
    print_output(text)
    sys.exit(int(any(finding.effective_severity == "error" for finding in found.findings)))


@click.command(short_help="Make the mails of the round as drafts.")
@click.option("--draft", is_flag=True, help="Write .eml files into the folder drafts, which you send yourself.")
@click.option("--remind", "purpose", flag_value="remind", help="Reminders to those who have not answered.")
@click.option("--correct", "purpose", flag_value="correct", help="To those who must correct, their form attached.")
@click.option("--unit", "units", multiple=True, metavar="NAME", help="Only this unit; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Say who would get a mail, and write nothing.")
@ROUND_OPTION
def send(draft: bool, purpose: str | None, units: tuple[str, ...], dry_run: bool, round_name: str | None) -> None:
    """Make the mails of the project's round as drafts: one per unit, its form attached, and a page of links.

    Without --remind or --correct: to every unit whose form has not been mailed yet. The texts are those of
    mails.toml in the project, if there is one.
    """
    from xlflow.model.findings import FatalError, Location, make_finding
    from xlflow.project.send_drafts import send_drafts

    with open_chosen_round(round_name) as (project, state):
        if not (draft or dry_run):
            raise FatalError(make_finding("send-needs-draft", Location("")))
        result = send_drafts(project, state, purpose or "invite", units, dry_run=dry_run)  # type: ignore[arg-type]
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Decide about a unit: which file counts, another due date.")
@click.argument("unit", metavar="UNIT")
@click.argument("action", metavar="DECISION", type=click.Choice(_ACTIONS))
@click.argument("value", default="", metavar="[FILE|DATE|UNIT]")
@click.option("--because", default="", metavar="TEXT", help="The reason; every decision needs one.")
@ROUND_OPTION
def decide(unit: str, action: str, value: str, because: str, round_name: str | None) -> None:
    """Decide about a unit of the project's round, with a reason.

    \b
    use FILE         only this return of the unit counts
    leave-out FILE   this return does not count
    due DATE         another due date for the unit
    nothing          the unit has nothing to report
    not-asked        the unit is not asked after all
    asked            takes back nothing, not-asked or belongs-to
    belongs-to UNIT  the answers are another unit's

    FILE is called as xlflow status --unit shows it. A later decision replaces an opposite one; both are kept.
    """
    from xlflow.model.findings import FatalError, Location, make_finding
    from xlflow.project.decide import decide as record_decision

    with open_chosen_round(round_name) as (project, state):
        if bool(value) != (action in _ACTIONS_WITH_VALUE):
            raise FatalError(make_finding("decision-value", Location(""), value=f"{action} {value}".strip()))
        if action == "due":
            value = parse_date_option(value, "due").isoformat()
        result = record_decision(project, state, unit, action, value, because=because)  # type: ignore[arg-type]
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Record that somebody stands for a unit's answers.")
@click.argument("unit", metavar="UNIT")
@click.option("--by", default="", metavar="NAME", help="Who stands for them; you, if not given.")
@ROUND_OPTION
def sign(unit: str, by: str, round_name: str | None) -> None:
    """Record that somebody stands for a unit's answers as they are now. It falls when they change."""
    from xlflow.project.decide import sign as record_sign_off

    with open_chosen_round(round_name) as (project, state):
        result = record_sign_off(project, state, unit, by)
    print_result_and_exit(result, as_json=False)


@click.command("history")
@click.option("-o", "--output", metavar="FILE.xlsx", type=PATH_TYPE, help="The workbook to write.")
@click.option("--language", type=click.Choice(["sv", "en"]), help="Another language than that of the last round.")
@FORCE_OPTION
def history_variant(output: Path | None, language: str | None, force: bool) -> None:
    """Put all rounds of the project that have been merged side by side: one line per activity."""
    from xlflow.cli.text_output import format_history
    from xlflow.pipeline.report_operations import read_history, write_history
    from xlflow.project.project_folder import open_project
    from xlflow.project.run_round import list_consolidated

    with exit_on_fatal_error(language):
        files = list_consolidated(open_project())
        if output is None:
            print_output(format_history(read_history(files, language=parse_language(language))))
            return
        result = write_history(files, output, language=parse_language(language), force=force)
    print_result_and_exit(result, as_json=False)


PROJECT_COMMANDS: tuple[click.Command, ...] = (
    init,
    round_group,
    collect,
    send,
    status,
    decide,
    sign,
    verify,
    archive,
    discard,
)
PROJECT_VARIANTS: tuple[click.Command, ...] = (
    generate_variant,
    check_variant,
    merge_variant,
    report_variant,
    history_variant,
)

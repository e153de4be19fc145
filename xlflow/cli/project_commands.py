"""The commands of a project folder, and what `generate` and others do inside one when no path is given.

As in `commands`: no logic, slow imports where they are used. `PROJECT_COMMANDS` are commands of their own;
`PROJECT_VARIANTS` stand in for the commands of the same name inside a project, unless these are typed in full.
"""

from pathlib import Path

import click

from xlflow.cli.console import exit_on_fatal_error, parse_date_option, print_result_and_exit, show_progress_bars
from xlflow.cli.options import AS_OF_HELP, FORCE_OPTION, FORM_JOBS_OPTION, PATH_TYPE, ROUND_OPTION, UNITS_OPTION


@click.command(short_help="Make a folder a project, which keeps rounds together.")
@click.argument("folder", default=".", metavar="[DIR]", type=PATH_TYPE)
@click.option("--name", default="", metavar="TEXT", help="The project's name; the folder's, if not given.")
@click.option("--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True)
def init(folder: Path, name: str, language: str) -> None:
    """Make a folder a project: it keeps the plan, forms, answers, decisions and reports of every round.

    Inside it, the other commands need no paths and no days. What is in the folder already stays as it is.
    """
    from xlflow.project.project_folder import init_project

    with exit_on_fatal_error(language):
        result = init_project(folder, name, "en" if language == "en" else "sv")
    print_result_and_exit(result, as_json=False)


@click.group("round", short_help="Open or close a round of the project.")
def round_group() -> None:
    """Open or close a round of the project."""


@round_group.command("open")
@click.option("--as-of", required=True, metavar="DATE", help=AS_OF_HELP)
@click.option("--due", metavar="DATE", help="The day by which the units are to reply.")
@click.option("--plan", type=PATH_TYPE, help="The plan workbook; if not given, that of the round before.")
@click.option("-t", "--template", metavar="NAME", help="A template's name, or a path to one.")
def open_command(as_of: str, due: str | None, plan: Path | None, template: str | None) -> None:
    """Open a round, or open it again with a changed plan or due date.

    The plan is copied into the project, and what it asks is frozen. With a changed plan, it says which items are
    the same and which units need a new form.
    """
    with exit_on_fatal_error():
        from xlflow.project.open_round import open_round
        from xlflow.project.project_folder import open_project

        day = parse_date_option(as_of, "--as-of")
        due_day = parse_date_option(due, "--due") if due else None
        result = open_round(open_project(), day, due_day, plan, template)
    print_result_and_exit(result, as_json=False)


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
    with exit_on_fatal_error(), show_progress_bars() as progress:
        from xlflow.project.issue_forms import issue_forms
        from xlflow.project.project_folder import open_project
        from xlflow.project.project_state import choose_round

        project = open_project()
        state = choose_round(project, _round_name(round_name))
        result = issue_forms(project, state, units, jobs=jobs, force=force, progress=progress)
    print_result_and_exit(result, as_json=False)


def _round_name(text: str | None) -> str | None:
    """Return the name of the round that an option gives by its day."""
    return parse_date_option(text, "--round").isoformat() if text else None


PROJECT_COMMANDS: tuple[click.Command, ...] = (init, round_group)
PROJECT_VARIANTS: tuple[click.Command, ...] = (generate_variant,)

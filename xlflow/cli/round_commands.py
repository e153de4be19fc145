"""The commands that keep a project: begin it, open and close its rounds, verify and archive it.

As in `commands`: no logic, slow imports where they are used.
"""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlflow.cli.console import exit_on_fatal_error, parse_date_option, print_result_and_exit
from xlflow.cli.options import AS_OF_HELP, PATH_TYPE, ROUND_OPTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlflow.project.project_folder import Project
    from xlflow.project.project_state import RoundState


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


@round_group.command("close")
@ROUND_OPTION
def close_command(round_name: str | None) -> None:
    """Close the round: list every file of it with its digest. Nothing is taken in or merged any more."""
    from xlflow.project.close_round import close_round

    with open_chosen_round(round_name) as (project, state):
        result = close_round(project, state)
    print_result_and_exit(result, as_json=False)


@round_group.command("reopen")
@ROUND_OPTION
def reopen_command(round_name: str | None) -> None:
    """Open a closed round again."""
    from xlflow.project.open_round import switch_round

    with open_chosen_round(round_name) as (project, state):
        result = switch_round(project, state, "round-reopened")
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Compare every event and file of the project with what was recorded.")
def verify() -> None:
    """Compare every event and file of the project with what was recorded, and name what is missing or changed."""
    from xlflow.project.close_round import verify_project
    from xlflow.project.project_folder import open_project

    with exit_on_fatal_error():
        result = verify_project(open_project())
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Write the whole project into a .zip.")
@click.argument("target", metavar="ZIP", type=PATH_TYPE)
def archive(target: Path) -> None:
    """Write the whole project into a .zip, after verifying it."""
    from xlflow.project.close_round import archive_project
    from xlflow.project.project_folder import open_project

    with exit_on_fatal_error():
        result = archive_project(open_project(), target)
    print_result_and_exit(result, as_json=False)


@click.command(short_help="Remove the files of a unit that must not be kept.")
@click.argument("unit", metavar="UNIT")
@click.option("--because", default="", metavar="TEXT", help="The reason, which is kept.")
@ROUND_OPTION
def discard(unit: str, because: str, round_name: str | None) -> None:
    """Remove what came in from a unit, with the mails, and the drafts to it. Digests and the reason are kept."""
    from xlflow.project.close_round import discard_files

    with open_chosen_round(round_name) as (project, state):
        result = discard_files(project, state, unit, because=because)
    print_result_and_exit(result, as_json=False)


@contextmanager
def open_chosen_round(round_name: str | None) -> "Iterator[tuple[Project, RoundState]]":
    """Yield the project that one is in, and its round; faults end the command."""
    with exit_on_fatal_error():
        from xlflow.project.project_folder import open_project
        from xlflow.project.project_state import choose_round

        project = open_project()
        yield project, choose_round(project, _round_name(round_name))


def _round_name(text: str | None) -> str | None:
    """Return the name of the round that an option gives by its day."""
    return parse_date_option(text, "--round").isoformat() if text else None

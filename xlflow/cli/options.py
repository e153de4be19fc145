"""Options and arguments that several commands share, with their help texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PATH_TYPE = click.Path(readable=False, path_type=Path)
"""A file or a folder that may not exist: whoever opens it reports what is wrong with it."""

PATHS_ARGUMENT = click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=PATH_TYPE)
PLAN_OPTION = click.option("--plan", type=PATH_TYPE, help="The plan workbook, to see who is missing too.")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, for other programs.")
FORCE_OPTION = click.option("--force", is_flag=True, help="Overwrite files even if xlflow did not write them.")
JOBS_OPTION = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    help="How many files to read at a time; as many as there are processors, up to 8, if not given.",
)
FORM_JOBS_OPTION = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    help="How many forms to write at a time; as many as there are processors, up to 8, if not given.",
)
NO_CACHE_OPTION = click.option(
    "--no-cache", is_flag=True, help="Read every file anew, and keep nothing of what was read for the next time."
)
PREVIOUS_ANSWERS_OPTION = click.option(
    "--previous",
    metavar="FILE",
    type=PATH_TYPE,
    help="Last round's consolidated workbook; the forms show what was answered then.",
)
PREVIOUS_ROUND_OPTION = click.option(
    "--previous",
    metavar="FILE",
    type=PATH_TYPE,
    help="Last round's consolidated workbook, to tell what has changed since.",
)

AS_OF_OPTION = click.option(
    "--as-of",
    metavar="DATE",
    help="The day of the round, such as 2021-03-31, if no form says it, or forms of several rounds lie together.",
)

TEMPLATE_OPTION = click.option(
    "-t",
    "--template",
    metavar="NAME",
    help="A template's name, or a path to one, if no form says it, or forms of several lie together.",
)

UNITS_OPTION = click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="NAME",
    help="Only the form of this unit; may be given several times.",
)
ROUND_OPTION = click.option(
    "--round", "round_name", metavar="DATE", help="The round of this day; the latest that is open, if not given."
)

AS_OF_HELP = "The day that the follow-up describes, such as 2021-03-31."

_REPORT_OPTIONS = (
    click.option(
        "--layout",
        type=click.Choice(["heading", "merged"]),
        default="heading",
        show_default=True,
        help="The goal as a heading over its table, or as a cell beside its activities.",
    ),
    click.option("--only", type=click.Choice(["deviations"]), help="The short version: only what deviates."),
    click.option("--unit", default="", metavar="NAME", help="One unit's own report."),
    click.option("--intro", metavar="FILE.md", type=PATH_TYPE, help="An introduction of your own."),
    click.option(
        "--reference",
        metavar="FILE.docx",
        type=PATH_TYPE,
        help="A Word document whose styles, header and logo the report takes.",
    ),
    click.option("--language", type=click.Choice(["sv", "en"]), help="Another language than the workbook's."),
    click.option("--redact", is_flag=True, help="Blank e-mail addresses, phone and personal identity numbers."),
    click.option(
        "--require-clean",
        is_flag=True,
        help="Make no report while the answers have errors that nobody has corrected.",
    ),
    click.option("--force", is_flag=True, help="Overwrite the file whoever wrote it, and keep personal data."),
)


def add_report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a report to a command."""
    for option in reversed(_REPORT_OPTIONS):
        command = option(command)
    return command

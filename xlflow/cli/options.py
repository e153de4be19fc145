"""Options and arguments that several commands share, with their help texts."""

from pathlib import Path

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

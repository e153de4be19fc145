"""The command line: words in, words out. No logic lives here; every command is one call of the pipeline.

The result goes to stdout, progress to stderr and only on a terminal. What is slow to import is imported in
the command that needs it, so that `--help` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click

from xlflow.cli.console import (
    CommandGroup,
    exit_on_fatal_error,
    parse_date_option,
    parse_language,
    print_output,
    print_result_and_exit,
    show_progress_bars,
)
from xlflow.cli.options import (
    AS_OF_HELP,
    AS_OF_OPTION,
    FORCE_OPTION,
    FORM_JOBS_OPTION,
    JOBS_OPTION,
    JSON_OPTION,
    NO_CACHE_OPTION,
    PATH_TYPE,
    PATHS_ARGUMENT,
    PLAN_OPTION,
    PREVIOUS_ANSWERS_OPTION,
    PREVIOUS_ROUND_OPTION,
    TEMPLATE_OPTION,
    UNITS_OPTION,
    add_report_options,
)
from xlflow.cli.project_commands import PROJECT_COMMANDS, PROJECT_VARIANTS


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="xlflow", message="xlflow %(version)s")
def main() -> None:
    """Collect answers from many units in Excel, without losing one.

    \b
    1. xlflow generate plan.xlsx --as-of 2021-03-31 -o forms/   one form per unit
    2. send the forms out, put what comes back into a folder
    3. xlflow check returned/                                   what must be corrected
    4. xlflow merge returned/ -o consolidated.xlsx              everything in one workbook

    See it all at once: xlflow demo. Keep rounds together: xlflow init
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes long, and none is ours
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@main.command(short_help="Run the whole loop on an example, and say where to look.")
@click.argument("folder", default="xlflow-demo", metavar="[DIR]", type=PATH_TYPE)
@click.option("--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True)
@FORCE_OPTION
def demo(folder: Path, language: str, force: bool) -> None:
    """Run the whole loop on the example that comes with xlflow, and say where to look."""
    from xlflow.cli.text_output import format_result
    from xlflow.demo import run_demo

    with exit_on_fatal_error(language), show_progress_bars() as progress:
        result = run_demo(folder, "en" if language == "en" else "sv", force=force, progress=progress)
    print_output(format_result(result))


@main.command()
@click.option("--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True)
def templates(language: str) -> None:
    """List the templates that can be used with generate -t."""
    from xlflow.cli.text_output import format_templates
    from xlflow.definition.template_loader import load_shipped_templates

    with exit_on_fatal_error(language):
        print_output(format_templates(load_shipped_templates(), "en" if language == "en" else "sv"))


@main.command()
@click.argument("plan", type=PATH_TYPE)
@click.option(
    "-t",
    "--template",
    metavar="NAME",
    default="followup",
    show_default=True,
    help="A template's name, or a path to one.",
)
@click.option("--as-of", required=True, metavar="DATE", help=AS_OF_HELP)
@click.option("--due", metavar="DATE", help="The day by which the units are to reply.")
@PREVIOUS_ANSWERS_OPTION
@click.option(
    "--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True, help="The forms' language."
)
@click.option("-o", "--output", required=True, metavar="DIR", type=PATH_TYPE, help="Folder for the forms.")
@FORM_JOBS_OPTION
@UNITS_OPTION
@FORCE_OPTION
def generate(
    plan: Path,
    template: str,
    as_of: str,
    due: str | None,
    previous: Path | None,
    language: str,
    output: Path,
    jobs: int | None,
    units: tuple[str, ...],
    force: bool,
) -> None:
    """Make one form per unit from the workbook PLAN.

    PLAN has a sheet Plan with the activities and their units, and a sheet Enheter (Units) with the units.
    """
    from xlflow.pipeline.form_operations import generate_forms

    with exit_on_fatal_error(language), show_progress_bars() as progress:
        dates = {
            "as_of": parse_date_option(as_of, "--as-of"),
            "due": parse_date_option(due, "--due") if due else None,
        }
        result = generate_forms(
            plan,
            output,
            template=template,
            previous=previous,
            language="en" if language == "en" else "sv",
            only_units=units,
            jobs=jobs,
            force=force,
            progress=progress,
            **dates,  # type: ignore[arg-type]
        )
    print_result_and_exit(result, as_json=False)


@main.command(short_help="Check filled forms: who has answered, what must be corrected.")
@PATHS_ARGUMENT
@PLAN_OPTION
@AS_OF_OPTION
@TEMPLATE_OPTION
@click.option(
    "--return",
    "return_dir",
    metavar="DIR",
    type=PATH_TYPE,
    help="Folder for forms to send back: all answers kept, the faults marked and listed.",
)
@JOBS_OPTION
@NO_CACHE_OPTION
@FORCE_OPTION
@JSON_OPTION
def check(
    paths: tuple[Path, ...],
    plan: Path | None,
    as_of: str | None,
    template: str | None,
    return_dir: Path | None,
    jobs: int | None,
    no_cache: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Check filled forms: who has answered, and what must be corrected in which cell.

    PATH is a form, a folder (searched through) or a .zip. Writes nothing but the forms of --return.
    Ends with 0 if all is well, 1 if something must be corrected, 2 if it could not be done.
    """
    from xlflow.pipeline.form_operations import check_forms

    with exit_on_fatal_error(), show_progress_bars() as progress:
        result = check_forms(
            paths,
            plan=plan,
            as_of=parse_date_option(as_of, "--as-of") if as_of else None,
            template=template,
            return_dir=return_dir,
            jobs=jobs,
            cache=not no_cache,
            force=force,
            progress=progress,
        )
    print_result_and_exit(result, as_json=as_json)


@main.command()
@PATHS_ARGUMENT
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE.xlsx",
    type=PATH_TYPE,
    help="The consolidated workbook to write.",
)
@PLAN_OPTION
@AS_OF_OPTION
@TEMPLATE_OPTION
@PREVIOUS_ROUND_OPTION
@click.option(
    "--export",
    "export_dir",
    metavar="DIR",
    type=PATH_TYPE,
    help="Write the tables into this folder too, for Power BI and others: CSV with a description, and Parquet.",
)
@JOBS_OPTION
@NO_CACHE_OPTION
@FORCE_OPTION
@JSON_OPTION
def merge(
    paths: tuple[Path, ...],
    output: Path,
    plan: Path | None,
    as_of: str | None,
    template: str | None,
    previous: Path | None,
    export_dir: Path | None,
    jobs: int | None,
    no_cache: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Merge filled forms into one consolidated workbook.

    PATH is a form, a folder (searched through) or a .zip. A wrong answer is kept as it was written and
    listed; nothing that came in is dropped.
    """
    from xlflow.pipeline.form_operations import merge_forms

    with exit_on_fatal_error(), show_progress_bars() as progress:
        result = merge_forms(
            paths,
            output,
            plan=plan,
            as_of=parse_date_option(as_of, "--as-of") if as_of else None,
            template=template,
            previous=previous,
            export_dir=export_dir,
            jobs=jobs,
            cache=not no_cache,
            force=force,
            progress=progress,
        )
    print_result_and_exit(result, as_json=as_json)


@main.command(short_help="Make the board's report: Word, PDF or HTML.")
@click.argument("consolidated", metavar="CONSOLIDATED.xlsx", type=PATH_TYPE)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=PATH_TYPE,
    help="The report to write: .docx (Word), .pdf or .html.",
)
@add_report_options
@JSON_OPTION
def report(consolidated: Path, output: Path, language: str | None, as_json: bool, **options: Any) -> None:
    """Make the board's report from the consolidated workbook: Word, PDF or HTML.

    Says so and writes nothing if a comment holds an e-mail address, a phone number or a personal identity number.
    """
    from xlflow.pipeline.report_operations import write_report

    with exit_on_fatal_error(language):
        result = write_report(consolidated, output, language=parse_language(language), **options)
    print_result_and_exit(result, as_json=as_json)


@main.command(short_help="Put several rounds side by side, one line per activity.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=PATH_TYPE)
@click.option(
    "-o",
    "--output",
    metavar="FILE.xlsx",
    type=PATH_TYPE,
    help="The workbook to write; without it the history is only shown.",
)
@click.option("--language", type=click.Choice(["sv", "en"]), help="Another language than that of the last round.")
@FORCE_OPTION
def history(files: tuple[Path, ...], output: Path | None, language: str | None, force: bool) -> None:
    """Put several consolidated workbooks together: one line per activity, one column per round.

    FILE is what xlflow merge wrote. The rounds stand in the order of their days, whatever the order of the files.
    """
    from xlflow.cli.text_output import format_history
    from xlflow.pipeline.report_operations import read_history, write_history

    with exit_on_fatal_error(language):
        if output is None:
            print_output(format_history(read_history(files, language=parse_language(language))))
            return
        result = write_history(files, output, language=parse_language(language), force=force)
    print_result_and_exit(result, as_json=False)


@main.command(short_help="Say what a code in a list of findings means.")
@click.argument("code", default="", metavar="[CODE]")
@click.option(
    "-t", "--template", metavar="NAME", help="A template's name, or a path to one, whose rules are explained too."
)
@click.option("--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True)
def explain(code: str, template: str | None, language: str) -> None:
    """Say what a code in a list of findings means and what to do about it; without CODE, list them all.

    CODE is what stands last on a row of the sheet Anmärkningar (Remarks), or the name of a template's rule.
    """
    from xlflow.cli.explain import describe_all_codes, explain_code
    from xlflow.definition.template_loader import load_shipped_templates, load_template
    from xlflow.model.findings import FatalError, Finding

    explain_language = parse_language(language) or "sv"
    with exit_on_fatal_error(language):
        templates = (load_template(template),) if template else load_shipped_templates()
        explanation = (
            explain_code(code, templates, explain_language) if code else describe_all_codes(explain_language)
        )
        if isinstance(explanation, Finding):
            raise FatalError(explanation)
    print_output(explanation)


main.add_project_commands(PROJECT_COMMANDS, PROJECT_VARIANTS)

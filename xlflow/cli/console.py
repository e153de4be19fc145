"""Between commands and console: what is printed where, in which language, and with which exit code a run ends.

Results go to stdout, progress and errors to stderr. Reports what could not be done, never a traceback.
"""

import errno
import locale
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from datetime import date

    from xlflow.i18n.catalogue import Language
    from xlflow.model.merged import RunResult
    from xlflow.pipeline.overwrite_guard import ProgressCallback

_REDRAW_SECONDS = 0.1
"""Minimum number of seconds between two redraws of the progress bar."""


class CommandGroup(click.Group):
    """Reports usage errors like all others: in the user's language, on stderr, with exit code 2. Inside a project,
    some commands have a variant that needs no paths."""

    def add_project_commands(self, commands: Sequence[click.Command], variants: Sequence[click.Command]) -> None:
        """Add the commands of a project, and the variants that stand in for others there."""
        for command in commands:
            self.add_command(command)
        self._project_variants = {variant.name: variant for variant in variants}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is typed; inside a project its variant, unless it is typed in full."""
        name, command, rest = super().resolve_command(ctx, args)
        variant = self._project_variants.get(name)
        if variant and command and _is_inside_project() and not _is_typed_in_full(ctx, command, rest):
            return name, variant, rest
        return name, command, rest

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
        """Run a command and leave with its exit code."""
        try:
            code = super().main(args, *rest, **{**more, "standalone_mode": False})
        except click.Abort:
            click.echo(_aborted_message(), err=True)
            sys.exit(1)
        except click.UsageError as error:
            _report_usage_error(error, sys.argv[1:] if args is None else args)
        sys.exit(code if isinstance(code, int) else 0)


def _is_inside_project() -> bool:
    from xlflow.project.locate import find_project_folder

    return find_project_folder() is not None


def _is_typed_in_full(ctx: click.Context, command: click.Command, arguments: Sequence[str]) -> bool:
    """Return whether a command can run outside of a project as it is typed; one that asks for help cannot."""
    if {"-h", "--help"}.intersection(arguments):
        return False
    try:
        command.make_context(command.name, list(arguments), parent=ctx)
    except click.UsageError:
        return False
    return True


def _aborted_message() -> str:
    from xlflow.i18n.catalogue import translate

    return translate("terminal.stopped", user_language())


def _report_usage_error(error: click.UsageError, arguments: Sequence[str]) -> NoReturn:
    from xlflow.cli.usage_errors import usage_error_finding
    from xlflow.model.findings import FatalError

    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    option_words = " ".join(arguments).replace("=", " ").split()
    language_values = (
        option_words[option_words.index("--language") + 1 :][:1] if "--language" in option_words else []
    )
    with exit_on_fatal_error(
        language_values[0] if language_values in (["sv"], ["en"]) else None, as_json="--json" in option_words
    ):
        raise FatalError(usage_error_finding(error))


def print_result_and_exit(result: "RunResult", *, as_json: bool, in_project: bool = False) -> NoReturn:
    """Print the result, with what to do next as for a project or not, and leave with its exit code."""
    from xlflow.cli.json_output import result_to_json
    from xlflow.cli.text_output import format_result

    has_no_units = result.merged is not None and not result.merged.round.plan.units
    localized_result = replace(result, language=user_language()) if has_no_units else result
    print_output(
        result_to_json(localized_result) if as_json else format_result(localized_result, in_project=in_project)
    )
    sys.exit(result.exit_code)


def print_output(text: str) -> None:
    """Print a result; where it cannot be printed to the end, say so and leave with 2."""
    from xlflow.model.findings import FatalError, Location, make_finding

    try:
        click.echo(text)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        with exit_on_fatal_error():
            raise FatalError(make_finding("stdout-closed", Location(""), value=error.strerror)) from error


def parse_language(language: str | None) -> "Language | None":
    """Return the language that an option names; None if it was not given."""
    return None if language is None else "en" if language == "en" else "sv"


def parse_date_option(text: str, option: str) -> "date":
    """Return the day that an option names; `FatalError` if it names none."""
    from xlflow.cli.usage_errors import invalid_value_finding
    from xlflow.i18n.catalogue import translate_all
    from xlflow.model.findings import FatalError
    from xlflow.values import parse_full_date

    parsed_date = parse_full_date(text)
    if parsed_date is None:
        raise FatalError(invalid_value_finding(text, option, translate_all("values.accept_day")))
    return parsed_date


@contextmanager
def exit_on_fatal_error(language: str | None = None, *, as_json: bool = False) -> Iterator[None]:
    """Turn `FatalError` into its messages on stderr, JSON on stdout where that is asked for, and exit code 2."""
    from xlflow.model.findings import FatalError

    try:
        with _convert_os_errors():
            yield
    except FatalError as error:
        from xlflow.cli.json_output import result_to_json
        from xlflow.cli.text_output import format_findings
        from xlflow.model.merged import RunResult

        result = RunResult(parse_language(language) or user_language(), error.findings, error.merged)
        context = click.get_current_context(silent=True)
        if as_json or (context and context.params.get("as_json")):
            click.echo(result_to_json(result))
        click.echo(format_findings(result.findings, result.language), err=True)
        sys.exit(2)


@contextmanager
def _convert_os_errors() -> Iterator[None]:
    """Turn what the system says of a file that it does not let one reach into `FatalError`."""
    from xlflow.model.findings import FatalError, Location, make_finding

    try:
        yield
    except OSError as fault:
        if fault.filename is None:
            raise
        location = Location(os.fsdecode(fault.filename))
        raise FatalError(make_finding("path-unusable", location, value=fault.strerror)) from fault


@contextmanager
def show_progress_bars() -> Iterator["ProgressCallback | None"]:
    """Yield a callback that draws progress, speed and remaining time on stderr; None if that is no terminal.

    Drawn whenever there is something new and never by a thread: with threads running, workers cannot be forked.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description:>9}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[speed]}"),
        progress.TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True)
    with progress.Progress(*columns, console=console, transient=True, auto_refresh=False) as display:
        tasks: dict[str, tuple[Any, float]] = {}
        last_drawn = 0.0

        def draw_progress(step: str, done: int, total: int) -> None:
            nonlocal last_drawn
            now = time.monotonic()
            task, started = tasks.get(step) or (display.add_task(step, total=total, speed=""), now)
            tasks[step] = task, started
            speed = f"{done / (now - started):.0f} files/s" if total > 1 and now > started else ""
            display.update(task, completed=done, speed=speed)
            if done in (0, total) or now - last_drawn > _REDRAW_SECONDS:
                display.refresh()
                last_drawn = now

        yield draw_progress


def user_language() -> "Language":
    """Return the language in which the user's computer speaks, if it is English; else Swedish."""
    locale_names = [os.environ.get(variable) for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if not any(locale_names) and sys.platform == "win32":
        locale_names.append(locale.getlocale()[0])
    locale_name = next(filter(None, locale_names), "")
    return "en" if locale_name.lower().startswith("en") else "sv"

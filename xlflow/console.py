"""What stands between the commands and the console: what is shown, where, in which language, and how it ends.

Results go to stdout, progress and what hinders to stderr. Says what could not be done, and never how it failed.
"""

import errno
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

    from xlflow.core.model import Run
    from xlflow.core.words import Language
    from xlflow.pipeline import Progress

_REDRAWN = 0.1
"""Seconds between two looks of the progress bar."""


class Commands(click.Group):
    """Tells of what was typed wrong as of everything else: in the user's language, on stderr, ending with 2."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
        """Run a command and leave with its exit code."""
        try:
            code = super().main(args, *rest, **{**more, "standalone_mode": False})
        except click.Abort:
            click.echo(_say_stopped(), err=True)
            sys.exit(1)
        except click.UsageError as error:
            _refuse(error, sys.argv[1:] if args is None else args)
        sys.exit(code if isinstance(code, int) else 0)


def _say_stopped() -> str:
    from xlflow.core import words
    from xlflow.report import terminal

    return words.say("terminal.stopped", terminal.language_of_user())


def _refuse(error: click.UsageError, typed: Sequence[str]) -> NoReturn:
    from xlflow.core.findings import Stop
    from xlflow.report.misuse import find_misuse

    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    said = " ".join(typed).replace("=", " ").split()
    chosen = said[said.index("--language") + 1 :][:1] if "--language" in said else []
    with stopping(chosen[0] if chosen in (["sv"], ["en"]) else None, as_json="--json" in said):
        raise Stop(find_misuse(error))


def show(run: "Run", *, as_json: bool) -> NoReturn:
    """Print the result and leave with its exit code."""
    from xlflow.report import machine, terminal

    nobody = run.merged is not None and not run.merged.round.plan.units
    told = replace(run, language=terminal.language_of_user()) if nobody else run
    say(machine.run_to_json(told) if as_json else terminal.show_run(told))
    sys.exit(run.exit_code)


def say(text: str) -> None:
    """Print a result; where it cannot be printed to the end, say so and leave with 2."""
    from xlflow.core.findings import Place, Stop, find

    try:
        click.echo(text)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        with stopping():
            raise Stop(find("output-cut-off", Place(""), value=error.strerror)) from error


def choose_language(language: str | None) -> "Language | None":
    """Return the language that an option names; None if it was not given."""
    return None if language is None else "en" if language == "en" else "sv"


def read_day(text: str, option: str) -> "date":
    """Return the day that an option names; `Stop` if it names none."""
    from xlflow.core.findings import Stop
    from xlflow.core.values import parse_day
    from xlflow.core.words import say_both
    from xlflow.report.misuse import refuse_value

    day = parse_day(text)
    if day is None:
        raise Stop(refuse_value(text, option, say_both("values.accept_day")))
    return day


@contextmanager
def stopping(language: str | None = None, *, as_json: bool = False) -> Iterator[None]:
    """Turn `Stop` into its messages on stderr, JSON on stdout where that is asked for, and exit code 2."""
    from xlflow.core.findings import Stop

    try:
        with _reaching():
            yield
    except Stop as stop:
        from xlflow.core.model import Run
        from xlflow.report import machine, terminal

        run = Run(choose_language(language) or terminal.language_of_user(), stop.findings, stop.merged)
        context = click.get_current_context(silent=True)
        if as_json or (context and context.params.get("as_json")):
            click.echo(machine.run_to_json(run))
        click.echo(terminal.show_findings(run.findings, run.language), err=True)
        sys.exit(2)


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn what the system says of a file that it does not let one reach into `Stop`."""
    from xlflow.core.findings import Place, Stop, find

    try:
        yield
    except OSError as fault:
        if fault.filename is None:
            raise
        place = Place(os.fsdecode(fault.filename))
        raise Stop(find("path-unusable", place, value=fault.strerror)) from fault


@contextmanager
def show_progress() -> Iterator["Progress | None"]:
    """Show on stderr, only where somebody can see it, how far each step is, how quick, and how long it will take.

    Drawn whenever there is something new and never by a thread: beside a thread, workers cannot be forked.
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
    with progress.Progress(*columns, console=console, transient=True, auto_refresh=False) as bars:
        tasks: dict[str, tuple[Any, float]] = {}
        drawn = 0.0

        def tell(step: str, done: int, total: int) -> None:
            nonlocal drawn
            now = time.monotonic()
            task, begun = tasks.get(step) or (bars.add_task(step, total=total, speed=""), now)
            tasks[step] = task, begun
            speed = f"{done / (now - begun):.0f} files/s" if total > 1 and now > begun else ""
            bars.update(task, completed=done, speed=speed)
            if done in (0, total) or now - drawn > _REDRAWN:
                bars.refresh()
                drawn = now

        yield tell

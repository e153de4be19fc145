"""The help in the user's language: every text has its Swedish, no word is broken, no line is too long."""

import re
from collections.abc import Iterable, Iterator

import click
import pytest
from click.testing import CliRunner
from support.not_empty import not_empty

from xlflow.cli.commands import main
from xlflow.cli.help_text import LocalizedHelpFormatter
from xlflow.runtime.resources import load_resource_toml


def list_commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from list_commands(each, (*path, name))
    for variant in getattr(command, "_project_variants", {}).values():
        yield (*path, variant.name), variant


COMMANDS = list(list_commands(main))


class _CollectingFormatter(LocalizedHelpFormatter):
    """Notes every text that it is given to write."""

    texts: set[str]

    def write_text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            is_kept = paragraph.startswith("\b")
            self.texts |= set(paragraph.lstrip("\b\n").split("\n")) if is_kept else {" ".join(paragraph.split())}

    def write_dl(self, rows: Iterable[tuple[str, str]], *_: int) -> None:  # type: ignore[override]
        self.texts |= {re.sub(r"  \[[^\[]*\]$", "", text).strip() for _, text in rows}


def texts_of_help() -> set[str]:
    """Return every text that stands in the help of a command."""
    texts: set[str] = set()
    for path, command in COMMANDS:
        context = click.Context(command, info_name=" ".join(path), help_option_names=["-h", "--help"])
        formatter = _CollectingFormatter(width=400)
        formatter.texts = set()
        command.format_help(context, formatter)
        texts |= formatter.texts
    return {text.strip() for text in texts if text.strip()}


def test_every_text_of_the_help_has_its_swedish() -> None:
    texts = not_empty(texts_of_help())
    assert sorted(set(texts) - load_resource_toml("help.toml")["texts"].keys()) == []


def test_no_swedish_text_is_left_over() -> None:
    assert sorted(load_resource_toml("help.toml")["texts"].keys() - texts_of_help()) == []


@pytest.mark.parametrize("locale_name", ["sv_SE.UTF-8", "en_GB.UTF-8"])
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("path", [path for path, _ in COMMANDS])
def test_help_fits_and_breaks_no_word(path: tuple[str, ...], columns: int, locale_name: str) -> None:
    env = {"LC_ALL": locale_name, "COLUMNS": str(columns)}
    shown = CliRunner().invoke(main, [*path, "--help"], env=env, terminal_width=columns).output
    lines = shown.splitlines()
    assert all(len(line) <= columns for line in not_empty(lines))
    assert not [line for line in lines if re.search(r"\w-$", line)]
    assert ("Val:" in shown) == (locale_name[:2] == "sv")


def test_what_stands_for_a_value_is_in_the_users_language() -> None:
    shown = CliRunner().invoke(main, ["merge", "-h"], env={"LC_ALL": "sv_SE.UTF-8"}).output
    assert "merge [VAL] SÖKVÄG..." in shown
    assert "-o, --output FIL.xlsx" in shown
    assert "[krävs]" in shown
    assert "[1–64]" in shown
    assert "PATH" not in shown

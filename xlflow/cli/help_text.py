"""The help texts in the user's language, in lines that break between words only.

The texts stand beside the options, in English; their Swedish is in `help.toml`, found by the English text. The
library that reads the command line lays the help out and asks this formatter for every piece of it.
"""

import re
from collections.abc import Iterable
from typing import Any

import click

from xlflow.cli.text_layout import fill_lines

_PLACEHOLDER = re.compile(r"(?<![\w.-])[A-Z]{3,}(?: RANGE)?(?![\w-])")
"""What stands for a value in a usage line: DIR, PATH, FILE (also in FILE.xlsx)."""

_EXTRA = re.compile(r"(.*?)(?:  \[([^\[\]]*)\])?", re.DOTALL)
"""A help text, and what the library adds in brackets: the default, a range."""


class LocalizedHelpFormatter(click.HelpFormatter):
    """Writes help in the user's language; words are never broken, not even at their hyphens."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how a command is typed."""
        super().write_usage(prog, translate_placeholders(args), translate_help_word(prefix or "Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write a heading such as Options."""
        super().write_heading(translate_help_word(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs; one that begins with a backspace keeps its lines."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" if number else "")
            if paragraph.startswith("\b"):
                lines = paragraph.lstrip("\b\n").split("\n")
                self.write("".join(f"{indent}{translate_help(line)}\n" for line in lines))
            else:
                text_line = translate_help(" ".join(paragraph.split()))
                self.write(f"{fill_lines(text_line, self.width, indent=indent)}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands with what they do, below each other."""
        pairs = [(translate_placeholders(name), _translate_with_extra(text)) for name, text in rows]
        first = min(max(len(name) for name, _ in pairs), col_max) + col_spacing + self.current_indent
        margin = " " * self.current_indent
        for name, text in pairs:
            head = f"{margin}{name}"
            if len(head) > first - col_spacing:
                self.write(f"{head}\n")
                head = ""
            body = fill_lines(text, self.width, indent=" " * first)
            self.write(f"{head}{body[len(head) :]}\n" if text else f"{head}\n")


class LocalizedContext(click.Context):
    """The context of a command whose help is in the user's language."""

    formatter_class = LocalizedHelpFormatter


def localize_command(command: click.Command) -> None:
    """Let a command, and the commands below it, write their help in the user's language."""
    command.context_class = LocalizedContext
    for each in getattr(command, "commands", {}).values():
        localize_command(each)


def translate_help(text: str) -> str:
    """Return a paragraph of help in the user's language; unchanged if it is English or has no translation."""
    found = _swedish("texts").get(" ".join(text.split())) or _swedish("texts").get(text.strip())
    return str(found) if found else text


def translate_help_word(text: str) -> str:
    """Return a heading or word of the help in the user's language."""
    return str(_swedish("words").get(text, text))


def translate_placeholders(text: str) -> str:
    """Return what stands for values (FILE, DIR) in the user's language."""
    return _PLACEHOLDER.sub(lambda match: translate_help_word(match[0]), text)


def _translate_with_extra(text: str) -> str:
    match = _EXTRA.fullmatch(text)
    help_text, extra = (match[1], match[2]) if match else (text, None)
    if extra:
        extra = re.sub(r"(\d+)<=x<=(\d+)", r"\1–\2", extra)
        extra = re.sub(r"[a-z]+(?=:|;|$)", lambda word: translate_help_word(word[0]), extra, count=1)
    return f"{translate_help(help_text)}  [{extra}]" if extra else translate_help(text)


def _swedish(section: str) -> dict[str, Any]:
    from xlflow.cli.user_locale import user_language
    from xlflow.runtime.resources import load_resource_toml

    return load_resource_toml("help.toml")[section] if user_language() == "sv" else {}

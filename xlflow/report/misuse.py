"""What was typed wrong in a command, told as everything else is: what is wrong, what to do, the nearest right.

Only the command line knows the library that reads what was typed. So its errors are known here by name, and by
what they carry: `ctx`, `param`, `option_name`, `message`.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from xlflow.core.findings import Finding, Place, find
from xlflow.core.words import LANGUAGES, Text, say

_QUOTED = re.compile(r"'([^']*)'")
_IN_BRACKETS = re.compile(r"\((.*)\)", re.DOTALL)


def find_misuse(error: Any) -> Finding:
    """Return what is to be said of an error in what was typed."""
    return _TOLD.get(type(error).__name__, _tell_other)(error)


def refuse_value(value: str, option: str, accepted: Text) -> Finding:
    """Return that a value cannot be given for an option."""
    return find("usage-value", Place(""), value=value, words={"option": option, "accepted": accepted})


def _tell_missing(error: Any) -> Finding:
    return _find("usage-missing", error, _name_of(error.param))


def _tell_option(error: Any) -> Finding:
    known = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
    return _find("usage-unknown-option", error, error.option_name, known)


def _tell_argument(error: Any) -> Finding:
    return _find("usage-no-value", error, error.option_name)


def _tell_value(error: Any) -> Finding:
    found = _QUOTED.search(error.message)
    return refuse_value(found[1] if found else error.message, _name_of(error.param), _accepted(error.param.type))


def _tell_other(error: Any) -> Finding:
    commands = getattr(error.ctx.command, "commands", None) if error.ctx else None
    found = _QUOTED.search(error.message)
    if commands and found:
        return _find("usage-unknown-command", error, found[1], commands)
    inside = _IN_BRACKETS.search(error.message)
    return _find("usage-too-much", error, inside[1] if inside else error.message)


_TOLD: Mapping[str, Callable[[Any], Finding]] = {
    "MissingParameter": _tell_missing,
    "NoSuchOption": _tell_option,
    "BadOptionUsage": _tell_argument,
    "BadParameter": _tell_value,
}


def _find(code: str, error: Any, value: str, known: Iterable[str] = ()) -> Finding:
    near = difflib.get_close_matches(value, list(known), 1, 0.7)
    command = error.ctx.command_path if error.ctx else "xlflow"
    return find(code, Place(""), value=value, suggestion=near[0] if near else None, words={"command": command})


def _name_of(param: Any) -> str:
    """Return what the help calls it: PATH..., --as-of DATE."""
    placeholder = param.metavar or ""
    named = [name for name in param.opts if name.startswith("--")]
    return f"{named[0]} {placeholder}".strip() if named else placeholder or param.name.upper()


def _accepted(kind: Any) -> Text:
    if hasattr(kind, "choices"):
        joined = {each: f" {say('check.or', each)} ".join(kind.choices) for each in LANGUAGES}
        return Text(**joined)
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    number = {each: say("values.integer", each) for each in LANGUAGES}
    return Text(
        **{each: say("values.between", each, kind=number[each], least=least, most=most) for each in LANGUAGES}
    )

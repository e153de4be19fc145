"""Usage errors of the command line as findings: what is wrong, what to do, the nearest accepted word.

Only the command line knows the library that reads what was typed. So its errors are known here by name, and by
what they carry: `ctx`, `param`, `option_name`, `message`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText, join_words, translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.text import OPTION_SIMILARITY, find_closest

_QUOTED = re.compile(r"'([^']*)'")
_IN_BRACKETS = re.compile(r"\((.{0,500})\)", re.DOTALL)


def usage_error_finding(error: Any) -> Finding:
    """Return what is to be said of an error in what was typed."""
    return _FINDING_MAKERS.get(type(error).__name__, _unexpected_input_finding)(error)


def invalid_value_finding(value: str, option: str, accepted: LocalizedText) -> Finding:
    """Return that a value cannot be given for an option."""
    return make_finding("usage-value", Location(""), value=value, params={"option": option, "accepted": accepted})


def _missing_parameter_finding(error: Any) -> Finding:
    return _make_usage_finding("usage-missing", error, _parameter_name(error.param))


def _unknown_option_finding(error: Any) -> Finding:
    option_names = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
    return _make_usage_finding("usage-unknown-option", error, error.option_name, option_names)


def _option_without_value_finding(error: Any) -> Finding:
    return _make_usage_finding("usage-no-value", error, error.option_name)


def _bad_parameter_finding(error: Any) -> Finding:
    match = _QUOTED.search(error.message)
    return invalid_value_finding(
        match[1] if match else error.message,
        _parameter_name(error.param),
        _describe_accepted_values(error.param.type),
    )


def _unexpected_input_finding(error: Any) -> Finding:
    commands = getattr(error.ctx.command, "commands", None) if error.ctx else None
    quoted = _QUOTED.search(error.message)
    if commands and quoted:
        return _make_usage_finding("usage-unknown-command", error, quoted[1], commands)
    bracketed = _IN_BRACKETS.search(error.message)
    return _make_usage_finding("usage-too-much", error, bracketed[1] if bracketed else error.message)


_FINDING_MAKERS: Mapping[str, Callable[[Any], Finding]] = {
    "MissingParameter": _missing_parameter_finding,
    "NoSuchOption": _unknown_option_finding,
    "BadOptionUsage": _option_without_value_finding,
    "BadParameter": _bad_parameter_finding,
}


def _make_usage_finding(code: str, error: Any, value: str, candidates: Iterable[str] = ()) -> Finding:
    command = error.ctx.command_path if error.ctx else "xlflow"
    return make_finding(
        code,
        Location(""),
        value=value,
        suggestion=find_closest(value, candidates, OPTION_SIMILARITY),
        params={"command": command},
    )


def _parameter_name(param: Any) -> str:
    """Return what the help calls it: PATH..., --as-of DATE."""
    placeholder = param.metavar or ""
    option_names = [name for name in param.opts if name.startswith("--")]
    return f"{option_names[0]} {placeholder}".strip() if option_names else placeholder or param.name.upper()


def _describe_accepted_values(param_type: Any) -> LocalizedText:
    if hasattr(param_type, "choices"):
        choices_text = {language: join_words(tuple(param_type.choices), "or", language) for language in LANGUAGES}
        return LocalizedText(**choices_text)
    minimum, maximum = getattr(param_type, "min", None), getattr(param_type, "max", None)
    number_nouns = {each: translate("values.integer", each) for each in LANGUAGES}
    return LocalizedText(
        **{
            each: translate("values.between", each, kind=number_nouns[each], least=minimum, most=maximum)
            for each in LANGUAGES
        }
    )

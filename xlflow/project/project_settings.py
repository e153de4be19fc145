"""The settings of a project, `xlflow.toml`: what every round of it has in common. Never a password."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xlflow.i18n.catalogue import Language, LocalizedText, translate_all
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.text import find_closest

_SECRET_WORDS = ("password", "passwd", "secret", "token", "losenord", "lösenord", "apikey", "api_key")


class ProjectSettings(BaseModel):
    """What `xlflow.toml` may say. `sender`: the address that the drafts of mails are from; "" for none."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=200)
    language: Language = "sv"
    template: str = Field(default="followup", min_length=1)
    sender: str = Field(default="", pattern=r"^([^\s<>]+@[^\s<>]+|[^<>\r\n]+ <[^\s<>]+@[^\s<>]+>)?$")


def read_settings(path: Path) -> ProjectSettings:
    """Return the settings in a file. `FatalError` with every fault: where it is, what is accepted there."""
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FatalError(make_finding("settings-unreadable", Location(str(path)), value=str(error))) from error
    try:
        return ProjectSettings(**values)
    except ValidationError as error:
        faults = (
            _settings_finding(path, fault["loc"], fault["type"], fault.get("input")) for fault in error.errors()
        )
        raise FatalError(*faults) from error


def render_settings(settings: ProjectSettings) -> str:
    """Return the text of a new `xlflow.toml`, each line with a comment in the project's language."""
    lines = []
    for key in ProjectSettings.model_fields:
        comment = translate_all(f"settings.{key}").in_language(settings.language)
        lines.append(f"# {comment}\n{key} = {_quote_toml(getattr(settings, key))}\n")
    return "\n".join(lines)


def _settings_finding(path: Path, location: tuple[int | str, ...], kind: str, value: object) -> Finding:
    key = ".".join(map(str, location))
    if kind != "extra_forbidden":
        accepted = translate_all(f"settings.{location[0]}")
        return make_finding(
            "settings-value",
            Location(str(path)),
            field=key,
            value=str(value),
            params={"key": key, "accepted": accepted},
        )
    if any(word in key.casefold() for word in _SECRET_WORDS):
        return make_finding("settings-secret", Location(str(path)), field=key, params={"key": key})
    keys = ", ".join(ProjectSettings.model_fields)
    return make_finding(
        "settings-unknown",
        Location(str(path)),
        field=key,
        suggestion=find_closest(key, ProjectSettings.model_fields),
        params={"key": key, "accepted": LocalizedText(sv=keys, en=keys)},
    )


def _quote_toml(text: str) -> str:
    """Return a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'

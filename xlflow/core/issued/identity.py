"""What a form says of itself: on its very hidden sheet, and a second time as properties of the document."""

from collections.abc import Iterator, Mapping

from xlflow.core.issued.texts import cut, guard, unguard
from xlflow.core.layout import PROPERTY_PIECE, form_code
from xlflow.core.model import Identity, Round

FORMAT = "1"
"""Which shape the records have; a form in a shape that we do not know is not read."""

_PROPERTY = "xlflow."


def identify_form(round_: Round, unit: str, replaces: tuple[str, ...] = ()) -> Identity:
    """Return what a form says of itself."""
    template = round_.template
    rows = sum(not line.own for line in round_.lines_of(unit))
    code = form_code(round_.key, unit)
    return Identity(template.name, template.version, round_.key, unit, rows, code, replaces)


def identity_properties(identity: Identity) -> tuple[tuple[str, str], ...]:
    """Return the identity as custom document properties, the second carrier; long texts in several."""
    return tuple(
        (f"{_PROPERTY}{key}" if number == 1 else f"{_PROPERTY}{key}.{number}", piece)
        for key, text in say_identity(identity)
        for number, piece in enumerate(cut(text, PROPERTY_PIECE), 1)
    )


def identity_of_properties(properties: Mapping[str, object]) -> Identity | None:
    """Return what the custom document properties say of a form, None if they are not (all) there."""
    values: dict[str, str] = {}
    for name in sorted(filter(lambda name: name.startswith(_PROPERTY), properties), key=_in_pieces):
        key, _ = _in_pieces(name)
        values[key] = values.get(key, "") + str(properties[name])
    try:
        return hear_identity(values)
    except ValueError:
        return None


def say_identity(identity: Identity) -> Iterator[tuple[str, str]]:
    """Yield what a form says of itself, key and text."""
    yield "format", FORMAT
    for key in ("template", "version", "round", "unit"):
        yield key, guard(getattr(identity, key))
    yield "rows", str(identity.rows)
    yield "form_code", identity.form_code
    if identity.replaces:
        yield "replaces", " ".join(identity.replaces)


def hear_identity(values: Mapping[str, str]) -> Identity | None:
    """Return what a form says of itself; None if it is not (all) there, or of a shape that we do not know."""
    if values.get("format") != FORMAT or not values.keys() >= {"template", "version", "round", "unit", "rows"}:
        return None
    template, version, round_, unit = (unguard(values[key]) for key in ("template", "version", "round", "unit"))
    replaces = tuple(values.get("replaces", "").split())
    return Identity(template, version, round_, unit, int(values["rows"]), values.get("form_code", ""), replaces)


def _in_pieces(name: str) -> tuple[str, int]:
    key, _, number = name.removeprefix(_PROPERTY).partition(".")
    return key, int(number) if number.isdecimal() else 1

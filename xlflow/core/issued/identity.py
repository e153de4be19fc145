"""What a form says of itself: on its very hidden sheet, and a second time as properties of the document."""

from collections.abc import Iterator, Mapping

from xlflow.core.issued.texts import chunk_text, escape_cell, unescape_cell
from xlflow.core.layout import MAX_PROPERTY_CHUNK, make_form_code
from xlflow.core.model import FormIdentity, Round

METADATA_FORMAT = "1"
"""Which shape the records have; a form in a shape that we do not know is not read."""

_PROPERTY_PREFIX = "xlflow."


def build_identity(round_: Round, unit: str, replaces: tuple[str, ...] = ()) -> FormIdentity:
    """Return what a form says of itself."""
    template = round_.template
    rows = sum(not item.added_by_unit for item in round_.items_for_unit(unit))
    code = make_form_code(round_.key, unit)
    return FormIdentity(template.name, template.version, round_.key, unit, rows, code, replaces)


def encode_identity_properties(identity: FormIdentity) -> tuple[tuple[str, str], ...]:
    """Return the identity as custom document properties, the second carrier; long texts in several."""
    return tuple(
        (f"{_PROPERTY_PREFIX}{key}" if number == 1 else f"{_PROPERTY_PREFIX}{key}.{number}", chunk)
        for key, text in encode_identity(identity)
        for number, chunk in enumerate(chunk_text(text, MAX_PROPERTY_CHUNK), 1)
    )


def decode_identity_properties(properties: Mapping[str, object]) -> FormIdentity | None:
    """Return what the custom document properties say of a form, None if they are not (all) there."""
    values: dict[str, str] = {}
    for name in sorted(
        filter(lambda name: name.startswith(_PROPERTY_PREFIX), properties), key=_split_property_name
    ):
        key, _ = _split_property_name(name)
        values[key] = values.get(key, "") + str(properties[name])
    try:
        return decode_identity(values)
    except ValueError:
        return None


def encode_identity(identity: FormIdentity) -> Iterator[tuple[str, str]]:
    """Yield what a form says of itself, key and text."""
    yield "format", METADATA_FORMAT
    values = (identity.template, identity.version, identity.round_key, identity.unit)
    for key, value in zip(("template", "version", "round", "unit"), values, strict=True):
        yield key, escape_cell(value)
    yield "rows", str(identity.row_count)
    yield "form_code", identity.form_code
    if identity.replaced_digests:
        yield "replaces", " ".join(identity.replaced_digests)


def decode_identity(values: Mapping[str, str]) -> FormIdentity | None:
    """Return what a form says of itself; None if it is not (all) there, or of a shape that we do not know."""
    if values.get("format") != METADATA_FORMAT or not values.keys() >= {
        "template",
        "version",
        "round",
        "unit",
        "rows",
    }:
        return None
    template, version, round_, unit = (
        unescape_cell(values[key]) for key in ("template", "version", "round", "unit")
    )
    replaces = tuple(values.get("replaces", "").split())
    return FormIdentity(
        template, version, round_, unit, int(values["rows"]), values.get("form_code", ""), replaces
    )


def _split_property_name(name: str) -> tuple[str, int]:
    key, _, number = name.removeprefix(_PROPERTY_PREFIX).partition(".")
    return key, int(number) if number.isdecimal() else 1

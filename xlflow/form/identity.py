"""What identifies a form, on its very hidden sheet and again in the document's properties; and its answers
digest.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xlflow.excel.conventions import MAX_PROPERTY_CHUNK
from xlflow.form.layout import make_form_code
from xlflow.model.plan import Round
from xlflow.model.submission import AnswerRow, FormIdentity, Unplaced
from xlflow.runtime.codec import chunk_text, escape_cell, unescape_cell

METADATA_FORMAT = "1"
"""Version of the records' format; a form of another one is not read."""

_PROPERTY_PREFIX = "xlflow."

_MAX_NUMBER_DIGITS, _MAX_TEXT_LENGTH = 9, 200_000
"""Digits of a number, and characters of a text, that an identity may have."""


def build_identity(round_: Round, unit: str, replaces: tuple[str, ...] = ()) -> FormIdentity:
    """Return the identity of the form of one unit."""
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
    """Return the identity in the custom document properties, None if it is not complete."""
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
    """Yield the identity as (key, text); texts are escaped by `escape_cell`."""
    yield "format", METADATA_FORMAT
    values = (identity.template, identity.version, identity.round_key, identity.unit)
    for key, value in zip(("template", "version", "round", "unit"), values, strict=True):
        yield key, escape_cell(value)
    yield "rows", str(identity.row_count)
    yield "form_code", identity.form_code
    if identity.replaced_digests:
        yield "replaces", " ".join(identity.replaced_digests)


def decode_identity(values: Mapping[str, str]) -> FormIdentity | None:
    """Return the identity of the texts by key; None if not complete or of another format. ValueError if
    damaged."""
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
    rows, form_code = values["rows"], values.get("form_code", "")
    texts = (template, version, round_, unit, form_code, *replaces)
    if len(rows) > _MAX_NUMBER_DIGITS or max(map(len, texts)) > _MAX_TEXT_LENGTH:
        raise ValueError("the identity is larger than any")
    return FormIdentity(template, version, round_, unit, int(rows), form_code, replaces)


def _split_property_name(name: str) -> tuple[str, int]:
    key, _, number = name.removeprefix(_PROPERTY_PREFIX).partition(".")
    return key, int(number) if number.isdecimal() and len(number) <= _MAX_NUMBER_DIGITS else 1


def digest_answers(
    round_key: str,
    unit: str,
    rows: Iterable[AnswerRow],
    unplaced: Iterable[Unplaced],
    *,
    nothing_to_report: bool = False,
    changed_form_texts: Sequence[str] = (),
) -> str:
    """Return a SHA-256 that is equal for two returns of a unit with the same answers, word for word.

    `changed_form_texts`: texts that the unit wrote over those of the form itself.
    """
    answered_rows = sorted(
        (
            row.item.id,
            row.item.level_texts if row.item.added_by_unit else (),
            tuple([(answer.field, answer.raw_text) for answer in row.answers if answer.raw_text]),
        )
        for row in rows
    )
    unplaced_texts = sorted(content.texts for content in unplaced)
    optional_parts = (
        *(["nothing"] if nothing_to_report else []),
        *([list(changed_form_texts)] if changed_form_texts else []),
    )
    digest_input = repr(
        (round_key, unit, [row for row in answered_rows if row[1] or row[2]], unplaced_texts, *optional_parts)
    )
    return hashlib.sha256(digest_input.encode()).hexdigest()

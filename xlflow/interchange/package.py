"""The files of a data package before they are files: names and bytes, the same for the same round."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from xlflow.core.model import Merged
from xlflow.core.summary import Summary
from xlflow.core.words import Language
from xlflow.interchange.columnar import can_write_parquet, write_parquet
from xlflow.interchange.plain import write_csv
from xlflow.interchange.typed import TypedTable, type_grid


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the package, and the table that it holds."""

    file: str
    content: bytes
    table: TypedTable


def make_parts(summary: Summary, merged: Merged, *, parquet: bool | None = None) -> tuple[Part, ...]:
    """Return the files but for the one that describes them; `parquet` where it can be, unless told."""
    template, language = merged.round.template, merged.round.language
    filled_in = {field.key for field in template.asked()}
    columnar = can_write_parquet() if parquet is None else parquet
    tables = (type_grid(grid, filled_in, language) for grid in summary.tables)
    return tuple(part for table in tables for part in _make_files(table, language, columnar=columnar))


def name_resource(table: TypedTable) -> str:
    """Return the name of a table within the package: small letters a to z, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", table.title).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "-" for letter in plain)


def _make_files(table: TypedTable, language: Language, *, columnar: bool) -> Iterator[Part]:
    name = name_resource(table)
    yield Part(f"{name}.csv", write_csv(table, language), table)
    if columnar:
        yield Part(f"{name}.parquet", write_parquet(table), table)

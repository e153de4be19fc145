"""The files of a data package before they are files: names and bytes, the same for the same round."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from xlflow.core.model import Merged
from xlflow.core.summary import ConsolidatedContent
from xlflow.core.words import Language
from xlflow.interchange.columnar import can_write_parquet, encode_parquet
from xlflow.interchange.plain import encode_csv
from xlflow.interchange.typed import TypedTable, build_typed_table


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of the package, and the table that it holds."""

    file_name: str
    content: bytes
    table: TypedTable


def build_export_files(
    summary: ConsolidatedContent, merged: Merged, *, parquet: bool | None = None
) -> tuple[ExportFile, ...]:
    """Return the files but for the one that describes them; `parquet` where it can be, unless told."""
    template, language = merged.round.template, merged.round.language
    answer_keys = {field.key for field in template.answer_fields()}
    with_parquet = can_write_parquet() if parquet is None else parquet
    tables = (build_typed_table(source_table, answer_keys, language) for source_table in summary.tables)
    return tuple(file for table in tables for file in _encode_table(table, language, with_parquet=with_parquet))


def resource_name(table: TypedTable) -> str:
    """Return the name of a table within the package: small letters a to z, digits and hyphens."""
    ascii_title = unicodedata.normalize("NFKD", table.title).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "-" for letter in ascii_title)


def _encode_table(table: TypedTable, language: Language, *, with_parquet: bool) -> Iterator[ExportFile]:
    name = resource_name(table)
    yield ExportFile(f"{name}.csv", encode_csv(table, language), table)
    if with_parquet:
        yield ExportFile(f"{name}.parquet", encode_parquet(table), table)

"""The files of a data package before they are files: names and bytes, the same for the same round.

`datapackage.json`: what every file and column of the package is, in the form that Frictionless describes (v1).

Tables name their keys, so that whoever reads them joins answers to activities and units as the workbook does.

Puts a data package into a folder: every file whole, the description last, nothing of others overwritten.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from xlflow.consolidated.summary_model import ConsolidatedContent
from xlflow.export.table_files import (
    CSV_DIALECTS,
    LINE_END,
    TypedColumn,
    TypedTable,
    build_typed_table,
    can_write_parquet,
    encode_csv,
    encode_parquet,
    escape_formula_text,
)
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.merged import Merged
from xlflow.model.text import ascii_letters
from xlflow.runtime.atomic_write import lock_target
from xlflow.runtime.file_transaction import FileTransaction


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
    return "".join(letter if letter.isalnum() else "-" for letter in ascii_letters(table.title).lower())


def _encode_table(table: TypedTable, language: Language, *, with_parquet: bool) -> Iterator[ExportFile]:
    name = resource_name(table)
    yield ExportFile(f"{name}.csv", encode_csv(table, language), table)
    if with_parquet:
        yield ExportFile(f"{name}.parquet", encode_parquet(table), table)


DESCRIPTOR_FILE = "datapackage.json"

OWN_METADATA_KEY = "xlflow"
"""The key under which the description says what only we know; by it we know a package of ours again."""

PRIMARY_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"activities": ("_id",), "answers": ("_unit", "_id"), "deviations": ("_id",), "units": ("_unit",)}
)
"""The columns that tell the rows of a table apart."""

FOREIGN_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {"answers": (("_id", "activities"), ("_unit", "units")), "deviations": (("_id", "activities"),)}
)
"""Columns whose values stand in the column of the same key of another table."""


def encode_descriptor(
    summary: ConsolidatedContent,
    merged: Merged,
    files: Sequence[ExportFile],
    saved_names: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return the description; `names` are those under which files were saved that could not have their own."""
    round_ = merged.round
    tables = {file.table.name: file.table for file in files}
    csv_files = [part for part in files if part.file_name.endswith(".csv")]
    descriptor = {
        "profile": "tabular-data-package",
        "name": f"{round_.template.name}-{round_.as_of.isoformat()}",
        "title": summary.title,
        "description": f"{summary.subtitle}. {translate('interchange.convention', round_.language)}",
        "resources": [_table_resource(part, saved_names, tables, round_.language) for part in csv_files],
        OWN_METADATA_KEY: {
            "version": version("xlflow"),
            "template": round_.template.name,
            "template_version": round_.template.version,
            "as_of": round_.as_of.isoformat(),
            "language": round_.language,
            "parquet": [
                {"table": resource_name(part.table), **_describe_file(part, saved_names)}
                for part in files
                if part not in csv_files
            ],
        },
    }
    return json.dumps(descriptor, ensure_ascii=False, indent=2).encode() + b"\n"


def parse_own_descriptor(descriptor: bytes) -> Mapping[str, str] | None:
    """Return the files of a package of ours and their digests, as its description says; None if it is not ours."""
    try:
        parsed = json.loads(descriptor)
        files = [*parsed["resources"], *parsed[OWN_METADATA_KEY]["parquet"]]
        return {str(file["path"]): str(file["hash"]) for file in files}
    except (ValueError, KeyError, TypeError):
        return None


def content_digest(content: bytes) -> str:
    """Return the digest of a file as a description has it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _describe_file(file: ExportFile, saved_names: Mapping[str, str]) -> dict[str, Any]:
    path = saved_names.get(file.file_name, file.file_name)
    return {"path": path, "bytes": len(file.content), "hash": content_digest(file.content)}


def _table_resource(
    file: ExportFile, saved_names: Mapping[str, str], tables: Mapping[str, TypedTable], language: Language
) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": resource_name(file.table),
        "title": file.table.title,
        **_describe_file(file, saved_names),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {
            "delimiter": CSV_DIALECTS[language].delimiter,
            "lineTerminator": LINE_END,
            "quoteChar": '"',
            "doubleQuote": True,
            "skipInitialSpace": False,
            "header": True,
        },
        "schema": _table_schema(file.table, tables, language),
    }


def _table_schema(table: TypedTable, tables: Mapping[str, TypedTable], language: Language) -> dict[str, Any]:
    fields = [_describe_column(column, language) for column in table.columns]
    headings = _headings_by_key(table)
    primary_key = [headings[key] for key in PRIMARY_KEYS.get(table.name, ()) if key in headings]
    foreign_keys = list(_foreign_keys(table, tables))
    return {
        "fields": fields,
        "missingValues": [""],
        **({"primaryKey": primary_key} if primary_key else {}),
        **({"foreignKeys": foreign_keys} if foreign_keys else {}),
    }


def _describe_column(column: TypedColumn, language: Language) -> dict[str, Any]:
    numeric = {"decimalChar": CSV_DIALECTS[language].decimal_mark} if column.type == "number" else {}
    return {"name": escape_formula_text(column.heading), "type": column.type, **numeric, "xlflow:key": column.key}


def _foreign_keys(table: TypedTable, tables: Mapping[str, TypedTable]) -> Iterator[dict[str, Any]]:
    own_headings = _headings_by_key(table)
    for key, other_name in FOREIGN_KEYS.get(table.name, ()):
        other_headings = _headings_by_key(tables[other_name]) if other_name in tables else {}
        if key in own_headings and key in other_headings:
            reference = {"resource": resource_name(tables[other_name]), "fields": other_headings[key]}
            yield {"fields": own_headings[key], "reference": reference}


def _headings_by_key(table: TypedTable) -> dict[str, str]:
    return {column.key: escape_formula_text(column.heading) for column in table.columns}


def refuse_foreign_files(folder: Path, files: Sequence[ExportFile]) -> None:
    """`FatalError` if the folder holds a file under one of the names that is not of an earlier package of ours,
    nor says what is to be written, as after a run that was cut short."""
    package_digests = _read_package_digests(folder)
    own_files = {} if package_digests is None else package_digests
    unexpected_names = [
        file.file_name
        for file in files
        if file.file_name not in own_files and not _has_content(folder / file.file_name, file.content)
    ]
    foreign_descriptor = [DESCRIPTOR_FILE] if package_digests is None else []
    existing_paths = [
        folder / name for name in (*foreign_descriptor, *unexpected_names) if (folder / name).exists()
    ]
    if existing_paths:
        raise FatalError(*(make_finding("target-not-ours", Location(str(path))) for path in existing_paths))


def list_package_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of the package of ours that stands in a folder, if one does."""
    package_digests = _read_package_digests(folder)
    return tuple(folder / name for name in (DESCRIPTOR_FILE, *package_digests)) if package_digests else ()


@contextmanager
def stage_package(
    folder: Path,
    summary: ConsolidatedContent,
    merged: Merged,
    files: Sequence[ExportFile],
    transaction: FileTransaction,
) -> Iterator[tuple[Path, ...]]:
    """Write the package beside its targets in a folder, to be put into place with the rest of the transaction
    while the context lasts; yield the targets. What an earlier package of ours left there under other names goes
    with it, unless somebody has changed it."""

    def describe(saved: Mapping[Path, Path]) -> bytes:
        return encode_descriptor(summary, merged, files, {path.name: place.name for path, place in saved.items()})

    paths = tuple(folder / part.file_name for part in files)
    with lock_target(folder / DESCRIPTOR_FILE) as descriptor:
        for path, part in zip(paths, files, strict=True):
            transaction.stage(path, part.content)
        transaction.stage_target(descriptor, folder / DESCRIPTOR_FILE, describe({}), describe)
        for name, digest in (_read_package_digests(folder) or {}).items():
            if folder / name not in paths and _has_digest(folder / name, digest):
                transaction.stage_removal(folder / name)
        yield (*paths, folder / DESCRIPTOR_FILE)


def save_package(
    folder: Path, summary: ConsolidatedContent, merged: Merged, files: Sequence[ExportFile]
) -> tuple[Path, ...]:
    """Write the package into a folder, whole or not at all, and return where its files are."""
    transaction = FileTransaction(folder / DESCRIPTOR_FILE)
    with stage_package(folder, summary, merged, files, transaction) as paths:
        saved = transaction.commit()
    return tuple(saved[path] for path in paths)


def _read_package_digests(folder: Path) -> Mapping[str, str] | None:
    """Return the files of the package that stands in a folder; none without a package, None if it is not ours."""
    path = folder / DESCRIPTOR_FILE
    if not path.exists():
        return {}
    digests = parse_own_descriptor(path.read_bytes())
    return digests if digests is None or all(Path(name).name == name for name in digests) else None


def _has_content(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _has_digest(path: Path, digest: str) -> bool:
    with suppress(OSError):
        return content_digest(path.read_bytes()) == digest
    return False

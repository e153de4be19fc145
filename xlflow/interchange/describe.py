"""`datapackage.json`: what every file and column of the package is, in the form that Frictionless describes (v1).

Tables name their keys, so that whoever reads them joins answers to activities and units as the workbook does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from xlflow.core.model import Merged
from xlflow.core.summary import ConsolidatedContent
from xlflow.core.words import Language, translate
from xlflow.interchange.package import ExportFile, resource_name
from xlflow.interchange.plain import CSV_DIALECTS, LINE_END, escape_formula_text
from xlflow.interchange.typed import TypedColumn, TypedTable

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

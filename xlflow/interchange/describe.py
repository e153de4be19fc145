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
from xlflow.core.summary import Summary
from xlflow.core.words import Language, say
from xlflow.interchange.package import Part, name_resource
from xlflow.interchange.plain import DIALECTS, LINE_END, guard_text
from xlflow.interchange.typed import TypedColumn, TypedTable

DESCRIPTOR = "datapackage.json"

OURS = "xlflow"
"""The key under which the description says what only we know; by it we know a package of ours again."""

PRIMARY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"activities": ("_id",), "answers": ("_unit", "_id"), "deviations": ("_id",), "units": ("_unit",)}
)
"""The columns that tell the rows of a table apart."""

FOREIGN: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {"answers": (("_id", "activities"), ("_unit", "units")), "deviations": (("_id", "activities"),)}
)
"""Columns whose values stand in the column of the same key of another table."""


def describe_package(
    summary: Summary, merged: Merged, parts: Sequence[Part], names: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """Return the description; `names` are those under which files were saved that could not have their own."""
    round_ = merged.round
    tables = {part.table.name: part.table for part in parts}
    plain = [part for part in parts if part.file.endswith(".csv")]
    described = {
        "profile": "tabular-data-package",
        "name": f"{round_.template.name}-{round_.as_of.isoformat()}",
        "title": summary.title,
        "description": f"{summary.lead}. {say('interchange.convention', round_.language)}",
        "resources": [_describe_table(part, names, tables, round_.language) for part in plain],
        OURS: {
            "version": version("xlflow"),
            "template": round_.template.name,
            "template_version": round_.template.version,
            "as_of": round_.as_of.isoformat(),
            "language": round_.language,
            "parquet": [
                {"table": name_resource(part.table), **_describe_file(part, names)}
                for part in parts
                if part not in plain
            ],
        },
    }
    return json.dumps(described, ensure_ascii=False, indent=2).encode() + b"\n"


def list_ours(descriptor: bytes) -> Mapping[str, str] | None:
    """Return the files of a package of ours and their digests, as its description says; None if it is not ours."""
    try:
        told = json.loads(descriptor)
        files = [*told["resources"], *told[OURS]["parquet"]]
        return {str(file["path"]): str(file["hash"]) for file in files}
    except (ValueError, KeyError, TypeError):
        return None


def digest_of(content: bytes) -> str:
    """Return the digest of a file as a description has it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _describe_file(part: Part, names: Mapping[str, str]) -> dict[str, Any]:
    path = names.get(part.file, part.file)
    return {"path": path, "bytes": len(part.content), "hash": digest_of(part.content)}


def _describe_table(
    part: Part, names: Mapping[str, str], tables: Mapping[str, TypedTable], language: Language
) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name_resource(part.table),
        "title": part.table.title,
        **_describe_file(part, names),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {
            "delimiter": DIALECTS[language].delimiter,
            "lineTerminator": LINE_END,
            "quoteChar": '"',
            "doubleQuote": True,
            "skipInitialSpace": False,
            "header": True,
        },
        "schema": _describe_columns(part.table, tables, language),
    }


def _describe_columns(table: TypedTable, tables: Mapping[str, TypedTable], language: Language) -> dict[str, Any]:
    fields = [_describe_column(column, language) for column in table.columns]
    headings = _headings(table)
    keys = [headings[key] for key in PRIMARY.get(table.name, ()) if key in headings]
    foreign = list(_describe_references(table, tables))
    return {
        "fields": fields,
        "missingValues": [""],
        **({"primaryKey": keys} if keys else {}),
        **({"foreignKeys": foreign} if foreign else {}),
    }


def _describe_column(column: TypedColumn, language: Language) -> dict[str, Any]:
    numeric = {"decimalChar": DIALECTS[language].decimal} if column.type == "number" else {}
    return {"name": guard_text(column.heading), "type": column.type, **numeric, "xlflow:key": column.key}


def _describe_references(table: TypedTable, tables: Mapping[str, TypedTable]) -> Iterator[dict[str, Any]]:
    own = _headings(table)
    for key, other in FOREIGN.get(table.name, ()):
        theirs = _headings(tables[other]) if other in tables else {}
        if key in own and key in theirs:
            reference = {"resource": name_resource(tables[other]), "fields": theirs[key]}
            yield {"fields": own[key], "reference": reference}


def _headings(table: TypedTable) -> dict[str, str]:
    return {column.key: guard_text(column.heading) for column in table.columns}

"""Forms whose hidden records somebody has altered: any value in any place, with all digests recomputed."""

import hashlib
import io
import json
import re
import zipfile
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import METADATA_SHEET, row_fingerprint
from xlflow.runtime.codec import chunk_text

Records = list[list[str]]

_ODD_TEXTS = (
    *("", " ", "x", "å" * 40, "x" * 40_000, "9" * 5_000, "\x00\x07", "\u202e", "\ud800"),
    *("{comment:>900000000}", "{0.__class__}", "{", "2021-13-45", "9999-12-31", "0001-01-01", "1e999999999"),
    *("-0", "NaN", "Museet", "Åbo", "status", "postponed", "followup", "9", "sv", "en", "xx"),
)
ODD_VALUES: tuple[Any, ...] = (
    *_ODD_TEXTS,
    *(None, True, -1, 0, 7, 10**18, 10**400, 1.5, float("nan"), float("inf")),
    *([], {}, ["x"] * 300, [["x", "y"]] * 3, {"x": {"x": "x"}}),
    *({"deadline": ["quarter", "x", None, "2021-01-01"]}, {"number": "1e999999999"}, {"number": "sNaN"}),
)
JSON_KINDS = ("definition", "round", "units", "unit", "item", "added", "previous")
TEXT_KINDS = ("identity", "quarter", "choice", "")


def alter_form(content: bytes, rng: Random) -> bytes:
    """Return a form with one to three changes in its hidden records."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = _metadata_part(parts)
    records = read_records(content)
    for _ in range(rng.randint(1, 3)):
        _alter_record(records, rng)
    parts[part] = _replace_rows(parts[part], records)
    return _pack(parts)


def read_records(content: bytes) -> Records:
    """Return the records of a form, without the blanks on the right."""
    workbook = open_workbook(content, "x.xlsx")
    assert isinstance(workbook, WorkbookData)
    sheet = workbook.find_sheet(METADATA_SHEET)
    assert sheet
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.rows]
    return [row[: max((i for i, cell in enumerate(row) if cell), default=-1) + 1] for row in rows]


def replace_records(content: bytes, records: Records) -> bytes:
    """Return a form with other records."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = _metadata_part(parts)
    parts[part] = _replace_rows(parts[part], records)
    return _pack(parts)


def load_record(record: list[str]) -> Any:
    """Return the JSON value of a record."""
    return json.loads("".join(record[_first_chunk(record[0]) :]))


def dump_record(record: list[str], value: Any) -> list[str]:
    """Return the record with another JSON value, its digest or fingerprint recomputed."""
    text = json.dumps(value)
    head = record[:1]
    if record[0] == "definition":
        head.append(hashlib.sha256(text.encode()).hexdigest())
    if record[0] == "item":
        levels = value[1] if isinstance(value, list) and len(value) > 1 else []
        is_text = isinstance(levels, list) and all(isinstance(level, str) for level in levels)
        head.append(
            row_fingerprint([level.encode("utf-8", "replace").decode() for level in levels] if is_text else ["x"])
        )
    return [*head, *chunk_text(text, 30_000)]


def _first_chunk(kind: str) -> int:
    return 2 if kind in ("definition", "item") else 1


def _alter_record(records: Records, rng: Random) -> None:
    index = rng.randrange(len(records))
    if rng.random() < 0.6:  # the large records among many small ones
        index = rng.choice(
            [at for at, record in enumerate(records) if record and record[0] in JSON_KINDS] or [index]
        )
    record = records[index]
    action = rng.random()
    if action < 0.05:
        del records[index]
    elif action < 0.1:
        records.insert(rng.randrange(len(records)), list(record))
    elif record and record[0] in JSON_KINDS and action < 0.95:
        records[index] = dump_record(record, _alter_value(load_record(record), rng))
    elif record:
        text = rng.choice(_ODD_TEXTS)
        record[rng.randrange(len(record))] = text


def _alter_value(value: Any, rng: Random) -> Any:
    """Return a JSON value with one change somewhere in it."""
    if isinstance(value, bool) and rng.random() < 0.7:
        return not value
    if not isinstance(value, dict | list) or not value or rng.random() < 0.1:
        return rng.choice(ODD_VALUES)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    changed = value.copy()
    action = rng.random()
    if action < 0.1:
        del changed[key]
    elif action < 0.2 and isinstance(changed, list):
        changed += value
    else:
        changed[key] = _alter_value(value[key], rng)
    return changed


def _metadata_part(parts: dict[str, bytes]) -> str:
    return next(
        name
        for name, part in parts.items()
        if name.startswith("xl/worksheets/sheet") and b"sheetData" in part and _is_metadata(parts, name)
    )


def _is_metadata(parts: dict[str, bytes], name: str) -> bool:
    opened = parts["xl/workbook.xml"].decode()
    relations = parts["xl/_rels/workbook.xml.rels"].decode()
    found = re.search(rf'<sheet name="{METADATA_SHEET}"[^>]*r:id="(\w+)"', opened)
    assert found
    target = re.search(rf'<Relationship [^>]*Id="{found[1]}"[^>]*/>', relations)
    assert target
    return name.removeprefix("xl/") in target[0]


def _replace_rows(part: bytes, records: Records) -> bytes:
    head, _, rest = part.decode().partition("<sheetData>")
    _, _, tail = rest.partition("</sheetData>")
    rows = []
    for number, record in enumerate(records, 1):
        cells = "".join(
            f'<c r="{_letters(column)}{number}" t="inlineStr"><is><t>{_clean(cell)}</t></is></c>'
            for column, cell in enumerate(record)
            if cell
        )
        rows.append(f'<row r="{number}">{cells}</row>')
    return f"{head}<sheetData>{''.join(rows)}</sheetData>{tail}".encode()


def _clean(text: str) -> str:
    """Return a text as XML may hold it."""
    return escape(
        "".join(letter if letter >= " " and not "\ud800" <= letter <= "\udfff" else "?" for letter in text)
    )


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _pack(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()

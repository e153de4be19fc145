"""Forms and workbooks written before version 0.2.0 say in other names what today's say."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.draw_round import draw_round

from xlflow.definition.template_loader import load_template
from xlflow.form.format_1 import RECORD_KINDS, rename_template_keys
from xlflow.form.metadata import decode_form_records, encode_form_records

OLD_KINDS = {new: old for old, new in RECORD_KINDS.items()}
OLD_KEYS = {
    "date_passed": "passed",
    "threshold": "beyond",
    "children_not_worse": "no_worse_part",
    "when_filled": "filled",
    "when_blank": "blank",
    "final": "settled",
    "excluded_from_rollup": "left_out",
}
ASKED = draw_round("""
    Aktivitet     | Delaktivitet | Slutdatum  | Enhet
    Öppna scenen  |              | 2021-06-30 | Museet
                  | Måla väggar  | Kvartal 2  | Museet
""")


def old_template_text(text: str) -> str:
    def with_old_keys(value: object) -> object:
        if isinstance(value, dict):
            return {OLD_KEYS.get(key, key): with_old_keys(entry) for key, entry in value.items()}
        return [with_old_keys(entry) for entry in value] if isinstance(value, list) else value

    return json.dumps(with_old_keys(json.loads(text)), ensure_ascii=True, separators=(",", ":"))


def as_format_1(records: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The records as they were written then; a definition goes into as many cells as it needs."""
    old: list[tuple[str, ...]] = []
    for kind, *cells in records:
        if kind == "definition":
            text = old_template_text("".join(cells[1:]))
            digest = hashlib.sha256(text.encode()).hexdigest()
            old.append((kind, digest, *(text[at : at + 30_000] for at in range(0, len(text), 30_000))))
        else:
            old.append((OLD_KINDS.get(kind, kind), *cells))
    return old


@pytest.mark.parametrize("name", ["followup", "followup-2019", "budget"])
def test_a_form_written_then_says_what_one_written_now_says(name: str) -> None:
    asked = replace(ASKED, template=load_template(name)) if name != "followup" else ASKED
    records = encode_form_records(asked, "Museet")
    old = as_format_1(records)
    assert {record[0] for record in old} & set(RECORD_KINDS), "nothing was renamed"
    assert decode_form_records(old) == decode_form_records(records)
    assert decode_form_records(records) is not None


def test_keys_are_renamed_where_they_stand_and_nowhere_else() -> None:
    template = {
        "name": "x",
        "fields": [{"key": "passed", "filled": True}],
        "rules": [{"passed": "deadline", "filled": ["comment"], "code": "a"}, "no table"],
        "choices": [{"key": "status", "options": [{"code": "done", "settled": True}]}, {"key": "none"}],
    }
    assert rename_template_keys(template) == {
        "name": "x",
        "fields": [{"key": "passed", "filled": True}],
        "rules": [{"date_passed": "deadline", "when_filled": ["comment"], "code": "a"}, "no table"],
        "choices": [
            {"key": "status", "options": [{"code": "done", "final": True}]},
            {"key": "none", "options": None},
        ],
    }
    assert rename_template_keys("text") == "text"

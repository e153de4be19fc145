"""A history in the terminal: one line per activity, one column per round."""

from collections.abc import Sequence

from xlflow.i18n.catalogue import translate
from xlflow.rounds.history import ROUND_COLUMN_PREFIX, RoundHistory

MAX_NAME_LETTERS = 48
"""Letters of an activity's text that are shown."""


def format_history(history: RoundHistory) -> str:
    """Return the history as lines of text, its columns below each other."""
    template = history.templates[0]
    keys = [column.key for column in history.item_table.columns]
    round_indexes = [index for index, key in enumerate(keys) if key.startswith(ROUND_COLUMN_PREFIX)]
    text_indexes = [keys.index(level.key) for level in template.levels[template.item_level_index :]]
    round_headings = [history.item_table.columns[index].heading for index in round_indexes]
    header = (template.item_level.label.in_language(history.language), *round_headings)
    rows = [
        (
            _item_name([str(row[index] or "") for index in text_indexes]),
            *(str(row[index] or "–") for index in round_indexes),
        )
        for row in history.item_table.rows
    ]
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]
    table_rows = (header, tuple("-" * width for width in widths), *rows)
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table_rows)
    params = {"count": len(history.round_table.rows), "lines": len(rows)}
    return "\n".join((*lines, "", translate("history.rounds", history.language, **params)))


def _item_name(texts: Sequence[str]) -> str:
    """Return the name of an activity, or of a sub-activity with a dash before it, shortened."""
    nonblank_texts = [" ".join(text.split()) for text in texts if text]
    name = f"  – {nonblank_texts[-1]}" if len(nonblank_texts) > 1 else "".join(nonblank_texts)
    return name if len(name) <= MAX_NAME_LETTERS else f"{name[: MAX_NAME_LETTERS - 1].rstrip()}…"

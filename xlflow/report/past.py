"""A history in the terminal: one line per activity, one column per round."""

from collections.abc import Sequence

from xlflow.core.summary import History
from xlflow.core.words import say
from xlflow.history import ROUND

LONGEST_NAME = 48
"""Letters of an activity's text that are shown."""


def show_history(history: History) -> str:
    """Return the history as lines of text, its columns below each other."""
    template = history.templates[0]
    keys = [column.key for column in history.lines.columns]
    places = [place for place, key in enumerate(keys) if key.startswith(ROUND)]
    own = [keys.index(level.key) for level in template.levels[template.item :]]
    rounds = [history.lines.columns[place].heading for place in places]
    head = (template.levels[template.item].label.say(history.language), *rounds)
    rows = [
        (_name([str(row[place] or "") for place in own]), *(str(row[place] or "–") for place in places))
        for row in history.lines.rows
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    ruled = (head, tuple("-" * width for width in widths), *rows)
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in ruled)
    words = {"count": len(history.rounds.rows), "lines": len(rows)}
    return "\n".join((*lines, "", say("history.rounds", history.language, **words)))


def _name(texts: Sequence[str]) -> str:
    """Return a line's own text, that of a part with a dash before it."""
    told = [" ".join(text.split()) for text in texts if text]
    name = f"  – {told[-1]}" if len(told) > 1 else "".join(told)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"

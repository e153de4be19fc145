"""What the terminal prints of a history: one line per activity, one sign per round, and what the signs mean.

The sign of a status is its icon in the template where the terminal shows symbols, else a letter of its own.
"""

from collections.abc import Iterable, Sequence

from xlflow.cli.terminal import PLAIN, Highlight, Look, highlight
from xlflow.cli.text_layout import align_columns, wrap_text
from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.template_elements import Choice
from xlflow.rounds.history import ROUND_COLUMN_PREFIX, RoundHistory

NOT_THERE = "–"
"""The sign of a round in which an activity was not."""


def format_history(history: RoundHistory, look: Look = PLAIN) -> str:
    """Return the history as lines of text, then the days of the rounds and the legend of the signs."""
    template, language = history.templates[0], history.language
    keys = [column.key for column in history.item_table.columns]
    rounds = [index for index, key in enumerate(keys) if key.startswith(ROUND_COLUMN_PREFIX)]
    text_indexes = [keys.index(level.key) for level in template.levels[template.item_level_index :]]
    signs = _choose_signs(
        history, (str(row[index]) for row in history.item_table.rows for index in rounds if row[index]), look
    )
    rows = [
        (template.item_level.label.in_language(language), *(str(number) for number in range(1, len(rounds) + 1))),
        *(
            (
                _item_name([str(row[index] or "") for index in text_indexes]),
                *(signs[str(row[index])] if row[index] else NOT_THERE for index in rounds),
            )
            for row in history.item_table.rows
        ),
    ]
    lines = list(align_columns(rows, look.width))
    days = ", ".join(
        f"{number}\u00a0=\u00a0{history.item_table.columns[index].heading}".replace(" ", "\u00a0")
        for number, index in enumerate(rounds, 1)
    )
    legend = {sign: label for label, sign in signs.items()} | {NOT_THERE: translate("history.not_there", language)}
    meanings = ", ".join(f"{sign}\u00a0=\u00a0{label}".replace(" ", "\u00a0") for sign, label in legend.items())
    ending = (
        translate("history.days", language, days=days),
        translate("history.signs", language, signs=meanings),
        translate("history.rounds", language, count=len(history.round_table.rows), lines=len(rows) - 1),
    )
    table = [lines[0], lines[1], *(_colour_signs(line, history, signs, look) for line in lines[2:])]
    return "\n".join((*table, "", *(wrap_text(text, look.width) for text in ending)))


def _choose_signs(history: RoundHistory, statuses: Iterable[str], look: Look) -> dict[str, str]:
    """Return the sign of each status that occurs, in the order of the template, no sign twice."""
    language, found = history.language, set(statuses)
    choices = _choices_by_label(history)
    unanswered, follows = (
        translate("consolidated.unanswered", language),
        follows_activity_text(history.templates[0], language),
    )
    icons = {label: choice.icon for label, choice in choices.items() if choice.icon}
    icons |= {unanswered: "?", follows: "↑"}
    order = [*choices, follows, unanswered]
    signs: dict[str, str] = {}
    for label in (*(each for each in order if each in found), *sorted(found.difference(order))):
        taken = {*signs.values(), NOT_THERE}
        icon = icons.get(label, "") if look.symbols else ""
        letters = (*label.upper(), *"ABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖ0123456789")
        free = (letter for letter in letters if letter.isalnum() and letter not in taken)
        signs[label] = icon if icon and icon not in taken else next(free, "*")
    return signs


def _choices_by_label(history: RoundHistory) -> dict[str, Choice]:
    return {
        choice.label.in_language(history.language): choice
        for template in reversed(history.templates)
        for choice in template.status_choices.values()
    }


def _colour_signs(line: str, history: RoundHistory, signs: dict[str, str], look: Look) -> str:
    """Return a line of the table with the sign of its last round highlighted, if the status is good or bad."""
    choices = _choices_by_label(history)
    highlights: dict[str, Highlight] = {
        sign: "warning" if choices[label].deviation else "good"
        for label, sign in signs.items()
        if label in choices and (choices[label].deviation or choices[label].final)
    }
    name = highlights.get(line[-1:])
    return f"{line[:-1]}{highlight(line[-1], name, look)}" if name else line


def _item_name(texts: Sequence[str]) -> str:
    """Return the name of an activity, or of a sub-activity with a dash before it."""
    nonblank_texts = [" ".join(text.split()) for text in texts if text]
    return f"  – {nonblank_texts[-1]}" if len(nonblank_texts) > 1 else "".join(nonblank_texts)

"""What a cell shows of a text that is too long for it: its beginning, always with a mark that there is more.

The cell holds the whole text all the same: a number format shows another one, so that sorting, filtering and
reading go by the whole, and the formula bar shows it. A goal is shown by its name, without its definition. Goals
that are shown so have their whole text on the instruction sheet, and every such cell has it in an input note.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xlflow.excel.writer import count_lines
from xlflow.generate.form_model import FormModel
from xlflow.model.template_elements import Level
from xlflow.model.text import collapse_whitespace

MORE = " …"
"""The mark of a text that goes on."""

MAX_NAME_LENGTH = 80
"""Letters of a goal's name; of a longer one its first sentence is shown, or its first words."""

_MAX_FORMAT_LENGTH = 255
_TEXT_FORMAT = 'General;General;General;"{text}"'
_MAX_FORMATS = 150
"""Number formats of a workbook that show texts; Excel allows about 200 of all kinds."""

_SENTENCE_END = re.compile(r"(?<=[^\W\d_][.:!?])\s+(?=[A-ZÅÄÖ0-9–-])")
"""Between two sentences; the point after a number ends none."""


def goal_name(text: str) -> str:
    """Return the name of a goal: its first line, of a long one the first sentence or the first words. With a mark
    where anything is left out, and the whole text where it is short."""
    whole = collapse_whitespace(text)
    first_line = next((collapse_whitespace(line) for line in text.splitlines() if line.strip()), "")
    name = first_line
    if len(name) > MAX_NAME_LENGTH:
        name = _SENTENCE_END.split(name)[0]
    if len(name) > MAX_NAME_LENGTH:
        name = _first_words(name, MAX_NAME_LENGTH)
    return name if name == whole else f"{name.rstrip(' .:;,')}{MORE}"


def fit_text(text: str, width: float, max_lines: int) -> str:
    """Return a text that takes at most `max_lines` in a column of a width in characters: the whole, or its first
    words and a mark."""
    if count_lines(text, width) <= max_lines:
        return text
    words = " · ".join(text.splitlines()).split()
    fewest, most = 1, len(words)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        shown = f"{' '.join(words[:middle])}{MORE}"
        if count_lines(shown, width) <= max_lines and _fits_format(shown):
            fewest = middle
        else:
            most = middle - 1
    shown = f"{' '.join(words[:fewest])}{MORE}"
    return shown if _fits_format(shown) else f"{_first_words(shown, MAX_NAME_LENGTH)}{MORE}"


def _first_words(text: str, max_length: int) -> str:
    shortened = text[: max_length + 1].rpartition(" ")[0]
    return shortened or text[:max_length]


def _fits_format(text: str) -> bool:
    return len(_number_format(text).encode("utf-16-le", "surrogatepass")) // 2 <= _MAX_FORMAT_LENGTH


def _number_format(text: str) -> str:
    """Return the number format by which a cell with any text shows this one."""
    return _TEXT_FORMAT.format(text=" ".join(text.replace('"', "”").split()))


@dataclass(slots=True)
class ShownTexts:
    """The number formats that a form uses to show texts. `number_format` is asked in the order of what matters
    most, since a workbook may not have too many."""

    used: dict[str, str] = field(default_factory=dict)

    def number_format(self, shown: str) -> str | None:
        """Return the number format that shows a text; None where there are too many already."""
        if shown not in self.used and (len(self.used) >= _MAX_FORMATS or not _fits_format(shown)):
            return None
        return self.used.setdefault(shown, _number_format(shown))


def group_levels(form: FormModel) -> tuple[tuple[int, Level], ...]:
    """Return the levels above the activities, each with its index."""
    return tuple((index, level) for index, level in enumerate(form.template.levels) if level.kind == "group")


def shortened_goals(form: FormModel) -> Mapping[Level, Mapping[str, str]]:
    """Return the names of the goals whose definition the form sheet does not show, by level and whole text."""
    found: dict[Level, Mapping[str, str]] = {}
    for index, level in group_levels(form):
        names = _names_of(item.level_texts[index] for item in (*form.items, *form.added_items))
        if names:
            found[level] = names
    return found


def _names_of(texts: Iterable[str]) -> dict[str, str]:
    whole_texts = dict.fromkeys(text for text in texts if text)
    return {text: name for text in whole_texts if (name := goal_name(text)) != collapse_whitespace(text)}

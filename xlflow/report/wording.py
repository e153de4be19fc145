"""How the report says things: statuses as marks, counts with their words, what people wrote as paragraphs.

Changes no word that somebody wrote; the one thing it shortens, the reason in a list, stands whole in the tables.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from xlflow.core.followed import Entry, Followed
from xlflow.core.layout import in_sentence
from xlflow.core.model import Line
from xlflow.core.sentences import FOLLOWS, UNANSWERED, tell_statuses
from xlflow.core.template import Level, Template
from xlflow.core.words import Language, Text, say
from xlflow.report.colours import COLOURS, ink_on
from xlflow.report.document import Bullets, Look, Mark, Paragraph, Span, spell

LONGEST_REASON = 240
"""Characters of a comment that a list gives as the reason; the tables give all of it."""

LONGEST_LIST = 30
"""Lines that one list names; of more it says how many, and the tables give them all."""

_BULLET = re.compile(r"^\s*(?:[-–—•*·]|\u2022)\s+")
_SENTENCE_END = re.compile(r"(?<=[^\s.][.!?])\s+(?=[A-ZÅÄÖ0-9])")


@dataclass(frozen=True)
class Speech:
    """The words of one report: its language, and its template's labels in that language."""

    followed: Followed

    @cached_property
    def language(self) -> Language:
        """The report's language."""
        return self.followed.language

    def say(self, word: str, **values: object) -> str:
        """Return one of the report's own words."""
        return say(f"report.{word}", self.language, **values)

    def vary(self, word: str, count: int, **values: object) -> str:
        """Return a word that differs between one and several."""
        return self.say(f"{word}_{'one' if count == 1 else 'many'}", count=count, **values)

    @cached_property
    def item(self) -> str:
        """What one line is called within a sentence."""
        template = self.followed.template
        return in_sentence(template.levels[template.item].label, self.language)

    @cached_property
    def items(self) -> str:
        """What several lines are called within a sentence."""
        template = self.followed.template
        many = template.levels[template.item].plural or template.levels[template.item].label
        return in_sentence(many, self.language)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Every status in the template's order, then the one for what is not answered."""
        options = self.followed.choices.values()
        known = (make_mark(each.code, each.label.say(self.language), each.icon, each.colour) for each in options)
        unanswered = say("consolidated.unanswered", self.language)
        return (*known, make_mark(UNANSWERED, unanswered, "", COLOURS["unanswered"]))

    def mark_of(self, entry: Entry) -> Mark | None:
        """Return the status of a line as a mark; None for a sub-activity that follows its activity."""
        if entry.follows:
            return None
        return self.mark(entry.code, entry.status)

    def mark(self, code: str | None, status: str) -> Mark:
        """Return a status as a mark; one that the template does not know is shown as it was written."""
        if not code and status:
            return make_mark("", status, "", COLOURS["unanswered"])
        return next(mark for mark in self.marks if mark.code == (code or UNANSWERED))

    def tell_statuses(self, entries: Sequence[Entry], level: Level) -> str:
        """Return how many of some lines stand in each status, as one sentence."""
        codes = (FOLLOWS if each.follows else each.code or each.status or UNANSWERED for each in entries)
        return tell_statuses(Counter(codes), level, self.followed.template, self.language)

    def see_item(self) -> str:
        """Return what stands in place of the status of a sub-activity that follows its activity."""
        return say("consolidated.see_item", self.language, item=self.item)


def make_mark(code: str, word: str, icon: str, fill: str) -> Mark:
    """Return a status in its colour, with an ink that can be read on it."""
    return Mark(code, word, icon, ink_on(fill), fill)


def list_lines(items: Sequence[tuple[Span, ...]], speech: Speech) -> Iterator[Bullets | Paragraph]:
    """Yield a list that would not fill pages; where it is cut short it says so."""
    if items:
        yield Bullets(tuple(items[:LONGEST_LIST]))
    if len(items) > LONGEST_LIST:
        yield Paragraph(spell(speech.say("and_more", count=len(items) - LONGEST_LIST)))


def name_line(line: Line, template: Template) -> str:
    """Return the line's own text, for a sub-activity after that of its activity."""
    part = first_line(line.levels[template.part]) if template.part is not None else ""
    item = first_line(line.levels[template.item]).rstrip(".")
    return f"{item} – {part.rstrip('.')}" if part else item


def join_words(words: Sequence[str], language: Language) -> str:
    """Return "a, b och c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {say('report.and', language)} {words[-1]}"


def label_of(label: Text, language: Language) -> str:
    """Return a label without the marks that a heading may end with."""
    return label.say(language).rstrip(" :")


def to_blocks(text: str, look: Look = "plain", *, strong: bool = False) -> tuple[Paragraph | Bullets, ...]:
    """Return what somebody wrote as paragraphs and lists; a line that begins with a dash or dot is a list item."""
    return tuple(_gather(text, look, strong))


def first_line(text: str) -> str:
    """Return the first line: a goal's name, whose definition stands in the lines below it."""
    return text.strip().partition("\n")[0].strip()


def rest_of(text: str) -> str:
    """Return what stands below the first line."""
    return text.strip().partition("\n")[2].strip()


def first_sentence(text: str) -> str:
    """Return the first sentence of a text of ours."""
    return _SENTENCE_END.split(text, maxsplit=1)[0]


def shorten(text: str) -> str:
    """Return the first sentences of a comment, whole ones if any fits; a cut is made between words and shown."""
    kept = ""
    for sentence in _SENTENCE_END.split(_first_words(text)):
        if kept and len(kept) + len(sentence) >= LONGEST_REASON:
            break
        kept = f"{kept} {sentence}".strip()
    if len(kept) <= LONGEST_REASON:
        return kept
    return f"{kept[:LONGEST_REASON].rsplit(maxsplit=1)[0].rstrip(' ,;:–-')} …"


def _first_words(text: str) -> str:
    """Return the first paragraph; a list that it is, or that it leads to, as a row of words."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    items = [_BULLET.sub("", line) for line in takewhile(_BULLET.match, lines[1:])]
    lead = _BULLET.sub("", lines[0]) if lines else ""
    if lines and lead != lines[0]:
        return "; ".join([lead, *items])
    return f"{lead} {'; '.join(items)}" if items and lead.endswith(":") else lead


def _gather(text: str, look: Look, strong: bool) -> Iterator[Paragraph | Bullets]:
    items: list[tuple[Span, ...]] = []
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        found = _BULLET.match(line)
        if found:
            items.append(spell(line[found.end() :], strong=strong))
            continue
        yield from _close(items)
        items = []
        yield Paragraph(spell(line, strong=strong), look)
    yield from _close(items)


def _close(items: Iterable[tuple[Span, ...]]) -> Iterator[Bullets]:
    kept = tuple(items)
    if kept:
        yield Bullets(kept)

"""How text is compared, fingerprinted and shortened: the same on every machine and in every round.

People retype, paste and decompose; programs change dashes and spaces. Two texts that a reader would call
the same must be the same here, and nothing here ever changes what is shown.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201A: "'", 0x201C: '"', 0x201D: '"', 0x201E: '"', 0xB4: "'"}
_ORDINARY = re.compile(r"[\t-\r -~À-ÖØ-öø-ÿ]*")
"""Texts without a letter that has to be composed, replaced or left out: nearly all, and quickly told."""

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What breaks a line, rings a bell, or turns the direction of what stands beside it."""

_LONGEST_NAME = 300
"""Letters of a name that are shown; the longest that a file can have by itself is shorter."""

_CODE_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


def tidy(text: str) -> str:
    """Return the text composed (NFC), without unseen characters, runs of blanks folded to one space."""
    if _ORDINARY.fullmatch(text):
        return " ".join(text.split())
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text).translate(_UNSEEN)).strip()


def tidy_lines(text: str) -> str:
    """Like `tidy`, but keeps line breaks (as \\n), for answers that people wrote in paragraphs."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(tidy(line) for line in lines).strip("\n")


def fold(text: str) -> str:
    """Return the key under which two texts count as the same: case, blanks, dashes and quotes ignored."""
    if _ORDINARY.fullmatch(text):
        return " ".join(text.split()).casefold()
    return tidy(unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_QUOTES)).casefold()


def plain(text: str) -> str:
    """Return the text in small letters, tidy, with one kind of dash and quote; unlike `fold`, 10² is not 102."""
    if _ORDINARY.fullmatch(text):
        return " ".join(text.split()).casefold()
    return tidy(text.translate(_DASHES).translate(_QUOTES)).casefold()


def show_unseen(text: str, but: str = "") -> str:
    """Return the text with what cannot be seen, and would do something, spelt out ("\\n", "\\u202e")."""
    return _UNSHOWN.sub(lambda found: found[0] if found[0] in but else _spell(found[0]), text)


@lru_cache(maxsize=4096)
def show_name(name: str) -> str:
    """Return the name of a file or sheet as people are shown it: on one line, and of an extremely long one both
    ends."""
    shown = name if name.isprintable() else show_unseen(name)
    half = _LONGEST_NAME // 2
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:half]}…{shown[1 - half :]}"


def _spell(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def fingerprint(texts: Iterable[str]) -> str:
    """Return 16 hexadecimal digits that stand for the folded texts, in their order."""
    return _digest(texts).hex()[:16]


def short_code(texts: Iterable[str], length: int = 8) -> str:
    """Return a code of `length` characters (about 4.9 bits each) without letters that are easily misread."""
    number = int.from_bytes(_digest(texts), "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_CODE_LETTERS))
        letters.append(_CODE_LETTERS[rest])
    return "".join(letters)


def count_units(text: str) -> int:
    """Return how long a text is as spreadsheets count: in units of UTF-16, of which an emoji takes two."""
    return len(text) + sum(letter > "\uffff" for letter in text) if not text.isascii() else len(text)


def cut_units(text: str, room: int) -> Iterator[str]:
    """Yield a text in pieces of at most `room` units of UTF-16 (at least 2), between words where that costs less
    than a tenth. The pieces put together are the text, letter by letter; a text that fits is one piece."""
    start = 0
    while count_units(text[start : start + room]) > room or len(text) - start > room:
        end = _end_within(text, start, room)
        blank = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1
        end = blank if blank - start > room * 0.9 else end
        yield text[start:end]
        start = end
    yield text[start:]


def _end_within(text: str, start: int, room: int) -> int:
    """Return the place behind the last letter from `start` on that still fits."""
    end = min(len(text), start + room)
    while (over := count_units(text[start:end]) - room) > 0:
        end -= (over + 1) // 2
    return end


def _digest(texts: Iterable[str]) -> bytes:
    """Return what stands for the folded texts; half an emoji, which some programs leave behind, counts as well."""
    return hashlib.sha256("\x1f".join(map(fold, texts)).encode(errors="surrogatepass")).digest()

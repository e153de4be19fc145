"""How text is compared, fingerprinted and shortened, and which right word is closest to a wrong one.

The same on every machine and in every round. People retype, paste and decompose; programs change dashes and
spaces. Two texts that a reader would call the same must have the same key here; keys are compared, never shown.
The closest match only ever suggests; whoever calls decides in which form texts are compared.
"""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import TypeVar

_WHITESPACE = re.compile(r"[\s\u00a0\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_QUOTES = {0x2018: "'", 0x2019: "'", 0x201A: "'", 0x201C: '"', 0x201D: '"', 0x201E: '"', 0xB4: "'"}
_SIMPLE_TEXT = re.compile(r"[\t-\r -~À-ÖØ-öø-ÿ]*")
"""Texts without a character that must be composed, replaced or removed: nearly all, and quick to recognise."""

_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters and those that change the direction of text."""

_MAX_NAME_LENGTH = 300
"""Characters of a name that are shown; longer than any file name without folders."""

ILLEGAL_XML_CHARACTERS = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
"""Characters that no XML document may hold, as they stand between the brackets of a regular expression."""

_CODE_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def collapse_whitespace(text: str) -> str:
    """Return the text composed (NFC), without invisible characters, every run of blanks as one space."""
    if _SIMPLE_TEXT.fullmatch(text):
        return " ".join(text.split())
    return _WHITESPACE.sub(" ", unicodedata.normalize("NFC", text).translate(_INVISIBLE)).strip()


def collapse_whitespace_keep_lines(text: str) -> str:
    """Like `collapse_whitespace`, but keeps line breaks (as \\n), for answers that people wrote in paragraphs."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(collapse_whitespace(line) for line in lines).strip("\n")


def normalize_key(text: str) -> str:
    """Return the key under which two texts count as the same: case, blanks, dashes and quotes ignored."""
    if _SIMPLE_TEXT.fullmatch(text):
        return " ".join(text.split()).casefold()
    return collapse_whitespace(
        unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_QUOTES)
    ).casefold()


def normalize_for_parsing(text: str) -> str:
    """Return the text in small letters, tidy, with one kind of dash and quote; unlike `normalize_key`, 10² is not
    102."""
    if _SIMPLE_TEXT.fullmatch(text):
        return " ".join(text.split()).casefold()
    return collapse_whitespace(text.translate(_DASHES).translate(_QUOTES)).casefold()


def escape_invisible(text: str, allowed: str = "") -> str:
    """Return the text with what cannot be seen, and would do something, spelt out ("\\n", "\\u202e")."""
    return _CONTROL_CHARACTERS.sub(
        lambda match: match[0] if match[0] in allowed else _escape_character(match[0]), text
    )


@lru_cache(maxsize=4096)
def safe_display_name(name: str) -> str:
    """Return the name of a file or sheet as people are shown it: on one line, and of an extremely long one both
    ends."""
    escaped = name if name.isprintable() else escape_invisible(name)
    half = _MAX_NAME_LENGTH // 2
    return escaped if len(escaped) <= _MAX_NAME_LENGTH else f"{escaped[:half]}…{escaped[1 - half :]}"


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape").decode()


def first_line(text: str) -> str:
    """Return the first line of a text: a goal's name, whose definition is on the lines below it."""
    return text.strip().partition("\n")[0].strip()


def ascii_letters(text: str) -> str:
    """Return a text in ASCII: accents are removed (å -> a), other characters without an ASCII form are left
    out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def first_free_name(name: str, is_taken: Callable[[str], bool], numbered: str = "{name} ({number})") -> str:
    """Return `name`, or the first of its numbered forms (from 2 on) for which `is_taken` is False."""
    candidates = (name if number == 1 else numbered.format(name=name, number=number) for number in count(1))
    return next(candidate for candidate in candidates if not is_taken(candidate))


def fingerprint(texts: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the normalized texts, in their order."""
    return _hash_texts(texts).hex()[:16]


def short_code(texts: Iterable[str], length: int = 8) -> str:
    """Return a code of the normalized texts, `length` characters (about 4.9 bits each) that are hard to
    misread."""
    number = int.from_bytes(_hash_texts(texts), "big")
    characters = []
    for _ in range(length):
        number, digit = divmod(number, len(_CODE_ALPHABET))
        characters.append(_CODE_ALPHABET[digit])
    return "".join(characters)


def utf16_length(text: str) -> int:
    """Return how long a text is as spreadsheets count: in units of UTF-16, of which an emoji takes two."""
    return len(text) + sum(character > "\uffff" for character in text) if not text.isascii() else len(text)


def split_utf16(text: str, max_length: int) -> Iterator[str]:
    """Yield a text in pieces of at most `max_length` UTF-16 units (2 or more).

    Cut between words where that costs less than a tenth of a piece. Joined, the pieces are the text.
    """
    start = 0
    while utf16_length(text[start : start + max_length]) > max_length or len(text) - start > max_length:
        end = _chunk_end(text, start, max_length)
        word_break = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1
        end = word_break if word_break - start > max_length * 0.9 else end
        yield text[start:end]
        start = end
    yield text[start:]


def _chunk_end(text: str, start: int, max_length: int) -> int:
    """Return the index after the last character from `start` on that still fits."""
    end = min(len(text), start + max_length)
    while (excess := utf16_length(text[start:end]) - max_length) > 0:
        end -= (excess + 1) // 2
    return end


def _hash_texts(texts: Iterable[str]) -> bytes:
    """Return the SHA-256 of the normalized texts; half a surrogate pair, which some programs leave, is allowed."""
    return hashlib.sha256("\x1f".join(map(normalize_key, texts)).encode(errors="surrogatepass")).digest()


@lru_cache(maxsize=1 << 16)
def normalize_key_cached(text: str) -> str:
    """Return `normalize_key(text)`, cached: plans and forms repeat the same texts over and over."""
    return normalize_key(text)


Found = TypeVar("Found")

NAME_SIMILARITY = 0.6
"""For names, keys and labels to choose from: a wrong suggestion costs a glance."""

OPTION_SIMILARITY = 0.7
"""For options of the command line, which are short and resemble each other."""

READ_SIMILARITY = 0.8
"""For headings and words of time, where what is suggested decides how other cells are read."""


def find_closest(text: str, candidates: Iterable[str], min_similarity: float = NAME_SIMILARITY) -> str | None:
    """Return the candidate most like a text, None if none is at least `min_similarity` (0 to 1) alike."""
    return next(iter(difflib.get_close_matches(text, list(candidates), 1, min_similarity)), None)


def find_closest_value(
    text: str, value_by_text: Mapping[str, Found], min_similarity: float = NAME_SIMILARITY
) -> Found | None:
    """Return the value whose key is most like a text, None as in `find_closest`."""
    key = find_closest(text, value_by_text, min_similarity)
    return None if key is None else value_by_text[key]


def text_similarity(text: str, other: str) -> float:
    """Return how alike two texts are, from 0 (nothing in common) to 1 (equal)."""
    return difflib.SequenceMatcher(None, text, other).ratio()

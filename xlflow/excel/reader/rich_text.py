"""Reads the texts that cells share, and what is struck out in a rich text. Opens nothing; knows no cells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from xml.etree.ElementTree import Element

from xlflow.excel.reader.safe_xml import get_attribute, iter_text_elements, local_name, parse_xml
from xlflow.excel.reader.workbook_data import decode_ooxml_escapes

TextRuns = tuple[tuple[str, bool | None], ...]
"""The parts of a rich text, each with whether it is struck out; None where it is formatted as its cell is."""

_STRIKE_TAG = re.compile(rb"""<(?:\w+:)?strike\b(?!\s+val\s*=\s*["'](?:0|false)["'])""")
_RUN_TAG = re.compile(rb"<(?:\w+:)?r>")


def is_strike(element: Element) -> bool:
    """Return whether an element of a font's or run's properties strikes its text out."""
    return local_name(element) == "strike" and get_attribute(element, "val", "1") not in ("0", "false")


def has_strike_tag(part: bytes) -> bool:
    """Return whether anything in a part may be struck out."""
    return b"strike" in part and _STRIKE_TAG.search(part) is not None


def split_struck_out(runs: Sequence[tuple[str, bool | None]], *, cell_is_struck: bool) -> tuple[str, str]:
    """Return (text that is struck out, remaining text) of a rich text."""
    parts = [(text, cell_is_struck if is_struck is None else is_struck) for text, is_struck in runs]
    return (
        "".join(text for text, is_struck in parts if is_struck),
        "".join(text for text, is_struck in parts if not is_struck),
    )


def read_shared_strings(part: bytes) -> Iterator[str]:
    """Yield the shared strings of a part in the order of their indexes; none if it is empty. Raises ParseError if
    the part is broken."""
    for item in _shared_string_items(part):
        yield "".join(map(_decode_text_element, iter_text_elements(item)))


def _shared_string_items(part: bytes) -> Iterator[Element]:
    return (item for item in (parse_xml(part) if part else ()) if local_name(item) == "si")


def read_string_runs(part: bytes) -> Mapping[int, TextRuns]:
    """Return index -> runs of the shared strings of a part that are rich texts. Raises ParseError if the part is
    broken."""
    if not _RUN_TAG.search(part):
        return MappingProxyType({})
    runs_by_string: dict[int, TextRuns] = {}
    for index, item in enumerate(_shared_string_items(part)):
        runs = [child for child in item if local_name(child) in ("r", "t")]
        if any(local_name(run) == "r" for run in runs):
            runs_by_string[index] = tuple(map(_read_run, runs))
    return MappingProxyType(runs_by_string)


def _read_run(run: Element) -> tuple[str, bool | None]:
    """Return the text of a run, and whether it is struck out; None if it is formatted as its cell is."""
    properties = [element for child in run if local_name(child) == "rPr" for element in child]
    has_properties = any(local_name(child) == "rPr" for child in run)
    text = "".join(map(_decode_text_element, iter_text_elements(run)))
    return text, any(map(is_strike, properties)) if has_properties else None


def _decode_text_element(element: Element) -> str:
    """Return the text of a `t` element; blanks around it count only where it says xml:space="preserve"."""
    text = element.text or ""
    preserves_whitespace = get_attribute(element, "space") == "preserve"
    return decode_ooxml_escapes(text if preserves_whitespace else text.strip())

"""Every compiled pattern of the package, and the texts on which one of them could take more than linear time."""

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import xlflow

AnyPattern = re.Pattern[Any]

PLAIN_UNITS = (
    *(
        "a",
        "x",
        "å",
        "0",
        "19",
        " ",
        "\t",
        "\n",
        "\r\n",
        '"',
        "'",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "-",
        "–",
        ".",
    ),
    *(
        ",",
        "/",
        "\\",
        "_",
        "@",
        "&",
        ":",
        ";",
        "=",
        "+",
        "*",
        "#",
        "%",
        "?",
        "!",
        "|",
        "\u00a0",
        "\u0308",
        "\ud800",
        "A",
    ),
    *(
        "a ",
        "a b ",
        "a, ",
        "a-",
        "0 ",
        "0.",
        "0,",
        "1 000 ",
        "(a",
        "<a ",
        "<a>",
        'a="b" ',
        "a. ",
        "a och ",
        "och ",
        " och",
    ),
    *(
        "<!-- ",
        "<?x ",
        "<c ",
        "<row ",
        "i i ",
        "kvartal ",
        "2021-",
        "inte ",
        "a\n",
        "a:b\n",
        "a@",
        "a.b@",
        "0-",
        "00 ",
    ),
)


def list_patterns() -> dict[AnyPattern, str]:
    """Return all compiled patterns in the modules of the package, also those in tuples, dictionaries, classes and
    functions; each with where it was found."""
    for module in pkgutil.walk_packages(xlflow.__path__, "xlflow."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[AnyPattern, str] = {}
    for name, module_object in sorted(sys.modules.items()):
        if name.partition(".")[0] == "xlflow":
            _collect(vars(module_object), name, found, set(), 0)
    return found


def _collect(value: object, place: str, found: dict[AnyPattern, str], seen: set[int], depth: int) -> None:
    if id(value) in seen or depth > 6:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        found.setdefault(value, place)
    elif isinstance(value, dict) or type(value).__name__ == "mappingproxy":
        for key, each in list(value.items()):  # type: ignore[attr-defined]
            where = f"{place}.{key}" if depth == 0 else place
            _collect(key, where, found, seen, depth + 1)
            _collect(each, where, found, seen, depth + 1)
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            _collect(each, place, found, seen, depth + 1)
    elif isinstance(value, type) and value.__module__.partition(".")[0] == "xlflow":
        _collect(dict(vars(value)), place, found, seen, depth + 1)
    elif callable(value) and hasattr(value, "__code__"):
        constants = (
            value.__code__.co_consts,
            value.__defaults__,
            [c.cell_contents for c in value.__closure__ or ()],
        )
        _collect(constants, place, found, seen, depth + 1)


def own_units(pattern: AnyPattern) -> list[str]:
    """Return texts that the pattern's own literals make: each of its alternatives and repeated parts once."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    parts = dict.fromkeys(part for part in _sample_parts(tree) if part)
    return sorted(parts, key=len)[:24] + sorted(parts, key=len)[-8:]


def _sample_parts(tree: Any) -> Iterator[str]:
    """Yield a text that matches a part of a pattern, for the whole and for each part with parts of its own."""
    yield _sample(tree)
    for operator, argument in tree:
        if operator is sre.BRANCH:
            for branch in argument[1][:6]:
                yield from _sample_parts(branch)
        elif operator in (sre.SUBPATTERN,):
            yield from _sample_parts(argument[-1])
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
            yield from _sample_parts(argument[2])
        elif operator in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _sample_parts(argument[1])
        elif operator is getattr(sre, "ATOMIC_GROUP", None):
            yield from _sample_parts(argument)


def _sample(tree: Any) -> str:
    """Return a text that matches a pattern, or nearly: each repetition once or more, the first alternatives."""
    text = ""
    for operator, argument in tree:
        if operator is sre.LITERAL:
            text += chr(argument)
        elif operator is sre.NOT_LITERAL or operator is sre.ANY:
            text += "x"
        elif operator is sre.IN:
            text += _sample_of_set(argument)
        elif operator is sre.BRANCH:
            text += _sample(argument[1][0])
        elif operator is sre.SUBPATTERN:
            text += _sample(argument[-1])
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
            text += _sample(argument[2]) * min(max(argument[0], 1), 8)
        elif operator is getattr(sre, "ATOMIC_GROUP", None):
            text += _sample(argument)
    return text


def _sample_of_set(parts: Any) -> str:
    for operator, argument in parts:
        if operator is sre.LITERAL:
            return chr(argument)
        if operator is sre.RANGE:
            return chr(argument[0])
        if operator is sre.CATEGORY:
            names = {sre.CATEGORY_DIGIT: "7", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "a"}
            return names.get(argument, "b")
    return "y"


def texts_for(pattern: AnyPattern, size: int, step: int = 1) -> Iterator[Any]:
    """Yield texts of about `size` letters: every unit again and again, alone, after the beginning of a match, and
    before something that breaks it. Only every so many (`step`), others for each pattern."""
    own = own_units(pattern)
    number = len(pattern.pattern) % step
    beginning = max(own, key=len, default="")
    for unit in dict.fromkeys((*PLAIN_UNITS, *own)):
        repeated = unit * max(1, size // len(unit))
        for text in (repeated, beginning + repeated, repeated + "\x01"):
            number += 1
            if number % step:
                continue
            if isinstance(pattern.pattern, str):
                yield text
            else:
                yield text.encode("utf-8", "surrogatepass")


def cpu_time(pattern: AnyPattern, text: Any) -> float:
    """Return the seconds of processor time that searching, matching and splitting up a text takes."""
    start = time.process_time()
    pattern.search(text)
    pattern.match(text)
    pattern.fullmatch(text)
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - start


def is_slow(pattern: AnyPattern, small: Any, medium: Any, large: Any) -> bool:
    """Return whether a pattern takes much more than proportionally longer on a larger text; `medium` and `large`
    are four and sixteen times as long as `small`. Times that no one would notice are not compared."""
    if cpu_time(pattern, small) > 0.1:
        return True
    if cpu_time(pattern, medium) > 0.4:
        return True
    if cpu_time(pattern, large) < 0.04:
        return False
    best = [min(cpu_time(pattern, text) for _ in range(3)) for text in (medium, large)]
    return best[1] > 10 * max(best[0], 0.001)

"""What forms that look alike have in common, worked out for the first of them only.

Formulas and sentences of a form depend on its template and on where its rows stand, not on who it is for. The
forms of a round differ in little else than texts, so most of what is worked out for one serves the next.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from xlflow.generate.frame import Frame

More = ParamSpec("More")
Told = TypeVar("Told")

MOST = 20_000
"""Answers that are kept of one function; then it begins anew."""


def once_alike(ask: Callable[Concatenate[Frame, More], Told]) -> Callable[Concatenate[Frame, More], Told]:
    """Have a function of a form asked only once for all forms that are alike, by its other arguments."""
    known: dict[object, Told] = {}

    @wraps(ask)
    def answer(frame: Frame, /, *args: More.args, **kwargs: More.kwargs) -> Told:
        key = (frame.alike, args, tuple(kwargs.items()))
        if key not in known:
            if len(known) >= MOST:
                known.clear()
            known[key] = ask(frame, *args, **kwargs)
        return known[key]

    return answer

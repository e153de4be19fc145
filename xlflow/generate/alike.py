"""What forms that look alike have in common, worked out for the first of them only.

Formulas and sentences of a form depend on its template and on where its rows stand, not on who it is for. The
forms of a round differ in little else than texts, so most of what is worked out for one serves the next.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from xlflow.generate.frame import FormModel

ExtraArguments = ParamSpec("ExtraArguments")
Result = TypeVar("Result")

MAX_MEMOIZED = 20_000
"""Answers that are kept of one function; then it begins anew."""


def memoize_by_layout(
    function: Callable[Concatenate[FormModel, ExtraArguments], Result],
) -> Callable[Concatenate[FormModel, ExtraArguments], Result]:
    """Have a function of a form asked only once for all forms that are alike, by its other arguments."""
    results: dict[object, Result] = {}

    @wraps(function)
    def answer(frame: FormModel, /, *args: ExtraArguments.args, **kwargs: ExtraArguments.kwargs) -> Result:
        key = (frame.layout_key, args, tuple(kwargs.items()))
        if key not in results:
            if len(results) >= MAX_MEMOIZED:
                results.clear()
            results[key] = function(frame, *args, **kwargs)
        return results[key]

    return answer

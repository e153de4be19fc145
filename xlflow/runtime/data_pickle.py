"""What comes from a worker process, read as data: values and the package's own value classes, never a function.

A worker reads files that nobody trusts, and a fault in a reader could let a file speak through its process. What
it sends is a pickle, which could call anything; here it can only make values.
"""

import copyreg
import dataclasses
import io
import pickle
import sys
from datetime import date
from enum import Enum
from types import MappingProxyType

_PLAIN_CLASSES = frozenset(
    {
        ("builtins", "bytearray"),
        ("builtins", "complex"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("collections", "deque"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "time"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("decimal", "Decimal"),
        ("pathlib", "Path"),
        ("pathlib", "PosixPath"),
        ("pathlib", "WindowsPath"),
    }
)


DATA_ERRORS = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, KeyError, IndexError)
"""What reading bytes may raise that are no pickle of values."""


def dump_data(value: object) -> bytes:
    """Return a value as bytes; the reverse is `load_data`."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def restore_mapping(values: dict[object, object]) -> MappingProxyType[object, object]:
    """Return a read-only mapping of these values: what is sent in its place, since it cannot be pickled itself."""
    return MappingProxyType(values)


def _reduce_mapping(mapping: MappingProxyType[object, object]) -> tuple[object, ...]:
    return restore_mapping, (dict(mapping),)


copyreg.pickle(MappingProxyType, _reduce_mapping)  # type: ignore[arg-type]


def load_data(content: bytes) -> object:
    """Return the value of a pickle. Raises `pickle.UnpicklingError` where it names anything but the classes of
    plain values, and the value classes of this package (dataclasses, models, texts, numbers, days)."""
    return _DataUnpickler(io.BytesIO(content)).load()


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, name: str) -> object:
        """Return a class of values; modules that are not loaded are not loaded for this."""
        module = sys.modules.get(module_name)
        found = getattr(module, name, None)
        if found is restore_mapping or (module_name, name) in _PLAIN_CLASSES:
            return found
        if isinstance(found, type) and module_name.partition(".")[0] == "xlflow" and _is_value_class(found):
            return found
        raise pickle.UnpicklingError(f"{module_name}.{name} is no value")


def _is_value_class(found: type) -> bool:
    is_model = any(base.__module__.startswith("pydantic.") for base in found.__mro__)
    return is_model or dataclasses.is_dataclass(found) or issubclass(found, Enum | str | float | date)

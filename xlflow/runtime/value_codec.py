"""Values as bytes between processes: plain data and the package's own value classes, never a function.

A worker reads files that nobody trusts, and a fault in a reader could let a file speak through its process. So
what it sends is MessagePack, which holds data only. Whatever that does not know travels under an extension code: a
tuple, a day, a decimal number, or an object as the name of its class and what it is made of. A class counts only
if it is one of values and loaded already.
"""

import dataclasses
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.msgpack import Ext
from pydantic import BaseModel

(
    _TUPLE,
    _LIST,
    _SET,
    _MAPPING,
    _DATE,
    _DATETIME,
    _TIME,
    _DURATION,
    _DECIMAL,
    _BIG,
    _TEXT,
    _PATH,
    _OBJECT,
    _MODEL,
) = range(14)
"""The extension codes. They mean something between processes of one run only, and are stored nowhere."""

_PLAIN_TYPES = frozenset({str, int, float, bool, bytes, type(None)})
"""What MessagePack has itself; but for numbers beyond 64 bits, and texts with half a surrogate pair."""


_DECODE_FAULTS = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)
"""What making values of bytes may raise where nothing of ours has made the bytes."""


class ValueDecodeError(ValueError):
    """The bytes are none that `encode_value_bytes` makes."""


def encode_value_bytes(value: object) -> bytes:
    """Return a value as bytes; the reverse is `decode_value_bytes`. Raises TypeError for what is no value."""
    return _encode([value])


def decode_value_bytes(content: bytes) -> object:
    """Return the value of bytes that need not be trusted; a dict comes back read-only. Raises
    ValueDecodeError where they are not whole, or name anything but a class of values."""
    try:
        (value,) = _ValueReader().read(content)
    except _DECODE_FAULTS as fault:
        raise ValueDecodeError(str(fault)) from fault
    return value


def _encode(values: list[Any] | tuple[Any, ...]) -> bytes:
    """Return the values of a list as bytes; most lists are rows of a sheet, and most rows hold plain values."""
    if not _PLAIN_TYPES.issuperset(map(type, values)):
        values = [value if type(value) in _PLAIN_TYPES else _wrap(value) for value in values]
    try:
        return _ENCODER.encode(values)
    except (UnicodeEncodeError, OverflowError):
        return _ENCODER.encode([_wrap_unusual(value) for value in values])


def _wrap(value: Any) -> Ext:
    """Return a value that MessagePack does not have, with the code of its kind. Raises TypeError for no value."""
    kind = type(value)
    if kind in _WRAPPERS:
        code, parts_of = _WRAPPERS[kind]
        return Ext(code, parts_of(value))
    if isinstance(value, BaseModel):
        return Ext(_MODEL, _encode([_class_name(kind), *(part for pair in value for part in pair)]))
    if isinstance(value, Path):
        return Ext(_PATH, _text_bytes(str(value)))
    if dataclasses.is_dataclass(value):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value) if field.init]
    elif isinstance(value, Enum):
        parts = [value.value]
    elif isinstance(value, str | float | tuple):
        parts = list(value.__getnewargs__()) if not isinstance(value, tuple) else list(value)
    else:
        raise TypeError(f"{kind.__name__} is no value")
    return Ext(_OBJECT, _encode([_class_name(kind), *parts]))


def _wrap_unusual(value: Any) -> Any:
    """Return a text or whole number that MessagePack cannot hold with a code; anything else as it is."""
    if type(value) is int and value.bit_length() > 63:
        return Ext(_BIG, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    return Ext(_TEXT, _text_bytes(value)) if type(value) is str else value


def _text_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _mapping_bytes(mapping: Mapping[Any, Any]) -> bytes:
    return _encode([part for pair in mapping.items() for part in pair])


_WRAPPERS: Mapping[type, tuple[int, Callable[[Any], bytes]]] = {
    tuple: (_TUPLE, _encode),
    list: (_LIST, _encode),
    frozenset: (_SET, lambda value: _encode(tuple(value))),
    MappingProxyType: (_MAPPING, _mapping_bytes),
    dict: (_MAPPING, _mapping_bytes),
    date: (_DATE, lambda value: value.isoformat().encode()),
    datetime: (_DATETIME, lambda value: value.isoformat().encode()),
    time: (_TIME, lambda value: value.isoformat().encode()),
    timedelta: (_DURATION, lambda value: _encode([value.days, value.seconds, value.microseconds])),
    Decimal: (_DECIMAL, lambda value: str(value).encode()),
}
"""The code of each kind of value, and what makes its bytes."""


class _ValueReader:
    """Makes the values of one message. Equal texts in it become one object, since most cells repeat others."""

    def __init__(self) -> None:
        self.read = msgspec.msgpack.Decoder(ext_hook=self._unwrap).decode
        self._texts: dict[str, str] = {}

    def _unwrap(self, code: int, data: memoryview) -> object:
        """Return the value of a code and its bytes, for msgspec. Raises KeyError for an unknown code."""
        if code not in _UNWRAPPERS:
            return _TEXT_UNWRAPPERS[code](bytes(data))
        parts, share = self.read(data), self._texts.setdefault
        return _UNWRAPPERS[code]([share(part, part) if type(part) is str else part for part in parts])


def _pair_up(parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _make_object(parts: list[Any]) -> object:
    name, *arguments = parts
    return _find_class(name)(*arguments)


def _make_model(parts: list[Any]) -> object:
    name, *pairs = parts
    found = _find_class(name)
    if not issubclass(found, BaseModel):
        raise TypeError(f"{name} is no model")
    return found(**_pair_up(pairs))


_UNWRAPPERS: Mapping[int, Callable[[list[Any]], object]] = {
    _TUPLE: tuple,
    _LIST: list,
    _SET: frozenset,
    _MAPPING: lambda parts: MappingProxyType(_pair_up(parts)),
    _DURATION: lambda parts: timedelta(*parts),
    _OBJECT: _make_object,
    _MODEL: _make_model,
}
_TEXT_UNWRAPPERS: Mapping[int, Callable[[bytes], object]] = {
    _DATE: lambda data: date.fromisoformat(data.decode()),
    _DATETIME: lambda data: datetime.fromisoformat(data.decode()),
    _TIME: lambda data: time.fromisoformat(data.decode()),
    _DECIMAL: lambda data: Decimal(data.decode()),
    _BIG: lambda data: int.from_bytes(data, "big", signed=True),
    _TEXT: lambda data: data.decode("utf-8", "surrogatepass"),
    _PATH: lambda data: Path(data.decode("utf-8", "surrogatepass")),
}
"""What makes a value of the parts, or the bytes, that were sent under each code."""


def _class_name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _find_class(name: str) -> type:
    """Return a class of values of this package; modules that are not loaded are not loaded for this."""
    module_name, _, class_name = name.partition(":")
    found = getattr(sys.modules.get(module_name), class_name, None)
    if isinstance(found, type) and module_name.partition(".")[0] == "xlflow" and _is_value_class(found):
        return found
    raise TypeError(f"{name} is no value")


def _is_value_class(found: type) -> bool:
    return dataclasses.is_dataclass(found) or issubclass(found, BaseModel | Enum | str | float | tuple)


_ENCODER = msgspec.msgpack.Encoder()

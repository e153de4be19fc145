"""What is packed, and the JSON that it is packed as."""

import json
from dataclasses import dataclass
from typing import Any

from xlflow.core.findings import Finding
from xlflow.core.model import Filled, Received

Opened = tuple[Received, Filled | Finding]
"""One file and what the gate or the reader made of it."""

Near = tuple[str, str | None]
"""The file and the sheet that most places of a form are on."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What one file said, as bytes, and the frame that it needs, with its digest; a refusal needs none."""

    content: bytes
    frame: str = ""
    frame_content: bytes = b""


def dump(said: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def load(content: bytes) -> Any:
    """Return the value that JSON stands for. ValueError where it is not whole."""
    return json.loads(content.decode("utf-8", "surrogatepass"))

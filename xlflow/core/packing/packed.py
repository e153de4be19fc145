"""What is packed, and the JSON that it is packed as."""

import json
from dataclasses import dataclass
from typing import Any

from xlflow.core.findings import Finding
from xlflow.core.model import ReceivedFile, Submission

ReadResult = tuple[ReceivedFile, Submission | Finding]
"""One file and what the gate or the reader made of it."""

DefaultLocation = tuple[str, str | None]
"""The file and the sheet that most places of a form are on."""


@dataclass(frozen=True, slots=True)
class EncodedSubmission:
    """What one file said, as bytes, and the frame that it needs, with its digest; a refusal needs none."""

    content: bytes
    shared_digest: str = ""
    shared_content: bytes = b""


def json_dumps_bytes(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def json_loads_bytes(content: bytes) -> Any:
    """Return the value that JSON stands for. ValueError where it is not whole."""
    return json.loads(content.decode("utf-8", "surrogatepass"))

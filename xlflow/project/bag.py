"""A bag as archives take it in (BagIt, RFC 8493): the tag files that name every file with its digest, and the
archive in which they lie beside the files.

The files of a round stay where they are when it is closed; its tag files call them what they are called in the bag
that `xlflow archive` packs, `data/` and the path below the project.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from xlflow.runtime.atomic_write import lock_target

MANIFEST_FILE = "manifest-sha256.txt"
TAG_MANIFEST_FILE = "tagmanifest-sha256.txt"
TAG_FILES = ("bagit.txt", "bag-info.txt", MANIFEST_FILE, TAG_MANIFEST_FILE)
_PAYLOAD = "data/"
_CHUNK_BYTES = 1 << 20


def render_tag_files(
    payload: Mapping[str, tuple[str, int]], facts: Sequence[tuple[str, str]], day: date
) -> Mapping[str, bytes]:
    """Return the content of the four tag files by name. `payload`: SHA-256 (hexadecimal) and bytes of each file by
    its path below the project, with "/". `facts`: further lines of `bag-info.txt`. `day`: of the bagging."""
    size = sum(each for _, each in payload.values())
    info = (
        ("Bagging-Date", day.isoformat()),
        ("Payload-Oxum", f"{size}.{len(payload)}"),
        ("Bag-Software-Agent", f"xlflow {version('xlflow')}"),
        *facts,
    )
    manifest = "".join(
        f"{digest}  {_PAYLOAD}{_encode_path(path)}\n" for path, (digest, _) in sorted(payload.items())
    )
    files = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(f"{label}: {' '.join(value.split())}\n" for label, value in info).encode(),
        MANIFEST_FILE: manifest.encode(),
    }
    tags = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return {**files, TAG_MANIFEST_FILE: tags.encode()}


def read_manifest(content: str) -> Iterator[tuple[str, str]]:
    """Yield (path below the project, digest) of each file that a manifest names."""
    for line in content.splitlines():
        digest, _, name = line.partition("  ")
        yield _decode_path(name.removeprefix(_PAYLOAD)), digest


def measure_files(root: Path, paths: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return SHA-256 and size of files by their paths below `root`. Raises OSError if one cannot be read."""
    return {path: _measure(root / path) for path in paths}


def pack_bag(target: Path, name: str, root: Path, paths: Iterable[str], tag_files: Mapping[str, bytes]) -> Path:
    """Write a bag called `name` into a .zip, whole or not at all: the tag files, and the files at `paths` below
    `root`. Raises OSError if one cannot be read, `FatalError` if the target cannot be written."""
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag" / name
        for path in paths:
            copy = bag / _PAYLOAD / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(root / path, copy)
        (bag / _PAYLOAD).mkdir(parents=True, exist_ok=True)
        for file_name, content in tag_files.items():
            (bag / file_name).write_bytes(content)
        packed = Path(shutil.make_archive(str(Path(folder) / "packed"), "zip", bag.parent, name))
        with lock_target(target) as atomic_target:
            return atomic_target.save(_read_chunks(packed))


def _measure(path: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    for chunk in _read_chunks(path):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _read_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _link_or_copy(source: Path, copy: Path) -> None:
    """Make a second name of the same file where the system can, which takes neither time nor room."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copyfile(source, copy)


def _encode_path(path: str) -> str:
    """Return a path as BagIt writes it: line breaks and percent signs are encoded."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decode_path(path: str) -> str:
    return path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")

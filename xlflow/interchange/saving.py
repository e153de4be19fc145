"""Puts a data package into a folder: every file whole, the description last, nothing of others overwritten."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from xlflow.core.findings import Place, Stop, find
from xlflow.core.model import Merged
from xlflow.core.summary import Summary
from xlflow.excel.outgoing import claim_target, save_whole
from xlflow.interchange.describe import DESCRIPTOR, describe_package, digest_of, list_ours
from xlflow.interchange.package import Part


def refuse_foreign(folder: Path, parts: Sequence[Part]) -> None:
    """`Stop` if the folder holds a file under one of the names that is not of an earlier package of ours, nor says
    what is to be written, as after a run that was cut short."""
    known = _list_known(folder)
    ours = {} if known is None else known
    names = [part.file for part in parts if part.file not in ours and not _holds(folder / part.file, part.content)]
    foreign = [DESCRIPTOR] if known is None else []
    found = [folder / name for name in (*foreign, *names) if (folder / name).exists()]
    if found:
        raise Stop(*(find("target-not-ours", Place(str(path))) for path in found))


def list_package(folder: Path) -> tuple[Path, ...]:
    """Return the files of the package of ours that stands in a folder, if one does."""
    known = _list_known(folder)
    return tuple(folder / name for name in (DESCRIPTOR, *known)) if known else ()


def save_package(folder: Path, summary: Summary, merged: Merged, parts: Sequence[Part]) -> tuple[Path, ...]:
    """Write the package into a folder and return where its files are. What an earlier one of ours left there under
    other names is taken away, unless somebody has changed it."""
    with claim_target(folder / DESCRIPTOR) as target:
        before = _list_known(folder) or {}
        try:
            written = {part.file: save_whole(folder / part.file, part.content) for part in parts}
            names = {file: path.name for file, path in written.items()}
            described = target.save(describe_package(summary, merged, parts, names))
        except BaseException:
            for part in parts:
                if part.file not in before:
                    _take_away(folder / part.file, digest_of(part.content))
            raise
        for name, digest in before.items():
            if name not in names.values():
                _take_away(folder / name, digest)
    return (*written.values(), described)


def _list_known(folder: Path) -> Mapping[str, str] | None:
    """Return the files of the package that stands in a folder; none without a package, None if it is not ours."""
    path = folder / DESCRIPTOR
    if not path.exists():
        return {}
    known = list_ours(path.read_bytes())
    return known if known is None or all(Path(name).name == name for name in known) else None


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _take_away(path: Path, digest: str) -> None:
    with suppress(OSError):
        if digest_of(path.read_bytes()) == digest:
            path.unlink()

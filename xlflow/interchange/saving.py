"""Puts a data package into a folder: every file whole, the description last, nothing of others overwritten."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from xlflow.core.findings import FatalError, Location, make_finding
from xlflow.core.model import Merged
from xlflow.core.summary import ConsolidatedContent
from xlflow.excel.outgoing import lock_target, write_atomic
from xlflow.interchange.describe import DESCRIPTOR_FILE, content_digest, encode_descriptor, parse_own_descriptor
from xlflow.interchange.package import ExportFile


def refuse_foreign_files(folder: Path, files: Sequence[ExportFile]) -> None:
    """`Stop` if the folder holds a file under one of the names that is not of an earlier package of ours, nor says
    what is to be written, as after a run that was cut short."""
    package_digests = _read_package_digests(folder)
    own_files = {} if package_digests is None else package_digests
    unexpected_names = [
        file.file_name
        for file in files
        if file.file_name not in own_files and not _has_content(folder / file.file_name, file.content)
    ]
    foreign_descriptor = [DESCRIPTOR_FILE] if package_digests is None else []
    existing_paths = [
        folder / name for name in (*foreign_descriptor, *unexpected_names) if (folder / name).exists()
    ]
    if existing_paths:
        raise FatalError(*(make_finding("target-not-ours", Location(str(path))) for path in existing_paths))


def list_package_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of the package of ours that stands in a folder, if one does."""
    package_digests = _read_package_digests(folder)
    return tuple(folder / name for name in (DESCRIPTOR_FILE, *package_digests)) if package_digests else ()


def save_package(
    folder: Path, summary: ConsolidatedContent, merged: Merged, files: Sequence[ExportFile]
) -> tuple[Path, ...]:
    """Write the package into a folder and return where its files are. What an earlier one of ours left there under
    other names is taken away, unless somebody has changed it."""
    with lock_target(folder / DESCRIPTOR_FILE) as target:
        previous_digests = _read_package_digests(folder) or {}
        try:
            written_paths = {part.file_name: write_atomic(folder / part.file_name, part.content) for part in files}
            saved_names = {file_name: path.name for file_name, path in written_paths.items()}
            descriptor_path = target.save(encode_descriptor(summary, merged, files, saved_names))
        except BaseException:
            for file in files:
                if file.file_name not in previous_digests:
                    _delete_if_unchanged(folder / file.file_name, content_digest(file.content))
            raise
        for name, digest in previous_digests.items():
            if name not in saved_names.values():
                _delete_if_unchanged(folder / name, digest)
    return (*written_paths.values(), descriptor_path)


def _read_package_digests(folder: Path) -> Mapping[str, str] | None:
    """Return the files of the package that stands in a folder; none without a package, None if it is not ours."""
    path = folder / DESCRIPTOR_FILE
    if not path.exists():
        return {}
    digests = parse_own_descriptor(path.read_bytes())
    return digests if digests is None or all(Path(name).name == name for name in digests) else None


def _has_content(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _delete_if_unchanged(path: Path, digest: str) -> None:
    with suppress(OSError):
        if content_digest(path.read_bytes()) == digest:
            path.unlink()

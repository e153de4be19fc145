"""What was read before counts only where nothing has changed; whatever is doubtful is read anew."""

import importlib.metadata
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.edited_forms import FILLED, make_form
from support.external_tools import PROJECT
from support.not_empty import not_empty

from xlflow.collect.discover import DiscoveredFile, discover_files
from xlflow.model.submission import Submission
from xlflow.pipeline import read_files
from xlflow.pipeline.form_operations import check_forms, merge_forms
from xlflow.pipeline.read_files import ReadOptions, read_returned_files
from xlflow.runtime import cache as parse_cache
from xlflow.runtime.cache import ParseCache
from xlflow.runtime.submission_encoder import EncodedSubmission, ReadResult

KEY, DIGEST = "k" * 64, "d" * 64
PACKED = EncodedSubmission(b'["content"]', "f7d5b8c8a1d6d1a0", b"")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(parse_cache.CACHE_FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(read_files, "_MIN_FILES_FOR_CACHE", 1)
    return tmp_path / "cache"


@pytest.fixture
def returned(tmp_path: Path) -> Path:
    folder = tmp_path / "returned"
    folder.mkdir()
    for unit in ("Museet", "Åbo"):
        (folder / f"{unit}.xlsx").write_bytes(make_form(FILLED, unit=unit))
    (folder / "brev.pdf").write_bytes(b"%PDF-1.7")
    return folder


@pytest.fixture
def read_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really read, as they are; here, since what a worker notes stays there."""
    monkeypatch.setattr(read_files.process_pool, "max_items_without_pool", lambda: 100)
    names: list[str] = []
    read = read_files._read_workbook

    def note(file: DiscoveredFile, *more: object) -> ReadResult:
        names.append(file.name)
        return read(file, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(read_files, "_read_workbook", note)
    return names


def read_all(folder: Path, *, cache: bool = True) -> tuple[ReadResult, ...]:
    return read_returned_files(discover_files([folder])[0], ReadOptions(1, use_cache=cache))


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if not path.name.endswith(".frame.json"))


# Reading again --------------------------------------------------------------------------------------------


def test_a_second_run_reads_only_what_was_refused(cache: Path, returned: Path, read_anew: list[str]) -> None:
    first = read_all(returned)
    assert sorted(read_anew) == ["Museet.xlsx", "brev.pdf", "Åbo.xlsx"]
    assert len(entries(cache)) == 2
    read_anew.clear()
    assert read_all(returned) == first
    assert read_anew == ["brev.pdf"]


def test_after_one_new_form_arrived_that_one_is_read(cache: Path, returned: Path, read_anew: list[str]) -> None:
    (returned / "brev.pdf").unlink()
    read_all(returned)
    (returned / "ny.xlsx").write_bytes(make_form(unit="Åbo"))
    read_anew.clear()
    assert [about.name for about, _ in read_all(returned)] == ["Museet.xlsx", "ny.xlsx", "Åbo.xlsx"]
    assert read_anew == ["ny.xlsx"]
    assert cache.exists()


def test_what_workers_read_is_kept_as_well(
    cache: Path, returned: Path, read_anew: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(read_files.process_pool, "max_items_without_pool", lambda: 0)
        first = read_all(returned)
    assert len(entries(cache)) == 2
    read_anew.clear()
    assert read_all(returned) == first
    assert read_anew == ["brev.pdf"]


def test_without_cache_nothing_is_kept_and_nothing_taken(
    cache: Path, returned: Path, read_anew: list[str]
) -> None:
    assert read_all(returned, cache=False) == read_all(returned, cache=False)
    assert len(read_anew) == 6
    assert not cache.exists()
    read_all(returned)
    read_anew.clear()
    read_all(returned, cache=False)
    assert len(read_anew) == 3


def test_a_handful_of_files_leaves_nothing_behind(
    cache: Path, returned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_files, "_MIN_FILES_FOR_CACHE", 20)
    read_all(returned)
    assert not cache.exists()


def test_a_merge_from_the_cache_writes_the_same_bytes(cache: Path, returned: Path, tmp_path: Path) -> None:
    written = []
    for number, way in enumerate((True, True, False)):
        target = tmp_path / f"{number}" / "out.xlsx"
        target.parent.mkdir()
        run = merge_forms([returned], target, cache=way)
        assert run.findings == check_forms([returned], cache=False).findings
        written.append(target.read_bytes())
    assert written[0] == written[1] == written[2]
    assert len(entries(cache)) == 2


# Whatever differs -----------------------------------------------------------------------------------------


def touch(path: Path) -> None:
    os.utime(path, (1, 1))


def write_another(path: Path) -> None:
    """Another answer under the same name, of the same size and time on disk."""
    about = path.stat()
    content = bytearray(path.read_bytes())
    content[-1:] = b"x"
    path.write_bytes(bytes(content))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


CHANGES: list[Callable[[Path], object]] = [
    touch,
    write_another,
    lambda path: path.rename(path.with_name("Muséet.xlsx")),
    lambda path: path.write_bytes(make_form(unit="Museet")),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_is_read(
    cache: Path, returned: Path, read_anew: list[str], change: Callable[[Path], object]
) -> None:
    (returned / "brev.pdf").unlink()
    read_all(returned)
    change(returned / "Museet.xlsx")
    read_anew.clear()
    changed = read_all(returned)
    assert len(read_anew) == 1
    assert read_anew[0].startswith("Mus")
    assert changed == read_all(returned, cache=False)
    assert cache.exists()


def test_another_program_reads_all_anew(
    cache: Path, returned: Path, read_anew: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all(returned)
    read_anew.clear()
    monkeypatch.setattr(parse_cache, "program_fingerprint", lambda: "another")
    read_all(returned)
    assert len(read_anew) == 3
    assert len(entries(cache)) == 4


def test_the_versions_of_the_libraries_distinguish_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint = parse_cache.program_fingerprint.__wrapped__
    before = fingerprint()
    assert fingerprint() == before
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{name} 0")
    assert fingerprint() != before


@pytest.mark.parametrize(
    "changed",
    [
        "xlflow/rules/engine.py",
        "xlflow/excel/reader/xlsx_xml.py",
        "xlflow/__init__.py",
        "xlflow/runtime/cache.py",
        "workbook_templates/messages.toml",
        "workbook_templates/followup.toml",
    ],
)
def test_one_byte_of_a_source_or_template_distinguishes_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    for folder in ("xlflow", "workbook_templates"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(parse_cache, "__file__", str(tmp_path / "xlflow" / "runtime" / "cache.py"))
    monkeypatch.setattr(parse_cache, "resource_dir", lambda name: tmp_path / name)
    fingerprint = parse_cache.program_fingerprint.__wrapped__
    before = fingerprint()
    assert fingerprint() == before
    write_another(tmp_path / changed)
    assert fingerprint() != before


def spoil(content: bytes) -> list[bytes]:
    head, _, body = content.partition(b"\n")
    form = json.loads(body)
    form[0][0] = "annan.xlsx"
    return [
        b"",
        b"\n",
        content[:-1],
        content[:100],
        content.replace("Pågående".encode(), "Utgår___".encode()),
        head + b"\n" + json.dumps(form).encode(),
        b"\xff\xfe" + content,
        b" ".join(head.split(b" ")[:2]) + b"\n" + body,
    ]


@pytest.mark.parametrize("way", range(8))
def test_a_damaged_entry_is_as_if_it_were_not_there(
    cache: Path, returned: Path, read_anew: list[str], way: int
) -> None:
    first = read_all(returned)
    for entry in not_empty(entries(cache)):
        spoiled = spoil(entry.read_bytes())[way]
        assert spoiled != entry.read_bytes() or way == 4
        entry.write_bytes(spoiled)
    read_anew.clear()
    assert read_all(returned) == first
    assert len(read_anew) >= 2
    read_anew.clear()
    assert read_all(returned) == first
    assert read_anew == ["brev.pdf"]


def test_an_entry_put_in_anothers_place_does_not_count(cache: Path, returned: Path, read_anew: list[str]) -> None:
    first = read_all(returned)
    one, other = entries(cache)
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)
    read_anew.clear()
    assert read_all(returned) == first
    assert len(read_anew) == 3


@pytest.mark.parametrize("spoiled", [None, b"", b"[]"])
def test_without_its_frame_an_entry_does_not_count(
    cache: Path, returned: Path, read_anew: list[str], spoiled: bytes | None
) -> None:
    first = read_all(returned)
    (frame,) = cache.glob("*.frame.json")
    if spoiled is None:
        frame.unlink()
    else:
        frame.write_bytes(spoiled)
    read_anew.clear()
    assert read_all(returned) == first
    assert len(read_anew) == 3


def test_the_folder_may_be_deleted_or_not_be_writable(cache: Path, returned: Path, read_anew: list[str]) -> None:
    first = read_all(returned)
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    cache.write_bytes(b"no folder")
    read_anew.clear()
    assert read_all(returned) == first
    assert len(read_anew) == 3
    assert cache.read_bytes() == b"no folder"


# The shelf ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="the system keeps folders of users apart by itself there")
def test_nobody_else_may_read_what_people_answered(tmp_path: Path) -> None:
    cache_store = ParseCache(tmp_path / "a" / "cache")
    cache_store.put(KEY, DIGEST, PACKED)
    assert stat.S_IMODE(cache_store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in cache_store.folder.iterdir()} == {0o600}


def test_what_is_kept_is_found_by_key_and_content_alone(tmp_path: Path) -> None:
    cache_store = ParseCache(tmp_path / "cache")
    assert not cache_store.has_entry(KEY)
    cache_store.put(KEY, DIGEST, PACKED)
    assert cache_store.has_entry(KEY)
    found = cache_store.get(KEY, DIGEST)
    assert found is not None
    assert (found.content, found.shared_digest) == (PACKED.content, PACKED.shared_digest)
    assert cache_store.get(KEY, "e" * 64) is None
    assert cache_store.get("l" * 64, DIGEST) is None


def test_the_cache_stays_within_its_bounds(tmp_path: Path) -> None:
    cache_store = ParseCache(tmp_path)
    for number in range(20):
        (tmp_path / f"{number:02}.json").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{number:02}.json", (1_000_000 + number, 1_000_000 + number))
    cache_store.prune(max_bytes=500, max_age=1e12)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{number}.json" for number in range(15, 20)]
    cache_store.prune(max_bytes=500, max_age=datetime.now(UTC).timestamp() - 1_000_016.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["17.json", "18.json", "19.json"]
    cache_store.prune(max_bytes=500)
    assert list(tmp_path.iterdir()) == []
    ParseCache(tmp_path / "nowhere").prune()


def test_all_that_is_kept_is_json(cache: Path, returned: Path) -> None:
    opened = read_all(returned)
    assert sum(isinstance(outcome, Submission) for _, outcome in opened) == 2
    for path in not_empty(cache.iterdir()):
        content = path.read_bytes()
        assert json.loads(content if path.name.endswith(".frame.json") else content.partition(b"\n")[2])


def test_the_cache_has_a_place_without_being_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(parse_cache.CACHE_FOLDER_VARIABLE, raising=False)
    cache_store = parse_cache.open_cache()
    assert cache_store is not None
    assert "xlflow" in cache_store.folder.parts

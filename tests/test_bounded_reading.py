"""A file that somebody names is read where it can be stopped; what comes back from there is data."""

import os
import pickle
import time
from pathlib import Path
from types import MappingProxyType

import pytest
from support.edited_forms import make_form

from xlflow.excel.reader import Limits, WorkbookData, is_provably_small, open_workbook
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.pipeline.bounded_reading import (
    FailedReading,
    open_named_workbook,
    read_each_within_bounds,
    read_within_bounds,
)
from xlflow.runtime.data_pickle import dump_data, load_data
from xlflow.runtime.process_pool import TaskFailure, TaskLimits, map_in_processes

QUICK = Limits(seconds=1, memory_bytes=60_000_000, file_bytes=30_000_000)


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "Museet.xlsx"
    path.write_bytes(make_form())
    return path


def open_here(path: Path) -> WorkbookData | Finding:
    return open_workbook(path, path.name)


def open_and_dump(path: Path) -> bytes:
    return dump_data(open_workbook(path, path.name))


def sleep_long(_: Path) -> None:
    time.sleep(60)


def take_much(_: Path) -> int:
    return len(bytearray(400_000_000))


def crash(_: Path) -> None:
    os.abort()


def refuse(path: Path) -> None:
    raise FatalError(make_finding("target-not-ours", Location(path.name)))


def large(path: Path) -> Path:
    """Return a file that is not provably small, so that it is never read in this process."""
    target = path.with_name("large.xlsx")
    with target.open("wb") as stream:
        stream.truncate(600_000)
    return target


def test_a_named_workbook_is_the_same_from_another_process(form: Path) -> None:
    opened = open_workbook(form, form.name)
    assert isinstance(opened, WorkbookData)
    assert isinstance(opened.properties, MappingProxyType)
    (_, sent), *_ = map_in_processes(open_and_dump, [form], 1, TaskLimits(60, 512_000_000))
    assert isinstance(sent, bytes)
    assert load_data(sent) == opened
    assert open_named_workbook(form) == opened


@pytest.mark.parametrize(
    ("task", "code"), [(sleep_long, "reader-too-slow"), (take_much, "reader-too-large"), (crash, "reader-crashed")]
)
def test_what_takes_too_much_is_stopped_and_named(form: Path, task: object, code: str) -> None:
    outcome = read_within_bounds(task, large(form), QUICK)  # type: ignore[arg-type]
    assert isinstance(outcome, FailedReading)
    assert (outcome.finding.code, outcome.finding.location.file) == (code, "large.xlsx")


def test_a_refusal_passes_through_and_results_keep_their_order(form: Path) -> None:
    with pytest.raises(FatalError) as refused:
        read_within_bounds(refuse, large(form))
    assert [found.code for found in refused.value.findings] == ["target-not-ours"]
    paths = [large(form), form, form]
    outcomes = list(read_each_within_bounds(open_here, paths, jobs=2))
    assert [type(outcome).__name__ for outcome in outcomes] == ["Finding", "WorkbookData", "WorkbookData"]


def test_only_small_files_of_safe_kinds_are_provably_small(tmp_path: Path, form: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    (tmp_path / "text.csv").write_text("a;b\n", encoding="utf-8")
    assert is_provably_small(form)
    assert is_provably_small(tmp_path / "text.csv")
    assert not is_provably_small(tmp_path / "old.xls")
    assert not is_provably_small(large(form))


@pytest.mark.parametrize("value", [os.system, print, Path.unlink, open_here, make_form])
def test_functions_do_not_come_back_from_a_worker(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        load_data(pickle.dumps(value))


def test_values_come_back(form: Path) -> None:
    opened = open_workbook(form, form.name)
    for value in (opened, Path("a"), TaskFailure("crashed"), MappingProxyType({"a": (1, 2.5, None, True)})):
        assert load_data(pickle.dumps(value)) == value

"""A TOML text that was parsed before is not parsed again; a copy that is not of this very text does not count."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from support.external_tools import PROJECT

from xlflow.runtime import parsed_toml
from xlflow.runtime.parsed_toml import parse_toml
from xlflow.runtime.private_files import CACHE_FOLDER_VARIABLE

LONG_TEXT = b'[words]\nname = "Namn"\n' + b"# filling\n" * 1000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def find_copy(folder: Path) -> Path:
    (copy,) = folder.iterdir()
    return copy


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "workbook_templates").glob("*.toml")), ids=lambda path: path.stem
)
def test_a_copy_has_the_values_of_the_text(path: Path, folder: Path) -> None:
    content = path.read_bytes()
    expected = tomllib.loads(content.decode("utf-8"))
    assert expected
    assert [parse_toml(content), parse_toml(content)] == [expected, expected]
    assert folder.exists() == (len(content) >= parsed_toml._MIN_LENGTH)


def test_the_copy_is_read_the_second_time(folder: Path) -> None:
    assert parse_toml(LONG_TEXT) == {"words": {"name": "Namn"}}
    values = json.dumps({"words": "of the copy"}).encode()
    find_copy(folder).write_bytes(parsed_toml._digest(values).encode() + b"\n" + values)
    assert parse_toml(LONG_TEXT) == {"words": "of the copy"}


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\n", b"{}", b"x\n{}", b"\xff\n{}", b"[" * 100_000],
    ids=["blank", "line", "bare", "x", "ff", "deep"],
)
def test_a_damaged_copy_does_not_count_and_is_replaced(folder: Path, damaged: bytes) -> None:
    parse_toml(LONG_TEXT)
    whole = find_copy(folder).read_bytes()
    for content in (damaged, whole[:-1], whole.replace(b"Namn", b"namn")):
        find_copy(folder).write_bytes(content)
        assert parse_toml(LONG_TEXT) == {"words": {"name": "Namn"}}
        assert find_copy(folder).read_bytes() == whole


def test_one_letter_more_makes_another_copy(folder: Path) -> None:
    assert parse_toml(LONG_TEXT) == {"words": {"name": "Namn"}}
    assert parse_toml(LONG_TEXT.replace(b"Namn", b"Namnet")) == {"words": {"name": "Namnet"}}
    assert len(list(folder.iterdir())) == 2


def test_values_that_json_does_not_have_are_parsed_each_time(folder: Path) -> None:
    content = b"day = 2021-03-31\nmuch = inf\n" + LONG_TEXT
    assert parse_toml(content) == parse_toml(content) == tomllib.loads(content.decode())
    assert not folder.exists()


def test_a_text_that_is_no_toml_is_refused_each_time(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(tomllib.TOMLDecodeError):
            parse_toml(b"name =\n" + LONG_TEXT)
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders are another matter there")
def test_without_a_private_folder_the_text_is_parsed(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert parse_toml(LONG_TEXT) == {"words": {"name": "Namn"}}
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(folder: Path) -> None:
    folder.write_bytes(b"")
    assert parse_toml(LONG_TEXT) == {"words": {"name": "Namn"}}

"""Nothing that is written follows a link of another user, and no answer comes from where others may write."""

import os
import sys
from pathlib import Path

import pytest

from xlflow.definition.template_loader import load_template
from xlflow.model.findings import FatalError
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.cache import CACHE_FOLDER_VARIABLE, ParseCache, open_cache
from xlflow.runtime.file_lock import own_temp_path, refuse_foreign_link

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.mark.parametrize("kind", ["link", "dangling link", "second name", "pipe"])
def test_a_lock_file_that_is_a_link_is_refused_and_what_it_leads_to_is_untouched(
    tmp_path: Path, kind: str
) -> None:
    target, victim = tmp_path / "c.xlsx", tmp_path / "victim.txt"
    victim.write_text("precious", encoding="utf-8")
    lock = own_temp_path(target, "lock")
    if kind == "second name":
        lock.hardlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(victim if kind == "link" else tmp_path / "new.txt")
    with pytest.raises(FatalError) as refused:
        write_atomic(target, b"x")
    assert [found.code for found in refused.value.findings] == ["target-not-writable"]
    assert victim.read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "new.txt").exists()


def test_a_temporary_file_that_is_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target, victim = tmp_path / "c.xlsx", tmp_path / "victim.txt"
    victim.write_text("precious", encoding="utf-8")
    own_temp_path(target, "tmp").symlink_to(victim)
    write_atomic(target, b"new")
    assert (target.read_bytes(), victim.read_text(encoding="utf-8")) == (b"new", "precious")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a link of another")
def test_a_target_that_is_a_link_of_another_user_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "c.xlsx"
    target.symlink_to(tmp_path / "elsewhere.xlsx")
    refuse_foreign_link(target)
    os.lchown(target, 12345, 12345)
    with pytest.raises(FatalError):
        write_atomic(target, b"x")
    assert not (tmp_path / "elsewhere.xlsx").exists()


def test_a_cache_where_others_may_write_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, str(folder))
    assert open_cache() == ParseCache(folder)
    folder.mkdir(mode=0o700)
    assert open_cache() == ParseCache(folder)
    folder.chmod(0o777)
    assert open_cache() is None
    folder.chmod(0o700)
    folder.rename(tmp_path / "other")
    folder.symlink_to(tmp_path / "other")
    assert open_cache() is None


def test_an_entry_of_the_cache_that_is_a_link_or_too_large_is_none(tmp_path: Path) -> None:
    cache = ParseCache(tmp_path)
    (tmp_path / "entry").write_bytes(b"text")
    assert cache._read_file("entry") == b"text"
    (tmp_path / "link").symlink_to(tmp_path / "entry")
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(100_000_000)
    assert [cache._read_file(name) for name in ("link", "pipe", "large", "absent")] == [b""] * 4


@pytest.mark.parametrize(
    "text",
    [
        "x=" + "[" * 900 + "]" * 900,
        "x=" + "9" * 5000,
        "a" + ".a" * 100_000 + "=1",
        "[a" + ".b" * 3000 + "]",
        "# " + "x" * 10**6,
    ],
    ids=["deep", "digits", "dotted", "header", "large"],
)
def test_a_template_that_no_parser_should_get_is_refused_with_its_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FatalError) as refused:
        load_template(str(tmp_path / "x.toml"))
    assert [found.code for found in refused.value.findings] == [
        "template-too-large" if text.startswith("#") else "template-not-toml"
    ]


def test_a_text_with_many_dots_is_no_deep_key(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('x = """' + "Ett. Två tre. " * 100 + '"""', encoding="utf-8")
    with pytest.raises(FatalError) as refused:
        load_template(str(tmp_path / "x.toml"))
    assert "template-not-toml" not in {found.code for found in refused.value.findings}

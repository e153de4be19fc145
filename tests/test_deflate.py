"""Whoever packs and unpacks, zlib-ng or the zlib of the standard library: parts and refusals are the same."""

import subprocess
import sys
import zlib
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.edited_forms import FILLED, make_form
from support.reference_writer import read_parts

from xlflow.excel.deflate import deflate
from xlflow.excel.reader import safe_zip
from xlflow.excel.reader.safe_zip import ZipEntry, unpack_entry
from xlflow.excel.writer import zip_stream

PACKERS = pytest.mark.parametrize("packer", [zlib, deflate], ids=["standard", "installed"])


def make_form_with(packer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(zip_stream, "deflate", packer)
    return make_form(FILLED)


def test_zlib_ng_packs_where_it_is_installed() -> None:
    assert deflate.__name__ == "zlib_ng.zlib_ng"


def test_without_zlib_ng_the_standard_library_packs() -> None:
    code = (
        "import sys, zlib; sys.modules['zlib_ng'] = None\n"
        "from xlflow.excel.deflate import COMPRESSION_LEVEL, DeflateError, deflate\n"
        "assert (deflate, DeflateError, COMPRESSION_LEVEL) == (zlib, zlib.error, 5)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@PACKERS
def test_a_form_has_the_same_parts_whoever_packs_it(packer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_parts(make_form(FILLED))
    assert len(expected) > 10
    assert read_parts(make_form_with(packer, monkeypatch)) == expected


@given(st.binary(max_size=400), st.binary(max_size=9), st.integers(0, 400), st.integers(0, 9))
def test_a_damaged_entry_is_refused_whoever_unpacks_it(raw: bytes, patch: bytes, place: int, level: int) -> None:
    packed = zlib.compress(raw, level, -zlib.MAX_WBITS)
    damaged = packed[:place] + patch + packed[place + len(patch) :]
    results = []
    for packer in (zlib, deflate):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(safe_zip, "deflate", packer)
            patched.setattr(safe_zip, "DeflateError", packer.error)
            results.append([unpack_entry(content, _entry(content, raw)) for content in (packed, damaged)])
    assert results[0] == results[1]
    assert results[0][0] == raw


def _entry(content: bytes, raw: bytes) -> ZipEntry:
    """Return the entry that says that `content` unpacks to `raw`."""
    return ZipEntry("part", 0, len(content), len(raw), zlib.crc32(raw), 8, (1980, 1, 1, 0, 0, 0))

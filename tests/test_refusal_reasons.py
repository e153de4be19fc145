"""What is refused is refused for the right reason: an empty archive, a damaged old file, a name in odd letters."""

import io
import zipfile

import pytest
from support.edited_forms import make_form

from xlflow.excel.reader import DEFAULT_LIMITS, WorkbookData, open_workbook
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.safe_zip import list_zip_entries
from xlflow.model.findings import Finding

OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal_code(content: bytes, name: str) -> str:
    opened = open_workbook(content, name)
    assert isinstance(opened, Finding)
    return opened.code


def pack(names: list[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (pack([]), "a.xlsx", "archive-empty"),
        (OLE_HEAD + bytes(1016), "a.xls", "workbook-corrupt"),
        (pack(["å.xlsx"]).replace("å".encode(), b"\xe5\xff"), "a.zip", "archive-inconsistent"),
        (pack(["a.xlsx"])[:-30], "a.zip", "archive-cut-off"),
    ],
    ids=["empty", "old and damaged", "odd letters", "cut off"],
)
def test_a_refusal_says_what_is_wrong(content: bytes, name: str, code: str) -> None:
    assert refusal_code(content, name) == code


def test_what_macos_adds_to_a_package_is_no_part() -> None:
    stream = io.BytesIO(make_form())
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("__MACOSX/xl/._workbook.xml", b"\x00\x05\x16\x07")
        archive.writestr("__MACOSX/._[Content_Types].xml", b"\x00\x05\x16\x07")
    opened = open_workbook(stream.getvalue(), "a.xlsx")
    assert isinstance(opened, WorkbookData)
    assert len(opened.sheets) > 1


def test_entries_are_counted_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    content, few = pack([f"{number}.txt" for number in range(60)]), Limits(zip_entries=50)
    assert list_zip_entries(content, few) == "archive-too-many-parts"
    assert len(list_zip_entries(content, DEFAULT_LIMITS)) == 60
    monkeypatch.setattr(zipfile, "ZipFile", None)  # not even asked where there are too many
    assert list_zip_entries(content, few) == "archive-too-many-parts"

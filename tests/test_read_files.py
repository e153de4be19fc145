"""Every file ends as a form or a finding, whichever process read it; one that ends its reader costs no other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import ASKED, FILLED, copy_values, edit_sheet, make_form
from support.make_xls import make_xlsb

from xlflow.collect.discover import DiscoveredFile
from xlflow.excel.reader import WorkbookData, open_in_process, open_workbook
from xlflow.model.findings import Finding, Location, make_finding, message_of, remedy_of
from xlflow.model.submission import FileState
from xlflow.pipeline import read_files
from xlflow.pipeline import read_files as opening
from xlflow.pipeline.form_operations import check_forms
from xlflow.pipeline.read_files import ReadOptions, read_returned_files, retry_with_known_rounds
from xlflow.read.recognise_by_content import KnownRound
from xlflow.runtime import process_pool
from xlflow.runtime import process_pool as workers
from xlflow.runtime.submission_encoder import ReadResult


def found(**files: bytes) -> list[DiscoveredFile]:
    return [DiscoveredFile(name.replace("_", "."), content, len(content)) for name, content in files.items()]


def reported(opened: Sequence[ReadResult]) -> list[str]:
    return [f"{received.name} {received.state} {received.reason}" for received, _ in opened]


# Files that only the fast reader knows --------------------------------------------------------------------

KILLER = make_xlsb((0, 0), (1_048_575, 16_383))
"""A workbook of two cells, for which the reader asks the system for half a terabyte, and is ended by it."""


def test_an_old_kind_of_workbook_is_read_in_a_process_of_its_own() -> None:
    content = make_xlsb((0, 0), (2, 1))
    assert open_in_process(content, "f.xlsb") is None
    workbook = open_workbook(content, "f.xlsb")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].rows == ((7.0, None), (None, None), (None, 7.0))
    assert reported(read_returned_files(found(f_xlsb=content), ReadOptions(1))) == ["f.xlsb refused not-a-form"]


def test_a_file_that_ends_its_reader_costs_no_other() -> None:
    opened = read_returned_files(
        found(a_xlsx=make_form(), b_xlsb=KILLER, c_xlsx=make_form(unit="Åbo"), d_xlsb=KILLER), ReadOptions(2)
    )
    assert reported(opened) == [
        "a.xlsx accepted None",
        "b.xlsb refused reader-crashed",
        "c.xlsx accepted None",
        "d.xlsb refused reader-crashed",
    ]
    refusal = opened[1][1]
    assert isinstance(refusal, Finding)
    for language in ("sv", "en"):
        assert "b.xlsb" in message_of(refusal, language)
        assert "{" not in message_of(refusal, language) + remedy_of(refusal, language)


def test_the_run_goes_on_to_its_end(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.xlsx").write_bytes(make_form(unit=("Museet", "Åbo")[number % 2]))
    (tmp_path / "05b.xlsb").write_bytes(KILLER)
    run = check_forms([tmp_path])
    assert run.merged is not None
    assert run.merged.accounts.files[FileState.REFUSED] == 1
    assert run.merged.accounts.is_balanced
    assert [finding.location.file for finding in run.findings if finding.code == "reader-crashed"] == ["05b.xlsb"]


@pytest.mark.parametrize("reason", ["crashed", "too-slow", "too-large"])
def test_every_way_of_losing_a_file_is_reported_in_words(reason: str) -> None:
    (file,) = found(f_xls=b"x")
    received, refusal = read_files._refuse_failed_file(file, process_pool.TaskFailure(reason))  # type: ignore[arg-type]
    assert isinstance(refusal, Finding)
    assert (received.state, received.reason) == (FileState.REFUSED, refusal.code)
    assert "f.xls" in message_of(refusal, "sv")
    assert "{" not in message_of(refusal, "en") + remedy_of(refusal, "en")


def test_a_form_that_would_bury_all_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_MAX_ENTRIES_PER_FORM", 20)

    def fill(sheet: Worksheet) -> None:
        for number in range(20):
            sheet.append([None, None, None, None, f"skräp {number}"])

    content = edit_sheet(fill)
    opened = read_returned_files(found(a_xlsx=content, b_xlsx=make_form(unit="Åbo")), ReadOptions(2))
    assert reported(opened) == ["a.xlsx refused form-too-large", "b.xlsx accepted None"]


@pytest.mark.parametrize("files", [1, 12])
def test_a_form_that_our_own_reading_falls_over_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    def fall_over(workbook: WorkbookData, *_: object) -> Finding:
        if workbook.name == "a.xlsx":
            raise RecursionError
        return make_finding("not-a-form", Location(workbook.name))

    monkeypatch.setattr(read_files, "read_form", fall_over)
    opened = read_returned_files(
        found(a_xlsx=make_form(), **{f"b{n}_xlsx": make_form() for n in range(files)}), ReadOptions(2)
    )
    assert reported(opened)[0] == "a.xlsx refused reader-crashed"
    assert {received.reason for received, _ in opened[1:]} == {"not-a-form"}


# The same, wherever it is read ----------------------------------------------------------------------------


def files_of_all_kinds() -> list[DiscoveredFile]:
    forms = {f"f{number}_xlsx": make_form(FILLED if number % 2 else {}, unit="Museet") for number in range(4)}
    return found(
        **forms,
        g_xlsx=b"",
        h_pdf=b"%PDF-1.7",
        i_xlsx=make_form()[:5000],
        j_csv=b"a;b\n1;2\n",
        k_xlsx=copy_values(),
    )


def test_all_files_say_the_same_whichever_process_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of_all_kinds()
    here = read_returned_files(files, ReadOptions(2))
    monkeypatch.setattr(workers, "max_items_without_pool", lambda: 0)
    assert read_returned_files(files, ReadOptions(2)) == here
    assert read_returned_files(files, ReadOptions(1)) == here


def test_where_no_process_can_be_started_files_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Iterator[None]:
        raise process_pool.PoolUnavailableError
        yield

    files = [*files_of_all_kinds(), *found(l_xlsb=make_xlsb((0, 0)))]
    before = read_returned_files(files, ReadOptions(2))
    monkeypatch.setattr(workers, "map_in_processes", refuse)
    assert read_returned_files(files, ReadOptions(2)) == before


def test_progress_is_reported_for_every_file() -> None:
    done: list[tuple[str, int, int]] = []
    files = [*files_of_all_kinds(), *found(l_xlsb=make_xlsb((0, 0)))]
    read_returned_files(files, ReadOptions(2), lambda step, number, total: done.append((step, number, total)))
    assert done == [("read", number, len(files)) for number in range(1, len(files) + 1)]


def test_another_look_finds_the_forms_of_rounds_known_by_then() -> None:
    files = found(a_xlsx=copy_values(), b_xlsx=make_form(unit="Åbo"), c_pdf=b"%PDF-1.7")
    opened = read_returned_files(files, ReadOptions(2))
    assert reported(opened) == ["a.xlsx refused not-a-form", "b.xlsx accepted None", "c.pdf refused file-is-pdf"]
    assert retry_with_known_rounds(files, opened, [], ReadOptions(2)) == opened
    again = retry_with_known_rounds(files, opened, [KnownRound(ASKED)], ReadOptions(2))
    assert reported(again) == ["a.xlsx accepted None", "b.xlsx accepted None", "c.pdf refused file-is-pdf"]


# Files that are passed over by their name ---------------------------------------------------------------------


def test_a_form_that_is_only_there_as_a_temporary_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "5B2A0D10.tmp").write_bytes(make_form())
    (tmp_path / "other.tmp").write_bytes(make_xlsb((0, 0), (2, 1)))
    run = check_forms([tmp_path])
    by_file = {
        finding.location.file: finding for finding in run.findings if finding.location.file.endswith(".tmp")
    }
    assert {name: (each.code, each.effective_severity.value) for name, each in by_file.items()} == {
        "5B2A0D10.tmp": ("ignored-possible-form", "warning"),
        "other.tmp": ("ignored-system-file", "note"),
    }
    for language in ("sv", "en"):
        assert "Museet" in message_of(by_file["5B2A0D10.tmp"], language)
        assert ".xlsx" in remedy_of(by_file["5B2A0D10.tmp"], language)
    assert run.merged is not None
    assert {state: count for state, count in run.merged.accounts.files.items() if count} == {FileState.IGNORED: 2}


def test_beside_the_form_itself_its_temporary_file_is_only_noted(tmp_path: Path) -> None:
    (tmp_path / "5B2A0D10.tmp").write_bytes(make_form())
    (tmp_path / "Museet.xlsx").write_bytes(make_form())
    severities = [
        one.effective_severity.value for one in check_forms([tmp_path]).findings if "possible" in one.code
    ]
    assert severities == ["note"]

"""Damage to a real form: whatever happens to its bytes, it says the same or is refused; no answer goes missing.

The long runs are behind --long; a fair sample of them runs always.
"""

import random
import re
from collections.abc import Mapping

import pytest
from support.edited_forms import FILLED, RECEIVED, answers_by_item, copy_values, make_form, with_blank_items
from support.make_xlsx import load_package, zip_parts

from xlflow.excel.reader import Limits, WorkbookData, open_workbook
from xlflow.excel.reader.safe_zip import list_zip_entries
from xlflow.model.findings import Finding
from xlflow.model.submission import Submission
from xlflow.read.build_submission import read_form

FORM = make_form(FILLED)
SHEET = "xl/worksheets/sheet2.xml"
PARTS = (SHEET, SHEET, SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet3.xml")
PIECES = (
    b"<",
    b">",
    b'"',
    b"/",
    b"",
    b" ",
    b"9999999",
    b"<c>",
    b"</row>",
    b"&#0;",
    b"<!--",
    b"]]>",
    b"-1",
    b"\xff",
)
PATIENCE = Limits(seconds=5)


def outcome(content: bytes) -> Submission | Finding:
    workbook = open_workbook(content, "Museet.xlsx", PATIENCE)
    return read_form(workbook, RECEIVED) if isinstance(workbook, WorkbookData) else workbook


# A bit, and the end ---------------------------------------------------------------------------------------


def flip_bits(times: int, seed: int) -> int:
    """Flip one bit, again and again; return how often the form was refused."""
    whole, dice, refused = open_workbook(FORM, "Museet.xlsx"), random.Random(seed), 0
    assert isinstance(whole, WorkbookData)
    for _ in range(times):
        flipped, place = bytearray(FORM), dice.randrange(len(FORM))
        flipped[place] ^= 1 << dice.randrange(8)
        workbook = open_workbook(bytes(flipped), "Museet.xlsx")
        if isinstance(workbook, WorkbookData):
            assert (workbook.sheets, workbook.properties, workbook.last_saved) == (
                whole.sheets,
                whole.properties,
                whole.last_saved,
            )
        refused += isinstance(workbook, Finding)
    return refused


def test_a_flipped_bit_of_a_form_never_gives_other_answers() -> None:
    assert flip_bits(300, seed=3) > 200


@pytest.mark.long
def test_three_thousand_flipped_bits_of_a_form_never_give_other_answers() -> None:
    assert flip_bits(3000, seed=5) > 2000


def test_every_bit_of_the_directory_counts() -> None:
    entries = list_zip_entries(FORM, Limits())
    assert not isinstance(entries, str)
    start = max(entry.data_offset + entry.compressed_size for entry in entries)
    whole = open_workbook(FORM, "Museet.xlsx")
    assert isinstance(whole, WorkbookData)
    for place in range(start, len(FORM), 3):
        flipped = bytearray(FORM)
        flipped[place] ^= 1 << place % 8
        workbook = open_workbook(bytes(flipped), "Museet.xlsx")
        assert isinstance(workbook, Finding) or workbook.sheets == whole.sheets


def test_a_form_that_is_cut_off_is_refused_wherever_it_ends() -> None:
    for length in range(0, len(FORM), 100):
        found = open_workbook(FORM[:length], "Museet.xlsx")
        assert isinstance(found, Finding)
        assert found.code in ("file-empty", "archive-cut-off", "archive-inconsistent")


def test_two_files_in_one_are_refused() -> None:
    assert all(isinstance(open_workbook(both, "f.xlsx"), Finding) for both in (FORM + FORM, FORM + FORM[:5000]))


# The markup -----------------------------------------------------------------------------------------------


def cells_of(sheet: bytes) -> Mapping[str, bytes]:
    return {
        found[1].decode(): found[0] for found in re.finditer(rb'<c r="([A-Z]+[0-9]+)"[^<>]*(?<!/)>.*?</c>', sheet)
    }


def garble(part: bytes, dice: random.Random) -> bytes:
    """Return a part after one to three small changes: letters put over others, or an element dropped, said twice
    or put elsewhere."""
    for _ in range(dice.randrange(1, 4)):
        place = dice.randrange(len(part))
        element = re.compile(rb"<(\w+)\b[^<>]*/>|<c [^<>]*>(?:<v>[^<>]*</v>)?</c>").search(part, place)
        if element and dice.random() < 0.5:
            start, end = element.span()
            rest = part[:start] + part[end:]
            to = dice.randrange(len(rest))
            part = dice.choice([rest, part[:end] + part[start:], rest[:to] + element[0] + rest[to:]])
        else:
            part = part[:place] + dice.choice(PIECES) + part[place + dice.randrange(4) :]
    return part


def garble_forms(times: int, seed: int) -> int:
    """Garble the markup of a form, with the check sums right. Return how many were read; of these every answer
    whose cell is whole must be there, or set aside, or something must be said of the file."""
    package, dice, read = load_package(FORM), random.Random(seed), 0
    cells = cells_of(package.parts[SHEET])
    answers = {text: cells[place] for place, text in PLACES.items()}
    for _ in range(times):
        name = dice.choice(PARTS)
        parts = {**package.parts, name: garble(package.parts[name], dice)}
        form = outcome(zip_parts(parts))
        if isinstance(form, Submission):
            read += 1
            kept = " ".join(
                [*(answer.raw_text for row in form.rows for answer in row.answers), *texts_aside(form)]
            )
            missing = [text for text, cell in answers.items() if text not in kept and cell in parts[SHEET]]
            assert not missing or form.findings or name == "xl/sharedStrings.xml", (missing, name)
    return read


PLACES = {
    "H5": "Pågående",
    "J5": "Båten är hyrd",
    "H6": "Genomfört",
    "H8": "Förskjuts",
    "I8": "kvartal 1 2022",
    "J8": "Ladan brann\nniga",
}
"""Where each answer stands."""


def texts_aside(form: Submission) -> list[str]:
    return [text for one in form.unplaced for text in one.texts]


def test_the_answers_stand_where_the_tests_believe() -> None:
    form = outcome(FORM)
    assert isinstance(form, Submission)
    assert answers_by_item(form) == with_blank_items()
    found = {
        row.location_of(answer).cell: answer.raw_text
        for row in form.rows
        for answer in row.answers
        if not answer.is_blank
    }
    assert found == PLACES


def test_garbled_forms_lose_nothing_in_silence() -> None:
    assert 0 < garble_forms(250, seed=7) < 250


@pytest.mark.long
def test_two_thousand_garbled_forms_lose_nothing_in_silence() -> None:
    assert 0 < garble_forms(2500, seed=11) < 2500


def test_a_garbled_copy_of_the_table_ends_as_values_or_refusal() -> None:
    package, dice = load_package(copy_values()), random.Random(13)
    name = "xl/worksheets/sheet1.xml"
    for _ in range(60):
        found = outcome(zip_parts({**package.parts, name: garble(package.parts[name], dice)}))
        assert isinstance(found, Submission | Finding)

"""The helper that fills forms for other tests: what it types arrives, and it can do no more than a person can."""

from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.draw_round import draw_round
from support.fill_forms import fill_form, fill_forms, read_answers, unit_of

from xlflow.generate import write_form
from xlflow.generate.batch import list_form_files

PLAN = """
    Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum | Enhet
    Samhälle   | Levande kommun         | Möten    | Öppna kvarnen |              | Kvartal 2 | Museet
               |                        |          |               | Hyra båt     |           | Museet; Badet
"""
ANSWERS = """Enhet;Aktivitet;Delaktivitet;Status;Kommentar/avvikelse
Museet;Öppna kvarnen;;;"=> se <planen> & ""ritningen""

i maj"
Museet;Öppna kvarnen;Hyra båt; pågående ;
Museet;Måla grinden;;Genomfört;
"""


@pytest.fixture
def forms(tmp_path: Path) -> Path:
    asked = draw_round(PLAN)
    for form in list_form_files(asked):
        (tmp_path / form.file_name).write_bytes(write_form(asked, form.unit))
    return tmp_path


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(ANSWERS, encoding="utf-8", newline="\r\n")
    return path


def test_what_was_written_stands_in_the_form(forms: Path, answers: Path) -> None:
    (filled,) = fill_forms(forms, answers, forms / "svar")
    sheet = load_workbook(filled)["Uppföljning"]
    headings, first, second, _, own = sheet.iter_rows(min_row=4, max_row=8, values_only=True)
    status, comment = headings.index("Status"), headings.index("Kommentar/avvikelse")
    assert (first[status], first[comment]) == (None, '=> se <planen> & "ritningen"\n\ni maj')
    assert (second[status], second[comment]) == (" pågående ", None)
    assert (own[headings.index("Aktivitet")], own[status]) == ("Måla grinden", "Genomfört")


def test_only_a_unit_that_answers_sends_its_form_back(forms: Path, answers: Path) -> None:
    assert [unit_of(path) for path in fill_forms(forms, answers, forms / "svar")] == ["Museet"]
    assert not (forms / "svar" / "Badet.xlsx").exists()


def test_the_same_answers_make_the_same_bytes(forms: Path, answers: Path) -> None:
    form, reported = forms / "Museet.xlsx", read_answers(answers)["Museet"]
    assert fill_form(form, reported) == fill_form(form, reported)


def test_nobody_can_type_into_a_locked_cell(forms: Path) -> None:
    reported = {"Enhet": "Museet", "Aktivitet": "Öppna kvarnen", "Delaktivitet": "", "Slutdatum": "Kvartal 3"}
    with pytest.raises(ValueError, match=r"G5 is locked"):
        fill_form(forms / "Museet.xlsx", [reported])

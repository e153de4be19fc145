"""Where things stand in a form: the same for the one who writes it and the one who reads it."""

from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from support.draw_round import shipped_template
from support.not_empty import not_empty

from xlflow.excel.cell_address import column_letters
from xlflow.form.layout import (
    build_form_columns,
    free_rows_heading,
    list_defined_name,
    list_key,
    make_form_code,
    row_fingerprint,
)
from xlflow.i18n.catalogue import LocalizedText, label_in_sentence
from xlflow.model.template_elements import ChoiceList

FOLLOWUP, BUDGET = shipped_template("followup"), shipped_template("budget")


def test_the_columns_stand_as_promised() -> None:
    headings = " | ".join(column.heading("sv") for column in build_form_columns(FOLLOWUP, ("Uppdragstyp",)))
    assert headings == (
        "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Status"
        " | Ny tidpunkt | Kommentar/avvikelse | Kvar att göra | Uppdragstyp"
    )
    codes = " ".join(column.code for column in build_form_columns(BUDGET))
    assert codes == "#id #area #line #budget #outcome #forecast #deviation #deviation_share #comment #remaining"


def test_every_column_is_known_by_its_heading_in_both_languages() -> None:
    for column in not_empty(build_form_columns(FOLLOWUP, ("Uppdragstyp",))):
        assert {column.heading("sv"), column.heading("en")} <= set(column.accepted_headings)


@given(st.integers(0, 16_383))
def test_column_letters_are_those_of_excel(column: int) -> None:
    assert column_letters(column) == get_column_letter(column + 1)


def test_a_form_code_is_short_and_tells_units_and_rounds_apart() -> None:
    codes = {
        make_form_code(key, unit) for key in ("followup 2021-03-31", "followup 2021-08-31") for unit in ("A", "B")
    }
    assert len(codes) == 4
    assert all(len(code) == 9 and code[4] == "-" for code in codes)


def test_a_fingerprint_follows_the_words_and_not_their_dress() -> None:
    assert row_fingerprint(("Öppna  kvarnen", "a–b")) == row_fingerprint(("O\u0308ppna kvarnen ", "A-b"))
    assert row_fingerprint(("Öppna", "kvarnen")) != row_fingerprint(("Öppna kvarnen", ""))


def test_the_free_rows_are_headed_in_the_words_of_the_template() -> None:
    assert free_rows_heading(FOLLOWUP).sv.endswith("som inte står i planen, en aktivitet per rad.")
    assert free_rows_heading(BUDGET).en.endswith("that is not in the plan, one line per row.")


def test_a_heading_within_a_sentence_keeps_its_abbreviation() -> None:
    assert label_in_sentence(LocalizedText(sv="Aktivitet", en="Activity"), "sv") == "aktivitet"
    assert label_in_sentence(LocalizedText(sv="EU-mål", en="EU goal"), "sv") == "EU-mål"


def test_every_kind_of_field_has_its_list() -> None:
    keys = {field.key: list_key(field) for field in FOLLOWUP.fields}
    assert keys == {"deadline": "quarters", "status": "status", "new_deadline": "quarters", "comment": None}
    assert list_defined_name("status") == "xlflow_status"


def test_a_list_of_the_template_does_not_push_out_one_of_ours() -> None:
    options = FOLLOWUP.choices[0].options
    own = FOLLOWUP.field("status").model_copy(update={"choices": "quarters"})
    template = FOLLOWUP.model_copy(update={"choices": (ChoiceList(key="quarters", options=options),)})
    assert template.choice_list(own).options == options
    assert list_key(own) != list_key(FOLLOWUP.field("new_deadline"))

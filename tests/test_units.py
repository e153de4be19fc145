"""Which units a cell of the plan names, however their names are parted; no name is guessed."""

from types import MappingProxyType

import pytest

from xlflow.definition.units import UnitRegister
from xlflow.model.plan import Unit
from xlflow.model.text import normalize_key_cached

NAMES = ("Museet", "Åbo", "Kultur, fritid", "Park och natur")
REGISTER = UnitRegister(
    MappingProxyType({normalize_key_cached(name): Unit(name) for name in NAMES}),
    MappingProxyType({}),
    has_unit_sheet=True,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Museet", ["Museet"]),
        ("Museet; Åbo", ["Museet", "Åbo"]),
        ("Museet;Åbo;", ["Museet", "Åbo"]),
        ("Museet\nÅbo", ["Museet", "Åbo"]),
        ("; Museet ;\n ; Åbo", ["Museet", "Åbo"]),
        ("Museet, Åbo", ["Museet", "Åbo"]),
        ("museet ,ÅBO,", ["museet", "ÅBO"]),
        ("Kultur, fritid", ["Kultur, fritid"]),
        ("kultur,  FRITID", ["kultur, FRITID"]),
        ("Kultur, fritid; Museet", ["Kultur, fritid", "Museet"]),
        ("Museet, Åbo; Kultur, fritid", ["Museet", "Åbo", "Kultur, fritid"]),
        ("Park och natur", ["Park och natur"]),
        ("Museet och Åbo", ["Museet", "Åbo"]),
        ("Museet/Åbo", ["Museet", "Åbo"]),
        ("Museet och Okända", ["Museet och Okända"]),
        ("Museet, Okända", ["Museet, Okända"]),
        ("Okända, Museet; Åbo", ["Okända, Museet", "Åbo"]),
        ("Okända", ["Okända"]),
        (",", [","]),
        (" ; ", []),
        ("", []),
    ],
)
def test_a_cell_is_parted_where_the_parts_are_units(text: str, names: list[str]) -> None:
    assert REGISTER.split_names(text) == names


def test_a_unit_is_found_in_any_case_and_with_any_blanks() -> None:
    assert REGISTER.find_unit(" kultur,  FRITID ") == Unit("Kultur, fritid")
    assert REGISTER.find_unit("Kultur") is None
    assert REGISTER.most_similar_name("Museum") == "Museet"
    assert REGISTER.most_similar_name("Räddningstjänsten") is None

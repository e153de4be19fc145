"""The same fault in many cells is one group, and its cells are listed as people list them."""

from hypothesis import given
from hypothesis import strategies as st

from xlflow.core.findings import Finding, Place, Severity, find
from xlflow.core.words import Text
from xlflow.report.groups import group_findings, show_cells, show_places


def missing(cell: str | None, file: str = "Norr.xlsx", unit: str | None = "Norr") -> Finding:
    return find("missing-answer", Place(file, "Uppföljning", cell), unit=unit, words={"field": "Status"})


def test_neighbours_in_a_column_are_a_range_and_the_rest_is_counted() -> None:
    assert show_cells(["H7"], "sv") == "H7"
    assert show_cells(["H10", "H9", "H7", "H9"], "sv") == "H7, H9–H10"
    assert show_cells(["AA3", "B3", "B2", "A2"], "sv") == "A2, B2–B3, AA3"
    many = ["A1", "B1", "C1", "D1", "E1", "F1", "F2", "G1"]
    assert show_cells(many, "sv") == "A1, B1, C1, D1, E1 och 3 till"
    assert show_cells(many, "en") == "A1, B1, C1, D1, E1 and 3 more"
    assert show_cells(["A1:C9", "A2"], "en") == "A2, A1:C9"


@given(st.sets(st.builds("{}{}".format, st.sampled_from("ABZ"), st.integers(1, 12)), min_size=1))
def test_every_cell_is_shown_or_counted(cells: set[str]) -> None:
    shown, _, more = show_cells(cells, "sv").partition(" och ")
    count = int(more.split()[0]) if more else 0
    for run in shown.split(", "):
        first, _, last = run.partition("–")
        count += int(last[1:]) - int(first[1:]) + 1 if last else 1
    assert count == len(cells)


def test_a_fault_is_one_group_whatever_files_and_cells_it_is_in() -> None:
    findings = [missing("H7"), missing("H9"), missing("H5", "Söder.xlsx", "Söder"), missing("H8")]
    (group,) = group_findings(findings, "sv")
    assert group.message == "Status saknas."
    assert show_places(group, "sv") == (
        "Norr.xlsx, blad Uppföljning: H7–H9",
        "Söder.xlsx, blad Uppföljning: H5",
    )


def test_the_unit_is_named_where_the_file_s_name_does_not_tell_it() -> None:
    (group,) = group_findings([missing("H7", "svar 1.xlsx"), missing(None, "norr (2).xlsx")], "en")
    assert show_places(group, "en") == (
        "norr (2).xlsx, sheet Uppföljning",
        "svar 1.xlsx, sheet Uppföljning (Norr): H7",
    )


def test_errors_come_before_warnings_and_notes() -> None:
    note, error = find("line-found-by-text", Place("a.xlsx"), words={"text": "x"}), missing("H7", "z.xlsx")
    warning = find("unit-not-in-plan", Place("b.xlsx"), unit="Öster")
    groups = group_findings([note, warning, error], "sv")
    assert [group.severity for group in groups] == [Severity.ERROR, Severity.WARNING, Severity.NOTE]


def test_a_rule_on_trial_says_so() -> None:
    words = {"message": Text(sv="Nej.", en="No."), "remedy": Text(sv="Gör.", en="Do.")}
    (group,) = group_findings([find("rule-on-trial", Place("a.xlsx"), words=words)], "en")
    assert group.on_trial
    assert group.message == "On trial: No."

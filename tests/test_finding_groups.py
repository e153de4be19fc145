"""The same fault in many cells is one group, and its cells are listed as people list them."""

from hypothesis import given
from hypothesis import strategies as st

from xlflow.cli.finding_groups import format_cell_ranges, format_group_locations, group_findings
from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.findings import Finding, Location, Severity, make_finding


def missing(cell: str | None, file: str = "Norr.xlsx", unit: str | None = "Norr") -> Finding:
    return make_finding(
        "missing-answer", Location(file, "Uppföljning", cell), unit=unit, params={"field": "Status"}
    )


def test_neighbours_in_a_column_are_a_range_and_the_rest_is_counted() -> None:
    assert format_cell_ranges(["H7"], "sv") == "H7"
    assert format_cell_ranges(["H10", "H9", "H7", "H9"], "sv") == "H7, H9–H10"
    assert format_cell_ranges(["AA3", "B3", "B2", "A2"], "sv") == "A2, B2–B3, AA3"
    many = ["A1", "B1", "C1", "D1", "E1", "F1", "F2", "G1"]
    assert format_cell_ranges(many, "sv") == "A1, B1, C1, D1, E1 och 3 till"
    assert format_cell_ranges(many, "en") == "A1, B1, C1, D1, E1 and 3 more"
    assert format_cell_ranges(["A1:C9", "A2"], "en") == "A2, A1:C9"


@given(st.sets(st.builds("{}{}".format, st.sampled_from("ABZ"), st.integers(1, 12)), min_size=1))
def test_every_cell_is_shown_or_counted(cells: set[str]) -> None:
    shown, _, more = format_cell_ranges(cells, "sv").partition(" och ")
    count = int(more.split()[0]) if more else 0
    for run in shown.split(", "):
        first, _, last = run.partition("–")
        count += int(last[1:]) - int(first[1:]) + 1 if last else 1
    assert count == len(cells)


def test_a_fault_is_one_group_whatever_files_and_cells_it_is_in() -> None:
    findings = [missing("H7"), missing("H9"), missing("H5", "Söder.xlsx", "Söder"), missing("H8")]
    (group,) = group_findings(findings, "sv")
    assert group.message == "Status saknas."
    assert format_group_locations(group, "sv") == (
        "Norr.xlsx, blad Uppföljning: H7–H9",
        "Söder.xlsx, blad Uppföljning: H5",
    )


def test_the_unit_is_named_where_the_file_s_name_does_not_tell_it() -> None:
    (group,) = group_findings([missing("H7", "svar 1.xlsx"), missing(None, "norr (2).xlsx")], "en")
    assert format_group_locations(group, "en") == (
        "norr (2).xlsx, sheet Uppföljning",
        "svar 1.xlsx, sheet Uppföljning (Norr): H7",
    )


def test_errors_come_before_warnings_and_notes() -> None:
    note, error = (
        make_finding("plan-item-found-by-text", Location("a.xlsx"), params={"text": "x"}),
        missing("H7", "z.xlsx"),
    )
    warning = make_finding("unit-not-in-plan", Location("b.xlsx"), unit="Öster")
    groups = group_findings([note, warning, error], "sv")
    assert [group.severity for group in groups] == [Severity.ERROR, Severity.WARNING, Severity.NOTE]


def test_a_rule_on_trial_says_so() -> None:
    words = {"message": LocalizedText(sv="Nej.", en="No."), "remedy": LocalizedText(sv="Gör.", en="Do.")}
    (group,) = group_findings([make_finding("rule-on-trial", Location("a.xlsx"), params=words)], "en")
    assert group.is_on_trial
    assert group.message == "On trial: No."

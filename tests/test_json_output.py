"""The JSON of a run: a fixed shape that other people's programs rely on."""

import json
from pathlib import Path

from support.draw_round import draw_round
from support.draw_submission import draw_return

from xlflow.check.form_checks import check_merged
from xlflow.cli.json_output import result_to_json, result_to_values
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import Location, Severity, make_finding
from xlflow.model.merged import RunResult
from xlflow.model.submission import FileState, ReceivedFile

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Norr
    c  |            |                        |          | Odla         |              | Kvartal 3 | Norr
""")


def run() -> RunResult:
    form = draw_return(ASKED, "Norr", "Id | Status\na | Pågående")
    others = [
        ReceivedFile(name, "", 1, None, state)
        for name, state in (("b", FileState.REFUSED), ("c", FileState.IGNORED))
    ]
    merged, findings = merge_submissions([form], [form.file, *others], ASKED)
    return RunResult("sv", (*findings, *check_merged(merged)), merged, Path("ut.xlsx"))


def test_the_shape_is_fixed_to_the_last_key_and_its_order() -> None:
    values = json.loads(result_to_json(run()))
    assert list(values) == ["units", "files", "rows", "findings", "output"]
    assert values["units"] == {"asked": 2, "answered": 1, "missing": ["Söder"]}
    assert values["files"] == {
        "found": 3, "accepted": 1, "refused": 1, "superseded": 0, "duplicate": 0, "ignored": 1,
    }  # fmt: skip
    assert list(values["files"]) == ["found", "accepted", "refused", "superseded", "duplicate", "ignored"]
    assert values["rows"] == {"found": 3, "merged": 3, "set_aside": 0, "unanswered": 3}
    assert list(values["rows"]) == ["found", "merged", "set_aside", "unanswered"]
    assert values["output"] == "ut.xlsx"


def test_one_finding_per_cell_with_every_key() -> None:
    findings = json.loads(result_to_json(run()))["findings"]
    assert [found["cell"] for found in findings] == ["H6", "H7"]
    assert list(findings[0].items()) == [
        ("code", "missing-status"),
        ("severity", "error"),
        ("rule", "missing_status"),
        ("file", "Norr.xlsx"),
        ("sheet", "Uppföljning"),
        ("cell", "H6"),
        ("unit", "Norr"),
        ("row_id", "b"),
        ("field", "status"),
        ("value", None),
        ("message", "Status saknas."),
        (
            "remedy",
            "Välj status. Det här finns att välja på: Genomfört, Pågående, Kvarstår, Kan komma att försenas, "
            "Förskjuts eller Utgår.",
        ),
        ("suggestion", None),
    ]


def test_findings_are_sorted_and_their_own_severity_counts() -> None:
    later = make_finding("rule-broken", Location("b.xlsx", "S", "A10"), severity=Severity.WARNING, rule="why",
                 params={"message": "M", "remedy": "R"})  # fmt: skip
    earlier = make_finding("unit-not-in-plan", Location("b.xlsx", "S", "A9"), unit="Öster")
    findings = result_to_values(RunResult("en", (later, earlier)))["findings"]
    assert [(one["cell"], one["severity"], one["rule"]) for one in findings] == [
        ("A9", "warning", None),
        ("A10", "warning", "why"),
    ]
    assert findings[0]["message"] == "Öster has answered but is not in the plan."


def test_a_run_without_answers_has_the_same_shape() -> None:
    values = result_to_values(RunResult("sv", units=("A", "B")))
    assert values["units"] == {"asked": 2, "answered": 0, "missing": []}
    assert set(values["files"].values()) == set(values["rows"].values()) == {0}
    assert values["output"] is None


def test_any_console_can_carry_it() -> None:
    assert result_to_json(run()).isascii()

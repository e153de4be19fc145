"""A frozen round: what is asked is read from it alone, for all units or for one; and one file is checked by it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook
from support.external_tools import PROJECT
from support.make_project import AS_OF, UNITS, answer, make_project, open_state, put_in_inbox, write_plan
from support.not_empty import not_empty

from xlflow.definition.plan_workbook import define_round
from xlflow.definition.template_loader import load_template
from xlflow.generate.batch import split_round_by_unit
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.plan import Round
from xlflow.pipeline.resolve_round import open_plan
from xlflow.project.check_delivery import check_delivery
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide
from xlflow.project.frozen_round import (
    freeze_round,
    is_as_written,
    load_frozen_round,
    read_frozen_head,
    write_frozen_round,
)
from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, open_project
from xlflow.project.project_state import load_round
from xlflow.project.project_status import read_status
from xlflow.project.run_round import check_round, merge_round
from xlflow.project.verify_project import verify_project

EXAMPLES = [("followup-2021", "followup"), ("budget-2021", "budget")]


def _read_plan(folder: str, template: str) -> Round:
    workbook = open_plan(PROJECT / "examples" / folder / "plan.xlsx")
    return define_round(workbook, load_template(template), AS_OF)[0]


def _freeze(folder: Path, round_: Round) -> Path:
    asked = {unit: part.plan.items for unit, part in split_round_by_unit(round_).items()}
    findings = (make_finding("plan-item-unknown", Location("plan.xlsx", "Plan", "A2"), params={"text": "å"}),)
    return write_frozen_round(folder, freeze_round(round_, "followup", "plan/x", asked), round_, findings)


@pytest.mark.parametrize(("folder", "template"), EXAMPLES)
def test_a_round_is_read_as_it_was_frozen(tmp_path: Path, folder: str, template: str) -> None:
    round_ = _read_plan(folder, template)
    odd = replace(round_.plan.items[0], plan_values=(("amount", Decimal("1.50")), ("text", "1.50"), ("yes", True)))
    round_ = replace(round_, plan=replace(round_.plan, items=(odd, *round_.plan.items[1:])))
    path = _freeze(tmp_path, round_)
    loaded, findings = load_frozen_round(path, path.name)
    assert loaded == round_
    assert [finding.code for finding in findings] == ["plan-item-unknown"]
    assert [unit.name for unit in read_frozen_head(path, "").units] == [unit.name for unit in round_.plan.units]
    assert _freeze(tmp_path, round_) == path
    assert is_as_written(path)


@pytest.mark.parametrize(("folder", "template"), EXAMPLES)
def test_one_unit_is_read_with_what_it_is_asked(tmp_path: Path, folder: str, template: str) -> None:
    round_ = _read_plan(folder, template)
    path = _freeze(tmp_path, round_)
    parts = split_round_by_unit(round_)
    for unit in not_empty(round_.plan.units):
        own, _ = load_frozen_round(path, "", [unit.name])
        assert own.plan.units == (unit,)
        assert own.plan.items == parts[unit.name].plan.items
        positions = [item.plan_position for item in own.plan.items]
        assert positions == [item.plan_position for item in parts[unit.name].plan.items]


@pytest.mark.parametrize("harm", [b"", b"{}\n", b"[]\n[]\n[]\n[]\n"])
def test_a_damaged_file_is_named(tmp_path: Path, harm: bytes) -> None:
    path = _freeze(tmp_path, _read_plan(*EXAMPLES[0]))
    whole = path.read_bytes()
    for content in (harm, whole[:-10], whole + b"x\n"):
        path.write_bytes(content)
        assert not is_as_written(path)
        with pytest.raises(FatalError) as error:
            load_frozen_round(path, "rounds/x")
        assert [(found.code, found.location.file) for found in error.value.findings] == [
            ("round-file-damaged", "rounds/x")
        ]


def test_neither_plan_nor_template_is_read_again(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    put_in_inbox(project, "a.xlsx", answer(project, "Simhallen", {"Byta lås": "Genomfört"}))
    collect_returns(*open_state(project.root))
    for path in not_empty(list((project.root / "plan").rglob("*.xlsx"))):
        path.unlink()
    issue_forms(*open_state(project.root), units=["Museet"])
    assert merge_round(*open_state(project.root)).output_path
    assert [found.code for found in verify_project(open_project(project.root)).findings] == ["verify-missing"]


def test_an_edited_frozen_round_forbids_a_merge(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    put_in_inbox(project, "a.xlsx", answer(project, "Simhallen", {"Byta lås": "Genomfört"}))
    collect_returns(*open_state(project.root))
    (path,) = project.root.glob("rounds/*/round-*")
    path.write_bytes(path.read_bytes().replace("Byta lås".encode(), b"Byta las" + b" "))
    with pytest.raises(FatalError) as error:
        merge_round(*open_state(project.root))
    assert [found.code for found in error.value.findings] == ["verify-changed"]


# One file -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("en fil"))


def _write_answer(project: Project, unit: str, status: str, folder: Path) -> Path:
    path = folder / f"svar {unit}.xlsx"
    path.write_bytes(answer(project, unit, {"Måla om fasaden" if unit != "Simhallen" else "Byta lås": status}))
    return path


def test_one_file_is_checked_without_the_other_units(project: Project, tmp_path: Path) -> None:
    path = _write_answer(project, "Museet", "Förskjuts", tmp_path)
    result = check_delivery(project, open_state(project.root)[1], path)
    assert result.merged is not None
    assert [unit.name for unit in result.merged.round.plan.units] == ["Museet"]
    assert result.merged.missing_units == ()
    assert result.merged.accounts.rows_unanswered == 1
    assert {found.unit for found in result.findings} <= {"Museet", None}
    assert result.exit_code == 1
    assert {finding.rule for finding in result.findings if finding.rule}


def test_a_file_that_is_no_form_is_told_apart(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "annat.xlsx"
    Workbook().save(path)
    result = check_delivery(project, open_state(project.root)[1], path)
    assert result.findings
    assert result.merged is not None
    assert result.merged.units_with_answers == ()


def test_many_threads_check_at_once(project: Project, tmp_path: Path) -> None:
    state = open_state(project.root)[1]
    paths = [_write_answer(project, unit, "Genomfört", tmp_path) for unit in UNITS] * 4
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda path: check_delivery(project, state, path), paths))
    names = [result.merged.round.plan.units[0].name for result in results if result.merged]
    assert names == [*UNITS] * 4


# A changed plan -------------------------------------------------------------------------------------------


def _said(project: Project, plan: Path) -> str:
    notes = open_round(open_project(project.root), AS_OF, None, plan).notes
    return "\n".join(translate(note.word_key, "sv", **note.params) for note in notes)


def test_answers_follow_an_item_whose_id_changed(tmp_path: Path) -> None:
    """The planner words an item anew and is asked; with its id it is the same, and so it stays in later plans."""
    project = make_project(tmp_path)
    put_in_inbox(project, "a.xlsx", answer(project, "Museet", {"Måla om fasaden": "Genomfört"}))
    collect_returns(*open_state(project.root))
    (old_id,) = [item.id for item in load_round(*open_state(project.root))[0].plan.items if "fasaden" in str(item)]
    others = [("Öppna kvarnen", "Museet"), ("Byta lås", "Simhallen; Åbro skola")]
    write_plan(tmp_path / "p2.xlsx", [*others, ("Måla om fasaderna", "Museet; Åbro skola")])
    assert f"skriv id {old_id}" in _said(project, tmp_path / "p2.xlsx")
    assert _rows(project, "Museet") == ["Öppna kvarnen", "Måla om fasaden"]
    write_plan(tmp_path / "p3.xlsx", [*others, ("Måla om fasaderna", "Museet; Åbro skola", old_id)])
    _said(project, tmp_path / "p3.xlsx")
    assert _rows(project, "Museet") == ["Öppna kvarnen", "Måla om fasaderna"]
    write_plan(tmp_path / "p4.xlsx", [*others, ("Måla om fasaderna", "Museet; Åbro skola", "L-1")])
    _said(project, tmp_path / "p4.xlsx")
    assert _rows(project, "Museet") == ["Öppna kvarnen", "Måla om fasaderna"]


def _rows(project: Project, unit: str) -> list[str]:
    """Return the activities to which a unit has answered."""
    merged = check_round(*open_state(project.root)).merged
    assert merged is not None
    return [each.row.item.level_texts[3] for each in merged.rows if each.row.unit == unit]


def test_a_renamed_unit_keeps_its_answers(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    put_in_inbox(project, "a.xlsx", answer(project, "Simhallen", {"Byta lås": "Genomfört"}))
    collect_returns(*open_state(project.root))
    renamed = [
        ("Öppna kvarnen", "Museet"),
        ("Måla om fasaden", "Museet; Åbro skola"),
        ("Byta lås", "Badhuset; Åbro skola"),
    ]
    plan = write_plan(
        tmp_path / "p2.xlsx", renamed, ("Åbro skola", "Museet", "Badhuset"), {"Badhuset": "Simhallen"}
    )
    assert "Simhallen heter nu Badhuset" in _said(project, plan)
    status = read_status(*open_state(project.root))
    assert {unit.name: unit.state for unit in status.units}["Badhuset"] == "complete"
    plan = write_plan(
        tmp_path / "p3.xlsx",
        [*renamed[:2], ("Byta lås", "Badet norr; Badet söder")],
        ("Åbro skola", "Museet", "Badet norr", "Badet söder"),
    )
    said = _said(project, plan)
    assert 'xlflow decide "Badhuset" belongs-to' in said
    decide(*open_state(project.root), "Badhuset", "belongs-to", "Badet norr", because="enheten delades")
    status = read_status(*open_state(project.root))
    assert {unit.name: unit.state for unit in status.units}["Badet norr"] == "complete"

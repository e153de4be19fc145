"""A receipt is given once for the same files, and never without file and event on disk."""

from pathlib import Path

import pytest
from support.make_mails import make_eml
from support.make_project import answer, make_project, open_state, put_in_inbox

from xlflow.model.findings import FatalError
from xlflow.project.collect_returns import collect_returns
from xlflow.project.project_folder import Project, open_project
from xlflow.project.receipts import give_receipts, list_receipts
from xlflow.project.verify_project import verify_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with an answer of Simhallen, in a mail, and a faulty one of Museet."""
    made = make_project(tmp_path)
    form = answer(made, "Simhallen", {"Byta lås": "Genomfört"})
    put_in_inbox(made, "Svar.eml", make_eml([("Simhallen.xlsx", form)]))
    put_in_inbox(made, "Museet.xlsx", answer(made, "Museet", {"Öppna kvarnen": "Kanske"}))
    collect_returns(*open_state(made.root))
    return open_project(made.root)


def test_a_receipt_says_what_came_in_and_what_is_wrong(project: Project) -> None:
    receipts = {receipt.unit: receipt for receipt in give_receipts(*open_state(project.root))}
    assert receipts.keys() == {"Simhallen", "Museet"}
    right, faulty = receipts["Simhallen"], receipts["Museet"]
    assert (right.errors, right.left, right.is_new) == (0, 0, True)
    assert faulty.errors > 0
    assert [path.rpartition("/")[2] for path, _ in right.files] == ["Simhallen.xlsx"]
    assert len({right.number, faulty.number}) == 2
    assert right.received.endswith("Z")
    assert right.events == (project.log.events[-1].id,)
    events = [event for event in open_project(project.root).log.events if event.kind == "receipt-given"]
    assert len(events) == 1


def test_it_is_given_once_until_something_else_comes_in(project: Project) -> None:
    (first,) = give_receipts(*open_state(project.root), units=["museet"])
    (again,) = give_receipts(*open_state(project.root), units=["Museet"])
    assert (again.number, again.is_new) == (first.number, False)
    put_in_inbox(project, "rättad.xlsx", answer(project, "Museet", {"Öppna kvarnen": "Genomfört"}))
    collect_returns(*open_state(project.root))
    (later,) = give_receipts(*open_state(project.root), units=["Museet"])
    assert later.number != first.number
    assert later.is_new
    assert [receipt.number for receipt in list_receipts(open_state(project.root)[1])] == [
        first.number,
        later.number,
    ]
    assert verify_project(open_project(project.root)).findings == ()


def test_there_is_no_receipt_without_its_file(project: Project) -> None:
    opened, state = open_state(project.root)
    (path,) = (project.root / file.path for file in state.files if file.path.endswith("Simhallen.xlsx"))
    assert give_receipts(opened, state, ["Museet"])
    path.unlink()
    with pytest.raises(FatalError) as error:
        give_receipts(opened, state)
    assert [found.code for found in error.value.findings] == ["received-changed"]
    assert [receipt.unit for receipt in list_receipts(open_state(project.root)[1])] == ["Museet"]


def test_a_receipt_whose_event_is_lost_is_named(project: Project) -> None:
    give_receipts(*open_state(project.root))
    (received,) = (project.root / "events").glob("*returns-received*")
    received.unlink()
    codes = {finding.code for finding in verify_project(open_project(project.root)).findings}
    assert {"receipt-without-file", "event-missing"} <= codes

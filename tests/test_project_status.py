"""The screen of a round, decisions and sign-offs: what is shown follows from the log and the files alone."""

import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support.make_mails import make_eml
from support.make_project import answer, make_project, open_state, put_in_inbox
from support.run_cli import run

from xlflow.cli.project_text import format_status, format_unit_status, status_to_json
from xlflow.model.findings import FatalError, Severity
from xlflow.project.collect_returns import collect_returns
from xlflow.project.decide import decide, sign
from xlflow.project.events import Event, read_events
from xlflow.project.project_folder import Project
from xlflow.project.project_status import UnitLine, read_status
from xlflow.project.run_round import check_round, merge_round

TODAY = date(2026, 4, 10)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def send_in(project: Project, unit: str, statuses: dict[str, str], *, name: str = "", minute: int = 0) -> None:
    put_in_inbox(project, name or f"{unit}.xlsx", answer(project, unit, statuses))
    collect_returns(*open_state(project.root), now=datetime(2026, 4, 8, 9, minute, tzinfo=UTC))


def units(project: Project, today: date = TODAY) -> dict[str, UnitLine]:
    return {unit.name: unit for unit in read_status(*open_state(project.root), today).units}


def test_the_screen_shows_each_unit_on_a_line(project: Project) -> None:
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående", "Måla om fasaden": "Genomfört"})
    send_in(project, "Åbro skola", {"Måla om fasaden": "Klart snart"})
    status = read_status(*open_state(project.root), TODAY)
    lines = format_status(status, "sv").splitlines()
    assert lines[0] == "Projekt, per 2026-03-31, svar senast 2026-04-16"
    table = [re.split(r"\s{2,}", line) for line in lines[2:6]]
    assert table == [
        ["Enhet", "Läge", "Inkom", "Kvar", "Fel", "Senast"],
        ["Åbro skola", "att rätta", "2026-04-08", "2/2", "2", "2026-04-16"],
        ["Museet", "klar", "2026-04-08", "0/2", "2026-04-16"],
        ["Simhallen", "saknas", "2026-04-16"],
    ]
    assert "Adresser till dem som saknas: enhet3@example.org" in lines
    assert "  xlflow send --draft --correct gör mejl med det som ska rättas." in lines
    assert "Simhallen" in format_status(status, "en")
    values = json.loads(status_to_json(status))
    assert [unit["state"] for unit in values["units"]] == ["to-correct", "complete", "missing"]


def test_who_is_late_depends_on_the_units_own_due_day(project: Project) -> None:
    late = date(2026, 4, 20)
    decide(*open_state(project.root), "museet", "due", "2026-04-30", because="sjukdom")
    found = units(project, late)
    assert [found[name].is_late for name in ("Åbro skola", "Museet", "Simhallen")] == [True, False, True]
    assert found["Museet"].due == date(2026, 4, 30)
    assert "svar senast 2026-04-30" in format_status(read_status(*open_state(project.root), late), "sv")
    assert "due 2026-04-30" in format_status(read_status(*open_state(project.root), late), "en")
    assert "försenad" in format_status(read_status(*open_state(project.root), late), "sv")


def test_a_return_can_be_left_out_and_another_be_used(project: Project) -> None:
    send_in(project, "Simhallen", {"Byta lås": "Genomfört"}, name="a.xlsx")
    send_in(project, "Simhallen", {"Byta lås": "Pågående"}, name="b.xlsx", minute=30)
    send_in(project, "Simhallen", {"Byta lås": "Kvarstår"}, name="c.xlsx", minute=45)

    def value() -> object:
        merged = check_round(*open_state(project.root)).merged
        assert merged is not None
        (row,) = [each.row for each in merged.rows if each.row.unit == "Simhallen"]
        return row.value("status")

    assert value() == "remains"
    decide(*open_state(project.root), "Simhallen", "leave-out", "c.xlsx", because="fel version")
    assert value() == "ongoing"
    decide(*open_state(project.root), "Simhallen", "use", "a.xlsx", because="chefens svar")
    assert value() == "done"
    result = merge_round(*open_state(project.root))
    assert result.merged is not None
    assert result.merged.accounts.files["ignored"] == 2
    decisions = [finding for finding in result.findings if finding.code == "decision-in-force"]
    assert len(decisions) == 2
    assert all(finding.effective_severity is Severity.NOTE for finding in decisions)
    with pytest.raises(FatalError) as error:
        decide(*open_state(project.root), "Simhallen", "use", "d.xlsx", because="x")
    assert error.value.findings[0].code == "decision-file-unknown"


def test_files_of_the_same_name_are_told_apart_by_their_folder(project: Project) -> None:
    for minute, status in enumerate(("Genomfört", "Pågående")):
        send_in(project, "Simhallen", {"Byta lås": status}, minute=minute)
    with pytest.raises(FatalError) as error:
        decide(*open_state(project.root), "Simhallen", "use", "Simhallen.xlsx", because="x")
    assert error.value.findings[0].code == "decision-file-ambiguous"
    first = min(units(project)["Simhallen"].files)
    decide(*open_state(project.root), "Simhallen", "use", first, because="x")
    assert units(project)["Simhallen"].files == (first,)


def test_a_unit_can_be_said_to_have_nothing_or_not_to_be_asked(project: Project) -> None:
    send_in(project, "Åbro skola", {"Måla om fasaden": "Genomfört", "Byta lås": "Genomfört"})
    decide(*open_state(project.root), "Museet", "nothing", because="enligt telefon")
    decide(*open_state(project.root), "Simhallen", "not-asked", because="stängd i år")
    found = units(project)
    assert [found[name].state for name in ("Åbro skola", "Museet", "Simhallen")] == [
        "complete",
        "nothing",
        "not-asked",
    ]
    merged = merge_round(*open_state(project.root)).merged
    assert merged is not None
    assert merged.units_with_nothing_to_report == ("Museet",)
    assert merged.missing_units == ()
    assert merged.accounts.rows_unanswered == 0
    assert merged.accounts.is_balanced
    decide(*open_state(project.root), "Simhallen", "asked", because="öppnade igen")
    assert units(project)["Simhallen"].state == "missing"


def test_answers_given_in_another_units_form_can_be_moved(project: Project) -> None:
    form = answer(project, "Åbro skola", {"Byta lås": "Genomfört"})
    put_in_inbox(project, "simhallens svar.xlsx", form)
    collect_returns(*open_state(project.root))
    decide(*open_state(project.root), "Åbro skola", "belongs-to", "Simhallen", because="tog fel formulär")
    found = units(project)
    assert (found["Simhallen"].state, found["Åbro skola"].state) == ("complete", "missing")


def test_opposite_decisions_replace_each_other_and_stay_in_the_log(project: Project) -> None:
    for day in ("2026-04-20", "2026-04-25"):
        result = decide(*open_state(project.root), "Museet", "due", day, because=f"skäl {day}")
    assert [note.word_key for note in result.notes] == ["project.decided", "project.decision_replaced"]
    opened, state = open_state(project.root)
    said = format_unit_status(opened, state, read_status(opened, state, TODAY), "museet")
    assert "Gäller inte längre: Beslut om Museet: svar senast 2026-04-20. Skäl: skäl 2026-04-20" in said
    assert "svar senast 2026-04-25. Skäl: skäl 2026-04-25" in said


def test_a_decision_needs_a_reason_and_a_unit(project: Project) -> None:
    for unit, because, code in (("Museet", " ", "decision-without-reason"), ("Musset", "x", "unit-not-asked")):
        with pytest.raises(FatalError) as error:
            decide(*open_state(project.root), unit, "nothing", because=because)
        assert error.value.findings[0].code == code


def test_a_sign_off_falls_when_the_answers_change(project: Project) -> None:
    with pytest.raises(FatalError) as error:
        sign(*open_state(project.root), "Museet")
    assert error.value.findings[0].code == "sign-without-answers"
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående"})
    sign(*open_state(project.root), "museet", "Museichefen")
    assert units(project)["Museet"].signed_by == "Museichefen"
    send_in(project, "Simhallen", {"Byta lås": "Genomfört"})
    assert units(project)["Museet"].signed_by == "Museichefen"
    send_in(project, "Museet", {"Öppna kvarnen": "Genomfört"}, minute=9)
    found = units(project)["Museet"]
    assert (found.signed_by, found.sign_off_fell) == ("", True)


def test_the_text_of_a_mail_is_shown_with_its_unit(project: Project) -> None:
    form = answer(project, "Museet", {"Öppna kvarnen": "Pågående"})
    put_in_inbox(project, "a.eml", make_eml([("Museet.xlsx", form)], text="Kvarnen öppnar i maj."))
    collect_returns(*open_state(project.root))
    opened, state = open_state(project.root)
    assert "Kvarnen öppnar i maj." in format_unit_status(
        opened, state, read_status(opened, state, TODAY), "Museet"
    )


def _with_clock(project: Project, hours: list[int]) -> None:
    """Write the log anew as if each event had been written at another time."""
    renamed: dict[str, str] = {}
    for event, hour in zip(read_events(project.events_folder).events, hours, strict=False):
        at = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        seen = tuple(sorted(renamed[other] for other in event.seen))
        moved = Event(event.kind, at, event.by, event.round, event.token, seen, event.data)
        renamed[event.id] = moved.id
        (project.events_folder / event.file_name).unlink()
        (project.events_folder / moved.file_name).write_bytes(moved.to_bytes())


def test_clocks_do_not_change_the_status(project: Project) -> None:
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående"})
    decide(*open_state(project.root), "Museet", "due", "2026-04-20", because="a")
    decide(*open_state(project.root), "Museet", "due", "2026-04-25", because="b")
    before = status_to_json(read_status(*open_state(project.root), TODAY))
    count = len(read_events(project.events_folder).events)
    for hours in (list(range(count))[::-1], [7 * number % 5 for number in range(count)]):
        _with_clock(project, hours)
        assert status_to_json(read_status(*open_state(project.root), TODAY)) == before
    assert '"2026-04-25"' in before


def test_a_damaged_event_shows_on_the_screen_and_nothing_is_merged(project: Project) -> None:
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående"})
    (path,) = project.events_folder.glob("*forms-issued*")
    path.write_bytes(path.read_bytes()[:-5])
    shown = run("status", cwd=project.root)
    assert shown.code == 1
    assert path.name[:30] in shown.out
    assert run("merge", cwd=project.root).code == 2


def test_the_status_of_many_rounds_is_quick(project: Project) -> None:
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående"})
    seen = read_events(project.events_folder).newest_ids
    data = {"unit": "Museet", "action": "due", "value": "2026-04-20", "because": "x"}
    for number in range(400):
        event = Event(
            "decided", "2026-01-01T00:00:00.000Z", "", f"2025-01-{number % 15 + 1:02}", f"{number:08x}", seen, data
        )
        (project.events_folder / event.file_name).write_bytes(event.to_bytes())
        seen = (event.id,)
    read_status(*open_state(project.root), TODAY)
    started = time.process_time()
    read_status(*open_state(project.root), TODAY)
    assert time.process_time() - started < 0.3


def test_the_commands_decide_sign_and_show(project: Project) -> None:
    send_in(project, "Museet", {"Öppna kvarnen": "Pågående"})
    assert run("decide", "Museet", "due", "20 april 2026", "--because", "sjukdom", cwd=project.root).code == 0
    assert run("decide", "Museet", "use", "--because", "x", cwd=project.root).code == 2
    assert run("sign", "Museet", "--by", "Chefen", cwd=project.root).code == 0
    (unit,) = [
        each for each in run("status", "--json", cwd=project.root).json_output["units"] if each["name"] == "Museet"
    ]
    assert (unit["due"], unit["signed_by"]) == ("2026-04-20", "Chefen")
    assert "Chefen" in run("status", "--unit", "Museet", cwd=project.root).out
    merged = run("merge", cwd=project.root)
    assert "Sammanställningen ligger i rounds/2026-03-31/" in " ".join(merged.out.split())
    assert "xlflow send --draft --remind" in " ".join(merged.out.split())

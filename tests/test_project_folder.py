"""A project folder: how it begins, how a round is opened and opened again, and what is said of every fault."""

from pathlib import Path

import pytest
from support.make_project import ACTIVITIES, AS_OF, DUE, UNITS, make_project, open_state, write_plan
from support.run_cli import run

from xlflow.i18n.catalogue import translate
from xlflow.model.findings import FatalError, message_of, remedy_of
from xlflow.model.merged import RunResult
from xlflow.project.issue_forms import issue_forms
from xlflow.project.locate import find_project_folder
from xlflow.project.open_round import open_round, switch_round
from xlflow.project.project_folder import init_project, open_project
from xlflow.project.project_settings import ProjectSettings, read_settings, render_settings
from xlflow.project.project_state import build_rounds, choose_round, read_frozen_round


def notes(result: RunResult) -> str:
    assert result.notes
    return "\n".join(translate(note.word_key, "sv", **note.params) for note in result.notes)


def refusal(error: pytest.ExceptionInfo[FatalError]) -> list[tuple[str, str]]:
    """Return (code, message and remedy in Swedish) of every finding."""
    assert error.value.findings
    return [(found.code, message_of(found, "sv") + " " + remedy_of(found, "sv")) for found in error.value.findings]


def test_a_project_is_found_from_any_folder_inside_it(tmp_path: Path) -> None:
    init_project(tmp_path / "Plan 2026")
    inside = tmp_path / "Plan 2026" / "rounds" / "2026-03-31"
    inside.mkdir()
    assert find_project_folder(inside) == tmp_path / "Plan 2026"
    assert find_project_folder(tmp_path) is None
    project = open_project(inside)
    assert project.settings == ProjectSettings(name="Plan 2026")
    assert [event.kind for event in project.log.events] == ["project-started"]


def test_a_project_is_not_made_twice_or_inside_another(tmp_path: Path) -> None:
    init_project(tmp_path)
    for folder in (tmp_path, tmp_path / "inne"):
        with pytest.raises(FatalError) as error:
            init_project(folder)
        assert refusal(error)[0][0] == "project-exists"
    assert not (tmp_path / "inne").exists()


def test_outside_a_project_it_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FatalError) as error:
        open_project(tmp_path)
    assert refusal(error)[0][0] == "no-project"
    assert "xlflow init" in refusal(error)[0][1]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("name = 1 = 2", "settings-unreadable", "xlflow.toml"),
        ('name = "A"\nlanguage = "no"', "settings-value", "sv eller en"),
        ('name = "A"\nsender = "Anna"', "settings-value", "example.org"),
        ('name = ""', "settings-value", "Verksamhetsplan 2026"),
        ('language = "sv"', "settings-value", "name"),
        ('name = "A"\nmail_password = "x"', "settings-secret", "mail_password"),
        ('name = "A"\nsendr = "x"', "settings-unknown", "sender"),
    ],
)
def test_a_fault_in_the_settings_is_named_with_what_to_do(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    path = tmp_path / "xlflow.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FatalError) as error:
        read_settings(path)
    ((found, said),) = refusal(error)
    assert found == code
    assert words in said


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = ProjectSettings(name='Plan "2026" \\ å', language="en", sender="Anna Ek <anna@example.org>")
    path = tmp_path / "xlflow.toml"
    path.write_bytes(b"\xef\xbb\xbf" + render_settings(settings).encode())
    assert read_settings(path) == settings


def test_a_round_is_frozen_when_it_is_opened(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    project, state = open_state(project.root)
    frozen = read_frozen_round(project, state)
    assert (state.name, frozen.as_of, frozen.due) == ("2026-03-31", AS_OF, DUE)
    assert [unit.name for unit in frozen.units] == list(UNITS)
    assert [unit.email for unit in frozen.units] == [f"enhet{number}@example.org" for number in (1, 2, 3)]
    (kept,) = (project.root / "plan").glob("*/*")
    assert kept.read_bytes() == (tmp_path / "plan.xlsx").read_bytes()
    assert kept.name == "plan.xlsx"
    assert frozen.plan == f"plan/{kept.parent.name}/plan.xlsx"
    folders = {path.name for path in project.round_folder(state.name).iterdir() if path.is_dir()}
    assert folders == {"inbox", "forms", "drafts", "to-correct", "received"}


def test_a_faulty_plan_opens_nothing(tmp_path: Path) -> None:
    init_project(tmp_path / "P")
    write_plan(tmp_path / "plan.xlsx", [("Måla om fasaden", "Okänd enhet")])
    with pytest.raises(FatalError):
        open_round(open_project(tmp_path / "P"), AS_OF, DUE, tmp_path / "plan.xlsx")
    project = open_project(tmp_path / "P")
    assert [event.kind for event in project.log.events] == ["project-started"]
    assert list((tmp_path / "P" / "plan").iterdir()) == []


def test_without_a_plan_or_a_round_it_is_said_what_is_missing(tmp_path: Path) -> None:
    init_project(tmp_path)
    with pytest.raises(FatalError) as error:
        open_round(open_project(tmp_path), AS_OF, DUE)
    assert refusal(error)[0][0] == "no-plan"
    with pytest.raises(FatalError) as error:
        choose_round(open_project(tmp_path))
    assert refusal(error)[0][0] == "no-round"


def test_the_next_round_takes_the_plan_of_the_last(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    open_round(project, AS_OF.replace(month=8), None)
    rounds = build_rounds(open_project(project.root))
    assert list(rounds) == ["2026-03-31", "2026-08-31"]
    assert len(list((project.root / "plan").iterdir())) == 1
    assert choose_round(open_project(project.root)).name == "2026-08-31"
    assert choose_round(open_project(project.root), "2026-03-31").name == "2026-03-31"
    with pytest.raises(FatalError) as error:
        choose_round(open_project(project.root), "2026-05-01")
    assert "2026-03-31, 2026-08-31" in refusal(error)[0][1]


def test_a_changed_plan_says_what_is_the_same_and_who_needs_a_new_form(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    changed = [
        ("Öppna kvarnen", "Museet"),
        ("Måla om fasaderna", "Åbro skola"),
        ("Byta lås", "Simhallen; Åbro skola"),
        ("Ny brygga", "Badet"),
    ]
    write_plan(tmp_path / "plan2.xlsx", changed, (*UNITS, "Badet"))
    said = notes(open_round(project, AS_OF, None, tmp_path / "plan2.xlsx"))
    assert "desamma som i den förra planen: 2." in said
    assert '"Måla om fasaderna", som troligen är "Måla om fasaden"' in said
    assert 'Ny rad: "Ny brygga".' in said
    assert "fortfarande gäller: Simhallen." in said
    assert "(xlflow generate): Åbro skola, Museet, Badet." in said
    project, state = open_state(project.root)
    assert read_frozen_round(project, state).due == DUE
    forms = project.round_folder(state.name) / "forms"
    before = {path.name: path.stat().st_mtime_ns for path in forms.iterdir()}
    assert issue_forms(project, state).units == ("Åbro skola", "Museet", "Badet")
    after = {path.name: path.stat().st_mtime_ns for path in forms.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {
        "Åbro skola.xlsx",
        "Museet.xlsx",
        "Badet.xlsx",
    }
    assert "gäller fortfarande" in notes(issue_forms(*open_state(project.root)))


def test_one_units_form_is_made_anew_when_it_is_asked_for(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    result = issue_forms(*open_state(project.root), units=["museet"])
    assert result.units == ("Museet",)
    with pytest.raises(FatalError) as error:
        issue_forms(*open_state(project.root), units=["Musset"])
    assert "Menade du ”Museet”?" in refusal(error)[0][1]


def test_the_same_plan_again_changes_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    assert ACTIVITIES
    said = notes(open_round(project, AS_OF, DUE, tmp_path / "plan.xlsx"))
    assert "Behöver ett nytt formulär" not in said
    assert len(list((project.root / "plan").iterdir())) == 1


def test_a_round_that_is_not_closed_cannot_be_opened_again(tmp_path: Path) -> None:
    project, state = open_state(make_project(tmp_path, forms=False).root)
    with pytest.raises(FatalError) as error:
        switch_round(project, state, "round-reopened")
    assert refusal(error)[0][0] == "round-not-closed"


def test_no_path_is_typed_inside_a_project(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.xlsx")
    assert run("init", "Plan 2026", cwd=tmp_path).code == 0
    inside = tmp_path / "Plan 2026"
    opened = run(
        "round", "open", "--as-of", "2026-03-31", "--due", "2026-04-16", "--plan", "../plan.xlsx", cwd=inside
    )
    assert (opened.code, opened.err) == (0, "")
    made = run("generate", cwd=inside / "plan")
    assert (made.code, made.err) == (0, "")
    assert {path.stem for path in (inside / "rounds" / "2026-03-31" / "forms").iterdir()} == set(UNITS)


def test_outside_a_project_everything_is_as_before(tmp_path: Path) -> None:
    missing = run("generate", cwd=tmp_path)
    assert missing.code == 2
    assert "PLAN" in missing.err
    write_plan(tmp_path / "plan.xlsx")
    arguments = ("generate", "plan.xlsx", "--as-of", "2026-03-31", "-o", "forms", "--unit", "Museet")
    assert run(*arguments, cwd=tmp_path).code == 0
    assert [path.name for path in (tmp_path / "forms").iterdir()] == ["Museet.xlsx"]

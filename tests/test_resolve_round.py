"""Which round it is, where no form says so any longer: named with --as-of, or read above the tables, and said so.

What a form itself says counts before both.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from support.draw_plan import save_plan
from support.edited_forms import copy_values, edit_workbook, make_form
from support.run_cli import run
from test_recognise_by_content import retyped

from xlflow.definition.plan_workbook import define_round
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import open_workbook
from xlflow.generate import write_form
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.findings import FatalError, message_of, remedy_of
from xlflow.model.merged import RunResult
from xlflow.model.plan import Round
from xlflow.model.submission import FileState
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms

PLAN = """
    Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum  | Enhet
    Samhälle   | Levande kommun         | Möten    | Öppna kvarn |              | Kvartal 2  | Museet
               |                        |          |             | Hyra båt     | 2021-06-30 | Museet; Åbo
    Ekonomi    | Budget i balans        | Sparande | Sälja ladan |              | Kvartal 4  | Museet
               |                        |          | Måla om     |              |            | Åbo
"""
DAY = date(2021, 3, 31)
ROWS = (
    ("Öppna kvarn", None, "Kvartal 2", "Pågående"),
    ("Öppna kvarn", "Hyra båt", "2021-06-30", "Genomfört"),
    ("Sälja ladan", None, "Kvartal 4", "Kvarstår"),
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return save_plan(tmp_path, PLAN, ("Museet", "Åbo"))


def ask(plan: Path, day: date = DAY, template: str = "followup") -> Round:
    return define_round(open_workbook(plan, plan.name), load_template(template), day)[0]


def filled(asked: Round, unit: str, *statuses: str) -> bytes:
    lines = asked.items_for_unit(unit)
    answers = {line.id: {"status": status} for line, status in zip(lines, statuses, strict=False)}
    return write_form(asked, unit, answers, issued={})


def put(plan: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (plan.parent / "in" / f"{name}.xlsx").write_bytes(content)
    return plan.parent / "in"


def statuses(reported: RunResult) -> Mapping[tuple[str, str], str]:
    assert reported.merged
    rows = [one.row for one in reported.merged.rows]
    return {
        (row.unit, " ".join(filter(None, row.item.level_texts[3:]))): answer.raw_text
        for row in rows
        if (answer := row.answer("status")) and answer.raw_text
    }


def found(reported: RunResult, code: str) -> list[str]:
    each = [finding for finding in reported.findings if finding.code == code]
    return [f"{message_of(finding, 'sv')} {remedy_of(finding, 'sv')}" for finding in each]


MUSEET = {
    ("Museet", "Öppna kvarn"): "Pågående",
    ("Museet", "Öppna kvarn Hyra båt"): "Genomfört",
    ("Museet", "Sälja ladan"): "Kvarstår",
}


def test_the_day_above_the_tables_is_taken_and_said(plan: Path, tmp_path: Path) -> None:
    asked = ask(plan)
    folder = put(
        plan,
        Museet=copy_values(filled(asked, "Museet", "Pågående", "Genomfört", "Kvarstår")),
        Åbo=copy_values(filled(asked, "Åbo", "Genomfört", "Utgår")),
    )
    reported = merge_forms([folder], tmp_path / "ut.xlsx", plan=plan, jobs=1)
    assert reported.merged
    assert (reported.merged.round.as_of, reported.merged.round.key) == (DAY, asked.key)
    assert statuses(reported) == MUSEET | {
        ("Åbo", "Öppna kvarn Hyra båt"): "Genomfört",
        ("Åbo", "Måla om"): "Utgår",
    }
    (said,) = found(reported, "as-of-assumed")
    assert "2021-03-31" in said
    assert "2 av filerna" in said
    assert len(found(reported, "form-recognised")) == 2


def test_the_code_above_the_table_tells_the_template(plan: Path) -> None:
    folder = put(plan, Museet=copy_values(filled(ask(plan, template="followup-2019"), "Museet", "Pågående")))
    reported = check_forms([folder], plan=plan, jobs=1)
    assert reported.merged
    assert reported.merged.round.template.name == "followup-2019"
    assert "formulärkoden" in found(reported, "form-recognised")[0]


def test_the_title_above_the_table_tells_the_language(plan: Path) -> None:
    form = load_workbook(
        io.BytesIO(filled(replace(ask(plan), language="en"), "Museet", "Ongoing")), data_only=True
    )
    opened = Workbook()
    for row in form["Follow-up"].iter_rows(values_only=True):
        opened.worksheets[0].append(row)
    opened.save(plan.parent / "in" / "answers.xlsx")
    reported = check_forms([plan.parent / "in"], plan=plan, jobs=1)
    assert reported.merged
    assert (reported.language, reported.merged.round.as_of, reported.merged.unplaced) == ("en", DAY, ())
    assert reported.merged.rows[0].row.value("status") == "ongoing"


def test_without_a_day_the_option_is_named_and_then_helps(plan: Path, tmp_path: Path) -> None:
    folder = put(plan, Svar=retyped("Museet", rows=ROWS))
    reported = check_forms([folder], plan=plan, jobs=1)
    assert reported.merged
    assert reported.merged.accounts.files[FileState.REFUSED] == 1
    (said,) = found(reported, "form-day-unknown")
    assert [one.unit for one in reported.findings if one.code == "form-day-unknown"] == ["Museet"]
    assert "--as-of 2021-03-31" in said
    reported = merge_forms([folder], tmp_path / "ut.xlsx", plan=plan, as_of=DAY, jobs=1)
    assert statuses(reported) == MUSEET
    assert (reported.merged and reported.merged.round.as_of, found(reported, "as-of-assumed")) == (DAY, [])


def test_the_day_that_is_named_counts_before_the_one_that_is_seen(plan: Path) -> None:
    folder = put(plan, Museet=copy_values(filled(ask(plan), "Museet", "Pågående")))
    reported = check_forms([folder], plan=plan, as_of=date(2020, 12, 31), jobs=1)
    assert reported.merged
    assert (reported.merged.round.as_of, statuses(reported)) == (date(2020, 12, 31), {})
    (said,) = found(reported, "other-round")
    assert "2021-03-31" in said
    assert "2020-12-31" in said


def test_the_day_that_most_files_show_is_the_round(plan: Path) -> None:
    this, last = ask(plan), ask(plan, date(2021, 6, 30))
    folder = put(
        plan,
        a=copy_values(filled(this, "Museet", "Pågående")),
        b=copy_values(filled(this, "Åbo", "Pågående")),
        c=copy_values(filled(last, "Åbo", "Genomfört")),
    )
    reported = check_forms([folder], plan=plan, jobs=1)
    assert reported.merged
    assert reported.merged.round.as_of == DAY
    assert len(found(reported, "other-round")) == 1


@pytest.mark.parametrize("given", [True, False], ids=["with the plan", "forms only"])
def test_the_day_chooses_between_rounds(plan: Path, given: bool) -> None:
    this, last = ask(plan), ask(plan, date(2020, 12, 31))
    folder = put(
        plan,
        a=filled(this, "Museet", "Pågående"),
        b=filled(this, "Åbo", "Pågående"),
        c=filled(last, "Museet", "Kvarstår"),
    )
    known = plan if given else None
    assert statuses(check_forms([folder], plan=known, jobs=1))["Museet", "Öppna kvarn"] == "Pågående"
    reported = check_forms([folder], plan=known, as_of=date(2020, 12, 31), jobs=1)
    assert statuses(reported) == {("Museet", "Öppna kvarn"): "Kvarstår"}
    assert len(found(reported, "other-round")) == 2
    nobody = check_forms([folder], plan=known, as_of=date(2019, 12, 31), jobs=1)
    assert statuses(nobody) == {}
    assert len(found(nobody, "other-round")) == 3


def test_a_day_that_is_of_no_form_or_of_few_is_told_apart_from_a_form_of_another_day(plan: Path) -> None:
    this, last = ask(plan), ask(plan, date(2020, 12, 31))
    forms = {"a": filled(this, "Museet", "Pågående"), "b": filled(this, "Åbo", "Pågående")}
    folder = put(plan, **forms, c=filled(last, "Museet", "Kvarstår"))
    one = check_forms([folder], jobs=1)
    assert (len(found(one, "other-round")), found(one, "as-of-differs")) == (1, [])
    assert found(check_forms([folder], as_of=DAY, jobs=1), "as-of-differs") == []
    (few,) = found(check_forms([folder], as_of=date(2020, 12, 31), jobs=1), "as-of-differs")
    assert "1 av 3" in few
    wrong = check_forms([folder], as_of=date(2022, 3, 31), jobs=1)
    (none,) = found(wrong, "as-of-differs")
    assert "0 av 3" in none
    assert "2021-03-31" in none
    assert found(wrong, "nothing-to-merge") == []
    assert len(set(found(wrong, "other-round"))) == 2, "forms of one day are one fault, with their places"
    with pytest.raises(FatalError) as refused:
        merge_forms([folder], plan.parent / "ut.xlsx", as_of=date(2022, 3, 31), jobs=1)
    codes = [finding.code for finding in refused.value.findings]
    assert "as-of-differs" in codes
    assert "nothing-to-merge" not in codes


def test_the_language_is_that_of_the_plan_where_the_forms_tell_their_round_only(tmp_path: Path) -> None:
    plan, folder, out = tmp_path / "plan.csv", tmp_path / "in", tmp_path / "out"
    plan.write_text(
        "Perspective;Overall goal;Board goal;Activity;Deadline;Unit\nA;B;C;Open the mill;Quarter 2;Museum\n"
    )
    folder.mkdir()
    generate_forms(plan, out, as_of=DAY, language="en")
    content = edit_workbook(lambda opened: opened.remove(opened["xlflow"]), (out / "Museum.xlsx").read_bytes())
    (folder / "Museum.xlsx").write_bytes(content)
    reported = check_forms([folder], plan=plan, jobs=1)
    assert reported.merged
    assert (reported.merged.answered_units, reported.merged.round.language) == (("Museum",), "en")


def test_on_the_command_line(plan: Path) -> None:
    put(plan, Svar=retyped("Museet", rows=ROWS))
    cwd = plan.parent
    refused = run("merge", "in", "-o", "ut.xlsx", "--plan", "plan.xlsx", cwd=cwd)
    assert refused.code == 2
    assert "--as-of 2021-03-31" in refused.err
    assert not (cwd / "ut.xlsx").exists()
    wrong = run("check", "in", "--plan", "plan.xlsx", "--as-of", "igår", cwd=cwd)
    assert wrong.code == 2
    assert "--as-of" in wrong.err
    done = run("merge", "in", "-o", "ut.xlsx", "--plan", "plan.xlsx", "--as-of", "2021-03-31", "--json", cwd=cwd)
    assert done.json_output["units"] == {"asked": 2, "answered": 1, "missing": ["Åbo"]}
    assert (cwd / "ut.xlsx").exists()


def test_a_workbook_with_a_day_that_is_no_form_is_none(plan: Path) -> None:
    other = edit_workbook(
        lambda opened: [opened.remove(opened[name]) for name in ("Uppföljning", "xlflow")], make_form()
    )
    reported = check_forms([put(plan, annat=other)], plan=plan, jobs=1)
    assert found(reported, "as-of-assumed") == []


OWN = """
extends = "followup"
name = "egen"
version = "1"
title = { sv = "Vår uppföljning", en = "Our follow-up" }
fields = [{ key = "cost", type = "text", after = "status", label = { sv = "Kostnad", en = "Cost" } }]
"""
"""A template of one's own, with a question that no other has."""


@pytest.fixture
def own(plan: Path) -> str:
    path = plan.parent / "egen.toml"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


def copied_own(plan: Path, own: str, unit: str, **answers: str) -> bytes:
    asked = ask(plan, template=own)
    return copy_values(write_form(asked, unit, {asked.items_for_unit(unit)[0].id: answers}, issued={}))


def test_a_template_of_one_s_own_is_named_where_no_form_has_kept_it(plan: Path, own: str, tmp_path: Path) -> None:
    folder = put(
        plan,
        Museet=copied_own(plan, own, "Museet", status="Pågående", cost="Dyrt"),
        Åbo=copied_own(plan, own, "Åbo", status="Genomfört", cost="Billigt"),
    )
    reported = merge_forms([folder], tmp_path / "ut.xlsx", plan=plan, template=own, jobs=1)
    assert reported.merged
    assert (reported.merged.round.key, reported.merged.unplaced) == ("egen 2021-03-31", ())
    costs = [row.row.value("cost") for row in reported.merged.rows if row.row.value("cost")]
    assert costs == ["Dyrt", "Billigt"]
    assert len(found(reported, "form-recognised")) == 2
    assert found(reported, "template-assumed") == []


def test_a_code_of_no_template_of_ours_says_that_one_may_be_named(plan: Path, own: str) -> None:
    folder = put(plan, Museet=copied_own(plan, own, "Museet", status="Pågående", cost="Dyrt"))
    reported = check_forms([folder], plan=plan, jobs=1)
    (said,) = found(reported, "template-assumed")
    assert "”followup”" in said
    assert "--template" in said


def test_forms_that_name_a_template_but_have_lost_it_say_that_it_may_be_named(plan: Path, own: str) -> None:
    asked = ask(plan, template=own)
    for unit in ("Museet", "Åbo"):
        content = write_form(asked, unit, {asked.items_for_unit(unit)[0].id: {"cost": "Dyrt"}}, issued={})
        put(plan, **{unit: edit_workbook(lambda opened: opened.remove(opened["xlflow"]), content)})
    reported = check_forms([plan.parent / "in"], plan=plan, jobs=1)
    (said,) = found(reported, "template-unnamed")
    assert "”egen”" in said
    reported = check_forms([plan.parent / "in"], plan=plan, template=own, jobs=1)
    assert reported.merged
    assert (reported.merged.answered_units, reported.merged.round.key) == (("Museet", "Åbo"), "egen 2021-03-31")
    assert (found(reported, "template-unnamed"), len(found(reported, "identity-from-properties"))) == ([], 2)


def test_the_template_that_the_coordinator_names_counts_for_forms_with_another(plan: Path, own: str) -> None:
    asked = ask(plan, template=own)
    newer = Path(own).with_name("nyare.toml")
    newer.write_text(OWN.replace('"1"', '"2"').replace("Kostnad", "Utgift"), encoding="utf-8")
    folder = put(
        plan,
        Museet=filled(asked, "Museet", "Pågående"),
        Åbo=copied_own(plan, own, "Åbo", status="Genomfört", cost="Billigt"),
    )
    reported = check_forms([folder], plan=plan, template=str(newer), jobs=1)
    assert reported.merged
    assert (reported.merged.answered_units, reported.merged.round.template) == (
        ("Museet", "Åbo"),
        load_template(str(newer)),
    )
    named = [
        (found.unit, found.location.file) for found in reported.findings if found.code == "form-of-older-template"
    ]
    assert named == [("Museet", "Museet.xlsx")]
    assert asked.template != load_template(str(newer))


@pytest.mark.parametrize("given", [True, False], ids=["with the plan", "forms only"])
def test_the_template_chooses_between_forms_of_a_day(plan: Path, own: str, given: bool) -> None:
    folder = put(
        plan,
        a=filled(ask(plan), "Museet", "Pågående"),
        b=filled(ask(plan), "Åbo", "Pågående"),
        c=filled(ask(plan, template=own), "Museet", "Kvarstår"),
    )
    known = plan if given else None
    reported = check_forms([folder], plan=known, jobs=1)
    assert statuses(reported)["Museet", "Öppna kvarn"] == "Pågående"
    (said,) = found(reported, "other-template")
    assert said.startswith("c.xlsx är gjort med mallen ”egen”, men omgångens formulär med ”followup”.")
    reported = check_forms([folder], plan=known, template=own, jobs=1)
    assert statuses(reported) == {("Museet", "Öppna kvarn"): "Kvarstår"}
    assert len(found(reported, "other-template")) == 2
    nobody = check_forms([folder], plan=known, template="followup-2019", jobs=1)
    assert statuses(nobody) == {}
    assert len(found(nobody, "other-template")) == 3


def test_without_a_day_the_named_template_asks_for_it(plan: Path, own: str) -> None:
    folder = put(plan, Svar=retyped("Museet", rows=ROWS))
    reported = check_forms([folder], plan=plan, template=own, jobs=1)
    (said,) = found(reported, "form-day-unknown")
    assert "--as-of" in said
    reported = check_forms([folder], plan=plan, template=own, as_of=DAY, jobs=1)
    assert reported.merged
    assert (statuses(reported), reported.merged.round.key) == (MUSEET, "egen 2021-03-31")


@pytest.mark.parametrize("command", [("check",), ("merge", "-o", "ut.xlsx")], ids=["check", "merge"])
def test_a_template_on_the_command_line(command: tuple[str, ...], plan: Path, own: str) -> None:
    put(plan, Museet=copied_own(plan, own, "Museet", status="Pågående", cost="Dyrt"))
    cwd = plan.parent
    asked = (*command, "--plan", "plan.xlsx")
    done = run(*asked, "in", "plan.xlsx", "egen.toml", "-t", "egen.toml", "--json", cwd=cwd)
    assert done.json_output["units"] == {"asked": 2, "answered": 1, "missing": ["Åbo"]}
    assert (done.json_output["files"]["accepted"], done.json_output["files"]["ignored"]) == (1, 2)
    generate = ("generate", "plan.xlsx", "--as-of", "2021-03-31", "-o", "ut")
    for wrong in ("ege", "trasig.toml"):
        (cwd / "trasig.toml").write_text(OWN.replace("fields", "felds"), encoding="utf-8")
        refused = run(*asked, "in", "--template", wrong, cwd=cwd)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == run(*generate, "--template", wrong, cwd=cwd).err


def test_a_plan_that_does_not_fit_the_named_template_is_reported_of(plan: Path) -> None:
    folder = put(plan, Museet=copy_values(filled(ask(plan), "Museet", "Pågående")))
    with pytest.raises(FatalError) as stop:
        check_forms([folder], plan=plan, template="budget", jobs=1)
    assert {one.code for one in stop.value.findings} & {"plan-heading-missing", "plan-no-heading-row"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_day_to_reply_by_is_the_form_s_own_also_where_nobody_knows_it(plan: Path, language: Language) -> None:
    asked = replace(ask(plan), due_date=date(2021, 4, 16), language=language)
    form = load_workbook(io.BytesIO(filled(asked, "Museet", "Pågående")), data_only=True).worksheets[1]
    opened = Workbook()
    for row in form.iter_rows(values_only=True):
        opened.worksheets[0].append(row)
    opened.worksheets[0]["N1"] = "Svara senast 20 april 2021"
    opened.save(plan.parent / "in" / "svar.xlsx")
    reported = check_forms([plan.parent / "in"], plan=plan, jobs=1)
    assert reported.merged
    assert [one.texts for one in reported.merged.unplaced] == [("Svara senast 20 april 2021",)]


def test_a_form_or_a_consolidated_workbook_in_place_of_the_plan_is_called_what_it_is(
    plan: Path, tmp_path: Path
) -> None:
    forms = tmp_path / "issued"
    generate_forms(plan, forms, as_of=DAY)
    merge_forms([forms], tmp_path / "all.xlsx", plan=plan)
    form = next(forms.glob("Museet*.xlsx"))
    for path, code in ((form, "plan-is-form"), (tmp_path / "all.xlsx", "plan-is-consolidated")):
        with pytest.raises(FatalError) as stop:
            generate_forms(path, tmp_path / "again", as_of=DAY)
        (finding,) = stop.value.findings
        assert (finding.code, finding.location.file) == (code, str(path))
        assert all(path.name in message_of(finding, language) for language in LANGUAGES)

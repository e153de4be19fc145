"""What a person reads in the console: what came in, who is missing, what to correct, what to do next."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.draw_round import draw_round, shipped_template
from support.draw_submission import draw_return
from support.not_empty import not_empty

from xlflow.check.form_checks import check_merged
from xlflow.cli.text_output import CONSOLE_WIDTH, format_findings, format_result, format_templates
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.findings import Location, Severity, make_finding
from xlflow.model.merged import RunResult
from xlflow.model.submission import FileState, ReceivedFile

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    a1 |            |                        |          |              | Bygg golvet  |           | Norr
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Norr
""")


def run(table: str, *, language: Language = "sv", output: str | None = None, everyone: bool = False) -> RunResult:
    forms = [draw_return(ASKED, "Norr", table, name="svar/Norr.xlsx")]
    forms += [draw_return(ASKED, "Söder", "Id | Status\na | Pågående")] if everyone else []
    files = [form.file for form in forms]
    merged, findings = merge_submissions(
        forms, [*files, ReceivedFile("~$Norr.xlsx", "", 1, None, FileState.IGNORED)], ASKED
    )
    return RunResult(language, (*findings, *check_merged(merged)), merged, Path(output) if output else None)


def test_a_merge_reads_from_top_to_bottom() -> None:
    shown = format_result(run("Id | Status\na | Genomfört\na1 | Kvarstår", output="ut.xlsx"))
    assert shown.splitlines() == [
        "Verksamhetsplan 2021 per 31 mars 2021",
        "Svar från 1 av 2 enheter.",
        "Saknas: Söder.",
        "",
        "Filer: funna 2 = inlästa 1 + avvisade 0 + ersatta 0 + dubbletter 0 +",
        "överhoppade 1.",
        "Rader i formulären: funna 3 = sammanställda 3 + avsatta 0.",
        "Obesvarade rader: 2.",
        "",
        "1 fel, 1 varning",
        "",
        "FEL  Status saknas.",
        "      svar/Norr.xlsx, blad Uppföljning: H7",
        "    Välj status. Det här finns att välja på: Genomfört, Pågående, Kvarstår, Kan",
        "    komma att försenas, Förskjuts eller Utgår.",
        "",
        "VARNING  Här står Genomfört, men ”Bygg golvet” är Kvarstår.",
        "      svar/Norr.xlsx, blad Uppföljning: H5",
        "    Stämmer inte med raderna under: ändra eller töm status.",
        "",
        "Sammanställningen ligger i ut.xlsx.",
        "Nästa steg: be enheterna rätta felen. Med xlflow check --return MAPP får var och",
        "en sitt formulär tillbaka, med svaren kvar och felen markerade. Lägg de rättade",
        "filerna i samma mapp och kör igen.",
        "Påminn också dem som saknas.",
    ]


@pytest.mark.parametrize(
    ("everyone", "output", "ending"),
    [
        (True, None, "Nothing to correct.\nNext: run xlflow merge to make the consolidated workbook."),
        (True, "out.xlsx", "The consolidated workbook is out.xlsx."),
        (False, None, "Next: remind those who are missing, and run again when their answers are in."),
    ],
)
def test_a_clean_run_says_what_comes_next(everyone: bool, output: str | None, ending: str) -> None:
    table = "Id | Status\na | Pågående\nb | Genomfört"
    shown = format_result(run(table, language="en", everyone=everyone, output=output))
    assert shown.replace("\nanswers", " answers").endswith(ending)
    assert "error" not in shown


def test_where_nobody_was_asked_only_the_files_are_accounted_for() -> None:
    nobody = replace(ASKED, plan=replace(ASKED.plan, units=(), items=()))
    merged, _ = merge_submissions([], [ReceivedFile("a.pdf", "", 1, None, FileState.REFUSED)], nobody)
    lines = format_result(
        RunResult("en", (make_finding("nothing-to-merge", Location("a.pdf")),), merged)
    ).splitlines()
    assert lines[0] == "Files: found 1 = read 0 + refused 1 + superseded 0 + duplicates 0 + ignored 0."
    assert "ERROR  There is no filled-in form to merge." in lines


def test_forms_written_are_counted_and_go_out() -> None:
    shown = format_result(
        RunResult(
            "sv", written_files=(Path("ut/a.xlsx"), Path("ut/b.xlsx")), output_path=Path("ut"), units=("A", "B")
        )
    )
    assert shown == (
        "Formulär i ut: 2.\n\nNästa steg: skicka ut dem, lägg svaren i en mapp och kör xlflow check på mappen."
    )


def test_sums_are_written_as_people_write_them() -> None:
    budget = draw_round(
        "Id | Område | Post | Budget | Enhet\nh | Drift | Hyror | 1 | Norr", template=shipped_template("budget")
    )
    form = draw_return(budget, "Norr", "Id | Utfall | Prognos\nh | 1234567.5 | -20")
    merged, _ = merge_submissions([form], [form.file])
    shown = format_result(RunResult("sv", (), merged))
    assert "Summa Utfall: 1 234 567,5 in = 1 234 567,5 ut" in shown
    assert "Summa Prognos: -20 in = -20 ut" in shown


def test_a_template_says_what_it_is_for_and_what_it_asks() -> None:
    shown = format_templates([shipped_template("followup"), shipped_template("budget")], "sv")
    first, second = shown.split("\n\n")
    assert first.splitlines()[0] == "followup  Uppföljning av verksamhetsplanen"
    assert "    Planen anger: Slutdatum.\n" in first
    assert first.endswith("    Enheten svarar på: Status, Ny tidpunkt, Kommentar/avvikelse.")
    assert "    Nivåer: Område > Post.\n" in second
    assert all(len(line) <= CONSOLE_WIDTH for line in not_empty(shown.splitlines()))


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("missing-status", "Nästa steg: be enheterna rätta felen. "),
        ("archive-damaged", "Nästa steg: gör så som det står vid felen ovan, och kör igen."),
        ("waiver-expired", "Nästa steg: gör så som det står vid felen ovan, och kör igen."),
    ],
)
def test_what_comes_next_is_for_whoever_can_mend_it(code: str, ending: str) -> None:
    reported = run("Id | Status\na | Pågående\nb | Genomfört", everyone=True)
    words = dict.fromkeys(("field", "ask", "choices", "rule", "until", "reason", "who"), "x")
    shown = format_result(replace(reported, findings=(make_finding(code, Location("a.xlsx"), params=words),)))
    assert shown.split("\n\n")[-1].startswith(ending)
    assert "saknas" not in shown.split("\n\n")[-1]


def test_numbers_agree_with_their_words() -> None:
    alone = replace(ASKED, plan=replace(ASKED.plan, units=ASKED.plan.units[:1]))
    merged, _ = merge_submissions([], [], alone)
    assert format_result(RunResult("sv", (), merged)).splitlines()[1] == "Svar från 0 av 1 enhet."
    nine = [make_finding("missing-answer", Location(f"{n:02}.xlsx"), params={"field": "Status"}) for n in range(9)]
    assert "\n      och 1 ställe till\n" in format_findings(nine, "sv")
    assert "\n      and 1 more place\n" in format_findings(nine, "en")


def test_many_places_are_counted_and_many_notes_are_shown_in_brief() -> None:
    notes = [
        make_finding("plan-item-found-by-text", Location("a.xlsx"), params={"text": f"Rad {n:02}"})
        for n in range(15)
    ]
    errors = [
        make_finding("missing-answer", Location(f"{n:02}.xlsx"), params={"field": "Status"}) for n in range(11)
    ]
    shown = format_findings([*notes, *errors], "sv")
    assert "      07.xlsx\n      och 3 ställen till\n" in shown
    assert shown.startswith("11 fel, 15 upplysningar\n")
    assert "\n\nUpplysningar av 3 slag till, i korthet:\n  - " in shown
    assert shown.count("UPPLYSNING") == 12
    assert all(f"Rad {n:02}" in shown for n in range(15))


def test_personal_data_comes_first_with_every_cell_whatever_else_there_is() -> None:
    notes = [
        make_finding("plan-item-found-by-text", Location("a.xlsx"), params={"text": f"Rad {n:02}"})
        for n in range(15)
    ]
    phones = [
        make_finding("phone-in-text", Location(f"{n:02}.xlsx", "S", f"J{2 * row + 2}"), params={"shown": "070…"})
        for n in range(11)
        for row in range(8)
    ]
    error = make_finding("missing-answer", Location("00.xlsx"), params={"field": "Status"})
    for language in LANGUAGES:
        shown = format_findings([*notes, error, *phones], language)
        first = shown.split("\n\n")[1]
        assert first.startswith(("UPPLYSNING  Här står ett telefonnummer", "NOTE  There is a phone number"))
        assert first.count("J16") == first.count("J2,") == 11


def test_the_same_advice_is_given_once_for_several_faults() -> None:
    found = [
        make_finding("plan-item-found-by-text", Location(f"{name}.xlsx"), params={"text": name}) for name in "ab"
    ]
    assert format_findings(found, "en").splitlines() == [
        "2 notes",
        "",
        "NOTE  “a” has another id in the form than in the plan.",
        "      a.xlsx",
        "NOTE  “b” has another id in the form than in the plan.",
        "      b.xlsx",
        "    The row was found by its text. You need not do anything.",
    ]


def test_what_is_on_trial_is_shown_and_not_counted() -> None:
    words = {"message": LocalizedText(sv="Nej.", en="No."), "remedy": LocalizedText(sv="Gör.", en="Do.")}
    trial = make_finding("rule-on-trial", Location("a.xlsx"), severity=Severity.NOTE, params=words)
    shown = format_findings([trial], "en")
    assert shown.splitlines()[0] == "NOTE  On trial: No."


def test_nothing_found_is_nothing_said() -> None:
    assert format_findings([], "sv") == ""


def test_every_line_fits_but_for_names_that_may_not_be_broken() -> None:
    long = "en-mapp-med-ett-mycket-langt-namn/" * 3
    comment = "Det här är en lång kommentar. " * 9
    shown = format_findings(
        [
            make_finding("conflict", Location(f"{long}a.xlsx", "Uppföljning", "H7"), unit="Norr",
                 params={"kept": comment, "other": comment + "\n" + comment, "place": "b.xlsx"}),
        ],
        "sv",
    )  # fmt: skip
    lines = shown.splitlines()
    assert all(len(line) <= CONSOLE_WIDTH or long in line for line in not_empty(lines))


@pytest.mark.parametrize("language", ["sv", "en"])
def test_plain_text_only(language: Language) -> None:
    shown = format_result(run("Id | Status\na | nja", language=language))
    assert "\x1b" not in shown
    assert "{" not in shown
    assert all(line == line.rstrip() for line in shown.splitlines())

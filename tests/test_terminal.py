"""What a person reads in the console: what came in, who is missing, what to correct, what to do next."""

from dataclasses import replace
from pathlib import Path

import pytest
from returns import draw_return
from rounds import draw_round, shipped_template

from xlflow.check import check_merged
from xlflow.core.findings import Place, Severity, find
from xlflow.core.model import Received, Run, State
from xlflow.core.words import Language, Text
from xlflow.merge import merge_forms
from xlflow.report.terminal import WIDTH, show_findings, show_run, show_templates

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    a1 |            |                        |          |              | Bygg golvet  |           | Norr
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Norr
""")


def run(table: str, *, language: Language = "sv", output: str | None = None, everyone: bool = False) -> Run:
    forms = [draw_return(ASKED, "Norr", table, name="svar/Norr.xlsx")]
    forms += [draw_return(ASKED, "Söder", "Id | Status\na | Pågående")] if everyone else []
    files = [form.received for form in forms]
    merged, findings = merge_forms(forms, [*files, Received("~$Norr.xlsx", "", 1, None, State.IGNORED)], ASKED)
    return Run(language, (*findings, *check_merged(merged)), merged, Path(output) if output else None)


def test_a_merge_reads_from_top_to_bottom() -> None:
    shown = show_run(run("Id | Status\na | Genomfört\na1 | Kvarstår", output="ut.xlsx"))
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
    shown = show_run(run(table, language="en", everyone=everyone, output=output))
    assert shown.replace("\nanswers", " answers").endswith(ending)
    assert "error" not in shown


def test_where_nobody_was_asked_only_the_files_are_accounted_for() -> None:
    nobody = replace(ASKED, plan=replace(ASKED.plan, units=(), lines=()))
    merged, _ = merge_forms([], [Received("a.pdf", "", 1, None, State.REFUSED)], nobody)
    lines = show_run(Run("en", (find("nothing-to-merge", Place("a.pdf")),), merged)).splitlines()
    assert lines[0] == "Files: found 1 = read 0 + refused 1 + superseded 0 + duplicates 0 + ignored 0."
    assert "ERROR  There is no filled-in form to merge." in lines


def test_forms_written_are_counted_and_go_out() -> None:
    shown = show_run(
        Run("sv", written=(Path("ut/a.xlsx"), Path("ut/b.xlsx")), output=Path("ut"), units=("A", "B"))
    )
    assert shown == (
        "Formulär i ut: 2.\n\nNästa steg: skicka ut dem, lägg svaren i en mapp och kör xlflow check på mappen."
    )


def test_sums_are_written_as_people_write_them() -> None:
    budget = draw_round(
        "Id | Område | Post | Budget | Enhet\nh | Drift | Hyror | 1 | Norr", template=shipped_template("budget")
    )
    form = draw_return(budget, "Norr", "Id | Utfall | Prognos\nh | 1234567.5 | -20")
    merged, _ = merge_forms([form], [form.received])
    shown = show_run(Run("sv", (), merged))
    assert "Summa Utfall: 1 234 567,5 in = 1 234 567,5 ut" in shown
    assert "Summa Prognos: -20 in = -20 ut" in shown


def test_a_template_says_what_it_is_for_and_what_it_asks() -> None:
    shown = show_templates([shipped_template("followup"), shipped_template("budget")], "sv")
    first, second = shown.split("\n\n")
    assert first.splitlines()[0] == "followup  Uppföljning av verksamhetsplanen"
    assert "    Planen anger: Slutdatum.\n" in first
    assert first.endswith("    Enheten svarar på: Status, Ny tidpunkt, Kommentar/avvikelse.")
    assert "    Nivåer: Område > Post.\n" in second
    assert all(len(line) <= WIDTH for line in shown.splitlines())


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("missing-status", "Nästa steg: be enheterna rätta felen. "),
        ("archive-damaged", "Nästa steg: gör så som det står vid felen ovan, och kör igen."),
        ("exception-expired", "Nästa steg: gör så som det står vid felen ovan, och kör igen."),
    ],
)
def test_what_comes_next_is_for_whoever_can_mend_it(code: str, ending: str) -> None:
    told = run("Id | Status\na | Pågående\nb | Genomfört", everyone=True)
    words = dict.fromkeys(("field", "ask", "choices", "rule", "until", "reason", "who"), "x")
    shown = show_run(replace(told, findings=(find(code, Place("a.xlsx"), words=words),)))
    assert shown.split("\n\n")[-1].startswith(ending)
    assert "saknas" not in shown.split("\n\n")[-1]


def test_numbers_agree_with_their_words() -> None:
    alone = replace(ASKED, plan=replace(ASKED.plan, units=ASKED.plan.units[:1]))
    merged, _ = merge_forms([], [], alone)
    assert show_run(Run("sv", (), merged)).splitlines()[1] == "Svar från 0 av 1 enhet."
    nine = [find("missing-answer", Place(f"{n:02}.xlsx"), words={"field": "Status"}) for n in range(9)]
    assert "\n      och 1 ställe till\n" in show_findings(nine, "sv")
    assert "\n      and 1 more place\n" in show_findings(nine, "en")


def test_many_places_and_many_notes_are_counted_and_not_listed() -> None:
    notes = [find("line-found-by-text", Place("a.xlsx"), words={"text": f"Rad {n:02}"}) for n in range(15)]
    errors = [find("missing-answer", Place(f"{n:02}.xlsx"), words={"field": "Status"}) for n in range(11)]
    shown = show_findings([*notes, *errors], "sv")
    assert "      07.xlsx\n      och 3 ställen till\n" in shown
    assert shown.startswith("11 fel, 15 upplysningar\n")
    assert shown.endswith("Upplysningar av 3 slag till visas med --json.")
    assert shown.count("UPPLYSNING") == 12


def test_the_same_advice_is_given_once_for_several_faults() -> None:
    found = [find("line-found-by-text", Place(f"{name}.xlsx"), words={"text": name}) for name in "ab"]
    assert show_findings(found, "en").splitlines() == [
        "2 notes",
        "",
        "NOTE  “a” has another id in the form than in the plan.",
        "      a.xlsx",
        "NOTE  “b” has another id in the form than in the plan.",
        "      b.xlsx",
        "    The row was found by its text. You need not do anything.",
    ]


def test_what_is_on_trial_is_shown_and_not_counted() -> None:
    words = {"message": Text(sv="Nej.", en="No."), "remedy": Text(sv="Gör.", en="Do.")}
    trial = find("rule-on-trial", Place("a.xlsx"), severity=Severity.NOTE, words=words)
    shown = show_findings([trial], "en")
    assert shown.splitlines()[0] == "NOTE  On trial: No."


def test_nothing_found_is_nothing_said() -> None:
    assert show_findings([], "sv") == ""


def test_every_line_fits_but_for_names_that_may_not_be_broken() -> None:
    long = "en-mapp-med-ett-mycket-langt-namn/" * 3
    comment = "Det här är en lång kommentar. " * 9
    shown = show_findings(
        [
            find("conflict", Place(f"{long}a.xlsx", "Uppföljning", "H7"), unit="Norr",
                 words={"kept": comment, "other": comment + "\n" + comment, "place": "b.xlsx"}),
        ],
        "sv",
    )  # fmt: skip
    lines = shown.splitlines()
    assert all(len(line) <= WIDTH or long in line for line in lines)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_plain_text_only(language: Language) -> None:
    shown = show_run(run("Id | Status\na | nja", language=language))
    assert "\x1b" not in shown
    assert "{" not in shown
    assert all(line == line.rstrip() for line in shown.splitlines())

"""The report before it has a format: what it says, in which order, and that it agrees with its material."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_report import draw_amounts, draw_many, draw_replies, draw_round
from support.not_empty import not_empty

from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.plan import PlanItem
from xlflow.report.colours import MIN_CONTRAST, REPORT_COLOURS, contrast_ratio, readable_text_colour
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import (
    Bullets,
    Document,
    Heading,
    HeadlineFigures,
    Paragraph,
    Picture,
    ReportCell,
    ReportTable,
    StatusBadge,
)
from xlflow.report.goal_sections import GoalLayout
from xlflow.report.inputs import parse_introduction
from xlflow.report.phrasing import MAX_REASON_LENGTH, make_status_badge, shorten_reason, text_to_blocks
from xlflow.report.svg_charts import Bar, BarSegment, draw_bar_chart
from xlflow.rounds.round_changes import ItemChange, ItemSnapshot
from xlflow.rounds.round_status import UnresolvedError

ROUND = r"""
    Samhälle/Kultur för alla/Ett brett utbud\nMed brett menas\n– alla/Öppna verkstad | Kvartal 1 | Genomfört ||| A
    Samhälle/Kultur för alla/Ett brett utbud/Bygga museum|Kvartal 2|Förskjuts| Kvartal 1 2022 | Remissen drog ut.|B
    Samhälle/Kultur för alla/Trygga platser/Utreda simhall     | Kvartal 4 | Kvarstår |||A
    Samhälle/Kultur för alla/Trygga platser/Utreda simhall/Räkna besökare | Kvartal 2 | Pågående ||| A
    Samhälle/Kultur för alla/Trygga platser/Utreda simhall/Fråga föreningar || ^ ||| A
    Samhälle/Kultur för alla/Ett brett utbud/Ordna filmkvällar | 2021-02-28 | !Pågående ||| A
    Ekonomi/God hushållning/Rätt pris/Se över taxor            | Kvartal 3 | Utgår || Ingår i budgetarbetet. | B
    Ekonomi/God hushållning/Rätt pris/Byta system              | Se objektplanen | Kan komma att försenas || | B
    Ekonomi/God hushållning/Rätt pris/Samla inköp              | Kvartal 3 ||||B
"""


def compose(text: str = ROUND, language: Language = "sv", **wish: object) -> Document:
    return compose_document(draw_round(text, language=language), ReportOptions(**wish))


def words(cell: ReportCell | Paragraph | Bullets | StatusBadge) -> str:
    if isinstance(cell, StatusBadge):
        return cell.label
    if isinstance(cell, Paragraph):
        return "".join(span.text for span in cell.spans)
    if isinstance(cell, Bullets):
        return "\n".join("• " + "".join(span.text for span in item) for item in cell.items)
    return "\n".join(words(one) for one in cell.content).replace("\u00a0", " ")


def show(document: Document) -> list[str]:
    """Return the report as lines of text, headings marked by their level."""
    lines = []
    for block in document.blocks:
        if isinstance(block, Heading):
            lines.append(f"{'#' * block.level} {block.text}")
        elif isinstance(block, Paragraph | Bullets):
            lines.append(words(block))
        elif isinstance(block, ReportTable):
            lines.append(f"[{block.caption}]")
            lines += [" | ".join(words(cell).replace("\n", " / ") for cell in row.cells) for row in block.all_rows]
    return lines


def tables(document: Document) -> list[ReportTable]:
    return [block for block in document.blocks if isinstance(block, ReportTable)]


# What it says ---------------------------------------------------------------------------------------------


def test_headings_stand_in_the_order_of_the_plan_with_each_goal_once() -> None:
    headings = [line for line in show(compose()) if line.startswith("#")]
    assert headings == [
        "# Sammanfattning",
        "## Genomfört",
        "## Kan komma att försenas",
        "## Förskjuts",
        "## Utgår",
        "## Passerat slutdatum",
        "# Samhälle",
        "## Kommunövergripande mål: Kultur för alla",
        "### Nämndmål: Ett brett utbud",
        "### Nämndmål: Trygga platser",
        "# Ekonomi",
        "## Kommunövergripande mål: God hushållning",
        "### Nämndmål: Rätt pris",
        "# Vilka som har tillfrågats och svarat",
        "## Obesvarade aktiviteter",
        "# Vad statusarna betyder",
    ]


def test_the_summary_says_what_is_done_delayed_to_when_and_cancelled_why() -> None:
    reported = "\n".join(show(compose()))
    assert "• Öppna verkstad" in reported
    assert "• Bygga museum. Ny tidpunkt: Kvartal 1 2022 (i planen: Kvartal 2). Remissen drog ut." in reported
    assert "• Se över taxor. Ingår i budgetarbetet." in reported
    assert "• Byta system. Skäl är inte angivet." in reported
    assert "• Ordna filmkvällar. Skulle vara klar: 2021-02-28. Status: Pågående." in reported


def test_the_first_sentence_and_the_figures_count_activities_and_not_their_parts() -> None:
    document = compose()
    lead = next(block for block in document.blocks if isinstance(block, Paragraph) and block.style == "lead")
    assert words(lead).startswith("Av sju aktiviteter är en genomförd")
    assert "en är obesvarad" in words(lead)
    figures = next(block for block in document.blocks if isinstance(block, HeadlineFigures))
    assert [one.value for one in figures.items] == ["7", "1", "3", "1", "2 av 2"]


def test_a_table_shows_activity_unit_times_status_and_comment() -> None:
    table = tables(compose())[1]
    assert [column.heading for column in table.columns] == [
        "Aktivitet",
        "Slutdatum",
        "Status",
        "Kommentar/avvikelse",
    ]
    rows = [[words(cell) for cell in row.cells] for row in table.all_rows]
    assert rows[1] == [
        "Bygga museum\nB",
        "Kvartal 2\nNy tidpunkt:\nKvartal 1 2022",
        "Förskjuts",
        "Remissen drog ut.",
    ]
    assert rows[2][1] == "2021-02-28\nSlutdatumet har passerat"


def test_sub_activities_stand_below_their_activity_and_say_where_they_follow_it() -> None:
    rows = list(tables(compose())[2].all_rows)
    assert [words(row.cells[0]).split("\n")[0] for row in rows] == [
        "Utreda simhall",
        "Räkna besökare",
        "Fråga föreningar",
    ]
    assert [row.cells[0].is_indented for row in rows] == [False, True, True]
    assert words(rows[2].cells[2]) == "Se aktivitet"


def test_sub_activities_that_say_nothing_themselves_are_a_list_in_their_activity() -> None:
    document = compose("""
        S/M/N/Öppna verkstad | Kvartal 1 | Pågående
        S/M/N/Öppna verkstad/Köpa symaskin || ^
        S/M/N/Öppna verkstad/Bjuda in skolor || ^
    """)
    rows = list(tables(document)[1].all_rows)
    assert len(rows) == 1
    assert words(rows[0].cells[0]) == "Öppna verkstad\n• Köpa symaskin\n• Bjuda in skolor"


def test_many_parts_are_counted_in_a_sentence() -> None:
    parts = "\n".join(
        f"S/M/N/Bygga/Del {n} || {status}" for n, status in enumerate(["Pågående"] * 3 + ["Kvarstår"])
    )
    document = compose(f"S/M/N/Bygga | Kvartal 1 | Kvarstår\n{parts}")
    assert "Av fyra delaktiviteter är tre pågående och en kvarstår." in words(
        next(tables(document)[1].all_rows).cells[0]
    )


def test_several_units_are_told_apart_in_the_comment() -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 2 | Förskjuts | | | A; B")
    entry = followed.item_statuses[0]
    said = draw_replies(
        entry, ("A", "ongoing", "Pågående", "Allt går bra."), ("B", "postponed", "Förskjuts", "Läck.")
    )
    followed = replace(followed, item_statuses=(replace(entry, unit_replies=said),))
    document = compose_document(followed, ReportOptions())
    comment = next(tables(document)[1].all_rows).cells[-1]
    assert words(comment) == "A: Pågående. Allt går bra.\nB: Läck."
    assert "• Öppna verkstad. B: Ny tidpunkt är inte angiven. Läck." in show(document)


def test_what_only_some_have_answered_says_so_wherever_it_is_shown() -> None:
    followed = draw_round("""
        A/M/G/Scenen  | Kvartal 2 |               |           |            | Norr; Söder
        A/M/G/Entrén  | Kvartal 2 | Förskjuts     | Kvartal 4 | Tak läcker | Norr; Söder
        A/M/G/Laga    | Kvartal 3 |               |           |            | Norr
        A/M/G/Spara   | Kvartal 1 | !Pågående     |           |            | Norr; Söder
    """)
    silent = {"Scenen": "1 av 2 har svarat", "Entrén": "1 av 2 har svarat", "Spara": "1 av 2 har svarat"}
    items = tuple(
        replace(entry, completeness=silent.get(entry.item.level_texts[3], "")) for entry in followed.item_statuses
    )
    document = compose_document(replace(followed, item_statuses=items), ReportOptions())
    text = "\n".join(show(document))
    assert "För tre aktiviteter har bara en del svarat." in text
    assert "Entrén (1 av 2 har svarat). Ny tidpunkt" in text
    assert "Spara (1 av 2 har svarat). Skulle vara klar" in text
    assert "Scenen (Norr, Söder) (1 av 2 har svarat)" in text
    assert "Laga (Norr)\n" in f"{text}\n"
    cells = [words(cell) for table in tables(document) for row in table.all_rows for cell in row.cells]
    assert sum("1 av 2 har svarat" in cell for cell in cells) == 3


def test_unresolved_errors_are_counted_on_the_first_page_and_marked_at_their_rows() -> None:
    followed = draw_round("""
        A/M/G/Scenen     | Kvartal 2 |           | | | Norr
        A/M/G/Entrén     | Kvartal 2 | Förskjuts | Kvartal 4 | Tak | Söder
        A/M/G/Entrén/Tak | Kvartal 2 | ^         | | | Söder
    """)
    errors = (
        UnresolvedError("l1", "Norr", "Status"),
        UnresolvedError("l3", "Söder", "Status"),
        UnresolvedError(unit="Norr"),
    )
    lines = show(compose_document(replace(followed, errors=errors), ReportOptions()))
    summary = lines.index("# Sammanfattning")
    assert lines[summary + 2] == (
        "Svaren har 3 fel som inte är rättade. Av dem gäller 2 rader i tabellerna, märkta ”Fel i svaret”; "
        "resten gäller hela filer eller formulär."
    )
    assert any(line.startswith("Scenen / Norr / Fel i svaret (Status, Norr) |") for line in lines)
    assert any(line.startswith("Tak / Fel i svaret (Status, Söder) |") for line in lines)
    assert not any("Fel i svaret" in line for line in lines if line.startswith("Entrén"))
    short = show(compose_document(replace(followed, errors=errors[:2]), ReportOptions(only="deviations")))
    assert short[summary + 2] == "Svaren har 2 fel som inte är rättade."
    one_unit = show(compose_document(replace(followed, errors=errors), ReportOptions(unit="Söder")))
    assert "Svaren har ett fel som inte är rättat. Raderna är märkta ”Fel i svaret”." in one_unit
    assert not any("Fel i svaret" in line for line in show(compose_document(followed, ReportOptions())))


def test_answers_that_do_not_fit_together_are_marked_in_words() -> None:
    lines = show(
        compose("""
        A/M/G/Klar redan   | Kvartal 2 | Genomfört | Kvartal 4      | | Norr
        A/M/G/Klar i tid   | Kvartal 2 | Genomfört | Kvartal 1      | | Norr
        A/M/G/Bakåt        | Kvartal 3 | Förskjuts | Kvartal 2      | | Norr
        A/M/G/Framåt       | Kvartal 3 | Förskjuts | Kvartal 4      | | Norr
        A/M/G/Obestämt     | Kvartal 3 | Förskjuts | Längre fram    | | Norr
    """)
    )
    rows = {line.split(" |")[0] for line in lines if " | " in line}
    assert "Klar redan / Går inte ihop: status Genomfört, men ny tidpunkt ligger framåt" in rows
    assert "Bakåt / Ny tidpunkt är inte senare än planens slutdatum" in rows
    assert {"Klar i tid", "Framåt", "Obestämt"} <= rows


def test_what_has_changed_since_the_round_before_is_counted_and_reported_one_by_one() -> None:
    followed = draw_round(ROUND)
    moved, new = followed.item_statuses[1].item, followed.item_statuses[0].item
    then = ItemSnapshot(moved, "ongoing", "Pågående", planned_deadline="Kvartal 2")
    now = ItemSnapshot(
        moved, "postponed", "Förskjuts", planned_deadline="Kvartal 2", new_deadline="Kvartal 1 2022"
    )
    changes = (
        ItemChange("delayed", is_part=False, previous=then, current=now, matched_by="id"),
        ItemChange("new", is_part=False, previous=None, current=ItemSnapshot(new, "done", "Genomfört")),
        ItemChange("comment", is_part=False, previous=now, current=now),
        ItemChange("done", is_part=True, previous=then, current=now),
    )
    reported = show(
        compose_document(replace(followed, changes=changes, compared_to=date(2020, 8, 31)), ReportOptions())
    )
    at = reported.index("## Sedan uppföljningen den 31 augusti 2020")
    assert "en aktivitet försenats" in reported[at + 1]
    assert reported[at + 2].split("\n") == [
        "• Försenad: Bygga museum. Status: Pågående förut, Förskjuts nu. Tid: Kvartal 2 förut, Kvartal 1 2022 nu.",
        "• Ny: Öppna verkstad",
    ]
    assert not any("## Sedan" in line for line in show(compose()))


def test_who_has_not_answered_is_named_at_the_end() -> None:
    followed = draw_round(ROUND)
    silent = tuple(replace(each, has_answered=each.unit != "B") for each in followed.unit_statuses)
    reported = show(compose_document(replace(followed, unit_statuses=silent), ReportOptions()))
    assert "1 av 2 tillfrågade enheter har svarat. Svar saknas från B." in reported
    assert "• Samla inköp (B)" in reported


# Layouts and shorter versions -----------------------------------------------------------------------------


def test_the_merged_layout_puts_the_goal_beside_its_activities() -> None:
    document = compose(layout="merged")
    table = tables(document)[1]
    assert [column.heading for column in table.columns][:2] == ["Nämndmål", "Aktivitet"]
    goals = [group[0].cells[0] for group in table.row_groups]
    assert [words(goal) for goal in goals] == [
        "Ett brett utbud\nMed brett menas\n• alla",
        "Trygga platser",
    ]
    assert [goal.row_span for goal in goals] == [3, 3]
    assert all(len(row.cells) == 4 for group in table.row_groups for row in group[1:])


def test_the_short_version_shows_what_deviates_and_keeps_the_figures_of_the_whole() -> None:
    whole, short = show(compose()), show(compose(only="deviations"))
    assert "# Avvikelser" in short
    assert (
        "Här visas bara det som avviker från planen eller har passerat sitt slutdatum: 4 av 7 aktiviteter."
        in short
    )
    assert not any(line.startswith("Utreda simhall") for line in short)
    after = {line: whole[whole.index(line) + 1] for line in ("# Samhälle", "# Ekonomi")}
    assert all(sentence.startswith("Av ") for sentence in not_empty(after.values()))
    assert not set(after.values()) & set(short), "no count of a part as if it were the whole"
    table = [line for line in whole if line.startswith("[Tabell 1.")]
    assert table == [line for line in short if line.startswith("[Tabell 1.")]


def test_a_deviating_part_brings_its_activity_along() -> None:
    document = compose(
        "S/M/N/Bygga | Kvartal 1 | Pågående\nS/M/N/Bygga/Gräva || Förskjuts\nS/M/N/Bygga/Måla || Pågående",
        only="deviations",
    )
    reported = [words(row.cells[0]).split("\n")[0] for row in tables(document)[1].all_rows]
    assert reported == ["Bygga", "Gräva"]
    assert "• Bygga – Gräva. Skäl är inte angivet." not in show(document), "the table itself says it"


def test_one_units_report_shows_what_that_unit_said() -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 2 | Förskjuts | | | A; B\nS/M/N/Annat|||||B")
    entry = followed.item_statuses[0]
    said = draw_replies(
        entry, ("A", "ongoing", "Pågående", "Allt går bra."), ("B", "postponed", "Förskjuts", "Läck.")
    )
    followed = replace(followed, item_statuses=(replace(entry, unit_replies=said), followed.item_statuses[1]))
    document = compose_document(followed, ReportOptions(unit="A"))
    assert document.subtitle == "Verksamhetsplan 2021 – A"
    rows = [[words(cell) for cell in row.cells] for row in tables(document)[-1].all_rows]
    assert rows == [["Öppna verkstad", "Kvartal 2", "Pågående", "Allt går bra."]]
    assert "A har svarat." in show(document)


def test_amounts_are_added_up_without_losing_a_digit() -> None:
    document = compose_document(draw_amounts(), ReportOptions())
    sums = [[words(cell) for cell in row.cells] for table in tables(document) for row in table.total_rows]
    assert sums == [
        ["Summa", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
        ["Saknar belopp eller går inte att läsa: 1 post", "20 000", "−3,00", "", "", ""],
        ["Alla poster", "21 500", "1 577,50", "3 161", "−1 661", ""],
        ["Summa", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
    ]
    groups = [[words(cell) for cell in row.cells] for rows in tables(document)[0].row_groups for row in rows]
    assert groups == [
        ["Bibliotek", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
        ["Museet", "", "", "", "", ""],
        ["Saknar belopp eller går inte att läsa: 1 post", "20 000", "−3,00", "", "", ""],
    ]
    assert "Summorna räknar bara poster där alla belopp finns." in " ".join(show(document))
    assert not any(isinstance(block, Picture) for block in document.blocks)


def test_amounts_stand_alike_down_a_column_and_comments_below_them() -> None:
    rows = [
        [words(cell) for cell in row.cells]
        for row in tables(compose_document(draw_amounts(), ReportOptions()))[1].row_groups[0]
    ]
    assert rows == [
        ["Lokaler", "1 000", "1 100,50", "2 201", "−1 201", "−120,1 %"],
        ["Kommentar: Enligt plan."],
        ["Medier", "500", "480,00", "960", "−460", "−92 %"],
        ["Kommentar: Enligt plan."],
    ]


def test_amounts_beyond_a_limit_are_counted_named_with_their_reason_and_are_the_short_version() -> None:
    followed = draw_amounts()
    document = compose_document(followed, ReportOptions())
    figures = next(block for block in document.blocks if isinstance(block, HeadlineFigures))
    assert ("2", "poster med avvikelse över gränsen") in [(one.value, one.label) for one in figures.items]
    reported = show(document)
    assert reported[reported.index("## Avvikelse över gränsen") + 1].replace("\u00a0", " ").split("\n") == [
        "• Lokaler. Avvikelse: −1 201. Enligt plan.",
        "• Medier. Avvikelse: −460. Enligt plan.",
    ]
    short = compose_document(followed, ReportOptions(only="deviations"))
    assert "Här visas bara poster med avvikelse över gränsen: 2 av 3." in show(short)
    rows = [
        words(row.cells[0]) for table in tables(short)[1:] for row in table.all_rows if not row.continues_row_above
    ]
    assert rows == ["Lokaler", "Medier", "Summa"]
    within = replace(followed, item_statuses=followed.item_statuses[2:])
    assert "## Avvikelse över gränsen" not in show(compose_document(within, ReportOptions())), (
        "a forecast is missing"
    )


def test_lines_outside_the_plan_get_a_heading_of_their_own() -> None:
    followed = draw_round("S/M/N/Öppna verkstad || Pågående\n///Spela teater || Genomfört")
    own = followed.item_statuses[1]
    followed = replace(
        followed,
        item_statuses=(followed.item_statuses[0], replace(own, item=replace(own.item, added_by_unit=True))),
    )
    for layout in ("heading", "merged"):
        reported = show(compose_document(followed, ReportOptions(layout=layout)))
        assert reported.count("# Enheternas egna aktiviteter") == 1
        assert not any("# Nämndmål: Enheternas" in line or "mål: (inte" in line for line in reported)


def test_a_unit_with_nothing_to_report_has_answered() -> None:
    followed = draw_round(ROUND)
    asked = tuple(replace(each, has_nothing_to_report=each.unit == "B") for each in followed.unit_statuses)
    document = compose_document(replace(followed, unit_statuses=asked), ReportOptions())
    assert [words(row.cells[1]) for row in tables(document)[-1].all_rows] == ["Svarat", "Inget att rapportera"]
    assert "Alla 2 tillfrågade enheter har svarat." in show(document)


def test_a_long_list_is_cut_short_and_says_so() -> None:
    document = compose("\n".join(f"S/M/N/Nummer {n} || Genomfört" for n in range(45)))
    assert "… och 15 till. Alla står i tabellerna längre fram." in show(document)


def test_a_list_says_only_of_what_the_tables_hold_that_it_is_there() -> None:
    many = "\n".join(f"S/M/N/Nummer {n} || {'Genomfört' if n % 2 else ''}" for n in range(90))
    lines = show(compose(many))
    assert "… och 15 till. Alla står i tabellerna längre fram." in lines
    assert lines[lines.index("## Obesvarade aktiviteter") + 2] == "… och 15 till. Alla står i tabellerna ovan."
    short = show(compose(many, only="deviations"))
    assert not [line for line in short if line.startswith("… och")]
    assert short[short.index("## Obesvarade aktiviteter") + 1].count("\n") == 44


def test_of_many_changes_those_of_removed_activities_are_all_named() -> None:
    followed = draw_round("\n".join(f"S/M/N/Nummer {n} || Genomfört" for n in range(45)))
    new = [ItemChange("new", False, None, ItemSnapshot(entry.item)) for entry in followed.item_statuses]
    gone = [PlanItem(f"g{number}", ("S", "M", "N", f"Borta {number}", ""), ("A",)) for number in range(40)]
    removed = [ItemChange("gone", False, ItemSnapshot(item), None) for item in gone]
    changed = replace(followed, changes=(*new, *removed), compared_to=date(2020, 12, 31))
    text = "\n".join(show(compose_document(changed, ReportOptions())))
    assert "… och 15 till. Alla står i tabellerna längre fram." in text
    assert [n for n in range(40) if f"Borttagen: Borta {n}\n" not in f"{text}\n"] == []


def test_the_list_of_what_is_late_is_as_long_as_the_sentence_says() -> None:
    lines = show(
        compose("""
        A/M/G/Ett | 2021-01-31 | !Pågående  |           |     | A
        A/M/G/Två | 2021-01-31 | !Förskjuts |           | Tak | A
        A/M/G/Tre | Kvartal 4  | Pågående   |           |     | A
    """)
    )
    assert any("Slutdatumet har passerat för två aktiviteter" in line for line in lines)
    assert lines[lines.index("## Passerat slutdatum") + 1].count("•") == 2


def test_activities_and_their_parts_are_told_apart_in_a_list_of_deviations() -> None:
    lines = show(
        compose("""
        A/M/G/Scenen       | Kvartal 2 | Förskjuts |           |              | A
        A/M/G/Scenen/Golv  | Kvartal 2 | Förskjuts | Kvartal 4 | Virket dröjer | A
        A/M/G/Scenen/Tak   | Kvartal 2 | Genomfört |           |              | A
        A/M/G/Entrén       | Kvartal 2 | Förskjuts | Kvartal 3 | Regn         | A
        A/M/G/Entrén/Dörr  | Kvartal 2 | ^         |           |              | A
    """)
    )
    at = lines.index("## Förskjuts")
    assert lines[at + 1] == "Två aktiviteter och en delaktivitet:"
    assert [line[2:].split(".")[0] for line in lines[at + 2].split("\n")] == ["Scenen", "Scenen – Golv", "Entrén"]
    assert "Scenen. Se delarna nedan." in lines[at + 2]


# For every round ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", ["heading", "merged"])
@pytest.mark.parametrize("count", [0, 1, 48])
def test_headings_never_skip_a_level_and_addresses_and_captions_are_never_twice(
    count: int, layout: GoalLayout, language: Language
) -> None:
    document = compose_document(draw_many(count, language=language), ReportOptions(layout=layout))
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    assert headings[0].level == 1
    assert all(after.level <= before.level + 1 for before, after in not_empty(pairwise(headings)))
    anchors = [heading.anchor for heading in headings]
    captions = [block.caption for block in document.blocks if isinstance(block, ReportTable | Picture)]
    assert len(set(anchors)) == len(anchors)
    assert len(set(captions)) == len(captions)
    assert all(captions)
    assert {heading.anchor for heading in document.contents} <= set(anchors)


@pytest.mark.parametrize("layout", ["heading", "merged"])
def test_every_row_fills_the_columns_of_its_table_and_no_cell_leaves_its_group(layout: GoalLayout) -> None:
    for table in not_empty(tables(compose_document(draw_many(120), ReportOptions(layout=layout)))):
        for group in (*table.row_groups, table.total_rows):
            taken = [0] * len(group)
            for number, row in enumerate(group):
                for cell in row.cells:
                    for below in range(number, number + cell.row_span):
                        taken[below] += cell.column_span
            assert set(taken) <= {len(table.columns)}


def test_a_long_comment_stands_across_the_columns_beside_its_activity() -> None:
    long = "Arbetet är försenat eftersom remisstiden förlängdes. " * 20
    first, second = tables(compose(f"S/M/N/Öppna verkstad | Kvartal 1 | Pågående || {long}"))[1].all_rows
    assert (first.cells[0].row_span, first.continues_row_above, second.continues_row_above) == (2, False, True)
    assert (words(first.cells[-1]), words(second.cells[0])) == ("", f"Kommentar/avvikelse: {long.strip()}")
    assert second.cells[0].column_span == 3
    assert first.status_code == second.status_code == "ongoing"


@pytest.mark.parametrize("layout", ["heading", "merged"])
def test_every_line_of_the_round_stands_in_the_report_once(layout: GoalLayout) -> None:
    followed = draw_many(48)
    document = compose_document(followed, ReportOptions(layout=layout))
    reported = [
        words(cell).split("\n")[0]
        for table in tables(document)[1:-1]
        for row in table.all_rows
        for cell in row.cells
    ]
    item, part = followed.template.item_level_index, followed.template.part_level_index
    assert part is not None
    for entry in not_empty(followed.item_statuses):
        assert reported.count(entry.item.level_texts[part] or entry.item.level_texts[item]) == 1


def test_the_counts_by_group_add_up_to_the_whole() -> None:
    table = tables(compose_document(draw_many(48), ReportOptions()))[0]
    rows = [[int(words(cell)) for cell in row.cells[1:]] for row in table.all_rows]
    assert [sum(column) for column in zip(*rows[:-1], strict=True)] == rows[-1]
    assert rows[-1][-2] == 48
    assert all(sum(row[:-2]) == row[-2] for row in rows)


def test_what_can_be_filtered_is_counted() -> None:
    document = compose_document(draw_many(48), ReportOptions())
    rows = [
        row
        for table in tables(document)
        for row in table.all_rows
        if row.status_code and not row.continues_row_above
    ]
    assert sum(count for _, count in document.status_filters) == len(rows) == 48 + 36
    assert document.body_anchor == "perspektiv-1"


# Words, colours, drawings ---------------------------------------------------------------------------------


@given(st.text(max_size=400))
def test_no_letter_is_lost_between_a_comment_and_its_paragraphs(text: str) -> None:
    reported = "".join(words(block) for block in text_to_blocks(text))
    assert [letter for letter in reported if letter.isalnum()] == [letter for letter in text if letter.isalnum()]


@given(st.text(alphabet="abc .,!?ÅÄ\n", max_size=600))
def test_a_reason_is_short_and_begins_as_the_comment_does(text: str) -> None:
    short = shorten_reason(text)
    assert len(short) <= MAX_REASON_LENGTH + 2
    kept = "".join(short.removesuffix(" …").split())
    assert "".join(text.split()).startswith(kept)


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("- hallen var stängd\n- färre kom\nMer sägs i maj.", "hallen var stängd; färre kom"),
        ("Det beror på:\n– hallen\n– vädret", "Det beror på: hallen; vädret"),
        ("Hallen var stängd.\n- färre kom", "Hallen var stängd."),
        ("-5 grader i hallen", "-5 grader i hallen"),
        ("\n \n", ""),
    ],
)
def test_a_list_as_a_reason_is_a_row_of_words(comment: str, reason: str) -> None:
    assert shorten_reason(comment) == reason


@given(st.integers(0, 0xFFFFFF))
def test_every_fill_gets_an_ink_that_can_be_read(colour: int) -> None:
    fill = f"#{colour:06X}"
    assert contrast_ratio(readable_text_colour(fill), fill) >= MIN_CONTRAST


def test_the_reports_own_inks_can_be_read_on_paper_and_on_bands() -> None:
    for ink in ("ink", "quiet", "head"):
        assert (
            min(
                contrast_ratio(REPORT_COLOURS[ink], "#FFFFFF"),
                contrast_ratio(REPORT_COLOURS[ink], REPORT_COLOURS["band"]),
            )
            >= MIN_CONTRAST
        )
    assert contrast_ratio("#FFFFFF", REPORT_COLOURS["head"]) >= MIN_CONTRAST
    assert contrast_ratio(REPORT_COLOURS["edge"], "#FFFFFF") >= 3, "what outlines a bar must be seen"


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=6), st.integers(1, 4))
def test_a_chart_says_every_figure_and_stays_within_its_frame(counts: list[int], bars: int) -> None:
    marks = [make_status_badge(f"c{n}", f"Status {n}", "●", "#BFE5C8") for n in range(len(counts))]
    drawn = [
        Bar(f"Grupp {n} <&>", tuple(map(BarSegment, marks, (count * n for count in counts))))
        for n in range(1, bars + 1)
    ]
    picture = draw_bar_chart(drawn, "Rubrik", "I ord", with_legend=True)
    for bar in not_empty(drawn):
        assert all(f">{part.count}</text>" in picture.svg for part in bar.segments if part.count)
    edges = [float(part.split('"')[0]) for part in picture.svg.split(' x="')[1:]]
    assert max(edges) <= picture.width
    assert "Grupp 1 &lt;&amp;&gt;" in picture.svg


def test_a_chart_tells_in_words_what_it_shows() -> None:
    pictures = [block for block in compose().blocks if isinstance(block, Picture)]
    assert "Förskjuts 1" in pictures[0].alt_text
    assert "Samhälle: " in pictures[1].alt_text


# The introduction -----------------------------------------------------------------------------------------


def test_the_template_says_how_a_report_begins() -> None:
    first = compose().blocks[0]
    assert isinstance(first, Paragraph)
    assert "31 mars 2021" in words(first)


def test_an_introduction_in_markdown_keeps_its_shape() -> None:
    blocks = parse_introduction(
        "# Förord\n\nDet *här* är **viktigt**, se [planen](https://exempel.example/plan).\n\n### Djupt\n\n"
        "- ett\n- två\n  - två a\n\n1. först\n\n<b>inte fett</b> [nej](javascript:alert)\n\n```\nkod\n```\n"
    )
    assert [block.kind for block in blocks] == [
        "heading",
        "paragraph",
        "heading",
        "bullets",
        "bullets",
        "paragraph",
        "paragraph",
    ]
    first = blocks[1]
    assert isinstance(first, Paragraph)
    assert [(span.text, span.emphasis, span.strong, span.link) for span in first.spans] == [
        ("Det ", False, False, ""),
        ("här", True, False, ""),
        (" är ", False, False, ""),
        ("viktigt", False, True, ""),
        (", se ", False, False, ""),
        ("planen", False, False, "https://exempel.example/plan"),
        (".", False, False, ""),
    ]
    assert [block.level for block in blocks if isinstance(block, Heading)] == [1, 2]
    assert words(blocks[3]) == "• ett\n• två\n• två a"
    assert words(blocks[5]) == "<b>inte fett</b> [nej](javascript:alert)"


@given(st.text(max_size=200))
def test_any_text_can_introduce_a_report(text: str) -> None:
    followed = draw_round("S/M/N/Öppna verkstad || Pågående")
    document = compose_document(followed, ReportOptions(introduction=parse_introduction(text)))
    assert any(isinstance(block, Heading) and block.text == "Sammanfattning" for block in document.blocks)


def headings_of(document: Document) -> list[tuple[int, str]]:
    """Return (level, text) of the headings above the tables of activities: from the first perspective on."""
    headings = [(block.level, block.text) for block in document.blocks if isinstance(block, Heading)]
    first, after = (1, "Samhälle"), (1, "Vilka som har tillfrågats och svarat")
    return headings[headings.index(first) : headings.index(after)]


def test_a_group_without_a_text_of_its_own_gets_no_heading() -> None:
    text = """
        Samhälle//Trygga platser/Utreda simhall  | Kvartal 4 | Kvarstår ||| A
        Samhälle/Kultur för alla//Bygga museum   | Kvartal 2 | Förskjuts |||B
        Samhälle/Kultur för alla/Ett brett utbud/Öppna verkstad | Kvartal 1 | Genomfört ||| A
    """
    assert headings_of(compose(text, layout="heading")) == [
        (1, "Samhälle"),
        (2, "Nämndmål: Trygga platser"),
        (2, "Kommunövergripande mål: Kultur för alla"),
        (3, "Nämndmål: Ett brett utbud"),
    ]
    assert [level for level, _ in headings_of(compose(text, layout="merged"))] == [1, 2]


def test_a_first_level_without_a_text_still_gets_a_heading() -> None:
    text = """
        Samhälle/Kultur för alla/Ett brett utbud/Öppna verkstad | Kvartal 1 | Genomfört ||| A
        /Kultur för alla/Ett brett utbud/Bygga museum | Kvartal 1 | Genomfört ||| A
    """
    headings = headings_of(compose(text, layout="heading"))
    assert [level for level, _ in headings] == [1, 2, 3, 1, 2, 3]
    assert all(text for _, text in headings)


def test_blank_levels_leave_no_gap_between_headings() -> None:
    round_status = draw_round("""
        Samhälle//Mål A/Ordna | Kvartal 1 | Pågående
        Samhälle//Mål B/Bygga | Kvartal 1 | Pågående
        Samhälle/Levande kommun/Mål C/Laga | Kvartal 1 | Pågående
    """)
    blocks = compose_document(round_status, ReportOptions()).blocks
    levels = {block.text: block.level for block in blocks if isinstance(block, Heading)}
    ends = {"Samhälle": 1, "Mål A": 2, "Mål B": 2, "Levande kommun": 2, "Mål C": 3}
    for end, level in not_empty(ends.items()):
        assert [found for text, found in levels.items() if text.endswith(end)] == [level], end


def test_headings_of_an_introduction_keep_their_order_of_rank() -> None:
    blocks = parse_introduction("# A\n### B\n### C\n## D\n### E\n")
    assert [block.level for block in blocks if isinstance(block, Heading)] == [1, 2, 2, 2, 3]

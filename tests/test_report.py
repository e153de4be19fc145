"""The report before it has a format: what it says, in which order, and that it agrees with its material."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_report import draw_amounts, draw_many, draw_replies, draw_round
from support.not_empty import not_empty

from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate
from xlflow.model.plan import PlanItem
from xlflow.model.template_elements import Field
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
from xlflow.report.particulars import Particulars
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
        "# 3 av 7 aktiviteter avviker från planen. 1 har passerat sitt slutdatum.",
        "# Avvikelser",
        "# Samhälle",
        "## Kommunövergripande mål: Kultur för alla",
        "### Nämndmål: Ett brett utbud",
        "### Nämndmål: Trygga platser",
        "# Ekonomi",
        "## Kommunövergripande mål: God hushållning",
        "### Nämndmål: Rätt pris",
        f"# {translate('report.count_heading', 'sv', level='perspektiv')}",
        f"# {translate('report.asked', 'sv')}",
        "## Obesvarade aktiviteter",
        f"# {translate('report.meaning', 'sv')}",
    ]


def test_the_deviations_are_one_table_by_status_with_new_time_and_reason() -> None:
    table = tables(compose())[0]
    assert [column.heading for column in table.columns] == ["Aktivitet", "Enhet", "Planerat → nytt", "Orsak"]
    assert [[words(cell) for cell in row.cells] for row in table.all_rows] == [
        ["► Förskjuts: en aktivitet"],
        ["Bygga museum", "B", "Kvartal 2 → Kvartal 1 2022", "Remissen drog ut."],
        ["Passerat slutdatum: en aktivitet"],
        ["Ordna filmkvällar", "A", "2021-02-28\nSlutdatumet har passerat", "Ingen orsak är angiven."],
        ["▲ Kan komma att försenas: en aktivitet"],
        ["Byta system", "B", "Se objektplanen", "Ingen orsak är angiven."],
        ["✖ Utgår: en aktivitet"],
        ["Se över taxor", "B", "Kvartal 3", "Ingår i budgetarbetet."],
    ]
    assert [row.is_group_heading for row in table.all_rows] == [True, False] * 4


def test_the_longest_delay_stands_first_and_parts_stay_below_their_activity() -> None:
    table = tables(
        compose("""
        A/M/G/Kort      | Kvartal 2 | Förskjuts | Kvartal 3      | a | A
        A/M/G/Okänd     | Kvartal 2 | Förskjuts | längre fram    | b | A
        A/M/G/Bro       | Kvartal 2 | Förskjuts | Kvartal 4      | c | A
        A/M/G/Bro/Räcke | Kvartal 2 | Förskjuts | Kvartal 4 2022 | d | A
        A/M/G/Lång      | Kvartal 2 | Förskjuts | Kvartal 1 2022 | e | A
        A/M/G/Hus       | Kvartal 2 | Pågående  |                |   | A
        A/M/G/Hus/Tak   | Kvartal 2 | Förskjuts | Kvartal 4      | f | A
    """)
    )[0]
    names = [words(row.cells[0]) for row in table.all_rows]
    assert names == [
        "► Förskjuts: 4 aktiviteter och 2 delaktiviteter",
        *("Bro", "Räcke", "Lång", "Tak\nDel av: Hus", "Kort", "Okänd"),
    ]
    assert [row.cells[0].is_indented for row in table.all_rows][1:4] == [False, True, False]


def test_what_does_not_deviate_has_no_table_but_a_sentence() -> None:
    document = compose("S/M/N/Bygga | Kvartal 4 | Pågående ||| A")
    lines = show(document)
    assert lines[0] == "# Inga aktiviteter rapporteras avvika från planen."
    assert lines[lines.index("# Avvikelser") + 1] == "Inga aktiviteter rapporteras avvika från planen."
    assert not any(row.is_group_heading for table in tables(document) for row in table.all_rows)


def test_the_headline_counts_parts_where_no_activity_deviates() -> None:
    lines = show(
        compose("""
        S/M/N/Bygga       | Kvartal 4 | Pågående  ||| A
        S/M/N/Bygga/Gräva | Kvartal 1 | Förskjuts ||| A
        S/M/N/Bygga/Måla  | Kvartal 4 | Pågående  ||| A
    """)
    )
    assert lines[0] == "# 1 av 2 delaktiviteter avviker från planen."


def test_the_headline_names_who_has_not_answered_and_counts_many() -> None:
    text = "\n".join(f"S/M/N/Bygga {name} | Kvartal 4 | Förskjuts ||| {name}" for name in "ABCDEFG")
    followed = draw_round(text)

    def headline(silent: str) -> str:
        units = tuple(replace(each, has_answered=each.unit not in silent) for each in followed.unit_statuses)
        return show(compose_document(replace(followed, unit_statuses=units), ReportOptions()))[0]

    deviating = "# 7 av 7 aktiviteter avviker från planen."
    assert headline("") == deviating
    assert headline("BD") == f"{deviating} B och D har inte svarat."
    assert headline("ABCD") == f"{deviating} 4 av 7 enheter har inte svarat."
    assert headline("ABCDEFG") == "# Ingen av 7 enheter har svarat."


def test_the_headline_and_the_first_sentence_count_activities_and_not_their_parts() -> None:
    document = compose()
    lead = next(block for block in document.blocks if isinstance(block, Paragraph) and block.style == "lead")
    assert words(lead).startswith("Av 7 aktiviteter ")
    assert "obesvarad" in words(lead)
    assert document.blocks[0] == Heading(
        1,
        "3 av 7 aktiviteter avviker från planen. 1 har passerat sitt slutdatum.",
        anchor="3-av-7-aktiviteter-avviker-fran-planen-1-har-passerat-sitt-s",
        in_contents=False,
    )
    assert [block.kind for block in document.blocks][:6] == [
        *("heading", "paragraph", "picture", "paragraph", "paragraph", "contents")
    ]


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
    rows = list(tables(document)[0].all_rows)
    assert len(rows) == 1
    assert words(rows[0].cells[0]) == "Öppna verkstad\n• Köpa symaskin\n• Bjuda in skolor"


def test_many_parts_are_counted_in_a_sentence() -> None:
    parts = "\n".join(
        f"S/M/N/Bygga/Del {n} || {status}" for n, status in enumerate(["Pågående"] * 3 + ["Kvarstår"])
    )
    document = compose(f"S/M/N/Bygga | Kvartal 1 | Kvarstår\n{parts}")
    assert "Av 4 delaktiviteter pågår 3 och 1 kvarstår." in words(next(tables(document)[0].all_rows).cells[0])


def test_several_units_have_a_badge_for_each_status_and_the_one_that_counts_is_bold() -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 2 | Förskjuts | | | A; B; C; D; E; F")
    entry = followed.item_statuses[0]
    said = draw_replies(
        entry,
        ("A", "ongoing", "Pågående", "Allt går bra."),
        ("B", "postponed", "Förskjuts", "Läck."),
        *((unit, "ongoing", "Pågående", "") for unit in "CDE"),
    )
    followed = replace(followed, item_statuses=(replace(entry, unit_replies=said),))
    document = compose_document(followed, ReportOptions())
    cells = next(tables(document)[1].all_rows).cells
    assert words(cells[-1]) == "A: Allt går bra.\nB: Läck."
    assert words(cells[-2]) == "Förskjuts\nB\nPågående\n4 enheter\nEj besvarad\nF"
    badges = [block for block in cells[-2].content if isinstance(block, StatusBadge)]
    assert [(badge.is_deciding, badge.is_small) for badge in badges] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    deviating = list(tables(document)[0].all_rows)[1]
    assert [words(cell) for cell in deviating.cells] == [
        "Öppna verkstad",
        "B",
        "Kvartal 2 → inte angivet",
        "Läck.",
    ]


def test_units_that_agree_have_one_badge() -> None:
    followed = draw_round("S/M/N/Öppna verkstad | Kvartal 2 | Pågående | | | A; B")
    entry = followed.item_statuses[0]
    said = draw_replies(entry, ("A", "ongoing", "Pågående", ""), ("B", "ongoing", "Pågående", ""))
    followed = replace(followed, item_statuses=(replace(entry, unit_replies=said),))
    assert words(next(tables(compose_document(followed, ReportOptions()))[0].all_rows).cells[-2]) == "Pågående"


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
    assert "För tre aktiviteter har bara en del av dem som tillfrågats svarat." in text
    assert "Entrén (1 av 2 har svarat) | " in text
    assert "Spara (1 av 2 har svarat) | " in text
    assert "Scenen (Norr, Söder) (1 av 2 har svarat)" in text
    assert "Laga (Norr)\n" in f"{text}\n"
    cells = [words(cell) for table in tables(document) for row in table.all_rows for cell in row.cells]
    assert sum("1 av 2 har svarat" in cell for cell in cells) == 5


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
    assert lines[2] == (
        "Underlag: Alla 2 tillfrågade enheter har svarat. "
        "Svaren har 3 fel som inte är rättade. Av dem gäller 2 rader i tabellerna, märkta ”Fel i svaret”; "
        "resten gäller hela filer eller formulär."
    )
    assert any(line.startswith("Scenen / Norr / Fel i svaret (Status, Norr) |") for line in lines)
    assert any(line.startswith("Tak / Fel i svaret (Status, Söder) |") for line in lines)
    assert not any("Fel i svaret" in line for line in lines if line.startswith("Entrén"))
    wrong = (*errors, UnresolvedError("l2", "Söder", "Ny tidpunkt"))
    short = show(compose_document(replace(followed, errors=errors[:2]), ReportOptions(only="deviations")))
    assert short[2].endswith(" Svaren har 2 fel som inte är rättade.")
    marked = show(compose_document(replace(followed, errors=wrong), ReportOptions(only="deviations")))
    assert any(line.startswith("Entrén / Fel i svaret (Ny tidpunkt, Söder) |") for line in marked)
    one_unit = show(compose_document(replace(followed, errors=errors), ReportOptions(unit="Söder")))
    assert one_unit[2].endswith("Svaren har ett fel som inte är rättat. Raderna är märkta ”Fel i svaret”.")
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
    assert "Klar redan / Går inte ihop: status Genomfört, men ny tidpunkt ligger framåt i tiden" in rows
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
    assert "försenats" in reported[1]
    at = reported.index("# Sedan uppföljningen per 31 augusti 2020")
    assert reported[at + 2 : at + 6] == [
        "Försenad: en aktivitet",
        "Bygga museum | Pågående | Förskjuts | Kvartal 2 → Kvartal 1 2022",
        "Ny: en aktivitet",
        "Öppna verkstad | – | Genomfört | ",
    ]
    assert not any("# Sedan" in line for line in show(compose()))


def test_who_has_not_answered_is_named_at_the_end() -> None:
    followed = draw_round(ROUND)
    silent = tuple(replace(each, has_answered=each.unit != "B") for each in followed.unit_statuses)
    reported = show(compose_document(replace(followed, unit_statuses=silent), ReportOptions()))
    assert "Underlag: 1 av 2 tillfrågade enheter har svarat." in reported
    assert "1 av 2 tillfrågade enheter har svarat. Svar saknas från B." in reported
    assert "• Samla inköp (B)" in reported


def test_board_administration_date_and_registry_number_are_there_as_far_as_they_are_known() -> None:
    followed = draw_round(ROUND)
    assert compose_document(followed, ReportOptions()).particulars == ()
    given = Particulars("Kulturnämnden", registry_number="KN 2021/112", dated=date(2021, 4, 20))
    known = {
        "administration": LocalizedText(sv="Kulturförvaltningen", en="Culture"),
        "board": LocalizedText(sv="?", en="?"),
    }
    followed = replace(followed, template=followed.template.model_copy(update=known))
    assert compose_document(followed, ReportOptions(particulars=given)).particulars == (
        ("Nämnd", "Kulturnämnden"),
        ("Förvaltning", "Kulturförvaltningen"),
        ("Datum", "20 april 2021"),
        ("Diarienummer", "KN 2021/112"),
    )


def test_a_year_is_named_and_no_id_of_an_earlier_plan() -> None:
    text = "S/M/N/Ett | Kvartal 4 | Pågående ||| A\nS/M/N/Två | Kvartal 4 | Pågående ||| A"
    followed = draw_round(text)
    origins = ("2020-04", "KF-17")
    items = tuple(
        replace(entry, item=replace(entry.item, continues_from=origin))
        for entry, origin in zip(followed.item_statuses, origins, strict=True)
    )
    rows = tables(compose_document(replace(followed, item_statuses=items), ReportOptions()))[0].all_rows
    assert [words(row.cells[0]) for row in rows] == [
        "Ett\nfortsätter från 2020",
        "Två\nfortsätter från en tidigare plan",
    ]


def test_an_extra_question_has_a_section_of_its_own_with_counts() -> None:
    question = Field(
        key="safe",
        type="yes_no",
        label=LocalizedText(sv="Tryggt", en="Safe"),
        help=LocalizedText(sv="Är platsen trygg?", en="Is the place safe?"),
    )
    followed = draw_round("S/M/N/Ett | Kvartal 4 | Pågående || Bra | A\nS/M/N/Två | Kvartal 4 | Pågående ||| B")
    answers = ({"safe": "Ja", "comment": "Bra"}, {"safe": "Nej"})
    entries = tuple(
        replace(entry, answers=values) for entry, values in zip(followed.item_statuses, answers, strict=True)
    )
    template = followed.template.model_copy(update={"fields": (*followed.template.fields, question)})
    lines = show(compose_document(replace(followed, item_statuses=entries, template=template), ReportOptions()))
    at = lines.index("# Tilläggsfråga")
    assert lines[at + 1 : at + 8] == [
        "Tryggt: Är platsen trygg?",
        "Svar: Ja 1, Nej 1.",
        "[Tabell 2. Svar]",
        *("Ja: 1 svar", "Ett | A", "Nej: 1 svar", "Två | B"),
    ]
    assert "Ett / A | Kvartal 4 | Pågående | Bra" in lines, "the answer stands in its section only"


def test_a_goal_beside_many_activities_is_named_again_after_a_third_of_a_page() -> None:
    text = "\n".join(
        f"S/M/Brett utbud/Nummer {n} | Kvartal 4 | Pågående || {'Allt går bra. ' * 8} | A" for n in range(20)
    )
    table = next(table for table in tables(compose(text, layout="merged")) if table.has_group_lines)
    cells = [group[0].cells[0] for group in table.row_groups]
    assert [words(cell) for cell in cells] == ["Brett utbud", *["Brett utbud (forts.)"] * (len(cells) - 1)]
    assert len(cells) > 3
    assert sum(cell.row_span for cell in cells) == 20
    assert [group[0].continues_group for group in table.row_groups] == [False, *[True] * (len(cells) - 1)]
    assert all(group[0].keeps_group for group in table.row_groups)


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


def test_the_short_version_is_the_first_page_and_the_deviations() -> None:
    whole, short = show(compose()), show(compose(only="deviations"))
    assert whole[: len(short)] == short
    assert [line for line in short if line.startswith("#")] == [
        "# 3 av 7 aktiviteter avviker från planen. 1 har passerat sitt slutdatum.",
        "# Avvikelser",
    ]


def test_a_long_reason_has_more_room_where_no_table_has_the_whole_comment() -> None:
    text = f"S/M/N/Bygga | Kvartal 1 | Förskjuts | Kvartal 2 | {'Regnet dröjer kvar i dalen. ' * 60}"
    mark = "Orsaker som slutar med … är förkortade. Hela kommentaren står i sammanställningen."
    reasons = [
        words(list(tables(compose(text, only=only))[0].all_rows)[1].cells[-1]) for only in (None, "deviations")
    ]
    assert len(reasons[0]) < MAX_REASON_LENGTH + 3 < len(reasons[1]) < 703
    assert all(reason.endswith(". …") for reason in reasons)
    assert mark in show(compose(text, only="deviations"))
    assert mark not in show(compose(text))


def test_a_deviating_part_names_its_activity() -> None:
    document = compose(
        "S/M/N/Bygga | Kvartal 1 | Pågående\nS/M/N/Bygga/Gräva || Förskjuts\nS/M/N/Bygga/Måla || Pågående",
        only="deviations",
    )
    reported = [words(row.cells[0]) for row in tables(document)[0].all_rows]
    assert reported == ["► Förskjuts: en delaktivitet", "Gräva\nDel av: Bygga"]


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
    assert rows == [["N"], ["Öppna verkstad", "Kvartal 2", "Pågående", "Allt går bra."]]
    assert "Underlag: A har svarat." in show(document)
    assert [line for line in show(document) if line.startswith("#")] == [
        "# Inga aktiviteter rapporteras avvika från planen.",
        "# Avvikelser",
        "# Alla aktiviteter",
    ]


def test_amounts_are_added_up_without_losing_a_digit() -> None:
    document = compose_document(draw_amounts(), ReportOptions())
    sums = [[words(cell) for cell in row.cells] for table in tables(document) for row in table.total_rows]
    assert sums == [
        ["Summa", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
        ["Saknar belopp eller går inte att läsa: 1 post", "20 000", "−3,00", "", "", ""],
        ["Alla poster", "21 500", "1 577,50", "3 161", "−1 661", ""],
        ["Summa", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
    ]
    groups = [[words(cell) for cell in row.cells] for rows in tables(document)[1].row_groups for row in rows]
    assert groups == [
        ["Bibliotek", "1 500", "1 580,50", "3 161", "−1 661", "−110,7 %"],
        ["Museet", "", "", "", "", ""],
        ["Saknar belopp eller går inte att läsa: 1 post", "20 000", "−3,00", "", "", ""],
    ]
    assert "Summorna räknar bara poster där alla belopp finns." in " ".join(show(document))
    assert not any(isinstance(block, Picture) for block in document.blocks), "one area that can be added up"


def test_amounts_stand_alike_down_a_column_and_comments_below_them() -> None:
    rows = [
        [words(cell) for cell in row.cells]
        for row in tables(compose_document(draw_amounts(), ReportOptions()))[2].row_groups[0]
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
    lines = [line.replace("\u00a0", " ") for line in show(document)]
    assert lines[0] == "# Prognos mot budget: −1 661 kr. 2 av 3 poster avviker mer än gränsen."
    figures = next(block for block in document.blocks if isinstance(block, HeadlineFigures))
    shown = [(one.value.replace("\u00a0", " "), one.label) for one in figures.items]
    assert shown == [
        ("1 500 kr", "Budget"),
        ("1 580,50 kr", "Utfall"),
        ("3 161 kr", "Prognos"),
        ("−1 661 kr", "Avvikelse"),
    ]
    at = lines.index("Avvikelse över gränsen: två poster")
    assert lines[at + 1 : at + 3] == [
        "Lokaler / Bibliotek | 1 000 | 2 201 | −1 201 | Enligt plan.",
        "Medier / Bibliotek | 500 | 960 | −460 | Enligt plan.",
    ]
    short = show(compose_document(followed, ReportOptions(only="deviations")))
    assert [line.replace("\u00a0", " ") for line in short] == lines[: at + 3]
    within = replace(followed, item_statuses=followed.item_statuses[2:])
    reported = show(compose_document(within, ReportOptions()))
    at = reported.index("# Avvikelse över gränsen")
    assert reported[at + 1] == "Inga poster avviker mer än gränsen.", "a forecast is missing"


def test_the_deviations_of_areas_are_drawn_with_the_largest_shortfall_first() -> None:
    followed = draw_amounts()
    moved = (("Museet", "1"), ("Bad", "2"))
    more = tuple(
        replace(entry, item=replace(entry.item, id=f"c{number}", level_texts=(name, "Lokaler")))
        for (name, number), entry in zip(moved, followed.item_statuses, strict=False)
    )
    document = compose_document(replace(followed, item_statuses=(*followed.item_statuses, *more)), ReportOptions())
    picture = next(block for block in document.blocks if isinstance(block, Picture))
    assert picture.alt_text.replace("\u00a0", " ") == (
        "Avvikelse per område, störst underskott först. Bibliotek −1 661 kr; Museet −1 201 kr; Bad −460 kr."
    )
    for drawing in (picture.svg, picture.narrow_svg):
        texts = re.findall(r">([^<>]+)</text>", drawing)
        assert [text.replace("\u00a0", " ") for text in texts] == [
            *("Bibliotek", "−1 661 kr", "Museet", "−1 201 kr", "Bad", "−460 kr")
        ]


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


def test_a_long_list_is_cut_short_and_says_that_the_tables_have_the_rest() -> None:
    lines = show(compose("\n".join(f"S/M/N/Nummer {n}" for n in range(45))))
    at = lines.index("## Obesvarade aktiviteter")
    assert lines[at + 1].count("\n") == 29
    assert lines[at + 2] == "… och 15 till. Alla står i tabellerna ovan."


def test_every_deviation_has_its_row_however_many_there_are() -> None:
    document = compose("\n".join(f"S/M/N/Nummer {n} || Förskjuts" for n in range(145)))
    names = [words(row.cells[0]) for row in tables(document)[0].all_rows]
    assert names == ["► Förskjuts: 145 aktiviteter", *(f"Nummer {n}" for n in range(145))]


def test_of_many_changes_those_of_removed_activities_are_all_named() -> None:
    followed = draw_round("\n".join(f"S/M/N/Nummer {n} || Genomfört" for n in range(45)))
    new = [ItemChange("new", False, None, ItemSnapshot(entry.item)) for entry in followed.item_statuses]
    gone = [PlanItem(f"g{number}", ("S", "M", "N", f"Borta {number}", ""), ("A",)) for number in range(40)]
    removed = [ItemChange("gone", False, ItemSnapshot(item), None) for item in gone]
    changed = replace(followed, changes=(*new, *removed), compared_to=date(2020, 12, 31))
    text = "\n".join(show(compose_document(changed, ReportOptions())))
    assert "Borttagen: 40 aktiviteter\n" in text
    assert [n for n in range(40) if f"\nBorta {n} | Ej besvarad | – | \n" not in text] == []
    assert "Ny: 45 aktiviteter\n" in text


def test_as_many_rows_are_marked_as_late_as_the_headline_says() -> None:
    document = compose("""
        A/M/G/Ett | 2021-01-31 | !Pågående  |           |     | A
        A/M/G/Två | 2021-01-31 | !Förskjuts |           | Tak | A
        A/M/G/Tre | Kvartal 4  | Pågående   |           |     | A
    """)
    lines = show(document)
    assert lines[0].endswith(" 2 har passerat sitt slutdatum.")
    rows = [row for row in tables(document)[0].all_rows if not row.is_group_heading]
    marked = [row for row in rows if "har passerat" in words(row.cells[-2])]
    assert len(marked) == 2
    assert "Passerat slutdatum: en aktivitet" in lines, "the other one has its row as postponed"


def test_activities_and_their_parts_are_told_apart_among_the_deviations() -> None:
    lines = show(
        compose("""
        A/M/G/Scenen       | Kvartal 2 | Förskjuts |           |              | A
        A/M/G/Scenen/Golv  | Kvartal 2 | Förskjuts | Kvartal 4 | Virket dröjer | A
        A/M/G/Scenen/Tak   | Kvartal 2 | Genomfört |           |              | A
        A/M/G/Entrén       | Kvartal 2 | Förskjuts | Kvartal 3 | Regn         | A
        A/M/G/Entrén/Dörr  | Kvartal 2 | ^         |           |              | A
    """)
    )
    at = lines.index("► Förskjuts: 2 aktiviteter och 1 delaktivitet")
    assert lines[at + 1 : at + 4] == [
        "Scenen | Kvartal 2 | Se delarna nedan.",
        "Golv | Kvartal 2 → Kvartal 4 | Virket dröjer",
        "Entrén | Kvartal 2 → Kvartal 3 | Regn",
    ]


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
    first, second = tables(compose(f"S/M/N/Öppna verkstad | Kvartal 1 | Pågående || {long}"))[0].all_rows
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
        for table in tables(document)
        if any(row.status_code for row in table.all_rows)
        for row in table.all_rows
        for cell in row.cells
    ]
    item, part = followed.template.item_level_index, followed.template.part_level_index
    assert part is not None
    for entry in not_empty(followed.item_statuses):
        assert reported.count(entry.item.level_texts[part] or entry.item.level_texts[item]) == 1


def test_the_counts_by_group_add_up_to_the_whole() -> None:
    table = tables(compose_document(draw_many(48), ReportOptions()))[-2]
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
        ("- hallen var stängd\n- färre kom\nMer sägs i maj.", "hallen var stängd; färre kom …"),
        ("Det beror på:\n– hallen\n– vädret", "Det beror på: hallen; vädret"),
        ("Hallen var stängd.\n- färre kom", "Hallen var stängd. …"),
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
    assert len(pictures) == 1
    assert "Samhälle: Genomfört 1, Pågående 1, Kvarstår 1, Förskjuts 1." in pictures[0].alt_text
    one_group = next(
        block for block in compose("S/M/N/A | Kvartal 1 | Pågående").blocks if isinstance(block, Picture)
    )
    assert "Pågående 1" in one_group.alt_text


# The introduction -----------------------------------------------------------------------------------------


def test_the_template_says_what_a_report_is() -> None:
    paragraphs = [words(block) for block in compose().blocks[:5] if isinstance(block, Paragraph)]
    assert [text for text in paragraphs if "31 mars 2021" in text]


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
    assert any(isinstance(block, Heading) and block.text == "Avvikelser" for block in document.blocks)


def headings_of(document: Document) -> list[tuple[int, str]]:
    """Return (level, text) of the headings above the tables of activities: from the first perspective on."""
    headings = [(block.level, block.text) for block in document.blocks if isinstance(block, Heading)]
    first = (1, "Samhälle")
    names = {translate(f"report.{key}", "sv", level="perspektiv") for key in ("count_heading", "asked")}
    after = next((level, text) for level, text in headings if text in names)
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

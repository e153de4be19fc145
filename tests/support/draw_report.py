"""Rounds drawn for tests of the report: what a consolidated workbook might say, without a workbook."""

from datetime import date
from decimal import Decimal

from xlflow.definition.template_loader import load_template
from xlflow.i18n.catalogue import Language
from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.rounds.round_status import ItemStatus, RoundStatus, UnitReply, UnitStatus

AS_OF = date(2021, 3, 31)


def draw_round(text: str, *, language: Language = "sv", template: str = "followup") -> RoundStatus:
    """Return a round drawn as text, one line per row: levels, deadline, status, new time, comment, units.

    Cells are parted by `|`, levels by `/`; a line of six cells is a sub-activity if its last level is filled.
    `!` before the status marks what is past its deadline; `^` stands for a sub-activity that follows its activity.
    """
    shape = load_template(template)
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    entries = tuple(_draw_entry(row, number, shape, language) for number, row in enumerate(rows, 1))
    units = dict.fromkeys(unit for entry in entries for unit in entry.item.units)
    asked = tuple(UnitStatus(unit, True, 1) for unit in units)
    return RoundStatus(shape, language, "Verksamhetsplan 2021", AS_OF, 2021, entries, asked)


def draw_many(count: int, *, language: Language = "sv", goals: int = 8) -> RoundStatus:
    """Return a round of `measure_expression` activities, every fourth with three sub-activities, some with long
    comments."""
    shape = load_template("followup")
    entries: list[ItemStatus] = []
    status = shape.field_in_role("status")
    assert status is not None
    codes = [option.code for option in shape.choice_list(status).options]
    for number in range(count):
        goal = number * goals // max(1, count)
        levels = (f"Perspektiv {goal // 4 + 1}", f"Övergripande mål {goal // 2 + 1}", _goal(goal))
        name = f"Aktivitet {number + 1} som handlar om kommunikationsplanering och tillgänglighetsanpassning"
        code = codes[number % len(codes)]
        entries.append(_make_entry(f"a{number}", (*levels, name, ""), code, number, shape, language))
        if number % 4 == 0:
            entries += [
                _make_entry(
                    f"a{number}.{part}",
                    (*levels, name, f"Delaktivitet {number + 1}.{part}"),
                    codes[part],
                    number + part,
                    shape,
                    language,
                )
                for part in range(1, 4)
            ]
    asked = tuple(UnitStatus(f"Enhet {letter}", letter != "C", count // 3, 0) for letter in "ABC")
    return RoundStatus(shape, language, "Verksamhetsplan 2021", AS_OF, 2021, tuple(entries), asked)


def _goal(goal: int) -> str:
    return f"Nämndmål {goal + 1}\nMed målet menas\n– att det finns ett varierat utbud\n– att det når hela kommunen"


def _make_entry(
    key: str, levels: tuple[str, ...], code: str, number: int, shape: Template, language: Language
) -> ItemStatus:
    status = shape.field_in_role("status")
    assert status is not None
    long = "Arbetet är försenat eftersom remisstiden förlängdes. " * (30 if number % 97 == 5 else number % 4)
    answers = {"comment": long.strip(), "new_deadline": "Kvartal 4" if code == "postponed" else ""}
    return ItemStatus(
        PlanItem(key, levels, (f"Enhet {'ABC'[number % 3]}",)),
        code,
        shape.choice_label(status, code, language),
        is_overdue=number % 9 == 0,
        plan_values={"deadline": f"Kvartal {number % 4 + 1}"},
        answers={name: text for name, text in answers.items() if text},
    )


def _draw_entry(row: list[str], number: int, shape: Template, language: Language) -> ItemStatus:
    path, deadline, status, new, comment, units = (*row, "", "", "", "", "")[:6]
    levels = tuple(part.strip().replace("\\n", "\n") for part in path.split("/"))
    levels += ("",) * (len(shape.levels) - len(levels))
    field = shape.field_in_role("status")
    late, follows = status.startswith("!"), status == "^"
    label = "" if follows else status.removeprefix("!")
    options = shape.choice_list(field).options if field else ()
    code = next((each.code for each in options if label in (each.label.sv, each.label.en)), None)
    answers = {"new_deadline": new, "comment": comment.replace("\\n", "\n")}
    names = tuple(unit.strip() for unit in units.split(";") if unit.strip())
    return ItemStatus(
        PlanItem(f"l{number}", levels, names or ("Biblioteken",)),
        code,
        label,
        follows,
        late,
        {"deadline": deadline} if deadline else {},
        {key: text for key, text in answers.items() if text},
    )


def draw_replies(entry: ItemStatus, *replies: tuple[str, str, str, str]) -> tuple[UnitReply, ...]:
    """Return replies as (unit, code, status, comment)."""
    return tuple(
        UnitReply(unit, code, status, answers={"comment": comment}) for unit, code, status, comment in replies
    )


def draw_amounts() -> RoundStatus:
    """Return a round of the budget template: amounts, no statuses; one line lacks its forecast."""
    shape = load_template("budget")
    rows = (
        ("Bibliotek", "Lokaler", "1000", "1100.50", "2201"),
        ("Bibliotek", "Medier", "500", "480", "960"),
        ("Museet", "Lokaler", "20000", "-3", None),
    )
    entries = tuple(
        ItemStatus(
            PlanItem(f"b{number}", (area, line), ("Stab",)),
            plan_values={"budget": Decimal(budget)},
            answers=_amount_answers(Decimal(budget), Decimal(outcome), forecast and Decimal(forecast)),
        )
        for number, (area, line, budget, outcome, forecast) in enumerate(rows)
    )
    return RoundStatus(shape, "sv", "Budget 2021", AS_OF, 2021, entries, (UnitStatus("Stab", True, 3),))


def _amount_answers(budget: Decimal, outcome: Decimal, forecast: Decimal | None) -> dict[str, str | Decimal]:
    answers: dict[str, str | Decimal] = {"outcome": outcome, "comment": "Enligt plan."}
    if forecast is not None:
        deviation = budget - forecast
        answers |= {"forecast": forecast, "deviation": deviation, "deviation_share": deviation / budget}
    return answers

"""Makes the forms that the benchmarks read: the same ones in every run, one per unit, 60 rows each, filled in.

`python material.py FORMS FOLDER` prints where they stand and what was asked, as JSON.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import xlsxwriter

from xlflow.definition.template_loader import load_template
from xlflow.generate import split_round_by_unit, write_form
from xlflow.generate.batch import list_form_files
from xlflow.model.plan import Plan, PlanItem, Round, Unit
from xlflow.values import parse_deadline

AS_OF = date(2021, 3, 31)
ROWS = 60
STATUSES = ("Pågående", "Genomfört", "Kvarstår", "Förskjuts", "Kan komma att försenas", "Utgår", "")
COMMENTS = (
    "",
    "Arbetet går enligt plan.",
    "Leverantören är sen med underlaget. Vi har därför lagt om tidplanen och räknar med att vara klara i höst.",
    "Väntar på beslut.",
)


def make_round(forms: int) -> Round:
    """Return a round of so many units with 60 lines each; 8 extra columns, as plans have in life."""
    template = load_template("followup")
    units = tuple(Unit(f"Enhet {number:04}") for number in range(1, forms + 1))
    lines = tuple(line for number, unit in enumerate(units) for line in _lines_of(number, unit.name))
    context = tuple(f"Uppgift {letter}" for letter in "ABCDEFGH")
    plan = Plan("Verksamhetsplan 2021", units, lines, AS_OF.year, context, digest="0" * 64)
    return Round(template, plan, AS_OF, None, "sv")


def _lines_of(number: int, unit: str) -> Iterator[PlanItem]:
    for place in range(ROWS):
        quarter = parse_deadline(f"Kvartal {place % 4 + 1}", AS_OF.year).value
        assert quarter is not None
        levels = (
            ("Samhälle", "Medborgare", "Ekonomi", "Verksamhet", "Medarbetare")[place // 12],
            f"Övergripande mål {place // 12 + 1}",
            f"Nämndmål {place // 4 + 1}",
            f"Aktivitet {place + 1}: åtgärd {place + 1} enligt handlingsplanen för {unit.lower()}",
            "",
        )
        context = tuple((f"Uppgift {letter}", f"{letter}{place % 7}") for letter in "ABCDEFGH")
        yield PlanItem(f"a{number:04}-{place:02}", levels, (unit,), (("deadline", quarter),), context)


def fill_forms(forms: int, folder: Path) -> Path:
    """Write the filled forms into a folder of their own below `folder`, unless they stand there already."""
    target = folder / f"forms-{forms}-of-{ROWS}"
    if target.is_dir() and len(list(target.glob("*.xlsx"))) == forms:
        return target
    target.mkdir(parents=True, exist_ok=True)
    asked = make_round(forms)
    parts = split_round_by_unit(asked)
    for number, form in enumerate(list_form_files(asked)):
        part = parts[form.unit]
        content = write_form(part, form.unit, dict(_answers(part, number)), issued={})
        (target / form.file_name).write_bytes(content)
    return target


def _answers(asked: Round, number: int) -> Iterator[tuple[str, dict[str, str]]]:
    for place, line in enumerate(asked.plan.items):
        status = STATUSES[(number + place) % len(STATUSES)]
        texts = {"status": status, "comment": COMMENTS[(number * 3 + place) % len(COMMENTS)]}
        if status == "Förskjuts":
            texts["new_deadline"] = "Kvartal 1 2022"
        yield line.id, texts


def write_plan(forms: int, folder: Path) -> Path:
    """Write the plan that the forms were made from as a workbook, unless it stands there already."""
    target = folder / f"plan-{forms}.xlsx"
    if target.exists():
        return target
    asked = make_round(forms)
    template = asked.template
    context = [heading for heading, _ in asked.plan.items[0].extra_columns]
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Plan")
        sheet.write_row(
            0, 0, [*(level.label.sv for level in template.levels), "Slutdatum", "Enhet", "Id", *context]
        )
        for row, line in enumerate(asked.plan.items, 1):
            deadline = f"Kvartal {row % 4 + 1}"
            texts = [text for _, text in line.extra_columns]
            sheet.write_row(row, 0, [*line.level_texts, deadline, line.units[0], line.id, *texts])
    return target


if __name__ == "__main__":
    wanted, where = int(sys.argv[1]), Path(sys.argv[2])
    made = {"forms": str(fill_forms(wanted, where)), "plan": str(write_plan(wanted, where))}
    print(json.dumps({**made, "as_of": AS_OF.isoformat(), "rows": ROWS}))

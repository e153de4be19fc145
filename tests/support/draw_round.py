"""Draws a round as a text table, so that a test shows what was asked as people would see it.

    asked = draw_round(\"\"\"
        Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum  | Enhet
        Samhälle   | Levande kommun         | Möten    | Öppna kvarnen |              | Kvartal 2  | Museet
                   |                        |          |               | Hyra båt     | 2021-06-30 | Museet; Badet
    \"\"\")

A blank level means "as above". Headings are the template's own, in Swedish or English; `Id` and
`Fortsätter från` are known too, any other column is context. Independent of `definition.py` on purpose.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache

from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Deadline, FieldValue, Plan, PlanItem, Round, Unit
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
from xlflow.model.text import short_code
from xlflow.runtime.resources import load_resource_toml
from xlflow.values import parse_deadline

AS_OF = date(2021, 3, 31)
DUE = date(2021, 4, 16)

LEVELS = "Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet"


@cache
def shipped_template(name: str = "followup") -> Template:
    """Return a template that is shipped and extends no other."""
    return Template.model_validate(load_resource_toml(f"{name}.toml"))


def draw_round(
    table: str,
    *,
    template: Template | None = None,
    as_of: date = AS_OF,
    due: date | None = DUE,
    language: Language = "sv",
    title: str = "Verksamhetsplan 2021",
    contacts: Sequence[Unit] = (),
) -> Round:
    """Return the round that a text table shows; units in the order in which they first appear."""
    template = template or shipped_template()
    heading, *rows = _cells_of(table)
    items = tuple(_draw_items(template, heading, rows, as_of.year))
    contact_by_name = {unit.name: unit for unit in contacts}
    names = dict.fromkeys((*contact_by_name, *(name for line in items for name in line.units)))
    units = tuple(contact_by_name.get(name, Unit(name)) for name in names)
    extra_headings = tuple(dict.fromkeys(heading for line in items for heading, _ in line.extra_columns))
    plan = Plan(title, units, items, as_of.year, extra_headings, digest="0" * 64)
    return Round(template, plan, as_of, due, language)


def draw_deadline(text: str, year: int = AS_OF.year) -> Deadline:
    """Return "Kvartal 2", "2021-06-30" or words as a deadline."""
    value = parse_deadline(text, year).value
    assert isinstance(value, Deadline), f"{text} is no deadline"
    return value


def _cells_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines() if line.strip()]


def _draw_items(template: Template, heading: list[str], rows: list[list[str]], year: int) -> Iterator[PlanItem]:
    levels, used_ids = [""] * len(template.levels), set[str]()
    fields = {name: field for field in template.plan_fields() for name in field.accepted_headings()}
    known_headings = {"Id", "Enhet", "Fortsätter från", *fields}
    known_headings |= {name for level in template.levels for name in level.accepted_headings()}
    for cells in rows:
        row = dict(zip(heading, cells, strict=True))
        levels = _levels_below(template, levels, row)
        yield PlanItem(
            id=_id_of(template, row, levels, used_ids),
            level_texts=tuple(levels),
            units=tuple(name.strip() for name in row["Enhet"].split(";")),
            plan_values=tuple(
                (fields[name].key, _value_of(fields[name], row[name], year))
                for name in heading
                if name in fields and row[name]
            ),
            extra_columns=tuple((name, row[name]) for name in heading if name not in known_headings),
            continues_from=row.get("Fortsätter från", ""),
        )


def _levels_below(template: Template, above: list[str], row: dict[str, str]) -> list[str]:
    written = [next((row[n] for n in level.accepted_headings() if n in row), "") for level in template.levels]
    keep = [level.kind != "part" for level in template.levels]
    first = next((i for i, text in enumerate(written) if text), 0)
    return [
        text or (above[i] if keep[i] and (i < first or template.levels[i].kind == "group") else "")
        for i, text in enumerate(written)
    ]


def _id_of(template: Template, row: dict[str, str], levels: list[str], used_ids: set[str]) -> str:
    item_texts = levels[template.item_level_index : template.item_level_index + 2]
    key = row.get("Id") or short_code(item_texts)
    key = short_code((*levels, row["Enhet"])) if key in used_ids else key
    used_ids.add(key)
    return key


def _value_of(field: Field, text: str, year: int) -> FieldValue:
    if field.type in ("number", "integer"):
        return Decimal(text)
    return draw_deadline(text, year) if field.type in ("deadline", "quarter", "date") else text

"""The record of the run: what was found, what the round was, and the digests of all that it was made from."""

from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version

from xlflow.core.findings import Finding, message_of, remedy_of, sort_findings
from xlflow.core.model import Cell, Grid, Round, hold_rows
from xlflow.core.text import show_name
from xlflow.core.words import say
from xlflow.summarise.collection import make_columns, order_of
from xlflow.summarise.material import Material


def make_remarks(material: Material) -> Grid:
    """Return the findings, one per row: how much it matters, what is wrong, what to do, and where."""
    language = material.language
    columns = make_columns(
        language,
        ("_severity", "collected.severity", 13, "text"),
        ("_unit", "column.unit", 20, "text"),
        ("_what", "collected.what", 46, "text"),
        ("_do", "collected.remedy", 46, "text"),
        ("_written", "collected.written", 22, "text"),
        ("_suggestion", "collected.suggestion", 16, "text"),
        ("_field", "collected.field", 16, "text"),
        ("_file", "collected.file", 26, "text"),
        ("_sheet", "collected.sheet", 14, "text"),
        ("_cell", "collected.cell", 8, "text"),
        ("_id", "column.id", 11, "text"),
        ("_rule", "collected.rule", 20, "text"),
        ("_code", "collected.code", 20, "text"),
    )
    rows = (_show_finding(finding, material) for finding in sort_findings(material.findings))
    return Grid("remarks", columns, hold_rows(rows, len(columns)))


def make_about(material: Material) -> Grid:
    """Return what the round and the run were: enough to do it again."""
    language, round_ = material.language, material.merged.round
    columns = make_columns(
        language, ("_fact", "collected.fact", 44, "text"), ("_value", "collected.value", 80, "text")
    )
    told = (*_tell_round(round_), *_tell_run(material))
    rows = tuple((say(f"collected.{key}", language), value) for key, value in told)
    return Grid("about", columns, rows)


def make_exceptions(material: Material) -> Grid:
    """Return the exceptions that the plan lists, each with its reason and how many findings it took away."""
    language = material.language
    columns = make_columns(
        language,
        ("_rule", "collected.rule", 44, "text"),
        ("_why", "collected.why", 80, "text"),
        ("_unit", "column.unit", 18, "text"),
        ("_row", "collected.row", 28, "text"),
        ("_who", "collected.who", 24, "text"),
        ("_until", "collected.until", 14, "text"),
        ("_used", "collected.used", 10, "integer"),
    )
    rows = tuple(
        (one.rule, one.reason, one.unit or None, one.line or None, one.who, one.until.isoformat(), count)
        for one, count in material.merged.exceptions
    )
    return Grid("exceptions", columns, rows)


def make_aliases(material: Material) -> Grid:
    """Return the words that the plan gives a meaning, each with how many of the answers that stand it is."""
    language, template = material.language, material.template
    columns = make_columns(
        language,
        ("_text", "collected.written", 44, "text"),
        ("_means", "collected.means", 80, "text"),
        ("_field", "collected.field", 18, "text"),
        ("_used", "collected.used", 28, "integer"),
    )
    rows = tuple(
        (
            one.text,
            template.say_choice(template.field(one.field), one.means, language),
            template.field(one.field).label.say(language),
            count,
        )
        for one, count in material.merged.aliases
    )
    return Grid("aliases", columns, rows)


def make_inputs(material: Material) -> Grid:
    """Return the digest of every file that the workbook was made from, and of the template."""
    language, round_ = material.language, material.merged.round
    columns = make_columns(
        language,
        ("_file", "collected.file", 44, "text"),
        ("_digest", "collected.digest", 80, "text"),
        ("_kind", "collected.kind", 18, "text"),
    )
    template = sha256(round_.template.model_dump_json().encode()).hexdigest()
    given = [
        (round_.template.name, template, "template"),
        (round_.plan.file or round_.plan.title, round_.plan.digest or None, "plan"),
        *([(material.before.file, material.before.digest, "before")] if material.before else ()),
        *(
            (show_name(file.name), file.digest or None, "file")
            for file in sorted(material.merged.files, key=order_of)
        ),
    ]
    rows = tuple((name, digest, say(f"collected.{kind}", language)) for name, digest, kind in given)
    return Grid("inputs", columns, rows)


def _quote(name: str) -> str:
    """Return a file's name as it is typed in any command line."""
    return f'"{name}"' if " " in name else name


def _show_finding(finding: Finding, material: Material) -> tuple[Cell, ...]:
    language, place = material.language, finding.place
    labels = {column.key: column.label for column in (*material.template.levels, *material.template.fields)}
    label = labels.get(finding.field or "")
    return (
        say(f"collected.{finding.weight}", language),
        finding.unit,
        message_of(finding, language),
        remedy_of(finding, language),
        finding.value,
        finding.suggestion,
        label.say(language) if label else finding.field,
        show_name(place.file) or None,
        place.sheet and show_name(place.sheet),
        place.cell,
        finding.row_id,
        finding.rule,
        finding.code,
    )


def _tell_round(round_: Round) -> Iterator[tuple[str, str]]:
    language, template, plan = round_.language, round_.template, round_.plan
    title = template.title.say(language)
    yield "title", plan.title
    yield "as_of", round_.as_of.isoformat()
    yield "due", round_.due.isoformat() if round_.due else "–"
    yield "year", str(plan.year)
    yield "language", say(f"collected.{'swedish' if language == 'sv' else 'english'}", language)
    name = say("collected.template_version", language, title=title, name=template.name, version=template.version)
    yield "template", name


def _tell_run(material: Material) -> Iterator[tuple[str, str]]:
    """Yield what made the workbook; files by their names only, since they lie elsewhere for everybody."""
    plan, before = material.merged.round.plan, material.before
    named = (("--plan", plan.file), ("--previous", before.file if before else ""))
    options = "".join(f" {option} {_quote(name)}" for option, name in named if name)
    yield "program", f"xlflow {version('xlflow')}"
    yield "command", say("collected.command_text", material.language, options=options)
    yield "how", say("collected.how_text", material.language)

"""The tables that record the run: findings, facts about the round, waivers, aliases, digests of all inputs."""

from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version

from xlflow.consolidated.summary_model import FILE_COLUMN, ID_COLUMN, SEVERITY_COLUMN, UNIT_COLUMN
from xlflow.consolidated.tables.collection_tables import file_sort_key
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import columns_from_specs
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Finding, message_of, remedy_of, sort_findings
from xlflow.model.plan import Round
from xlflow.model.table import Table, TableCell, encode_rows
from xlflow.model.text import safe_display_name


def build_finding_table(merged_index: MergedIndex) -> Table:
    """Return the table of findings, one per row: severity, message, remedy and location."""
    language = merged_index.language
    columns = columns_from_specs(
        language,
        (SEVERITY_COLUMN, "collected.severity", 13, "text"),
        (UNIT_COLUMN, "column.unit", 20, "text"),
        ("_what", "collected.what", 46, "text"),
        ("_do", "collected.remedy", 46, "text"),
        ("_written", "collected.written", 22, "text"),
        ("_suggestion", "collected.suggestion", 16, "text"),
        ("_field", "collected.field", 16, "text"),
        (FILE_COLUMN, "collected.file", 26, "text"),
        ("_sheet", "collected.sheet", 14, "text"),
        ("_cell", "collected.cell", 8, "text"),
        (ID_COLUMN, "column.id", 11, "text"),
        ("_rule", "collected.rule", 20, "text"),
        ("_code", "collected.code", 20, "text"),
    )
    rows = (_finding_row(finding, merged_index) for finding in sort_findings(merged_index.findings))
    return Table("findings", columns, encode_rows(rows, len(columns)))


def build_about_table(merged_index: MergedIndex) -> Table:
    """Return the table `about`: facts about the round and the run, enough to repeat it."""
    language, round_ = merged_index.language, merged_index.merged.round
    columns = columns_from_specs(
        language, ("_fact", "collected.fact", 44, "text"), ("_value", "collected.value", 80, "text")
    )
    facts = (*_round_facts(round_), *_run_facts(merged_index))
    rows = tuple((translate(f"collected.{key}", language), value) for key, value in facts)
    return Table("about", columns, rows)


def build_waiver_table(merged_index: MergedIndex) -> Table:
    """Return the table of the plan's waivers, each with its reason and how many findings it removed."""
    language = merged_index.language
    columns = columns_from_specs(
        language,
        ("_rule", "collected.rule", 44, "text"),
        ("_why", "collected.why", 80, "text"),
        (UNIT_COLUMN, "column.unit", 18, "text"),
        ("_row", "collected.row", 28, "text"),
        ("_who", "collected.who", 24, "text"),
        ("_until", "collected.until", 14, "text"),
        ("_used", "collected.used", 10, "integer"),
    )
    rows = tuple(
        (
            waiver.rule,
            waiver.reason,
            waiver.unit or None,
            waiver.item_text or None,
            waiver.approved_by,
            waiver.valid_until.isoformat(),
            count,
        )
        for waiver, count in merged_index.merged.waivers
    )
    return Table("waivers", columns, rows)


def build_alias_table(merged_index: MergedIndex) -> Table:
    """Return the table of the plan's aliases, each with the number of answers in force that it explains."""
    language, template = merged_index.language, merged_index.template
    columns = columns_from_specs(
        language,
        ("_text", "collected.written", 44, "text"),
        ("_means", "collected.means", 80, "text"),
        ("_field", "collected.field", 18, "text"),
        ("_used", "collected.used", 28, "integer"),
    )
    rows = tuple(
        (
            alias.text,
            template.choice_label(template.field(alias.field), alias.choice_code, language),
            template.field(alias.field).label.in_language(language),
            count,
        )
        for alias, count in merged_index.merged.aliases
    )
    return Table("aliases", columns, rows)


def build_input_table(merged_index: MergedIndex) -> Table:
    """Return the table `inputs`: the SHA-256 digest of every file that the workbook was made from, and of the
    template."""
    language, round_ = merged_index.language, merged_index.merged.round
    columns = columns_from_specs(
        language,
        (FILE_COLUMN, "collected.file", 44, "text"),
        ("_digest", "collected.digest", 80, "text"),
        ("_kind", "collected.kind", 18, "text"),
    )
    template_digest = sha256(round_.template.model_dump_json().encode()).hexdigest()
    inputs = [
        (round_.template.name, template_digest, "template"),
        (round_.plan.file or round_.plan.title, round_.plan.digest or None, "plan"),
        *([(merged_index.previous.file, merged_index.previous.digest, "before")] if merged_index.previous else ()),
        *(
            (safe_display_name(file.name), file.digest or None, "file")
            for file in sorted(merged_index.merged.files, key=file_sort_key)
        ),
    ]
    rows = tuple((name, digest, translate(f"collected.{kind}", language)) for name, digest, kind in inputs)
    return Table("inputs", columns, rows)


def _quote_file_name(name: str) -> str:
    """Return a file's name as it is typed in any command line."""
    return f'"{name}"' if " " in name else name


def _finding_row(finding: Finding, merged_index: MergedIndex) -> tuple[TableCell, ...]:
    language, location = merged_index.language, finding.location
    labels = {
        column.key: column.label for column in (*merged_index.template.levels, *merged_index.template.fields)
    }
    label = labels.get(finding.field or "")
    return (
        translate(f"collected.{finding.effective_severity}", language),
        finding.unit,
        message_of(finding, language),
        remedy_of(finding, language),
        finding.value,
        finding.suggestion,
        label.in_language(language) if label else finding.field,
        safe_display_name(location.file) or None,
        location.sheet and safe_display_name(location.sheet),
        location.cell,
        finding.row_id,
        finding.rule,
        finding.code,
    )


def _round_facts(round_: Round) -> Iterator[tuple[str, str]]:
    language, template, plan = round_.language, round_.template, round_.plan
    title = template.title.in_language(language)
    yield "title", plan.title
    yield "as_of", round_.as_of.isoformat()
    yield "due", round_.due_date.isoformat() if round_.due_date else "–"
    yield "year", str(plan.year)
    yield "language", translate(f"collected.{'swedish' if language == 'sv' else 'english'}", language)
    template_text = translate(
        "collected.template_version", language, title=title, name=template.name, version=template.version
    )
    yield "template", template_text


def _run_facts(merged_index: MergedIndex) -> Iterator[tuple[str, str]]:
    """Yield program, command and method; files by name only, since their folders differ from computer to
    computer."""
    plan, previous = merged_index.merged.round.plan, merged_index.previous
    file_options = (("--plan", plan.file), ("--previous", previous.file if previous else ""))
    options = "".join(f" {option} {_quote_file_name(name)}" for option, name in file_options if name)
    yield "program", f"xlflow {version('xlflow')}"
    yield "command", translate("collected.command_text", merged_index.language, options=options)
    yield "how", translate("collected.how_text", merged_index.language)

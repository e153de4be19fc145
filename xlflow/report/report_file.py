"""From a consolidated workbook to the report as a file: read, look for personal data, compose, write.

Touches no disk: whoever calls has opened the workbook and saves what is made. A writer is loaded when it is used.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from xlflow.consolidated.reader import check_missing_content, read_round_status, resolve_unit_name
from xlflow.excel.reader import WorkbookData
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.document import Document
from xlflow.report.redact import check_personal_data, redact_personal_data
from xlflow.rounds.round_status import RoundStatus

ReportFormat = Literal["docx", "html", "pdf"]

FORMAT_BY_SUFFIX: dict[str, ReportFormat] = {".docx": "docx", ".html": "html", ".htm": "html", ".pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Options beside the contents: language (None: the workbook's), whether personal data is redacted or kept,
    the bytes of a Word document to take the look of, and whether unresolved errors stop the report."""

    language: Language | None = None
    redact: bool = False
    keep_personal_data: bool = False
    reference: bytes | None = None
    require_clean: bool = False


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """A report that is ready to be saved."""

    content: bytes
    language: Language
    findings: tuple[Finding, ...]


def report_format_of(file_name: str) -> ReportFormat:
    """Return the format that a file name's suffix asks for; FatalError for any other suffix."""
    report_format = FORMAT_BY_SUFFIX.get(PurePath(file_name).suffix.lower())
    if report_format is None:
        raise FatalError(make_finding("report-format-unknown", Location(file_name)))
    return report_format


def build_report(
    workbook: WorkbookData, report_format: ReportFormat, report_options: ReportOptions, build_options: BuildOptions
) -> BuiltReport:
    """Return the report as a file of one kind.

    `FatalError` if the workbook is not one of ours, if it has no such unit, if it has unresolved errors and
    `require_clean` is set, or if personal data would become public unless that is wanted.
    """
    round_status = read_round_status(workbook, build_options.language)
    integrity_findings = check_missing_content(workbook, round_status)
    unit = resolve_unit_name(round_status, report_options.unit, workbook.name) if report_options.unit else ""
    if isinstance(unit, Finding):
        raise FatalError(unit)
    error_findings = _check_unresolved_errors(round_status, build_options, workbook.name)
    round_status, findings = _protect_personal_data(round_status, build_options)
    document = compose_document(
        round_status, ReportOptions(report_options.layout, report_options.only, unit, report_options.introduction)
    )
    content, notes = _render_document(document, report_format, build_options, Location(workbook.name))
    return BuiltReport(content, document.language, (*integrity_findings, *error_findings, *findings, *notes))


def _check_unresolved_errors(
    round_status: RoundStatus, build_options: BuildOptions, file: str
) -> tuple[Finding, ...]:
    """Return a finding with the number of unresolved errors, none if there are none; `FatalError` with it if the
    report requires that there are none."""
    if not round_status.errors:
        return ()
    location = Location(file, translate("consolidated.findings", round_status.language))
    params = {"count": len(round_status.errors)}
    if build_options.require_clean:
        raise FatalError(make_finding("report-not-clean", location, params=params))
    return (make_finding("report-errors-unresolved", location, params=params),)


def _protect_personal_data(
    round_status: RoundStatus, build_options: BuildOptions
) -> tuple[RoundStatus, tuple[Finding, ...]]:
    """Return the round as it may be shown; `FatalError` before anything personal becomes public by mistake."""
    exposed = check_personal_data(
        round_status, keep_personal_data=build_options.keep_personal_data or build_options.redact
    )
    if exposed and not (build_options.keep_personal_data or build_options.redact):
        raise FatalError(*exposed)
    if not build_options.redact:
        return round_status, exposed
    return redact_personal_data(round_status), tuple(
        make_finding("report-redacted", finding.location, params=dict(finding.params)) for finding in exposed
    )


def _render_document(
    document: Document, report_format: ReportFormat, build_options: BuildOptions, location: Location
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return the file, and what could not be shown in it as it should be."""
    if report_format == "pdf":
        from xlflow.report.pdf_writer import missing_glyph_findings, render_pdf

        content, missing_characters = render_pdf(document, location)
        return content, missing_glyph_findings(missing_characters, location)
    if report_format == "html":
        from xlflow.report.html_writer import write_html

        return write_html(document), ()
    from xlflow.report.docx_writer import write_docx

    return write_docx(document, build_options.reference), ()

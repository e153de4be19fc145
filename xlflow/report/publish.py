"""From a consolidated workbook to the report as a file: read, look for personal data, compose, write.

Touches no disk: whoever calls has opened the workbook and saves what is made. A writer is loaded when it is used.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.followed import Followed
from xlflow.core.words import Language
from xlflow.excel.incoming import Book
from xlflow.recall import find_lost, find_unit, read_followed
from xlflow.report.compose import Wish, compose_report
from xlflow.report.document import Document
from xlflow.report.redact import find_exposed, redact

Kind = Literal["docx", "html", "pdf"]

KINDS: dict[str, Kind] = {".docx": "docx", ".html": "html", ".htm": "html", ".pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted besides what the report shows: its language, whether personal data is blanked or kept, and a
    Word document whose look it takes."""

    language: Language | None = None
    redacted: bool = False
    kept: bool = False
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A report that is ready to be saved."""

    content: bytes
    language: Language
    findings: tuple[Finding, ...]


def kind_of(name: str) -> Kind:
    """Return what kind of file a name asks for; `Stop` if it is none that a report can be."""
    kind = KINDS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise Stop(find("report-format-unknown", Place(name)))
    return kind


def publish_report(book: Book, kind: Kind, wish: Wish, order: Order) -> Published:
    """Return the report as a file of one kind.

    `Stop` if the workbook is not one of ours, if it has no such unit, or if personal data would become public
    unless that is wanted.
    """
    followed = read_followed(book, order.language)
    lost = find_lost(book, followed)
    unit = find_unit(followed, wish.unit, book.name) if wish.unit else ""
    if isinstance(unit, Finding):
        raise Stop(unit)
    followed, findings = _guard(followed, order)
    document = compose_report(followed, Wish(wish.layout, wish.only, unit, wish.introduction))
    content, notes = _write(document, kind, order, Place(book.name))
    return Published(content, document.language, (*lost, *findings, *notes))


def _guard(followed: Followed, order: Order) -> tuple[Followed, tuple[Finding, ...]]:
    """Return the round as it may be shown; `Stop` before anything personal becomes public by mistake."""
    exposed = find_exposed(followed, kept=order.kept or order.redacted)
    if exposed and not (order.kept or order.redacted):
        raise Stop(*exposed)
    if not order.redacted:
        return followed, exposed
    return redact(followed), tuple(find("report-redacted", one.place, words=dict(one.words)) for one in exposed)


def _write(document: Document, kind: Kind, order: Order, place: Place) -> tuple[bytes, tuple[Finding, ...]]:
    """Return the file, and what could not be shown in it as it should be."""
    if kind == "pdf":
        from xlflow.report.pdf import note_missing, print_pdf

        content, missing = print_pdf(document)
        return content, note_missing(missing, place)
    if kind == "html":
        from xlflow.report.html import write_html

        return write_html(document), ()
    from xlflow.report.word import write_docx

    return write_docx(document, order.reference), ()

"""Whose report it is: board, administration, date and registry number, below the title."""

from dataclasses import dataclass
from datetime import date

from xlflow.i18n.catalogue import LocalizedText, format_long_date
from xlflow.model.template import Template
from xlflow.report.phrasing import Phrasing


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is given for one report, "" and None where it is not: then the template's counts, if it has one."""

    board: str = ""
    administration: str = ""
    registry_number: str = ""
    dated: date | None = None


def build_particulars(
    template: Template, particulars: Particulars, phrasing: Phrasing
) -> tuple[tuple[str, str], ...]:
    """Return (label, text) of what is known, in the order in which it is shown."""
    language = phrasing.language
    dated = format_long_date(particulars.dated, language) if particulars.dated else ""
    known = (
        ("board", particulars.board or _in_language(template.board, phrasing)),
        ("administration", particulars.administration or _in_language(template.administration, phrasing)),
        ("dated", dated),
        ("registry_number", particulars.registry_number or _in_language(template.registry_number, phrasing)),
    )
    return tuple((phrasing.translate(key), " ".join(text.split())) for key, text in known if text.strip())


def _in_language(text: LocalizedText | None, phrasing: Phrasing) -> str:
    return text.in_language(phrasing.language) if text else ""

"""Writes the report as one web page: style, script and drawings inside it, complete without scripts or network.

The drawing rules stand in `workbook_templates/report/report.html`. Every text goes out escaped; only our own
drawings, style and script do not. Decides nothing about what the report says. Only door to Jinja2.
"""

import re
from base64 import b64encode
from hashlib import sha256

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from xlflow.core.shipped import TEMPLATES, find_shipped
from xlflow.core.words import say
from xlflow.report.colours import COLOURS
from xlflow.report.document import Document

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a web page may not hold."""

WORDS = ("contents", "skip", "top", "filter_all")


def write_html(document: Document) -> bytes:
    """Return the report as a web page; the same document gives the same bytes."""
    script = _read("report.js")
    words = {word: say(f"report.{word}", document.language) for word in WORDS}
    words["filter"] = say("report.filter", document.language, items=document.items)
    words["filter_shown"] = say("report.filter_shown", document.language, shown="{shown}", whole="{whole}")
    page = (
        _environment()
        .get_template("report.html")
        .render(
            document=document,
            words=words,
            style=Markup(_paint(_read("report.css"))),  # noqa: S704
            script=script,
            digest=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        )
    )
    return _UNPRINTABLE.sub("", page).encode()


def _environment() -> Environment:
    return Environment(
        loader=DictLoader({"report.html": _read("report.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )


def _paint(style: str) -> str:
    for name, colour in COLOURS.items():
        style = style.replace(f"{{{{ {name} }}}}", colour)
    return style


def _read(name: str) -> str:
    return (find_shipped(TEMPLATES) / "report" / name).read_text(encoding="utf-8")

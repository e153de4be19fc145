"""Writes the report as one web page: style, script and drawings inside it, complete without scripts or network.

The drawing rules stand in `workbook_templates/report/report.html`. Every text goes out escaped; only our own
drawings, style and script do not. Decides nothing about what the report says. Only door to Jinja2.
"""

import re
from base64 import b64encode
from hashlib import sha256

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from xlflow.i18n.catalogue import translate
from xlflow.model.text import ILLEGAL_XML_CHARACTERS
from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Document
from xlflow.report.edit_digest import add_html_digest
from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir

_INVALID_HTML_CHARACTERS = re.compile(f"[{ILLEGAL_XML_CHARACTERS}\r\x7f-\x9f]")
"""What a web page may not hold."""

LABEL_KEYS = ("contents", "skip", "top", "filter_all")


def write_html(document: Document) -> bytes:
    """Return the report as a web page; the same document gives the same bytes."""
    script = _read_report_resource("report.js")
    labels = {key: translate(f"report.{key}", document.language) for key in LABEL_KEYS}
    labels["filter"] = translate("report.filter", document.language, items=document.item_noun_plural)
    labels["filter_shown"] = translate("report.filter_shown", document.language, shown="{shown}", whole="{whole}")
    page = (
        _create_environment()
        .get_template("report.html")
        .render(
            document=document,
            words=labels,
            style=Markup(_insert_colours(_read_report_resource("report.css"))),  # noqa: S704
            script=script,
            digest=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        )
    )
    return add_html_digest(_INVALID_HTML_CHARACTERS.sub("", page).encode())


def _create_environment() -> Environment:
    return Environment(
        loader=DictLoader({"report.html": _read_report_resource("report.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )


def _insert_colours(css: str) -> str:
    for name, colour in REPORT_COLOURS.items():
        css = css.replace(f"{{{{ {name} }}}}", colour)
    return css


def _read_report_resource(name: str) -> str:
    return (resource_dir(TEMPLATES_DIR) / "report" / name).read_text(encoding="utf-8")

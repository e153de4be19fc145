"""Pages from templates: words, language, escaping. Every text goes out escaped; nothing is marked as safe.

The drawing rules are in `workbook_templates/web/`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from xlflow.i18n.catalogue import LANGUAGES, Language, format_long_date, translate
from xlflow.model.text import escape_invisible
from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir
from xlflow.values import parse_full_date

_ICONS: Mapping[str, str] = {
    "missing": "○",
    "late": "!",
    "partly": "◐",
    "to-correct": "✎",
    "complete": "✓",
    "nothing": "–",
    "not-asked": "×",
}
"""Beside the word of each state of a unit, so that none is told by colour alone."""

LANGUAGE_COOKIE = "xlflow_language"
STATIC_FILES: Mapping[str, tuple[str, str]] = {
    "web.css": ("web/web.css", "text/css; charset=utf-8"),
    "web.js": ("web/web.js", "text/javascript; charset=utf-8"),
    "icon.svg": ("web/icon.svg", "image/svg+xml"),
    "PublicSans-Regular.ttf": ("fonts/PublicSans-Regular.ttf", "font/ttf"),
    "PublicSans-Bold.ttf": ("fonts/PublicSans-Bold.ttf", "font/ttf"),
}
"""What the pages load from us, by its name in addresses: file below `workbook_templates`, type."""


def render_page(request: Request, name: str, language: Language, status: int = 200, **values: Any) -> Response:
    """Return a page. `values` fill the template `name`; it has the words `t("key", …)` of section [web] too."""
    page = _environment().get_template(name)
    text = page.render(
        t=lambda key, **params: translate(f"web.{key}", language, **params),
        language=language,
        other_language="en" if language == "sv" else "sv",
        path=request.url.path,
        **{"notes": [], "has_session": False, "error": "", **values},
    )
    response = HTMLResponse(text, status)
    wanted = request.query_params.get("lang", "")
    if wanted in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, wanted, max_age=365 * 86400, httponly=True, samesite="lax", secure=is_secure(request)
        )
    return response


def choose_language(request: Request, default: Language) -> Language:
    """Return the language of a page: what was chosen by a link, else the default if the browser accepts it or
    neither, else the other."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return "en" if chosen == "en" else "sv"
    accepted = request.headers.get("accept-language", "").lower()[:500]
    spoken = {part.split(";")[0].strip()[:2] for part in accepted.split(",")}
    other: Language = "en" if default == "sv" else "sv"
    return other if other in spoken and default not in spoken else default


def is_secure(request: Request) -> bool:
    """Return whether the browser reached us by https."""
    return request.url.scheme == "https"


def read_static(name: str) -> tuple[bytes, str] | None:
    """Return content and type of a file that the pages load; None if there is none of that name."""
    found = STATIC_FILES.get(name)
    return (_read_resource(found[0]), found[1]) if found else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_load_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["icons"] = _ICONS
    environment.filters["day"] = _format_day
    environment.filters["moment"] = _format_moment
    environment.filters["seen"] = escape_invisible
    return environment


def _load_template(name: str) -> str:
    return _read_resource(f"web/{name}").decode()


@cache
def _read_resource(path: str) -> bytes:
    return (resource_dir(TEMPLATES_DIR) / path).read_bytes()


def _format_day(iso: str, language: Language) -> str:
    day = parse_full_date(iso) if iso else None
    return format_long_date(day, language) if day else "–"


def _format_moment(iso: str, language: Language) -> str:
    """Return a time of the log (UTC) as the server's clock shows it: "16 april 2026 kl. 14.05"."""
    try:
        moment = datetime.fromisoformat(iso.replace("Z", "+00:00")).replace(tzinfo=UTC).astimezone()
    except ValueError:
        return iso
    day = format_long_date(moment.date(), language)
    return translate("web.moment", language, day=day, hour=f"{moment:%H}", minute=f"{moment:%M}")

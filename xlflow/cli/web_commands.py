"""The commands of the web page: run it, and make, show and revoke links. As in `commands`: no logic."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from xlflow.cli.console import (
    exit_on_fatal_error,
    parse_date_option,
    print_output,
)
from xlflow.cli.options import ROUND_OPTION
from xlflow.cli.round_commands import open_chosen_round
from xlflow.cli.user_locale import user_language

if TYPE_CHECKING:
    from xlflow.i18n.catalogue import Language
    from xlflow.project.page_links import PageLink

_DEFAULT_PORT = 8765


@click.command(short_help="Run the web page where units hand in and the coordinator sees who has.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to answer at."
)
@click.option(
    "--port",
    default=_DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port to answer at.",
)
@click.option(
    "--trusted-host",
    "trusted_hosts",
    multiple=True,
    metavar="NAME",
    help="A name under which people reach the page.",
)
@click.option(
    "--proxy", "proxies", multiple=True, metavar="ADDRESS", help="The address of a proxy to be believed."
)
@click.option("--user-header", default="", metavar="NAME", help="The header in which the proxy says who it is.")
@click.option(
    "--coordinator",
    "coordinators",
    multiple=True,
    metavar="NAME",
    help="Who may see the board, as that header says.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 32),
    metavar="N",
    help="How many uploads are read at a time.",
)
@click.option(
    "--index",
    "index_url",
    default="",
    envvar="XLFLOW_INDEX",
    metavar="URL",
    help="Where to index the events, for example postgresql+psycopg:///xlflow; needs xlflow[server].",
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@ROUND_OPTION
def serve(
    host: str,
    port: int,
    trusted_hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    user_header: str,
    coordinators: tuple[str, ...],
    workers: int,
    index_url: str,
    no_browser: bool,
    round_name: str | None,
) -> None:
    """Run the web page of the project: units hand in behind their links, the coordinator has a board.

    On your own computer it needs no set-up: the address that is shown is good once. On a server it stands behind a
    proxy that knows who the coordinators are. Stop it with Ctrl+C. It needs the extra xlflow[web].
    """
    from xlflow.i18n.catalogue import translate

    with exit_on_fatal_error(), open_chosen_round(round_name) as (project, _):
        _require_extra("web", "starlette", "uvicorn", "python_multipart")
        if index_url:
            _require_extra("server", "sqlalchemy")
        from xlflow.web.server import default_index_url
        from xlflow.web.server import serve as run_server
        from xlflow.web.server_settings import LOOPBACK_NAMES, ServerSettings

        _require_all_or_none(proxies, user_header, coordinators)
        settings = ServerSettings(
            project.root,
            round_name,
            host,
            port,
            trusted_hosts,
            proxies,
            user_header,
            coordinators,
            workers,
            index_url or default_index_url(project.root),
        )
        language, word = user_language(), "web.serving_proxy" if user_header else "web.serving"
        run_server(
            settings,
            lambda address: print_output(translate(word, language, address=address)),
            open_browser=host in LOOPBACK_NAMES and not (no_browser or user_header),
        )


@click.command(short_help="Make, show and revoke links to the pages of units.")
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--all", "all_units", is_flag=True, help="Every unit of the round.")
@click.option(
    "--approver", "holder", default="", metavar="NAME", help="A link for this approver, not for the unit."
)
@click.option("--revoke", "is_revoking", is_flag=True, help="Revoke the links of these units.")
@click.option("--until", metavar="DATE", help="The last day of the link; 60 days after the due day, if not given.")
@click.option(
    "--address",
    metavar="URL",
    help="Where people reach the page; web_address of xlflow.toml, if not given, else this computer.",
)
@ROUND_OPTION
def link(
    units: tuple[str, ...],
    all_units: bool,
    holder: str,
    is_revoking: bool,
    until: str | None,
    address: str | None,
    round_name: str | None,
) -> None:
    """Make a link to the page of each UNIT, on which it hands in; without UNIT, show which were made.

    A link is shown once, when it is made: only its digest is kept. --approver without UNIT makes a link to approve
    all units; --revoke --approver NAME without UNIT revokes these.
    """
    from xlflow.i18n.catalogue import translate
    from xlflow.project.page_links import default_last_day, list_links, make_links, revoke_links
    from xlflow.project.project_state import read_frozen_round

    language = user_language()
    with open_chosen_round(round_name) as (project, state):
        frozen = read_frozen_round(project, state)
        names = tuple(unit.name for unit in frozen.units) if all_units else units or (("",) if holder else ())
        if not names:
            lines = [_link_line(each, language) for each in list_links(project, state.name)]
            print_output("\n".join(lines) or translate("web.links_none", language))
            return
        if is_revoking:
            revoked = revoke_links(project, state, names)
            print_output(translate("web.links_revoked", language, count=len(revoked)))
            return
        last_day = parse_date_option(until, "--until") if until else default_last_day(frozen.due)
        role, letter = ("approver", "a") if holder else ("unit", "u")
        base = address or project.settings.web_address or f"http://127.0.0.1:{_DEFAULT_PORT}"
        tokens = make_links(project, state, names, role=role, holder=holder, expires=last_day)  # type: ignore[arg-type]
        lines = [
            translate(
                "web.link_made",
                language,
                unit=name or holder,
                address=f"{base.rstrip('/')}/{letter}/{token}",
            )
            for name, token in tokens.items()
        ]
        print_output("\n".join([*lines, translate("web.link_good_until", language, day=last_day.isoformat())]))


WEB_COMMANDS: tuple[click.Command, ...] = (serve, link)


def _link_line(found: "PageLink", language: "Language") -> str:
    from datetime import UTC, datetime

    from xlflow.i18n.catalogue import translate

    state = ""
    if not found.is_in_force(datetime.now(UTC).date()):
        state = translate("web.link_line_revoked" if found.is_revoked else "web.link_line_expired", language)
    name = found.unit or translate("web.link_all", language)
    return translate(
        "web.link_line",
        language,
        unit=f"{name} ({found.holder})" if found.holder else name,
        made=found.made[:10],
        expires=found.expires,
        state=state,
    )


def _require_extra(extra: str, *modules: str) -> None:
    from xlflow.model.findings import FatalError, Location, make_finding

    if not all(map(find_spec, modules)):
        raise FatalError(make_finding("extra-missing", Location(""), value=extra))


def _require_all_or_none(*options: object) -> None:
    from xlflow.model.findings import FatalError, Location, make_finding

    given = [bool(option) for option in options]
    if any(given[1:]) and not all(given):
        names = "--proxy, --user-header, --coordinator"
        raise FatalError(make_finding("serve-without-names", Location(""), value=names))

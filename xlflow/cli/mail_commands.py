"""The commands of mail: make, send and preview the mails of a round; set up and try the mailbox.

As in `commands`: no logic, slow imports where they are used.
"""

import json
from typing import TYPE_CHECKING, NoReturn

import click

from xlflow.cli.console import (
    exit_on_fatal_error,
    print_output,
    print_result_and_exit,
    show_progress_bars,
)
from xlflow.cli.options import JSON_OPTION, ROUND_OPTION
from xlflow.cli.round_commands import open_chosen_round
from xlflow.cli.terminal import write_text
from xlflow.cli.user_locale import user_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlflow.model.merged import RunResult
    from xlflow.project.mail_texts import MailPurpose
    from xlflow.project.project_folder import Project
    from xlflow.project.project_state import RoundState

_WAYS = ("draft", "smtp", "preview", "arrived")


@click.command(short_help="Make the mails of the round as drafts, or send them.")
@click.option("--draft", is_flag=True, help="Write drafts, which you send yourself.")
@click.option("--smtp", is_flag=True, help="Send them, by the server that the settings name.")
@click.option("--preview", is_flag=True, help="Show how the mails would read, and write nothing.")
@click.option("--arrived", is_flag=True, help="Note that mails did arrive of which it was not known.")
@click.option("--remind", "purpose", flag_value="remind", help="Reminders to those who have not answered.")
@click.option("--correct", "purpose", flag_value="correct", help="To those who must correct, their form attached.")
@click.option("--unit", "units", multiple=True, metavar="NAME", help="Only this unit; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Say who would get a mail, and write and send nothing.")
@ROUND_OPTION
@JSON_OPTION
def send(
    purpose: str | None, units: tuple[str, ...], dry_run: bool, round_name: str | None, as_json: bool, **ways: bool
) -> None:
    """Make the mails of the project's round, one per unit with its form attached: as drafts, or sent.

    Without --remind or --correct: to every unit whose form has not been mailed yet. Before reminders, the mailbox
    and the inbox are collected, and nobody is reminded twice within some days. Drafts are .eml files in the folder
    drafts, with a page of links, and also in the mailbox if the settings name one. The texts are those of
    mails.toml in the project, if there is one.
    """
    with open_chosen_round(round_name) as (project, state):
        result = _run_send(project, state, _choose_purpose(purpose), units, dry_run=dry_run, ways=ways)
    print_mails_and_exit(result, as_json=as_json)


def _run_send(
    project: "Project",
    state: "RoundState",
    purpose: "MailPurpose",
    units: tuple[str, ...],
    *,
    dry_run: bool,
    ways: dict[str, bool],
) -> "RunResult":
    from xlflow.model.findings import FatalError, Location, make_finding
    from xlflow.project.send_drafts import preview_mails, send_drafts
    from xlflow.project.send_mails import record_as_sent, send_mails

    chosen = [way for way in _WAYS if ways[way]]
    if len(chosen) > 1:
        raise FatalError(make_finding("send-one-way", Location("")))
    if not (chosen or dry_run):
        raise FatalError(make_finding("send-needs-draft", Location("")))
    if chosen == ["preview"]:
        return preview_mails(project, state, purpose, units)
    if chosen == ["arrived"]:
        return record_as_sent(project, state, units)
    if chosen == ["smtp"]:
        with show_progress_bars() as progress:
            return send_mails(project, state, purpose, units, dry_run=dry_run, progress=progress)
    return send_drafts(project, state, purpose, units, dry_run=dry_run)


def _choose_purpose(purpose: str | None) -> "MailPurpose":
    return "remind" if purpose == "remind" else "correct" if purpose == "correct" else "invite"


def print_mails_and_exit(result: "RunResult", *, as_json: bool) -> NoReturn:
    """Print a result, as JSON with each mail among its values, and leave with its exit code."""
    if not as_json:
        print_result_and_exit(result, as_json=False)
    import sys

    from xlflow.cli.json_output import result_to_values

    print_output(
        json.dumps({**result_to_values(result), "mails": [dict(mail) for mail in result.mails]}, indent=2)
    )
    sys.exit(result.exit_code)


@click.group("mail", short_help="Set up and try the mailbox of the project.")
def mail_group() -> None:
    """Set up and try the mailbox of the project, which the section [mail] of xlflow.toml describes.

    Passwords and logins are kept in the key store of the computer, never in the project.
    """


@mail_group.command("check", short_help="Log in to both servers.")
def check_mail() -> None:
    """Log in to both servers and say what works. Sends and changes nothing."""
    from xlflow.project.mail_setup import try_account

    _run_mail_command(try_account)


@mail_group.command("password", short_help="Keep the password in the key store.")
def ask_password() -> None:
    """Ask for the password of the mailbox and put it into the key store of the computer."""
    from xlflow.i18n.catalogue import translate
    from xlflow.project.mail_setup import keep_password, login_name

    with exit_on_fatal_error():
        from xlflow.project.project_folder import open_project

        project = open_project()
        prompt = translate("mail.ask_password", user_language(), user=login_name(project))
        result = keep_password(project, click.prompt(prompt, hide_input=True, err=True))
    print_result_and_exit(result, as_json=False)


@mail_group.command("login", short_help="Log in to Microsoft 365.")
def log_in_to_mail() -> None:
    """Log in to Microsoft 365 with a code that you type into a browser, and keep the login in the key store."""
    from xlflow.project.mail_setup import log_in_to_microsoft

    _run_mail_command(lambda project: log_in_to_microsoft(project, lambda text: write_text(text, err=True)))


@mail_group.command("forget", short_help="Remove password and login.")
def forget_mail() -> None:
    """Remove password and login of the mailbox from the key store of the computer."""
    from xlflow.project.mail_setup import forget_secrets

    _run_mail_command(forget_secrets)


@mail_group.command("texts", short_help="Write the texts of the mails to be edited.")
def save_texts() -> None:
    """Write the texts of the mails into the project, as mails.toml, to be edited there."""
    from xlflow.project.mail_setup import save_shipped_texts

    _run_mail_command(save_shipped_texts)


def _run_mail_command(run: "Callable[[Project], RunResult]") -> NoReturn:
    with exit_on_fatal_error():
        from xlflow.project.project_folder import open_project

        result = run(open_project())
    print_result_and_exit(result, as_json=False)

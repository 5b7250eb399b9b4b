"""`digitlab serve`: serve the page through Voilà."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo
from digitlab.errors import ServeError
from digitlab.lab import Lab
from digitlab.server import ServeOptions
from digitlab.server import serve as run_server
from digitlab.server.token_file import checked_token, read_token
from digitlab.store.home_settings import SHOW_CORRECTIONS

EXAMPLE = """\b
Examples:
  digitlab serve
  digitlab serve --ip 0.0.0.0 --token-file token.txt --no-open
  digitlab serve --retrain "0 3 * * *"
"""


@click.command(epilog=EXAMPLE)
@click.option("--ip", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8866, show_default=True)
@click.option("--base-url", default="/", show_default=True, help="Path behind a reverse proxy.")
@click.option(
    "--token",
    default="",
    help='Token that visitors must enter; "-" asks for it. Default: DIGITLAB_TOKEN, else none.',
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File whose only line is the token.",
)
@click.option(
    "--review/--no-review",
    default=None,
    help="Count verdicts only after a reviewer accepts them. Stored in the home.",
)
@click.option(
    "--show-corrections",
    type=click.Choice(["own", "all"]),
    help="Whose corrections a page shows after a fine-tune: those of its browser, or everybody's, "
    "for a class. Stored in the home; at first own.",
)
@click.option(
    "--retrain",
    default="",
    metavar='"CRON"',
    help='Fine-tune on a schedule, for example "0 3 * * *".',
)
@click.option("--max-sessions", type=click.IntRange(1), default=20, show_default=True)
@click.option("--certfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--open/--no-open", "open_browser", default=False, help="Open a browser window.")
@click.pass_context
def serve(
    ctx: click.Context,
    *,
    ip: str,
    port: int,
    base_url: str,
    token: str,
    token_file: Path | None,
    review: bool | None,
    show_corrections: str | None,
    retrain: str,
    max_sessions: int,
    certfile: Path | None,
    keyfile: Path | None,
    open_browser: bool,
) -> None:
    """Serve the page: upload or draw a digit, see the prediction, correct it."""
    options = ServeOptions(
        ip=ip,
        port=port,
        base_url=base_url,
        token=_token(token, token_file),
        retrain=retrain,
        max_sessions=max_sessions,
        certfile=certfile,
        keyfile=keyfile,
        open_browser=open_browser,
    )
    settings = settings_of(ctx, echo_home=False)
    choices = {"review": review, SHOW_CORRECTIONS: show_corrections}
    if any(choice is not None for choice in choices.values()):
        with Lab(settings) as lab:
            for name, choice in choices.items():
                if choice is not None:
                    lab.home_settings.set(name, choice, by=lab.contributor)
    run_server(options, settings, announce=echo)


def _token(option: str, file: Path | None) -> str:
    """Return the token from the options, or else from the environment.

    Raises:
        ServeError: two options set it, or it is not a usable token.
    """
    if option and file:
        raise ServeError("Set the token with --token or with --token-file, not with both.")
    if file:
        token, warning = read_token(file)
        if warning:
            echo(warning, err=True)
        return token
    if option == "-":
        return checked_token(_ask_for_token(), "The token")
    if option:
        _leave_command_line(option)
        return checked_token(option, "The token")
    token = os.environ.get("DIGITLAB_TOKEN", "")
    return checked_token(token, "DIGITLAB_TOKEN") if token else ""


def _ask_for_token() -> str:
    """Return the token that a person types unseen, or the first line of standard input."""
    if sys.stdin.isatty():
        token: str = click.prompt("Token", hide_input=True, err=True)
        return token
    return sys.stdin.readline().rstrip("\r\n")


def _leave_command_line(token: str) -> None:
    """Start this program again without the token in its command line, where the system allows it.

    Every user of the machine can read the command lines of all processes.
    """
    arguments = _without_token(sys.orig_argv, token)
    if arguments == sys.orig_argv:  # the command was called in a process of another program
        return
    echo(
        "Other users of this machine can read a token in a command. "
        "Use --token-file, --token - or DIGITLAB_TOKEN.",
        err=True,
    )
    if os.name != "posix":  # elsewhere the new process would not replace this one
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, arguments, {**os.environ, "DIGITLAB_TOKEN": token})  # noqa: S606


def _without_token(arguments: list[str], token: str) -> list[str]:
    """Return the arguments of a program without `--token TOKEN` and `--token=TOKEN`."""
    kept: list[str] = []
    for argument in arguments:
        if argument == token and kept and kept[-1] == "--token":
            kept.pop()
        elif argument != f"--token={token}":
            kept.append(argument)
    return kept

"""`digitlab serve`: serve the page through Voilà."""

from __future__ import annotations

import os
from pathlib import Path

import click

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo
from digitlab.lab import Lab
from digitlab.server import ServeOptions
from digitlab.server import serve as run_server

EXAMPLE = """\b
Examples:
  digitlab serve
  digitlab serve --ip 0.0.0.0 --token SECRET --no-open
  digitlab serve --retrain "0 3 * * *"
"""


@click.command(epilog=EXAMPLE)
@click.option("--ip", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8866, show_default=True)
@click.option("--base-url", default="/", show_default=True, help="Path behind a reverse proxy.")
@click.option(
    "--token",
    default="",
    help="Token that visitors must enter. Default: DIGITLAB_TOKEN, else none.",
)
@click.option(
    "--review/--no-review",
    default=None,
    help="Count verdicts only after a reviewer accepts them. Stored in the home.",
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
    review: bool | None,
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
        token=token or os.environ.get("DIGITLAB_TOKEN", ""),
        retrain=retrain,
        max_sessions=max_sessions,
        certfile=certfile,
        keyfile=keyfile,
        open_browser=open_browser,
    )
    settings = settings_of(ctx, echo_home=False)
    if review is not None:
        with Lab(settings) as lab:
            lab.home_settings.set("review", review, by=lab.contributor)
    run_server(options, settings, announce=echo)

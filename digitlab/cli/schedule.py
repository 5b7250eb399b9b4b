"""`digitlab schedule`: fine-tune at the times of a cron expression."""

from __future__ import annotations

import threading

import click

from digitlab.cli.fine_tune import outcome_lines
from digitlab.cli.main import settings_of
from digitlab.cli.output import echo

EXAMPLE = """\b
Examples:
  digitlab schedule --cron "0 3 * * *"
  digitlab schedule --cron "30 2 * * 1-5" --zone Europe/Berlin --once
"""


@click.command(epilog=EXAMPLE)
@click.option(
    "--cron",
    required=True,
    metavar='"M H D M W"',
    help="Minute, hour, day of the month, month, weekday (0 and 7 are Sunday), as in cron(5).",
)
@click.option(
    "--zone", metavar="NAME", help="Time zone, for example Europe/Berlin. Default: this machine's."
)
@click.option(
    "--once", is_flag=True, help="Run a fine-tune that is due now, wait for its outcome and return."
)
@click.pass_context
def schedule(ctx: click.Context, *, cron: str, zone: str | None, once: bool) -> None:
    """Fine-tune at each time of the cron expression, until Ctrl-C.

    Several schedulers of one home start one run for each time. If a time passed while no
    scheduler ran, the next one makes up for it once. With --once, the exit code is 1 if the
    run failed.
    """
    from digitlab.jobs.cron import Cron
    from digitlab.jobs.scheduler import Scheduler
    from digitlab.settings import default_contributor

    settings = settings_of(ctx)
    scheduler = Scheduler(settings, Cron(cron, zone=zone), by=default_contributor())
    try:
        if once:
            run = scheduler.start_if_due(wait=True)
            echo(*(["nothing is due"] if run is None else outcome_lines(run)))
            echo(f"next: {scheduler.next_due_text}")
            if run is not None and run.outcome == "failed":
                ctx.exit(1)
            return
        with scheduler.running(echo):
            echo(f"next: {scheduler.next_due_text}")
            _wait()
    finally:
        scheduler.close()


def _wait() -> None:
    """Wait until Ctrl-C or the end of the process."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        echo("stopped; a run that has started continues", err=True)

"""`digitlab fine-tune`: learn from the corrections, with a progress bar and the outcome."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo, echo_result, printable
from digitlab.phrases import duration_text
from digitlab.settings import Settings

if TYPE_CHECKING:  # the store loads in half a second; the bar shows before that
    from digitlab.store import Run

EXAMPLE = """\b
Examples:
  digitlab fine-tune
  digitlab fine-tune --set seed=7 --set steps=120 --json
"""


@click.command("fine-tune", epilog=EXAMPLE)
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the notebook. Repeat for more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_context
def fine_tune(ctx: click.Context, *, pairs: tuple[str, ...], as_json: bool) -> None:
    """Train on the accepted corrections, and serve the new version if it is no worse.

    notebooks/fine_tune.ipynb runs in another process. Ctrl-C cancels the run; a second Ctrl-C
    does not wait for its end. The exit code is 1 if the run failed, else 0.
    """
    settings = settings_of(ctx)
    with closing(RunBar()) as bar:
        run = _run(settings, _parameters(pairs), bar)
    echo_result(run.to_dict(), *outcome_lines(run), as_json=as_json)
    if run.outcome == "failed":
        ctx.exit(1)


class RunBar:
    """Progress on standard error: a bar on a terminal, else one line for each phase."""

    def __init__(self) -> None:
        self._bar = tqdm(
            total=1.0,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}",
            disable=not sys.stderr.isatty(),
            leave=False,
        )
        self._phase = ""
        self._show_phase("checking")
        self._bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def show(self, run: Run) -> None:
        """Show the progress of a run."""
        from digitlab.store.runs.types import PHASES

        self._show_phase(run.phase)
        fraction = run.step / run.steps if run.phase == "training" and run.steps else 0.0
        self._bar.n = (PHASES.index(run.phase) + fraction) / (len(PHASES) - 1)
        self._bar.set_postfix(_figures(run), refresh=False)
        self._bar.refresh()

    def write(self, message: str) -> None:
        """Write a message above the bar."""
        self._bar.write(printable(message), file=sys.stderr)

    def _show_phase(self, phase: str) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        self._bar.set_description_str(f"{phase:<11}", refresh=False)
        if self._bar.disable and phase != "done":
            echo(f"{phase} ...", err=True)


def outcome_lines(run: Run) -> list[str]:
    """Return the outcome and its reasons as lines for a person."""
    version = f" {run.version}" if run.version else ""
    lines = [f"{run.outcome}{version} after {duration_text(run.seconds)} (run {run.name})"]
    lines += [f"  {reason}" for reason in run.reasons]
    if run.notebook:
        lines.append(f"  notebook: {run.notebook}")
    return lines


def _run(settings: Settings, parameters: dict[str, Any], bar: RunBar) -> Run:
    from digitlab.jobs import follow, start
    from digitlab.settings import default_contributor
    from digitlab.store import RunLog

    run = now = start(settings, parameters=parameters, trigger="cli", by=default_contributor())
    cancelled = False
    while not run.over:
        try:
            for now in follow(settings, run.name):
                bar.show(now)
            return now
        except KeyboardInterrupt:
            if cancelled:
                bar.write(f"run {run.name} ends without this command")
                raise
            cancelled = True
            bar.write("cancelling the run; press Ctrl-C again to stop waiting for its end")
            with RunLog.open(settings) as log:
                log.request_cancel(run.name)
    return run


def _parameters(pairs: Iterable[str]) -> dict[str, Any]:
    from digitlab.jobs.launch import REPORT_PARAMETER
    from digitlab.learning.config import parse_parameter

    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator:
            raise click.UsageError(f"Expected --set NAME=VALUE, got {pair!r}.")
        name, text = name.strip(), text.strip()
        parameters[name] = text if name == REPORT_PARAMETER else parse_parameter(name, text)
    return parameters


def _figures(run: Run) -> dict[str, str]:
    figures = {}
    if run.loss is not None:
        figures["loss"] = f"{run.loss:.4f}"
    if run.validation_accuracy is not None:
        figures["validation"] = f"{run.validation_accuracy:.2%}"
    if run.seconds_left is not None:
        figures["left"] = duration_text(run.seconds_left)
    return figures

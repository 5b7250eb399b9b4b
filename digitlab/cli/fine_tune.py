"""`digitlab fine-tune`: learn from the corrections now, with a bar and the outcome."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from digitlab.cli.main import settings_of
from digitlab.settings import Settings

if TYPE_CHECKING:  # the store takes half a second to load; the bar stands before
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
    help="A parameter of the notebook; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@click.pass_context
def fine_tune(ctx: click.Context, *, pairs: tuple[str, ...], as_json: bool) -> None:
    """Train on the accepted corrections, and serve the new model if it is no worse.

    The work is done by notebooks/fine_tune.ipynb in a process of its own. Ctrl-C asks it to
    end; a second Ctrl-C leaves it alone. Exit code 1 when it failed, else 0.
    """
    settings = settings_of(ctx)
    with closing(RunBar()) as bar:
        run = _run(settings, _parameters(pairs), bar)
    click.echo(json.dumps(run.to_dict()) if as_json else in_words(run))
    if run.outcome == "failed":
        ctx.exit(1)


class RunBar:
    """How far a run is, on standard error: a bar on a terminal, else a line for each phase."""

    def __init__(self) -> None:
        self._bar = tqdm(
            total=1.0,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}",
            disable=not sys.stderr.isatty(),
            leave=False,
        )
        self._phase = ""
        self._say("looking up")
        self._bar.refresh()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def show(self, run: Run) -> None:
        """Show how far `run` is."""
        from digitlab.store.runs.types import PHASES

        self._say(run.phase)
        part = run.step / run.steps if run.phase == "training" and run.steps else 0.0
        self._bar.n = (PHASES.index(run.phase) + part) / (len(PHASES) - 1)
        self._bar.set_postfix(_figures(run), refresh=False)
        self._bar.refresh()

    def tell(self, sentence: str) -> None:
        """Say something once, above the bar."""
        self._bar.write(sentence, file=sys.stderr)

    def _say(self, phase: str) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        self._bar.set_description_str(f"{phase:<11}", refresh=False)
        if self._bar.disable and phase != "done":
            click.echo(f"{phase} ...", err=True)


def in_words(run: Run) -> str:
    """The outcome and its reasons, as lines for a person."""
    version = f" {run.version}" if run.version else ""
    lines = [f"{run.outcome}{version} after {run.seconds:.1f} s (run {run.name})"]
    lines += [f"  {reason}" for reason in run.reasons]
    if run.notebook:
        lines.append(f"  notebook: {run.notebook}")
    return "\n".join(lines)


def _run(settings: Settings, parameters: dict[str, Any], bar: RunBar) -> Run:
    from digitlab.jobs import follow, start
    from digitlab.settings import default_contributor
    from digitlab.store import RunLog

    run = now = start(settings, parameters=parameters, trigger="cli", by=default_contributor())
    asked = False
    while not run.over:
        try:
            for now in follow(settings, run.name):
                bar.show(now)
            return now
        except KeyboardInterrupt:
            if asked:
                bar.tell(f"run {run.name} goes on without this command")
                raise
            asked = True
            bar.tell("asked it to end; Ctrl-C again to leave it alone")
            with RunLog.open(settings) as log:
                log.ask_cancel(run.name)
    return run


def _parameters(given: Iterable[str]) -> dict[str, Any]:
    from digitlab.jobs.launch import REPORTED
    from digitlab.learning.config import parse

    found: dict[str, Any] = {}
    for pair in given:
        name, separator, text = pair.partition("=")
        if not separator:
            raise click.UsageError(f"Expected --set NAME=VALUE, got {pair!r}.")
        name, text = name.strip(), text.strip()
        found[name] = text if name == REPORTED else parse(name, text)
    return found


def _figures(run: Run) -> dict[str, str]:
    figures = {}
    if run.loss is not None:
        figures["loss"] = f"{run.loss:.4f}"
    if run.validation_accuracy is not None:
        figures["validation"] = f"{run.validation_accuracy:.2%}"
    if run.seconds_left is not None:
        figures["left"] = f"{run.seconds_left:.0f} s"
    return figures

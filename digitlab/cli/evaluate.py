"""`digitlab evaluate`: how well a model version reads a labelled data set."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

import click
from tqdm import tqdm

from digitlab.cli.main import settings_of
from digitlab.evaluation import Evaluation
from digitlab.evaluation import evaluate as run_evaluation
from digitlab.lab import Lab
from digitlab.picture_reader import Reader, limits_of
from digitlab.store import ModelRegistry

EXAMPLE = """\b
Examples:
  digitlab evaluate mnist:test
  digitlab evaluate my-pictures/ --json
  digitlab evaluate train.csv --model v0001
"""


@click.command(epilog=EXAMPLE)
@click.argument("data", metavar="DATA")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--model", "version", metavar="VERSION", help="Another version than the serving one.")
@click.option("--memory", is_flag=True, help="Let remembered corrections answer too.")
@click.pass_context
def evaluate(
    ctx: click.Context, data: str, *, as_json: bool, version: str | None, memory: bool
) -> None:
    """Read every digit of DATA and count the right ones.

    DATA is a labelled folder (the label is the parent folder's name if that is one digit,
    else the first character of the file's name), an .npz file with x and y, Kaggle's .csv,
    mnist:test or mnist:validation.
    """
    settings = settings_of(ctx)
    with ExitStack() as stack:
        if memory:
            lab = stack.enter_context(Lab(settings))
            reader = lab.reader(version, threads=2, memory=True)
        else:  # a home that cannot be written will do
            classifier = ModelRegistry(settings).load(version, threads=2)
            reader = Reader(classifier, limits=limits_of(settings))
        bar = tqdm(desc="pictures", unit="", disable=not sys.stderr.isatty())
        stack.enter_context(bar)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        result = run_evaluation(data, reader, progress=progress)
    click.echo(json.dumps(result.to_dict()) if as_json else _report(result))


def _report(result: Evaluation) -> str:
    low, high = result.ci95
    lines = [
        f"{result.correct:,} of {result.n:,} right: {result.accuracy:.2%} "
        f"(95 % interval {low:.2%} to {high:.2%}), model {result.model}",
        f"calibration error (ECE) {result.ece:.2%}; refused {result.refused:,}, "
        f"unreadable {result.unreadable:,}",
    ]
    for name in ("seen", "unseen"):
        part = getattr(result, name)
        if part is not None and part["n"]:
            lines.append(
                f"{name} in training: {part['correct']:,} of {part['n']:,} right "
                f"({part['accuracy']:.2%})"
            )
    return "\n".join(lines)

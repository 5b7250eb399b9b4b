"""`digitlab evaluate`: measure a model version on a labelled data set."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Final

import click
from tqdm import tqdm

from digitlab.cli.main import echo_not_kept, settings_of
from digitlab.cli.output import echo_result
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


_FEW: Final = 20  # pictures below which a low accuracy says little


@click.command(epilog=EXAMPLE)
@click.argument("data", metavar="DATA")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--model", "version", metavar="VERSION", help="Version to evaluate. Default: the champion."
)
@click.option("--memory", is_flag=True, help="Let stored corrections answer, too.")
@click.pass_context
def evaluate(
    ctx: click.Context, data: str, *, as_json: bool, version: str | None, memory: bool
) -> None:
    """Read every digit of DATA and count the correct predictions.

    DATA is a folder or .zip file of labelled pictures, a .csv or .npz file or a pair of IDX
    files with pictures and labels, mnist:test or mnist:validation. Known folders are 7, 07,
    seven, digit_7 and Chars74K's Sample008; the first line of the output names the rule that
    gave the labels.
    """
    settings = settings_of(ctx)
    with ExitStack() as stack:
        if memory:
            lab = stack.enter_context(Lab(settings))
            reader = lab.reader(version, threads=2, memory=True)
            echo_not_kept(lab.not_kept)
        else:  # works in a home that cannot be written, too
            models = stack.enter_context(ModelRegistry(settings))
            classifier = models.load(version, threads=2)
            echo_not_kept(models.not_kept)
            reader = Reader(classifier, limits=limits_of(settings))
        bar = tqdm(desc="pictures", unit="", disable=not sys.stderr.isatty())
        stack.enter_context(bar)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        evaluation = run_evaluation(data, reader, progress=progress)
    echo_result(evaluation.to_dict(), *_lines(evaluation), as_json=as_json)


def _lines(evaluation: Evaluation) -> list[str]:
    low, high = evaluation.ci95
    lines = [f"read as: {evaluation.read_as}"] if evaluation.read_as else []
    lines += [f"the same picture under two labels: {c}" for c in evaluation.contradictions]
    if evaluation.left_out:
        counts = ", ".join(f"{n:,} ({cause})" for cause, n in evaluation.left_out.items())
        lines.append(f"left out: {counts}")
    lines += [
        f"{evaluation.correct:,} of {evaluation.n:,} right: {evaluation.accuracy:.2%} "
        f"(95 % interval {low:.2%} to {high:.2%}), model {evaluation.model}",
        f"calibration error (ECE) {evaluation.ece:.2%}; refused {evaluation.refused:,}, "
        f"unreadable {evaluation.unreadable:,}",
    ]
    if evaluation.n >= _FEW and evaluation.accuracy < 0.5:
        lines.append(
            "fewer than half are right: compare labels, polarity and orientation of the data with "
            "what `read as` says"
        )
    for name in ("seen", "unseen"):
        counts = getattr(evaluation, name)
        if counts is not None and counts["n"]:
            lines.append(
                f"{name} in training: {counts['correct']:,} of {counts['n']:,} right "
                f"({counts['accuracy']:.2%})"
            )
    return lines

"""`digitlab train`: train a new base on MNIST, with a progress bar and checkpoints."""

from __future__ import annotations

import sys
from typing import Any

import click
from tqdm import tqdm

from digitlab.cli.main import settings_of
from digitlab.cli.output import echo_result
from digitlab.lab import Lab
from digitlab.model.train_config import TrainConfig
from digitlab.phrases import duration_text

EXAMPLE = """\b
Examples:
  digitlab train
  digitlab train --epochs 3 --seed 7
  digitlab train --teachers v0001,v0002,v0003
"""


@click.command(epilog=EXAMPLE)
@click.option("--epochs", type=click.IntRange(1), default=TrainConfig.epochs, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=TrainConfig.seed, show_default=True)
@click.option(
    "--images",
    type=click.IntRange(TrainConfig.batch_size, 50_000),
    help="Train on the first N images only, to try it out.",
)
@click.option(
    "--teachers",
    default="",
    callback=lambda _ctx, _option, text: tuple(name for name in text.split(",") if name),
    metavar="VERSION,...",
    help="Learn also from the mean answer of these versions (distillation).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_context
def train(
    ctx: click.Context,
    *,
    epochs: int,
    seed: int,
    images: int | None,
    teachers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train a network from scratch and register it beside the shipped base.

    The photographed digits are made first; then an epoch takes about a minute on two cores.
    After an interruption, the same call continues from the last epoch. The new version does
    not serve until you promote it. Evaluate it with
    `digitlab evaluate mnist:test --model VERSION`.
    """
    settings = settings_of(ctx)
    config = TrainConfig(epochs=epochs, seed=seed, images=images, teachers=teachers)
    with (
        Lab(settings) as lab,
        tqdm(desc="epoch 1", unit="step", disable=not sys.stderr.isatty()) as bar,
    ):

        def progress(step: int, steps: int, loss: float) -> None:
            bar.total = steps
            bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
            bar.update(step - bar.n)

        def epoch_done(row: dict[str, Any]) -> None:
            bar.write(
                f"epoch {row['epoch']}/{epochs}: loss {row['loss']:.4f}, "
                f"validation {row['validation_accuracy']:.2%}, {duration_text(row['seconds'])}",
                file=sys.stderr,
            )
            bar.reset()
            bar.set_description(f"epoch {min(row['epoch'] + 1, epochs)}")

        version = lab.train(config, progress=progress, epoch_done=epoch_done)
        card, folder = lab.models.card(version), lab.models.folder(version)
    test = card.metrics["mnist:test"]
    echo_result(
        {"version": version, "epoch": card.epoch, "metrics": card.metrics},
        f"{version}: epoch {card.epoch} of {epochs}, {test['correct']:,} of {test['n']:,} of "
        f"MNIST's test images right ({test['accuracy']:.2%}); {folder}",
        as_json=as_json,
    )

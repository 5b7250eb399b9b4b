"""Known: what every fine-tune of a home asks again, made once and kept in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import cache_file_name, find_arrays, read_arrays, write_arrays
from digitlab.learning.config import TYPES, FineTuneConfig
from digitlab.learning.data.examples import RECIPE
from digitlab.learning.data.replay import Replay, replay
from digitlab.model.refusal_threshold import SYNTHETIC_DIGITS, synthetic_digits
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


def draw_ahead(settings: Settings, parameters: Mapping[str, Any]) -> None:
    """Draw what the fine-tune that begins in another process will want, and keep it in the home.

    Args:
        settings: of the home.
        parameters: of the notebook, those that differ from their defaults.
    """
    config = FineTuneConfig.of({name: parameters[name] for name in parameters if name in TYPES})
    with ModelRegistry(settings) as models:
        base, folder = models.load(models.base, threads=config.threads), models.folder(models.base)
    if _kept_replay(base, config, settings.cache) is None:
        drawn = replay(base, config, steps=config.steps, places=(folder, settings.cache))
        write_arrays(settings.cache / _replay_name(base, config), **vars(drawn))
    written(settings.cache)


def replayed(
    base: Classifier, config: FineTuneConfig, *, steps: int, places: Sequence[Path]
) -> Replay:
    """As `replay`; from the last of the places, where it was drawn ahead."""
    kept = _kept_replay(base, config, places[-1])
    if kept is None:
        return replay(base, config, steps=steps, places=places)
    return Replay(**{part: array[:steps] for part, array in vars(kept).items()})


def _kept_replay(base: Classifier, config: FineTuneConfig, cache: Path) -> Replay | None:
    size = config.steps, config.replay
    shapes = {"x": (28, 28), "y": (), "logits": (10,), "embeddings": (base.card.embedding,)}
    shapes = {part: (*size, *shape) for part, shape in shapes.items()}
    kept: Any = read_arrays(cache / _replay_name(base, config), **shapes)
    return None if kept is None else Replay(**dict(zip(shapes, kept, strict=True)))


def _replay_name(base: Classifier, config: FineTuneConfig) -> str:
    decide = RECIPE, config.seed, config.steps, config.replay, base.card.hashes["model.tflite"]
    return cache_file_name("replay", *decide, mnist.SHA256, photographs.SHA256)


def written(cache: Path) -> NDArray[np.uint8]:
    """The digits of `synthetic_digits`, which take a second to draw.

    Args:
        cache: the folder in which they are kept.
    """
    file = cache / f"written-{SYNTHETIC_DIGITS}.npz"
    kept = read_arrays(file, x=(SYNTHETIC_DIGITS, 28, 28))
    if kept is None:
        kept = (synthetic_digits(),)
        write_arrays(file, x=kept[0])
    return kept[0].astype(np.uint8)


def holdout_guesses(champion: Classifier, places: Sequence[Path]) -> dict[str, NDArray[np.int64]]:
    """What the champion says of both slices of the gate, by name; asked once, and kept in a file.

    Args:
        champion: the version that serves.
        places: folders in which the file may be; in the last one it is made when missing.
    """
    name = cache_file_name(
        "holdout", champion.card.hashes["model.tflite"], mnist.SHA256, photographs.SHA256
    )
    slices = {"holdout": mnist.load("holdout"), "photographs": photographs.load("holdout")}
    kept = find_arrays(places, name, **{part: y.shape for part, (_, y) in slices.items()})
    if kept is None:
        said = [
            champion.logits_and_embeddings(x)[0].argmax(axis=1).astype(np.uint8)
            for x, _ in slices.values()
        ]
        kept = tuple(said)
        write_arrays(places[-1] / name, **dict(zip(slices, said, strict=True)))
    return {part: guesses.astype(np.int64) for part, guesses in zip(slices, kept, strict=True)}

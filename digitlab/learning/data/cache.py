"""Cached results that every fine-tune of a home needs: replay, handwriting, holdout predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import cache_file_name, find_arrays, read_arrays, write_arrays
from digitlab.learning.config import PARAMETER_TYPES, FineTuneConfig
from digitlab.learning.data.examples import RECIPE_VERSION
from digitlab.learning.data.replay import Replay, build_replay
from digitlab.model.refusal_threshold import SYNTHETIC_DIGITS, synthetic_digits
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


def prepare_cache(settings: Settings, parameters: Mapping[str, Any]) -> None:
    """Compute the replay and the synthetic digits for a fine-tune that starts in another process.

    Args:
        settings: the home's settings.
        parameters: the notebook's parameters that differ from their defaults.
    """
    config = FineTuneConfig.from_dict(
        {name: parameters[name] for name in parameters if name in PARAMETER_TYPES}
    )
    with ModelRegistry(settings) as models:
        base, folder = models.load(models.base, threads=config.threads), models.folder(models.base)
    cache = settings.cache
    if _read_replay(base, config, cache) is None:
        replay = build_replay(base, config, steps=config.steps, cache_folders=(folder, cache))
        write_arrays(cache / _replay_file_name(base, config), **vars(replay))
    load_synthetic_digits(cache)


def load_replay(
    base: Classifier, config: FineTuneConfig, *, steps: int, cache_folders: Sequence[Path]
) -> Replay:
    """Like `build_replay`, but read from the last cache folder if `prepare_cache` wrote it."""
    replay = _read_replay(base, config, cache_folders[-1])
    if replay is None:
        return build_replay(base, config, steps=steps, cache_folders=cache_folders)
    return Replay(**{part: array[:steps] for part, array in vars(replay).items()})


def _read_replay(base: Classifier, config: FineTuneConfig, cache: Path) -> Replay | None:
    size = config.steps, config.replay
    shapes = {"x": (28, 28), "y": (), "logits": (10,), "embeddings": (base.card.embedding,)}
    shapes = {part: (*size, *shape) for part, shape in shapes.items()}
    arrays: Any = read_arrays(cache / _replay_file_name(base, config), **shapes)
    return None if arrays is None else Replay(**dict(zip(shapes, arrays, strict=True)))


def _replay_file_name(base: Classifier, config: FineTuneConfig) -> str:
    sizes = config.seed, config.steps, config.replay
    hashes = base.card.hashes["model.tflite"], mnist.SHA256, photographs.SHA256
    return cache_file_name("replay", RECIPE_VERSION, *sizes, *hashes)


def load_synthetic_digits(cache: Path) -> NDArray[np.uint8]:
    """Return the digits of `model.refusal_threshold.synthetic_digits`, which take a second to draw.

    Args:
        cache: folder of their file; created when missing.
    """
    file = cache / f"written-{SYNTHETIC_DIGITS}.npz"
    arrays = read_arrays(file, x=(SYNTHETIC_DIGITS, 28, 28))
    if arrays is None:
        arrays = (synthetic_digits(),)
        write_arrays(file, x=arrays[0])
    return arrays[0].astype(np.uint8)


def holdout_predictions(
    version: Classifier, cache_folders: Sequence[Path]
) -> dict[str, NDArray[np.int64]]:
    """Return the digits that a version predicts on the holdout splits.

    Args:
        version: the champion or the base.
        cache_folders: folders that may have the predictions in a file; a new file is written to
            the last one.

    Returns:
        "holdout": predictions for MNIST's holdout split, (5000,); "photographs": for the
        photographed digits, (1000,).
    """
    name = cache_file_name(
        "holdout", version.card.hashes["model.tflite"], mnist.SHA256, photographs.SHA256
    )
    splits = {"holdout": mnist.load("holdout"), "photographs": photographs.load("holdout")}
    shapes = {split: y.shape for split, (_, y) in splits.items()}
    arrays = find_arrays(cache_folders, name, **shapes)
    if arrays is None:
        arrays = tuple(
            version.logits_and_embeddings(x)[0].argmax(axis=1).astype(np.uint8)
            for x, _ in splits.values()
        )
        write_arrays(cache_folders[-1] / name, **dict(zip(splits, arrays, strict=True)))
    return {part: array.astype(np.int64) for part, array in zip(splits, arrays, strict=True)}

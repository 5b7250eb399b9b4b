"""TrainConfig: the parameters of a training from scratch."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Parameters of one training from scratch; the fields are `notebooks/train.ipynb`'s too.

    Attributes:
        epochs: passes over the training images.
        seed: of the initial weights, the order, the augmentation and the dropout.
        batch_size: images a step.
        learning_rate: peak of AdamW's rate; a warm-up of one epoch, then a cosine to zero.
        weight_decay: AdamW's decoupled decay (Loshchilov and Hutter 2019, section 2).
        dropout: fraction of pooled features dropped while training; above 0.
        rotation: largest rotation of an augmented image, in degrees.
        shear: largest horizontal shear, in pixels per pixel.
        scale: largest relative change of width and of height, independently.
        shift: largest shift, in pixels.
        elastic: standard deviation of the bending, in pixels.
        worn: share of the images, 0-1, that are worn as photographs are.
        written: digits drawn by `synthetic.handwriting` that join each epoch, as a share of
            the training images.
        photographed: training digits that came through synthetic photographs and the front
            end, made once; they join each epoch; a share like `written`.
        outliers: images without a digit that join each epoch; a share like `written`.
        stages: channels and number of convolutions of each stage; the last one's channels
            are the length of the embedding.
        images: number of training images used, from the first; None for all 50,000.
    """

    epochs: int = 20
    seed: int = 0
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    dropout: float = 0.3
    rotation: float = 12.0
    shear: float = 0.2
    scale: float = 0.12
    shift: float = 2.0
    elastic: float = 1.0
    worn: float = 0.4
    written: float = 0.16
    photographed: float = 0.12
    outliers: float = 0.2
    stages: tuple[tuple[int, int], ...] = ((24, 2), (64, 2), (128, 3))
    images: int | None = None

    def __post_init__(self) -> None:
        for name, ok in {
            "epochs": self.epochs >= 1,
            "batch_size": self.batch_size >= 2,
            "learning_rate": self.learning_rate > 0,
            "dropout": 0 < self.dropout < 1,
            "worn": 0 <= self.worn <= 1,
            "written": 0 <= self.written <= 1,
            "photographed": 0 <= self.photographed <= 1,
            "outliers": 0 <= self.outliers <= 1,
            "images": self.images is None or self.images >= self.batch_size,
        }.items():
            if not ok:
                raise ValueError(f"{name}={getattr(self, name)!r} is out of range")

    @property
    def hash(self) -> str:
        """Twelve hex digits that name this configuration."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]

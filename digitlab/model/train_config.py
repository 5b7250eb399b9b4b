"""TrainConfig: the parameters of a training from scratch."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Parameters of one training from scratch.

    `notebooks/train.ipynb` and `digitlab train` set some of the fields. A version's card holds
    all of them. `docs/model.md` has the measurements behind the defaults.

    Attributes:
        epochs: number of passes over the training images.
        seed: seed of the initial weights, the order, the augmentation and the dropout.
        batch_size: number of images in one step.
        learning_rate: peak of AdamW's learning rate. The rate rises during the first epoch, then
            falls along a cosine to zero.
        weight_decay: AdamW's decoupled weight decay (Loshchilov and Hutter 2019, section 2).
        dropout: fraction of the pooled features that is dropped while training, above 0.
        rotation: largest rotation of an augmented image, in degrees.
        shear: largest horizontal shear, in pixels per pixel.
        scale: largest relative change of width and of height, drawn independently.
        shift: largest shift, in pixels.
        elastic: standard deviation of the elastic displacement, in pixels.
        worn: share of the augmented images that are degraded as in photographs, 0-1; see
            `augment.augment`.
        synthetic_digits: number of digits that `synthetic.handwriting` draws for each epoch,
            as a share of the number of MNIST images, 0-1.
        rare_shapes: share of the synthetic digits in shapes of `handwriting.rare_shapes`, 0-1.
        pixel_drawings: number of digits that are drawn with few pixels or a square brush for each
            epoch (`handwriting.pixel_drawings`); a share like `synthetic_digits`.
        photographed: number of MNIST digits that are also taken from synthetic photographs, as
            the front end extracts them; a share like `synthetic_digits`, but up to 4: above 1,
            digits are photographed several times, each time in another scene. They are made once.
        outliers: number of images without a digit that `synthetic.non_digits` draws for each
            epoch; a share like `synthetic_digits`.
        label_smoothing: share of each label that is spread evenly over the ten digits and "no
            digit", 0-1 (Szegedy et al. 2016, section 7).
        weight_average: decay per step of an exponential moving average of the weights, 0-1. The
            averaged weights are validated and kept (Polyak and Juditsky 1992); 0 averages none.
        teachers: versions from whose mean logits the network also learns (Hinton, Vinyals and
            Dean 2015); empty for none.
        distillation: weight of the teachers' probabilities in the loss, 0-1; the labels have the
            rest. Without teachers it has no effect.
        distillation_temperature: temperature at which both networks' probabilities are compared.
        stages: channels and number of convolutions of each stage. The channels of the last stage
            are the length of the embedding.
        images: number of MNIST images, from the first one of the `train` split; None for all
            50,000.
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
    synthetic_digits: float = 0.24
    rare_shapes: float = 0.4
    pixel_drawings: float = 0.06
    photographed: float = 0.12
    outliers: float = 0.2
    label_smoothing: float = 0.0
    weight_average: float = 0.0
    teachers: tuple[str, ...] = ()
    distillation: float = 0.7
    distillation_temperature: float = 2.0
    stages: tuple[tuple[int, int], ...] = ((24, 2), (64, 2), (128, 3))
    images: int | None = None

    def __post_init__(self) -> None:
        for name, (in_range, expected) in {
            "epochs": (self.epochs >= 1, "1 or more"),
            "batch_size": (self.batch_size >= 2, "2 or more"),
            "learning_rate": (self.learning_rate > 0, "above 0"),
            "dropout": (0 < self.dropout < 1, "above 0, below 1"),
            "worn": (0 <= self.worn <= 1, "0 to 1"),
            "synthetic_digits": (0 <= self.synthetic_digits <= 1, "0 to 1"),
            "rare_shapes": (0 <= self.rare_shapes <= 1, "0 to 1"),
            "pixel_drawings": (0 <= self.pixel_drawings <= 1, "0 to 1"),
            "photographed": (0 <= self.photographed <= 4, "0 to 4"),
            "outliers": (0 <= self.outliers <= 1, "0 to 1"),
            "label_smoothing": (0 <= self.label_smoothing < 1, "0 or more, below 1"),
            "weight_average": (0 <= self.weight_average < 1, "0 or more, below 1"),
            "distillation": (0 <= self.distillation <= 1, "0 to 1"),
            "distillation_temperature": (self.distillation_temperature > 0, "above 0"),
            "images": (
                self.images is None or self.images >= self.batch_size,
                f"None, or at least batch_size={self.batch_size}",
            ),
        }.items():
            if not in_range:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is out of range; expected {expected}"
                )

    @property
    def hash(self) -> str:
        """Twelve hex digits that identify this configuration; its checkpoint folder's name."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]

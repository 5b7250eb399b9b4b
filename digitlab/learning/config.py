"""FineTuneConfig: the parameters of a fine-tune, and how they are read from text and notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from digitlab.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig:
    """Parameters of one fine-tune; the fields are `notebooks/fine_tune.ipynb`'s too.

    All of them are in the version's hash: two homes with equal feedback, parameters and seed
    make the same version. `docs/learning.md` has the measurements behind the defaults.

    Attributes:
        seed: of the order, the augmentation and the replay, 0 to 2^32 - 1.
        steps: of training, each on one joint batch; a few examples take fewer, many up to twice
            as many.
        learning_rate: Adam's rate at the first step; it falls along a cosine to zero.
        examples: images from feedback in a batch, augmented.
        replay: images from the base's own training in a batch, so that nothing is forgotten.
        rotation: largest rotation of an augmented image, in degrees.
        shear: largest horizontal shear, in pixels per pixel.
        scale: largest relative change of width and of height, independently.
        shift: largest shift, in pixels.
        elastic: standard deviation of the bending, in pixels.
        worn: share of the images, 0-1, that are worn as photographs are.
        alphas: how far to go from the base (0) to what was trained (1); the highest one that
            costs `validation` nothing is taken.
        check_from: from so many accepted corrections on, some are kept back as a check.
        check_share: share of the corrections that is kept back then, 0-0.5.
        largest_share: largest share of the examples that one person of three or more may have.
        threads: of one TensorFlow operation; another number gives other last bits.
    """

    seed: int = 1
    steps: int = 160
    learning_rate: float = 5e-4
    examples: int = 24
    replay: int = 40
    rotation: float = 10.0
    shear: float = 0.15
    scale: float = 0.1
    shift: float = 1.5
    elastic: float = 0.7
    worn: float = 0.2
    alphas: tuple[float, ...] = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
    check_from: int = 50
    check_share: float = 0.2
    largest_share: float = 0.5
    threads: int = 2

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _typed(field.name, getattr(self, field.name)))
        for name, (ok, range_) in {
            "seed": (0 <= self.seed < 2**32, "0 to 4,294,967,295"),
            "steps": (1 <= self.steps <= 5_000, "1 to 5,000"),
            "learning_rate": (0 < self.learning_rate <= 0.1, "above 0, at most 0.1"),
            "examples": (1 <= self.examples <= 512, "1 to 512"),
            "replay": (20 <= self.replay <= 1_024, "20 to 1,024"),
            "rotation": (0 <= self.rotation <= 180, "0 to 180"),
            "shear": (0 <= self.shear <= 1, "0 to 1"),
            "scale": (0 <= self.scale <= 0.9, "0 to 0.9"),
            "shift": (0 <= self.shift <= 28, "0 to 28"),
            "elastic": (0 <= self.elastic <= 28, "0 to 28"),
            "worn": (0 <= self.worn <= 1, "0 to 1"),
            "alphas": (
                bool(self.alphas)
                and all(0 < a <= 1 for a in self.alphas)
                and list(self.alphas) == sorted(set(self.alphas)),
                "numbers above 0, at most 1, growing",
            ),
            "check_from": (self.check_from >= 5, "5 or more"),
            "check_share": (0 < self.check_share <= 0.5, "above 0, at most 0.5"),
            "largest_share": (0.2 <= self.largest_share <= 1, "0.2 to 1"),
            "threads": (1 <= self.threads <= 64, "1 to 64"),
        }.items():
            if not ok:
                raise ParameterError(
                    f"{name}={getattr(self, name)!r} is out of range; expected {range_}.",
                    parameter=name,
                )

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> FineTuneConfig:
        """The configuration with these parameters, the others at their defaults.

        Raises:
            ParameterError: one is unknown, of another type, or out of range; it is named.
        """
        check_names(parameters)
        return cls(**parameters)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON and papermill take them."""
        return {**asdict(self), "alphas": list(self.alphas)}


TYPES: Final[Mapping[str, str]] = {field.name: str(field.type) for field in fields(FineTuneConfig)}
"""The parameters and their types: "int", "float" or "tuple[float, ...]"."""


def check_names(names: Mapping[str, Any] | list[str]) -> None:
    """Refuse a name that is no parameter.

    Raises:
        ParameterError: names the parameter, and the one that was probably meant.
    """
    for name in names:
        if name not in TYPES:
            from difflib import get_close_matches  # only a mistake needs it

            close = get_close_matches(name, TYPES, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else "."
            raise ParameterError(
                f"There is no parameter {name!r}{meant} There are: {', '.join(TYPES)}.",
                parameter=name,
            )


def parse(name: str, text: str) -> Any:
    """The value of a parameter as it was typed on a command line.

    Args:
        name: of the parameter.
        text: a number; for `alphas` numbers with commas between them.

    Raises:
        ParameterError: there is no such parameter, or the text is no value of its type.
    """
    check_names([name])
    try:
        if TYPES[name].startswith("tuple"):
            value: Any = [float(part) for part in text.strip("[]() ").split(",")]
        else:
            value = json.loads(text)
    except ValueError:
        value = text
    return _typed(name, value)


def _typed(name: str, value: Any) -> Any:
    kind = TYPES[name]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "int" and isinstance(value, int) and number:
        return value
    if kind == "float" and number:
        return _number(name, value)
    if kind.startswith("tuple") and isinstance(value, (list, tuple)):
        return tuple(_element(name, element) for element in value)
    expected = {"int": "a whole number", "float": "a number"}.get(kind, "a list of numbers")
    raise ParameterError(
        f"{name} is {expected}, for example {name}={getattr(FineTuneConfig, name)!r}; "
        f"got {value!r}.",
        parameter=name,
    )


def _element(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError(f"{name} is a list of numbers; got {value!r}.", parameter=name)
    return _number(name, value)


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise ParameterError(f"{name} is too large a number.", parameter=name) from None

"""FineTuneConfig: the parameters of a fine-tune, checked by name, type and range."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from digitlab.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig:
    """Parameters of one fine-tune; `notebooks/fine_tune.ipynb` has the same names.

    All of them enter the fingerprint of a run's inputs: two homes with equal feedback, parameters
    and seed train the same version. `docs/learning.md` has the measurements behind the defaults.

    Attributes:
        seed: seed of the order, the augmentation and the replay, 0 to 2^32 - 1.
        steps: training steps, one batch each. Fewer for a few training examples, up to twice as
            many for many.
        learning_rate: Adam's learning rate at the first step; it falls to zero along a cosine.
        examples: augmented training examples from feedback in a batch.
        replay: images of the base's own training data in a batch, against forgetting.
        rotation: maximum rotation of an augmented image, in degrees.
        shear: maximum horizontal shear, in pixels per pixel.
        scale: maximum relative change of width and of height, drawn separately.
        shift: maximum shift, in pixels.
        elastic: standard deviation of the elastic distortion, in pixels.
        worn: share of the images, 0-1, that are degraded as photographs are.
        alphas: weights of the trained network, 0-1, in its interpolation with the base. The
            highest one that loses nothing that matters on the validation split is used.
        check_from: number of accepted corrections from which on some are kept back as checks.
        check_share: share of the corrections that is then kept back, 0-0.5.
        largest_share: maximum share of the training examples from one contributor, if there are
            three contributors or more.
        threads: threads of one TensorFlow operation. Another number changes the last bits of the
            weights.
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
            value = _to_type(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        for name, (in_range, expected) in {
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
                "increasing numbers above 0, at most 1",
            ),
            "check_from": (self.check_from >= 5, "5 or more"),
            "check_share": (0 < self.check_share <= 0.5, "above 0, at most 0.5"),
            "largest_share": (0.2 <= self.largest_share <= 1, "0.2 to 1"),
            "threads": (1 <= self.threads <= 64, "1 to 64"),
        }.items():
            if not in_range:
                raise ParameterError(
                    f"{name}={getattr(self, name)!r} is out of range; expected {expected}.",
                    parameter=name,
                )

    @classmethod
    def from_dict(cls, parameters: Mapping[str, Any]) -> FineTuneConfig:
        """Build a configuration from some parameters, the others at their defaults.

        Raises:
            ParameterError: a parameter is unknown, has the wrong type or is out of range. The
                message names it.
        """
        check_parameter_names(parameters)
        return cls(**parameters)

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as plain values for JSON and papermill."""
        return {**asdict(self), "alphas": list(self.alphas)}


PARAMETER_TYPES: Final[Mapping[str, str]] = {
    field.name: str(field.type) for field in fields(FineTuneConfig)
}
"""The name and type of each parameter; the type is "int", "float" or "tuple[float, ...]"."""


def check_parameter_names(names: Mapping[str, Any] | list[str]) -> None:
    """Check that every name is a parameter.

    Raises:
        ParameterError: a name is unknown. The message suggests the closest parameter.
    """
    for name in names:
        if name not in PARAMETER_TYPES:
            from difflib import get_close_matches  # only needed after a mistake

            close = get_close_matches(name, PARAMETER_TYPES, n=1)
            suggestion = f"; did you mean {close[0]!r}?" if close else "."
            raise ParameterError(
                f"There is no parameter {name!r}{suggestion} "
                f"The parameters are: {', '.join(PARAMETER_TYPES)}.",
                parameter=name,
            )


def parse_parameter(name: str, text: str) -> Any:
    """Parse the value of a parameter from the command line.

    Args:
        name: the parameter.
        text: a number; for `alphas`, numbers separated by commas.

    Raises:
        ParameterError: the parameter is unknown, or the text is not a value of its type.
    """
    check_parameter_names([name])
    try:
        if PARAMETER_TYPES[name].startswith("tuple"):
            value: Any = [float(part) for part in text.strip("[]() ").split(",")]
        else:
            value = json.loads(text)
    except ValueError:
        value = text
    return _to_type(name, value)


def _to_type(name: str, value: Any) -> Any:
    type_ = PARAMETER_TYPES[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if type_ == "int" and isinstance(value, int) and is_number:
        return value
    if type_ == "float" and is_number:
        return _to_float(name, value)
    if type_.startswith("tuple") and isinstance(value, (list, tuple)):
        return tuple(_to_element(name, element) for element in value)
    expected = {"int": "a whole number", "float": "a number"}.get(type_, "a list of numbers")
    raise ParameterError(
        f"{name} is {expected}, for example {name}={getattr(FineTuneConfig, name)!r}; "
        f"got {value!r}.",
        parameter=name,
    )


def _to_element(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError(f"{name} is a list of numbers; got {value!r}.", parameter=name)
    return _to_float(name, value)


def _to_float(name: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        raise ParameterError(f"{name} is too large a number.", parameter=name) from None

"""Prediction: what the model said of one digit, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.html.primitives import data_uri, digit_image_uri, frame_attributes, percent

DigitImage = NDArray[np.uint8]
"""uint8 (28, 28), bright ink on 0, in MNIST's frame."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture."""


@dataclass(frozen=True, kw_only=True)
class RecalledCorrection:
    """The earlier correction that a picture is like.

    Attributes:
        verdict: its number in the ledger.
        time: when it was given; aware.
        label: the digit that it names; None for "not a digit".
        own: True when the person who asks gave it.
        learned: True when the version that answers was taught it.
    """

    verdict: int
    time: datetime
    label: int | None
    own: bool
    learned: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """One digit read from one picture.

    Attributes:
        digit: the best guess, 0-9; also when refused.
        confidence: the calibrated probability of `digit`, 0-1.
        probabilities: ten calibrated probabilities, in the order of the digits.
        refused: True when digitlab sees no digit and asks the person.
        remembered: True when an earlier correction answered instead of the model, which would
            have answered otherwise.
        model: the version that answered, for example "base".
        box: where the digit stands.
        digit_image: what the model saw; uint8 (28, 28), bright ink on 0.
        picture_sha256: SHA-256 of the picture's bytes, in hex.
        name: the picture's name as given, for people; may be empty.
        picture: the bytes as given; empty when the picture came as an array of pixels.
        preview: a PNG or JPEG of the upright picture, reduced to at most 640 px a side.
        size: width and height of the upright picture in pixels; `box` is in these.
        id: the number of this prediction's row in the store; None when none was kept.
        correction: the correction that it is like; also where the model answers the same by now.
        fingerprint: how the picture looked, small, to know it again (`images.fingerprint`); empty where
            several digits of it were read.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    refused: bool
    remembered: bool
    model: str
    box: Box
    digit_image: DigitImage
    picture_sha256: str
    name: str = ""
    picture: bytes = field(default=b"", repr=False)
    preview: bytes = field(default=b"", repr=False)
    size: tuple[int, int] = (28, 28)
    id: int | None = None
    correction: RecalledCorrection | None = None
    fingerprint: bytes = field(default=b"", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The digit as one element of `digits` in `digitlab predict --json`."""
        return {
            "digit": self.digit,
            "confidence": self.confidence,
            "probabilities": list(self.probabilities),
            "refused": self.refused,
            "remembered": self.remembered,
            "box": list(self.box),
        }

    def _repr_html_(self) -> str:
        return prediction_html(self)


SURE = 0.9
"""At least this confident: "sure"."""

FAIRLY_SURE = 0.6
"""At least this confident: "fairly sure"; below, the two best guesses are named."""

STYLE = (Path(__file__).parent / "html" / "prediction.css").read_text(encoding="utf-8")
"""The style sheet that every full `prediction_html` brings along."""


def prediction_html(
    prediction: Prediction, *, compact: bool = False, others: Sequence[Box] = ()
) -> str:
    """A prediction as HTML: the digit large, the picture with its box, the 28x28, ten bars.

    Args:
        prediction: what to show. All text in it is escaped.
        compact: one line with the digit image, the digit and the confidence.
        others: boxes of the picture's other digits, which are drawn faintly.
    """
    if compact:
        body = _seen(prediction, caption=False) + _answer(prediction)
    else:
        picture = _picture(prediction, others)
        body = _answer(prediction) + picture + _seen(prediction) + _bars(prediction)
    kind = "dl-line" if compact else "dl-sheet"
    return (
        f'<style>{STYLE}</style><div class="dl-prediction"><div class="{kind}">{body}</div></div>'
    )


def in_words(prediction: Prediction) -> str:
    """The confidence in words, for example "sure, 99 %" or "unsure between 4 and 9, 48 %"."""
    if prediction.remembered:
        return f"remembered from {_correction(prediction.correction)}, not yet learned"
    if prediction.refused:
        return f"best guess {prediction.digit}, {percent(prediction.confidence)}"
    return f"{_sureness(prediction)}{_learned(prediction)}"


def _sureness(prediction: Prediction) -> str:
    if prediction.confidence >= SURE:
        return f"sure, {percent(prediction.confidence)}"
    if prediction.confidence >= FAIRLY_SURE:
        return f"fairly sure, {percent(prediction.confidence)}"
    second = _ranking(prediction)[1]
    return f"unsure between {prediction.digit} and {second}, {percent(prediction.confidence)}"


def _learned(prediction: Prediction) -> str:
    correction = prediction.correction
    return (
        f"; learned in {prediction.model}" if correction is not None and correction.learned else ""
    )


def _correction(correction: RecalledCorrection | None) -> str:
    """Whose correction and of when, in this machine's time zone; the day when it is not today."""
    if correction is None:
        return "a correction"
    time = correction.time.astimezone()
    day = "" if time.date() == datetime.now(time.tzinfo).date() else f"{time:%Y-%m-%d} "
    return f"{'your' if correction.own else 'a'} correction of {day}{time:%H:%M}"


def sentence(prediction: Prediction) -> str:
    """The prediction as one plain line, for lists and for screen readers; not escaped."""
    if prediction.refused:
        return f"I see no digit here; {in_words(prediction)}"
    return f"{prediction.digit}, {in_words(prediction)}"


def _answer(prediction: Prediction) -> str:
    words = f'<p class="dl-sure" data-testid="prediction-confidence">{in_words(prediction)}</p>'
    name = f'<p class="dl-name">{escape(prediction.name)}</p>' if prediction.name else ""
    if prediction.refused:
        said = '<p class="dl-none" data-testid="prediction-label">I see no digit here</p>'
        return f'<div class="dl-answer dl-refused"><div>{said}{words}{name}</div></div>'
    digit = f'<span class="dl-digit" data-testid="prediction-label">{prediction.digit}</span>'
    return f'<div class="dl-answer">{digit}<div>{words}{name}</div></div>'


def _picture(prediction: Prediction, others: Sequence[Box]) -> str:
    if not prediction.preview:
        return ""
    width, height = prediction.size
    label = escape(f"{prediction.name or 'The picture'}, with a frame around the digit", quote=True)
    frame = frame_attributes(prediction.box)
    faint = "".join(f'<rect class="dl-other" {frame_attributes(box)}/>' for box in others)
    return (
        '<figure class="dl-picture">'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="{data_uri(prediction.preview)}"/>'
        f'{faint}<rect class="dl-halo" {frame}/><rect class="dl-box" {frame}/>'
        "</svg><figcaption>your picture</figcaption></figure>"
    )


def _seen(prediction: Prediction, *, caption: bool = True) -> str:
    image = (
        f'<img class="dl-pixels" data-testid="digit-image" width="28" height="28" '
        f'src="{digit_image_uri(prediction.digit_image)}" '
        f'alt="What the model saw: the digit in 28 by 28 pixels">'
    )
    below = "<figcaption>what it saw</figcaption>" if caption else ""
    return f'<figure class="dl-seen">{image}{below}</figure>'


def _bars(prediction: Prediction) -> str:
    order = _ranking(prediction)
    spoken = ", ".join(f"{d}: {percent(prediction.probabilities[d])}" for d in order[:3])
    bars = "".join(
        f'<span class="dl-bar{" dl-best" if digit == prediction.digit else ""}" '
        f'title="{digit}: {percent(share)}">'
        f'<i><b style="height:{100 * share:.1f}%"></b></i><span>{digit}</span></span>'
        for digit, share in enumerate(prediction.probabilities)
    )
    return (
        '<figure class="dl-bars"><div class="dl-columns" data-testid="bars" role="img" '
        f'aria-label="How likely each digit is. {spoken}.">{bars}</div>'
        "<figcaption>how likely each digit is</figcaption></figure>"
    )


def _ranking(prediction: Prediction) -> list[int]:
    """The digits by falling probability, the best guess first whatever its own."""
    shares = prediction.probabilities
    return sorted(range(10), key=lambda digit: (digit != prediction.digit, -shares[digit]))

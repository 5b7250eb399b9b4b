"""Prediction: one digit read from one picture, as plain data and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from digitlab.html.primitives import data_uri, digit_image_uri, frame_attributes, percent

DigitImage = NDArray[np.uint8]
"""uint8 (28, 28), bright ink on 0, in MNIST's frame."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture."""

SURE: Final = 0.9
"""Lowest confidence that the page calls "sure"."""

FAIRLY_SURE: Final = 0.6
"""Lowest confidence that the page calls "fairly sure"; below, it names the two best guesses."""

STYLE: Final = Markup(  # noqa: S704 # the package's own style sheet
    (Path(__file__).parent / "html" / "prediction.css").read_text(encoding="utf-8")
)
"""The style sheet that every `prediction_html` contains."""


@dataclass(frozen=True, kw_only=True)
class RecalledCorrection:
    """The stored correction that a picture resembles.

    Attributes:
        verdict: number of the correction in the feedback store.
        time: when the person gave it; aware.
        label: the true digit that it names; None for "not a digit".
        own: True when the person who asks gave it.
        learned: True when the version that answers was trained on it.
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
        digit: the predicted digit, 0-9; the best guess also when `refused`.
        confidence: calibrated probability of `digit`, 0-1.
        probabilities: ten calibrated probabilities, in the order of the digits.
        refused: True when digitlab sees no digit and asks the person.
        remembered: True when a stored correction answered because the model would have
            answered otherwise.
        model: the version that answered, for example "base".
        box: position of the digit in the upright picture.
        digit_image: the network's input; uint8 (28, 28), bright ink on 0.
        picture_sha256: SHA-256 of the picture's bytes, in hex.
        name: name of the picture; may be empty.
        picture: the bytes of the picture file; empty for an array of pixels.
        preview: PNG or JPEG of the upright picture, at most 640 px a side.
        size: width and height of the upright picture in pixels; `box` is in these.
        id: number of this prediction's row in the store; None when it has no row.
        correction: the stored correction that the picture resembles, if any; also when the
            model gives the same answer by now.
        part: the part of the file that was read, such as "page 1 of 12" or "its first 200
            digits"; empty for the whole.
        fingerprint: small views of the picture by which the correction memory recognises it
            (`images.similarity.picture_fingerprint`); empty when the picture was read as
            several digits.
        several_count: number of digits that the picture seems to hold when it clearly holds
            several and was read as one; else 0.
        doubt: logits by which the front end's doubt lowered the evidence of a digit.
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
    part: str = ""
    fingerprint: bytes = field(default=b"", repr=False)
    several_count: int = 0
    doubt: float = 0.0

    @property
    def several(self) -> bool:
        """Whether the picture clearly holds several digits and was read as one."""
        return self.several_count > 1

    def to_dict(self) -> dict[str, Any]:
        """Return one element of `digits` in `digitlab predict --json`."""
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


def prediction_html(
    prediction: Prediction, *, compact: bool = False, other_boxes: Sequence[Box] = ()
) -> str:
    """Render a prediction: the digit, the picture with its box, the 28x28 and ten bars.

    The string contains all that it needs (pictures as data URIs, one style sheet), so it looks
    the same offline, in JupyterLab, in VS Code and under Voilà. Colours come from the page's
    `--dl-*` variables, else from JupyterLab's theme, else from the text around.

    Args:
        prediction: the prediction; its text is escaped.
        compact: render one line with the digit image, the digit and the confidence.
        other_boxes: boxes of the picture's other digits, drawn faintly.
    """
    if compact:
        body = _digit_image_figure(prediction, caption=False) + _answer(prediction)
    else:
        body = (
            _answer(prediction)
            + _picture_figure(prediction, other_boxes)
            + _digit_image_figure(prediction)
            + _probability_bars(prediction)
        )
    return Markup(
        '<style>{}</style><div class="dl-prediction"><div class="{}">{}</div></div>'
    ).format(STYLE, "dl-line" if compact else "dl-sheet", body)


def confidence_text(prediction: Prediction) -> str:
    """Describe the confidence, for example "sure, 99 %" or "unsure between 4 and 9, 48 %"."""
    if prediction.remembered:
        correction = prediction.correction
        learned = "not yet learned"
        if correction is not None and correction.learned:
            learned = f"which {prediction.model} alone still misreads"
        return f"remembered from {_correction_text(correction)}, {learned}"
    if prediction.refused:
        return f"best guess {prediction.digit}, {percent(prediction.confidence)}"
    return f"{_sureness(prediction)}{_learned_text(prediction)}"


def prediction_text(prediction: Prediction) -> str:
    """Describe the prediction in one line for lists and screen readers; the text is not escaped."""
    if prediction.refused:
        return f"I see no digit here; {confidence_text(prediction)}"
    return f"{prediction.digit}, {confidence_text(prediction)}"


def several_text(prediction: Prediction) -> str:
    """Say "This looks like 8 digits" of a picture that was read as one; "" for other pictures."""
    return f"This looks like {prediction.several_count} digits" if prediction.several else ""


def _sureness(prediction: Prediction) -> str:
    if prediction.confidence >= SURE:
        return f"sure, {percent(prediction.confidence)}"
    if prediction.confidence >= FAIRLY_SURE:
        return f"fairly sure, {percent(prediction.confidence)}"
    second = _ranking(prediction)[1]
    return f"unsure between {prediction.digit} and {second}, {percent(prediction.confidence)}"


def _learned_text(prediction: Prediction) -> str:
    correction = prediction.correction
    if correction is None or not correction.learned:
        return ""
    return f"; learned in {prediction.model}"


def _correction_text(correction: RecalledCorrection | None) -> str:
    """Say whose correction it is and its local time; with the date unless it is today's."""
    if correction is None:
        return "a correction"
    time = correction.time.astimezone()
    date = "" if time.date() == datetime.now(time.tzinfo).date() else f"{time:%Y-%m-%d} "
    return f"{'your' if correction.own else 'a'} correction of {date}{time:%H:%M}"


def _answer(prediction: Prediction) -> Markup:
    confidence = Markup('<p class="dl-sure" data-testid="prediction-confidence">{}</p>').format(
        confidence_text(prediction)
    )
    name = Markup('<p class="dl-name">{}</p>').format(prediction.name) if prediction.name else ""
    if prediction.refused:
        return Markup(
            '<div class="dl-answer dl-refused"><div>'
            '<p class="dl-none" data-testid="prediction-digit">I see no digit here</p>'
            "{}{}</div></div>"
        ).format(confidence, name)
    return Markup(
        '<div class="dl-answer"><span class="dl-digit" data-testid="prediction-digit">{}</span>'
        "<div>{}{}</div></div>"
    ).format(prediction.digit, confidence, name)


def _picture_figure(prediction: Prediction, other_boxes: Sequence[Box]) -> Markup:
    if not prediction.preview:
        return Markup("")
    width, height = prediction.size
    frame = frame_attributes(prediction.box)
    faint_frames = Markup("").join(
        Markup('<rect class="dl-other" {}/>').format(frame_attributes(box)) for box in other_boxes
    )
    return Markup(
        '<figure class="dl-picture">'
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{description}">'
        '<image width="{width}" height="{height}" preserveAspectRatio="none" href="{uri}"/>'
        '{faint_frames}<rect class="dl-halo" {frame}/><rect class="dl-box" {frame}/>'
        "</svg><figcaption>your picture</figcaption></figure>"
    ).format(
        width=width,
        height=height,
        description=f"{prediction.name or 'The picture'}, with a frame around the digit",
        uri=data_uri(prediction.preview),
        faint_frames=faint_frames,
        frame=frame,
    )


def _digit_image_figure(prediction: Prediction, *, caption: bool = True) -> Markup:
    return Markup(
        '<figure class="dl-seen">'
        '<img class="dl-pixels" data-testid="digit-image" width="28" height="28" src="{}" '
        'alt="What the model saw: the digit in 28 by 28 pixels">{}</figure>'
    ).format(
        digit_image_uri(prediction.digit_image),
        Markup("<figcaption>what it saw</figcaption>") if caption else "",
    )


def _probability_bars(prediction: Prediction) -> Markup:
    shares = prediction.probabilities
    spoken = ", ".join(f"{digit}: {percent(shares[digit])}" for digit in _ranking(prediction)[:3])
    bars = Markup("").join(
        Markup(
            '<span class="dl-bar{}" title="{}: {}">'
            '<i><b style="height:{:.1f}%"></b></i><span>{}</span></span>'
        ).format(
            " dl-best" if digit == prediction.digit else "",
            digit,
            percent(share),
            100 * share,
            digit,
        )
        for digit, share in enumerate(shares)
    )
    return Markup(
        '<figure class="dl-bars"><div class="dl-columns" data-testid="bars" role="img" '
        'aria-label="How likely each digit is. {}.">{}</div>'
        "<figcaption>how likely each digit is</figcaption></figure>"
    ).format(spoken, bars)


def _ranking(prediction: Prediction) -> list[int]:
    """Order the digits by falling probability; the predicted digit comes first in any case.

    After a recalled correction the predicted digit may not be the most probable one.
    """
    shares = prediction.probabilities
    return sorted(range(10), key=lambda digit: (digit != prediction.digit, -shares[digit]))

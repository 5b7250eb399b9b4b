"""How a Prediction looks: HTML and SVG as strings, for notebooks and for pages.

Everything needed stands in the string (pictures as data URIs, one small style sheet), so it
shows the same offline, in JupyterLab, in VS Code and under Voilà. Colours come from the
page's `--dl-*` variables, else from JupyterLab's theme, else from the text around.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from PIL import Image

from digitlab.model.prediction import Box, DigitImage, Prediction, Recall

SURE = 0.9
"""At least this confident: "sure"."""

FAIRLY_SURE = 0.6
"""At least this confident: "fairly sure"; below, the two best guesses are named."""

STYLE = Path(__file__).with_name("show.css").read_text(encoding="utf-8")
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
        return f"remembered from {_correction(prediction.recall)}, not yet learned"
    if prediction.refused:
        return f"best guess {prediction.label}, {percent(prediction.confidence)}"
    return f"{_sureness(prediction)}{_learned(prediction)}"


def _sureness(prediction: Prediction) -> str:
    if prediction.confidence >= SURE:
        return f"sure, {percent(prediction.confidence)}"
    if prediction.confidence >= FAIRLY_SURE:
        return f"fairly sure, {percent(prediction.confidence)}"
    second = _ranking(prediction)[1]
    return f"unsure between {prediction.label} and {second}, {percent(prediction.confidence)}"


def _learned(prediction: Prediction) -> str:
    recall = prediction.recall
    return f"; learned in {prediction.model}" if recall is not None and recall.learned else ""


def _correction(recall: Recall | None) -> str:
    """Whose correction and of when, in this machine's time zone; the day when it is not today."""
    if recall is None:
        return "a correction"
    time = recall.time.astimezone()
    day = "" if time.date() == datetime.now(time.tzinfo).date() else f"{time:%Y-%m-%d} "
    return f"{'your' if recall.own else 'a'} correction of {day}{time:%H:%M}"


def sentence(prediction: Prediction) -> str:
    """The prediction as one plain line, for lists and for screen readers; not escaped."""
    if prediction.refused:
        return f"I see no digit here; {in_words(prediction)}"
    return f"{prediction.label}, {in_words(prediction)}"


def percent(share: float) -> str:
    """A share of 0-1 as whole per cents; never "100 %" or "0 %" for what is not certain."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "over 99 %" if share > 0.995 else "99 %"
    if whole == 0 and share > 0:
        return "under 1 %"
    return f"{whole} %"


def digit_image_uri(image: DigitImage) -> str:
    """A digit image as a PNG data URI of some 300 bytes; dark ink on white paper."""
    out = io.BytesIO()
    Image.fromarray(255 - image).save(out, "PNG", optimize=True)
    return data_uri(out.getvalue())


def data_uri(picture: bytes) -> str:
    """PNG or JPEG bytes as a data URI."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _answer(prediction: Prediction) -> str:
    words = f'<p class="dl-sure" data-testid="prediction-confidence">{in_words(prediction)}</p>'
    name = f'<p class="dl-name">{escape(prediction.name)}</p>' if prediction.name else ""
    if prediction.refused:
        said = '<p class="dl-none" data-testid="prediction-label">I see no digit here</p>'
        return f'<div class="dl-answer dl-refused"><div>{said}{words}{name}</div></div>'
    digit = f'<span class="dl-digit" data-testid="prediction-label">{prediction.label}</span>'
    return f'<div class="dl-answer">{digit}<div>{words}{name}</div></div>'


def _picture(prediction: Prediction, others: Sequence[Box]) -> str:
    if not prediction.preview:
        return ""
    width, height = prediction.size
    label = escape(f"{prediction.name or 'The picture'}, with a frame around the digit", quote=True)
    frame = _frame(prediction.box)
    faint = "".join(f'<rect class="dl-other" {_frame(box)}/>' for box in others)
    return (
        '<figure class="dl-picture">'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="{data_uri(prediction.preview)}"/>'
        f'{faint}<rect class="dl-halo" {frame}/><rect class="dl-box" {frame}/>'
        "</svg><figcaption>your picture</figcaption></figure>"
    )


def _frame(box: Box) -> str:
    x, y, w, h = box
    return f'x="{x}" y="{y}" width="{w}" height="{h}" rx="2" vector-effect="non-scaling-stroke"'


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
        f'<span class="dl-bar{" dl-best" if digit == prediction.label else ""}" '
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
    """The digits by falling probability, the label first whatever its own."""
    shares = prediction.probabilities
    return sorted(range(10), key=lambda digit: (digit != prediction.label, -shares[digit]))

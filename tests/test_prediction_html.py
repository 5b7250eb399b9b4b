"""The HTML and the text of a prediction."""

from __future__ import annotations

import base64
import io
import re
from datetime import datetime
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from support.fake_lab import prediction

from digitlab.html.primitives import percent
from digitlab.prediction import (
    RecalledCorrection,
    confidence_text,
    prediction_html,
    prediction_text,
)

LEARNED = RecalledCorrection(
    verdict=5, time=datetime(2025, 3, 1, 12).astimezone(), label=7, own=False, learned=True
)

VOID = {"img", "rect", "image"}


class Balance(HTMLParser):
    """A parser that checks that each element closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("refused", [False, True])
def test_the_html_is_balanced(compact: bool, refused: bool) -> None:
    balance = Balance()
    balance.feed(prediction_html(prediction(refused=refused), compact=compact))
    assert balance.open == []


def test_the_28x28_shows_the_network_input_as_dark_ink_on_white() -> None:
    seen = prediction()
    found = re.search(r'data-testid="digit-image"[^>]*base64,([^"]+)"', prediction_html(seen))
    assert found
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert image.size == (28, 28)
        assert np.array_equal(255 - np.asarray(image), seen.digit_image)


def test_the_box_has_the_pixels_of_the_upright_picture() -> None:
    html = prediction_html(prediction(size=(400, 300), box=(10, 20, 30, 40)))
    assert 'viewBox="0 0 400 300"' in html
    assert 'x="10" y="20" width="30" height="40"' in html


def test_the_bars_have_a_text_for_screen_readers() -> None:
    html = prediction_html(prediction(4, confidence=0.91))
    assert html.count('<span class="dl-bar') == 10
    assert 'aria-label="How likely each digit is. 4: 91 %, 0: 1 %, 1: 1 %."' in html


def test_hostile_names_are_escaped() -> None:
    html = prediction_html(prediction(name='"><script>alert(1)</script>'))
    assert "<script" not in html
    assert unescape(html).count(chr(34) + "><script>") == 2


def test_a_prediction_without_a_picture_renders() -> None:
    html = prediction_html(prediction(preview=b"", name=""))
    assert "<svg" not in html
    assert 'data-testid="digit-image"' in html


def test_the_html_loads_nothing() -> None:
    html = prediction_html(prediction())
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert "http" not in html
    assert "@import" not in html


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"confidence": 0.99}, "sure, 99 %"),
        ({"confidence": 0.9}, "sure, 90 %"),
        ({"confidence": 0.7}, "fairly sure, 70 %"),
        ({"confidence": 0.3, "refused": True}, "best guess 7, 30 %"),
        ({"remembered": True}, "remembered from a correction, not yet learned"),
        (
            {"remembered": True, "correction": LEARNED, "model": "v0001"},
            "remembered from a correction of 2025-03-01 12:00, which v0001 alone still misreads",
        ),
    ],
)
def test_the_confidence_text(changes: dict[str, object], words: str) -> None:
    assert confidence_text(prediction(**changes)) == words


def test_an_unsure_prediction_names_the_two_best_guesses() -> None:
    shares = [0.01] * 10
    shares[4], shares[9] = 0.48, 0.44
    unsure = prediction(4, confidence=0.48, probabilities=tuple(shares))
    assert confidence_text(unsure) == "unsure between 4 and 9, 48 %"
    assert prediction_text(unsure) == "4, unsure between 4 and 9, 48 %"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"), (0.9999, "over 99 %"), (0.994, "99 %"), (0.5, "50 %"),
        (0.004, "under 1 %"), (0.0, "0 %"),
    ],
)  # fmt: skip
def test_percentages_never_claim_certainty(share: float, text: str) -> None:
    assert percent(share) == text

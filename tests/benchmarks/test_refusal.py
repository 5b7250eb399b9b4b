"""The benchmark of refusal on a few images, without fonts and data sets to install."""

import json
from pathlib import Path

import numpy as np
import pytest

from digitlab.datasets import mnist


@pytest.fixture
def few_digits(monkeypatch):
    """Reduce every split of MNIST to its first 50 images."""
    import refusal

    x, y = mnist.load("validation")
    monkeypatch.setattr(refusal.mnist, "load", lambda split: (x[:50], y[:50]))


def test_the_benchmark_names_the_missing_packages(capsys, monkeypatch, few_digits):
    import refusal
    from common import font_glyphs

    monkeypatch.setattr(font_glyphs, "font_files", lambda package: ())
    monkeypatch.setattr(refusal, "FASHION", Path("/nowhere"))
    monkeypatch.setattr(refusal, "load_scikit_digits", lambda: None)
    refusal.main(["--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["no digits"] == []
    assert [row["name"] for row in figures["digits"]] == ["MNIST test"]
    remarks = " ".join(figures["remarks"])
    assert "digitlab[bench]" in remarks
    assert "--no-install-recommends fonts-breip " in remarks
    assert "dataset-fashion-mnist" in remarks


def test_blank_pictures_have_the_least_evidence_and_count_as_refused(base, few_digits):
    import refusal

    digits = refusal.classify(base, mnist.load("validation")[0])
    blank_pictures = [np.full((60, 60), 255, np.uint8)] * 3
    outputs = refusal.classify(base, *refusal.read_pictures(base, blank_pictures))
    row = refusal.non_digit_row("paper", outputs, digits, -1e9)
    assert (row.n, row.blank, row.auroc_evidence, row.refused) == (3, 3, 1.0, 1.0)

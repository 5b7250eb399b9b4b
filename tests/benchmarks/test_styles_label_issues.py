"""The benches of styles and of label_issues, on what needs no font_glyphs."""

import json

import numpy as np
import pytest
from support.paths import BENCHMARKS


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_a_style_is_the_same_for_equal_seeds_and_another_for_others():
    import styles

    x, y, people = styles.style.__wrapped__("hands", 3)
    again, labels, names = styles.style.__wrapped__("hands", 3)
    assert (x.dtype, x.shape, y.dtype) == (np.uint8, (len(y), 28, 28), np.uint8)
    assert (x == again).all()
    assert (y == labels).all()
    assert people == names
    assert (styles.style("mirrored", 0)[0] != styles.style("mirrored", 1)[0]).any()


def test_hands_are_given_by_those_who_wrote_them():
    import styles
    from common.handwriting_styles import HANDS

    _, y, people = styles.style("hands", 0)
    assert set(people) == set(HANDS)
    assert set(y.tolist()) == set(range(10))


def test_without_fonts_a_style_is_empty_and_the_command_that_installs_them_is_named(monkeypatch):
    import styles
    from common import font_glyphs, font_numerals

    monkeypatch.setattr(font_glyphs, "files", lambda package: ())
    monkeypatch.setattr(font_numerals, "files", lambda package: ())
    font_numerals.drawing.cache_clear()
    x, y, people = styles.style.__wrapped__("Thai", 0)
    assert (len(x), len(y), people) == (0, 0, [])
    assert "--no-install-recommends" in styles.lacking()
    assert "fonts-tlwg-purisa-ttf" in styles.lacking()
    font_numerals.drawing.cache_clear()


def test_the_base_misreads_enough_of_mirrored_digits():
    import styles

    from digitlab.model.runtime import Classifier
    from digitlab.settings import bundled

    row = styles.measure(Classifier.load(bundled("models/base")), "mirrored", 0)
    assert row.counts
    assert row.n == 1000


def test_most_flips_are_held_and_few_sound_ones(capsys, monkeypatch):
    import label_issues
    import styles

    monkeypatch.setattr(styles, "STYLES", ("mirrored",))
    label_issues.main(["--seeds", "1", "--json"])
    rows = {row["case"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["one person, 200 corrections, 20% flipped"]["flips_held"] >= 0.8
    assert rows["one of five: fifty flipped at random"]["flips_held"] >= 0.9
    assert rows["one person, 200 corrections, sound"]["sound_held"] <= 0.05
    assert all(row["flips_held"] is None for case, row in rows.items() if "sound" in case)

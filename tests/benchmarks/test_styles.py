"""The styles of digits that need no installed font, and their benchmark."""

import numpy as np
import pytest


@pytest.fixture
def styles(monkeypatch):
    import styles

    monkeypatch.setattr(styles, "SIZES", styles.SIZES | {"hands": 100})
    return styles


def test_equal_seeds_give_equal_styles_and_other_seeds_give_others(styles):
    x, y, people = styles.load_style.__wrapped__("hands", 3)
    same_x, same_y, same_people = styles.load_style.__wrapped__("hands", 3)
    assert (x.dtype, x.shape, y.dtype) == (np.uint8, (len(y), 28, 28), np.uint8)
    assert (x == same_x).all()
    assert (y == same_y).all()
    assert people == same_people
    assert (styles.load_style("mirrored", 0)[0] != styles.load_style("mirrored", 1)[0]).any()


def test_the_writers_of_hands_are_their_contributors(styles):
    from common.handwriting_styles import HANDS

    _, y, people = styles.load_style.__wrapped__("hands", 0)
    assert set(people) == set(HANDS)
    assert set(y.tolist()) == set(range(10))


def test_without_fonts_a_style_is_empty_and_the_install_command_names_them(styles, monkeypatch):
    from common import font_glyphs, font_numerals

    monkeypatch.setattr(font_glyphs, "font_files", lambda package: ())
    monkeypatch.setattr(font_numerals, "font_files", lambda package: ())
    font_numerals.fonts_that_draw.cache_clear()
    x, y, people = styles.load_style.__wrapped__("Thai", 0)
    assert (len(x), len(y), people) == (0, 0, [])
    assert "--no-install-recommends" in styles.install_command()
    assert "fonts-tlwg-purisa-ttf" in styles.install_command()
    font_numerals.fonts_that_draw.cache_clear()


def test_the_base_misreads_enough_mirrored_digits(styles, base):
    row = styles.measure(base, "mirrored", 0)
    assert row.counts
    assert row.n == 1000

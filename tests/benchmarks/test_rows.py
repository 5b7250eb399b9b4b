"""The benchmark of rows: which digits count as right, and its figures."""

from types import SimpleNamespace

import pytest


@pytest.fixture
def rows():
    import rows

    return rows


@pytest.mark.parametrize(
    ("predicted", "written", "right"),
    [([1, 2, 3], [1, 2, 3], 3), ([1, 3], [1, 2, 3], 2), ([3, 1], [1, 3], 1), ([], [4], 0)],
)
def test_digits_count_as_right_in_their_order(rows, predicted, written, right):
    assert rows.count_in_order(predicted, written) == right


def test_a_perfect_reader_has_perfect_figures_and_a_missed_digit_lowers_them(rows):
    photographed = rows.make_rows(4, 1, hard=True, n=2, seed=0)
    digits = {row.data: row.digits for row in photographed}

    class PerfectReader:
        def read_all(self, data):
            return tuple(SimpleNamespace(digit=digit) for digit in digits[data])

    figures = rows.measure(PerfectReader(), photographed)
    assert figures == {"n": 2, "digits": 1.0, "rows": 1.0, "counted": 1.0}
    digits[photographed[0].data] = photographed[0].digits[:3]
    figures = rows.measure(PerfectReader(), photographed)
    assert figures == {"n": 2, "digits": 7 / 8, "rows": 0.5, "counted": 0.5}

"""The bench of rows: which digits count as right, and its figures."""

from types import SimpleNamespace

import pytest
from support.paths import BENCHMARKS


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import rows

    return rows


@pytest.mark.parametrize(
    ("predicted", "written", "right"),
    [([1, 2, 3], [1, 2, 3], 3), ([1, 3], [1, 2, 3], 2), ([3, 1], [1, 3], 1), ([], [4], 0)],
)
def test_digits_count_as_right_in_their_order(rows, predicted, written, right):
    assert rows.in_order(predicted, written) == right


def test_a_reader_that_knows_the_rows_reads_all_of_them_right(rows):
    class KnowingReader:
        def read_all(self, data):
            return tuple(SimpleNamespace(digit=digit) for digit in answers[data])

    photographed = rows.rows(4, 1, hard=True, n=2, seed=0)
    answers = {data: written for data, written, _ in photographed}
    figures = rows.measure(KnowingReader(), photographed)
    assert figures == {"n": 2, "digits": 1.0, "rows": 1.0, "counted": 1.0}
    answers[photographed[0][0]] = photographed[0][1][:3]
    figures = rows.measure(KnowingReader(), photographed)
    assert figures == {"n": 2, "digits": 7 / 8, "rows": 0.5, "counted": 0.5}

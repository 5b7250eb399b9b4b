"""Text in CSV files that a spreadsheet does not take for a formula."""

import pytest

from digitlab.store.feedback.spreadsheet_text import neutralise, restore


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''=1"]
)
def test_a_formula_gets_a_quote(text):
    assert neutralise(text) == f"'{text}"
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize("text", ["", "a", "'", "'a", "1=1", " =1", "a\n=1", "''"])
def test_other_text_stays_as_it_is(text):
    assert neutralise(text) == text
    assert restore(text) == text

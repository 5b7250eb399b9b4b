"""The benches of refusal, of corruptions and of speed, on a few images."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.paths import BENCHMARKS


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_every_corruption_changes_every_image_and_repeats_itself():
    from common import image_corruptions

    from digitlab.datasets import mnist

    x = mnist.load("validation")[0][:12]
    assert len(image_corruptions.CORRUPTIONS) == 15
    for name in image_corruptions.CORRUPTIONS:
        changed = image_corruptions.corrupt(x, name, seed=0)
        assert (changed.dtype, changed.shape) == (np.uint8, x.shape)
        assert (changed != x).any((1, 2)).all(), name
        assert (image_corruptions.corrupt(x, name, seed=0) == changed).all(), name


def test_the_bench_of_corruptions_tells_its_figures_as_json(capsys):
    import corruptions

    corruptions.main(["--n", "6", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 6
    assert len(found) == 18  # fifteen, their mean, none at all, and n
    assert all(0 <= share <= 1 for share in found["mean"].values())


def test_the_refusal_bench_names_what_the_machine_lacks(capsys, monkeypatch):
    import refusal
    from common import font_glyphs

    monkeypatch.setattr(font_glyphs, "files", lambda package: ())
    monkeypatch.setattr(refusal, "FASHION", Path("/nowhere"))
    monkeypatch.setattr(refusal, "load_scikit_digits", lambda: None)
    refusal.main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["no digits"] == []
    assert [row["name"] for row in found["digits"]] == ["MNIST test"]
    told = " ".join(found["remarks"])
    assert "digitlab[bench]" in told
    assert "--no-install-recommends fonts-breip " in told
    assert "dataset-fashion-mnist" in told


def test_what_is_blank_has_the_least_evidence_and_counts_as_refused():
    import refusal

    from digitlab.datasets import mnist
    from digitlab.model.runtime import Classifier
    from digitlab.settings import bundled

    base = Classifier.load(bundled("models/base"))
    digits = refusal.ask(base, mnist.load("validation")[0][:50])
    empty = [np.full((60, 60), 255, np.uint8)] * 3
    found = refusal.ask(base, *refusal.seen(base, empty))
    row = refusal.stranger("paper", found, digits, -1e9)
    assert (row.n, row.blank, row.auroc_evidence, row.refused) == (3, 3, 1.0, 1.0)


def test_a_page_keeps_what_stands_around_the_table(tmp_path, monkeypatch):
    from common import docs_tables

    monkeypatch.setattr(docs_tables, "DOCS", tmp_path)
    page = tmp_path / "x.md"
    page.write_text("before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n")
    docs_tables.write("x", docs_tables.table(["a", "b"], [["1", "2"]]))
    assert page.read_text() == (
        "before\n<!-- x: begin -->\n| a | b |\n| --- | --: |\n| 1 | 2 |\n<!-- x: end -->\nafter\n"
    )


def test_the_bench_of_speed_times_both_sizes_and_the_network(capsys):
    import speed

    speed.main(["--pictures", "1", "--runs", "1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(speed.MOST)
    assert all(len(medians) == 1 and medians[0] > 0 for medians in found.values())

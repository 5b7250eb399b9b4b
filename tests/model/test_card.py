"""Cards of model versions: written, read, and read from what digitlab 0.1 wrote."""

import dataclasses
import json
import shutil

import pytest
from support.html_tables import parse_table
from support.model_versions import fine_tuned

from digitlab.errors import ModelError
from digitlab.model.card import MODEL_FILES, Card
from digitlab.settings import bundled

PAIRED = {"n": 5000, "champion": 4985, "challenger": 4990, "fixed": 8, "broken": 3}

BASE_CARD_0_1 = {
    "kind": "base",
    "created": "2026-11-25T17:44:24+00:00",
    "data": {"mnist.npz": "06af5d", "train": 50000, "tune": 5000},
    "config": {"epochs": 20, "seed": 1, "written": 0.16, "images": None},
    "seed": 1,
    "parameters": 428258,
    "embedding": 128,
    "epoch": 19,
    "history": [
        {
            "epoch": 1,
            "loss": 0.47,
            "tune_correct": 4804,
            "tune_accuracy": 0.9608,
            "tune_log_loss": 0.12,
            "seconds": 86.8,
        }
    ],
    "temperature": 1.07,
    "refusal": -2.45,
    "metrics": {
        "mnist:tune": {"n": 5000, "correct": 4985},
        "mnist:test": {"n": 10000, "correct": 9972},
        "photographs:tune": {"n": 1000, "correct": 971},
    },
    "hashes": {"weights": "53", "model.keras": "76", "model.tflite": "02"},
    "libraries": {"python": "3.11.7"},
}
"""A card as `digitlab train` of 0.1 wrote it, shortened."""

FINE_TUNED_CARD_0_1 = BASE_CARD_0_1 | {
    "kind": "fine-tuned",
    "config": {"seed": 3, "steps": 160, "lessons": 24, "alphas": [0.2, 0.35]},
    "history": [{"step": 10, "loss": 0.5, "tune": None}, {"step": 20, "loss": 0.25, "tune": 0.97}],
    "metrics": {
        "mnist:tune": {"n": 5000, "correct": 4985},
        "mnist:test": {"n": 10000, "correct": 9972},
        "photographs:tune": {"n": 1000, "correct": 971},
        "gate": PAIRED,
        "photographs": PAIRED,
        "corrections": PAIRED,
        "fixed": [3, 5],
        "base": {"gate": PAIRED, "photographs": PAIRED},
        "asked": 2251,
        "alpha": 0.35,
        "alphas": [{"alpha": 0.35, "n": 5000, "readings": 5, "fixed": 8}],
    },
    "parent": "base",
    "feedback": [3, 5],
    "lessons": ["ab" * 32, "cd" * 32],
    "alpha": 0.35,
    "champion": "base",
    "verdict": "promoted",
    "reasons": ["It fixes 8."],
    "hash": "0123456789abcdef",
    "news": "fedcba9876543210",
    "notebook": "notebooks/runs/x.ipynb",
    "run": "x",
    "threads": 2,
    "source": None,
}
"""A card as a fine-tune of 0.1 wrote it, shortened."""


@pytest.fixture
def version(tmp_path):
    """A whole version folder that a test may change."""
    return shutil.copytree(bundled("models/base"), tmp_path / "v0001")


def read(folder, values):
    """Write a card's JSON and read it as a card."""
    (folder / "card.json").write_text(json.dumps(values), encoding="utf-8")
    return Card.read(folder)


def test_a_card_reads_back_as_it_was_written(version):
    card = dataclasses.replace(
        Card.read(version),
        **fine_tuned(feedback=[3, 5], training_examples=["ab"], alpha=0.4, threads=2),
    )
    card.write(version)
    assert Card.read(version) == card


def test_fields_that_an_older_card_lacks_have_their_defaults():
    card = Card.read(bundled("models/base"))
    assert (card.parent, card.feedback, card.decision, card.reasons) == (None, [], None, [])


def test_fields_that_a_newer_digitlab_added_are_ignored(version):
    card = Card.read(version)
    values = dataclasses.asdict(card) | {"colour": "blue"}
    assert read(version, values) == card


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "base"}'])
def test_a_card_that_cannot_be_read_is_refused_by_name(version, text):
    (version / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read") as caught:
        Card.read(version)
    assert caught.value.version == "v0001"


@pytest.mark.parametrize("name", MODEL_FILES)
def test_a_file_that_the_card_does_not_describe_is_refused(version, name):
    card = Card.read(version)
    assert card.verified_path(version, name) == version / name
    (version / name).write_bytes(b"something else")
    with pytest.raises(ModelError, match="v0001 is damaged"):
        card.verified_path(version, name)


# cards of digitlab 0.1 -------------------------------------------------------------------


def test_the_fields_of_a_card_of_0_1_have_their_current_names(version):
    card = read(version, FINE_TUNED_CARD_0_1)
    assert card.decision == "promoted"
    assert card.inputs_fingerprint == "0123456789abcdef"
    assert card.feedback_fingerprint == "fedcba9876543210"
    assert card.training_examples == ["ab" * 32, "cd" * 32]


def test_the_splits_of_a_base_card_of_0_1_have_their_current_names(version):
    card = read(version, BASE_CARD_0_1)
    assert card.data == {"mnist.npz": "06af5d", "train": 50000, "validation": 5000}
    assert card.history == [
        {
            "epoch": 1,
            "loss": 0.47,
            "validation_correct": 4804,
            "validation_accuracy": 0.9608,
            "validation_log_loss": 0.12,
            "seconds": 86.8,
        }
    ]
    assert card.metrics == {
        "mnist:validation": {"n": 5000, "correct": 4985},
        "mnist:test": {"n": 10000, "correct": 9972},
        "photographs:validation": {"n": 1000, "correct": 971},
    }


def test_the_parameters_of_a_base_card_of_0_1_have_their_current_names(version):
    card = read(version, BASE_CARD_0_1)
    assert card.config == {"epochs": 20, "seed": 1, "synthetic_digits": 0.16, "images": None}


def test_what_the_gate_of_0_1_measured_has_its_current_names(version):
    card = read(version, FINE_TUNED_CARD_0_1)
    assert card.metrics == {
        "mnist:validation": {"n": 5000, "correct": 4985},
        "mnist:test": {"n": 10000, "correct": 9972},
        "photographs:validation": {"n": 1000, "correct": 971},
        "holdout": PAIRED,
        "photographs": PAIRED,
        "corrections": PAIRED,
        "fixed": [3, 5],
        "base": {"holdout": PAIRED, "photographs": PAIRED},
        "export_checked": 2251,
        "alpha": 0.35,
        "alphas": [{"alpha": 0.35, "n": 5000, "variants": 5, "fixed": 8}],
    }


def test_the_training_of_a_fine_tune_of_0_1_has_its_current_names(version):
    card = read(version, FINE_TUNED_CARD_0_1)
    assert card.config == {"seed": 3, "steps": 160, "examples": 24, "alphas": [0.2, 0.35]}
    assert card.history == [
        {"step": 10, "loss": 0.5, "validation_accuracy": None},
        {"step": 20, "loss": 0.25, "validation_accuracy": 0.97},
    ]


@pytest.mark.parametrize("values", [BASE_CARD_0_1, FINE_TUNED_CARD_0_1], ids=["base", "fine-tuned"])
def test_everything_else_in_a_card_of_0_1_stays(version, values):
    card = read(version, values)
    renamed = {"data", "config", "history", "metrics", "verdict", "hash", "news", "lessons"}
    for name in set(values) - renamed:
        assert getattr(card, name) == values[name]


def test_a_card_of_0_1_written_again_reads_the_same(version):
    card = read(version, FINE_TUNED_CARD_0_1)
    card.write(version)
    assert Card.read(version) == card
    assert not {"verdict", "hash", "news", "lessons"} & set(
        json.loads((version / "card.json").read_text(encoding="utf-8"))
    )


# notebooks -------------------------------------------------------------------------------


def test_a_notebook_shows_a_card_as_a_table(version):
    card = dataclasses.replace(
        Card.read(version),
        **fine_tuned(feedback=[3, 5], alpha=0.35, champion="base", source="<b>.h5"),
        reasons=["It fixes 8 < 9.", "It is better."],
    )
    table = parse_table(card._repr_html_())
    test = card.metrics["mnist:test"]
    assert table.caption == "Model card"
    assert table.rows["kind"] == ["fine-tuned"]
    assert table.rows["learned from"] == ["2 verdicts"]
    assert table.rows["alpha"] == ["0.35"]
    assert table.rows["reasons"] == ["It fixes 8 < 9. It is better."]
    assert table.rows["source"] == ["<b>.h5"]
    assert table.rows["mnist:test"] == [
        f"{test['correct']:,} of {test['n']:,} right ({test['accuracy']:.2%})"
    ]
    assert "run" not in table.rows

"""ReferenceEmbeddings: what is kept in a file is what would be reckoned."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.model import reference_embeddings as module
from digitlab.model.reference_embeddings import ReferenceEmbeddings


@pytest.fixture
def seen(base):
    return base.embed(mnist.load("validation")[0][:50])


def test_what_is_kept_answers_as_what_was_made(base, seen, tmp_path, monkeypatch):
    made = ReferenceEmbeddings.load(base, cache=tmp_path)
    monkeypatch.delattr(module, "mnist")  # whoever loads MNIST now makes it again
    monkeypatch.setattr(module, "mnist", Hashed, raising=False)
    module._SHARED.clear()
    kept = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = [one.directions(seen) for one in (made, kept)]
    assert np.array_equal(*directions)
    for nearest in zip(
        made.agreed_labels(directions[0]), kept.agreed_labels(directions[1]), strict=True
    ):
        assert np.array_equal(*nearest)


class Hashed:
    """MNIST's hash, without the images."""

    SHA256 = mnist.SHA256


def test_a_process_has_one_of_each(base, tmp_path):
    one, other = (ReferenceEmbeddings.load(base, cache=tmp_path) for _ in range(2))
    assert one is other
    assert ReferenceEmbeddings.load(base, cache=tmp_path / "another") is not one


def test_a_damaged_file_is_made_again(base, seen, tmp_path):
    made = ReferenceEmbeddings.load(base, cache=tmp_path)
    (file,) = tmp_path.glob("reference-*.npz")
    file.write_bytes(file.read_bytes()[:5_000])
    module._SHARED.clear()
    again = ReferenceEmbeddings.load(base, cache=tmp_path)
    assert np.array_equal(made.directions(seen), again.directions(seen))


def test_the_nearest_other_digit_has_another_label(base, seen, tmp_path):
    reference = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = reference.directions(seen)
    labels = mnist.load("validation")[1][:50].astype(int)
    others = reference.similarity_to_other_labels(directions, labels)
    similar = directions @ reference.directions(reference.embeddings).T
    for row, label in enumerate(labels):
        assert others[row] == pytest.approx(similar[row][reference.labels != label].max())


def test_to_what_is_no_digit_all_digits_are_others(base, seen, tmp_path):
    reference = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = reference.directions(seen)
    others = reference.similarity_to_other_labels(directions, np.full(50, 10))
    similar = directions @ reference.directions(reference.embeddings).T
    assert others == pytest.approx(similar.max(axis=1))

"""ReferenceEmbeddings: the cache file gives the same results as the computation."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.labels import NO_DIGIT
from digitlab.model import reference_embeddings as module
from digitlab.model.reference_embeddings import ReferenceEmbeddings


@pytest.fixture
def embeddings(base):
    return base.embed(mnist.load("validation")[0][:50])


def test_the_cache_file_gives_the_computed_embeddings(base, embeddings, tmp_path, monkeypatch):
    computed = ReferenceEmbeddings.load(base, cache=tmp_path)
    monkeypatch.delattr(mnist, "load")  # so that a second computation fails
    module._SHARED.clear()
    cached = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = [reference.directions(embeddings) for reference in (computed, cached)]
    assert np.array_equal(*directions)
    for arrays in zip(
        computed.agreed_labels(directions[0]), cached.agreed_labels(directions[1]), strict=True
    ):
        assert np.array_equal(*arrays)


def test_a_process_shares_one_object_for_each_cache_file(base, tmp_path):
    one, other = (ReferenceEmbeddings.load(base, cache=tmp_path) for _ in range(2))
    assert one is other
    assert ReferenceEmbeddings.load(base, cache=tmp_path / "another") is not one


def test_a_damaged_cache_file_is_computed_again(base, embeddings, tmp_path):
    before = ReferenceEmbeddings.load(base, cache=tmp_path)
    (file,) = tmp_path.glob("reference-*.npz")
    file.write_bytes(file.read_bytes()[:5_000])
    module._SHARED.clear()
    after = ReferenceEmbeddings.load(base, cache=tmp_path)
    assert np.array_equal(before.directions(embeddings), after.directions(embeddings))


def test_the_most_similar_other_digit_has_another_label(base, embeddings, tmp_path):
    reference = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = reference.directions(embeddings)
    labels = mnist.load("validation")[1][:50].astype(int)
    nearest = reference.similarity_to_other_labels(directions, labels)
    similarity = directions @ reference.directions(reference.embeddings).T
    for row, label in enumerate(labels):
        assert nearest[row] == pytest.approx(similarity[row][reference.labels != label].max())


def test_for_an_image_without_a_digit_every_label_is_another_label(base, embeddings, tmp_path):
    reference = ReferenceEmbeddings.load(base, cache=tmp_path)
    directions = reference.directions(embeddings)
    nearest = reference.similarity_to_other_labels(directions, np.full(50, NO_DIGIT))
    similarity = directions @ reference.directions(reference.embeddings).T
    assert nearest == pytest.approx(similarity.max(axis=1))

"""The threads of TensorFlow, and the base model that ships with digitlab."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from digitlab.model.runtime import Classifier


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set TensorFlow's threads to those of a fine-tune before the first test that uses it.

    TensorFlow cannot change its number of threads once it has computed.
    """
    if item.get_closest_marker("tf") and "tensorflow" not in sys.modules:
        from digitlab.learning.config import FineTuneConfig
        from digitlab.model.finetuning import make_deterministic

        make_deterministic(threads=FineTuneConfig().threads)


@pytest.fixture(scope="session")
def base() -> Classifier:
    """Return the base model; tests do not change it."""
    from digitlab.model.runtime import Classifier
    from digitlab.settings import bundled

    return Classifier.load(bundled("models/base"), threads=2)


@pytest.fixture(scope="session")
def reference_cache(base: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the base's reference embeddings, to copy into new homes."""
    from digitlab.model.reference_embeddings import ReferenceEmbeddings

    folder = tmp_path_factory.mktemp("reference")
    ReferenceEmbeddings.load(base, cache=folder)
    return folder

"""FineTuner: deterministic training, interpolation of weights, and what the loss keeps."""

import numpy as np
import pytest
from support.feedback_rows import noise

from digitlab.errors import ModelError
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.model import finetuning, network
from digitlab.model.finetuning import FineTuner, make_deterministic
from digitlab.model.train_config import TrainConfig

pytestmark = pytest.mark.tf

THREADS = FineTuneConfig().threads
STEPS = 3
REPLAYED = 4
REPLAY = np.stack([noise(n) // 4 for n in range(2, 2 + REPLAYED)])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The file of an untrained network with two stages."""
    model = network.build(TrainConfig(stages=((4, 1), (6, 1))), steps_per_epoch=1)
    path = tmp_path_factory.mktemp("network") / "model.keras"
    network.save(model, path)
    return path


@pytest.fixture(scope="module")
def batches():
    rng = np.random.default_rng(1)
    return [
        (
            rng.integers(0, 256, (12, 28, 28), np.uint8),
            rng.integers(0, NO_DIGIT + 1, 12).astype(np.uint8),
            rng.normal(0, 1, (REPLAYED, 10)).astype(np.float32),
            rng.normal(0, 1, (REPLAYED, 6)).astype(np.float32),
        )
        for _ in range(STEPS)
    ]


def ignore_step(step, loss):
    pass


def fine_tune(path, batches, *, step_done=ignore_step):
    """Train a network on all batches; return the tuner."""
    make_deterministic(threads=THREADS)
    tuner = FineTuner(path, seed=1)
    tuner.train(batches, steps=STEPS, learning_rate=0.01, step_done=step_done)
    return tuner


@pytest.fixture(scope="module")
def tuner(path, batches):
    """A tuner after its training."""
    return fine_tune(path, batches)


def equal_arrays(one, other):
    """Compare two lists of arrays, pair by pair."""
    return [np.array_equal(*pair) for pair in zip(one, other, strict=True)]


# training --------------------------------------------------------------------------------


def test_the_same_training_gives_the_same_weights_to_the_bit(tuner, path, batches):
    assert all(equal_arrays(fine_tune(path, batches).tuned_weights, tuner.tuned_weights))


def test_another_order_of_batches_gives_other_weights(tuner, path, batches):
    other = fine_tune(path, batches[::-1])
    assert not all(equal_arrays(other.tuned_weights, tuner.tuned_weights))


def changed_weights(tuner):
    """Return the names of the variables that the training changed."""
    unchanged = equal_arrays(tuner.base_weights, tuner.tuned_weights)
    names = [variable.path for variable in tuner.model.weights]
    return {name for name, same in zip(names, unchanged, strict=True) if not same}


def test_training_changes_only_the_layers_after_the_last_pooling(tuner):
    layers = tuner.model.layers
    pool = next(n for n, layer in enumerate(layers) if layer.name.startswith("max_pooling"))
    before = {weight.path for layer in layers[:pool] for weight in layer.weights}
    after = {weight.path for layer in layers[pool:] for weight in layer.trainable_weights}
    assert not changed_weights(tuner) & before
    assert changed_weights(tuner) == after


def test_training_keeps_the_statistics_of_batch_normalisation(tuner):
    statistics = {w.path for w in tuner.model.weights if "moving_" in w.path}
    assert statistics
    assert not changed_weights(tuner) & statistics


def test_training_changes_all_layers_of_a_network_without_pooling(tmp_path, batches):
    path = tmp_path / "model.keras"
    network.save(network.build(TrainConfig(stages=((6, 1),)), steps_per_epoch=1), path)
    tuner = fine_tune(path, batches)
    assert changed_weights(tuner) == {weight.path for weight in tuner.model.trainable_weights}


def test_every_step_is_reported_with_its_loss(path, batches):
    reports = []
    fine_tune(path, batches, step_done=lambda step, loss: reports.append((step, loss)))
    assert [step for step, _ in reports] == [1, 2, 3]
    assert all(np.isfinite(loss) and loss > 0 for _, loss in reports)


def test_halfway_the_remaining_batches_can_be_replaced(tuner, path, batches):
    make_deterministic(threads=THREADS)
    other = FineTuner(path, seed=1)
    first, *others = batches
    other.train(
        [first, *others[::-1]],
        steps=STEPS,
        learning_rate=0.01,
        step_done=ignore_step,
        halfway=lambda remaining: remaining[::-1],
    )
    assert all(equal_arrays(other.tuned_weights, tuner.tuned_weights))


def test_an_exception_raised_after_a_step_ends_the_training(path, batches):
    def stop(step, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune(path, batches, step_done=stop)


def test_another_number_of_threads_needs_a_separate_process(tuner):
    with pytest.raises(ModelError, match="in a separate process"):
        make_deterministic(threads=THREADS + 1)


# interpolation ---------------------------------------------------------------------------


def test_alpha_0_gives_the_base(tuner, path):
    tuner.interpolate(0)
    assert network.weights_hash(tuner.model) == network.weights_hash(network.load(path))


def test_alpha_1_gives_the_tuned_weights(tuner):
    tuner.interpolate(1)
    assert all(equal_arrays(tuner.model.get_weights(), tuner.tuned_weights))


def test_alpha_one_half_gives_the_mean_of_both(tuner):
    tuner.interpolate(0.5)
    for half, base, tuned in zip(
        tuner.model.get_weights(), tuner.base_weights, tuner.tuned_weights, strict=True
    ):
        assert np.allclose(half, (base + tuned) / 2, atol=1e-6)


def test_interpolation_does_not_depend_on_the_present_weights(tuner):
    tuner.interpolate(0.5)
    first = tuner.model.get_weights()
    tuner.interpolate(1)
    tuner.interpolate(0.5)
    assert all(equal_arrays(tuner.model.get_weights(), first))


def test_logits_are_those_of_the_keras_model_for_any_number_of_images(tuner, path):
    tuner.interpolate(0)
    x = np.random.default_rng(3).integers(0, 256, (7, 28, 28), np.uint8)
    expected, _ = network.logits_and_embeddings(network.load(path), x)
    assert np.allclose(tuner.logits(x), expected, atol=1e-5)
    assert tuner.logits(x[:0]).shape == (0, 10)


# the terms of the loss -------------------------------------------------------------------


@pytest.fixture
def free_embeddings(monkeypatch):
    """Do not keep embeddings: those of so small a network hold too little information."""
    monkeypatch.setattr(finetuning, "_EMBEDDING_WEIGHT", 0.0)


def train_on_a_three(tuner, image, *, kept_logits):
    """Train many steps on one image with the label 3, and on the replayed images."""
    x = np.concatenate([np.repeat(image[None], 8, axis=0), REPLAY])
    y = np.append(np.full(8, 3, np.uint8), np.full(REPLAYED, NO_DIGIT, np.uint8))
    _, kept_embeddings = network.logits_and_embeddings(tuner.model, REPLAY)
    batch = (x, y, kept_logits, kept_embeddings)
    tuner.train([batch] * 20, steps=20, learning_rate=0.01, step_done=ignore_step)


def test_training_raises_the_logit_of_an_examples_label(path, free_embeddings):
    tuner, image = FineTuner(path, seed=1), noise(1)
    before = tuner.logits(image[None])[0]
    train_on_a_three(tuner, image, kept_logits=np.zeros((REPLAYED, 10), np.float32))
    after = tuner.logits(image[None])[0]
    assert after[3] - after.mean() > before[3] - before.mean() + 1


def test_training_keeps_the_given_logits_of_replayed_images(path, free_embeddings):
    before = FineTuner(path, seed=1).logits(REPLAY)
    other = np.roll(before, 1, axis=1) + np.eye(10, dtype=np.float32)[:REPLAYED] * 5
    changes = []
    for kept_logits in (before, other):
        tuner = FineTuner(path, seed=1)
        train_on_a_three(tuner, noise(1), kept_logits=kept_logits)
        changes.append(np.abs(tuner.logits(REPLAY) - before).mean())
    assert changes[0] < changes[1]


def test_training_keeps_the_given_embeddings_of_replayed_images(path, monkeypatch):
    changes = []
    for weight in (0.0, 100.0):
        monkeypatch.setattr(finetuning, "_EMBEDDING_WEIGHT", weight)
        tuner = FineTuner(path, seed=1)
        logits, before = network.logits_and_embeddings(tuner.model, REPLAY)
        train_on_a_three(tuner, noise(1), kept_logits=logits)
        _, after = network.logits_and_embeddings(tuner.model, REPLAY)
        changes.append(np.abs(after - before).mean())
    assert changes[1] < changes[0] / 2

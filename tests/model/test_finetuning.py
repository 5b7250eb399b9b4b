"""FineTuner: a network trained a little further, the same every time, and only where it may be."""

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
KEPT = 4


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """An untrained network of two stages, as a file."""
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
            rng.normal(0, 1, (KEPT, 10)).astype(np.float32),
            rng.normal(0, 1, (KEPT, 6)).astype(np.float32),
        )
        for _ in range(STEPS)
    ]


def adapted(path, batches, *, step_done=lambda step, loss: None):
    make_deterministic(threads=THREADS)
    tuner = FineTuner(path, seed=1)
    tuner.train(batches, steps=STEPS, learning_rate=0.01, step_done=step_done)
    return tuner


@pytest.fixture(scope="module")
def trained(path, batches):
    return adapted(path, batches)


def same(one, other):
    return [np.array_equal(*pair) for pair in zip(one, other, strict=True)]


def test_the_same_training_gives_the_same_weights_to_the_bit(trained, path, batches):
    assert all(same(adapted(path, batches).tuned_weights, trained.tuned_weights))


def test_another_order_gives_other_weights(trained, path, batches):
    assert not all(same(adapted(path, batches[::-1]).tuned_weights, trained.tuned_weights))


def test_nothing_of_the_way_is_the_base(trained, path):
    trained.interpolate(0)
    assert network.weights_hash(trained.model) == network.weights_hash(network.load(path))


def test_all_of_the_way_is_what_was_trained(trained):
    trained.interpolate(1)
    assert all(same(trained.model.get_weights(), trained.tuned_weights))


def test_half_of_the_way_is_between_them(trained):
    trained.interpolate(0.5)
    for half, base, tuned in zip(
        trained.model.get_weights(), trained.base_weights, trained.tuned_weights, strict=True
    ):
        assert np.allclose(half, (base + tuned) / 2, atol=1e-6)


def test_mixing_again_starts_from_the_base_again(trained):
    trained.interpolate(0.5)
    once = trained.model.get_weights()
    trained.interpolate(1)
    trained.interpolate(0.5)
    assert all(same(trained.model.get_weights(), once))


def moved(tuner):
    """Names of the variables that training changed."""
    kept = same(tuner.base_weights, tuner.tuned_weights)
    names = [variable.path for variable in tuner.model.weights]
    return {name for name, still in zip(names, kept, strict=True) if not still}


def test_only_the_last_stage_and_the_answer_move(trained):
    layers = trained.model.layers
    pool = next(n for n, layer in enumerate(layers) if layer.name.startswith("max_pooling"))
    before = {weight.path for layer in layers[:pool] for weight in layer.weights}
    after = {weight.path for layer in layers[pool:] for weight in layer.trainable_weights}
    assert not moved(trained) & before
    assert moved(trained) == after


def test_the_statistics_of_batch_normalisation_stay(trained):
    statistics = {w.path for w in trained.model.weights if "moving_" in w.path}
    assert statistics
    assert not moved(trained) & statistics


def test_a_network_without_pooling_is_trained_as_a_whole(tmp_path, batches):
    path = tmp_path / "model.keras"
    network.save(network.build(TrainConfig(stages=((6, 1),)), steps_per_epoch=1), path)
    found = adapted(path, batches)
    assert moved(found) == {weight.path for weight in found.model.trainable_weights}


def test_every_step_is_told_with_its_loss(path, batches):
    told = []
    adapted(path, batches, step_done=lambda step, loss: told.append((step, loss)))
    assert [step for step, _ in told] == [1, 2, 3]
    assert all(np.isfinite(loss) and loss > 0 for _, loss in told)


def test_halfway_the_batches_that_are_left_may_be_replaced(trained, path, batches):
    make_deterministic(threads=THREADS)
    tuner = FineTuner(path, seed=1)
    first, *others = batches
    tuner.train(
        [first, *others[::-1]],
        steps=STEPS,
        learning_rate=0.01,
        step_done=lambda step, loss: None,
        halfway=lambda left: left[::-1],
    )
    assert all(same(tuner.tuned_weights, trained.tuned_weights))


def test_what_is_raised_at_a_step_ends_the_training(path, batches):
    def stop(step, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapted(path, batches, step_done=stop)


@pytest.fixture
def unbound(monkeypatch):
    """The embeddings of a network as small as this one say too little to be kept."""
    monkeypatch.setattr(finetuning, "_EMBEDDING_WEIGHT", 0.0)


def test_a_lesson_is_learned(path, unbound):
    tuner, example = FineTuner(path, seed=1), noise(1)
    before = tuner.logits(example[None])[0]
    repeat(tuner, example, kept=np.zeros((KEPT, 10), np.float32))
    after = tuner.logits(example[None])[0]
    assert after[3] - after.mean() > before[3] - before.mean() + 1


def test_the_replay_keeps_what_it_is_told_to_keep(path, unbound):
    base = FineTuner(path, seed=1)
    said = base.logits(REPLAY)
    other = np.roll(said, 1, axis=1) + np.eye(10, dtype=np.float32)[:KEPT] * 5
    moved = []
    for kept in (said, other):
        tuner = FineTuner(path, seed=1)
        repeat(tuner, noise(1), kept=kept)
        moved.append(np.abs(tuner.logits(REPLAY) - said).mean())
    assert moved[0] < moved[1]


def test_the_embeddings_of_the_replay_stay_where_they_are_told_to(path, monkeypatch):
    moved = []
    for weight in (0.0, 100.0):
        monkeypatch.setattr(finetuning, "_EMBEDDING_WEIGHT", weight)
        tuner = FineTuner(path, seed=1)
        logits, before = network.logits_and_embeddings(tuner.model, REPLAY)
        repeat(tuner, noise(1), kept=logits)
        moved.append(np.abs(network.logits_and_embeddings(tuner.model, REPLAY)[1] - before).mean())
    assert moved[1] < moved[0] / 2


REPLAY = np.stack([noise(n) // 4 for n in range(2, 2 + KEPT)])


def repeat(tuner, example, *, kept):
    """Train many steps on one image that is to be a 3, beside the replay."""
    x = np.concatenate([np.repeat(example[None], 8, axis=0), REPLAY])
    y = np.append(np.full(8, 3, np.uint8), np.full(KEPT, NO_DIGIT, np.uint8))
    _, held = network.logits_and_embeddings(tuner.model, REPLAY)
    batch = (x, y, kept, held)
    tuner.train([batch] * 20, steps=20, learning_rate=0.01, step_done=lambda step, loss: None)


def test_logits_are_those_of_the_network_in_any_number(trained, path):
    trained.interpolate(0)
    x = np.random.default_rng(3).integers(0, 256, (7, 28, 28), np.uint8)
    expected, _ = network.logits_and_embeddings(network.load(path), x)
    assert np.allclose(trained.logits(x), expected, atol=1e-5)
    assert trained.logits(x[:0]).shape == (0, 10)


def test_another_number_of_threads_wants_a_process_of_its_own(trained):
    with pytest.raises(ModelError, match="in a separate process"):
        make_deterministic(threads=THREADS + 1)

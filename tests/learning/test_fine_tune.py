"""A whole fine-tune, step by step in this process, on a small base that trains quickly."""

import dataclasses
import functools
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import sqlalchemy as sa
from support.feedback_rows import add_verdict, noise

from digitlab.datasets import mnist
from digitlab.errors import ModelError, RunError
from digitlab.learning import FineTune, FineTuneConfig, fine_tune, run_session
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate import compare
from digitlab.learning.gate.rules import decide
from digitlab.learning.thresholds import GATE
from digitlab.learning.time_estimate import RunDurations, TimeEstimate
from digitlab.learning.training import train
from digitlab.model import network
from digitlab.model.card import MODEL_FILES, Card, file_sha256
from digitlab.model.train_config import TrainConfig
from digitlab.settings import Settings, bundled
from digitlab.store import FeedbackStore, ModelRegistry, RunLog
from digitlab.store.tables import leases

pytestmark = pytest.mark.tf

CONFIG = FineTuneConfig(steps=4, examples=8, replay=32, alphas=(0.05, 0.2))
IMAGES = 12_800


@pytest.fixture(scope="module", autouse=True)
def many_disagreements():
    """Allow more disagreements: the export rounds this small network more than the base."""
    thresholds = dataclasses.replace(GATE, max_disagreements=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tune, "decide", functools.partial(decide, thresholds=thresholds))
        yield


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The version folder of a small network that narrowly misreads some digits."""
    folder = tmp_path_factory.mktemp("small") / "small"
    folder.mkdir()
    config = TrainConfig(epochs=2, batch_size=64, stages=((8, 1), (16, 1), (32, 1)))
    config = dataclasses.replace(config, learning_rate=1e-2, dropout=0.1)
    model = network.build(config, steps_per_epoch=IMAGES // 64)
    x, y = (array[:IMAGES] for array in mnist.load("train"))
    network.train_epoch(model, x, y, config=config, epoch=0)
    network.save(model, folder / "model.keras")
    network.export_litert(model, folder / "model.tflite")
    hashes = {"weights": network.weights_hash(model)}
    hashes |= {name: file_sha256(folder / name) for name in MODEL_FILES}
    card = Card.read(bundled("models/base"))
    dataclasses.replace(card, embedding=32, refusal=None, hashes=hashes).write(folder)
    return folder


class Home:
    """A home whose champion is a copy of the small base."""

    def __init__(self, path, small):
        self.settings = Settings.load(path, environ={})
        self.store = FeedbackStore.open(self.settings)
        self.models = ModelRegistry(self.settings, self.store.database)
        self.log = RunLog(self.store.database)
        with self.models.folders.staging_folder() as folder:
            shutil.copytree(small, folder, dirs_exist_ok=True)
            self.base = self.models.folders.register(folder)
        self.models.promote(self.base, by="ann")

    def correct(self, n=6, *, contributor="ann", backwards=False):
        """Add and accept corrections of the n validation digits that the base narrowly misreads."""
        x, y = mnist.load("validation")
        probabilities = self.models.load(self.base).predict_proba(x)
        missing = probabilities.max(axis=1) - probabilities[np.arange(len(y)), y]
        rows = [row for row in np.argsort(missing, kind="stable") if missing[row] > 0][:n]
        for row in rows[::-1] if backwards else rows:
            number = add_verdict(
                self.store,
                x[row],
                int(y[row]),
                predicted=int(probabilities[row].argmax()),
                contributor=contributor,
            )
            self.store.review([number], "accepted", by="curator")

    def start(self, run="r1", **options):
        return FineTune(self.settings, CONFIG, run=run, **options)

    def run_all_steps(self, run="r1", **options):
        """Run every step; return the result and the version's card."""
        run = self.start(run, **options)
        for step in STEPS:
            getattr(run, step)()
        return run.result, self.models.card(run.result.version)

    @property
    def current(self):
        """The name of the run in progress."""
        run = self.log.current()
        return None if run is None else run.name


@contextmanager
def held_by_another_process(log, run):
    """Make the lease of `run` belong to another process while the block runs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        _set_holder(log, run, other.pid)
        yield
        _set_holder(log, run, os.getpid())
        other.communicate(b"\n")


def _set_holder(log, run, pid):
    with log.database.write() as connection:
        connection.execute(sa.update(leases).where(leases.c.run == run).values(pid=pid))


STEPS = ("collect", "train", "compare", "decide", "register")


@pytest.fixture(scope="module")
def create_home(small, tmp_path_factory):
    """Create another home; all are closed at the end."""
    homes = []

    def create():
        homes.append(Home(tmp_path_factory.mktemp("home") / "home", small))
        return homes[-1]

    yield create
    for home in homes:
        home.store.close()


@pytest.fixture
def home(create_home):
    home = create_home()
    home.correct()
    return home


# a promoted run ----------------------------------------------------------------------------------


@dataclasses.dataclass
class PromotedRun:
    """A promoted run, and the state of its home right afterwards."""

    home: Home
    result: object
    card: Card
    champion: str
    previous: str
    next_preview: FeedbackPreview


@pytest.fixture(scope="module")
def promoted(create_home):
    home = create_home()
    home.correct()
    result, card = home.run_all_steps("r1")
    next_preview = home.start("next").collect()
    models = home.models
    return PromotedRun(home, result, card, models.champion, models.previous, next_preview)


def test_a_run_that_gains_corrections_and_loses_nothing_is_promoted(promoted):
    assert (promoted.result.run, promoted.result.outcome) == ("r1", "promoted")
    assert (promoted.champion, promoted.previous) == (promoted.result.version, promoted.home.base)


def test_the_card_lists_the_feedback_of_the_version(promoted):
    card = promoted.card
    assert (card.kind, card.decision, card.feedback) == (
        "fine-tuned",
        "promoted",
        [1, 2, 3, 4, 5, 6],
    )
    hashes = [promoted.home.store.get(number).digit_sha256 for number in card.feedback]
    assert card.training_examples == sorted(hashes)


def test_the_card_lists_the_inputs_of_the_version(promoted):
    card = promoted.card
    assert (card.parent, card.inputs_fingerprint) == (
        promoted.home.base,
        promoted.result.inputs_fingerprint,
    )
    assert card.champion == promoted.home.base  # the version that it may replace
    assert (card.config, card.seed, card.threads) == (CONFIG.to_dict(), CONFIG.seed, CONFIG.threads)
    assert card.alpha in CONFIG.alphas


def test_the_card_names_its_run_and_no_notebook_outside_the_home(promoted):
    assert (promoted.card.run, promoted.card.notebook) == ("r1", None)


def test_the_card_has_reasons_and_metrics_with_their_counts(promoted):
    card = promoted.card
    assert tuple(card.reasons) == promoted.result.reasons
    assert "verdicts learned: " in " ".join(card.reasons)
    assert (card.metrics["holdout"]["n"], card.metrics["corrections"]["n"]) == (5000, 6)
    assert card.metrics["mnist:test"]["n"] == 10_000
    assert card.metrics["base"] == {}  # the base is the champion


def test_the_files_match_the_hashes_of_the_card(promoted):
    version = promoted.result.version
    promoted.home.models.folders.verify(version)
    keras_model = network.load(promoted.home.models.folder(version) / "model.keras")
    assert network.weights_hash(keras_model) == promoted.card.hashes["weights"]


def test_the_serving_file_predicts_more_corrections_correctly_than_the_base(promoted):
    home, entries = promoted.home, promoted.home.store.entries()
    x = np.stack([entry.digit_image for entry in entries])
    y = np.array([entry.label for entry in entries])
    correct = [
        (home.models.load(version).predict_proba(x).argmax(axis=1) == y).sum()
        for version in (home.base, promoted.result.version)
    ]
    assert correct[0] == 0
    assert correct[1] > 0


def test_the_run_is_stored_with_its_outcome_and_metrics(promoted):
    run = promoted.home.log.get("r1")
    assert (run.outcome, run.version, run.inputs_fingerprint) == (
        *("promoted", promoted.result.version, promoted.result.inputs_fingerprint),
    )
    assert (run.phase, run.steps, run.parameters) == ("done", CONFIG.steps, CONFIG.to_dict())
    assert run.metrics["holdout"]["n"] == 5000
    durations = RunDurations.of(run)
    assert durations.steps == CONFIG.steps
    total_s = durations.before_s + durations.training_s + durations.after_s
    assert 0 < total_s <= run.seconds + 1


def test_card_and_run_name_the_corrections_that_changed(promoted):
    metrics = promoted.home.log.get("r1").metrics
    assert sorted(metrics["fixed"] + metrics["still_wrong"]) == [1, 2, 3, 4, 5, 6]
    assert (len(metrics["fixed"]), metrics["broken"]) == (metrics["corrections"]["fixed"], [])
    names = ("fixed", "broken", "still_wrong")
    assert [promoted.card.metrics[name] for name in names] == [metrics[name] for name in names]


def test_the_run_stores_every_validation_accuracy_even_of_a_fast_training(promoted):
    points = [point for point in promoted.home.log.get("r1").curve if point[2] is not None]
    assert [step for step, _, _ in points] == list(range(1, CONFIG.steps + 1))


def test_the_history_names_the_run_that_promoted_the_champion(promoted):
    moves = [move for move in promoted.home.models.history() if move.run == "r1"]
    assert ("champion", promoted.result.version) in [(move.alias, move.version) for move in moves]


def test_no_partial_version_is_left(promoted):
    assert list(promoted.home.settings.models.glob(".new-*")) == []


def test_after_the_run_nothing_is_new(promoted):
    assert not promoted.next_preview.new
    assert promoted.home.log.get("next").outcome == "nothing-new"


def test_equal_feedback_in_another_home_gives_the_same_version(promoted, create_home, tmp_path):
    """Contributor, order, folder and `evaluate_on` make no difference."""
    other = create_home()
    other.correct(contributor="bob", backwards=True)
    x, y = (array[:5] for array in mnist.load("validation"))
    np.savez(tmp_path / "other.npz", x=x, y=y)
    result, card = other.run_all_steps("another", evaluate_on=str(tmp_path / "other.npz"))
    assert result.inputs_fingerprint == promoted.result.inputs_fingerprint
    assert card.hashes["weights"] == promoted.card.hashes["weights"]
    assert (card.alpha, card.training_examples, card.feedback_fingerprint) == (
        *(promoted.card.alpha, promoted.card.training_examples, promoted.card.feedback_fingerprint),
    )
    assert result.metrics["evaluate_on"]["n"] == 5


def test_after_a_retraction_a_run_trains_a_version_without_the_example(promoted):
    home = promoted.home
    retracted = home.store.retract([1], by="ann")[0].digit_sha256
    result, card = home.run_all_steps("r2")
    assert result.outcome in {"promoted", "rejected"}
    assert "withdrawn" in " ".join(result.reasons)
    assert (card.feedback, retracted in card.training_examples) == ([2, 3, 4, 5, 6], False)
    assert card.parent == home.base
    assert {name: part["n"] for name, part in card.metrics["base"].items()} == {
        "holdout": 5000,
        "photographs": 1000,
    }
    assert not home.start("r3").collect().new


# other ends of a run ----------------------------------------------------------------------------


def test_a_champion_that_changed_before_register_is_not_replaced(home):
    run = home.start()
    for step in STEPS[:-1]:
        getattr(run, step)()
    home.models.promote("base", by="ann")
    result = run.register()
    assert (result.outcome, home.models.champion) == ("rejected", "base")
    assert "no longer serves" in result.reasons[0]
    assert "start another run" in result.reasons[0]
    assert home.log.get("r1").feedback_fingerprint is None  # so it is new for the next run
    assert home.models.challenger == result.version
    assert home.models.card(result.version).decision == "rejected"
    assert home.current is None


def test_the_comparison_is_with_the_champion_at_the_start_of_the_run(home):
    """Otherwise the reasons would name another champion than the one that was compared."""
    run = home.start()
    run.collect()
    run.train()
    home.models.promote("base", by="ann")
    assert run.compare().champion == home.base
    run.decide()
    assert run.register().outcome == "rejected"
    assert "verdicts learned" not in " ".join(run.result.reasons)


def test_a_champion_that_changed_during_the_evaluation_is_not_replaced(home, monkeypatch):
    def evaluate_version(*_, **__):
        home.models.promote("base", by="ann")
        return {}

    monkeypatch.setattr(compare, "evaluate_version", evaluate_version)
    result, card = home.run_all_steps(evaluate_on="mnist:validation")
    assert (result.outcome, card.decision, home.models.champion) == (*("rejected",) * 2, "base")
    assert home.models.challenger == result.version


def test_hard_examples_are_repeated_in_the_second_half_of_the_training(home, monkeypatch):
    calls = []

    def repeat(batches, logits_of, config):
        calls.append((len(batches), logits_of(batches[0][0]).shape, config))
        return batches

    monkeypatch.setattr(train, "repeat_hard_examples", repeat)
    run = home.start()
    run.collect()
    run.train()
    assert calls == [(CONFIG.steps // 2, (CONFIG.examples + CONFIG.replay, 10), CONFIG)]


def test_the_evaluation_ends_before_the_champion_changes(home, monkeypatch):
    """A data set may be large, and the run may be cancelled while it is read."""
    champions = []
    monkeypatch.setattr(
        compare,
        "evaluate_version",
        lambda *_, **__: champions.append(home.models.champion) or {},
    )
    result, _ = home.run_all_steps(evaluate_on="mnist:validation")
    assert (champions, result.outcome) == ([home.base], "promoted")


def test_nothing_new_ends_the_run_and_releases_the_lease(create_home):
    home = create_home()
    run = home.start()
    assert home.current == "r1"
    assert not run.collect().new
    assert (run.result.outcome, home.log.get("r1").outcome) == ("nothing-new",) * 2
    assert home.current is None


def test_the_steps_after_the_end_do_nothing_and_return_the_result(create_home):
    run = create_home().start()
    run.collect()
    assert [getattr(run, step)() for step in STEPS] == [run.result] * len(STEPS)


def test_a_second_run_is_busy_and_leaves_the_first_one_alone(home):
    first = home.start("r1")
    with held_by_another_process(home.log, "r1"):
        second = home.start("r2")
    assert second.result.outcome == home.log.get("r2").outcome == "busy"
    assert "r1" in second.result.reasons[0]
    assert second.collect() is second.result
    assert home.current == "r1"
    assert first.collect().new


def test_a_cancelled_run_ends_at_its_next_step(home):
    run = home.start()
    run.collect()
    home.log.request_cancel("r1")
    result = run.train()
    assert (result.outcome, home.log.get("r1").outcome) == ("cancelled", "cancelled")
    assert home.current is None
    assert home.models.versions() == ["base", home.base]


def test_a_run_that_is_cancelled_during_the_training_ends_there(home, monkeypatch):
    monkeypatch.setattr(run_session, "_PROGRESS_INTERVAL_S", 0)
    run = home.start()
    run.collect()
    build_batches = train.build_batches

    def cancel_first(*arguments, **options):  # the step has started
        home.log.request_cancel("r1")
        return build_batches(*arguments, **options)

    monkeypatch.setattr(train, "build_batches", cancel_first)
    assert run.train().outcome == "cancelled"
    assert home.log.get("r1").phase == "done"


def test_a_failing_step_fails_the_run_with_its_reason(home):
    run = home.start()
    run.collect()
    (home.models.folder(home.base) / "model.keras").write_bytes(b"something else")
    with pytest.raises(ModelError, match=f"{home.base} is damaged"):
        run.train()
    stored = home.log.get("r1")
    assert (stored.outcome, run.result.outcome) == ("failed", "failed")
    assert stored.reasons[0].startswith("ModelError: ")
    assert home.current is None


def test_after_a_failed_run_the_next_one_starts(home):
    home.start("r1")
    home.log.finish("r1", "failed")
    assert home.start("r2").collect().new


def test_the_name_of_a_run_cannot_be_used_twice(create_home):
    home = create_home()
    home.start("r1").collect()
    with pytest.raises(RunError, match="r1 is over already"):
        home.start("r1")


@pytest.mark.parametrize("step", ["train", "compare", "decide", "register"])
def test_a_step_out_of_order_names_the_missing_step_and_the_run_continues(home, step):
    run = home.start()
    with pytest.raises(RunError, match=r"Call collect\(\) first"):
        getattr(run, step)()
    assert run.collect().new
    assert home.current == "r1"


@pytest.mark.parametrize("step", ["compare", "decide", "register"])
def test_a_step_before_the_training_names_the_missing_step(home, step):
    run = home.start()
    run.collect()
    with pytest.raises(RunError, match=r"Call train\(\) first"):
        getattr(run, step)()


def test_feedback_with_a_label_issue_is_held_before_the_training(home):
    number = add_verdict(home.store, noise(1), 4, contributor="bob")
    contrary = add_verdict(home.store, noise(1), 5, contributor="cleo")
    preview = home.start().collect()
    assert sorted(preview.held) == [number, contrary]
    assert len(preview.examples.corrections) == 6


def test_an_exception_in_a_progress_report_ends_the_training(home, tmp_path):
    def stop(**progress):
        if progress.get("step") == 2:
            raise KeyboardInterrupt

    preview = home.start().collect()
    base = home.models.load(home.base)
    options = {"cache": home.settings.cache, "report": stop, "estimate": TimeEstimate()}
    with pytest.raises(KeyboardInterrupt):
        train.train(preview.examples, home.models.folder(home.base), base, CONFIG, **options)

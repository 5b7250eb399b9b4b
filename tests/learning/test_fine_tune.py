"""A whole fine-tune, step by step in this process, on a small base that learns in a moment."""

import dataclasses
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
from digitlab.learning import FineTune, FineTuneConfig, run_session
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate import compare, rules
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
def rounded():
    """A network as small as this one is rounded more by its file than the shipped base."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "DISAGREEMENTS", 100)
        yield


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The version folder of a small network that misreads some digits by a hair."""
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
        """Correct, and accept, the n digits of `validation` that the base all but reads right."""
        x, y = mnist.load("validation")
        shares = self.models.load(self.base).predict_proba(x)
        lost = shares.max(axis=1) - shares[np.arange(len(y)), y]
        rows = [row for row in np.argsort(lost, kind="stable") if lost[row] > 0][:n]
        for row in rows[::-1] if backwards else rows:
            number = add_verdict(
                self.store,
                x[row],
                int(y[row]),
                predicted=int(shares[row].argmax()),
                contributor=contributor,
            )
            self.store.review([number], "accepted", by="curator")

    def tune(self, run="r1", **options):
        return FineTune(self.settings, CONFIG, run=run, **options)

    def whole(self, run="r1", **options):
        """A run from its first step to its last one, and its version's card."""
        fine_tune = self.tune(run, **options)
        for step in STEPS:
            getattr(fine_tune, step)()
        outcome = fine_tune.result
        return outcome, self.models.card(outcome.version)

    @property
    def holder(self):
        """The run that is under way."""
        run = self.log.current()
        return None if run is None else run.name


@contextmanager
def elsewhere(log, run):
    """While the block runs, the lease of `run` looks as if another process held it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        _hand_over(log, run, other.pid)
        yield
        _hand_over(log, run, os.getpid())
        other.communicate(b"\n")


def _hand_over(log, run, pid):
    with log.database.write() as connection:
        connection.execute(sa.update(leases).where(leases.c.run == run).values(pid=pid))


STEPS = ("collect", "train", "compare", "decide", "register")


@pytest.fixture(scope="module")
def make(small, tmp_path_factory):
    """Make another home; all are closed at the end."""
    homes = []

    def make():
        homes.append(Home(tmp_path_factory.mktemp("home") / "home", small))
        return homes[-1]

    yield make
    for home in homes:
        home.store.close()


@pytest.fixture
def home(make):
    home = make()
    home.correct()
    return home


# a run that ends well ----------------------------------------------------------------------------


@dataclasses.dataclass
class Learned:
    """A run that was promoted, and how the home was right afterwards."""

    home: Home
    outcome: object
    card: Card
    champion: str
    previous: str
    again: FeedbackPreview


@pytest.fixture(scope="module")
def learned(make):
    home = make()
    home.correct()
    outcome, card = home.whole("r1")
    again = home.tune("again").collect()
    return Learned(home, outcome, card, home.models.champion, home.models.previous, again)


def test_a_run_that_gains_corrections_and_loses_nothing_is_promoted(learned):
    assert (learned.outcome.run, learned.outcome.outcome) == ("r1", "promoted")
    assert (learned.champion, learned.previous) == (learned.outcome.version, learned.home.base)


def test_the_card_says_what_the_version_learned(learned):
    card = learned.card
    assert (card.kind, card.decision, card.feedback) == (
        "fine-tuned",
        "promoted",
        [1, 2, 3, 4, 5, 6],
    )
    hashes = [learned.home.store.get(number).digit_sha256 for number in card.feedback]
    assert card.training_examples == sorted(hashes)


def test_the_card_says_what_the_version_follows_from(learned):
    card = learned.card
    assert (card.parent, card.inputs_fingerprint) == (
        learned.home.base,
        learned.outcome.inputs_fingerprint,
    )
    assert card.champion == learned.home.base  # the one it may take the place of
    assert (card.config, card.seed, card.threads) == (CONFIG.to_dict(), CONFIG.seed, CONFIG.threads)
    assert card.alpha in CONFIG.alphas


def test_the_card_says_which_run_made_it_and_names_no_notebook_that_it_cannot_know(learned):
    assert (learned.card.run, learned.card.notebook) == ("r1", None)


def test_the_card_has_reasons_and_figures_with_their_counts(learned):
    card = learned.card
    assert tuple(card.reasons) == learned.outcome.reasons
    assert "verdicts learned: " in " ".join(card.reasons)
    assert (card.metrics["holdout"]["n"], card.metrics["corrections"]["n"]) == (5000, 6)
    assert card.metrics["mnist:test"]["n"] == 10_000
    assert card.metrics["base"] == {}  # it is the champion


def test_the_files_are_those_that_the_card_describes(learned):
    version = learned.outcome.version
    learned.home.models.folders.verify(version)
    network_of = network.load(learned.home.models.folder(version) / "model.keras")
    assert network.weights_hash(network_of) == learned.card.hashes["weights"]


def test_the_serving_file_reads_more_corrections_than_the_base(learned):
    home, examples = learned.home, learned.home.store.entries()
    x = np.stack([entry.digit_image for entry in examples])
    y = np.array([entry.label for entry in examples])
    right = [
        (home.models.load(version).predict_proba(x).argmax(axis=1) == y).sum()
        for version in (home.base, learned.outcome.version)
    ]
    assert right[0] == 0
    assert right[1] > 0


def test_the_row_of_the_run_has_its_verdict_and_how_it_went(learned):
    run = learned.home.log.get("r1")
    assert (run.outcome, run.version, run.inputs_fingerprint) == (
        *("promoted", learned.outcome.version, learned.outcome.inputs_fingerprint),
    )
    assert (run.phase, run.steps, run.parameters) == ("done", CONFIG.steps, CONFIG.to_dict())
    assert run.metrics["holdout"]["n"] == 5000


def test_figures_and_row_name_the_corrections_that_changed_sides(learned):
    metrics = learned.home.log.get("r1").metrics
    assert sorted(metrics["fixed"] + metrics["still_wrong"]) == [1, 2, 3, 4, 5, 6]
    assert (len(metrics["fixed"]), metrics["broken"]) == (metrics["corrections"]["fixed"], [])
    names = ("fixed", "broken", "still_wrong")
    assert [learned.card.metrics[name] for name in names] == [metrics[name] for name in names]


def test_the_row_keeps_every_look_at_tune_however_fast_it_trains(learned):
    looks = [point for point in learned.home.log.get("r1").curve if point[2] is not None]
    assert [step for step, _, _ in looks] == list(range(1, CONFIG.steps + 1))


def test_the_history_names_the_run_that_moved_the_champion(learned):
    moves = [move for move in learned.home.models.history() if move.run == "r1"]
    assert ("champion", learned.outcome.version) in [(move.alias, move.version) for move in moves]


def test_nothing_half_written_is_left(learned):
    assert list(learned.home.settings.models.glob(".new-*")) == []


def test_after_the_run_there_is_nothing_new(learned):
    assert not learned.again.new
    assert learned.home.log.get("again").outcome == "nothing-new"


def test_equal_feedback_in_another_home_gives_the_same_version(learned, make, tmp_path):
    """Whoever gave it, in whatever order, wherever it is, and whatever is reported besides."""
    other = make()
    other.correct(contributor="bob", backwards=True)
    x, y = (array[:5] for array in mnist.load("validation"))
    np.savez(tmp_path / "other.npz", x=x, y=y)
    outcome, card = other.whole("another", evaluate_on=str(tmp_path / "other.npz"))
    assert outcome.inputs_fingerprint == learned.outcome.inputs_fingerprint
    assert card.hashes["weights"] == learned.card.hashes["weights"]
    assert (card.alpha, card.training_examples, card.feedback_fingerprint) == (
        *(learned.card.alpha, learned.card.training_examples, learned.card.feedback_fingerprint),
    )
    assert outcome.metrics["evaluate_on"]["n"] == 5


def test_after_a_retraction_a_run_makes_a_version_that_does_not_know_the_example(learned):
    home = learned.home
    gone = home.store.retract([1], by="ann")[0].digit_sha256
    outcome, card = home.whole("r2")
    assert outcome.outcome in {"promoted", "rejected"}
    assert "withdrawn" in " ".join(outcome.reasons)
    assert (card.feedback, gone in card.training_examples) == ([2, 3, 4, 5, 6], False)
    assert card.parent == home.base
    assert {name: part["n"] for name, part in card.metrics["base"].items()} == {
        "holdout": 5000,
        "photographs": 1000,
    }
    assert not home.tune("r3").collect().new


# runs that end otherwise -------------------------------------------------------------------------


def test_a_champion_that_moved_meanwhile_is_not_replaced(home):
    fine_tune = home.tune()
    for step in STEPS[:-1]:
        getattr(fine_tune, step)()
    home.models.promote("base", by="ann")
    outcome = fine_tune.register()
    assert (outcome.outcome, home.models.champion) == ("rejected", "base")
    assert "serves no more" in outcome.reasons[0]
    assert "run it again" in outcome.reasons[0]
    assert home.log.get("r1").feedback_fingerprint is None  # so that the next one finds it new
    assert home.models.challenger == outcome.version
    assert home.models.card(outcome.version).decision == "rejected"
    assert home.holder is None


def test_a_champion_that_moved_while_it_trained_is_not_compared_with(home):
    """Else one would be judged by who came to serve meanwhile, and say the contrary."""
    fine_tune = home.tune()
    fine_tune.collect()
    fine_tune.train()
    home.models.promote("base", by="ann")
    assert fine_tune.compare().champion == home.base
    fine_tune.decide()
    assert fine_tune.register().outcome == "rejected"
    assert "verdicts learned" not in " ".join(fine_tune.result.reasons)


def test_a_champion_that_moved_while_a_data_set_was_read_is_not_replaced(home, monkeypatch):
    def report_on(*_, **__):
        home.models.promote("base", by="ann")
        return {}

    monkeypatch.setattr(compare, "report_on", report_on)
    outcome, card = home.whole(evaluate_on="mnist:validation")
    assert (outcome.outcome, card.decision, home.models.champion) == (*("rejected",) * 2, "base")
    assert home.models.challenger == outcome.version


def test_halfway_what_is_left_of_the_batches_is_rehearsed(home, monkeypatch):
    rehearsed = []

    def rehearse(batches, ask, config):
        rehearsed.append((len(batches), ask(batches[0][0]).shape, config))
        return batches

    monkeypatch.setattr(train, "rehearse", rehearse)
    fine_tune = home.tune()
    fine_tune.collect()
    fine_tune.train()
    assert rehearsed == [(CONFIG.steps // 2, (CONFIG.examples + CONFIG.replay, 10), CONFIG)]


def test_what_is_reported_besides_is_known_before_the_champion_moves(home, monkeypatch):
    """A data set may be large, and the run be ended while it is read."""
    served = []
    monkeypatch.setattr(
        compare, "report_on", lambda *_, **__: served.append(home.models.champion) or {}
    )
    outcome, _ = home.whole(evaluate_on="mnist:validation")
    assert (served, outcome.outcome) == ([home.base], "promoted")


def test_nothing_new_ends_the_run_and_gives_the_lease_back(make):
    home = make()
    fine_tune = home.tune()
    assert home.holder == "r1"
    assert not fine_tune.collect().new
    assert (fine_tune.result.outcome, home.log.get("r1").outcome) == ("nothing-new",) * 2
    assert home.holder is None


def test_the_steps_after_the_end_do_nothing_and_give_the_outcome(make):
    fine_tune = make().tune()
    fine_tune.collect()
    assert [getattr(fine_tune, step)() for step in STEPS] == [fine_tune.result] * len(STEPS)


def test_a_second_run_is_busy_and_leaves_the_first_one_alone(home):
    first = home.tune("r1")
    with elsewhere(home.log, "r1"):
        second = home.tune("r2")
    assert second.result.outcome == home.log.get("r2").outcome == "busy"
    assert "r1" in second.result.reasons[0]
    assert second.collect() is second.result
    assert home.holder == "r1"
    assert first.collect().new


def test_a_run_that_is_cancelled_ends_at_its_next_step(home):
    fine_tune = home.tune()
    fine_tune.collect()
    home.log.request_cancel("r1")
    outcome = fine_tune.train()
    assert (outcome.outcome, home.log.get("r1").outcome) == ("cancelled", "cancelled")
    assert home.holder is None
    assert home.models.versions() == ["base", home.base]


def test_a_run_that_is_cancelled_while_it_trains_ends_there(home, monkeypatch):
    monkeypatch.setattr(run_session, "_EVERY_S", 0)
    fine_tune = home.tune()
    fine_tune.collect()
    take = train.joint_batches

    def ask(*arguments, **options):  # after the step has begun
        home.log.request_cancel("r1")
        return take(*arguments, **options)

    monkeypatch.setattr(train, "joint_batches", ask)
    assert fine_tune.train().outcome == "cancelled"
    assert home.log.get("r1").phase == "done"


def test_a_step_that_fails_fails_the_run_and_says_why(home):
    fine_tune = home.tune()
    fine_tune.collect()
    (home.models.folder(home.base) / "model.keras").write_bytes(b"something else")
    with pytest.raises(ModelError, match=f"{home.base} is damaged"):
        fine_tune.train()
    run = home.log.get("r1")
    assert (run.outcome, fine_tune.result.outcome) == ("failed", "failed")
    assert run.reasons[0].startswith("ModelError: ")
    assert home.holder is None


def test_after_a_run_that_ended_badly_the_next_one_goes_ahead(home):
    home.tune("r1")
    home.log.finish("r1", "failed")
    assert home.tune("r2").collect().new


def test_the_name_of_a_run_is_used_once(make):
    home = make()
    home.tune("r1").collect()
    with pytest.raises(RunError, match="r1 is over already"):
        home.tune("r1")


@pytest.mark.parametrize("step", ["train", "compare", "decide", "register"])
def test_a_step_out_of_its_order_says_which_comes_first_and_the_run_goes_on(home, step):
    fine_tune = home.tune()
    with pytest.raises(RunError, match=r"Call collect\(\) first"):
        getattr(fine_tune, step)()
    assert fine_tune.collect().new
    assert home.holder == "r1"


@pytest.mark.parametrize("step", ["compare", "decide", "register"])
def test_a_step_before_the_training_says_so(home, step):
    fine_tune = home.tune()
    fine_tune.collect()
    with pytest.raises(RunError, match=r"Call train\(\) first"):
        getattr(fine_tune, step)()


def test_suspicious_feedback_is_held_before_anything_is_learned(home):
    number = add_verdict(home.store, noise(1), 4, contributor="bob")
    contrary = add_verdict(home.store, noise(1), 5, contributor="cleo")
    found = home.tune().collect()
    assert sorted(found.held) == [number, contrary]
    assert len(found.examples.corrections) == 6


def test_what_the_teller_raises_ends_the_training(home, tmp_path):
    def stop(**said):
        if said.get("step") == 2:
            raise KeyboardInterrupt

    found = home.tune().collect()
    base = home.models.load(home.base)
    options = {"cache": home.settings.cache, "tell": stop}
    with pytest.raises(KeyboardInterrupt):
        train.train(found.examples, home.models.folder(home.base), base, CONFIG, **options)

"""Which versions may serve without force."""

from functools import partial

import pytest
from support.model_versions import add_version, fine_tuned

from digitlab.errors import ModelError
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


@pytest.fixture
def registry(tmp_path):
    with ModelRegistry(Settings.load(tmp_path / "home", environ={})) as registry:
        yield registry


@pytest.fixture
def add(registry):
    """Register another version; see `add_version`."""
    return partial(add_version, registry)


@pytest.mark.parametrize("kind", ["base", "imported"])
def test_a_base_needs_no_decision_of_the_gate(registry, add, kind):
    assert registry.promote(add(kind=kind), by="ann").action == "promote"


def reads(correct):
    """Return the changes to a card of a version that reads `correct` test images."""
    return {"metrics": {"mnist:test": {"n": 10_000, "correct": correct, "accuracy": correct / 1e4}}}


@pytest.mark.parametrize("kind", ["base", "imported"])
def test_a_base_that_reads_fewer_test_images_than_the_champion_needs_force(registry, add, kind):
    worse = add(kind=kind, **reads(9_900))
    with pytest.raises(ModelError, match=r"reads 99\.00% .*base, which serves.*--force --why"):
        registry.promote(worse)
    assert registry.champion == "base"
    registry.promote(worse, force=True, why="it reads my own hand")
    registry.promote(add(kind=kind, **reads(9_900)))  # as many as the champion
    registry.promote(worse)  # it has served before
    registry.promote("base")
    assert registry.champion == "base"


def test_a_base_that_was_never_measured_needs_force(registry, add):
    with pytest.raises(ModelError, match="never measured"):
        registry.promote(add(kind="imported", metrics={}))


def test_a_base_after_a_champion_without_metrics_needs_force_below_90_percent(registry, add):
    registry.promote(add(**fine_tuned(metrics={})))
    low, high = (add(kind="imported", **reads(correct)) for correct in (4_310, 9_700))
    with pytest.raises(
        ModelError, match=r"reads only 43\.1% of MNIST's test images.*--force --why"
    ):
        registry.promote(low)
    registry.promote(high)


def test_a_rejected_version_needs_force_and_the_error_gives_the_reasons(registry, add):
    version = add(**fine_tuned(decision="rejected", reasons=["It loses 40 of 5,000."]))
    with pytest.raises(ModelError, match=r"was rejected\. It loses 40 of 5,000\. .*--force --why"):
        registry.promote(version, by="ann")
    assert registry.champion == "base"


def test_a_fine_tuned_version_without_a_decision_needs_force(registry, add):
    with pytest.raises(ModelError, match="never judged"):
        registry.promote(add(**fine_tuned(decision=None)), by="ann")


def test_a_forced_promotion_stores_the_person_and_the_reason(registry, add):
    registry.promote(
        add(**fine_tuned(decision="rejected")), by="ann", why="my own hand", force=True
    )
    last = registry.history()[-1]
    assert (last.version, last.action, last.by) == ("v0001", "force", "ann")
    assert last.why == "my own hand"


@pytest.mark.parametrize("why", ["", "  "])
def test_force_without_a_reason_is_refused(registry, add, why):
    with pytest.raises(ModelError, match="says why"):
        registry.promote(add(**fine_tuned(decision="rejected")), by="ann", force=True, why=why)


def test_a_version_compared_with_a_former_champion_needs_force(registry, add):
    first, second = (add(**fine_tuned(champion="base")) for _ in range(2))
    registry.promote(first)
    with pytest.raises(ModelError, match=f"better than base, and {first} serves now"):
        registry.promote(second)
    registry.promote(second, force=True, why="I looked at both")
    registry.promote(first)  # it has served before
    assert registry.champion == first


def test_a_version_does_not_replace_a_champion_promoted_in_the_meantime(registry, add, monkeypatch):
    first, second = (add(**fine_tuned(champion="base")) for _ in range(2))

    def promote_first(*_, **__):
        monkeypatch.undo()
        registry.promote(first)
        return ""

    monkeypatch.setattr("digitlab.store.models.registry.reason_against_promotion", promote_first)
    with pytest.raises(
        ModelError, match=f"{first} serves now, but {second} was compared with base"
    ):
        registry.promote(second)
    assert registry.champion == first

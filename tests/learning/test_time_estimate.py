"""The estimate of a run's remaining time."""

import dataclasses
from types import SimpleNamespace

import pytest

from digitlab.learning.time_estimate import RunDurations, TimeEstimate, former_durations
from digitlab.store.runs.liveness import HOST

FORMER = RunDurations(before_s=6.0, steps=100, step_s=0.1, training_s=15.0, after_s=12.0)


class Clock:
    """A clock that only the test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def train(estimate, clock, durations):
    for duration in durations:
        clock.now += duration
        estimate.step_done()


def test_a_home_without_former_runs_has_no_estimate_before_some_steps(clock):
    estimate = TimeEstimate(clock=clock)
    assert estimate.seconds_left is None
    estimate.begin_training(100)
    train(estimate, clock, [35.0, 0.1, 0.1])
    assert estimate.seconds_left is None


@pytest.mark.parametrize("slow", [0, 1, 2, 5])
def test_a_slow_step_makes_no_absurd_estimate(clock, slow):
    """The first step compiles the network; divided among few steps it gave "5706 s left"."""
    estimate = TimeEstimate(clock=clock)
    estimate.begin_training(160)
    for step in range(8):
        train(estimate, clock, [35.0 if step == slow else 0.1])
        if step >= 4:
            assert estimate.seconds_left < 1.5 * 2.7 * 160 * 0.1


def test_without_former_runs_the_rest_is_a_multiple_of_the_training(clock):
    estimate = TimeEstimate(clock=clock)
    estimate.begin_training(100)
    train(estimate, clock, [3.0] + [0.1] * 50)
    assert estimate.seconds_left == pytest.approx(0.1 * 49 + 1.7 * 0.1 * 100)


def test_before_the_training_the_medians_of_former_runs_count(clock):
    outlier = RunDurations(before_s=900.0, steps=100, step_s=9.0, training_s=900.0, after_s=1e5)
    former = [FORMER, FORMER, outlier]
    estimate = TimeEstimate(former, clock=clock)
    assert estimate.seconds_left == pytest.approx(6 + 15 + 12)
    clock.now += 4
    assert estimate.seconds_left == pytest.approx(2 + 15 + 12)
    clock.now += 60
    assert estimate.seconds_left == pytest.approx(15 + 12)
    estimate.begin_training(300)
    assert estimate.seconds_left == pytest.approx(45 + 12)
    train(estimate, clock, [5.0])
    assert estimate.seconds_left == pytest.approx(40 + 12)


def test_this_runs_speed_counts_once_its_training_goes(clock):
    estimate = TimeEstimate([FORMER], clock=clock)
    estimate.begin_training(100)
    train(estimate, clock, [5.0] + [0.2] * 9)
    assert estimate.seconds_left == pytest.approx(0.2 * 90 + 2 * 12)
    train(estimate, clock, [0.2] * 90)
    estimate.end_training()
    assert estimate.seconds_left == pytest.approx(24)
    clock.now += 20
    assert estimate.seconds_left == pytest.approx(4)
    clock.now += 20
    assert estimate.seconds_left == 0


def test_a_run_like_the_former_one_takes_as_long_as_estimated(clock):
    first = TimeEstimate(clock=clock)
    clock.now += 7
    first.begin_training(50)
    train(first, clock, [4.0] + [0.3] * 49)
    first.end_training()
    clock.now += 15
    durations = first.durations()
    second = TimeEstimate([durations], clock=clock)
    assert second.seconds_left == pytest.approx(7 + 4 + 0.3 * 49 + 15)
    assert RunDurations(**durations.to_dict()).step_s == pytest.approx(durations.step_s)


def test_former_runs_of_this_machine_come_first():
    def run(host, metrics):
        return SimpleNamespace(host=host, metrics=metrics)

    elsewhere = run("elsewhere", {"durations": dataclasses.replace(FORMER, steps=7).to_dict()})
    without = run(HOST, {})
    assert [one.steps for one in former_durations([elsewhere, without])] == [7]
    here = run(HOST, {"durations": FORMER.to_dict()})
    assert former_durations([elsewhere, here, without]) == [FORMER]

"""The thinning of long training curves."""

import pytest

from digitlab.settings import Settings
from digitlab.store import RunLog
from digitlab.store.runs.queries import CURVE_POINTS, thin_curve

REQUEST = {"by": "ann", "parameters": {}}


@pytest.fixture
def log(tmp_path):
    with RunLog.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


def test_a_long_curve_keeps_its_first_and_its_last_point(log):
    log.acquire_lease("r1", **REQUEST)
    for step in range(1, CURVE_POINTS + 2):
        log.heartbeat("r1", step=step, loss=1 / step)
    steps = [step for step, _, _ in log.get("r1").curve]
    assert steps == [1, *range(3, CURVE_POINTS + 1, 2), CURVE_POINTS + 1]


def test_a_thinned_curve_keeps_every_validation_accuracy():
    measured_steps = {37, 38, 200, 399}
    curve = []
    for step in range(1, 401):
        curve = thin_curve([*curve, [step, 1 / step, 0.9 if step in measured_steps else None]])
        assert len(curve) <= CURVE_POINTS
    assert {step for step, _, accuracy in curve if accuracy is not None} == measured_steps
    assert [curve[0][0], curve[-1][0]] == [1, 400]

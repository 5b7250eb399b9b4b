"""Run: names, JSON and HTML of one run."""

from datetime import UTC, datetime

import pytest
from support.html_tables import parse_table

from digitlab.settings import Settings
from digitlab.store import RunLog
from digitlab.store.runs.types import new_name

REQUEST = {"by": "ann", "parameters": {}}


@pytest.fixture
def log(tmp_path):
    with RunLog.open(Settings.load(tmp_path / "home", environ={})) as log:
        yield log


def test_names_sort_by_time():
    early, late = (new_name(datetime(2026, 3, day, tzinfo=UTC)) for day in (1, 2))
    assert early.startswith("20260301T000000-")
    assert early < late


def test_json_of_a_run_has_no_curve(log):
    log.acquire_lease("r1", **REQUEST)
    log.heartbeat("r1", step=1, loss=0.5)
    assert "curve" not in log.get("r1").to_dict()


def test_the_status_is_the_phase_or_the_outcome(log):
    log.announce("r1", trigger="page", **REQUEST)
    assert log.get("r1").status == "starting"
    log.heartbeat("r1", phase="training", step=10, steps=80)
    assert log.get("r1").status == "training, step 10 of 80"
    log.finish("r1", "rejected")
    assert log.get("r1").status == "rejected"


def test_a_notebook_shows_a_run_as_a_table(log):
    log.announce("r1", trigger="page", by="<ann>", parameters={})
    log.heartbeat("r1", step=10, steps=80, loss=0.25, validation_accuracy=0.985)
    log.finish("r1", "rejected", version="v0001", reasons=["It loses 3 < 5.", "No & no."])
    table = parse_table(log.get("r1")._repr_html_())
    assert table.caption == "Run r1"
    assert table.rows["status"] == ["rejected"]
    assert table.rows["version"] == ["v0001"]
    assert table.rows["reasons"] == ["It loses 3 < 5. No & no."]
    assert table.rows["started"][0].endswith("UTC by <ann> (page)")
    assert table.rows["loss"] == ["0.25"]
    assert table.rows["validation accuracy"] == ["98.50%"]
    assert "notebook" not in table.rows

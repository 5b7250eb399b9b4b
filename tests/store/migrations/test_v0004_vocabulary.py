"""Migration 0004: a home that digitlab 0.1 wrote keeps every value under the current names."""

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from digitlab.settings import Settings
from digitlab.store import (
    Database,
    FeedbackStore,
    HomeSettings,
    ModelRegistry,
    RunLog,
    ScheduleBook,
    migrations,
)
from digitlab.store.runs.liveness import NO_PROCESS
from digitlab.store.tables import dues, home_settings, metadata

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINGERPRINT = b"fingerprint of a picture"
DIGIT_IMAGE = np.arange(784, dtype=np.uint32).astype(np.uint8).reshape(28, 28)
PICTURE_SHA256 = hashlib.sha256(b"picture").hexdigest()
PROBABILITIES = [0.91, *[0.01] * 9]
PAIRED = {"n": 5000, "champion": 4985, "challenger": 4990, "fixed": 8, "broken": 3}

PREDICTIONS = [
    {
        "id": 3,
        "time": NOON,
        "model": "v0001",
        "label": 4,
        "confidence": 0.75,
        "refused": True,
        "remembered": False,
    }
]

VERDICT = {
    "contributor": "ann",
    "comment": "",
    "prediction_id": None,
    "model": "base",
    "label": 1,
    "confidence": 0.91,
    "probabilities": json.dumps(PROBABILITIES),
    "refused": False,
    "remembered": False,
    "picture_sha256": PICTURE_SHA256,
    "picture_bytes": 7,
    "name": "photo.png",
    "y": 6,
    "width": 20,
    "height": 28,
    "digit_sha256": hashlib.sha256(DIGIT_IMAGE.tobytes()).hexdigest(),
    "digit_image": DIGIT_IMAGE.tobytes(),
}
"""The columns that all verdicts share; `label` is the predicted digit of 0.1."""

VERDICTS = [
    VERDICT | {"id": 1, "time": NOON, "x": 10, "verdict": "right", "digit": 1},
    VERDICT
    | {
        "id": 2,
        "time": NOON + HOUR,
        "x": 20,
        "verdict": "wrong",
        "digit": 7,
        "comment": "my seven",
        "prediction_id": 3,
        "refused": True,
        "remembered": True,
    },
    VERDICT | {"id": 5, "time": NOON, "x": 30, "verdict": "not-a-digit", "digit": None},
    VERDICT | {"id": 6, "time": NOON, "x": 40, "verdict": "unsure", "digit": None},
]

REVIEWS = [
    {
        "id": 1,
        "verdict_id": 5,
        "time": NOON,
        "decision": "held",
        "by": "digitlab",
        "reason": "odd",
    },
    {
        "id": 2,
        "verdict_id": 5,
        "time": NOON + HOUR,
        "decision": "rejected",
        "by": "curator",
        "reason": "it is a 3",
    },
]

ALIASES = [
    {
        "id": 1,
        "time": NOON,
        "alias": "previous",
        "version": "base",
        "action": "promote",
        "by": "digitlab",
        "why": "better",
        "run": "run 1",
    },
    {
        "id": 2,
        "time": NOON,
        "alias": "champion",
        "version": "v0001",
        "action": "promote",
        "by": "digitlab",
        "why": "better",
        "run": "run 1",
    },
]

OPTIONS = [
    {"id": 2, "time": NOON, "name": "review", "value": "false", "by": "ann"},
    {"id": 4, "time": NOON + HOUR, "name": "review", "value": "true", "by": "bob"},
]

RUN = {
    "by": "ann",
    "started": NOON,
    "host": "laptop",
    "step": 80,
    "steps": 160,
    "seconds_left": None,
    "cancel": False,
}

RUNS = [
    RUN
    | {
        "id": 1,
        "name": "run 1",
        "door": "schedule",
        "beaten": NOON + HOUR,
        "finished": NOON + HOUR,
        "pid": NO_PROCESS,
        "phase": "done",
        "loss": 0.25,
        "tune": 0.97,
        "curve": json.dumps([[10, 0.5, None], [80, 0.25, 0.97]]),
        "parameters": json.dumps({"lessons": 12, "seed": 3, "evaluate_on": "mnist:tune"}),
        "hash": "inputs",
        "news": "feedback",
        "verdict": "promoted",
        "version": "v0001",
        "reasons": json.dumps(["It fixes 8."]),
        "metrics": json.dumps(
            {
                "gate": PAIRED,
                "photographs": PAIRED,
                "base": {"gate": PAIRED, "photographs": PAIRED},
                "mnist:test": {"n": 10000, "correct": 9972},
                "evaluate_on": {"source": "mnist:tune", "error": "It cannot be read."},
                "asked": 2251,
                "alpha": 0.8,
                "alphas": [{"alpha": 0.8, "n": 5000, "readings": 5, "fixed": 8}],
            }
        ),
        "notebook": "notebooks/runs/run 1.ipynb",
    },
    RUN
    | {
        "id": 2,
        "name": "run 2",
        "door": "page",
        "beaten": NOON,
        "finished": None,
        "pid": 77,
        "phase": "training",
        "loss": None,
        "tune": None,
        "curve": "[]",
        "parameters": json.dumps({"evaluate_on": "scans/2026"}),
        "hash": None,
        "news": None,
        "verdict": None,
        "version": None,
        "reasons": "[]",
        "metrics": json.dumps({"tune": 0.5}),
        "notebook": None,
    },
]

LEASES = [{"name": "fine-tune", "run": "run 2", "host": "laptop", "pid": 77, "beaten": NOON}]

SCHEDULES = [
    {
        "name": "0 3 * * * UTC",
        "cron": "0 3 * * *",
        "zone": "UTC",
        "next_due": NOON + HOUR,
        "beaten": NOON,
        "by": "laptop",
    }
]

DUES = [{"due": NOON, "claimed": NOON + HOUR, "by": "laptop", "run": "run 1"}]

TRACES = [{"verdict_id": 2, "trace": FINGERPRINT}]

ROWS = {
    "predictions": PREDICTIONS,
    "verdicts": VERDICTS,
    "reviews": REVIEWS,
    "aliases": ALIASES,
    "options": OPTIONS,
    "runs": RUNS,
    "leases": LEASES,
    "schedules": SCHEDULES,
    "dues": DUES,
    "traces": TRACES,
}
"""All rows of the home, by the tables of revision 0003 and with their columns."""


def insert(connection, table, row):
    """Add one row as the driver of 0.1 wrote it: times are UTC without their zone."""
    row = {
        name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
    columns = [
        sa.column(name, sa.DateTime() if isinstance(value, datetime) else None)
        for name, value in row.items()
    ]
    connection.execute(sa.insert(sa.table(table, *columns)).values(row))


@pytest.fixture(scope="module")
def migrated_home(tmp_path_factory):
    """A home that digitlab 0.1 wrote, opened once by this digitlab."""
    settings = Settings.load(tmp_path_factory.mktemp("homes") / "home", environ={})
    path = settings.home / "feedback" / "digitlab.db"
    path.parent.mkdir(parents=True)
    engine = sa.create_engine(f"sqlite:///{path.as_posix()}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0003")
        for table, rows in ROWS.items():
            for row in rows:
                insert(connection, table, row)
    engine.dispose()
    Database.open(settings.database_url).close()
    return settings.home


@pytest.fixture
def settings(migrated_home, tmp_path):
    """Settings of a copy of the migrated home."""
    shutil.copytree(migrated_home, tmp_path / "home")
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def database(settings):
    database = Database.open(settings.database_url)
    yield database
    database.close()


@pytest.fixture
def store(settings):
    with FeedbackStore.open(settings) as store:
        yield store


def test_the_migrated_schema_is_that_of_the_tables(database):
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_constraints_and_indexes_have_the_names_of_the_tables(database):
    with database.read() as connection:
        inspector = sa.inspect(connection)
        for table in metadata.tables.values():
            # SQLite keeps no name for the key of a table that numbers its rows.
            key_name = inspector.get_pk_constraint(table.name)["name"]
            assert key_name in {None, table.primary_key.name}
            for actual, declared in (
                (inspector.get_foreign_keys(table.name), table.foreign_key_constraints),
                (inspector.get_indexes(table.name), table.indexes),
            ):
                assert {row["name"] for row in actual} == {item.name for item in declared}
        assert inspector.get_pk_constraint("fingerprints")["name"] == "pk_fingerprints"
        unique = inspector.get_unique_constraints("runs")
    assert [row["name"] for row in unique] == ["uq_runs_name"]


def test_no_table_of_the_old_vocabulary_is_left(database):
    with database.read() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        assert tables == {*metadata.tables, "alembic_version"}
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_predictions_keep_the_predicted_digit(database):
    from digitlab.store.tables import predictions

    with database.read() as connection:
        (row,) = connection.execute(sa.select(predictions)).all()
    assert row._asdict() == {
        "id": 3,
        "time": NOON,
        "model": "v0001",
        "digit": 4,
        "confidence": 0.75,
        "refused": True,
        "remembered": False,
    }


def test_verdicts_keep_the_predicted_digit_and_the_true_label(store):
    entries = store.entries(history=True)
    assert [(e.id, e.verdict, e.predicted, e.label) for e in entries] == [
        (1, "right", 1, 1),
        (2, "wrong", 1, 7),
        (5, "not-a-digit", 1, None),
        (6, "unsure", 1, None),
    ]


def test_a_verdict_keeps_all_its_evidence(store):
    entry = store.get(2)
    assert (entry.time, entry.contributor, entry.comment) == (NOON + HOUR, "ann", "my seven")
    assert (entry.confidence, entry.model) == (0.91, "base")
    assert entry.probabilities == tuple(PROBABILITIES)
    assert (entry.refused, entry.remembered, entry.prediction_id) == (True, True, 3)
    assert (entry.box, entry.name) == ((20, 6, 20, 28), "photo.png")
    assert (entry.picture_sha256, entry.picture_bytes) == (PICTURE_SHA256, 7)
    assert np.array_equal(entry.digit_image, DIGIT_IMAGE)
    assert entry.digit_sha256 == hashlib.sha256(DIGIT_IMAGE.tobytes()).hexdigest()


def test_the_last_review_still_sets_the_state(store):
    assert [(e.state, e.by, e.reason) for e in store.entries(history=True)] == [
        ("accepted", "", ""),
        ("accepted", "", ""),
        ("rejected", "curator", "it is a 3"),
        ("accepted", "", ""),
    ]


def test_fingerprints_of_pictures_stay_with_their_corrections(store):
    _, corrections = store.corrections()
    assert corrections[2].fingerprint == FINGERPRINT
    assert corrections[2].label == 7


def test_new_verdicts_are_numbered_after_the_old_ones(store):
    from support.predictions import make_prediction

    assert store.add(make_prediction(), "wrong", label=7, contributor="bob").id == 7


def test_aliases_and_their_history_stay(settings):
    with ModelRegistry(settings) as registry:
        assert (registry.champion, registry.previous) == ("v0001", "base")
        moves = registry.history()
    assert [(move.alias, move.version) for move in moves] == [
        ("previous", "base"),
        ("champion", "v0001"),
    ]
    assert all((move.time, move.action, move.by) == (NOON, "promote", "digitlab") for move in moves)
    assert all((move.why, move.run) == ("better", "run 1") for move in moves)


def test_home_settings_keep_their_history_in_order(database):
    assert HomeSettings(database).review is True
    with database.read() as connection:
        rows = connection.execute(sa.select(home_settings).order_by(home_settings.c.id)).all()
    assert [(row.time, row.name, row.value, row.by) for row in rows] == [
        (NOON, "review", False, "ann"),
        (NOON + HOUR, "review", True, "bob"),
    ]
    HomeSettings(database).set("review", False, by="ann")
    assert HomeSettings(database).review is False


def test_a_finished_run_keeps_its_values(settings):
    with RunLog.open(settings) as log:
        run = log.get("run 1")
    assert (run.id, run.trigger, run.by, run.host, run.pid) == (1, "schedule", "ann", "laptop", 0)
    assert (run.started, run.heartbeat_at, run.finished) == (NOON, NOON + HOUR, NOON + HOUR)
    assert (run.phase, run.step, run.steps) == ("done", 80, 160)
    assert (run.loss, run.validation_accuracy, run.seconds_left) == (0.25, 0.97, None)
    assert run.curve == ((10, 0.5, None), (80, 0.25, 0.97))
    assert run.cancel is False
    assert (run.inputs_fingerprint, run.feedback_fingerprint) == ("inputs", "feedback")
    assert (run.outcome, run.version, run.reasons) == ("promoted", "v0001", ("It fixes 8.",))
    assert run.notebook == "notebooks/runs/run 1.ipynb"


def test_metrics_and_parameters_of_runs_use_the_current_names(settings):
    with RunLog.open(settings) as log:
        finished, unfinished = log.get("run 1"), log.get("run 2")
    assert finished.parameters == {"examples": 12, "seed": 3, "evaluate_on": "mnist:validation"}
    assert finished.metrics == {
        "holdout": PAIRED,
        "photographs": PAIRED,
        "base": {"holdout": PAIRED, "photographs": PAIRED},
        "mnist:test": {"n": 10000, "correct": 9972},
        "evaluate_on": {"source": "mnist:validation", "error": "It cannot be read."},
        "export_checked": 2251,
        "alpha": 0.8,
        "alphas": [{"alpha": 0.8, "n": 5000, "variants": 5, "fixed": 8}],
    }
    assert unfinished.parameters == {"evaluate_on": "scans/2026"}
    assert unfinished.metrics == {"validation": 0.5}


def test_the_feedback_that_a_run_judged_is_still_found(settings):
    with RunLog.open(settings) as log:
        assert log.last_decided("feedback").name == "run 1"


def test_an_unfinished_run_keeps_its_lease(settings):
    with RunLog.open(settings) as log:
        assert log.holds_lease("run 2")
        run = log.get("run 2")
    assert (run.heartbeat_at, run.pid, run.over) == (NOON, 77, False)


def test_schedules_and_due_times_stay(database):
    (schedule,) = ScheduleBook(database).all()
    assert (schedule.name, schedule.cron, schedule.zone) == ("0 3 * * * UTC", "0 3 * * *", "UTC")
    assert (schedule.next_due, schedule.heartbeat_at) == (NOON + HOUR, NOON)
    assert schedule.by == "laptop"
    with database.read() as connection:
        (due,) = connection.execute(sa.select(dues)).all()
    assert due._asdict() == {"due": NOON, "claimed": NOON + HOUR, "by": "laptop", "run": "run 1"}

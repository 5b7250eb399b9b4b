"""Aliases: promotions, rollbacks and challengers, and their history in the database."""

import contextlib
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial

import pytest
from support.model_versions import add_version

from digitlab.errors import ModelError, StoreError
from digitlab.settings import Settings
from digitlab.store import Database, ModelRegistry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def registry(settings):
    with ModelRegistry(settings) as registry:
        yield registry


@pytest.fixture
def add(registry):
    """Register another version; see `add_version`."""
    return partial(add_version, registry)


def test_reading_aliases_creates_no_database(registry, tmp_path):
    assert (registry.champion, registry.previous, registry.challenger) == ("base", None, None)
    assert registry.history() == []
    assert registry.aliases() == {"champion": "base"}
    assert not (tmp_path / "home").exists()


def test_a_promotion_moves_champion_and_previous_together(registry, add):
    promotion = registry.promote(add(), by="ann", why="better", run="r1", now=NOON)
    assert (promotion.champion, promotion.previous) == ("v0001", "base")
    assert (promotion.action, promotion.by, promotion.why) == ("promote", "ann", "better")
    assert (promotion.run, promotion.time) == ("r1", NOON)
    assert (registry.champion, registry.previous) == ("v0001", "base")


def test_every_move_is_stored_oldest_first(registry, add):
    registry.promote(add(), by="ann", now=NOON)
    registry.set_challenger(add(), by="page", run="r2", now=NOON)
    registry.rollback(by="bea", why="odd sevens", now=NOON)
    moves = registry.history()
    assert [(move.alias, move.version, move.action, move.by) for move in moves] == [
        ("previous", "base", "promote", "ann"),
        ("champion", "v0001", "promote", "ann"),
        ("challenger", "v0002", "challenge", "page"),
        ("previous", "v0001", "rollback", "bea"),
        ("champion", "base", "rollback", "bea"),
    ]
    assert moves[2].run == "r2"
    assert (moves[4].why, moves[4].time) == ("odd sevens", NOON)


def test_a_promoted_challenger_is_no_longer_the_challenger(registry, add):
    registry.set_challenger(add(), by="page", run="r")
    assert registry.challenger == "v0001"
    registry.promote("v0001", by="ann")
    assert registry.challenger is None


def test_the_promotion_of_another_version_leaves_the_challenger(registry, add):
    registry.set_challenger(add(), by="page", run="r")
    registry.promote(add(), by="ann")
    assert registry.challenger == "v0001"


def test_a_rollback_goes_back_and_a_second_one_returns(registry, add):
    registry.promote(add(), by="ann")
    rollback = registry.rollback(by="ann")
    assert (rollback.champion, rollback.previous) == ("base", "v0001")
    assert rollback.action == "rollback"
    assert registry.load().version == "base"
    assert registry.rollback(by="ann").champion == "v0001"


def test_a_rollback_takes_less_than_a_second_and_no_tensorflow(registry, add, tmp_path):
    registry.promote(add(), by="ann")
    code = (
        "import sys; from digitlab.settings import Settings; "
        "from digitlab.store import ModelRegistry; "
        f"ModelRegistry(Settings.load({str(tmp_path / 'home')!r})).rollback(by='ann'); "
        "print('tensorflow' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "False"
    started = time.perf_counter()
    registry.rollback(by="ann")
    assert time.perf_counter() - started < 1


def test_before_the_first_promotion_there_is_nothing_to_roll_back_to(registry):
    with pytest.raises(ModelError, match="nothing to roll back to: base"):
        registry.rollback(by="ann")


def test_the_champion_cannot_be_promoted(registry, add):
    registry.promote(add(), by="ann")
    with pytest.raises(ModelError, match="v0001 serves already"):
        registry.promote("v0001", by="ann")
    assert registry.previous == "base"


def test_an_unknown_version_cannot_become_champion_or_challenger(registry):
    with pytest.raises(ModelError, match="no model version 'v0009'"):
        registry.promote("v0009", by="ann")
    with pytest.raises(ModelError, match="no model version 'v0009'"):
        registry.set_challenger("v0009", by="ann", run="r")
    assert registry.history() == []


def test_another_registry_of_the_home_sees_the_new_champion_at_once(registry, add, settings):
    with ModelRegistry(settings) as other:
        assert other.load().version == "base"
        registry.promote(add(), by="ann")
        assert other.load().version == "v0001"
        registry.rollback(by="ann")
        assert other.load().version == "base"


def test_a_given_database_is_used_and_stays_open(add, settings):
    database = Database.open(settings.database_url)
    with ModelRegistry(settings, database) as registry:
        registry.promote(add(), by="ann")
    with ModelRegistry(settings, database) as registry:
        assert registry.champion == "v0001"
    database.close()


def promote_or_roll_back(settings, version):
    with ModelRegistry(settings) as registry:
        for _ in range(20):
            try:
                registry.promote(version, by=version)
            except ModelError:
                registry.rollback(by=version)


def test_moves_of_several_processes_never_mix(registry, add, settings):
    versions = [add() for _ in range(3)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        list(pool.map(promote_or_roll_back, [settings] * 3, versions))
    moves = registry.history()
    champion = "base"
    for previous, new in zip(moves[::2], moves[1::2], strict=True):
        assert (previous.alias, new.alias) == ("previous", "champion")
        assert (previous.version, previous.by) == (champion, new.by)
        champion = new.version
    assert registry.champion == champion


@pytest.fixture
def read_only_settings(registry, add, settings, monkeypatch):
    """Settings of a home with the champion v0001 that seems to be on a read-only medium."""
    registry.promote(add(), by="ann")
    registry.close()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    return settings


def test_a_home_that_cannot_be_written_still_has_its_champion(read_only_settings):
    with ModelRegistry(read_only_settings) as registry:
        assert registry.champion == "v0001"
        with pytest.raises(StoreError, match="you may not write there"):
            registry.rollback(by="ann")


def test_an_older_home_that_cannot_be_written_has_the_champion_base(read_only_settings):
    path = read_only_settings.home / "feedback" / "digitlab.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DROP TABLE aliases")
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    with ModelRegistry(read_only_settings) as registry:
        assert registry.champion == "base"


def test_a_file_that_is_not_a_database_is_an_error(registry, settings):
    path = settings.home / "feedback" / "digitlab.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"my holiday notes" * 100)
    with pytest.raises(StoreError, match="not a database"):
        _ = registry.champion


def test_a_copied_home_has_the_same_champion(registry, add, settings, tmp_path):
    registry.promote(add(), by="ann")
    registry.close()
    shutil.copytree(settings.home, tmp_path / "copy")
    with ModelRegistry(Settings.load(tmp_path / "copy", environ={})) as copy:
        assert copy.load().version == "v0001"

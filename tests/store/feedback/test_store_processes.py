"""FeedbackStore in several processes at once, and in one that dies while it writes."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest
from support.predictions import make_prediction

from digitlab.errors import DigitlabError
from digitlab.settings import Settings
from digitlab.store import Database, FeedbackStore

pytestmark = pytest.mark.slow

PROCESSES = 4
VERDICTS_EACH = 200


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def pool():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        yield pool


def add_many_verdicts(settings, person):
    with FeedbackStore.open(settings) as store:
        added = [
            store.add(make_prediction(n), "wrong", label=7, contributor=f"person {person}").added
            for n in range(VERDICTS_EACH)
        ]
    return sum(added)


def add_the_same_verdict(settings):
    with FeedbackStore.open(settings) as store:
        return store.add(make_prediction(), "wrong", label=7, contributor="ann").added


def open_and_count(settings):
    with FeedbackStore.open(settings) as store:
        return store.counts().predictions


def die_between_picture_and_row(settings):
    with FeedbackStore.open(settings) as store:
        put = store.pictures.put
        store.pictures.put = lambda data: (put(data), os._exit(9))
        store.add(make_prediction(), "right", contributor="ann")


def add_an_invalid_verdict(settings):
    with FeedbackStore.open(settings) as store:
        store.add(make_prediction(), "wrong", contributor="ann")


def test_four_processes_add_two_hundred_verdicts_each_at_once(settings, pool):
    tasks = [pool.submit(add_many_verdicts, settings, person) for person in range(PROCESSES)]
    assert [task.result() for task in tasks] == [VERDICTS_EACH] * PROCESSES
    with FeedbackStore.open(settings) as store:
        entries = store.entries(history=True)
        assert len(entries) == PROCESSES * VERDICTS_EACH
        assert {entry.state for entry in entries} == {"accepted"}
        assert all(store.pictures.exists(entry.picture_sha256) for entry in entries)


def test_processes_that_add_the_same_verdict_at_once_add_one_row(settings, pool):
    tasks = [pool.submit(add_the_same_verdict, settings) for _ in range(12)]
    assert sum(task.result() for task in tasks) == 1


def test_many_processes_can_open_a_new_home_at_once(settings, pool):
    tasks = [pool.submit(open_and_count, settings) for _ in range(12)]
    assert [task.result() for task in tasks] == [0] * 12


def test_a_death_between_picture_and_row_leaves_only_a_file(settings):
    Database.open(settings.database_url).close()
    process = multiprocessing.get_context("spawn").Process(
        target=die_between_picture_and_row, args=(settings,)
    )
    process.start()
    process.join()
    assert process.exitcode == 9
    with FeedbackStore.open(settings) as store:
        assert store.entries(history=True) == []
        assert store.pictures.exists(make_prediction().picture_sha256)
        assert store.add(make_prediction(), "right", contributor="ann").added


def test_an_error_in_another_process_arrives_with_its_message(settings, pool):
    with pytest.raises(DigitlabError, match="needs the right digit"):
        pool.submit(add_an_invalid_verdict, settings).result()

"""`digitlab feedback accept`, `reject` and `relabel`: output and effect."""

import json

import pytest
from support.command_line import command_line
from support.feedback_rows import add_verdict, noise

from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call `digitlab --home TMP feedback ...` as the user "curator"."""
    monkeypatch.setenv("LOGNAME", "curator")
    call = command_line(tmp_path, text=True)
    return lambda *arguments: call("feedback", *arguments)


@pytest.fixture
def held(store):
    """Two verdicts that wait for review."""
    numbers = [add_verdict(store, noise(n), 4) for n in (1, 2)]
    store.review(numbers, "held", by="digitlab", reason="odd")
    return numbers


def states(store, numbers):
    return [store.get(number).state for number in numbers]


def test_accept_accepts_held_verdicts(run, store, held):
    done = run("accept", *held)
    assert done.stdout == "2 verdicts accepted: no. 1-2\n"
    assert states(store, held) == ["accepted", "accepted"]
    assert store.get(1).by == "curator"


def test_reject_stores_the_reason(run, store, held):
    done = run("reject", 1, "--reason", "scribbles")
    assert done.stdout == "1 verdict rejected: no. 1\n"
    assert states(store, held) == ["rejected", "held"]
    assert store.get(1).reason == "scribbles"


@pytest.mark.parametrize("command", ["accept", "reject"])
def test_a_review_in_json_names_the_verdicts(run, held, command):
    done = run(command, *held, "--json")
    assert json.loads(done.stdout) == {f"{command}ed": held}


def test_relabel_replaces_the_verdict(run, store, held):
    done = run("relabel", 1, 7)
    assert done.stdout == "verdict no. 1 is rejected; verdict no. 3 says that it is a 7\n"
    assert [(entry.label, entry.contributor) for entry in store.accepted()] == [(7, "curator")]


def test_relabel_in_json_contains_the_new_verdict(run, held):
    relabelled = json.loads(run("relabel", 1, 7, "--json").stdout)
    assert relabelled["relabelled"] == 1
    verdict = relabelled["verdict"]
    assert (verdict["id"], verdict["label"], verdict["state"]) == (3, 7, "accepted")


def test_an_unknown_verdict_changes_no_state(run, store, held):
    done = run("accept", 1, 9)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no verdict no. 9" in done.stderr
    assert states(store, held) == ["held", "held"]


def test_an_undone_verdict_cannot_be_accepted(run, store):
    add_verdict(store, noise(1), 4)
    store.undo("ann")
    done = run("accept", 1)
    assert (done.returncode, "no longer in force" in done.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [("accept",), ("relabel", 1), ("relabel", 1, 12)])
def test_a_missing_or_invalid_argument_is_a_usage_error(run, arguments):
    assert run(*arguments).returncode == 2

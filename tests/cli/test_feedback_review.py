"""`digitlab feedback accept`, `reject` and `relabel`, run as processes."""

import json
import os
import subprocess
import sys

import pytest
from support.feedback_rows import noise, say

from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def run(tmp_path):
    """Call `digitlab --home TMP feedback ...` as a process of its own."""

    def call(*arguments):
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DIGITLAB")}
        command = [sys.executable, "-m", "digitlab", "--home", str(tmp_path / "home"), "feedback"]
        return subprocess.run(
            [*command, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environ | {"LOGNAME": "curator"},
            cwd=tmp_path,
            check=False,
        )

    return call


@pytest.fixture
def held(store):
    """Two verdicts that wait for review."""
    numbers = [say(store, noise(n), 4) for n in (1, 2)]
    store.review(numbers, "held", by="digitlab", reason="odd")
    return numbers


def states(store, numbers):
    return [store.get(number).state for number in numbers]


def test_accept_lets_held_verdicts_count(run, store, held):
    done = run("accept", *held)
    assert done.stdout == "2 accepted: 1, 2\n"
    assert states(store, held) == ["accepted", "accepted"]
    assert store.get(1).by == "curator"


def test_reject_sets_a_verdict_aside_with_the_reason(run, store, held):
    done = run("reject", 1, "--reason", "scribbles")
    assert done.stdout == "1 rejected: 1\n"
    assert states(store, held) == ["rejected", "held"]
    assert store.get(1).reason == "scribbles"


@pytest.mark.parametrize("command", ["accept", "reject"])
def test_a_decision_in_json_names_the_verdicts(run, held, command):
    done = run(command, *held, "--json")
    assert json.loads(done.stdout) == {f"{command}ed": held}


def test_relabel_puts_a_verdict_in_the_others_place(run, store, held):
    done = run("relabel", 1, 7)
    assert done.stdout == "verdict 1 is set aside; verdict 3 says 7\n"
    assert [(entry.digit, entry.contributor) for entry in store.accepted()] == [(7, "curator")]


def test_relabel_in_json_has_the_new_verdict(run, held):
    line = json.loads(run("relabel", 1, 7, "--json").stdout)
    assert line["relabelled"] == 1
    assert (line["verdict"]["id"], line["verdict"]["digit"], line["verdict"]["state"]) == (
        *(3, 7, "accepted"),
    )


def test_a_verdict_that_does_not_exist_decides_nothing(run, store, held):
    done = run("accept", 1, 9)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no verdict 9" in done.stderr
    assert states(store, held) == ["held", "held"]


def test_a_verdict_that_is_undone_cannot_be_accepted(run, store):
    say(store, noise(1), 4)
    store.undo("ann")
    done = run("accept", 1)
    assert (done.returncode, "no longer in force" in done.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [("accept",), ("relabel", 1), ("relabel", 1, 12)])
def test_what_is_missing_or_no_digit_is_a_usage_error(run, arguments):
    assert run(*arguments).returncode == 2

"""`digitlab fine-tune`: progress, output, exit codes and Ctrl-C."""

import json
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from support.fake_fine_tune import nothing_new, preview_module, something_new, write_notebook
from support.paths import TESTS

from digitlab.cli import main
from digitlab.jobs import launch
from digitlab.settings import Settings
from digitlab.store import RunLog

KEYS = [
    "run",
    "outcome",
    "version",
    "inputs_fingerprint",
    "reasons",
    "metrics",
    "notebook",
    "seconds",
]

CALL = """\
import signal

# A shell ignores SIGINT for processes in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys
from pathlib import Path
home, notebook, tests, *arguments = sys.argv[1:]
sys.path.insert(0, tests)
from support import fake_fine_tune
sys.modules["digitlab.learning.data.preview"] = fake_fine_tune.preview_module(
    fake_fine_tune.something_new
)
from digitlab.jobs import launch
launch.NOTEBOOK = Path(notebook)
from digitlab.cli import main
main(["--home", home, "fine-tune", *arguments])
"""
"""A process that runs the command with the stand-in notebook."""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def call(home, monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "NOTEBOOK", write_notebook(tmp_path))

    def call(*arguments, preview_feedback=something_new):
        monkeypatch.setitem(
            sys.modules, "digitlab.learning.data.preview", preview_module(preview_feedback)
        )
        return CliRunner().invoke(main, ["--home", str(home), "fine-tune", *arguments])

    return call


@pytest.fixture
def own_process(home, tmp_path):
    """Return a function that starts the command in a process."""

    def begin(*arguments):
        given = [str(home), str(write_notebook(tmp_path)), str(TESTS), *arguments]
        return subprocess.Popen(
            [sys.executable, "-c", CALL, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.mark.notebook
def test_it_prints_each_phase_and_one_json_object(call):
    done = call("--json", "--set", "steps=60")
    assert done.exit_code == 0
    last = json.loads(done.stdout)
    assert list(last) == KEYS
    assert (last["outcome"], last["version"]) == ("rejected", "v0001")
    assert last["notebook"].endswith(f"{last['run']}.ipynb")
    assert last["seconds"] > 0
    said = done.stderr.splitlines()
    assert said[1:3] == ["checking ...", "starting ..."]
    assert "training ..." in said


@pytest.mark.notebook
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process")
def test_ctrl_c_cancels_the_run(own_process):
    process = own_process("--json", "--set", "steps=4000")
    said = iter(process.stderr.readline, "")
    assert "training ...\n" in said
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "cancelling the run" in err
    assert json.loads(out)["outcome"] == "cancelled"


def test_nothing_new_prints_a_sentence_and_exits_0(call):
    done = call(preview_feedback=nothing_new)
    assert done.exit_code == 0
    assert done.stdout.startswith("nothing-new after less than 1 s (run ")
    assert "Judged already." in done.stdout


def test_nothing_new_has_no_notebook(call):
    last = json.loads(call("--json", preview_feedback=nothing_new).stdout)
    assert list(last) == KEYS
    assert (last["outcome"], last["notebook"], last["inputs_fingerprint"]) == (
        "nothing-new",
        None,
        "inputs_fingerprint",
    )


def test_a_failed_run_exits_1(call, home, monkeypatch):
    def no_process(*arguments, **options):
        raise OSError("no more processes")

    monkeypatch.setattr(launch.subprocess, "Popen", no_process)
    done = call("--json")
    assert done.exit_code == 1
    assert "no more processes" in done.stderr
    with RunLog.open(Settings.load(home)) as log:
        assert log.recent()[0].outcome == "failed"


def test_an_unknown_parameter_is_named_with_its_suggestion(call):
    done = call("--set", "sed=1")
    assert done.exit_code == 2
    assert "sed" in done.stderr
    assert "seed" in done.stderr


def test_a_value_of_the_wrong_type_names_the_parameter(call):
    done = call("--set", "steps=many")
    assert done.exit_code == 2
    assert "steps" in done.stderr


def test_a_parameter_without_a_value_is_a_usage_error(call):
    assert call("--set", "seed").exit_code == 2

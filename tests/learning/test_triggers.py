"""One engine, several triggers: the command line and raw papermill make the same version."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitlab
from digitlab.datasets import mnist
from digitlab.lab import Lab
from digitlab.model.card import Card
from digitlab.settings import bundled

pytestmark = [pytest.mark.tf, pytest.mark.notebook]

STEPS = 40
CORRECTIONS = 12


def home_with_corrections(home: Path) -> Path:
    """Create a home with a dozen corrections of mirrored digits, the same ones each time."""
    x, y = mnist.load("validation")
    with digitlab.open(home, contributor="ann", screening=False) as lab:
        for image, label in zip(np.ascontiguousarray(x[:, :, ::-1]), y, strict=True):
            prediction = lab.predict(image)
            if prediction.digit != label:
                lab.correct(prediction, int(label))
            if len(lab.feedback.accepted()) == CORRECTIONS:
                break
    return home


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("homes")
    return home_with_corrections(folder / "one"), home_with_corrections(folder / "other")


@pytest.fixture(scope="module")
def by_command(homes: tuple[Path, Path]) -> dict[str, Any]:
    """The output of `digitlab fine-tune --json` in the first home."""
    return json.loads(command(homes[0], "fine-tune", "--set", f"steps={STEPS}", "--json"))


@pytest.fixture(scope="module")
def by_papermill(homes: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The other home after plain papermill ran the notebook."""
    out = tmp_path_factory.mktemp("out") / "out.ipynb"
    call = [sys.executable, "-m", "papermill", str(bundled("notebooks") / "fine_tune.ipynb")]
    call += [str(out), "-p", "home", str(homes[1]), "-p", "steps", str(STEPS)]
    subprocess.run(call, check=True, capture_output=True, env=environment())
    return digitlab.open(homes[1])


@pytest.fixture
def lab(homes: tuple[Path, Path], by_command: dict[str, Any]) -> Iterator[Lab]:
    with digitlab.open(homes[0], contributor="ann") as lab:
        yield lab


def command(home: Path, *arguments: str) -> str:
    """Run `digitlab --home HOME ARGUMENTS`; return the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "digitlab", "--home", str(home), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    return done.stdout.splitlines()[-1]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DIGITLAB")}


def test_the_command_line_prints_the_outcome_and_the_executed_notebook(lab, by_command):
    assert by_command["outcome"] in {"promoted", "rejected"}
    assert Path(by_command["notebook"]).is_file()
    assert lab.models.card(by_command["version"]).notebook in by_command["notebook"]


def test_the_executed_notebook_has_only_the_html_of_the_steps(by_command):
    cells = json.loads(Path(by_command["notebook"]).read_text("utf-8"))["cells"]
    kinds = [output["output_type"] for cell in cells for output in cell.get("outputs", [])]
    assert kinds == ["execute_result"] * 5
    shown = [output["data"] for cell in cells for output in cell.get("outputs", [])]
    assert all("text/html" in data for data in shown)


def test_the_replay_was_prepared_while_the_notebook_started(homes, by_command, by_papermill):
    prepared = [len([*(home / "models" / "cache").glob("replay-*.npz")]) for home in homes]
    assert prepared == [1, 0]  # the next test shows that the versions are equal


def test_papermill_and_the_command_line_make_the_same_version(lab, by_command, by_papermill):
    run = by_papermill.runs.recent(1)[0]
    assert (run.trigger, run.inputs_fingerprint, run.outcome) == (
        "papermill",
        by_command["inputs_fingerprint"],
        by_command["outcome"],
    )
    cards: list[Card] = [
        lab.models.card(by_command["version"]),
        by_papermill.models.card(str(run.version)),
    ]
    assert cards[0].hashes["weights"] == cards[1].hashes["weights"]
    assert cards[0].threads == cards[1].threads == 2


def test_a_second_run_from_a_notebook_finds_nothing_new(lab):
    run = lab.fine_tune(steps=STEPS)
    assert (run.outcome, run.notebook) == ("nothing-new", None)


def test_after_a_retraction_a_run_trains_a_version_without_the_item(lab, by_command):
    before = lab.models.card(by_command["version"]).feedback
    retracted = before[0]
    image = lab.feedback.get(retracted).digit_sha256
    lab.feedback.retract([retracted], by="ann")
    run = lab.fine_tune(steps=STEPS)
    assert run.outcome in {"promoted", "rejected"}
    card = lab.models.card(str(run.version))
    assert list(card.feedback) == list(before[1:])
    assert image not in card.training_examples

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
TAUGHT = 12


def taught_home(home: Path) -> Path:
    """A home with a dozen corrections of digits in a mirror, the same ones each time."""
    x, y = mnist.load("validation")
    with digitlab.open(home, contributor="ann", screening=False) as lab:
        for image, label in zip(np.ascontiguousarray(x[:, :, ::-1]), y, strict=True):
            read = lab.predict(image)
            if read.digit != label:
                lab.correct(read, int(label))
            if len(lab.feedback.accepted()) == TAUGHT:
                break
    return home


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("homes")
    return taught_home(folder / "one"), taught_home(folder / "other")


@pytest.fixture(scope="module")
def by_command(homes: tuple[Path, Path]) -> dict[str, Any]:
    """The last line of `digitlab fine-tune --json` in the first home."""
    return json.loads(command(homes[0], "fine-tune", "--set", f"steps={STEPS}", "--json"))


@pytest.fixture(scope="module")
def by_papermill(homes: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The other home, after papermill ran the notebook itself, with nobody watching."""
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
    """What `digitlab --home HOME ARGUMENTS` prints; the last line."""
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


def test_the_command_line_ends_with_a_verdict_and_the_notebook_that_made_it(lab, by_command):
    assert by_command["outcome"] in {"promoted", "rejected"}
    assert Path(by_command["notebook"]).is_file()
    assert lab.models.card(by_command["version"]).notebook in by_command["notebook"]


def test_nothing_but_the_steps_speaks_in_the_executed_notebook(by_command):
    cells = json.loads(Path(by_command["notebook"]).read_text("utf-8"))["cells"]
    kinds = [output["output_type"] for cell in cells for output in cell.get("outputs", [])]
    assert kinds == ["execute_result"] * 5


def test_what_the_notebook_wants_was_drawn_while_it_began(homes, by_command, by_papermill):
    ahead = [len([*(home / "models" / "cache").glob("replay-*.npz")]) for home in homes]
    assert ahead == [1, 0]  # and the versions are the same, below


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


def test_a_second_run_finds_nothing_new_by_the_notebooks_door(lab):
    run = lab.fine_tune(steps=STEPS)
    assert (run.outcome, run.notebook) == ("nothing-new", None)


def test_after_a_retraction_a_run_starts_whose_version_does_not_know_the_item(lab, by_command):
    gone = lab.models.card(by_command["version"]).feedback[0]
    image = lab.feedback.get(gone).digit_sha256
    lab.feedback.retract([gone], by="ann")
    run = lab.fine_tune(steps=STEPS)
    assert run.outcome in {"promoted", "rejected"}
    card = lab.models.card(str(run.version))
    assert gone not in card.feedback
    assert image not in card.training_examples
    assert len(card.feedback) == TAUGHT - 1

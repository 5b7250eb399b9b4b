"""The wheel in an environment without the checkout: it serves, predicts and stores feedback."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.linked_environment import install_linked
from support.live_server import NAVIGATION, fetch
from support.paths import ROOT

from digitlab.datasets import mnist

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run([sys.executable, *build], check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of commands of an environment with the wheel and its dependencies alone."""
    return install_linked(wheel, tmp_path_factory.mktemp("empty") / "venv")


@pytest.fixture
def call(installed, tmp_path):
    """Call the installed `digitlab` with an empty data directory."""

    def run(*arguments, **options):
        command = [installed / "digitlab", *map(str, arguments)]
        environ = clean_environment() | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        return (options.pop("how", subprocess.run))(
            command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True, **options
        )

    return run


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("DIGITLAB", "PYTHON"))}


def listing(installed: Path) -> dict[str, int]:
    """Return the sizes of the installed package's files, without Python's caches."""
    folder = next(installed.parent.rglob("site-packages/digitlab"))
    return {
        str(p.relative_to(folder)): p.stat().st_size
        for p in folder.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }


def test_the_installed_package_serves_predicts_and_reads_feedback(installed, call, tmp_path):
    before = listing(installed)
    picture = tmp_path / "four.png"
    x, y = mnist.load("validation")
    Image.fromarray(255 - x[np.flatnonzero(y == 4)[0]]).resize((200, 200)).save(picture)

    done = call("predict", picture, "--json", check=True)
    assert json.loads(done.stdout)["digits"][0]["digit"] == 4
    call("feedback", "add", picture, "--label", 9, "--comment", "from the wheel", check=True)
    listed = call("feedback", "list", "--json", check=True)
    assert json.loads(listed.stdout)["comment"] == "from the wheel"
    assert (tmp_path / "digitlab" / "feedback" / "digitlab.db").is_file()

    server = call("serve", "--port", 0, "--no-open", how=subprocess.Popen)
    try:
        said = re.search(r"http://\S+", server.stdout.readline())
        page = fetch(said[0], headers=NAVIGATION)
        assert page.status == 200
        assert "application/vnd.jupyter.widget-view+json" in page.text
    finally:
        server.terminate()
        server.wait(30)
    assert listing(installed) == before


def test_the_wheel_contains_no_feedback_or_versions_of_a_checkout(wheel):
    import zipfile

    names = zipfile.ZipFile(io.BytesIO(wheel.read_bytes())).namelist()
    assert not [n for n in names if n.endswith(".db") or "/pictures/" in n or "/v0001/" in n]
    for needed in (
        "digitlab/bundled/models/base/model.tflite",
        "digitlab/bundled/dashboards/digits.ipynb",
        "digitlab/bundled/notebooks/quickstart.ipynb",
        "digitlab/datasets/data/mnist.npz",
        "digitlab/datasets/data/LICENCE-MNIST.txt",
        "digitlab/py.typed",
    ):
        assert needed in names
    for kind in ("hard-examples", "boundary-digits", "validation", "holdout"):
        assert any(n.startswith(f"digitlab/bundled/models/base/{kind}-") for n in names)
